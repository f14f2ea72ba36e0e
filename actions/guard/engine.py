"""The engine: inspects, plans, runs and resumes any guarded action, under the gate and with the journal."""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from threading import Lock
from typing import Any

import msgspec

from actions.cloud.data import ResourceId, SignedIn
from actions.cloud.protocol import Cloud
from actions.guard import changed, confirm, drift
from actions.guard.arming import Arming
from actions.guard.attending import past
from actions.guard.confirm import Confirmation
from actions.guard.contract import Inspection, Recalls
from actions.guard.drive import drive
from actions.guard.errors import LeaseHeld, NotArmed, NotReady, StalePlan, UsageError
from actions.guard.events import Event, RunStarted
from actions.guard.gate import secret_reads
from actions.guard.history import RunHistory
from actions.guard.journal import Journal, Writer
from actions.guard.lease import Holder, Operator, ended, living
from actions.guard.model import Binding, Mode, Outcome, Plan, Progress, RunState
from actions.guard.past import LooksBack, past_options_of
from actions.guard.planfile import MAX_AGE_SECONDS
from actions.guard.preflight import preflight
from actions.guard.results import EXIT_DONE, Planned, RunResult, Staleness
from actions.guard.run import AnyAction, Run, stamp
from actions.guard.secret import looks_secret
from actions.guard.text import plain
from actions.guard.twin import TwinMaker

_log = logging.getLogger("amlkeys.engine")
_CLOCKS_APART = 300.0
"""Seconds by which the time in a plan may be ahead of the cloud's."""


class Engine:
    """Everything that is done to Azure through a plan; one engine per session, used on its thread.

    `named` tells whose name must be typed even where nothing can break, `twin` makes what dry runs act on.
    `stop`, `note` and `active` may be called from any thread; `emit` is called on the engine's and must not block.
    """

    def __init__(
        self,
        *,
        cloud: Cloud,
        journal: Journal,
        actions: Mapping[str, AnyAction],
        operator: Operator,
        emit: Callable[[Event], None] = lambda _event: None,
        arming: Arming | None = None,
        named: Callable[[Plan], bool] = lambda _plan: False,
        twin: TwinMaker | None = None,
    ) -> None:
        self.cloud, self.journal, self.actions, self.operator = cloud, journal, actions, operator
        self.arming = arming or Arming(cloud.gate)
        for action in actions.values():
            if isinstance(action, Recalls):
                action.recall(lambda name, resource: past(journal, name, resource))
        self._emit, self._named, self._twin = emit, named, twin
        self._runs: dict[str, tuple[Run, asyncio.AbstractEventLoop]] = {}
        self._lock = Lock()

    # -- planning ----------------------------------------------------------------------------------------------------

    async def inspect(self, action: str, target: ResourceId, options: Mapping[str, Any]) -> Inspection:
        """Read the state of a target for an action, with the secret reads that it announces."""
        chosen = self._action(action)
        parsed = _options(chosen, self._with_past(chosen, target, options))
        with secret_reads(announced=chosen.secret_reads):
            found: Inspection = await chosen.inspect(self.cloud, target, parsed)
            return found

    async def make_plan(
        self,
        action: str,
        target: ResourceId,
        options: Mapping[str, Any],
        decided: Mapping[str, str] | None = None,
        inspection: Inspection | None = None,
    ) -> Planned:
        """Plan from a given inspection or a new one; the plan's outcome may be any, only `ready` can run.

        Raises `UsageError` for options or decisions that mean nothing here.
        """
        chosen, wanted = self._action(action), dict(decided or {})
        options = self._with_past(chosen, target, options)
        parsed = _options(chosen, options)
        who = await self.cloud.signed_in()
        found = inspection or await self.inspect(action, target, options)
        goal = chosen.goal(found, parsed)
        _check_decisions(chosen, goal, found, wanted, Progress(now=self._now()), {})
        body = chosen.plan(goal, found, wanted, Progress(now=self._now()))
        plan = Plan(
            action=action, target=target.text, name=found.name, made_at=self._now(), binding=self._binding(who),
            goal_text=goal.text, goal=msgspec.to_builtins(goal), options=msgspec.to_builtins(parsed), decided=wanted,
            findings=found.findings, body=body,
        )  # fmt: skip
        plan = confirm.addressed(plan, *chosen.confirmation(found, plan.risk))
        return Planned(inspection=found, plan=plan, preflight=await preflight(plan, self.cloud, who))

    async def check(self, plan: Plan) -> Staleness:
        """Compare a saved plan with what is here now: binding, age, and the steps a new look would plan."""
        return (await self._compare(plan))[0]

    # -- running -----------------------------------------------------------------------------------------------------

    async def run(
        self,
        plan: Plan,
        *,
        mode: Mode,
        confirmation: Confirmation | None,
        try_anyway: bool = False,
        wait: bool = True,
        batch: str = "",
    ) -> RunResult:
        """Run an approved plan to its goal, or as far as it goes.

        `batch` names what the run is one of several of, and stands in its first entry. Raises a `GuardError` while
        nothing has begun: mode, confirmation, readiness, staleness, permissions, leases, journal. From its first entry
        on, every end is a `RunResult`.
        """
        if plan.body.outcome is Outcome.NO_CHANGES:
            return RunResult(run="", state=RunState.DONE, sentence=plan.body.summary, exit=EXIT_DONE)
        if plan.body.outcome is not Outcome.READY:
            raise NotReady(plan.body.told)
        self._insist_mode(mode)
        if mode is Mode.LIVE:
            confirm.check(plan, confirmation, named=self._named(plan))
        staleness, inspection = await self._compare(plan)
        if inspection is None or not staleness.ok:
            raise StalePlan(f"The plan no longer fits. {' '.join(staleness.differences)}", staleness.differences)
        who = await self.cloud.signed_in()
        (await preflight(plan, self.cloud, who)).insist(try_anyway=try_anyway or mode is Mode.DRY_RUN)
        run_id = f"{self.cloud.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        run = self._new_run(run_id, mode, plan, who, wait=wait)
        data = {"plan": plan, "plan_hash": plan.digest(), "mode": mode, "operator": self.operator, "user": who.user}
        data |= {"batch": batch} if batch else {}
        data |= changed.found(inspection, run.action.describe(inspection))
        return await self._begin(run, "run-started", data, take_over=False)

    async def resume(
        self,
        run_id: str,
        *,
        confirmation: Confirmation | None = None,
        decided: Mapping[str, str] | None = None,
        wait: bool = True,
        take_over: bool = False,
        try_anyway: bool = False,
    ) -> RunResult:
        """Take up a run that stopped, failed, waits, needs a decision or lost its process; any operator may.

        Where the remaining steps are not those that were approved, `confirmation` (typed for `replan`'s plan) approves
        them; without it the run halts again and shows the difference. For a run that waits for a person, resuming it
        says that the person is done.
        """
        history = self.journal.run(run_id)
        if history.state is RunState.DONE:
            return RunResult(run=history.id, state=RunState.DONE, sentence=history.sentence, exit=EXIT_DONE)
        if history.id in self.active:
            raise LeaseHeld(f"Run {history.id} is at work in this session.")
        self._insist_mode(history.mode)
        who = await self._signed_in_for(history.plan)
        if history.mode is Mode.LIVE:
            (await preflight(_remaining(history), self.cloud, who)).insist(try_anyway=try_anyway)
        if decided:
            await self.replan(history.id, decided)
        run = self._new_run(history.id, history.mode, history.plan, who, wait=wait)
        run.confirmation = confirmation
        data = {"operator": self.operator, "user": who.user, "decided": dict(decided or {})}
        return await self._begin(run, "run-resumed", data, take_over=take_over)

    async def replan(self, run_id: str, decided: Mapping[str, str] | None = None) -> Planned:
        """Look again for a halted run and give the plan that resuming it would follow; changes nothing."""
        history = self.journal.run(run_id)
        who = await self._signed_in_for(history.plan)
        run = self._new_run(history.id, history.mode, history.plan, who, wait=False)
        run.reload()
        known = dict(run.decided)
        run.decided |= decided or {}
        inspection = await self.inspect(history.plan.action, run.target, history.plan.options)
        progress = run.fold.progress(self._now())
        _check_decisions(run.action, run.goal, inspection, run.decided, progress, known)
        fresh = run.plan_of(run.replan(inspection), inspection)
        fresh = confirm.addressed(fresh, *run.action.confirmation(inspection, fresh.risk))
        return Planned(inspection=inspection, plan=fresh, preflight=await preflight(fresh, self.cloud, who))

    def stop(self, run_id: str, *, break_leases: bool = False) -> str:
        """Ask a run to stop between two steps, here or in another process, and say what will happen.

        A run that waits unattended, or whose process is gone, is stopped at once and gives back its leases. With
        `break_leases` it loses them at once wherever it runs: its process, should it live, can send nothing more.
        """
        history = self.journal.run(run_id)
        for lease in self.journal.leases(history.id) if break_leases else ():
            self.journal.break_lease(lease.resource, by=self.operator, reason="stopped by force")
        if history.state is RunState.DONE:
            raise UsageError(f"Run {history.id} is done.")
        by = {"by": self.operator.name, "host": self.operator.host}
        with self.journal.write() as writer:
            attended = [lease for lease in writer.leases(history.id) if not lease.gone(self.operator.host)]
            if attended:
                writer.append(history.id, "stop-requested", by, at=self._now())
            elif history.interrupted or history.state in {RunState.WAITING, RunState.RUNNING}:
                writer.release_run(history.id)
                data = {"state": RunState.STOPPED, "sentence": f"Stopped by {self.operator.name} while nobody ran it."}
                writer.append(history.id, "run-paused", {**data, "reasons": []}, at=self._now())
            else:
                raise UsageError(f"Run {history.id} is not at work: {history.state}.")
        self._alarm(history.id)
        return "It stops after the step that is under way." if attended else "It is stopped."

    def note(self, run_id: str, text: str) -> None:
        """Leave a remark with a run for whoever takes it up; raises `UsageError` for one that looks like a secret."""
        run = self.journal.run(run_id).id
        _insist_no_secret("The note", text)
        self.journal.append(run, "note", {"by": self.operator.name, "text": text}, at=self._now())

    @property
    def active(self) -> frozenset[str]:
        """The runs at work in this process."""
        with self._lock:
            return frozenset(self._runs)

    # -- inside ------------------------------------------------------------------------------------------------------

    async def _begin(self, run: Run, kind: str, data: Mapping[str, Any], *, take_over: bool) -> RunResult:
        """Take the leases and make the first entry in one transaction, then go."""

        def leases(writer: Writer) -> None:
            writer.take(run.leases, run.holder, host=self.operator.host, take_over=take_over)

        living(run.holder.token)
        self.arming.begin_run()
        try:
            run.session_began = run.record(kind, data, before=leases).seq
            run.reload()
            with self._lock:
                self._runs[run.id] = (run, asyncio.get_running_loop())
            run.tell(RunStarted(run=run.id, at=run.now(), plan=run.plan, resumed=kind == "run-resumed"))
            return await drive(run)
        finally:
            with self._lock:
                self._runs.pop(run.id, None)
            self.arming.end_run()
            ended(run.holder.token)

    def _new_run(self, run_id: str, mode: Mode, plan: Plan, who: SignedIn, *, wait: bool) -> Run:
        action = self._action(plan.action)
        return Run(
            id=run_id, mode=mode, plan=plan, action=action, goal=_goal(action, plan),
            options=_options(action, plan.options), cloud=self.cloud, journal=self.journal,
            operator=self.operator, user=who.user, holder=Holder.new(run_id, self.operator), tell=self._tell,
            decided=dict(plan.decided), wait=wait, make_twin=self._twin,
        )  # fmt: skip

    def _with_past(self, action: AnyAction, target: ResourceId, options: Mapping[str, Any]) -> Mapping[str, Any]:
        """Add what an action compares with: its last run on this target that reached its goal; given options win."""
        return (
            {**past_options_of(action, self.journal, target.text), **options}
            if isinstance(action, LooksBack)
            else options
        )

    def _action(self, name: str) -> AnyAction:
        if name not in self.actions:
            raise UsageError(f"No action is named {plain(name)!r}; there are {', '.join(sorted(self.actions))}.")
        return self.actions[name]

    async def _compare(self, plan: Plan) -> tuple[Staleness, Inspection | None]:
        """Check a plan, and give what was read for it; nothing is read for a plan that is not for here and now."""
        foreign = self._foreign(plan, await self.cloud.signed_in(), same_user=True) + self._too_old(plan)
        if foreign:
            return Staleness(differences=foreign), None
        action = self._action(plan.action)
        goal = _goal(action, plan)
        inspection = await self.inspect(plan.action, ResourceId(plan.target), plan.options)
        fresh = action.plan(goal, inspection, plan.decided, Progress(now=self._now()))
        asked = confirm.addressed(plan, *action.confirmation(inspection, plan.risk))
        named = () if asked == plan else (f"What must be typed for it is {asked.name} {asked.slot}".rstrip() + ".",)
        return Staleness(differences=(*drift.all_differences(plan, fresh), *named)), inspection

    def _binding(self, who: SignedIn) -> Binding:
        cloud = self.cloud
        return Binding(
            cloud=cloud.name, tenant=who.tenant, user=who.user, user_id=who.object_id, rehearsal=cloud.rehearsal
        )

    def _foreign(self, plan: Plan, who: SignedIn, *, same_user: bool) -> tuple[str, ...]:
        """Tell in what a plan was made for elsewhere or for somebody else."""
        mine, its = self._binding(who), plan.binding
        pairs = [("cloud", its.cloud, mine.cloud), ("tenant", its.tenant, mine.tenant)]
        pairs += [("user", its.user_id, mine.user_id)] if same_user else []
        worlds = ("rehearsal" if its.rehearsal else "Azure", "rehearsal" if mine.rehearsal else "Azure")
        return tuple(
            f"It was made for the {what} {plain(was)}, this is {plain(now)}."
            for what, was, now in (*pairs, ("world of", *worlds))
            if was != now
        )

    def _too_old(self, plan: Plan) -> tuple[str, ...]:
        age = (self.cloud.now() - datetime.fromisoformat(plan.made_at)).total_seconds()
        if age < -_CLOCKS_APART:
            return (f"It says that it was made at {plain(plan.made_at)}, which is still to come.",)
        return (f"It is {age / 3600:.0f} h old; plans are good for 24 h.",) if age > MAX_AGE_SECONDS else ()

    async def _signed_in_for(self, plan: Plan) -> SignedIn:
        who = await self.cloud.signed_in()
        foreign = self._foreign(plan, who, same_user=False)
        if foreign:
            raise StalePlan(" ".join(foreign), foreign)
        return who

    def _insist_mode(self, mode: Mode) -> None:
        if mode is Mode.LOOK:
            raise NotArmed("Look mode: plans are made, nothing runs. Ask for a dry run or for live.")
        current = self.arming.mode()
        if current is not mode:
            raise NotArmed(f"This is a {mode} run and the session is in {current} mode.")

    def _alarm(self, run_id: str) -> None:
        with self._lock:
            found = self._runs.get(run_id)
        if found is not None:
            run, loop = found
            loop.call_soon_threadsafe(run.stop_event.set)

    def _tell(self, event: Event) -> None:
        """Hand an event on; whoever watches must not be able to break a run."""
        try:
            self._emit(event)
        except Exception:
            _log.exception("a watcher failed on %s", type(event).__name__)

    def _now(self) -> str:
        return stamp(self.cloud.now())


def _goal(action: AnyAction, plan: Plan) -> Any:
    """Read the goal of a plan that came from elsewhere; raise `UsageError` where it is none of this action."""
    try:
        return msgspec.convert(plan.goal, action.goal_type)
    except msgspec.ValidationError as error:
        raise UsageError(f"The plan's goal is none of {action.name}: {plain(str(error))}.") from None


def _options(action: AnyAction, options: Mapping[str, Any]) -> Any:
    """Read options given as texts or values; raise `UsageError` naming the one that is wrong."""
    try:
        return msgspec.convert(dict(options), action.options, strict=False)
    except msgspec.ValidationError as error:
        raise UsageError(f"Wrong option for {action.name}: {plain(str(error))}.") from None


def _check_decisions(
    action: AnyAction,
    goal: Any,
    inspection: Any,
    decided: Mapping[str, str],
    progress: Progress,
    known: Mapping[str, str],
) -> None:
    """Raise `UsageError` for a new decision that nobody asked for, or an answer that is none of its choices.

    One decision may lead to the next, so they are taken as the plan asks for them; `known` ones were taken before.
    """
    for name, choice in decided.items():
        _insist_no_secret(f"The answer to {plain(name)}", choice)
    taken = dict(known)
    while True:
        asked = {decision.id: decision for decision in action.plan(goal, inspection, taken, progress).decisions}
        news = {name: choice for name, choice in decided.items() if name in asked and name not in taken}
        for name, choice in news.items():
            choices = asked[name].choices
            if not any(item.answered_by(choice) for item in choices):
                shown = ", ".join(item.shown for item in choices)
                raise UsageError(f"{plain(choice)!r} is no answer to {name}; there are {shown}.")
        taken |= news
        if not news:
            break
    unknown = sorted(set(decided) - set(taken))
    if unknown:
        raise UsageError(f"Nothing asks for the decision {plain(unknown[0])!r} here.")


def _insist_no_secret(what: str, text: str) -> None:
    if looks_secret(text):
        raise UsageError(f"{what} looks as if it held a secret, which no record may keep. Write it without.")


def _remaining(history: RunHistory) -> Plan:
    """Return the plan without the steps behind the run: what its next operator must be permitted to do."""
    behind = {step.id for step in history.steps if step.ended}
    steps = tuple(step for step in history.plan.body.steps if step.id not in behind)
    return msgspec.structs.replace(history.plan, body=msgspec.structs.replace(history.plan.body, steps=steps))

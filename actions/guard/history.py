"""A run as its journal tells it: folded from the entries, the same for resuming, listing and reporting."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

import msgspec

from actions.guard.changed import Change, Found, changes
from actions.guard.errors import JournalError
from actions.guard.lease import Lease, Operator
from actions.guard.model import (
    Decision,
    Finding,
    Frozen,
    Mode,
    Plan,
    Progress,
    RunState,
    StepRecord,
    Verdict,
)

INTERRUPTED = "Interrupted: its process is gone. Resume it; what was under way is looked at first."


class Entry(Frozen, frozen=True, kw_only=True):
    """One entry of the journal: `at` is the cloud's time (ISO 8601 UTC), `data` depends on the kind."""

    seq: int
    run: str
    kind: str
    at: str
    data: dict[str, Any]
    previous: str
    hash: str


class StepHistory(Frozen, frozen=True, kw_only=True):
    """What the journal knows of one step; `result` is that of the last try.

    `result`: `running` (an intent without outcome), `done`, `withheld`, `unknown`, `refused`, `throttled`, `error`,
    `waiting`, or `held` (approved, but found to hold already). `ended` is set once the step was proven.
    """

    id: str
    title: str
    number: int
    attempts: int
    digest: str
    started: str
    tried: str
    sent: str = ""
    answered: str = ""
    ended: str = ""
    result: str = "running"
    verdict: Verdict | None = None
    sentence: str = ""
    evidence: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    remarks: tuple[str, ...] = ()
    wait: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    told: bool = False

    @property
    def uncertain(self) -> bool:
        """Tell whether a change may have been sent without anybody knowing its effect."""
        return self.result in {"running", "unknown"} and bool(self.sent)


class Note(Frozen, frozen=True, kw_only=True):
    """A remark an operator left with a run."""

    at: str
    by: str
    text: str


class Leg(Frozen, frozen=True, kw_only=True):
    """One stretch of a run in one process: who ran it, as whom, from when to when."""

    operator: Operator
    user: str
    started: str
    ended: str = ""
    state: str = ""
    sentence: str = ""


class Twin(Frozen, frozen=True, kw_only=True):
    """What a dry run was walked on last: a twin, or where none could be `made` nothing but the plan; see `TwinMade`."""

    made: bool
    sentence: str
    remarks: tuple[str, ...] = ()


class RunHistory(Frozen, frozen=True, kw_only=True):
    """One run folded from its entries; `plan` is the newest approved one, `plans` all of them in order."""

    id: str
    mode: Mode
    state: RunState
    sentence: str
    plan: Plan
    plans: tuple[Plan, ...]
    started: str
    ended: str = ""
    interrupted: bool = False
    legs: tuple[Leg, ...] = ()
    steps: tuple[StepHistory, ...] = ()
    decided: dict[str, str] = msgspec.field(default_factory=dict[str, str])
    reasons: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    notes: tuple[Note, ...] = ()
    findings: tuple[Finding, ...] = ()
    before: Found | None = None
    after: Found | None = None
    extra: tuple[Entry, ...] = ()
    stop_asked: bool = False
    batch: str = ""
    twin: Twin | None = None
    first: int = 0
    last: int = 0
    last_hash: str = ""

    def step(self, step_id: str) -> StepHistory | None:
        """Return what is known of a step, None when it never started."""
        return next((step for step in self.steps if step.id == step_id), None)

    @property
    def twin_began(self) -> str:
        """When the time of its twin began, which no real clock shows: waits take none. Empty where there is no twin."""
        return self.started if self.twin and self.twin.made else ""

    @property
    def changes(self) -> tuple[Change, ...]:
        """What was different at the last look from the look that the run began with; of a dry run on its twin alone."""
        if self.mode is Mode.DRY_RUN and not (self.twin and self.twin.made):
            return ()
        return changes(self.before, self.after, self.plans[0].findings, self.findings)


class RunSummary(Frozen, frozen=True, kw_only=True):
    """One line of the list of runs."""

    KINDS: ClassVar[tuple[str, ...]] = ("run-started", "run-resumed", "run-paused", "run-finished")

    id: str
    action: str
    target: str
    name: str
    mode: Mode
    rehearsal: bool
    state: RunState
    sentence: str
    started: str
    ended: str
    operator: str
    host: str
    user: str
    batch: str = ""


def _record(step: StepHistory) -> StepRecord:
    """Give a step's record to plan from; one whose proof failed counts as unfinished, so that it is asked for again."""
    withheld = step.result == "withheld"
    finished = "" if step.verdict is Verdict.FAILED else step.ended
    return StepRecord(
        id=step.id, started=step.started, finished=finished, verdict=step.verdict, evidence=step.evidence,
        withheld=withheld,
    )  # fmt: skip


def _found(data: dict[str, Any]) -> Found | None:
    """Read the state that an entry carries; those of earlier versions carry none."""
    return msgspec.convert(data["found"], Found) if "found" in data else None


class Fold:
    """Entries taken in one after the other: from the journal, or as a run writes them."""

    def __init__(self) -> None:
        self.run: dict[str, Any] = {"plans": (), "legs": (), "notes": (), "extra": (), "decided": {}}
        self.steps: dict[str, StepHistory] = {}
        self.kinds: dict[str, Callable[[Entry, dict[str, Any]], None]] = {
            "run-started": self._run_started,
            "run-resumed": self._run_resumed,
            "run-paused": self._run_paused,
            "run-finished": self._close_leg,
            "plan-approved": self._plan_approved,
            "stop-requested": self._stop_requested,
            "note": self._note,
            "twin-made": self._twin_made,
            "step-intent": self._step_intent,
            "wait-began": self._wait_began,
            "step-outcome": self._step_outcome,
            "step-looked": self._step_looked,
            "step-proof": self._step_proof,
            "step-held": self._step_held,
        }

    def take(self, entry: Entry) -> None:
        """Fold one entry; kinds that belong to an action are kept as `extra`."""
        self.run.setdefault("first", entry.seq)
        self.run |= {"last": entry.seq, "last_hash": entry.hash}
        if entry.kind in self.kinds:
            self.kinds[entry.kind](entry, entry.data)
        else:
            self.run["extra"] += (entry,)

    def step(self, step_id: str) -> StepHistory | None:
        """Return what is known of a step, None when it never started."""
        return self.steps.get(step_id)

    def progress(self, now: str) -> Progress:
        """Give what was done so far in the form that `plan` takes."""
        return Progress(now=now, records=tuple(_record(step) for step in self.steps.values()))

    def _run_started(self, entry: Entry, data: dict[str, Any]) -> None:
        self._plan_approved(entry, data)
        self.run |= {"id": entry.run, "mode": Mode(data["mode"]), "started": entry.at, "batch": data.get("batch", "")}
        self.run["before"] = _found(data)
        self._run_resumed(entry, data)

    def _run_resumed(self, entry: Entry, data: dict[str, Any]) -> None:
        operator = msgspec.convert(data["operator"], Operator)
        self.run["legs"] += (Leg(operator=operator, user=data.get("user", ""), started=entry.at),)
        self.run["decided"] = self.run["decided"] | data.get("decided", {})
        self.run |= {"state": RunState.RUNNING, "sentence": "", "ended": "", "reasons": (), "decisions": ()}
        self.run["stop_asked"] = False

    def _plan_approved(self, _entry: Entry, data: dict[str, Any]) -> None:
        plan = msgspec.convert(data["plan"], Plan)
        self.run["plans"] += (plan,)
        self.run["decided"] = self.run["decided"] | plan.decided

    def _run_paused(self, entry: Entry, data: dict[str, Any]) -> None:
        self._close_leg(entry, data)
        decisions = msgspec.convert(data.get("decisions", []), tuple[Decision, ...])
        self.run |= {"reasons": tuple(data.get("reasons", ())), "decisions": decisions}
        if data["state"] == RunState.WAITING and data.get("step") in self.steps:
            self._change(data["step"], told=True)

    def _close_leg(self, entry: Entry, data: dict[str, Any]) -> None:
        self.run |= {"state": RunState(data["state"]), "sentence": data["sentence"], "ended": entry.at}
        if "findings" in data:
            self.run["findings"] = msgspec.convert(data["findings"], tuple[Finding, ...])
            self.run["after"] = _found(data)
        leg = msgspec.structs.replace(
            self.run["legs"][-1], ended=entry.at, state=data["state"], sentence=data["sentence"]
        )
        self.run["legs"] = (*self.run["legs"][:-1], leg)

    def _stop_requested(self, _entry: Entry, _data: dict[str, Any]) -> None:
        self.run["stop_asked"] = True

    def _twin_made(self, _entry: Entry, data: dict[str, Any]) -> None:
        told = {name: value for name, value in data.items() if name != "found"}
        self.run |= {"twin": msgspec.convert(told, Twin), "before": _found(data) or self.run.get("before")}
        self.steps.clear()

    def _note(self, entry: Entry, data: dict[str, Any]) -> None:
        self.run["notes"] += (Note(at=entry.at, by=data["by"], text=data["text"]),)

    def _step_intent(self, entry: Entry, data: dict[str, Any]) -> None:
        before = self.steps.pop(data["step"], None)
        self.steps[data["step"]] = StepHistory(
            id=data["step"], title=data["title"], number=data["number"], digest=data["digest"],
            attempts=before.attempts + 1 if before else 1, started=before.started if before else entry.at,
            tried=entry.at, sent=data.get("request", ""), remarks=before.remarks if before else (),
        )  # fmt: skip

    def _wait_began(self, entry: Entry, data: dict[str, Any]) -> None:
        self._step_intent(entry, data)
        self._change(data["step"], result="waiting", wait=data["wait"])

    def _step_outcome(self, entry: Entry, data: dict[str, Any]) -> None:
        self._change(
            data["step"], answered=entry.at, result=data["result"], sentence=data.get("sentence", ""),
            evidence=data.get("evidence", {}),
        )  # fmt: skip

    def _step_looked(self, _entry: Entry, data: dict[str, Any]) -> None:
        step = self.steps[data["step"]]
        result = "done" if data["took_effect"] else "error"
        self._change(step.id, result=result, remarks=(*step.remarks, data["sentence"]), sentence=data["sentence"])

    def _step_proof(self, entry: Entry, data: dict[str, Any]) -> None:
        step = self.steps[data["step"]]
        result = "done" if step.result == "waiting" else step.result
        self._change(
            step.id, ended=entry.at, result=result, verdict=Verdict(data["verdict"]), sentence=data["sentence"],
            evidence=step.evidence | data.get("evidence", {}),
        )  # fmt: skip

    def _step_held(self, entry: Entry, data: dict[str, Any]) -> None:
        self.steps.setdefault(
            data["step"],
            StepHistory(
                id=data["step"], title=data["title"], number=data["number"], digest=data["digest"], attempts=0,
                started=entry.at, tried=entry.at, ended=entry.at, result="held", sentence=data["sentence"],
            ),
        )  # fmt: skip

    def _change(self, step_id: str, **changes: Any) -> None:
        self.steps[step_id] = msgspec.structs.replace(self.steps[step_id], **changes)


def fold(entries: Iterable[Entry], leases: Iterable[Lease] = ()) -> RunHistory:
    """Fold one run's entries; with its leases, a run whose process is gone comes out as stopped."""
    folded = Fold()
    run_id = ""
    try:
        for entry in entries:
            run_id = entry.run
            folded.take(entry)
        plans = folded.run["plans"]
        history = RunHistory(plan=plans[-1], steps=tuple(folded.steps.values()), **folded.run)
    except (KeyError, IndexError, ValueError, TypeError, msgspec.ValidationError) as error:
        raise JournalError(f"The journal's entries of run {run_id} cannot be understood ({error!r}).") from None
    if history.state is RunState.RUNNING and not _at_work(leases):
        return msgspec.structs.replace(history, state=RunState.STOPPED, sentence=INTERRUPTED, interrupted=True)
    return history


def summarise(entries: Iterable[Entry], leases: Iterable[Lease] = ()) -> list[RunSummary]:
    """Fold many runs to a line each, newest first."""
    rows: dict[str, dict[str, Any]] = {}
    for entry in entries:
        row, data = rows.setdefault(entry.run, {"sentence": "", "ended": ""}), entry.data
        if entry.kind == "run-started":
            plan = data["plan"]
            row |= {"id": entry.run, "action": plan["action"], "target": plan["target"], "name": plan["name"]}
            row |= {"mode": Mode(data["mode"]), "started": entry.at, "rehearsal": plan["binding"]["rehearsal"]}
            row |= {"batch": data.get("batch", "")}
        if entry.kind in {"run-started", "run-resumed"}:
            row |= {"operator": data["operator"]["name"], "host": data["operator"]["host"], "user": data["user"]}
            row |= {"state": RunState.RUNNING, "sentence": "", "ended": ""}
        else:
            row |= {"state": RunState(data["state"]), "sentence": data["sentence"], "ended": entry.at}
    held: dict[str, list[Lease]] = {}
    for lease in leases:
        held.setdefault(lease.run, []).append(lease)
    for run, row in rows.items():
        if row["state"] is RunState.RUNNING and not _at_work(held.get(run, [])):
            row |= {"state": RunState.STOPPED, "sentence": INTERRUPTED}
    return [RunSummary(**row) for row in reversed(rows.values())]


def _at_work(leases: Iterable[Lease]) -> bool:
    host = Operator.here().host
    return any(not lease.gone(host) for lease in leases)

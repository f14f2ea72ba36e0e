"""A tiny cloud of counters and an action over it: enough to try the engine's arithmetic, and nothing of Azure.

A bump is a POST that must never happen twice: each makes a value anew, and `World.bumps` tells how often it did.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import msgspec

from actions.cloud.data import (
    CloudError,
    Forbidden,
    Permissions,
    Resource,
    ResourceId,
    SignedIn,
    SignInNeeded,
    Throttled,
    UnknownOutcome,
)
from actions.cloud.protocol import Cloud
from actions.guard.arming import Arming
from actions.guard.confirm import Confirmation
from actions.guard.contract import Description, Goal, Hand, Inspection, Options
from actions.guard.engine import Engine
from actions.guard.errors import JournalError
from actions.guard.events import Event
from actions.guard.gate import Gate, Hosts
from actions.guard.journal import Journal, Writer
from actions.guard.lease import Operator
from actions.guard.model import (
    Choice,
    Decision,
    Finding,
    Gap,
    Mode,
    Outcome,
    Progress,
    Proof,
    Request,
    Risk,
    RunState,
    Severity,
    Step,
    Steps,
    Verdict,
    Wait,
    WaitKind,
)
from actions.guard.results import Planned, RunResult

HOST = "management.azure.com"
TARGET = ResourceId("/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Test/counters/c1")
TYPED = Confirmation(name="c1", slot="both")
OPERATOR = Operator(name="ada", host="here", pid=0)


class Crash(BaseException):
    """The process dies here, as far as the engine can tell."""


@dataclass
class World:
    """The counters, what was asked of them, and what goes wrong: `faults[n]` befalls the n-th change (from 0)."""

    values: dict[str, int] = field(default_factory=lambda: {"a": 0, "b": 0, "c": 0})
    flags: dict[str, float] = field(default_factory=dict)
    bumps: dict[str, int] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)
    sent: list[str] = field(default_factory=list)
    reads: list[str] = field(default_factory=list)
    read_faults: list[Exception] = field(default_factory=list)
    roles: list[dict[str, Any]] = field(default_factory=lambda: [{"actions": ["*"]}])
    denies: list[dict[str, Any]] = field(default_factory=list)
    locks: list[dict[str, Any]] = field(default_factory=list)
    stays: list[tuple[int, float, str]] = field(default_factory=list)
    signed_out: bool = False
    user: str = "ada@contoso.example"
    tenant: str = "tenant-1"
    now: datetime = datetime(2026, 3, 1, 2, 0, tzinfo=UTC)
    slept: list[float] = field(default_factory=list)
    on_sleep: Callable[[], None] = lambda: None
    after_bump: dict[str, Callable[[], object]] = field(default_factory=dict)

    def bump(self, name: str) -> None:
        self.values[name] += 100
        self.bumps[name] = self.bumps.get(name, 0) + 1
        self.after_bump.get(name, lambda: None)()


@dataclass
class CounterCloud:
    """The part of the Cloud protocol that the engine and this action use."""

    world: World
    gate: Gate = field(
        default_factory=lambda: Gate(
            Hosts(arm=HOST, login=frozenset(), graph="g", vault_suffix=".v", storage_suffix=".s")
        )
    )
    name: str = "AzureCloud"
    rehearsal: bool = True

    def now(self) -> datetime:
        return self.world.now

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)
        self.world.now += timedelta(seconds=seconds)
        self.world.slept.append(seconds)
        self.world.on_sleep()

    async def signed_in(self) -> SignedIn:
        world = self.world
        return SignedIn(user=world.user, object_id=world.user, tenant=world.tenant, kind="user", expires=world.now)

    async def stay_signed_in(self, seconds: float, host: str = "") -> SignedIn:
        self.world.stays.append((len(self.world.sent), seconds, host))
        if self.world.signed_out:
            raise SignInNeeded("the sign-in has ended", status=401, code="SignInNeeded")
        return await self.signed_in()

    async def permissions(self, scope: ResourceId) -> Permissions:
        return Permissions(entries=tuple(self.world.roles))

    async def deny_assignments(self, scope: str) -> tuple[Resource, ...]:
        return tuple(Resource(id=ResourceId(scope), raw=raw, api_version="x") for raw in self.world.denies)

    async def locks(self, resource: ResourceId) -> tuple[Resource, ...]:
        return tuple(Resource(id=resource, raw=raw, api_version="x") for raw in self.world.locks)

    def read(self, what: str) -> None:
        self.world.reads.append(what)
        if self.world.read_faults:
            raise self.world.read_faults.pop(0)

    async def change(self, request: Request, apply: Callable[[], None]) -> None:
        """Send one change through the gate, with whatever befalls it."""
        self.gate.admit(request.method, f"https://{HOST}{request.path}")
        await asyncio.sleep(0)
        fault = self.world.faults.get(len(self.world.sent), "")
        self.world.sent.append(request.path)
        if fault == "crash before":
            raise Crash
        if fault == "lost before":
            raise UnknownOutcome("no answer", status=0, code="Lost")
        if fault == "throttled":
            raise Throttled("slow down", status=429, code="TooManyRequests", retry_after=17)
        if fault == "forbidden":
            raise Forbidden("not allowed", status=403, code="AuthorizationFailed")
        if fault == "refused":
            raise CloudError("bad request", status=400, code="Bad")
        apply()
        if fault == "crash after":
            raise Crash
        if fault == "lost after":
            raise UnknownOutcome("503 after commit", status=503, code="ServerBusy")
        if fault == "bug after":
            raise KeyError("an action's mistake")


class CounterOptions(Options, frozen=True, kw_only=True):
    """`script` lists what to do: `bump:a`, `put:b`, `time:60`, `condition:x`, `person`, `local`, `ask`."""

    script: tuple[str, ...] = ("bump:a", "bump:b", "bump:c")
    risk: str = "irreversible"


class CounterInspection(Inspection, frozen=True, kw_only=True):
    values: dict[str, int]


class CounterGoal(Goal, frozen=True, kw_only=True):
    before: dict[str, int]
    script: tuple[str, ...]
    risk: str


class Counters:
    """Bump counters in the order of a script, with waits between."""

    name = "counters"
    title = "Bump counters"
    summary = "Makes each counter anew."
    target_kind = "counter"
    secret_reads = ""
    options = CounterOptions
    inspection = CounterInspection
    goal_type = CounterGoal
    poisoned: Any = None

    async def inspect(
        self,
        cloud: Any,
        target: ResourceId,
        options: CounterOptions,
        *,
        last: CounterInspection | None = None,
        step: Step | None = None,
    ) -> CounterInspection:
        cloud.read(f"inspect:{step.id}" if step and last else "inspect:all")
        values = dict(cloud.world.values)
        if step and last and step.kind in {"bump", "put"}:
            values |= {name: last.values[name] for name in "abc" if name > step.arguments["name"]}
        finding = Finding(id="V", severity=Severity.INFO, subject=target.name, sentence=f"values {values}")
        return CounterInspection(
            target=target.text, name=target.name, as_of=cloud.now().isoformat(), values=values, findings=(finding,)
        )

    def goal(self, inspection: CounterInspection, options: CounterOptions) -> CounterGoal:
        return CounterGoal(text="all bumped", before=inspection.values, script=options.script, risk=options.risk)

    def plan(
        self, goal: CounterGoal, inspection: CounterInspection, decided: dict[str, str], progress: Progress
    ) -> Steps:
        if inspection.values.get("a", 0) < 0:
            return Steps(outcome=Outcome.BLOCKED, summary="Counter a is broken.", reasons=("a is below zero",))
        if ("ask" in goal.script or inspection.values.get("ask")) and "how" not in decided:
            choices = (Choice(id="fast", sentence="fast"), Choice(id="slow", sentence="slow"))
            ask = Decision(id="how", question="How?", choices=choices)
            return Steps(outcome=Outcome.NEEDS_DECISION, summary="Say how.", decisions=(ask,))
        found = [step for item in goal.script if (step := self.step(item, goal, inspection, progress))]
        if not found:
            return Steps(outcome=Outcome.NO_CHANGES, summary="Every counter is bumped.")
        gap = Gap(holder="h", opens="x", closes="y", seconds=5, reason="because")
        gaps = (gap,) if inspection.values.get("gap") else ()
        leases = ("/subscriptions/s1/shared",)
        return Steps(outcome=Outcome.READY, summary="Bump them.", steps=tuple(found), leases=leases, gaps=gaps)

    def step(self, item: str, goal: CounterGoal, inspection: CounterInspection, progress: Progress) -> Step | None:
        kind, _, name = item.partition(":")
        if kind in {"bump", "put"}:
            if inspection.values[name] >= goal.before[name] + 100:
                return None
            return self.change_step(kind, name, inspection.values[name], Risk(goal.risk))
        if kind == "ask" or progress.finished(item):
            return None
        waits = {
            "time": lambda: Wait(kind=WaitKind.TIME, reason="Let it soak.", source="test", seconds=float(name)),
            "condition": lambda: Wait(
                kind=WaitKind.CONDITION, reason="Until it is so.", source="test", seconds=60, poll_seconds=10
            ),
            "person": lambda: Wait(kind=WaitKind.PERSON, reason="Hand it over.", source="test"),
        }
        wait = waits[kind]() if kind in waits else None
        return Step(id=item, kind=kind, title=item, subject="c1", arguments={"name": name}, wait=wait)

    def change_step(self, kind: str, name: str, before: int, risk: Risk) -> Step:
        request = Request(
            method="POST" if kind == "bump" else "PUT",
            path=f"{TARGET}/{name}",
            api_version="1",
            permission="Microsoft.Test/counters/write",
            scope=TARGET.text,
        )
        return Step(
            id=f"{kind}:{name}", kind=kind, title=f"Bump {name}", subject=name, request=request, risk=risk,
            arguments={"name": name, "before": str(before)},
            wait=Wait(kind=WaitKind.CONDITION, reason="late", source="test", seconds=30, poll_seconds=10),
        )  # fmt: skip

    async def do(self, step: Step, hand: Hand) -> dict[str, str]:
        cloud = cast(Any, hand.cloud)
        hand.say(f"doing {step.id}")
        if step.request is None:
            cloud.world.flags["local"] = 1
            return {"done": "locally"}
        await cloud.change(step.request, lambda: cloud.world.bump(step.arguments["name"]))
        evidence: dict[str, Any] = {"request id": f"r{len(cloud.world.sent)}", "status": "200"}
        return evidence | ({"poison": self.poisoned} if self.poisoned else {})

    async def prove(self, step: Step, hand: Hand) -> Proof:
        cloud = cast(Any, hand.cloud)
        cloud.read(f"prove:{step.id}")
        if step.kind == "condition":
            since = cloud.world.flags.get(step.arguments["name"], 1e9)
            good = sum(cloud.world.slept) >= since
            return Proof(verdict=Verdict.VERIFIED if good else Verdict.FAILED, sentence="so" if good else "not so yet")
        if step.request is None:
            return Proof(verdict=Verdict.VERIFIED, sentence="local")
        changed = cloud.world.values[step.arguments["name"]] != int(step.arguments["before"])
        lie = step.arguments["name"] in cloud.world.flags
        verdict = Verdict.VERIFIED if changed and not lie else Verdict.FAILED
        return Proof(verdict=verdict, sentence="changed" if changed else "unchanged", evidence={"value": "new"})

    def confirmation(self, inspection: CounterInspection, risk: Risk) -> tuple[str, str]:
        return inspection.name, "both"

    def describe(self, inspection: CounterInspection) -> Description:
        return Description()


class TrapJournal(Journal):
    """A journal that fails at one of its writes: `trap(number, after)` is called around each."""

    writes = 0
    trap: Callable[[int, bool], None] = staticmethod(lambda _number, _after: None)

    @contextmanager
    def write(self) -> Iterator[Writer]:
        self.writes += 1
        number = self.writes
        self.trap(number, False)
        with super().write() as writer:
            yield writer
        self.trap(number, True)


def crash_at(number: int, *, after: bool) -> Callable[[int, bool], None]:
    """Die right before or right after the n-th write became durable."""

    def trap(write: int, late: bool) -> None:
        if write == number and late is after:
            raise Crash

    return trap


def unwritable_from(number: int) -> Callable[[int, bool], None]:
    """Refuse every write from the n-th on."""

    def trap(write: int, late: bool) -> None:
        if write >= number and not late:
            raise JournalError("The journal cannot be written: disk full.")

    return trap


@dataclass
class Desk:
    """One operator's session over the world; `again` is the next process of the same operator or another."""

    world: World
    path: Path
    operator: Operator = field(default_factory=Operator.here)
    mode: Mode = Mode.LIVE
    script: Sequence[str] = ("bump:a", "bump:b", "bump:c")
    risk: str = "irreversible"
    events: list[Event] = field(default_factory=list)
    sent_when_refused: int = 0

    def __post_init__(self) -> None:
        self.cloud = CounterCloud(self.world)
        self.journal = cast(TrapJournal, TrapJournal.open(self.path))
        self.journal.writes = 0
        self.action = Counters()
        self.arming = Arming(self.cloud.gate)
        self.engine = Engine(
            cloud=cast(Cloud, self.cloud),
            journal=self.journal,
            actions={"counters": cast(Any, self.action)},
            operator=self.operator,
            emit=self.events.append,
            arming=self.arming,
        )
        self.arming.arm(self.mode)

    def again(self, name: str = "") -> Desk:
        self.journal.close()
        operator = msgspec.structs.replace(self.operator, name=name) if name else self.operator
        return Desk(self.world, self.path, operator=operator, mode=self.mode, script=self.script, risk=self.risk)

    async def planned(self, **decided: str) -> Planned:
        options = {"script": list(self.script), "risk": self.risk}
        return await self.engine.make_plan("counters", TARGET, options, decided)

    async def go(self, **keywords: Any) -> RunResult:
        plan = (await self.planned()).plan
        return await self.engine.run(plan, mode=self.mode, confirmation=TYPED, **keywords)

    def kinds(self, run: str = "") -> list[str]:
        return [entry.kind for entry in self.journal.entries(run)]

    def told(self, kind: type[Event]) -> list[Any]:
        return [event for event in self.events if type(event) is kind]

    @property
    def only_run(self) -> str:
        (run,) = self.journal.runs()
        return run.id

    def state(self) -> RunState:
        return self.journal.run(self.only_run).state

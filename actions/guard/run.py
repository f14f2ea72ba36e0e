"""One run in this process: its plan, its hold, its progress, and the few ways in which it touches cloud and journal."""

from __future__ import annotations

import asyncio
import logging
import time
import traceback
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from actions.cloud.data import CloudError, ResourceId, Throttled
from actions.cloud.protocol import Cloud
from actions.guard.changed import found
from actions.guard.confirm import Confirmation
from actions.guard.contract import Action, Goal, Hand, Inspection, Options
from actions.guard.errors import GuardError
from actions.guard.events import Event, Throttle
from actions.guard.gate import secret_reads
from actions.guard.history import Entry, Fold
from actions.guard.journal import Journal, Writer
from actions.guard.lease import Holder, Operator
from actions.guard.model import Mode, Plan, RunState, Step, Steps
from actions.guard.results import Halt
from actions.guard.twin import Stage, TwinMaker

T = TypeVar("T")
AnyAction = Action[Any, Any, Any]

_log = logging.getLogger("amlkeys.engine")
_TRANSIENT_PAUSES = (2.0, 5.0, 10.0)
_THROTTLE_TRIES = 8
_RENEW_SECONDS = 30.0


def stamp(when: datetime) -> str:
    """Write a time as ISO 8601 UTC with milliseconds, as entries and events carry it."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def where(error: BaseException) -> str:
    """Name an unexpected error by type and place only: its text could hold what must not be shown."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f" at {'/'.join(frames[-1].filename.split('/')[-3:])}:{frames[-1].lineno}" if frames else ""
    return f"{type(error).__name__}{place}"


@dataclass
class Run:
    """What the loop, the steps and the waits share."""

    id: str
    mode: Mode
    plan: Plan
    action: AnyAction
    goal: Goal
    options: Options
    cloud: Cloud
    journal: Journal
    operator: Operator
    user: str
    holder: Holder
    tell: Callable[[Event], None]
    decided: dict[str, str] = field(default_factory=dict)
    wait: bool = True
    confirmation: Confirmation | None = None
    fold: Fold = field(default_factory=Fold)
    inspection: Inspection | None = None
    stop_event: asyncio.Event = field(default_factory=asyncio.Event)
    session_began: int = 0
    tries: dict[str, int] = field(default_factory=dict[str, int])
    unknown: set[str] = field(default_factory=set[str])
    make_twin: TwinMaker | None = None
    twin: Stage | None = None
    """Where a dry run acts instead of in the cloud that it was planned for."""
    _renewed: float = 0.0

    def __post_init__(self) -> None:
        self.hand = Hand(cloud=self.cloud)

    @property
    def target(self) -> ResourceId:
        """The resource the plan is for."""
        return ResourceId(self.plan.target)

    @property
    def leases(self) -> tuple[str, ...]:
        """What nobody else may touch: the run itself, and in live mode the target and what the plan names."""
        own = f"run:{self.id}"
        return (own, self.plan.target, *self.plan.body.leases) if self.mode is Mode.LIVE else (own,)

    def now(self) -> str:
        """Return the cloud's time as entries carry it."""
        return stamp(self.cloud.now())

    def record(self, kind: str, data: Mapping[str, Any], *, before: Callable[[Writer], None] | None = None) -> Entry:
        """Make one entry durable; `before` (leases) happens in the same transaction, and may refuse it."""
        with self.journal.write() as writer:
            if before is not None:
                before(writer)
            entry = writer.append(self.id, kind, data, at=self.now())
        self.fold.take(entry)
        return entry

    def record_fenced(self, kind: str, data: Mapping[str, Any]) -> Entry:
        """Make an intent durable only while the leases are still ours."""
        self._renewed = time.monotonic()
        return self.record(kind, data, before=lambda writer: writer.fence(self.holder))

    def reload(self) -> None:
        """Take in the whole run as the journal has it, now that nobody else can add to it."""
        self.fold = Fold()
        for entry in self.journal.entries(self.id):
            self.fold.take(entry)
        self.plan, self.decided = self.fold.run["plans"][-1], dict(self.fold.run["decided"])

    async def inspect(self, step: Step | None = None) -> Inspection:
        """Read the state, for a step only what it depends on, and keep it."""
        last = self.inspection if step else None

        async def read() -> Inspection:
            with secret_reads(announced=self.action.secret_reads):
                found: Inspection = await self.action.inspect(
                    self.cloud, self.target, self.options, last=last, step=step
                )
                return found

        self.inspection = inspection = await self.patient(read)
        return inspection

    def replan(self, inspection: Inspection) -> Steps:
        """Ask the action what remains to be done from here; pure."""
        return self.action.plan(self.goal, inspection, self.decided, self.fold.progress(self.now()))

    async def patient(self, read: Callable[[], Awaitable[T]]) -> T:
        """Repeat a read that Azure throttles or that fails for a moment; give up with the last error."""
        throttled, pauses = 0, iter(_TRANSIENT_PAUSES)
        while True:
            try:
                return await read()
            except Throttled as error:
                throttled += 1
                if throttled >= _THROTTLE_TRIES:
                    raise
                await self.throttled(error)
            except CloudError as error:
                pause = next(pauses, None)
                if pause is None or (error.status and error.status < 500):
                    raise
                self.hand.say(f"{error.sentence}; asking again in {pause:.0f} s")
                await self.sleep(pause)

    async def throttled(self, error: Throttled) -> None:
        """Wait as long as Azure asks, and say so."""
        seconds = min(max(error.retry_after, 1.0), 600.0)
        self.tell(Throttle(run=self.id, at=self.now(), retry_after=seconds, service=error.code))
        await self.sleep(seconds)

    async def sleep(self, seconds: float) -> None:
        """Wait in the cloud's time; a stop request ends it with a halt, a broken lease too."""
        async with asyncio.TaskGroup() as group:
            nap = group.create_task(self.cloud.sleep(seconds))
            alarm = group.create_task(self.stop_event.wait())
            await asyncio.wait({nap, alarm}, return_when=asyncio.FIRST_COMPLETED)
            nap.cancel()
            alarm.cancel()
        if time.monotonic() - self._renewed > _RENEW_SECONDS:
            self.renew()
        self.check_stop()

    def renew(self) -> None:
        """Show that this process is alive, and find out whether the run is still ours."""
        self._renewed = time.monotonic()
        with self.journal.write() as writer:
            writer.fence(self.holder)

    def check_stop(self) -> None:
        """Halt when somebody asked this run to stop, here or from another process."""
        if self.stop_event.is_set() or self.journal.has(self.id, "stop-requested", after=self.session_began):
            raise Halt(RunState.STOPPED, "Stopped between two steps, as asked.")

    def act_on(self, twin: Stage | None, cloud: Cloud) -> None:
        """Read and act in another cloud from now on; secrets of the one before are forgotten."""
        self.twin, self.cloud, self.hand = twin, cloud, Hand(cloud=cloud)

    def lost(self, error: GuardError) -> None:
        """Note in the log that this process may not go on; the journal belongs to the other one now."""
        _log.warning("%s", error.sentence)

    def goal_data(self) -> dict[str, Any]:
        """Return the state and the findings as of the last inspection, for the report."""
        return {"findings": self.inspection.findings, **self.state_data()} if self.inspection is not None else {}

    def state_data(self) -> dict[str, Any]:
        """Return the state as of the last inspection as the journal keeps it."""
        return found(self.inspection, self.action.describe(self.inspection)) if self.inspection is not None else {}

    def plan_of(self, steps: Steps, inspection: Inspection) -> Plan:
        """Make the plan that would have to be approved to go on from here."""
        return msgspec.structs.replace(
            self.plan, made_at=self.now(), decided=self.decided, findings=inspection.findings, body=steps
        )

"""Long-running operations: they end after some polls or some simulated time; well, badly, or never.

What an operation changes happens when it ends, as in Azure: until then the old state is read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from azsim.behaviour import Behaviour
    from azsim.rng import Rng
    from azsim.world import World

State = Literal["running", "succeeded", "failed", "vanished"]

RUNNING_WORDS: dict[str, str] = {
    "workspace": "InProgress",
    "diagnose": "InProgress",
    "endpoint": "Updating",
    "compute": "InProgress",
}
"""What each service calls an operation that runs; all of them end on Succeeded or Failed."""


_ENDS: dict[str, State] = {"fail": "failed", "vanish": "vanished"}


@dataclass(slots=True)
class Operation:
    """One operation and how it will end."""

    id: str
    kind: str
    """workspace, diagnose, endpoint or compute: the words its polls use."""
    resource_id: str
    region: str
    started: datetime
    polls_left: int
    due: datetime | None
    """If set, it ends at this time, whatever the polls."""
    outcome: str
    effect: Callable[[], None] | None = None
    state: State = "running"
    ended: datetime | None = None
    details: dict[str, Any] = field(default_factory=dict)
    """Free space for the service: the request body, the result to answer."""

    @property
    def word(self) -> str:
        """The status word for a poll."""
        if self.state == "running":
            return RUNNING_WORDS.get(self.kind, "InProgress")
        return "Succeeded" if self.state == "succeeded" else "Failed"


class Operations:
    """All operations of the rehearsal, by id."""

    def __init__(self, world: World, rng: Rng) -> None:
        self._world = world
        self._rng = rng
        self._all: dict[str, Operation] = {}
        self._timed: list[Operation] = []

    def start(
        self,
        *,
        kind: str,
        resource_id: str,
        region: str,
        behaviour: Behaviour,
        effect: Callable[[], None] | None = None,
        operation_id: str | None = None,
        outcome: str | None = None,
        details: dict[str, Any] | None = None,
    ) -> Operation:
        """Begin an operation; `outcome` (succeed, fail, stuck, vanish, lie) overrides the behaviour's."""
        now = self._world.clock.now()
        seconds = behaviour.operation_seconds
        operation = Operation(
            id=operation_id or self._rng.uuid(),
            kind=kind,
            resource_id=resource_id,
            region=region,
            started=now,
            polls_left=behaviour.operation_polls,
            due=now + timedelta(seconds=seconds) if seconds is not None else None,
            outcome=outcome or behaviour.operation_outcome,
            effect=effect,
            details=details or {},
        )
        self._all[operation.id.casefold()] = operation
        if operation.due is not None and operation.outcome != "stuck":
            self._timed.append(operation)
        self._world.changed()
        return operation

    def get(self, operation_id: str) -> Operation | None:
        """An operation by id; None when there is none, or when it vanished (Azure then answers 404)."""
        found = self._all.get(operation_id.casefold())
        return None if found is not None and found.state == "vanished" else found

    def poll(self, operation_id: str) -> Operation | None:
        """Count a poll and return the operation; one that vanishes does so at its first poll, its work
        done."""
        operation = self.get(operation_id)
        if operation is None or operation.state != "running" or operation.outcome == "stuck":
            return operation
        if operation.outcome == "vanish":
            self._end(operation)
            return None
        if operation.due is None:
            if operation.polls_left > 0:
                operation.polls_left -= 1
            else:
                self._end(operation)
        return operation

    def advance(self, now: datetime) -> None:
        """End the operations whose time has come."""
        if not self._timed:
            return
        for operation in [item for item in self._timed if item.due is not None and item.due <= now]:
            self._timed.remove(operation)
            if operation.state == "running":
                self._end(operation)

    def next_end(self) -> datetime | None:
        """When the next operation ends by its time; None where all that run end by polls."""
        return min((item.due for item in self._timed if item.due is not None), default=None)

    def finish_now(self, operation: Operation) -> None:
        """End an operation at once, for routes that answer synchronously."""
        if operation.state == "running":
            self._end(operation)

    def running_on(self, resource_id: str) -> list[Operation]:
        """The operations that run on a resource."""
        folded = resource_id.casefold()
        return [
            item for item in self._all.values() if item.state == "running" and item.resource_id.casefold() == folded
        ]

    def _end(self, operation: Operation) -> None:
        operation.ended = self._world.clock.now()
        operation.state = _ENDS.get(operation.outcome, "succeeded")
        if operation.effect is not None and operation.outcome in ("succeed", "vanish"):
            operation.effect()
        self._world.changed()


def signed(url: str, rng: Rng, now: datetime) -> str:
    """An operation URL with Resource Manager's signature parameters, about 4 kB long since mid-2024."""
    ticks = int((now.timestamp() + 62_135_596_800) * 10_000_000)
    joint = "&" if "?" in url else "?"
    return f"{url}{joint}t={ticks}&c={rng.hex(3000)}&s={rng.hex(340)}&h={rng.hex(43)}"

"""Faults on purpose: by route, by position and by rate, repeatable by seed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

import msgspec

from azsim.rng import Rng
from azsim.wire import Request

FaultKind = Literal["status", "delay", "reset_before", "reset_after", "throttle", "fail_operation", "stuck_operation"]


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """One fault. A request that matches `route` and `method` is hit when its position, the rate and `times`
    agree."""

    kind: FaultKind
    route: str = ""
    """A regular expression searched in `METHOD host/path`, ignoring case; "" matches every request."""
    method: str = ""
    at: tuple[int, ...] = ()
    """Positions, from 1, among the requests that match since the fault was added; empty: any position."""
    rate: float | None = None
    """Share of the matching requests that are hit, 0 to 1; None: all."""
    times: int | None = None
    """Hits after which the fault is spent; None: never."""
    status: int = 500
    code: str | None = None
    message: str | None = None
    retry_after: int | None = None
    """Seconds in the Retry-After header of a `status` or `throttle` answer."""
    commit: bool = False
    """For `status`: the request takes effect first, and only its answer is replaced."""
    seconds: float = 0.0
    """For `delay` and the resets: what the face waits first."""

    def __post_init__(self) -> None:
        try:
            re.compile(self.route)
        except re.error as error:
            raise ValueError(f"route is not a regular expression: {error}") from error
        if self.rate is not None and not 0 <= self.rate <= 1:
            raise ValueError("rate must lie between 0 and 1")

    @property
    def spares_state(self) -> bool:
        """Whether the request must not take effect."""
        return self.kind in ("reset_before", "throttle") or (self.kind == "status" and not self.commit)


@dataclass(slots=True)
class Planted:
    """A fault in force, with its counts."""

    id: int
    fault: Fault
    seen: int = 0
    hits: int = 0


@dataclass(frozen=True, slots=True)
class Firing:
    """A fault that hits the present request."""

    id: int
    fault: Fault


class Faults:
    """The faults in force."""

    def __init__(self, rng: Rng) -> None:
        self._rng = rng
        self._planted: list[Planted] = []
        self._next = 1

    def add(self, fault: Fault) -> int:
        """Put a fault in force; returns the number under which it can be removed."""
        self._planted.append(Planted(self._next, fault))
        self._next += 1
        return self._next - 1

    def remove(self, fault_id: int) -> bool:
        """Lift one fault; False when there is none with this number."""
        before = len(self._planted)
        self._planted = [planted for planted in self._planted if planted.id != fault_id]
        return len(self._planted) != before

    def clear(self) -> None:
        """Lift all faults."""
        self._planted.clear()

    def all(self) -> list[Planted]:
        """The faults in force, in the order in which they were added."""
        return list(self._planted)

    def pick(self, request: Request) -> Firing | None:
        """The fault that hits this request: the first that matches. Every matching fault counts the
        request."""
        if not self._planted:
            return None
        chosen: Planted | None = None
        text = f"{request.method} {request.host}{request.path}"
        for planted in self._planted:
            if not _matches(planted.fault, request.method, text):
                continue
            planted.seen += 1
            if chosen is None and self._hits(planted):
                chosen = planted
        if chosen is None:
            return None
        chosen.hits += 1
        return Firing(chosen.id, chosen.fault)

    def _hits(self, planted: Planted) -> bool:
        fault = planted.fault
        if fault.times is not None and planted.hits >= fault.times:
            return False
        if fault.at and planted.seen not in fault.at:
            return False
        return fault.rate is None or self._rng.chance(fault.rate)


def _matches(fault: Fault, method: str, text: str) -> bool:
    if fault.method and fault.method.upper() != method:
        return False
    return not fault.route or re.search(fault.route, text, re.IGNORECASE) is not None

"""The cloud's time: what Azure's clock says now, and waiting by it; a rehearsal's waits take no real time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol

from actions.cloud.rehearsal import ShiftableClock

_SLICE = 0.1
_SHORT = 0.05


class CloudClock(Protocol):
    """Time as the cloud sees it."""

    def now(self) -> datetime:
        """Return the cloud's time, in UTC."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the cloud's time."""
        ...

    def saw(self, date: str) -> None:
        """Take note of an answer's Date header."""
        ...


class LocalClock:
    """This machine's clock, corrected by the Date headers of answers; those count whole seconds."""

    def __init__(self, local: Callable[[], datetime] | None = None) -> None:
        self._local = local or _utc_now
        self._offset = timedelta()

    def now(self) -> datetime:
        """Return local time plus the last known difference to the cloud's."""
        return self._local() + self._offset

    async def sleep(self, seconds: float) -> None:
        """Wait for real."""
        await asyncio.sleep(max(seconds, 0))

    def saw(self, date: str) -> None:
        """Correct the difference when the header contradicts it by more than its own grain explains."""
        try:
            theirs = parsedate_to_datetime(date).astimezone(UTC)
        except (TypeError, ValueError):
            return
        ahead = theirs + timedelta(seconds=0.5) - self._local()
        if abs(ahead - self._offset) > timedelta(seconds=1.5):
            self._offset = ahead


class RehearsalClock:
    """The rehearsal's own clock: a wait moves it forward, and sleepers who wait together share the move.

    `speed` is simulated seconds per real second for people who watch; 0 takes no real time.
    """

    def __init__(self, clock: ShiftableClock, speed: float = 0.0) -> None:
        self._clock, self._speed = clock, speed
        self._deadlines: list[datetime] = []

    def now(self) -> datetime:
        """Return the simulated time."""
        return self._clock.now()

    def saw(self, date: str) -> None:
        """The rehearsal's clock needs no correction."""

    async def sleep(self, seconds: float) -> None:
        """Wait until the simulated time has come; whoever is due first moves the clock for all."""
        deadline = self.now() + timedelta(seconds=max(seconds, 0))
        self._deadlines.append(deadline)
        try:
            while (left := deadline - self.now()) > timedelta():
                pause = min(left.total_seconds() / self._speed, _SLICE) if self._speed else 0
                await asyncio.sleep(pause)
                left = deadline - self.now()
                if left > timedelta() and deadline == min(self._deadlines):
                    seen = timedelta(seconds=pause * self._speed)
                    self._clock.shift(min(left, seen) if self._speed else left)
        finally:
            self._deadlines.remove(deadline)


class LoopbackClock(LocalClock):
    """The clock of a served rehearsal: long waits ask it to shift its clock, short ones are slept."""

    def __init__(self, shift: Callable[[float], Awaitable[bool]]) -> None:
        super().__init__()
        self._shift = shift
        self._deadlines: list[datetime] = []
        self._moving = asyncio.Lock()
        self._shiftable = True

    async def sleep(self, seconds: float) -> None:
        """Wait until the served clock has come that far; where it may not be shifted, for real."""
        deadline = self.now() + timedelta(seconds=max(seconds, 0))
        self._deadlines.append(deadline)
        try:
            while (left := (deadline - self.now()).total_seconds()) > 0:
                if left <= _SHORT or not self._shiftable:
                    await asyncio.sleep(min(left, _SLICE))
                elif deadline == min(self._deadlines):
                    await self._move(deadline)
                else:
                    await asyncio.sleep(_SLICE)
        finally:
            self._deadlines.remove(deadline)

    async def _move(self, deadline: datetime) -> None:
        """Shift the served clock up to the deadline, unless another sleeper did meanwhile."""
        async with self._moving:
            left = (deadline - self.now()).total_seconds()
            if left > 0:
                self._shiftable = await self._shift(left)
                if self._shiftable:
                    self._offset += timedelta(seconds=left)


def _utc_now() -> datetime:
    """Read the one clock that everything else is derived from."""
    return datetime.now(UTC)  # noqa: TID251 - this is the injected clock

"""The time of a rehearsal in this process, as the cloud's clients ask for it and shift it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol


class Told(Protocol):
    """What tells the simulated time."""

    def now(self) -> datetime:
        """The present simulated time."""
        ...


class Shifted(Protocol):
    """A rehearsal cloud, as far as its time is concerned."""

    @property
    def clock(self) -> Told:
        """What tells its time."""
        ...

    def shift(self, delta: timedelta) -> None:
        """Move its time, and let happen what was due meanwhile."""
        ...


class SimClock:
    """The rehearsal cloud's clock; shifting it also lets happen what was due meanwhile."""

    def __init__(self, sim: Shifted) -> None:
        self._sim = sim

    def now(self) -> datetime:
        """The present simulated time, in UTC."""
        return self._sim.clock.now().astimezone(UTC)

    def shift(self, delta: timedelta) -> None:
        """Move time forward."""
        self._sim.shift(delta)

"""Arming: a session is in look mode unless live was asked for, and live lapses when nothing runs for 30 minutes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock

from actions.guard.gate import Gate
from actions.guard.model import Mode

LIVE_SECONDS = 30 * 60


@dataclass
class Arming:
    """Owns the gate's mode; ask `mode()` rather than the gate, because asking is what lets live lapse.

    `clock` gives wall-clock seconds (not the cloud's: a rehearsal shifts those), so that a suspended laptop wakes up
    disarmed; a clock that was set back counts as lapsed too.
    """

    gate: Gate
    clock: Callable[[], float] = time.time
    _touched: float = 0.0
    _running: int = 0
    _lock: Lock = field(default_factory=Lock)

    def arm(self, mode: Mode) -> None:
        """Set the mode; live starts its 30 minutes now."""
        with self._lock:
            self._touched = self.clock()
            self.gate.mode = mode

    def disarm(self) -> None:
        """Fall back to look at once, in the middle of a run too: its next write is withheld."""
        with self._lock:
            self.gate.mode = Mode.LOOK

    def mode(self) -> Mode:
        """Return the mode as of now, after letting an unused live mode lapse."""
        with self._lock:
            if self.gate.mode is Mode.LIVE and not self._running and self._left() <= 0:
                self.gate.mode = Mode.LOOK
            return self.gate.mode

    def seconds_left(self) -> float:
        """Return how long live will last when nothing runs; 0 when not live."""
        if self.mode() is not Mode.LIVE:
            return 0.0
        return LIVE_SECONDS if self._running else self._left()

    def begin_run(self) -> None:
        """Hold live for the length of a run."""
        with self._lock:
            self._running += 1

    def end_run(self) -> None:
        """Let the 30 minutes start anew when a run ends."""
        with self._lock:
            self._running -= 1
            self._touched = self.clock()

    def _left(self) -> float:
        elapsed = self.clock() - self._touched
        return LIVE_SECONDS - elapsed if elapsed >= 0 else 0.0

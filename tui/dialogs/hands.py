"""Which keys count in a question: those that a person pressed after the question could be seen."""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from textual import events

DEAD_SECONDS = 0.4
FASTEST_SECONDS = 0.01
STILL_SECONDS = 0.7
"""Longer than a terminal waits before it repeats a held key (half a second on most, 0.66 s on a plain X server)."""


class Verdict(Enum):
    """What becomes of a key: taken, or dropped as typed ahead, or dropped as pasted."""

    TAKEN = ""
    EARLY = "Too early: a question takes no keys for its first moment."
    PASTED = "Pasted text does not count here: type it."


class Hands(Protocol):
    """When things happen, in one clock's seconds: taken from the terminal, or from a test."""

    def now(self) -> float:
        """The present moment."""
        ...

    def pressed(self, event: events.Key) -> float:
        """When a key was read from the terminal, which may be long before it is handled."""
        ...


class TerminalHands:
    """Textual stamps each event with the monotonic clock when its bytes are read."""

    def now(self) -> float:
        """The present moment."""
        return time.monotonic()

    def pressed(self, event: events.Key) -> float:
        """When the key was read."""
        return event.time


@dataclass
class KeyWatch:
    """Judges keys against the moment at which a question was shown and the key before.

    Several keys in one read arrive microseconds apart: an unbracketed paste, or a held key after a stalled line.
    """

    shown: float
    last: float = float("-inf")

    def judge(self, at: float) -> Verdict:
        """Tell whether a key pressed at this moment counts."""
        gap, self.last = at - self.last, at
        if at - self.shown < DEAD_SECONDS:
            return Verdict.EARLY
        return Verdict.PASTED if gap < FASTEST_SECONDS else Verdict.TAKEN


@dataclass
class HeldWatch:
    """Tells a key that is held down from one that is pressed again, for keys each press of which records something."""

    key: str = ""
    last: float = float("-inf")

    def repeats(self, key: str, at: float) -> bool:
        """Tell whether a key read at this moment is the one before, not let go of since."""
        held = key == self.key and at - self.last < STILL_SECONDS
        self.key, self.last = key, at
        return held

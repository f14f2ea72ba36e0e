"""How far a session may go and how dangerous a step is; apart from plans, which the first frame need not wait for."""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """How far a session may go: plans only, a walk with every write withheld, or real changes."""

    LOOK = "look"
    DRY_RUN = "dry-run"
    LIVE = "live"


class Risk(StrEnum):
    """How dangerous a step or plan is; confirmation scales with it."""

    SAFE = "safe"
    DISRUPTIVE = "disruptive"
    IRREVERSIBLE = "irreversible"

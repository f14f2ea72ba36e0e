"""How far a session may go, in the words of its banners."""

from __future__ import annotations

from actions.guard.reach import Mode

LIVE_AND_TWIN = "live reads, twin changes"
"""What of a dry run happens where."""


def mode_told(mode: Mode) -> str:
    """The mode in a line of its own; of a dry run also what is live and what is its twin's."""
    return f"{mode.upper()}: {LIVE_AND_TWIN}" if mode is Mode.DRY_RUN else mode.upper()

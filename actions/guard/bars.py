"""Numbers over time as a line of bars within a text, the same for every interface. Pure."""

from __future__ import annotations

from collections.abc import Iterable

BARS = "▁▂▃▄▅▆▇█"


def sparkline(values: Iterable[float | None]) -> str:
    """Draw values as bars from nothing to the highest one; a gap is a blank."""
    drawn = list(values)
    top = max((value or 0 for value in drawn), default=0)
    if not top:
        return "".join(BARS[0] if value is not None else " " for value in drawn).rstrip()
    return "".join(" " if value is None else BARS[min(7, int(value / top * 7.999))] for value in drawn)

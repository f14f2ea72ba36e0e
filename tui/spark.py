"""Numbers over time as one line of bars: pure, and readable in ASCII too."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

_BLOCKS = "▁▂▃▄▅▆▇█"
_ASCII = "_.-=+*#@"


def spark(values: Sequence[float | None], cells: int, *, ascii_only: bool = False) -> str:
    """Draw values, oldest first, in at most `cells` bars from zero to the highest; a blank is where nothing is known."""
    levels = _ASCII if ascii_only else _BLOCKS
    buckets = _means(values, max(cells, 1))
    top = max((value for value in buckets if value is not None), default=0.0)
    return "".join(" " if value is None else levels[_level(value, top, len(levels))] for value in buckets)


def _level(value: float, top: float, count: int) -> int:
    """Which bar: zero is the lowest, anything above it at least the second."""
    if top <= 0 or value <= 0:
        return 0
    return max(1, min(count - 1, round(value / top * (count - 1))))


def _means(values: Sequence[float | None], cells: int) -> list[float | None]:
    """Squeeze neighbours into their mean, so that no cell stands for more time than another by more than one value."""
    if len(values) <= cells:
        return list(values)
    edges = [index * len(values) // cells for index in range(cells + 1)]
    return [_mean(values[start:end]) for start, end in itertools.pairwise(edges)]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def gauge(share: float, cells: int, *, ascii_only: bool = False) -> str:
    """Draw a share of a whole as a bar of so many cells; less than all is never drawn full, more than none never empty."""
    full = round(max(0.0, min(1.0, share)) * cells)
    full = min(full, cells - 1) if share < 1 else full
    full = max(full, 1) if share > 0 else full
    done, left = ("#", ".") if ascii_only else ("█", "░")
    return done * full + left * (cells - full)


def percent(share: float) -> str:
    """A share in whole hundredths, never 100 before it is all."""
    return f"{int(max(0.0, min(1.0, share)) * 100)} %"


def stretch(began: float, ended: float, cells: int, *, waits: bool = False) -> str:
    """Draw when in a whole, from 0 to 1, something went on: at least one cell; a wait is drawn lighter than work."""
    first = min(int(max(began, 0.0) * cells), cells - 1)
    last = max(first + 1, min(round(min(ended, 1.0) * cells), cells))
    return " " * first + ("░" if waits else "█") * (last - first)

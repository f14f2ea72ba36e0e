"""What a run changed, told to people: its first look against its last, a row of a table in a line. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from actions.guard.changed import FINDINGS
from actions.guard.text import after
from tui.render import clean, clock_on, drawn, indent
from tui.sheets import headed, sheet

if TYPE_CHECKING:
    from actions.guard.changed import Change
    from actions.guard.history import RunHistory


def difference_lines(run: RunHistory, cells: int, *, ascii_only: bool = False) -> list[str]:
    """What the last look found different from the first: a row of a table in a line, each cell before and after."""
    lines = [line for text in _looks(run) for line in indent(text, cells)]
    part, rows = "", _grouped(run.changes)
    for (title, subject, _), found in rows.items():
        if title != part:
            part = title
            lines += ["", clean(title)]
        told = "; ".join(_told(change) for change in found)
        symbol = (
            "+" if not any(each.before for each in found) else "-" if not any(each.after for each in found) else "~"
        )
        lines += indent(drawn(clean(f"{subject}: {told}"), ascii_only=ascii_only), cells, f"{symbol} ")
    if _compared(run) and not rows:
        lines += ["", "Nothing is different."]
    taken = sheet(
        "What is different",
        ("of", "subject", "what", "before", "after"),
        (tuple(map(clean, (each.part, each.subject, _what(each), each.before, each.after))) for each in run.changes),
    )
    return headed(lines, taken)


def _compared(run: RunHistory) -> bool:
    """Whether there are two looks that say something about each other."""
    on_twin = run.twin is not None and run.twin.made
    return bool(run.before and run.after) and (run.mode != "dry-run" or on_twin)


def _looks(run: RunHistory) -> list[str]:
    """Which two looks are compared, and what they cannot tell."""
    twin = run.twin is not None and run.twin.made
    if run.mode == "dry-run" and not twin:
        return ["A dry run changes nothing, so there is nothing to compare."]
    if run.before is None:
        return ["The record does not hold the state before the run: it was begun by an earlier version."]
    if run.after is None:
        return ["The record does not hold a state after the run: it has not come to a halt yet."]
    first, last = (
        after(run.twin_began, found.as_of) or clock_on(found.as_of, run.started) for found in (run.before, run.after)
    )
    looks = f"Before: as found at {first}. After: as found at {last}."
    if twin:
        return [f"On the twin of the dry run, whose keys are its own; nothing else was changed. {looks}"]
    if run.state == "done":
        return [looks]
    return [looks, "The run is not done: a step may have been taken since that look."]


def _grouped(found: Sequence[Change]) -> dict[tuple[str, str, str], list[Change]]:
    """Put together what changed in one row; a finding stands by itself."""
    rows: dict[tuple[str, str, str], list[Change]] = {}
    for change in found:
        alone = change.what if change.part == FINDINGS else ""
        rows.setdefault((change.part, change.subject, alone), []).append(change)
    return rows


def _told(change: Change) -> str:
    what = f"{_what(change)} " if _what(change) else ""
    if change.before and change.after:
        return f"{what}{change.before} → {change.after}"
    return f"{what}{change.before or change.after}"


def _what(change: Change) -> str:
    """Which cell of a row it is; a finding's own id says nothing to people."""
    return "" if change.part == FINDINGS else change.what

"""The fleet's encryption keys as cells and lines: the same for the command line and the console."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actions.guard.text import many
from tui.render import pad

if TYPE_CHECKING:
    from actions.cmk_versions.fleet import Calendar, KeyRow

TITLES = ("workspace", "expires", "days", "pinned", "newest", "state", "key", "remark")
_FULL, _ASCII_FULL = "█", "#"


def row_cells(row: KeyRow) -> tuple[str, ...]:
    """One workspace as cells."""
    days = "-" if row.days is None else str(row.days)
    newest = "same" if row.newest == row.pinned else row.newest or "?"
    return (
        row.name, row.expires[:10] or ("?" if row.state == "unknown" else "never"), days, row.pinned, newest, row.state,
        f"{row.key} in {row.vault}", row.remark,
    )  # fmt: skip


def row_state(row: KeyRow) -> str:
    """The grade of a row."""
    return row.severity.value if row.severity else "ok"


def week_lines(found: Calendar, cells: int, *, ascii_only: bool = False) -> list[str]:
    """The next 90 days, a week a column: how many pinned versions expire in it, over the day it begins."""
    weeks = found.weeks
    room = max(3, min(6, cells // len(weeks)))
    bar = _ASCII_FULL if ascii_only else _FULL
    counts = "".join(pad(str(count) if count else ".", room) for _, count in weeks)
    marks = "".join(pad(bar * min(count, room - 1), room) for _, count in weeks)
    days = "".join(pad(first[5:], room) if room > 5 else pad(first[8:], room) for first, _ in weeks)
    return [marks.rstrip(), counts.rstrip(), days.rstrip()]


def summary(found: Calendar) -> str:
    """The counts in a sentence."""
    over = sum(1 for row in found.rows if row.days is not None and row.days < 0)
    soon = len(found.due) - over
    unknown = sum(1 for row in found.rows if row.state == "unknown")
    expire = "expires" if soon == 1 else "expire"
    told = f"{many(len(found.rows), 'encrypted workspace')}: {over} expired, {soon} {expire} within 90 days"
    return f"{told}, {unknown} not verified" if unknown else told

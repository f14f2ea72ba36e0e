"""Data to text: widths, tables, ages, symbols. Pure, shared by the command line, the plain walk and the console.

Whatever came from Azure passes `clean` here, so that no control sequence and no line break reaches a terminal.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from actions.guard.text import plain
from tui.sheets import headed, sheet

__all__ = [
    "GAP", "Column", "Look", "Tone", "age", "clean", "clip", "clock", "clock_on", "duration", "fill", "fit", "indent", "look",
    "mark", "moment", "pad", "stamp", "table", "told", "width", "wrap",
]  # fmt: skip

clean = plain
"""One line of harmless, visible characters."""

Tone = Literal["good", "note", "warn", "bad", "dim", "plain"]


class Look(msgspec.Struct, frozen=True):
    """How a state is told: a symbol of one cell, the same in ASCII, the word, and a tone that screens colour."""

    symbol: str
    ascii: str
    word: str
    tone: Tone


_LOOKS: dict[str, Look] = {
    "critical": Look("✗", "x", "critical", "bad"),
    "high": Look("▲", "^", "high", "bad"),
    "warn": Look("!", "!", "warn", "warn"),
    "unknown": Look("?", "?", "unknown", "warn"),
    "info": Look("·", "-", "info", "note"),
    "good": Look("✓", "+", "good", "good"),
    "absent": Look("○", ".", "none", "dim"),
    "ok": Look("✓", "+", "ok", "good"),
    "verified": Look("✓", "+", "verified", "good"),
    "not-verifiable": Look("?", "?", "not verifiable", "warn"),
    "failed": Look("✗", "x", "failed", "bad"),
    "no-changes": Look("✓", "+", "no changes", "good"),
    "ready": Look("▸", ">", "ready", "note"),
    "needs-decision": Look("?", "?", "needs a decision", "warn"),
    "blocked": Look("✗", "x", "blocked", "bad"),
    "safe": Look("·", "-", "safe", "note"),
    "disruptive": Look("!", "!", "disruptive", "warn"),
    "irreversible": Look("▲", "^", "irreversible", "bad"),
    "pending": Look("○", ".", "pending", "dim"),
    "running": Look("▸", ">", "running", "note"),
    "waiting": Look("…", "~", "waiting", "warn"),
    "open": Look("▸", ">", "open", "note"),
    "jumped": Look("»", "/", "jumped over", "dim"),
    "skipped": Look("»", "/", "skipped", "warn"),
    "stopped": Look("■", "#", "stopped", "warn"),
    "done": Look("✓", "+", "done", "good"),
    "withheld": Look("=", "=", "withheld", "note"),
    "already-holds": Look("✓", "+", "already holds", "good"),
    "missing": Look("✗", "x", "missing", "bad"),
    "held": Look("✓", "+", "you have it", "good"),
}


def look(state: str) -> Look:
    """Tell how to show a state; one that nobody named is shown by its own word, without a colour."""
    known = _LOOKS.get(state)
    return known or Look(" ", " ", clean(state), "plain")


def mark(state: str, *, ascii_only: bool = False) -> str:
    """The symbol of a state, of one cell."""
    found = look(state)
    return found.ascii if ascii_only else found.symbol


def told(state: str, *, ascii_only: bool = False) -> str:
    """Symbol and word of a state: `✓ verified`."""
    return f"{mark(state, ascii_only=ascii_only)} {look(state).word}"


def width(text: str) -> int:
    """How many terminal cells a text takes; East Asian wide characters take two."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def clip(text: str, cells: int, *, ascii_only: bool = False) -> str:
    """Shorten a text to `cells`, the last one telling that something is missing."""
    if width(text) <= cells:
        return text
    if cells <= 0:
        return ""
    kept, used = "", 0
    for character in text:
        used += width(character)
        if used > cells - 1:
            break
        kept += character
    return kept + ("~" if ascii_only else "…")


def pad(text: str, cells: int, *, right: bool = False) -> str:
    """Fill a text with spaces to `cells`; a longer one is returned as it is."""
    gap = " " * (cells - width(text))
    return gap + text if right else text + gap


def fill(text: str, cells: int, *, right: bool = False, ascii_only: bool = False) -> str:
    """Shorten or fill a text so that it takes exactly so many cells."""
    if len(text) <= cells and text.isascii():  # most cells of a table
        return text.rjust(cells) if right else text.ljust(cells)
    return pad(clip(text, cells, ascii_only=ascii_only), cells, right=right)


def wrap(text: str, cells: int) -> list[str]:
    """Break a text into lines of at most `cells`, at spaces where there are any; ids break where they must."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if width(joined) <= cells:
            line = joined
            continue
        if line:
            lines.append(line)
        while width(word) > cells:
            head = _head(word, cells)
            lines.append(head)
            word = word[len(head) :]
        line = word
    return [*lines, line] if line or not lines else lines


def _head(word: str, cells: int) -> str:
    """The longest start of a word that fits, at least one character; it ends behind a separator if that wastes little."""
    count = max(1, min(len(word), cells))
    while count > 1 and width(word[:count]) > cells:
        count -= 1
    behind = max(word.rfind(separator, 0, count) for separator in _SEPARATORS) + 1
    return word[:behind] if behind > count // 2 else word[:count]


def indent(text: str, cells: int, first: str = "", rest: str | None = None) -> list[str]:
    """Wrap a text behind a hanging indent: `first` before the first line, `rest` (as many spaces) before others."""
    hang = " " * width(first) if rest is None else rest
    lines = wrap(text, max(10, cells - width(first)))
    return [(first if number == 0 else hang) + line for number, line in enumerate(lines)]


class Column(msgspec.Struct, frozen=True):
    """One column of a table: its title, the cells it needs at least, where it aligns, and whether long texts wrap."""

    title: str
    minimum: int = 4
    right: bool = False
    wraps: bool = False


GAP = 2
BELOW = "told"
"""What the paragraphs below the rows are called where a table is taken away."""
_SEPARATORS = "/_.-"


def fit(columns: Sequence[Column], rows: Sequence[Sequence[str]], cells: int) -> list[int]:
    """Give each column's width: what its texts need, the widest giving way until all fit into `cells`.

    A column that wraps gives way first, down to its longest word, and only then are words broken.
    """
    texts = [[column.title, *(row[number] for row in rows)] for number, column in enumerate(columns)]
    sizes = [max(map(width, found)) for found in texts]
    least = [max(column.minimum, 1) for column in columns]
    whole = [
        max([smallest, *(width(word) for text in found for word in _words(text))]) if column.wraps else size
        for column, found, smallest, size in zip(columns, texts, least, sizes, strict=True)
    ]
    for floors in (whole, least):
        while sum(sizes) + GAP * (len(columns) - 1) > cells:
            able = [number for number, size in enumerate(sizes) if size > floors[number]]
            if not able:
                break
            sizes[max(able, key=lambda number: sizes[number])] -= 1
    return sizes


def _words(text: str) -> list[str]:
    """The pieces of a text that `wrap` keeps together."""
    return re.findall(rf"[^\s{_SEPARATORS}]*[{_SEPARATORS}]?", text)


_BARS = str.maketrans("▁▂▃▄▅▆▇█░→", "_.:-=+*#.>")


def drawn(text: str, *, ascii_only: bool) -> str:
    """Give a text's bars and arrows as characters of the same order where symbols are to be plain ASCII."""
    return text.translate(_BARS) if ascii_only else text


def table(
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    cells: int,
    *,
    states: Sequence[str] = (),
    below: Sequence[str] = (),
    title: str = "",
    ascii_only: bool = False,
) -> list[str]:
    """Lay out rows under their titles in at most `cells`; `states`, one a row, puts each state's symbol in front.

    `below` gives each row a paragraph that takes the whole width, under the second column; an empty text gives none.
    The first line carries the table as data, by its `title`.
    """
    clean_rows = [[drawn(clean(cell), ascii_only=ascii_only) for cell in row] for row in rows]
    room = cells - (GAP if states else 0)
    widths = fit(columns, clean_rows, room)
    lead = "  " if states else ""
    lines = _row([column.title for column in columns], columns, widths, lead, ascii_only)
    for number, row in enumerate(clean_rows):
        front = f"{mark(states[number], ascii_only=ascii_only)} " if states and states[number] else lead
        lines += _row(row, columns, widths, front, ascii_only)
        if below and below[number]:
            lines += indent(
                drawn(clean(below[number]), ascii_only=ascii_only), cells, " " * (len(lead) + widths[0] + 2 * GAP)
            )
    titles = [column.title for column in columns]
    if below:
        titles, clean_rows = (
            [*titles, BELOW],
            [[*row, clean(text)] for row, text in zip(clean_rows, below, strict=True)],
        )
    return headed(lines, sheet(title, titles, clean_rows, (look(state).word for state in states)))


def _row(
    texts: Sequence[str], columns: Sequence[Column], widths: Sequence[int], front: str, ascii_only: bool
) -> list[str]:
    """The lines of one row, as many as its longest wrapped cell has."""
    parts = [_cell(text, column, size, ascii_only) for text, column, size in zip(texts, columns, widths, strict=True)]
    lines: list[str] = []
    for depth in range(max(len(part) for part in parts)):
        shown = [part[depth] if depth < len(part) else "" for part in parts]
        lines.append((front + _line(shown, columns, widths)).rstrip())
        front = " " * width(front)
    return lines


def _cell(text: str, column: Column, size: int, ascii_only: bool) -> list[str]:
    """The lines of one cell."""
    return wrap(text, size) if column.wraps else [clip(text, size, ascii_only=ascii_only)]


def _line(texts: Sequence[str], columns: Sequence[Column], widths: Sequence[int]) -> str:
    """One line of a table."""
    return (" " * GAP).join(
        pad(text, size, right=column.right) for text, column, size in zip(texts, columns, widths, strict=True)
    )


def moment(text: str) -> datetime | None:
    """Read an ISO 8601 time as UTC; None for an empty text."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None


def age(then: datetime | None, now: datetime) -> str:
    """How long ago, in one unit: `412d`, `3h`, `5m`, `0m`; a dash when the time is unknown."""
    if then is None:
        return "-"
    return ago((now - then).total_seconds())


def ago(passed: float) -> str:
    """Seconds that passed as one number and one unit, the same way."""
    seconds = max(0, int(passed))
    if seconds >= 2 * 86_400:
        return f"{seconds // 86_400}d"
    return f"{seconds // 3600}h" if seconds >= 2 * 3600 else f"{seconds // 60}m"


def duration(seconds: float) -> str:
    """A length of time as a clock shows it: `0:07`, `28:41`, `1:00:05`; from three days on `20d 23:59`, in hours and minutes."""
    whole = max(0, round(seconds))
    hours, rest = divmod(whole, 3600)
    minutes, left = divmod(rest, 60)
    if hours >= 72:
        return f"{hours // 24}d {hours % 24}:{minutes:02}"
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def clock(when: str | datetime | None) -> str:
    """The time of day in UTC, `14:02:11Z`; a dash when there is none."""
    found = moment(when) if isinstance(when, str) else when
    return f"{found.astimezone(UTC):%H:%M:%SZ}" if found else "-"


def clock_on(when: str | datetime | None, day: str | datetime | None) -> str:
    """The time of day in UTC, with its date where that is not the date of `day`: `03-12 14:02Z`."""
    found, here = (moment(each) if isinstance(each, str) else each for each in (when, day))
    if found is None or here is None or found.astimezone(UTC).date() == here.astimezone(UTC).date():
        return clock(found)
    return f"{found.astimezone(UTC):%m-%d %H:%MZ}"


def stamp(when: str | datetime | None) -> str:
    """Day and time in UTC, `2026-11-23 14:02Z`; a dash when there is none."""
    found = moment(when) if isinstance(when, str) else when
    return f"{found.astimezone(UTC):%Y-%m-%d %H:%MZ}" if found else "-"

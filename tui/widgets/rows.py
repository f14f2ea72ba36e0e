"""Which rows of a table are shown, and in which order: filter and sort as pure functions over plain tuples."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from tui.render import look
from tui.sheets import Sheet, sheet


class TableRow(msgspec.Struct, frozen=True, gc=False):
    """One row: `key` names it, `state` is graded by `tui.render.look`, `cells` are clean texts of one line."""

    key: str
    state: str
    cells: tuple[str, ...]


class Term(msgspec.Struct, frozen=True):
    """One condition of a filter: `column` is a cell's number or None for the whole row."""

    pattern: str
    column: int | None = None
    negated: bool = False
    fuzzy: bool = False


Query = tuple[Term, ...]
_NAME = re.compile(r"[a-z][a-z0-9-]*")
SortValue = Callable[[TableRow], Any]


class TableColumn(msgspec.Struct, frozen=True):
    """A column of the table: left out on terminals with fewer cells than `from_width`.

    `name` is what a filter finds it by, else its title. `draw` gives what is seen of a cell's text (and whether that is
    to be ASCII), with up to `reserve` cells more.
    """

    title: str
    minimum: int = 4
    right: bool = False
    from_width: int = 0
    value: SortValue | None = None
    name: str = ""
    draw: Callable[[str, bool], str] | None = None
    reserve: int = 0


def parse_query(text: str, titles: Sequence[str]) -> Query:
    """Read a filter: words that must all occur, `!word` must not, `title:word` in one column, `-f letters` in order.

    Titles are matched whole or by their beginning, without regard to case; an unknown one makes the word a plain one.
    """
    stripped = text.strip()
    if stripped.startswith("-f "):
        return (Term("".join(stripped[3:].split()).casefold(), fuzzy=True),)
    return tuple(_term(word, titles) for word in stripped.split())


def _term(word: str, titles: Sequence[str]) -> Term:
    negated, body = _parts(word)
    title, colon, value = body.partition(":")
    found = _place(title, titles) if colon and title else None
    return Term(body, None, negated) if found is None else Term(value, found, negated)


def _parts(word: str) -> tuple[bool, str]:
    negated = word.startswith("!") and len(word) > 1
    return negated, (word[1:] if negated else word).casefold()


def _place(title: str, titles: Sequence[str]) -> int | None:
    names = [name.casefold().replace(" ", "-") for name in titles]
    found = next((n for n, name in enumerate(names) if name == title), None)
    return next((n for n, name in enumerate(names) if name.startswith(title)), None) if found is None else found


def strange_columns(text: str, titles: Sequence[str]) -> tuple[str, ...]:
    """The names before a colon in a filter that no column has, so that `parse_query` looks for the word as it stands."""
    words = () if text.strip().startswith("-f ") else text.split()
    parts = (_parts(word)[1].partition(":") for word in words)
    names = dict.fromkeys(name for name, colon, _ in parts if colon and _NAME.fullmatch(name))
    return tuple(name for name in names if _place(name, titles) is None)


def searchable(row: TableRow) -> str:
    """The text that a word without a column is looked for in: all cells and the state's word."""
    return "\x1f".join((*row.cells, row.state)).casefold()


def passing(query: Query, rows: Sequence[TableRow], texts: Sequence[str]) -> list[int]:
    """Give the numbers of the rows that pass; `texts` are their `searchable` texts, made once for many filters.

    Term by term, because one loop over ten thousand texts is short and ten thousand calls are not.
    """
    shown: list[int] | None = None
    for term in query:
        pattern, wanted, column = term.pattern, not term.negated, term.column
        numbers = range(len(rows)) if shown is None else shown
        if column is not None:
            shown = [n for n in numbers if (pattern in rows[n].cells[column].casefold()) is wanted]
        elif term.fuzzy:
            shown = [n for n in numbers if _in_order(pattern, texts[n]) is wanted]
        elif shown is None and wanted:
            shown = [n for n, text in enumerate(texts) if pattern in text]
        else:
            shown = [n for n in numbers if (pattern in texts[n]) is wanted]
    return list(range(len(rows))) if shown is None else shown


def _in_order(letters: str, text: str) -> bool:
    """Tell whether the letters occur in this order."""
    remaining = iter(text)
    return all(letter in remaining for letter in letters)


def natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Order texts as people do: `key2 9d` before `key2 95d`."""
    return tuple(
        (0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", text.casefold()) if part
    )


def arrange(
    rows: Sequence[TableRow],
    texts: Sequence[str],
    query: Query,
    value: SortValue | None = None,
    *,
    backwards: bool = False,
) -> list[int]:
    """Return the numbers of the rows to show, in order; rows of equal value keep the order they came in."""
    shown = passing(query, rows, texts)
    if value is not None:
        shown.sort(key=lambda number: value(rows[number]), reverse=backwards)
    return shown


def widest(rows: Sequence[TableRow], columns: int) -> list[TableRow]:
    """Return for each column the row with its longest text: all that is needed to measure a long table."""
    if not rows:
        return []
    return [max(rows, key=lambda row: len(row.cells[number])) for number in range(columns)]


def columns_in_view(least: Sequence[int], shift: int, cells: int, gap: int = 2) -> tuple[list[int], int]:
    """Which columns have room with the cells that each needs at least: the first, and those behind it from a shift on.

    Gives their places, and the shift as far as there is something to shift: one column at least is beside the first.
    """
    shift = max(0, min(shift, len(least) - 2))
    room = cells - sum(least[:1])
    found = list(range(len(least[:1])))
    for place in range(1 + shift, len(least)):
        room -= gap + least[place]
        if room < 0 and len(found) > 1:
            break
        found.append(place)
    return found, shift


def window_top(cursor: int, top: int, height: int, count: int) -> int:
    """Return the first visible row for a cursor: unchanged while it is in view, else half a page beyond it.

    One repaint then serves many key presses, which is what a slow line needs.
    """
    last = max(0, count - height)
    if top <= cursor < top + height:
        return min(top, last)
    half = height // 2
    wanted = cursor - half if cursor >= top + height else cursor - height + 1 + half
    return max(0, min(last, wanted))


def rows_as_sheets(called: str, columns: Sequence[TableColumn], rows: Sequence[TableRow], states: str) -> list[Sheet]:
    """Rows as they are taken away, with what their symbols say in a column called `states`; none where there are none."""
    titles = [column.name or column.title for column in columns]
    words = [look(row.state).word for row in rows]
    found = sheet(called.replace("-", " "), titles, (row.cells for row in rows), words, states)
    return [found] if rows else []

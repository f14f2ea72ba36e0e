"""Tables as data, wherever they are drawn: a line that stands above a table carries it, so that it can be taken away.

A text is laid out as lines; whoever shows lines can give their tables without knowing what the text is about. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec


class Sheet(msgspec.Struct, frozen=True):
    """One table as it is taken away: what it is called, its columns, and each row's cells by them."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


class Head(str):
    """A line that begins a table and carries it; as a text it is the line."""

    __slots__ = ("sheet",)
    sheet: Sheet

    @classmethod
    def of(cls, line: str, sheet: Sheet) -> Head:
        """Let a line carry a table."""
        found = cls(line)
        found.sheet = sheet
        return found


def sheet(
    title: str,
    columns: Iterable[str],
    rows: Iterable[Sequence[str]],
    words: Iterable[str] = (),
    called: str = "state",
) -> Sheet:
    """Put a table together; `words`, one a row, tell in a column of their own what a symbol before each row says."""
    titles, told, found = tuple(columns), tuple(words), [tuple(row) for row in rows]
    if any(told) and called not in titles:
        titles = (called, *titles)
        found = [(word or "-", *row) for word, row in zip(told, found, strict=True)]
    return Sheet(title, titles, tuple(found))


def headed(lines: list[str], found: Sheet) -> list[str]:
    """Let the first of some lines carry a table; one without rows is none."""
    return [Head.of(lines[0], found), *lines[1:]] if lines and found.rows else lines


def shifted(lead: str, lines: Iterable[str]) -> list[str]:
    """Put a lead before each line; what carries a table goes on doing so."""
    return [Head.of(lead + line, line.sheet) if isinstance(line, Head) else lead + line for line in lines]


def sheets_of(lines: Sequence[str], otherwise: str) -> list[Sheet]:
    """The tables among lines; one without a name is called as the line right above it, else as is said here."""
    return [
        line.sheet
        if line.sheet.title
        else msgspec.structs.replace(line.sheet, title=_above(lines, number) or otherwise)
        for number, line in enumerate(lines)
        if isinstance(line, Head)
    ]


def _above(lines: Sequence[str], number: int) -> str:
    line = lines[number - 1] if number else ""
    return line.strip().rstrip(":")

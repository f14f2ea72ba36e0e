"""What is different after a run: the state as it was told before and at the last look, compared cell by cell. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from actions.guard.bars import BARS
from actions.guard.contract import Description, Inspection, Table
from actions.guard.model import Finding, Frozen

FINDINGS = "Findings"
_FACTS = "State"
_PASSING = frozenset({"as of"})
_BARS = frozenset(BARS)


class Found(Frozen, frozen=True, kw_only=True):
    """A state as an inspection told it to people, and when it was read (ISO 8601 UTC)."""

    as_of: str
    description: Description


class Change(Frozen, frozen=True, kw_only=True):
    """One difference: `part` is a table's title, `subject` the row, `what` the column; an empty side was not there."""

    part: str
    subject: str
    what: str = ""
    before: str = ""
    after: str = ""


def found(inspection: Inspection, description: Description) -> dict[str, Any]:
    """Give a state as the journal keeps it."""
    value = Found(as_of=inspection.as_of, description=description)
    return {"found": msgspec.to_builtins(value)}


def changes(
    before: Found | None, after: Found | None, worries: Sequence[Finding] = (), left: Sequence[Finding] = ()
) -> tuple[Change, ...]:
    """Compare two states and their findings; nothing where one of the states is not known."""
    if before is None or after is None:
        return ()
    facts = _facts(before.description.facts, after.description.facts)
    return (*facts, *_tables(before.description, after.description), *_findings(worries, left))


def _facts(before: Sequence[tuple[str, str]], after: Sequence[tuple[str, str]]) -> Iterator[Change]:
    was, now = dict(before), dict(after)
    for name in dict.fromkeys((*was, *now)):
        old, new = was.get(name, ""), now.get(name, "")
        if old != new and name not in _PASSING and not _BARS.intersection(old + new):
            yield Change(part=_FACTS, subject=name, before=old, after=new)


def _tables(before: Description, after: Description) -> Iterator[Change]:
    was = {table.title: table for table in before.tables}
    now = {table.title: table for table in after.tables}
    for title in dict.fromkeys((*was, *now)):
        known = was.get(title) or now[title]
        empty = Table(title=title, columns=known.columns, rows=())
        yield from _rows(was.get(title, empty), now.get(title, empty))


def _rows(before: Table, after: Table) -> Iterator[Change]:
    """Compare rows that begin alike; a row without its like has come or gone."""
    keys = _keys(before, after)
    was = {row[:keys]: row for row in before.rows}
    now = {row[:keys]: row for row in after.rows}
    for key in dict.fromkeys((*was, *now)):
        part, subject = before.title, ", ".join(filter(None, key))
        if key not in was or key not in now:
            sides = {"before": _whole(was.get(key, ())[keys:]), "after": _whole(now.get(key, ())[keys:])}
            here = "after" if key in now else "before"
            yield Change(part=part, subject=subject, **{here: sides[here] or "there"})
            continue
        for column, old, new in zip(after.columns[keys:], was[key][keys:], now[key][keys:], strict=False):
            if old != new and not _BARS.intersection(old + new):
                yield Change(part=part, subject=subject, what=column, before=old, after=new)


def _keys(before: Table, after: Table) -> int:
    """How many columns at the beginning tell the rows of a table apart, on both sides."""
    columns = len(before.columns)
    return next(
        (
            count
            for count in range(1, columns)
            if all(len({row[:count] for row in table.rows}) == len(table.rows) for table in (before, after))
        ),
        columns,
    )


def _whole(cells: Sequence[str]) -> str:
    return ", ".join(cell for cell in cells if cell and not _BARS.intersection(cell))


def _findings(before: Sequence[Finding], after: Sequence[Finding]) -> Iterator[Change]:
    was = {(item.subject, item.id): f"{item.severity}: {item.sentence}" for item in before}
    now = {(item.subject, item.id): f"{item.severity}: {item.sentence}" for item in after}
    for key in dict.fromkeys((*was, *now)):
        if was.get(key) != now.get(key):
            yield Change(part=FINDINGS, subject=key[0], what=key[1], before=was.get(key, ""), after=now.get(key, ""))

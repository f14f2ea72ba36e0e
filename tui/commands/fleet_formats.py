"""The fleet as a document: which lines a command prints, in which form."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from actions.guard.text import many
from tui.commands.failures import USAGE, CommandError
from tui.config import FleetView, known_columns
from tui.fleet_lines import USUAL, key_days, line_of
from tui.fleet_view import ENVIRONMENT, arranged, asked_names, counts, graded, shown_names, table_columns, told_counts
from tui.render import Column, clean, table
from tui.widgets.rows import Query, TableRow, parse_query, passing, searchable, strange_columns

if TYPE_CHECKING:
    from actions.workspaces import WorkspaceRow
    from tui.environments import Environments

FORMATS = ("table", "json", "csv", "markdown")
_LEAST = {"workspace": 24, "group": 20, "region": 6, "keys": 9, "identity": 8, "endpoints": 7, "cmk": 4}
"""Cells that each column keeps: names stay whole, for they are typed; regions give way."""


def chosen_view(view: str, columns: str, wanted: str, sort: str, configured: Sequence[FleetView]) -> FleetView:
    """Put together what the flags ask for: a view by name, and what stands in place of its parts. Raises `CommandError`."""
    found = _named(view, configured) if view else FleetView(name="given")
    names = tuple(name.strip() for name in columns.split(",") if name.strip()) or found.columns
    try:
        known_columns("--columns", names)
        known_columns("--sort", (sort.removeprefix("-"),) if sort else ())
    except ValueError as error:
        raise CommandError(f"{error}.", exit_code=USAGE, kind="usage") from None
    _known_filter(wanted)
    return FleetView(name=found.name, columns=names, sort=sort or found.sort, filter=wanted or found.filter)


def _known_filter(text: str) -> None:
    """Raise `CommandError` where a filter looks into a column that there is not: the answer would be empty for a slip."""
    from actions.workspaces.columns import BY_NAME, near

    known = (*BY_NAME, ENVIRONMENT)
    for name in strange_columns(text, known):
        where = near(name, known) or "; `amlkeys workspaces --columns help` tells all"
        raise CommandError(f"--filter: there is no column {clean(name)}{where}.", exit_code=USAGE, kind="usage")


def _named(name: str, configured: Sequence[FleetView]) -> FleetView:
    from actions.workspaces.columns import near
    from tui.view_store import ViewError, ViewStore, all_views, same

    try:
        views = [view for view, _ in all_views(configured, ViewStore().load())]
    except ViewError as error:
        raise CommandError(str(error), exit_code=USAGE, kind="views") from None
    found = next((view for view in views if same(view, name)), None)
    if found is None:
        names = [view.name for view in views]
        where = near(name, names) or f"; there are {', '.join(names)}"
        raise CommandError(f"There is no view {name}{where}.", exit_code=USAGE, kind="usage", views=names)
    return found


class FleetLines:
    """The lines that a view leaves of a fleet; what only its order or its filter needs is read but not shown."""

    def __init__(self, view: FleetView, *, whole: bool = False) -> None:
        """Take the view; `whole` reads what the usual columns need too."""
        from actions.workspaces.columns import BY_NAME

        self.view, self.shown = view, shown_names(view.columns, environments=False) if view.columns else USUAL
        known = tuple(dict.fromkeys((*self.shown, *BY_NAME, ENVIRONMENT)))
        query = parse_query(view.filter, known)
        filtered = [known[term.column] for term in query if term.column is not None]
        sort = view.sort.removeprefix("-")
        usual = USUAL if whole else ()
        self.names = tuple(dict.fromkeys((*self.shown, *filtered, *((sort,) if sort else ()), *usual)))
        """The columns that are read, those that are shown first."""
        self._query: Query = tuple(
            term if term.column is None else msgspec.structs.replace(term, column=self.names.index(known[term.column]))
            for term in query
        )

    @property
    def asked(self) -> tuple[str, ...]:
        """The names of the columns that Azure is asked for."""
        return asked_names(self.names)

    def of(self, rows: Sequence[WorkspaceRow], environments: Environments) -> list[TableRow]:
        """The lines that pass, in order, with the cells of all `names`."""
        environments.learn({row.subscription: row.subscription_name for row in rows})
        line, days = line_of(self.names, self.shown), {row.id: key_days(row) for row in rows}
        lines = [line(row, environments.word(row.id)) for row in rows]
        seen = [searchable(msgspec.structs.replace(each, cells=each.cells[: len(self.shown)])) for each in lines]
        passed = [lines[number] for number in passing(self._query, lines, seen)]
        return arranged(passed, self.names, self.view.sort, days.__getitem__)

    def exported(self, lines: Sequence[TableRow]) -> tuple[list[str], list[list[str]]]:
        """Titles and rows of a file: the grade first, as the mark stands in the table, then what is shown."""
        named = [name for name in self.shown if name != "severity"]
        places = [self.names.index(name) for name in named]
        return ["severity", *named], [[each.state or "-", *(each.cells[n] for n in places)] for each in lines]

    def table(self, lines: Sequence[TableRow], cells: int, *, ascii_only: bool) -> list[str]:
        """The lines for people, in at most so many cells."""
        drawn = table_columns(self.shown, lambda _key: 0, chosen=bool(self.view.columns))
        columns = [Column(each.title, _LEAST.get(each.name, each.minimum)) for each in drawn]
        texts = [
            [each.draw(text, ascii_only) if each.draw else text for each, text in zip(drawn, line.cells, strict=False)]
            for line in lines
        ]
        return table(columns, texts, cells, states=[each.state for each in lines], ascii_only=ascii_only)

    def document(
        self, rows: Sequence[WorkspaceRow], lines: Sequence[TableRow], unread: Sequence[str]
    ) -> dict[str, Any]:
        """The workspaces for programs, with value and grade of each column that was asked for by name."""
        by_id = {row.id: row for row in rows}
        places = {name: self.names.index(name) for name in self.view.columns}
        found = []
        for line in lines:
            row = by_id[line.key]
            cells = {
                name: {"value": line.cells[place], "grade": _grade(row, name, line.cells[place])}
                for name, place in places.items()
            }
            found.append({**msgspec.to_builtins(row), "cells": cells})
        return {"workspaces": found, "unread": unread, "counts": counts(line.state for line in lines)}


def _grade(row: WorkspaceRow, name: str, text: str) -> str:
    """The grade of one cell: of its word, or of what was found on keys and identity."""
    from actions.workspaces.columns import grade_of

    found = grade_of(row, (name,), ())
    return graded(name, text) or (found.value if found else "")


def told_sum(lines: Sequence[TableRow], rows: Sequence[WorkspaceRow]) -> str:
    """How many there are, in how many subscriptions, and how many of which grade."""
    keys = {line.key for line in lines}
    subscriptions = many(len({row.subscription for row in rows if row.id in keys}), "subscription")
    total = many(len(rows), "workspace")
    of = f"{len(lines)} of {total}" if len(lines) != len(rows) else total
    found = told_counts(counts(line.state for line in lines))
    return f"{of} in {subscriptions}{f': {found}' if found else ''}"

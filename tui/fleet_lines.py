"""The fleet as lines of plain text, the same for every interface; kept apart because the first frame waits for it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from tui.render import clean
from tui.widgets.rows import TableRow

if TYPE_CHECKING:
    from actions.workspaces import WorkspaceRow

FLEET_TITLES = ("workspace", "group", "region", "keys", "identity", "endpoints", "CMK")
USUAL = tuple(title.casefold() for title in FLEET_TITLES)
"""The names of the columns that a list has when nothing is chosen."""
GRADES = ("critical", "high", "warn", "unknown", "info")
"""The words of the grades, the gravest first."""
OLDEST = 1_000_000
_NO_KEY = -1

Line = Callable[["WorkspaceRow", str], TableRow]
"""Makes a line of the table of a workspace and its environment's word."""


def graver(one: str, other: str) -> str:
    """The graver of two grades; none at all is the least."""
    return min((one, other), key=lambda grade: GRADES.index(grade) if grade in GRADES else len(GRADES))


def fleet_cells(row: WorkspaceRow) -> tuple[str, ...]:
    """One workspace as a line of the fleet list."""
    return (row.name, row.group, row.region, row.keys, row.identity, row.endpoints, row.cmk)


def fleet_state(row: WorkspaceRow) -> str:
    """The grade of a workspace: its worst finding, nothing when all is well."""
    return row.severity.value if row.severity else ""


def visible(rows: Sequence[WorkspaceRow], hidden: Sequence[str]) -> list[WorkspaceRow]:
    """Leave out the workspaces of subscriptions that the settings hide, by id or by name."""
    out = {name.casefold() for name in hidden}
    return [row for row in rows if not out & {row.subscription.casefold(), row.subscription_name.casefold()}]


def key_days(row: WorkspaceRow) -> int:
    """The key's age to sort by; an unknown age is older than any, no key at all younger."""
    if row.key_days is not None:
        return row.key_days
    return OLDEST if row.keys.startswith("key") else _NO_KEY


@lru_cache(maxsize=4096)
def _against(days: int, limit: int) -> str:
    return f"{days}/{limit}d"


def key_age(row: WorkspaceRow) -> str:
    """The older key's age against the days after which it counts as old: `412/90d`."""
    if row.key_days is not None and row.key_limit is not None:
        return _against(row.key_days, row.key_limit)
    return "?" if row.keys.startswith("key") or row.keys == "?" else "-" if row.keys else ""


def _findings(row: WorkspaceRow) -> str:
    return " ".join(dict.fromkeys(each.id for each in row.findings)) or ("-" if row.keys else "")


_CELLS: dict[str, Callable[[WorkspaceRow], str]] = {
    "workspace": lambda row: row.name,
    "group": lambda row: row.group,
    "region": lambda row: row.region,
    "keys": lambda row: row.keys,
    "identity": lambda row: row.identity,
    "endpoints": lambda row: row.endpoints,
    "cmk": lambda row: row.cmk,
    "key-age": key_age,
    "findings": _findings,
    "subscription": lambda row: row.subscription_name or row.subscription,
    "kind": lambda row: row.kind,
}
OWN_NAMES = frozenset({*_CELLS, "severity", "environment"})
"""The columns that are read from no source of their own."""


def line_of(names: Sequence[str], shown: Sequence[str] | None = None) -> Line:
    """Give what makes a line of these columns, graded by those that are shown (all, if not said).

    The catalogue is loaded only where a column is read from a source of its own.
    """
    others = tuple(name for name in names if name not in OWN_NAMES)
    state: Callable[[WorkspaceRow], str] = fleet_state
    seen = tuple(names if shown is None else shown)
    if others or not {"keys", "identity"} <= set(seen):
        from actions.workspaces.columns import grade_of

        def state(row: WorkspaceRow) -> str:
            found = grade_of(row, seen, others)
            return found.value if found else ""

    def line(row: WorkspaceRow, environment: str = "") -> TableRow:
        grade, beside = state(row), iter(row.cells)
        cells: list[str] = []
        for name in names:
            own = _CELLS.get(name)
            if own is not None:
                cells.append(clean(own(row)))
            elif name == "severity":
                cells.append(grade or "-")
            elif name == "environment":
                cells.append(environment)
            else:
                cells.append(clean(next(beside, "")))
        return TableRow(row.id, grade, tuple(cells))

    return line

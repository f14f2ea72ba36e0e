"""Views of the fleet: which columns are shown, in which order the rows come, and what of them passes. Pure.

A view is known by a name: the console brings some along, the settings name others, and what an operator saves from the
console is kept beside the journal, never written into the settings.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache, partial

from tui.config import FleetView
from tui.fleet_lines import GRADES, OWN_NAMES, USUAL
from tui.render import clean, mark
from tui.widgets.rows import SortValue, TableColumn, TableRow, natural, strange_columns

ENVIRONMENT = "environment"
ENVIRONMENT_CELLS = 7
AGES = frozenset({"keys", "key-age"})
"""Columns that are told in days: the oldest comes first."""
_TITLES = {
    "cmk": "CMK", "hbi": "HBI", "tls": "TLS", "https-only": "HTTPS only", "endpoint-tls": "endpoint TLS",
    "public-access": "public", "private-endpoints": "private", "storage-network": "storage net",
    "vault-network": "vault net", "registry-network": "registry net", "endpoint-network": "endpoint net",
    "purge-protection": "purge", "ssh": "SSH", "v1-tls": "v1 TLS", "ml-app": "ML app",
    "can-regenerate": "can regen", "can-read-secrets": "can read", ENVIRONMENT: "env",
}  # fmt: skip
_LEAST = {
    "workspace": 14,
    "group": 8,
    "region": 8,
    "keys": 8,
    "subscription": 10,
    "kind": 5,
    "key-age": 7,
    "severity": 8,
    **dict.fromkeys(("can-regenerate", "can-read-secrets", "can-assign", "support-apps", "cluster-accounts"), 12),
    **dict.fromkeys(("v1-services", "scoring-logs", "vault-secrets", "compute-identity", "last-change"), 11),
}
_WIDE = {"key-age": 100, "subscription": 100, "kind": 110}
"""From which width on a column is shown that nobody chose."""
_BAR = 6
_BAD = frozenset({"critical", "high", "warn"})

USUAL_VIEW = "usual"


@cache
def brought_views() -> tuple[FleetView, ...]:
    """Those that the console brings along; the first is what it shows when nothing is chosen.

    Made when asked for: a view looks up its columns, and the first frame needs no catalogue of them.
    """
    return (
        FleetView(name=USUAL_VIEW),
        FleetView(
            name="network",
            columns=("public-access", "private-endpoints", "isolation", "storage-network", "vault-network", "registry-network"),
        ),
        FleetView(
            name="storage", sort="key-age",
            columns=("storage", "keys", "key-age", "shared-keys", "datastores", "https-only", "tls"),
        ),
        FleetView(name="vaults", columns=("vault", "vault-access", "purge-protection", "soft-delete", "vault-network", "cmk")),
        FleetView(
            name="serving", columns=("endpoints", "endpoint-network", "endpoint-tls", "registry-admin", "insights-key", "kind")
        ),
        FleetView(
            name="rights",
            columns=("my-roles", "can-regenerate", "can-read-secrets", "can-assign", "custom-roles", "support-apps"),
        ),
        FleetView(
            name="computes",
            columns=("computes", "ssh", "node-address", "compute-accounts", "clusters", "cluster-accounts", "v1-services"),
        ),
        FleetView(name="traces", columns=("logs", "vault-logs", "scoring-logs", "vault-secrets", "key-calls", "last-change")),
    )  # fmt: skip


def title(name: str) -> str:
    """A column's title; a filter finds the column by the beginning of its name."""
    return _TITLES.get(name, name.replace("-", " "))


def shown_names(chosen: Sequence[str], *, environments: bool) -> tuple[str, ...]:
    """Which columns a list has: the chosen ones behind the name, or the usual ones with what wide terminals add."""
    if chosen:
        return ("workspace", *(name for name in dict.fromkeys(chosen) if name != "workspace"))
    keys = USUAL.index("keys") + 1
    usual = (*USUAL[:keys], "key-age", *USUAL[keys:], "subscription", "kind")
    return (*usual, ENVIRONMENT) if environments else usual


def asked_names(names: Iterable[str]) -> tuple[str, ...]:
    """Those that Azure is asked for; an environment's word comes from the settings."""
    return tuple(name for name in names if name != ENVIRONMENT)


def table_columns(names: Sequence[str], days: Callable[[str], int], *, chosen: bool) -> list[TableColumn]:
    """The table's columns; `days` gives the age to sort a line by, `chosen` ones are shown on any terminal."""
    values: dict[str, SortValue] = {**dict.fromkeys(AGES, lambda row: days(row.key)), "severity": _gravity}
    return [
        TableColumn(
            title(name), _least(name, chosen=chosen), from_width=0 if chosen else _WIDE.get(name, 0), value=values.get(name),
            name=name,
            draw=age_bar if name == "key-age" else partial(_marked, name) if _may_be_bad(name) else None,
            reserve=2 if _may_be_bad(name) else 0,
        )
        for name in names
    ]  # fmt: skip


def _may_be_bad(name: str) -> bool:
    """Whether a column's words are graded; the usual ones are told by the mark before the row."""
    if name in OWN_NAMES:
        return False
    from actions.workspaces.columns import BY_NAME

    return bool(BY_NAME[name].grades)


def _least(name: str, *, chosen: bool) -> int:
    if chosen and name in AGES:
        return 10  # the age is what it is chosen for
    return _LEAST.get(name, ENVIRONMENT_CELLS if name == ENVIRONMENT else 6 if name in USUAL else 8)


def _gravity(row: TableRow) -> int:
    """The gravest first, what is well last."""
    return GRADES.index(row.state) if row.state in GRADES else len(GRADES)


def graded(name: str, text: str) -> str:
    """The grade of a cell, as a word; empty where there is none."""
    from actions.workspaces.columns import BY_NAME

    column = BY_NAME.get(name)
    found = column.grade(text) if column else None
    return found.value if found else ""


def _marked(name: str, text: str, ascii_only: bool) -> str:
    """A cell with its grade's mark before what is graded bad: no colour is needed to see it, and none cuts it off."""
    grade = graded(name, text)
    return f"{mark(grade, ascii_only=ascii_only)} {text}" if grade in _BAD else f"  {text}"


def age_bar(text: str, ascii_only: bool = False) -> str:
    """Draw `45/90d` as a bar that is full when the key is as old as it may be, with a `+` behind when it is older."""
    days, _, limit = text.rstrip("d").partition("/")
    if not (days.isdigit() and limit.isdigit() and int(limit)):
        return text
    full, empty = ("#", ".") if ascii_only else ("█", "░")
    many = min(_BAR, int(days) * _BAR // int(limit))
    return full * many + empty * (_BAR - many) + ("+" if int(days) > int(limit) else "")


def order(names: Sequence[str], sort: str) -> tuple[int | None, bool]:
    """Read an order such as `region` or `-key-age`: the column's place and whether backwards; ages have the oldest first."""
    name = sort.removeprefix("-")
    if name not in names:
        return None, False
    return names.index(name), sort.startswith("-") is not (name in AGES)


def told_order(names: Sequence[str], place: int | None, *, backwards: bool) -> str:
    """Write an order the way `order` reads it."""
    if place is None:
        return ""
    name = names[place]
    return name if backwards is (name in AGES) else f"-{name}"


def arranged(rows: Sequence[TableRow], names: Sequence[str], sort: str, days: Callable[[str], int]) -> list[TableRow]:
    """Order lines as the table does."""
    place, backwards = order(names, sort)
    if place is None:
        return list(rows)
    value = table_columns(names, days, chosen=True)[place].value or (lambda row: natural(row.cells[place]))
    return sorted(rows, key=value, reverse=backwards)


def counts(states: Iterable[str]) -> dict[str, int]:
    """How many rows have which grade, the gravest first; those without one are left out."""
    return by_grade(Counter(states))


def by_grade(found: Mapping[str, int]) -> dict[str, int]:
    """Counts by state as those of the grades, the gravest first."""
    return {grade: found[grade] for grade in GRADES if found.get(grade)}


def told_counts(found: dict[str, int]) -> str:
    """The counts as text: `3 high, 12 warn`."""
    return ", ".join(f"{many} {grade}" for grade, many in found.items())


def told_strange(text: str, names: Sequence[str]) -> str:
    """Say which column a filter looks into that is not shown, or is none; empty where it looks into none such."""
    found = strange_columns(text, names)
    if not found:
        return ""
    from actions.workspaces.columns import BY_NAME, near

    name, known = found[0], (*BY_NAME, ENVIRONMENT)
    hidden = next((each for each in known if each.startswith(name)), "")
    return f"{hidden} is not shown: t adds it" if hidden else f"no column {clean(name)}{near(name, known)}"


def told_view(view: FleetView) -> str:
    """What a view shows, in a line."""
    columns = ", ".join(title(name) for name in view.columns) or "what the list usually shows"
    more = [f"by {view.sort}"] if view.sort else []
    return clean("; ".join((columns, *more, *([f"/{view.filter}"] if view.filter else []))))

"""Views of the fleet without an app: columns, order, bars, counts, and the file that keeps what was saved."""

from __future__ import annotations

import stat

import pytest

from actions.workspaces.columns import ALL, BY_NAME
from tui.config import FleetView
from tui.dialogs.fleet import Chosen
from tui.fleet_lines import OWN_NAMES, USUAL
from tui.fleet_view import (
    age_bar,
    arranged,
    brought_views,
    counts,
    order,
    shown_names,
    table_columns,
    title,
    told_counts,
    told_order,
    told_view,
)
from tui.view_store import ViewError, ViewStore, all_views
from tui.widgets.rows import TableRow, parse_query


def test_every_column_is_found_by_its_title_and_by_its_name() -> None:
    names = [column.name for column in ALL]
    for number, name in enumerate(names):
        assert name.startswith(title(name).casefold().replace(" ", "-")), "what is read on the screen can be typed"
        assert parse_query(f"{name}:x", names)[0].column == number
    assert {name for name in names if BY_NAME[name].read is None} == OWN_NAMES - {"environment"}


def test_views_that_are_brought_along_name_columns_that_there_are() -> None:
    assert brought_views()[0].columns == ()
    assert {name for view in brought_views() for name in view.columns} <= BY_NAME.keys()
    assert len({view.name for view in brought_views()}) == len(brought_views())


def test_the_name_is_always_the_first_column() -> None:
    assert shown_names(("tls", "workspace", "tls"), environments=True) == ("workspace", "tls")
    usual = shown_names((), environments=True)
    assert [name for name in usual if name in USUAL] == list(USUAL)
    assert usual[-1] == "environment"
    assert "environment" not in shown_names((), environments=False)


@pytest.mark.parametrize(
    ("text", "bar"),
    [
        ("0/90d", "░░░░░░"),
        ("14/90d", "░░░░░░"),
        ("15/90d", "█░░░░░"),
        ("89/90d", "█████░"),
        ("90/90d", "██████"),
        ("91/90d", "██████+"),
        ("9999/30d", "██████+"),
        ("?", "?"),
        ("-", "-"),
        ("", ""),
        ("5/0d", "5/0d"),
    ],
)
def test_a_keys_age_is_a_bar_that_is_full_at_the_policy(text: str, bar: str) -> None:
    assert age_bar(text) == bar
    assert age_bar(text, ascii_only=True) == bar.replace("█", "#").replace("░", ".")


@pytest.mark.parametrize(
    ("sort", "place", "backwards"),
    [
        ("region", 0, False),
        ("-region", 0, True),
        ("keys", 1, True),
        ("-keys", 1, False),
        ("nosuch", None, False),
        ("", None, False),
    ],
)
def test_an_order_is_read_and_told_the_same_way(sort: str, place: int | None, backwards: bool) -> None:
    names = ("region", "keys")
    assert order(names, sort) == (place, backwards)
    assert told_order(names, place, backwards=backwards) == ("" if place is None else sort)


def test_lines_are_ordered_by_age_and_by_gravity() -> None:
    rows = [TableRow(key, state, (key, state or "-")) for key, state in (("a", ""), ("b", "high"), ("c", "unknown"))]
    days = {"a": 5, "b": 1, "c": 9}.__getitem__
    assert [row.key for row in arranged(rows, ("workspace", "severity"), "severity", days)] == ["b", "c", "a"]
    assert [row.key for row in arranged(rows, ("workspace", "key-age"), "key-age", days)] == ["c", "a", "b"]
    assert [row.key for row in arranged(rows, ("workspace", "severity"), "", days)] == ["a", "b", "c"]


def test_counts_begin_with_the_gravest_and_leave_out_what_there_is_not() -> None:
    assert told_counts(counts(["warn", "", "high", "warn", "unknown"])) == "1 high, 2 warn, 1 unknown"
    assert told_counts(counts(["", ""])) == ""


def test_a_bad_cell_has_a_mark_before_it_and_a_good_one_has_none() -> None:
    (column,) = [each for each in table_columns(("workspace", "tls"), lambda _: 0, chosen=True) if each.name == "tls"]
    assert column.draw is not None
    assert [column.draw(text, False) for text in ("1.0", "1.2", "?")] == ["! 1.0", "  1.2", "  ?"]


def test_columns_are_chosen_and_moved() -> None:
    chosen = Chosen(("keys", "tls"), ("group", "keys", "tls", "hbi"))
    assert chosen.names == ["keys", "tls", "group", "hbi"]
    chosen.turn("keys")
    chosen.turn("hbi")
    chosen.move("hbi", -2)
    chosen.move("hbi", -9)
    assert chosen.chosen == ("hbi", "tls")
    chosen.move("hbi", 99)
    assert chosen.chosen == ("tls", "hbi")


# --- the file


def test_a_view_is_kept_for_the_operator_alone_and_replaced_by_name() -> None:
    store = ViewStore()
    assert store.load() == ()
    store.save(FleetView(name="Mine", columns=("tls",)))
    store.save(FleetView(name="other"))
    store.save(FleetView(name="mine", columns=("hbi",), sort="-hbi", filter="on"))
    assert stat.S_IMODE(store.path.stat().st_mode) == 0o600
    assert [view.name for view in store.load()] == ["other", "mine"]
    store.forget("OTHER")
    assert [view.columns for view in store.load()] == [("hbi",)]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b'{"version": 1, "views": [{"name": "x", "columns": ["nosuch"]}]}',
        b"\xff",
        b'{"version": 2, "views": []}',
    ],
    ids=["empty", "other", "a column that there is not", "no text", "a later version"],
)
def test_a_file_that_cannot_be_read_is_told_and_never_written_over(content: bytes) -> None:
    store = ViewStore()
    store.path.parent.mkdir(parents=True, exist_ok=True)
    store.path.write_bytes(content)
    for work in (store.load, lambda: store.save(FleetView(name="x")), lambda: store.forget("x")):
        with pytest.raises(ViewError, match=r"saved views cannot be read \(.*\): .*views\.json"):
            work()
    assert store.path.read_bytes() == content


def test_a_saved_view_stands_for_a_configured_one_of_its_name() -> None:
    mine = FleetView(name="Network", columns=("tls",))
    found = all_views((FleetView(name="network", columns=("hbi",)), FleetView(name="own")), (mine,))
    assert [(view.name, origin) for view, origin in found if origin] == [("Network", "saved"), ("own", "settings")]
    assert found[1] == (mine, "saved"), "in the place of the one that it stands for"


def test_a_view_is_told_in_a_line() -> None:
    view = FleetView(name="x", columns=("tls", "key-age"), sort="-tls", filter="a\x1b[2Jb")
    assert told_view(view) == "TLS, key age; by -tls; /a<U+001B>[2Jb"

"""The console's list with columns that are asked of each workspace by itself, and filters that look into no column."""

from __future__ import annotations

from typing import Any

import pytest

from azsim.estates.demo import demo
from azsim.faults import Fault
from tests.tui.consoles import NOON, console, on_demo, opened, press, session, settle, shown
from tests.tui.test_fleet_choosing import asked, on
from tui.app import AmlkeysApp
from tui.config import Fleet
from tui.fleet_view import told_strange
from tui.known_fleet import KnownFleet
from tui.widgets.rows import TableRow, strange_columns


def column(app: AmlkeysApp, name: str) -> dict[str, str]:
    table = app.screen.table
    place = [each.name for each in table.columns].index(name)
    return {row.cells[0]: row.cells[place] for row in table.rows}


def computes(app: AmlkeysApp) -> int:
    """How many workspaces were asked for their computes."""
    assert app.session.sim is not None
    return sum(entry.path.partition("?")[0].endswith("/computes") for entry in app.session.sim.ledger.entries)


async def filtered(pilot: Any, text: str) -> None:
    """Type a filter and go to the list."""
    await press(pilot, "slash", *text, "enter")


async def test_what_is_asked_comes_counts_and_is_filtered():
    async with opened(on(Fleet(columns=("ssh", "computes")))) as pilot:
        assert column(pilot.app, "ssh")["churn"] == "1 open"
        assert "" not in column(pilot.app, "computes").values()
        assert computes(pilot.app) == 47, "two columns of one asking"
        await filtered(pilot, "ssh:open")
        assert pilot.app.screen.table.shown == 4
        assert "4 of 47 workspaces" in shown(pilot)


async def test_refreshing_and_other_columns_do_not_ask_again():
    async with opened(on(Fleet(columns=("ssh",)))) as pilot:
        await press(pilot, "f5")
        await press(pilot, "t", *["down"] * 3, "enter")
        assert computes(pilot.app) == 47
        assert column(pilot.app, "ssh")["churn"] == "1 open"


async def test_what_failed_is_told_and_asked_again_when_somebody_refreshes():
    fault = Fault(kind="status", status=403, code="AuthorizationFailed", route="workspaces/churn/computes", times=1)
    app = console(session(demo(NOON), faults=(fault,)))
    async with opened(app) as pilot:
        await press(pilot, "v", *["down"] * 6, "enter")
        await settle(pilot)
        assert column(pilot.app, "ssh")["churn"] == "?"
        assert "Computes of 1 workspace could not be read" in shown(pilot) or "computes of 1 workspace" in shown(pilot)
        await press(pilot, "f5")
        assert column(pilot.app, "ssh")["churn"] == "1 open"
        assert computes(pilot.app) == 48


async def test_the_usual_list_asks_no_workspace():
    async with opened(on_demo()) as pilot:
        before = asked(pilot.app)
        assert computes(pilot.app) == 0
        await press(pilot, "f5")
        assert asked(pilot.app) - before <= 7


def test_a_row_that_waits_for_an_answer_keeps_the_last_one(rows: tuple[TableRow, TableRow]) -> None:
    known, waiting = rows
    assert (known.cells, waiting.cells) == (("w", "1 open", "1.2"), ("w", "1 open", "1.0"))
    assert waiting.state == "high"


@pytest.fixture
def rows() -> tuple[TableRow, TableRow]:
    from tests.actions.test_fleet_columns import row
    from tui.environments import Environments

    fleet = KnownFleet(Environments(()), ("workspace", "ssh", "tls"))
    fleet.take([row("1 open", "1.2")], (), complete=True)
    (known,) = fleet.rows
    fleet.take([row("", "1.0")], (), complete=False)
    (waiting,) = fleet.rows
    return known, waiting


# --- filters that look into no column


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("nope:x", ("nope",)),
        ("!nope:x region:eu", ("nope",)),
        ("reg:eu key1:9", ("key1",)),
        ("-f nope:x", ()),
        ("nope :x 12:30 fraud", ()),
    ],
)
def test_names_that_no_column_has(text: str, found: tuple[str, ...]) -> None:
    assert strange_columns(text, ("workspace", "region")) == found


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("region:eu", ""),
        ("tls:1.0", "tls is not shown: t adds it"),
        ("regoin:eu", "no column regoin; near it: region"),
        ("xyzzy:1", "no column xyzzy"),
    ],
)
def test_what_is_said_of_them(text: str, told: str) -> None:
    assert told_strange(text, ("workspace", "region")) == told


async def test_the_filter_line_says_that_a_column_is_not_shown():
    async with opened(on_demo()) as pilot:
        await filtered(pilot, "tls:1.0")
        assert "tls is not shown: t adds it" in shown(pilot).splitlines()[2]
        await press(pilot, "escape")
        assert "47 workspaces" in shown(pilot).splitlines()[2]


async def test_the_question_for_columns_tells_all_of_what_one_says_and_costs():
    async with opened(on_demo()) as pilot:
        await press(pilot, "t", "end")
        assert "how long ago it was changed last, in 90 days; asked of each workspace" in shown(pilot)

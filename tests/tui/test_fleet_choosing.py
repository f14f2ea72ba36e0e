"""The console's list with other columns, views, export and reading by itself; by keys and messages."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from azsim.estates.demo import demo
from azsim.faults import Fault
from tests.tui.consoles import NOON, PATIENCE, choose, console, on_demo, opened, press, session, settle, shown, wait_for
from tui.app import AmlkeysApp
from tui.config import Config, Environment, Fleet, FleetView
from tui.dialogs.ask import AskDialog
from tui.dialogs.fleet import ColumnsDialog, ViewsDialog
from tui.view_store import ViewStore

GRAPH = "providers/Microsoft.ResourceGraph"


def on(fleet: Fleet, **more: Any) -> AmlkeysApp:
    return console(session(demo(NOON), config=Config(fleet=fleet), **more))


def asked(app: AmlkeysApp) -> int:
    """How many requests the rehearsal cloud has seen."""
    assert app.session.sim is not None
    return int(app.session.sim.ledger.last)


async def test_columns_are_chosen_by_keys_and_read():
    async with opened(on_demo()) as pilot:
        await press(pilot, "t")
        assert isinstance(pilot.app.screen, ColumnsDialog)
        await press(pilot, "space", "space", "space", "end", "space", "enter")
        names = [column.name for column in pilot.app.screen.table.columns]
        assert (names[1], names[-1]) == ("key-age", "last-change"), "three were left out, the last was added"
        assert all(row.cells[-1] for row in pilot.app.screen.table.rows), "what was not known was read"
        await press(pilot, "t", "x")
        assert shown(pilot).splitlines()[3].split()[:3] == ["workspace", "group", "region"]


async def test_a_column_is_moved_before_another():
    async with opened(on(Fleet(columns=("hbi", "kind")))) as pilot:
        await press(pilot, "t", "d", "enter")
        assert shown(pilot).splitlines()[3].split()[:3] == ["workspace", "kind", "HBI"]
        await press(pilot, "t", *["space", "space"], "enter")
        assert isinstance(pilot.app.screen, ColumnsDialog), "no column at all is no answer"
        assert "press x for the usual ones" in shown(pilot)


async def test_what_no_column_needs_is_not_asked_for():
    async with opened(on(Fleet(columns=("region", "hbi")))) as pilot:
        before = asked(pilot.app)
        await press(pilot, "f5")
        assert asked(pilot.app) - before == 2, "the workspaces, and the subscriptions' names"
        await press(pilot, "escape", "t", "d", "enter")
        assert asked(pilot.app) - before == 2, "another order of the same columns reads nothing"


async def test_a_view_shows_its_columns_its_order_and_its_filter():
    view = FleetView(name="old tls", columns=("tls", "region"), sort="-region", filter="tls:1.0")
    async with opened(on(Fleet(views=(view,)))) as pilot:
        await press(pilot, "v")
        assert isinstance(pilot.app.screen, ViewsDialog)
        assert "old tls (settings)" in shown(pilot)
        await press(pilot, "end", "enter")
        text = shown(pilot)
        assert "3 of 47 workspaces in 3 subscriptions" in text
        assert "region v" in text
        assert [row.cells[2] for row in pilot.app.screen.table.shown_rows()] == sorted(
            (row.cells[2] for row in pilot.app.screen.table.shown_rows()), reverse=True
        )
        await press(pilot, "v", "home", "enter")
        assert "47 workspaces in 3 subscriptions" in shown(pilot), "the usual view has no filter"


async def test_a_filter_of_a_view_hides_nothing_for_good_while_its_column_is_read():
    async with opened(on_demo()) as pilot:
        await press(pilot, *["down"] * 9)
        pilot.app.screen.show_view(FleetView(name="x", columns=("tls",), filter="tls:1.0"))
        assert pilot.app.screen.table.shown == 0, "its cells are not known yet"
        await settle(pilot)
        assert (pilot.app.screen.table.shown, pilot.app.screen.table.cursor) == (3, 0)


async def test_what_is_shown_is_saved_as_a_view_and_forgotten():
    async with opened(on(Fleet(columns=("tls",)))) as pilot:
        await press(pilot, "slash", *"1.0", "enter", "ctrl+o", "end", "enter", "v", "a")
        assert isinstance(pilot.app.screen, AskDialog)
        await press(pilot, *"mine", "enter")
        assert ViewStore().load() == (FleetView(name="mine", columns=("tls",), sort="tls", filter="1.0"),)
        assert "Saved as the view mine" in shown(pilot)
        await press(pilot, "v", "d")
        assert ViewStore().load() == ()
        await press(pilot, "v", "home", "d")
        assert "Only views that were saved" in shown(pilot)


@pytest.mark.parametrize("name", ["x" * 21, "   "], ids=["too long", "blank"])
async def test_a_name_that_is_none_saves_nothing(name: str):
    async with opened(on_demo()) as pilot:
        await press(pilot, "v", "a")
        pilot.app.screen.query_one("#answer").value = name
        await press(pilot, "enter")
        assert ViewStore().load() == ()


async def test_saved_views_that_cannot_be_read_are_told_and_the_others_are_there():
    place = ViewStore().path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("{")
    async with opened(on_demo()) as pilot:
        await press(pilot, "v")
        assert isinstance(pilot.app.screen, ViewsDialog)
        await press(pilot, "down", "enter", "v", "a", *"mine", "enter")
        assert "The saved views cannot be read (" in shown(pilot)
        assert place.read_text() == "{"


async def test_the_palette_finds_a_view():
    async with opened(on_demo()) as pilot:
        await choose(pilot, "view vaults")
        assert "purge" in shown(pilot)


async def test_a_filter_looks_into_a_chosen_column():
    async with opened(on(Fleet(columns=("purge-protection", "tls", "storage", "storage-network")))) as pilot:
        await press(pilot, "slash", *"tls:1.0", "enter")
        assert "3 of 47" in shown(pilot)
        await press(pilot, "escape", "slash", *"!storage-n:open", "enter")
        assert "2 of 47" in shown(pilot)
        await press(pilot, "escape", "slash", *"storage:stads", "enter")
        assert "1 of 47" in shown(pilot), "a whole name is no beginning of another"


async def test_columns_without_room_come_into_view_by_the_arrows():
    names = (
        "public-access",
        "private-endpoints",
        "isolation",
        "hbi",
        "tls",
        "vault-network",
        "registry-network",
        "kind",
    )
    async with opened(on(Fleet(columns=names))) as pilot:
        head = shown(pilot).splitlines()[3]
        assert head.startswith(" > workspace")
        assert "kind" not in head
        await press(pilot, "right", "right")
        head = shown(pilot).splitlines()[3]
        assert head.startswith("<")
        assert ("workspace" in head, "kind" in head, "public" in head) == (True, True, False)
        await press(pilot, *["left"] * 5)
        assert shown(pilot).splitlines()[3].startswith(" > workspace")


async def test_counts_are_of_what_is_shown_and_give_way_to_what_is_typed():
    async with opened(on_demo()) as pilot:
        assert "47 workspaces in 3 subscriptions: 10 high, 25 warn" in shown(pilot)
        await press(pilot, "slash", *"rg-student", "enter")
        rows = pilot.app.screen.table.shown_rows()
        many = sum(row.state == "warn" for row in rows)
        assert f"{len(rows)} of 47 workspaces in 3 subscriptions: {many} warn" in shown(pilot)
        await press(pilot, "escape", "slash", *"x" * 40)
        assert "0 of 47 workspaces in 3 subscriptions" in shown(pilot)


async def test_marks_and_actions_know_the_workspace_whatever_is_shown():
    async with opened(on(Fleet(columns=("tls",)))) as pilot:
        await press(pilot, "slash", *"fraud-s", "enter", "space")
        assert "1 marked" in shown(pilot)
        await press(pilot, "escape", "escape", "s")
        assert "contoso-prod-ml" in shown(pilot), "an action on the subscription names it"


@pytest.mark.parametrize(
    ("ending", "begins"),
    [
        ("csv", "severity,workspace,tls\n"),
        ("json", '{"schema":"amlkeys.table/1"'),
        ("md", "| severity | workspace | tls |\n"),
    ],
)
async def test_the_files_ending_says_its_form(tmp_path: Path, ending: str, begins: str):
    async with opened(on(Fleet(columns=("tls",)))) as pilot:
        await press(pilot, "slash", *"tls:1.0", "enter", "ctrl+e")
        place = tmp_path / f"fleet.{ending}"
        pilot.app.screen.query_one("#answer").value = str(place)
        await press(pilot, "enter")
        text = place.read_text()
        assert text.startswith(begins)
        assert text.count("1.0") == 3
        if ending == "json":
            assert json.loads(text)["rows"][0]["tls"] == "1.0"


# --- reading by itself


async def test_the_list_is_read_by_itself_without_moving_anything():
    async with opened(on(Fleet(refresh=2))) as pilot:
        screen, drawn = pilot.app.screen, []
        await press(pilot, *["down"] * 5)
        row, before, draw = screen.table.row, asked(pilot.app), screen.table.render_line
        screen.table.render_line = lambda y: drawn.append(y) or draw(y)
        said = shown(pilot).splitlines()[-2]
        screen._read_again()
        await settle(pilot)
        assert asked(pilot.app) > before
        assert (screen.table.row, drawn) == (row, []), "the same rows are not painted anew"
        assert shown(pilot).splitlines()[-2] == said
        assert screen._due is not None


async def test_it_is_due_after_the_interval():
    async with opened(on(Fleet(refresh=2))) as pilot:
        before = asked(pilot.app)
        assert pilot.app.screen._due._interval == 2
        pilot.app.screen._every = 0.01
        pilot.app.screen._wait()
        await wait_for(pilot, lambda: asked(pilot.app) >= before + 10)
        pilot.app.screen._every = 0
        await settle(pilot)


async def test_it_waits_while_somebody_answers_types_or_looks_elsewhere():
    async with opened(on(Fleet(refresh=2))) as pilot:
        screen, before = pilot.app.screen, asked(pilot.app)
        for keys, back in ((("slash",), ("enter",)), (("t",), ("escape",))):
            await press(pilot, *keys)
            screen._read_again()
            assert not screen._reading
            await press(pilot, *back)
        pilot.app.app_focus = False
        screen._read_again()
        assert (screen._reading, asked(pilot.app)) == (False, before)
        assert screen._due is not None, "it is tried again later"


async def test_a_reading_of_its_own_that_fails_asks_nothing():
    async with opened(on(Fleet(refresh=2))) as pilot:
        pilot.app.session.steer([{"kind": "status", "route": "GET|ResourceGraph", "status": 403, "code": "No"}], {})
        pilot.app.screen._read_again()
        await settle(pilot)
        assert pilot.app.screen is pilot.app.screen_stack[0], "no question comes up"
        assert "Not read anew: " in shown(pilot)
        assert "ads-bidding" in shown(pilot)


async def test_nothing_is_read_by_itself_where_the_settings_do_not_say_so():
    async with opened(on_demo()) as pilot:
        assert pilot.app.screen._due is None


async def test_columns_that_are_chosen_while_the_list_is_read_come_all_the_same():
    app, wanted, gate, held = on_demo(), threading.Event(), threading.Event(), threading.Event()
    handle = app.session.sim.handle

    def slow(request: Any) -> Any:
        if wanted.is_set() and GRAPH in request.path and not held.is_set():
            held.set()
            assert gate.wait(PATIENCE)
        return handle(request)

    app.session.sim.handle = slow  # type: ignore[method-assign]
    async with opened(app) as pilot:
        wanted.set()
        await pilot.press("f5")
        await wait_for(pilot, held.is_set)
        pilot.app.screen.show_view(FleetView(name="x", columns=("tls",)))
        gate.set()
        await settle(pilot)
        assert {row.cells[1] for row in pilot.app.screen.table.rows} == {"1.0", "1.2"}


async def test_sources_that_refuse_are_told_and_unknown():
    faults = [Fault(kind="status", status=403, code="Forbidden", route=f"{GRAPH}|vaults$")]
    async with opened(on(Fleet(columns=("purge-protection", "region")), faults=faults)) as pilot:
        assert {row.cells[1] for row in pilot.app.screen.table.rows} == {"?"}
        assert {row.state for row in pilot.app.screen.table.rows} == {"unknown"}
        assert "47 unknown" in shown(pilot)


async def test_the_environments_word_is_a_column_to_choose():
    settings = Config(
        fleet=Fleet(columns=("environment",)), environments=(Environment(name="prod", subscriptions=("*",)),)
    )
    async with opened(console(session(demo(NOON), config=settings))) as pilot:
        await press(pilot, "slash", *"env:prod", "enter")
        assert shown(pilot).splitlines()[3].split()[:2] == ["workspace", "env"]
        assert "47 workspaces" in shown(pilot)


async def test_the_present_order_once_more_is_turned_round():
    async with opened(on(Fleet(columns=("key-age", "region")))) as pilot:
        await press(pilot, "ctrl+o", "down", "down", "enter", "g")
        assert "key age v" in shown(pilot)
        first = pilot.app.screen.table.row
        await press(pilot, "ctrl+o", "down", "down")
        assert "the other way round" in shown(pilot)
        await press(pilot, "enter", "g")
        assert "key age ^" in shown(pilot)
        assert pilot.app.screen.table.row != first

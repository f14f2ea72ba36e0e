"""The calendar of encryption keys: on the command line, and as a screen with three hundred workspaces."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from azsim.estates.encrypted import encrypted, encrypted_fleet
from azsim.faults import Fault
from tests.tui.command_line import amlkeys
from tests.tui.consoles import NOON, console, on_small, opened, press, session, settle, shown, writes
from tests.tui.test_cli_json import checked
from tui.app import AmlkeysApp
from tui.key_calendar import TITLES
from tui.screens.key_calendar import KeyCalendarScreen
from tui.screens.walk import WalkScreen
from tui.screens.workspace import WorkspaceScreen

COUNT = 300


@pytest.fixture
def fleet() -> AmlkeysApp:
    """The console over three hundred encrypted workspaces."""
    return console(session(encrypted_fleet(COUNT, NOON)))


@pytest.fixture
def estate(tmp_path: Path) -> str:
    """Twenty encrypted workspaces as a file."""
    path = tmp_path / "estate.json"
    path.write_bytes(msgspec.json.encode(encrypted_fleet(20)))
    return f"--rehearse={path}"


async def test_three_hundred_workspaces_in_one_screen(fleet: AmlkeysApp) -> None:
    async with opened(fleet, (120, 40)) as pilot:
        await press(pilot, "C")
        screen = pilot.app.screen
        assert isinstance(screen, KeyCalendarScreen)
        assert screen.table.shown == COUNT
        text = shown(pilot)
        assert "300 encrypted workspaces: 2 expired, 30 expire within 90 days" in text
        assert all(title in text for title in TITLES)
        first = screen.table.row
        assert first is not None
        assert (first.cells[0], first.cells[5]) == ("cmk-0000", "expired")
        await press(pilot, "end")
        assert screen.table.row is not None
        assert writes(fleet) == []


async def test_the_filter_and_the_way_to_a_workspace_and_back(fleet: AmlkeysApp) -> None:
    async with opened(fleet) as pilot:
        await press(pilot, "C", "slash", *"cmk-0012", "enter")
        assert pilot.app.screen.table.shown == 1
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, WorkspaceScreen)
        await press(pilot, "escape", "c")
        assert isinstance(pilot.app.screen, WalkScreen)
        await press(pilot, "escape", "escape")
        assert not isinstance(pilot.app.screen, KeyCalendarScreen)


async def test_a_listing_that_fails_says_why_and_can_be_tried_again() -> None:
    app = console(session(encrypted(NOON)))
    async with opened(app) as pilot:
        assert app.session.sim is not None
        app.session.sim.faults.add(Fault(kind="status", status=403, code="AuthorizationFailed", times=2))
        await press(pilot, "C")
        await press(pilot, "escape")
        assert "f5 reads again" in shown(pilot)
        app.session.sim.faults.clear()
        await press(pilot, "f5")
        await settle(pilot)
        assert "small-ml" in shown(pilot)


async def test_the_palette_knows_the_calendar(fleet: AmlkeysApp) -> None:
    async with opened(fleet) as pilot:
        await press(pilot, "ctrl+p", *"encryption", "enter")
        await settle(pilot)
        assert isinstance(pilot.app.screen, KeyCalendarScreen)


def test_the_command_tells_the_weeks_and_the_most_urgent_first(estate: str) -> None:
    answer = amlkeys("cmk", estate)
    assert answer.exit == 0
    lines = answer.out.splitlines()
    assert lines[0] == "Pinned versions that expire, by week"
    named = [line.split()[1] for line in lines if " cmk-" in line]
    assert len(named) == 20
    assert named[:3] == ["cmk-0000", "cmk-0003", "cmk-0006"]
    assert lines[-1] == "20 encrypted workspaces: 2 expired, 5 expire within 90 days"


def test_the_command_says_it_for_programs(estate: str) -> None:
    content = checked(amlkeys("cmk", estate, "--json"))
    assert len(content["keys"]) == 20
    assert sum(week["expire"] for week in content["weeks"]) == 5


def test_without_an_encrypted_workspace_it_says_so(tmp_path: Path) -> None:
    path = tmp_path / "none.json"
    path.write_bytes(msgspec.json.encode(encrypted_fleet(0)))
    assert amlkeys("cmk", f"--rehearse={path}").out == "No workspace that you can see has a customer-managed key.\n"


def test_a_move_from_the_command_line_with_its_report(tmp_path: Path) -> None:
    path = tmp_path / "estate.json"
    path.write_bytes(msgspec.json.encode(encrypted()))
    place = (f"--rehearse={path}", "--journal", tmp_path / "journal.sqlite3")
    refused = amlkeys("run", "cmk-versions", "small-ml", *place, "--live")
    assert refused.exit == 4
    done = amlkeys("run", "cmk-versions", "small-ml", *place, "--live", "--confirm", "small-ml", "--json")
    assert done.exit == 0, done.err
    report = amlkeys("report", checked(done)["run"], *place).out
    assert "may be disabled after" in report
    assert "Never delete it" in report
    assert "Terraform" in report


async def test_nothing_is_offered_to_move_where_no_key_is_listed() -> None:
    async with opened(on_small()) as pilot:
        await press(pilot, "C")
        assert "No workspace that you can see has a customer-managed key." in shown(pilot)
        assert "check and move" not in shown(pilot)

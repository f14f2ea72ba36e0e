"""Getting around and taking away: the palette, the trail of workspaces, copying, tables and pictures as files."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from azsim.secrets import MARK
from tests.tui.consoles import choose, on_demo, on_small, opened, press, settle, shown, writes
from tui.dialogs.ask import AskDialog
from tui.screens.runbook import RunbookScreen
from tui.screens.walk import WalkScreen
from tui.screens.workspace import WorkspaceScreen
from tui.screens.workspaces import WorkspacesScreen
from tui.taking import table_csv, write_private
from tui.trail import Trail, Visit

A, B, C = (Visit(f"/{name}", name) for name in "abc")


def test_a_trail_goes_back_and_forward_and_drops_what_lay_ahead():
    trail = Trail()
    assert trail.present is None
    assert trail.step(-1) is None
    for place in (A, B, B):
        trail.visit(place)
    assert trail.step(-1) == A
    assert trail.step(-1) is None
    assert trail.step(1) == B
    assert trail.step(-1) == A
    trail.visit(C)
    assert trail.step(1) is None
    assert trail.step(-1) == A


def test_a_table_for_a_spreadsheet_runs_nothing():
    assert table_csv(["a", "b"], [["=1+1", 'x"y,z'], ["-2", "plain"]]) == 'a,b\n\'=1+1,"x""y,z"\n\'-2,plain\n'


def test_a_file_is_private_and_never_written_over(tmp_path: Path):
    path = write_private(str(tmp_path / "a.csv"), "first")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_private(str(path), "second")
    assert path.read_text() == "first"


async def test_the_palette_finds_a_workspace_by_typing():
    async with opened(on_demo()) as pilot:
        await choose(pilot, "fraud-scoring")
        assert isinstance(pilot.app.screen, WorkspaceScreen | WalkScreen)
        assert "fraud-scoring" in shown(pilot)


@pytest.mark.parametrize("key", ["pageup", "pagedown"])
async def test_the_palette_of_themes_takes_a_page_key_before_its_list_is_laid_out(key: str):
    async with opened(on_small()) as pilot:
        pilot.app.search_themes()
        for _ in range(40):
            await pilot.press(key)
        await pilot.press("escape")
        await settle(pilot)
        assert isinstance(pilot.app.screen, WorkspacesScreen)


async def test_the_palette_starts_an_action_by_looking_only():
    async with opened(on_small()) as pilot:
        await choose(pilot, "storage-keys on")
        assert isinstance(pilot.app.screen, WalkScreen)
        assert writes(pilot.app) == []


async def test_the_palette_finds_a_runbook():
    async with opened(on_small()) as pilot:
        await choose(pilot, "runbook identity-access")
        assert isinstance(pilot.app.screen, RunbookScreen)
        assert "workspaces > small-ml > runbook > identity-access" in shown(pilot)


async def test_the_palette_starts_an_action_on_a_workspace_from_anywhere_by_both_names():
    async with opened(on_demo()) as pilot:
        await press(pilot, "r")
        await choose(pilot, "identity fraud-sc")
        assert isinstance(pilot.app.screen, WalkScreen)
        assert "workspaces > fraud-scoring > identity access > inspect" in shown(pilot)


async def test_the_palette_opens_what_is_only_read_about_a_workspace():
    async with opened(on_small()) as pilot:
        await press(pilot, "enter")
        await choose(pilot, "posture of")
        assert "workspaces > small-ml > security" in shown(pilot)


async def test_the_palette_checks_that_everything_is_in_place():
    async with opened(on_small()) as pilot:
        await choose(pilot, "doctor")
        assert "ada@contoso.example in tenant" in shown(pilot)
        assert "none left open" in shown(pilot)


async def test_the_last_workspace_is_one_key_away_and_escape_leads_back_to_the_list():
    async with opened(on_demo()) as pilot:
        await press(pilot, "minus")
        assert "No workspace was opened yet" in shown(pilot)
        await press(pilot, "enter")
        first = pilot.app.screen.subject
        await press(pilot, "escape", "down", "enter")
        second = pilot.app.screen.subject
        assert second != first
        await press(pilot, "left_square_bracket")
        assert pilot.app.screen.subject == first
        await press(pilot, "right_square_bracket", "escape")
        assert isinstance(pilot.app.screen, WorkspacesScreen)
        await press(pilot, "minus")
        assert pilot.app.screen.subject == second


async def test_the_id_under_the_cursor_is_copied_and_a_secret_is_not():
    async with opened(on_demo()) as pilot:
        await press(pilot, "ctrl+y")
        row = pilot.app.screen.table.row
        assert pilot.app.clipboard == row.key
        pilot.app.copy_to_clipboard(f"AccountKey={MARK}0123456789")
        assert pilot.app.clipboard == row.key


async def test_the_rows_that_are_shown_are_exported(tmp_path: Path):
    async with opened(on_demo()) as pilot:
        await press(pilot, "slash", *"fraud-s", "enter", "ctrl+e")
        assert isinstance(pilot.app.screen, AskDialog)
        place = tmp_path / "fleet.csv"
        pilot.app.screen.query_one("#answer").value = str(place)
        await press(pilot, "enter")
        lines = place.read_text().splitlines()
        assert len(lines) == 2
        assert lines[1].startswith("high,fraud-scoring,")
        assert "Wrote" in shown(pilot)


async def test_a_screen_is_saved_as_a_picture(tmp_path: Path):
    async with opened(on_demo()) as pilot:
        await press(pilot, "ctrl+s")
        place = tmp_path / "screen.svg"
        pilot.app.screen.query_one("#answer").value = str(place)
        await press(pilot, "enter")
        assert place.read_text().startswith("<svg")
        assert MARK not in place.read_text()
        await press(pilot, "ctrl+s")
        pilot.app.screen.query_one("#answer").value = str(place)
        await press(pilot, "enter")
        assert pilot.app.screen.__class__.__name__ == "FailureDialog"

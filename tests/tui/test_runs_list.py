"""The list of runs by keys: every column orders it, either way round, and the fleet's filter narrows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.guard.model import Mode
from azsim.estates.small import small
from tests.tui.consoles import NOON, arm, console, opened, press, session, shown
from tests.tui.test_following import Scripted, follow
from tests.tui.test_runbook_screen import folder as folder
from tests.tui.test_runbook_screen import made
from tui.screens.runs import RunsScreen, count_text, next_order

WALKED = ("k", "enter", "enter", "enter", "1", "enter", "y", "escape")


@pytest.mark.parametrize(
    ("order", "picked", "then"),
    [
        ((None, False), None, (None, False)),
        ((None, False), 2, (2, False)),
        ((2, False), 2, (2, True)),
        ((2, True), 2, (2, False)),
        ((2, True), 0, (0, False)),
        ((2, True), None, (None, False)),
    ],
)
def test_the_same_column_again_turns_the_order(
    order: tuple[int | None, bool], picked: int | None, then: tuple[int | None, bool]
) -> None:
    assert next_order(order, picked) == then


def test_the_count_tells_kinds_and_what_passes() -> None:
    assert count_text(1, 0, 1) == "1 run"
    assert count_text(3, 0, 2) == "2 of 3 runs"
    assert count_text(3, 1, 4) == "3 runs, 1 runbook"
    assert count_text(0, 2, 1) == "1 of 0 runs, 2 runbooks"


async def test_filter_and_order_by_keys(folder: Path) -> None:
    found = made(folder)
    app = console(found)
    async with opened(app) as pilot:
        follow(found, folder / "own.md", "small-ml", Scripted("key2"))
        arm(app, Mode.DRY_RUN)
        await press(pilot, *WALKED, "r")
        screen = app.screen
        assert isinstance(screen, RunsScreen)
        kinds = lambda: [row.cells[3] for row in screen.table.shown_rows()]  # noqa: E731
        assert sorted(kinds()) == ["dry-run", "runbook"]
        await press(pilot, "slash", *"kind:runb", "enter")
        assert kinds() == ["runbook"]
        assert "1 of 1 run, 1 runbook" in shown(pilot)
        await press(pilot, "slash", *"x", "enter")
        assert "No run fits: kind:runbx" in shown(pilot)
        await press(pilot, "slash", "escape", "slash", *"!own", "enter")
        assert kinds() == ["dry-run"]
        await press(pilot, "slash", "escape", "slash", *"-f rnbk", "enter")
        assert kinds() == ["runbook"]
        await press(pilot, "slash", "escape")
        for column in range(len(screen.table.columns)):
            ordered = ("ctrl+o", "home", *["down"] * (column + 1), "enter")
            await press(pilot, *ordered)
            once = [row.key for row in screen.table.shown_rows()]
            cells = [row.cells[column] for row in screen.table.shown_rows()]
            assert cells == sorted(cells)
            await press(pilot, *ordered)
            turned = [row.key for row in screen.table.shown_rows()]
            assert turned == (once if len(set(cells)) == 1 and column else once[::-1])
        assert "run" in shown(pilot)


async def test_a_journal_that_cannot_be_read_is_said_on_the_list_itself(tmp_path: Path) -> None:
    place = tmp_path / "journal.sqlite3"
    place.write_text("this is no database")
    app = console(session(small(NOON), journal=str(place)))
    async with opened(app) as pilot:
        await press(pilot, "r", "escape")
        assert isinstance(app.screen, RunsScreen)
        assert "file is not a database" in shown(pilot)
        assert "f5 reads again" in shown(pilot)

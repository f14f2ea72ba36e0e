"""A runbook followed in the console by keys: begun, answered, checked, left, taken up by the other interface, recorded."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from textual.pilot import Pilot

from actions.guard.model import Mode
from azsim.estates.small import small
from tests.tui.consoles import NOON, arm, choose, console, fill, opened, press, session, settle, shown, writes
from tests.tui.test_following import BOOK, Scripted, follow
from tui.app import AmlkeysApp
from tui.config import Config, Runbooks
from tui.dialogs.ask import AskDialog, PickDialog
from tui.dialogs.confirm import ConfirmDialog
from tui.dialogs.failure import FailureDialog
from tui.runbook_journal import Record, Sitting
from tui.screens.runbook import RunbookScreen
from tui.screens.runbooks import RunbooksScreen
from tui.screens.walk import WalkScreen
from tui.screens.workspaces import WorkspacesScreen
from tui.session import Session

ROTATES = (
    BOOK.partition("1. Which?")[0]
    + """1. Look whose key it is. Call the owner first.
2. Replace both keys.
   `amlkeys: storage-keys --external accept`
3. Nothing is left amiss.
   `expect: storage-keys lacks stale, else stop`
"""
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A shelf of one's own: `own` asks, waits and checks; `rotates` has a walk in it."""
    (tmp_path / "own.md").write_text(BOOK)
    (tmp_path / "rotates.md").write_text(ROTATES)
    (tmp_path / "broken.md").write_text("1. Nothing in front\n")
    return tmp_path


def made(folder: Path) -> Session:
    return session(small(NOON), config=Config(runbooks=Runbooks(folder=str(folder))))


@asynccontextmanager
async def at_book(app: AmlkeysApp, name: str, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[None]]:
    """The runbook of a name, opened by keys from the list of workspaces."""
    async with opened(app, size) as pilot:
        await press(pilot, "b", "slash", *f"runbook:{name}", "enter", "enter")
        yield pilot


def record(app: AmlkeysApp) -> Sitting:
    """What the journal says of the newest one."""
    return Record(app.session.journal, app.session.engine.operator).all()[0]


async def test_the_key_opens_the_shelf_with_ones_own_and_the_shipped_ones(folder: Path) -> None:
    async with opened(console(made(folder))) as pilot:
        await press(pilot, "b")
        assert isinstance(pilot.app.screen, RunbooksScreen)
        await press(pilot, "slash", *"own", "enter")
        assert "own" in shown(pilot)
        await press(pilot, "slash", "escape", "slash", *"runbook:broken", "enter")
        assert "line 1: it does not begin" in shown(pilot)
        await press(pilot, "slash", "escape", "slash", *"leaked-storage", "enter", "enter")
        assert isinstance(pilot.app.screen, RunbookScreen)
        assert "1. Which slot leaked?" in shown(pilot)


async def test_reading_one_records_nothing(folder: Path) -> None:
    app = console(made(folder))
    async with at_book(app, "own") as pilot:
        await press(pilot, "down", "down", "escape", "escape")
        assert isinstance(pilot.app.screen, WorkspacesScreen)
        assert Record(app.session.journal, app.session.engine.operator).all() == []


async def test_a_question_a_tick_a_wait_and_a_check_that_stops(folder: Path) -> None:
    app = console(made(folder))
    async with at_book(app, "own") as pilot:
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, PickDialog)
        await press(pilot, "enter")  # key1
        assert record(app).values == {"slot": "key1"}
        await press(pilot, "enter")  # the tick
        assert record(app).step == 3
        await press(pilot, "enter")
        assert "left; enter looks again, s goes on early" in shown(pilot)
        app.standing.connected.sim.shift(timedelta(hours=2))
        await press(pilot, "enter")
        assert record(app).done[-1].outcome == "waited 1:00:00"
        await press(pilot, "enter")
        assert record(app).done[-1].outcome == "storage-keys has nosuch: does not hold"
        assert record(app).state == "stopped"
        assert "Stop here, as the runbook says" in shown(pilot)
        assert writes(app) == []


async def test_a_wait_is_left_early_and_recorded_as_that(folder: Path) -> None:
    app = console(made(folder))
    async with at_book(app, "own") as pilot:
        await press(pilot, "enter", "down", "enter", "s")
        assert [each.outcome for each in record(app).done] == ["key2", "went on 1:00:00 early"]


async def test_what_the_console_began_is_finished_on_the_command_line(folder: Path) -> None:
    found = made(folder)
    app = console(found)
    async with at_book(app, "own") as pilot:
        await press(pilot, "enter", "enter", "n")
        assert isinstance(pilot.app.screen, AskDialog)
        await press(pilot, *"call bo", "enter", "escape")
        assert isinstance(pilot.app.screen, RunbooksScreen)
        assert record(app).state == "stopped"
        assert "half done: at step 2" in shown(pilot)
        _, sitting = follow(found, folder / "own.md", "small-ml", Scripted("", "s"))
        assert [each.outcome for each in sitting.done][:2] == ["key1", "ticked"]
        assert [note.text for note in sitting.notes] == ["call bo"]


async def test_what_the_command_line_began_is_taken_up_in_the_console(folder: Path) -> None:
    found = made(folder)
    app = console(found)
    async with opened(app) as pilot:
        _, before = follow(found, folder / "own.md", "small-ml", Scripted("n ask ada", "key1"))
        await press(pilot, "b")
        assert "half done: at step 2" in shown(pilot)
        await press(pilot, "home", "enter")
        assert isinstance(pilot.app.screen, PickDialog)
        await press(pilot, "enter")
        assert "ask ada" in shown(pilot)
        await press(pilot, "enter")
        assert (record(app).id, record(app).step) == (before.id, 3)


async def test_a_half_done_one_can_be_begun_anew_or_left_alone(folder: Path) -> None:
    found = made(folder)
    app = console(found)
    async with opened(app) as pilot:
        _, before = follow(found, folder / "own.md", "small-ml", Scripted("key1"))
        await press(pilot, "b", "home", "enter", "escape")
        assert isinstance(pilot.app.screen, RunbooksScreen)
        await press(pilot, "home", "enter", "down", "enter", "enter", "enter")
        assert record(app).id != before.id


@pytest.mark.parametrize(("keys", "kept"), [(("enter",), True), (("down", "enter"), False)])
async def test_a_changed_file_asks_before_it_goes_on(folder: Path, keys: tuple[str, ...], kept: bool) -> None:
    app = console(made(folder))
    async with at_book(app, "own") as pilot:
        await press(pilot, "enter", "enter")
        before = record(app)
        (folder / "own.md").write_text(BOOK.replace("First.", "Better."))
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, PickDialog)
        await press(pilot, *keys)
        assert "Better." in shown(pilot)
        assert (record(app).digest == before.digest) is kept
        assert record(app).step == 2


async def test_a_file_that_is_gone_or_broken_is_told_and_nothing_is_done(folder: Path) -> None:
    app = console(made(folder))
    async with at_book(app, "own") as pilot:
        await press(pilot, "enter", "enter")
        (folder / "own.md").write_text(BOOK.replace("`wait: 1h`", "`wait: soon`"))
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, FailureDialog)
        await press(pilot, "escape")
        assert record(app).step == 2


async def test_a_bound_step_opens_its_walk_filled_in_and_records_its_run(folder: Path) -> None:
    app = console(made(folder))
    async with at_book(app, "rotates", (100, 60)) as pilot:
        arm(app, Mode.LIVE)
        await press(pilot, "enter", "enter")
        walk = pilot.app.screen
        assert isinstance(walk, WalkScreen)
        assert "* external" in shown(pilot)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, RunbookScreen)
        assert record(app).step == 2  # nothing ran, so the step stays
        await press(pilot, "enter", "enter", "enter", "enter")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        await fill(pilot, **{field.id: field.expected for field in pilot.app.screen.fields})
        await press(pilot, "y")
        await settle(pilot)
        await press(pilot, "escape")
        await settle(pilot)
        found = record(app)
        assert (found.step, found.done[-1].outcome[:5]) == (3, "done:")
        assert app.session.journal.run(found.done[-1].run).plan.action == "storage-keys"
        await press(pilot, "enter")
        assert (record(app).state, record(app).done[-1].outcome) == ("done", "storage-keys lacks stale: holds")
        assert "The runbook is done." in shown(pilot)


async def test_the_palette_finds_runbooks_and_half_done_ones(folder: Path) -> None:
    found = made(folder)
    async with opened(console(found)) as pilot:
        follow(found, folder / "own.md", "small-ml", Scripted("key1"))
        await choose(pilot, "own small")
        assert isinstance(pilot.app.screen, PickDialog)

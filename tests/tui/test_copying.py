"""What an operator copies from a run: ids, requests, commands and the report, by OSC 52, also through tmux."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from textual.pilot import Pilot

from azsim.secrets import MARK
from tests.tui.consoles import ARM, Hands, fill, on_small, opened, press, shown
from tui.app import AmlkeysApp
from tui.dialogs.ask import HelpDialog, PickDialog, TextDialog
from tui.dialogs.failure import Failure
from tui.screens.recorded import takings
from tui.screens.walk import WalkScreen
from tui.taking import MOST_COPIED


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Everything that is written to the terminal for its clipboard."""
    from textual.drivers.headless_driver import HeadlessDriver

    found: list[str] = []

    def write(_driver: HeadlessDriver, data: str) -> None:
        if "]52;" in data:
            found.append(data)

    monkeypatch.setattr(HeadlessDriver, "write", write)
    return found


def clipboard(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def walked(pilot: Pilot[None]) -> WalkScreen:
    """A whole rotation, up to its report."""
    await press(pilot, *ARM, "k", "enter", "enter", "enter", "1", "enter")
    await fill(pilot, name="stsmall01", slot="key1+key2")
    await press(pilot, "y")
    found = pilot.app.screen
    assert isinstance(found, WalkScreen)
    return found


async def picked(pilot: Pilot[None], name: str) -> None:
    """Copy the first thing of a name."""
    await press(pilot, "c")
    dialog = pilot.app.screen
    assert isinstance(dialog, PickDialog)
    table: Any = dialog.query_one("#picks")
    table.move_to(next(row.key for row in table.rows if row.cells[0] == name))
    await press(pilot, "enter")


async def test_a_run_gives_its_id_its_report_its_commands_and_each_request() -> None:
    async with opened(on_small()) as pilot:
        walk = await walked(pilot)
        history = walk.history
        assert history is not None
        await picked(pilot, "run id")
        assert pilot.app.clipboard == history.id
        assert "Copied the run id." in shown(pilot)
        await picked(pilot, "report")
        assert pilot.app.clipboard.startswith("# REHEARSAL: storage-keys on stsmall01: done")
        await picked(pilot, "az commands")
        assert pilot.app.clipboard.startswith("az storage account keys renew")
        await picked(pilot, "request id")
        assert pilot.app.clipboard == history.steps[0].evidence["request id"]
        requests = [each for each in takings(history) if each.pick.name == "request id"]
        assert len(requests) == sum("request id" in step.evidence for step in history.steps) > 3


async def test_what_a_run_changed_is_shown_and_copied() -> None:
    async with opened(on_small()) as pilot:
        await walked(pilot)
        await press(pilot, "w")
        assert isinstance(pilot.app.screen, TextDialog)
        assert "What is different after the run" in shown(pilot)
        await press(pilot, "c")
        assert "~ small-ml/training_blob: holds key1 → key2" in pilot.app.clipboard


async def test_nothing_of_a_run_is_copied_while_it_is_only_planned() -> None:
    async with opened(on_small()) as pilot:
        await press(pilot, "k", "enter", "enter", "c", "w")
        assert isinstance(pilot.app.screen, WalkScreen)
        assert not pilot.app.clipboard


async def test_the_id_of_what_a_walk_is_about_is_copied_not_that_of_a_step() -> None:
    async with opened(on_small()) as pilot:
        await press(pilot, "k", "enter", "enter", "ctrl+y")
        assert pilot.app.clipboard.endswith("/workspaces/small-ml")


async def test_a_terminal_gets_it_by_osc_52(sent: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TMUX", raising=False)
    async with opened(on_small()) as pilot:
        pilot.app.copy_to_clipboard("an id")
    assert sent == [f"\x1b]52;c;{clipboard('an id')}\a"]


async def test_tmux_gets_it_for_itself_and_for_the_terminal_around_it(
    sent: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TMUX", "/tmp/tmux-1000/default,1,0")
    async with opened(on_small()) as pilot:
        await press(pilot, "ctrl+y")
        assert "tmux hands it on where its set-clipboard is on" in shown(pilot)
        code = clipboard(pilot.app.clipboard)
    assert sent == [f"\x1b]52;c;{code}\a", f"\x1bPtmux;\x1b\x1b]52;c;{code}\a\x1b\\"]


async def test_what_no_terminal_takes_and_what_looks_like_a_secret_stay_here(sent: list[str]) -> None:
    async with opened(on_small()) as pilot:
        app = pilot.app
        assert isinstance(app, AmlkeysApp)
        assert app.copy_as("x" * (MOST_COPIED + 1), "it").startswith("Not copied: it is too long")
        assert app.copy_as(f"AccountKey={MARK}0123456789", "it") == "Not copied: it looks like a secret."
    assert sent == []


async def test_a_failure_gives_azure_s_request_id_and_says_when_it_has_none() -> None:
    async with opened(on_small()) as pilot:
        screen: Any = pilot.app.screen
        screen.show_failure(Failure("It said no.", "It means no.", "Ask again.", "req-1"))
        await press(pilot, "c")
        assert pilot.app.clipboard == "req-1"
        assert "Copied the request id." in shown(pilot)
        await press(pilot, "escape")
        screen.show_failure(Failure("It said no.", "It means no.", "Ask again."))
        await pilot.pause()
        assert "copy request id" not in shown(pilot)


async def test_help_over_a_question_answers_nothing_and_starts_its_dead_time_anew() -> None:
    async with opened(on_small()) as pilot:
        await press(pilot, *ARM, "k", "enter", "enter", "enter", "1", "enter")
        question = pilot.app.screen
        await fill(pilot, name="stsmall01", slot="key1+key2")
        await press(pilot, "question_mark")
        assert isinstance(pilot.app.screen, HelpDialog)
        assert "Run it" in shown(pilot)
        app = pilot.app
        assert isinstance(app, AmlkeysApp)
        assert isinstance(app.hands, Hands)
        app.hands.pause = 0.1
        await pilot.press("escape", "y")
        assert app.screen is question
        app.hands.pause = 1.0
        await press(pilot, "y")
        assert "[5 Report]" in shown(pilot)

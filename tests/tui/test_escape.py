"""Escape on every question of the console: nothing is answered, and neither a worker nor a read is left behind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from textual.screen import ModalScreen

from tests.tui.consoles import on_small, opened, press, shown, writes
from tests.tui.monkey import keyed, screens
from tests.tui.test_dialogs import DIALOGS
from tui._palette import Palette
from tui.dialogs.ask import Pick
from tui.dialogs.fleet import ColumnsDialog, ViewsDialog
from tui.dialogs.hands import HeldWatch, TerminalHands
from tui.dialogs.held import AnswerDialog
from tui.dialogs.reveal import RevealDialog
from tui.dialogs.story import StoryDialog
from tui.drill import load_drill
from tui.screens.rehearsal import ResetDialog

QUESTIONS: dict[str, Callable[[], ModalScreen[Any]]] = {
    **DIALOGS,
    "answer": lambda: AnswerDialog("Which", (Pick("a", "A"),), HeldWatch(), TerminalHands()),
    "reveal": lambda: RevealDialog("score", "Secondary", place="REHEARSAL Contoso", seconds=20),
    "story": lambda: StoryDialog(load_drill("leaked-key"), None),
    "story-begun": lambda: StoryDialog(load_drill("leaked-key"), "not yet"),
    "reset": ResetDialog,
    "columns": lambda: ColumnsDialog(("a",), {"a": "A", "b": "B"}),
    "views": lambda: ViewsDialog((Pick("view:a", "a"),), ("a",)),
    "palette": lambda: Palette(id="--command-palette"),
}


def test_every_question_has_a_case() -> None:
    modal = {each for each in screens() if issubclass(each, ModalScreen)}
    assert {type(make()) for make in QUESTIONS.values()} == modal


async def test_escape_leaves_nothing_behind() -> None:
    app = on_small()
    async with opened(app) as pilot:
        await press(pilot, "k")
        below = app.screen
        for name, make in QUESTIONS.items():
            answers: list[object] = []
            app.push_screen(make(), answers.append)
            await pilot.pause()
            assert app.screen is not below, name
            await press(pilot, "escape")
            assert app.screen is below, f"{name}:\n{shown(pilot)}"
            assert answers in ([], [None]), name
            assert list(app.workers) == [], name
            assert not app.board.pending
            assert not any(getattr(screen, "_asked", ()) for screen in app.screen_stack), name
        assert writes(app) == []


@pytest.mark.matrix
@pytest.mark.parametrize("keys", [("escape",), ("escape", "escape"), ("enter", "escape"), ("enter", "enter", "escape")])
async def test_keys_typed_ahead_of_a_question_do_no_harm(keys: tuple[str, ...]) -> None:
    """Each question is opened and at once sent keys, before any of its parts is there."""
    app = on_small()
    async with opened(app) as pilot:
        for make in QUESTIONS.values():
            app.push_screen(make())
            for key in keys:
                app._driver.send_message(keyed(app, key))
            await pilot.pause()
            while len(app.screen_stack) > 1:
                await press(pilot, "escape")
        assert list(app.workers) == []
        assert writes(app) == []

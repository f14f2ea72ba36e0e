"""Answers that come late: when all is being closed they are none, and before that a part that is missing is told."""

from __future__ import annotations

import pytest
from textual.app import ComposeResult
from textual.css.query import NoMatches
from textual.screen import Screen
from textual.widgets import Static

from tests.tui.consoles import on_small, opened
from tui.steady import Steady


class Parts(Steady, Screen[None]):
    """A screen with one part, that its answers look for."""

    def compose(self) -> ComposeResult:
        yield Static(id="part")

    def answered(self) -> None:
        """Take an answer."""
        self.query_one("#part")


async def answer(closing: bool) -> None:
    app, screen = on_small(), Parts()
    async with opened(app) as pilot:
        await app.push_screen(screen)
        await screen.query_one("#part").remove()
        screen._pruning = closing
        screen.call_next(screen.answered)
        await pilot.pause()
        screen._pruning = False


async def test_an_answer_that_comes_while_the_screen_is_closed_is_none() -> None:
    await answer(closing=True)


async def test_a_part_that_is_missing_otherwise_is_told() -> None:
    with pytest.raises(NoMatches):
        await answer(closing=False)

"""Texts that change in quick succession keep all their lines."""

from __future__ import annotations

import pytest
from textual.app import App, ComposeResult
from textual.widgets import Static

from tui.widgets.text_pane import TextPane


class Host(App[None]):
    """One text on the whole screen."""

    def compose(self) -> ComposeResult:
        """The text."""
        yield TextPane(id="text")


@pytest.mark.parametrize("width", [20, 200], ids=["fits", "wraps"])
async def test_a_text_right_after_another_shows_its_last_line(width: int) -> None:
    """Whatever else lays the screen out between the two, before either is painted."""
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = app.query_one(TextPane)
        pane.show(lambda _cells: ["one", "two"])
        app.screen._refresh_layout()
        pane.show(lambda _cells: [f"line {number} ".ljust(width, "x") for number in range(12)])
        await pilot.pause()
        lines = 12 if width < 80 else 4 * 12
        assert pane.query_one(Static).region.height == lines

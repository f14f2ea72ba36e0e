"""Texts that change in quick succession keep all their lines."""

from __future__ import annotations

import pytest
from rich.text import Text
from textual.app import App, ComposeResult
from textual.widgets import Static

from tui.widgets.lines import put
from tui.widgets.text_pane import TextPane


class Host(App[None]):
    """A line, and a text on the rest of the screen."""

    CSS = "#line { height: auto; }"

    def compose(self) -> ComposeResult:
        """The line and the text."""
        yield Static(id="line")
        yield TextPane(id="text")


def text(lines: int, width: int) -> list[str]:
    """So many lines of so many cells."""
    return [f"line {number} ".ljust(width, "x") for number in range(lines)]


@pytest.mark.parametrize(("width", "lines"), [(20, 12), (200, 4 * 12)], ids=["fits", "wraps"])
async def test_a_text_right_after_another_shows_its_last_line(width: int, lines: int) -> None:
    """Whatever else lays the screen out between the two, before either is painted."""
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        pane = app.query_one(TextPane)
        pane.show(lambda _cells: text(2, width))
        app.screen._refresh_layout()
        pane.show(lambda _cells: text(12, width))
        await pilot.pause()
        assert pane.query_one(Static).region.height == lines


async def test_a_line_that_grows_twice_grows_to_the_second() -> None:
    app = Host()
    async with app.run_test(size=(80, 24)) as pilot:
        line = app.query_one("#line", Static)
        put(line, Text("\n".join(text(2, 20))))
        app.screen._refresh_layout()
        put(line, Text("\n".join(text(5, 20))))
        await pilot.pause()
        assert line.region.height == 5

"""The line above a list: a filter to type after `/`, and how many rows there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from tui.render import width

HINT = "words, !not, column:text, -f fuzzy"


class FilterInput(Input):
    """The field; it takes the focus only when it is asked to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(True)", "clear", id="filter.clear"),
        Binding("enter,down", "leave(False)", "to the list", id="filter.leave"),
    ]

    @dataclass
    class Left(Message):
        """The field is done with."""

    def __init__(self) -> None:
        super().__init__(select_on_focus=False, disabled=True)
        self.cursor_blink = False

    def action_leave(self, clear: bool) -> None:
        """Give the focus back, with or without the text."""
        if clear:
            self.value = ""
        self.post_message(self.Left())


class FilterBar(Horizontal):
    """A slash, the field, the count."""

    DEFAULT_CSS = """
    FilterBar {
        height: 1; width: 100%;
        & > #slash { width: 3; padding: 0 1; }
        & > Input { width: 1fr; height: 1; border: none; padding: 0; background: transparent; }
        & > Input:focus { border: none; background: $boost; }
        & > #count { width: auto; padding: 0 1; color: $text-muted; }
    }
    """

    @dataclass
    class Changed(Message):
        """Another filter was typed."""

        text: str

    @dataclass
    class Closed(Message):
        """The field gave the focus back."""

    def compose(self) -> ComposeResult:
        """Three parts."""
        yield Static("/", id="slash")
        yield FilterInput()
        yield Static("", id="count")

    def start(self) -> None:
        """Let the operator type."""
        field = self.query_one(FilterInput)
        field.disabled = False
        field.placeholder = HINT
        field.focus()

    def clear(self) -> None:
        """Show everything again."""
        self.query_one(FilterInput).value = ""

    def set(self, text: str) -> None:
        """Filter by a text that was not typed here."""
        self.query_one(FilterInput).value = text

    @property
    def room(self) -> int:
        """How many cells the count may take beside what is typed, or what tells how to type it."""
        field = self.query_one(FilterInput)
        cells = self.size.width or self.app.size.width
        return cells - 6 - max(width(field.value), len(field.placeholder), 8)

    @property
    def typing(self) -> bool:
        """Whether a filter is being typed."""
        return not self.query_one(FilterInput).disabled

    @property
    def text(self) -> str:
        """The present filter."""
        return self.query_one(FilterInput).value

    def count(self, text: str) -> None:
        """Say how many rows there are; the same again is not painted again."""
        line = self.query_one("#count", Static)
        if str(line.content) != text:
            line.update(Text(text))

    def on_input_changed(self, message: Input.Changed) -> None:
        """Pass the filter on."""
        message.stop()
        self.post_message(self.Changed(message.value))

    def on_filter_input_left(self, message: FilterInput.Left) -> None:
        """Close the field."""
        message.stop()
        field = self.query_one(FilterInput)
        field.disabled, field.placeholder = True, ""
        self.post_message(self.Closed())

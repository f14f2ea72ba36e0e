"""The line above a list: a filter to type after `/`, and how many rows there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Static

from tui.render import width
from tui.widgets.lines import room

if TYPE_CHECKING:
    from textual.widgets import Input

    from tui.widgets.filter_input import FilterInput

HINT = "words, !not, column:text, -f fuzzy"


class FilterBar(Horizontal):
    """A slash, the field, the count."""

    DEFAULT_CSS = """
    FilterBar {
        height: 1; width: 100%;
        & > #slash { width: 1fr; padding: 0 1; }
        & > #count { width: auto; padding: 0 1; color: $text-muted; }
    }
    """

    class Changed(Message):
        """Another filter was typed."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """The field gave the focus back."""

    def __init__(self) -> None:
        super().__init__()
        self._field: FilterInput | None = None

    def compose(self) -> ComposeResult:
        """Two parts; the field comes between them when it is needed."""
        yield Static("/", id="slash")
        yield Static("", id="count")

    def _made(self, text: str = "") -> FilterInput:
        """The field, made with a text where there is none yet."""
        if self._field is None:
            from tui.widgets.filter_input import FilterInput

            self._field = FilterInput(text)
            slash = self.query_one("#slash")
            slash.styles.width = 3
            self.mount(self._field, after=slash)
        return self._field

    def start(self) -> None:
        """Let the operator type."""
        field = self._made()
        field.disabled = False
        field.placeholder = HINT
        field.focus()

    def clear(self) -> None:
        """Show everything again."""
        self.set("")

    def set(self, text: str) -> None:
        """Filter by a text that was not typed here."""
        if self._field is not None:
            self._field.value = text
        elif text:
            self._made(text)
            self.post_message(self.Changed(text))

    @property
    def room(self) -> int:
        """How many cells the count may take beside what is typed, or what tells how to type it."""
        return room(self) - 6 - max(width(self.text), len(HINT) if self.typing else 0, 8)

    @property
    def typing(self) -> bool:
        """Whether a filter is being typed."""
        return self._field is not None and not self._field.disabled

    @property
    def text(self) -> str:
        """The present filter."""
        return self._field.value if self._field is not None else ""

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
        field = self._made()
        field.disabled, field.placeholder = True, ""
        self.post_message(self.Closed())

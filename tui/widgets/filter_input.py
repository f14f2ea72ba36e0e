"""The field of a filter, made when somebody first types one: the first frame waits neither for it nor for its style."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widgets import Input


class FilterInput(Input):
    """Takes the focus only when it is asked to."""

    DEFAULT_CSS = """
    FilterInput { width: 1fr; height: 1; border: none; padding: 0; background: transparent; }
    FilterInput:focus { border: none; background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave(True)", "clear", id="filter.clear"),
        Binding("enter,down", "leave(False)", "to the list", id="filter.leave"),
    ]

    class Left(Message):
        """The field is done with."""

    def __init__(self, text: str = "") -> None:
        super().__init__(text, select_on_focus=False, disabled=True)
        self.cursor_blink = False

    def action_leave(self, clear: bool) -> None:
        """Give the focus back, with or without the text."""
        if clear:
            self.value = ""
        self.post_message(self.Left())

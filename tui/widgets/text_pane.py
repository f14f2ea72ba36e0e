"""Lines of text that scroll, laid out anew for each width; marks keep their colour, titles are bold."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from tui.sheets import Head, Sheet, sheets_of
from tui.widgets.lines import change, room

Lines = Callable[[int], list[str]]
"""Lays a text out for so many cells."""

_TONES = {
    "✗": "$text-error",
    "▲": "$text-error",
    "!": "$text-warning",
    "?": "$text-warning",
    "…": "$text-warning",
    "✓": "$text-success",
}
_PADDING = 3


def styled(lines: list[str], tones: dict[str, str]) -> Text:
    """Colour each line's mark, and make the line after a blank one bold where it is a title."""
    text = Text(no_wrap=True)
    before = "-"
    for number, line in enumerate(lines):
        if number:
            text.append("\n")
        stripped = line.lstrip()
        if stripped[:1] in tones and stripped[1:2] == " ":
            lead = len(line) - len(stripped)
            text.append(line[:lead]).append(line[lead], tones[stripped[0]]).append(line[lead + 1 :])
        else:
            text.append(line, "bold" if _is_title(line, before) else "")
        before = line
    return text


def titles(lines: list[str]) -> list[int]:
    """Where the titles are: lines that begin at the edge after a blank one."""
    return [number for number, line in enumerate(lines) if number and _is_title(line, lines[number - 1])]


def _is_title(line: str, before: str) -> bool:
    return not before and bool(line) and not line[0].isspace()


class TextPane(VerticalScroll, can_focus=True, inherit_bindings=False):
    """Shows lines; arrow keys, page keys, home and end scroll, and nothing moves sideways."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll_up", "up", show=False),
        Binding("down", "scroll_down", "down", show=False),
        Binding("pageup", "page_up", "page up", show=False),
        Binding("pagedown", "page_down", "page down", show=False),
        Binding("home", "scroll_home", "to the top", show=False),
        Binding("end", "scroll_end", "to the end", show=False),
    ]

    DEFAULT_CSS = """
    TextPane { height: 1fr; padding: 0 1; scrollbar-size-vertical: 1; }
    """

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._lines: Lines = lambda _cells: []
        self._cells = 0
        self.has_sheets = False
        """Whether there is a table among the lines."""

    def compose(self) -> ComposeResult:
        """One text."""
        yield Static(expand=True)

    def show(self, lines: Lines, *, from_top: bool = True) -> None:
        """Show other lines."""
        self._lines = lines
        self._cells = 0
        self._lay_out()
        if from_top:
            self.scroll_home(animate=False)

    def sheets(self) -> list[Sheet]:
        """The tables among the lines, called as the screen is where nothing names them."""
        return sheets_of(self._lines(self._cells), (self.id or "text").replace("-", " ")) if self._cells else []

    def seek(self, beginning: str) -> None:
        """Scroll to the first line that begins like this, once it is laid out."""
        for number, line in enumerate(self._lines(self._cells) if self._cells else []):
            if line.startswith(beginning):
                self.call_after_refresh(self.scroll_to, y=number, animate=False)
                return

    def next_title(self) -> None:
        """Scroll to the first title below the first line that shows, to the end after the last."""
        below = [number for number in self._titles() if number > self.scroll_offset.y]
        self.scroll_to(y=below[0] if below else self.max_scroll_y, animate=False)

    def title_before(self) -> None:
        """Scroll to the nearest title above the first line that shows, to the top above the first."""
        above = [number for number in self._titles() if number < self.scroll_offset.y]
        self.scroll_to(y=above[-1] if above else 0, animate=False)

    def _titles(self) -> list[int]:
        return titles(self._lines(self._cells)) if self._cells else []

    def on_resize(self) -> None:
        """Lay out for the new width."""
        self._lay_out()

    def _lay_out(self) -> None:
        """Lay the lines out when the width is known and another than before."""
        cells = room(self) - _PADDING
        if cells <= 0 or cells == self._cells:
            return
        self._cells = cells
        variables = self.app.get_css_variables()
        tones = {mark: _colour(variables, name) for mark, name in _TONES.items()}
        lines, held = self._lines(cells), self.has_sheets
        self.has_sheets = any(isinstance(line, Head) for line in lines)
        change(self.query_one(Static), styled(lines, tones))
        if self.has_sheets != held:
            self.refresh_bindings()


def _colour(variables: dict[str, str], name: str) -> str:
    """A theme's colour as rich names it; what rich cannot name stays uncoloured."""
    value = variables.get(name.removeprefix("$"), "")
    return value if value.startswith("#") and len(value) == len("#rrggbb") else ""

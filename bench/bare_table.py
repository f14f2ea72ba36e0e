"""The reference for bytes on the line: a virtual table alone on the screen, a cursor, and nothing that is clever."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import App, ComposeResult
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

_COUNT = 100
_CURSOR, _PLAIN = Style(reverse=True, bold=True), Style()


class BareTable(ScrollView, can_focus=True, inherit_bindings=False):
    """Draws what is visible from plain texts; scrolls by one line."""

    cursor = 0

    def on_mount(self) -> None:
        """Say how long the list is."""
        self.show_vertical_scrollbar = False
        self.virtual_size = Size(78, _COUNT)
        self.focus()

    def render_line(self, y: int) -> Strip:
        """One row of it."""
        number = y + round(self.scroll_offset.y)
        text = f" ! ws-{number:04d}        rg-{number // 10:04d}  westeurope  key1 {number}d  ok        -          -"
        style = _CURSOR if number == self.cursor else _PLAIN
        return Strip([Segment(text.ljust(self.size.width)[: self.size.width], style)])

    def on_key(self, event: events.Key) -> None:
        """Move the cursor."""
        last = {"down": self.cursor + 1, "up": self.cursor - 1, "home": 0, "end": _COUNT - 1}
        if event.key not in last:
            return
        left, self.cursor = self.cursor, max(0, min(_COUNT - 1, last[event.key]))
        top, height = round(self.scroll_offset.y), self.size.height
        if top <= self.cursor < top + height:
            self.refresh(*(Region(0, row - top, self.size.width, 1) for row in (left, self.cursor)))
        else:
            wanted = self.cursor - height + 1 if self.cursor > top else self.cursor
            self.scroll_to(y=wanted, animate=False, force=True, immediate=True)


class Bare(App[None]):
    """Nothing but the table."""

    def compose(self) -> ComposeResult:
        """The table."""
        yield BareTable()


if __name__ == "__main__":
    Bare().run()

"""Lines of text that change without their screen being laid out anew, as long as they take the same room."""

from __future__ import annotations

from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from tui._textual import measure_anew


def room(widget: Widget) -> int:
    """The cells for a widget's text; before it is laid out those of the whole screen, so that no frame is an empty one."""
    return widget.size.width or widget.app.size.width - widget.gutter.width


def put(lines: Static, text: Text) -> None:
    """Show a text that wraps nowhere in a widget as wide as its parent; the same again is not painted again."""
    before = lines.content
    if text == before or not (text or before):
        return
    grows = lines.styles.auto_dimensions and _height(text.plain) != _height(str(before))
    if grows:
        change(lines, text)
    else:
        lines.update(text, layout=False)


def change(lines: Static, text: Text) -> None:
    """Show a text that may take more room or less than the one before."""
    lines.update(text)
    measure_anew(lines)


def _height(text: str) -> int:
    """How many lines a text has."""
    return text.count("\n") + 1 if text else 0

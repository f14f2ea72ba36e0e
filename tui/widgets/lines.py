"""Lines of text that change without their screen being laid out anew, as long as they take the same room."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import Static


def put(lines: Static, text: Text) -> None:
    """Show a text that wraps nowhere in a widget as wide as its parent; the same again is not painted again."""
    before = lines.content
    if text == before or not (text or before):
        return
    grows = lines.styles.auto_dimensions and _height(text.plain) != _height(str(before))
    lines.update(text, layout=bool(grows))


def _height(text: str) -> int:
    """How many lines a text has."""
    return text.count("\n") + 1 if text else 0

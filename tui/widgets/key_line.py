"""The last line: the keys that work now, read from the bindings of what has the focus."""

from __future__ import annotations

from collections.abc import Iterable

from rich.text import Text
from textual.binding import ActiveBinding
from textual.screen import Screen
from textual.widgets import Static

from tui.render import width
from tui.widgets.lines import put

_LAST = {"export_table": 1, "app.export_table": 1, "help": 2, "keys_here": 2}
"""What is told behind everything else, where there is room for it; help always has it."""
_EVERYWHERE = ("app.focus_next", "app.focus_previous", "screen.copy_text")
KEY_NAMES = {
    "escape": "esc",
    "question_mark": "?",
    "slash": "/",
    "minus": "-",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
}


def hints(bindings: Iterable[ActiveBinding]) -> list[tuple[str, str]]:
    """Give (key, what it does) of the bindings that are shown and work now, one for each action, help as the last."""
    found: dict[str, tuple[str, str]] = {}
    for active in bindings:
        binding = active.binding
        if binding.show and active.enabled and binding.description:
            found.setdefault(binding.action, (key_name(binding.key), binding.description))
    return [found[action] for action in sorted(found, key=lambda action: _LAST.get(action, 0))]


def key_name(key: str) -> str:
    """A key as people call it."""
    return KEY_NAMES.get(key, key)


def fitting(found: list[tuple[str, str]], cells: int) -> list[tuple[str, str]]:
    """Keep as many as fit into a line; the last one, which is help, always stays."""
    if not found:
        return []
    last = found[-1]
    room = cells - _cells(last)
    kept: list[tuple[str, str]] = []
    for hint in found[:-1]:
        room -= _cells(hint)
        if room < 0:
            break
        kept.append(hint)
    return [*kept, last]


def _character(key: str) -> str | None:
    """The character that a key types, None for the others."""
    named = KEY_NAMES.get(key, key)
    return named if len(named) == 1 else None


def _cells(hint: tuple[str, str]) -> int:
    return width(hint[0]) + width(hint[1]) + 3


def _rank(active: ActiveBinding) -> int:
    """Where in the help: what the screen is for, how to move in it, and last what every screen of the library has."""
    if active.binding.action in _EVERYWHERE:
        return 3
    return 0 if active.binding.show else 1 if isinstance(active.node, Screen) else 2


def help_text(bindings: Iterable[ActiveBinding]) -> str:
    """All keys that work now, one action a line: those of the line of keys, others of the screen, then of its parts."""
    keys: dict[tuple[str, str], list[str]] = {}
    for active in sorted(bindings, key=_rank):
        binding = active.binding
        if active.enabled and binding.description:
            keys.setdefault((binding.action, binding.tooltip or binding.description), []).append(key_name(binding.key))
    lines = [(", ".join(names), what) for (_, what), names in keys.items()]
    room = max((len(names) for names, _ in lines), default=0)
    return "\n".join(f"{names:<{room}}  {what}" for names, what in lines)


class KeyLine(Static):
    """Draws the hints; a change of focus or of what is possible redraws it, nothing else does."""

    DEFAULT_CSS = """
    KeyLine { height: 1; width: 100%; background: $surface; color: $foreground; }
    """

    def __init__(self) -> None:
        super().__init__()
        self._shown: list[tuple[str, str]] = []

    def on_mount(self) -> None:
        """Follow the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _screen: self._draw())
        self._draw()

    def on_resize(self) -> None:
        """Fit to the width."""
        self._shown = []
        self._draw()

    def _working(self) -> list[ActiveBinding]:
        """The bindings that work: a field with the focus takes letters for its text."""
        focused = self.screen.focused
        return [
            active
            for active in self.screen.active_bindings.values()
            if focused is None or not focused.check_consume_key(active.binding.key, _character(active.binding.key))
        ]

    def _draw(self) -> None:
        """Paint the hints when they are others than before."""
        if not self.size.width:
            return
        found = fitting(hints(self._working()), self.size.width)
        if found == self._shown:
            return
        self._shown = found
        text = Text(" ", no_wrap=True)
        for key, what in found:
            text.append(key, "bold").append(f" {what}  ")
        put(self, text)

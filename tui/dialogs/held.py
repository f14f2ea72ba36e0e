"""A choice whose answer is recorded: a key that is still held down from before answers nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import events

from tui.dialogs.ask import Pick, PickDialog

if TYPE_CHECKING:
    from tui.dialogs.hands import Hands, HeldWatch


class AnswerDialog(PickDialog):
    """Choose one of some answers; `watch` is that of the screen from which Enter may still be held."""

    def __init__(self, title: str, picks: Sequence[Pick], watch: HeldWatch, hands: Hands) -> None:
        super().__init__(title, picks)
        self._watch, self._hands = watch, hands

    def admits(self, event: events.Key | events.Paste) -> bool:
        """Tell whether a key counts; moving among the answers may go on as long as a key is held."""
        if isinstance(event, events.Paste):
            return True
        return not self._watch.repeats(event.key, self._hands.pressed(event)) or event.key != "enter"

"""How far this session may go: look and dry-run with one key, live only by typing the word that is shown."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from actions.guard.arming import LIVE_SECONDS
from actions.guard.model import Mode
from tui.dialogs.base import Field, TypedDialog


class ModeDialog(TypedDialog[Mode | None]):
    """Choose the mode; None leaves it as it is. `word` must be typed to arm, `reaches` are the environments in sight."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("1", "take('look')", "look", id="mode.look"),
        Binding("2", "take('dry-run')", "dry-run", id="mode.dry-run"),
    ]

    def __init__(self, present: Mode, word: str, *, place: str, reaches: str = "") -> None:
        super().__init__()
        self._present, self._place, self._reaches = present, place, reaches
        self.title_text = f"How far may this session go? Now: {present.upper()}, {place}"
        self.fields = (Field("word", "word", word),)
        self.go_label = "Arm live"

    def body_text(self) -> str:
        """The three modes."""
        return "\n".join(
            (
                " 1  look      plans are made, nothing runs",
                " 2  dry-run   reads are live; changes are withheld, and made on a twin",
                f"    live      changes are made in {self._place};",
                f"              lapses after {LIVE_SECONDS // 60} minutes without a run",
                *([f"              reaches {self._reaches}"] if self._reaches else []),
                "",
                f"For live, type the word {self.fields[0].expected}",
            )
        )

    def action_take(self, mode: str) -> None:
        """Take a mode that changes nothing."""
        self.dismiss(Mode(mode))

    def confirmed(self, typed: dict[str, str]) -> None:
        """Arm: the word was typed."""
        self.dismiss(Mode.LIVE)

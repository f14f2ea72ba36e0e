"""The story of a drill, told before it begins and whenever it is asked for again."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from tui.dialogs.base import Choice, Dialog
from tui.drill_hand import story_text

if TYPE_CHECKING:
    from tui.debrief import Standing
    from tui.drill import Drill


class StoryDialog(Dialog[str | None]):
    """Tells the story; gives `end` where the drill is to end. `standing` is None before it has begun."""

    DEFAULT_CSS = """
    StoryDialog .dialog--body { max-height: 15; }
    StoryDialog Horizontal { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "refuse", "to work", id="dialog.cancel"),
        Binding("l", "end", "leave the drill", id="story.end"),
    ]

    def __init__(self, drill: Drill, standing: Standing | None) -> None:
        super().__init__()
        self.title_text = f"{drill.title} (grade {drill.grade} of 5)"
        self._text, self._begun = story_text(drill, standing), standing is not None

    def compose_body(self) -> ComposeResult:
        """The story; it scrolls."""
        with VerticalScroll(classes="dialog--body", can_focus=False):
            yield Static(Text(self._text))

    def compose_answers(self) -> ComposeResult:
        """To work, with what tells the story again."""
        with Horizontal():
            yield Choice("To work", "enter", id="work")
            yield Static(Text("D tells this again, and ends the drill"), classes="dialog--hint")

    def on_mount(self) -> None:
        """Enter goes to work."""
        super().on_mount()
        self.query_one("#work").focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What has not begun cannot be left yet."""
        return self._begun if action == "end" else super().check_action(action, parameters)

    def on_choice_pressed(self, message: Choice.Pressed) -> None:
        """To work."""
        message.stop()
        self.dismiss(None)

    def action_end(self) -> None:
        """End the drill."""
        self.dismiss("end")

"""A decision that only the operator can make, asked with its consequences."""

from __future__ import annotations

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from actions.guard.model import Decision
from tui.dialogs.base import BODY_CELLS, Choice, GuardedDialog
from tui.render import clean, indent


class DecisionDialog(GuardedDialog[str | None]):
    """Ask one decision; the answer is the chosen id, None leaves the plan as it is."""

    def __init__(self, decision: Decision, *, number: int = 1, total: int = 1) -> None:
        super().__init__()
        self._decision = decision
        of = f" {number} of {total}" if total > 1 else ""
        self.title_text = f"Decision{of}: {clean(decision.question)}"

    def compose_body(self) -> ComposeResult:
        """One numbered paragraph a choice."""
        text = Text()
        for number, choice in enumerate(self._decision.choices, 1):
            lines = indent(clean(choice.sentence), BODY_CELLS, f" {number}  ")
            text.append("\n".join(lines) + "\n")
        with VerticalScroll(classes="dialog--body", can_focus=False):
            yield Static(text)

    def compose_answers(self) -> ComposeResult:
        """Cancel; the choices answer to their numbers."""
        yield Choice("Cancel", "enter", id="cancel")
        yield Static(Text(f"press 1-{len(self._decision.choices)} to decide; the plan is then made anew"))

    def on_mount(self) -> None:
        """Put the focus on Cancel."""
        super().on_mount()
        self.query_one("#cancel").focus()

    def on_key(self, event: events.Key) -> None:
        """Take the number of a choice."""
        if event.key.isdigit() and 0 < int(event.key) <= len(self._decision.choices):
            event.stop()
            self.dismiss(self._decision.choices[int(event.key) - 1].id)

    def on_choice_pressed(self) -> None:
        """Leave undecided."""
        self.dismiss(None)

"""The question before a run: what it does, what it breaks, and the names to type; more risk, more to type."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from actions.guard.confirm import Confirmation, Required, plan_shown, required
from actions.guard.model import Mode, Plan, Risk
from actions.guard.text import many
from tui.dialogs.base import Choice, Field, TypedDialog
from tui.render import clean, look
from tui.widgets.plan_pane import gap_sentences

DRY = "A dry run changes nothing: every change is withheld, and made on a twin instead. Press y to walk it."


class ConfirmDialog(TypedDialog[Confirmation | None]):
    """Ask for the confirmation that a plan's risk demands; None when refused.

    `environment` is the word of the target's, `named` asks for the name even where nothing can break.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "yes", "Run it", show=False, id="confirm.yes")]

    def __init__(self, plan: Plan, *, place: str, mode: Mode, environment: str = "", named: bool = False) -> None:
        super().__init__()
        self._plan = plan
        dry = mode is Mode.DRY_RUN
        self.need = Required(risk=plan.risk, sentence=DRY) if dry else required(plan, named=named)
        where = f"{place}, {environment}" if environment else place
        self.title_text = f"{where}, {mode.upper()}: run this plan on {clean(plan.name)}?"
        self.fields = fields_for(self.need)
        self.go_label = "Walk it" if dry else "Run it"

    def body_text(self) -> str:
        """The plan in short, its worst step, and its gaps."""
        return "\n".join(consequences(self._plan, self.need))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One key answers only where nothing must be typed."""
        return action != "yes" or not self.fields

    def action_yes(self) -> None:
        """Take one key as the answer where nothing can break."""
        self.confirmed({})

    def on_key(self, event: events.Key) -> None:
        """Tell how to answer when Enter is pressed on the answer, since Enter opened the question."""
        if event.key == "enter" and isinstance(self.focused, Choice) and self.focused.id == "go":
            self.note("Press y to run it; Enter opened this question and does not answer it.")

    def confirmed(self, typed: dict[str, str]) -> None:
        """Give the confirmation, bound to the plan that was shown."""
        name, slot = typed.get("name", ""), typed.get("slot", "")
        self.dismiss(Confirmation(name=name, slot=slot, plan=plan_shown(self._plan)))


def fields_for(need: Required) -> tuple[Field, ...]:
    """The fields for what must be typed."""
    wanted = (("name", need.name), ("slot", need.slot))
    return tuple(Field(id=label, label=label, expected=expected) for label, expected in wanted if expected)


def consequences(plan: Plan, need: Required) -> list[str]:
    """Say in a few lines what running a plan means."""
    steps = plan.body.steps
    changes = sum(step.request is not None for step in steps)
    final = [number for number, step in enumerate(steps, 1) if step.risk is Risk.IRREVERSIBLE]
    verb = "changes" if changes == 1 else "change"
    count = f"{many(len(steps), 'step')}, {changes} of them {verb} Azure; risk: {look(plan.risk).word}."
    lines = [clean(plan.goal_text), count]
    if final:
        lines.append(f"Cannot be undone: step {', '.join(map(str, final))}.")
    return [*lines, *(gap_sentences(plan) or ["No gap is announced."]), "", clean(need.sentence)]

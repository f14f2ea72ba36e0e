"""The five stages of every guarded action, and where the walk stands."""

from __future__ import annotations

from enum import IntEnum

from rich.text import Text
from textual.reactive import reactive
from textual.widgets import Static

from tui.render import mark


class Stage(IntEnum):
    """The stages in their order."""

    INSPECT = 1
    PLAN = 2
    CONFIRM = 3
    RUN = 4
    REPORT = 5


def stages_line(now: Stage, *, ascii_only: bool = False) -> Text:
    """Tell the stages in one line: what is done, `[where it stands]`, what is to come."""
    text = Text(" ", no_wrap=True)
    for stage in Stage:
        name = f"{stage.value} {stage.name.capitalize()}"
        if stage < now:
            text.append(f" {mark('done', ascii_only=ascii_only)} {name} ")
        elif stage is now:
            text.append(f" [{name}] ", "bold reverse")
        else:
            text.append(f"  {name}  ", "dim")
        text.append(" ")
    return text


class Stages(Static):
    """Draws the stages."""

    DEFAULT_CSS = "Stages { height: 1; width: 100%; }"
    stage: reactive[Stage] = reactive(Stage.INSPECT)

    def render(self) -> Text:
        """One line."""
        return stages_line(self.stage, ascii_only=bool(getattr(self.app, "ascii_only", False)))

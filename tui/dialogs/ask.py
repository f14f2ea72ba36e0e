"""Small questions that change nothing in Azure: a text, one of some choices, a text to read, whether to leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Input, Static

from actions.guard.secret import looks_secret
from tui.dialogs.base import Choice, Dialog, TypedDialog
from tui.render import clean
from tui.sheets import Sheet, sheets_of
from tui.taking import copied
from tui.widgets.rows import TableRow
from tui.widgets.virtual_table import TableColumn, VirtualTable


class Line(Input):
    """One line, into which a pasted list goes whole: its lines are joined by commas."""

    def on_paste(self, event: events.Paste) -> None:
        """Take every line of what is pasted; the field alone would take the first."""
        event.prevent_default()
        event.stop()
        lines = (line.strip() for line in event.text.splitlines())
        self.insert_text_at_cursor(", ".join(line for line in lines if line))


class AskDialog(Dialog[str | None]):
    """Ask for a text, such as a file's name; Enter answers, None is a refusal."""

    def __init__(self, title: str, label: str, value: str = "", *, hint: str = "") -> None:
        super().__init__()
        self.title_text, self._label, self._value, self._hint = title, label, value, hint

    def compose_body(self) -> ComposeResult:
        """The field below its label."""
        yield Static(Text(self._label))
        field = Line(self._value, id="answer", select_on_focus=False)
        field.cursor_blink = False
        yield field
        if self._hint:
            yield Static(Text(self._hint))

    def compose_answers(self) -> ComposeResult:
        """How to answer."""
        yield Static(Text("enter answers"))

    def on_mount(self) -> None:
        """Put the focus into the field."""
        super().on_mount()
        self.query_one(Input).focus()

    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Give the text."""
        message.stop()
        self.dismiss(message.value.strip())


class Pick(NamedTuple):
    """One thing to choose: what is given back, its name, and what it means."""

    id: str
    name: str
    meaning: str = ""


class PickDialog(Dialog[str | None]):
    """Choose one of some things; None is a refusal."""

    DEFAULT_CSS = """
    PickDialog VirtualTable { height: auto; max-height: 12; background: $surface; }
    """

    def __init__(self, title: str, picks: Sequence[Pick], present: str = "") -> None:
        super().__init__()
        self.title_text, self._picks, self._present = title, picks, present

    def compose_body(self) -> ComposeResult:
        """A table of the choices, as high as they are many."""
        table = VirtualTable((TableColumn("choice", 10), TableColumn("meaning", 20)), id="picks")
        table.styles.height = min(len(self._picks), 11) + 1
        yield table

    def compose_answers(self) -> ComposeResult:
        """How to answer."""
        yield Static(Text("enter takes it"))

    def on_mount(self) -> None:
        """Put the cursor on what holds now."""
        super().on_mount()
        table = self.query_one(VirtualTable)
        table.set_rows(TableRow(pick.id, "", (pick.name, clean(pick.meaning))) for pick in self._picks)
        table.move_to(self._present)
        table.focus()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Give the choice."""
        message.stop()
        self.dismiss(message.row.key)


BESIDE_TEXT = 10
"""How many cells of the terminal a text dialog needs for itself: box, padding, scroll bar."""


class TextDialog(Dialog[None]):
    """Show a text to read or copy, such as `az` commands."""

    DEFAULT_CSS = """
    TextDialog > .dialog--box { width: 96%; }
    TextDialog .dialog--body { max-height: 100%; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "copy", id="text.copy"),
        Binding("ctrl+e", "app.export_table", "export", id="export.table", tooltip="export a table to a file"),
    ]

    def __init__(self, title: str, text: str | list[str]) -> None:
        super().__init__()
        lines = [text] if isinstance(text, str) else text
        self.title_text, self._text = title, "\n".join(lines)
        self._sheets = sheets_of(lines, title)

    @property
    def has_sheets(self) -> bool:
        """Whether there is a table in it."""
        return bool(self._sheets)

    def sheets(self) -> list[Sheet]:
        """The tables in it."""
        return self._sheets

    def compose_body(self) -> ComposeResult:
        """The text; it scrolls with the arrow keys."""
        with VerticalScroll(classes="dialog--body", id="reading"):
            yield Static(Text(self._text))

    def compose_answers(self) -> ComposeResult:
        """How to leave."""
        yield Static(Text("arrow keys scroll"))

    def on_mount(self) -> None:
        """Let the keys scroll."""
        super().on_mount()
        self.query_one("#reading").focus()

    def action_copy(self) -> None:
        """Put the text on the terminal's clipboard."""
        if looks_secret(self._text):
            self.note("Not copied: it looks like a secret.")
            return
        self.app.copy_to_clipboard(self._text)
        self.note(copied("the text"))


class LeaveDialog(TypedDialog[bool | None]):
    """Ask before leaving while a run is under way; True stops it after its present step, None stays."""

    def __init__(self, running: str) -> None:
        super().__init__()
        self.title_text = "A run is under way"
        self._run_told = running
        self.go_label = "Stop it after this step, and leave"

    def body_text(self) -> str:
        """What leaving does."""
        return (
            f"{self._run_told}\n\n"
            "Leaving lets the present step finish and be recorded, then stops the run there.\n"
            "It is listed under `runs` and can be resumed by any operator."
        )

    def confirmed(self, typed: dict[str, str]) -> None:
        """Leave."""
        self.dismiss(True)


class HelpDialog(TextDialog):
    """The keys that work where the focus is."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is no help on help."""
        return action != "keys_here"

    def compose_answers(self) -> ComposeResult:
        """One way out."""
        yield Choice("Close", "enter", id="close")

    def on_choice_pressed(self) -> None:
        """Close."""
        self.dismiss(None)

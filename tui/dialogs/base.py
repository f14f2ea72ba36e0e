"""What all questions share: they take a person's keys only, escape says no, and nothing moves or blinks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, TypeVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static

from tui._textual import bind
from tui.dialogs.hands import Hands, KeyWatch, TerminalHands, Verdict
from tui.steady import Steady
from tui.widgets.key_line import KeyLine

ResultT = TypeVar("ResultT")
BODY_CELLS = 70
"""What fits into a line of a dialog on a terminal of 80 columns."""


class Choice(Static, can_focus=True):
    """An answer that is pressed with one key while it has the focus; another key than Enter where it changes Azure."""

    DEFAULT_CSS = """
    Choice {
        width: auto; height: 1; margin-right: 2; padding: 0 1; background: $panel;
        &:focus { background: $primary; color: $text; text-style: bold; }
        &:ansi { background: ansi_default; color: ansi_default; }
        &:ansi:focus { background: ansi_default; color: ansi_default; text-style: reverse bold; }
    }
    """

    @dataclass
    class Pressed(Message):
        """The answer was given."""

        choice: Choice

        @property
        def control(self) -> Choice:
            """The answer, for selectors."""
            return self.choice

    def __init__(self, label: str, key: str, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(Text(f"[ {label} ]"), id=id)
        bind(self, key, "press", label.partition(": press ")[0], show=key != "enter")

    def action_press(self) -> None:
        """Answer to the one key."""
        self.post_message(self.Pressed(self))


class Dialog(Steady, ModalScreen[ResultT]):
    """A box over the screen; every way out dismisses it, escape with None."""

    DEFAULT_CSS = """
    Dialog {
        align: center bottom;
        background: $background 60%;
        & > .dialog--box {
            width: 76; max-width: 96%; height: auto; max-height: 94%;
            border: round $primary; padding: 0 1; background: $surface; margin-bottom: 2;
        }
        & > KeyLine { dock: bottom; }
        & .dialog--title { height: auto; text-style: bold; margin-bottom: 1; }
        & .dialog--body { height: auto; max-height: 12; }
        & .dialog--note { height: auto; color: $text-warning; margin-top: 1; }
        & .dialog--answers { height: auto; margin-top: 1; layout: horizontal; }
        & .-noted .dialog--title { margin-bottom: 0; }
        & .-noted .dialog--note { margin-top: 0; }
        & .dialog--field { height: 1; layout: horizontal; }
        & .dialog--label { width: 16; }
        & .dialog--hint { width: auto; height: 1; color: $text-muted; }
        & Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; }
        & Input:focus { border: none; background: $boost; text-style: bold; }
        & Input:ansi { background: ansi_bright_black; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "refuse", "cancel", id="dialog.cancel"),
        Binding("question_mark", "keys_here", "help", id="dialog.help"),
    ]
    AUTO_FOCUS = ""

    title_text: str = ""

    def compose(self) -> ComposeResult:
        """Title, body, a line for remarks, answers."""
        with Vertical(classes="dialog--box"):
            yield Static(Text(self.title_text), classes="dialog--title")
            yield from self.compose_body()
            yield Static("", classes="dialog--note", id="note")
            with Vertical(classes="dialog--answers"):
                yield from self.compose_answers()
        yield KeyLine()

    def compose_body(self) -> ComposeResult:
        """Yield what the question is about."""
        yield from ()

    def compose_answers(self) -> ComposeResult:
        """Yield the answers; the first one is the default."""
        yield from ()

    def on_mount(self) -> None:
        """Hide the line for remarks until there is one."""
        self.query_one("#note", Static).display = False

    def note(self, text: str) -> None:
        """Say why nothing happened; a question whose parts are not there yet, or no longer, has no place for it."""
        for line in self.query("#note").results(Static):
            line.update(Text(text))
            line.display = bool(text)
        self.query(".dialog--box").set_class(bool(text), "-noted")

    async def action_keys_here(self) -> None:
        """Tell the keys that work in this question."""
        await self.run_action("app.help")

    def action_refuse(self) -> None:
        """Leave without an answer."""
        self.dismiss(None)


class GuardedDialog(Dialog[ResultT]):
    """A question whose answer can lead to a change: it drops keys typed ahead, pasted text and bursts."""

    _watch: KeyWatch | None = None

    def on_screen_resume(self) -> None:
        """Start the dead time when the question comes to the front."""
        self._watch = KeyWatch(shown=self.hands.now())

    @property
    def hands(self) -> Hands:
        """Where moments are taken from."""
        found: Hands = getattr(self.app, "hands", None) or TerminalHands()
        return found

    def admits(self, event: events.Key | events.Paste) -> bool:
        """Tell whether a key may be handled; the app asks before anything else sees it."""
        if isinstance(event, events.Paste):
            verdict = Verdict.PASTED
        elif self._watch is None:
            verdict = Verdict.EARLY
        else:
            verdict = self._watch.judge(self.hands.pressed(event))
        if verdict is Verdict.PASTED:
            self.note(verdict.value)
        return verdict is Verdict.TAKEN


@dataclass(frozen=True)
class Field:
    """A text that must be typed exactly."""

    id: str
    label: str
    expected: str


class TypedDialog(GuardedDialog[ResultT]):
    """A question answered by typing texts that are shown, then pressing `y` on the answer; Cancel has the focus.

    Enter in a field only moves on, so that a text typed with its line break answers nothing.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab,down", "step(1)", "next field", id="dialog.next"),
        Binding("shift+tab,up", "step(-1)", "previous field", show=False, id="dialog.previous"),
    ]
    DEFAULT_CSS = """
    TypedDialog .dialog--body { max-height: 11; }
    """
    fields: tuple[Field, ...] = ()
    go_label = "Go on"

    def compose_body(self) -> ComposeResult:
        """The text, then one line a field."""
        with VerticalScroll(classes="dialog--body", can_focus=False):
            yield Static(Text(f"{self.body_text()}\n" if self.fields else self.body_text()))
        for field in self.fields:
            with Vertical(classes="dialog--field"):
                yield Static(Text(field.label), classes="dialog--label")
                yield TypedInput(id=field.id)

    def body_text(self) -> str:
        """Say what will happen."""
        return ""

    def compose_answers(self) -> ComposeResult:
        """Cancel first; the other one answers to `y` only."""
        yield Choice("Cancel", "enter", id="cancel")
        yield Choice(f"{self.go_label}: press y", "y", id="go")
        if self.fields:
            yield Static(Text(f"tab goes to the {self.fields[0].label}"), classes="dialog--hint")

    def on_mount(self) -> None:
        """Put the focus on Cancel."""
        super().on_mount()
        self.query_one("#cancel").focus()

    def stops(self) -> list[Widget]:
        """Where the focus goes, in order: Cancel, the fields, the answer."""
        names = ("cancel", *(field.id for field in self.fields), "go")
        return [self.query_one(f"#{name}") for name in names]

    def action_step(self, by: int) -> None:
        """Move the focus."""
        stops: list[Widget] = self.stops()
        here = stops.index(self.focused) if self.focused in stops else 0
        stops[(here + by) % len(stops)].focus()

    def on_input_submitted(self) -> None:
        """Move on from a field."""
        self.action_step(1)

    def on_choice_pressed(self, message: Choice.Pressed) -> None:
        """Leave, or go on when all was typed as shown."""
        if message.choice.id == "cancel":
            self.dismiss(None)
            return
        wrong = self.wrong()
        if wrong is None:
            self.confirmed(self.typed())
            return
        self.note(f"The {wrong.label} is not {wrong.expected}.")
        self.query_one(f"#{wrong.id}").focus()

    def typed(self) -> dict[str, str]:
        """What the fields hold, by their id."""
        return {field.id: self.query_one(f"#{field.id}", Input).value.strip() for field in self.fields}

    def wrong(self) -> Field | None:
        """The first field that does not hold what is shown."""
        typed = self.typed()
        return next((field for field in self.fields if typed[field.id] != field.expected), None)

    def confirmed(self, typed: dict[str, str]) -> None:
        """Dismiss with the answer."""
        raise NotImplementedError


class TypedInput(Input):
    """A field for a text to be typed: no paste, no blinking."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id, select_on_focus=False)
        self.cursor_blink = False

    def action_paste(self) -> None:
        """Refuse the console's own clipboard as well."""

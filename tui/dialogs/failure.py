"""What went wrong, what it means, what to do, and the request id to quote."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from actions.cloud.data import CloudError, Forbidden, NotFound, SignInNeeded, Throttled, UnknownOutcome
from actions.guard.errors import GuardError, JournalError, LeaseHeld, NotArmed, NotPermitted, StalePlan
from actions.guard.gate import Refused
from tui.commands.failures import failure_of
from tui.dialogs.base import BODY_CELLS, Choice, Dialog
from tui.render import clean, duration, indent
from tui.taking import copied

_LABEL = 12


class Failure(NamedTuple):
    """A failure told to people; `request_id` is Azure's, empty where nothing was asked."""

    happened: str
    means: str
    advice: str
    request_id: str = ""
    details: tuple[str, ...] = ()


_CLOUD: tuple[tuple[type[CloudError], str, str], ...] = (
    (
        SignInNeeded,
        "Nobody is signed in, so nothing was read.",
        "Run `az login`, or set the environment's credentials.",
    ),
    (
        Forbidden,
        "Azure knows you and does not let you do this.",
        "Ask for the named permission, or sign in as another user.",
    ),
    (
        NotFound,
        "It is gone, or not for your eyes.",
        "Check the name and the subscription; refresh the list with f5.",
    ),
    (
        Throttled,
        "Azure limits how often it is asked; nothing is wrong.",
        "Wait as long as Azure asked, then try again.",
    ),
    (
        UnknownOutcome,
        "A change was sent and nobody knows whether it took effect.",
        "Resume the run: it looks before it acts.",
    ),
)
_GUARD: tuple[tuple[type[GuardError], str, str], ...] = (
    (
        JournalError,
        "Without a journal nothing is sent to Azure.",
        "Free space or repair the file, then try again.",
    ),
    (
        LeaseHeld,
        "Two runs on one resource would spoil each other.",
        "Open the runs with r and look at the other one.",
    ),
    (NotArmed, "Nothing was changed.", "Press m to choose how far this session may go."),
    (StalePlan, "What is there is not what the plan was made for; nothing was changed.", "Inspect and plan again."),
    (NotPermitted, "Nothing was changed.", "Ask for the listed roles, or try anyway where that is offered."),
)


_QUOTED = ("Azure did not do what was asked.", "Try again, or quote the request id to Azure.")
_REFUSED = ("Azure did not do what was asked.", "Try again.")
_UNHEARD = ("No answer came from Azure.", "Check the line, the name server and the proxy, then try again.")


def told(error: BaseException) -> Failure:
    """Tell any error that can reach a screen; one that nobody foresaw is told by its kind, never by its values."""
    if isinstance(error, CloudError):
        otherwise = _QUOTED if error.request_id else _REFUSED if error.status else _UNHEARD
        means, advice = _known(error, _CLOUD, otherwise)
        if error.retry_after:
            advice = f"Wait {duration(error.retry_after)}, then try again."
        return Failure(clean(error.sentence), means, advice, clean(error.request_id))
    if isinstance(error, GuardError):
        means, advice = _known(error, _GUARD, ("Nothing was changed.", "Correct what it names and try again."))
        details = error.differences if isinstance(error, StalePlan) else ()
        return Failure(clean(error.sentence), means, advice, details=tuple(map(clean, details)))
    if isinstance(error, Refused):
        means = "The gate kept it back; nothing was sent."
        return Failure(clean(str(error)), means, "This is a mistake in amlkeys: report it.")
    if isinstance(error, OSError):
        happened = clean(error.strerror or "A file cannot be used.")
        return Failure(happened, "Nothing was written.", "Choose another place.")
    return Failure(
        failure_of(error).sentence, "What was under way did not finish.", "Report it, with how it came to be."
    )


def _known(
    error: Exception, table: Sequence[tuple[type[Exception], str, str]], otherwise: tuple[str, str]
) -> tuple[str, str]:
    """Look an error up by its class."""
    return next(((means, advice) for kind, means, advice in table if isinstance(error, kind)), otherwise)


class FailureDialog(Dialog[None]):
    """Show one failure."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "copy request id", id="failure.copy"),
    ]

    def __init__(self, failure: Failure) -> None:
        super().__init__()
        self._failure = failure
        self.title_text = failure.happened

    def compose_body(self) -> ComposeResult:
        """Meaning, advice, request id."""
        failure = self._failure
        text = Text()
        facts = (("It means", failure.means), ("To do", failure.advice), ("Request id", failure.request_id))
        for label, value in facts:
            lines = indent(value, BODY_CELLS, " " * _LABEL) if value else []
            for number, line in enumerate(lines):
                text.append(f"{'' if number else label:<{_LABEL}}", "bold").append(line[_LABEL:]).append("\n")
        text.append("\n".join(line for found in failure.details for line in indent(found, BODY_CELLS, "  - ")))
        text.rstrip()
        with VerticalScroll(classes="dialog--body", can_focus=False):
            yield Static(text)

    def compose_answers(self) -> ComposeResult:
        """One way out."""
        yield Choice("Close", "enter", id="close")

    def on_mount(self) -> None:
        """Put the focus on the way out."""
        super().on_mount()
        self.query_one("#close").focus()

    def on_choice_pressed(self) -> None:
        """Close."""
        self.dismiss(None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer to copy only what there is."""
        return action != "copy" or bool(self._failure.request_id)

    def action_copy(self) -> None:
        """Put the request id on the terminal's clipboard."""
        self.app.copy_to_clipboard(self._failure.request_id)
        self.note(copied("the request id"))

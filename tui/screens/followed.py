"""The record of one runbook that was followed, and the way to take it up."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.followed import record_lines
from tui.render import clean
from tui.runbook import Shelf, found_on
from tui.runbook_journal import named
from tui.screens.base import ConsoleScreen
from tui.settings import place_words
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from tui.runbook_journal import Sitting
    from tui.session import Connected


class FollowedScreen(ConsoleScreen[None]):
    """One record: its steps with times and outcomes, its notes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "take_up", "take it up", id="run.resume"),
        Binding("f5", "read_record", "refresh", id="refresh"),
    ]

    def __init__(self, record: str) -> None:
        super().__init__()
        self._record = record
        self.crumbs = ("workspaces", "runs", record)
        self._sitting: Sitting | None = None

    @property
    def subject(self) -> str:
        """The record's id, to be copied."""
        return self._record

    def compose_body(self) -> ComposeResult:
        """All of it is text."""
        yield TextPane(id="record")

    def on_mount(self) -> None:
        """Read the journal."""
        self.query_one(TextPane).focus()
        self.action_read_record()

    def on_screen_resume(self) -> None:
        """Read anew on the way back from following it."""
        super().on_screen_resume()
        if self._sitting is not None:
            self.action_read_record()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what is half done can be taken up."""
        return action != "take_up" or (self._sitting is not None and self._sitting.state != "done")

    def action_read_record(self) -> None:
        """Read the journal."""
        record = self._record

        async def read(connected: Connected) -> Sitting | None:
            return named(connected.journal, record)

        self.ask("reading the journal", read, self._show)

    def _show(self, sitting: Sitting | None) -> None:
        self.status.say()
        self._sitting = sitting
        if sitting is None:
            self.status.say(f"The journal holds no {clean(self._record)}.")
            return
        session = self.console.session
        book = found_on(Shelf(session.config.runbooks.folder), sitting.name)
        place, ascii_only = place_words(session.settings), self.ascii_only
        self.query_one(TextPane).show(
            lambda cells: record_lines(sitting, book, cells, place=place, ascii_only=ascii_only)
        )
        self.refresh_bindings()

    def action_take_up(self) -> None:
        """Open the runbook on the same target, which offers to go on where it was left."""
        if self._sitting is not None:
            self.console.open_runbook(self._sitting.name, self._sitting.target)

"""What is only read: a page of text about one workspace, read on the engine's thread and read anew with f5."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.dialogs.failure import told
from tui.render import clean, indent
from tui.screens.base import ConsoleScreen
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from tui.session import Connected


class PageScreen(ConsoleScreen[None]):
    """One page of one workspace; a subclass says what it is called, how it is read, and how it is told."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f5", "look_again", "refresh", id="refresh")]
    crumb: ClassVar[str]
    what: ClassVar[str]
    """What is being read, in words that the workspace's name follows."""

    def __init__(self, workspace: str, name: str) -> None:
        super().__init__()
        self.workspace, self.called = workspace, clean(name)
        self.about = workspace
        self.crumbs = ("workspaces", self.called, self.crumb)
        self._found: Any = None

    async def read(self, connected: Connected) -> Any:
        """Read what the page tells, on the engine's thread; it has `as_of`."""
        raise NotImplementedError

    def lines(self, found: Any, cells: int) -> list[str]:
        """Tell what was read."""
        raise NotImplementedError

    def compose_body(self) -> ComposeResult:
        """All of it is text."""
        yield TextPane(id="page")

    @property
    def subject(self) -> str:
        """The workspace's id, to be copied."""
        return self.workspace

    @property
    def pane(self) -> TextPane:
        """The text."""
        return self.query_one(TextPane)

    def on_mount(self) -> None:
        """Read; no secret is among it."""
        self.pane.focus()
        self.pane.show(lambda cells: indent(f"{self.what} {self.called} ...", cells))
        self.action_look_again()

    def action_look_again(self) -> None:
        """Read anew; what is known stays meanwhile."""
        self.ask(f"{self.what} {self.called}", self.read, self._show, self._failed)

    def _show(self, found: Any) -> None:
        first, self._found = self._found is None, found
        self.status.say()
        self.refresh_bindings()
        self.banner.show(self.facts(), as_of=found.as_of)
        self.pane.show(lambda cells: self.lines(found, cells), from_top=first)

    def _failed(self, error: BaseException) -> None:
        """Say why, on the screen itself where nothing else is on it."""
        failure = told(error)
        if self._found is None:
            text = (failure.happened, failure.means, failure.advice)
            self.pane.show(lambda cells: [line for part in text for line in indent(part, cells)])
        self.show_failure(failure)

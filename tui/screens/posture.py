"""How one workspace is secured: every fact with its grade, what to do, and where it was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.dialogs.failure import told
from tui.posture_text import page_lines
from tui.render import clean, indent
from tui.screens.base import ConsoleScreen
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from actions.posture.page import Page
    from tui.session import Connected


class PostureScreen(ConsoleScreen[None]):
    """One workspace's page; actions are begun from the workspace itself."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("f5", "look_again", "refresh", id="refresh")]

    def __init__(self, workspace: str, name: str) -> None:
        super().__init__()
        self._workspace, self._called = workspace, clean(name)
        self.crumbs = ("workspaces", self._called, "security")
        self._page: Page | None = None

    def compose_body(self) -> ComposeResult:
        """All of it is text."""
        yield TextPane(id="posture")

    @property
    def subject(self) -> str:
        """The workspace's id, to be copied."""
        return self._workspace

    @property
    def pane(self) -> TextPane:
        """The text."""
        return self.query_one(TextPane)

    def on_mount(self) -> None:
        """Read; no secret is among it."""
        self.pane.focus()
        self.pane.show(lambda cells: indent(f"reading how {self._called} is secured ...", cells))
        self.action_look_again()

    def action_look_again(self) -> None:
        """Read anew; what is known stays meanwhile."""

        async def read(connected: Connected) -> Page:
            from actions.cloud.data import ResourceId
            from actions.posture.page import read_page

            return await read_page(connected.cloud, ResourceId(self._workspace))

        self.ask(f"reading how {self._called} is secured", read, self._show, self._failed)

    def _show(self, page: Page) -> None:
        first, self._page = self._page is None, page
        self.status.say()
        self.banner.show(self.console.standing.facts(), as_of=page.as_of)
        self.pane.show(lambda cells: page_lines(page, cells, ascii_only=self.ascii_only), from_top=first)

    def _failed(self, error: BaseException) -> None:
        """Say why, on the screen itself where nothing else is on it."""
        failure = told(error)
        if self._page is None:
            text = (failure.happened, failure.means, failure.advice)
            self.pane.show(lambda cells: [line for part in text for line in indent(part, cells)])
        self.show_failure(failure)

"""How one workspace is secured: every fact with its grade, what to do, and where it was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from tui.posture_text import page_lines
from tui.screens.page import PageScreen

if TYPE_CHECKING:
    from actions.posture.page import Page
    from tui.session import Connected


class PostureScreen(PageScreen):
    """One workspace's page; actions are begun from the workspace itself."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("a", "activity", "activity", id="activity")]
    crumb = "security"
    what = "reading how it is secured:"

    async def read(self, connected: Connected) -> Page:
        """Read all of its facts."""
        from actions.cloud.data import ResourceId
        from actions.posture.page import read_page

        return await read_page(connected.cloud, ResourceId(self.workspace))

    def lines(self, found: Page, cells: int) -> list[str]:
        """Tell them by section."""
        return page_lines(found, cells, ascii_only=self.ascii_only)

    def action_activity(self) -> None:
        """Show what was done to it."""
        self.console.open_activity(self.workspace, self.called)

"""How one workspace is secured: every fact with its grade, what to do, and where it was read."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from actions.registry import entry
from tui.posture_text import leads, page_lines, reason, sections, summary
from tui.screens.page import PageScreen

if TYPE_CHECKING:
    from actions.posture.page import Page
    from tui.session import Connected


class PostureScreen(PageScreen):
    """One workspace's page; what its facts lead to is opened from a list, with the workspace filled in."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "follow", "what to do", id="follow"),
        Binding("n", "next_section", "next section", id="section.next"),
        Binding("N", "section_before", "section before", id="section.before", show=False),
        Binding("g", "sections", "sections", tooltip="go to a section", id="sections"),
        Binding("a", "activity", "activity", id="activity"),
    ]
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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what goes about the page once there is one."""
        return self._found is not None or action not in {"follow", "next_section", "section_before", "sections"}

    def action_next_section(self) -> None:
        """Go on to the next section."""
        self.pane.next_title()

    def action_section_before(self) -> None:
        """Go back to the beginning of this section, or to the one before."""
        self.pane.title_before()

    def action_sections(self) -> None:
        """Choose a section to go to; each tells how its facts are graded."""
        from tui.dialogs.ask import Pick, PickDialog

        if self._found is not None:
            picks = [Pick(each.title, each.title, summary(facts)) for each, facts in sections(self._found)]
            self.console.push_screen(
                PickDialog("Go to a section", picks), lambda to: self.pane.seek(to) if to else None
            )

    def action_follow(self) -> None:
        """Choose among the actions and runbooks that the facts lead to, the gravest reason first."""
        from tui.dialogs.ask import Pick, PickDialog

        picks = [Pick(each.to, _called(each.kind, each.name), reason(each)) for each in leads(self._found)]
        if picks:
            self.console.push_screen(PickDialog("What to do", picks), self._follow)
        else:
            self.console.remark("No fact of this page leads to an action or a runbook.")

    def _follow(self, to: str | None) -> None:
        """Open the walk or the runbook on this workspace."""
        kind, _, name = (to or "").partition(":")
        if kind == "action":
            self.console.start_walk(name, self.workspace, self.called)
        elif kind == "runbook":
            self.console.open_runbook(name, self.workspace)


def _called(kind: str, name: str) -> str:
    return entry(name).title if kind == "action" else f"runbook {name}"

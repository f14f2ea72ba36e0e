"""One workspace: posture, storage account and keys, access, network, endpoints; the holders when asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from actions.registry import entries
from tui.describing import workspace_description
from tui.dialogs.failure import told
from tui.render import clean, indent
from tui.screens.base import ConsoleScreen
from tui.telling import description_lines, finding_lines
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from datetime import datetime

    from actions.workspaces import WorkspaceView
    from tui.session import Connected

HOLDERS = "Holders of the storage account's keys"
ANNOUNCED = (
    "Press h to read them: it lists the keys of the storage account, of the workspace and of its datastores (secret "
    "reads, which Azure logs). Only fingerprints are compared and only slots are shown."
)
REFUSED = "Why, and what is missing for it, stands at the end of this page. h reads them again."


def workspace_lines(
    view: WorkspaceView, now: datetime, cells: int, *, ascii_only: bool, asked: bool = False
) -> list[str]:
    """Tell a workspace; holders that nobody `asked` for are announced instead, those that were refused are said to be."""
    lines = description_lines(workspace_description(view, now), cells, ascii_only=ascii_only)
    if view.holders is None and view.storage:
        state, why = ("could not be read", REFUSED) if asked else ("not read", ANNOUNCED)
        lines += ["", f"{HOLDERS}: {state}", *indent(why, cells, "  ")]
    if view.findings:
        lines += ["", "Findings", *finding_lines(view.findings, cells, ascii_only=ascii_only)]
    if view.unread:
        lines += ["", "Could not be read"]
        lines += [line for sentence in view.unread for line in indent(clean(sentence), cells, "  ? ")]
    return lines


class WorkspaceScreen(ConsoleScreen[None]):
    """One workspace."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(entry.key, f"start({entry.name!r})", entry.short, id=f"action.{entry.name}", tooltip=entry.title)
            for entry in entries()
        ),
        Binding("p", "posture", "how it is secured", id="posture", show=False),
        Binding("b", "runbooks", "runbooks", id="runbooks", show=False),
        Binding("h", "holders", "holders (reads keys)", id="holders"),
        Binding("f5", "look_again", "refresh", id="refresh"),
        Binding("r", "runs", "runs", id="runs"),
    ]

    def __init__(self, workspace: str, name: str) -> None:
        super().__init__()
        self._workspace, self._called = workspace, clean(name)
        self.about = workspace
        self.crumbs = ("workspaces", self._called)
        self._view: WorkspaceView | None = None
        self._with_holders = False

    def compose_body(self) -> ComposeResult:
        """All of it is text."""
        yield TextPane(id="about")

    @property
    def subject(self) -> str:
        """The workspace's id, to be copied."""
        return self._workspace

    @property
    def pane(self) -> TextPane:
        """The text."""
        return self.query_one(TextPane)

    def on_mount(self) -> None:
        """Read without secrets first."""
        self.pane.focus()
        self._read(secrets=False)

    def action_look_again(self) -> None:
        """Read anew, as much as was read before."""
        self._read(secrets=self._with_holders)

    def action_holders(self) -> None:
        """Read which slot each holder has."""
        self._read(secrets=True)

    def _read(self, *, secrets: bool) -> None:
        async def read(connected: Connected) -> tuple[WorkspaceView, datetime]:
            from actions.cloud.data import ResourceId
            from actions.workspaces import describe

            view = await describe(connected.cloud, ResourceId(self._workspace), secrets=secrets)
            return view, connected.cloud.now()

        what = f"reading {self._called} and the keys of its holders" if secrets else f"reading {self._called}"
        self._with_holders = secrets
        if self._view is None:
            self.pane.show(lambda cells: indent(f"{what} ...", cells))
        self.ask(what, read, self._show, self._failed)

    def _show(self, found: tuple[WorkspaceView, datetime]) -> None:
        """Show what was read."""
        first = self._view is None
        view, now = found
        self._view = view
        self.status.say()
        self.banner.show(self.facts(), as_of=view.as_of)
        asked, ascii_only = self._with_holders, self.ascii_only
        self.pane.show(
            lambda cells: workspace_lines(view, now, cells, ascii_only=ascii_only, asked=asked), from_top=first
        )
        if asked:
            self.pane.seek(HOLDERS)

    def _failed(self, error: BaseException) -> None:
        """Say why, on the screen itself where nothing else is on it."""
        failure = told(error)
        if self._view is None:
            text = (failure.happened, failure.means, failure.advice)
            self.pane.show(lambda cells: [line for part in text for line in indent(part, cells)])
        self.show_failure(failure)

    def action_start(self, action: str) -> None:
        """Start an action's walk here."""
        subscription = self._view.subscription_name if self._view is not None else ""
        self.console.start_walk(action, self._workspace, self._called, subscription)

    def action_posture(self) -> None:
        """Open the page of how it is secured."""
        self.console.open_posture(self._workspace, self._called)

    def action_runbooks(self) -> None:
        """Open the runbooks, for this workspace."""
        self.console.open_runbooks(self._workspace, self._called)

    def action_runs(self) -> None:
        """Open the list of runs."""
        self.console.open_runs()

"""All runs of the journal, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from tui.render import clean, look, stamp
from tui.screens.base import ConsoleScreen
from tui.widgets.filter_bar import FilterBar
from tui.widgets.rows import TableRow
from tui.widgets.virtual_table import TableColumn, VirtualTable

if TYPE_CHECKING:
    from actions.guard.history import RunSummary
    from tui.session import Connected
    from tui.widgets.run_view import RunView


def run_row(run: RunSummary) -> TableRow:
    """One run as a line."""
    cells = (stamp(run.started), run.action, run.name, run.mode, look(run.state).word, run.operator, run.host, run.id)
    return TableRow(run.id, run.state.value, tuple(clean(cell) for cell in cells))


class RunsScreen(ConsoleScreen[None]):
    """The runs, to open one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="filter"),
        Binding("f5", "read_runs", "refresh", id="refresh"),
    ]
    crumbs = ("workspaces", "runs")

    def compose_body(self) -> ComposeResult:
        """Filter and list."""
        yield FilterBar()
        yield VirtualTable(
            (
                TableColumn("started", 17),
                TableColumn("action", 10),
                TableColumn("target", 10),
                TableColumn("mode", 7),
                TableColumn("state", 8),
                TableColumn("by", 4),
                TableColumn("host", 6, from_width=100),
                TableColumn("run", 20, from_width=100),
            ),
            placeholder="reading the journal ...",
            ascii_only=self.ascii_only,
            id="runs",
        )

    @property
    def table(self) -> VirtualTable:
        """The list."""
        return self.query_one("#runs", VirtualTable)

    def on_mount(self) -> None:
        """Read."""
        self.table.focus()
        self.action_read_runs()

    def on_screen_resume(self) -> None:
        """Read anew on the way back from a run."""
        if self.table.rows:
            self.action_read_runs()

    def run_changed(self, view: RunView) -> None:
        """A run of this console went on."""
        if view.over or view.run not in {row.key for row in self.table.rows}:
            self.action_read_runs()

    def action_read_runs(self) -> None:
        """Read the journal."""

        async def read(connected: Connected) -> list[RunSummary]:
            return connected.journal.runs()

        self.ask("reading the journal", read, self._show)

    def _show(self, runs: list[RunSummary]) -> None:
        self.status.say()
        self.table.show_placeholder("There are no runs yet: k on a workspace starts one.")
        self.table.set_rows(run_row(run) for run in runs)
        self.query_one(FilterBar).count(f"{len(runs)} runs")

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).start()

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Filter as it is typed."""
        self.table.filter(message.text)

    def on_filter_bar_closed(self) -> None:
        """Go back to the list."""
        self.table.focus()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Open a run."""
        message.stop()
        self.console.open_run(message.row.key)

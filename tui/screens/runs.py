"""All runs of the journal and the runbooks that were followed, newest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from actions.guard.text import many
from tui.batch_journal import PREFIX as ONE_OF
from tui.batch_journal import BatchRecord
from tui.dialogs.ask import Pick, PickDialog
from tui.dialogs.failure import told
from tui.render import clean, look, stamp
from tui.runbook_journal import PREFIX, sittings
from tui.screens.base import ConsoleScreen
from tui.screens.batch import batch_row
from tui.telling import RUNBOOK, short_name
from tui.widgets.filter_bar import FilterBar
from tui.widgets.rows import TableRow
from tui.widgets.virtual_table import TableColumn, VirtualTable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actions.guard.history import RunSummary
    from tui.batch_journal import Seen
    from tui.runbook_journal import Sitting
    from tui.session import Connected
    from tui.widgets.run_view import RunView


def run_row(run: RunSummary) -> TableRow:
    """One run as a line."""
    cells = (stamp(run.started), run.action, run.name, run.mode, look(run.state).word, run.operator, run.host, run.id)
    return TableRow(run.id, run.state.value, tuple(clean(cell) for cell in cells))


def sitting_row(sitting: Sitting) -> TableRow:
    """One runbook that was followed as a line."""
    state, target = look(sitting.state).word, short_name(sitting.target)
    cells = (stamp(sitting.started), sitting.name, target, RUNBOOK, state, sitting.by, "", sitting.id)
    return TableRow(sitting.id, sitting.state, tuple(clean(cell) for cell in cells))


def all_rows(runs: Sequence[RunSummary], books: Sequence[Sitting], batches: Sequence[Seen] = ()) -> list[TableRow]:
    """Runs, followed runbooks and batches as lines, newest first."""
    dated = [(run.started, run_row(run)) for run in runs] + [(each.started, sitting_row(each)) for each in books]
    dated += [(each.batch.started, batch_row(each)) for each in batches]
    return [row for _, row in sorted(dated, key=lambda line: line[0], reverse=True)]


def count_text(runs: int, books: int, shown: int) -> str:
    """How many there are of each, and how many pass the filter where not all do."""
    followed = f", {many(books, 'runbook')}" if books else ""
    told = f"{many(runs, 'run')}{followed}"
    return told if shown == runs + books else f"{shown} of {told}"


def next_order(order: tuple[int | None, bool], picked: int | None) -> tuple[int | None, bool]:
    """The order after a column was picked: column and whether backwards; None is as listed, the same column turns."""
    column, backwards = order
    return picked, picked is not None and picked == column and not backwards


class RunsScreen(ConsoleScreen[None]):
    """The runs, to open one."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="filter"),
        Binding("f5", "read_runs", "refresh", id="refresh"),
        Binding("ctrl+o", "sort", "sort", id="sort", show=False),
    ]
    crumbs = ("workspaces", "runs")
    _many = (0, 0)
    _order: tuple[int | None, bool] = (None, False)

    def compose_body(self) -> ComposeResult:
        """Filter and list."""
        yield FilterBar()
        yield VirtualTable(
            (
                TableColumn("started", 17, value=lambda row: row.key.removeprefix(PREFIX)),
                TableColumn("action", 10),
                TableColumn("target", 10),
                TableColumn("kind", 7),
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

        mode = self.console.standing.mode

        async def read(connected: Connected) -> tuple[list[RunSummary], list[Sitting], list[Seen]]:
            runs, batches = connected.journal.runs(), BatchRecord(connected.journal)
            seen = [batches.seen(each, mode, runs) for each in batches.all()]
            return runs, sittings(connected.journal), seen

        self.ask("reading the journal", read, self._show, self._failed)

    def _failed(self, error: BaseException) -> None:
        """Say why; what is known stays."""
        failure = told(error)
        if not self.table.rows:
            self.table.show_placeholder("\n".join((failure.happened, failure.means, "", "f5 reads again")))
        self.show_failure(failure)

    def _show(self, found: tuple[list[RunSummary], list[Sitting], list[Seen]]) -> None:
        runs, books, batches = found
        self.status.say(f"{len(batches)} batches among them" if batches else "")
        self._many = (len(runs) + len(batches), len(books))
        self.table.set_rows(all_rows(runs, books, batches))
        self._count()

    def _count(self) -> None:
        """Say how many there are and pass the filter, or why the list is empty."""
        text = self.query_one(FilterBar).text
        none = "There are no runs yet: k on a workspace starts one."
        self.table.show_placeholder(f"No run fits: {text}" if text and sum(self._many) else none)
        self.query_one(FilterBar).count(count_text(*self._many, self.table.shown))

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).start()

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Filter as it is typed."""
        self.table.filter(message.text)
        self._count()

    def on_filter_bar_closed(self) -> None:
        """Go back to the list."""
        self.table.focus()

    def action_sort(self) -> None:
        """Choose a column to order by; the same one again turns the order round."""
        picks = [Pick("", "newest first")] + [Pick(str(n), each.title) for n, each in enumerate(self.table.columns)]
        self.app.push_screen(PickDialog("Order by (the same again: the other way round)", picks), self._sort)

    def _sort(self, picked: str | None) -> None:
        if picked is None:
            return
        self._order = next_order(self._order, int(picked) if picked else None)
        self.table.sort(self._order[0], backwards=self._order[1])

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Open a run."""
        message.stop()
        if message.row.key.startswith(ONE_OF):
            self.console.open_recorded_batch(message.row.key)
        else:
            self.console.open_run(message.row.key)

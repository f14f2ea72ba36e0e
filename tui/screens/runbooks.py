"""The runbooks on the shelf, and those that somebody began and did not finish."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from actions.guard.text import many
from tui.render import clean, stamp
from tui.runbook import Runbook, RunbookError, Shelf, read
from tui.runbook_journal import Record, Sitting
from tui.screens.base import ConsoleScreen
from tui.telling import short_name as called
from tui.widgets.filter_bar import FilterBar
from tui.widgets.rows import TableRow
from tui.widgets.virtual_table import TableColumn, VirtualTable

if TYPE_CHECKING:
    from tui.session import Connected

_GRADES = {"critical": "critical", "high": "high", "warn": "warn", "info": "info"}


def book_row(name: str, path: Path) -> TableRow:
    """One runbook as a line; a file that is none says what is wrong with it."""
    try:
        book: Runbook | None = read(path)
        told = ""
    except RunbookError as error:
        book, told = None, f"line {error.problems[0].line}: {clean(error.problems[0].sentence)}"
    except OSError as error:
        book, told = None, f"cannot be read: {clean(str(error.strerror))}"
    if book is None:
        return TableRow(f"book:{name}", "failed", (name, told, "", ""))
    head = book.head
    return TableRow(f"book:{name}", head.severity, (name, clean(head.title), head.severity, str(head.review_by)))


def sitting_row(sitting: Sitting) -> TableRow:
    """One that is half done as a line."""
    who = f"half done: at step {sitting.step} since {stamp(last_time(sitting))}, by {clean(sitting.by)}"
    return TableRow(f"sitting:{sitting.id}", "stopped", (sitting.name, who, called(sitting.target), ""))


def last_time(sitting: Sitting) -> str:
    """When something was last done or noted."""
    times = [sitting.started, *(each.at for each in sitting.done), *(note.at for note in sitting.notes)]
    return max(times)


class RunbooksScreen(ConsoleScreen[None]):
    """The list; `target` is what a runbook that is opened from here is followed on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter", id="filter"),
        Binding("f5", "read_records", "refresh", id="refresh"),
    ]

    def __init__(self, target: str, name: str) -> None:
        super().__init__()
        self._target = target
        self.crumbs = ("workspaces", *([clean(name)] if name else []), "runbooks")
        self._shelf: Shelf | None = None
        self._sittings: dict[str, Sitting] = {}

    def compose_body(self) -> ComposeResult:
        """Filter and list."""
        yield FilterBar()
        yield VirtualTable(
            (
                TableColumn("runbook", 14),
                TableColumn("what for", 30),
                TableColumn("severity or target", 8),
                TableColumn("review by", 10, from_width=100),
            ),
            placeholder="reading the runbooks ...",
            ascii_only=self.ascii_only,
            id="books",
        )

    @property
    def table(self) -> VirtualTable:
        """The list."""
        return self.query_one("#books", VirtualTable)

    def on_mount(self) -> None:
        """Show the shelf at once; the records are read behind it."""
        self.table.focus()
        self._shelf = Shelf(self.console.session.config.runbooks.folder)
        self._show([])
        self.action_read_records()

    def on_screen_resume(self) -> None:
        """Read anew on the way back from one."""
        if self.table.rows:
            self.action_read_records()

    def action_read_records(self) -> None:
        """Read which ones are half done."""

        async def read_them(connected: Connected) -> list[Sitting]:
            return Record(connected.journal, connected.engine.operator).all()

        self.ask("reading the journal", read_them, self._show)

    def _show(self, found: list[Sitting]) -> None:
        self.status.say()
        half_done = [each for each in found if each.state != "done"]
        self._sittings = {each.id: each for each in half_done}
        paths = self._shelf.paths() if self._shelf else {}
        rows = [sitting_row(each) for each in half_done] + [book_row(name, path) for name, path in paths.items()]
        self.table.set_rows(rows)
        told = many(len(paths), "runbook")
        self.query_one(FilterBar).count(f"{told}, {len(half_done)} half done" if half_done else told)

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
        """Open a runbook, on the target of this screen or on that of a half-done one."""
        message.stop()
        kind, _, name = message.row.key.partition(":")
        if kind == "sitting":
            sitting = self._sittings[name]
            self.console.open_runbook(sitting.name, sitting.target)
        else:
            self.console.open_runbook(name, self._target)

"""The fleet's encryption keys: the next 90 days by week, and every encrypted workspace, the most urgent first."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from tui.dialogs.failure import told
from tui.key_calendar import TITLES, row_cells, row_state, summary, week_lines
from tui.progress import Counted
from tui.render import clean
from tui.screens.base import ConsoleScreen, Far
from tui.sheets import Sheet, sheet
from tui.widgets.filter_bar import FilterBar
from tui.widgets.rows import TableRow
from tui.widgets.virtual_table import TableColumn, VirtualTable

if TYPE_CHECKING:
    from actions.cmk_versions.fleet import Calendar
    from tui.session import Connected

READING = "reading the keys of all encrypted workspaces ..."


class KeyCalendarScreen(ConsoleScreen[None]):
    """The calendar, to open a workspace or to start its move."""

    DEFAULT_CSS = "KeyCalendarScreen > #weeks { height: 4; padding: 0 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "move", "check and move", id="calendar.move"),
        Binding("slash", "filter", "filter", id="filter"),
        Binding("f5", "read_keys", "refresh", id="refresh"),
    ]
    crumbs = ("workspaces", "encryption keys")

    def __init__(self) -> None:
        super().__init__()
        self._found: Calendar | None = None

    def compose_body(self) -> ComposeResult:
        """Weeks, filter and list."""
        yield Static(id="weeks")
        yield FilterBar()
        yield VirtualTable(
            (
                TableColumn(TITLES[0], 14),
                TableColumn(TITLES[1], 10),
                TableColumn(TITLES[2], 5, value=self._days),
                TableColumn(TITLES[3], 8),
                TableColumn(TITLES[4], 8),
                TableColumn(TITLES[5], 8),
                TableColumn(TITLES[6], 12, from_width=100),
                TableColumn(TITLES[7], 12, from_width=100),
            ),
            placeholder=READING,
            ascii_only=self.ascii_only,
            id="keys",
        )

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nothing to move where no key is listed."""
        return action != "move" or self.table.row is not None if self.is_mounted else True

    def sheets(self) -> list[Sheet]:
        """The list, and how many keys expire in which week."""
        weeks = [(first, str(count)) for first, count in self._found.weeks] if self._found else []
        return [*super().sheets(), *([sheet("The next 90 days", ("week of", "expire"), weeks)] if weeks else [])]

    @property
    def table(self) -> VirtualTable:
        """The list."""
        return self.query_one("#keys", VirtualTable)

    def on_mount(self) -> None:
        """Read."""
        self.table.focus()
        self.action_read_keys()

    def action_read_keys(self) -> None:
        """Read the fleet's keys; what is known stays on the screen meanwhile."""

        async def read(connected: Connected) -> Calendar:
            from actions.cmk_versions.fleet import calendar
            from tui.commands.targets import subscription_ids

            wanted = await subscription_ids(connected, self.console.session.settings.subscription)
            return await calendar(connected.cloud, wanted, came)

        counted = Counted()

        def came(read: int, total: int) -> None:
            if counted.take(read, total):
                with suppress(RuntimeError):
                    self.post_message(Far(counted.told))

        self.ask("reading the encryption keys", read, self._show, self._failed)

    def _show(self, found: Calendar) -> None:
        self._found = found
        self.status.say("; ".join(clean(sentence) for sentence in found.unread))
        self.banner.show(self.console.standing.facts(), as_of=found.as_of)
        self.table.show_placeholder("No workspace that you can see has a customer-managed key.")
        self.table.set_rows(
            TableRow(row.id, row_state(row), tuple(clean(cell) for cell in row_cells(row))) for row in found.rows
        )
        self._weeks()
        self.query_one(FilterBar).count(summary(found) if found.rows else "")

    def _failed(self, error: BaseException) -> None:
        failure = told(error)
        self.table.show_placeholder("\n".join((failure.happened, failure.means, "", "f5 reads again")))
        self.show_failure(failure)

    def _weeks(self) -> None:
        """Paint the calendar as wide as the screen is."""
        if self._found is None:
            return
        lines = week_lines(self._found, self.size.width - 2, ascii_only=self.ascii_only)
        self.query_one("#weeks", Static).update(Text("\n".join(["pinned versions that expire, by week", *lines])))

    def on_resize(self) -> None:
        """The calendar follows the width."""
        self._weeks()

    def _days(self, line: TableRow) -> int:
        """The days left to sort by; what never expires comes last."""
        rows = self._found.rows if self._found else ()
        days = next((row.days for row in rows if row.id == line.key), None)
        return 1_000_000 if days is None else days

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Filter as it is typed."""
        self.table.filter(message.text)

    def on_filter_bar_closed(self) -> None:
        """Go back to the list."""
        self.table.focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).start()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Open a workspace."""
        message.stop()
        self.console.open_workspace(message.row.key, message.row.cells[0])

    def action_move(self) -> None:
        """Start the walk of the workspace under the cursor."""
        row = self.table.row
        if row is not None:
            self.console.start_walk("cmk-versions", row.key, row.cells[0])

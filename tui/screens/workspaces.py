"""The fleet: every workspace the operator can see, and the actions that start from one."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message

from actions.registry import entries
from tui.describing import FLEET_TITLES, fleet_cells, fleet_state, visible
from tui.dialogs.ask import Pick, PickDialog
from tui.dialogs.failure import told
from tui.render import clean
from tui.screens.base import ConsoleScreen
from tui.widgets.filter_bar import FilterBar
from tui.widgets.rows import TableRow
from tui.widgets.virtual_table import TableColumn, VirtualTable

if TYPE_CHECKING:
    from actions.workspaces import FleetPage, WorkspaceRow
    from tui.session import Connected

LOADING = "loading the workspaces ..."


def fleet_row(row: WorkspaceRow) -> TableRow:
    """One workspace as a line of the table."""
    more = (row.subscription_name or row.subscription, row.kind)
    return TableRow(row.id, fleet_state(row), tuple(clean(cell) for cell in (*fleet_cells(row), *more)))


class WorkspacesScreen(ConsoleScreen[None]):
    """The list that the console opens with."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(entry.key, f"start({entry.name!r})", entry.name.replace("-", " "), id=f"action.{entry.name}")
            for entry in entries()
        ),
        Binding("r", "runs", "runs", id="runs"),
        Binding("C", "keys", "encryption keys", id="keys", show=False),
        Binding("slash", "filter", "filter", id="filter"),
        Binding("f5", "refresh_fleet", "refresh", id="refresh"),
        Binding("ctrl+o", "sort", "sort", id="sort", show=False),
        Binding("escape", "clear_filter", "clear", show=False, id="filter.drop"),
    ]
    crumbs = ("workspaces",)

    @dataclass
    class PageCame(Message):
        """A page of the fleet was read on the engine's thread."""

        page: FleetPage

    def __init__(self) -> None:
        super().__init__()
        self._fleet: dict[str, WorkspaceRow] = {}
        self._seen: set[str] = set()
        self._complete = False
        self._reading = False

    def compose_body(self) -> ComposeResult:
        """Filter and list."""
        yield FilterBar()
        yield VirtualTable(
            (
                TableColumn(FLEET_TITLES[0], 14),
                TableColumn(FLEET_TITLES[1], 8),
                TableColumn(FLEET_TITLES[2], 8),
                TableColumn(FLEET_TITLES[3], 8, value=lambda row: self._key_days(row.key)),
                *(TableColumn(title, 6) for title in FLEET_TITLES[4:]),
                TableColumn("subscription", 10, from_width=100),
                TableColumn("kind", 5, from_width=110),
            ),
            placeholder=LOADING,
            ascii_only=self.ascii_only,
            id="fleet",
        )

    @property
    def table(self) -> VirtualTable:
        """The list."""
        return self.query_one("#fleet", VirtualTable)

    def on_mount(self) -> None:
        """Paint first, then read."""
        self.table.focus()
        self.call_after_refresh(self.action_refresh_fleet)

    def action_refresh_fleet(self) -> None:
        """Read the fleet anew; what is known stays on the screen meanwhile."""
        if self._reading:
            return
        self._reading = True
        self._complete = False
        self._seen = set()
        self.ask("reading the workspaces", self._read, lambda _none: self._finished(), self._failed)

    async def _read(self, connected: Connected) -> None:
        """Read page by page, on the engine's thread."""
        from actions.workspaces import fleet
        from tui.commands.targets import subscription_ids

        wanted = await subscription_ids(connected, self.console.session.settings.subscription)
        async for page in fleet(connected.cloud, wanted):
            with suppress(RuntimeError):
                self.post_message(self.PageCame(page))

    def on_workspaces_screen_page_came(self, message: PageCame) -> None:
        """Show a page at once; a row without its cells does not replace one that had them."""
        page = message.page
        for row in visible(page.rows, self.console.session.config.subscriptions.hidden):
            self._seen.add(row.id)
            if page.complete or row.id not in self._fleet:
                self._fleet[row.id] = row
        self._complete = page.complete
        if page.rows:
            self.banner.show(self.console.standing.facts(), as_of=page.rows[0].as_of)
        if page.unread:
            self.status.say("; ".join(clean(sentence) for sentence in page.unread))
        self._show()

    def _finished(self) -> None:
        """Drop what is no longer there, and say so where nothing is."""
        self._reading = False
        self._fleet = {key: row for key, row in self._fleet.items() if key in self._seen}
        self.status.say()
        self.banner.show(self.console.standing.facts())
        self.table.show_placeholder(
            "There are no workspaces that you can see.\nLook at the subscription and at your roles."
        )
        self._show()

    def _failed(self, error: BaseException) -> None:
        """Keep what is known; where nothing is, the list says why."""
        self._reading = False
        failure = told(error)
        lines = (failure.happened, failure.means, failure.advice, "", "f5 reads again")
        self.table.show_placeholder("\n".join(line for line in lines))
        self.show_failure(failure)

    def _show(self) -> None:
        """Put the rows into the table."""
        self.table.set_rows(fleet_row(row) for row in self._fleet.values())
        self._count()

    def _count(self) -> None:
        """Say how many there are, and how many pass the filter."""
        many, shown = len(self._fleet), self.table.shown
        subscriptions = len({row.subscription.casefold() for row in self._fleet.values()})
        of = f"{shown} of {many}" if shown != many else str(many)
        self.query_one(FilterBar).count(f"{of} workspaces in {subscriptions} subscriptions" if many else "")

    def _key_days(self, key: str) -> int:
        """The key's age to sort by; an unknown age is older than any, no key at all younger."""
        row = self._fleet[key]
        if row.key_days is not None:
            return row.key_days
        return 1_000_000 if row.keys.startswith("key") else -1

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Filter as it is typed."""
        self.table.show_placeholder(f"No workspace fits: {message.text}" if message.text else LOADING)
        self.table.filter(message.text)
        self._count()

    def on_filter_bar_closed(self) -> None:
        """Go back to the list."""
        self.table.focus()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).start()

    def action_clear_filter(self) -> None:
        """Show all rows again; nothing else to leave from here."""
        bar = self.query_one(FilterBar)
        if bar.text:
            bar.clear()

    def action_sort(self) -> None:
        """Choose a column to order by."""
        picks = [Pick("", "as listed")] + [Pick(str(n), title) for n, title in enumerate(FLEET_TITLES)]
        self.app.push_screen(PickDialog("Order by", picks), self._sort)

    def _sort(self, picked: str | None) -> None:
        if picked is not None:
            number = int(picked) if picked else None
            self.table.sort(number, backwards=number is not None and FLEET_TITLES[number] == "keys")

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Open a workspace."""
        message.stop()
        self.console.open_workspace(message.row.key, message.row.cells[0])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer actions only where there is something to act on."""
        return action != "start" or self.table.row is not None if self.is_mounted else True

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        """Actions may have become possible, or impossible."""
        if (message.row is None) != (self.table.shown == 0) or self.table.cursor == 0:
            self.refresh_bindings()

    def action_start(self, action: str) -> None:
        """Start an action's walk on the workspace under the cursor."""
        row = self.table.row
        if row is not None:
            self.console.start_walk(action, row.key, row.cells[0])

    def action_keys(self) -> None:
        """Open the calendar of encryption keys."""
        self.console.open_key_calendar()

    def action_runs(self) -> None:
        """Open the list of runs."""
        self.console.open_runs()

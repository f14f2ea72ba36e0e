"""The fleet: every workspace the operator can see, and the actions that start from one."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.timer import Timer

from actions.guard.errors import GuardError
from actions.guard.text import many
from actions.registry import entries
from tui.fleet_view import by_grade, table_columns, told_counts, told_strange
from tui.known_fleet import FleetStore
from tui.marks import Marks
from tui.progress import FleetProgress
from tui.render import ago, clean
from tui.screens.fleet_choosing import FleetChoosing
from tui.widgets.filter_bar import FilterBar
from tui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from actions.workspaces import FleetPage, Readings
    from tui.environments import Environments
    from tui.session import Connected

LOADING = "loading the workspaces ..."
READING = "reading the workspaces"
SHOW_AFTER = 0.2
"""Seconds for which pages are gathered before they are shown together."""


class WorkspacesScreen(FleetChoosing):
    """The list that the console opens with."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(entry.key, f"start({entry.name!r})", entry.short, id=f"action.{entry.name}", tooltip=entry.title)
            for entry in entries()
        ),
        Binding("r", "runs", "runs", id="runs"),
        Binding("p", "posture", "how it is secured", id="posture", show=False),
        Binding("b", "runbooks", "runbooks", id="runbooks", show=False),
        Binding("C", "keys", "encryption keys", id="keys", show=False),
        Binding("space", "mark", "mark", id="mark", show=False, tooltip="mark, to act on several one after the other"),
        Binding("slash", "filter", "filter", id="filter", tooltip="filter: words, !not, column:text, -f fuzzy"),
        Binding("f5", "refresh_fleet", "refresh", id="refresh"),
        Binding("escape", "clear_filter", "clear", show=False, id="filter.drop"),
    ]
    AUTO_FOCUS = "#fleet"
    crumbs = ("workspaces",)

    class PageCame(Message):
        """A page of the fleet was read on the engine's thread."""

        def __init__(self, page: FleetPage, columns: tuple[str, ...]) -> None:
            super().__init__()
            self.page, self.columns = page, columns

    def __init__(self, environments: Environments, chosen: tuple[str, ...] = (), refresh: int = 0) -> None:
        super().__init__(environments, chosen)
        self._every = refresh
        self._due: Timer | None = None
        self._quiet = False
        """Whether the present reading was begun by the clock, and so says nothing where nothing is different."""
        self._unread: tuple[str, ...] = ()
        self._readings: Readings | None = None
        """What workspaces were asked by themselves, kept so that a refresh does not ask them all again."""
        self._kept_age = ""
        self._reading = False
        self._progress = FleetProgress()
        self._marks = Marks()
        self._to_show: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """Filter and list."""
        yield FilterBar()
        yield VirtualTable(
            table_columns(self._fleet.names, self._fleet.days, chosen=bool(self._chosen)),
            placeholder=LOADING,
            ascii_only=self.ascii_only,
            states="severity",
            id="fleet",
        )

    def on_mount(self) -> None:
        """Paint first, with what was kept from the last time, then read."""
        kept = FleetStore(self.console.session).load()
        if kept is not None:
            self._fleet.recall(kept[0])
            self._kept_age = ago(kept[1])
            self._show()
        self.call_after_refresh(self.action_refresh_fleet)

    def facts_changed(self) -> None:
        """What was kept for another tenant or user is not shown to this one."""
        found = self.console.session.banner()
        if found.user and self._fleet.kept_for not in (("", ""), (found.tenant, found.user)):
            self._fleet.clear()
            self._readings = None
            self._marks.clear()
            self._show()

    def action_refresh_fleet(self) -> None:
        """Read the fleet anew; what is known stays on the screen meanwhile, and what failed is asked again."""
        if not self._reading:
            if self._readings is not None:
                self._readings.forget_failures()
            self._begin(READING)

    def _begin(self, what: str) -> None:
        """Read; without a word for it the line of remarks stays as it is."""
        self._reading, self._quiet, self._progress = True, not what, FleetProgress()
        self._fleet.begin()
        self.ask(what, partial(self._read, self.asked), lambda _none: self._finished(), self._failed)

    def start_over(self) -> None:
        """Forget what is shown and read anew: the estate is another one."""
        self._kept_age, self._readings = "", None
        self._fleet.clear()
        self._show()
        self.read_anew()

    def read_anew(self) -> None:
        """Read with the present columns, in the place of a reading that is under way."""
        self.drop_asked()
        self._begin(READING)

    def _wait(self) -> None:
        """Read again by itself after the interval of the settings, if there is one."""
        if self._due is not None:
            self._due.stop()
        self._due = self.set_timer(self._every, self._read_again) if self._every else None

    def _read_again(self) -> None:
        """Read behind what is shown, but not while the operator answers, types, or looks elsewhere."""
        busy = self.app.screen is not self or self.query_one(FilterBar).typing or not self.app.app_focus
        if not busy and not self._reading:
            self._begin("")
        else:
            self._wait()

    async def _read(self, columns: tuple[str, ...], connected: Connected) -> None:
        """Read page by page, on the engine's thread."""
        from actions.workspaces import Readings, fleet
        from tui.commands.targets import subscription_ids

        readings = self._readings = self._readings or Readings()
        wanted = await subscription_ids(connected, self.console.session.settings.subscription)
        hidden = self.console.session.config.subscriptions.hidden
        async for page in fleet(connected.cloud, wanted, columns, readings, hidden):
            with suppress(RuntimeError):
                self.post_message(self.PageCame(page, columns))
        with suppress(GuardError):  # told when a plan or a run needs it
            _ = connected.engine

    def on_workspaces_screen_page_came(self, message: PageCame) -> None:
        """Show a page soon: the first at once, of many pages a few together."""
        page = message.page
        if message.columns != self.asked:
            return  # of a reading that was dropped when other columns were chosen
        first = not len(self._fleet)
        self._fleet.take(page.rows, self.console.session.config.subscriptions.hidden, complete=page.complete)
        if page.rows:
            self.banner.show(self.console.standing.facts(), as_of=self._fleet.as_of)
        if page.complete:
            self._unread = page.unread
        self._progress.take(page)
        self.status.far(self._progress.told)
        if first:
            self._show()
        elif self._to_show is None:
            self._to_show = self.set_timer(SHOW_AFTER, self._show)

    def _finished(self) -> None:
        """Drop what is no longer there, say so where nothing is, and keep the list for the next time."""
        self._reading = False
        self._kept_age = ""
        self._fleet.finish()
        if not self._quiet or self._unread:
            self.status.say("; ".join(clean(sentence) for sentence in self._unread))
        self.banner.show(self.console.standing.facts())
        self.table.show_placeholder(self._nothing())
        gone = self._marks.keep({row.key for row in self._fleet.rows})
        self._show()
        if gone:
            self.status.say(f"No longer there, so no longer marked: {', '.join(gone)}")
        found, store = self.console.session.banner(), FleetStore(self.console.session)
        if store.wanted and self._fleet.changed:
            self.console.session.thread.call(partial(store.save, self._fleet.to_keep(found.tenant, found.user)))
        self._wait()

    def _nothing(self) -> str:
        """What is said where no row is shown."""
        text = self.query_one(FilterBar).text
        if text and len(self._fleet):
            return f"No workspace fits: {text}"
        return "There are no workspaces that you can see.\nLook at the subscription and at your roles."

    def _failed(self, error: BaseException) -> None:
        """Keep what is known; where nothing is, the list says why."""
        from tui.dialogs.failure import told

        self._reading = False
        self._wait()
        failure = told(error)
        if self._quiet:
            self.status.say(f"Not read anew: {clean(failure.happened)}")
            return
        lines = (failure.happened, failure.means, failure.advice, "", "f5 reads again")
        self.table.show_placeholder("\n".join(line for line in lines))
        self.show_failure(failure)

    def _show(self) -> None:
        """Put the rows into the table."""
        if self._to_show is not None:
            self._to_show.stop()
            self._to_show = None
        self.table.set_rows(self._fleet.rows)
        self._count()

    def _count(self) -> None:
        """Say how many there are, how many pass the filter, and how old they are while they are read anew."""
        total, shown, bar = len(self._fleet), self.table.shown, self.query_one(FilterBar)
        of = f"{shown} of {many(total, 'workspace')}" if shown != total else many(total, "workspace")
        old = f", seen {self._kept_age} ago" if self._kept_age else ""
        told = f"{of} in {many(self._fleet.subscriptions, 'subscription')}{old}" if total else ""
        strange = told_strange(bar.text, self._fleet.names)
        told, graded = strange or told, "" if strange else told_counts(by_grade(self.table.shown_counts()))
        bar.count(f"{told}: {graded}" if graded and len(told) + len(graded) + 2 <= bar.room else told)
        if self._marks and not self._reading:
            self._tell_marks()

    def _tell_marks(self) -> None:
        """Show the marks, and say how many there are and which are hidden."""
        self.table.show_marks(self._marks)
        self.status.say(self._marks.told({row.key for row in self.table.shown_rows()}))

    def action_mark(self) -> None:
        """Mark the workspace under the cursor or take its mark away, and go on to the next one."""
        row = self.table.row
        if row is not None:
            self._marks.turn(row.key, row.cells[0], self._fleet.subscription_name(row.key))
            self._tell_marks()
            self.table.action_move(1)

    def on_filter_bar_changed(self, message: FilterBar.Changed) -> None:
        """Filter as it is typed."""
        self.table.show_placeholder(LOADING if self._reading else self._nothing())
        self.table.filter(message.text)
        self._count()

    def on_filter_bar_closed(self) -> None:
        """Go back to the list."""
        self.table.focus()
        self._count()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one(FilterBar).start()
        self._count()

    def action_clear_filter(self) -> None:
        """Show all rows again, else take the marks away; nothing else to leave from here."""
        bar = self.query_one(FilterBar)
        if bar.text:
            bar.clear()
        elif self._marks:
            self._marks.clear()
            self._tell_marks()

    def on_virtual_table_opened(self, message: VirtualTable.Opened) -> None:
        """Open a workspace."""
        message.stop()
        self.console.open_workspace(message.row.key, message.row.cells[0])

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer actions only where there is something to act on."""
        return action != "start" or self.table.row is not None or bool(self._marks) if self.is_mounted else True

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        """Actions may have become possible, or impossible."""
        if (message.row is None) != (self.table.shown == 0) or self.table.cursor == 0:
            self.refresh_bindings()

    def action_start(self, action: str) -> None:
        """Start an action's walk on the workspace under the cursor, or a batch on those that are marked."""
        row = self.table.row
        if self._marks:
            self.console.open_batch(action, self._marks.items())
        elif row is not None:
            self.console.start_walk(action, row.key, row.cells[0], self._fleet.subscription_name(row.key))

    def action_posture(self) -> None:
        """Show how the workspace under the cursor is secured."""
        row = self.table.row
        if row is not None:
            self.console.open_posture(row.key, row.cells[0])

    def action_runbooks(self) -> None:
        """Open the runbooks, for the workspace under the cursor."""
        row = self.table.row
        self.console.open_runbooks(*((row.key, row.cells[0]) if row is not None else ("", "")))

    def action_keys(self) -> None:
        """Open the calendar of encryption keys."""
        self.console.open_key_calendar()

    def action_runs(self) -> None:
        """Open the list of runs."""
        self.console.open_runs()

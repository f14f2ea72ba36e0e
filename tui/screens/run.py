"""One run: its timeline while it goes on here, its record otherwise; to resume, stop, note and export."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from tui.going_on import way_on
from tui.render import clean, indent, stamp
from tui.screens.recorded import RecordedScreen
from tui.telling import run_lines
from tui.widgets.run_pane import RunPane
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from actions.guard.history import RunHistory
    from actions.guard.lease import Lease
    from tui.session import Connected
    from tui.widgets.run_view import RunView


def lease_lines(leases: list[Lease], host: str, cells: int) -> list[str]:
    """Tell which resources a run holds, who holds them, and whether that process can still be there."""
    if not leases:
        return []
    lines = ["", "Leases"]
    for lease in leases:
        alive = "waits without a process" if lease.parked else "its process is gone" if lease.gone(host) else "at work"
        who = f"{lease.holder} on {lease.host}, process {lease.pid}" if lease.pid else lease.holder
        lines += indent(clean(f"{lease.resource}: {who}, since {stamp(lease.since)}; {alive}"), cells, "  ")
    lines += indent("A lease ends with its run: resume it, or stop it. Who is surely gone is taken over.", cells, "  ")
    return lines


class RunScreen(RecordedScreen):
    """One run."""

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id
        self.crumbs = ("workspaces", "runs", run_id)
        self._leases: list[Lease] = []
        self._host = ""

    def compose_body(self) -> ComposeResult:
        """Timeline or record."""
        with ContentSwitcher(initial="record"):
            yield RunPane(self.console.standing.now, ascii_only=self.ascii_only, id="timeline")
            yield TextPane(id="record")

    def on_mount(self) -> None:
        """Show what is known, then read the journal."""
        view = self.console.board.views.get(self.run_id)
        if view is not None and not view.over:
            self.run_changed(view)
            return
        self.query_one("#record", TextPane).focus()
        self.read_history()

    def on_screen_resume(self) -> None:
        """Read anew on the way back."""
        if self.history is not None and not self.at_work:
            self.read_history()

    @property
    def shows_run(self) -> bool:
        """The pane of the run is shown while it goes on."""
        return self.at_work

    def run_changed(self, view: RunView) -> None:
        """Follow the run."""
        if view.run != self.run_id:
            return
        if view.over:
            self.read_history()
            return
        pane = self.query_one(RunPane)
        self.query_one(ContentSwitcher).current = "timeline"
        pane.show(view)
        pane.table.focus()
        self.refresh_bindings()

    def history_came(self, history: RunHistory) -> None:
        """Show the record, then who holds what."""
        self.query_one(ContentSwitcher).current = "record"
        self.query_one("#record", TextPane).focus()
        self.crumbs = ("workspaces", clean(history.plan.name), history.plan.action.replace("-", " "), "run")
        self.banner.show(self.facts(), crumbs=self.crumbs, as_of=history.ended or history.started)
        self._draw(history)

        async def leases(connected: Connected) -> tuple[list[Lease], str]:
            return connected.journal.leases(run=self.run_id), connected.engine.operator.host

        self.ask("", leases, lambda found: self._leased(history, *found))

    def _leased(self, history: RunHistory, leases: list[Lease], host: str) -> None:
        self._leases, self._host = leases, host
        if leases:
            self._draw(history)

    def _draw(self, history: RunHistory) -> None:
        pane = self.query_one("#record", TextPane)
        pane.show(
            lambda cells: [
                *run_lines(history, cells, way=way_on(history, self.console.session), ascii_only=self.ascii_only),
                *lease_lines(self._leases, self._host, cells),
            ]
        )

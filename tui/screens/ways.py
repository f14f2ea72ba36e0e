"""Which screen each way leads to, in one place, so that no screen needs to know another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App

from tui.screens.key_calendar import KeyCalendarScreen
from tui.screens.run import RunScreen
from tui.screens.runs import RunsScreen
from tui.screens.walk import WalkScreen
from tui.screens.workspace import WorkspaceScreen

if TYPE_CHECKING:
    from actions.guard.history import RunHistory


class Ways(App[None]):
    """The App's part that opens screens."""

    def open_workspace(self, workspace: str, name: str) -> None:
        """Show one workspace."""
        self.push_screen(WorkspaceScreen(workspace, name))

    def start_walk(self, action: str, target: str, name: str) -> None:
        """Begin a guarded action at its first stage."""
        self.push_screen(WalkScreen(action, target, name))

    def resume_walk(self, history: RunHistory) -> None:
        """Look again for a halted run, and go on where it is approved."""
        plan = history.plan
        self.push_screen(WalkScreen(plan.action, plan.target, plan.name, resumed=history))

    def open_runs(self) -> None:
        """Show all runs."""
        self.push_screen(RunsScreen())

    def open_key_calendar(self) -> None:
        """Show the fleet's encryption keys by urgency."""
        self.push_screen(KeyCalendarScreen())

    def open_run(self, run_id: str) -> None:
        """Show one run."""
        self.push_screen(RunScreen(run_id))

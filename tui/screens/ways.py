"""Which screen each way leads to, in one place, so that no screen needs to know another.

A screen is imported when it is opened: the first frame waits for none of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.screen import Screen

from actions.registry import entry
from tui.habits import Habits
from tui.trail import Visit

if TYPE_CHECKING:
    from actions.guard.history import RunHistory


class Ways(Habits):
    """The App's part that opens screens."""

    def open_workspace(self, workspace: str, name: str) -> None:
        """Show one workspace."""
        visit = Visit(workspace, name)
        self.trail.visit(visit)
        self.go_to(visit)

    def go_to(self, visit: Visit) -> None:
        """Show a workspace in the place of another one, so that escape leads to where one came from."""
        from tui.screens.workspace import WorkspaceScreen

        if isinstance(self.screen, WorkspaceScreen):
            self.screen.dismiss()
        self.push_screen(WorkspaceScreen(visit.id, visit.name))

    def start_walk(self, action: str, workspace: str, name: str, subscription: str = "") -> None:
        """Begin a guarded action at its first stage; one of a whole subscription (by name) on the workspace's own."""
        from tui.screens.walk import WalkScreen

        target = workspace
        if entry(action).of_subscription:
            target = "/".join(workspace.split("/")[:3])
            name = subscription or target.rpartition("/")[2]
        self.push_screen(WalkScreen(action, target, name))

    def resume_walk(self, history: RunHistory) -> None:
        """Look again for a halted run, and go on where it is approved."""
        from tui.screens.walk import WalkScreen

        plan = history.plan
        self.push_screen(WalkScreen(plan.action, plan.target, plan.name, resumed=history))

    def hand_over(self, run_id: str) -> None:
        """Show what a run waits for a person to do."""
        from tui.screens.handover import HandOverScreen

        self.push_screen(HandOverScreen(run_id))

    def open_runs(self) -> None:
        """Show all runs."""
        from tui.screens.runs import RunsScreen

        self.push_screen(RunsScreen())

    def open_posture(self, workspace: str, name: str) -> None:
        """Show how one workspace is secured."""
        from tui.screens.posture import PostureScreen

        self.push_screen(PostureScreen(workspace, name))

    def open_activity(self, workspace: str, name: str) -> None:
        """Show what was done to one workspace."""
        from tui.screens.activity import ActivityScreen

        self.push_screen(ActivityScreen(workspace, name))

    def open_key_calendar(self) -> None:
        """Show the fleet's encryption keys by urgency."""
        from tui.screens.key_calendar import KeyCalendarScreen

        self.push_screen(KeyCalendarScreen())

    def open_run(self, run_id: str) -> None:
        """Show one run."""
        from tui.screens.run import RunScreen

        self.push_screen(RunScreen(run_id))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette finds beside Textual's own."""
        yield SystemCommand("Runs", "All runs of the journal", self.open_runs)
        yield SystemCommand("Encryption keys", "Whose key expires when", self.open_key_calendar)
        yield SystemCommand("Mode", "Look, dry-run or live", self.action_choose_mode)
        yield SystemCommand("Keys here", "The keys that work where the focus is", self.action_help)
        yield from super().get_system_commands(screen)

    def action_choose_mode(self) -> None:
        """Ask how far this session may go."""
        raise NotImplementedError

    def action_help(self) -> None:
        """Tell the keys that work where the focus is."""
        raise NotImplementedError

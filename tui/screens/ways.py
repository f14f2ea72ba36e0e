"""Which screen each way leads to, in one place, so that no screen needs to know another.

A screen is imported when it is opened: the first frame waits for none of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.screen import Screen

from tui.render import clean
from tui.screens.drilling import Drilling
from tui.trail import Visit

if TYPE_CHECKING:
    from actions.guard.history import RunHistory
    from tui.screens.walk import WalkScreen
    from tui.session import Connected


class Ways(Drilling):
    """The App's part that opens screens."""

    def start_over(self) -> None:
        """Read the fleet anew: the estate is another one."""
        from tui.screens.workspaces import WorkspacesScreen

        for screen in self.screen_stack:
            if isinstance(screen, WorkspacesScreen):
                screen.start_over()

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
        from actions.registry import entry
        from tui.screens.walk import WalkScreen

        target = workspace
        if entry(action).of_subscription:
            target = "/".join(workspace.split("/")[:3])
            name = subscription or target.rpartition("/")[2]
        self.push_screen(WalkScreen(action, target, name))

    def open_batch(self, action: str, marked: list[tuple[str, str, str]]) -> None:
        """Show whom an action would be done to, one after the other: ids, names and names of subscriptions."""
        from actions.registry import entry
        from tui.screens.batch import BatchScreen

        targets = [(workspace, name) for workspace, name, _ in marked]
        if entry(action).of_subscription:
            targets = [("/".join(workspace.split("/")[:3]), subscription) for workspace, _, subscription in marked]
        self.push_screen(BatchScreen(action, targets))

    def open_recorded_batch(self, batch: str) -> None:
        """Show a batch of the journal, to go on with it."""
        from tui.screens.batch import BatchScreen

        self.push_screen(BatchScreen(batch=batch))

    def open_walk(self, action: str, target: str, name: str, values: dict[str, Any]) -> WalkScreen:
        """Begin a guarded action with options that were chosen elsewhere, and give its screen."""
        from tui.screens.walk import WalkScreen

        walk = WalkScreen(action, target, name, values=values)
        self.push_screen(walk)
        return walk

    def resume_walk(self, history: RunHistory) -> WalkScreen:
        """Look again for a halted run, go on where it is approved, and give the screen."""
        from tui.screens.walk import WalkScreen

        plan = history.plan
        walk = WalkScreen(plan.action, plan.target, plan.name, resumed=history)
        self.push_screen(walk)
        return walk

    def hand_over(self, run_id: str) -> None:
        """Show what a run waits for a person to do."""
        from tui.screens.handover import HandOverScreen

        self.push_screen(HandOverScreen(run_id))

    def open_runbooks(self, target: str = "", name: str = "") -> None:
        """Show the runbooks; what is opened from there is followed on the target."""
        from tui.screens.runbooks import RunbooksScreen

        self.push_screen(RunbooksScreen(target, name))

    def open_runbook(self, book: str, target: str) -> None:
        """Show one runbook on a target; where none is known, ask for it first."""
        from tui.dialogs.ask import AskDialog
        from tui.runbook import Shelf
        from tui.screens.runbook import RunbookScreen

        path = Shelf(self.session.config.runbooks.folder).path(book)
        if path is None:
            self.remark(f"There is no runbook {clean(book)} on the shelf any more.")
        elif target:
            self.push_screen(RunbookScreen(path, target))
        else:
            hint = "a name, group/name, subscription/group/name or an id"
            self.push_screen(
                AskDialog("What is the runbook followed on?", "target", hint=hint),
                lambda named: self.open_runbook(book, named) if named else None,
            )

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
        """Show one run, or the record of a runbook that was followed."""
        from tui.runbook_journal import PREFIX
        from tui.screens.followed import FollowedScreen
        from tui.screens.run import RunScreen

        self.push_screen(FollowedScreen(run_id) if run_id.startswith(PREFIX) else RunScreen(run_id))

    def open_doctor(self) -> None:
        """Check that everything is in place, and show what was found."""
        from tui.commands.doctor import Check, check_lines, looked_at, sign_in
        from tui.dialogs.ask import BESIDE_TEXT, TextDialog

        async def look(connected: Connected) -> list[Check]:
            return [*looked_at(self.session), await sign_in(connected)]

        def show(found: list[Check]) -> None:
            screen.status.say()
            lines = check_lines(found, self.size.width - BESIDE_TEXT, ascii_only=screen.ascii_only)
            self.push_screen(TextDialog("Is everything in place?", lines))

        for screen in self.console_screens()[-1:]:
            screen.ask("checking", look, show)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What the palette finds. Of Textual's own only the themes: the others hide the banner, ask nothing before they quit,
        and write files that others can read."""
        yield SystemCommand("Runbooks", "To follow one, or to take up a half-done one", self.open_runbooks)
        yield SystemCommand("Runs", "All runs of the journal", self.open_runs)
        yield SystemCommand("Encryption keys", "Whose key expires when", self.open_key_calendar)
        if self.playing is not None:
            yield SystemCommand("Drill", "Its story, where its goal stands, and its end", self.action_story)
        elif self.can_rehearse:
            yield SystemCommand("Drills", "To play one by hand, on an estate of its own", self.open_drills)
            yield SystemCommand("Rehearsal controls", "Faults, clock, requests, outages, reset", self.action_controls)
        yield SystemCommand("Doctor", "Check installation, settings, journal and sign-in", self.open_doctor)
        yield SystemCommand("Mode", "Look, dry-run or live", self.action_choose_mode)
        yield SystemCommand("Keys here", "The keys that work where the focus is", self.action_help)
        if getattr(screen, "has_sheets", False):
            yield SystemCommand("Export", "A table of this screen, to a file", self.action_export_table)
        yield SystemCommand("Picture", "This screen as an SVG, to a file", self.action_picture)
        yield SystemCommand("Theme", "Other colours", self.action_change_theme)
        yield SystemCommand("Quit", "Leave; asks while a run is under way", self.action_leave)

    def action_suspend_process(self) -> None:
        """Leave for the shell until `fg`; not while a run is under way, which would stand still in the middle of a step."""
        if self.board.at_work():
            self.remark("Not suspended: the run under way would stand still. ctrl+q stops it between two steps.")
        else:
            super().action_suspend_process()

    def action_command_palette(self) -> None:
        """Show the palette."""
        from tui._palette import Palette

        if self.use_command_palette and not isinstance(self.screen, Palette):
            self.push_screen(Palette(id="--command-palette", placeholder="Search for commands ..."))

    def search_themes(self) -> None:
        """Show the palette of themes."""
        from textual.theme import ThemeProvider

        from tui._palette import Palette

        self.push_screen(Palette(providers=[ThemeProvider], placeholder="Search for themes ..."))

    def action_leave(self) -> None:
        """Leave; ask while a run is under way."""
        raise NotImplementedError

    def action_choose_mode(self) -> None:
        """Ask how far this session may go."""
        raise NotImplementedError

    def action_help(self) -> None:
        """Tell the keys that work where the focus is."""
        from tui.dialogs.ask import HelpDialog
        from tui.widgets.key_line import help_text

        self.push_screen(HelpDialog("Keys that work here", help_text(self.screen.active_bindings.values())))

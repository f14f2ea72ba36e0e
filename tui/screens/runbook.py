"""Following a runbook in the console: ticks, answers, checks, waits, and walks that open with everything filled in."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType

from actions.guard.model import RunState
from actions.registry import UnknownAction, entry
from tui.dialogs.ask import AskDialog, Pick, PickDialog
from tui.dialogs.failure import Failure
from tui.dialogs.hands import HeldWatch
from tui.dialogs.held import AnswerDialog
from tui.render import clean, duration, look
from tui.runbook import Bound, Runbook, Step, options_of
from tui.runbook_journal import Record, Sitting
from tui.runbook_steps import begun_run, check_outcome, holds, values_of, wait_until
from tui.screens.runbook_view import Kept, RunbookView
from tui.telling import short_name as called

if TYPE_CHECKING:
    from actions.cloud.data import ResourceId
    from actions.guard.contract import Inspection
    from actions.guard.history import RunHistory
    from tui.session import Connected
    from tui.widgets.run_view import RunView


class RunbookScreen(RunbookView):
    """A runbook followed: enter does the present step, whatever it is bound to."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go", "do this step", id="runbook.go"),
        Binding("s", "skip", "skip", id="runbook.skip"),
        Binding("n", "note", "note", id="runbook.note"),
        Binding("f5", "look_again", "refresh", id="refresh"),
    ]

    def __init__(self, path: Path, target: str) -> None:
        super().__init__(path, target)
        self._held = HeldWatch()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the present step allows."""
        step = self.present
        kind = step.bound.kind if step is not None and step.bound is not None else ""
        possible = {
            "go": step is not None and not self._asked,
            "skip": self._sitting is not None and kind in {"amlkeys", "wait"},
            "note": self._sitting is not None,
        }
        return possible.get(action, True)

    def admits(self, event: events.Key | events.Paste) -> bool:
        """Tell whether a key counts: one that is held down does one step, or skips one, and no more."""
        if isinstance(event, events.Paste):
            return True
        repeats = self._held.repeats(event.key, self.console.hands.pressed(event))
        bound = self.active_bindings.get(event.key)
        if not repeats or bound is None or bound.binding.action not in {"go", "skip"}:
            return True
        self.status.say(f"{event.key} is held down: it counts once. Let go, then press it for this step.")
        return False

    def action_go(self) -> None:
        """Do the present step; the first one begins the record."""
        book = self._book
        if book is None or not self._read_file() or self._book is None:
            return
        fresh, sitting = self._book, self._sitting
        if sitting is None:
            self._begin(fresh)
        elif fresh.digest != sitting.digest:
            self._changed(fresh, sitting)
        else:
            self._do()

    def _begin(self, book: Runbook) -> None:
        """Begin the record, then do the first step."""
        target = self._target

        async def begin(connected: Connected) -> Kept:
            now = connected.cloud.now()
            return Record(connected.journal, connected.engine.operator).begin(book, target, now), now

        def begun(kept: Kept) -> None:
            self._written(kept)
            self._do()

        self.ask("beginning the record", begin, begun)

    def _changed(self, fresh: Runbook, sitting: Sitting) -> None:
        """The file is another than at the beginning: ask before going on."""
        if fresh.step(sitting.step) is None:
            advice = "Open it again and begin anew."
            self.show_failure(Failure(f"The changed file has no step {sitting.step}.", "Nothing was done.", advice))
            return
        picks = [
            Pick("no", "not yet", "look at the new file first; nothing is recorded"),
            Pick("yes", "go on with the new file", "recorded with both fingerprints"),
        ]

        def chosen(pick: str | None) -> None:
            self._draw(follow=False)
            if pick == "yes":
                self._write(lambda record, now: record.changed(sitting, fresh, sitting.step, now))

        self.app.push_screen(PickDialog("The runbook's file was changed since this was begun", picks, "no"), chosen)

    def _do(self) -> None:
        """Do the present step, by what it is bound to."""
        step = self.present
        if step is None:
            return
        self.table.move_to(str(step.number))
        bound = step.bound
        if bound is None:
            self._behind(step, "ticked")
        elif bound.kind == "ask":
            self._question(step, bound)
        elif bound.kind == "wait":
            self._await(step, bound)
        elif not _has(bound):
            self._behind(step, "done by hand")
        elif bound.kind == "expect":
            self._check(step, bound)
        else:
            self._act_on(step, bound)

    def _question(self, step: Step, bound: Bound) -> None:
        """Ask the operator."""
        places = {choice.text: choice.to for choice in bound.choices}

        def answered(text: str | None) -> None:
            if text:
                self._behind(step, text, places.get(text, 0), **{bound.name: text})

        if places:
            picks = [Pick(text, clean(text)) for text in places]
            self.app.push_screen(AnswerDialog(clean(step.title), picks, self._held, self.console.hands), answered)
        else:
            self.app.push_screen(AskDialog(clean(step.title), bound.name), answered)

    def _await(self, step: Step, bound: Bound) -> None:
        """Go on when the time is over; `s` goes on early."""

        def looked(now: datetime) -> None:
            self._now = now
            sitting = self._sitting
            left = (wait_until(sitting, bound) - now).total_seconds() if sitting is not None else 0.0
            if left > 0:
                self.status.say(f"{duration(left)} left; enter looks again, s goes on early")
                self._tell()
            else:
                self._behind(step, f"waited {duration(bound.seconds)}")

        self.ask("looking at the time", _time, looked)

    def _check(self, step: Step, bound: Bound) -> None:
        """Look, and judge what was found."""
        action, target = bound.name, self._target

        async def look_at_it(connected: Connected) -> Inspection:
            return await connected.engine.inspect(action, await self._find(connected, action, target), {})

        def looked(inspection: Inspection) -> None:
            self._seen = (action, inspection)
            self.banner.show(self.facts(), as_of=inspection.as_of)
            found = holds(inspection, *bound.words)
            self._behind(step, check_outcome(bound, found), 0 if found else bound.otherwise)

        self.ask(f"looking: {action} of {called(target)}", look_at_it, looked)

    async def _find(self, connected: Connected, action: str, target: str) -> ResourceId:
        """The resource that an action needs; of a workspace's id, its subscription where it is done to that."""
        from tui.commands.targets import find

        known = entry(action)
        if known.of_subscription and target.startswith("/"):
            target = "/".join(target.split("/")[:3])
        return await find(connected, target, known.target_kind, self.console.session.settings.subscription)

    def _act_on(self, step: Step, bound: Bound) -> None:
        """Open the walk with everything filled in, or take up the run that this step began."""
        sitting, action, target = self._sitting, bound.name, self._target
        begun = begun_run(sitting, step) if sitting is not None else ""
        if begun:
            self._take_up(begun)
            return
        try:
            values = options_of(bound, values_of(sitting, target))
        except ValueError as error:
            self.show_failure(Failure(f"Step {step.number}: {error}.", "Nothing was done.", "Mend the runbook."))
            return

        async def find_it(connected: Connected) -> str:
            return (await self._find(connected, action, target)).text

        def found(resource: str) -> None:
            self.status.say()
            self._walk = self.console.open_walk(action, resource, called(resource), values)

        self.ask("finding the target", find_it, found)

    def _take_up(self, run: str) -> None:
        async def history(connected: Connected) -> RunHistory:
            return connected.journal.run(run)

        def came(found: RunHistory) -> None:
            self.status.say()
            if found.state is RunState.DONE:
                self._ended(found)
            else:
                self._walk = self.console.resume_walk(found)

        self.ask("reading the journal", history, came)

    def on_screen_resume(self) -> None:
        """Back from a walk: record how its run came out."""
        walk, self._walk = self._walk, None
        if walk is not None and walk.run_id:
            self._run = walk.run_id
            self._look_at_run()

    def run_changed(self, view: RunView) -> None:
        """A run that was begun here went on without its walk."""
        if view.run == self._run and view.over:
            self._look_at_run()

    def _look_at_run(self) -> None:
        view = self.console.board.views.get(self._run)
        if view is not None and not view.over:
            self.status.say(f"Run {self._run} goes on; its end is recorded here.")
            return
        run, self._run = self._run, ""

        async def history(connected: Connected) -> RunHistory:
            return connected.journal.run(run)

        if run:
            self.ask("reading the journal", history, self._ended)

    def _ended(self, run: RunHistory) -> None:
        """Record a bound action's run; one that is not done leaves the step where it is."""
        step = self.present
        if step is None or self._sitting is None:
            return
        if run.state is RunState.DONE:
            self._behind(step, f"done: {clean(run.plan.body.summary)}", run=run.id)
        else:
            self._behind(step, f"{look(run.state).word}: run {run.id} is not done", step.number, run=run.id)

    def action_skip(self) -> None:
        """Leave a bound action out, or a wait before its end; both are recorded as that."""
        step = self.present
        if step is None or step.bound is None or self._sitting is None:
            return
        if step.bound.kind == "wait" and self._now is not None:
            left = (wait_until(self._sitting, step.bound) - self._now).total_seconds()
            self._behind(step, f"went on {duration(max(left, 0.0))} early")
        else:
            self._behind(step, "skipped")

    def action_note(self) -> None:
        """Leave a note for whoever goes on."""
        sitting = self._sitting

        def noted(text: str | None) -> None:
            if text and sitting is not None:
                self._write(lambda record, now: record.note(sitting, text, now))

        self.app.push_screen(AskDialog("A note for the next shift", "note"), noted)

    def action_look_again(self) -> None:
        """Read the file and the record anew."""
        sitting = self._sitting
        if not self._read_file():
            return
        if sitting is None:
            self._draw()
        else:
            self._write(lambda record, _now: record.one(sitting.id))

    def action_back(self) -> None:
        """Leave it; what is open is left for the next shift, and says so in the journal."""
        sitting = self._sitting
        if sitting is None or sitting.state != "open":
            self.dismiss()
            return

        async def pause(connected: Connected) -> None:
            Record(connected.journal, connected.engine.operator).pause(sitting, connected.cloud.now())

        def left(_none: None) -> None:
            self.dismiss()

        self.ask("leaving it for the next shift", pause, left)


def _has(bound: Bound) -> bool:
    """Whether this installation has the action that a step names."""
    try:
        entry(bound.name)
    except UnknownAction:
        return False
    return True


async def _time(connected: Connected) -> datetime:
    """The cloud's time."""
    return connected.cloud.now()

"""A runbook followed on lines: each step told, ticked, answered, checked, waited for or carried out, and recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from actions.guard.model import RunState
from tui.commands.failures import USAGE, CommandError
from tui.plain import Ask, Leave, Walk
from tui.render import clean, drawn, duration, indent, stamp
from tui.runbook import Bound, Runbook, RunbookError, Step, filled, options_of, read
from tui.runbook_journal import Record, Sitting
from tui.runbook_steps import begun_run, check_outcome, holds, step_text, values_of, wait_until

if TYPE_CHECKING:
    from actions.guard.contract import Inspection
    from actions.guard.results import RunResult
    from tui.commands.output import Output
    from tui.session import Connected, Session

KEYS = "enter: done, n TEXT: leave a note, q: leave it for the next shift"
_STOPPED = -1


def ask_line(text: str) -> str:
    """Ask on standard error, so that results stay alone on standard output."""
    import sys

    sys.stderr.write(text)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")


class Following(Walk):
    """One sitting with a runbook; a bound action is planned, confirmed by typing and run as in the plain walk."""

    def __init__(self, session: Session, out: Output, path: Path, target: str, ask: Ask = ask_line) -> None:
        super().__init__(session, out, ask)
        self._path, self._target = path, target
        self._book = self._read()
        self._record = Record(session.journal, session.engine.operator)

    def _read(self) -> Runbook:
        try:
            return read(self._path)
        except OSError as error:
            raise CommandError(
                f"{self._path} cannot be read: {error.strerror}.", exit_code=USAGE, kind="runbook"
            ) from None
        except RunbookError as error:
            raise CommandError(f"{error}.", exit_code=USAGE, kind="runbook") from None

    def follow(self, *, anew: bool) -> bool:
        """Go from the first open step to the end; False where it is left half done."""
        self._session.run(_signed_in)
        self._out.banner(self._session)
        sitting = None if anew else self._record.half_done(self._book.name, self._target)
        try:
            if sitting is None:
                sitting = self._record.begin(self._book, self._target, self._now())
                self._tell(f"{self._book.head.title}. Recorded as {sitting.id}.")
            else:
                self._tell_past(sitting)
            while sitting.state == "open" or self._reopened(sitting):
                sitting = self._same_file(sitting)
                step = self._book.step(sitting.step)
                if step is None:
                    raise Leave
                sitting = self._one(sitting, step)
                if sitting.state != "open":
                    break
        except (Leave, EOFError, KeyboardInterrupt):
            if sitting is not None:
                self._record.pause(self._record.one(sitting.id), self._now())
                self._tell("It is left here; the same command takes it up again.")
            return False
        self._tell(
            "The runbook is done." if sitting.state == "done" else "Stop here, as the runbook says; call whom it names."
        )
        return sitting.state == "done"

    def _reopened(self, sitting: Sitting) -> bool:
        """A sitting that was left goes on at its step."""
        return sitting.state == "stopped"

    def _now(self) -> datetime:
        return self._session.run(_time)

    def _tell(self, text: str) -> None:
        for line in indent(drawn(clean(text), ascii_only=self._out.ascii_only), self._out.margin, ""):
            self._out.progress(line)

    def _tell_past(self, sitting: Sitting) -> None:
        """What the shift before did and noted."""
        self._tell(f"Taking up {sitting.id}, begun {stamp(sitting.started)} by {sitting.by}.")
        for done in sitting.done:
            self._tell(f"  {stamp(done.at)} step {done.number}: {done.outcome} ({done.by})")
        for note in sitting.notes:
            self._tell(f"  {stamp(note.at)} note at step {note.step} by {note.by}: {note.text}")

    def _same_file(self, sitting: Sitting) -> Sitting:
        """Read the file again; where it changed meanwhile, ask before going on."""
        self._book = self._read()
        if self._book.digest == sitting.digest:
            return sitting
        self._tell("The runbook's file was changed since this was begun.")
        if self._question("Type yes to go on with the new file, anything else leaves:") != "yes":
            raise Leave
        if self._book.step(sitting.step) is None:
            self._tell(f"The new file has no step {sitting.step}: begin it anew with --anew.")
            raise Leave
        return self._record.changed(sitting, self._book, sitting.step, self._now())

    def _one(self, sitting: Sitting, step: Step) -> Sitting:
        """Tell a step and see it through."""
        self._tell("")
        for line in step_text(step, values_of(sitting, self._target)):
            self._tell(line)
        handlers: dict[str, Callable[[Sitting, Step, Bound], Sitting]] = {
            "amlkeys": self._act_on, "expect": self._check, "ask": self._answer, "wait": self._await,
        }  # fmt: skip
        if step.bound is not None:
            return handlers[step.bound.kind](sitting, step, step.bound)
        sitting, _ = self._word(sitting, f"[{KEYS}]")
        return self._behind(sitting, step, "ticked", 0)

    def _behind(self, sitting: Sitting, step: Step, outcome: str, to: int, run: str = "", **values: str) -> Sitting:
        """Record a step and where it leads."""
        more = {"run": run} if run else {}
        place = to or self._book.after(step.number)
        return self._record.step(sitting, step.number, outcome, place, self._now(), values=values, **more)

    def _word(self, sitting: Sitting, question: str) -> tuple[Sitting, str]:
        """Ask; notes are recorded, and the question asked again."""
        while True:
            answer = self._question(question)
            if not answer.startswith("n "):
                return sitting, answer
            sitting = self._record.note(sitting, answer[2:].strip(), self._now())
            self._tell("Noted.")

    def _answer(self, sitting: Sitting, step: Step, bound: Bound) -> Sitting:
        """A question for the operator."""
        texts = [choice.text for choice in bound.choices]
        hint = f" ({' | '.join(texts)})" if texts else ""
        while True:
            sitting, answer = self._word(sitting, f"{bound.name}{hint}:")
            chosen = next((choice for choice in bound.choices if choice.text == answer), None)
            if chosen is not None or (answer and not texts):
                return self._behind(sitting, step, answer, chosen.to if chosen else 0, **{bound.name: answer})
            self._tell("That is none of the answers." if texts else "An answer is needed.")

    def _check(self, sitting: Sitting, step: Step, bound: Bound) -> Sitting:
        """A check against what is there now."""
        if not self._has(bound):
            sitting, answer = self._word(sitting, f"Does `{bound.text}` hold? (yes | no)")
            found = answer == "yes"
        else:
            found = holds(self._inspect(bound.name), *bound.words)
        outcome = check_outcome(bound, found)
        self._tell(outcome)
        return self._behind(sitting, step, outcome, 0 if found else bound.otherwise)

    def _has(self, bound: Bound) -> bool:
        """Whether this installation has the action; where not, that is told."""
        from actions.registry import entries

        if any(each.name == bound.name for each in entries()):
            return True
        self._tell(f"This installation has no action {bound.name}: do it by hand, as the step says.")
        return False

    def _inspect(self, action: str) -> Inspection:
        self._tell(f"Looking: {action} of {self._target}.")

        async def look(connected: Connected) -> Inspection:
            from actions.registry import entry
            from tui.commands.targets import find

            kinds = entry(action).target_kind
            found = await find(connected, self._target, kinds, self._session.settings.subscription)
            return await connected.engine.inspect(action, found, {})

        inspection = self._session.run(look)
        from tui.telling import finding_lines

        for line in finding_lines(inspection.findings, self._out.margin, ascii_only=self._out.ascii_only):
            self._out.progress(line)
        return inspection

    def _act_on(self, sitting: Sitting, step: Step, bound: Bound) -> Sitting:
        """A guarded action, with everything filled in."""
        values = values_of(sitting, self._target)
        if not self._has(bound):
            sitting, _ = self._word(sitting, f"[{KEYS}]")
            return self._behind(sitting, step, "done by hand", 0)
        begun = self._halted(sitting, step)
        way = (
            f"enter: go on with run {begun}, which says that the person it waits for is done"
            if begun
            else "enter: plan it"
        )
        sitting, answer = self._word(sitting, f"{filled(bound.text, values)} [{way}, s: skip it, n TEXT, q]")
        if answer == "s":
            return self._behind(sitting, step, "skipped", 0)
        result = self._go_on(begun) if begun else self._begin(step, bound, values)
        if result is not None and result.state is RunState.DONE:
            return self._behind(sitting, step, f"done: {result.sentence}", 0, run=result.run)
        if result is not None and result.run:
            self._behind(sitting, step, f"{result.state}: {result.sentence}", step.number, run=result.run)
            if result.state is RunState.WAITING:
                raise Leave
            return self._record.one(sitting.id)
        self._tell("This step is not done: it is asked for again.")
        return sitting

    def _begin(self, step: Step, bound: Bound, values: dict[str, str]) -> RunResult | None:
        """Plan the bound action and run it."""
        try:
            options = options_of(bound, values)
        except ValueError as error:
            raise CommandError(f"Step {step.number}: {error}.", exit_code=USAGE, kind="runbook") from None
        return self.carry_out(self._find(bound.name), bound.name, options)

    def _halted(self, sitting: Sitting, step: Step) -> str:
        """The run that this step began and that is not done; empty when there is none."""
        run = begun_run(sitting, step)
        return run if run and self._session.journal.run(run).state is not RunState.DONE else ""

    def _go_on(self, run: str) -> RunResult | None:
        """Take a halted run up."""
        mode = self._session.journal.run(run).mode
        if self._session.engine.arming.mode() is not mode:
            if self._question(f"It is a {mode} run. Type {mode} to arm, enter goes back:") != mode:
                return None
            self._arm(mode)
        settings = self._session.settings
        return self._attend(
            lambda connected: connected.engine.resume(run, wait=settings.wait, try_anyway=settings.try_anyway)
        )

    def _find(self, action: str) -> str:
        async def find_it(connected: Connected) -> str:
            from actions.registry import entry
            from tui.commands.targets import find

            kinds = entry(action).target_kind
            return (await find(connected, self._target, kinds, self._session.settings.subscription)).text

        return self._session.run(find_it)

    def _await(self, sitting: Sitting, step: Step, bound: Bound) -> Sitting:
        """A wait: over when its time since the step before is, by the cloud's clock, or when the operator says so."""
        left = (wait_until(sitting, bound) - self._now()).total_seconds()
        outcome = f"waited {duration(bound.seconds)}"
        if left > 0:
            sitting, answer = self._word(
                sitting, f"{duration(left)} left. [enter: look again, s: go on early, n TEXT, q]"
            )
            if answer != "s":
                return sitting
            outcome = f"went on {duration(left)} early"
        return self._behind(sitting, step, outcome, 0)


async def _signed_in(_connected: Connected) -> None:
    """Do nothing but sign in."""


async def _time(connected: Connected) -> datetime:
    """The cloud's time."""
    return connected.cloud.now()

"""One action on several targets from the command line: the canary first, each with its own plan and confirmation."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from actions.guard.model import Mode, Outcome
from actions.guard.results import EXIT_DONE
from tui.batch import BLOCKED, LEFT_OUT, NOTHING, Order, account, order
from tui.batch_journal import Batch, BatchRecord, Seen, unbegun
from tui.commands.acting import Wish, attended, insist_mode, planned_for, show_plan
from tui.commands.attending import Attendance, begin, finish, opened
from tui.commands.failures import BLOCKED as EXIT_BLOCKED
from tui.commands.failures import STOPPED, USAGE, CommandError, failure_of
from tui.commands.targets import find
from tui.render import Column, clean, look, table
from tui.settings import place_words

if TYPE_CHECKING:
    from actions.guard.history import RunSummary
    from actions.guard.model import Plan
    from actions.guard.results import RunResult
    from tui.batch import Standing
    from tui.commands.output import Output
    from tui.session import Connected, Session

COLUMNS = (
    Column("#", 2, right=True),
    Column("target", 12),
    Column("env", 4),
    Column("account", 8),
    Column("state", 10),
)


class Answer(NamedTuple):
    """One confirmation that was given beforehand."""

    name: str
    slot: str


def paired(confirms: Sequence[str], slots: Sequence[str]) -> list[Answer]:
    """Put names and slots together: one slot serves all names, else each has its own."""
    if len(slots) > 1 and len(slots) != len(confirms):
        sentence = f"{len(slots)} --slot for {len(confirms)} --confirm: give one for all, or one for each."
        raise CommandError(sentence, exit_code=USAGE, kind="usage")
    every = [*slots] if len(slots) > 1 else [slots[0] if slots else ""] * len(confirms)
    return [Answer(name, slot) for name, slot in zip(confirms, every, strict=True)]


def run_several(
    context: click.Context, wish: Wish, targets: Sequence[str], confirms: Sequence[str], slots: Sequence[str]
) -> int:
    """Begin a batch and go through it; the first target that is no production is the canary."""
    from actions.registry import entry
    from tui.batch_reading import candidates

    answers = paired(confirms, slots)

    async def gathered(connected: Connected) -> Order:
        known, where = entry(wish.action.name), connected.session.settings.subscription
        found = [(await find(connected, target, known.target_kind, where)).text for target in targets]
        named = [(target, target.rpartition("/")[2]) for target in found]
        return order(await candidates(connected, named), serves_all=known.serves_all)

    with opened(context) as (session, out):
        begin(session, out, wish.action)
        wanted = session.run(gathered)
        if not wanted.members:
            sentence = f"There is nobody to act on: {wanted.dropped[0].name}: {wanted.dropped[0].reason}."
            raise CommandError(sentence, exit_code=EXIT_BLOCKED, kind="batch")
        return Going(session, out, wish, wanted, answers).go()


def resume_batch(context: click.Context, batch: str, confirms: Sequence[str], slots: Sequence[str]) -> int:
    """Go on with a batch where it stands; a run of it that halted is resumed by itself first."""
    from actions.registry import entry

    answers = paired(confirms, slots)
    with opened(context) as (session, out):
        insist_mode(context)
        found = session.run(lambda connected: _record(connected, batch))
        out.banner(session)
        wish = Wish(entry(found.action).load(), "", dict(found.options), dict(found.decided))
        return Going(session, out, wish, Order(found.members, found.dropped), answers, found).go()


async def _record(connected: Connected, batch: str) -> Batch:
    return BatchRecord(connected.journal).one(batch)


class Going:
    """One batch in this process: offers each member in turn, stops at the first that is not behind, and tells."""

    last = True
    """Whether the process ends with it."""

    def __init__(
        self,
        session: Session,
        out: Output,
        wish: Wish,
        wanted: Order,
        answers: list[Answer],
        batch: Batch | None = None,
    ) -> None:
        self._session, self._out, self._wish, self._wanted = session, out, wish, wanted
        self._answers, self._batch = answers, batch
        self._results: list[dict[str, Any]] = []
        self._mode = session.settings.mode

    @property
    def _records(self) -> BatchRecord:
        return BatchRecord(self._session.journal)

    def _seen(self) -> Seen:
        """The batch as it stands; before its first run it is only a list."""
        if self._batch is None:
            empty = unbegun(self._wish.action.name, self._wanted, self._mode)
            return self._records.seen(empty, self._mode, ())
        return self._records.seen(self._batch, self._mode)

    def _begun(self) -> Batch:
        """Make the list durable before anything of it happens."""
        if self._batch is None:
            now, wish = self._session.run(_now), self._wish
            self._batch = self._records.begin(
                wish.action.name, self._wanted, self._mode, now, wish.options, wish.decided
            )
            self._out.progress(f"Batch {self._batch.id}.")
        return self._batch

    def go(self) -> int:
        """Go through the members until one is not done, and return the exit code."""
        self._tell_list()
        self._insist_answers()
        code = EXIT_DONE
        while code == EXIT_DONE:
            where = self._seen().position
            if where.at is None:
                break
            if not where.at.to_begin:
                self._out.progress(f"{where.at.member.name} is {look(where.at.state).word}: it is resumed by itself.")
                code = STOPPED
                break
            try:
                code = self._offer(where.at)
            except (Exception, KeyboardInterrupt) as error:
                if self._batch is None:
                    raise
                found = failure_of(error)
                code = STOPPED if isinstance(error, KeyboardInterrupt) else found.exit
                told = "Interrupted between two runs." if isinstance(error, KeyboardInterrupt) else found.sentence
                self._out.progress(f"amlkeys: {told}")
        return self._end(code)

    def _offer(self, at: Standing) -> int:
        """Plan for one member, and run it where its own confirmation was given."""
        member = at.member
        if not self._out.json:
            targets = [each.member.target for each in self._seen().standings]
            place = f"{targets.index(member.target) + 1} of {len(targets)}"
            self._out.progress(f"== {place}: {clean(member.name)} ==")
        wish = self._wish._replace(target=member.target)
        planned = self._session.run(lambda connected: planned_for(connected, wish, ""))
        plan, body = planned.plan, planned.plan.body
        if body.outcome is Outcome.NO_CHANGES:
            self._turn(member.target, NOTHING, body.summary)
            return EXIT_DONE
        show_plan(self._session, self._out, plan, planned)
        if body.outcome is not Outcome.READY:
            sentence = body.told
            if self._batch is not None:
                self._turn(member.target, BLOCKED, sentence)
            raise CommandError(sentence, exit_code=EXIT_BLOCKED, kind="not-ready")
        answer = self._answer(plan)
        watch = Attendance(self._session, self._out, last=self.last)
        name, slot = (answer.name, answer.slot) if answer else (None, "")
        result = attended(self._session, watch, plan, name, slot, begin=lambda: self._next(member.target))
        self._note(result, watch)
        return result.exit

    def _next(self, target: str) -> str:
        """Give the batch's id for a run that begins, after a last look that it is its turn."""
        batch = self._begun()
        self._records.insist_next(batch, target, self._mode)
        return batch.id

    def _turn(self, target: str, outcome: str, sentence: str) -> None:
        self._batch = self._records.turn(self._begun(), target, outcome, sentence, self._session.run(_now))

    def _note(self, result: RunResult, watch: Attendance) -> None:
        """Tell the end of one run; programs get all of them with the batch."""
        self._results.append(msgspec.to_builtins(result))
        if not self._out.json:
            finish(self._out, result, watch.paused)

    def _answer(self, plan: Plan) -> Answer | None:
        """Take the confirmation that names this plan; none serves two."""
        from actions.guard.confirm import required

        wanted = required(plan).name or plan.name
        found = next((answer for answer in self._answers if answer.name == wanted), None)
        if found is not None:
            self._answers.remove(found)
        return found

    def _insist_answers(self) -> None:
        """Refuse before anything is begun where there are fewer confirmations than plans to confirm."""
        need = sum(each.to_begin for each in self._seen().standings)
        if self._mode is Mode.LIVE and len(self._answers) < need:
            sentence = (
                f"{need} plans need a --confirm each, and {len(self._answers)} were given. "
                "`amlkeys plan` for each target ends with what confirms it."
            )
            raise CommandError(sentence, exit_code=EXIT_BLOCKED, kind="confirmation")

    def _tell_list(self) -> None:
        """Say up front in which order they are offered, and who is left out."""
        if self._out.json:
            return
        for line in batch_lines(self._seen(), self._out.margin, ascii_only=self._out.ascii_only):
            self._out.progress(line)

    def _end(self, code: int) -> int:
        """Tell what was done, what was not begun, and how to go on."""
        seen = self._seen()
        if self._out.json:
            self._out.document("batch", {"batch": batch_document(seen), "exit": code, "results": self._results})
            return code
        lines = ["", *account(seen.standings, seen.batch.dropped)]
        self._out.result([clean(line) for line in (*lines, *go_on(seen, place_words(self._out.settings)))])
        return code


async def _now(connected: Connected) -> datetime:
    return connected.cloud.now()


def go_on(seen: Seen, place: Sequence[str]) -> list[str]:
    """The commands that take a batch further; none once it is done."""
    where = seen.position
    if where.at is None or not seen.batch.id:
        return []
    flags = shlex.join([*place, f"--{seen.mode}"])
    lines = [] if where.at.to_begin else [f"first:   amlkeys resume {where.at.run} {flags}"]
    ask = " --confirm NAME ..." if seen.mode is Mode.LIVE else ""
    return [*lines, f"go on:   amlkeys resume {seen.batch.id} {flags}{ask}"]


def batch_lines(seen: Seen, cells: int, *, ascii_only: bool = False) -> list[str]:
    """A batch as a table: its members in their order, then who was left out."""
    rows = [
        (str(number), clean(each.member.name), each.member.environment, each.member.account, told_state(each))
        for number, each in enumerate(seen.standings, 1)
    ]
    lines = table(COLUMNS, rows, cells, states=[each.state for each in seen.standings], ascii_only=ascii_only)
    return lines + [clean(f"Left out: {each.name}: {each.reason}.") for each in seen.batch.dropped]


def told_state(found: Standing) -> str:
    """A member's state in words."""
    words = {"pending": "not begun", LEFT_OUT: "left out", NOTHING: "nothing to do"}
    return f"{words.get(found.state, look(found.state).word)}{f', run {found.run}' if found.run else ''}"


def batch_document(seen: Seen) -> dict[str, Any]:
    """A batch for programs."""
    batch, where = seen.batch, seen.position
    members = [
        {**msgspec.to_builtins(each.member), "state": each.state, "sentence": each.sentence, "run": each.run}
        for each in seen.standings
    ]
    told = {"id": batch.id, "action": batch.action, "started": batch.started, "by": batch.by, "state": where.state}
    return {**told, "sentence": seen.sentence, "members": members, "dropped": msgspec.to_builtins(batch.dropped)}


def tell_batch(context: click.Context, batch: str) -> int:
    """Tell one batch: what of it was done."""
    with opened(context) as (session, out):
        records = BatchRecord(session.journal)
        seen = records.seen(records.one(batch), session.settings.mode)
        if out.json:
            out.document("batch", {"batch": batch_document(seen)})
            return EXIT_DONE
        lines = batch_lines(seen, out.cells, ascii_only=out.ascii_only)
        told = [f"{seen.batch.action}, begun by {seen.batch.by} at {seen.batch.started}", "", *lines, ""]
        told += [clean(line) for line in account(seen.standings, ())]
        out.result([*told, *go_on(seen, place_words(out.settings))])
    return EXIT_DONE


def seen_batches(session: Session, runs: Sequence[RunSummary]) -> list[Seen]:
    """Every batch of the journal as it stands, newest first."""
    records = BatchRecord(session.journal)
    return [records.seen(each, session.settings.mode, runs) for each in records.all()]


def batches_lines(found: Sequence[Seen], cells: int, *, ascii_only: bool = False) -> list[str]:
    """List batches below the runs; nothing where there are none."""
    if not found:
        return []
    rows = [
        (seen.batch.id, seen.batch.action, seen.mode, f"{sum(each.behind for each in seen.standings)} of "
        f"{len(seen.standings)} behind", look(seen.position.state).word, seen.batch.by)
        for seen in found
    ]  # fmt: skip
    states = [seen.position.state for seen in found]
    columns = [Column(title, 4) for title in ("batch", "action", "mode", "targets", "state", "by")]
    return ["", *table(columns, rows, cells, states=states, ascii_only=ascii_only)]

"""One action on several targets: the list in its order, the canary first, each with its own walk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from actions.guard.model import Outcome
from actions.guard.text import many
from actions.registry import entry
from tui.batch import (
    BLOCKED,
    LEFT_OUT,
    NOTHING,
    PENDING,
    Candidate,
    Order,
    Standing,
    Turn,
    account,
    canary,
    not_first,
    order,
)
from tui.batch_journal import Batch, BatchRecord, Seen, unbegun
from tui.render import clean, indent, look, stamp
from tui.screens.base import ConsoleScreen
from tui.screens.walk import WalkScreen
from tui.settings import place_words
from tui.widgets.rows import TableRow
from tui.widgets.text_pane import TextPane
from tui.widgets.virtual_table import TableColumn, VirtualTable

if TYPE_CHECKING:
    from actions.guard.results import Planned
    from tui.screens.options_form import Values
    from tui.session import Connected
    from tui.widgets.run_view import RunView

_WORDS = {PENDING: "not begun", NOTHING: "nothing to do", LEFT_OUT: "left out"}
Begin = Callable[["Connected", "Values"], str]


class BatchWalk(WalkScreen):
    """The walk of one member; its run names the batch, which `begin` makes sure of right before it."""

    def __init__(self, action: str, target: str, name: str, values: Values, begin: Begin) -> None:
        super().__init__(action, target, name, values=values)
        self._begin = begin

    @property
    def planned(self) -> Planned | None:
        """The plan that was made last."""
        return self._planned

    @property
    def values(self) -> Values:
        """The options as they were chosen."""
        return dict(self._values)

    def batch_of(self, connected: Connected) -> str:
        """The batch, in the journal from now on, where it is this one's turn."""
        return self._begin(connected, self.values)


class BatchScreen(ConsoleScreen[None]):
    """Whom an action is done to, one after the other; opened with targets (ids and names) or with a recorded batch."""

    DEFAULT_CSS = "BatchScreen > TextPane { height: 11; border-top: solid $panel; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go", "go on with the next", id="batch.go"),
        Binding("f", "first", "make it the first", id="batch.first"),
        Binding("d", "leave_out", "leave it out", id="batch.leave-out"),
        Binding("o", "open_run", "open its run", id="batch.run"),
        Binding("f5", "look_again", "refresh", id="refresh"),
    ]
    crumbs = ("workspaces", "batch")

    def __init__(self, action: str = "", targets: Sequence[tuple[str, str]] = (), *, batch: str = "") -> None:
        super().__init__()
        self._action, self._targets, self._recorded = action, tuple(targets), batch
        self._candidates: list[Candidate] = []
        self._first = ""
        self._turns: tuple[Turn, ...] = ()
        self._batch: Batch | None = None
        self._seen: Seen | None = None
        self._values: Values = {}

    def compose_body(self) -> ComposeResult:
        """The list, and what is to be said of it."""
        yield VirtualTable(
            (
                TableColumn("turn", 8),
                TableColumn("target", 14),
                TableColumn("env", 3),
                TableColumn("account", 10),
                TableColumn("state", 13),
                TableColumn("what came of it", 10, from_width=100),
                TableColumn("run", 20, from_width=110),
            ),
            placeholder="looking at each of them ...",
            ascii_only=self.ascii_only,
            opens=False,
            id="batch",
        )
        yield TextPane(id="account")

    @property
    def table(self) -> VirtualTable:
        """The list."""
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        """Look the targets up, or the batch."""
        self.table.focus()
        if self._recorded:
            self.action_look_again()
            return
        targets = self._targets

        async def read(connected: Connected) -> list[Candidate]:
            from tui.batch_reading import candidates

            return await candidates(connected, targets)

        self.ask(f"reading the storage accounts of {len(targets)} workspaces", read, self._found)

    def _found(self, candidates: list[Candidate]) -> None:
        self._candidates = candidates
        self.action_look_again()

    def on_screen_resume(self) -> None:
        """Look anew on the way back from a walk or a run."""
        super().on_screen_resume()
        if self._seen is not None:
            self.action_look_again()

    def run_changed(self, view: RunView) -> None:
        """A run of this console came to its end: it may be one of these."""
        if view.over and self._seen is not None:
            self.action_look_again()

    # What is shown

    @property
    def _order(self) -> Order:
        if self._batch is not None:
            return Order(self._batch.members, self._batch.dropped)
        return order(self._candidates, self._first, serves_all=entry(self._action).serves_all)

    def action_look_again(self) -> None:
        """Read the journal."""
        if not (self._recorded or self._candidates):
            return
        batch, mode, wanted = self._recorded, self.console.standing.mode, self._order if not self._recorded else None
        action, turns = self._action, self._turns

        async def read(connected: Connected) -> Seen:
            records = BatchRecord(connected.journal)
            if wanted is not None:
                return records.seen(unbegun(action, wanted, mode, turns), mode, ())
            found = records.one(batch)
            for member in found.members:
                await connected.session.environments.read(connected, member.target)
            return records.seen(found, mode)

        self.ask("reading the journal", read, self._show)

    def _show(self, seen: Seen) -> None:
        self._seen = seen
        if seen.batch.id:
            self._batch, self._recorded, self._action = seen.batch, seen.batch.id, seen.batch.action
            self._values = self._values or dict(seen.batch.options)
        first = canary(seen.standings)
        rows = [self._row(number, each, each is first) for number, each in enumerate(seen.standings, 1)]
        rows += [
            TableRow(f"-{each.target}", "", ("-", clean(each.name), "", "", "left out", clean(each.reason), ""))
            for each in seen.batch.dropped
        ]
        self.table.set_rows(rows)
        where = seen.position
        if where.at is not None:
            self.about = where.at.member.target
            self.table.move_to(where.at.member.target)
        self.status.say(self._next(seen))
        self.banner.show(self.facts(), crumbs=("workspaces", "batch", entry(self._action).title.casefold()))
        self.query_one(TextPane).show(lambda cells: self._lines(seen, cells))
        self.refresh_bindings()

    def _row(self, number: int, each: Standing, is_canary: bool) -> TableRow:
        member = each.member
        turn = "canary" if is_canary else "-" if each.state == LEFT_OUT else str(number)
        state = _WORDS.get(each.state, look(each.state).word)
        cells = (turn, member.name, member.environment, member.account, state, each.sentence, each.run)
        return TableRow(member.target, each.state, tuple(clean(cell) for cell in cells))

    def _lines(self, seen: Seen, cells: int) -> list[str]:
        """What was done, what was not begun, and how it goes on."""
        lines = [part for line in account(seen.standings, seen.batch.dropped) for part in indent(clean(line), cells)]
        if not seen.batch.id:
            lines += indent(
                "Nothing is begun: each has its own plan and confirmation, and the next waits for it.", cells
            )
        elif seen.position.at is not None:
            from tui.commands.batches import go_on

            lines += indent("Any operator goes on with it here or by:", cells)
            words = place_words(self.console.session.settings)
            lines += [part for line in go_on(seen, words) for part in indent(clean(line), cells, "  ", "    ")]
        return lines

    def _next(self, seen: Seen) -> str:
        """What enter does now."""
        where = seen.position
        if where.at is None:
            return "All of it is done." if seen.standings else "There is nobody to act on."
        name = clean(where.at.member.name)
        if where.at.to_begin:
            as_canary = ", the canary" if where.at == canary(seen.standings) else ""
            return f"enter begins with {name}{as_canary}; it asks before it runs"
        return f"{name}: {look(where.at.state).word}; enter opens its run, and the next waits until that is done"

    # What can be done

    @property
    def _here(self) -> Standing | None:
        """The member under the cursor."""
        row = self.table.row
        if row is None or self._seen is None:
            return None
        return next((each for each in self._seen.standings if each.member.target == row.key), None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the list allows now."""
        seen = self._seen
        possible = {
            "go": seen is not None and seen.position.at is not None,
            "first": seen is not None and not seen.batch.id and len(seen.standings) > 1,
            "leave_out": seen is not None and any(each.to_begin for each in seen.standings),
            "open_run": seen is not None and any(each.run for each in seen.standings),
        }
        return possible.get(action, True)

    def action_go(self) -> None:
        """Begin the walk of the next one, or open the run that stands in the way."""
        at = self._seen.position.at if self._seen else None
        if at is None:
            return
        if not at.to_begin:
            self.console.open_run(at.run)
            return
        target = at.member.target

        def begin(connected: Connected, values: Values) -> str:
            return self._begin(connected, target, values)

        walk = BatchWalk(self._action, target, at.member.name, self._values, begin)
        self.app.push_screen(walk, lambda _none: self._back_from(walk, at))

    def _begin(self, connected: Connected, target: str, values: Values) -> str:
        """Make the list durable before its first run, and see that it is this one's turn; on the engine's thread."""
        records, mode = BatchRecord(connected.journal), connected.session.banner().mode
        if self._batch is None:
            batch = records.begin(self._action, self._order, mode, connected.cloud.now(), values)
            for turn in self._turns:
                batch = records.turn(batch, turn.target, turn.outcome, turn.sentence, connected.cloud.now())
            self._batch, self._recorded = batch, batch.id
        records.insist_next(self._batch, target, mode)
        return self._batch.id

    def _back_from(self, walk: BatchWalk, at: Standing) -> None:
        """Note what came of it where there was nothing to run."""
        self._values = walk.values
        body = walk.planned.plan.body if walk.planned is not None and not walk.run_id else None
        outcomes = {Outcome.NO_CHANGES: NOTHING, Outcome.BLOCKED: BLOCKED}
        if body is not None and body.outcome in outcomes:
            self._note(at.member.target, outcomes[body.outcome], body.told)

    def _note(self, target: str, outcome: str, sentence: str) -> None:
        """Keep what came of a member without a run: in the journal once the batch is there."""
        batch = self._batch
        if batch is None:
            turn = Turn(target=target, outcome=outcome, sentence=sentence, at=self.console.standing.now(), by="")
            self._turns = (*self._turns, turn)
            self.action_look_again()
            return

        async def write(connected: Connected) -> None:
            BatchRecord(connected.journal).turn(batch, target, outcome, sentence, connected.cloud.now())

        self.ask("noting it in the journal", write, lambda _none: self.action_look_again())

    def action_first(self) -> None:
        """Make the one under the cursor the canary; production never is, where there is anything else."""
        here = self._here
        if here is None:
            return
        refused = not_first(self._candidates, here.member.target)
        if refused:
            self.status.say(clean(refused))
            return
        self._first = here.member.target
        self.action_look_again()

    def action_leave_out(self) -> None:
        """Leave the one under the cursor out; one whose run began stays, and is resumed."""
        here = self._here
        if here is None or here.behind:
            self.status.say("There is nothing to leave out here.")
        elif not here.to_begin:
            self.status.say(f"{clean(here.member.name)} has begun: resume its run, the batch waits for it.")
        else:
            self._note(here.member.target, LEFT_OUT, "by the operator")

    def action_open_run(self) -> None:
        """Open the run of the one under the cursor."""
        here = self._here
        if here is None or not here.run:
            self.status.say("It has no run in this batch.")
        else:
            self.console.open_run(here.run)


def batch_row(seen: Seen) -> TableRow:
    """A batch as a line of the list of runs."""
    batch = seen.batch
    behind = sum(each.behind for each in seen.standings)
    what = f"{behind} of {many(len(seen.standings), 'target')}"
    state = look(seen.position.state).word
    cells = (stamp(batch.started), batch.action, what, seen.mode, state, batch.by, "", batch.id)
    return TableRow(batch.id, seen.position.state, tuple(clean(cell) for cell in cells))

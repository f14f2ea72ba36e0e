"""The rehearsal's controls: what goes wrong, what time it is, every request as it comes, who is without a key."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from actions.guard.text import many
from tui.dialogs.ask import AskDialog, Pick, PickDialog
from tui.dialogs.base import TypedDialog
from tui.rehearsing import (
    HAPPENINGS,
    PLACES,
    TIMES,
    WAYS,
    fault,
    length,
    short_path,
    told_fault,
    told_value,
    way,
)
from tui.render import clean, clip, clock, duration, moment, stamp
from tui.screens.base import ConsoleScreen
from tui.widgets.rows import TableRow
from tui.widgets.virtual_table import TableColumn, VirtualTable

if TYPE_CHECKING:
    from tui.session import Connected

MOST = 2000
"""As many of the newest requests are listed."""
LINES = 3
_SHIFTS = (("600", "10 minutes"), ("3600", "1 hour"), ("86400", "1 day"), ("604800", "1 week"))


class ResetDialog(TypedDialog[bool | None]):
    """Ask before the estate begins anew."""

    title_text = "Begin the rehearsal anew?"
    go_label = "Reset the estate"

    def body_text(self) -> str:
        """What is lost."""
        return (
            "The estate is again as it was when this rehearsal began: keys, access, clock.\n"
            "Faults are lifted, requests and outages forgotten, and the mode is that of the start.\n"
            "Runs that are on record stay so, but what they changed is gone."
        )

    def confirmed(self, typed: dict[str, str]) -> None:
        """Reset."""
        self.dismiss(True)


class RehearsalScreen(ConsoleScreen[None]):
    """Watches the rehearsal cloud of this process, and steers it."""

    DEFAULT_CSS = "RehearsalScreen > #state { height: auto; padding: 0 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "fault", "fault", id="rehearsal.fault"),
        Binding("h", "way", "behaviour", id="rehearsal.way", tooltip="how Azure behaves"),
        Binding("x", "lift", "lift", id="rehearsal.lift", tooltip="lift all faults"),
        Binding("t", "shift", "clock", id="rehearsal.shift", tooltip="shift the clock"),
        Binding("w", "writes", "writes", id="rehearsal.writes", tooltip="writes only, or every request"),
        Binding("z", "reset", "reset", id="rehearsal.reset", tooltip="begin anew with the estate as it was"),
    ]
    crumbs = ("rehearsal controls",)

    def __init__(self) -> None:
        super().__init__()
        self._writes_only = False
        self._seen: tuple[object, ...] = ()

    def compose_body(self) -> ComposeResult:
        """What goes wrong and who suffers, above the requests."""
        yield Static(id="state")
        yield VirtualTable(
            (
                TableColumn("#", 4, right=True),
                TableColumn("time", 9),
                TableColumn("what", 7),
                TableColumn("request", 20),
                TableColumn("answer", 6),
                TableColumn("fault", 8),
                TableColumn("host", 12, from_width=100),
            ),
            placeholder="nothing was asked yet",
            ascii_only=self.ascii_only,
            opens=False,
            id="requests",
        )

    @property
    def sim(self) -> Any:
        """The rehearsal cloud; the controls are opened only where there is one."""
        return self.console.session.sim

    def on_mount(self) -> None:
        """Look once a second, and paint only what changed."""
        self.query_one(VirtualTable).focus()
        self._watch()
        self.set_interval(1, self._watch)

    def _watch(self) -> None:
        sim = self.sim
        wrong = (len(sim.faults.all()), sum(each.hits for each in sim.faults.all()), self._changed())
        seen = (sim.ledger.last, wrong, len(sim.outages.all), len(sim.outages.open()), self._writes_only, self.size)
        self.banner.show(self.facts(), as_of=self.console.standing.now())
        if seen != self._seen:
            self._seen = seen
            self.query_one("#state", Static).update(Text("\n".join(self._state_lines(self.size.width - 2))))
            table = self.query_one(VirtualTable)
            on_top = table.cursor == 0
            table.set_rows(self._rows())
            if on_top:  # the newest stays in sight
                table.action_jump(0)

    def on_resize(self) -> None:
        """Fit to the width."""
        self._watch()

    # What is shown

    def _rows(self) -> list[TableRow]:
        """The requests, the newest first; changes are marked, by a sign and a word."""
        entries = self.sim.ledger.writes() if self._writes_only else self.sim.ledger.entries
        rows = []
        for entry in reversed(entries[-MOST:]):
            word = "WRITE" if entry.kind == "write" else entry.kind.replace("secret-read", "secret")
            answer = str(entry.status) if entry.status is not None else "dropped"
            cells = (str(entry.n), clock(entry.time), word, f"{entry.method} {short_path(entry.path)}", answer,
                     (entry.fault or "").replace("_", " "), entry.host)  # fmt: skip
            state = "failed" if entry.fault else "disruptive" if entry.kind == "write" else ""
            rows.append(TableRow(str(entry.n), state, tuple(clean(cell) for cell in cells)))
        return rows

    def _state_lines(self, cells: int) -> list[str]:
        """How much was asked, what is made to go wrong, and who is without a working key."""
        sim = self.sim
        lines = [f"{many(sim.ledger.last, 'request')}, {len(sim.ledger.writes())} of them writes"]
        wrong = [f"{_told(each.fault)}, hit {each.hits}" for each in sim.faults.all()]
        wrong += [f"{way(option).name}: {told_value(way(option), value)}" for option, value in self._changed()]
        lines += _some("goes wrong", wrong, cells, "nothing")
        outages = [_told_outage(each) for each in reversed(sim.outages.during())]
        before = sum(each.preexisting for each in sim.outages.open())
        known = f"; {many(before, 'holder')} had no working key from the start" if before else ""
        lines += _some("outages", outages, cells, f"none since it began{known}")
        return lines

    def _changed(self) -> tuple[tuple[str, Any], ...]:
        """The ways to behave that are not as the estate began."""
        now = _options(self.sim.world.behaviour(""))
        return tuple((each.option, now[each.option]) for each in WAYS if now[each.option] != each.values[0][0])

    # What can be done

    def _pick(self, title: str, picks: Sequence[Pick], then: Callable[[str], None], present: str = "") -> None:
        self.app.push_screen(
            PickDialog(title, picks, present), lambda found: then(found) if found is not None else None
        )

    def action_fault(self) -> None:
        """Let a request go wrong: which, how, and how often."""

        def where(place: str) -> None:
            self._pick("What happens to it?", [Pick(each.id, each.name, each.meaning) for each in HAPPENINGS],
                       lambda what: how_often(place, what))  # fmt: skip

        def how_often(place: str, what: str) -> None:
            self._pick(
                "How often?", [Pick(each.id, each.name) for each in TIMES], lambda often: plant(place, what, often)
            )

        def plant(place: str, what: str, often: str) -> None:
            self.console.session.steer((fault(place, what, often),), {})
            self.status.say(f"From now on: {told_fault(place, what, often)}")
            self._watch()

        self._pick("Which request goes wrong?", [Pick(each.id, each.name, each.meaning) for each in PLACES], where)

    def action_way(self) -> None:
        """Choose how Azure behaves where nobody documents it, or does something slowly."""
        now = _options(self.sim.world.behaviour(""))

        def values(option: str) -> None:
            found = way(option)
            picks = [Pick(str(number), word) for number, (_, word) in enumerate(found.values)]
            here = next((str(n) for n, (value, _) in enumerate(found.values) if value == now[option]), "")
            self._pick(found.name, picks, lambda number: behave(option, int(number)), here)

        def behave(option: str, number: int) -> None:
            value, word = way(option).values[number]
            self.console.session.steer((), {option: value})
            self.status.say(f"From now on: {way(option).name}: {word}")
            self._watch()

        picks = [Pick(each.option, each.name, told_value(each, now[each.option])) for each in WAYS]
        self._pick("How does Azure behave?", picks, values)

    def action_lift(self) -> None:
        """Lift the faults; ways to behave stay until they are chosen otherwise."""
        lifted = len(self.sim.faults.all())
        self.sim.faults.clear()
        self.status.say(
            f"{many(lifted, 'fault')} lifted; h changes how it behaves." if lifted else "There is no fault to lift."
        )
        self._watch()

    def action_writes(self) -> None:
        """Show the changes alone, or everything again."""
        self._writes_only = not self._writes_only
        self.status.say("Changes only; w shows everything." if self._writes_only else "")
        self._watch()

    def action_shift(self) -> None:
        """Move the clock: by a length of time, or to what happens next."""

        async def deadlines(connected: Connected) -> list[tuple[datetime, str]]:
            return _deadlines(connected)

        self.ask("", deadlines, self._choose_shift)

    def _choose_shift(self, found: list[tuple[datetime, str]]) -> None:
        now = self.sim.clock.now()
        left = [(when, what, (when - now).total_seconds()) for when, what in found if when > now]
        due = [Pick(str(each + 1), f"to {stamp(when)}", f"{what}, in {duration(each)}") for when, what, each in left]
        by = [Pick(seconds, word) for seconds, word in _SHIFTS]
        self._pick(
            "Shift the clock", [*due, *by, Pick("other", "another length", "such as 45m, 2h 30m, 3d")], self._shift
        )

    def _shift(self, picked: str) -> None:
        if picked == "other":
            self.app.push_screen(
                AskDialog("Shift the clock", "by how much", hint="90s, 45m, 2h 30m, 3d"), self._shift_by
            )
        else:
            self._move(float(picked))

    def _shift_by(self, text: str | None) -> None:
        if not text:
            return
        try:
            self._move(length(text))
        except ValueError as error:
            self.status.say(str(error))

    def _move(self, seconds: float) -> None:
        """Shift; what was due meanwhile happens now."""
        self.sim.shift(timedelta(seconds=seconds))
        self.console.show_facts()
        self.status.say(f"It is {stamp(self.sim.clock.now())} now; what was due has happened.")
        self._watch()

    def action_reset(self) -> None:
        """Begin anew, after a confirmation."""
        self.app.push_screen(ResetDialog(), lambda yes: self.console.begin_anew() if yes else None)


def _options(behaviour: Any) -> dict[str, Any]:
    """The ways to behave, by their names in an estate."""
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(behaviour)
    return found


def _some(title: str, told: list[str], cells: int, none: str) -> list[str]:
    """As many of some lines as there is room for, behind their title."""
    shown = told[:LINES] or [none]
    more = f" (and {len(told) - LINES} more)" if len(told) > LINES else ""
    lead = " " * 12
    return [
        clip(f"{title + ':' if not number else lead:<12}{clean(line)}{more if number == len(shown) - 1 else ''}", cells)
        for number, line in enumerate(shown)
    ]


def _told(found: Any) -> str:
    """A fault in force, in words: by what was picked, else by its own data."""
    place = next((each.name for each in PLACES if each.route == found.route), f"requests like {found.route}")
    happening = next(
        (
            each.name
            for each in HAPPENINGS
            if each.fault["kind"] == found.kind
            and each.fault.get("status", found.status) == found.status
            and each.fault.get("commit", False) == found.commit
        ),
        found.kind.replace("_", " "),
    )
    return f"{place}: {happening}"


def _told_outage(outage: Any) -> str:
    """An outage in a line, the holder by the name that people use."""
    name = "/".join(outage.holder.strip("/").split("/")[-3::2])
    until = f"until {clock(outage.to_time)}" if outage.to_time else "lasts"
    return f"{name}: {outage.reason} since {clock(outage.from_time)}, {until}"


def _deadlines(connected: Connected) -> list[tuple[datetime, str]]:
    """What comes next: in the cloud by itself, and the waits of recorded runs."""
    sim = connected.session.sim
    found: list[tuple[datetime, str]] = []
    due = sim.next_due() if sim is not None else None
    if due is not None:
        found.append((due.astimezone(UTC), "something happens by itself"))
    for summary in connected.journal.runs():
        if summary.state.value == "waiting":
            for step in connected.journal.run(summary.id).steps:
                until = moment(str(step.wait.get("until", ""))) if step.result == "waiting" else None
                if until is not None:
                    found.append((until, f"the wait of {clean(summary.name)}"))
    return sorted(found)[:4]

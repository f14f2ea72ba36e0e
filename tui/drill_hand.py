"""A drill played by hand: when it began, when its faults strike, and where its goal stands meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from actions.guard.model import Mode
from tui.debrief import Debrief, Result, Standing, Start, judge, look, words
from tui.drill import Drill, load_drill, names
from tui.render import Column, clean, duration, indent, stamp, table
from tui.sheets import shifted
from tui.widgets.rows import TableRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from actions.guard.events import Event
    from tui.session import Connected, Session


@dataclass
class Playing:
    """One drill under way; it ends with its debrief."""

    name: str
    session: Session
    start: Start
    drill: Drill = field(init=False)
    standing: Standing = "not yet"
    told: bool = False
    """Whether the story was read; before, leaving is no ending."""
    struck: bool = False
    debrief: Debrief | None = None

    def __post_init__(self) -> None:
        self.drill = load_drill(self.name)

    def watching(self, emit: Callable[[Event], None]) -> Callable[[Event], None]:
        """Let things go wrong once the first live run has begun, before it sends anything; then hand the event on."""
        from actions.guard.events import RunStarted

        def hear(event: Event) -> None:
            if isinstance(event, RunStarted) and not self.struck and self.session.banner().mode is Mode.LIVE:
                self.struck = True
                self.session.steer(self.drill.faults, self.drill.behaviour)
            emit(event)

        return hear

    async def looked(self, connected: Connected) -> Standing:
        """Tell where the goal stands now."""
        return await look(self.drill, connected, self.start)

    async def judged(self, connected: Connected) -> Debrief:
        """End the drill and tell what it came to; a second time tells the same."""
        if self.debrief is None:
            self.debrief = await judge(
                self.name, self.drill, connected, self.start, unbegun="without a run", by_hand=True
            )
        return self.debrief


async def begun(connected: Connected, name: str) -> Playing:
    """Note how everything stands before the first key is pressed."""
    session = connected.session
    sim = session.sim
    keys = sim.generations() if sim is not None else {}
    runs = frozenset(each.id for each in connected.journal.runs())
    return Playing(name, session, Start(keys, runs, connected.cloud.now().isoformat()))


def told_goal(standing: Standing) -> str:
    """Where the goal stands, for the banner, with the key that tells more."""
    return f"D goal {standing}"


def story_text(drill: Drill, standing: Standing | None, *, ends: str = "l ends the drill") -> str:
    """The story, what it is judged by, and where the goal stands once the drill is under way; `ends` says what ends it."""
    lines = [*drill.story.split("\n\n")]
    paragraphs = [" ".join(each.split()) for each in lines]
    now = {
        None: "What is to go wrong, if anything, strikes once your first live run has begun.",
        "not yet": "The goal: not yet reached.",
        "reached": f"The goal: reached. {ends} and tells how it went.",
        "lost": f"The goal: lost, whatever comes now. You can go on; {ends} and tells why.",
    }[standing]
    judged = (
        "You are judged by what the cloud holds in the end: its keys and access, who was without a working key, "
        "what you changed, and how your last run ended."
    )
    return "\n\n".join([*paragraphs, judged, now])


def drill_rows(earlier: Sequence[Result]) -> list[TableRow]:
    """The drills by their grade, with how often each was played, and how it went last and at best."""
    played: dict[str, list[Result]] = {}
    for each in earlier:
        played.setdefault(each.drill, []).append(each)
    drills = sorted(((name, load_drill(name)) for name in names()), key=lambda pair: (pair[1].grade, pair[0]))
    return [_row(name, drill, played.get(name, [])) for name, drill in drills]


def _row(name: str, drill: Drill, played: list[Result]) -> TableRow:
    last = played[-1] if played else None
    told = ("", "", "") if last is None else (words(last)[0], words(last)[1], stamp(last.at))
    state = "" if last is None else "done" if last.won else "failed"
    times = str(len(played)) if played else ""
    return TableRow(name, state, (str(drill.grade), clean(drill.title), told[0], times, told[1], told[2], name))


def debrief_lines(drill: Drill, told: Debrief, cells: int, *, ascii_only: bool = False) -> list[str]:
    """Lay out how it went: won or lost and why, wrong turns, outages, the calmer way, each step's time, earlier times."""
    head = "The goal was reached." if told.won else "The goal was not reached."
    changes = (
        f"{told.writes} changes; the calm way makes {told.par}. {duration(told.seconds)} on the rehearsal's clock."
    )
    lines = ["", head, *indent(f"{told.requests} requests, {changes}", cells, "  ")]
    for title, found, mark in (("Why it was lost", told.lost, "✗ "), ("Wrong turns", told.wrong, "! ")):
        if found:
            lines += [
                "",
                title,
                *(line for each in found for line in indent(clean(each), cells, _mark(mark, ascii_only))),
            ]
    lines += ["", "Outages"]
    if not told.outages:
        lines += indent("No holder was without a working key at any time.", cells, "  ")
    for outage in told.outages:
        until = f"until {stamp(outage.ended)}" if outage.ended else "to the end"
        known = "announced by the plan" if outage.announced else "announced by nobody"
        text = f"{clean(outage.holder)}: {outage.reason}, from {stamp(outage.began)} {until}, {known}"
        lines += indent(text, cells, _mark("! ", ascii_only))
    lines += ["", "A calm way" if told.won else "The calmer way", *indent(clean(drill.calm), cells, "  ")]
    if told.steps:
        rows = [(clean(each.title), duration(each.after), duration(each.seconds)) for each in told.steps]
        columns = (Column("step", 20, wraps=True), Column("after", 5, right=True), Column("took", 5, right=True))
        lines += ["", "Time to each step", *shifted("  ", table(columns, rows, cells - 2))]
    return [*lines, "", "Earlier times", *_earlier(told, cells)]


def _mark(mark: str, ascii_only: bool) -> str:
    return mark.replace("✗", "x") if ascii_only else mark


def _earlier(told: Debrief, cells: int) -> list[str]:
    """This time above the five before it."""
    if not told.earlier:
        return indent("This drill was not played here before.", cells, "  ")
    unannounced = sum(not each.announced for each in told.outages)
    now = (
        "now",
        "won" if told.won else "lost",
        "by hand",
        told.writes,
        duration(told.seconds),
        unannounced,
        len(told.wrong),
    )
    before = [
        (stamp(each.at), *words(each), each.writes, duration(each.seconds), each.outages, each.wrong)
        for each in reversed(told.earlier[-5:])
    ]
    titles = ("played", "came out", "how", "changes", "time", "outages", "wrong turns")
    columns = [Column(title, 4, right=number > 2) for number, title in enumerate(titles)]
    rows = [tuple(str(cell) for cell in row) for row in (now, *before)]
    return shifted("  ", table(columns, rows, cells - 2))

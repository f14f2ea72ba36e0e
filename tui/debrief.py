"""What a drill came to: won or lost and why, time to each step, wrong turns, outages, the calmer way, earlier times."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from actions.guard.model import Mode, RunState
from tui.render import clean, duration, moment, stamp
from tui.runbook_steps import holds

if TYPE_CHECKING:
    from actions.guard.history import RunHistory
    from tui.drill import Drill
    from tui.session import Connected, Session


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """A holder that was without a live key; `ended` is empty while it lasts, `announced` by a gap of the plan."""

    holder: str
    reason: str
    began: str
    ended: str
    announced: bool


class StepTime(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a run: when it began after the run's beginning, and how long it took, in the rehearsal's seconds."""

    title: str
    after: float
    seconds: float


class Start(NamedTuple):
    """What stood at the beginning: the cloud's time, how often each key was made, and the runs that were there before.

    `at` is empty for a drill that is played by itself: its time begins with its run.
    """

    keys: dict[str, int]
    runs: frozenset[str] = frozenset()
    at: str = ""


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a drill was played, as it is kept to compare with; `seconds` by the rehearsal's clock."""

    drill: str
    at: str
    won: bool
    writes: int
    seconds: float
    outages: int
    wrong: int
    by_hand: bool = False


class Debrief(msgspec.Struct, frozen=True, kw_only=True):
    """How a drill went; `lost` are the reasons why its goal was not reached, `wrong` the turns that a calm hand spares."""

    won: bool
    run: str
    state: str
    sentence: str
    requests: int
    writes: int
    par: int
    lost: tuple[str, ...]
    wrong: tuple[str, ...]
    steps: tuple[StepTime, ...]
    outages: tuple[Outage, ...]
    earlier: tuple[Result, ...]
    markdown: str
    seconds: float = 0.0
    by_hand: bool = False


Standing = Literal["not yet", "reached", "lost"]
"""Where the goal of a drill stands, as it is told while it is played."""


async def judge(name: str, drill: Drill, connected: Connected, start: Start, *, unbegun: str, by_hand: bool) -> Debrief:
    """Look at everything that was done and what it came to, compare with earlier times, and keep this one.

    `unbegun` is what stands for the end of a run where none was begun.
    """
    session, sim = connected.session, connected.session.sim
    assert sim is not None
    sim.faults.clear()
    failed = await failed_checks(drill, connected)
    runs = played(session, start)
    last = _last(runs, drill)
    outages = _outages(session, runs)
    writes, requests = len(sim.ledger.writes()), sim.ledger.last
    state = last.state.value if last is not None else unbegun
    sentence = last.sentence if last is not None else f"It ended {unbegun}; nothing ran."
    new, foreign = _new_keys(session, drill, start)
    lost = (*_unreached(drill, state, outages, writes), *_unkept(drill, new), *failed)
    wrong = (*_wrong_turns(runs, drill, writes), *(f"{key} was replaced, which nobody asked for." for key in foreign))
    known = earlier(name)
    seconds = sum(_seconds(run.started, run.ended) for run in runs)
    if by_hand:
        seconds = _seconds(start.at, connected.cloud.now().isoformat())
    result = Result(
        drill=name, at=_now(), won=not lost, writes=writes, seconds=seconds,
        outages=sum(not each.announced for each in outages), wrong=len(wrong), by_hand=by_hand,
    )  # fmt: skip
    keep(result)
    steps = _times(runs if by_hand else runs[-1:], start)
    told = Debrief(
        won=not lost, run=last.id if last else "", state=state, sentence=sentence, requests=requests, writes=writes,
        par=drill.par, lost=lost, wrong=wrong, steps=steps, outages=outages, earlier=known, markdown="",
        seconds=seconds, by_hand=by_hand,
    )  # fmt: skip
    return msgspec.structs.replace(told, markdown=_markdown(drill, told, result, last))


async def look(drill: Drill, connected: Connected, start: Start) -> Standing:
    """Tell where the goal stands, and not why: `lost` only for what cannot be made good any more.

    Where all else holds and nothing runs, what the goal says must be found afterwards is read.
    """
    session, sim = connected.session, connected.session.sim
    assert sim is not None
    runs = played(session, start)
    last = _last(runs, drill)
    writes = len(sim.ledger.writes())
    new, _ = _new_keys(session, drill, start)
    if _unreached(drill, drill.goal.state, _outages(session, runs), writes) or _kept_no_more(drill, new):
        return "lost"
    if last is None or last.state.value != drill.goal.state or _unkept(drill, new):
        return "not yet"
    return "not yet" if await failed_checks(drill, connected) else "reached"


def played(session: Session, start: Start) -> list[RunHistory]:
    """The live runs since the beginning, oldest first; what was only tried dry is no part of it."""
    found = [session.journal.run(each.id) for each in reversed(session.journal.runs()) if each.id not in start.runs]
    return [run for run in found if run.mode is Mode.LIVE]


def _last(runs: list[RunHistory], drill: Drill) -> RunHistory | None:
    """The run that the goal is about: the last one of the drill's action, else the last one."""
    fitting = [run for run in runs if run.plan.action == drill.action]
    return next(iter(reversed(fitting or runs)), None)


def _outages(session: Session, runs: list[RunHistory]) -> tuple[Outage, ...]:
    """Who was without a working key since the beginning, and whether a plan had said so."""
    sim = session.sim
    announced = {gap.holder.casefold() for run in runs for gap in run.plan.body.gaps}
    return tuple(
        Outage(
            holder=_label(outage.holder),
            reason=outage.reason,
            began=outage.from_time.isoformat(timespec="seconds"),
            ended=outage.to_time.isoformat(timespec="seconds") if outage.to_time else "",
            announced=_label(outage.holder).casefold() in announced,
        )
        for outage in (sim.outages.during() if sim is not None else ())
    )


def _new_keys(session: Session, drill: Drill, start: Start) -> tuple[frozenset[str], tuple[str, ...]]:
    """The slots of the drill's own account or endpoints that were made anew, and which keys of others were."""
    sim = session.sim
    assert sim is not None
    own: set[str] = set()
    for workspace in sim.world.of_type("Microsoft.MachineLearningServices/workspaces"):
        if workspace["name"].casefold() == drill.target.casefold():
            own |= {workspace["id"].casefold(), str(workspace["properties"].get("storageAccount", "")).casefold()}
    made = [key for key, times in sim.generations().items() if times > start.keys.get(key, times)]
    mine = [key for key in made if _belongs(key.rpartition("#")[0], own)]
    foreign = [key for key in made if key not in mine]
    told = tuple(f"{key.rpartition('#')[2]} of {_label(key.rpartition('#')[0])}" for key in foreign)
    return frozenset(key.rpartition("#")[2] for key in mine), told


def _belongs(resource: str, own: set[str]) -> bool:
    return any(resource == each or resource.startswith(f"{each}/") for each in own if each)


def _unreached(drill: Drill, state: str, outages: tuple[Outage, ...], writes: int) -> tuple[str, ...]:
    """What the goal says of the end, of outages and of changes."""
    goal = drill.goal
    found = []
    if state != goal.state:
        found.append(f"It ended {state}, and should have ended {goal.state}.")
    for outage in outages:
        if not (outage.announced and goal.outages == "announced"):
            found.append(f"{outage.holder} was without a working key ({outage.reason}).")
    most = {"none": 0, "par": drill.par}.get(goal.writes, writes)
    if writes > most:
        found.append(f"{writes} changes were made where {most or 'none'} may be.")
    return tuple(found)


def _unkept(drill: Drill, new: frozenset[str]) -> tuple[str, ...]:
    """What the goal says of keys: which must be new, which must not."""
    missed = [f"{slot} is still the old one." for slot in drill.goal.replaced if slot.casefold() not in new]
    return (*missed, *_kept_no_more(drill, new))


def _kept_no_more(drill: Drill, new: frozenset[str]) -> tuple[str, ...]:
    return tuple(f"{slot} was replaced." for slot in drill.goal.kept if slot.casefold() in new)


async def failed_checks(drill: Drill, connected: Connected) -> tuple[str, ...]:
    """Look with the actions that the goal names."""
    from actions.registry import entry
    from tui.commands.targets import find

    found: list[str] = []
    for check in drill.goal.checks:
        action, verb, wanted = check.split()
        target = await find(connected, drill.target, entry(action).target_kind, "")
        if not holds(await connected.engine.inspect(action, target, {}), verb, wanted):
            found.append(f"Afterwards `{check}` does not hold.")
    return tuple(found)


def _wrong_turns(runs: list[RunHistory], drill: Drill, writes: int) -> list[str]:
    """What a calm hand would have spared."""
    found = [
        f"Run {run.id} ended {run.state.value}: {clean(run.sentence)}"
        for run in runs
        if run.state is not RunState.DONE and run.state.value != drill.goal.state
    ]
    if len(runs) > 1:
        found.append(f"{len(runs)} runs were begun; the calm way is one.")
    if writes > drill.par:
        more = writes - drill.par
        found.append(f"{more} {'change' if more == 1 else 'changes'} more than the calm way makes.")
    return found


def _times(runs: list[RunHistory], start: Start) -> tuple[StepTime, ...]:
    """Every step that ended, counted from the beginning of the drill, or of its run where nobody sat before it."""
    return tuple(
        StepTime(
            title=step.title,
            after=_seconds(start.at or run.started, step.started),
            seconds=_seconds(step.started, step.ended),
        )
        for run in runs
        for step in run.steps
        if step.ended
    )


def _seconds(began: str, ended: str) -> float:
    first, last = moment(began), moment(ended)
    return (last - first).total_seconds() if first and last else 0.0


def _label(holder: str) -> str:
    """What people call a holder: `workspace/datastore`, a workspace's name, or a client's."""
    parts = holder.strip("/").split("/")
    return f"{parts[-3]}/{parts[-1]}" if len(parts) > 9 else parts[-1]


def _markdown(drill: Drill, told: Debrief, result: Result, run: RunHistory | None) -> str:
    """The report of the last run, and the debrief below it."""
    from actions.guard.report import as_markdown

    report = [as_markdown(run).rstrip(), ""] if run is not None else []
    goal = "The goal was reached." if told.won else "The goal was not reached."
    lines = [
        *report, "## Debrief", "",
        f"{drill.title} (grade {drill.grade}). {goal} {told.requests} requests reached the rehearsal cloud, "
        f"{told.writes} of them changes; the calm way makes {told.par}.", "",
    ]  # fmt: skip
    lines += [f"- lost: {reason}" for reason in told.lost]
    lines += [f"- wrong turn: {turn}" for turn in told.wrong]
    if told.lost or told.wrong:
        lines += ["", f"The calmer way: {drill.calm}", ""]
    if not told.outages:
        lines += ["No holder was without a working key at any time.", ""]
    for outage in told.outages:
        known = "announced" if outage.announced else "**not announced**"
        until = outage.ended or "the end"
        lines.append(f"- {clean(outage.holder)}: {outage.reason}, from {outage.began} to {until}, {known}")
    if told.steps:
        lines += ["", "| step | after | took |", "|---|---|---|"]
        lines += [f"| {clean(each.title)} | {duration(each.after)} | {duration(each.seconds)} |" for each in told.steps]
    return "\n".join([*lines, "", *_compared(told.earlier, result), ""])


def _compared(known: tuple[Result, ...], result: Result) -> list[str]:
    """Earlier times beside this one, the newest first."""
    if not known:
        return ["This drill was not played here before."]
    lines = ["| played | | | changes | rehearsed time | outages | wrong turns |", "|---|---|---|---|---|---|---|"]
    for each in (result, *reversed(known[-5:])):
        row = (stamp(each.at), *words(each), each.writes, duration(each.seconds), each.outages, each.wrong)
        lines.append(f"| {' | '.join(str(cell) for cell in row)} |")
    return lines


def words(result: Result) -> tuple[str, str]:
    """How a drill ended, and whether somebody sat before it."""
    return "won" if result.won else "lost", "by hand" if result.by_hand else "by itself"


# What is kept


def results_path() -> Path:
    """Where the results of drills are kept: beside the journals, readable by their owner alone."""
    from platformdirs import user_state_path

    return user_state_path("amlkeys") / "drills.jsonl"


def earlier(name: str = "") -> tuple[Result, ...]:
    """Results of a drill (all without a name), oldest first; a line that cannot be read is passed over."""
    try:
        lines = results_path().read_bytes().splitlines()
    except OSError:
        return ()
    found = []
    for line in lines:
        try:
            found.append(msgspec.json.decode(line, type=Result))
        except (msgspec.DecodeError, RecursionError):
            continue
    return tuple(each for each in found if name in {"", each.drill})


def keep(result: Result) -> None:
    """Add a result; a disk that is full is no reason to lose the debrief."""
    from contextlib import suppress

    path = results_path()
    with suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "ab") as file:
            file.write(msgspec.json.encode(result) + b"\n")


def _now() -> str:
    from actions.guard.lease import wall_now

    return wall_now()

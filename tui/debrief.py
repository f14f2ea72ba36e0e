"""What a drill came to: won or lost and why, time to each step, wrong turns, outages, the calmer way, earlier times."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from actions.guard.model import Outcome, RunState
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


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One time that a drill was played, as it is kept to compare with."""

    drill: str
    at: str
    won: bool
    writes: int
    seconds: float
    outages: int
    wrong: int


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


def judge(
    name: str, drill: Drill, session: Session, before: dict[str, int], *, outcome: Outcome = Outcome.READY
) -> Debrief:
    """Look at everything that was done and what it came to, compare with earlier times, and keep this one."""
    sim = session.sim
    assert sim is not None
    runs = [session.journal.run(each.id) for each in reversed(session.journal.runs())]
    last = runs[-1] if runs else None
    announced = {gap.holder.casefold() for run in runs for gap in run.plan.body.gaps}
    outages = tuple(
        Outage(
            holder=_label(outage.holder),
            reason=outage.reason,
            began=outage.from_time.isoformat(timespec="seconds"),
            ended=outage.to_time.isoformat(timespec="seconds") if outage.to_time else "",
            announced=_label(outage.holder).casefold() in announced,
        )
        for outage in sim.outages.during()
    )
    writes, requests = len(list(sim.ledger.writes())), sim.ledger.last
    state = last.state.value if last is not None else outcome.value
    sentence = last.sentence if last is not None else f"The plan is {outcome.value}; nothing ran."
    lost = (*_unreached(drill, state, outages, writes), *_unkept(drill, before, sim.generations()))
    lost += tuple(_failed_checks(drill, session))
    wrong = tuple(_wrong_turns(runs, drill, writes))
    known = earlier(name)
    seconds = sum(_seconds(run.started, run.ended) for run in runs)
    result = Result(
        drill=name, at=_now(), won=not lost, writes=writes, seconds=seconds,
        outages=sum(not each.announced for each in outages), wrong=len(wrong),
    )  # fmt: skip
    keep(result)
    told = Debrief(
        won=not lost, run=last.id if last else "", state=state, sentence=sentence, requests=requests, writes=writes,
        par=drill.par, lost=lost, wrong=wrong, steps=_times(last), outages=outages, earlier=known, markdown="",
    )  # fmt: skip
    return msgspec.structs.replace(told, markdown=_markdown(drill, told, result, last))


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


def _unkept(drill: Drill, before: dict[str, int], after: dict[str, int]) -> tuple[str, ...]:
    """What the goal says of keys: which must be new, which must not."""
    new = {key.rpartition("#")[2] for key, made in after.items() if made > before.get(key, made)}
    missed = [f"{slot} is still the old one." for slot in drill.goal.replaced if slot.casefold() not in new]
    return (*missed, *(f"{slot} was replaced." for slot in drill.goal.kept if slot.casefold() in new))


def _failed_checks(drill: Drill, session: Session) -> list[str]:
    """Look once more with the actions that the goal names, without what went wrong."""
    if not drill.goal.checks:
        return []
    from actions.registry import entry
    from tui.commands.targets import find

    if session.sim is not None:
        session.sim.faults.clear()
    found = []
    for check in drill.goal.checks:
        action, verb, wanted = check.split()

        async def look(connected: Connected, action: str = action) -> bool:
            target = await find(connected, drill.target, entry(action).target_kind, "")
            return holds(await connected.engine.inspect(action, target, {}), verb, wanted)  # noqa: B023 - awaited here

        if not session.run(look):
            found.append(f"Afterwards `{check}` does not hold.")
    return found


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
        found.append(f"{writes - drill.par} changes more than the calm way makes.")
    return found


def _times(run: RunHistory | None) -> tuple[StepTime, ...]:
    if run is None:
        return ()
    return tuple(
        StepTime(
            title=step.title, after=_seconds(run.started, step.started), seconds=_seconds(step.started, step.ended)
        )
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
    lines = ["| played | | changes | rehearsed time | outages | wrong turns |", "|---|---|---|---|---|---|"]
    for each in (result, *reversed(known[-5:])):
        word = "won" if each.won else "lost"
        row = (stamp(each.at), word, each.writes, duration(each.seconds), each.outages, each.wrong)
        lines.append(f"| {' | '.join(str(cell) for cell in row)} |")
    return lines


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
        except msgspec.DecodeError:
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

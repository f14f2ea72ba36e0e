"""A drill played: by itself along the calm way, or by other options and answers, or by hand in the console."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from actions.guard.model import Mode, Outcome
from tui.commands.attending import Attendance
from tui.commands.failures import USAGE, CommandError
from tui.commands.targets import find
from tui.debrief import Debrief, Start, judge
from tui.drill import Drill
from tui.runbook import Bound, options_of
from tui.telling import plan_lines

if TYPE_CHECKING:
    from actions.guard.model import Plan
    from actions.guard.results import Planned, RunResult
    from tui.commands.output import Output
    from tui.session import Connected, Session


def chosen_options(drill: Drill, words: str) -> dict[str, Any]:
    """Read an operator's own options of the drill's action, as on the command line; raises `CommandError`."""
    try:
        return options_of(Bound("amlkeys", words, 0, drill.action, tuple(shlex.split(words))), {})
    except ValueError as error:
        raise CommandError(f"{error}.", exit_code=USAGE, kind="usage") from None


def play(name: str, drill: Drill, session: Session, out: Output) -> Debrief:
    """Tell the story, plan, run with what goes wrong, and look at what it cost whom."""
    out.progress(f"Drill: {drill.title} (grade {drill.grade} of 5)")
    for line in drill.story.splitlines():
        out.progress(line)
    sim = session.sim
    start = Start(sim.generations() if sim is not None else {}, frozenset(each.id for each in session.journal.runs()))
    planned = session.run(lambda connected: _plan(drill, connected))
    session.steer(drill.faults, drill.behaviour)
    out.banner(session)
    for line in plan_lines(planned.plan, out.margin, ascii_only=out.ascii_only):
        out.progress(line)
    if planned.plan.body.outcome is Outcome.READY:
        result = _run(planned.plan, session, out)
        if not result.run:
            out.progress(result.sentence)
    outcome = planned.plan.body.outcome.value
    return session.run(lambda connected: judge(name, drill, connected, start, unbegun=outcome, by_hand=False))


async def _plan(drill: Drill, connected: Connected) -> Planned:
    from actions.registry import entry

    target = await find(connected, drill.target, entry(drill.action).target_kind, "")
    return await connected.engine.make_plan(drill.action, target, drill.options, drill.decided)


def _run(plan: Plan, session: Session, out: Output) -> RunResult:
    """Confirm as an operator would, and run."""
    from actions.guard.confirm import Confirmation, plan_shown, required

    need = required(plan)
    typed = Confirmation(name=need.name, slot=need.slot, plan=plan_shown(plan))
    watch = Attendance(session, out, last=True)
    return watch.attend(lambda connected: connected.engine.run(plan, mode=Mode.LIVE, confirmation=typed))

"""A drill: a story, an estate, things that go wrong, and a goal; played through the same engine as everything else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from actions.guard.model import Mode, RunState
from tui.commands.attending import Attendance
from tui.commands.failures import BLOCKED, FAILED, USAGE, CommandError
from tui.commands.targets import find
from tui.telling import plan_lines

if TYPE_CHECKING:
    from actions.guard.model import Plan
    from actions.guard.results import Planned, RunResult
    from tui.commands.output import Output
    from tui.session import Connected, Session

FOLDER = Path(__file__).parent / "drills"


class Goal(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must be reached: the run's last state, and which outages are allowed: those announced, or none."""

    state: RunState = RunState.DONE
    outages: Literal["announced", "none"] = "announced"


class Drill(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One scenario, as its file holds it; `faults` and `behaviour` are the rehearsal cloud's own data.

    `estate` is empty for the demo estate, else a file beside the drill. `grade` is 1 (calm) to 5.
    """

    title: str
    grade: int
    story: str
    action: str
    target: str
    estate: str = ""
    options: dict[str, Any] = {}
    decided: dict[str, str] = {}
    faults: tuple[dict[str, Any], ...] = ()
    behaviour: dict[str, Any] = {}
    goal: Goal = Goal()


class Outage(msgspec.Struct, frozen=True, kw_only=True):
    """A holder that was without a live key; `ended` is empty while it lasts, `announced` by a gap of the plan."""

    holder: str
    reason: str
    began: str
    ended: str
    announced: bool


class Debrief(msgspec.Struct, frozen=True, kw_only=True):
    """How a drill went: the run, its outages, whether the goal was reached, and the report with it."""

    won: bool
    run: str
    state: RunState
    sentence: str
    requests: int
    outages: tuple[Outage, ...]
    markdown: str


def names() -> list[str]:
    """Name the drills there are."""
    return sorted(path.stem for path in FOLDER.glob("*.md"))


def load_drill(name: str) -> Drill:
    """Read a drill by name; an unknown one names those there are."""
    if name not in names():
        sentence = f"There is no drill {name!r}; there are {', '.join(names())}."
        raise CommandError(sentence, exit_code=USAGE, kind="usage")
    drill = parse_drill((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    return msgspec.structs.replace(drill, estate=str(FOLDER / drill.estate)) if drill.estate else drill


def parse_drill(text: str) -> Drill:
    """Read a drill: TOML between two lines of `+++`, then its story."""
    import tomllib

    _, head, story = text.split("+++\n", 2)
    return msgspec.convert({**tomllib.loads(head), "story": story.strip()}, Drill)


def play(drill: Drill, session: Session, out: Output) -> Debrief:
    """Tell the story, plan, run with what goes wrong, and look at what it cost whom."""
    out.progress(f"Drill: {drill.title} (grade {drill.grade} of 5)")
    for line in drill.story.splitlines():
        out.progress(line)
    planned = session.run(lambda connected: _plan(drill, connected))
    session.steer(drill.faults, drill.behaviour)
    out.banner(session)
    for line in plan_lines(planned.plan, out.margin, ascii_only=out.ascii_only):
        out.progress(line)
    result = _run(planned.plan, session, out)
    if not result.run:
        raise CommandError(result.sentence, exit_code=BLOCKED, kind="drill")
    return _debrief(drill, planned.plan, result, session)


async def _plan(drill: Drill, connected: Connected) -> Planned:
    from actions.registry import entry

    target = await find(connected, drill.target, entry(drill.action).target_kind, "")
    return await connected.engine.make_plan(drill.action, target, drill.options, drill.decided)


def _run(plan: Plan, session: Session, out: Output) -> RunResult:
    """Confirm as an operator would, and run."""
    from actions.guard.confirm import Confirmation, plan_shown, required

    need = required(plan)
    typed = Confirmation(name=need.name or plan.name, slot=need.slot, plan=plan_shown(plan))
    watch = Attendance(session, out)
    return watch.attend(lambda connected: connected.engine.run(plan, mode=Mode.LIVE, confirmation=typed))


def _debrief(drill: Drill, plan: Plan, result: RunResult, session: Session) -> Debrief:
    from actions.guard.report import as_markdown

    sim = session.sim
    if sim is None:
        raise CommandError("A drill is played in this process only.", exit_code=FAILED, kind="drill")
    announced = {gap.holder.casefold() for gap in plan.body.gaps}
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
    allowed = all(outage.announced and drill.goal.outages == "announced" for outage in outages)
    won = result.state is drill.goal.state and allowed
    report = as_markdown(session.journal.run(result.run))
    requests = sim.ledger.last
    text = f"{report.rstrip()}\n\n{_debrief_text(drill, won, outages, requests)}"
    return Debrief(
        won=won, run=result.run, state=result.state, sentence=result.sentence, requests=requests, outages=outages,
        markdown=text,
    )  # fmt: skip


def _label(holder: str) -> str:
    """What people call a holder: `workspace/datastore`, a workspace's name, or a client's."""
    parts = holder.strip("/").split("/")
    return f"{parts[-3]}/{parts[-1]}" if len(parts) > 9 else parts[-1]


def _debrief_text(drill: Drill, won: bool, outages: Sequence[Outage], requests: int) -> str:
    """The debrief as Markdown."""
    from tui.render import clean

    goal = "The goal was reached." if won else "The goal was not reached."
    lines = ["## Debrief", "", f"{drill.title}. {goal} {requests} requests reached the rehearsal cloud.", ""]
    if not outages:
        return "\n".join([*lines, "No holder was without a working key at any time.", ""])
    for outage in outages:
        known = "announced" if outage.announced else "**not announced**"
        until = outage.ended or "the end"
        lines.append(f"- {clean(outage.holder)}: {outage.reason}, from {outage.began} to {until}, {known}")
    return "\n".join([*lines, ""])

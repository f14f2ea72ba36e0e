"""Values of a guarded action to lines of text: findings, plans, steps, events and runs. Pure, as `tui.render`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from actions.guard.contract import Description
from actions.guard.model import Decision, Finding, Plan, RunState, Severity, Step
from actions.guard.text import after
from tui.render import Column, clean, clip, clock, drawn, duration, indent, look, mark, moment, stamp, table, told
from tui.sheets import headed, sheet
from tui.spark import percent
from tui.timeline import timeline_lines

if TYPE_CHECKING:
    from actions.guard.events import Event, Paused, WaitBegan
    from actions.guard.history import RunHistory, RunSummary, StepHistory
    from actions.guard.preflight import Preflight
    from tui.runbook_journal import Sitting

_CLOCK = 9
"""Cells of a time of day."""
_WORST_FIRST = tuple(Severity)


def sorted_findings(findings: Sequence[Finding]) -> list[Finding]:
    """Order findings by severity, the worst first, keeping their order within one."""
    return sorted(findings, key=lambda finding: _WORST_FIRST.index(finding.severity))


def finding_lines(findings: Sequence[Finding], cells: int, *, ascii_only: bool = False) -> list[str]:
    """Tell each finding in a paragraph: symbol, severity, subject, sentence, remedy."""
    lines: list[str] = []
    for finding in sorted_findings(findings):
        head = f"{told(finding.severity, ascii_only=ascii_only)}: "
        text = f"{clean(finding.subject)}: {clean(finding.sentence)}"
        lines += indent(text, cells, head, "  ")
        if finding.remedy:
            lines += indent(clean(finding.remedy), cells, "  -> ")
    rows = [(look(each.severity).word, each.subject, each.sentence, each.remedy) for each in sorted_findings(findings)]
    return headed(lines, sheet("Findings", ("severity", "subject", "finding", "remedy"), map(_cleaned, rows)))


def _cleaned(row: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(clean, row))


def description_lines(description: Description, cells: int, *, ascii_only: bool = False) -> list[str]:
    """Tell facts as label and value, then each table under its title."""
    label = max((len(name) for name, _ in description.facts), default=0)
    lines: list[str] = []
    for name, value in description.facts:
        lines += indent(drawn(clean(value), ascii_only=ascii_only), cells, f"{clean(name):<{label}}  ")
    lines = headed(lines, sheet("Facts", ("fact", "value"), map(_cleaned, description.facts)))
    for found in description.tables:
        lines += ["", clean(found.title)]
        columns = [Column(clean(title), wraps=True) for title in found.columns]
        lines += table(columns, found.rows, cells, states=found.states, ascii_only=ascii_only)
    return lines


_STEP_COLUMNS = (
    Column("#", 2, right=True),
    Column("step", 24, wraps=True),
    Column("breaks", 10, wraps=True),
    Column("undo", 4),
    Column("proof", 12, wraps=True),
)


def plan_lines(plan: Plan, cells: int, *, ascii_only: bool = False) -> list[str]:
    """Tell a whole plan: goal, steps, what else was approved, gaps, decisions and reasons."""
    body = plan.body
    state = told(body.outcome, ascii_only=ascii_only)
    risk = f", {look(plan.risk).word}" if body.steps else ""
    lines = indent(clean(plan.goal_text), cells, "Goal: ", "  ")
    asked = any(decision.question == body.summary for decision in body.decisions)
    lines += indent(f"{state}{risk}" + ("" if asked else f": {clean(body.summary)}"), cells, "Plan: ", "  ")
    lines += [
        text
        for reason in body.reasons
        for text in indent(clean(reason), cells, f"  {mark('blocked', ascii_only=ascii_only)} ")
    ]
    if body.steps:
        lines += ["", *_step_table(body.steps, cells, ascii_only)]
    if body.contingent:
        lines += ["", "Approved with it, done only if needed:"]
        lines += [text for step in body.contingent for text in indent(clean(step.title), cells, "  - ")]
    lines += _gap_lines(plan, cells)
    lines += _decision_lines(body.decisions, cells)
    return lines


def _step_table(steps: Sequence[Step], cells: int, ascii_only: bool) -> list[str]:
    """The plan's steps, numbered from 1."""
    rows = [
        (str(number), step.title, step.breaks, "" if step.request is None else "yes" if step.undo else "no", step.proof)
        for number, step in enumerate(steps, 1)
    ]
    return table(_STEP_COLUMNS, rows, cells, title="The plan's steps", ascii_only=ascii_only)


def _gap_lines(plan: Plan, cells: int) -> list[str]:
    """The outages that a plan announces."""
    if not plan.body.gaps:
        return []
    lines = ["", "Announced gaps:"]
    for gap in plan.body.gaps:
        until = f"until {gap.closes}, about {duration(gap.seconds)}" if gap.closes else "on"
        text = f"{gap.holder}: no live key from {gap.opens} {until}: {gap.reason}"
        lines += indent(clean(text), cells, "  - ")
    return lines


def _decision_lines(decisions: Sequence[Decision], cells: int) -> list[str]:
    """The questions a plan asks, each answer as the flag that gives it."""
    lines: list[str] = []
    for decision in decisions:
        lines += ["", *indent(clean(decision.question), cells, "Decide: ", "  ")]
        for choice in decision.choices:
            lines += indent(f"--decide {clean(decision.id)}={clean(choice.shown)}", cells, "  ")
            lines += indent(clean(choice.sentence), cells, "      ")
    return lines


def preflight_lines(preflight: Preflight, cells: int, *, ascii_only: bool = False) -> list[str]:
    """Tell which permissions a plan's steps miss and which locks stand in the way; nothing when all is well."""
    lines: list[str] = []
    bad, unknown = (f"  {mark(state, ascii_only=ascii_only)} " for state in ("missing", "unknown"))
    if preflight.missing:
        lines += ["", "Permissions that are missing:"]
        for item in preflight.missing:
            lines += indent(clean(item.sentence), cells, unknown if item.unknown else bad)
    if preflight.locks:
        lines += ["", "Locks in the way:"]
        for lock in preflight.locks:
            lines += indent(clean(lock.sentence), cells, bad)
    return lines


def step_lines(step: Step, cells: int, *, number: int = 0) -> list[str]:
    """Tell all of one step: what it asks of Azure, what it needs, breaks and proves, and the `az` command."""
    head = f"{number}. " if number else ""
    lines = indent(clean(step.title), cells, head)
    facts: list[tuple[str, str]] = []
    if step.request is not None:
        request = step.request
        facts += [
            ("asks", f"{request.method} {request.host}{request.path} {request.api_version}"),
            ("needs", f"{request.permission} at {request.scope}"),
        ]
    if step.wait is not None:
        facts += [("waits", step.wait.reason), ("source", step.wait.source)]
    facts += [
        ("risk", look(step.risk).word), ("breaks", step.breaks), ("undo", step.undo or "cannot be undone"),
        ("before", step.before), ("proof", step.proof), ("az", step.az),
    ]  # fmt: skip
    if step.request is None:
        facts = [(name, value) for name, value in facts if name != "undo"]
    for name, value in facts:
        if value:
            lines += indent(clean(value), cells, f"   {name:<7} ")
    return lines


def event_lines(event: Event, cells: int, *, began: str = "", ascii_only: bool = False) -> list[str]:
    """Tell one event behind its time, on as many lines as it takes; none for what needs no telling.

    `began` is when the time of a dry run's twin began, which is told as what had passed since.
    """
    state, text = _event(event)
    symbol = mark(state, ascii_only=ascii_only) if state else " "
    at = f"{after(began, event.at) or clock(event.at):<{_CLOCK}}"
    return indent(drawn(clean(text), ascii_only=ascii_only), cells, f"{at} {symbol} ") if text else []


def event_line(event: Event, cells: int, *, began: str = "", ascii_only: bool = False) -> str:
    """Tell one event in one line of at most `cells`; empty for what needs no telling."""
    lines = event_lines(event, 10_000, began=began, ascii_only=ascii_only)
    return clip(lines[0], cells, ascii_only=ascii_only) if lines else ""


def _event(event: Event) -> tuple[str, str]:
    """What to say of an event: the state whose symbol goes in front, and the sentence."""
    from actions.guard import events

    match event:
        case events.RunStarted():
            return "", f"run {event.run} {'resumed' if event.resumed else 'started'}: {event.plan.goal_text}"
        case events.TwinMade():
            return "", event.sentence
        case events.StepStarted():
            retry = f", attempt {event.attempt}" if event.attempt > 1 else ""
            return "running", f"{event.number}/{event.total} {event.step.title}{retry}"
        case events.StepSaid():
            return "", event.text
        case events.WaitTick():
            left = _left(event) if event.until else f"since {clock(event.since)}"
            return "waiting", f"still waiting, {left}: {event.reason}"
        case events.WaitBegan():
            left = f", {duration(event.remaining_seconds)} left" if event.until else ""
            return "waiting", f"waiting{left}: {event.reason}"
        case events.StepFinished():
            state = "withheld" if event.withheld else "already-holds" if event.held else event.proof.verdict.value
            return state, f"{look(state).word}: {event.proof.sentence}"
        case events.Throttle():
            return "", f"Azure asks to wait {duration(event.retry_after)} ({event.service})"
        case events.Paused() | events.RunFinished():
            return event.state, f"{look(event.state).word}: {event.sentence}"
        case _:
            return "", ""


def _left(event: WaitBegan) -> str:
    """How much of a wait is over, and the time left."""
    since, until = moment(event.since), moment(event.until)
    whole = (until - since).total_seconds() if since and until else 0.0
    over = f"{percent(1 - event.remaining_seconds / whole)} over, " if whole > 0 else ""
    return f"{over}{duration(event.remaining_seconds)} left"


RUNBOOK = "runbook"
"""The kind of what was followed, where that of a run is its mode."""
_RUN_COLUMNS = (
    Column("run", 28), Column("action", 8), Column("target", 8), Column("kind", 7), Column("state", 7), Column("by", 3),
    Column("as", 4),
)  # fmt: skip


def runs_table(
    runs: Sequence[RunSummary], cells: int, books: Sequence[Sitting] = (), *, ascii_only: bool = False
) -> list[str]:
    """List runs and followed runbooks, newest first; an id holds the time it began, in UTC."""
    lines: list[tuple[str, ...]] = [
        (run.started, run.state, run.id, run.action, run.name, run.mode, look(run.state).word, run.operator, run.user)
        for run in runs
    ]
    lines += [
        (
            each.started,
            each.state,
            each.id,
            each.name,
            short_name(each.target),
            RUNBOOK,
            look(each.state).word,
            each.by,
            "-",
        )
        for each in books
    ]
    lines.sort(key=lambda line: line[0], reverse=True)
    rows, states = [line[2:] for line in lines], [line[1] for line in lines]
    return table(_RUN_COLUMNS, rows, cells, states=states, ascii_only=ascii_only)


def short_name(target: str) -> str:
    """A target's last word, by which people know it."""
    return clean(target.rstrip("/").rpartition("/")[2])


def step_state(step: StepHistory) -> str:
    """The state to show for a recorded step: the verdict once there is one, else what happened to it."""
    if step.result in {"withheld", "waiting", "running"}:
        return step.result
    if step.result == "held":
        return "already-holds"
    if step.verdict is not None:
        return step.verdict.value
    return "unknown" if step.result == "unknown" else "failed" if step.result in {"error", "refused"} else "running"


def run_lines(run: RunHistory, cells: int, *, way: Sequence[str] = (), ascii_only: bool = False) -> list[str]:
    """Tell one run: where it stands, its steps with times and proofs, who ran it, and what to do next.

    `way` is the command that goes on with it, and what is to be known of it.
    """
    lines = indent(clean(run.plan.goal_text), cells, "Goal:   ")
    lines += indent(f"{told(run.state, ascii_only=ascii_only)}: {clean(run.sentence)}", cells, "State:  ")
    place = "rehearsal" if run.plan.binding.rehearsal else run.plan.binding.cloud
    lines += indent(f"{run.plan.action} of {clean(run.plan.name)}, {run.mode}, {place}", cells, "Run:    ")
    lines += indent(clean(run.twin.sentence), cells, "On:     ") if run.twin else []
    lines += indent(clean(run.batch), cells, "Batch:  ") if run.batch else []
    for number, leg in enumerate(run.legs):
        until = f" to {stamp(leg.ended)}" if leg.ended else ""
        who = f"{leg.operator.name} on {leg.operator.host} as {leg.user}, {stamp(leg.started)}{until}"
        lines += indent(clean(who), cells, "then:   " if number else "By:     ")
    for reason in run.reasons:
        lines += indent(clean(reason), cells, f"  {mark('blocked', ascii_only=ascii_only)} ")
    if run.steps:
        states = [step_state(step) for step in run.steps]
        lines += ["", *timeline_lines(run, states, cells, ascii_only=ascii_only)]
    lines += _decision_lines(run.decisions, cells)
    for note in run.notes:
        lines += ["", *indent(clean(note.text), cells, f"{clock(note.at)} {clean(note.by)}: ", "  ")]
    if run.state in {RunState.STOPPED, RunState.WAITING, RunState.FAILED, RunState.NEEDS_DECISION}:
        lines += ["", *(line for text in way for line in indent(text, cells, "", "  "))]
    return lines


def pause_lines(
    state: RunState, sentence: str, paused: Paused | None, cells: int, *, ascii_only: bool = False
) -> list[str]:
    """Tell how a run ended or why it halted, with the questions and the new plan that came up."""
    lines = indent(clean(sentence), cells, f"{told(state, ascii_only=ascii_only)}: ", "  ")
    if paused is None:
        return lines
    for reason in paused.reasons:
        lines += indent(clean(reason), cells, f"  {mark('blocked', ascii_only=ascii_only)} ")
    lines += _decision_lines(paused.decisions, cells)
    if paused.drift is not None:
        lines += ["", "What would be done from here:", *plan_lines(paused.drift, cells, ascii_only=ascii_only), ""]
    return lines

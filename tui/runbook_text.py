"""A runbook beside the live state, as lines: the step, what enter does, what was found, what is behind, the notes. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from actions.registry import UnknownAction, entry
from tui.followed import JUMPED, jumped_over, outcome_state
from tui.render import clean, duration, indent, look, mark, stamp
from tui.runbook import Runbook, Step, filled
from tui.runbook_steps import begun_run, step_text, values_of, wait_until
from tui.telling import finding_lines
from tui.widgets.rows import TableRow

if TYPE_CHECKING:
    from actions.guard.contract import Inspection
    from tui.runbook_journal import Sitting

DONE = "The runbook is done."
HALTED = "Stop here, as the runbook says; call whom it names. Enter looks at this step once more."


def step_rows(book: Runbook, sitting: Sitting | None) -> list[TableRow]:
    """The steps as lines: what is behind with its outcome or was jumped over, the one that is next, what is to come."""
    behind = {each.number: each for each in sitting.done} if sitting is not None else {}
    present = present_step(book, sitting)
    jumped = jumped_over(sitting, [step.number for step in book.steps])
    rows = []
    for step in book.steps:
        last = behind.get(step.number)
        if present is not None and step.number == present.number:
            state, outcome = "running", clean(last.outcome) if last else "next"
        else:
            state, outcome = (outcome_state(last.outcome), clean(last.outcome)) if last else ("pending", "")
            if step.number in jumped:
                state, outcome = JUMPED, look(JUMPED).word
        when = stamp(last.at) if last else ""
        rows.append(TableRow(str(step.number), state, (str(step.number), clean(step.title), outcome, when)))
    return rows


def present_step(book: Runbook, sitting: Sitting | None) -> Step | None:
    """The step that is next; None once the runbook is done."""
    if sitting is None:
        return book.steps[0]
    return None if sitting.state == "done" else book.step(sitting.step)


def does(step: Step, sitting: Sitting | None, target: str, now: datetime | None) -> str:
    """What enter does at a step, told before it is pressed."""
    bound = step.bound
    if bound is None:
        return "enter: this is done"
    words = filled(bound.text, values_of(sitting, target))
    if bound.kind == "ask":
        return "enter: answer"
    if bound.kind == "wait":
        left = (wait_until(sitting, bound) - now).total_seconds() if sitting is not None and now is not None else 0.0
        return f"enter: go on; {duration(left)} of {duration(bound.seconds)} left" if left > 0 else "enter: go on"
    try:
        found = entry(bound.name)
    except UnknownAction:
        return f"enter: done by hand, for this installation has no action {bound.name}"
    if bound.kind == "expect":
        secrets = ", which reads the keys of its holders" if found.load().secret_reads else ""
        return f"enter: look with {bound.name}{secrets}, and check: {' '.join(bound.words)}"
    if sitting is not None and (run := begun_run(sitting, step)):
        return f"enter: go on with run {run}"
    return f"enter: open {words}; nothing runs before it is confirmed there"


def step_lines(
    book: Runbook, shown: Step, sitting: Sitting | None, target: str, now: datetime | None, cells: int
) -> list[str]:
    """One step in full, and what enter does when it is the next one."""
    lines = [line for text in step_text(shown, values_of(sitting, target)) for line in _under(text, cells)]
    present = present_step(book, sitting)
    if present is None:
        return [*lines, "", *indent(DONE, cells)]
    if present.number != shown.number:
        return [*lines, "", *indent(f"The next step is {present.number}; enter does that one.", cells)]
    if sitting is not None and sitting.state == "stopped" and halted(sitting):
        return [*lines, "", *indent(HALTED, cells)]
    return [*lines, "", *indent(does(shown, sitting, target, now), cells)]


def halted(sitting: Sitting) -> bool:
    """Whether the runbook itself said to stop: what was done last is the step that is still the next one."""
    return bool(sitting.done) and sitting.done[-1].number == sitting.step and not sitting.done[-1].run


def _under(text: str, cells: int) -> list[str]:
    lead = len(text) - len(text.lstrip()) or len(text.partition(" ")[0]) + 1
    first = text[:lead] if text[:lead].strip() else " " * lead
    return indent(clean(text[lead:]), cells, first, " " * lead)


def live_lines(
    book: Runbook, sitting: Sitting | None, seen: tuple[str, Inspection] | None, cells: int, *, ascii_only: bool
) -> list[str]:
    """What is known beside the text: what was found last, notes, and what is behind."""
    lines: list[str] = []
    if seen is not None:
        action, found = seen
        lines += ["", *indent(f"Found by {action} at {stamp(found.as_of)}", cells)]
        lines += finding_lines(found.findings, cells, ascii_only=ascii_only) or ["  nothing amiss"]
    if sitting is None:
        return [*lines, "", *_about(book, cells)]
    if sitting.notes:
        lines += ["", "Notes"]
        for note in sitting.notes:
            lines += indent(clean(note.text), cells, f"  {stamp(note.at)} {clean(note.by)}, step {note.step}: ", "    ")
    lines += ["", *indent(f"Recorded as {sitting.id}, begun {stamp(sitting.started)} by {clean(sitting.by)}", cells)]
    for each in reversed(sitting.done):
        symbol = mark(outcome_state(each.outcome), ascii_only=ascii_only)
        text = f"{clean(each.outcome)} ({clean(each.by)}{', run ' + each.run if each.run else ''})"
        lines += indent(text, cells, f"  {symbol} {stamp(each.at)} step {each.number}: ", "    ")
    return lines


def _about(book: Runbook, cells: int) -> list[str]:
    """What stands in front of the runbook, before it is begun."""
    head = book.head
    lines = ["When to use it", *indent(clean(head.when), cells, "  ", "  "), "", "You need"]
    lines += [line for role in head.roles for line in indent(clean(role), cells, "  - ", "    ")]
    told = f"{look(head.severity).word}; for: {', '.join(head.targets)}; review by {head.review_by}"
    return [*lines, "", *indent(told, cells)]

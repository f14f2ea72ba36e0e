"""The record of a runbook that was followed, told where runs are told: as a row of their list, and in full. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from tui.render import Column, clean, drawn, indent, look, stamp, table, told

if TYPE_CHECKING:
    from tui.runbook import Runbook
    from tui.runbook_journal import Sitting

JUMPED, SKIPPED = "jumped", "skipped"


def jumped_over(sitting: Sitting | None, numbers: Iterable[int]) -> set[int]:
    """Give the steps, of those numbered, that the way led past: not done, and before the next one or the end."""
    if sitting is None:
        return set()
    done = {each.number for each in sitting.done}
    return {number for number in numbers if number not in done and (sitting.state == "done" or number < sitting.step)}


def outcome_state(outcome: str) -> str:
    """The state to show for a step that is behind: one that was left out is not told like one that was done."""
    return SKIPPED if outcome == SKIPPED else "done"


def sitting_document(sitting: Sitting) -> dict[str, Any]:
    """One record for programs, with the steps that were jumped over."""
    return {**msgspec.to_builtins(sitting), "jumped": sorted(jumped_over(sitting, _numbers(sitting)))}


def _numbers(sitting: Sitting) -> range:
    """The steps that a record alone knows of: up to the highest that was done or is next."""
    return range(1, max((sitting.step, *(each.number for each in sitting.done))) + 1)


def step_order(sitting: Sitting, book: Runbook | None) -> list[tuple[int, str, str, str, str]]:
    """What happened, in order: number, state, outcome, time and who; steps that were jumped over stand at their place."""
    left = sorted(jumped_over(sitting, [step.number for step in book.steps] if book is not None else _numbers(sitting)))
    rows: list[tuple[int, str, str, str, str]] = []
    for each in sitting.done:
        while left and left[0] < each.number:
            rows.append((left.pop(0), JUMPED, look(JUMPED).word, "", ""))
        outcome = f"{each.outcome}{f' (run {each.run})' if each.run else ''}"
        rows.append((each.number, outcome_state(each.outcome), outcome, each.at, each.by))
    rows += [(number, JUMPED, look(JUMPED).word, "", "") for number in left]
    if sitting.state != "done":
        rows.append((sitting.step, "pending", "next", "", ""))
    return rows


def record_lines(
    sitting: Sitting, book: Runbook | None, cells: int, *, place: Sequence[str] = (), ascii_only: bool = False
) -> list[str]:
    """Tell one record: what was followed on what, where it stands, each step with its time, the notes, the way on.

    `book` is the runbook as it is on the shelf now, None where it is not there; the record holds no step's words. `place`
    are the words that lead a command here.
    """
    same = book is not None and book.digest == sitting.digest
    title = f": {book.head.title}" if book is not None else ""
    where = "" if sitting.state == "done" else f", next is step {sitting.step}"
    lines = indent(clean(sitting.name + title), cells, "Runbook: ")
    lines += indent(clean(sitting.target), cells, "Target:  ")
    lines += indent(f"{told(sitting.state, ascii_only=ascii_only)}{where}", cells, "State:   ")
    lines += indent(clean(f"{sitting.by}, {stamp(sitting.started)}"), cells, "By:      ")
    if not same:
        why = "is not on the shelf any more" if book is None else "was changed since; the steps' words are left out"
        lines += indent(f"its file (SHA-256 {clean(sitting.digest)[:8]}) {why}", cells, "File:    ")
    titles = {step.number: step.title for step in book.steps} if book is not None and same else {}
    steps = step_order(sitting, book if same else None)
    rows = [
        (str(number), titles.get(number, f"step {number}"), outcome, stamp(at) if at else "", by)
        for number, _, outcome, at, by in steps
    ]
    columns = (
        Column("#", 2, right=True),
        Column("step", 18, wraps=True),
        Column("came out", 12, wraps=True),
        Column("at", 17),
        Column("by", 4),
    )
    states = [state for _, state, *_ in steps]
    lines += ["", *table(columns, rows, cells, states=states, title="The runbook's steps", ascii_only=ascii_only)]
    if sitting.notes:
        lines += ["", "Notes"]
    for note in sitting.notes:
        head = f"  {stamp(note.at)} {clean(note.by)}, step {note.step}: "
        lines += indent(drawn(clean(note.text), ascii_only=ascii_only), cells, head, "    ")
    if sitting.state != "done":
        way = clean(shlex.join(["amlkeys", "runbook", "run", sitting.name, sitting.target, *place]))
        lines += ["", *indent(way, cells, "Go on with: ", "  ")]
    return lines

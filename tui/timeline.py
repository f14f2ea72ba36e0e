"""A recorded run as a timeline: when each step began, how long it took, and where in the whole run that was. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from actions.guard.text import after
from tui.render import Column, clock_on, drawn, duration, indent, moment, table
from tui.spark import stretch

if TYPE_CHECKING:
    from actions.guard.history import RunHistory, StepHistory

_LEAST_BAR, _LONGEST_BAR = 12, 40
_REST = 68
"""What the other columns take where there is room for them."""
_WORTH_A_LINE = 1.0
"""Seconds below which a run has no parts to tell apart."""
TWIN_TIME = "Times with + are the twin's since the run began; its waits took none of yours."
_COLUMNS = (
    Column("#", 2, right=True),
    Column("step", 20, wraps=True),
    Column("began", 9),
    Column("took", 4, right=True),
    Column("when", _LEAST_BAR),
)


def timeline_lines(run: RunHistory, states: Sequence[str], cells: int, *, ascii_only: bool = False) -> list[str]:
    """One row a step, its proof below; bars stand where in the run the step was, waits lighter than work."""
    room = max(_LEAST_BAR, min(_LONGEST_BAR, cells - _REST))
    first, last = _ends(run)
    whole = (last - first).total_seconds() if first and last else 0.0
    whole = whole if whole >= _WORTH_A_LINE else 0.0
    rows = [
        (
            str(step.number),
            step.title + (f" ({step.attempts} tries)" if step.attempts > 1 else ""),
            after(run.twin_began, step.started) or clock_on(step.started, run.started),
            duration(took(step)) if step.ended else "",
            _bar(step, first, whole, room),
        )
        for step in run.steps
    ]
    proofs = [step.sentence for step in run.steps]
    lines = table(_COLUMNS, rows, cells, states=states, below=proofs, title="The run's steps", ascii_only=ascii_only)
    if whole:
        legend = f"The whole line is {duration(whole)}; █ work, ░ waits."
        legend += f" {TWIN_TIME}" if run.twin_began else ""
        lines += ["", *indent(drawn(legend, ascii_only=ascii_only), cells, "  ")]
    return lines


def took(step: StepHistory) -> float:
    """How many seconds a step lasted, from its first try to its proof."""
    began, ended = moment(step.started), moment(step.ended)
    return (ended - began).total_seconds() if began and ended else 0.0


def _ends(run: RunHistory) -> tuple[datetime | None, datetime | None]:
    """When the run began, and the last that is known of it."""
    times = [run.started, run.ended, *(time for step in run.steps for time in (step.started, step.ended))]
    return moment(run.started), max((found for found in map(moment, times) if found), default=None)


def _bar(step: StepHistory, first: datetime | None, whole: float, cells: int) -> str:
    """Where a step stands in the whole; one that has not ended reaches to the end."""
    began, ended = moment(step.started), moment(step.ended)
    if not began or not first or not whole:
        return ""
    end = (ended - first).total_seconds() / whole if ended else 1.0
    return stretch((began - first).total_seconds() / whole, end, cells, waits=bool(step.wait))

"""Taking back what a finished step of a run added: from its journal to the options of a new plan."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

from actions.guard.errors import UsageError
from actions.guard.history import RunHistory
from actions.guard.model import RunState, Step
from actions.guard.text import plain

Record = tuple[Step, dict[str, str]]


@runtime_checkable
class Undoable(Protocol):
    """An action that can plan to take away again what one of its runs added."""

    def undo_options(self, records: Sequence[Record]) -> dict[str, Any]:
        """Give the options of that plan from the steps that were carried out and their evidence; empty for nothing."""
        ...


def done_steps(run: RunHistory) -> Iterator[Record]:
    """Give each step that the run carried out, exactly as it was approved, with its evidence."""
    approved = {step.digest(): step for plan in run.plans for step in (*plan.body.steps, *plan.body.contingent)}
    for known in run.steps:
        if known.result == "done" and known.digest in approved:
            yield approved[known.digest], known.evidence


def undoing(action: Undoable, name: str, run: RunHistory, target: str = "") -> dict[str, Any]:
    """Give the options that undo a run of the action `name` on `target` (any when empty); raises `UsageError`."""
    if run.plan.action != name:
        raise UsageError(f"Run {run.id} is one of {plain(run.plan.action)}, not of {name}.")
    if target and run.plan.target.casefold() != target.casefold():
        raise UsageError(f"Run {run.id} was on {plain(run.plan.target)}, not on {plain(target)}.")
    if run.state is RunState.RUNNING:
        raise UsageError(f"Run {run.id} is still at work; stop it before it is undone.")
    options = action.undo_options(tuple(done_steps(run)))
    if not options:
        raise UsageError(f"Run {run.id} added nothing that could be taken away again.")
    return options

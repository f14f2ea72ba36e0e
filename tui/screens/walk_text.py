"""The walk's texts, laid out for a width: what will be read, what was found, a step in full, the report."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from actions.guard.contract import Action, Description
from actions.guard.model import Finding, Outcome, Plan, Step
from tui.dialogs.failure import Failure
from tui.options import OptionField
from tui.render import clean, indent
from tui.screens.options_form import Values, option_lines
from tui.telling import description_lines, finding_lines, pause_lines, plan_lines, run_lines, step_lines

if TYPE_CHECKING:
    from actions.guard.events import Paused
    from actions.guard.history import RunHistory

NEXT = {
    Outcome.READY: "enter continues to the confirmation",
    Outcome.NEEDS_DECISION: "enter asks what must be decided",
    Outcome.BLOCKED: "this cannot run; d has the details",
    Outcome.NO_CHANGES: "there is nothing to do",
}
"""What enter does at a plan."""
LACKING = "Ask for the roles that are named, then inspect again (f5); or press t on the plan, and Azure decides."
READS = "Inspecting only reads."
NO_SECRET = "It reads no secret."


def intro_lines(
    action: Action[Any, Any, Any], name: str, fields: Sequence[OptionField], values: Values, cells: int
) -> list[str]:
    """Say what the action does and reads, and how it is set."""
    lines = indent(f"{action.title}: {name}", cells)
    lines += indent(action.summary, cells, "  ")
    lines += ["", "What enter does now", *indent(f"{READS} {action.secret_reads or NO_SECRET}", cells, "  ")]
    if fields:
        lines += ["", "Options (p changes them)", *option_lines(fields, values, cells)]
    return lines


def described_lines(
    description: Description, findings: Sequence[Finding], cells: int, *, ascii_only: bool
) -> list[str]:
    """What was found: the state, then what is remarkable about it."""
    told = description_lines(description, cells, ascii_only=ascii_only)
    if not findings:
        return told
    return [*told, "", "Findings", *finding_lines(findings, cells, ascii_only=ascii_only)]


def step_text(plan: Plan, found: tuple[int, Step] | None, cells: int, *, ascii_only: bool) -> list[str]:
    """The step under the cursor in full, then the whole plan."""
    lines = [*step_lines(found[1], cells, number=found[0]), ""] if found else []
    return [*lines, *plan_lines(plan, cells, ascii_only=ascii_only)]


def report_lines(
    history: RunHistory, paused: Paused | None, cells: int, *, way: Sequence[str], ascii_only: bool
) -> list[str]:
    """The record of a run; where it halted, what came up comes first."""
    lines: list[str] = []
    if paused is not None and (paused.reasons or paused.decisions or paused.drift):
        lines = [*pause_lines(history.state, history.sentence, paused, cells, ascii_only=ascii_only), ""]
    return [*lines, *run_lines(history, cells, way=way, ascii_only=ascii_only)]


def blocked(
    summary: str, reasons: Sequence[str], advice: str = "Remove what is named, then inspect again (f5)."
) -> Failure:
    """Say why a plan cannot run."""
    details = tuple(clean(reason) for reason in reasons)
    return Failure(clean(summary), "Nothing was changed.", advice, details=details)

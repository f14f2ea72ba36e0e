"""What a step of a runbook comes to, the same on lines and in the console: targets, checks, waits, runs. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from actions.guard.model import Severity
from tui.runbook import Bound, Step, filled, unmarked

if TYPE_CHECKING:
    from actions.guard.contract import Inspection
    from tui.runbook_journal import Sitting


def same_target(one: str, other: str) -> bool:
    """Tell whether two words name one target: the same words, or a resource id and the end of it that people write."""
    first, second = one.casefold().strip("/"), other.casefold().strip("/")
    if first == second:
        return True
    short, long = sorted((first, second), key=len)
    if "providers/" not in long or "providers/" in short:
        return False
    parts = long.split("/")
    given = {"subscriptions": parts[1], "groups": parts[3] if len(parts) > 3 else "", "name": parts[-1]}
    return short in {
        given["name"],
        f"{given['groups']}/{given['name']}",
        f"{given['subscriptions']}/{given['groups']}/{given['name']}",
    }


def holds(inspection: Inspection, verb: str, wanted: str) -> bool:
    """Judge a check: `== ok` is no finding above warn and none unknown; `has` and `lacks` look for a finding's id."""
    if verb == "==":
        return all(finding.severity in {Severity.INFO, Severity.WARN} for finding in inspection.findings)
    present = any(finding.id.casefold() == wanted.casefold() for finding in inspection.findings)
    return present if verb == "has" else not present


def check_outcome(bound: Bound, found: bool) -> str:
    """A check's end as it is recorded."""
    return f"{bound.name} {' '.join(bound.words)}: {'holds' if found else 'does not hold'}"


def wait_until(sitting: Sitting, bound: Bound) -> datetime:
    """When a wait is over: counted from the end of the step before, by the cloud's clock."""
    since = sitting.done[-1].at if sitting.done else sitting.started
    return datetime.fromisoformat(since) + timedelta(seconds=bound.seconds)


def begun_run(sitting: Sitting, step: Step) -> str:
    """The id of the run that this step began and that was not done when it was left; empty when there is none."""
    last = sitting.done[-1] if sitting.done else None
    return last.run if last is not None and last.number == step.number else ""


def values_of(sitting: Sitting | None, target: str) -> dict[str, str]:
    """What stands for the `{names}` of a text: the target, and what was answered."""
    return {"target": target, **(sitting.values if sitting is not None else {})}


def step_text(step: Step, values: dict[str, str]) -> list[str]:
    """A step's own lines, answers filled in."""
    first, *more = filled(unmarked(step.text), values).splitlines()
    return [f"{step.number}. {first}", *(f"   {line}" for line in more)]

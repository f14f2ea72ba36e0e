"""How what would be planned now differs from what was approved, in sentences."""

from __future__ import annotations

from typing import Any

import msgspec

from actions.guard.model import Outcome, Plan, Step, Steps
from actions.guard.text import capped

_SHOWN = 60


def approved(plan: Plan) -> dict[str, Step]:
    """Return the steps that a plan's approval covers, contingent ones included, by id."""
    return {step.id: step for step in (*plan.body.steps, *plan.body.contingent)}


def step_differences(plan: Plan, step: Step) -> tuple[str, ...]:
    """Tell how a step differs from the approved one of the same id; nothing when it is that one."""
    known = approved(plan).get(step.id)
    if known is None:
        return (f"Not in the approved plan: {capped(step.title, 200)} ({step.id}).",)
    if known.digest() == step.digest():
        return ()
    before, now = msgspec.to_builtins(known), msgspec.to_builtins(step)
    changed = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    parts = ", ".join(f"{name}: {_brief(before.get(name))} -> {_brief(now.get(name))}" for name in changed)
    return (f"Changed: {capped(step.title, 200)} ({step.id}): {parts}.",)


def next_differences(plan: Plan, fresh: Steps) -> tuple[str, ...]:
    """Tell why the next step may not be taken: it was not approved like that, or would open an unannounced gap."""
    announced = {gap.holder for gap in plan.body.gaps}
    gaps = [gap for gap in fresh.gaps if gap.holder not in announced]
    return (
        *(step_differences(plan, fresh.steps[0]) if fresh.steps else ()),
        *(f"A gap that was not announced: {gap.holder}, about {gap.seconds:.0f} s ({gap.reason})." for gap in gaps),
    )


def all_differences(plan: Plan, fresh: Steps) -> tuple[str, ...]:
    """Tell everything that differs between a plan and the steps that would be planned now."""
    if fresh.outcome is not plan.body.outcome:
        reasons = f" ({' '.join(fresh.reasons)})" if fresh.reasons else ""
        return (f"The plan was {plan.body.outcome}; now it would be {fresh.outcome}{reasons}.",)
    if fresh.outcome is not Outcome.READY:
        return ()
    remaining = {step.id for step in fresh.steps}
    gone = [step for step in plan.body.steps if step.id not in remaining]
    order = [step.id for step in plan.body.steps if step.id in remaining]
    moved = order != [step.id for step in fresh.steps if step.id in set(order)]
    return (
        *(line for step in fresh.steps for line in step_differences(plan, step)),
        *(f"No longer needed: {capped(step.title, 200)} ({step.id})." for step in gone),
        *(("The steps come in another order.",) if moved else ()),
        *next_differences(plan, msgspec.structs.replace(fresh, steps=())),
    )


def _brief(value: Any) -> str:
    if value is None:
        return "nothing"
    return capped(value if isinstance(value, str) else msgspec.json.encode(value).decode(), _SHOWN)

"""A plan as `az` commands: what the operator may not do, for someone who may."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from actions.guard.text import plain

if TYPE_CHECKING:
    from actions.guard.model import Request
    from actions.guard.results import Planned


def az_document(planned: Planned) -> dict[str, Any]:
    """The exported steps for programs: their number in the plan, title, command and what is missing for them."""
    lacking = {_pair(item.action, item.scope): item.sentence for item in planned.preflight.missing}
    steps = [
        {
            "number": number,
            "step": step.id,
            "title": plain(step.title),
            "az": plain(step.az),
            "missing": lacking.get(_asked(step.request), ""),
        }
        for number, step in enumerate(planned.plan.body.steps, 1)
        if step.request and step.az
    ]
    held_back = [step for step in steps if step["missing"]]
    return {"plan": planned.plan.digest(), "target": planned.plan.target, "steps": held_back or steps}


def az_lines(planned: Planned) -> list[str]:
    """The same as lines for a shell: each command under a comment that names its step."""
    body = planned.plan.body
    if not body.steps:
        return [f"# {plain(line)}" for line in (body.outcome, body.summary, *body.reasons) if line]
    found = az_document(planned)["steps"]
    lines = [f"# {plain(planned.plan.goal_text)}"]
    if not found:
        return [*lines, "# No step of this plan asks for a change in Azure."]
    for item in found:
        why = [f"#    {item['missing']}"] if item["missing"] else []
        lines += ["", f"# {item['number']}. {item['title']}", *why, item["az"]]
    return lines


def _asked(request: Request | None) -> tuple[str, str]:
    return _pair(request.permission, request.scope) if request else ("", "")


def _pair(action: str, scope: str) -> tuple[str, str]:
    return action.casefold(), scope.casefold()

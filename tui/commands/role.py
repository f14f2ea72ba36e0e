"""`role`: a custom role that allows what an action needs on a target, and nothing else."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from tui.commands.acting import ActionGroup, Wish, planned_for
from tui.commands.attending import opened
from tui.commands.failures import BLOCKED, DONE
from tui.commands.flags import decide_option


def definition(name: str, description: str, least: Any) -> dict[str, Any]:
    """The role as `az role definition create --role-definition @FILE` takes it."""
    return {
        "Name": name, "IsCustom": True, "Description": description, "Actions": list(least.actions), "NotActions": [],
        "DataActions": list(least.data_actions), "NotDataActions": [], "AssignableScopes": list(least.scopes),
    }  # fmt: skip


def _role(context: click.Context, wish: Wish) -> int:
    from actions.guard.least import least_role
    from actions.guard.model import Outcome

    asked: list[tuple[str, str]] = []
    with opened(context) as (session, out):

        async def plan(connected: Any) -> Any:
            connected.cloud.gate.watch = lambda method, url: asked.append((method, url))
            try:
                return await planned_for(connected, wish, session.settings.subscription), connected.cloud.gate.hosts
            finally:
                connected.cloud.gate.watch = None

        planned, hosts = session.run(plan)
        out.banner(session)
        body = planned.plan.body
        if body.outcome in {Outcome.BLOCKED, Outcome.NEEDS_DECISION}:
            out.progress(f"The plan has no steps yet, so the role would lack what they need: {body.summary}")
            return BLOCKED
        what = f"{wish.action.title} on {planned.plan.name}, planned and run with amlkeys"
        role = definition(f"amlkeys {wish.action.name}", what, least_role(asked, planned.plan, hosts))
        if out.json:
            out.document("role", {"role": role})
        else:
            out.result(msgspec.json.format(msgspec.json.encode(role), indent=2).decode().splitlines())
    return DONE


role = ActionGroup(
    "role", _role, "Print a custom role that allows an action on a target, and nothing else.", (decide_option,),
    plans=False,
)  # fmt: skip

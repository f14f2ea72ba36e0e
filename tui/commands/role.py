"""`role`: a custom role that allows what one or several actions need on a target, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from tui.commands.acting import ActionGroup, Wish
from tui.commands.attending import begin, opened
from tui.commands.failures import BLOCKED, DONE, USAGE, CommandError
from tui.commands.flags import decide_option
from tui.commands.targets import find

if TYPE_CHECKING:
    from actions.cloud.data import ResourceId
    from actions.guard.least import LeastRole
    from actions.guard.model import Plan
    from tui.session import Connected

_WORKSPACE = "microsoft.machinelearningservices/workspaces"


def definition(name: str, description: str, least: Any) -> dict[str, Any]:
    """The role as `az role definition create --role-definition @FILE` takes it."""
    return {
        "Name": name, "IsCustom": True, "Description": description, "Actions": list(least.actions), "NotActions": [],
        "DataActions": list(least.data_actions), "NotDataActions": [], "AssignableScopes": list(least.scopes),
    }  # fmt: skip


def target_for(action: str, found: ResourceId) -> ResourceId:
    """What an action would be done to, given what another one is done to: the workspace around it, or its subscription."""
    from actions.cloud.data import ResourceId
    from actions.registry import entry

    known = entry(action)
    if known.of_subscription:
        return ResourceId(f"/subscriptions/{found.subscription}")
    if found.type.startswith(f"{_WORKSPACE}/"):
        return found if "endpoint" in known.target_kind else found.parent
    kinds = known.target_kind.split(" or ")
    if found.type == _WORKSPACE or (found.type.startswith("microsoft.storage/") and "storage account" in kinds):
        return found
    sentence = f"{known.title} is done to a {known.target_kind}; name a workspace to put it beside the first action."
    raise CommandError(sentence, exit_code=USAGE, kind="target")


def _role(context: click.Context, wish: Wish, others: tuple[str, ...]) -> int:
    from actions.guard.least import least_role, together
    from actions.guard.model import Outcome
    from actions.registry import entry

    names = list(dict.fromkeys([wish.action.name, *others]))
    with opened(context) as (session, out):

        async def plan(connected: Connected) -> tuple[list[Plan], LeastRole]:
            first = await find(
                connected, wish.target, entry(wish.action.name).target_kind, session.settings.subscription
            )
            plans, roles, used = [], [], set[str]()
            for name in names:
                options = wish.options if name == wish.action.name else {}
                target = first if name == wish.action.name else target_for(name, first)
                made, asked = await _watched(connected, name, target, options, wish.decided)
                used |= set(made.decided)
                plans.append(made)
                roles.append(least_role(asked, made, connected.cloud.gate.hosts))
            if unknown := sorted(set(wish.decided) - used):
                sentence = f"Nothing asks for a decision {', '.join(unknown)}."
                raise CommandError(sentence, exit_code=USAGE, kind="usage")
            return plans, together(roles)

        begin(session, out, *(wish.action if name == wish.action.name else entry(name).load() for name in names))
        plans, least = session.run(plan)
        for each in plans:
            if each.body.outcome in {Outcome.BLOCKED, Outcome.NEEDS_DECISION}:
                sentence = f"The plan of {each.action} has no steps yet, so the role would lack what they need:"
                raise CommandError(f"{sentence} {each.body.summary}", exit_code=BLOCKED, kind="not-ready")
        title = " and ".join(entry(name).title for name in names)
        what = f"{title} on {plans[0].name}, planned and run with amlkeys"
        role = definition(f"amlkeys {', '.join(names)}", what, least)
        if out.json:
            out.document("role", {"role": role})
        else:
            out.result(msgspec.json.format(msgspec.json.encode(role), indent=2).decode().splitlines())
    return DONE


async def _watched(
    connected: Connected, action: str, target: ResourceId, options: dict[str, Any], given: dict[str, str]
) -> tuple[Plan, list[tuple[str, str]]]:
    """Plan an action with those of the given answers that it asks for, and note what it asks of Azure meanwhile."""
    asked: list[tuple[str, str]] = []
    gate = connected.cloud.gate
    gate.watch = lambda method, url: asked.append((method, url))
    try:
        decided: dict[str, str] = {}
        planned = await connected.engine.make_plan(action, target, options)
        while news := {
            each.id: given[each.id]
            for each in planned.plan.body.decisions
            if each.id in given and each.id not in decided
        }:
            decided |= news
            planned = await connected.engine.make_plan(action, target, options, decided, planned.inspection)
        return planned.plan, asked
    finally:
        gate.watch = None


def _known(context: click.Context, parameter: click.Parameter, given: tuple[str, ...]) -> tuple[str, ...]:
    from actions.registry import UnknownAction, entry

    try:
        return tuple(entry(name).name for name in given)
    except UnknownAction as error:
        raise click.BadParameter(str(error), context, parameter) from None


_others = click.option(
    "--with", "others", multiple=True, metavar="ACTION", callback=_known,
    help="Also for this action, on the same workspace or on its subscription; may be given several times.",
)  # fmt: skip

role = ActionGroup(
    "role", _role, "Print a custom role that allows an action on a target, and nothing else.", (_others, decide_option),
    plans=False,
)  # fmt: skip

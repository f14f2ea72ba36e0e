"""Privileged Identity Management: what a principal could activate, and what is active; needs a licence that many lack."""

from __future__ import annotations

from typing import Any

from azsim import ids
from azsim.errors import Refused, arm_error
from azsim.principals import normalised
from azsim.router import Context, Routes, since
from azsim.services.graph import display_names
from azsim.wire import Response, json_response

route = Routes("authorization")
_READ = "Microsoft.Authorization/roleEligibilityScheduleInstances/read"


@route(
    "GET",
    "/{scope}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances",
    versions=since("2020-10-01"),
    action=_READ,
)
def eligibilities(ctx: Context) -> Response:
    """Eligible roles at, above and below a scope; `asTarget()` narrows to the caller."""
    _insist_licence(ctx)
    wanted, scope = ctx.request.query.get("$filter", ""), ids.fold(ctx.params["scope"])
    mine = ctx.caller.principal_ids if ctx.caller else frozenset()
    found = [
        item
        for item in ctx.world.estate.eligibilities
        if _related(ids.fold(str(item["scope"])), scope)
        and (wanted.casefold() != "astarget()" or normalised(str(item["principalId"])) in mine)
    ]
    return json_response(200, {"value": [_wire(ctx, index, item) for index, item in enumerate(found)]})


@route(
    "GET",
    "/{scope}/providers/Microsoft.Authorization/roleAssignmentScheduleInstances",
    versions=since("2020-10-01"),
    action="Microsoft.Authorization/roleAssignmentScheduleInstances/read",
)
def active(ctx: Context) -> Response:
    """Active assignments at, above and below a scope, permanent ones included, with their principals' names."""
    _insist_licence(ctx)
    scope = ids.fold(ctx.params["scope"])
    names = display_names(ctx.world)
    shown = ctx.world.access.assignments.values() if ctx.world.behaviour().pim_lists_permanent else ()
    found = [item for item in shown if _related(item.scope or "/", scope)]
    value = []
    for item in found:
        given = {**item.properties, "scope": item.properties["scope"]}
        wire = _wire(ctx, 0, given, names.get(normalised(str(given["principalId"])), ""))
        properties = {**wire["properties"], "assignmentType": "Assigned", "originRoleAssignmentId": item.id}
        name = f"{item.name}-instance"
        kind = "Microsoft.Authorization/roleAssignmentScheduleInstances"
        identity = f"{given['scope'].rstrip('/')}/providers/{kind}/{name}"
        value.append({"properties": properties, "name": name, "id": identity, "type": kind})
    return json_response(200, {"value": value})


def _insist_licence(ctx: Context) -> None:
    if not ctx.world.behaviour().pim_licensed:
        message = "The tenant needs an AAD Premium 2 license."
        raise Refused(arm_error(400, "AadPremiumLicenseRequired", message, gateway=False))


def _related(one: str, other: str) -> bool:
    return ids.within(one, other) or ids.within(other, one)


def _wire(ctx: Context, index: int, item: dict[str, Any], title: str = "") -> dict[str, Any]:
    scope, role = str(item["scope"]), str(item["roleDefinitionId"])
    definition = ctx.world.access.definitions.get(ids.name_of(role).casefold(), {})
    name = f"{ids.name_of(role)}-{index}"
    return {
        "properties": {
            "scope": scope,
            "roleDefinitionId": role,
            "principalId": item["principalId"],
            "principalType": item.get("principalType", "User"),
            "status": "Provisioned",
            "startDateTime": item.get("startDateTime"),
            "endDateTime": item.get("endDateTime"),
            "memberType": item.get("memberType", "Direct"),
            "condition": None,
            "conditionVersion": None,
            "expandedProperties": {
                "scope": {"id": scope, "displayName": ids.name_of(scope), "type": "subscription"},
                "roleDefinition": {"id": role, "displayName": definition.get("roleName", ""), "type": "BuiltInRole"},
                "principal": {
                    "id": item["principalId"],
                    "displayName": title,
                    "type": item.get("principalType", "User"),
                },
            },
        },
        "name": name,
        "id": f"{scope}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances/{name}",
        "type": "Microsoft.Authorization/roleEligibilityScheduleInstances",
    }

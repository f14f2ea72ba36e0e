"""Privileged Identity Management: what a principal could activate; needs a licence that many tenants lack."""

from __future__ import annotations

from typing import Any

from azsim import ids
from azsim.errors import Refused, arm_error
from azsim.principals import normalised
from azsim.router import Context, Routes, since
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
    if not ctx.world.behaviour().pim_licensed:
        message = "The tenant needs an AAD Premium 2 license."
        raise Refused(arm_error(400, "AadPremiumLicenseRequired", message, gateway=False))
    wanted, scope = ctx.request.query.get("$filter", ""), ids.fold(ctx.params["scope"])
    mine = ctx.caller.principal_ids if ctx.caller else frozenset()
    found = [
        item
        for item in ctx.world.estate.eligibilities
        if _related(ids.fold(str(item["scope"])), scope)
        and (wanted.casefold() != "astarget()" or normalised(str(item["principalId"])) in mine)
    ]
    return json_response(200, {"value": [_wire(ctx, index, item) for index, item in enumerate(found)]})


def _related(one: str, other: str) -> bool:
    return ids.within(one, other) or ids.within(other, one)


def _wire(ctx: Context, index: int, item: dict[str, Any]) -> dict[str, Any]:
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
                "principal": {"id": item["principalId"], "displayName": "", "type": item.get("principalType", "User")},
            },
        },
        "name": name,
        "id": f"{scope}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances/{name}",
        "type": "Microsoft.Authorization/roleEligibilityScheduleInstances",
    }

"""Activity log events in the shape of api-version 2015-04-01: one for the begin and one for the end of an operation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from azsim import ids
from azsim.clock import iso7, iso_seconds

TITLES = {
    "microsoft.storage/storageaccounts/regeneratekey/action": "Regenerate Storage Account Keys",
    "microsoft.storage/storageaccounts/listkeys/action": "List Storage Account Keys",
    "microsoft.storage/storageaccounts/write": "Create/Update Storage Account",
    "microsoft.machinelearningservices/workspaces/resynckeys/action": "Resync keys for a Workspace",
    "microsoft.machinelearningservices/workspaces/write": "Create or update a Workspace",
    "microsoft.machinelearningservices/workspaces/datastores/write": "Create or update a Datastore",
    "microsoft.authorization/roleassignments/write": "Create role assignment",
    "microsoft.authorization/roleassignments/delete": "Delete role assignment",
    "microsoft.keyvault/vaults/write": "Update Key Vault",
    "microsoft.keyvault/vaults/accesspolicies/write": "Update access policy",
}
"""The words beside an action; for any other the action itself is shown."""
_EPOCH_TICKS = 621_355_968_000_000_000
_CLAIMS = "http://schemas.microsoft.com/identity/claims"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """An operation that someone did, as far as the activity log tells it."""

    resource: str
    action: str
    method: str
    url: str
    status: int
    began: datetime
    took: timedelta
    caller: str
    caller_id: str
    caller_title: str
    tenant: str
    correlation: str
    client_request: str
    event_ids: tuple[str, str]
    """The GUIDs of the two events."""
    delay: timedelta
    """How long after the deed the events are filed."""


def events(deed: Deed) -> list[dict[str, Any]]:
    """The Started event and the final one: Accepted for 202, Succeeded below 400, else Failed."""
    final = "Accepted" if deed.status == 202 else "Succeeded" if deed.status < 400 else "Failed"
    reason = HTTPStatus(deed.status).phrase.replace(" ", "")
    begin = _event(deed, deed.event_ids[0], "Started", "", "", ("BeginRequest", "Begin request"), deed.began)
    text = f"{HTTPStatus(deed.status).phrase} (HTTP Status Code: {deed.status})"
    end = _event(deed, deed.event_ids[1], final, reason, text, ("EndRequest", "End request"), deed.began + deed.took)
    return [begin, end]


def _event(
    deed: Deed, event_id: str, status: str, sub: str, sub_text: str, name: tuple[str, str], moment: datetime
) -> dict[str, Any]:
    provider = ids.type_of(deed.resource).partition("/")[0] or "Microsoft.Resources"
    kind = deed.action.rsplit("/", 2 if deed.action.casefold().endswith("/action") else 1)[0]
    subscription = ids.subscription_of(deed.resource)
    return {
        "authorization": {"action": deed.action, "scope": deed.resource},
        "caller": deed.caller,
        "channels": "Operation",
        "claims": _claims(deed),
        "correlationId": deed.correlation,
        "description": "",
        "eventDataId": event_id,
        "eventName": {"value": name[0], "localizedValue": name[1]},
        "category": {"value": "Administrative", "localizedValue": "Administrative"},
        "httpRequest": {
            "clientRequestId": deed.client_request,
            "clientIpAddress": "203.0.113.10",
            "method": deed.method,
            "uri": deed.url,
        },
        "id": f"{deed.resource}/events/{event_id}/ticks/{int(moment.timestamp() * 10_000_000) + _EPOCH_TICKS}",
        "level": "Error" if status == "Failed" else "Informational",
        "resourceGroupName": ids.group_of(deed.resource),
        "resourceProviderName": {"value": provider, "localizedValue": provider},
        "resourceId": deed.resource,
        "resourceType": {"value": kind, "localizedValue": kind},
        "operationId": deed.correlation,
        "operationName": {"value": deed.action, "localizedValue": TITLES.get(deed.action.casefold(), deed.action)},
        "properties": {
            "statusCode": sub,
            "serviceRequestId": None,
            "eventCategory": "Administrative",
            "entity": deed.resource,
            "message": deed.action,
            "hierarchy": f"{deed.tenant}/{subscription}",
        },
        "status": {"value": status, "localizedValue": status},
        "subStatus": {"value": sub, "localizedValue": sub_text},
        "eventTimestamp": iso7(moment),
        "submissionTimestamp": iso_seconds(moment + deed.delay),
        "subscriptionId": subscription,
        "tenantId": deed.tenant,
    }


def _claims(deed: Deed) -> dict[str, str]:
    """The claims of the caller's token, as far as an operator needs them."""
    claims = {
        "aud": "https://management.core.windows.net/",
        "iss": f"https://sts.windows.net/{deed.tenant}/",
        "ipaddr": "203.0.113.10",
        "name": deed.caller_title,
        f"{_CLAIMS}/objectidentifier": deed.caller_id,
        f"{_CLAIMS}/tenantid": deed.tenant,
        "ver": "1.0",
    }
    if "@" in deed.caller:
        claims["http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn"] = deed.caller
    return claims

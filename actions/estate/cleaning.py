"""What of Azure's JSON goes into a picture: nothing that is a secret, or that people keep secrets in."""

from __future__ import annotations

import re
from typing import Any

from actions.cloud.data import ResourceId

Raw = dict[str, Any]
_SECRET_NAMES = frozenset(
    {
        "accountkey", "accesskey", "adminpassword", "adminuserpassword", "apikey", "clientsecret", "connectionstring",
        "instrumentationkey", "key", "keys", "password", "pat", "primarykey", "sas", "sastoken", "secondarykey", "secret",
        "sdktelemetryappinsightskey", "secrets", "secrettext", "securevalue", "token", "usersecret",
    }
)  # fmt: skip
_KEPT_EMPTY = frozenset({"environmentvariables", "env"})
"""Settings of programs, whose values are whatever somebody wrote there."""
_LOOKS_SECRET = re.compile(r"[A-Za-z0-9+/]{86}==|(?:AccountKey|SharedAccessSignature|sig|Password|Pwd)=", re.IGNORECASE)
_JOB_KEPT = ("status", "jobType")
_EVENT_KEPT = (
    "authorization", "caller", "category", "channels", "correlationId", "eventDataId", "eventName", "eventTimestamp", "id",
    "level", "operationId", "operationName", "resourceGroupName", "resourceId", "resourceProviderName", "resourceType",
    "status", "subStatus", "submissionTimestamp", "subscriptionId", "tenantId",
)  # fmt: skip


def resource(raw: Raw, found_id: str = "") -> Raw:
    """A resource as the document keeps it: name and type as its id says, and no secret."""
    place = ResourceId(str(raw.get("id") or found_id).rstrip("/"))
    kept = {name: cleaned(value) for name, value in raw.items() if name not in {"etag", "id", "name", "type"}}
    if kept.get("properties") is None:
        kept.pop("properties", None)
    given = str(raw.get("type") or "")
    kind = given if "/providers/" in place.key and given.casefold() == place.type else _spelled(place)
    return {"id": place.text, "name": place.name, "type": kind, **kept}


def job(raw: Raw) -> Raw:
    """A job without what it runs: only that it is there, and whether it runs."""
    properties = raw.get("properties") or {}
    found = resource({"id": raw.get("id"), "type": raw.get("type")})
    return {**found, "properties": {name: properties[name] for name in _JOB_KEPT if name in properties}}


def event(raw: Raw) -> Raw:
    """An activity log event without its caller's claims and address, and without the request's text."""
    kept = {name: raw[name] for name in _EVENT_KEPT if name in raw}
    return {"claims": {}, "properties": {}, **kept}


def cleaned(value: Any, name: str = "") -> Any:
    """A value without the parts that are secrets or could be."""
    if isinstance(value, dict):
        if name.casefold() in _KEPT_EMPTY:
            return dict.fromkeys(value, "")
        return {key: cleaned(inner, key) for key, inner in value.items() if not _is_secret(key, inner)}
    if isinstance(value, list):
        if name.casefold() in _KEPT_EMPTY:
            return []
        return [cleaned(inner) for inner in value]
    return "" if isinstance(value, str) and _LOOKS_SECRET.search(value) else value


def _is_secret(name: str, value: Any) -> bool:
    return name.casefold() in _SECRET_NAMES and isinstance(value, str | dict) and bool(value)


def _spelled(place: ResourceId) -> str:
    """The type as the id spells it."""
    if "/providers/" not in place.key:
        return "Microsoft.Resources/resourceGroups"
    parts = place.text.rpartition("/providers/")[2].split("/")
    return "/".join([parts[0], *parts[1::2]])

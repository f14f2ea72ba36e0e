"""What of Azure's JSON goes into a picture: nothing that is a secret, or that people keep secrets in."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from actions.cloud.data import ResourceId
from actions.cloud.errors import opaque
from actions.guard.secret import looks_secret

Raw = dict[str, Any]
_SECRET_NAMES = frozenset({"authorization", "cookie", "hint", "keys", "pat", "sas", "secrets"})
_SECRET_END = re.compile(
    r"(?:key|token|secret|password|passwd|pwd|passphrase|credential|connectionstring|securevalue|secrettext"
    r"|privatekeydata|publickeydata|keydata|scriptdata|scriptarguments)s?$"
)
_BLOCKS = frozenset(
    {"accesskeys", "apikey", "apikeys", "connectionstrings", "key", "keys", "password", "passwords", "secret", "secrets", "token",
     "tokens"}
)  # fmt: skip
"""Names of objects that hold nothing but secrets; those of others only end like them, such as activeKey."""
_LISTS = frozenset({"accesskeys", "apikeys", "connectionstrings", "passwords", "tokens"})
_KEPT_EMPTY = frozenset({"appsettings", "args", "command", "environmentvariables", "env", "httpheaders"})
"""Settings of programs, whose values are whatever somebody wrote there."""
_FREE = frozenset({"appdescription", "description", "kvtags", "metadata", "notes", "tags"})
"""Where people write what they like: a long word that could be a key is taken for one."""
_LOOKS_SECRET = re.compile(
    r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{86}==|(?:AccountKey|SharedAccess(?:Key|Signature)|sig|Password|Pwd)=",
    re.IGNORECASE,
)
_JOB_KEPT = ("status", "jobType")
_EVENT_KEPT = (
    "authorization", "caller", "category", "channels", "correlationId", "eventDataId", "eventName", "eventTimestamp", "id",
    "level", "operationId", "operationName", "resourceGroupName", "resourceId", "resourceProviderName", "resourceType",
    "status", "subStatus", "submissionTimestamp", "subscriptionId", "tenantId",
)  # fmt: skip


class LeftOut(NamedTuple):
    """One value that a picture does not hold: in which field, and whether it was its look alone that gave it away."""

    field: str
    by_look: bool


class Cleaner:
    """Goes through one piece of Azure's JSON; `left_out` says what was kept back, never the value."""

    def __init__(self) -> None:
        self.left_out: list[LeftOut] = []

    def clean(self, value: Any, name: str = "", field: str = "", *, free: bool = False) -> Any:
        """A value without the parts that are secrets or could be; `field` is where it stands."""
        folded = name.casefold()
        if folded in _KEPT_EMPTY:
            return self._emptied(value, field)
        free = free or folded in _FREE
        if isinstance(value, dict):
            return self._block(value, field, free=free)
        if isinstance(value, list):
            return [self.clean(inner, "", field, free=free) for inner in value]
        if isinstance(value, str) and (_LOOKS_SECRET.search(value) or looks_secret(value) or (free and opaque(value))):
            return self._leave(field, "", by_look=True)
        return value

    def _block(self, value: Raw, field: str, *, free: bool) -> Raw:
        """An object; of a pair of name and value the name says whether the value is one."""
        kept: Raw = {}
        named = _is_secret_name(str(value.get("name") or ""))
        for key, inner in value.items():
            place = _below(field, key)
            if _is_secret(key, inner) or (named and key.casefold() == "value" and inner):
                self._leave(place, None, by_look=False)
            elif looks_secret(key):
                self._leave(field, None, by_look=True)
            else:
                kept[key] = self.clean(inner, key, place, free=free or _is_loose(key, field))
        return kept

    def _emptied(self, value: Any, field: str) -> Any:
        """Settings of a program by name alone."""
        if value:
            self._leave(field, None, by_look=False)
        if isinstance(value, dict):
            return dict.fromkeys(value, "")
        return [] if isinstance(value, list) else "" if isinstance(value, str) else value

    def _leave(self, field: str, instead: Any, *, by_look: bool) -> Any:
        self.left_out.append(LeftOut(field, by_look))
        return instead


def resource(raw: Raw, found_id: str = "", cleaner: Cleaner | None = None) -> Raw:
    """A resource as the document keeps it: name and type as its id says, and no secret."""
    cleaner = cleaner or Cleaner()
    place = ResourceId(str(raw.get("id") or found_id).rstrip("/"))
    kept = cleaner.clean({name: value for name, value in raw.items() if name not in {"etag", "id", "name", "type"}})
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


def _is_secret_name(name: str) -> bool:
    """Whether a field of this name holds a secret, in whatever way its words are joined; an id is no such name."""
    folded = re.sub(r"[^a-z0-9/]", "", name.casefold())
    return folded in _SECRET_NAMES or ("/" not in folded and _SECRET_END.search(folded) is not None)


def _is_secret(name: str, value: Any) -> bool:
    if not value or not _is_secret_name(name):
        return False
    if isinstance(value, dict | list):
        return name.casefold() in (_BLOCKS if isinstance(value, dict) else _LISTS)
    return isinstance(value, str)


def _is_loose(key: str, field: str) -> bool:
    """Whether customers choose what stands in a field: what Azure calls properties within properties is theirs."""
    return _is_secret_name(key) or (key.casefold() == "properties" and field.casefold().startswith("properties"))


def _below(field: str, key: str) -> str:
    """Where a part of a field stands, as deep as the names are Azure's own."""
    if not field:
        return key
    return field if "/" in field or field.casefold() in _FREE else f"{field}/{key}"


def _spelled(place: ResourceId) -> str:
    """The type as the id spells it."""
    if "/providers/" not in place.key:
        return "Microsoft.Resources/resourceGroups"
    parts = place.text.rpartition("/providers/")[2].split("/")
    return "/".join([parts[0], *parts[1::2]])

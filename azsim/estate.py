"""The estate document: all that a rehearsal starts from, as Azure's own JSON; checked once, with one clear
error."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from azsim import ids
from azsim.behaviour import Behaviour, override

HOLDS = ("key1", "key2", "stale", "none")
FORMS = ("key", "connection-string")
"""How a connection keeps the key it holds."""
_SECRET_NAMES = frozenset({"accountkey", "sastoken", "clientsecret", "secrettext", "primarykey", "secondarykey"})
_KEY, _KEY_LENGTH = re.compile(r"[A-Za-z0-9+/]{86}=="), 88
"""A storage account's key: 64 bytes in base64."""


class EstateError(ValueError):
    """The document is wrong; the text starts with the JSON path, for example `$.resources[3].id: ...`."""


class Tenant(msgspec.Struct, frozen=True, rename="camel"):
    """The directory."""

    tenant_id: str
    display_name: str = "Contoso"
    default_domain: str = "contoso.example"
    country_code: str = "NL"


class SignedIn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """The user whom the rehearsal signs in."""

    object_id: str
    user_principal_name: str
    display_name: str = ""
    claims: dict[str, Any] = msgspec.field(default_factory=lambda: {"amr": ["pwd", "mfa"]})
    """What else the user's access tokens say: `amr`, `acrs`, `deviceid`, `xms_cc`, `groups`."""


class Subscription(msgspec.Struct, frozen=True, rename="camel"):
    """A subscription, as Resource Manager lists it."""

    subscription_id: str
    display_name: str
    state: str = "Enabled"
    tags: dict[str, str] | None = None
    unregistered: list[str] = []
    """Resource providers that are not registered in it (`Microsoft.DocumentDB`); all others are."""
    management_groups: list[str] = []
    """The names of the management groups above it, the nearest first; without any, every one stands above it."""


class Group(msgspec.Struct, frozen=True, rename="camel"):
    """A security group with the object ids of its direct members."""

    id: str
    display_name: str
    members: list[str] = []


class User(msgspec.Struct, frozen=True, rename="camel"):
    """Another user of the tenant."""

    id: str
    user_principal_name: str
    display_name: str = ""
    mail: str | None = None


class Client(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Something outside Azure ML that uses a storage account or an endpoint with a key; seen by Azure only in the
    metrics."""

    name: str
    account: str = ""
    """The storage account's name."""
    endpoint: str = ""
    """Or the id of an endpoint that it calls."""
    holds: str = ""
    """Its slot at the start: key1 unless said otherwise, or Primary."""
    reads: str | None = None
    """`datastore:<id>` or `workspace:<id>`: takes its key from there; null: knows one key and never learns
    another. A client of an endpoint: `secret:<vault>/<name>`, once that exists."""
    reread_seconds: float = 0.0
    """How often it reads again; 0: before every use."""
    authentication: str = "AccountKey"
    transactions_per_hour: float = 60.0


class Estate(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The whole document."""

    tenant: Tenant
    signed_in: SignedIn
    subscriptions: list[Subscription]
    resources: list[dict[str, Any]]
    role_assignments: list[dict[str, Any]] = []
    role_definitions: list[dict[str, Any]] = []
    deny_assignments: list[dict[str, Any]] = []
    eligibilities: list[dict[str, Any]] = []
    """Roles that principals may activate: scope, roleDefinitionId, principalId."""
    service_principals: list[dict[str, Any]] = []
    applications: list[dict[str, Any]] = []
    users: list[User] = []
    groups: list[Group] = []
    keys: list[dict[str, Any]] = []
    """Versions of Key Vault keys."""
    vault_secrets: list[dict[str, Any]] = []
    """Secrets that vaults hold from the start: vault, name, attributes (created, exp); values are made from the seed."""
    activity: list[dict[str, Any]] = []
    metrics: list[dict[str, Any]] = []
    behaviour: Behaviour = Behaviour()
    clients: list[Client] = []
    about: dict[str, Any] = {}
    """What a picture of a real estate says of itself; for people, the cloud makes nothing of it."""


def load(document: bytes | str | Mapping[str, Any]) -> Estate:
    """Decode and check an estate; raises EstateError."""
    try:
        raw = msgspec.json.decode(document) if isinstance(document, bytes | str) else document
        estate = msgspec.convert(raw, Estate)
    except msgspec.ValidationError as error:
        raise EstateError(_placed(str(error))) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EstateError(f"$: not JSON: {error}") from error
    except RecursionError:
        raise EstateError("$: nested too deeply") from None
    _check_subscriptions(estate)
    estate.resources = _checked_resources(estate)
    _check_clients(estate)
    for index, item in enumerate(estate.role_assignments):
        estate.role_assignments[index] = _assignment(item, f"$.roleAssignments[{index}]")
    for index, item in enumerate(estate.role_definitions):
        estate.role_definitions[index] = _definition(item, f"$.roleDefinitions[{index}]")
    for index, item in enumerate(estate.deny_assignments):
        _check_deny(item, f"$.denyAssignments[{index}]")
    return estate


def _placed(message: str) -> str:
    text, _, place = message.partition(" - at ")
    return f"{place.strip('`') or '$'}: {text[:1].lower()}{text[1:]}"


def _check_subscriptions(estate: Estate) -> None:
    seen: set[str] = set()
    for index, subscription in enumerate(estate.subscriptions):
        folded = subscription.subscription_id.casefold()
        if not folded or "/" in folded or folded in seen:
            raise EstateError(f"$.subscriptions[{index}].subscriptionId: empty, a path, or listed twice")
        seen.add(folded)


def _checked_resources(estate: Estate) -> list[dict[str, Any]]:
    known = {subscription.subscription_id.casefold() for subscription in estate.subscriptions}
    seen: set[str] = set()
    checked: list[dict[str, Any]] = []
    for index, resource in enumerate(estate.resources):
        place = f"$.resources[{index}]"
        resource_id = resource.get("id")
        if not isinstance(resource_id, str) or not resource_id:
            raise EstateError(f"{place}.id: every resource needs its full Azure id")
        own = {"id": resource_id, "name": ids.name_of(resource_id), "type": ids.type_of(resource_id)}
        _check_id(resource_id, own["type"], known, seen, place)
        _check_type_and_name(resource, own, place)
        if "azsim" in resource:
            _check_private(resource["azsim"], place)
        _check_no_secret(resource, place)
        checked.append({**own, **resource})
    return checked


def _check_id(resource_id: str, kind: str, known: set[str], seen: set[str], place: str) -> None:
    if not resource_id.startswith("/") or not kind or len(ids.segments(resource_id)) % 2:
        raise EstateError(f"{place}.id: {resource_id!r} is not the id of a resource")
    subscription = ids.subscription_of(resource_id)
    if subscription and subscription.casefold() not in known:
        raise EstateError(f"{place}.id: subscription {subscription} is not in $.subscriptions")
    folded = ids.fold(resource_id)
    if folded in seen:
        raise EstateError(f"{place}.id: {resource_id} is listed twice (ids ignore case)")
    seen.add(folded)


def _check_type_and_name(resource: dict[str, Any], own: dict[str, str], place: str) -> None:
    for name in ("type", "name"):
        given, expected = resource.get(name), own[name]
        if given is None or given == expected:
            continue
        if not isinstance(given, str) or given.casefold() != expected.casefold():
            raise EstateError(f"{place}.{name}: {given!r} does not fit the id, which says {expected!r}")
    properties = resource.get("properties")
    if properties is not None and not isinstance(properties, dict):
        raise EstateError(f"{place}.properties: expected an object")


def _check_private(private: Any, place: str) -> None:
    if not isinstance(private, dict):
        raise EstateError(f"{place}.azsim: expected an object")
    if private.get("holds", "key1") not in HOLDS:
        raise EstateError(f"{place}.azsim.holds: expected one of {', '.join(HOLDS)}")
    if private.get("form", "key") not in FORMS:
        raise EstateError(f"{place}.azsim.form: expected one of {', '.join(FORMS)}")
    try:
        override(Behaviour(), private.get("behaviour", {}))
    except (msgspec.ValidationError, TypeError) as error:
        raise EstateError(f"{place}.azsim.behaviour: {error}") from error


def _check_no_secret(value: dict[str, Any], place: str) -> None:
    """Refuse a document with secrets in it: keys are made from the seed."""
    found = _secret_in(value)
    if found is not None:
        raise EstateError(f"{place}{found}")


def _secret_in(value: dict[str, Any] | list[Any]) -> str | None:
    """Where below a value the first secret is and what is wrong with it; None where there is none."""
    for name, inner in value.items() if isinstance(value, dict) else enumerate(value):
        if isinstance(name, str) and inner and _names_secret(name, inner):
            return f".{name}: an estate holds no secrets; remove it, keys are made from the seed"
        if isinstance(inner, str):
            wrong = len(inner) == _KEY_LENGTH and _KEY.fullmatch(inner)
            found = ": this looks like a storage key; an estate holds no secrets" if wrong else None
        else:
            found = _secret_in(inner) if inner and isinstance(inner, dict | list) else None
        if found is not None:
            return f".{name}{found}" if isinstance(name, str) else f"[{name}]{found}"
    return None


def _names_secret(name: str, inner: Any) -> bool:
    return name.casefold() in _SECRET_NAMES or (name == "secrets" and isinstance(inner, dict))


def _check_clients(estate: Estate) -> None:
    accounts = {
        resource["name"].casefold()
        for resource in estate.resources
        if resource["type"].casefold() == "microsoft.storage/storageaccounts"
    }
    known = {ids.fold(resource["id"]) for resource in estate.resources}
    for index, client in enumerate(estate.clients):
        place = f"$.clients[{index}]"
        if client.endpoint:
            _check_caller(client, place, known)
            continue
        if client.account.casefold() not in accounts:
            raise EstateError(f"{place}.account: no storage account {client.account!r} in $.resources")
        if client.holds and client.holds not in HOLDS:
            raise EstateError(f"{place}.holds: expected one of {', '.join(HOLDS)}")
        kind, _, target = (client.reads or "").partition(":")
        if client.reads is not None and (kind not in ("datastore", "workspace") or ids.fold(target) not in known):
            raise EstateError(f"{place}.reads: expected datastore:<id> or workspace:<id> of a resource in the estate")


def _check_caller(client: Client, place: str, known: set[str]) -> None:
    """A client of an endpoint, which has other slots and reads its key from another place."""
    if client.account:
        raise EstateError(f"{place}: a client uses an account or an endpoint, not both")
    if ids.fold(client.endpoint) not in known:
        raise EstateError(f"{place}.endpoint: no endpoint {client.endpoint!r} in $.resources")
    if client.holds not in ("", "Primary", "Secondary"):
        raise EstateError(f"{place}.holds: expected Primary or Secondary")
    kind, _, target = (client.reads or "").partition(":")
    if client.reads is not None and (kind != "secret" or target.count("/") != 1):
        raise EstateError(f"{place}.reads: expected secret:<vault>/<name>")


def _assignment(item: dict[str, Any], place: str) -> dict[str, Any]:
    """One role assignment in wire form; the flattened form that `az role assignment list` prints is
    accepted."""
    properties = item.get("properties")
    if properties is None:
        properties = {key: value for key, value in item.items() if key not in ("id", "name", "type")}
    if not isinstance(properties, dict):
        raise EstateError(f"{place}.properties: expected an object")
    for name in ("scope", "roleDefinitionId", "principalId"):
        if not isinstance(properties.get(name), str):
            raise EstateError(f"{place}.{name}: a role assignment needs scope, roleDefinitionId and principalId")
    return {"properties": properties, **{key: item[key] for key in ("id", "name", "type") if key in item}}


def _definition(item: dict[str, Any], place: str) -> dict[str, Any]:
    """One custom role in wire form; the flattened form that `az role definition list` prints is accepted."""
    given = item.get("properties", item)
    name = item.get("name") or ids.name_of(str(item.get("id", "")))
    if not isinstance(name, str) or not name:
        raise EstateError(f"{place}.name: a role definition needs its GUID as name or in its id")
    blocks = given.get("permissions") if isinstance(given, dict) else None
    if not isinstance(blocks, list) or not all(isinstance(block, dict) for block in blocks):
        raise EstateError(f"{place}.permissions: expected a list of objects with actions and notActions")
    lists = ("actions", "notActions", "dataActions", "notDataActions")
    return {
        "name": name,
        "properties": {
            "roleName": given.get("roleName", name),
            "type": given.get("roleType") or "CustomRole",
            "description": given.get("description", ""),
            "assignableScopes": given.get("assignableScopes", ["/"]),
            "permissions": [{key: list(block.get(key) or ()) for key in lists} for block in blocks],
            **{key: given.get(key) for key in ("createdOn", "updatedOn", "createdBy", "updatedBy")},
        },
    }


def _check_deny(item: dict[str, Any], place: str) -> None:
    properties = item.get("properties")
    if not isinstance(item.get("name"), str) or not isinstance(properties, dict):
        raise EstateError(f"{place}: a deny assignment needs name and properties")
    if not isinstance(properties.get("scope"), str):
        raise EstateError(f"{place}.properties.scope: expected a scope")
    for key in ("principals", "permissions"):
        if not isinstance(properties.get(key), list):
            raise EstateError(f"{place}.properties.{key}: expected a list")

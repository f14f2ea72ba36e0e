"""Resource Manager itself: tenants, subscriptions, resource groups, the resources list, locks, providers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

from azsim import ids
from azsim.errors import Refused, arm_error
from azsim.estate import Subscription
from azsim.router import Context, Routes, missing, since
from azsim.wire import Response, json_response
from azsim.world import GROUP, LOCK, Resource

route = Routes("arm")

VERSIONS = since("2015-01-01")
_SUBSCRIPTION = "/subscriptions/{subscriptionId}"
_READ_GROUP = "Microsoft.Resources/subscriptions/resourceGroups/read"
_READ_RESOURCES = "Microsoft.Resources/subscriptions/resources/read"
_LOCKS = "/{scope}/providers/Microsoft.Authorization/locks"
_TERM = re.compile(
    r"\s*(?P<field>resourceType|name|resourceGroup|location|tagName|tagValue)\s+(?P<operator>eq|ne)\s+'(?P<value>(?:[^']|'')*)'\s*",
    re.IGNORECASE,
)
_REGIONS = (
    "westeurope",
    "northeurope",
    "eastus",
    "eastus2",
    "westus2",
    "uksouth",
    "swedencentral",
    "southeastasia",
)


@route("GET", "/tenants", versions=VERSIONS)
def tenants(ctx: Context) -> Response:
    """The one tenant of the rehearsal."""
    tenant = ctx.world.estate.tenant
    item: dict[str, Any] = {"id": f"/tenants/{tenant.tenant_id}", "tenantId": tenant.tenant_id}
    if ctx.api_version >= "2020-01-01":
        item.update(
            countryCode=tenant.country_code,
            displayName=tenant.display_name,
            domains=[tenant.default_domain],
            tenantCategory="Home",
            defaultDomain=tenant.default_domain,
            tenantType="AAD",
        )
    else:
        item["tenantCategory"] = "Home"
    return json_response(200, {"value": [item]})


@route("GET", "/subscriptions", versions=VERSIONS)
def subscriptions(ctx: Context) -> Response:
    """The subscriptions in which the caller has any role."""
    mine = [item for item in ctx.world.estate.subscriptions if _sees(ctx, item)]
    value = [_subscription(ctx, item) for item in mine]
    return json_response(200, {"value": value, "count": {"type": "Total", "value": len(value)}})


@route("GET", _SUBSCRIPTION, versions=VERSIONS, action="Microsoft.Resources/subscriptions/read", listing=True)
def subscription(ctx: Context) -> Response:
    """One subscription."""
    return json_response(200, _subscription(ctx, ctx.world.subscriptions[ctx.params["subscriptionId"].casefold()]))


@route(
    "GET",
    f"{_SUBSCRIPTION}/locations",
    versions=VERSIONS,
    action="Microsoft.Resources/subscriptions/locations/read",
    listing=True,
)
def locations(ctx: Context) -> Response:
    """The regions of the estate, and some more."""
    subscription_id = ctx.params["subscriptionId"]
    used = {str(item.get("location", "")).casefold() for item in ctx.world.resources()} - {""}
    names = [*_REGIONS, *sorted(used.difference(_REGIONS))]
    value = [
        {
            "id": f"/subscriptions/{subscription_id}/locations/{name}",
            "name": name,
            "type": "Region",
            "displayName": name,
            "regionalDisplayName": name,
            "metadata": {"regionType": "Physical", "regionCategory": "Recommended"},
        }
        for name in names
    ]
    return json_response(200, {"value": value})


@route("GET", f"{_SUBSCRIPTION}/resourceGroups", versions=VERSIONS, action=_READ_GROUP, listing=True)
def groups(ctx: Context) -> Response:
    """The resource groups that the caller may read."""
    return json_response(200, {"value": ctx.visible(ctx.world.of_type(GROUP, ctx.scope()))})


@route("GET", f"{_SUBSCRIPTION}/resourceGroups/{{resourceGroupName}}", versions=VERSIONS, action=_READ_GROUP)
def group(ctx: Context) -> Response:
    """One resource group."""
    return json_response(200, _group(ctx))


@route("HEAD", f"{_SUBSCRIPTION}/resourceGroups/{{resourceGroupName}}", versions=VERSIONS, action=_READ_GROUP)
def group_exists(ctx: Context) -> Response:
    """204 when the group exists, 404 when not."""
    name = ctx.params["resourceGroupName"]
    return Response(204 if ctx.world.has_group(ctx.params["subscriptionId"], name) else 404)


@route("GET", f"{_SUBSCRIPTION}/resources", versions=VERSIONS, action=_READ_RESOURCES, listing=True)
def resources(ctx: Context) -> Response:
    """Top-level resources of a subscription, filtered and paged."""
    return _resource_page(ctx, ctx.scope())


@route(
    "GET",
    f"{_SUBSCRIPTION}/resourceGroups/{{resourceGroupName}}/resources",
    versions=VERSIONS,
    action=_READ_RESOURCES,
    listing=True,
)
def resources_of_group(ctx: Context) -> Response:
    """Top-level resources of a resource group."""
    _group(ctx)
    return _resource_page(ctx, ctx.scope())


@route(
    "GET",
    f"{_SUBSCRIPTION}/providers",
    versions=VERSIONS,
    action="Microsoft.Resources/subscriptions/providers/read",
    listing=True,
)
def providers(ctx: Context) -> Response:
    """The resource providers of the estate, all registered."""
    names = sorted({item["type"].partition("/")[0] for item in ctx.world.resources()}, key=str.casefold)
    return json_response(200, {"value": [_provider(ctx, name) for name in names]})


@route(
    "GET",
    f"{_SUBSCRIPTION}/providers/{{resourceProviderNamespace}}",
    versions=VERSIONS,
    action="Microsoft.Resources/subscriptions/providers/read",
    listing=True,
)
def provider(ctx: Context) -> Response:
    """One resource provider with its types and api-versions."""
    return json_response(200, _provider(ctx, ctx.params["resourceProviderNamespace"]))


@route("GET", _LOCKS, versions=since("2015-01-01"), action="Microsoft.Authorization/locks/read")
def locks(ctx: Context) -> Response:
    """Locks at and below a scope; with `$filter=atScope()` at and above it."""
    scope = ctx.params["scope"]
    found: Iterable[Resource] = ctx.world.of_type(LOCK, scope)
    if "atscope" in ctx.request.query.get("$filter", "").casefold():
        found = ctx.world.locks_on(scope)
    return json_response(200, {"value": [_lock(item) for item in found]})


@route("GET", f"{_LOCKS}/{{lockName}}", versions=since("2015-01-01"), action="Microsoft.Authorization/locks/read")
def lock(ctx: Context) -> Response:
    """One lock."""
    found = ctx.world.get(ctx.scope())
    if found is None:
        return _no_lock(ctx)
    return json_response(200, _lock(found))


@route(
    "PUT",
    f"{_LOCKS}/{{lockName}}",
    versions=since("2015-01-01"),
    action="Microsoft.Authorization/locks/write",
    lockable=False,
)
def put_lock(ctx: Context) -> Response:
    """Create or change a lock: 201 or 200."""
    properties = ctx.request.member("properties")
    level = properties.get("level")
    if level not in ("ReadOnly", "CanNotDelete"):
        return arm_error(400, "LockLevelNotSupported", f"The lock level '{level}' is not supported.", gateway=False)
    lock_id, existed = ctx.scope(), ctx.world.get(ctx.scope()) is not None
    kept = {name: properties[name] for name in ("level", "notes") if name in properties}
    item = ctx.world.put({"id": lock_id, "name": ctx.params["lockName"], "type": LOCK, "properties": kept})
    return json_response(200 if existed else 201, _lock(item))


@route(
    "DELETE",
    f"{_LOCKS}/{{lockName}}",
    versions=since("2015-01-01"),
    action="Microsoft.Authorization/locks/delete",
    lockable=False,
)
def delete_lock(ctx: Context) -> Response:
    """Remove a lock: 200, or 204 when there is none."""
    if ctx.world.get(ctx.scope()) is None:
        return Response(204)
    ctx.world.delete(ctx.scope())
    return Response(200)


def _sees(ctx: Context, item: Subscription) -> bool:
    caller, scope = ctx.caller, f"/subscriptions/{item.subscription_id}"
    if caller is None:
        return False
    rbac = ctx.cloud.rbac
    return bool(rbac.permissions(caller, scope)) or rbac.any_below(caller, scope)


def _subscription(ctx: Context, item: Subscription) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "id": f"/subscriptions/{item.subscription_id}",
        "authorizationSource": "RoleBased",
        "managedByTenants": [],
        "subscriptionId": item.subscription_id,
        "tenantId": ctx.world.directory.tenant_id,
        "displayName": item.display_name,
        "state": item.state,
        "subscriptionPolicies": {
            "locationPlacementId": "Public_2014-09-01",
            "quotaId": "EnterpriseAgreement_2014-09-01",
            "spendingLimit": "Off",
        },
    }
    if item.tags:
        wire["tags"] = item.tags
    return wire


def _group(ctx: Context) -> Resource:
    scope = f"/subscriptions/{ctx.params['subscriptionId']}/resourceGroups/{ctx.params['resourceGroupName']}"
    found = ctx.world.get(scope)
    if found is None:
        raise Refused(missing(ctx.world, scope))
    return found


def _resource_page(ctx: Context, scope: str) -> Response:
    query = ctx.request.query
    keep = _filter(query.get("$filter", ""))
    found = [item for item in ctx.world.resources(scope) if keep(item)]
    visible = _readable(ctx, found)
    start = int(query["$skiptoken"]) if query.get("$skiptoken", "").isdigit() else 0
    size = int(query["$top"]) if query.get("$top", "").isdigit() else 1000
    body: dict[str, Any] = {
        "value": [_generic(item, query.get("$expand", "")) for item in visible[start : start + size]]
    }
    if start + size < len(visible) and "$top" not in query:
        rest = "&".join(
            f"{quote(name, safe='$-')}={quote(value, safe='')}" for name, value in query.items() if name != "$skiptoken"
        )
        body["nextLink"] = f"{ctx.origin}{ctx.request.path}?{rest}&$skiptoken={start + size}"
    return json_response(200, body)


def _readable(ctx: Context, found: list[Resource]) -> list[Resource]:
    """The list shows a resource to whoever may read that resource."""
    caller = ctx.caller
    if caller is None:
        return found
    allowed = ctx.cloud.rbac.allowed
    return [item for item in found if allowed(caller, item["id"], f"{item['type']}/read")]


def _filter(text: str) -> Any:
    """The `$filter` of a resources list: terms joined by `and` or by `or`; an empty filter keeps all."""
    if not text.strip():
        return lambda _item: True
    joint = " or " if re.search(r"'\s+or\s+", text, re.IGNORECASE) else " and "
    terms = [_term(part, text) for part in re.split(rf"(?<='){joint}", text, flags=re.IGNORECASE)]
    if joint == " or ":
        return lambda item: any(term(item) for term in terms)
    return lambda item: all(term(item) for term in terms)


def _term(part: str, text: str) -> Any:
    match = _TERM.fullmatch(part)
    if match is None:
        message = f"The filter '{text}' is not supported."
        raise Refused(arm_error(400, "InvalidFilterInQueryString", message))
    field, wanted = match["field"].casefold(), match["value"].replace("''", "'").casefold()
    is_equal = match["operator"].casefold() == "eq"

    def value(item: Resource) -> list[str]:
        tags = item.get("tags") or {}
        values: dict[str, list[str]] = {
            "resourcetype": [item["type"]],
            "name": [item["name"]],
            "resourcegroup": [ids.group_of(item["id"])],
            "location": [str(item.get("location", ""))],
            "tagname": list(tags),
            "tagvalue": [str(tag) for tag in tags.values()],
        }
        return values[field]

    return lambda item: (wanted in [text.casefold() for text in value(item)]) == is_equal


def _generic(item: Resource, expand: str) -> dict[str, Any]:
    """A resource in the list: the outer fields only; times and state when they are asked for."""
    shown = (
        "id",
        "name",
        "type",
        "sku",
        "kind",
        "managedBy",
        "location",
        "identity",
        "tags",
        "plan",
        "zones",
    )
    wire = {name: item[name] for name in shown if name in item}
    wanted = {word.strip().casefold() for word in expand.split(",")}
    created = item.get("properties", {}).get("creationTime") or (item.get("systemData") or {}).get("createdAt")
    if "createdtime" in wanted and created:
        wire["createdTime"] = created
    if "changedtime" in wanted and created:
        wire["changedTime"] = (item.get("systemData") or {}).get("lastModifiedAt", created)
    if "provisioningstate" in wanted:
        wire["provisioningState"] = item.get("properties", {}).get("provisioningState", "Succeeded")
    return wire


def _provider(ctx: Context, namespace: str) -> dict[str, Any]:
    folded = namespace.casefold() + "/"
    types = sorted(
        {item["type"].partition("/")[2] for item in ctx.world.resources() if item["type"].casefold().startswith(folded)}
    )
    known = {
        "microsoft.machinelearningservices": ["2024-10-01", "2024-04-01", "2023-10-01", "2023-04-01"],
        "microsoft.storage": ["2024-01-01", "2023-05-01", "2023-01-01"],
        "microsoft.keyvault": ["2023-07-01", "2023-02-01"],
    }
    versions = known.get(namespace.casefold(), ["2023-01-01"])
    return {
        "id": f"/subscriptions/{ctx.params['subscriptionId']}/providers/{namespace}",
        "namespace": namespace,
        "resourceTypes": [
            {
                "resourceType": name,
                "locations": list(_REGIONS),
                "apiVersions": versions,
                "capabilities": "None",
            }
            for name in types
        ],
        "registrationState": _registration(ctx, namespace),
        "registrationPolicy": "RegistrationRequired",
    }


def _registration(ctx: Context, namespace: str) -> str:
    asked = ctx.params["subscriptionId"].casefold()
    for known in ctx.world.estate.subscriptions:
        if known.subscription_id.casefold() == asked:
            lacking = {name.casefold() for name in known.unregistered}
            return "NotRegistered" if namespace.casefold() in lacking else "Registered"
    return "NotRegistered"


def _lock(item: Resource) -> dict[str, Any]:
    return {"properties": item.get("properties", {}), "id": item["id"], "type": LOCK, "name": item["name"]}


def _no_lock(ctx: Context) -> Response:
    message = f"The lock '{ctx.params['lockName']}' could not be found."
    return arm_error(404, "LockNotFound", message, gateway=False)

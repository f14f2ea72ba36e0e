"""Azure Resource Graph: a query over all resources that the caller may read, a page at a time.

Shape and quotas of api-version 2021-03-01: at most 1000 rows a page, 15 queries in 5 seconds for each user.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import msgspec

from azsim import ids
from azsim.errors import Refused, not_simulated, resource_graph_error
from azsim.estate import Subscription
from azsim.router import ANY, Context, Routes
from azsim.services import resourcegraph_query as kql
from azsim.services.resourcegraph_query import Query, QueryError, Row, Unsupported
from azsim.wire import Response, count, json_response, member
from azsim.world import GROUP, Resource

route = Routes("resourcegraph")

WINDOW, BUDGET = timedelta(seconds=5), 15
MOST_ROWS, DEFAULT_ROWS = 1000, 100
_TABLE_BY_DEFAULT = ("2018-09-01-preview", "2019-04-01", "2020-04-01-preview")
_LITERAL = r"'[^'\\]*'"
_PINNED = re.compile(
    rf"\s*(?:resources\s*\|)?\s*where\s+type\s*(=~\s*{_LITERAL}|in~\s*\(\s*{_LITERAL}(?:\s*,\s*{_LITERAL})*\s*\))\s*(?:\||$)",
    re.IGNORECASE,
)
_COLUMNS = (
    ("id", "string"),
    ("name", "string"),
    ("type", "string"),
    ("tenantId", "string"),
    ("kind", "string"),
    ("location", "string"),
    ("resourceGroup", "string"),
    ("subscriptionId", "string"),
    ("managedBy", "string"),
    ("sku", "object"),
    ("plan", "object"),
    ("properties", "object"),
    ("tags", "object"),
    ("identity", "object"),
    ("zones", "object"),
    ("extendedLocation", "object"),
)
_DEFINITION = "microsoft.authorization/roledefinitions"
_TRACKED_CHILDREN = tuple(
    f"microsoft.machinelearningservices/workspaces/{name}"
    for name in ("onlineendpoints", "onlineendpoints/deployments", "batchendpoints", "serverlessendpoints")
)
"""Children that are tracked resources of their own and so appear in `resources`."""


@dataclass(slots=True)
class GraphState:
    """Who asked how often, and the last results, so that the pages of one query agree."""

    asked: dict[str, list[datetime]] = field(default_factory=dict)
    results: dict[tuple[str, str, tuple[str, ...], int], list[Row]] = field(default_factory=dict)


@route("POST", "/providers/Microsoft.ResourceGraph/resources", versions=ANY, kind="read", lockable=False)
def resources(ctx: Context) -> Response:
    """One page of a query's result."""
    headers = _spend(ctx)
    body = ctx.request.json()
    options = member(body, "options")
    query = _parse(ctx, str(body.get("query", "")), headers)
    rows = _result(ctx, query, body)
    top = min(count(options, "$top", DEFAULT_ROWS), MOST_ROWS)
    start = _skipped(options)
    page = rows[start : start + top]
    has_id = query.columns is None or "id" in query.columns
    more = start + len(page) < len(rows)
    layout = str(options.get("resultFormat") or ("table" if ctx.api_version in _TABLE_BY_DEFAULT else "objectArray"))
    answer: dict[str, Any] = {
        "totalRecords": len(rows),
        "count": len(page),
        "data": _table(query, page) if layout.casefold() == "table" else page,
        "facets": [],
        "resultTruncated": "true" if more and not has_id else "false",
    }
    if more and has_id:
        answer["$skipToken"] = _token(top, start + len(page))
    return json_response(200, answer, headers=headers)


def _spend(ctx: Context) -> dict[str, str]:
    """Count the query; the quota refuses only where the behaviour says that budgets refuse."""
    state, now = ctx.world.state(GraphState), ctx.clock.now()
    owner = ctx.caller.object_id if ctx.caller else ""
    recent = [moment for moment in state.asked.get(owner, []) if moment > now - WINDOW]
    resets = WINDOW - (now - recent[0]) if recent else WINDOW
    left = BUDGET - len(recent) - 1
    headers = {
        "x-ms-user-quota-remaining": str(max(left, 0)),
        "x-ms-user-quota-resets-after": f"00:00:{max(1, round(resets.total_seconds())):02d}",
        "x-ms-ratelimit-remaining-tenant-resource-requests": str(max(left, 0)),
        "x-ms-ratelimit-remaining-tenant-reads": str(ctx.cloud.quota.remaining(ctx)),
        "x-ms-resource-graph-request-duration": f"0:00:00:00.{int(ctx.rng.between(400_000, 9_000_000)):07d}",
        "Server": "Kestrel",
    }
    if left < 0 and ctx.behaviour().throttling:
        wait = str(max(1, round(resets.total_seconds())))
        text = (
            "Client application has been throttled and should not attempt to repeat the request until an amount of "
            "time has elapsed. Please see https://aka.ms/resourcegraph-throttling for help."
        )
        refused = resource_graph_error(ctx, 429, [{"code": "RateLimiting", "message": text}])
        refused.headers |= {**headers, "Retry-After": wait}
        raise Refused(refused)
    state.asked[owner] = [*recent, now]
    return headers


def _parse(ctx: Context, text: str, headers: dict[str, str]) -> Query:
    try:
        return kql.parse(text)
    except Unsupported as error:
        raise Refused(not_simulated("a query with", str(error), "")) from error
    except QueryError as error:
        invalid = (
            "Query is invalid. Please refer to the documentation for the Azure Resource Graph service and fix the "
            "error before retrying."
        )
        failure = {
            "code": "ParserFailure",
            "message": "ParserFailure",
            "line": error.line,
            "characterPositionInLine": error.position,
            "token": error.token,
            "expectedToken": error.expected,
        }
        details: list[dict[str, object]] = [{"code": "InvalidQuery", "message": invalid}, failure]
        refused = resource_graph_error(ctx, 400, details)
        refused.headers |= headers
        raise Refused(refused) from error


def _result(ctx: Context, query: Query, body: dict[str, Any]) -> list[Row]:
    """All rows of the query, kept while nothing changes: later pages come from the same result."""
    wanted = tuple(sorted(str(item).casefold() for item in body.get("subscriptions") or ctx.world.subscriptions))
    if not any(ctx.world.has_subscription(item) for item in wanted):
        text = "No subscriptions were found with the given ids, or they are not accessible."
        detail = {"code": "NoValidSubscriptionsInQueryRequest", "message": text}
        raise Refused(resource_graph_error(ctx, 400, [detail]))
    state, caller = ctx.world.state(GraphState), ctx.caller
    key = (str(body.get("query")), caller.object_id if caller else "", wanted, ctx.world.version)
    found = state.results.get(key)
    if found is None:
        if len(state.results) > 8:
            state.results.clear()
        found = state.results[key] = query.run(
            _rows(ctx, query.table, pinned(str(body.get("query"))), frozenset(wanted)), lambda row: _visible(ctx, row)
        )
    return found


def _visible(ctx: Context, row: Row) -> bool:
    if row["type"] == _DEFINITION:
        return True  # its scope is the tenant; who may read any was judged when the rows were made
    action = f"{row['type']}/read"
    return ctx.caller is None or ctx.cloud.rbac.allowed(ctx.caller, str(row["id"]), action)


def pinned(text: str) -> list[str] | None:
    """Read off a query the types, in lower case, that its first filter leaves; None where that says something else."""
    found = _PINNED.match(text)
    return re.findall(r"'([^']*)'", found[1].casefold()) if found else None


def _rows(ctx: Context, table: str, kinds: list[str] | None, subscriptions: frozenset[str]) -> Iterator[Row]:
    """The rows of a query's table; where it asks for certain types only, no others are looked at."""
    if table == "authorizationresources":
        yield from _authorization_rows(ctx, subscriptions)
        return
    found: Iterator[Resource]
    if table == "resourcecontainers":
        for subscription in ctx.world.subscriptions.values():
            if subscription.subscription_id.casefold() in subscriptions:
                yield _subscription_row(ctx, subscription)
        found = iter(ctx.world.of_type(GROUP))
    elif kinds is not None:
        known = (kind for kind in kinds if kind.count("/") == 1 or kind in _TRACKED_CHILDREN)
        found = chain.from_iterable(ctx.world.of_type(kind) for kind in known)
    else:
        found = chain(ctx.world.resources(), *(ctx.world.of_type(kind) for kind in _TRACKED_CHILDREN))
    for resource in found:
        if ids.subscription_of(resource["id"]).casefold() in subscriptions:
            yield _row(ctx, resource)


def _row(ctx: Context, resource: Resource) -> Row:
    """A resource as a row: type and group in lower case, the id as it is."""
    kind = str(resource["type"]).casefold()
    return {
        "id": resource["id"],
        "name": resource["name"],
        "type": "microsoft.resources/subscriptions/resourcegroups" if kind == GROUP.casefold() else kind,
        "tenantId": ctx.world.directory.tenant_id,
        "kind": str(resource.get("kind") or "").lower()
        if kind.startswith("microsoft.storage")
        else resource.get("kind", ""),
        "location": str(resource.get("location", "")).replace(" ", "").lower(),
        "resourceGroup": ids.group_of(resource["id"]).lower(),
        "subscriptionId": ids.subscription_of(resource["id"]),
        "managedBy": resource.get("managedBy", ""),
        "sku": resource.get("sku"),
        "plan": resource.get("plan"),
        "properties": resource.get("properties", {}),
        "tags": resource.get("tags"),
        "identity": resource.get("identity"),
        "zones": resource.get("zones"),
        "extendedLocation": resource.get("extendedLocation"),
    }


def _subscription_row(ctx: Context, subscription: Subscription) -> Row:
    """A subscription with the management groups above it, the nearest first, where the estate tells them."""
    properties: dict[str, Any] = {"state": "Enabled"}
    if subscription.management_groups:
        chain = [{"displayName": name, "name": name} for name in subscription.management_groups]
        properties["managementGroupAncestorsChain"] = chain
    bare: Resource = {
        "id": f"/subscriptions/{subscription.subscription_id}",
        "name": subscription.display_name,
        "type": "microsoft.resources/subscriptions",
        "properties": properties,
    }
    return _row(ctx, bare) | {"subscriptionId": subscription.subscription_id}


def _authorization_rows(ctx: Context, subscriptions: frozenset[str]) -> Iterator[Row]:
    for assignment in ctx.world.access.assignments.values():
        scope = str(assignment.properties["scope"])
        subscription = ids.subscription_of(scope)
        above = not subscription and any(
            ctx.world.access.reaches(scope, f"/subscriptions/{one}") for one in subscriptions
        )
        if above or subscription.casefold() in subscriptions:
            wire = assignment.wire()
            yield _row(ctx, wire) | {"subscriptionId": subscription}
    yield from _definition_rows(ctx, subscriptions)


def _definition_rows(ctx: Context, subscriptions: frozenset[str]) -> Iterator[Row]:
    """The roles that can be assigned in the subscriptions, for whoever may read role definitions anywhere in one of them."""
    places = [f"/subscriptions/{item}" for item in subscriptions]
    rbac, caller, action = ctx.cloud.rbac, ctx.caller, f"{_DEFINITION}/read"
    if caller is not None and not any(
        rbac.allowed(caller, at, action) or rbac.allowed_below(caller, at, action) for at in places
    ):
        return
    for guid, properties in ctx.world.access.definitions.items():
        scopes = [ids.fold(item).rstrip("/") for item in properties.get("assignableScopes", ("/",))]
        if any(ids.within(at, scope) or ids.within(scope, at) for at in places for scope in scopes):
            identity = f"/providers/Microsoft.Authorization/RoleDefinitions/{guid}"
            yield _row(ctx, {"id": identity, "name": guid, "type": _DEFINITION, "properties": properties})


def _skipped(options: dict[str, Any]) -> int:
    token = options.get("$skipToken")
    if not token:
        return count(options, "$skip", 0)
    try:
        return int(msgspec.json.decode(base64.b64decode(str(token)))["RowsToSkip"])
    except (ValueError, KeyError, TypeError, msgspec.DecodeError):
        return 0


def _token(rows: int, skip: int) -> str:
    return base64.b64encode(msgspec.json.encode({"$id": "1", "MaxRows": rows, "RowsToSkip": skip})).decode()


def _table(query: Query, page: list[Row]) -> dict[str, Any]:
    known = dict(_COLUMNS)
    names = query.columns or tuple(known)
    columns = [{"name": name, "type": known.get(name) or _kind(page, name)} for name in names]
    return {"columns": columns, "rows": [[row.get(name) for name in names] for row in page]}


def _kind(page: list[Row], name: str) -> str:
    value = next((row[name] for row in page if row.get(name) is not None), "")
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return kinds.get(type(value), "object")

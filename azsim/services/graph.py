"""Microsoft Graph v1.0, as far as service principals, applications and the names behind role assignments need it.

Facts from the pages "List servicePrincipals", "Advanced query capabilities" and "Microsoft Graph throttling guidance":
pages of 100 unless `$top` says up to 999; `$count`, `$search` and ordering need the eventual consistency header;
resource units per application and tenant, 429 with Retry-After beyond them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from azsim.errors import Refused, graph_error
from azsim.principals import normalised
from azsim.router import Context, Routes
from azsim.wire import Response, json_response

if TYPE_CHECKING:
    from azsim.world import World

Item = dict[str, Any]
ROOT = "https://graph.microsoft.com/v1.0/$metadata#"
CONTENT_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
PAGE, MOST = 100, 999
UNITS, WINDOW = 3500, timedelta(seconds=10)
_PRINCIPAL: Item = {
    "id": None,
    "deletedDateTime": None,
    "accountEnabled": True,
    "alternativeNames": [],
    "appDisplayName": None,
    "appDescription": None,
    "appId": None,
    "applicationTemplateId": None,
    "appOwnerOrganizationId": None,
    "appRoleAssignmentRequired": False,
    "createdDateTime": None,
    "description": None,
    "disabledByMicrosoftStatus": None,
    "displayName": None,
    "homepage": None,
    "loginUrl": None,
    "logoutUrl": None,
    "notes": None,
    "notificationEmailAddresses": [],
    "preferredSingleSignOnMode": None,
    "preferredTokenSigningKeyThumbprint": None,
    "replyUrls": [],
    "servicePrincipalNames": [],
    "servicePrincipalType": "Application",
    "signInAudience": None,
    "tags": [],
    "tokenEncryptionKeyId": None,
    "samlSingleSignOnSettings": None,
    "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
    "addIns": [],
    "appRoles": [],
    "info": {
        "logoUrl": None,
        "marketingUrl": None,
        "privacyStatementUrl": None,
        "supportUrl": None,
        "termsOfServiceUrl": None,
    },
    "keyCredentials": [],
    "oauth2PermissionScopes": [],
    "passwordCredentials": [],
    "resourceSpecificApplicationPermissions": [],
}
_USER: Item = {
    "id": None,
    "businessPhones": [],
    "displayName": None,
    "givenName": None,
    "jobTitle": None,
    "mail": None,
    "mobilePhone": None,
    "officeLocation": None,
    "preferredLanguage": None,
    "surname": None,
    "userPrincipalName": None,
}
_CLAUSES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Callable[[Item], bool]]], ...] = (
    (
        re.compile(r"startswith\((displayName|appDisplayName),\s*'((?:[^']|'')*)'\)", re.IGNORECASE),
        lambda m: lambda item: str(item.get(m[1]) or "").casefold().startswith(_text(m[2]).casefold()),
    ),
    (
        re.compile(r"(displayName|appId|id|servicePrincipalType)\s+eq\s+'((?:[^']|'')*)'", re.IGNORECASE),
        lambda m: lambda item: str(item.get(m[1]) or "").casefold() == _text(m[2]).casefold(),
    ),
    (
        re.compile(r"servicePrincipalNames/any\((\w+):\s*\1\s+eq\s+'((?:[^']|'')*)'\)", re.IGNORECASE),
        lambda m: (
            lambda item: _text(m[2]).casefold() in {str(name).casefold() for name in item["servicePrincipalNames"]}
        ),
    ),
)
_OR = re.compile(r"\s+or\s+(?=(?:[^']*'[^']*')*[^']*$)")
"""An `or` between clauses, not one inside a quoted text."""
route = Routes("graph", host="graph")


def _text(quoted: str) -> str:
    return quoted.replace("''", "'")


def _principals(world: World) -> list[Item]:
    """Service principals as Graph shows them: the estate's, and those of managed identities."""
    items = [_full(item) for item in world.estate.service_principals]
    known = {str(item["id"]).casefold() for item in items}
    for resource in world.resources():
        for name, identity in _identities(resource):
            if identity["principalId"].casefold() not in known:
                known.add(identity["principalId"].casefold())
                items.append(_managed(name, identity, resource["id"]))
    return items


def _identities(resource: Item) -> Iterable[tuple[str, Item]]:
    """The identities that a resource brings: its system-assigned one, or a user-assigned identity itself."""
    for block in (resource.get("identity"), resource.get("properties")):
        is_own = isinstance(block, dict) and isinstance(block.get("principalId"), str)
        if is_own and isinstance(block, dict):
            yield resource["name"], block


def _managed(name: str, identity: Item, resource_id: str) -> Item:
    app = str(identity.get("clientId") or identity["principalId"])
    explicit = resource_id.casefold().rpartition("/providers/")[2].startswith("microsoft.managedidentity/")
    return _full(
        {
            "id": identity["principalId"],
            "appId": app,
            "displayName": name,
            "alternativeNames": [f"isExplicit={explicit}", resource_id],
            "servicePrincipalType": "ManagedIdentity",
        }
    )


def _full(item: Item) -> Item:
    names = item.get("servicePrincipalNames") or ([item["appId"]] if item.get("appId") else [])
    return {**_PRINCIPAL, **item, "servicePrincipalNames": names}


def _predicate(ctx: Context, text: str) -> Callable[[Item], bool]:
    """A filter of clauses joined by `or`; Azure's 400 for anything this directory does not support."""
    tests: list[Callable[[Item], bool]] = []
    for clause in _OR.split(text.strip().strip("()") if text.startswith("((") else text.strip()):
        found = next(((make, m) for pattern, make in _CLAUSES if (m := pattern.fullmatch(clause))), None)
        if found is None:
            raise Refused(graph_error(ctx, 400, "Request_UnsupportedQuery", "Unsupported Query."))
        tests.append(found[0](found[1]))
    return lambda item: any(test(item) for test in tests)


def _spend(ctx: Context, cost: int) -> int:
    """Charge resource units; raises 429 beyond the budget when throttling is on. Gives the charge."""
    if ctx.request.query.get("$select") and cost > 1:
        cost -= 1
    spent = ctx.world.graph_units
    now = ctx.clock.now()
    while spent and spent[0][0] <= now - WINDOW:
        spent.popleft()
    if ctx.world.behaviour().throttling and sum(units for _, units in spent) + cost > UNITS:
        wait = max(1, round((spent[0][0] + WINDOW - now).total_seconds()))
        refusal = graph_error(ctx, 429, "TooManyRequests", "Too many requests.")
        refusal.headers["Retry-After"] = str(wait)
        raise Refused(refusal)
    spent.append((now, cost))
    return cost


def _answer(ctx: Context, value: Item, cost: int, **more: str) -> Response:
    headers = {
        "odata-version": "4.0",
        "request-id": ctx.rng.uuid(),
        "x-ms-resource-unit": str(cost),
        **more,
    }
    return json_response(200, value, headers=headers, content_type=CONTENT_TYPE)


def _allowed(ctx: Context) -> None:
    if not ctx.world.behaviour().graph_reads:
        message = "Insufficient privileges to complete the operation."
        raise Refused(graph_error(ctx, 403, "Authorization_RequestDenied", message))


def _selected(ctx: Context, item: Item) -> Item:
    names = [name.strip() for name in ctx.request.query.get("$select", "").split(",") if name.strip()]
    names += ["@odata.type"] if names and "@odata.type" in item else []
    return {name: item.get(name) for name in names} if names else item


def _listed(ctx: Context, items: list[Item], context: str, cost: int) -> Response:
    _allowed(ctx)
    query = ctx.request.query
    eventual = ctx.request.headers.get("consistencylevel", "").casefold() == "eventual"
    if not eventual and ("$search" in query or ("$orderby" in query and "$filter" in query)):
        raise Refused(graph_error(ctx, 400, "Request_UnsupportedQuery", "Unsupported Query."))
    if query.get("$filter"):
        items = list(filter(_predicate(ctx, query["$filter"]), items))
    size = int(query.get("$top") or PAGE)
    if not 1 <= size <= MOST:
        raise Refused(graph_error(ctx, 400, "Request_BadRequest", f"Invalid page size specified: '{size}'."))
    start = int(query.get("$skiptoken") or 0)
    body: Item = {"@odata.context": f"{ROOT}{context}"}
    if eventual and query.get("$count", "").casefold() == "true":
        body["@odata.count"] = len(items)
    if start + size < len(items):
        rest = "&".join(
            part for part in ctx.request.raw_query.split("&") if not part.startswith(("$skiptoken", "%24skip"))
        )
        body["@odata.nextLink"] = f"{ctx.origin}{ctx.request.path}?{rest}&$skiptoken={start + size}"
    body["value"] = [_selected(ctx, item) for item in items[start : start + size]]
    return _answer(ctx, body, _spend(ctx, cost))


@route("GET", "/v1.0/servicePrincipals")
def list_service_principals(ctx: Context) -> Response:
    """Service principals, filtered and paged."""
    return _listed(ctx, _principals(ctx.world), "servicePrincipals", 1)


@route("GET", "/v1.0/applications")
def list_applications(ctx: Context) -> Response:
    """The applications registered in this tenant; others' cannot be seen."""
    return _listed(ctx, ctx.world.estate.applications, "applications", 2)


@route("GET", "/v1.0/servicePrincipals/{id}")
def get_service_principal(ctx: Context) -> Response:
    """One service principal by object id."""
    _allowed(ctx)
    wanted = ctx.params["id"].casefold()
    for item in _principals(ctx.world):
        if str(item["id"]).casefold() == wanted:
            context = {"@odata.context": f"{ROOT}servicePrincipals/$entity"}
            return _answer(ctx, {**context, **_selected(ctx, item)}, _spend(ctx, 1))
    message = f"Resource '{ctx.params['id']}' does not exist or one of its queried reference-property objects are not present."
    raise Refused(graph_error(ctx, 404, "Request_ResourceNotFound", message))


@route("POST", "/v1.0/directoryObjects/getByIds", kind="read")
def get_by_ids(ctx: Context) -> Response:
    """The objects behind up to 1,000 ids; ids of nobody are simply absent."""
    _allowed(ctx)
    body = ctx.request.json()
    wanted, types = body.get("ids"), {str(kind).casefold() for kind in body.get("types") or ()}
    if not isinstance(wanted, list) or len(wanted) > 1000:
        raise Refused(graph_error(ctx, 400, "Request_BadRequest", "Invalid value specified for property 'ids'."))
    known = _objects(ctx.world)
    found = [known[key] for key in (str(item).casefold() for item in wanted) if key in known]
    shown = [item for item in found if not types or item["@odata.type"].rpartition(".")[2].casefold() in types]
    answer = {"@odata.context": f"{ROOT}directoryObjects", "value": shown}
    return _answer(ctx, answer, _spend(ctx, 3), location="https://graph.microsoft.com")


def _objects(world: World) -> dict[str, Item]:
    objects = {
        str(item["id"]).casefold(): {"@odata.type": "#microsoft.graph.servicePrincipal", **item}
        for item in _principals(world)
    }
    me = world.estate.signed_in
    people: list[tuple[str, str, str, str | None]] = [(me.object_id, me.display_name, me.user_principal_name, None)]
    people += [(user.id, user.display_name, user.user_principal_name, user.mail) for user in world.estate.users]
    for object_id, title, name, mail in people:
        facts = {"id": object_id, "displayName": title, "userPrincipalName": name, "mail": mail}
        objects[object_id.casefold()] = {"@odata.type": "#microsoft.graph.user", **_USER, **facts}
    for group in world.estate.groups:
        facts = {"id": group.id, "displayName": group.display_name}
        objects[group.id.casefold()] = {"@odata.type": "#microsoft.graph.group", **facts}
    return objects


def display_names(world: World) -> dict[str, str]:
    """The display name of each object, by its normalised id."""
    return {normalised(key): str(item.get("displayName") or "") for key, item in _objects(world).items()}


@route("GET", "/v1.0/groups/{id}/transitiveMembers")
def transitive_members(ctx: Context) -> Response:
    """Everybody who is in a group, through other groups too, paged; it needs GroupMember.Read.All (List group transitive
    members)."""
    _allowed(ctx)
    if not ctx.world.behaviour().graph_group_members:
        message = "Insufficient privileges to complete the operation."
        raise Refused(graph_error(ctx, 403, "Authorization_RequestDenied", message))
    wanted, known = ctx.params["id"], _objects(ctx.world)
    if known.get(wanted.casefold(), {}).get("@odata.type") != "#microsoft.graph.group":
        message = (
            f"Resource '{wanted}' does not exist or one of its queried reference-property objects are not present."
        )
        raise Refused(graph_error(ctx, 404, "Request_ResourceNotFound", message))
    return _listed(
        ctx, [known.get(key) or _nameless(key) for key in ctx.world.directory.members(wanted)], "directoryObjects", 3
    )


def _nameless(object_id: str) -> Item:
    """An object of which an estate knows no more than that it is in a group."""
    return {"@odata.type": "#microsoft.graph.directoryObject", "id": object_id}


@route("GET", "/v1.0/me")
def me(ctx: Context) -> Response:
    """The signed-in user; an application has no `me`."""
    if ctx.caller is None or ctx.caller.is_app:
        message = "/me request is only valid with delegated authentication flow."
        raise Refused(graph_error(ctx, 400, "BadRequest", message))
    item = _objects(ctx.world)[ctx.world.estate.signed_in.object_id.casefold()]
    shown = {key: value for key, value in item.items() if key != "@odata.type"}
    return _answer(ctx, {"@odata.context": f"{ROOT}users/$entity", **shown}, _spend(ctx, 1))


@route("GET", "/beta/reports/servicePrincipalSignInActivities")
def sign_in_activities(ctx: Context) -> Response:
    """When applications signed in last; a beta report that needs AuditLog.Read.All, off unless the estate has it."""
    if not ctx.world.behaviour().graph_sign_in_reports:
        raise Refused(
            graph_error(ctx, 403, "Authentication_RequestFromUnsupportedUserRole", "User is not in the allowed roles")
        )
    items = [
        {
            "id": str(item.get("id")),
            "appId": item.get("appId"),
            "lastSignInActivity": _moment(item["lastSignIn"]),
        }
        for item in ctx.world.estate.service_principals
        if item.get("lastSignIn")
    ]
    return _listed(ctx, items, "reports/servicePrincipalSignInActivities", 1)


def _moment(text: str) -> Item:
    datetime.fromisoformat(text)
    return {"lastSignInDateTime": text, "lastSignInRequestId": None}

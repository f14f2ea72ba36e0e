"""Microsoft.Authorization: the caller's permissions, role assignments and definitions, deny assignments."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from azsim import ids
from azsim.clock import iso7
from azsim.errors import Refused, arm_error
from azsim.principals import normalised
from azsim.rbac import Assignment
from azsim.router import Context, Routes, since
from azsim.wire import Response, json_response

route = Routes("authorization")

VERSIONS = since("2015-07-01")
_AUTHORIZATION = "/{scope}/providers/Microsoft.Authorization"
_ASSIGNMENTS = f"{_AUTHORIZATION}/roleAssignments"
_DEFINITIONS = f"{_AUTHORIZATION}/roleDefinitions"
_DENIES = f"{_AUTHORIZATION}/denyAssignments"
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DATA_ACTIONS_SINCE = "2018-01-01"
_CONDITIONS_SINCE = "2020-03-01"
_NEWER_FIELDS = ("condition", "conditionVersion", "delegatedManagedIdentityResourceId", "description")
_CREATE = "Microsoft.Authorization/roleAssignments/write"
_REMOVE = "Microsoft.Authorization/roleAssignments/delete"


@route(
    "GET",
    f"{_AUTHORIZATION}/permissions",
    versions=VERSIONS,
    action="Microsoft.Authorization/permissions/read",
)
def permissions(ctx: Context) -> Response:
    """What the caller may do at a scope: one block for each role; deny assignments do not show here."""
    if ctx.caller is None:
        return json_response(200, {"value": []})
    blocks = _dated_permissions(ctx, ctx.cloud.rbac.permissions(ctx.caller, ctx.params["scope"]))
    body: dict[str, Any] = {"value": blocks}
    if ctx.api_version < _DATA_ACTIONS_SINCE:
        body["nextLink"] = None
    return json_response(200, body)


@route("GET", _ASSIGNMENTS, versions=VERSIONS, action="Microsoft.Authorization/roleAssignments/read")
def list_assignments(ctx: Context) -> Response:
    """Assignments at, above and below the scope, or narrowed by one of the filters that Azure knows."""
    keep = _filter(ctx, _assignment_principal, _assignment_scope)
    found = [item for item in ctx.world.access.assignments.values() if keep(item.wire())]
    return json_response(200, {"value": [_assignment_wire(ctx, item) for item in found]})


@route(
    "GET",
    f"{_ASSIGNMENTS}/{{name}}",
    versions=VERSIONS,
    action="Microsoft.Authorization/roleAssignments/read",
)
def get_assignment(ctx: Context) -> Response:
    """One assignment by its GUID."""
    found = _existing(ctx)
    if found is None:
        text = f"The role assignment '{ctx.params['name']}' is not found."
        return arm_error(404, "RoleAssignmentNotFound", text, gateway=False)
    return json_response(200, _assignment_wire(ctx, found))


@route("PUT", f"{_ASSIGNMENTS}/{{name}}", versions=VERSIONS, action=_CREATE)
def put_assignment(ctx: Context) -> Response:
    """Create an assignment (201), or change the description and condition of the same one (201 again)."""
    wanted = _wanted(ctx)
    existing = ctx.world.access.named(ctx.params["name"])
    if existing is not None:
        return _update(ctx, existing, wanted)
    twin = next((item for item in ctx.world.access.assignments.values() if _same_grant(item, wanted)), None)
    if twin is not None:
        text = "The role assignment already exists."
        if ctx.behaviour().existing_assignment_id_in_message:
            text += f" The ID of the existing role assignment is {twin.name.replace('-', '')}."
        return arm_error(409, "RoleAssignmentExists", text, gateway=False)
    now, caller = ctx.clock.now(), ctx.caller.object_id if ctx.caller else None
    delay = timedelta(seconds=ctx.behaviour().role_propagation_seconds)
    properties = {
        **wanted,
        "createdOn": iso7(now),
        "updatedOn": iso7(now),
        "createdBy": caller,
        "updatedBy": caller,
        "delegatedManagedIdentityResourceId": wanted.get("delegatedManagedIdentityResourceId"),
        "description": wanted.get("description"),
    }
    created = Assignment(ctx.scope(), ctx.params["name"], properties, effective_from=now + delay if delay else None)
    ctx.world.access.add(created)
    ctx.world.changed()
    answer = _assignment_wire(ctx, created)
    return json_response(201, {**answer, "properties": {**answer["properties"], "createdBy": None}})


@route("DELETE", f"{_ASSIGNMENTS}/{{name}}", versions=VERSIONS, action=_REMOVE)
def delete_assignment(ctx: Context) -> Response:
    """Remove an assignment: 200 with what it was, 204 when there was none; the last Owner of a subscription
    stays."""
    found = _existing(ctx)
    if found is None:
        return Response(204)
    _keep_last_owner(ctx, found)
    delay = timedelta(seconds=ctx.behaviour().role_propagation_seconds)
    ctx.world.access.remove(found, ctx.clock.now() + delay)
    ctx.world.changed()
    return json_response(200, _assignment_wire(ctx, found))


@route("GET", _DEFINITIONS, versions=VERSIONS, action="Microsoft.Authorization/roleDefinitions/read")
def list_definitions(ctx: Context) -> Response:
    """Built-in and custom roles that can be assigned at the scope."""
    keep = _definition_filter(ctx.request.query.get("$filter", ""))
    scope = ids.fold(ctx.params["scope"])
    value = [
        _definition_wire(ctx, guid, properties)
        for guid, properties in ctx.world.access.definitions.items()
        if _assignable(properties, scope) and keep(properties)
    ]
    return json_response(200, {"value": value})


@route(
    "GET",
    f"{_DEFINITIONS}/{{name}}",
    versions=VERSIONS,
    action="Microsoft.Authorization/roleDefinitions/read",
)
def get_definition(ctx: Context) -> Response:
    """One role by its GUID."""
    name = ctx.params["name"].casefold()
    properties = ctx.world.access.definitions.get(name)
    if properties is None:
        text = f"The specified role definition with ID '{name}' does not exist."
        return arm_error(404, "RoleDefinitionDoesNotExist", text, gateway=False)
    return json_response(200, _definition_wire(ctx, name, properties))


@route("GET", _DENIES, versions=since("2018-07-01"), action="Microsoft.Authorization/denyAssignments/read")
def list_denies(ctx: Context) -> Response:
    """Deny assignments at, above and below the scope, or filtered."""
    keep = _filter(ctx, _deny_principals, _deny_scope)
    return json_response(200, {"value": [item for item in ctx.world.access.denies if keep(item)]})


@route(
    "GET",
    f"{_DENIES}/{{name}}",
    versions=since("2018-07-01"),
    action="Microsoft.Authorization/denyAssignments/read",
)
def get_deny(ctx: Context) -> Response:
    """One deny assignment."""
    name = ctx.params["name"].casefold()
    found = next((item for item in ctx.world.access.denies if item["name"].casefold() == name), None)
    if found is None:
        text = f"The deny assignment '{ctx.params['name']}' is not found."
        return arm_error(404, "DenyAssignmentNotFound", text, gateway=False)
    return json_response(200, found)


Keep = Callable[[dict[str, Any]], bool]


def _filter(
    ctx: Context, principals: Callable[[dict[str, Any]], set[str]], scope_of: Callable[[dict[str, Any]], str]
) -> Keep:
    """The filters of the assignment lists; two of them together only as `atScope() and assignedTo('..')`."""
    text = ctx.request.query.get("$filter", "").strip()
    at = ids.fold(ctx.params["scope"])
    terms = [part.strip() for part in re.split(r"\s+and\s+", text, flags=re.IGNORECASE)] if text else []
    names = [re.split(r"[\s(]", term)[0].casefold() for term in terms]
    if len(terms) > 1 and sorted(names) != ["assignedto", "atscope"]:
        raise Refused(_bad_filter(text))
    tests = [_term(ctx, name, term, at, principals, scope_of) for name, term in zip(names, terms, strict=True)]
    is_bounded = "atscope" in names

    def keep(item: dict[str, Any]) -> bool:
        scope = scope_of(item)
        above = ctx.world.access.reaches(str(item["properties"]["scope"]), at)
        if not (above or (not is_bounded and scope and ids.within(scope, at))):
            return False
        return all(test(item) for test in tests)

    return keep


def _term(
    ctx: Context,
    name: str,
    term: str,
    at: str,
    principals: Callable[[dict[str, Any]], set[str]],
    scope_of: Callable[[dict[str, Any]], str],
) -> Keep:
    quoted = re.search(r"'([^']*)'", term)
    value = quoted[1] if quoted else ""
    if name == "atscope":
        return lambda item: ctx.world.access.reaches(str(item["properties"]["scope"]), at)
    if name == "assignedto":
        wanted = ctx.world.directory.principal_ids(value)
        return lambda item: bool(principals(item) & wanted)
    if name in ("principalid", "gdprexportprincipalid"):
        return lambda item: normalised(value) in principals(item)
    if name == "denyassignmentname":
        return lambda item: item["properties"].get("denyAssignmentName", "").casefold() == value.casefold()
    raise Refused(_bad_filter(term))


def _bad_filter(text: str) -> Response:
    return arm_error(400, "UnsupportedQuery", f"The filter '{text}' is not supported.", gateway=False)


def _assignment_principal(item: dict[str, Any]) -> set[str]:
    return {normalised(item["properties"]["principalId"])}


def _assignment_scope(item: dict[str, Any]) -> str:
    return ids.access_scope(item["properties"]["scope"])


def _deny_principals(item: dict[str, Any]) -> set[str]:
    return {normalised(entry["id"]) for entry in item["properties"].get("principals", ())}


def _deny_scope(item: dict[str, Any]) -> str:
    return ids.access_scope(item["properties"]["scope"])


def _definition_filter(text: str) -> Keep:
    match = re.fullmatch(r"\s*(roleName|type)\s+eq\s+'([^']*)'\s*", text, re.IGNORECASE)
    if match is None:
        is_known = not text.strip() or text.casefold().replace(" ", "") in ("atscopeandbelow()", "atscope()")
        if not is_known:
            raise Refused(_bad_filter(text))
        return lambda _properties: True
    name, wanted = ("roleName" if match[1].casefold() == "rolename" else "type"), match[2].casefold()
    return lambda properties: str(properties.get(name, "")).casefold() == wanted


def _assignable(properties: dict[str, Any], scope: str) -> bool:
    scopes = [ids.fold(item).rstrip("/") for item in properties.get("assignableScopes", ("/",))]
    return any(ids.within(scope, item) or ids.within(item, scope) for item in scopes)


def _definition_wire(ctx: Context, guid: str, properties: dict[str, Any]) -> dict[str, Any]:
    """The id carries the subscription that was asked, as Azure answers it."""
    subscription = ids.subscription_of(ctx.params["scope"])
    base = f"/subscriptions/{subscription}" if subscription else ""
    return {
        "properties": {**properties, "permissions": _dated_permissions(ctx, properties["permissions"])},
        "id": f"{base}/providers/Microsoft.Authorization/roleDefinitions/{guid}",
        "type": "Microsoft.Authorization/roleDefinitions",
        "name": guid,
    }


def _assignment_wire(ctx: Context, item: Assignment) -> dict[str, Any]:
    """The role definition's id carries the subscription that was asked, whatever the assignment's scope."""
    subscription = ids.subscription_of(ctx.params["scope"])
    properties = dict(item.properties)
    if subscription:
        role = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{item.role}"
        properties["roleDefinitionId"] = role
    if ctx.api_version < _CONDITIONS_SINCE:
        for name in _NEWER_FIELDS:
            properties.pop(name, None)
    return {**item.wire(), "properties": properties}


def _dated_permissions(ctx: Context, blocks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The permission blocks as the asked api-version shows them: data actions came in 2018."""
    if ctx.api_version >= _DATA_ACTIONS_SINCE:
        return list(blocks)
    return [{name: block.get(name, []) for name in ("actions", "notActions")} for block in blocks]


def _existing(ctx: Context) -> Assignment | None:
    return ctx.world.access.assignments.get(ids.fold(ctx.scope()))


def _wanted(ctx: Context) -> dict[str, Any]:
    """The properties asked for, checked as the service checks them."""
    given = ctx.request.member("properties")
    role, principal = given.get("roleDefinitionId"), given.get("principalId")
    if not isinstance(role, str) or not isinstance(principal, str):
        text = "The request content was invalid: properties.roleDefinitionId and properties.principalId are required."
        raise Refused(arm_error(400, "InvalidRequestContent", text, gateway=False))
    if not _GUID.fullmatch(ctx.params["name"]):
        text = f"The role assignment ID '{ctx.params['name']}' is not valid. The role assignment ID must be a GUID."
        raise Refused(arm_error(400, "InvalidRoleAssignmentId", text, gateway=False))
    guid = ids.name_of(role).casefold()
    if guid not in ctx.world.access.definitions:
        text = f"The specified role definition with ID '{guid.replace('-', '')}' does not exist."
        raise Refused(arm_error(400, "RoleDefinitionDoesNotExist", text, gateway=False))
    return {
        "roleDefinitionId": role,
        "principalId": principal,
        "principalType": _principal_type(ctx, principal, given.get("principalType")),
        "scope": ctx.params["scope"] or "/",
        "condition": given.get("condition"),
        "conditionVersion": given.get("conditionVersion"),
        "delegatedManagedIdentityResourceId": given.get("delegatedManagedIdentityResourceId"),
        "description": given.get("description"),
    }


def _principal_type(ctx: Context, principal: str, given: Any) -> str:
    """The principal's type; an unknown or still replicating one is refused unless the caller names a type."""
    directory, now = ctx.world.directory, ctx.clock.now()
    known, created = directory.type_of(principal), directory.created(principal)
    wait = timedelta(seconds=ctx.behaviour().principal_replication_seconds)
    is_fresh = created is not None and now < created + wait
    if known is not None and given is not None and given != known:
        text = (
            f"The PrincipalId '{normalised(principal)}' has type '{known}' , which is different from "
            f"specified PrinciaplType '{given}'."
        )
        raise Refused(arm_error(400, "UnmatchedPrincipalType", text, gateway=False))
    if known is not None and (given is not None or not is_fresh):
        return known
    if known is None and given is not None and created is None:
        return str(given)
    text = (
        f"Principal {normalised(principal)} does not exist in the directory {directory.tenant_id}. Check "
        "that you have the correct principal ID. If you are creating this principal and then immediately "
        "assigning a role, this error might be related to a replication delay. In this case, set the role "
        "assignment principalType property to a value, such as ServicePrincipal, User, or Group.  See "
        "https://aka.ms/docs-principaltype"
    )
    raise Refused(arm_error(400, "PrincipalNotFound", text, gateway=False))


def _same_grant(item: Assignment, wanted: dict[str, Any]) -> bool:
    """Uniqueness is on scope, principal and role, not on the name."""
    return (
        item.scope == ids.fold(wanted["scope"]).rstrip("/")
        and item.role == ids.name_of(wanted["roleDefinitionId"]).casefold()
        and normalised(item.properties["principalId"]) == normalised(wanted["principalId"])
    )


def _update(ctx: Context, existing: Assignment, wanted: dict[str, Any]) -> Response:
    if not _same_grant(existing, wanted):
        text = "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
        return arm_error(400, "RoleAssignmentUpdateNotPermitted", text, gateway=False)
    changed = {name: wanted[name] for name in ("condition", "conditionVersion", "description")}
    updated_by = ctx.caller.object_id if ctx.caller else None
    properties = {
        **existing.properties,
        **changed,
        "updatedOn": iso7(ctx.clock.now()),
        "updatedBy": updated_by,
    }
    ctx.world.access.add(Assignment(existing.id, existing.name, properties, existing.effective_from))
    ctx.world.changed()
    answer = _assignment_wire(ctx, ctx.world.access.assignments[ids.fold(existing.id)])
    return json_response(201, {**answer, "properties": {**answer["properties"], "createdBy": None}})


def _keep_last_owner(ctx: Context, item: Assignment) -> None:
    owner = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
    is_subscription = len(ids.segments(item.scope)) == 2
    if item.role != owner or not is_subscription:
        return
    others = [
        other
        for other in ctx.world.access.assignments.values()
        if other is not item and other.role == owner and ids.within(item.scope, other.scope)
    ]
    if not others:
        text = "Cannot delete the last RBAC admin assignment"
        raise Refused(arm_error(400, "LastRbacAdminAssignmentDeleteNotAllowed", text, gateway=False))

"""Scenes for Resource Manager, Authorization and sign-in."""

from __future__ import annotations

from typing import Any

from azsim import secrets
from azsim.estates import shapes as az
from azsim.estates.directory import ADA
from azsim.faults import Fault
from azsim.principals import rehearsal_app_id
from azsim.wire import Response
from tests.wire.stage import Json, Stage

READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
ARM = "https://management.azure.com"


def plain(stage: Stage) -> Response:
    """An empty subscription."""
    return stage.replay()


def no_token(stage: Stage) -> Response:
    """A request without a token."""
    return stage.ask("GET", f"{ARM}/subscriptions?api-version=2022-12-01", token="")


def bad_token(stage: Stage) -> Response:
    """A token that nobody issued."""
    return stage.replay(token="not.a.token")


def no_role(stage: Stage) -> Response:
    """A user without any role asks for an account."""
    account = stage.account("stclosed")
    stage.roles = []
    return stage.ask("GET", f"{ARM}{account}?api-version=2023-05-01")


def throttled(stage: Stage) -> Response:
    """A throttled request, about an account."""
    account = stage.account("stbusy")
    stage.cloud().faults.add(Fault(kind="throttle", retry_after=324))
    return stage.ask("GET", f"{ARM}{account}?api-version=2023-05-01")


def tagged_subscription(stage: Stage) -> Response:
    """A subscription with a tag."""
    one = {"subscriptionId": stage.subscription, "displayName": "Recorded", "tags": {"TagKey": "TagValue"}}
    stage.extra["subscriptions"] = [one]
    return stage.replay()


def deny_assignments(stage: Stage) -> Response:
    """One deny assignment for a group."""
    name = "22704996-fbd0-4ab1-8625-722d897825d2"
    scope = f"/subscriptions/{stage.subscription}"
    who: Json = {"id": "f9e08843d2b74dbca5845e88a7e229a6", "type": "Group"}
    properties: Json = {
        "denyAssignmentName": "frozen",
        "description": "Test deny assignment",
        "permissions": [
            {"actions": ["foo/*"], "notActions": ["foo/*/read"], "dataActions": ["foo/*"], "notDataActions": ["a"]}
        ],
        "scope": scope,
        "doNotApplyToChildScopes": False,
        "principals": [who],
        "excludePrincipals": [{**who, "type": "User"}],
        "isSystemProtected": True,
        "createdOn": "2018-09-20T20:32:31.7438709Z",
        "updatedOn": "2018-09-20T21:40:03.4634449Z",
        "createdBy": None,
        "updatedBy": None,
    }
    stage.extra["denyAssignments"] = [
        {
            "properties": properties,
            "id": f"{scope}/providers/Microsoft.Authorization/denyAssignments/{name}",
            "type": "Microsoft.Authorization/denyAssignments",
            "name": name,
        }
    ]
    return stage.replay()


def group_permissions(stage: Stage) -> Response:
    """The owner's permissions on a group."""
    stage.add_group()
    return stage.replay()


def _principal(stage: Stage, kind: str) -> str:
    """The principal of the recorded body, known to the directory."""
    body: Any = stage.recording.request_body
    object_id = str(body["properties"]["principalId"])
    if kind == "User":
        stage.extra["users"] = [{"id": object_id, "userPrincipalName": "grace@contoso.example"}]
    else:
        stage.extra["servicePrincipals"] = [{"id": object_id, "displayName": "recorded"}]
    return object_id


def grant(stage: Stage) -> Response:
    """A role assignment for a known principal."""
    stage.add_group()
    is_user = stage.recording.request_body["properties"].get("principalType") == "User"
    _principal(stage, "User" if is_user else "ServicePrincipal")
    return stage.replay()


def grant_to_nobody(stage: Stage) -> Response:
    """A role assignment for a principal that the directory does not know."""
    stage.add_group()
    return stage.replay()


def grant_twice(stage: Stage) -> Response:
    """The same role for the same principal under another name."""
    principal = _principal(stage, "ServicePrincipal")
    scope = "/" + "/".join(stage.part[: stage.part.index("Microsoft.Authorization") - 1])
    stage.add(az.container_registry(scope, "eastus", created=stage.ago(1)))
    role = str(stage.recording.request_body["properties"]["roleDefinitionId"]).rsplit("/", 1)[-1]
    stage.roles.append(az.role_assignment(scope, role, principal, created=stage.ago(1)))
    return stage.replay()


def _granted(stage: Stage, scope: str, name: str, kind: str = "ServicePrincipal", principal: str = "") -> None:
    someone = principal or az.stable_guid("someone")
    item = az.role_assignment(scope, READER, someone, created=stage.ago(1), principal_type=kind)
    item["id"], item["name"] = f"{scope.rstrip('/')}/providers/Microsoft.Authorization/roleAssignments/{name}", name
    for field in ("createdBy", "updatedBy"):
        item["properties"][field] = az.stable_guid("someone else")
    stage.roles.append(item)


def one_grant(stage: Stage) -> Response:
    """The role assignment that the path names."""
    stage.add_group()
    scope = f"/subscriptions/{stage.subscription}/resourceGroups/{stage.group}"
    kind = "User" if stage.recording.method == "GET" else "ServicePrincipal"
    _granted(stage, scope, stage.part[-1], kind)
    if stage.recording.method == "GET":
        stage.roles[-1]["properties"] |= {"condition": "@Resource", "conditionVersion": "2.0", "description": "foo"}
    return stage.replay()


def grants(stage: Stage) -> Response:
    """Role assignments at the root, on the subscription and on a group."""
    stage.add(az.resource_group(stage.subscription, "rg", "eastus"))
    principal = (
        stage.recording.query["$filter"].partition("'")[2].rstrip("'")
        if "eq" in stage.recording.query["$filter"]
        else ""
    )
    stage.roles[0]["properties"] |= {"createdBy": ADA["objectId"], "updatedBy": ADA["objectId"]}
    if "empty" not in stage.recording.name:
        scope = f"/subscriptions/{stage.subscription}"
        place = f"{scope}/resourceGroups/rg" if principal else scope
        _granted(stage, place, az.stable_guid("grant"), principal=principal)
    return stage.replay()


def custom_role(stage: Stage) -> Response:
    """A custom role of the subscription."""
    name = stage.part[-1] if len(stage.part) > 5 else az.stable_guid("role")
    permission: Json = {"actions": ["Microsoft.Authorization/locks/*"], "notActions": []}
    if stage.recording.query["api-version"] > "2018":
        permission |= {"dataActions": ["a/b/*"], "notDataActions": ["a/b/write"]}
    who = az.stable_guid("someone")
    properties: Json = {
        "roleName": "custom",
        "type": "CustomRole",
        "description": "",
        "assignableScopes": ["/" if len(stage.part) > 5 else f"/subscriptions/{stage.subscription}"],
        "permissions": [permission],
        "createdOn": "2018-05-14T19:30:51.0664585Z",
        "updatedOn": "2019-02-19T19:11:57.5963229Z",
        "createdBy": who,
        "updatedBy": None if len(stage.part) > 5 else who,
    }
    place = f"/subscriptions/{stage.subscription}/providers/Microsoft.Authorization/roleDefinitions/{name}"
    stage.extra["roleDefinitions"] = [{"id": place, "name": name, "properties": properties}]
    return stage.replay()


def known_tenant(stage: Stage) -> Response:
    """The tenant of the recorded path."""
    stage.tenant = stage.part[0]
    return stage.replay()


def app_token(stage: Stage) -> Response:
    """Client credentials of the rehearsal's own application, with the right or the wrong secret."""
    stage.tenant = stage.part[0]
    app = rehearsal_app_id(stage.tenant)
    secret = "wrong" if stage.recording.status == 401 else secrets.client_secret(7, app)
    form = f"client_id={app}&grant_type=client_credentials&client_secret={secret}"
    return stage.replay(body=f"{form}&scope=https%3A%2F%2Fmanagement.azure.com%2F.default")


def device_token(stage: Stage) -> Response:
    """A device code, redeemed too early or in time."""
    stage.tenant = stage.part[0]
    stage.behaviour = {"deviceCodePolls": 0 if stage.recording.status == 200 else 1}
    url = stage.recording.url()
    answer = stage.ask("POST", url.replace("/token", "/devicecode"), "client_id=c&scope=openid")
    form = f"client_id=c&grant_type=device_code&device_code={answer.json()['device_code']}"
    return stage.replay(body=f"{form}&scope=https%3A%2F%2Fmanagement.azure.com%2F.default")


def revoked_token(stage: Stage) -> Response:
    """A refresh token that is not valid any more."""
    stage.tenant = stage.part[0]
    return stage.replay(body="client_id=c&grant_type=refresh_token&refresh_token=gone")


SCENES = {
    "arm/error-401-authentication-failed": no_token,
    "arm/error-401-invalid-authentication-token": bad_token,
    "arm/error-403-authorization-failed": no_role,
    "arm/error-429-headers": throttled,
    "arm/error-429-resource-requests-throttled": throttled,
    "arm/subscriptions-get": tagged_subscription,
    "arm/subscriptions-list": plain,
    "arm/tenants-list": plain,
    "authorization/deny-assignments-list": deny_assignments,
    "authorization/permissions-list-resource-group": group_permissions,
    "authorization/permissions-list-resource-group-2015-nextlink-null": group_permissions,
    "authorization/role-assignments-create-201": grant,
    "authorization/role-assignments-create-201-all-headers": grant,
    "authorization/role-assignments-create-201-with-condition": grant,
    "authorization/role-assignments-create-400-principal-not-found": grant_to_nobody,
    "authorization/role-assignments-create-409-exists": grant_twice,
    "authorization/role-assignments-delete-200": one_grant,
    "authorization/role-assignments-delete-204": plain,
    "authorization/role-assignments-get": one_grant,
    "authorization/role-assignments-list-empty": grants,
    "authorization/role-assignments-list-principal-filter": grants,
    "authorization/role-assignments-list-subscription-at-scope": grants,
    "authorization/role-definitions-get-404": plain,
    "authorization/role-definitions-get-by-id": custom_role,
    "authorization/role-definitions-list": custom_role,
    "entra/devicecode-200": known_tenant,
    "entra/instance-discovery": plain,
    "entra/openid-configuration": known_tenant,
    "entra/openid-configuration-400-invalid-tenant": plain,
    "entra/token-400-authorization-pending": device_token,
    "entra/token-400-invalid-grant-revoked": revoked_token,
    "entra/token-401-invalid-client": app_token,
    "entra/token-client-credentials-200": app_token,
    "entra/token-device-code-200": device_token,
}

"""Machine Learning workspaces: list, get, update, keys, resync and diagnose, and the polls of their operations.

Shapes follow recordings of 2023 to 2026; what an api-version does not know is left out of its answers.
"""

from __future__ import annotations

from typing import Any

from azsim import ids, keysync, restoring, secrets
from azsim.errors import Refused, account_rp_error
from azsim.keysync import WORKSPACE
from azsim.operations import Operation
from azsim.router import Context, Routes, since
from azsim.services import ml_update
from azsim.services.ml_common import (
    IN_GROUP,
    IN_SUBSCRIPTION,
    ONE_WORKSPACE,
    WORKSPACE_VERSIONS,
    accepted,
    answer,
    empty,
    knows,
    listing,
    marked,
    operation_url,
    page,
    region_of,
    start,
    wait_hint,
)
from azsim.wire import Response, json_response
from azsim.world import Resource

route = Routes("ml")

PAGE = 100
_SINCE: dict[str, tuple[str, str]] = {
    "systemDatastoresAuthMode": ("2025-06-01", "2022-12-01"),
    "enableServiceSideCMKEncryption": ("2025-06-01", "2024-07-01"),
    "managedNetwork": ("2023-10-01", "2023-06-01"),
    "allowRoleAssignmentOnRG": ("2024-04-01", "2024-01-01"),
    "ipAllowlist": ("2024-04-01", "2024-01-01"),
    "networkAcls": ("2024-04-01", "2024-01-01"),
    "serverlessComputeSettings": ("2024-04-01", "2023-08-01"),
    "EnableSoftwareBillOfMaterials": ("2024-04-01", "2024-01-01"),
    "associatedWorkspaces": ("2024-04-01", "2023-06-01"),
    "workspaceHubConfig": ("2024-04-01", "2023-06-01"),
    "hubResourceId": ("2024-04-01", "2023-06-01"),
    "publicNetworkAccess": ("2021-07-01", "2021-07-01"),
    "v1LegacyMode": ("2022-05-01", "2022-02-01"),
    "enableDataIsolation": ("2023-10-01", "2023-02-01"),
}
"""First stable and first preview version that shows a property (recordings; generated types of the specification)."""
_ONLY_SINGLE = frozenset({"managedNetwork", "systemDatastoresAuthMode", "enableServiceSideCMKEncryption"})
"""Shown by GET and missing from lists."""


def view(resource: Resource, version: str, *, listed: bool = False) -> Resource:
    """A workspace as an api-version shows it, alone or in a list."""
    properties: dict[str, Any] = {}
    for name, value in resource.get("properties", {}).items():
        first = _SINCE.get(name)
        is_known = first is None or knows(version, *first)
        if is_known and not (listed and name in _ONLY_SINGLE):
            properties[name] = value
    return {**resource, "properties": properties}


@route("GET", f"{IN_SUBSCRIPTION}/workspaces", versions=WORKSPACE_VERSIONS, action=f"{WORKSPACE}/read", listing=True)
@route("GET", f"{IN_GROUP}/workspaces", versions=WORKSPACE_VERSIONS, action=f"{WORKSPACE}/read", listing=True)
def list_workspaces(ctx: Context) -> Response:
    """The workspaces of a subscription or of a group, a hundred a page; `kind` narrows the list."""
    items = ctx.visible(ctx.world.of_type(WORKSPACE, ctx.scope()))
    kinds = [kind.casefold() for kind in ctx.request.query.get("kind", "").split(",") if kind]
    if kinds:
        items = [item for item in items if str(item.get("kind", "Default")).casefold() in kinds]
    part, next_link = page(ctx, items, PAGE, "$skipToken")
    body = listing(ctx, [view(item, ctx.api_version, listed=True) for item in part], next_link)
    return json_response(200, body, headers={"X-Cache": "CONFIG_NOCACHE"})


@route("GET", ONE_WORKSPACE, versions=WORKSPACE_VERSIONS, action=f"{WORKSPACE}/read")
def get(ctx: Context) -> Response:
    """One workspace, with the properties that lists leave out."""
    workspace = ctx.resource()
    return answer(ctx, 200, view(workspace, ctx.api_version), workspace)


@route("PATCH", ONE_WORKSPACE, versions=WORKSPACE_VERSIONS, action=f"{WORKSPACE}/write")
def update(ctx: Context) -> Response:
    """Change a workspace: 202 with both headers; the change shows when the operation has ended."""
    workspace, body = ctx.resource(), ctx.request.json()
    ml_update.check(ctx, workspace, body)

    def effect() -> None:
        ml_update.apply(ctx.world, workspace["id"], body, known=ctx.api_version, by=ctx.caller)

    operation = start(ctx, "workspace", workspace, effect, operation_id=ctx.rng.token(43))
    return marked(accepted(ctx, operation), workspace)


@route("POST", f"{ONE_WORKSPACE}/resyncKeys", versions=WORKSPACE_VERSIONS, action=f"{WORKSPACE}/resynckeys/action")
def resync_keys(ctx: Context) -> Response:
    """Take the storage account's key anew: 200, or 202 with both headers or with none, as the behaviour says.

    With no header nobody can tell when it is done: at once, or when operations that end by time do.
    Before 2021-03-01-preview the call was synchronous. A read-only lock on the account keeps the service from its keys.
    """
    workspace = ctx.resource()
    how = ctx.behaviour().resync_answer if since("2021-03-01")(ctx.api_version) else "200"
    outcome = "lie" if how == "lying" else "fail" if _is_frozen(ctx, workspace) else None

    def effect() -> None:
        keysync.resync(ctx.world, workspace["id"])
        restoring.restore(ctx.world, workspace, ctx.behaviour(workspace["id"]).resync_restores)

    operation = start(ctx, "workspace", workspace, effect, outcome=outcome)
    if how == "200" or (how == "202-bare" and operation.due is None):
        ctx.operations.finish_now(operation)
    if how == "200" and operation.state == "failed":
        return marked(_failed(ctx, operation), workspace)
    if how in ("200", "202-bare"):
        return marked(empty(200 if how == "200" else 202), workspace)
    return marked(accepted(ctx, operation), workspace)


def _is_frozen(ctx: Context, workspace: Resource) -> bool:
    account = keysync.account_of(ctx.world, workspace)
    locks = ctx.world.locks_on(account.id) if account else []
    return any(str(lock["properties"].get("level", "")).casefold() == "readonly" for lock in locks)


@route(
    "POST",
    f"{ONE_WORKSPACE}/diagnose",
    versions=since("2021-07-01"),
    action=f"{WORKSPACE}/diagnose/read",
    kind="read",
    lockable=False,
)
def diagnose(ctx: Context) -> Response:
    """Look for missing dependencies: 202 with Location only; a POST that is billed as a read."""
    workspace = ctx.resource()
    asked = ctx.request.member("value")
    operation = start(ctx, "diagnose", workspace, details={"asked": list(asked)})
    return marked(accepted(ctx, operation, status_url=False), workspace)


_GROUPS = {
    "udr": "userDefinedRouteResults",
    "nsg": "networkSecurityRuleResults",
    "resourceLock": "resourceLockResults",
    "dnsResolution": "dnsResolutionResults",
    "storageAccount": "storageAccountResults",
    "keyVault": "keyVaultResults",
    "containerRegistry": "containerRegistryResults",
    "applicationInsights": "applicationInsightsResults",
    "others": "otherResults",
}


def _diagnosis(ctx: Context, operation: Operation) -> dict[str, Any]:
    workspace = ctx.world.get(operation.resource_id) or {}
    asked = operation.details["asked"] or list(_GROUPS)
    results: dict[str, list[dict[str, str]]] = {_GROUPS[name]: [] for name in _GROUPS if name in asked}
    for name in ("storageAccount", "keyVault", "containerRegistry", "applicationInsights"):
        linked = workspace.get("properties", {}).get(name)
        if not linked or name not in asked or ctx.world.get(linked) is not None:
            continue
        text = (
            f"Resource {linked} has been removed, which is an essential resource to use Azure Machine Learning. "
            f"Please recover Resource {linked}."
        )
        found = [{"code": "DependencyResourceNotExist", "level": "Error", "message": text}]
        if name != "applicationInsights":
            text = f"Unable to check settings on resource '{linked}'."
            found.append({"code": "UnableToCheckDependencyResource", "level": "Warning", "message": text})
        results[_GROUPS[name]] = found
    return {"value": results}


@route(
    "POST",
    f"{ONE_WORKSPACE}/listKeys",
    versions=WORKSPACE_VERSIONS,
    action=f"{WORKSPACE}/listKeys/action",
    kind="secret-read",
)
def list_keys(ctx: Context) -> Response:
    """The workspace's own copies of keys.

    The storage id is `userStorageArmId` on the wire since 2024 and `userStorageResourceId` before. In identity mode
    the storage key is null (the official example shows null; which workspaces answer it is not documented).
    """
    workspace = ctx.resource()
    properties = workspace.get("properties", {})
    id_name = "userStorageArmId" if knows(ctx.api_version, "2024-04-01", "2023-06-01") else "userStorageResourceId"
    component = ctx.world.get(properties.get("applicationInsights") or "") or {}
    body = {
        "userStorageKey": _own_copy(ctx, workspace),
        id_name: properties.get("storageAccount"),
        "appInsightsInstrumentationKey": component.get("properties", {}).get("InstrumentationKey"),
        "containerRegistryCredentials": _registry_credentials(ctx, properties.get("containerRegistry")),
        "notebookAccessKeys": _notebook_keys(ctx, workspace),
    }
    return answer(ctx, 200, body, workspace)


@route(
    "POST",
    f"{ONE_WORKSPACE}/listStorageAccountKeys",
    versions=since("2021-01-01"),
    action=f"{WORKSPACE}/listStorageAccountKeys/action",
    kind="secret-read",
)
def list_storage_account_keys(ctx: Context) -> Response:
    """The one storage key that the workspace knows, without a name."""
    workspace = ctx.resource()
    return answer(ctx, 200, {"userStorageKey": _own_copy(ctx, workspace)}, workspace)


@route(
    "POST",
    f"{ONE_WORKSPACE}/listNotebookKeys",
    versions=WORKSPACE_VERSIONS,
    action=f"{WORKSPACE}/listNotebookKeys/read",
    kind="secret-read",
)
def list_notebook_keys(ctx: Context) -> Response:
    """The keys of the workspace's notebook service."""
    workspace = ctx.resource()
    return answer(ctx, 200, _notebook_keys(ctx, workspace), workspace)


def _own_copy(ctx: Context, workspace: Resource) -> str | None:
    mode = str(workspace.get("properties", {}).get("systemDatastoresAuthMode") or "accesskey")
    holder = ctx.world.keys.holder(workspace["id"])
    return holder.secret if holder is not None and mode.casefold() == "accesskey" else None


def _registry_credentials(ctx: Context, registry_id: str | None) -> dict[str, Any] | None:
    registry = ctx.world.get(registry_id) if registry_id else None
    if registry is None or not registry.get("properties", {}).get("adminUserEnabled"):
        return None
    names = ("password", "password2")
    passwords = [{"name": name, "value": secrets.named_secret(ctx.world.seed, registry["id"], name)} for name in names]
    return {"location": region_of(registry), "username": registry["name"], "passwords": passwords}


def _notebook_keys(ctx: Context, workspace: Resource) -> dict[str, str]:
    names = ("primaryAccessKey", "secondaryAccessKey")
    return {name: secrets.named_secret(ctx.world.seed, workspace["id"], f"notebook {name}") for name in names}


@route(
    "GET",
    f"{IN_SUBSCRIPTION}/locations/{{location}}/workspaceOperationsStatus/{{operationId}}",
    versions=WORKSPACE_VERSIONS,
)
def poll(ctx: Context) -> Response:
    """One poll: `type=async` answers a status, `type=location` answers 202 and at last the result itself."""
    operation = ctx.operations.poll(ctx.params["operationId"])
    if operation is None:
        text = f"Operation {ctx.params['operationId']} can't be found"
        raise Refused(account_rp_error(ctx, 404, text, location=ctx.params["location"]))
    workspace = ctx.world.get(operation.resource_id) or {"location": operation.region}
    if ctx.request.query.get("type", "async") == "async":
        return marked(json_response(200, _status(operation), headers=wait_hint(ctx)), workspace)
    if operation.state == "running":
        return marked(_pending(ctx, operation), workspace)
    if operation.state == "failed":
        return marked(_failed(ctx, operation), workspace)
    body = _diagnosis(ctx, operation) if operation.kind == "diagnose" else view(workspace, ctx.api_version)
    return marked(json_response(200, body), workspace)


def _status(operation: Operation) -> dict[str, Any]:
    body: dict[str, Any] = {"status": operation.word}
    if operation.state == "succeeded":
        body["percentComplete"] = 100.0
    if operation.state == "failed":
        body["error"] = {"code": "InternalServerError", "message": _failure(operation)}
    return body


def _pending(ctx: Context, operation: Operation) -> Response:
    headers = {
        "Azure-AsyncOperation": operation_url(ctx, operation, "workspaceOperationsStatus", "&type=async"),
        "Location": operation_url(ctx, operation, "workspaceOperationsStatus", "&type=location"),
    }
    return Response(202, {**headers, **wait_hint(ctx), "Content-Length": "0"})


def _failed(ctx: Context, operation: Operation) -> Response:
    return account_rp_error(
        ctx, 400, _failure(operation), code="UserError", inner=("BadRequest",), location=operation.region
    )


def _failure(operation: Operation) -> str:
    return f"The operation on {ids.name_of(operation.resource_id)} could not be completed."

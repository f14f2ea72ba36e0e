"""Datastores: list, get, create or update, delete, and the secrets that they store in the workspace's vault.

A datastore keeps its own copy of a key: synchronising the workspace does not touch what people registered.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from azsim import sas, secrets
from azsim.clock import iso_seconds, offset7
from azsim.keys import Holder
from azsim.keysync import DATASTORE
from azsim.router import Context, Routes
from azsim.services.ml_common import (
    FRONT_END_VERSIONS,
    ONE_WORKSPACE,
    answer,
    bad_argument,
    child,
    empty,
    knows,
    listing,
    marked,
    not_found,
    number,
    page,
    visible_children,
    workspace_of,
)
from azsim.wire import Response, count, member
from azsim.world import Resource

route = Routes("ml")

_ALL = f"{ONE_WORKSPACE}/datastores"
_ONE = f"{_ALL}/{{name}}"
_PLACE = ("2023-10-01", "2023-08-01")
"""First versions with `subscriptionId` and `resourceGroup`."""
_EXPIRY = ("2025-12-01", "2024-07-01")
"""First versions that take `expirableSecret` in a listSecrets body."""
_KINDS = ("AzureBlob", "AzureFile", "AzureDataLakeGen1", "AzureDataLakeGen2", "OneLake")
_SECRET_FIELD = {
    "AccountKey": "key",
    "Sas": "sasToken",
    "ServicePrincipal": "clientSecret",
    "Certificate": "certificate",
}
_LOST = (
    "Datastore's secret is not found. Please make sure the workspace's key vault exists and the workspace have access "
    "to the secrets inside that key vault."
)


def view(resource: Resource, version: str) -> Resource:
    """A datastore as an api-version shows it."""
    if knows(version, *_PLACE):
        return resource
    hidden = ("subscriptionId", "resourceGroup")
    properties = {name: value for name, value in resource.get("properties", {}).items() if name not in hidden}
    return {**resource, "properties": properties}


@route("GET", _ALL, versions=FRONT_END_VERSIONS, action=f"{DATASTORE}/read")
def list_datastores(ctx: Context) -> Response:
    """The datastores of a workspace, newest first unless `orderByAsc=true`, thirty a page."""
    query = ctx.request.query
    items = visible_children(ctx, "datastores")
    if query.get("isDefault", "").casefold() == "true":
        items = [item for item in items if item["properties"].get("isDefault")]
    names = [name.casefold() for name in query.get("names", "").split(",") if name]
    if names:
        items = [item for item in items if item["name"].casefold() in names]
    if search := query.get("searchText", "").casefold():
        items = [item for item in items if search in item["name"].casefold()]
    newest_first = query.get("orderByAsc", "false").casefold() != "true"
    items.sort(key=lambda item: item.get("systemData", {}).get("createdAt", ""), reverse=newest_first)
    part, next_link = page(ctx, items, number(ctx, "count", 30), "$skip")
    return answer(ctx, 200, listing(ctx, [view(item, ctx.api_version) for item in part], next_link))


@route("GET", _ONE, versions=FRONT_END_VERSIONS, action=f"{DATASTORE}/read")
def get(ctx: Context) -> Response:
    """One datastore; its credentials name their type and never hold a value."""
    return answer(ctx, 200, view(_existing(ctx), ctx.api_version))


@route("PUT", _ONE, versions=FRONT_END_VERSIONS, action=f"{DATASTORE}/write")
def create_or_update(ctx: Context) -> Response:
    """Create (201 with Location) or replace (200) a datastore and the secret that it stores."""
    wanted, workspace = ctx.request.member("properties"), workspace_of(ctx)
    if wanted.get("datastoreType") not in _KINDS:
        raise bad_argument(ctx, "The datastore type is missing or not supported.")
    credentials = member(wanted, "credentials")
    kind = str(credentials.get("credentialsType") or "None")
    secret = str(member(credentials, "secrets").get(_SECRET_FIELD.get(kind, ""), "") or "")
    if kind not in (*_SECRET_FIELD, "None"):
        raise bad_argument(ctx, f"The credentials type {kind} is not supported.")
    if kind in ("AccountKey", "Sas") and not secret:
        raise bad_argument(ctx, f"The credentials of type {kind} need their secret.")
    name = ctx.segments[9]
    before = ctx.world.get(f"{workspace['id']}/datastores/{name}")
    if ctx.request.query.get("skipValidation", "false").casefold() != "true":
        _validate(ctx, wanted, kind, secret)
    resource = ctx.world.put(_stored(ctx, workspace, name, wanted, before))
    _keep_secret(ctx, resource, kind, secret)
    response = answer(ctx, 201 if before is None else 200, view(resource, ctx.api_version), workspace)
    if before is None:
        response.headers["Location"] = ctx.request.url
    return response


@route("DELETE", _ONE, versions=FRONT_END_VERSIONS, action=f"{DATASTORE}/delete")
def delete(ctx: Context) -> Response:
    """Remove a datastore with its secret: 200, or 204 when there is none."""
    workspace = workspace_of(ctx)
    found = child(ctx, "datastores")
    if found is None:
        return Response(204)
    ctx.world.delete(found["id"])
    return marked(empty(), workspace)


@route(
    "POST",
    f"{_ONE}/listSecrets",
    versions=FRONT_END_VERSIONS,
    action=f"{DATASTORE}/listsecrets/action",
    kind="secret-read",
)
def list_secrets(ctx: Context) -> Response:
    """The stored secret; a datastore without one answers the 404 of a lost secret.

    With `expirableSecret` (newer versions) an account key is answered as a SAS that ends after `expireAfterHours`.
    """
    datastore = _existing(ctx)
    kind = str(datastore["properties"].get("credentials", {}).get("credentialsType", "None"))
    holder = ctx.world.keys.holder(datastore["id"])
    body = ctx.request.json()
    if holder is not None and holder.secret_type == "Sas":
        return answer(ctx, 200, {"secretsType": "Sas", "sasToken": holder.secret})
    if holder is not None:
        if body.get("expirableSecret") and knows(ctx.api_version, *_EXPIRY):
            token = _short_lived(ctx, datastore, holder, count(body, "expireAfterHours", 1))
            return answer(ctx, 200, {"secretsType": "Sas", "sasToken": token})
        return answer(ctx, 200, {"secretsType": "AccountKey", "key": holder.secret})
    if kind in ("ServicePrincipal", "Certificate"):
        value = secrets.named_secret(ctx.world.seed, datastore["id"], kind)
        return answer(ctx, 200, {"secretsType": kind, _SECRET_FIELD[kind]: value})
    raise not_found(ctx, _LOST, "NotFoundError")


def _existing(ctx: Context) -> Resource:
    found = child(ctx, "datastores")
    if found is None:
        raise not_found(ctx, f"Could not find datastore: {ctx.segments[9]}.", "NotFoundError")
    return found


def _stored(ctx: Context, workspace: Resource, name: str, wanted: dict[str, Any], before: Resource | None) -> Resource:
    """The resource as the service stores it: read-only fields kept, nothing of the secret left."""
    kept = before["properties"] if before else {}
    given = member(wanted, "credentials")
    credentials = {key: value for key, value in given.items() if key != "secrets"} or {"credentialsType": "None"}
    place: dict[str, Any] = {"subscriptionId": kept.get("subscriptionId"), "resourceGroup": kept.get("resourceGroup")}
    if knows(ctx.api_version, *_PLACE):
        place = {key: wanted.get(key) for key in place}
    settled = ("description", "tags", "properties", "isDefault", "credentials", *place, "serviceDataAccessAuthIdentity")
    properties: dict[str, Any] = {
        "description": wanted.get("description"),
        "tags": wanted.get("tags"),
        "properties": wanted.get("properties"),
        "isDefault": kept.get("isDefault", False),
        "credentials": credentials,
        **place,
        **{key: value for key, value in wanted.items() if key not in settled},
        "serviceDataAccessAuthIdentity": wanted.get("serviceDataAccessAuthIdentity", "None"),
    }
    now, caller = offset7(ctx.clock.now()), ctx.caller
    author = caller.display_name if caller else ""
    kind = "Application" if caller and caller.is_app else "User"
    created = {"createdAt": now, "createdBy": author, "createdByType": kind}
    stamps = {**(before.get("systemData", {}) if before else created)}
    stamps |= {"lastModifiedAt": now, "lastModifiedBy": author, "lastModifiedByType": kind}
    resource_id = before["id"] if before else f"{workspace['id']}/datastores/{name}"
    return {"id": resource_id, "name": name, "type": DATASTORE, "properties": properties, "systemData": stamps}


def _validate(ctx: Context, wanted: dict[str, Any], kind: str, secret: str) -> None:
    """Refuse a key that is not one of the account's; the wording of Azure's refusal is not documented."""
    account = ctx.world.keys.account(wanted.get("accountName"))
    if kind == "AccountKey" and account is not None and account.slot_of(secret) is None:
        text = f"The credentials are not valid for storage account {account.name}."
        raise bad_argument(ctx, text, "BadArgument", "ArgumentInvalid", "InvalidDatastoreCredentials")


def _keep_secret(ctx: Context, resource: Resource, kind: str, secret: str) -> None:
    keys, properties = ctx.world.keys, resource["properties"]
    account = str(properties.get("accountName") or "").casefold()
    if kind not in ("AccountKey", "Sas") or not account:
        keys.release(resource["id"])
        return
    holder = Holder(resource["id"], "datastore", account, secret, updated=ctx.clock.now())
    if kind == "AccountKey":
        keys.hold(holder)
    else:
        keys.hold_sas(holder, *_container(properties))


def _container(properties: dict[str, Any]) -> tuple[str, str]:
    """The storage service and the container or share of a datastore."""
    if properties.get("fileShareName"):
        return "file", str(properties["fileShareName"])
    return "blob", str(properties.get("containerName") or properties.get("filesystem") or "")


def _short_lived(ctx: Context, datastore: Resource, holder: Holder, hours: int) -> str:
    expiry = iso_seconds(ctx.clock.now() + timedelta(hours=hours))
    service, container = _container(datastore["properties"])
    account = ctx.world.keys.account(holder.account)
    token = sas.container_token(holder.secret, account.name if account else holder.account, service, container, expiry)
    ctx.world.keys.issued.add(token)
    return token

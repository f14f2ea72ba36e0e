"""Workspace connections: list, get, and their secrets; the answers come from the workspace service (account-rp)."""

from __future__ import annotations

from typing import Any

from azsim import secrets
from azsim.errors import Refused, account_rp_error
from azsim.keys import Holder
from azsim.router import ANY, Context, Routes
from azsim.services.ml_common import (
    ONE_WORKSPACE,
    answer,
    child,
    knows,
    listing,
    region_of,
    visible_children,
    workspace_of,
)
from azsim.wire import Response
from azsim.world import CONNECTION, Resource

route = Routes("ml")

_ALL = f"{ONE_WORKSPACE}/connections"
_FIELDS: dict[str, tuple[str, ...]] = {
    "accesskey": ("accessKeyId", "secretAccessKey"),
    "accountkey": ("key",),
    "apikey": ("key",),
    "pat": ("pat",),
    "sas": ("sas",),
    "serviceprincipal": ("clientId", "clientSecret", "tenantId"),
    "usernamepassword": ("username", "password"),
}
"""What `credentials` holds by authType, from the published types; the other kinds hold nothing."""


@route("GET", _ALL, versions=ANY, action=f"{CONNECTION}/read")
def list_connections(ctx: Context) -> Response:
    """The connections of a workspace; `target` and `category` narrow the list."""
    items = visible_children(ctx, "connections")
    for name in ("target", "category"):
        if wanted := ctx.request.query.get(name, "").casefold():
            items = [item for item in items if str(item["properties"].get(name, "")).casefold() == wanted]
    return answer(ctx, 200, listing(ctx, items, None))


@route("GET", f"{_ALL}/{{name}}", versions=ANY, action=f"{CONNECTION}/read")
def get(ctx: Context) -> Response:
    """One connection, its credentials hidden."""
    return answer(ctx, 200, _existing(ctx))


@route(
    "POST",
    f"{_ALL}/{{name}}/listsecrets",
    versions=lambda version: ANY(version) and knows(version, "2024-04-01", "2023-06-01"),
    action=f"{CONNECTION}/listsecrets/action",
    kind="secret-read",
)
def list_secrets(ctx: Context) -> Response:
    """The same connection with `credentials` filled."""
    connection = _existing(ctx)
    properties = {**connection["properties"], "credentials": _credentials(ctx, connection)}
    return answer(ctx, 200, {**connection, "properties": properties})


def _credentials(ctx: Context, connection: Resource) -> dict[str, Any] | None:
    kind = str(connection["properties"].get("authType", "")).casefold()
    holder = ctx.world.keys.holder(connection["id"])
    made = {name: secrets.named_secret(ctx.world.seed, connection["id"], name) for name in _FIELDS.get(kind, ())}
    value = _written(ctx, connection, holder) if holder is not None else None
    if kind == "customkeys":
        named = {"apiKey": secrets.named_secret(ctx.world.seed, connection["id"], "apiKey")}
        return {"keys": {**named, "storage": value} if value else named}
    if value is not None and made:
        made[{"accesskey": "secretAccessKey", "sas": "sas", "usernamepassword": "password"}.get(kind, "key")] = value
    return made or None


def _written(ctx: Context, connection: Resource, holder: Holder) -> str:
    """The key as somebody stored it: bare, or within a connection string (`"azsim": {"form": "connection-string"}`)."""
    if ctx.world.private(connection["id"]).get("form") != "connection-string":
        return holder.secret
    word = "SharedAccessSignature" if holder.secret_type == "Sas" else "AccountKey"
    head = f"DefaultEndpointsProtocol=https;AccountName={holder.account}"
    return f"{head};{word}={holder.secret};EndpointSuffix=core.windows.net"


def _existing(ctx: Context) -> Resource:
    found = child(ctx, "connections")
    if found is None:
        text = f"Connection {ctx.segments[9]} can't be found in this workspace"
        raise Refused(account_rp_error(ctx, 404, text, location=region_of(workspace_of(ctx))))
    return found

"""Key Vault's data plane: keys with versions and rotation policies, and secrets; access by policy or by role.

Wire facts: the first request of a client comes without a token and is answered with a challenge; version lists are
not in the order of time; a list's last page carries `nextLink: null`, other links name port 443.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

from azsim.clock import unix
from azsim.errors import Refused, keyvault_error
from azsim.principals import Caller
from azsim.router import Context, Routes
from azsim.vaults import Key, KeyVersion, SecretVersion
from azsim.wire import Response, json_response
from azsim.world import Resource

VAULT = "Microsoft.KeyVault/vaults"
PAGE = 25
_HELP = "For help resolving this issue, please see https://go.microsoft.com/fwlink/?linkid="
route = Routes("keyvault", host="vault")


def _versions(version: str) -> bool:
    """Data-plane versions are numbers up to 7.x, dated ones from 2025 on."""
    head = version.partition("-")[0]
    return head in {"2016", "7.0", "7.1", "7.2", "7.3", "7.4", "7.5", "7.6"} or version[:2] == "20"


def _answer(ctx: Context, vault: Resource, status: int, value: object) -> Response:
    return json_response(status, value, headers={"x-ms-keyvault-region": vault.get("location", "")})


def _error(status: int, code: str, message: str, inner: str | None = None) -> Refused:
    return Refused(keyvault_error(status, code, message, inner=inner))


def _vault(ctx: Context) -> Resource:
    """The vault that the host names; on a host without names, the only one that has the object."""
    name = ctx.request.host.partition(".")[0]
    if ".vault." not in ctx.request.host:
        name = ctx.world.vaults.vault_with(ctx.params.get("name", "")) or ""
    for vault in ctx.world.of_type(VAULT):
        if vault["name"].casefold() == name.casefold():
            return vault
    raise _error(404, "VaultNotFound", f"The vault {name} was not found.")


def _open(ctx: Context, permission: str, action: str, what: str = "keys") -> Resource:
    """The vault, when the caller may do this in it; raises the 403 of its permission model."""
    vault, caller = _vault(ctx), ctx.caller
    if caller is None:
        raise AssertionError("a vault request was let in without a token")
    properties = vault.get("properties", {})
    if properties.get("enableRbacAuthorization"):
        resource = f"{vault['id']}/{what}/{ctx.params['name']}" if "name" in ctx.params else vault["id"]
        if not ctx.cloud.rbac.allowed(caller, resource, action, data=True):
            raise _forbidden_by_rbac(ctx, vault, caller, resource, action)
    elif not _policy_allows(properties.get("accessPolicies") or [], caller, what, permission):
        who = _who(ctx, caller)
        message = (
            f"The user, group or application '{who}' does not have {what} {permission} permission on key vault "
            f"'{vault['name']};location={vault.get('location', '')}'. {_HELP}2125287"
        )
        raise _error(403, "Forbidden", message, "ForbiddenByPolicy")
    return vault


def _who(ctx: Context, caller: Caller) -> str:
    tenant = ctx.world.directory.tenant_id
    app = caller.name if caller.is_app else "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
    return f"appid={app};oid={caller.object_id};iss=https://sts.windows.net/{tenant}/"


def _forbidden_by_rbac(ctx: Context, vault: Resource, caller: Caller, resource: str, action: str) -> Refused:
    lines = (
        "Caller is not authorized to perform action on resource.",
        "If role assignments, deny assignments or role definitions were changed recently, please observe propagation time.",
        f"Caller: {_who(ctx, caller)}",
        f"Action: '{action}'",
        f"Resource: '{resource.lower()}'",
        "Assignment: (not found)",
        "DenyAssignmentId: null",
        "DecisionReason: 'DeniedWithNoValidRBAC' ",
        f"Vault: {vault['name']};location={vault.get('location', '')}",
        "",
    )
    return _error(403, "Forbidden", "\r\n".join(lines), "ForbiddenByRbac")


def _policy_allows(policies: Sequence[dict[str, Any]], caller: Caller, what: str, permission: str) -> bool:
    for policy in policies:
        holder = str(policy.get("objectId", "")).replace("-", "").casefold()
        allowed = {str(item).casefold() for item in (policy.get("permissions") or {}).get(what) or ()}
        if holder in caller.principal_ids and ({permission.casefold(), "all"} & allowed):
            return True
    return False


def _key(ctx: Context, vault: Resource) -> Key:
    key = ctx.world.vaults.key(vault["name"], ctx.params["name"])
    if key is None or key.deleted is not None:
        message = (
            f"A key with (name/id) {ctx.params['name']} was not found in this key vault. If you recently deleted this "
            f"key you may be able to recover it using the correct recovery command. {_HELP}2125182"
        )
        raise _error(404, "KeyNotFound", message)
    return key


def _version(ctx: Context, key: Key) -> KeyVersion:
    wanted = ctx.params.get("version")
    if wanted is None:
        return key.latest()
    version = key.versions.get(wanted.casefold())
    if version is None:
        message = f"A key with (name/id) {key.name}/{wanted} was not found in this key vault. {_HELP}2125182"
        raise _error(404, "KeyNotFound", message)
    return version


def _base(vault: Resource) -> str:
    return str(vault["properties"].get("vaultUri") or f"https://{vault['name'].lower()}.vault.azure.net/").rstrip("/")


def _attributes(vault: Resource, attributes: dict[str, Any]) -> dict[str, Any]:
    """The attributes with what the vault's protection says about recovery, unless the estate says otherwise."""
    properties = vault.get("properties", {})
    level = "Recoverable" if properties.get("enablePurgeProtection") else "Recoverable+Purgeable"
    days = properties.get("softDeleteRetentionInDays", 90)
    return {
        **attributes,
        "recoveryLevel": attributes.get("recoveryLevel", level),
        "recoverableDays": attributes.get("recoverableDays", days),
        "exportable": False,
        "hsmPlatform": "0",
    }


def _bundle(vault: Resource, key: Key, version: KeyVersion) -> dict[str, Any]:
    public = {"n": version.modulus(), "e": "AQAB"} if version.kty.startswith("RSA") else {"crv": "P-256"}
    kid = f"{_base(vault)}/keys/{key.name}/{version.version}"
    body: dict[str, Any] = {
        "key": {"kid": kid, "kty": version.kty, "key_ops": version.ops, **public},
        "attributes": _attributes(vault, version.attributes),
    }
    return body if version.tags is None else {**body, "tags": version.tags}


def _item(vault: Resource, key: Key, version: KeyVersion, *, versioned: bool) -> dict[str, Any]:
    tail = f"/{version.version}" if versioned else ""
    body: dict[str, Any] = {
        "kid": f"{_base(vault)}/keys/{key.name}{tail}",
        "attributes": _attributes(vault, version.attributes),
    }
    return body if version.tags is None else {**body, "tags": version.tags}


def _page(ctx: Context, vault: Resource, items: list[dict[str, Any]]) -> Response:
    size = int(ctx.request.query.get("maxresults") or PAGE)
    token = ctx.request.query.get("$skiptoken", "")
    start = int(base64.urlsafe_b64decode(token).decode()) if token else 0
    link: str | None = None
    if start + size < len(items):
        mark = base64.urlsafe_b64encode(str(start + size).encode()).decode()
        link = (
            f"{_base(vault)}:443{ctx.request.path.rstrip('/')}?api-version={ctx.api_version}"
            f"&$skiptoken={mark}&maxresults={size}"
        )
    return _answer(ctx, vault, 200, {"value": items[start : start + size], "nextLink": link})


@route("GET", "/keys", versions=_versions)
def list_keys(ctx: Context) -> Response:
    """The keys of a vault, with the attributes of their newest versions."""
    vault = _open(ctx, "list", f"{VAULT}/keys/read")
    keys = sorted(ctx.world.vaults.keys(vault["name"]), key=lambda key: key.name)
    return _page(ctx, vault, [_item(vault, key, key.latest(), versioned=False) for key in keys])


@route("GET", "/keys/{name}", versions=_versions)
@route("GET", "/keys/{name}/{version}", versions=_versions)
def get_key(ctx: Context) -> Response:
    """A version of a key, or the one made last."""
    vault = _open(ctx, "get", f"{VAULT}/keys/read")
    key = _key(ctx, vault)
    return _answer(ctx, vault, 200, _bundle(vault, key, _version(ctx, key)))


@route("GET", "/keys/{name}/versions", versions=_versions)
def list_versions(ctx: Context) -> Response:
    """All versions, ordered by name, which says nothing about time."""
    vault = _open(ctx, "list", f"{VAULT}/keys/read")
    key = ctx.world.vaults.key(vault["name"], ctx.params["name"])
    versions = sorted(key.versions.values(), key=lambda item: item.version) if key and key.deleted is None else []
    return _page(ctx, vault, [_item(vault, key, version, versioned=True) for version in versions if key])


@route("GET", "/keys/{name}/rotationpolicy", versions=_versions)
def get_policy(ctx: Context) -> Response:
    """The rotation policy; a key without one answers Azure's default, which only notifies."""
    vault = _open(ctx, "getrotationpolicy", "Microsoft.KeyVault/vaults/keyrotationpolicies/read")
    key = _key(ctx, vault)
    notify = {"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}
    policy = key.policy or {"lifetimeActions": [notify], "attributes": {}}
    return _answer(ctx, vault, 200, {"id": f"{_base(vault)}/keys/{key.name}/rotationpolicy", **policy})


@route("PUT", "/keys/{name}/rotationpolicy", versions=_versions)
def put_policy(ctx: Context) -> Response:
    """Replace the rotation policy."""
    vault = _open(ctx, "setrotationpolicy", "Microsoft.KeyVault/vaults/keyrotationpolicies/write")
    key, body, now = _key(ctx, vault), ctx.request.json(), unix(ctx.clock.now())
    created = ((key.policy or {}).get("attributes") or {}).get("created", now)
    given = body.get("attributes") or {}
    key.policy = {
        "lifetimeActions": body.get("lifetimeActions", []),
        "attributes": {**given, "created": created, "updated": now},
    }
    ctx.world.changed()
    return _answer(ctx, vault, 200, {"id": f"{_base(vault)}/keys/{key.name}/rotationpolicy", **key.policy})


@route("POST", "/keys/{name}/rotate", versions=_versions)
def rotate(ctx: Context) -> Response:
    """Make a new version like the newest one; the policy's expiry applies."""
    vault = _open(ctx, "rotate", "Microsoft.KeyVault/vaults/keys/rotate/action")
    key = _key(ctx, vault)
    version = ctx.world.vaults.add_version(key, at=ctx.clock.now(), like=key.latest())
    ctx.world.changed()
    return _answer(ctx, vault, 200, _bundle(vault, key, version))


@route("POST", "/keys/{name}/create", versions=_versions)
def create(ctx: Context) -> Response:
    """Create a key, or a new version of it; a deleted name cannot be used again."""
    vault = _open(ctx, "create", "Microsoft.KeyVault/vaults/keys/create/action")
    name = ctx.params["name"]
    existing = ctx.world.vaults.key(vault["name"], name)
    if existing is not None and existing.deleted is not None:
        message = (
            f"Key {name} is currently in a deleted but recoverable state, and its name cannot be reused; in this "
            "state, the key can only be recovered or purged."
        )
        raise _error(409, "Conflict", message, "ObjectIsDeletedButRecoverable")
    key, version = ctx.world.vaults.create_key(vault["name"], name, ctx.request.json())
    ctx.world.changed()
    return _answer(ctx, vault, 200, _bundle(vault, key, version))


@route("PATCH", "/keys/{name}", versions=_versions)
@route("PATCH", "/keys/{name}/{version}", versions=_versions)
def update(ctx: Context) -> Response:
    """Change attributes, operations or tags of a version; what is not named stays."""
    vault = _open(ctx, "update", "Microsoft.KeyVault/vaults/keys/update/action")
    key = _key(ctx, vault)
    version, body = _version(ctx, key), ctx.request.json()
    given = {name: value for name, value in (body.get("attributes") or {}).items() if name in ("enabled", "nbf", "exp")}
    version.attributes = {**version.attributes, **given, "updated": unix(ctx.clock.now())}
    version.ops = list(body.get("key_ops") or version.ops)
    version.tags = body.get("tags", version.tags)
    ctx.world.changed()
    return _answer(ctx, vault, 200, _bundle(vault, key, version))


@route("GET", "/deletedkeys", versions=_versions)
def list_deleted(ctx: Context) -> Response:
    """The soft-deleted keys."""
    vault = _open(ctx, "list", f"{VAULT}/keys/read")
    return _page(ctx, vault, [_deleted(vault, key) for key in ctx.world.vaults.deleted_keys(vault["name"])])


@route("GET", "/deletedkeys/{name}", versions=_versions)
def get_deleted(ctx: Context) -> Response:
    """One soft-deleted key."""
    vault = _open(ctx, "get", f"{VAULT}/keys/read")
    key = ctx.world.vaults.key(vault["name"], ctx.params["name"])
    if key is None or key.deleted is None:
        raise _error(404, "KeyNotFound", f"Deleted Key not found: {ctx.params['name']}")
    return _answer(ctx, vault, 200, {**_bundle(vault, key, key.latest()), **_deletion(vault, key)})


def _deleted(vault: Resource, key: Key) -> dict[str, Any]:
    return {**_deletion(vault, key), **_item(vault, key, key.latest(), versioned=False)}


def _deletion(vault: Resource, key: Key) -> dict[str, Any]:
    moment = key.deleted
    when = unix(moment) if moment else 0
    days = int(vault.get("properties", {}).get("softDeleteRetentionInDays", 90))
    return {
        "recoveryId": f"{_base(vault)}/deletedkeys/{key.name}",
        "deletedDate": when,
        "scheduledPurgeDate": when + days * 86_400,
    }


def _secret_item(vault: Resource, name: str, version: SecretVersion, *, versioned: bool) -> dict[str, Any]:
    tail = f"/{version.version}" if versioned else ""
    body: dict[str, Any] = {
        "id": f"{_base(vault)}/secrets/{name}{tail}",
        "attributes": _attributes(vault, version.attributes),
    }
    if version.content_type is not None:
        body["contentType"] = version.content_type
    return body if version.tags is None else {**body, "tags": version.tags}


@route("GET", "/secrets", versions=_versions)
def list_secrets(ctx: Context) -> Response:
    """The names and attributes of a vault's secrets; never a value."""
    vault = _open(ctx, "list", "Microsoft.KeyVault/vaults/secrets/readMetadata/action", "secrets")
    found = [
        (name, ctx.world.vaults.secret(vault["name"], name)) for name in ctx.world.vaults.secret_names(vault["name"])
    ]
    return _page(ctx, vault, [_secret_item(vault, name, _last(versions), versioned=False) for name, versions in found])


@route("PUT", "/secrets/{name}", versions=_versions)
def set_secret(ctx: Context) -> Response:
    """Store a new version of a secret and answer it, value included, as Azure does."""
    vault = _open(ctx, "set", "Microsoft.KeyVault/vaults/secrets/setSecret/action", "secrets")
    body = ctx.request.json()
    if not isinstance(body.get("value"), str):
        raise _error(400, "BadParameter", "Property value is required.")
    version = ctx.world.vaults.set_secret(vault["name"], ctx.params["name"], body)
    ctx.world.changed()
    item = _secret_item(vault, ctx.params["name"], version, versioned=True)
    return _answer(ctx, vault, 200, {"value": version.value, **item})


@route("GET", "/secrets/{name}", versions=_versions, kind="secret-read")
@route("GET", "/secrets/{name}/{version}", versions=_versions, kind="secret-read")
def get_secret(ctx: Context) -> Response:
    """A version of a secret with its value, or the newest one."""
    vault = _open(ctx, "get", "Microsoft.KeyVault/vaults/secrets/getSecret/action", "secrets")
    versions = _secret_versions(ctx, vault)
    wanted = ctx.params.get("version")
    version = versions.get(wanted) if wanted else _last(versions)
    if version is None:
        raise _error(404, "SecretNotFound", f"A secret with (name/id) {ctx.params['name']}/{wanted} was not found.")
    item = _secret_item(vault, ctx.params["name"], version, versioned=True)
    return _answer(ctx, vault, 200, {"value": version.value, **item})


@route("GET", "/secrets/{name}/versions", versions=_versions)
def list_secret_versions(ctx: Context) -> Response:
    """All versions of a secret, without values."""
    vault = _open(ctx, "list", "Microsoft.KeyVault/vaults/secrets/readMetadata/action", "secrets")
    name, versions = ctx.params["name"], _secret_versions(ctx, vault)
    return _page(ctx, vault, [_secret_item(vault, name, version, versioned=True) for version in versions.values()])


@route("PATCH", "/secrets/{name}/{version}", versions=_versions)
def update_secret(ctx: Context) -> Response:
    """Change attributes, content type or tags of a version of a secret."""
    vault = _open(ctx, "set", "Microsoft.KeyVault/vaults/secrets/update/action", "secrets")
    versions, body = _secret_versions(ctx, vault), ctx.request.json()
    version = versions.get(ctx.params["version"].casefold())
    if version is None:
        raise _error(404, "SecretNotFound", f"A secret with (name/id) {ctx.params['name']} was not found.")
    version.attributes = {
        **version.attributes,
        **(body.get("attributes") or {}),
        "updated": unix(ctx.clock.now()),
    }
    version.content_type = body.get("contentType", version.content_type)
    version.tags = body.get("tags", version.tags)
    ctx.world.changed()
    return _answer(ctx, vault, 200, _secret_item(vault, ctx.params["name"], version, versioned=True))


def _secret_versions(ctx: Context, vault: Resource) -> dict[str, SecretVersion]:
    versions = ctx.world.vaults.secret(vault["name"], ctx.params["name"])
    if not versions:
        message = (
            f"A secret with (name/id) {ctx.params['name']} was not found in this key vault. If you recently deleted "
            f"this secret you may be able to recover it using the correct recovery command. {_HELP}2125182"
        )
        raise _error(404, "SecretNotFound", message)
    return versions


def _last(versions: dict[str, SecretVersion]) -> SecretVersion:
    return next(reversed(versions.values()))

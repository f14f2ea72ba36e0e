"""Key Vault's management plane: vaults, access policies, and the keys' public side as Resource Manager reads it.

Wire facts: `accessPolicies/add` answers the merged entry under an id that ends in `/accessPolicies/`, without a name;
vault lists carry a nextLink even before an empty page.
"""

from __future__ import annotations

from typing import Any

from azsim.clock import iso_millis
from azsim.errors import Refused, arm_error
from azsim.router import ANY, Context, Routes, missing
from azsim.vaults import Key, KeyVersion
from azsim.wire import Response, json_response
from azsim.world import Resource

VAULT = "Microsoft.KeyVault/vaults"
_PATH = "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.KeyVault/vaults/{vault}"
_SERVER = {"Server": "Microsoft-IIS/10.0", "x-ms-keyvault-service-version": "1.5.1232.0"}
_KINDS = ("keys", "secrets", "certificates", "storage")
route = Routes("keyvault-mgmt")


def _answer(value: object, status: int = 200) -> Response:
    return json_response(status, value, headers=_SERVER)


@route("GET", _PATH, versions=ANY, action=f"{VAULT}/read")
def get_vault(ctx: Context) -> Response:
    """One vault with its permission model, policies, network rules and protection."""
    return _answer(ctx.resource())


@route(
    "GET",
    "/subscriptions/{sub}/providers/Microsoft.KeyVault/vaults",
    versions=ANY,
    action=f"{VAULT}/read",
    listing=True,
)
@route(
    "GET",
    "/subscriptions/{sub}/resourceGroups/{rg}/providers/Microsoft.KeyVault/vaults",
    versions=ANY,
    action=f"{VAULT}/read",
    listing=True,
)
def list_vaults(ctx: Context) -> Response:
    """The vaults of a subscription or a group; a full page links to a next one, even to an empty one."""
    scope = f"/subscriptions/{ctx.params['sub']}"
    scope += f"/resourceGroups/{ctx.params['rg']}" if "rg" in ctx.params else ""
    found = ctx.visible(ctx.world.of_type(VAULT, scope))
    size = int(ctx.request.query.get("$top") or 100)
    start = int(ctx.request.query.get("$skiptoken") or 0)
    body: dict[str, Any] = {"value": found[start : start + size]}
    if start + size <= len(found):
        body["nextLink"] = (
            f"{ctx.origin}{ctx.request.path}?api-version={ctx.api_version}&$top={size}&$skiptoken={start + size}"
        )
    return _answer(body)


@route(
    "GET",
    "/subscriptions/{sub}/providers/Microsoft.KeyVault/deletedVaults",
    versions=ANY,
    action="Microsoft.KeyVault/deletedVaults/read",
)
def list_deleted_vaults(ctx: Context) -> Response:
    """The soft-deleted vaults of a subscription."""
    kind = "Microsoft.KeyVault/locations/deletedVaults"
    return _answer({"value": list(ctx.world.of_type(kind, f"/subscriptions/{ctx.params['sub']}"))})


@route("PUT", f"{_PATH}/accessPolicies/{{verb}}", versions=ANY, action=f"{VAULT}/accessPolicies/write")
def access_policies(ctx: Context) -> Response:
    """Add to, replace or remove from the access policies; each entry is about one object id."""
    verb = ctx.params["verb"].casefold()
    vault = ctx.resource("/".join(ctx.request.path.split("/")[:9]))
    given = (ctx.request.json().get("properties") or {}).get("accessPolicies")
    if verb not in ("add", "replace", "remove") or not isinstance(given, list):
        raise Refused(arm_error(400, "BadRequest", "Invalid value found at accessPolicies.", gateway=False))
    tenant = str(vault["properties"].get("tenantId", ""))
    for entry in given:
        _check(entry, tenant)
    properties: dict[str, Any] = dict(vault["properties"])
    touched = _apply(verb, [dict(item) for item in properties.get("accessPolicies") or []], given)
    properties["accessPolicies"] = touched[0]
    now = iso_millis(ctx.clock.now())
    ctx.world.put(
        {
            **vault,
            "properties": properties,
            "systemData": {**vault.get("systemData", {}), "lastModifiedAt": now},
        }
    )
    return _answer(
        {
            "id": f"{vault['id']}/accessPolicies/",
            "type": "Microsoft.KeyVault/vaults/accessPolicies",
            "properties": {"accessPolicies": touched[1]},
        }
    )


def _check(entry: dict[str, Any], tenant: str) -> None:
    if str(entry.get("tenantId", "")).casefold() != tenant.casefold():
        message = "An invalid value was provided for 'accessPolicies'. The tenant of an entry is not the vault's."
        raise Refused(arm_error(400, "BadRequest", message, gateway=False))
    if not entry.get("objectId"):
        raise Refused(arm_error(400, "BadRequest", "The parameter objectId is not specified.", gateway=False))


def _apply(
    verb: str, policies: list[dict[str, Any]], given: list[dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """All policies afterwards, and the entries that the request was about as they are then."""
    if verb == "replace":
        return list(given), list(given)
    touched: list[dict[str, Any]] = []
    for entry in given:
        index = next((n for n, item in enumerate(policies) if _same(item, entry)), None)
        if verb == "remove":
            if index is not None:
                left = _less(policies[index], entry)
                policies[index : index + 1] = [left] if left else []
                touched += [left] if left else []
            continue
        if index is None:
            policies.append(entry)
        else:
            policies[index] = _more(policies[index], entry)
        touched.append(policies[-1 if index is None else index])
    return policies, touched


def _same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    keys = ("objectId", "applicationId")
    return all(str(one.get(key) or "").casefold() == str(other.get(key) or "").casefold() for key in keys)


def _more(entry: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    permissions = {
        kind: list(dict.fromkeys([*_words(entry, kind), *_words(given, kind)]))
        for kind in _KINDS
        if _words(entry, kind) or _words(given, kind)
    }
    return {**entry, "permissions": permissions}


def _less(entry: dict[str, Any], given: dict[str, Any]) -> dict[str, Any] | None:
    """What is left of an entry; None when nothing is."""
    permissions: dict[str, list[str]] = {}
    for kind in _KINDS:
        gone = {word.casefold() for word in _words(given, kind)}
        left = [word for word in _words(entry, kind) if word.casefold() not in gone]
        if left:
            permissions[kind] = left
    return {**entry, "permissions": permissions} if permissions else None


def _words(entry: dict[str, Any], kind: str) -> list[str]:
    return list((entry.get("permissions") or {}).get(kind) or [])


@route("GET", f"{_PATH}/keys", versions=ANY, action=f"{VAULT}/keys/read")
def list_keys(ctx: Context) -> Response:
    """The keys of a vault, readable without any right in the vault itself."""
    vault = _vault_of(ctx)
    keys = ctx.world.vaults.keys(vault["name"])
    return _answer({"value": [_key_resource(vault, key, key.latest(), versioned=False) for key in keys]})


@route("GET", f"{_PATH}/keys/{{key}}", versions=ANY, action=f"{VAULT}/keys/read")
def get_key(ctx: Context) -> Response:
    """A key, by its newest version."""
    vault, key = _vault_of(ctx), _key_of(ctx)
    return _answer(_key_resource(vault, key, key.latest(), versioned=False))


@route("GET", f"{_PATH}/keys/{{key}}/versions", versions=ANY, action=f"{VAULT}/keys/versions/read")
def list_versions(ctx: Context) -> Response:
    """All versions of a key."""
    vault, key = _vault_of(ctx), _key_of(ctx)
    versions = sorted(key.versions.values(), key=lambda item: item.version)
    return _answer({"value": [_key_resource(vault, key, version, versioned=True) for version in versions]})


@route("GET", f"{_PATH}/keys/{{key}}/versions/{{version}}", versions=ANY, action=f"{VAULT}/keys/versions/read")
def get_version(ctx: Context) -> Response:
    """One version of a key."""
    vault, key = _vault_of(ctx), _key_of(ctx)
    version = key.versions.get(ctx.params["version"].casefold())
    if version is None:
        raise Refused(missing(ctx.world, f"{vault['id']}/keys/{key.name}/versions/{ctx.params['version']}"))
    return _answer(_key_resource(vault, key, version, versioned=True))


def _vault_of(ctx: Context) -> Resource:
    return ctx.resource("/".join(ctx.request.path.split("/")[:9]))


def _key_of(ctx: Context) -> Key:
    vault = _vault_of(ctx)
    key = ctx.world.vaults.key(vault["name"], ctx.params["key"])
    if key is None or key.deleted is not None:
        raise Refused(missing(ctx.world, f"{vault['id']}/keys/{ctx.params['key']}"))
    return key


def _key_resource(vault: Resource, key: Key, version: KeyVersion, *, versioned: bool) -> dict[str, Any]:
    uri = f"{str(vault['properties'].get('vaultUri', '')).rstrip('/')}/keys/{key.name}"
    tail = f"/versions/{version.version}" if versioned else ""
    properties: dict[str, Any] = {
        "attributes": {**version.attributes, "exportable": False},
        "kty": version.kty,
        "keyOps": version.ops,
        "keySize": version.size,
        "keyUri": uri,
        "keyUriWithVersion": f"{uri}/{version.version}",
    }
    if key.policy is not None and not versioned:
        properties["rotationPolicy"] = key.policy
    return {
        "id": f"{vault['id']}/keys/{key.name}{tail}",
        "name": version.version if versioned else key.name,
        "type": "Microsoft.KeyVault/vaults/keys" + ("/versions" if versioned else ""),
        "location": vault.get("location"),
        "tags": version.tags or {},
        "properties": properties,
    }

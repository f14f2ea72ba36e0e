"""Microsoft.Storage: accounts, their keys, and the changes that matter to keys."""

from __future__ import annotations

from typing import Any

from azsim import ids
from azsim.clock import iso7
from azsim.errors import Refused, storage_error
from azsim.keys import KERBEROS_SLOTS, SLOTS, Account
from azsim.router import Context, Routes, since
from azsim.wire import Response, json_response
from azsim.world import STORAGE, Resource

route = Routes("storage")

VERSIONS = since("2017-06-01")
_BY_SUBSCRIPTION = f"/subscriptions/{{subscriptionId}}/providers/{STORAGE}"
_BY_GROUP = f"/subscriptions/{{subscriptionId}}/resourceGroups/{{resourceGroupName}}/providers/{STORAGE}"
_ONE = f"{_BY_GROUP}/{{accountName}}"
_PATCHABLE = frozenset(
    {
        "accessTier",
        "allowBlobPublicAccess",
        "allowCrossTenantReplication",
        "allowSharedKeyAccess",
        "allowedCopyScope",
        "customDomain",
        "defaultToOAuthAuthentication",
        "encryption",
        "isLocalUserEnabled",
        "isSftpEnabled",
        "keyPolicy",
        "minimumTlsVersion",
        "networkAcls",
        "publicNetworkAccess",
        "routingPreference",
        "sasPolicy",
        "supportsHttpsTrafficOnly",
    }
)


@route("GET", _BY_SUBSCRIPTION, versions=VERSIONS, action=f"{STORAGE}/read", listing=True)
def list_by_subscription(ctx: Context) -> Response:
    """All accounts of a subscription; Resource Manager gathers them, hence its content type."""
    accounts = ctx.visible(ctx.world.of_type(STORAGE, ctx.scope()))
    return json_response(200, {"value": [_wire(ctx, account) for account in accounts]})


@route("GET", _BY_GROUP, versions=VERSIONS, action=f"{STORAGE}/read", listing=True)
def list_by_group(ctx: Context) -> Response:
    """The accounts of a resource group."""
    accounts = ctx.visible(ctx.world.of_type(STORAGE, ctx.scope()))
    return _storage_json({"value": [_wire(ctx, account) for account in accounts]})


@route("GET", _ONE, versions=VERSIONS, action=f"{STORAGE}/read")
def get(ctx: Context) -> Response:
    """One account."""
    return _storage_json(_wire(ctx, ctx.resource()))


@route("GET", f"{_ONE}/blobServices/default", versions=VERSIONS, action=f"{STORAGE}/blobServices/read")
def blob_service(ctx: Context) -> Response:
    """The settings of an account's blobs; as Azure makes them where the estate says nothing."""
    account = ctx.resource(ids.parent_of(ctx.scope()))
    given = ctx.world.get(ctx.scope()) or {}
    properties = {
        "cors": {"corsRules": []},
        "deleteRetentionPolicy": {"allowPermanentDelete": False, "enabled": False},
        **given.get("properties", {}),
    }
    body = {
        "sku": account.get("sku"), "id": f"{account['id']}/blobServices/default", "name": "default",
        "type": f"{STORAGE}/blobServices", "properties": properties,
    }  # fmt: skip
    return _storage_json(body)


@route("PATCH", _ONE, versions=VERSIONS, action=f"{STORAGE}/write")
def update(ctx: Context) -> Response:
    """Change tags, identity, SKU or any property that Azure lets one change."""
    body, current = ctx.request.json(), ctx.resource()
    changes = ctx.request.member("properties")
    unknown = next((name for name in changes if name not in _PATCHABLE), None)
    if unknown is not None:
        return storage_error(400, "InvalidRequestPropertyName", f"The property '{unknown}' is not valid.")
    properties = dict(current.get("properties", {}))
    _check_key_policy(changes, properties)
    properties.update(changes)
    if changes.get("encryption"):
        properties["encryption"] = _encryption(
            ctx, current.get("properties", {}).get("encryption") or {}, changes["encryption"]
        )
    if changes.get("networkAcls"):
        properties["networkAcls"] = {
            **(current.get("properties", {}).get("networkAcls") or {}),
            **changes["networkAcls"],
        }
    if changes.get("keyPolicy"):
        properties["keyPolicy"] = {**changes["keyPolicy"], "enableAutoRotation": False}
    top = {name: body[name] for name in ("tags", "identity", "sku", "kind") if body.get(name) is not None}
    if "sku" in top:
        top["sku"] = {**current.get("sku", {}), **top["sku"]}
    changed = ctx.world.put({**current, **top, "properties": properties})
    return _storage_json(_wire(ctx, changed))


@route("POST", f"{_ONE}/listKeys", versions=VERSIONS, action=f"{STORAGE}/listkeys/action", kind="secret-read")
def list_keys(ctx: Context) -> Response:
    """Both keys; `$expand=kerb` adds the Active Directory pair where the account has one."""
    account = _account(ctx)
    response = _storage_json({"keys": _keys(ctx, account)})
    response.headers["x-ms-ratelimit-remaining-subscription-resource-requests"] = str(
        11750 + ctx.cloud.quota.remaining(ctx)
    )
    return response


@route("POST", f"{_ONE}/regenerateKey", versions=VERSIONS, action=f"{STORAGE}/regeneratekey/action")
def regenerate_key(ctx: Context) -> Response:
    """Replace one key at once (200) and answer all of them; the old value cannot be brought back."""
    slot = ctx.request.json().get("keyName")
    account = _account(ctx)
    valid = (*SLOTS, *KERBEROS_SLOTS) if _has_kerberos(ctx.resource()) else SLOTS
    if not isinstance(slot, str) or slot.casefold() not in valid:
        return storage_error(
            400, "InvalidRequestPropertyValue", f"The value '{slot}' is not allowed for property keyName."
        )
    answer = ctx.behaviour().regenerate_answer
    if answer == "409-in-progress":
        text = "An operation is currently performing on this storage account that requires exclusive access."
        return storage_error(409, "StorageAccountOperationInProgress", text)
    if answer == "503-before-commit":
        return _unavailable()
    _regenerate(ctx, account, slot.casefold())
    return _unavailable() if answer == "503-after-commit" else _storage_json({"keys": _keys(ctx, account)})


def _encryption(ctx: Context, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """The encryption block after a change: read-only fields kept, the key version that is used now added."""
    services = {
        name: {**(old.get("services") or {}).get(name, {}), **settings}
        for name, settings in {**(old.get("services") or {}), **(new.get("services") or {})}.items()
    }
    block = {**old, **new, "services": services}
    given = block.get("keyvaultproperties")
    if not given or str(block.get("keySource", "")).casefold() != "microsoft.keyvault":
        return block
    uri, name = str(given.get("keyvaulturi", "")).rstrip("/"), str(given.get("keyname", ""))
    key = ctx.world.vaults.key(uri.partition("://")[2].partition(".")[0], name)
    version = str(given.get("keyversion") or (key.latest().version if key and key.versions else ""))
    block["keyvaultproperties"] = {
        "currentVersionedKeyIdentifier": f"{uri}/keys/{name}/{version}",
        "lastKeyRotationTimestamp": iso7(ctx.clock.now()),
        "currentVersionedKeyExpirationTimestamp": "1970-01-01T00:00:00.0000000Z",
        **given,
    }
    return block


def _regenerate(ctx: Context, account: Account, slot: str) -> None:
    now = ctx.clock.now()
    ctx.world.keys.regenerate(account, slot, now)
    resource = ctx.resource()
    if slot in SLOTS:
        properties = dict(resource.get("properties", {}))
        properties["keyCreationTime"] = {**(properties.get("keyCreationTime") or {}), slot: iso7(now)}
        resource = {**resource, "properties": properties}
    ctx.world.put(resource)


def _account(ctx: Context) -> Account:
    resource = ctx.resource()
    account = ctx.world.keys.account(resource["name"])
    if account is None:
        text = f"The storage account named {resource['name']} has no keys."
        raise Refused(storage_error(404, "ResourceNotFound", text))
    return account


def _keys(ctx: Context, account: Account) -> list[dict[str, Any]]:
    expands = "kerb" in ctx.request.query.get("$expand", "").casefold()
    slots = (*SLOTS, *KERBEROS_SLOTS) if expands and _has_kerberos(ctx.resource()) else SLOTS
    keys: list[dict[str, Any]] = []
    for name in slots:
        slot = account.slots[name]
        key: dict[str, Any] = {"keyName": name, "value": slot.value, "permissions": "FULL"}
        if ctx.api_version >= "2021-02-01":
            key = {"creationTime": iso7(slot.created) if slot.created else None, **key}
        keys.append(key)
    return keys


def _has_kerberos(resource: Resource) -> bool:
    directory = resource.get("properties", {}).get("azureFilesIdentityBasedAuthentication") or {}
    return str(directory.get("directoryServiceOptions", "None")) not in ("None", "")


def _wire(ctx: Context, resource: Resource) -> Resource:
    """An account as the asked api-version shows it: creation times and the key policy came with
    2021-02-01."""
    if ctx.api_version >= "2021-02-01":
        return resource
    hidden = ("keyCreationTime", "keyPolicy", "sasPolicy")
    properties = {name: value for name, value in resource.get("properties", {}).items() if name not in hidden}
    return {**resource, "properties": properties}


def _check_key_policy(changes: dict[str, Any], properties: dict[str, Any]) -> None:
    """A key policy is refused while a key has no creation time: each must have been regenerated once."""
    policy, created = changes.get("keyPolicy"), properties.get("keyCreationTime") or {}
    if policy and not all(created.get(slot) for slot in SLOTS):
        text = (
            "KeyPolicy cannot be set because the creation time of the account's keys is unknown. Regenerate both keys."
        )
        raise Refused(storage_error(400, "InvalidRequestPropertyValue", text))


def _storage_json(value: object) -> Response:
    return json_response(200, value, content_type="application/json")


def _unavailable() -> Response:
    return storage_error(
        503, "ServerBusy", "The server is currently unable to receive requests. Please retry your request."
    )

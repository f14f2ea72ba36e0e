"""How what is encrypted with a vault's key follows it: each service at its own pace, and Cosmos DB's revoked state.

Storage accounts and registries without a pinned version look for the vault's newest one; what belongs to a workspace
follows the workspace's own identifier. How long that takes is documented for some and for others not, so each pace is
an option of the estate's behaviour.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from azsim import ids
from azsim.clock import iso7
from azsim.vaults import Key, KeyVersion

if TYPE_CHECKING:
    from azsim.world import Resource, World

STORAGE = "Microsoft.Storage/storageAccounts"
REGISTRY = "Microsoft.ContainerRegistry/registries"
COSMOS = "Microsoft.DocumentDB/databaseAccounts"
DISKS = "Microsoft.Compute/diskEncryptionSets"
CONFIRMED = "Access to the configured customer managed key confirmed."
REVOKED = "Access to the account is revoked: the key is disabled, expired or gone, or the identity may not use it."


@dataclass(slots=True)
class Pending:
    """A Cosmos DB account that will follow its workspace."""

    due: datetime
    account: str
    identifier: str


@dataclass(slots=True)
class Following:
    """What is under way, by account."""

    pending: dict[str, Pending] = field(default_factory=dict)


def moved(world: World, workspace: Resource, identifier: str) -> None:
    """Note that a workspace has another key identifier: its Cosmos DB account follows after a while."""
    for account in _cosmos_of(world, workspace):
        pace = world.behaviour(account["id"]).cosmos_key_seconds
        if pace is not None:
            due = world.clock.now() + timedelta(seconds=pace)
            world.state(Following).pending[ids.fold(account["id"])] = Pending(due, account["id"], identifier)


def next_change(world: World) -> datetime | None:
    """When the first of them is due, or a key in use expires."""
    now = world.clock.now()
    times = [item.due for item in world.state(Following).pending.values()]
    times += [due for _, _, due in _behind(world)]
    for account in world.of_type(COSMOS):
        for moment in _turning_points(world, account):
            if moment > now:
                times.append(moment)
    return min(times, default=None)


def follow(world: World, now: datetime) -> None:
    """Let everything follow whose time has come, and let Cosmos DB lose or find its key."""
    pending = world.state(Following).pending
    for key in [key for key, item in pending.items() if item.due <= now]:
        item = pending.pop(key)
        account = world.get(item.account)
        if account is not None and _version(world, item.identifier) is not None:
            _set(world, account, keyVaultKeyUriVersion=item.identifier)
    for resource, identifier, due in list(_behind(world)):
        if due <= now:
            _take(world, resource, identifier, now)
    for account in world.of_type(COSMOS):
        _judge(world, account, now)


def _cosmos_of(world: World, workspace: Resource) -> Iterator[Resource]:
    properties = workspace.get("properties", {})
    named = (properties.get("encryption") or {}).get("cosmosDbResourceId")
    group = properties.get("serviceProvisionedResourceGroup")
    if named and (found := world.get(named)) is not None:
        yield found
    if group:
        scope = f"/subscriptions/{ids.subscription_of(workspace['id'])}/resourceGroups/{group}"
        yield from world.of_type(COSMOS, scope)


def _behind(world: World) -> Iterator[tuple[Resource, str, datetime]]:
    """Each resource that looks for newer versions by itself and is behind: it, the identifier to take, and when."""
    for kind in () if world.vaults.empty else (STORAGE, REGISTRY, DISKS):
        for resource in world.of_type(kind):
            used = _automatic(resource, kind)
            if used is None:
                continue
            base, current = used
            newest = _newest(world, base)
            pace = _pace(world, resource["id"], kind)
            if newest is None or pace is None or newest.version == current.rpartition("/")[2].casefold():
                continue
            created = datetime.fromtimestamp(int(newest.attributes.get("created", 0)), UTC)
            yield resource, f"{base}/{newest.version}", max(created, world.started) + timedelta(seconds=pace)


def _pace(world: World, resource_id: str, kind: str) -> float | None:
    behaviour = world.behaviour(resource_id)
    paces = {STORAGE: behaviour.storage_key_seconds, REGISTRY: behaviour.registry_key_seconds}
    return paces.get(kind, behaviour.disk_key_seconds)


def _automatic(resource: Resource, kind: str) -> tuple[str, str] | None:
    """The key without a version and the identifier in use; None for a pinned version or Microsoft's own key."""
    properties: dict[str, Any] = resource.get("properties", {})
    encryption = properties.get("encryption") or {}
    if kind == STORAGE:
        given = encryption.get("keyvaultproperties") or {}
        if str(encryption.get("keySource", "")).casefold() != "microsoft.keyvault" or given.get("keyversion"):
            return None
        base = f"{str(given.get('keyvaulturi', '')).rstrip('/')}/keys/{given.get('keyname', '')}"
        return base, str(given.get("currentVersionedKeyIdentifier", ""))
    if kind == REGISTRY:
        given = encryption.get("keyVaultProperties") or {}
        identifier = str(given.get("keyIdentifier", ""))
        if identifier.count("/") != 4:
            return None
        return identifier, str(given.get("versionedKeyIdentifier", ""))
    url = str((properties.get("activeKey") or {}).get("keyUrl", ""))
    return (url.rpartition("/")[0], url) if properties.get("rotationToLatestKeyVersionEnabled") and url else None


def _take(world: World, resource: Resource, identifier: str, now: datetime) -> None:
    """Use another version from now on."""
    properties: dict[str, Any] = resource["properties"]
    kind = resource["type"].casefold()
    if kind == DISKS.casefold():
        old = properties["activeKey"]
        active = {**old, "keyUrl": identifier}
        previous = [*(properties.get("previousKeys") or []), old]
        _set(world, resource, activeKey=active, previousKeys=previous, lastKeyRotationTimestamp=iso7(now))
        return
    block = "keyvaultproperties" if kind == STORAGE.casefold() else "keyVaultProperties"
    field_name = "currentVersionedKeyIdentifier" if kind == STORAGE.casefold() else "versionedKeyIdentifier"
    encryption = properties["encryption"]
    given = {**encryption[block], field_name: identifier, "lastKeyRotationTimestamp": iso7(now)}
    _set(world, resource, encryption={**encryption, block: given})


def _set(world: World, resource: Resource, **changes: Any) -> None:
    world.put({**resource, "properties": {**resource["properties"], **changes}})


def _judge(world: World, account: Resource, now: datetime) -> None:
    """Revoke an account whose key cannot be used; it comes back some time after the key is usable again."""
    properties = account["properties"]
    identifier = str(properties.get("keyVaultKeyUriVersion") or "")
    if not identifier:
        return
    version, current = _version(world, identifier), str(properties.get("customerManagedKeyStatus", ""))
    if version is None or not _usable(version, now):
        wanted = REVOKED
    elif current == CONFIRMED or _back(world, account, version) <= now:
        wanted = CONFIRMED
    else:
        wanted = current
    if wanted != current:
        _set(world, account, customerManagedKeyStatus=wanted)


def _turning_points(world: World, account: Resource) -> Iterator[datetime]:
    version = _version(world, str(account["properties"].get("keyVaultKeyUriVersion") or ""))
    if version is None:
        return
    if version.attributes.get("exp"):
        yield datetime.fromtimestamp(int(version.attributes["exp"]), UTC)
    if account["properties"].get("customerManagedKeyStatus") != CONFIRMED:
        yield _back(world, account, version)


def _back(world: World, account: Resource, version: KeyVersion) -> datetime:
    updated = datetime.fromtimestamp(int(version.attributes.get("updated", 0)), UTC)
    return updated + timedelta(seconds=world.behaviour(account["id"]).cosmos_recovery_seconds)


def _usable(version: KeyVersion, now: datetime) -> bool:
    expires = version.attributes.get("exp")
    return bool(version.attributes.get("enabled", True)) and (not expires or int(expires) > now.timestamp())


def _key(world: World, identifier: str) -> Key | None:
    host, _, path = identifier.partition("://")[2].partition("/")
    parts = path.split("/")
    found = world.vaults.key(host.partition(".")[0], parts[1]) if len(parts) >= 2 else None
    return found if found is not None and found.deleted is None and found.versions else None


def _newest(world: World, base: str) -> KeyVersion | None:
    """The newest enabled version of a key."""
    key = _key(world, base)
    enabled = [item for item in key.versions.values() if item.attributes.get("enabled", True)] if key else []
    return max(enabled, key=lambda item: int(item.attributes.get("created", 0)), default=None)


def _version(world: World, identifier: str) -> KeyVersion | None:
    key = _key(world, identifier)
    return key.versions.get(identifier.rpartition("/")[2].casefold()) if key else None

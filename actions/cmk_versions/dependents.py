"""What else is encrypted with the key, and the version that each really uses: read where the service tells it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, ParamSpec

from actions.cloud import versions
from actions.cloud.data import CloudError, Resource, ResourceId
from actions.cloud.protocol import Cloud
from actions.cmk_versions.reading import identifier_parts, or_error, short
from actions.cmk_versions.state import Dependent, Key

P = ParamSpec("P")
HOUR, DAY = 3600.0, 86_400.0
STORAGE, COSMOS, REGISTRY, SEARCH, DISKS, CONTAINERS, CLUSTER = (
    "storage account", "Cosmos DB", "container registry", "AI Search", "disk encryption set", "container group",
    "Kubernetes cluster",
)  # fmt: skip
_VERSIONS = {
    "microsoft.storage/storageaccounts": versions.STORAGE_ACCOUNT_OLDER,
    "microsoft.documentdb/databaseaccounts": versions.COSMOS,
    "microsoft.containerregistry/registries": versions.REGISTRY,
    "microsoft.search/searchservices": versions.SEARCH,
    "microsoft.compute/diskencryptionsets": versions.DISK_ENCRYPTION_SET,
    "microsoft.containerinstance/containergroups": versions.CONTAINER_GROUP,
    "microsoft.containerservice/managedclusters": versions.MANAGED_CLUSTER,
}
_KINDS = {
    "microsoft.storage/storageaccounts": STORAGE,
    "microsoft.documentdb/databaseaccounts": COSMOS,
    "microsoft.containerregistry/registries": REGISTRY,
    "microsoft.search/searchservices": SEARCH,
    "microsoft.compute/diskencryptionsets": DISKS,
    "microsoft.containerinstance/containergroups": CONTAINERS,
    "microsoft.containerservice/managedclusters": CLUSTER,
}
_PACE = {
    STORAGE: (
        DAY + 2 * HOUR,
        "Azure Storage looks for a newer key version once a day (customer-managed-keys-overview)",
    ),
    COSMOS: (
        DAY,
        "nothing says how soon; Cosmos DB's own advice is to wait 24 hours before the old version is touched",
    ),
    REGISTRY: (2 * HOUR, "Azure Container Registry takes a newer version within an hour (rotate and revoke tutorial)"),
    DISKS: (2 * HOUR, "a disk encryption set that rotates by itself takes a newer version within the hour"),
}


async def dependents(cloud: Cloud, workspace: Resource, key: Key) -> tuple[tuple[Dependent, ...], tuple[str, ...]]:
    """Read every dependent that can be found, and say what could not be listed."""
    named = _named(workspace)
    (managed, why_managed), (clusters, why_clusters), (groups, why_groups) = await asyncio.gather(
        _managed(cloud, workspace), _disk_sets(cloud, workspace), _containers(cloud, workspace)
    )
    wanted = list(dict.fromkeys([*named, *managed, *clusters, *groups]))
    found = await asyncio.gather(*(read_dependent(cloud, item, key) for item in wanted))
    return tuple(found), tuple(reason for reason in (why_managed, why_clusters, why_groups) if reason)


async def read_dependent(cloud: Cloud, resource: str, key: Key) -> Dependent:
    """Read one dependent and judge which key it uses."""
    kind = _KINDS.get(ResourceId(resource).type, ResourceId(resource).type)
    got = await or_error(cloud.get, resource, _VERSIONS.get(ResourceId(resource).type, versions.RESOURCES))
    if isinstance(got, CloudError):
        return _made(resource, kind, "unread", detail=short(got))
    return _JUDGES[kind](resource, got, key)


def _named(workspace: Resource) -> list[str]:
    """What the workspace itself names: its account, its registry, and what was brought along for the encryption."""
    properties = workspace.properties
    encryption = properties.get("encryption") or {}
    brought = ("cosmosDbResourceId", "searchAccountResourceId", "storageAccountResourceId")
    linked = [properties.get("storageAccount"), properties.get("containerRegistry"), *map(encryption.get, brought)]
    return [str(item) for item in linked if item]


async def _managed(cloud: Cloud, workspace: Resource) -> tuple[list[str], str]:
    """What Azure keeps in the classic architecture's managed resource group."""
    name = str(workspace.properties.get("serviceProvisionedResourceGroup") or "")
    if not name:
        return [], ""
    path = f"/subscriptions/{workspace.id.subscription}/resourceGroups/{name}/resources"
    return await _listed(f"the managed resource group {name}", _ids, cloud, path, versions.RESOURCES)


async def _containers(cloud: Cloud, workspace: Resource) -> tuple[list[str], str]:
    """Container instances in the workspace's group, where services of the first API generation run."""
    path = f"{workspace.id.group_id.text}/providers/Microsoft.ContainerInstance/containerGroups"
    return await _listed("container groups", _ids, cloud, path, versions.CONTAINER_GROUP)


async def _ids(cloud: Cloud, path: str, version: str) -> list[str]:
    rows = [row async for page in cloud.list(path, version) for row in page]
    return [str(row["id"]) for row in rows if ResourceId(str(row.get("id") or "")).type in _KINDS]


async def _disk_sets(cloud: Cloud, workspace: Resource) -> tuple[list[str], str]:
    """The disk encryption sets of attached Kubernetes clusters; a cluster that cannot be read stands for its own."""
    return await _listed("computes", _sets, cloud, workspace)


async def _sets(cloud: Cloud, workspace: Resource) -> list[str]:
    attached = [item.properties for item in await cloud.computes(workspace.id)]
    clusters = [str(item.get("resourceId") or "") for item in attached if str(item.get("computeType")) == "AKS"]
    clusters = [item for item in clusters if item]
    found = await asyncio.gather(*(or_error(cloud.get, item, versions.MANAGED_CLUSTER) for item in clusters))
    sets = [
        cluster if isinstance(got, CloudError) else str(got.properties.get("diskEncryptionSetID") or "")
        for cluster, got in zip(clusters, found, strict=True)
    ]
    return [item for item in sets if item]


async def _listed(
    what: str, read: Callable[P, Awaitable[list[str]]], *args: P.args, **kwargs: P.kwargs
) -> tuple[list[str], str]:
    found = await or_error(read, *args, **kwargs)
    return ([], f"{what} could not be listed: {short(found)}") if isinstance(found, CloudError) else (found, "")


def _made(
    resource: str, kind: str, relation: Any, *, version: str = "", detail: str = "", status: str = ""
) -> Dependent:
    seconds, source = _PACE.get(kind, (DAY, ""))
    return Dependent(
        id=resource, kind=kind, name=ResourceId(resource).name, relation=relation, version=version, detail=detail,
        status=status, seconds=seconds, source=source,
    )  # fmt: skip


def _related(resource: str, kind: str, uri: str, key: Key, *, how: str, used: str = "", status: str = "") -> Dependent:
    """Compare an identifier with the workspace's key; `used` is the identifier of the version in use, if told apart."""
    host, name, version = identifier_parts(used or uri)
    if (host, name.casefold()) != (key.host, key.name.casefold()):
        return _made(resource, kind, "other", version=version, detail=f"{name} in {host.partition('.')[0]}")
    return _made(resource, kind, "same", version=version, detail=how, status=status)


def _storage(resource: str, got: Resource, key: Key) -> Dependent:
    encryption = got.properties.get("encryption") or {}
    if str(encryption.get("keySource") or "").casefold() != "microsoft.keyvault":
        return _made(resource, STORAGE, "microsoft", detail="Microsoft-managed key")
    given = encryption.get("keyvaultproperties") or {}
    pinned = str(given.get("keyversion") or "")
    base = f"{str(given.get('keyvaulturi') or '').rstrip('/')}/keys/{given.get('keyname') or ''}"
    used = str(given.get("currentVersionedKeyIdentifier") or "") or (f"{base}/{pinned}" if pinned else base)
    how = "pins its version itself" if pinned else "looks for the newest version once a day"
    return _related(resource, STORAGE, base, key, how=how, used=used)


def _cosmos(resource: str, got: Resource, key: Key) -> Dependent:
    uri = str(got.properties.get("keyVaultKeyUri") or "")
    if not uri:
        return _made(resource, COSMOS, "microsoft", detail="Microsoft-managed key")
    used = str(got.properties.get("keyVaultKeyUriVersion") or "")
    used = used if "/" in used or not used else f"{uri.rstrip('/')}/{used}"
    status = str(got.properties.get("customerManagedKeyStatus") or "")
    return _related(resource, COSMOS, uri, key, how="follows the workspace", used=used, status=status)


def _registry(resource: str, got: Resource, key: Key) -> Dependent:
    encryption = got.properties.get("encryption") or {}
    if str(encryption.get("status") or "").casefold() != "enabled":
        return _made(resource, REGISTRY, "microsoft", detail="Microsoft-managed key")
    given = encryption.get("keyVaultProperties") or {}
    uri = str(given.get("keyIdentifier") or "")
    how = "pins its version itself" if identifier_parts(uri)[2] else "takes a newer version within the hour"
    return _related(resource, REGISTRY, uri, key, how=how, used=str(given.get("versionedKeyIdentifier") or ""))


def _disks(resource: str, got: Resource, key: Key) -> Dependent:
    url = str((got.properties.get("activeKey") or {}).get("keyUrl") or "")
    automatic = got.properties.get("rotationToLatestKeyVersionEnabled")
    how = "takes newer versions by itself" if automatic else "pins its version itself"
    error = got.properties.get("autoKeyRotationError") or {}
    status = str(error.get("message") or error.get("code") or "") if isinstance(error, dict) else str(error)
    return _related(resource, DISKS, url, key, how=how, status=status)


def _containers_of(resource: str, got: Resource, key: Key) -> Dependent:
    given = got.properties.get("encryptionProperties") or {}
    if not given:
        return _made(resource, CONTAINERS, "microsoft", detail="Microsoft-managed key")
    base = f"{str(given.get('vaultBaseUrl') or '').rstrip('/')}/keys/{given.get('keyName') or ''}"
    uri = f"{base}/{given.get('keyVersion') or ''}"
    return _related(resource, CONTAINERS, uri, key, how="pins its version itself")


def _search(resource: str, _got: Resource, _key: Key) -> Dependent:
    return _made(
        resource, SEARCH, "hidden", detail="the key is kept with each index; Resource Manager does not tell it"
    )


_JUDGES: dict[str, Callable[[str, Resource, Key], Dependent]] = {
    STORAGE: _storage,
    COSMOS: _cosmos,
    REGISTRY: _registry,
    DISKS: _disks,
    CONTAINERS: _containers_of,
    SEARCH: _search,
    CLUSTER: lambda resource, _got, _key: _made(resource, CLUSTER, "hidden", detail="its disk encryption is not known"),
}


def pins_itself(item: Dependent) -> bool:
    """Tell whether somebody has to move this dependent by hand."""
    return item.detail.startswith("pins")

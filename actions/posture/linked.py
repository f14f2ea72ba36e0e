"""What lies beside a workspace and in it, read without letting one refusal take the rest of the page with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from actions.cloud import versions
from actions.cloud.data import CloudError, Resource, ResourceId
from actions.cloud.protocol import Cloud
from actions.posture.facts import Reading, Subject, failed, source, stamp

_VERSIONS = {
    "keyVault": versions.VAULT,
    "containerRegistry": versions.REGISTRY_ROLES,
    "applicationInsights": versions.COMPONENT,
}
_OLDER = {"containerRegistry": versions.REGISTRY}
"""Sovereign clouds may not know the newest version of a registry yet; an older one does not tell its role mode."""
NO_SUCH_VERSION = frozenset({"NoRegisteredProviderFound", "InvalidApiVersionParameter", "InvalidResourceType"})


async def read_linked(cloud: Cloud, workspace: Resource) -> dict[str, Reading]:
    """Read each resource that the workspace names, once and side by side."""
    named = {key: str(workspace.properties.get(key) or "") for key in ("storageAccount", *_VERSIONS)}
    wanted = {key: ResourceId(text) for key, text in named.items() if text}
    read = await asyncio.gather(*(_read(cloud, key, target) for key, target in wanted.items()))
    return dict(zip(wanted, read, strict=True))


async def _read(cloud: Cloud, key: str, target: ResourceId) -> Reading:
    if key in _VERSIONS:
        return await read_one(cloud, target, _VERSIONS[key], _OLDER.get(key, ""))
    version = versions.STORAGE_ACCOUNT
    try:
        found = await cloud.storage_account(target)
    except CloudError as error:
        return failed(target.name, source(target, version), cloud, error)
    return Reading(found.name, source(target, found.api_version), stamp(cloud), found.properties)


async def read_one(cloud: Cloud, target: ResourceId, version: str, older: str = "") -> Reading:
    """Read one resource of any type; one reading without properties where Azure refuses it.

    `older` is the version to ask for where this cloud does not know the newer one yet.
    """
    try:
        found = await cloud.get(target.text, version)
    except CloudError as error:
        if older and error.code in NO_SUCH_VERSION:
            return await read_one(cloud, target, older)
        return failed(target.name, source(target, version), cloud, error)
    return Reading(found.name, source(target, found.api_version), stamp(cloud), found.properties)


async def read_listed(subject: Subject, path: str, version: str) -> list[Reading]:
    """Read a list at a path; each subject is told with its parent's name, for names repeat below parents."""
    parent, where = path.split("/")[-2], source(ResourceId(f"{path}/any"), version)
    try:
        rows = [row async for page in subject.cloud.list(path, version) for row in page]
    except CloudError as error:
        return [failed(parent, where, subject.cloud, error)]
    now = stamp(subject.cloud)
    return [Reading(f"{parent}/{row.get('name', '')}", where, now, row.get("properties") or {}) for row in rows]


async def read_children(
    subject: Subject, kind: str, listed: Callable[[ResourceId], Awaitable[tuple[Resource, ...]]]
) -> list[Reading]:
    """Read the workspace's children of one kind; one reading without properties where Azure refuses the list."""
    where = f"GET {subject.workspace.id.type}/{kind.casefold()}"
    try:
        found = await listed(subject.workspace.id)
    except CloudError as error:
        return [failed(kind, where, subject.cloud, error)]
    now = stamp(subject.cloud)
    return [
        Reading(each.name, source(each.id, each.api_version), now, each.properties, identity=_identity(each))
        for each in found
    ]


def _identity(found: Resource) -> str:
    kind = str((found.raw.get("identity") or {}).get("type") or "")
    return "" if kind.casefold() == "none" else kind

"""What lies beside a workspace and in it, read without letting one refusal take the rest of the page with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from actions.cloud import versions
from actions.cloud.data import CloudError, NotFound, Resource, ResourceId
from actions.cloud.protocol import Cloud
from actions.posture.facts import Reading, Subject, source

COMPONENT = "2020-02-02"
"""Reading Application Insights: the first version with DisableLocalAuth."""
_VERSIONS = {
    "keyVault": versions.VAULT,
    "containerRegistry": versions.REGISTRY,
    "applicationInsights": COMPONENT,
}


async def read_linked(cloud: Cloud, workspace: Resource) -> dict[str, Reading]:
    """Read each resource that the workspace names, once and side by side."""
    named = {key: str(workspace.properties.get(key) or "") for key in ("storageAccount", *_VERSIONS)}
    wanted = {key: ResourceId(text) for key, text in named.items() if text}
    read = await asyncio.gather(*(_read(cloud, key, target) for key, target in wanted.items()))
    return dict(zip(wanted, read, strict=True))


async def _read(cloud: Cloud, key: str, target: ResourceId) -> Reading:
    """Read one; one that is not there is told as such, for something points at it."""
    if key in _VERSIONS:
        return await read_one(cloud, target, _VERSIONS[key])
    version = versions.STORAGE_ACCOUNT
    try:
        found = await cloud.storage_account(target)
    except CloudError as error:
        return Reading(target.name, source(target, version), _now(cloud), None, _why(error))
    return Reading(found.name, source(target, found.api_version), _now(cloud), found.properties)


async def read_one(cloud: Cloud, target: ResourceId, version: str) -> Reading:
    """Read one resource of any type; one reading without properties where Azure refuses it."""
    try:
        found = await cloud.get(target.text, version)
    except CloudError as error:
        return Reading(target.name, source(target, version), _now(cloud), None, _why(error))
    return Reading(found.name, source(target, found.api_version), _now(cloud), found.properties)


async def read_listed(subject: Subject, path: str, version: str) -> list[Reading]:
    """Read a list at a path; each subject is told with its parent's name, for names repeat below parents."""
    parent, where = path.split("/")[-2], source(ResourceId(f"{path}/any"), version)
    try:
        rows = [row async for page in subject.cloud.list(path, version) for row in page]
    except CloudError as error:
        return [Reading(parent, where, _now(subject.cloud), None, _why(error))]
    now = _now(subject.cloud)
    return [Reading(f"{parent}/{row.get('name', '')}", where, now, row.get("properties") or {}) for row in rows]


async def read_children(subject: Subject, kind: str, call: Awaitable[tuple[Resource, ...]]) -> list[Reading]:
    """Read the workspace's children of one kind; one reading without properties where Azure refuses the list."""
    where = f"GET {subject.workspace.id.type}/{kind.casefold()}"
    try:
        found = await call
    except CloudError as error:
        return [Reading(kind, where, _now(subject.cloud), None, _why(error))]
    now = _now(subject.cloud)
    return [Reading(each.name, source(each.id, each.api_version), now, each.properties) for each in found]


def _why(error: CloudError) -> str:
    return "it is not there, or not for your eyes" if isinstance(error, NotFound) else error.sentence


def _now(cloud: Cloud) -> str:
    return cloud.now().isoformat(timespec="seconds")

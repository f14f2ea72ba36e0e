"""Reading what a review needs: role assignments of every visible subscription, workspaces and their attached clusters."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

import msgspec

from actions.cloud.data import CloudError, Resource, ResourceId, Subscription
from actions.cloud.protocol import Cloud
from actions.guard.rights import granted
from actions.support_apps.state import Aks, AksAge, Held

P = ParamSpec("P")
T = TypeVar("T")
OLD_AKS = datetime.fromisoformat("2021-05-14T00:00:00+00:00")
"""Support apps serve Kubernetes services attached before this day (Enterprise security and governance for Azure ML)."""
_AT_ONCE = 16
_ASSIGN = "Microsoft.Authorization/roleAssignments/write"
_CLUSTERS = "microsoft.containerservice/managedclusters"


class Estate(msgspec.Struct, kw_only=True):
    """What Resource Manager told, while it is being put together."""

    held: dict[str, Held]
    workspaces: tuple[Resource, ...]
    identities: frozenset[str]
    """Principals of workspaces and computes, which are nobody's support apps."""
    aks: tuple[Aks, ...]
    problems: list[str]
    unread: tuple[str, ...]


async def attempt(read: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T | str:
    """Read; a refusal becomes its sentence."""
    try:
        return await read(*args, **kwargs)
    except CloudError as error:
        return error.sentence


async def read_estate(cloud: Cloud, visible: tuple[Subscription, ...]) -> Estate:
    """Read assignments, workspaces and computes of each visible subscription; what could not be read is told."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def paced(read: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T | str:
        async with gate:
            return await attempt(read, *args, **kwargs)

    paths = [f"/subscriptions/{each.id}" for each in visible]
    assigned, roles, listed = await asyncio.gather(
        asyncio.gather(*(paced(cloud.role_assignments, path, "") for path in paths)),
        asyncio.gather(*(paced(cloud.role_definitions, path) for path in paths)),
        asyncio.gather(*(paced(cloud.workspaces, each.id) for each in visible)),
    )
    problems: list[str] = []
    for what, answers in (("role assignments", assigned), ("role definitions", roles), ("workspaces", listed)):
        for each, answer in zip(visible, answers, strict=True):
            if isinstance(answer, str):
                problems.append(f"{what} of {each.name or each.id} could not be read: {answer}")
    known = {item.name.casefold(): item for answer in roles if not isinstance(answer, str) for item in answer}
    rows = [item for answer in assigned if not isinstance(answer, str) for item in answer]
    workspaces = tuple(item for answer in listed if not isinstance(answer, str) for item in answer)
    computes = await asyncio.gather(*(paced(cloud.computes, item.id) for item in workspaces))
    aks: list[Aks] = []
    principals = {principal for item in workspaces for principal in _principals(item)}
    for workspace, found in zip(workspaces, computes, strict=True):
        if isinstance(found, str):
            problems.append(f"computes of the workspace {workspace.name} could not be read: {found}")
            continue
        aks += [_aks(workspace, item) for item in found if _is_kubernetes(item)]
        principals |= {principal for item in found for principal in _principals(item)}
    return Estate(
        held={item.id.key: _held(item, known) for item in rows}, workspaces=workspaces,
        identities=frozenset(principals), aks=tuple(sorted(aks, key=lambda item: (item.workspace, item.name))),
        problems=problems,
        unread=tuple(each.id for each, answer in zip(visible, assigned, strict=True) if isinstance(answer, str)),
    )  # fmt: skip


async def read_assignments(cloud: Cloud, subscription: str) -> tuple[Held, ...] | str:
    """Read one subscription's assignments, at, above and below it; a refusal's sentence where they cannot be read."""
    rows = await attempt(cloud.role_assignments, subscription, "")
    return rows if isinstance(rows, str) else tuple(_held(item, {}) for item in rows)


def _held(item: Resource, known: dict[str, Resource]) -> Held:
    given = item.properties
    role = ResourceId(str(given.get("roleDefinitionId", ""))).name.casefold()
    definition = known[role].properties if role in known else None
    texts = {
        name: str(given.get(field) or "")
        for name, field in (
            ("principal", "principalId"), ("principal_type", "principalType"), ("condition", "condition"),
            ("condition_version", "conditionVersion"), ("description", "description"), ("made_by", "createdBy"),
            ("delegated", "delegatedManagedIdentityResourceId"), ("made_at", "createdOn"),
        )
    }  # fmt: skip
    return Held(
        id=item.id.text, scope=str(given.get("scope") or "/"), role=role,
        role_name=str(definition.get("roleName") or "") if definition else "",
        assigns=granted(definition.get("permissions") or (), _ASSIGN) if definition else None, **texts,
    )  # fmt: skip


def _principals(resource: Resource) -> Iterable[str]:
    block = resource.raw.get("identity") or {}
    if block.get("principalId"):
        yield str(block["principalId"]).casefold()
    for given in (block.get("userAssignedIdentities") or {}).values():
        if (given or {}).get("principalId"):
            yield str(given["principalId"]).casefold()


def _is_kubernetes(compute: Resource) -> bool:
    kind = str(compute.properties.get("computeType") or "").casefold()
    return kind == "aks" or ResourceId(str(compute.properties.get("resourceId") or "")).type == _CLUSTERS


def _aks(workspace: Resource, compute: Resource) -> Aks:
    """The cluster with the earliest date that is told of it; one that cannot be read counts as unknown."""
    told = [compute.properties.get("createdOn"), (compute.raw.get("systemData") or {}).get("createdAt")]
    moments = [moment for text in told if text and (moment := _moment(str(text))) is not None]
    age: AksAge = "unknown"
    if moments:
        age = "before" if min(moments) < OLD_AKS else "after"
    return Aks(
        workspace=workspace.id.text, name=compute.name, age=age,
        created=min(moments).isoformat() if moments else "", cluster=str(compute.properties.get("resourceId") or ""),
    )  # fmt: skip


def _moment(text: str) -> datetime | None:
    """Read a date of Azure's; its sentinel of the year 1 is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year > 1 and found.tzinfo else None


def regions_of(workspaces: Iterable[Resource]) -> tuple[str, ...]:
    """The distinct regions of workspaces, as Azure's short names."""
    return tuple(sorted({str(item.raw.get("location") or "").replace(" ", "").casefold() for item in workspaces}))


def encrypted(workspaces: Iterable[Resource]) -> bool:
    """Whether one of the workspaces is encrypted with a customer's key."""
    blocks: Iterable[dict[str, Any]] = (item.properties.get("encryption") or {} for item in workspaces)
    return any(str(block.get("status", "")).casefold() == "enabled" for block in blocks)

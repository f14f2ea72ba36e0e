"""Reading what the identities of a workspace have: Resource Manager and Graph reads only, no secret."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, ParamSpec, TypeVar

from actions.cloud import versions
from actions.cloud.data import CloudError, Resource, ResourceId
from actions.cloud.protocol import Cloud
from actions.identity_access.expected import Place
from actions.identity_access.state import Deny, Grant, Identity, Scope, Vault

P = ParamSpec("P")
T = TypeVar("T")
VAULT_VERSION = "2023-07-01"
"""Vaults are read and their policies changed with a version that does not change the default permission model."""


async def or_problem(read: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T | str:
    """Read; a refusal becomes the short reason that the table shows."""
    try:
        return await read(*args, **kwargs)
    except CloudError as error:
        return f"unknown ({error.status or 'no answer'} {error.code})".replace(" )", ")")


def place_of(workspace: Resource, vault: Vault | None) -> Place:
    """The linked resources of a workspace, from its own properties."""
    properties, here = workspace.properties, workspace.id
    encryption = properties.get("encryption") or {}
    encrypted = str(encryption.get("status", "")).casefold() == "enabled"
    key = encryption.get("keyVaultProperties") or {}
    system = workspace.raw.get("systemData") or {}
    return Place(
        workspace=here.text,
        group=here.group_id.text,
        storage=properties.get("storageAccount") or "",
        registry=properties.get("containerRegistry") or "",
        insights=properties.get("applicationInsights") or "",
        vault_group=ResourceId(vault.id).group_id.text if vault else "",
        cmk_vault=(key.get("keyVaultArmId") or "") if encrypted else "",
        cmk_identity=(encryption.get("identity") or {}).get("userAssignedIdentity") or "",
        created=str(properties.get("creationTime") or system.get("createdAt") or ""),
    )


async def identities(cloud: Cloud, workspace: Resource) -> tuple[tuple[Identity, ...], tuple[str, ...]]:
    """The workspace's own identities, and those of its endpoints and computes; and what could not be listed."""
    own = _own(workspace)
    endpoints, computes = await asyncio.gather(
        or_problem(cloud.online_endpoints, workspace.id), or_problem(cloud.computes, workspace.id)
    )
    problems = [
        f"{what}: {got}" for what, got in (("endpoints", endpoints), ("computes", computes)) if isinstance(got, str)
    ]
    visitors = [*_visitors("endpoint", endpoints), *_visitors("compute", computes)]
    known = {identity.principal for identity in own}
    return (*own, *(item for item in visitors if item.principal not in known)), tuple(problems)


def _own(workspace: Resource) -> tuple[Identity, ...]:
    block = workspace.raw.get("identity") or {}
    found: list[Identity] = []
    if block.get("principalId"):
        found.append(Identity(kind="system-assigned", name=workspace.name, principal=str(block["principalId"])))
    for resource, given in (block.get("userAssignedIdentities") or {}).items():
        if (given or {}).get("principalId"):
            name = ResourceId(resource).name
            found.append(Identity(kind="user-assigned", name=name, principal=str(given["principalId"]), id=resource))
    return tuple(found)


def _visitors(kind: Any, resources: tuple[Resource, ...] | str) -> Iterable[Identity]:
    if isinstance(resources, str):
        return
    for resource in resources:
        block = resource.raw.get("identity") or {}
        if block.get("principalId"):
            name = f"{kind} {resource.name}"
            yield Identity(kind=kind, name=name, principal=str(block["principalId"]), id=resource.id.text)
        for uai, given in (block.get("userAssignedIdentities") or {}).items():
            if (given or {}).get("principalId"):
                name = f"{kind} {resource.name} ({ResourceId(uai).name})"
                yield Identity(kind=kind, name=name, principal=str(given["principalId"]), id=uai)


async def read_vault(cloud: Cloud, vault_id: str) -> Vault:
    """A key vault's permission model and access policies."""
    got = await or_problem(cloud.get, vault_id, VAULT_VERSION)
    if isinstance(got, str):
        return Vault(id=vault_id, problem=got)
    properties = got.properties
    policies: dict[str, dict[str, tuple[str, ...]]] = {}
    for entry in properties.get("accessPolicies") or ():
        held = policies.setdefault(str(entry.get("objectId", "")).casefold(), {})
        for kind, words in (entry.get("permissions") or {}).items():
            held[kind] = (*held.get(kind, ()), *(str(word) for word in words or ()))
    rules = properties.get("networkAcls") or {}
    shut = str(properties.get("publicNetworkAccess", "")).casefold() == "disabled"
    denies = str(rules.get("defaultAction", "")).casefold() == "deny"
    closed = (shut or denies) and "azureservices" not in str(rules.get("bypass", "AzureServices")).casefold()
    return Vault(
        id=vault_id, roles=bool(properties.get("enableRbacAuthorization")), tenant=str(properties.get("tenantId", "")),
        policies=policies, closed=closed,
    )  # fmt: skip


async def read_scope(cloud: Cloud, key: str, scope: str, title: str, principals: tuple[str, ...]) -> Scope:
    """Role and deny assignments at and above a scope, with those that come through a group marked."""
    here, denies, *through = await asyncio.gather(
        or_problem(cloud.role_assignments, scope),
        or_problem(cloud.deny_assignments, scope),
        *(or_problem(cloud.role_assignments, scope, f"atScope() and assignedTo('{item}')") for item in principals),
    )
    if isinstance(here, str):
        return Scope(key=key, id=scope, title=title, problem=here)
    members: dict[str, list[str]] = {}
    for principal, found in zip(principals, through, strict=True):
        if isinstance(found, tuple):
            for item in found:
                if str(item.properties.get("principalId")) != principal:
                    members.setdefault(item.id.key, []).append(principal)
    grants = tuple(_grant(item, tuple(members.get(item.id.key, ()))) for item in here)
    problem = denies if isinstance(denies, str) else ""
    read = tuple(_deny(item) for item in denies) if isinstance(denies, tuple) else ()
    return Scope(key=key, id=scope, title=title, grants=grants, denies=read, problem=problem)


def _grant(item: Resource, members: tuple[str, ...]) -> Grant:
    given = item.properties
    return Grant(
        id=item.id.text,
        scope=str(given.get("scope", "")),
        role=ResourceId(str(given.get("roleDefinitionId", ""))).name.casefold(),
        principal=str(given.get("principalId", "")),
        kind=str(given.get("principalType") or ""),
        condition=str(given.get("condition") or ""),
        created=str(given.get("createdOn") or ""),
        members=members,
    )


def _deny(item: Resource) -> Deny:
    given = item.properties
    kinds = ("actions", "notActions", "dataActions", "notDataActions")
    blocks = tuple(
        {kind: tuple(str(word) for word in block.get(kind) or ()) for kind in kinds}
        for block in given.get("permissions") or ()
    )
    return Deny(
        name=str(given.get("denyAssignmentName") or item.name),
        scope=str(given.get("scope") or "/"),
        blocks=blocks,
        principals=tuple(str(one.get("id")) for one in given.get("principals") or ()),
        excluded=tuple(str(one.get("id")) for one in given.get("excludePrincipals") or ()),
        children=not given.get("doNotApplyToChildScopes"),
    )


async def gone(cloud: Cloud, principals: tuple[str, ...]) -> frozenset[str] | None:
    """Those of these principals that the directory does not know any more; None when it cannot be asked."""
    if not principals:
        return frozenset()
    body = {"ids": list(principals), "types": ["user", "group", "servicePrincipal", "directoryObjectPartnerReference"]}
    got = await or_problem(
        cloud.post_read, f"https://{cloud.gate.hosts.graph}/v1.0/directoryObjects/getByIds", "", body
    )
    if isinstance(got, str):
        return None
    known = {str(item.get("id", "")).casefold() for item in got.get("value") or ()}
    return frozenset(principal for principal in principals if principal.casefold() not in known)


async def storage(cloud: Cloud, account: str) -> Resource | str:
    """The storage account, for what makes a role on it useless."""
    return await or_problem(cloud.get, account, versions.STORAGE_ACCOUNT_OLDER) if account else "none"

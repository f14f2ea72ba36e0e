"""The fleet list: five sources asked at once, in Resource Graph's largest pages, and never a secret.

Where Resource Graph fails, the providers' own lists are asked instead, one a subscription.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from actions.cloud import versions
from actions.cloud.data import CloudError, Data, ResourceId
from actions.cloud.protocol import Cloud
from actions.workspaces.access import (
    Access,
    Grant,
    Vault,
    expected_access,
    grant_of,
    is_system_assigned,
    principal_of,
    vault_of,
)
from actions.workspaces.rows import Facts, Keys, WorkspaceRow, bare_row, full_row, keys_of

_T = TypeVar("_T")
Raw = dict[str, Any]

WORKSPACES = (
    "resources | where type =~ 'microsoft.machinelearningservices/workspaces'"
    " | project id, name, kind, location, identity, storageAccount = properties.storageAccount,"
    " keyVault = properties.keyVault, containerRegistry = properties.containerRegistry,"
    " applicationInsights = properties.applicationInsights, encryption = properties.encryption,"
    " systemDatastoresAuthMode = properties.systemDatastoresAuthMode,"
    " primaryUserAssignedIdentity = properties.primaryUserAssignedIdentity"
    " | order by id asc"
)
ACCOUNTS = (
    "resources | where type =~ 'microsoft.storage/storageaccounts'"
    " | project id, allowSharedKeyAccess = properties.allowSharedKeyAccess,"
    " keyCreationTime = properties.keyCreationTime, keyPolicy = properties.keyPolicy"
    " | order by id asc"
)
GRANTS = (
    "authorizationresources | where type =~ 'microsoft.authorization/roleassignments'"
    " | where properties.principalType =~ 'ServicePrincipal'"
    " | project id, principalId = properties.principalId, roleDefinitionId = properties.roleDefinitionId,"
    " scope = properties.scope"
    " | order by id asc"
)
ENDPOINTS = (
    "resources | where type in~ ('microsoft.machinelearningservices/workspaces/onlineendpoints',"
    " 'microsoft.machinelearningservices/workspaces/serverlessendpoints')"
    " | project id, authMode = properties.authMode"
    " | order by id asc"
)
VAULTS = (
    "resources | where type =~ 'microsoft.keyvault/vaults'"
    " | project id, enableRbacAuthorization = properties.enableRbacAuthorization,"
    " accessPolicies = properties.accessPolicies"
    " | order by id asc"
)
_TOP = frozenset({"id", "name", "kind", "location", "identity"})
_BESIDE = (
    ("storage accounts", ACCOUNTS, "Microsoft.Storage/storageAccounts", versions.STORAGE_KEYS),
    ("role assignments", GRANTS, "Microsoft.Authorization/roleAssignments", versions.AUTHORIZATION),
    ("endpoints", ENDPOINTS, "", versions.ENDPOINT),
    ("key vaults", VAULTS, "Microsoft.KeyVault/vaults", versions.VAULT),
)
"""The sources beside the workspaces: name, query, and the type that its provider lists by subscription, if any."""


class FleetPage(Data, frozen=True, kw_only=True):
    """Some rows of the fleet; a later page may hold the same workspaces again, with more known of them.

    `complete` says that all cells are final; `unread` are sentences on sources that could not be read.
    """

    rows: tuple[WorkspaceRow, ...]
    complete: bool
    unread: tuple[str, ...] = ()


class _Sources(Data, frozen=True, kw_only=True):
    """What there is to know beside the workspaces, by id in lower case; None where it could not be read."""

    accounts: dict[str, Keys] | None
    grants: dict[str, list[Grant]] | None
    granted: frozenset[str]
    """The subscriptions in which any grant can be seen, in lower case."""
    endpoints: dict[str, list[str]] | None
    vaults: dict[str, Vault] | None
    unread: tuple[str, ...]


async def whole_fleet(
    cloud: Cloud, subscriptions: tuple[str, ...] = ()
) -> tuple[tuple[WorkspaceRow, ...], tuple[str, ...]]:
    """Give all rows, ordered by id, and what could not be read."""
    rows: list[WorkspaceRow] = []
    unread: tuple[str, ...] = ()
    async for page in fleet(cloud, subscriptions):
        if page.complete:
            rows.extend(page.rows)
            unread = page.unread
    return tuple(rows), unread


async def fleet(cloud: Cloud, subscriptions: tuple[str, ...] = ()) -> AsyncIterator[FleetPage]:
    """Yield the workspaces page by page: as they come with what they say themselves, then complete.

    Raises `CloudError` only where the workspaces themselves cannot be listed in any way.
    """
    now = cloud.now()
    as_of = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    names_read = asyncio.gather(_names(cloud, subscriptions))
    rest = asyncio.gather(_sources(cloud, subscriptions, names_read))
    held: list[list[Raw]] = []
    try:
        async for raws in _workspaces(cloud, subscriptions, names_read):
            (names,) = await names_read
            held.append(raws)
            yield FleetPage(rows=tuple(bare_row(raw, _named(raw, names), as_of) for raw in raws), complete=False)
        (names,), (sources,) = await names_read, await rest
        for raws in held or [[]]:
            rows = tuple(full_row(raw, _facts(raw, sources), _named(raw, names), as_of, now) for raw in raws)
            yield FleetPage(rows=rows, complete=True, unread=sources.unread)
    finally:
        for waiting in (names_read, rest):
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting


Names = asyncio.Future[tuple[dict[str, str]]]


async def _names(cloud: Cloud, subscriptions: tuple[str, ...]) -> dict[str, str]:
    """Read the subscriptions' names by id in lower case; where that fails the ids asked for stand for themselves."""
    wanted = {one.casefold() for one in subscriptions}
    try:
        found = {one.id.casefold(): one.name for one in await cloud.subscriptions()}
    except CloudError:
        return dict.fromkeys(wanted, "")
    return {key: name for key, name in found.items() if not wanted or key in wanted}


async def _workspaces(cloud: Cloud, subscriptions: tuple[str, ...], names: Names) -> AsyncIterator[list[Raw]]:
    """Yield the workspaces from Resource Graph, or from the provider itself."""
    try:
        async for page in cloud.query(WORKSPACES, subscriptions):
            if page:
                yield [_shaped(row) for row in page]
        return
    except CloudError as error:
        failure = error
    (known,) = await names
    if not known:
        raise failure
    for listed in await asyncio.gather(*(cloud.workspaces(subscription) for subscription in known)):
        if listed:
            yield [workspace.raw for workspace in listed]


async def _sources(cloud: Cloud, subscriptions: tuple[str, ...], names: Names) -> _Sources:
    """Ask the other four sources at once."""
    asked = await asyncio.gather(*(_source(cloud, subscriptions, names, *source) for source in _BESIDE))
    (accounts, _), (grants, _), (endpoints, _), (vaults, _) = asked
    return _Sources(
        accounts=_by_id(accounts, lambda raw: keys_of(raw["properties"])),
        grants=_by_principal(grants),
        granted=frozenset(_subscription_of(row) for row in grants or ()),
        endpoints=_by_workspace(endpoints),
        vaults=_by_id(vaults, lambda raw: vault_of(raw["properties"])),
        unread=tuple(reason for _, reason in asked if reason),
    )


async def _source(
    cloud: Cloud, subscriptions: tuple[str, ...], names: Names, what: str, query: str, kind: str, version: str
) -> tuple[list[Raw] | None, str]:
    """Read one source from Resource Graph, or from its provider by type; else give None and the reason."""
    try:
        return [_shaped(row) async for page in cloud.query(query, subscriptions) for row in page], ""
    except CloudError as error:
        reason = error.sentence
    if kind:
        (known,) = await names
        try:
            lists = await asyncio.gather(*(_listed(cloud, one, kind, version) for one in known))
        except CloudError as error:
            reason = error.sentence
        else:
            return [row for rows in lists for row in rows], ""
    return None, f"{what} could not be read: {reason}"


async def _listed(cloud: Cloud, subscription: str, kind: str, version: str) -> list[Raw]:
    """List a subscription's resources of a type from their provider."""
    path = f"/subscriptions/{subscription}/providers/{kind}"
    return [row async for page in cloud.list(path, version) for row in page]


def _shaped(row: Raw) -> Raw:
    """Give a projected row the shape that Resource Manager answers: everything else under `properties`."""
    top = {name: value for name, value in row.items() if name in _TOP}
    return {**top, "properties": {name: value for name, value in row.items() if name not in _TOP}}


def _by_id(rows: Iterable[Raw] | None, read: Callable[[Raw], _T]) -> dict[str, _T] | None:
    return None if rows is None else {ResourceId(str(row["id"])).key: read(row) for row in rows}


def _by_principal(rows: Iterable[Raw] | None) -> dict[str, list[Grant]] | None:
    if rows is None:
        return None
    found: dict[str, list[Grant]] = {}
    for row in rows:
        grant = grant_of(row)
        found.setdefault(grant.principal.casefold(), []).append(grant)
    return found


def _subscription_of(row: Raw) -> str:
    return ResourceId(str(row["properties"].get("scope") or "")).subscription.casefold()


def _by_workspace(rows: Iterable[Raw] | None) -> dict[str, list[str]] | None:
    """Gather the endpoints' authentication modes under their workspaces."""
    if rows is None:
        return None
    found: dict[str, list[str]] = {}
    for row in rows:
        mode = str(row["properties"].get("authMode") or "")
        found.setdefault(ResourceId(str(row["id"])).parent.key, []).append(mode)
    return found


def _facts(raw: Raw, sources: _Sources) -> Facts:
    """Look up what the sources say of one workspace."""
    workspace = ResourceId(str(raw["id"]))
    properties: Mapping[str, Any] = raw.get("properties") or {}
    account = ResourceId(str(properties.get("storageAccount") or "")).key
    modes = None if sources.endpoints is None else tuple(sources.endpoints.get(workspace.key, ()))
    return Facts(
        keys=(sources.accounts or {}).get(account),
        access=_access(workspace, raw, sources),
        endpoints=modes,
    )


def _access(workspace: ResourceId, raw: Raw, sources: _Sources) -> tuple[Access, ...] | None:
    """Compare the identity's access; None where grants are unread, or none at all can be seen in the subscription.

    Resource Graph leaves out what the caller may not read, so seeing nothing is not the same as nothing there.
    """
    properties: Mapping[str, Any] = raw.get("properties") or {}
    principal = principal_of(raw.get("identity"), str(properties.get("primaryUserAssignedIdentity") or ""))
    if not principal:
        return ()
    if sources.grants is None or workspace.subscription.casefold() not in sources.granted:
        return None
    vault = (sources.vaults or {}).get(ResourceId(str(properties.get("keyVault") or "")).key)
    grants, system = sources.grants.get(principal.casefold(), ()), is_system_assigned(raw.get("identity"))
    return expected_access(workspace, properties, principal, grants, vault, system=system)


def _named(raw: Raw, names: Mapping[str, str]) -> str:
    return names.get(ResourceId(str(raw["id"])).subscription.casefold(), "")

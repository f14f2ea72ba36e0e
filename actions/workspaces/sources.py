"""Where the fleet's facts come from: a query of Resource Graph each, with the providers' own lists behind it.

A source is asked only for the properties that somebody wants to see, and not at all where nobody does.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from actions.cloud import versions
from actions.cloud.data import CloudError, Data, ResourceId
from actions.cloud.protocol import Cloud

Raw = dict[str, Any]
Wanted = Mapping[str, tuple[str, ...]]
"""The properties that are wanted, by the source's name."""
Names = asyncio.Future[tuple[dict[str, str]]]
"""The subscriptions' names by id, while they are being read: only what fails waits for them."""

_TOP = frozenset({"id", "name", "kind", "location", "identity", "sku"})
"""What Azure answers beside a resource's properties."""


class Source(NamedTuple):
    """One list beside the workspaces: what it is called, how Resource Graph is asked, and which provider lists it.

    `link` is the property by which a workspace names its own one; `always` are properties that the provider answers in
    any case: where Resource Graph tells them of no resource at all, it does not know them.
    """

    name: str
    told: str
    where: str
    kind: str = ""
    version: str = ""
    link: str = ""
    always: frozenset[str] = frozenset()


WORKSPACES = Source(
    "workspaces", "workspaces", "resources | where type =~ 'microsoft.machinelearningservices/workspaces'",
    always=frozenset({"publicNetworkAccess", "hbiWorkspace"}),
)  # fmt: skip
BESIDE = (
    Source(
        "accounts", "storage accounts", "resources | where type =~ 'microsoft.storage/storageaccounts'",
        "Microsoft.Storage/storageAccounts", versions.STORAGE_KEYS, "storageAccount",
        frozenset({"supportsHttpsTrafficOnly", "minimumTlsVersion", "encryption"}),
    ),
    Source(
        "grants", "role assignments",
        "authorizationresources | where type =~ 'microsoft.authorization/roleassignments'"
        " | where properties.principalType =~ 'ServicePrincipal'",
        "Microsoft.Authorization/roleAssignments", versions.AUTHORIZATION,
    ),
    Source(
        "endpoints", "endpoints",
        "resources | where type in~ ('microsoft.machinelearningservices/workspaces/onlineendpoints',"
        " 'microsoft.machinelearningservices/workspaces/serverlessendpoints')",
    ),
    Source(
        "vaults", "key vaults", "resources | where type =~ 'microsoft.keyvault/vaults'",
        "Microsoft.KeyVault/vaults", versions.VAULT, "keyVault",
    ),
    Source(
        "registries", "container registries", "resources | where type =~ 'microsoft.containerregistry/registries'",
        "Microsoft.ContainerRegistry/registries", versions.REGISTRY, "containerRegistry", frozenset({"adminUserEnabled"}),
    ),
    Source(
        "components", "Application Insights", "resources | where type =~ 'microsoft.insights/components'",
        "Microsoft.Insights/components", versions.COMPONENT, "applicationInsights",
    ),
    Source(
        "assignments", "the roles of others",
        "authorizationresources | where type =~ 'microsoft.authorization/roleassignments'",
        "Microsoft.Authorization/roleAssignments", versions.AUTHORIZATION, always=frozenset({"principalId", "scope"}),
    ),
    Source(
        "roles", "role definitions",
        "authorizationresources | where type =~ 'microsoft.authorization/roledefinitions'",
        "Microsoft.Authorization/roleDefinitions", versions.AUTHORIZATION, always=frozenset({"roleName", "type", "permissions"}),
    ),
    Source(
        "containers", "the management groups of subscriptions",
        "resourcecontainers | where type =~ 'microsoft.resources/subscriptions'",
    ),
    Source(
        "deployments", "deployments",
        "resources | where type =~ 'microsoft.machinelearningservices/workspaces/onlineendpoints/deployments'",
    ),
    Source(
        "clusters", "Kubernetes clusters", "resources | where type =~ 'microsoft.containerservice/managedclusters'",
        "Microsoft.ContainerService/managedClusters", versions.MANAGED_CLUSTER,
    ),
)  # fmt: skip
"""The sources beside the workspaces. Endpoints and deployments have no provider that lists them by subscription.

That the authorization table holds assignments and definitions is documented (Azure Resource Graph table and resource type
reference), deny assignments are not among them. Deployments are tracked resources; that the table holds them is not.
"""
OWN = (
    "storageAccount", "keyVault", "containerRegistry", "applicationInsights", "encryption", "systemDatastoresAuthMode",
    "primaryUserAssignedIdentity",
)  # fmt: skip
"""The properties of a workspace that any list needs."""


class Read(Data, frozen=True, kw_only=True):
    """What one source said: its rows, None where it could not be read, and the reason told in a sentence."""

    rows: list[Raw] | None
    reason: str = ""


def query_of(source: Source, fields: Iterable[str]) -> str:
    """Ask for these properties, in pages: only what projects and orders by `id` is paged (Resource Graph paging)."""
    top = "id, name, kind, location, identity, " if source is WORKSPACES else "id, "
    asked = dict.fromkeys(fields)
    told = [name if name in _TOP else f"{name} = properties.{name}" for name in asked]
    return f"{source.where} | project {top}{', '.join(told)} | order by id asc"


def shaped(row: Raw) -> Raw:
    """Give a projected row the shape that Resource Manager answers: everything else under `properties`."""
    top = {name: value for name, value in row.items() if name in _TOP}
    return {**top, "properties": {name: value for name, value in row.items() if name not in _TOP}}


def untold(source: Source, fields: Iterable[str], rows: Iterable[Raw]) -> frozenset[str]:
    """The wanted properties that the provider always answers and that no row has: Resource Graph does not know them."""
    missing = source.always & set(fields)
    for row in rows:
        if not missing:
            break
        missing = frozenset(name for name in missing if row["properties"].get(name) is None)
    return missing


async def read_sources(cloud: Cloud, subscriptions: tuple[str, ...], wanted: Wanted, names: Names) -> dict[str, Read]:
    """Ask all wanted sources at once; `names` are the subscriptions that the providers' lists go through."""
    asked = [source for source in BESIDE if source.name in wanted]
    found = await asyncio.gather(*(_read(cloud, subscriptions, source, wanted[source.name], names) for source in asked))
    return {source.name: read for source, read in zip(asked, found, strict=True)}


async def _read(
    cloud: Cloud, subscriptions: tuple[str, ...], source: Source, fields: tuple[str, ...], names: Names
) -> Read:
    """Read one source from Resource Graph, or from its provider where that fails or leaves properties out."""
    rows: list[Raw] | None = None
    reason = ""
    try:
        query = query_of(source, fields)
        rows = [shaped(row) async for page in cloud.query(query, subscriptions) for row in page]
        if not rows or not untold(source, fields, rows):
            return Read(rows=rows)
    except CloudError as error:
        reason = error.sentence
    if source.kind:
        try:
            (known,) = await names
            return Read(rows=await listed(cloud, source, known))
        except CloudError as error:
            reason = error.sentence
    return Read(rows=rows, reason=f"{source.told} could not be read: {reason}")


async def read_unseen(cloud: Cloud, found: dict[str, Read], workspaces: Iterable[Raw]) -> dict[str, Read]:
    """Ask the providers where Resource Graph showed none of what workspaces are linked to: it may not know the type."""
    empty = [source for source in BESIDE if source.link and source.name in found and found[source.name].rows == []]
    linked: dict[str, set[str]] = {source.name: set() for source in empty}
    for raw in workspaces if empty else ():
        for source in empty:
            target = ResourceId(str((raw.get("properties") or {}).get(source.link) or ""))
            if target.subscription:
                linked[source.name].add(target.subscription)
    asked = [source for source in empty if linked[source.name]]
    reads = await asyncio.gather(*(_direct(cloud, source, linked[source.name]) for source in asked))
    return {**found, **{source.name: read for source, read in zip(asked, reads, strict=True)}}


async def _direct(cloud: Cloud, source: Source, subscriptions: Iterable[str]) -> Read:
    try:
        return Read(rows=await listed(cloud, source, sorted(subscriptions)))
    except CloudError as error:
        return Read(rows=None, reason=f"{source.told} could not be read: {error.sentence}")


async def listed(cloud: Cloud, source: Source, subscriptions: Iterable[str]) -> list[Raw]:
    """List a source's resources from their provider, one subscription each."""
    paths = [f"/subscriptions/{one}/providers/{source.kind}" for one in subscriptions]
    lists = await asyncio.gather(*(_pages(cloud, path, source.version) for path in paths))
    return [row for rows in lists for row in rows]


async def _pages(cloud: Cloud, path: str, version: str) -> list[Raw]:
    return [row async for page in cloud.list(path, version) for row in page]

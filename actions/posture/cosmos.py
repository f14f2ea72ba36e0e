"""What keeping a workspace's metadata under a key of one's own stands on: parameters, managed group, registrations, roles.

"Enterprise security for Azure Machine Learning" (January 2020) names two parameters, `resource_cmk_uri` and
`cmk_keyvault`, both mandatory; the workspace answers them as keyIdentifier and keyVaultArmId.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from actions.cloud import versions
from actions.cloud.data import CloudError, ResourceId
from actions.posture.facts import Fact, Reading, Subject, failed, stamp
from actions.support_apps.naming import MACHINE_LEARNING
from actions.workspaces.access import covers
from actions.workspaces.judged import PROVIDERS, registered

COSMOS = "cosmos"
_CONTRIBUTE = "Microsoft.DocumentDB/databaseAccounts/write"
_GRAPH = "GET graph serviceprincipals v1.0"
_THROUGHPUT = "the page of 2020 says 8000 request units, and that they cannot be changed"


async def read_cosmos(subject: Subject) -> tuple[Fact, ...]:
    """Tell the two parameters and what Azure needs beside them; nothing of it where Microsoft keeps the key."""
    own, properties = subject.own, subject.workspace.properties
    encryption: Mapping[str, Any] = properties.get("encryption") or {}
    if str(encryption.get("status") or "").casefold() != "enabled":
        told = "kept by Microsoft, under a key of Microsoft's"
        return (own.fact(COSMOS, "metadata", "metadata of the workspace", told, "absent"),)
    service_side = properties.get("enableServiceSideCMKEncryption") is True
    providers, app = await asyncio.gather(_providers(subject), _ml_app(subject, service_side=service_side))
    return (*_parameters(own, encryption), *_managed(own, properties, service_side), *providers, app)


def _parameters(own: Reading, encryption: Mapping[str, Any]) -> tuple[Fact, ...]:
    """The key with its version, and its vault, which must lie in the workspace's own subscription."""
    key: Mapping[str, Any] = encryption.get("keyVaultProperties") or {}
    identifier, vault = str(key.get("keyIdentifier") or ""), ResourceId(str(key.get("keyVaultArmId") or ""))
    versioned = len(identifier.partition("/keys/")[2].strip("/").split("/")) == 2
    lead = "action:cmk-versions"
    uri = own.fact(
        COSMOS, "resource-cmk-uri", "key (resource_cmk_uri)",
        identifier or "not told", "good" if versioned else "warn" if identifier else "unknown",
        "" if versioned or not identifier else "pin a version: without one it is not documented what is used",
        leads_to="" if versioned else lead,
    )  # fmt: skip
    return uri, _vault(own, vault)


def _vault(own: Reading, vault: ResourceId) -> Fact:
    label = "vault (cmk_keyvault)"
    if not vault.text:
        return own.fact(COSMOS, "cmk-keyvault", label, "not told", "unknown", "look at the workspace's encryption")
    return own.fact(COSMOS, "cmk-keyvault", label, f"{vault.name} in group {vault.group}", "good")


def _managed(own: Reading, properties: Mapping[str, Any], service_side: bool) -> tuple[Fact, ...]:
    """Where the database is, and what it may take in; of a service-side one nothing lies in the subscription."""
    group = str(properties.get("serviceProvisionedResourceGroup") or "")
    note = "its name is documented in two ways; do not change or delete it, delete the workspace instead"
    if service_side:
        where = own.fact(
            COSMOS, "managed-group", "managed resource group", "none: encrypted on Microsoft's side", "absent",
            note="that has been possible since 2024; the page of 2020 knows only a Cosmos DB in the subscription",
        )  # fmt: skip
        return where, own.fact(COSMOS, "throughput", "throughput", "Microsoft's to set", "absent")
    settings: Mapping[str, Any] = (properties.get("serviceManagedResourcesSettings") or {}).get("cosmosDb") or {}
    units = settings.get("collectionsThroughput")
    told = "not told: Azure's default" if units is None else f"{units} request units a collection"
    return (
        own.fact(COSMOS, "managed-group", "managed resource group", ResourceId(group).name or "not told",
                 "info" if group else "unknown", note=note),
        own.fact(COSMOS, "throughput", "throughput", told, "info", note=_THROUGHPUT),
    )  # fmt: skip


async def _providers(subject: Subject) -> list[Fact]:
    """Whether the subscription has registered what the encrypted workspace is made of."""
    base = f"/subscriptions/{subject.workspace.id.subscription}/providers"
    read = await asyncio.gather(*(_provider(subject, f"{base}/{name}", name) for name in PROVIDERS))
    lacking = [name for name, state in read if state.properties is not None and not registered(state.properties)]
    unread = next((state for _, state in read if state.properties is None), None)
    label, where = "resource providers", read[0][1]._replace(subject="the subscription")
    if unread is not None:
        return [unread._replace(subject="the subscription").unread(COSMOS, "providers", label)]
    if lacking:
        remedy = "register them in the subscription"
        return [where.fact(COSMOS, "providers", label, f"not registered: {', '.join(lacking)}", "high", remedy)]
    return [where.fact(COSMOS, "providers", label, f"{len(PROVIDERS)} registered", "good")]


async def _provider(subject: Subject, path: str, name: str) -> tuple[str, Reading]:
    where = f"GET subscription provider {versions.PROVIDERS}"
    try:
        found = await subject.cloud.get(path, versions.PROVIDERS)
    except CloudError as error:
        return name, failed(name, where, subject.cloud, error)
    return name, Reading(name, where, stamp(subject.cloud), found.raw)


async def _ml_app(subject: Subject, *, service_side: bool) -> Fact:
    """Whether Azure Machine Learning's own application may make the database in the subscription."""
    label, cloud = "the Machine Learning app's Contributor role", subject.cloud
    if service_side:
        return subject.own.fact(COSMOS, "ml-app", label, "not needed: nothing is made in the subscription", "absent")
    try:
        found = await cloud.service_principals("Azure Machine Learning")
    except CloudError as error:
        return failed("the subscription", _GRAPH, cloud, error).unread(COSMOS, "ml-app", label)
    grants = await subject.grants
    ids = {str(item.get("id")).casefold() for item in found if str(item.get("appId")).casefold() == MACHINE_LEARNING}
    read = Reading("the subscription", _GRAPH, stamp(cloud), {})
    if grants.held is None:
        return grants.reading.unread(COSMOS, "ml-app", label)
    here = ResourceId(f"/subscriptions/{subject.workspace.id.subscription}")
    mine = [each for each in grants.held if each.principal.casefold() in ids and covers(each.scope, here)]
    if any(grants.role(each).grants(_CONTRIBUTE) for each in mine):
        return read.fact(COSMOS, "ml-app", label, "there", "good")
    if grants.unread:
        return grants.reading.unread(COSMOS, "ml-app", label)
    remedy = "give the application Azure Machine Learning Contributor on the subscription before making another"
    return read.fact(COSMOS, "ml-app", label, "not found", "warn", remedy)

"""One workspace described: its account and keys, who may use what, its network, encryption, endpoints and computes.

Reads run at once where they do not need each other; one that fails leaves a gap that is told, never a green light.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from actions.cloud import versions
from actions.cloud.data import CloudError, Data, Resource, ResourceId
from actions.cloud.protocol import Cloud
from actions.guard.gate import secret_reads
from actions.guard.model import Finding
from actions.workspaces.access import (
    Access,
    Vault,
    expected_access,
    grant_of,
    is_system_assigned,
    principal_of,
    vault_of,
)
from actions.workspaces.holders import Holder, read_holders
from actions.workspaces.rows import (
    Keys,
    access_findings,
    key_findings,
    key_version,
    keys_of,
    uses_identity,
)

_P = ParamSpec("_P")
_T = TypeVar("_T")


class Endpoint(Data, frozen=True, kw_only=True):
    """An online endpoint: kind (Managed, Kubernetes), how callers prove themselves (Key, AMLToken, AADToken), state."""

    name: str
    kind: str
    auth: str
    state: str


class Compute(Data, frozen=True, kw_only=True):
    """A compute: kind, state, and how many nodes are at work where it has any."""

    name: str
    kind: str
    state: str
    busy: int | None = None


class Lock(Data, frozen=True, kw_only=True):
    """A lock at or above the workspace or its storage account: ReadOnly refuses key operations too."""

    name: str
    level: str
    scope: str


class WorkspaceView(Data, frozen=True, kw_only=True):
    """What is known of one workspace; None stands for what could not be read, `unread` says why.

    `holders` is None unless they were asked for, because finding them reads secrets.
    """

    id: str
    name: str
    kind: str
    region: str
    subscription_name: str
    as_of: str
    storage: str
    keys: Keys | None
    storage_network: str
    auth_mode: str
    public_network: str
    isolation: str
    private_endpoints: int
    hub: str
    high_business_impact: bool
    key_vault: str
    encryption_key: str
    access: tuple[Access, ...] | None
    endpoints: tuple[Endpoint, ...] | None
    computes: tuple[Compute, ...] | None
    running_jobs: tuple[str, ...] | None
    locks: tuple[Lock, ...] | None
    holders: tuple[Holder, ...] | None = None
    findings: tuple[Finding, ...] = ()
    unread: tuple[str, ...] = ()


class _Reader:
    """Reads what may fail without taking the rest with it."""

    def __init__(self) -> None:
        self.unread: list[str] = []

    async def maybe(self, read: Callable[_P, Awaitable[_T]], *args: _P.args, **kwargs: _P.kwargs) -> _T | None:
        """Read; None, and a sentence kept, where Azure refuses it."""
        try:
            return await read(*args, **kwargs)
        except CloudError as error:
            self.unread.append(error.sentence)
            return None


async def describe(cloud: Cloud, workspace: ResourceId, *, secrets: bool = False) -> WorkspaceView:
    """Read one workspace; with `secrets` also which slot each of its holders has. Raises `CloudError` without it."""
    reader = _Reader()
    found, endpoints, computes, jobs, names = await asyncio.gather(
        cloud.workspace(workspace),
        reader.maybe(cloud.online_endpoints, workspace),
        reader.maybe(cloud.computes, workspace),
        reader.maybe(_jobs, cloud, workspace),
        reader.maybe(cloud.subscriptions),
    )
    properties, subscription = found.properties, workspace.subscription.casefold()
    account_id = ResourceId(str(properties.get("storageAccount") or ""))
    account, locks, access, holders = await asyncio.gather(
        _optional(reader, account_id.text, cloud.storage_account, account_id),
        reader.maybe(_locks, cloud, workspace, account_id),
        _access(cloud, reader, found),
        _holders(cloud, reader, workspace, account_id, wanted=secrets),
    )
    keys = keys_of(account.properties) if account else None
    findings = [*access_findings(access)]
    if account_id.text:
        by_identity = uses_identity(properties) is True
        findings[:0] = key_findings(account_id.name, keys, cloud.now(), by_identity=by_identity)
    return WorkspaceView(
        id=found.id.text,
        name=found.name,
        kind=str(found.raw.get("kind") or "Default"),
        region=str(found.raw.get("location") or ""),
        subscription_name=next((one.name for one in names or () if one.id.casefold() == subscription), ""),
        as_of=_stamp(cloud.now()),
        storage=account_id.text,
        keys=keys,
        storage_network=_network(account.properties) if account else "",
        auth_mode=str(properties.get("systemDatastoresAuthMode") or "accesskey").casefold(),
        public_network=str(properties.get("publicNetworkAccess") or "Enabled"),
        isolation=str((properties.get("managedNetwork") or {}).get("isolationMode") or "Disabled"),
        private_endpoints=len(properties.get("privateEndpointConnections") or ()),
        hub=str(properties.get("hubResourceId") or ""),
        high_business_impact=properties.get("hbiWorkspace") is True,
        key_vault=str(properties.get("keyVault") or ""),
        encryption_key=_encryption(properties),
        access=access,
        endpoints=None if endpoints is None else tuple(_endpoint(each) for each in endpoints),
        computes=None if computes is None else tuple(_compute(each) for each in computes),
        running_jobs=jobs,
        locks=locks,
        holders=holders,
        findings=tuple(findings),
        unread=tuple(dict.fromkeys(reader.unread)),
    )


async def _optional(
    reader: _Reader, there: str, read: Callable[_P, Awaitable[_T]], *args: _P.args, **kwargs: _P.kwargs
) -> _T | None:
    return await reader.maybe(read, *args, **kwargs) if there else None


async def _jobs(cloud: Cloud, workspace: ResourceId) -> tuple[str, ...]:
    """Name the jobs at work among the newest page; the list cannot be asked for a state."""
    async for page in cloud.list(f"{workspace.text}/jobs", versions.JOBS):
        return tuple(str(row.get("name")) for row in page if _state(row) in {"Running", "Finalizing", "Preparing"})
    return ()


def _state(row: Mapping[str, Any]) -> str:
    return str((row.get("properties") or {}).get("status") or "")


async def _locks(cloud: Cloud, workspace: ResourceId, account: ResourceId) -> tuple[Lock, ...]:
    """Gather the locks on the workspace and on its account, each once."""
    asked = [each for each in (workspace, account) if each.text]
    lists = await asyncio.gather(*(cloud.locks(each) for each in asked))
    found = {lock.id: lock for listed in lists for lock in listed}
    return tuple(
        Lock(
            name=lock.name,
            level=str(lock.properties.get("level") or ""),
            scope=lock.id.text.partition("/providers/Microsoft.Authorization/locks")[0],
        )
        for lock in found.values()
    )


async def _access(cloud: Cloud, reader: _Reader, workspace: Resource) -> tuple[Access, ...] | None:
    """Compare the identity's access, from one list of all its assignments in the subscription."""
    properties = workspace.properties
    principal = principal_of(workspace.raw.get("identity"), str(properties.get("primaryUserAssignedIdentity") or ""))
    if not principal:
        return ()
    scope = f"/subscriptions/{workspace.id.subscription}"
    vault_id = str(properties.get("keyVault") or "")
    assignments, vault = await asyncio.gather(
        reader.maybe(cloud.role_assignments, scope, f"principalId eq '{principal}'"),
        _optional(reader, vault_id, cloud.get, vault_id, versions.VAULT),
    )
    if assignments is None:
        return None
    decides: Vault | None = vault_of(vault.properties) if vault else None
    grants, system = [grant_of(each.raw) for each in assignments], is_system_assigned(workspace.raw.get("identity"))
    return expected_access(workspace.id, properties, principal, grants, decides, system=system)


async def _holders(
    cloud: Cloud, reader: _Reader, workspace: ResourceId, account: ResourceId, *, wanted: bool
) -> tuple[Holder, ...] | None:
    """Read which slot each holder of the workspace has, when that was asked for."""
    if not wanted or not account.text:
        return None
    with secret_reads(announced="the holders of keys"):
        return await reader.maybe(read_holders, cloud, workspace, account)


def _endpoint(found: Resource) -> Endpoint:
    return Endpoint(
        name=found.name,
        kind=str(found.raw.get("kind") or ""),
        auth=str(found.properties.get("authMode") or ""),
        state=str(found.properties.get("provisioningState") or ""),
    )


def _compute(found: Resource) -> Compute:
    inner: Mapping[str, Any] = found.properties.get("properties") or {}
    counts: Mapping[str, Any] = inner.get("nodeStateCounts") or {}
    return Compute(
        name=found.name,
        kind=str(found.properties.get("computeType") or ""),
        state=str(
            inner.get("state") or inner.get("allocationState") or found.properties.get("provisioningState") or ""
        ),
        busy=int(counts.get("runningNodeCount") or 0) if counts else None,
    )


def _network(properties: Mapping[str, Any]) -> str:
    """Say who can reach an account's data: everyone, chosen networks, or private endpoints only."""
    if properties.get("publicNetworkAccess") == "Disabled":
        return "private endpoints only"
    rules: Mapping[str, Any] = properties.get("networkAcls") or {}
    if rules.get("defaultAction") == "Deny":
        trusted = "AzureServices" in str(rules.get("bypass") or "")
        return "chosen networks" + (" and trusted services" if trusted else "")
    return "all networks"


def _encryption(properties: Mapping[str, Any]) -> str:
    """Name the customer-managed key with its version; empty where Microsoft manages the key."""
    identifier = str(((properties.get("encryption") or {}).get("keyVaultProperties") or {}).get("keyIdentifier") or "")
    if not identifier:
        return ""
    vault = identifier.removeprefix("https://").partition(".")[0]
    name = identifier.partition("/keys/")[2].partition("/")[0]
    return f"{vault}/{name} {key_version(properties)}"


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")

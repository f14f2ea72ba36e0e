"""What a workspace's managed identity should hold, compared in brief with the role assignments and policies there are.

The expected access is that of "Enterprise security and governance for Azure Machine Learning" and "Manage access to
Azure Machine Learning workspaces"; roles are told by their ids, which are the same in all clouds. Conditions, denies
and access through groups are for the identity-access action to judge.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from actions.cloud.data import Data, ResourceId

_OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
_CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
_AI_ADMINISTRATOR = "b78c5d69-af96-48a3-bf8d-a8b4d589de94"
_BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
_BLOB_OWNER = "b7e6dc6d-f1e8-4753-8033-0f276bb0955b"
_VAULT_ADMINISTRATOR = "00482a5a-887f-4fb3-b363-3b7fe8e74483"

_CONTROL = frozenset({_OWNER, _CONTRIBUTOR, _AI_ADMINISTRATOR})
"""Contributor before 19 November 2024, Azure AI Administrator since; either will do."""
_BLOBS = frozenset({_BLOB_CONTRIBUTOR, _BLOB_OWNER})
_VAULT = frozenset({_VAULT_ADMINISTRATOR})


class Grant(Data, frozen=True, kw_only=True):
    """One role assignment: which role at which scope, for which principal."""

    principal: str
    role: str
    scope: str


class Vault(Data, frozen=True, kw_only=True):
    """How a vault decides: by roles, or by access policies for these object ids (lower case)."""

    by_roles: bool
    policies: frozenset[str]


class Access(Data, frozen=True, kw_only=True):
    """One expected access: to what, and whether it is there (None: cannot be told)."""

    name: str
    resource: str
    present: bool | None


def principal_of(identity: Mapping[str, Any] | None, primary: str = "") -> str:
    """Give the object id of the identity that a workspace works with: its own, else the primary user-assigned one."""
    if not identity:
        return ""
    if identity.get("principalId"):
        return str(identity["principalId"])
    assigned: Mapping[str, Any] = identity.get("userAssignedIdentities") or {}
    by_id = {ResourceId(name).key: value or {} for name, value in assigned.items()}
    chosen = by_id.get(ResourceId(primary).key) or next(iter(by_id.values()), {})
    return str(chosen.get("principalId") or "")


def is_system_assigned(identity: Mapping[str, Any] | None) -> bool:
    """Tell whether `principal_of` gives the workspace's own, system-assigned identity."""
    return bool((identity or {}).get("principalId"))


def expected_access(
    workspace: ResourceId,
    properties: Mapping[str, Any],
    principal: str,
    grants: Iterable[Grant],
    vault: Vault | None,
    *,
    system: bool = True,
) -> tuple[Access, ...]:
    """Compare what the identity should hold with the grants of its own; the vault is unknown where it was not read.

    Application Insights is documented for user-assigned identities only, the resource group for a system-assigned one
    (`system`) only: what is not needed counts where it is there, and is left out where it is not.
    """
    mine = [grant for grant in grants if grant.principal.casefold() == principal.casefold()]
    found = [
        _by_role("resource group", workspace.group_id, _CONTROL, mine),
        _by_role("workspace", workspace, _CONTROL, mine),
    ]
    if properties.get("storageAccount"):
        found.append(_by_role("storage account", ResourceId(str(properties["storageAccount"])), _BLOBS, mine))
    if properties.get("keyVault"):
        found.append(_vault(ResourceId(str(properties["keyVault"])), principal, vault, mine))
    if properties.get("containerRegistry"):
        found.append(_by_role("container registry", ResourceId(str(properties["containerRegistry"])), _CONTROL, mine))
    if properties.get("applicationInsights"):
        insights = ResourceId(str(properties["applicationInsights"]))
        found.append(_by_role("application insights", insights, _CONTROL, mine))
    not_needed = "application insights" if system else "resource group"
    return tuple(item for item in found if item.present or item.name != not_needed)


def _by_role(name: str, resource: ResourceId, roles: frozenset[str], grants: Iterable[Grant]) -> Access:
    present = any(grant.role.casefold() in roles and covers(grant.scope, resource) for grant in grants)
    return Access(name=name, resource=resource.text, present=present)


def _vault(resource: ResourceId, principal: str, vault: Vault | None, grants: Iterable[Grant]) -> Access:
    if vault is None:
        return Access(name="key vault", resource=resource.text, present=None)
    if vault.by_roles:
        return _by_role("key vault", resource, _VAULT, grants)
    return Access(name="key vault", resource=resource.text, present=principal.casefold() in vault.policies)


def covers(scope: str, resource: ResourceId) -> bool:
    """Tell whether an assignment at a scope reaches a resource.

    Assignments above the subscription are shown only where they reach it.
    """
    upper = scope.rstrip("/").casefold()
    if not upper or upper.startswith("/providers/microsoft.management/managementgroups/"):
        return True
    return resource.key == upper or resource.key.startswith(f"{upper}/")


def grant_of(row: Mapping[str, Any]) -> Grant:
    """Read a role assignment as Resource Manager lists it."""
    properties: Mapping[str, Any] = row.get("properties") or {}
    return Grant(
        principal=str(properties.get("principalId") or ""),
        role=str(properties.get("roleDefinitionId") or "").rpartition("/")[2],
        scope=str(properties.get("scope") or ""),
    )


def vault_of(properties: Mapping[str, Any]) -> Vault:
    """Read a vault's way to decide."""
    policies: Iterable[Mapping[str, Any]] = properties.get("accessPolicies") or ()
    return Vault(
        by_roles=properties.get("enableRbacAuthorization") is True,
        policies=frozenset(str(item.get("objectId") or "").casefold() for item in policies),
    )

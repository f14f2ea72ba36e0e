"""Who must wrap and unwrap the key, and whether they can: access policies or roles, denies, groups."""

from __future__ import annotations

import asyncio
from typing import Any

from actions.cloud import versions
from actions.cloud.data import CloudError, Resource, ResourceId
from actions.cloud.protocol import Cloud
from actions.cmk_versions.reading import insist, or_error, short
from actions.cmk_versions.state import Reader, Vault
from actions.guard.rights import denied_by, granted

_KEYS = "Microsoft.KeyVault/vaults/keys"
ACTIONS = (f"{_KEYS}/read", f"{_KEYS}/wrap/action", f"{_KEYS}/unwrap/action")
WORDS = ("get", "wrapkey", "unwrapkey")
COSMOS_APPS = {"AzureUSGovernment": "57506a73-e302-42a9-b869-6f12d9ec29e9"}
COSMOS_APP = "a232010e-820c-4083-83bb-3ace5fc29d0b"
"""Application id of Azure Cosmos DB (how-to-setup-customer-managed-keys); its object differs in every tenant."""
_KNOWN_ROLES = frozenset(
    {
        "e147488a-f6f5-4113-8e2d-b22465e65bf6",  # Key Vault Crypto Service Encryption User
        "12338af0-0e69-4776-bea7-57ae8d297424",  # Key Vault Crypto User
        "14b46e9e-c2b7-41b4-b07b-48a6ebf60603",  # Key Vault Crypto Officer
        "00482a5a-887f-4fb3-b363-3b7fe8e74483",  # Key Vault Administrator
    }
)
ROLE_TOLD = "Key Vault Crypto Service Encryption User"


async def readers(cloud: Cloud, workspace: Resource, vault: Vault, key: str, *, classic: bool) -> tuple[Reader, ...]:
    """Everyone who is expected to read the key.

    The classic architecture reads it as Azure Cosmos DB; the encryption's own identity reads it where there is one,
    else the workspace's (documented for hubs and the service-side architecture).
    """
    wanted = [await _cosmos(cloud)] if classic else []
    encryption = workspace.properties.get("encryption") or {}
    named = str((encryption.get("identity") or {}).get("userAssignedIdentity") or "")
    if named:
        wanted.append(await _user_assigned(cloud, workspace, named))
    else:
        hub = str(workspace.raw.get("kind") or "").casefold() in {"hub", "project"}
        principal = str((workspace.raw.get("identity") or {}).get("principalId") or "")
        if principal:
            wanted.append(_asked("workspace identity", principal, required=hub or not classic))
    if vault.gone or vault.problem:
        why = vault.problem or "the vault is not there"
        return tuple(_told(item, "unknown", why) for item in wanted)
    if vault.roles:
        return await _by_roles(cloud, wanted, f"{vault.id}/keys/{key}")
    return tuple(_by_policy(item, vault) for item in wanted)


def _asked(name: str, principal: str, *, required: bool = True, why: str = "") -> Reader:
    return Reader(name=name, principal=principal, state="unknown", detail=why, required=required)


def _told(item: Reader, state: Any, detail: str) -> Reader:
    return Reader(name=item.name, principal=item.principal, state=state, detail=detail, required=item.required)


async def _cosmos(cloud: Cloud) -> Reader:
    """Find Azure Cosmos DB's service principal: policies and roles name its object, not its application."""
    app = COSMOS_APPS.get(cloud.name, COSMOS_APP)

    async def read() -> list[dict[str, Any]]:
        url = f"https://{cloud.gate.hosts.graph}/v1.0/servicePrincipals"
        return [row async for page in cloud.list(url, "", filter=f"appId eq '{app}'") for row in page]

    found = insist(await or_error(read))
    if isinstance(found, CloudError):
        return _asked("Azure Cosmos DB", "", why=f"its service principal could not be looked up ({short(found)})")
    if not found:
        return _asked("Azure Cosmos DB", "", why="its service principal is not in this tenant")
    return _asked("Azure Cosmos DB", str(found[0].get("id") or ""))


async def _user_assigned(cloud: Cloud, workspace: Resource, identity: str) -> Reader:
    """The principal of the encryption's identity: the workspace tells it where it has that identity too."""
    attached = (workspace.raw.get("identity") or {}).get("userAssignedIdentities") or {}
    known = next((given for name, given in attached.items() if name.casefold() == identity.casefold()), None) or {}
    name = ResourceId(identity).name
    if known.get("principalId"):
        return _asked(name, str(known["principalId"]))
    got = insist(await or_error(cloud.get, identity, versions.USER_IDENTITY))
    if isinstance(got, CloudError):
        return _asked(name, "", why=f"the identity could not be read ({short(got)})")
    return _asked(name, str(got.properties.get("principalId") or ""))


def _by_policy(item: Reader, vault: Vault) -> Reader:
    if not item.principal:
        return item
    held = set(vault.policies.get(item.principal.casefold(), ()))
    lacking = () if "all" in held else tuple(word for word in WORDS if word not in held)
    if lacking:
        return _told(item, "missing", f"the access policy lacks {', '.join(lacking)}" if held else "no access policy")
    return _told(item, "present", "access policy")


async def _by_roles(cloud: Cloud, wanted: list[Reader], scope: str) -> tuple[Reader, ...]:
    here, denies = await asyncio.gather(
        or_error(cloud.role_assignments, scope), or_error(cloud.deny_assignments, scope)
    )
    here, denies = insist(here), insist(denies)
    if isinstance(here, CloudError):
        return tuple(_told(item, "unknown", f"role assignments: {short(here)}") for item in wanted)
    found: list[Reader] = []
    for item in wanted:
        found.append(await _by_role(cloud, item, scope, here, denies) if item.principal else item)
    return tuple(found)


async def _by_role(
    cloud: Cloud, item: Reader, scope: str, here: tuple[Resource, ...], denies: tuple[Resource, ...] | CloudError
) -> Reader:
    """Judge one identity: its own assignments, then those that reach it through a group."""
    if not isinstance(denies, CloudError):
        raw = [deny.raw for deny in denies]
        for action in ACTIONS:
            if name := denied_by(raw, action, scope, frozenset({item.principal}), data=True):
                return _told(item, "missing", f"the deny assignment {name} forbids it")
    own = [grant for grant in here if str(grant.properties.get("principalId")) == item.principal]
    if role := await _enough(cloud, own):
        return _told(item, "present", role)
    through = insist(await or_error(cloud.role_assignments, scope, f"atScope() and assignedTo('{item.principal}')"))
    if isinstance(through, CloudError):
        return _told(item, "unknown", f"groups: {short(through)}")
    if role := await _enough(cloud, list(through)):
        return _told(item, "present", f"{role}, through a group")
    return _told(item, "missing", f"no role at the key, its vault or above; {ROLE_TOLD} grants it")


async def _enough(cloud: Cloud, grants: list[Resource]) -> str:
    """Name the role by which these assignments allow all three; empty where they do not."""
    blocks: list[dict[str, Any]] = []
    for grant in grants:
        definition = str(grant.properties.get("roleDefinitionId") or "")
        if ResourceId(definition).name.casefold() in _KNOWN_ROLES:
            return "role, with a condition" if grant.properties.get("condition") else "role"
        got = insist(await or_error(cloud.get, definition, versions.AUTHORIZATION))
        if not isinstance(got, CloudError):
            blocks += got.properties.get("permissions") or ()
    return "another role" if blocks and all(granted(blocks, action, data=True) for action in ACTIONS) else ""

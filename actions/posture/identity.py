"""What the workspace's managed identity should hold, in brief; the identity-access action looks at all of it."""

from __future__ import annotations

from actions.cloud.data import ResourceId
from actions.posture.facts import Fact, Grade, Reading, Subject
from actions.workspaces.access import Access, Vault, expected_access, is_system_assigned, principal_of, vault_of

IDENTITY = "identity"
_NEEDED = frozenset({"storage account", "key vault"})
_NOTE = "the page of 2020 also lists the vault's resource group, which later ones leave out"


async def read_identity(subject: Subject) -> tuple[Fact, ...]:
    """Compare the expected access with the assignments and policies that are there."""
    workspace, grants, linked = subject.workspace, await subject.grants, await subject.linked
    identity = workspace.raw.get("identity")
    kind = str((identity or {}).get("type") or "")
    principal = principal_of(identity, str(workspace.properties.get("primaryUserAssignedIdentity") or ""))
    own = subject.own
    if not principal:
        return (own.fact(IDENTITY, "identity", "managed identity", "none told", "absent"),)
    who = own.fact(IDENTITY, "identity", "managed identity", f"{kind}, object id {principal}", "info", note=_NOTE)
    read = grants.reading
    if grants.held is None:
        return who, read.unread(IDENTITY, "access", "the identity's access")
    properties = linked["keyVault"].properties if "keyVault" in linked else None
    vault: Vault | None = vault_of(properties) if properties is not None else None
    system = is_system_assigned(identity)
    found = expected_access(workspace.id, workspace.properties, principal, grants.of(principal), vault, system=system)
    return (who, *(_access(read, each, whole=not grants.unread) for each in found))


def _access(read: Reading, access: Access, *, whole: bool) -> Fact:
    """One access; what was not found in a list with gaps may be there all the same."""
    here, label = read._replace(subject=ResourceId(access.resource).name), f"access to the {access.name}"
    if access.present:
        return here.fact(IDENTITY, "access", label, "there", "good")
    if access.present is None or not whole:
        return here._replace(missing="not all of what gives it could be read").unread(IDENTITY, "access", label)
    grade: Grade = "high" if access.name in _NEEDED else "warn"
    remedy = "restore with identity-access; a group may give it, which that looks at"
    return here.fact(IDENTITY, "access", label, "not found", grade, remedy, leads_to="action:identity-access")

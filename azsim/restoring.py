"""What a resync may restore of the workspace identity's access: no document says, so all answers can be rehearsed."""

from __future__ import annotations

import uuid
from typing import Any

from azsim import ids
from azsim.clock import iso7
from azsim.rbac import Assignment, assignment_properties
from azsim.world import Resource, World

CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
BLOB_CONTRIBUTOR = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
_WORDS = ("get", "list", "set", "delete", "backup", "restore", "recover")
_KEY_WORDS = ("get", "list", "create", "update", "import", "delete", "wrapKey", "unwrapKey")


def restore(world: World, workspace: Resource, what: str) -> None:
    """Give the system-assigned identity roles, vault permissions, or both: nothing, roles, policies or everything."""
    principal = (workspace.get("identity") or {}).get("principalId")
    if not principal:
        return
    properties = workspace.get("properties", {})
    if what in ("roles", "everything"):
        _grant(world, ids.parent_of(workspace["id"]), CONTRIBUTOR, principal)
        _grant(world, properties.get("storageAccount") or "", BLOB_CONTRIBUTOR, principal)
    if what in ("policies", "everything"):
        _allow(world, properties.get("keyVault") or "", principal)


def _grant(world: World, scope: str, role: str, principal: str) -> None:
    if not scope or world.get(scope) is None:
        return
    for held in world.access.assignments.values():
        if held.role == role and held.scope == ids.fold(scope) and held.properties["principalId"] == principal:
            return
    definition = f"/subscriptions/{ids.subscription_of(scope)}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    given = {"roleDefinitionId": definition, "principalId": principal, "scope": scope}
    name = str(uuid.UUID(world.rng.uuid()))
    found = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{name}"
    world.access.add(Assignment(found, name, assignment_properties(given, iso7(world.clock.now()))))
    world.changed()


def _allow(world: World, vault_id: str, principal: str) -> None:
    vault = world.get(vault_id)
    if vault is None or vault["properties"].get("enableRbacAuthorization"):
        return
    others = [
        item for item in vault["properties"].get("accessPolicies") or () if str(item.get("objectId", "")) != principal
    ]
    entry: dict[str, Any] = {
        "tenantId": vault["properties"].get("tenantId"),
        "objectId": principal,
        "permissions": {"keys": list(_KEY_WORDS), "secrets": list(_WORDS), "certificates": list(_WORDS), "storage": []},
    }
    world.put({**vault, "properties": {**vault["properties"], "accessPolicies": [*others, entry]}})

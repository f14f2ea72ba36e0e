"""What a PATCH of a workspace may change, and what follows from the change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from azsim import keyfollow, keysync
from azsim.clock import iso7
from azsim.errors import Refused, account_rp_error
from azsim.keys import Holder
from azsim.services.ml_common import knows, region_of
from azsim.wire import member

if TYPE_CHECKING:
    from azsim.principals import Caller
    from azsim.router import Context
    from azsim.world import Resource, World

_PLAIN = frozenset(
    {
        "allowRoleAssignmentOnRG",
        "applicationInsights",
        "containerRegistry",
        "description",
        "enableDataIsolation",
        "enableSoftwareBillOfMaterials",
        "featureStoreSettings",
        "friendlyName",
        "imageBuildCompute",
        "managedNetwork",
        "networkAcls",
        "ipAllowlist",
        "primaryUserAssignedIdentity",
        "publicNetworkAccess",
        "serverlessComputeSettings",
        "softDeleteRetentionInDays",
        "v1LegacyMode",
    }
)
"""Properties that a PATCH replaces; any other is ignored, as Azure ignores what its model does not know."""
_AUTH_MODE = ("2025-06-01", "2022-12-01")
_ENCRYPTION = ("2025-06-01", "2022-12-01")
_MODES = ("accesskey", "identity", "userdelegationsas")


def check(ctx: Context, workspace: Resource, body: dict[str, Any]) -> None:
    """Refuse what Azure refuses: a key outside the workspace's vault, keys for a workspace without its own key."""
    properties = member(body, "properties")
    member(body, "tags")
    member(member(body, "identity"), "userAssignedIdentities")
    mode = properties.get("systemDatastoresAuthMode")
    if mode is not None and str(mode).casefold() not in _MODES:
        raise _refuse(ctx, workspace, f"The value '{mode}' is not valid for systemDatastoresAuthMode.")
    wanted = _key_identifier(properties)
    if wanted is None:
        return
    encryption = workspace.get("properties", {}).get("encryption") or {}
    current = encryption.get("keyVaultProperties") or {}
    if not current.get("keyIdentifier"):
        raise _refuse(ctx, workspace, "Encryption settings of a workspace cannot be changed after its creation.")
    if _host(wanted) != _host(current["keyIdentifier"]):
        raise _refuse(ctx, workspace, "The key must be in the key vault that the workspace was created with.")
    _check_version(ctx, workspace, wanted)


def apply(world: World, workspace_id: str, body: dict[str, Any], *, known: str, by: Caller | None) -> None:
    """Bring a checked PATCH into effect; `known` is the api-version, which hides what it does not know."""
    workspace = world.get(workspace_id)
    if workspace is None:
        return
    changes = member(body, "properties")
    properties = dict(workspace.get("properties", {}))
    properties.update({name: changes[name] for name in changes if name in _PLAIN})
    if knows(known, *_ENCRYPTION) and (identifier := _key_identifier(changes)):
        properties["encryption"] = _with_key(properties["encryption"], identifier)
    switched = False
    mode = changes.get("systemDatastoresAuthMode")
    if mode is not None and knows(known, *_AUTH_MODE):
        switched = str(properties.get("systemDatastoresAuthMode", "accesskey")).casefold() != str(mode).casefold()
        properties["systemDatastoresAuthMode"] = str(mode).lower()
    author = {"lastModifiedBy": by.name, "lastModifiedByType": "Application" if by.is_app else "User"} if by else {}
    stamped = {**workspace.get("systemData", {}), "lastModifiedAt": iso7(world.clock.now()), **author}
    changed: Resource = {**workspace, "properties": properties, "systemData": stamped}
    if body.get("tags") is not None:
        changed["tags"] = dict(body["tags"])
    if body.get("identity") is not None:
        changed["identity"] = _identity(world, workspace, body["identity"])
    world.put(changed)
    if properties.get("encryption") != workspace.get("properties", {}).get("encryption"):
        keyfollow.moved(world, changed, properties["encryption"]["keyVaultProperties"]["keyIdentifier"])
    if switched:
        _switch_datastores(world, workspace_id, keys=str(mode).casefold() == "accesskey")


def _identity(world: World, workspace: Resource, wanted: dict[str, Any]) -> dict[str, Any]:
    """The new identity block; user-assigned identities that are not named are gone."""
    current = workspace.get("identity") or {}
    kind = str(wanted.get("type", current.get("type", "SystemAssigned")))
    block: dict[str, Any] = {"type": kind}
    if "systemassigned" in kind.casefold():
        known = current.get("principalId")
        block["principalId"] = known or world.rng.uuid()
        block["tenantId"] = world.directory.tenant_id
        if known is None:
            world.directory.add(block["principalId"], "ServicePrincipal", world.clock.now())
    if "userassigned" in kind.casefold():
        named: dict[str, Any] = {}
        for identity_id in wanted.get("userAssignedIdentities") or {}:
            facts = (world.get(identity_id) or {}).get("properties", {})
            named[identity_id] = {name: facts.get(name) for name in ("principalId", "clientId")}
        block["userAssignedIdentities"] = named
    return block


def _switch_datastores(world: World, workspace_id: str, *, keys: bool) -> None:
    """Give the built-in datastores the key that the workspace takes now, or take their keys away."""
    workspace = world.get(workspace_id)
    account = keysync.account_of(world, workspace) if workspace else None
    slot = keysync.resync(world, workspace_id) if keys else None
    for datastore in world.children(workspace_id, "datastores"):
        if datastore["name"].casefold() not in keysync.SYSTEM_DATASTORES:
            continue
        credentials = {"credentialsType": "AccountKey" if keys else "None"}
        world.put({**datastore, "properties": {**datastore["properties"], "credentials": credentials}})
        if account is not None and slot is not None:
            value, now = account.slots[slot].value, world.clock.now()
            world.keys.hold(Holder(datastore["id"], "datastore", account.name.casefold(), value, updated=now))
        else:
            world.keys.release(datastore["id"])


def _with_key(encryption: dict[str, Any], identifier: str) -> dict[str, Any]:
    vault = {**encryption["keyVaultProperties"], "keyIdentifier": identifier}
    return {**encryption, "keyVaultProperties": vault}


def _key_identifier(properties: dict[str, Any]) -> str | None:
    found = member(member(properties, "encryption"), "keyVaultProperties").get("keyIdentifier")
    return str(found) if found else None


def _host(url: str) -> str:
    return url.partition("://")[2].partition("/")[0].partition(":")[0].casefold()


def _check_version(ctx: Context, workspace: Resource, identifier: str) -> None:
    """Refuse a version of a known key that is not there or is disabled: nothing could be wrapped with it."""
    name, _, version = identifier.partition("/keys/")[2].partition("/")
    key = ctx.world.vaults.key(_host(identifier).partition(".")[0], name)
    if key is None or not version:
        return
    found = None if key.deleted is not None else key.versions.get(version.casefold())
    if found is None or not found.attributes.get("enabled", True):
        raise _refuse(ctx, workspace, f"The key {identifier} cannot be used: it is not there or not enabled.")


def _refuse(ctx: Context, workspace: Resource, message: str) -> Refused:
    inner = ("BadArgument", "ArgumentInvalid")
    return Refused(account_rp_error(ctx, 400, message, inner=inner, location=region_of(workspace)))

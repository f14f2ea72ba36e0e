"""How a workspace takes its storage key: on resync, and by itself about an hour after a key changed.

Which slot it takes is documented nowhere, so the choice is a named strategy of the estate's behaviour.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from azsim import ids
from azsim.keys import SLOTS, Account, Holder

if TYPE_CHECKING:
    from azsim.world import World

SYSTEM_DATASTORES = (
    "workspaceblobstore",
    "workspacefilestore",
    "workspaceartifactstore",
    "workspaceworkingdirectory",
)
WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
DATASTORE = f"{WORKSPACE}/datastores"

Strategy = Callable[["World", str, Account], str]


def account_of(world: World, workspace: dict[str, Any]) -> Account | None:
    """The storage account of a workspace, or None when it is not in this estate."""
    linked = workspace.get("properties", {}).get("storageAccount")
    return world.keys.account(ids.name_of(linked)) if linked else None


def resync(world: World, workspace_id: str) -> str | None:
    """Take the slot that the workspace's behaviour says; returns it, or None when there is no key to take."""
    workspace = world.get(workspace_id)
    account = account_of(world, workspace) if workspace else None
    if workspace is None or account is None:
        return None
    behaviour = world.behaviour(workspace_id)
    slot = STRATEGIES[behaviour.resync_takes](world, workspace_id, account)
    key, now = account.slots[slot].value, world.clock.now()
    name = account.name.casefold()
    world.keys.hold(Holder(workspace["id"], "workspace", name, key, updated=now))
    if behaviour.resync_rewrites_system_datastores:
        for holder in _datastores(world, workspace_id, account, system=True):
            world.keys.hold(Holder(holder.id, "datastore", name, key, updated=now))
    world.changed()
    return slot


def next_self_sync(world: World) -> datetime | None:
    """When the first workspace is due to synchronise by itself."""
    return min((due for _, due in _due(world)), default=None)


def self_sync(world: World, now: datetime) -> None:
    """Synchronise every workspace whose time has come."""
    for workspace_id in [workspace_id for workspace_id, due in _due(world) if due <= now]:
        resync(world, workspace_id)


def _due(world: World) -> list[tuple[str, datetime]]:
    due: list[tuple[str, datetime]] = []
    for holder in world.keys.holders.values():
        account = world.keys.account(holder.account)
        if holder.kind != "workspace" or account is None or account.changed is None:
            continue
        hours = world.behaviour(holder.id).self_sync_hours
        is_behind = holder.updated is None or holder.updated < account.changed
        if hours is not None and is_behind:
            due.append((holder.id, account.changed + timedelta(hours=hours)))
    return due


def _datastores(world: World, workspace_id: str, account: Account, *, system: bool) -> list[Holder]:
    found: list[Holder] = []
    for datastore in world.children(workspace_id, "datastores"):
        holder = world.keys.holder(datastore["id"])
        if holder is None or holder.secret_type != "AccountKey" or holder.account != account.name.casefold():
            continue
        if (datastore["name"].casefold() in SYSTEM_DATASTORES) == system:
            found.append(holder)
    return found


def _in_use(world: World, workspace_id: str, account: Account) -> str:
    for system in (False, True):
        held = [account.slot_of(holder.secret) for holder in _datastores(world, workspace_id, account, system=system)]
        live = Counter(slot for slot in held if slot is not None)
        if live:
            return live.most_common(1)[0][0]
    own = world.keys.holder(workspace_id)
    slot = world.keys.slot_held(own) if own else None
    return slot or account.newest()


def _fixed(slot: str) -> Strategy:
    return lambda _world, _workspace_id, _account: slot


STRATEGIES: dict[str, Strategy] = {
    "key1": _fixed("key1"),
    "key2": _fixed("key2"),
    "in_use": _in_use,
    "newest": lambda _world, _workspace_id, account: account.newest(),
    "oldest": lambda _world, _workspace_id, account: next(slot for slot in SLOTS if slot != account.newest()),
}
"""Slot choice by name: `in_use` follows what the workspace's user datastores hold, then its system
datastores, then its own live key, then the newest key."""

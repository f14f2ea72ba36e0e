"""The state of the rehearsal cloud: resources as Azure's JSON, keys, access, operations' effects. No HTTP.

Handlers read raw JSON and must not change it in place: they put a new object.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from azsim import ids, sas, secrets
from azsim.behaviour import Behaviour, override
from azsim.clock import Clock, iso7, parse
from azsim.estate import Client, Estate, Subscription
from azsim.keys import SLOTS, Holder, HolderKind, KeyRing
from azsim.keysync import DATASTORE, WORKSPACE, account_of
from azsim.principals import Directory
from azsim.rbac import AccessList
from azsim.rng import Rng
from azsim.vaults import Vaults

Resource = dict[str, Any]
State = TypeVar("State")
STORAGE = "Microsoft.Storage/storageAccounts"
CONNECTION = f"{WORKSPACE}/connections"
GROUP = "Microsoft.Resources/resourceGroups"
LOCK = "Microsoft.Authorization/locks"


@dataclass(slots=True)
class DeviceCode:
    """A device sign-in that was begun."""

    client_id: str
    polls: int = 0
    """Token requests that were answered authorization_pending."""


class World:
    """Everything that exists, with the indexes that the routes ask for."""

    def __init__(self, estate: Estate, *, seed: int, clock: Clock, rng: Rng) -> None:
        self.estate = estate
        self._behaviour = estate.behaviour
        self.seed = seed
        self.clock = clock
        self.rng = rng
        self.version = 0
        """Grows with every change; a request that moves it has committed something."""
        self.started = clock.now()
        self.subscriptions: dict[str, Subscription] = {
            item.subscription_id.casefold(): item for item in estate.subscriptions
        }
        self._by_id: dict[str, Resource] = {}
        self._by_type: dict[str, dict[str, Resource]] = {}
        self._by_parent: dict[str, dict[str, Resource]] = {}
        self._private: dict[str, dict[str, Any]] = {}
        self._behaviours: dict[str, Behaviour] = {}
        for resource in estate.resources:
            public = {key: value for key, value in resource.items() if key != "azsim"}
            self._index(public)
            self._set_private(public["id"], resource.get("azsim", {}))
        self._imply_groups()
        self.directory = Directory(estate, self._by_id.values())
        self.access = AccessList.of(estate, iso7(self.started))
        self.keys = KeyRing(seed)
        self.vaults = Vaults(estate, clock, rng)
        self.graph_units: deque[tuple[datetime, int]] = deque()
        """Resource units charged by Microsoft Graph lately, with the time."""
        self.clients: list[Client] = list(estate.clients)
        self.device_codes: dict[str, DeviceCode] = {}
        """Device sign-ins that wait for their user."""
        self.refresh_tokens: set[str] = set()
        self.activity: list[dict[str, Any]] = list(estate.activity)
        """Activity log events in wire form, oldest first; services append theirs."""
        self._states: dict[type[Any], Any] = {}
        _Copies(self).fill()

    def changed(self) -> None:
        """Note that something changed; every mutating method calls it."""
        self.version += 1

    def state(self, kind: type[State]) -> State:
        """What a service keeps beside the resources: one object of each kind, made at first use."""
        if kind not in self._states:
            self._states[kind] = kind()
        found: State = self._states[kind]
        return found

    def get(self, resource_id: str) -> Resource | None:
        """A resource (or child, or resource group) by id in any casing."""
        return self._by_id.get(ids.fold(resource_id))

    def put(self, resource: Resource) -> Resource:
        """Create or replace a resource; it needs `id`, `name` and `type`."""
        self._index(resource)
        self.changed()
        return resource

    def delete(self, resource_id: str) -> None:
        """Remove a resource with everything below it."""
        folded = ids.fold(resource_id)
        for key in [key for key in self._by_id if ids.within(key, folded)]:
            resource = self._by_id.pop(key)
            self._by_type.get(resource["type"].casefold(), {}).pop(key, None)
            self._by_parent.get(ids.parent_of(key), {}).pop(key, None)
            self._private.pop(key, None)
            self._behaviours.pop(key, None)
            self.keys.release(key)
        self.changed()

    def of_type(self, kind: str, scope: str = "") -> Iterator[Resource]:
        """All resources of a type, at or below a scope, in the order in which they came to be."""
        found = self._by_type.get(kind.casefold(), {})
        if not scope:
            return iter(list(found.values()))
        folded = ids.fold(scope)
        return iter([resource for key, resource in found.items() if ids.within(key, folded)])

    def children(self, parent_id: str, child: str | None = None) -> list[Resource]:
        """The direct children of a resource, by their last type word (`datastores`), or all of them."""
        below = self._by_parent.get(ids.fold(parent_id), {})
        if child is None:
            return list(below.values())
        ending = "/" + child.casefold()
        return [resource for resource in below.values() if resource["type"].casefold().endswith(ending)]

    def resources(self, scope: str = "") -> Iterator[Resource]:
        """Top-level resources (no groups, no children, no locks), as the resources list shows them."""
        folded = ids.fold(scope)
        for key, resource in self._by_id.items():
            is_top = resource["type"].count("/") == 1 and resource["type"] not in (GROUP, LOCK)
            is_top = is_top and key.count("/providers/") == 1
            if is_top and ids.within(key, folded):
                yield resource

    def has_subscription(self, subscription_id: str) -> bool:
        """Whether the tenant has this subscription."""
        return subscription_id.casefold() in self.subscriptions

    def has_group(self, subscription_id: str, group: str) -> bool:
        """Whether the subscription has this resource group."""
        return f"/subscriptions/{subscription_id}/resourcegroups/{group}".casefold() in self._by_id

    def private(self, resource_id: str) -> dict[str, Any]:
        """The `azsim` block of a resource in the estate: what the simulation knows and the wire never
        shows."""
        return self._private.get(ids.fold(resource_id), {})

    def behaviour(self, resource_id: str = "") -> Behaviour:
        """The options in force for a resource: its own, else its nearest ancestor's, else the estate's."""
        if self._behaviours:
            current = ids.fold(resource_id)
            while current:
                found = self._behaviours.get(current)
                if found is not None:
                    return found
                current = ids.parent_of(current)
        return self._behaviour

    def set_behaviour(self, changes: dict[str, Any], resource_id: str = "") -> None:
        """Change options (camel case) while the rehearsal runs, for all or for one resource."""
        changed = override(self.behaviour(resource_id), changes)
        if resource_id:
            self._behaviours[ids.fold(resource_id)] = changed
        else:
            self._behaviour = changed

    def locks_on(self, scope: str) -> list[Resource]:
        """The locks at or above a scope."""
        folded = ids.fold(scope)
        return [lock for lock in self.of_type(LOCK) if ids.within(folded, ids.parent_of(ids.fold(lock["id"])))]

    def _index(self, resource: Resource) -> None:
        key = ids.fold(resource["id"])
        self._by_id[key] = resource
        self._by_type.setdefault(resource["type"].casefold(), {})[key] = resource
        self._by_parent.setdefault(ids.parent_of(key), {})[key] = resource

    def _set_private(self, resource_id: str, private: dict[str, Any]) -> None:
        if private:
            key = ids.fold(resource_id)
            self._private[key] = private
            if private.get("behaviour"):
                self._behaviours[key] = override(self._behaviour, private["behaviour"])

    def _imply_groups(self) -> None:
        """A resource group that only shows in ids exists too, in the place of its first resource."""
        for resource in list(self._by_id.values()):
            subscription, group = ids.subscription_of(resource["id"]), ids.group_of(resource["id"])
            if group and not self.has_group(subscription, group):
                self._index(
                    {
                        "id": f"/subscriptions/{subscription}/resourceGroups/{group}",
                        "name": group,
                        "type": GROUP,
                        "location": resource.get("location", "westeurope"),
                        "properties": {"provisioningState": "Succeeded"},
                    }
                )


class _Copies:
    """Fills the key ring at the start: accounts, then everything that holds a copy of their keys."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._keys = world.keys

    def fill(self) -> None:
        for resource in self._world.of_type(STORAGE):
            created = resource.get("properties", {}).get("keyCreationTime") or {}
            times = {slot: parse(created[slot]) if created.get(slot) else None for slot in SLOTS}
            self._keys.add_account(resource["id"], times)
        for resource in self._world.of_type(WORKSPACE):
            self._workspace(resource)
        for resource in self._world.of_type(DATASTORE):
            self._datastore(resource)
        for resource in self._world.of_type(CONNECTION):
            self._connection(resource)
        for client in self._world.clients:
            self._client(client)

    def _workspace(self, resource: Resource) -> None:
        account = account_of(self._world, resource)
        key = self._keys.initial(account, self._holds(resource)) if account else None
        if account is not None and key is not None:
            self._keys.hold(Holder(resource["id"], "workspace", account.name.casefold(), key))

    def _datastore(self, resource: Resource) -> None:
        properties = resource.get("properties", {})
        kind = properties.get("credentials", {}).get("credentialsType")
        container = properties.get("containerName") or properties.get("fileShareName") or ""
        service = "file" if properties.get("fileShareName") else "blob"
        self._hold(resource, properties.get("accountName"), kind, service, container)

    def _connection(self, resource: Resource) -> None:
        properties = resource.get("properties", {})
        auth = str(properties.get("authType", "")).casefold()
        kind = {"accountkey": "AccountKey", "accesskey": "AccountKey", "sas": "Sas"}.get(auth)
        if kind is None and auth in ("apikey", "customkeys", "usernamepassword"):
            kind = "AccountKey" if "holds" in self._world.private(resource["id"]) else None
        host = str(properties.get("target", "")).partition("://")[2].partition("/")
        name = (properties.get("metadata") or {}).get("AccountName") or host[0].partition(".")[0]
        self._hold(resource, name, kind, "blob", host[2].strip("/"))

    def _hold(self, resource: Resource, account_name: Any, kind: Any, service: str, container: str) -> None:
        """Give a datastore or a connection its secret; an account outside the estate gets keys of its own."""
        if kind not in ("AccountKey", "Sas") or not account_name:
            return
        holder_kind: HolderKind = "datastore" if resource["type"].casefold().endswith("/datastores") else "connection"
        account = self._keys.account(account_name)
        if account is not None:
            key = self._keys.initial(account, self._holds(resource))
        else:
            key = secrets.storage_key(self._world.seed, f"outside/{account_name}", "key1", 1)
        if key is None:
            return
        name = str(account_name).casefold()
        if kind == "AccountKey":
            self._keys.hold(Holder(resource["id"], holder_kind, name, key))
            return
        expiry = (
            self._world.private(resource["id"]).get("sasExpires") or f"{self._world.started.year + 2}-01-01T00:00:00Z"
        )
        token = sas.container_token(key, account.name if account else name, service, container, expiry)
        self._keys.hold_sas(Holder(resource["id"], holder_kind, name, token), service, container)

    def _client(self, client: Client) -> None:
        account = self._keys.account(client.account)
        key = self._keys.initial(account, client.holds or "key1") if account else None
        if account is None or key is None:
            return
        holder = Holder(f"client:{client.name}", "client", account.name.casefold(), key)
        if client.reads is not None:
            holder.reads = client.reads.partition(":")[2]
            holder.reread_seconds = client.reread_seconds
            holder.next_read = self._world.started
        self._keys.hold(holder)

    def _holds(self, resource: Resource) -> str:
        return str(self._world.private(resource["id"]).get("holds", "key1"))

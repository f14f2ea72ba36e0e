"""Who may do what: role assignments, roles, denies, and which identities stand behind which groups."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from functools import partial
from typing import Any

from actions.cloud import versions
from actions.cloud.data import CloudError, ResourceId, SignedIn
from actions.estate.camera import Camera, Raw
from actions.estate.resources import Found
from actions.guard.together import each

_NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "amlkeys/estate")
_ROLE_LISTS = ("actions", "notActions", "dataActions", "notDataActions")


class Access:
    """What was read of access so far."""

    def __init__(self) -> None:
        self.assignments: dict[str, Raw] = {}
        self.definitions: dict[str, Raw] = {}
        self.denies: dict[str, Raw] = {}
        self.members: dict[str, set[str]] = {}
        """Object ids of members by the group's."""
        self.privileged = False
        """Whether the tenant has Privileged Identity Management."""
        self.eligible: list[Raw] = []
        """Roles that the operator may activate."""

    @property
    def principals(self) -> list[str]:
        """Everybody named by an assignment or a deny, in the order in which Azure lists them."""
        named = [str(item["properties"].get("principalId") or "") for item in self.assignments.values()]
        listed = (entry for item in self.denies.values() for entry in item["properties"].get("principals") or ())
        return [one for one in dict.fromkeys([*named, *(str(entry.get("id") or "") for entry in listed)]) if one]

    def holds(self, principal: str, subscription: str) -> bool:
        """Whether something that was read tells what a principal may do in a subscription, or in a part of it."""
        own = {principal, *(group for group, members in self.members.items() if principal in members)}
        scope = f"/subscriptions/{subscription}".casefold()
        held = (
            item["properties"] for item in self.assignments.values() if item["properties"].get("principalId") in own
        )
        return any(f"{given.get('scope')}/".casefold().startswith((f"{scope}/", "//", "/providers/")) for given in held)

    def narrow(self, found: Found) -> None:
        """Keep the assignments and denies that lie at, above or below something that was found."""
        places = tuple(found.by_id)
        for kept in (self.assignments, self.denies):
            for key in [key for key, item in kept.items() if not _counts(item, places)]:
                del kept[key]

    def groups(self) -> set[str]:
        """The groups that hold a role."""
        return {
            str(item["properties"]["principalId"])
            for item in self.assignments.values()
            if str(item["properties"].get("principalType") or "").casefold() == "group"
        }


async def read_access(
    camera: Camera, subscriptions: Iterable[str], who: SignedIn, found: Found, *, whole: bool
) -> Access:
    """Read a subscription at a time; where its assignments are not told, what the operator may do in each group.

    Unless `whole`, only what counts for what was found is kept, and nobody looks for privileged identities.
    """
    access, subscriptions = Access(), list(subscriptions)
    for subscription in subscriptions:
        await _subscription(camera, subscription, who, found, access)
    if not whole:
        access.narrow(found)
    if access.groups():
        for subscription in subscriptions:
            identities = {who.object_id, *identities_of(found, subscription)}
            await each(sorted(identities), partial(_memberships, camera, access, subscription))
    for subscription in subscriptions:
        if not access.holds(who.object_id, subscription):
            await _own(camera, subscription, who, found, access)
    if whole:
        for subscription in subscriptions:
            await _privileged(camera, f"/subscriptions/{subscription}", access)
    return access


def identities_of(found: Found, subscription: str = "") -> set[str]:
    """The principals of the identities that resources have or are, in all subscriptions or in one."""
    blocks: list[Any] = []
    scope = f"/subscriptions/{subscription}/".casefold() if subscription else ""
    for item in (item for key, item in found.by_id.items() if key.startswith(scope)):
        identity = item.get("identity") or {}
        blocks += [identity, *(identity.get("userAssignedIdentities") or {}).values()]
        if item["type"].casefold().startswith("microsoft.managedidentity/"):
            blocks.append(item.get("properties"))
    return {str(block["principalId"]) for block in blocks if isinstance(block, dict) and block.get("principalId")}


async def _subscription(camera: Camera, subscription: str, who: SignedIn, found: Found, access: Access) -> None:
    cloud, scope = camera.cloud, f"/subscriptions/{subscription}"
    assigned = await camera.maybe(
        f"role assignments of subscription {subscription}", lambda: cloud.role_assignments(scope, "")
    )
    if assigned is None:
        await _groups(camera, subscription, found, access)
    for item in assigned or ():
        access.assignments[item.id.key] = item.raw
    path = f"{scope}/providers/Microsoft.Authorization/denyAssignments"
    denies = await camera.rows(f"deny assignments of subscription {subscription}", path, versions.AUTHORIZATION)
    access.denies |= {str(row.get("id") or "").casefold(): row for row in denies or ()}
    roles = await camera.maybe(f"roles of subscription {subscription}", lambda: cloud.role_definitions(scope))
    held = {_role_of(item) for item in access.assignments.values()}
    for role in roles or ():
        if role.name.casefold() in held or role.properties.get("type") == "CustomRole":
            access.definitions[role.name.casefold()] = _definition(role.name, role.properties)


def _groups_in(subscription: str, found: Found) -> list[ResourceId]:
    places = {ResourceId(item["id"]).group_id for item in found.by_id.values() if ResourceId(item["id"]).group}
    return sorted((one for one in places if one.subscription.casefold() == subscription.casefold()), key=str)


async def _groups(camera: Camera, subscription: str, found: Found, access: Access) -> None:
    """Read the assignments group by group, where the subscription's cannot be read."""
    for group in _groups_in(subscription, found):
        what = f"role assignments in {group.name}"
        for item in await camera.maybe(what, partial(camera.cloud.role_assignments, group.text, "")) or ():
            access.assignments[item.id.key] = item.raw


async def _own(camera: Camera, subscription: str, who: SignedIn, found: Found, access: Access) -> None:
    """Put down what Azure says that the operator may do, where no assignment that was read tells it."""
    scope = ResourceId(f"/subscriptions/{subscription}")
    above: tuple[Raw, ...] = ()
    for place in (scope, *_groups_in(subscription, found)):
        held = await camera.maybe(f"your permissions in {place.name}", partial(camera.cloud.permissions, place))
        if held is None or not held.entries or held.entries == above:
            continue
        above = held.entries if place is scope else above
        _own_role(place, who, held.entries, access)


def _own_role(group: ResourceId, who: SignedIn, entries: tuple[Raw, ...], access: Access) -> None:
    role = str(uuid.uuid5(_NAMES, f"role|{group.key}"))
    name = str(uuid.uuid5(_NAMES, f"assignment|{group.key}|{who.object_id}"))
    access.definitions[role] = {
        "name": role, "roleName": f"Your permissions in {group.name}", "roleType": "CustomRole",
        "description": "Made from the permissions that Azure tells, because no role assignment tells them.",
        "assignableScopes": [group.text],
        "permissions": [{name: list(entry.get(name) or ()) for name in _ROLE_LISTS} for entry in entries],
    }  # fmt: skip
    definition = f"/subscriptions/{group.subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    found_id = f"{group.text}/providers/Microsoft.Authorization/roleAssignments/{name}"
    properties = {
        "scope": group.text, "roleDefinitionId": definition, "principalId": who.object_id,
        "principalType": "User" if who.kind == "user" else "ServicePrincipal",
    }  # fmt: skip
    access.assignments[found_id.casefold()] = {"id": found_id, "name": name, "properties": properties}


async def _memberships(camera: Camera, access: Access, subscription: str, principal: str) -> None:
    """Find the groups through which a principal holds roles: Azure follows groups where it is asked for one principal."""
    scope = f"/subscriptions/{subscription}"
    through = await camera.maybe(
        f"roles of {principal}", lambda: camera.cloud.role_assignments(scope, f"assignedTo('{principal}')")
    )
    groups = access.groups()
    for item in through or ():
        holder = str(item.properties.get("principalId") or "")
        if holder in groups and holder != principal:
            access.members.setdefault(holder, set()).add(principal)


async def _privileged(camera: Camera, scope: str, access: Access) -> None:
    """Read what Privileged Identity Management tells; that a tenant has none, or tells nobody, is no gap."""
    try:
        await camera.cloud.assignment_schedules(scope)
        rows = await camera.cloud.eligible_roles(scope)
    except CloudError:
        return
    access.privileged = True
    kept = ("scope", "roleDefinitionId", "principalId", "principalType", "startDateTime", "endDateTime", "memberType")
    known = [row.get("properties") or {} for row in rows]
    access.eligible += [
        {name: given[name] for name in kept if given.get(name)} for given in known if given.get("scope")
    ]


def _counts(item: Raw, places: tuple[str, ...]) -> bool:
    scope = str(item["properties"].get("scope") or "").rstrip("/").casefold()
    above = not scope or scope.startswith("/providers/")
    return above or any(
        place == scope or place.startswith(f"{scope}/") or scope.startswith(f"{place}/") for place in places
    )


def _role_of(assignment: Raw) -> str:
    return ResourceId(str(assignment["properties"].get("roleDefinitionId") or "")).name.casefold()


def _definition(name: str, properties: Raw) -> Raw:
    """A role as the document takes it."""
    blocks = properties.get("permissions") or ()
    return {
        "name": name, "roleName": properties.get("roleName") or name, "roleType": properties.get("type") or "CustomRole",
        "description": properties.get("description") or "", "assignableScopes": properties.get("assignableScopes") or ["/"],
        "permissions": [{key: list(block.get(key) or ()) for key in _ROLE_LISTS} for block in blocks],
    }  # fmt: skip

"""Azure's access decision: role assignments at and above a scope, deny assignments first, groups followed.

Rules from the pages "What is Azure RBAC" and "Understand Azure role definitions": a deny wins; a role allows
an action that one of its actions matches and none of its own notActions does; roles add up, so a notAction is
not a deny. Conditions are carried and shown; those that bound what a caller may assign are judged by `azsim.conditions`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from azsim import ids
from azsim.principals import Caller, normalised
from azsim.roles import BUILT_IN, Role

if TYPE_CHECKING:
    from azsim.clock import Clock
    from azsim.estate import Estate

EVERYONE = "0" * 32
BUILT_IN_SINCE = "2015-02-02T21:55:09.8806423Z"


@lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    # `workspaces/*/read` covers `workspaces/read` too: else AzureML Data Scientist could read no workspace.
    text = re.escape(pattern.casefold()).replace(r"/\*/", "/(?:.*/)?").replace(r"\*", ".*")
    return re.compile(text)


def matches(pattern: str, action: str) -> bool:
    """Whether an action string of a role, with its wildcards, covers `action`; case does not count."""
    return _compiled(pattern).fullmatch(action.casefold()) is not None


def covers(permission: dict[str, Any], action: str, *, data: bool = False) -> bool:
    """Whether one permission block allows an action by itself."""
    wanted, unwanted = ("dataActions", "notDataActions") if data else ("actions", "notActions")
    return any(matches(item, action) for item in permission.get(wanted, ())) and not any(
        matches(item, action) for item in permission.get(unwanted, ())
    )


@dataclass(slots=True)
class Assignment:
    """A role assignment: its wire properties, and from when to when it counts."""

    id: str
    name: str
    properties: dict[str, Any]
    effective_from: datetime | None = None
    """None: from the start."""
    removed: datetime | None = None
    """It is gone from the lists, and stops to count at this time."""

    @property
    def scope(self) -> str:
        """The scope, case-folded; "" at the root and for a management group."""
        return ids.access_scope(self.properties["scope"])

    @property
    def role(self) -> str:
        """The role definition's GUID."""
        return ids.name_of(self.properties["roleDefinitionId"]).casefold()

    def counts(self, now: datetime) -> bool:
        """Whether it is in force now: changes take a while to propagate."""
        return (self.effective_from is None or self.effective_from <= now) and (
            self.removed is None or now < self.removed
        )

    def wire(self) -> dict[str, Any]:
        """The assignment as Azure answers it."""
        return {
            "properties": self.properties,
            "id": self.id,
            "type": "Microsoft.Authorization/roleAssignments",
            "name": self.name,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """The decision on one action."""

    allowed: bool
    denied_by: dict[str, Any] | None = None
    """The deny assignment that took away what a role had granted."""


@dataclass(slots=True)
class AccessList:
    """All role assignments, role definitions and deny assignments."""

    assignments: dict[str, Assignment] = field(default_factory=dict)
    """By case-folded id."""
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    """By GUID; wire properties with `roleName`, `permissions`, `assignableScopes`."""
    denies: list[dict[str, Any]] = field(default_factory=list)
    fading: list[Assignment] = field(default_factory=list)
    """Deleted, but still counting until the change has propagated."""
    version: int = 0
    above: dict[str, frozenset[str]] = field(default_factory=dict)
    """The management groups above a subscription, case-folded, where the estate tells them."""

    @classmethod
    def of(cls, estate: Estate, started: str) -> AccessList:
        """The access list that an estate begins with."""
        access = cls(definitions={role.guid: built_in_properties(role) for role in BUILT_IN})
        access.above = {
            item.subscription_id.casefold(): frozenset(name.casefold() for name in item.management_groups)
            for item in estate.subscriptions
            if item.management_groups
        }
        for item in estate.role_definitions:
            access.definitions[item["name"].casefold()] = item["properties"]
        for index, item in enumerate(estate.role_assignments):
            given = item["properties"]
            name = ids.name_of(item.get("id", "")) or item.get("name") or f"00000000-0000-4000-8000-{index:012d}"
            scope = given["scope"]
            base = "" if scope == "/" else scope
            access.add(
                Assignment(
                    id=item.get("id") or f"{base}/providers/Microsoft.Authorization/roleAssignments/{name}",
                    name=name,
                    properties=assignment_properties(given, started),
                )
            )
        access.denies = list(estate.deny_assignments)
        return access

    def reaches(self, scope: str, resource_id: str) -> bool:
        """Whether what is given, or denied, at a scope counts on a resource (case-folded)."""
        if not ids.within(resource_id, ids.access_scope(scope)):
            return False
        known = self.above.get(ids.subscription_of(resource_id).casefold()) if self.above else None
        group = ids.management_group_of(scope) if known is not None else ""
        return not group or known is None or group in known

    def add(self, assignment: Assignment) -> None:
        """Create or replace an assignment."""
        self.assignments[ids.fold(assignment.id)] = assignment
        self.version += 1

    def remove(self, assignment: Assignment, effective: datetime) -> None:
        """Delete an assignment, which counts until `effective`."""
        self.assignments.pop(ids.fold(assignment.id), None)
        assignment.removed = effective
        self.fading.append(assignment)
        self.version += 1

    def named(self, name: str) -> Assignment | None:
        """The assignment with this GUID: names are unique across all scopes."""
        folded = name.casefold()
        return next((item for item in self.assignments.values() if item.name.casefold() == folded), None)

    def in_force(self, now: datetime) -> Iterable[Assignment]:
        """The assignments that count now."""
        self.fading = [item for item in self.fading if item.counts(now)]
        return [item for item in (*self.assignments.values(), *self.fading) if item.counts(now)]

    def next_change(self, now: datetime) -> datetime | None:
        """When the next assignment begins or ceases to count."""
        times = [item.effective_from for item in self.assignments.values()] + [item.removed for item in self.fading]
        return min((time for time in times if time is not None and time > now), default=None)

    def permissions(self, guid: str) -> Sequence[dict[str, Any]]:
        """The permission blocks of a role; none for an unknown role."""
        definition = self.definitions.get(guid)
        return definition["permissions"] if definition else ()


class Rbac:
    """Decides, and remembers decisions until the access list or the time changes them."""

    def __init__(self, access: AccessList, clock: Clock) -> None:
        self._access = access
        self._clock = clock
        self._version = -1
        self._fresh_until: datetime | None = None
        self._verdicts: dict[tuple[frozenset[str], str, str, bool], Verdict] = {}
        self._granted: dict[frozenset[str], list[Assignment]] = {}
        self._placed: dict[frozenset[str], dict[str, list[Assignment]]] = {}

    def allowed(self, caller: Caller, scope: str, action: str, *, data: bool = False) -> bool:
        """Whether the caller may do `action` (or the data action) at `scope`."""
        return self.verdict(caller, scope, action, data=data).allowed

    def verdict(self, caller: Caller, scope: str, action: str, *, data: bool = False) -> Verdict:
        """The decision, with the deny assignment if one decided."""
        return self.verdict_for(caller.principal_ids, scope, action, data=data)

    def verdict_for(self, principals: frozenset[str], scope: str, action: str, *, data: bool = False) -> Verdict:
        """The same for any principal: its normalised id and those of its groups."""
        self._refresh()
        folded = ids.fold(scope)
        key = (principals, folded, action, data)
        found = self._verdicts.get(key)
        if found is None:
            if len(self._verdicts) > 50_000:
                self._verdicts.clear()
            found = self._verdicts[key] = self._decide(principals, folded, action, data)
        return found

    def conditions(self, caller: Caller, scope: str, action: str) -> list[str]:
        """The conditions of the caller's roles that allow an action at a scope; none when one does so unconditionally."""
        self._refresh()
        folded = ids.fold(scope)
        found = [
            item.properties.get("condition") or ""
            for item in self._assignments(caller.principal_ids)
            if self._reaches(item, folded) and self._role_allows(item, action, data=False)
        ]
        return found if all(found) else []

    def allowed_below(self, caller: Caller, scope: str, action: str) -> bool:
        """Whether the caller may do `action` at some scope strictly below `scope`: then a list is not
        refused."""
        self._refresh()
        folded = ids.fold(scope).rstrip("/")
        return any(
            item.scope != folded and ids.within(item.scope, folded) and self._role_allows(item, action, data=False)
            for item in self._assignments(caller.principal_ids)
        )

    def any_below(self, caller: Caller, scope: str) -> bool:
        """Whether the caller has any role at or below `scope`: then the subscription shows in his list."""
        self._refresh()
        folded = ids.fold(scope)
        return any(
            ids.within(item.scope, folded) or self._reaches(item, folded)
            for item in self._assignments(caller.principal_ids)
        )

    def permissions(self, caller: Caller, scope: str) -> list[dict[str, Any]]:
        """The permission blocks of all roles that the caller has at a scope, inherited ones included."""
        self._refresh()
        folded = ids.fold(scope)
        blocks: list[dict[str, Any]] = []
        for item in self._assignments(caller.principal_ids):
            if self._reaches(item, folded):
                blocks.extend(self._access.permissions(item.role))
        return blocks

    def _decide(self, principals: frozenset[str], scope: str, action: str, data: bool) -> Verdict:
        granted = any(
            self._reaches(item, scope) and self._role_allows(item, action, data=data)
            for item in self._holding(principals, scope)
        )
        if not granted:
            return Verdict(False)
        denies = (item for item in self._access.denies if self._access.reaches(item["properties"]["scope"], scope))
        deny = next((item for item in denies if _denies(item, principals, scope, action, data)), None)
        return Verdict(deny is None, deny)

    def _reaches(self, item: Assignment, scope: str) -> bool:
        return self._access.reaches(item.properties["scope"], scope)

    def _role_allows(self, assignment: Assignment, action: str, *, data: bool) -> bool:
        return any(covers(block, action, data=data) for block in self._access.permissions(assignment.role))

    def _assignments(self, principals: frozenset[str]) -> list[Assignment]:
        found = self._granted.get(principals)
        if found is None:
            now = self._clock.now()
            found = self._granted[principals] = [
                item for item in self._access.in_force(now) if normalised(item.properties["principalId"]) in principals
            ]
        return found

    def _holding(self, principals: frozenset[str], scope: str) -> Iterator[Assignment]:
        """What may reach a scope, found by its own: a large estate has an assignment in each subscription."""
        placed = self._placed.get(principals)
        if placed is None:
            placed = self._placed[principals] = {}
            for item in self._assignments(principals):
                placed.setdefault(item.scope, []).append(item)
        end = 0
        while end >= 0:
            yield from placed.get(scope[:end], ())
            end = scope.find("/", end + 1)
        if scope:
            yield from placed.get(scope, ())

    def _refresh(self) -> None:
        if self._version == self._access.version and self._fresh_until is None:
            return
        now = self._clock.now()
        is_stale = self._fresh_until is not None and now >= self._fresh_until
        if self._version != self._access.version or is_stale:
            self._version = self._access.version
            self._fresh_until = self._access.next_change(now)
            self._verdicts.clear()
            self._granted.clear()
            self._placed.clear()


def assignment_properties(given: dict[str, Any], started: str) -> dict[str, Any]:
    """The properties of an assignment with every field that Azure always answers, null ones included."""
    created = given.get("createdOn") or started
    return {
        "roleDefinitionId": given["roleDefinitionId"],
        "principalId": given["principalId"],
        "principalType": given.get("principalType", "ServicePrincipal"),
        "scope": given["scope"],
        "condition": given.get("condition"),
        "conditionVersion": given.get("conditionVersion"),
        "createdOn": created,
        "updatedOn": given.get("updatedOn") or created,
        "createdBy": given.get("createdBy"),
        "updatedBy": given.get("updatedBy"),
        "delegatedManagedIdentityResourceId": given.get("delegatedManagedIdentityResourceId"),
        "description": given.get("description"),
    }


def built_in_properties(role: Role) -> dict[str, Any]:
    """A built-in role as the properties of its definition."""
    permission = {
        "actions": list(role.actions),
        "notActions": list(role.not_actions),
        "dataActions": list(role.data_actions),
        "notDataActions": list(role.not_data_actions),
    }
    return {
        "roleName": role.name,
        "type": "BuiltInRole",
        "description": role.description,
        "assignableScopes": ["/"],
        "permissions": [permission],
        "createdOn": BUILT_IN_SINCE,
        "updatedOn": BUILT_IN_SINCE,
        "createdBy": None,
        "updatedBy": None,
    }


def _denies(item: dict[str, Any], principals: frozenset[str], scope: str, action: str, data: bool) -> bool:
    properties = item["properties"]
    at = ids.access_scope(properties["scope"])
    inherited = scope.rstrip("/") != at
    if not ids.within(scope, at) or (inherited and properties.get("doNotApplyToChildScopes")):
        return False
    named = {normalised(entry["id"]) for entry in properties.get("principals", ())}
    excluded = {normalised(entry["id"]) for entry in properties.get("excludePrincipals", ())}
    if excluded & principals or not (EVERYONE in named or named & principals):
        return False
    return any(covers(block, action, data=data) for block in properties.get("permissions", ()))

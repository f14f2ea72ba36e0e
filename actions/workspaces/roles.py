"""Who holds which role where, and what roles allow: what the page of one workspace and the list of all of them judge by.

Pure functions over role assignments and definitions as Resource Manager and Resource Graph list them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from actions.cloud.data import ResourceId
from actions.guard.rights import granted
from actions.workspaces.access import covers

_ML = "Microsoft.MachineLearningServices/workspaces"
_STORAGE = "Microsoft.Storage/storageAccounts"
_ASSIGN = "Microsoft.Authorization/roleAssignments/write"
_GROUPS = "/providers/microsoft.management/managementgroups/"
LINKED = ("storageAccount", "keyVault", "containerRegistry")
"""The properties by which a workspace names what somebody's power may be over, beside itself."""


class Held(NamedTuple):
    """One role that a principal has at a scope and below it; `eligible` where it must be activated first."""

    principal: str
    kind: str
    role: str
    scope: str
    condition: str = ""
    eligible: bool = False

    def reaches(self, resource: ResourceId) -> bool:
        """Whether it counts on a resource."""
        return covers(self.scope, resource)

    def how(self, resource: ResourceId) -> str:
        """The word for the way in which it counts there."""
        if self.eligible:
            return "eligible"
        return "direct" if ResourceId(self.scope).key == resource.key else "inherited"


class Role(NamedTuple):
    """What a role is called and allows, block by block as Azure lists them."""

    name: str
    custom: bool
    blocks: tuple[Mapping[str, Any], ...]

    def grants(self, action: str, *, data: bool = False) -> bool:
        """Whether it allows an action, wildcards and exclusions counted."""
        return granted(self.blocks, action, data=data)

    def patterns(self, name: str) -> list[str]:
        """Its patterns of one kind: `actions`, `notActions`, `dataActions` or `notDataActions`."""
        return [str(pattern) for block in self.blocks for pattern in block.get(name) or ()]

    @property
    def wild(self) -> bool:
        """Whether it allows by a pattern more than reading."""
        return any("*" in each and not each.casefold().endswith("/read") for each in self.patterns("actions"))


class Power(NamedTuple):
    """Something that few should be able to do, as permissions on one kind of resource; any of them is enough."""

    word: str
    on: str
    actions: tuple[str, ...]
    data: bool = False


POWERS = (
    Power("regenerate", "workspace", (f"{_ML}/onlineEndpoints/regenerateKeys/action",)),
    Power("regenerate", "storageAccount", (f"{_STORAGE}/regeneratekey/action",)),
    Power(
        "secrets", "workspace",
        (
            f"{_ML}/listKeys/action", f"{_ML}/listStorageAccountKeys/action", f"{_ML}/datastores/listsecrets/action",
            f"{_ML}/connections/listsecrets/action", f"{_ML}/onlineEndpoints/listKeys/action",
        ),
    ),
    Power("secrets", "storageAccount", (f"{_STORAGE}/listkeys/action",)),
    Power(
        "secrets", "keyVault", ("Microsoft.KeyVault/vaults/secrets/getSecret/action",), data=True
    ),
    Power(
        "secrets", "containerRegistry",
        ("Microsoft.ContainerRegistry/registries/listCredentials/action",),
    ),
    *(Power("assign", on, (_ASSIGN,))
      for on in ("workspace", "storageAccount", "keyVault", "containerRegistry")),
)  # fmt: skip

WORDS = {"regenerate": "regenerate keys", "secrets": "read secrets", "assign": "assign roles"}
"""The powers as people read them."""


def has(role: Role, power: Power) -> bool:
    """Whether a role gives a power where it reaches the resource."""
    return any(role.grants(action, data=power.data) for action in power.actions)


def held_of(row: Mapping[str, Any]) -> Held:
    """Read a role assignment."""
    properties: Mapping[str, Any] = row.get("properties") or {}
    return Held(
        principal=str(properties.get("principalId") or ""), kind=str(properties.get("principalType") or ""),
        role=str(properties.get("roleDefinitionId") or "").rpartition("/")[2].casefold(),
        scope=str(properties.get("scope") or "/"), condition=str(properties.get("condition") or ""),
    )  # fmt: skip


def role_of(row: Mapping[str, Any]) -> tuple[str, Role]:
    """Read a role definition, with its GUID in lower case."""
    told: Mapping[str, Any] = row.get("properties") or {}
    guid = str(row.get("id") or row.get("name") or "").rpartition("/")[2]
    custom = str(told.get("type") or "").casefold() == "customrole"
    name = str(told.get("roleName") or guid)
    return guid.casefold(), Role(name, custom, tuple(told.get("permissions") or ()))


def places_of(workspace: ResourceId, properties: Mapping[str, Any]) -> dict[str, ResourceId]:
    """The workspace and what it is linked to, by the words of `Power.on`."""
    named = {on: str(properties.get(on) or "") for on in LINKED}
    return {"workspace": workspace, **{on: ResourceId(text) for on, text in named.items() if text}}


def lets_read_secrets(policy: Mapping[str, Any]) -> bool:
    """Whether a vault's access policy lets its principal get secrets."""
    words = {str(word).casefold() for word in (policy.get("permissions") or {}).get("secrets") or ()}
    return bool(words & {"get", "all"})


class Counted(NamedTuple):
    """Who has a power on a workspace: how many, how many of them too widely, and whether some role is not known."""

    many: int
    wide: int
    unknown: bool


class Rights:
    """Everybody's roles over a whole estate, found by what they reach; what a role gives is judged once.

    `held` and `roles` are None where they could not be read; `above` names the management groups of a subscription, and
    one that it lacks has all of them above it. Deny assignments and what groups' members are stay out.
    """

    def __init__(
        self,
        held: Iterable[Held] | None,
        roles: Mapping[str, Role] | None,
        above: Mapping[str, frozenset[str]] = MappingProxyType({}),
    ) -> None:
        self.roles, self._above = roles, above
        self._by_scope: dict[str, list[Held]] | None = None if held is None else {}
        self._seen: set[str] = set()
        self._upper: dict[str, list[Held]] = {}
        self._given: dict[str, frozenset[tuple[str, str]]] = {}
        for each in held or ():
            assert self._by_scope is not None
            self._by_scope.setdefault(each.scope.rstrip("/").casefold(), []).append(each)
            self._seen.add(ResourceId(each.scope).subscription.casefold())

    def sees(self, subscription: str) -> bool:
        """Whether any assignment in a subscription can be seen: seeing none is not the same as there being none."""
        return self._by_scope is not None and subscription.casefold() in self._seen

    def reaching(self, resource: ResourceId) -> list[Held]:
        """The assignments at and above a resource."""
        by_scope, at = self._by_scope or {}, ""
        found = self._over(resource.subscription.casefold())
        for part in resource.key.split("/")[1:]:
            at += f"/{part}"
            found += by_scope.get(at, ())
        return found

    def _over(self, subscription: str) -> list[Held]:
        """The assignments above a subscription, at the root and at its management groups; looked for once each."""
        found = self._upper.get(subscription)
        if found is None:
            groups, by_scope = self._above.get(subscription), self._by_scope or {}
            scopes = [key for key in by_scope if not key or key.startswith(_GROUPS)]
            kept = [key for key in scopes if not key or groups is None or key.removeprefix(_GROUPS) in groups]
            found = self._upper[subscription] = [each for key in kept for each in by_scope[key]]
        return [*found]

    def name(self, role: str) -> str:
        """What a role is called, or its id."""
        known = (self.roles or {}).get(role)
        return known.name if known else f"role {role[:8]}"

    def given(self, role: str) -> frozenset[tuple[str, str]]:
        """The powers that a known role gives, as words with what they are over."""
        found = self._given.get(role)
        if found is None:
            known = (self.roles or {}).get(role)
            found = frozenset((power.word, power.on) for power in POWERS if known is not None and has(known, power))
            self._given[role] = found
        return found

    def count(self, word: str, places: Mapping[str, ResourceId], others: Iterable[str] = ()) -> Counted:
        """Count who has a power on a workspace; `others` have it in another way, by a vault's policy."""
        who, wide, unknown = {each.casefold() for each in others}, set[str](), False
        for on, place in places.items():
            for each in self.reaching(place):
                unknown = unknown or each.role not in (self.roles or {})
                if (word, on) in self.given(each.role):
                    who.add(each.principal.casefold())
                    if self.too_wide(each, word):
                        wide.add(each.principal.casefold())
        return Counted(len(who), len(wide), unknown)

    def too_wide(self, held: Held, word: str) -> bool:
        """Whether a power is given further than a workspace needs: above the subscription, or over all of it by a pattern."""
        here = ResourceId(held.scope)
        if here.group:
            return False
        if not here.subscription:
            return True
        role = (self.roles or {}).get(held.role)
        return (word == "assign" and not held.condition) or (role is not None and "*" in role.patterns("actions"))

    def custom(self, places: Iterable[ResourceId]) -> tuple[int, int, bool]:
        """How many custom roles count on some resources, how many of them are patterns with a power, and what is unknown."""
        near = {each.role for place in places for each in self.reaching(place)}
        known = {guid: role for guid in near if (role := (self.roles or {}).get(guid))}
        found = {guid: role for guid, role in known.items() if role.custom}
        wide = sum(role.wild and bool(self.given(guid)) for guid, role in found.items())
        return len(found), wide, len(known) < len(near)

    def above_groups(self, subscription: str) -> list[Held]:
        """The assignments on a whole subscription or above it."""
        return self.reaching(ResourceId(f"/subscriptions/{subscription}"))

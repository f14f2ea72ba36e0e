"""Who may do what on a workspace and on what it is linked to: role assignments and what the roles allow.

Assignments are listed by resource group, without a filter: that gives those at the group, above it and below it, also to
somebody who may read no more than the group.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, NamedTuple, ParamSpec, TypeVar

from actions.cloud import versions
from actions.cloud.data import CloudError, Resource, ResourceId
from actions.cloud.protocol import Cloud
from actions.posture.denies import Denies, read_denies
from actions.posture.facts import Reading, Way, stamp
from actions.workspaces.access import Grant
from actions.workspaces.roles import Held, Role, held_of, places_of, role_of

LINKS = ("storageAccount", "keyVault", "containerRegistry", "applicationInsights")
SOURCE = f"GET microsoft.authorization/roleassignments {versions.AUTHORIZATION}"
UNLICENSED = "the tenant has no licence for Privileged Identity Management"
_P = ParamSpec("_P")
_T = TypeVar("_T")


class Grants(NamedTuple):
    """What was read once for all: everybody's roles, the caller's own through groups too, and what roles allow.

    `held` and `mine` are None where no list could be read; `unread` says what is missing of them, and `pim` why roles to
    be activated are not told. `denies` are those at every place where anything is judged.
    """

    held: tuple[Held, ...] | None
    mine: tuple[Held, ...] | None
    roles: Mapping[str, Role]
    as_of: str
    denies: Denies
    unread: tuple[str, ...] = ()
    pim: str = ""

    @property
    def reading(self) -> Reading:
        """Where the facts of these come from."""
        missing = "; ".join(self.unread)
        return Reading("role assignments", SOURCE, self.as_of, None if self.held is None else {}, missing)

    def role(self, held: Held) -> Role:
        """The role of an assignment; one that could not be looked up is told by its id and allows nothing known."""
        return self.roles.get(held.role) or Role(f"role {held.role[:8]}", custom=False, blocks=())

    def way(self, held: Held, resource: ResourceId, who: str = "") -> Way:
        """How this assignment gives a right on a resource."""
        return Way(how=held.how(resource), role=self.role(held).name, scope=held.scope, who=who)

    def of(self, principal: str) -> list[Grant]:
        """One principal's assignments, those through groups not counted."""
        wanted = principal.casefold()
        return [
            Grant(principal=each.principal, role=each.role, scope=each.scope)
            for each in self.held or ()
            if each.principal.casefold() == wanted
        ]


async def read_grants(cloud: Cloud, workspace: Resource) -> Grants:
    """Read the assignments of every resource group concerned, the caller's own, and the role definitions."""
    unread: list[str] = []
    pim: list[str] = []

    async def maybe_told(
        told: list[str], read: Callable[_P, Awaitable[_T]], *args: _P.args, **kwargs: _P.kwargs
    ) -> _T | None:
        try:
            return await read(*args, **kwargs)
        except CloudError as error:
            told.append(UNLICENSED if error.code == "AadPremiumLicenseRequired" else error.sentence)
            return None

    async def maybe(read: Callable[_P, Awaitable[_T]], *args: _P.args, **kwargs: _P.kwargs) -> _T | None:
        return await maybe_told(unread, read, *args, **kwargs)

    groups = concerned(workspace)
    who = await maybe(cloud.signed_in)
    own = f"assignedTo('{who.object_id if who else ''}')"
    everybody, mine, eligible, roles, denies = await asyncio.gather(
        asyncio.gather(*(maybe(cloud.role_assignments, each.text, "") for each in groups)),
        asyncio.gather(*(maybe(cloud.role_assignments, each.text, own) for each in groups)),
        asyncio.gather(*(maybe_told(pim, cloud.eligible_roles, each.text) for each in groups)),
        maybe(cloud.role_definitions, groups[0].text),
        read_denies(cloud, judged(workspace).values()),
    )
    found = tuple(role_of(each.raw) for each in roles or ())
    return Grants(
        held=_together(everybody), mine=_own(_together(mine), [each for part in eligible for each in part or ()]),
        roles=dict(found), as_of=stamp(cloud), denies=denies, unread=tuple(dict.fromkeys(unread)), pim=next(iter(pim), ""),
    )  # fmt: skip


def judged(workspace: Resource) -> dict[str, ResourceId]:
    """The places where rights are looked up, by word; the encryption key's vault may be another than the workspace's own."""
    found = {
        "workspace": workspace.id,
        "group": workspace.id.group_id,
        "subscription": ResourceId(f"/subscriptions/{workspace.id.subscription}"),
        **places_of(workspace.id, workspace.properties),
    }
    key = (workspace.properties.get("encryption") or {}).get("keyVaultProperties") or {}
    vault = str(key.get("keyVaultArmId") or "")
    return found | ({"encryption": ResourceId(vault)} if vault else {})


def concerned(workspace: Resource) -> list[ResourceId]:
    """The resource groups of the workspace and of what it is linked to, its own first."""
    named = (ResourceId(str(workspace.properties.get(key) or "")) for key in LINKS)
    return list(dict.fromkeys([workspace.id.group_id, *(each.group_id for each in named if each.group)]))


def _own(mine: tuple[Held, ...] | None, eligible: Iterable[Mapping[str, Any]]) -> tuple[Held, ...] | None:
    if mine is None:
        return None
    return tuple(dict.fromkeys([*mine, *(held_of(each)._replace(eligible=True) for each in eligible)]))


def _together(lists: list[tuple[Resource, ...] | None]) -> tuple[Held, ...] | None:
    if all(each is None for each in lists):
        return None
    rows = {row.id.key: row for each in lists for row in each or ()}
    return tuple(held_of(row.raw) for row in rows.values())


def place_of(scope: str) -> str:
    """Say a scope in a few words: the subscription, a group, or a resource by name."""
    here = ResourceId(scope)
    if not here.subscription:
        return "the whole tenant" if scope.rstrip("/") == "" else f"management group {here.name}"
    if not here.group:
        return "the subscription"
    return f"group {here.group}" if here == here.group_id else here.name

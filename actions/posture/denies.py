"""What deny assignments take away, of the signed-in operator and of everybody else.

Only what is certain is taken away: a deny assignment that names, or leaves out, a group whose members may not be read is
told as such and takes nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from actions.cloud.data import CloudError, ResourceId
from actions.cloud.protocol import Cloud
from actions.guard.rights import EVERYONE, bare, denied_by

Deny = Mapping[str, Any]
Members = Mapping[str, frozenset[str] | None]
"""Who is in a group, through other groups too, by the group's bare id; None where that may not be read."""


class Denies(NamedTuple):
    """The deny assignments at and above each place, by its key; None where they could not be read."""

    at: Mapping[str, tuple[Deny, ...] | None]
    members: Members

    def known(self, place: ResourceId) -> bool:
        """Whether the deny assignments of a place were read."""
        return self.at.get(place.key) is not None

    def all(self) -> dict[str, Deny]:
        """Each one once, by its id."""
        return {str(deny.get("id") or ""): deny for found in self.at.values() for deny in found or ()}

    def denied(
        self, principals: frozenset[str], action: str, place: ResourceId, *, data: bool = False,
        inside: frozenset[str] | None = frozenset(),
    ) -> str:  # fmt: skip
        """Name the deny assignment that certainly forbids an action to somebody with these ids, else "".

        `inside` is who is in it where it is a group: one of them may be left out, and then the group is not denied.
        """
        mine = self.with_groups(principals)
        certain = (each for each in self.at.get(place.key) or () if not self._may_be_left_out(each, inside))
        return denied_by(certain, action, place.text, mine, data=data)

    def may_deny(self, principals: frozenset[str], action: str, place: ResourceId, *, data: bool = False) -> bool:
        """Whether a group that nobody may look into decides: one that is denied, or left out of what is denied."""
        mine = self.with_groups(principals)
        for deny in self.at.get(place.key) or ():
            closed = {each for each in (*groups_of(deny), *groups_of(deny, "excludePrincipals")) if self._closed(each)}
            if closed - mine and denied_by([_without(deny)], action, place.text, mine | closed, data=data):
                return True
        return False

    def with_groups(self, principals: frozenset[str]) -> frozenset[str]:
        """Bare ids, with those of the groups that one of them is known to be in."""
        mine = frozenset(bare(each) for each in principals)
        return mine | {group for group, members in self.members.items() if members is not None and members & mine}

    def _closed(self, group: str) -> bool:
        return self.members.get(group) is None

    def _may_be_left_out(self, deny: Deny, inside: frozenset[str] | None) -> bool:
        """Whether it leaves somebody out who may be meant, through a group that nobody may look into or as one of its members."""
        out = {bare(item.get("id")) for item in _named(deny, "excludePrincipals")}
        closed = any(self._closed(group) for group in groups_of(deny, "excludePrincipals"))
        return bool(out) and (closed or inside is None or bool(inside & out))


def groups_of(deny: Deny, which: str = "principals") -> set[str]:
    """The bare ids of the groups that a deny assignment names."""
    return {bare(item.get("id")) for item in _named(deny, which) if str(item.get("type") or "").casefold() == "group"}


def _named(deny: Deny, which: str) -> list[Mapping[str, Any]]:
    return list((deny.get("properties") or {}).get(which) or ())


def _without(deny: Deny) -> Deny:
    """The same, with nobody left out of it."""
    return {**deny, "properties": {**(deny.get("properties") or {}), "excludePrincipals": []}}


async def read_denies(cloud: Cloud, places: Iterable[ResourceId]) -> Denies:
    """Read those of some places side by side, and who is in the groups that they name."""
    wanted = list(dict.fromkeys(places))
    found = await asyncio.gather(*(_at(cloud, place) for place in wanted))
    at = {place.key: denies for place, denies in zip(wanted, found, strict=True)}
    groups = {
        group for denies in found for deny in denies or () for which in ("principals", "excludePrincipals")
        for group in groups_of(deny, which)
    } - {bare(EVERYONE)}  # fmt: skip
    return Denies(at, await read_members(cloud, groups))


async def read_members(cloud: Cloud, groups: Iterable[str]) -> Members:
    """Read who is in some groups; None for one that the directory does not let the caller look into."""
    wanted = sorted({bare(each) for each in groups})
    found = await asyncio.gather(*(_members(cloud, each) for each in wanted))
    return dict(zip(wanted, found, strict=True))


async def _at(cloud: Cloud, place: ResourceId) -> tuple[Deny, ...] | None:
    try:
        return tuple(each.raw for each in await cloud.deny_assignments(place.text))
    except CloudError:
        return None


async def _members(cloud: Cloud, group: str) -> frozenset[str] | None:
    try:
        return frozenset(bare(each.get("id")) for each in await cloud.group_members(dashed(group)))
    except CloudError:
        return None


def dashed(identity: str) -> str:
    """An object id as the directory spells it: deny assignments leave the dashes out."""
    return "-".join((identity[:8], identity[8:12], identity[12:16], identity[16:20], identity[20:]))

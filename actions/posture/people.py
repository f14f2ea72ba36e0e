"""Who stands behind the ids of role assignments, as far as the directory may be read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

from actions.cloud.data import CloudError
from actions.cloud.protocol import Cloud
from actions.guard.rights import bare
from actions.posture.denies import Members, read_members
from actions.support_apps.naming import FIRST_PARTY

Kind = Literal["user", "guest", "group", "application", "nobody", "unknown"]
_GUEST = "#ext#"


class Person(NamedTuple):
    """A principal by name; `nobody` is in the directory no more, `unknown` could not be looked up.

    `microsofts` is one of Microsoft's own applications around Azure Machine Learning, by its application id. `members` is
    how many are in a group, through other groups too; None for anybody else, and where that may not be read.
    """

    name: str
    kind: Kind
    microsofts: bool = False
    members: int | None = None

    @property
    def told(self) -> str:
        """The name, with the kind where that matters to a reader."""
        words = {"guest": "guest ", "group": "group ", "application": "application ", "nobody": "deleted principal "}
        return f"{words.get(self.kind, '')}{self.name}"


class People(NamedTuple):
    """The principals that were looked up, by id in lower case; `missing` says why the directory was not read.

    `members` are who is in the groups among them, None where that may not be read.
    """

    known: Mapping[str, Person]
    missing: str = ""
    members: Members = MappingProxyType({})

    def of(self, principal: str, kind: str = "") -> Person:
        """Who a principal is; without the directory what the assignment itself says of its kind."""
        found = self.known.get(principal.casefold())
        if found is not None:
            return found
        if not self.missing:
            return Person(principal[:8], "nobody")
        kinds: dict[str, Kind] = {"user": "user", "group": "group", "serviceprincipal": "application"}
        return Person(principal[:8], kinds.get(kind.casefold(), "unknown"))


async def look_up(cloud: Cloud, principals: Iterable[str]) -> People:
    """Look principals up in one go, and who is in the groups; without leave to read the directory all stay ids."""
    wanted = sorted({each.casefold() for each in principals if each})
    if not wanted:
        return People({})
    try:
        found = await cloud.directory_objects(wanted)
    except CloudError as error:
        return People({}, error.sentence)
    known = {str(item.get("id") or "").casefold(): _person(item) for item in found}
    members = await read_members(cloud, (key for key, who in known.items() if who.kind == "group"))
    told = {key: _sized(who, members.get(bare(key))) for key, who in known.items()}
    return People(told, members=members)


def _sized(who: Person, members: frozenset[str] | None) -> Person:
    return who if members is None or who.kind != "group" else who._replace(members=len(members))


def _person(item: Mapping[str, Any]) -> Person:
    kind = str(item.get("@odata.type") or "").rpartition(".")[2].casefold()
    name = str(item.get("userPrincipalName") or item.get("displayName") or item.get("id") or "")
    if kind == "user":
        outside = _GUEST in name.casefold() or str(item.get("userType") or "").casefold() == "guest"
        return Person(name.replace("#EXT#", "#ext#").partition("#ext#")[0], "guest" if outside else "user")
    if kind == "group":
        return Person(name, "group")
    return Person(name, "application", str(item.get("appId") or "").casefold() in FIRST_PARTY)

"""What a column of the fleet is, and what it reads its words from. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from actions.cloud.data import ResourceId
from actions.guard.model import Severity
from actions.workspaces.roles import Rights
from actions.workspaces.rows import NONE, UNREAD

Properties = Mapping[str, Any]
Fields = Mapping[str, tuple[str, ...]]
PENDING = object()
"""Stands for what is still to be asked directly: its cell stays empty."""
ACCESS = {"enabled": "open", "disabled": "closed"}
ISOLATION = {"allowonlyapprovedoutbound": "approved", "allowinternetoutbound": "internet", "disabled": "off"}
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class Seen(NamedTuple):
    """What is known of one workspace: its own properties, and those of each resource it is linked to.

    `linked` by the source's name: None could not be read or is not among what can be seen, a missing name is not there.
    `endpoints` and `deployments` are None where they could not be read. `clusters` are all that can be seen, by id.
    `direct` holds what was asked of this workspace alone, by the source's name: `PENDING`, None where it could not be
    read; a missing name is nothing to ask for.
    """

    own: Properties
    linked: Mapping[str, Properties | None]
    endpoints: Sequence[Properties] | None
    id: ResourceId = ResourceId("")
    deployments: Sequence[Properties] | None = None
    clusters: Mapping[str, Properties] | None = None
    rights: Rights | None = None
    direct: Mapping[str, Any] = _NOTHING


class FleetColumn(NamedTuple):
    """One column: its name, what it says, what it is read from, and the grades of its words.

    Without `read` it is a cell of the row itself. `direct` names what is asked of each workspace (or vault, account,
    subscription) by itself. `?` is always graded unknown, and a word that `grades` lacks is fine.
    """

    name: str
    meaning: str
    fields: Fields = MappingProxyType({})
    read: Callable[[Seen], str] | None = None
    grades: Mapping[str, Severity] = MappingProxyType({})
    direct: tuple[str, ...] = ()

    def grade(self, word: str) -> Severity | None:
        """Grade a cell by its word, or the last of its words; None where there is nothing to say."""
        last = word.rpartition(" ")[2]
        if last == UNREAD and self.read is not None:
            return Severity.UNKNOWN
        return self.grades.get(word) or self.grades.get(last)


def word_of(value: object, words: Mapping[str, str]) -> str:
    """Tell one of Azure's words, whose casing varies; one that is not known is told as it is."""
    if value is None or value == "":
        return UNREAD
    return words.get(str(value).casefold(), str(value))


def switch(value: object, on: str = "on", off: str = "off") -> str:
    """Tell a yes or no; what is neither is unknown."""
    return UNREAD if value is None else on if value is True else off


def own(read: Callable[[Properties], str]) -> Callable[[Seen], str]:
    """Read the workspace itself."""
    return lambda seen: read(seen.own)


def linked(source: str, read: Callable[[Properties], str]) -> Callable[[Seen], str]:
    """Read a linked resource: `-` where there is none, `?` where it cannot be seen."""

    def cell(seen: Seen) -> str:
        if source not in seen.linked:
            return NONE
        found = seen.linked[source]
        return UNREAD if found is None else read(found)

    return cell


def asked(source: str, read: Callable[[Any], str]) -> Callable[[Seen], str]:
    """Read what was asked directly: empty while it is being asked, `-` where there is nothing to ask, `?` where it failed."""

    def cell(seen: Seen) -> str:
        if source not in seen.direct:
            return NONE
        found = seen.direct[source]
        return "" if found is PENDING else UNREAD if found is None else read(found)

    return cell


def behind(source: str, name: str, read: Callable[[Properties], str]) -> Callable[[Seen], str]:
    """Read a property of the workspace, and where lists do not tell it, the workspace as it was asked directly."""
    direct = asked(source, read)
    return lambda seen: read(seen.own) if seen.own.get(name) is not None or source not in seen.direct else direct(seen)


def tally(total: int, bad: int, word: str) -> str:
    """Count, and say how many of them are bad: `3`, `3, 1 open`; `-` where there are none."""
    return f"{total}, {bad} {word}" if bad else str(total) if total else NONE

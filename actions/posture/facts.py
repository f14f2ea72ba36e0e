"""What a workspace's security is told in: facts, and the sections that read them. Nothing here reads a secret."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from actions.cloud.data import CloudError, NotFound, Resource, ResourceId
from actions.cloud.protocol import Cloud

if TYPE_CHECKING:
    from actions.posture.grants import Grants

Grade = Literal["good", "info", "warn", "high", "critical", "unknown", "absent"]
"""`info` needs no remedy; `unknown` could not be read and is never good; `absent`: there is no such resource here."""


class Way(msgspec.Struct, frozen=True, kw_only=True):
    """How somebody comes to a right: `how` is `direct`, `inherited`, `eligible` (to be activated first) or `policy`.

    `scope` is where the role or policy was given; `who` is whom it was given to, empty where that is the signed-in user.
    """

    how: str
    role: str
    scope: str
    who: str = ""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that holds of a workspace or of a resource linked to it, as one call told it at one time.

    `section` and `id` are stable words (`network`, `public-access`); `value` is what people read. `source` is method,
    resource type and api-version; `as_of` the cloud's time of the reading, ISO 8601. `leads_to` is `action:NAME`,
    `runbook:NAME` or empty; `note` tells what changed since Microsoft's page on enterprise security was written.
    `points` are the hours of a metric, oldest first, None where Azure has no sample; `ways` are what a right rests on.
    """

    section: str
    id: str
    label: str
    subject: str
    value: str
    grade: Grade
    source: str
    as_of: str
    remedy: str = ""
    leads_to: str = ""
    note: str = ""
    points: tuple[float | None, ...] = ()
    ways: tuple[Way, ...] = ()


class Reading(NamedTuple):
    """One resource as it was read; `properties` is None where that failed, and `missing` says why.

    `identity` is the kind of managed identity that it has, empty where it has none.
    """

    subject: str
    source: str
    as_of: str
    properties: Mapping[str, Any] | None
    missing: str = ""
    identity: str = ""

    def fact(
        self, section: str, word: str, label: str, value: str, grade: Grade, remedy: str = "", *,
        leads_to: str = "", note: str = "", points: tuple[float | None, ...] = (), ways: tuple[Way, ...] = (),
    ) -> Fact:  # fmt: skip
        """A fact of this reading; what is unknown and says nothing else is to be looked at elsewhere."""
        if grade == "unknown":
            remedy = remedy or "look at it in the portal"
        return Fact(
            section=section, id=word, label=label, subject=self.subject, value=value, grade=grade, source=self.source,
            as_of=self.as_of, remedy=remedy, leads_to=leads_to, note=note, points=points, ways=ways,
        )  # fmt: skip

    def unread(self, section: str, word: str, label: str) -> Fact:
        """The fact that nothing is known: never a green light."""
        remedy = "ask for Reader on it, or have somebody look who has it"
        return self.fact(section, word, label, f"could not be read: {self.missing}", "unknown", remedy)


class Subject(NamedTuple):
    """What a section looks at: the workspace as Azure answered it, when it did, and the cloud to ask further.

    `linked` gives the resources that the workspace names (`storageAccount`, `keyVault`, ...), one that it does not name
    is missing; `grants` gives who may do what there. Both are read once for all sections, while those ask for other things.
    """

    workspace: Resource
    as_of: str
    cloud: Cloud
    linked: asyncio.Task[dict[str, Reading]]
    grants: asyncio.Task[Grants]

    @property
    def own(self) -> Reading:
        """The workspace itself, which was read before any section began."""
        found = self.workspace
        return Reading(found.name, source(found.id, found.api_version), self.as_of, found.properties)


def failed(subject: str, where: str, cloud: Cloud, error: CloudError) -> Reading:
    """A reading that Azure refused; one that is not there is told as such, for something points at it."""
    missing = "it is not there, or not for your eyes" if isinstance(error, NotFound) else error.sentence
    return Reading(subject, where, stamp(cloud), None, missing)


def stamp(cloud: Cloud) -> str:
    """The time of a reading: the cloud's own, now."""
    return cloud.now().isoformat(timespec="seconds")


def source(resource: ResourceId, api_version: str) -> str:
    """Where a fact was read: method, resource type, api-version."""
    return f"GET {resource.type} {api_version}"


class Section(NamedTuple):
    """One part of the page: a stable name, a title, and what reads its facts."""

    name: str
    title: str
    read: Callable[[Subject], Awaitable[tuple[Fact, ...]]]

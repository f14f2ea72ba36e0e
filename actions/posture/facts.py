"""What a workspace's security is told in: facts, and the sections that read them. Nothing here reads a secret."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from actions.cloud.data import Resource, ResourceId
from actions.cloud.protocol import Cloud

Grade = Literal["good", "info", "warn", "high", "critical", "unknown", "absent"]
"""`info` needs no remedy; `unknown` could not be read and is never good; `absent`: there is no such resource here."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that holds of a workspace or of a resource linked to it, as one call told it at one time.

    `section` and `id` are stable words (`network`, `public-access`); `value` is what people read. `source` is method,
    resource type and api-version; `as_of` the cloud's time of the reading, ISO 8601. `leads_to` is `action:NAME`,
    `runbook:NAME` or empty; `note` tells what changed since Microsoft's page on enterprise security was written.
    `points` are the hours of a metric, oldest first, None where Azure has no sample.
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


class Reading(NamedTuple):
    """One resource as it was read; `properties` is None where that failed, and `missing` says why."""

    subject: str
    source: str
    as_of: str
    properties: Mapping[str, Any] | None
    missing: str = ""

    def fact(
        self, section: str, word: str, label: str, value: str, grade: Grade, remedy: str = "", *,
        leads_to: str = "", note: str = "", points: tuple[float | None, ...] = (),
    ) -> Fact:  # fmt: skip
        """A fact of this reading."""
        return Fact(
            section=section, id=word, label=label, subject=self.subject, value=value, grade=grade, source=self.source,
            as_of=self.as_of, remedy=remedy, leads_to=leads_to, note=note, points=points,
        )  # fmt: skip

    def unread(self, section: str, word: str, label: str) -> Fact:
        """The fact that nothing is known: never a green light."""
        remedy = "ask for Reader on it, or have somebody look who has it"
        return self.fact(section, word, label, f"could not be read: {self.missing}", "unknown", remedy)


class Subject(NamedTuple):
    """What a section looks at: the workspace as Azure answered it, when it did, and the cloud to ask further.

    `linked` holds the resources that the workspace names (`storageAccount`, `keyVault`, ...), each read once for all
    sections; one that it does not name is missing.
    """

    workspace: Resource
    as_of: str
    cloud: Cloud
    linked: Mapping[str, Reading]

    @property
    def own(self) -> Reading:
        """The workspace itself, which was read before any section began."""
        found = self.workspace
        return Reading(found.name, source(found.id, found.api_version), self.as_of, found.properties)


def source(resource: ResourceId, api_version: str) -> str:
    """Where a fact was read: method, resource type, api-version."""
    return f"GET {resource.type} {api_version}"


class Section(NamedTuple):
    """One part of the page: a stable name, a title, and what reads its facts."""

    name: str
    title: str
    read: Callable[[Subject], Awaitable[tuple[Fact, ...]]]

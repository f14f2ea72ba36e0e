"""What a workspace's security is told in: facts, and the sections that read them. Nothing here reads a secret."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal, NamedTuple

import msgspec

from actions.cloud.data import ResourceId
from actions.cloud.protocol import Cloud

Grade = Literal["good", "info", "warn", "high", "critical", "unknown", "absent"]
"""`info` needs no remedy; `unknown` could not be read and is never good; `absent`: there is no such resource here."""


class Fact(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that holds of a workspace or of a resource linked to it, as one call told it at one time.

    `section` and `id` are stable words (`network`, `public-access`), the columns of the fleet among them; `value` is
    what people read. `source` is method, resource type and api-version; `as_of` the cloud's time of the reading, ISO
    8601. `leads_to` is `action:NAME`, `runbook:NAME` or empty; `note` tells what changed since the page was written.
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


class Subject(NamedTuple):
    """What a section looks at: the workspace with Azure's own answer, and the cloud to ask."""

    workspace: ResourceId
    body: Mapping[str, Any]
    """The workspace as `GET Microsoft.MachineLearningServices/workspaces` answered it."""
    cloud: Cloud


class Section(NamedTuple):
    """One row of the page: a stable name, a title, and what reads its facts."""

    name: str
    title: str
    read: Callable[[Subject], Awaitable[tuple[Fact, ...]]]

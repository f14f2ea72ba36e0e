"""Pictures of rehearsal clouds, and rehearsal clouds made of pictures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import msgspec

from actions.cloud.azure import AzureCloud
from actions.cloud.data import ResourceId
from actions.estate import Frame, Picture, take
from actions.guard.gate import secret_reads
from actions.guard.model import Mode
from actions.posture.page import read_page
from actions.registry import entry
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.faults import Fault
from tests.support.rehearsed import rehearsed

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def cloud_of(document: dict[str, Any], *faults: Fault) -> tuple[Cloud, AzureCloud]:
    """A rehearsal cloud and our view of it, which may only look."""
    sim = Cloud(document, clock=FixedClock(NOW), faults=faults)
    return sim, rehearsed(sim, Mode.LOOK)


async def pictured(document: dict[str, Any], *faults: Fault, near: Iterable[str] = ()) -> tuple[Cloud, Picture]:
    """The cloud after its picture was taken, and the picture."""
    sim, cloud = cloud_of(document, *faults)
    try:
        return sim, await take(cloud, Frame(near=tuple(near)))
    finally:
        await cloud.close()


async def findings(cloud: AzureCloud, action: str, target: str) -> set[tuple[str, str, str, str]]:
    """What an action finds amiss, without numbers of requests, which differ from hour to hour."""
    chosen = entry(action).load()
    with secret_reads(announced=chosen.secret_reads):
        found = await chosen.inspect(cloud, ResourceId(target), chosen.options())
    return {(item.id, item.severity, item.subject, item.sentence) for item in found.findings}


async def posture(cloud: AzureCloud, workspace: str) -> list[dict[str, Any]]:
    """The facts of the posture page, without when they were read and without lines of requests."""
    page = await read_page(cloud, ResourceId(workspace))
    drop = {"as_of", "points"}
    facts = [{key: value for key, value in msgspec.to_builtins(fact).items() if key not in drop} for fact in page.facts]
    return [{**fact, "value": ""} if fact["section"] in {"traffic", "scoring"} else fact for fact in facts]


def bare(rows: Iterable[Any]) -> list[dict[str, Any]]:
    """Rows of the fleet without when they were read."""
    return [{key: value for key, value in msgspec.to_builtins(row).items() if key != "as_of"} for row in rows]

"""What a workspace and its endpoints were asked in the last week, and how much went through account keys."""

from __future__ import annotations

import asyncio

from actions.cloud import versions
from actions.cloud.data import CloudError, ResourceId
from actions.posture.facts import Fact, Reading, Subject
from actions.workspaces.judged import KEYED, WEEK, added

TRAFFIC = "traffic"
_DAY_POINTS = 24


async def read_traffic(subject: Subject) -> tuple[Fact, ...]:
    """Tell the runs of the last week, and the calls of its account that were signed with a key."""
    runs = _counted(subject, subject.workspace.id, "runs", ("Completed Runs", "Failed Runs"), "")
    account = str(subject.workspace.properties.get("storageAccount") or "")
    if not account:
        none = subject.own.fact(TRAFFIC, "key-traffic", "calls signed with an account key", "no account", "absent")
        return (await runs, none)
    label = "calls signed with an account key"
    keyed = _counted(subject, ResourceId(account), "key-traffic", ("Transactions",), KEYED, label=label)
    return tuple(await asyncio.gather(runs, keyed))


async def read_requests(subject: Subject, endpoints: list[Reading]) -> tuple[Fact, ...]:
    """Tell each online endpoint's requests; Azure does not tell which of its keys they came with."""
    workspace = subject.workspace.id
    wanted = [workspace.child("onlineEndpoints", each.subject) for each in endpoints if each.properties is not None]
    names = ("RequestsPerMinute",)
    return tuple(
        await asyncio.gather(
            *(_counted(subject, each, "requests", names, "", "Average", label="requests a minute") for each in wanted)
        )
    )


async def _counted(
    subject: Subject, resource: ResourceId, word: str, names: tuple[str, ...], split: str, aggregation: str = "Total",
    *, label: str = "",
) -> Fact:  # fmt: skip
    """One reading of a week by the hour: its last 24 points are the last day."""
    where = f"GET {resource.type}/metrics {versions.METRICS}"
    label = label or word
    cloud = subject.cloud
    try:
        found = await cloud.metrics(resource, names, span=WEEK, grain="PT1H", aggregation=aggregation, filter=split)
    except CloudError as error:
        now = cloud.now().isoformat(timespec="seconds")
        return Reading(resource.name, where, now, None, error.sentence).unread(TRAFFIC, word, label)
    read = Reading(resource.name, where, cloud.now().isoformat(timespec="seconds"), {})
    points = added([series for each in found.values() for series in each])
    known = [point for point in points if point is not None]
    if not known:
        return read.fact(TRAFFIC, word, label, "no data in the last week", "absent")
    day = [point for point in points[-_DAY_POINTS:] if point is not None]
    share = (len(day) or 1, len(known)) if aggregation == "Average" else (1, 1)
    value = f"last day {sum(day) / share[0]:,.0f}, last week {sum(known) / share[1]:,.0f}"
    return read.fact(TRAFFIC, word, label, value, "info", points=points)

"""Which deployments log the calls that they score, and which credential a caller of each endpoint needs."""

from __future__ import annotations

import asyncio

from actions.cloud import versions
from actions.posture.facts import Fact, Grade, Reading, Subject
from actions.posture.linked import read_listed

SCORING = "scoring"


async def read_logging(subject: Subject, endpoints: list[Reading]) -> tuple[Fact, ...]:
    """Tell for each deployment of each online endpoint whether its calls are logged in Application Insights."""
    if endpoints and endpoints[0].properties is None:
        return (endpoints[0].unread(SCORING, "logging", "logging of calls"),)
    workspace = subject.workspace.id
    parents = [workspace.child("onlineEndpoints", each.subject) for each in endpoints]
    lists = await asyncio.gather(
        *(read_listed(subject, f"{each.text}/deployments", versions.ENDPOINT) for each in parents)
    )
    found = [_logging(each) for several in lists for each in several]
    return tuple(found) or (subject.own.fact(SCORING, "logging", "logging of calls", "no deployments", "absent"),)


def _logging(read: Reading) -> Fact:
    if read.properties is None:
        return read.unread(SCORING, "logging", "logging of calls")
    told = read.properties.get("appInsightsEnabled")
    grade: Grade = "unknown" if told is None else "good" if told else "warn"
    value = "not told" if told is None else "on" if told else "off: nobody can see who called, or what failed"
    remedy = "turn Application Insights on for the deployment" if told is False else ""
    return read.fact(SCORING, "logging", "logging of calls", value, grade, remedy)

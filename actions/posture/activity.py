"""What was done to a workspace and to what it is linked to, as the activity log tells it; grouped by operation.

The log tells an operation 3 to 20 minutes late and keeps it for 90 days. Reads are not in it, nor is anything done in a
data plane (a key rotated in a vault, a model called): those need diagnostic settings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from actions.cloud.data import CloudError, Resource, ResourceId
from actions.cloud.protocol import Cloud
from actions.workspaces.rows import moment

KEPT_DAYS = 90
"""How long Azure keeps the activity log."""
LATE = timedelta(minutes=20)
"""How late an operation may come into the log (Azure Monitor, data ingestion time)."""
NEVER = (
    "The log never holds: reads, the start of a run, the registration of a model, and what is done in a data plane "
    "(a vault's keys and secrets, calls of an endpoint); those need diagnostic settings."
)
_LINKS = ("storageAccount", "keyVault", "containerRegistry", "applicationInsights")
_SLACK = timedelta(minutes=1)


class OwnDeed(NamedTuple):
    """A change that a run of ours sent: which operation on what, and when it was tried and answered."""

    run: str
    operation: str
    resource: str
    tried: datetime
    answered: datetime


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation: its events share a correlation id, `status` is the last word; `run` is ours if we did it."""

    correlation: str
    began: str
    ended: str
    operation: str
    title: str
    resource: str
    caller: str
    status: str
    code: str
    run: str = ""


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """The operations since a time, newest first; what began after `visible_until` may not be there yet."""

    workspace: str
    name: str
    since: str
    as_of: str
    visible_until: str
    operations: tuple[Operation, ...]
    unread: tuple[str, ...] = ()


async def read_activity(
    cloud: Cloud, workspace: ResourceId, *, days: int = KEPT_DAYS, own: Iterable[OwnDeed] = ()
) -> Timeline:
    """Read what was done in the last `days`; raises `CloudError` where the workspace itself cannot be read."""
    found = await cloud.workspace(workspace)
    now = cloud.now()
    since = now - timedelta(days=min(days, KEPT_DAYS)) + _SLACK
    watched = _watched(found)
    groups = {(each.subscription.casefold(), each.group.casefold()): each for each in watched}
    unread: list[str] = []

    async def group(of: ResourceId) -> tuple[dict[str, Any], ...]:
        try:
            wanted = f"resourceGroupName eq '{of.group}'"
            return await cloud.activity(of.subscription, since=since, filter=wanted)
        except CloudError as error:
            unread.append(error.sentence)
            return ()

    parts = await asyncio.gather(*(group(each) for each in groups.values()))
    events = [event for part in parts for event in part if _concerns(event, watched)]
    return Timeline(
        workspace=found.id.text, name=found.name, since=_told(since), as_of=_told(now), visible_until=_told(now - LATE),
        operations=grouped(events, tuple(own)), unread=tuple(unread),
    )  # fmt: skip


def grouped(events: Iterable[Mapping[str, Any]], own: tuple[OwnDeed, ...] = ()) -> tuple[Operation, ...]:
    """Put the events of one operation together, newest operation first."""
    together: dict[tuple[str, str, str], list[Mapping[str, Any]]] = {}
    for event in events:
        operation = _value(event, "operationName").casefold()
        key = (str(event.get("correlationId") or ""), operation, str(event.get("resourceId") or "").casefold())
        together.setdefault(key, []).append(event)
    told = [_operation(sorted(several, key=_when), own) for several in together.values()]
    return tuple(sorted(told, key=lambda operation: operation.began, reverse=True))


def _operation(events: list[Mapping[str, Any]], own: tuple[OwnDeed, ...]) -> Operation:
    first, last = events[0], max(events, key=lambda event: (_rank(event), _when(event)))
    name: Mapping[str, Any] = first.get("operationName") or {}
    operation, resource = _value(first, "operationName"), str(first.get("resourceId") or "")
    return Operation(
        correlation=str(first.get("correlationId") or ""),
        began=str(first.get("eventTimestamp") or ""),
        ended=str(last.get("eventTimestamp") or ""),
        operation=operation,
        title=str(name.get("localizedValue") or operation),
        resource=resource,
        caller=str(first.get("caller") or "not told"),
        status=_value(last, "status") or "not told",
        code=_value(last, "subStatus"),
        run=_ours(operation, resource, moment(first.get("eventTimestamp")), own),
    )


def _ours(operation: str, resource: str, began: datetime | None, own: tuple[OwnDeed, ...]) -> str:
    """The run that sent the same operation to the same resource at that time; our clock may differ by a minute."""
    for deed in own:
        same = deed.operation.casefold() == operation.casefold() and ResourceId(deed.resource) == ResourceId(resource)
        if same and began is not None and deed.tried - _SLACK <= began <= deed.answered + _SLACK:
            return deed.run
    return ""


def _watched(workspace: Resource) -> tuple[ResourceId, ...]:
    linked = (str(workspace.properties.get(key) or "") for key in _LINKS)
    return (workspace.id, *(ResourceId(text) for text in linked if text))


def _concerns(event: Mapping[str, Any], watched: tuple[ResourceId, ...]) -> bool:
    """Whether it was done to one of these, in one of these, or to the access given on one's resource group."""
    resource = ResourceId(str(event.get("resourceId") or "")).key
    inside = any(resource == each.key or resource.startswith(f"{each.key}/") for each in watched)
    access = any(resource.startswith(f"{each.group_id.key}/providers/microsoft.authorization/") for each in watched)
    return inside or access


def _rank(event: Mapping[str, Any]) -> int:
    """The terminal event of an operation tells how it ended; Accepted is not the end, Started even less."""
    return {"started": 0, "accepted": 1}.get(_value(event, "status").casefold(), 2)


def _when(event: Mapping[str, Any]) -> str:
    return str(event.get("eventTimestamp") or "")


def _value(event: Mapping[str, Any], name: str) -> str:
    given = event.get(name) or {}
    return str(given.get("value") or "") if isinstance(given, dict) else str(given)


def _told(when: datetime) -> str:
    return when.isoformat(timespec="seconds")

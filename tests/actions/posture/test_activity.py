"""The timeline: events grouped into operations, our own marked, what is late or refused told."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from actions.cloud.data import ResourceId
from actions.guard.gate import secret_reads
from actions.posture.activity import LATE, OwnDeed, grouped, read_activity
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from azsim.faults import Fault
from tests.support.rehearsed import rehearsed

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st"
REGENERATE = "Microsoft.Storage/storageAccounts/regenerateKey/action"


def event(
    status: str, minute: int, correlation: str = "c1", *, code: str = "", resource: str = ACCOUNT
) -> dict[str, Any]:
    """One event of a regeneration."""
    return {
        "correlationId": correlation,
        "operationName": {"value": REGENERATE, "localizedValue": "Regenerate"},
        "status": {"value": status},
        "subStatus": {"value": code},
        "eventTimestamp": (NOON + timedelta(minutes=minute)).isoformat(),
        "resourceId": resource,
        "caller": "ada@contoso.example",
    }


def deed(minute: int, *, resource: str = ACCOUNT) -> OwnDeed:
    """A regeneration that a run of ours sent."""
    sent = NOON + timedelta(minutes=minute)
    return OwnDeed(
        "run-1", REGENERATE.casefold(), resource.upper().replace("/SUBSCRIPTIONS", "/subscriptions"), sent, sent
    )


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_the_terminal_event_tells_how_an_operation_ended(order: tuple[int, ...]) -> None:
    events = [event("Started", 0), event("Accepted", 1, code="Accepted"), event("Failed", 2, code="Conflict")]
    (operation,) = grouped([events[number] for number in order])
    assert (operation.status, operation.code, operation.title) == ("Failed", "Conflict", "Regenerate")
    assert operation.began < operation.ended


def test_operations_of_one_correlation_on_two_resources_are_two_and_newest_first() -> None:
    several = grouped(
        [event("Succeeded", 0), event("Succeeded", 5, resource=f"{ACCOUNT}2"), event("Succeeded", 3, "c2")]
    )
    assert [operation.began for operation in several] == sorted((each.began for each in several), reverse=True)
    assert len(several) == 3


@pytest.mark.parametrize(
    ("own", "run"),
    [
        (deed(0), "run-1"),
        (deed(1), "run-1"),
        (deed(5), ""),
        (deed(0, resource=f"{ACCOUNT}2"), ""),
        (deed(0)._replace(operation="Microsoft.Storage/storageAccounts/listKeys/action"), ""),
    ],
    ids=["same minute", "clocks differ", "another time", "another resource", "another operation"],
)
def test_only_what_our_run_sent_there_and_then_is_ours(own: OwnDeed, run: str) -> None:
    (operation,) = grouped([event("Started", 0), event("Succeeded", 0)], (own,))
    assert operation.run == run


def fraud(sim: Cloud) -> ResourceId:
    """A workspace of the demo company."""
    return ResourceId(
        next(each["id"] for each in sim.estate.resources if each["id"].endswith("/workspaces/fraud-scoring"))
    )


async def test_a_new_operation_is_not_yet_visible_and_is_later() -> None:
    sim = Cloud(demo(NOON), clock=FixedClock(NOON))
    cloud, workspace = rehearsed(sim), fraud(sim)
    before = await read_activity(cloud, workspace)
    account = ResourceId(str((await cloud.workspace(workspace)).properties["storageAccount"]))
    with secret_reads(announced="to have something in the log"):
        await cloud.storage_keys(account)
    at_once = await read_activity(cloud, workspace)
    assert at_once.operations == before.operations
    assert datetime.fromisoformat(at_once.visible_until) + LATE == datetime.fromisoformat(at_once.as_of)
    sim.shift(LATE)
    later = await read_activity(cloud, workspace)
    assert len(later.operations) == len(before.operations) + 1
    assert later.operations[0].operation.casefold() == "microsoft.storage/storageaccounts/listkeys/action"


async def test_a_refused_log_is_told_and_not_empty() -> None:
    sim = Cloud(demo(NOON), clock=FixedClock(NOON))
    sim.faults.add(Fault(kind="status", route="/eventtypes/", status=403, code="AuthorizationFailed"))
    timeline = await read_activity(rehearsed(sim), fraud(sim))
    assert timeline.operations == ()
    assert timeline.unread


def test_a_recorded_answer_is_understood(wire_dir: Path) -> None:
    recorded = json.loads((wire_dir / "insights" / "activity-log-list.json").read_text(encoding="utf-8"))
    events = recorded["response"]["body"]["value"]
    operations = grouped(events)
    assert len(operations) == len({each["correlationId"] for each in events})
    assert all(each.status and each.resource and each.began and each.caller for each in operations)

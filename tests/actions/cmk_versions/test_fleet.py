"""The fleet's calendar: expiring keys first, each key read once, what cannot be read never in order."""

from __future__ import annotations

from actions.cmk_versions.fleet import Calendar, calendar
from actions.guard.model import Severity
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates.directory import ADA
from azsim.estates.encrypted import encrypted_fleet
from azsim.faults import Fault
from tests.actions.cmk_versions.encrypted import NOW, Estate, cloud_of
from tests.support.rehearsed import rehearsed

COUNT = 300


def fleet(document: Estate | None = None) -> Cloud:
    """The rehearsal cloud of three hundred encrypted workspaces."""
    return Cloud(document or encrypted_fleet(COUNT, NOW), seed=7, clock=FixedClock(NOW))


async def read(sim: Cloud) -> Calendar:
    """The calendar; reading it changes nothing and reads no secret."""
    cloud, start = rehearsed(sim), sim.ledger.last
    try:
        return await calendar(cloud)
    finally:
        assert {entry.kind for entry in sim.ledger.since(start)} <= {"read", "sign-in"}
        await cloud.close()


async def test_three_hundred_workspaces_the_most_urgent_first() -> None:
    sim = fleet()
    found = await read(sim)
    assert len(found.rows) == COUNT
    assert found.unread == ()
    soon = [row.days for row in found.rows if row.days is not None and row.days < 90]
    assert soon == sorted(soon)
    assert [row.days for row in found.rows[: len(soon)]] == soon, "what expires comes before all else"
    assert found.rows[0].severity is Severity.CRITICAL
    assert found.rows[0].state == "expired"
    later = [row.severity for row in found.rows[len(soon) :]]
    assert later == sorted(later, key=lambda item: item is None)


async def test_a_key_is_read_once_however_many_pages_and_workspaces() -> None:
    sim = fleet()
    await read(sim)
    lists = [entry for entry in sim.ledger.entries if entry.path.endswith("/versions") and entry.status == 200]
    assert len(lists) == COUNT
    assert len({(entry.host, entry.path) for entry in lists}) == COUNT


async def test_the_weeks_count_what_expires_in_ninety_days() -> None:
    found = await read(fleet())
    ahead = [row for row in found.rows if row.days is not None and 0 <= row.days < 90]
    assert sum(count for _, count in found.weeks) == len(ahead)
    assert (len(found.weeks), found.weeks[0][0]) == (13, "2026-11-02")
    assert [row.days for row in found.due] == sorted(row.days for row in found.due if row.days is not None)


async def test_without_a_right_in_the_vaults_the_management_plane_tells_the_same() -> None:
    document = encrypted_fleet(20, NOW)
    mine = [item for item in document["roleAssignments"] if item["properties"]["principalId"] == ADA["objectId"]]
    document["roleAssignments"].remove(mine[1])
    usual, managed = await read(fleet(encrypted_fleet(20, NOW))), await read(fleet(document))
    assert {row.source for row in managed.rows} == {"management plane"}
    assert [(row.id, row.expires, row.state) for row in managed.rows] == [
        (row.id, row.expires, row.state) for row in usual.rows
    ]


async def test_a_key_that_cannot_be_read_is_unknown_with_its_reason() -> None:
    sim = cloud_of()
    sim.faults.add(Fault(kind="status", status=403, code="Forbidden", route="/keys/"))
    found = await read(sim)
    assert [(row.state, row.severity) for row in found.rows] == [("unknown", Severity.UNKNOWN)]
    assert "not verified" in found.rows[0].remark


async def test_where_resource_graph_fails_the_providers_are_asked() -> None:
    sim = cloud_of()
    sim.faults.add(Fault(kind="status", status=403, code="AuthorizationFailed", route="Microsoft.ResourceGraph"))
    found = await read(sim)
    assert [row.name for row in found.rows] == ["small-ml"]
    assert found.rows[0].remark.endswith("is newer")
    assert "Resource Graph could not be asked" in found.unread[0]

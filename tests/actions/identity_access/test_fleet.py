"""The fleet's identity column against the action's own table: the list may know less, it never claims more."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from actions.cloud.data import ResourceId
from actions.identity_access import IdentityAccess, IdentityAccessOptions
from actions.identity_access.roles import CONTRIBUTOR
from actions.workspaces.access import Grant, expected_access
from actions.workspaces.fleet import whole_fleet
from actions.workspaces.rows import WorkspaceRow
from azsim.clock import FixedClock
from azsim.cloud import Cloud as Simulated
from azsim.estates.demo import demo
from tests.support.rehearsed import rehearsed

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
KNOWN_ROWS = frozenset({"group", "workspace", "blob", "vault", "registry", "insights"})
"""The rows of the table that the list knows."""


def through_group(detail: str) -> bool:
    """Resource Graph does not know who is in a group, so the list does not count it."""
    return "by group" in detail


async def test_the_list_says_of_every_workspace_what_the_table_says() -> None:
    sim = Simulated(demo(NOW), clock=FixedClock(NOW))
    cloud = rehearsed(sim)
    start = sim.ledger.last
    rows, unread = await whole_fleet(cloud)
    assert {entry.kind for entry in sim.ledger.since(start)} <= {"read", "sign-in"}, "no secret is read for a list"
    assert unread == ()
    differences = []
    for row in rows:
        seen = await IdentityAccess().inspect(cloud, ResourceId(row.id), IdentityAccessOptions())
        first = next((item.name for item in seen.identities if item.ours), None)
        table = [item for item in seen.table if item.identity == first and item.key in KNOWN_ROWS]
        counted = [item for item in table if item.state != "not-needed"]
        there = [item for item in counted if item.state != "missing" and not through_group(item.detail)]
        expected = "-" if first is None else "ok" if len(there) == len(counted) else f"{len(there)} of {len(counted)}"
        if row.identity != expected:
            differences.append(f"{row.name}: {row.identity}, not {expected}")
    await cloud.close()
    assert differences == []
    assert {cell(rows, name) for name in ("fraud-scoring", "group-granted")} == {"5 of 6"}
    assert cell(rows, "reborn") == "4 of 6"


def cell(rows: tuple[WorkspaceRow, ...], name: str) -> str:
    """A workspace's identity column."""
    return next(row.identity for row in rows if row.name == name)


@pytest.mark.parametrize(
    ("system", "counted"),
    [
        (True, {"resource group", "workspace", "storage account"}),
        (False, {"workspace", "storage account", "application insights"}),
    ],
)
def test_what_an_identity_does_not_need_is_not_counted_as_missing(system: bool, counted: set[str]) -> None:
    workspace = ResourceId("/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w")
    linked = {"storageAccount": f"{workspace.group_id.text}/providers/Microsoft.Storage/storageAccounts/st"}
    linked["applicationInsights"] = f"{workspace.group_id.text}/providers/Microsoft.Insights/components/ai"
    found = expected_access(workspace, linked, "me", (), None, system=system)
    assert {item.name for item in found} == counted
    grant = Grant(principal="me", role=CONTRIBUTOR, scope=workspace.group_id.text)
    found = expected_access(workspace, linked, "me", (grant,), None, system=system)
    assert [item.name for item in found if not item.present] == ["storage account"]
    assert len(found) == 4

"""Runs of the action through engine and SDK against the rehearsal cloud: restore, undo, refuse."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actions.cloud.data import ResourceId
from actions.guard.arming import Arming
from actions.guard.confirm import Confirmation
from actions.guard.engine import Engine
from actions.guard.errors import NotPermitted
from actions.guard.journal import Journal
from actions.guard.lease import Operator
from actions.guard.model import Mode, RunState
from actions.guard.results import Planned
from actions.identity_access import IdentityAccess, IdentityAccessInspection
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from azsim.faults import Fault
from tests.support.rehearsed import rehearsed

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal of its own."""
    opened = Journal.open(tmp_path / "journal.sqlite3")
    yield opened
    opened.close()


def estate(**behaviour: Any) -> Cloud:
    """The demo company; its workspace `reborn` was made anew under its old name."""
    return Cloud({**demo(NOW), "behaviour": behaviour}, clock=FixedClock(NOW))


@asynccontextmanager
async def engine_on(sim: Cloud, journal: Journal, mode: Mode = Mode.LIVE) -> AsyncIterator[Engine]:
    """An engine over the rehearsal."""
    cloud = rehearsed(sim)
    arming = Arming(cloud.gate)
    arming.arm(mode)
    actions = {"identity-access": IdentityAccess()}
    yield Engine(cloud=cloud, journal=journal, actions=actions, operator=Operator.here(), arming=arming)
    await cloud.close()


def workspace(sim: Cloud, name: str) -> ResourceId:
    """A workspace of the estate by name."""
    kind = "Microsoft.MachineLearningServices/workspaces"
    return ResourceId(next(item["id"] for item in sim.world.of_type(kind) if item["name"] == name))


def inspected(planned: Planned) -> IdentityAccessInspection:
    """The plan's inspection, as this action's own."""
    assert isinstance(planned.inspection, IdentityAccessInspection)
    return planned.inspection


def step_ids(planned: Planned) -> list[str]:
    """The ids of a plan's steps."""
    return [step.id for step in planned.plan.body.steps]


async def test_restores_and_undoes_exactly_that(journal: Journal) -> None:
    """What was missing is granted and proven; undo takes away just what the run added."""
    sim = estate()
    before = {name: dict(item.properties) for name, item in sim.world.access.assignments.items()}
    async with engine_on(sim, journal) as engine:
        target = workspace(sim, "reborn")
        planned = await engine.make_plan("identity-access", target, {})
        assert step_ids(planned) == ["resync:reborn", "grant:reborn:blob", "policy:reborn:vault", "propagation:reborn"]
        assert {"I1", "I7"} <= {finding.id for finding in planned.plan.findings}
        done = await engine.run(planned.plan, mode=Mode.LIVE, confirmation=Confirmation(name="reborn"))
        assert (done.state, done.exit) == (RunState.DONE, 0)
        after = await engine.make_plan("identity-access", target, {})
        assert inspected(after).missing() == ()

        history = journal.run(done.run)
        steps = {step.id: step for step in history.plan.body.steps}
        options = IdentityAccess().undo_options((steps[item.id], item.evidence) for item in history.steps)
        undo = await engine.make_plan("identity-access", target, options)
        taken = await engine.run(undo.plan, mode=Mode.LIVE, confirmation=Confirmation(name="reborn"))
        assert taken.state is RunState.DONE
        assert {name: dict(item.properties) for name, item in sim.world.access.assignments.items()} == before
        again = await engine.make_plan("identity-access", target, {})
        assert step_ids(again) == step_ids(planned)
    assert journal.verify().ok


@pytest.mark.parametrize(
    ("restores", "granted"),
    [("nothing", ["blob", "vault"]), ("roles", ["vault"]), ("policies", ["blob"]), ("everything", [])],
)
async def test_whatever_a_resync_restores_is_not_granted_again(
    journal: Journal, restores: str, granted: list[str]
) -> None:
    """The plan is followed from what is found after the resync: rows that came back by themselves are passed over."""
    sim = estate(resyncRestores=restores)
    async with engine_on(sim, journal) as engine:
        target = workspace(sim, "reborn")
        planned = await engine.make_plan("identity-access", target, {})
        done = await engine.run(planned.plan, mode=Mode.LIVE, confirmation=Confirmation(name="reborn"))
        assert done.state is RunState.DONE
        writes = [
            entry.path for entry in sim.ledger.entries if entry.kind == "write" and "resyncKeys" not in entry.path
        ]
        kinds = ["vault" if "accessPolicies" in path else "blob" for path in writes]
        assert kinds == granted
        assert inspected(await engine.make_plan("identity-access", target, {})).missing() == ()


async def test_fresh_identity_is_waited_for(journal: Journal) -> None:
    """PrincipalNotFound, as Azure answers for an identity that has not replicated yet, is tried again."""
    sim = estate()
    fault = Fault(
        kind="status",
        route="roleAssignments/",
        method="PUT",
        status=400,
        code="PrincipalNotFound",
        commit=False,
        times=3,
    )
    sim.faults.add(fault)
    async with engine_on(sim, journal) as engine:
        planned = await engine.make_plan("identity-access", workspace(sim, "reborn"), {})
        done = await engine.run(planned.plan, mode=Mode.LIVE, confirmation=Confirmation(name="reborn"))
        assert done.state is RunState.DONE
    puts = [entry for entry in sim.ledger.entries if entry.method == "PUT" and "roleAssignments" in entry.path]
    assert [entry.status for entry in puts] == [400, 400, 400, 201]


async def test_dry_run_changes_nothing(journal: Journal) -> None:
    """The whole walk, each write withheld."""
    sim = estate()
    async with engine_on(sim, journal, Mode.DRY_RUN) as engine:
        planned = await engine.make_plan("identity-access", workspace(sim, "reborn"), {})
        done = await engine.run(planned.plan, mode=Mode.DRY_RUN, confirmation=None)
        assert done.state is RunState.DONE
    assert not [entry for entry in sim.ledger.entries if entry.committed and entry.kind == "write"]


async def test_who_may_not_grant_is_told_before_the_first_step(journal: Journal) -> None:
    """A Reader sees the table; each missing permission is named with a role that gives it, and nothing runs."""
    document = demo(NOW)
    ada = document["signedIn"]["objectId"]
    for item in document["roleAssignments"]:
        properties = item.get("properties", item)
        if properties["principalId"] == ada:
            properties["roleDefinitionId"] = properties["roleDefinitionId"].rpartition("/")[0] + f"/{READER}"
    sim = Cloud(document, clock=FixedClock(NOW))
    async with engine_on(sim, journal) as engine:
        planned = await engine.make_plan("identity-access", workspace(sim, "reborn"), {})
        lacking = {item.action for item in planned.preflight.missing}
        assert "Microsoft.Authorization/roleAssignments/write" in lacking
        with pytest.raises(NotPermitted, match="Role Based Access Control Administrator"):
            await engine.run(planned.plan, mode=Mode.LIVE, confirmation=Confirmation(name="reborn"))
        assert all(step.az.startswith("az ") for step in planned.plan.body.steps if step.request)


async def test_table_of_the_demo_company(journal: Journal) -> None:
    """The company's broken workspaces are told apart: through a group, made anew, healthy."""
    sim = estate()
    async with engine_on(sim, journal) as engine:
        group = inspected(await engine.make_plan("identity-access", workspace(sim, "group-granted"), {}))
        assert next(row for row in group.table if row.key == "blob").state == "through"
        assert "I4" in {finding.id for finding in group.findings}
        told = IdentityAccess().describe(group)
        assert told.tables[1].rows
        assert len(told.tables[1].states) == len(told.tables[1].rows)

"""A grant is proven by just that grant: neither by one elsewhere, nor by Azure saying that it exists."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from actions.guard.confirm import Confirmation
from actions.guard.gate import secret_reads
from actions.guard.journal import Journal
from actions.guard.model import Mode, RunState, Step, Verdict
from actions.identity_access import doing, steps
from azsim.faults import Fault
from tests.actions.identity_access.test_run import engine_on, estate, workspace


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "journal.sqlite3"


async def test_an_assignment_that_azure_says_exists_must_be_found(place: Path) -> None:
    """RoleAssignmentExists is taken for success and read back like one."""
    sim, journal = estate(), Journal.open(place)
    sim.faults.add(
        Fault(kind="status", route="roleAssignments/", method="PUT", status=409, code="RoleAssignmentExists")
    )
    async with engine_on(sim, journal) as engine:
        planned = await engine.make_plan("identity-access", workspace(sim, "reborn"), {})
        ended = await engine.run(planned.plan, mode=Mode.LIVE, confirmation=Confirmation(name="reborn"))
    assert (ended.state, ended.sentence.rpartition(": ")[2]) == (RunState.FAILED, "the role assignment is not there")
    grant = next(step for step in journal.run(ended.run).steps if step.id.startswith("grant:"))
    assert (grant.result, grant.evidence["exists"]) == ("done", "yes")
    journal.close()


async def test_the_same_role_at_a_wider_scope_is_another_grant(place: Path) -> None:
    sim, journal = estate(), Journal.open(place)
    held = next(item for item in sim.world.access.assignments.values() if item.scope.count("/") == 2)
    principal, role = (str(held.properties[name]).rpartition("/")[2] for name in ("principalId", "roleDefinitionId"))

    def grant(scope: str) -> Step:
        arguments = {"principal": principal, "role": role, "scope": scope}
        return Step(id="grant", kind=steps.GRANT, title="grant", subject=scope, arguments=arguments)

    async with engine_on(sim, journal) as engine:
        below = workspace(sim, "ads-bidding").text
        assert below.startswith(held.scope)
        assert (await doing.prove(grant(held.scope), engine.cloud)).verdict is Verdict.VERIFIED
        assert (await doing.prove(grant(below), engine.cloud)).verdict is Verdict.FAILED
    journal.close()


async def test_a_policy_that_lacks_a_word_is_not_there(place: Path) -> None:
    sim, journal = estate(), Journal.open(place)
    async with engine_on(sim, journal) as engine:
        planned = await engine.make_plan("identity-access", workspace(sim, "reborn"), {})
        policy = next(step for step in planned.plan.body.steps if step.kind == steps.POLICY)
        assert (await doing.prove(policy, engine.cloud)).verdict is Verdict.FAILED
        taken = msgspec.structs.replace(policy, kind=steps.TAKE_POLICY)
        with secret_reads(announced=""):
            assert (await doing.prove(taken, engine.cloud)).verdict is Verdict.VERIFIED
    journal.close()

"""No step is begun with a sign-in that it would outlive, nor by another user than the run's."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from actions.guard.confirm import Confirmation
from actions.guard.model import Mode, RunState
from actions.guard.results import EXIT_NOT_PERMITTED
from actions.guard.steps import LASTING
from azsim.faults import Fault
from azsim.tokens import LIFETIME
from tests.actions.endpoint_keys.rehearsal import Shift, cloud
from tests.actions.guard.world import Desk, World

MakeDesk = Callable[..., Desk]


async def test_each_change_asks_for_a_lasting_sign_in_before_anything_is_sent(desk: MakeDesk, world: World) -> None:
    assert (await desk(script=("bump:a", "time:60", "bump:b")).go()).exit == 0
    assert world.stays == [(0, LASTING, ""), (1, LASTING, "")]


async def test_a_sign_in_that_cannot_be_renewed_leaves_the_step_unsent_and_unjournalled(
    desk: MakeDesk, world: World
) -> None:
    at = desk()
    world.after_bump["a"] = lambda: setattr(world, "signed_out", True)
    result = await at.go()
    assert (result.state, result.exit) == (RunState.STOPPED, EXIT_NOT_PERMITTED)
    assert "Bump b: not begun" in result.sentence
    assert len(world.sent) == 1
    assert at.journal.run(result.run).step("bump:b") is None


async def test_the_run_goes_on_once_somebody_has_signed_in_again(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.after_bump["a"] = lambda: setattr(world, "signed_out", True)
    stopped = await at.go()
    world.signed_out = False
    assert (await at.engine.resume(stopped.run)).exit == 0
    assert world.bumps == {"a": 1, "b": 1, "c": 1}


async def test_another_user_than_the_one_who_began_sends_nothing(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.after_bump["a"] = lambda: setattr(world, "user", "eve@contoso.example")
    result = await at.go()
    assert (result.state, result.exit) == (RunState.STOPPED, EXIT_NOT_PERMITTED)
    assert "eve@contoso.example is signed in now" in result.sentence
    assert len(world.sent) == 1


async def shortly_before_the_token_ends(tmp_path: Path) -> Shift:
    """An operator who planned a rotation a day ago; ten minutes are left, which no request would renew by itself."""
    shift = Shift(cloud(), tmp_path)
    await shift.inspect()
    shift.sim.shift(LIFETIME - timedelta(minutes=10))
    return shift


async def test_against_the_rehearsal_the_token_is_new_before_the_first_write(tmp_path: Path) -> None:
    shift = await shortly_before_the_token_ends(tmp_path)
    before = shift.sim.ledger.last
    await shift.run()
    entries = [entry for entry in shift.sim.ledger.since(before) if entry.kind in {"sign-in", "write"}]
    assert [entry.kind for entry in entries][:2] == ["sign-in", "write"]


async def test_against_the_rehearsal_nothing_is_written_with_a_token_that_cannot_be_renewed(tmp_path: Path) -> None:
    shift = await shortly_before_the_token_ends(tmp_path)
    plan = await shift.plan()
    shift.sim.faults.add(Fault(kind="status", route="/token", status=400, code="invalid_grant"))
    before = shift.sim.ledger.last
    shift.arming.arm(Mode.LIVE)
    confirmed = Confirmation(name=plan.name, slot=plan.slot)
    result = await shift.engine.run(plan, mode=Mode.LIVE, confirmation=confirmed)
    assert (result.state, result.exit) == (RunState.STOPPED, EXIT_NOT_PERMITTED)
    assert [entry for entry in shift.sim.ledger.since(before) if entry.kind == "write"] == []

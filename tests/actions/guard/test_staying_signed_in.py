"""No step is begun with a sign-in that it would outlive, nor by another user than the run's."""

from __future__ import annotations

from collections.abc import Callable

from actions.guard.model import RunState
from actions.guard.results import EXIT_NOT_PERMITTED
from actions.guard.steps import LASTING
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

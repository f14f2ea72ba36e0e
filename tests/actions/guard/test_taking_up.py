"""What holds for a new run holds for one that is taken up, and for the end of either."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from actions.guard import steps
from actions.guard.errors import NotArmed, NotPermitted, StalePlan
from actions.guard.model import Mode, RunState, Step
from tests.actions.guard.test_dry_run import Mirror, mirrored
from tests.actions.guard.world import TARGET, Desk, World

MakeDesk = Callable[..., Desk]


async def stopped(desk: MakeDesk, world: World) -> tuple[Desk, str]:
    """The next process, and a run that came to a halt after its first step."""
    at = desk()
    world.faults[1] = "refused"
    run = (await at.go()).run
    assert world.bumps == {"a": 1}
    return at.again(), run


async def test_a_run_is_not_taken_up_in_another_mode(desk: MakeDesk, world: World) -> None:
    at, run = await stopped(desk, world)
    for mode in (Mode.LOOK, Mode.DRY_RUN):
        at.arming.arm(mode)
        with pytest.raises(NotArmed):
            await at.engine.resume(run)
    assert world.bumps == {"a": 1}


async def test_a_run_is_not_taken_up_in_another_tenant(desk: MakeDesk, world: World) -> None:
    at, run = await stopped(desk, world)
    world.tenant = "tenant-2"
    with pytest.raises(StalePlan, match="tenant"):
        await at.engine.resume(run)
    assert world.bumps == {"a": 1}


async def test_who_takes_a_run_up_must_be_permitted_what_remains(desk: MakeDesk, world: World) -> None:
    at, run = await stopped(desk, world)
    world.roles = []
    with pytest.raises(NotPermitted):
        await at.engine.resume(run)
    assert world.bumps == {"a": 1}
    assert (await at.engine.resume(run, try_anyway=True)).state is RunState.DONE


def take_away(at: Desk) -> None:
    """Let another process hold what the run holds."""
    with at.journal.write() as writer:
        for lease in writer.leases(at.only_run):
            writer._work.put_lease(msgspec.structs.replace(lease, token="another process"))


async def test_a_run_that_lost_its_leases_in_its_last_step_does_not_call_itself_done(
    desk: MakeDesk, world: World
) -> None:
    at = desk(script=("bump:a",))
    world.after_bump["a"] = lambda: take_away(at)
    result = await at.go()
    assert result.state is RunState.STOPPED
    assert at.kinds()[-1] == "step-proof"
    assert at.journal.leases(at.only_run), "what the other process holds is not given back"


async def test_a_long_wait_finds_out_that_its_leases_are_gone(
    desk: MakeDesk, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actions.guard.run._RENEW_SECONDS", -1.0)
    at = desk(script=("time:3600", "bump:a"))
    world.on_sleep = lambda: take_away(at)
    result = await at.go()
    assert result.state is RunState.STOPPED
    assert "taken over" in result.sentence
    assert len(world.slept) == 1
    assert not world.sent


async def test_a_wait_is_over_when_the_clouds_clock_says_so(desk: MakeDesk, world: World) -> None:
    """A rehearsal's clock is shifted while somebody waits."""
    at = desk(script=("time:36000",))

    def shift() -> None:
        world.now += timedelta(days=1)

    world.on_sleep = shift
    assert (await at.go()).state is RunState.DONE
    assert len(world.slept) == 1


async def test_a_wait_is_over_when_it_was_slept_through_whatever_the_clock_says(desk: MakeDesk, world: World) -> None:
    """A rehearsal's clock may stand still."""
    at = desk(script=("time:60",))
    start = world.now

    def still() -> None:
        world.now = start

    world.on_sleep = still
    assert (await at.go()).state is RunState.DONE
    assert sum(world.slept) == 60


@pytest.mark.parametrize(("step", "sent"), [("put:a", 2), ("bump:a", 1)])
async def test_a_step_may_send_its_change_again_only_where_that_repeats_nothing(
    desk: MakeDesk, world: World, step: str, sent: int
) -> None:
    """PUT comes to the same however often it is sent; a POST that makes a key anew does not."""
    at = desk(script=(step,))
    once = at.action.do

    async def twice(step: Any, hand: Any) -> dict[str, str]:
        await once(step, hand)
        return await once(step, hand)

    at.action.do = twice  # type: ignore[method-assign]
    result = await at.go()
    assert len(world.sent) == sent
    assert result.state is (RunState.DONE if sent == 2 else RunState.FAILED)


async def test_a_dry_run_whose_action_reaches_for_the_real_cloud_is_refused_there(desk: MakeDesk, world: World) -> None:
    """Even in a session that is armed: the permit is good at the twin's gate only."""
    at = mirrored(desk, Mirror(), script=("bump:a",))

    async def astray(step: Any, hand: Any) -> dict[str, str]:
        at.cloud.gate.mode = Mode.LIVE
        await at.cloud.change(step.request, lambda: None)
        return {}

    at.action.do = astray  # type: ignore[method-assign]
    result = await at.go()
    assert result.state is RunState.FAILED
    assert "in another cloud only" in result.sentence
    assert not world.sent


async def test_a_walk_without_a_twin_fails_where_another_change_is_tried(desk: MakeDesk, world: World) -> None:
    at = mirrored(desk, Mirror(why="none."), script=("bump:a",))

    async def other(step: Any, hand: Any) -> dict[str, str]:
        await at.cloud.change(msgspec.structs.replace(step.request, path=f"{TARGET}/elsewhere"), lambda: None)
        return {}

    at.action.do = other  # type: ignore[method-assign]
    result = await at.go()
    assert result.state is RunState.FAILED
    assert "the gate refused it" in result.sentence
    assert not world.sent


async def test_an_earlier_try_is_judged_as_the_step_it_was_made_of(desk: MakeDesk) -> None:
    """A later plan may hold another step of the same id: what was sent is looked for by the one that was sent."""
    old = (await desk().planned()).plan
    step = old.body.steps[0]
    other = msgspec.structs.replace(step, title="another", arguments={**step.arguments, "before": "7"})
    new = msgspec.structs.replace(old, body=msgspec.structs.replace(old.body, steps=(other, *old.body.steps[1:])))
    run: Any = SimpleNamespace(fold=SimpleNamespace(run={"plans": [old, new]}))

    def judged(digest: str) -> Step | None:
        known: Any = SimpleNamespace(id=step.id, digest=digest)
        return steps._approved(run, known)

    assert judged(step.digest()) == step
    assert judged(other.digest()) == other
    assert judged("of no plan") is None

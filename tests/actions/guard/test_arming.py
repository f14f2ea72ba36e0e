"""Live mode lapses after thirty minutes without a run, and only then."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from actions.guard.arming import LIVE_SECONDS, Arming
from actions.guard.errors import NotArmed
from actions.guard.gate import Gate
from actions.guard.model import Mode
from tests.actions.guard.world import TYPED, CounterCloud, Desk, World


class Clock:
    now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def gate() -> Gate:
    return CounterCloud(World()).gate


def test_live_lapses_after_half_an_hour(gate: Gate, clock: Clock) -> None:
    arming = Arming(gate, clock)
    assert (arming.mode(), arming.seconds_left()) == (Mode.LOOK, 0)
    arming.arm(Mode.LIVE)
    assert arming.seconds_left() == LIVE_SECONDS == 30 * 60
    clock.now += LIVE_SECONDS - 1
    assert (arming.mode(), arming.seconds_left()) == (Mode.LIVE, 1)
    clock.now += 1
    assert arming.mode() is Mode.LOOK
    assert gate.mode is Mode.LOOK


def test_a_run_holds_live_and_its_end_starts_the_time_anew(gate: Gate, clock: Clock) -> None:
    arming = Arming(gate, clock)
    arming.arm(Mode.LIVE)
    arming.begin_run()
    clock.now += 5 * LIVE_SECONDS
    assert arming.mode() is Mode.LIVE
    arming.end_run()
    clock.now += LIVE_SECONDS - 1
    assert arming.mode() is Mode.LIVE
    clock.now += 1
    assert arming.mode() is Mode.LOOK


def test_a_clock_set_back_disarms(gate: Gate, clock: Clock) -> None:
    arming = Arming(gate, clock)
    arming.arm(Mode.LIVE)
    clock.now -= 10
    assert arming.mode() is Mode.LOOK


def test_a_dry_run_mode_does_not_lapse(gate: Gate, clock: Clock) -> None:
    arming = Arming(gate, clock)
    arming.arm(Mode.DRY_RUN)
    clock.now += 10 * LIVE_SECONDS
    assert arming.mode() is Mode.DRY_RUN
    arming.disarm()
    assert arming.mode() is Mode.LOOK


async def test_a_lapsed_session_refuses_to_run(desk: Callable[..., Desk], world: World, clock: Clock) -> None:
    at = desk()
    at.engine.arming = Arming(at.cloud.gate, clock)
    at.engine.arming.arm(Mode.LIVE)
    plan = (await at.planned()).plan
    clock.now += LIVE_SECONDS
    with pytest.raises(NotArmed, match="look mode"):
        await at.engine.run(plan, mode=Mode.LIVE, confirmation=TYPED)
    assert not world.sent

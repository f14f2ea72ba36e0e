"""The cloud's time, by Azure's Date header and in rehearsals."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from actions.cloud.clock import LocalClock, LoopbackClock, RehearsalClock
from azsim.clock import FixedClock

START = datetime(2026, 11, 2, 14, 0, tzinfo=UTC)


def http(moment: datetime) -> str:
    return format_datetime(moment, usegmt=True)


@pytest.mark.parametrize("ahead", [0, 3600, -3600, 40])
def test_a_wrong_local_clock_is_corrected(ahead: int) -> None:
    clock = LocalClock(lambda: START + timedelta(seconds=ahead))
    clock.saw(http(START))
    assert abs(clock.now() - START) <= timedelta(seconds=1.5)


def test_the_grain_of_the_header_moves_nothing() -> None:
    local = START
    clock = LocalClock(lambda: local)
    for tenth in range(0, 50, 3):
        local = START + timedelta(seconds=tenth / 10)
        clock.saw(http(local.replace(microsecond=0)))
        assert clock.now() == local


@pytest.mark.parametrize("header", ["", "yesterday", "Wed, 99 Foo 2026 07:28:00 GMT"])
def test_nonsense_is_no_time(header: str) -> None:
    clock = LocalClock(lambda: START)
    clock.saw(header)
    assert clock.now() == START


async def test_rehearsed_sleepers_share_the_time() -> None:
    clock = RehearsalClock(FixedClock(START))
    woken: list[tuple[int, datetime]] = []

    async def sleeper(seconds: int) -> None:
        await clock.sleep(seconds)
        woken.append((seconds, clock.now()))

    await asyncio.gather(*(sleeper(seconds) for seconds in (3600, 5, 60, 5)))
    assert [seconds for seconds, _ in woken] == [5, 5, 60, 3600]
    assert all(moment == START + timedelta(seconds=seconds) for seconds, moment in woken)


async def test_a_sleeper_who_is_called_off_holds_nobody_up() -> None:
    clock = RehearsalClock(FixedClock(START), speed=1.0)
    first = asyncio.gather(clock.sleep(1000))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    fast = RehearsalClock(FixedClock(START))
    await fast.sleep(10)
    assert fast.now() == START + timedelta(seconds=10)
    assert clock._deadlines == []


async def test_watched_time_passes_at_its_speed() -> None:
    simulated = FixedClock(START)
    clock = RehearsalClock(simulated, speed=100_000)
    await clock.sleep(3600)
    assert clock.now() == START + timedelta(hours=1)


async def test_a_served_rehearsal_is_asked_to_shift_its_clock() -> None:
    asked: list[float] = []

    async def shift(seconds: float) -> bool:
        asked.append(seconds)
        await asyncio.sleep(0)
        return True

    clock = LoopbackClock(shift)
    before = clock.now()
    await asyncio.gather(clock.sleep(3600), clock.sleep(3600))
    assert len(asked) == 1, "both slept through the same shift"
    assert asked[0] == pytest.approx(3600, abs=1)
    assert clock.now() - before >= timedelta(hours=1)


async def test_a_clock_that_may_not_be_shifted_is_waited_for() -> None:
    async def shift(seconds: float) -> bool:
        return False

    clock = LoopbackClock(shift)
    before = clock.now()
    await clock.sleep(0.12)
    assert clock.now() - before >= timedelta(seconds=0.12)

"""Waits of the three kinds, across processes; stopping; one run at a time on a resource."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from actions.guard.errors import LeaseHeld, UsageError
from actions.guard.events import WaitBegan, WaitTick
from actions.guard.model import RunState, Verdict, WaitKind
from actions.guard.worker import EngineThread
from tests.actions.guard.world import TARGET, TYPED, Crash, Desk, World

MakeDesk = Callable[..., Desk]


async def test_a_time_wait_lasts_as_long_as_it_says_in_the_clouds_time(desk: MakeDesk, world: World) -> None:
    at = desk(script=("bump:a", "time:3600", "bump:b"))
    began = world.now
    assert (await at.go()).exit == 0
    assert (world.now - began).total_seconds() == 3600
    (told,) = at.told(WaitBegan)
    assert (told.kind, told.remaining_seconds, told.reason) == (WaitKind.TIME, 3600, "Let it soak.")
    assert told.until.startswith("2026-03-01T03:00:00")
    left = [tick.remaining_seconds for tick in at.told(WaitTick)]
    assert left == sorted(left, reverse=True)
    assert left[-1] == 0
    assert len(left) == 120


async def test_a_time_wait_is_left_and_taken_up_by_another_operator(desk: MakeDesk, world: World) -> None:
    at = desk(script=("bump:a", "time:3600", "bump:b"))
    result = await at.go(wait=False)
    assert (result.state, result.exit) == (RunState.WAITING, 7)
    assert "2026-03-01T03:00:00" in result.sentence
    assert all(lease.parked for lease in at.journal.leases())
    await at.cloud.sleep(1800)
    second = at.again("bob")
    assert (await second.engine.resume(result.run, wait=False)).exit == 7
    await second.cloud.sleep(1801)
    third = second.again("carol")
    assert (await third.engine.resume(result.run, wait=False)).exit == 0
    assert [leg.operator.name for leg in third.journal.run(result.run).legs][1:] == ["bob", "carol"]
    assert third.kinds().count("wait-began") == 1


async def test_a_time_wait_survives_a_crash_without_starting_anew(desk: MakeDesk, world: World) -> None:
    at = desk(script=("bump:a", "time:3600", "bump:b"))

    def die() -> None:
        if len(world.slept) == 30:
            raise Crash

    world.on_sleep = die
    began = world.now
    with pytest.raises(BaseException) as crash:  # noqa: PT011 - a task group wraps what befell its tasks
        await at.go()
    assert crash.value is not None
    world.on_sleep = lambda: None
    later = at.again()
    assert (await later.engine.resume(later.only_run)).exit == 0
    assert (world.now - began).total_seconds() == 3600


async def test_a_condition_wait_ends_when_it_holds(desk: MakeDesk, world: World) -> None:
    world.flags["soon"] = 30
    at = desk(script=("condition:soon", "bump:a"))
    result = await at.go()
    assert result.exit == 0
    assert world.slept == [10, 10, 10]


async def test_a_condition_wait_is_bounded(desk: MakeDesk, world: World) -> None:
    at = desk(script=("condition:never", "bump:a"))
    result = await at.go()
    assert (result.state, result.exit) == (RunState.FAILED, 1)
    assert sum(world.slept) == 60
    assert not world.sent
    world.flags["never"] = 80
    later = at.again()
    assert (await later.engine.resume(result.run)).exit == 0
    assert later.kinds().count("wait-began") == 2


async def test_a_condition_wait_can_be_left(desk: MakeDesk, world: World) -> None:
    at = desk(script=("condition:soon", "bump:a"))
    result = await at.go(wait=False)
    assert (result.exit, world.slept) == (7, [])
    world.flags["soon"] = 0
    later = at.again()
    assert (await later.engine.resume(result.run, wait=False)).exit == 0


async def test_a_person_is_waited_for_over_days_and_ends_it_by_resuming(desk: MakeDesk, world: World) -> None:
    at = desk(script=("bump:a", "person", "bump:b"))
    result = await at.go()
    assert (result.state, result.exit) == (RunState.WAITING, 7)
    assert world.bumps == {"a": 1}
    at.engine.note(result.run, "told the clients")
    await at.cloud.sleep(3 * 86400)
    later = at.again("bob")
    assert (await later.engine.resume(result.run)).exit == 0
    step = later.journal.run(result.run).step("person")
    assert step is not None
    assert (step.verdict, step.evidence["by"]) == (Verdict.NOT_VERIFIABLE, "bob")
    assert world.bumps == {"a": 1, "b": 1}


async def test_a_person_wait_that_nobody_was_told_of_is_told_first(desk: MakeDesk, world: World) -> None:
    """A crash between the wait's first entry and the halt must not count as a person's word."""
    at = desk(script=("person", "bump:a"))

    def die(number: int, late: bool) -> None:
        if late and at.kinds()[-1:] == ["wait-began"]:
            raise Crash

    at.journal.trap = die
    with pytest.raises(Crash):
        await at.go()
    later = at.again()
    assert (await later.engine.resume(later.only_run)).exit == 7
    assert (await later.engine.resume(later.only_run)).exit == 0


async def test_a_waiting_run_keeps_others_off_the_resource(desk: MakeDesk, world: World) -> None:
    at = desk(script=("person", "bump:a"))
    first = await at.go()
    with pytest.raises(LeaseHeld, match=f"run {first.run} .*waiting"):
        await at.go()
    assert len(at.journal.runs()) == 1
    assert at.engine.stop(first.run) == "It is stopped."
    assert at.journal.run(first.run).state is RunState.STOPPED
    second = await at.go()
    assert second.exit == 7
    with pytest.raises(LeaseHeld):
        await at.engine.resume(first.run)


async def test_a_crashed_run_keeps_others_off_until_it_is_resumed_or_stopped(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.faults[0] = "crash before"
    with pytest.raises(Crash):
        await at.go()
    later = at.again()
    with pytest.raises(LeaseHeld, match="its process is gone"):
        await later.go()
    later.engine.stop(later.only_run)
    assert later.journal.leases() == []
    assert (await later.go()).exit == 0
    with pytest.raises(UsageError, match="not at work"):
        later.engine.stop(later.journal.runs()[1].id)


async def test_two_runs_at_once_do_not_share_a_resource(desk: MakeDesk, world: World) -> None:
    one, two = desk(script=("bump:a", "time:600", "bump:b")), desk()
    tasks: list[asyncio.Task[object]] = []

    def intrude() -> None:
        if not tasks:
            tasks.append(asyncio.get_running_loop().create_task(two.go()))

    world.on_sleep = intrude
    assert (await one.go()).exit == 0
    with pytest.raises(LeaseHeld, match="is held by run"):
        await tasks[0]
    assert world.bumps == {"a": 1, "b": 1}


async def test_stop_from_this_process_ends_a_wait_at_once(desk: MakeDesk, world: World) -> None:
    at = desk(script=("bump:a", "time:3600", "bump:b"))

    def stop() -> None:
        if len(world.slept) == 3:
            assert "after the step" in at.engine.stop(at.only_run)

    world.on_sleep = stop
    result = await at.go()
    assert (result.state, result.exit) == (RunState.STOPPED, 6)
    assert len(world.slept) == 3
    assert world.bumps == {"a": 1}
    later = at.again()
    world.on_sleep = lambda: None
    assert (await later.engine.resume(result.run)).exit == 0
    assert sum(world.slept) == 3600


async def test_stop_from_another_thread_lets_the_step_finish(desk: MakeDesk, world: World) -> None:
    at = desk()

    def stop() -> None:
        thread = threading.Thread(target=at.engine.stop, args=(at.only_run,))
        thread.start()
        thread.join()

    world.after_bump["a"] = stop
    result = await at.go()
    assert result.exit == 6
    assert world.bumps == {"a": 1}
    step = at.journal.run(result.run).step("bump:a")
    assert step is not None
    assert step.verdict is Verdict.VERIFIED


async def test_stop_from_another_process_is_an_entry_that_the_run_looks_for(desk: MakeDesk, world: World) -> None:
    at, other = desk(), desk()
    world.after_bump["a"] = lambda: other.engine.stop(at.only_run)
    result = await at.go()
    assert result.exit == 6
    assert world.bumps == {"a": 1}
    assert "stop-requested" in at.kinds()
    later = at.again()
    assert (await later.engine.resume(result.run)).exit == 0


async def test_an_old_stop_request_does_not_stop_the_resumed_run(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.after_bump["a"] = lambda: at.engine.stop(at.only_run)
    result = await at.go()
    assert result.exit == 6
    assert (await at.engine.resume(result.run)).exit == 0


async def test_a_run_at_work_in_this_session_is_not_resumed_beside_itself(desk: MakeDesk, world: World) -> None:
    at = desk(script=("bump:a", "time:60", "bump:b"))
    refused: list[Exception] = []

    async def again() -> None:
        try:
            await at.engine.resume(at.only_run)
        except LeaseHeld as error:
            refused.append(error)

    tasks: list[asyncio.Task[None]] = []
    world.after_bump["a"] = lambda: tasks.append(asyncio.get_running_loop().create_task(again()))
    assert (await at.go()).exit == 0
    await asyncio.gather(*tasks)
    assert [str(error) for error in refused] == [f"Run {at.only_run} is at work in this session."]
    assert at.engine.active == frozenset()


async def test_stop_unknown_or_done(desk: MakeDesk) -> None:
    at = desk()
    with pytest.raises(UsageError):
        at.engine.stop("20260101")
    result = await at.go()
    with pytest.raises(UsageError, match="done"):
        at.engine.stop(result.run)


def test_a_run_on_the_engines_thread_outlives_close(desk: MakeDesk, world: World) -> None:
    at = desk()
    thread = EngineThread()
    thread.start()
    plan = thread.submit(at.planned()).result(10).plan
    future = thread.submit(at.engine.run(plan, mode=at.mode, confirmation=TYPED), keep=True)
    thread.close()
    assert future.result(10).exit == 0
    assert thread.join(300)
    assert world.bumps == {"a": 1, "b": 1, "c": 1}


async def test_leases_name_target_and_shared_resources(desk: MakeDesk, world: World) -> None:
    at = desk()
    seen: list[str] = []
    world.after_bump["a"] = lambda: seen.extend(lease.resource for lease in at.journal.leases())
    result = await at.go()
    assert seen == sorted([TARGET.text.casefold(), "/subscriptions/s1/shared", f"run:{result.run}"])

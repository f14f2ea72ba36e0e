"""What is not known is looked at, and what took effect is never repeated: lost answers, crashes, an unwritable journal."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from actions.guard.errors import GuardError, JournalError
from actions.guard.events import Paused
from actions.guard.model import RunState, Verdict
from tests.actions.guard.world import OPERATOR, TYPED, Crash, Desk, World, crash_at, unwritable_from

MakeDesk = Callable[..., Desk]
ONCE = {"a": 1, "b": 1, "c": 1}
SCRIPT = ("bump:a", "time:60", "local", "bump:b", "condition:soon", "bump:c")


async def test_lost_after_commit_is_found_and_not_repeated(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.faults[1] = "lost after"
    result = await at.go()
    assert result.exit == 0
    assert world.bumps == ONCE
    assert world.slept == []
    step = at.journal.run(result.run).step("bump:b")
    assert step is not None
    assert step.remarks == ("Looked: it took effect.",)
    assert step.verdict is Verdict.VERIFIED
    assert step.attempts == 1


async def test_lost_before_commit_is_looked_at_three_times_and_tried_once_more(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.faults[1] = "lost before"
    result = await at.go()
    assert result.exit == 0
    assert world.bumps == ONCE
    assert world.slept == [5, 15]
    step = at.journal.run(result.run).step("bump:b")
    assert step is not None
    assert step.attempts == 2


async def test_a_write_that_commits_late_is_found_by_a_later_look(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.faults[1] = "lost before"

    def commit_late() -> None:
        if world.slept == [5]:
            world.bump("b")

    world.on_sleep = commit_late
    assert (await at.go()).exit == 0
    assert world.bumps == ONCE
    assert len(world.sent) == 3


async def test_a_second_unknown_outcome_stops_the_run(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.faults |= {1: "lost before", 2: "lost after"}
    result = await at.go()
    assert (result.state, result.exit) == (RunState.STOPPED, 6)
    assert "twice" in result.sentence
    assert len(world.sent) == 3
    later = at.again()
    assert (await later.engine.resume(result.run)).exit == 0
    assert world.bumps == ONCE


async def test_an_unknown_outcome_under_a_blocked_plan_stays_unknown(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.faults[1] = "lost after"
    world.after_bump["b"] = lambda: world.values.update(a=-1)
    result = await at.go()
    assert result.state is RunState.STOPPED
    assert at.told(Paused)[0].reasons == ("a is below zero",)
    world.values["a"] = 100
    later = at.again()
    assert (await later.engine.resume(result.run)).exit == 0
    assert world.bumps == ONCE


async def test_a_state_that_is_neither_before_nor_after_is_drift(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.faults[1] = "lost before"
    world.on_sleep = lambda: world.values.update(b=3)
    result = await at.go()
    assert result.state is RunState.STOPPED
    assert at.told(Paused)[0].drift is not None
    assert len(world.sent) == 2


@pytest.mark.parametrize("fault", ["crash before", "crash after"])
@pytest.mark.parametrize("number", [0, 1, 2])
async def test_killed_in_a_request_then_resumed(desk: MakeDesk, world: World, fault: str, number: int) -> None:
    at = desk()
    world.faults[number] = fault
    with pytest.raises(Crash):
        await at.go()
    later = at.again()
    assert later.state() is RunState.STOPPED
    assert later.journal.run(later.only_run).interrupted
    assert (await later.engine.resume(later.only_run)).exit == 0
    assert world.bumps == ONCE
    assert later.journal.verify().ok


async def _count(desk: MakeDesk, world: World) -> int:
    at = desk(script=SCRIPT)
    assert (await at.go()).exit == 0
    return at.journal.writes


@pytest.mark.matrix
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_killed_at_every_journal_write_then_resumed(
    desk: MakeDesk, world: World, after: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """A kill matrix in process: die around each durable write, resume, and end with every counter bumped once."""
    world.flags["soon"] = 80
    total = await _count(desk, world)
    assert total > 15
    for number in range(1, total + 1):
        fresh = World(flags={"soon": 80})
        at = Desk(fresh, tmp_path_factory.mktemp("kill") / "journal.sqlite3", script=SCRIPT)
        at.journal.trap = crash_at(number, after=after)
        plan = (await at.planned()).plan
        with pytest.raises(Crash):
            await at.engine.run(plan, mode=at.mode, confirmation=TYPED)
        later = at.again()
        runs = later.journal.runs()
        if not runs:
            assert (number, after) == (1, False)
            assert later.journal.leases() == []
            continue
        result = await later.engine.resume(runs[0].id)
        assert result.exit == 0, (number, result)
        assert fresh.bumps == ONCE, number
        assert later.journal.verify().ok
        assert later.journal.leases() == []


@pytest.mark.matrix
async def test_killed_at_every_write_of_a_resumed_run_too(
    desk: MakeDesk, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for number in range(1, 12):
        fresh = World(faults={1: "crash after"})
        at = Desk(fresh, tmp_path_factory.mktemp("kill") / "journal.sqlite3")
        with pytest.raises(Crash):
            await at.go()
        second = at.again()
        second.journal.trap = crash_at(number, after=number % 2 == 0)
        finished = False
        try:
            finished = (await second.engine.resume(second.only_run)).exit == 0
        except Crash:
            third = second.again()
            finished = (await third.engine.resume(third.only_run)).exit == 0
        assert finished
        assert fresh.bumps == ONCE, number


async def test_nothing_is_sent_once_the_journal_cannot_be_written(
    desk: MakeDesk, world: World, tmp_path_factory: pytest.TempPathFactory
) -> None:
    world.flags["soon"] = 80
    total = await _count(desk, world)
    for number in range(1, total + 1):
        fresh = World(flags={"soon": 80})
        at = Desk(fresh, tmp_path_factory.mktemp("full") / "journal.sqlite3", script=SCRIPT)
        plan = (await at.planned()).plan
        at.journal.trap = _watched(at, number)
        if number == 1:
            with pytest.raises(JournalError):
                await at.engine.run(plan, mode=at.mode, confirmation=TYPED)
            assert fresh.sent == []
            continue
        result = await at.engine.run(plan, mode=at.mode, confirmation=TYPED)
        assert (result.state, result.exit) == (RunState.STOPPED, 6)
        assert len(fresh.sent) == at.sent_when_refused, number
        later = at.again()
        assert (await later.engine.resume(later.only_run)).exit == 0
        assert fresh.bumps == ONCE


def _watched(at: Desk, number: int) -> Callable[[int, bool], None]:
    """Refuse from the n-th write on, and remember what had been sent by then."""
    refuse = unwritable_from(number)

    def trap(write: int, late: bool) -> None:
        if write == number and not late:
            at.sent_when_refused = len(at.world.sent)
        refuse(write, late)

    return trap


async def test_a_run_of_a_living_process_is_not_taken_over_by_accident(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.faults[1] = "crash before"
    with pytest.raises(Crash):
        await at.go()
    run = at.only_run
    with at.journal.write() as writer:  # as if another, living process held it
        lease = writer.leases(run)[0]
        writer._work.touch_leases(lease.token, pid=1)
    later = at.again("bob")
    with pytest.raises(GuardError, match="Still at work"):
        await later.engine.resume(run)
    assert (await later.engine.resume(run, take_over=True)).exit == 0
    history = later.journal.run(run)
    assert [leg.operator.name for leg in history.legs] == [at.operator.name, "bob"]


async def test_a_process_that_lost_its_run_sends_nothing_more(desk: MakeDesk, world: World) -> None:
    """A hung process wakes up after somebody took its run over: its next intent is refused."""
    at = desk()

    def taken() -> None:
        with at.journal.write() as writer:
            for lease in writer.leases(at.only_run):
                writer._work.put_lease(msgspec.structs.replace(lease, token="another process"))

    world.after_bump["a"] = taken
    result = await at.go()
    assert (result.state, result.exit) == (RunState.STOPPED, 6)
    assert "taken over" in result.sentence
    assert len(world.sent) == 1
    assert at.kinds()[-1] == "step-proof"


async def test_a_run_on_a_machine_that_is_lost_is_stopped_by_force(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.faults[1] = "crash before"
    with pytest.raises(Crash):
        await at.go()
    run = at.only_run
    with at.journal.write() as writer:
        writer._work.touch_leases(writer.leases(run)[0].token, host="a lost machine", pid=4711)
    later = at.again()
    assert "after the step" in later.engine.stop(run)
    with pytest.raises(GuardError, match="a lost machine"):
        await later.go()
    assert later.engine.stop(run, break_leases=True) == "It is stopped."
    assert later.journal.leases() == []
    assert later.state() is RunState.STOPPED
    assert (await later.engine.resume(run)).exit == 0
    assert world.bumps == ONCE


async def test_a_broken_lease_ends_the_run_and_is_journalled(desk: MakeDesk, world: World) -> None:
    at = desk()

    def break_all() -> None:
        for lease in at.journal.leases():
            at.journal.break_lease(lease.resource, by=OPERATOR, reason="night shift")

    world.after_bump["a"] = break_all
    result = await at.go()
    assert result.exit == 6
    assert len(world.sent) == 1
    broken = [entry.data for entry in at.journal.entries(kinds=("lease-broken",))]
    assert len(broken) == 3
    assert {item["reason"] for item in broken} == {"night shift"}
    assert [entry.kind for entry in at.journal.run(result.run).extra] == ["lease-broken"] * 3

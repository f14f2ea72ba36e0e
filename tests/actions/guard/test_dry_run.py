"""A dry run on a twin: the whole way is seen, and the cloud that it stands for gets nothing but reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import pytest

from actions.cloud.data import CloudError
from actions.cloud.protocol import Cloud
from actions.guard.events import StepSaid, TwinMade
from actions.guard.model import Mode, Plan, RunState, Step, Verdict
from actions.guard.report import as_json, as_markdown
from actions.guard.twin import NoTwin
from tests.actions.guard.world import CounterCloud, Desk, World

MakeDesk = Callable[..., Desk]
SCRIPT = ("bump:a", "time:3600", "person", "local", "put:b")


@dataclass
class Mirror:
    """A twin of the counters, made anew for each run that asks for one."""

    change: Callable[[World], None] = lambda _world: None
    worlds: list[World] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    why: str = ""
    closed: int = 0

    async def make(self, _plan: Plan, _holding: Mapping[str, str]) -> Mirror:
        if self.why:
            raise NoTwin(self.why)
        self.worlds.append(World())
        self.change(self.worlds[-1])
        made = CounterCloud(self.worlds[-1])
        made.gate.mode = Mode.LIVE
        self.cloud = cast(Cloud, made)
        return self

    sentence = "Twin of one counter."
    remarks = ("It counts as counters do.",)

    def person(self, step: Step) -> bool:
        self.asked.append(step.id)
        return True

    async def close(self) -> None:
        self.closed += 1


def mirrored(desk: MakeDesk, mirror: Mirror, **keywords: Any) -> Desk:
    at = desk(mode=Mode.DRY_RUN, **keywords)
    at.engine._twin = mirror.make
    return at


async def test_every_step_is_carried_out_on_the_twin_and_withheld_from_what_it_stands_for(
    desk: MakeDesk, world: World
) -> None:
    mirror = Mirror()
    at = mirrored(desk, mirror, script=SCRIPT)
    result = await at.go()
    assert (result.state, result.exit) == (RunState.DONE, 0)
    assert "5 steps walked on a twin, 2 changes withheld; nothing was changed." in result.sentence
    assert "On the twin: Every counter is bumped." in result.sentence
    assert (world.sent, world.bumps, world.slept, world.flags) == ([], {}, [], {})
    assert mirror.worlds[0].bumps == {"a": 1, "b": 1}
    assert mirror.asked == ["person"]
    assert mirror.closed == 1
    steps = at.journal.run(result.run).steps
    assert [step.result for step in steps] == ["withheld", "done", "done", "done", "withheld"]
    assert [step.verdict for step in steps] == [
        Verdict.VERIFIED, Verdict.VERIFIED, Verdict.NOT_VERIFIABLE, Verdict.VERIFIED, Verdict.VERIFIED,
    ]  # fmt: skip
    assert all(step.sentence.startswith("On the twin: ") for step in steps)
    assert [method for method, _ in at.cloud.gate.refusals] == ["POST", "PUT"]
    said = [event.text for event in at.told(StepSaid) if event.text.startswith("Withheld: ")]
    assert [text.partition("/")[0] for text in said] == ["Withheld: POST ", "Withheld: PUT "]


async def test_the_record_says_what_was_live_and_what_the_twins(desk: MakeDesk) -> None:
    at = mirrored(desk, Mirror(), script=SCRIPT)
    run = at.journal.run((await at.go()).run)
    assert run.twin is not None
    assert (run.twin.made, run.twin.sentence) == (True, "Twin of one counter.")
    assert [event.sentence for event in at.told(TwinMade)] == ["Twin of one counter."]
    report = as_markdown(run)
    assert "Twin of one counter." in report
    assert "It counts as counters do." in report
    assert b'"twin": {' in as_json(run)
    assert run.ended < run.steps[-1].ended, "the hour that was soaked passed on the twin alone"


async def test_arming_live_in_the_middle_changes_nothing(desk: MakeDesk, world: World) -> None:
    def arm(twin: World) -> None:
        twin.after_bump["a"] = lambda: at.arming.arm(Mode.LIVE)

    at = mirrored(desk, Mirror(change=arm))
    assert (await at.go()).state is RunState.DONE
    assert at.arming.mode() is Mode.LIVE
    assert world.sent == []


async def test_a_failure_is_seen_without_having_happened(desk: MakeDesk, world: World) -> None:
    mirror = Mirror(change=lambda twin: twin.faults.update({1: "refused"}))
    at = mirrored(desk, mirror)
    result = await at.go()
    assert result.state is RunState.FAILED
    assert "bad request" in result.sentence
    assert world.sent == []


@pytest.mark.parametrize(
    ("mirror", "why"),
    [
        (Mirror(why="the weather is bad."), "the weather is bad."),
        (Mirror(change=lambda twin: twin.values.update(ask=1)), "other steps"),
        (Mirror(change=lambda twin: twin.values.update(a=-1)), "Counter a is broken: a is below zero."),
    ],
)
async def test_without_a_twin_the_plan_is_walked_and_says_why(
    desk: MakeDesk, world: World, mirror: Mirror, why: str
) -> None:
    at = mirrored(desk, mirror)
    result = await at.go()
    assert result.state is RunState.DONE
    assert "3 steps walked, 3 changes withheld" in result.sentence
    assert why in result.sentence
    assert world.sent == []
    run = at.journal.run(result.run)
    assert run.twin is not None
    assert not run.twin.made
    assert {step.verdict for step in run.steps} == {Verdict.NOT_VERIFIABLE}


async def test_a_mistake_in_making_the_twin_is_no_mistake_of_the_run(desk: MakeDesk, world: World) -> None:
    def broken(_world: World) -> None:
        raise KeyError("a resource without an id")

    at = mirrored(desk, Mirror(change=broken))
    result = await at.go()
    assert result.state is RunState.DONE
    assert "without a twin: internal error, KeyError" in result.sentence
    assert "without an id" not in result.sentence
    assert world.sent == []


async def test_who_stops_it_while_the_twin_is_looked_at_leaves_no_twin_behind(desk: MakeDesk, world: World) -> None:
    """The twin is closed, and what was found on it is not told as found where the run is at home."""

    def stop() -> None:
        at.engine.stop(at.only_run)

    def busy(twin: World) -> None:
        twin.read_faults.append(CloudError("busy", status=503, code="ServerBusy"))
        twin.on_sleep = stop

    mirror = Mirror(change=busy)
    at = mirrored(desk, mirror)
    assert (await at.go()).state is RunState.STOPPED
    assert mirror.closed == 1
    run = at.journal.run(at.only_run)
    assert (run.twin, run.findings, run.after) == (None, (), None)
    assert world.sent == []


async def test_no_permit_is_issued_where_there_is_no_twin_either(desk: MakeDesk, world: World) -> None:
    """A session that is armed in the middle of a walk without a twin still sends nothing."""
    mirror = Mirror(why="none.")
    at = mirrored(desk, mirror)
    plan = (await at.planned()).plan
    at.engine._emit = lambda event: at.arming.arm(Mode.LIVE) if isinstance(event, TwinMade) else None
    result = await at.engine.run(plan, mode=Mode.DRY_RUN, confirmation=None)
    assert at.arming.mode() is Mode.LIVE
    assert "3 changes withheld" in result.sentence
    assert world.sent == []


async def test_one_that_was_stopped_begins_again_on_another_twin(desk: MakeDesk, world: World) -> None:
    """A twin does not outlive its process, and steps on an earlier one are no progress."""
    mirror = Mirror(change=lambda twin: twin.after_bump.update(a=lambda: at.engine.stop(at.only_run)))
    at = mirrored(desk, mirror)
    assert (await at.go()).state is RunState.STOPPED
    mirror.change = lambda _twin: None
    again = at.again()
    again.engine._twin = mirror.make
    result = await again.engine.resume(again.only_run)
    assert result.state is RunState.DONE
    assert [twin.bumps for twin in mirror.worlds] == [{"a": 1}, {"a": 1, "b": 1, "c": 1}]
    assert "3 steps walked on a twin, 3 changes withheld" in result.sentence
    assert world.sent == []

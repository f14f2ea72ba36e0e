"""Events travel as JSON lines whose names are stable."""

from __future__ import annotations

from collections.abc import Callable
from typing import get_args

import msgspec

from actions.guard import events
from tests.actions.guard.world import Desk, World

KINDS = {
    "run-started", "step-started", "step-said", "wait-began", "wait-tick", "step-finished", "throttle", "paused",
    "run-finished", "twin-made",
}  # fmt: skip


def test_every_event_has_its_name() -> None:
    found = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, events.Event)]
    assert {kind.__struct_config__.tag for kind in found} - {"event"} == KINDS


async def test_events_of_a_run_are_read_back_as_they_were(desk: Callable[..., Desk], world: World) -> None:
    at = desk(script=("bump:a", "time:60", "person"))
    world.faults[0] = "throttled"
    await at.go()
    await at.again().engine.resume(at.only_run)
    union = (
        events.RunStarted | events.StepStarted | events.StepSaid | events.WaitBegan | events.WaitTick
        | events.StepFinished | events.Throttle | events.Paused | events.RunFinished | events.TwinMade
    )  # fmt: skip
    assert len(get_args(union)) == len(KINDS)
    for event in at.events:
        line = msgspec.json.encode(event)
        assert line.startswith(b'{"event":"')
        assert msgspec.json.decode(line, type=union) == event
        assert event.run == at.only_run
        assert event.at.endswith("Z")

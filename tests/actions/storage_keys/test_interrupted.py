"""A rotation that dies, or loses answers, at any change: taken up by another process it still ends in the goal."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actions.guard.confirm import Confirmation
from actions.guard.model import Mode, RunState, Verdict
from azsim.cloud import Cloud
from azsim.faults import Fault
from azsim.wire import Request, Response
from tests.actions.storage_keys.rehearsal import Shop, Watch

ACCEPT = {"external": "accept", "on_insist": "accept-gap"}
CHANGES = (
    "stfraud01/regenerateKey",
    "datastores/partner?",
    "datastores/train?",
    "workspaces/fraud/resyncKeys",
)


class Killed(BaseException):
    """The process is gone: nothing catches this, nothing is journalled after it."""


def kill(sim: Cloud, wanted: Callable[[Request], bool], *, at: int, committed: bool) -> None:
    """Let the process die at a request, before it arrives or before its answer does."""
    handle, seen = sim.handle, [0]

    def deadly(request: Request) -> Response:
        seen[0] += wanted(request)
        hit = wanted(request) and seen[0] == at
        if hit and not committed:
            sim.handle = handle  # type: ignore[method-assign]
            raise Killed
        answer = handle(request)
        if hit:
            sim.handle = handle  # type: ignore[method-assign]
            raise Killed
        return answer

    sim.handle = deadly  # type: ignore[method-assign]


def changes(route: str) -> Callable[[Request], bool]:
    method = "PUT" if route.endswith("?") else "POST"
    return lambda request: request.method == method and route in f"{request.url}?"


async def run_and_resume(sim: Cloud, folder: Path) -> tuple[Watch, str, RunState]:
    """Run until killed, then let a new process resume it as often as it takes."""
    first = Watch(sim, folder)
    plan = (await first.planned(ACCEPT)).plan
    first.arming.arm(Mode.LIVE)
    confirmation = Confirmation(name=plan.name, slot=plan.slot)
    with pytest.raises(Killed):
        await first.engine.run(plan, mode=Mode.LIVE, confirmation=confirmation)
    first.journal.close()
    second = Watch(sim, folder)
    run = second.journal.runs()[0].id
    second.arming.arm(Mode.LIVE)
    return second, run, (await second.engine.resume(run)).state


@pytest.mark.matrix
@pytest.mark.parametrize("takes", ["in_use", "key1"])
@pytest.mark.parametrize("committed", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(("route", "at"), [*((route, 1) for route in CHANGES), (CHANGES[0], 2)])
async def test_killed_at_a_change(tmp_path, route, at, committed, takes):
    shop = Shop()
    shop.behaviour = {"resyncTakes": takes}
    sim = shop.cloud()
    kill(sim, changes(route), at=at, committed=committed)
    watching, run, state = await run_and_resume(sim, tmp_path)
    assert state is RunState.DONE, watching.history(run).sentence
    assert watching.committed() == {"stfraud01": 2}
    assert watching.generations() == (2, 2)
    assert None not in watching.held().values()
    assert watching.outages() <= ({"fraud"} if takes == "key1" else set())
    assert watching.journal.verify().ok
    watching.journal.close()


async def test_a_new_process_does_not_know_the_old_key_and_says_so(tmp_path):
    sim = Shop().cloud()
    kill(sim, changes(CHANGES[0]), at=2, committed=True)
    watching, _, state = await run_and_resume(sim, tmp_path)
    assert state is RunState.DONE
    proof = watching.finished("regenerate:key1").proof
    assert proof.verdict is Verdict.NOT_VERIFIABLE
    assert "not in memory" in proof.sentence
    assert proof.evidence["key1 before"] != proof.evidence["key1 now"]
    watching.journal.close()


FAULTS: list[dict[str, Any]] = [
    {"kind": "status", "status": 503, "commit": True},
    {"kind": "status", "status": 503},
    {"kind": "status", "status": 504, "commit": True, "retry_after": 1},
    {"kind": "reset_after"},
    {"kind": "reset_before"},
    {"kind": "throttle", "retry_after": 7},
]


@pytest.mark.matrix
@pytest.mark.parametrize("fault", FAULTS, ids=str)
@pytest.mark.parametrize(("route", "at"), [*((route, 1) for route in CHANGES), (CHANGES[0], 2)])
async def test_an_answer_is_lost_at_a_change(watch, route, at, fault):
    method = "PUT" if route.endswith("?") else "POST"
    watching = watch(Shop().cloud(Fault(route=route.rstrip("?") + "$", method=method, at=(at,), **fault)))
    result = await watching.run({"external": "accept"})
    if result.state is RunState.STOPPED:
        result = await watching.resume(result.run)
    assert result.state is RunState.DONE, result.sentence
    assert watching.committed() == {"stfraud01": 2}
    assert watching.generations() == (2, 2)
    assert watching.outages() == set()

"""What the engine and the rehearsal cloud add: a run beyond its requests, an answer beyond a bare function."""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from actions.cloud.data import ResourceId
from actions.guard.arming import Arming
from actions.guard.confirm import Confirmation
from actions.guard.engine import Engine
from actions.guard.journal import Journal
from actions.guard.lease import Operator
from actions.guard.model import Mode, RunState
from actions.registry import actions
from azsim.cloud import Cloud
from azsim.estate import load
from azsim.estates.small import small
from azsim.router import Context, Router, scope_of
from azsim.services import TABLES
from azsim.wire import Request, Response
from bench.distant import distant
from bench.programs import Broken
from bench.table import Row, interleaved

LATENCY = 0.1
_CALLS = 1_000


def overhead(rounds: int) -> Iterator[Row]:
    """A rotation of storage keys at a distance: the time in which no request was under way."""
    walls: list[tuple[float, float]] = [asyncio.run(_rotation()) for _ in range(rounds)]
    walls.sort(key=lambda pair: (pair[0] - pair[1]) / pair[0])
    wall, busy = walls[len(walls) // 2]
    yield Row(
        name="storage-keys run: wall minus requests and announced waits", against="the run's wall", unit="s",
        ours=wall - busy, reference=wall, most=0.05,
        taken="engine over the SDK, journal on disk, each request 100 ms away; announced waits take no time here",
    )  # fmt: skip


async def _rotation() -> tuple[float, float]:
    """Seconds of one run, and of them those with a request under way."""
    sim = Cloud(load(small()))
    cloud, line = distant(sim, 0.0)
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal.open(Path(folder) / "journal.sqlite3")
        arming = Arming(cloud.gate)
        arming.arm(Mode.LIVE)
        engine = Engine(cloud=cloud, journal=journal, actions=actions(), operator=Operator.here(), arming=arming)
        found = next(item["id"] for item in sim.world.of_type("Microsoft.MachineLearningServices/workspaces"))
        planned = await engine.make_plan("storage-keys", ResourceId(found), {}, {"external": "accept"})
        name, slot = planned.plan.name, planned.plan.slot
        line.latency, line.busy = LATENCY, 0.0
        began = time.perf_counter()
        done = await engine.run(planned.plan, mode=Mode.LIVE, confirmation=Confirmation(name=name, slot=slot))
        wall = time.perf_counter() - began
        journal.close()
    await cloud.close()
    if done.state is not RunState.DONE:
        raise Broken(f"the rotation ended {done.state}")
    return wall, line.busy


def answers(rounds: int) -> Iterator[Row]:
    """A workspace read through the SDK: from the rehearsal cloud, and from its route's handler with nothing around it."""
    estate = load(small())

    def rate(bare: bool) -> float:
        return asyncio.run(_rate(Cloud(estate), bare=bare))

    found = interleaved(max(rounds, 15), ours=lambda: rate(False), bare=lambda: rate(True))
    yield Row(
        name="azsim in process: workspaces.get through the SDK", against="the same route as a bare function",
        unit="/s", ours=found["ours"], reference=found["bare"], least=0.9, taken=f"{_CALLS} reads, one after the other",
    )  # fmt: skip


async def _rate(sim: Cloud, *, bare: bool) -> float:
    cloud, _ = distant(sim)
    found = ResourceId(next(i["id"] for i in sim.world.of_type("Microsoft.MachineLearningServices/workspaces")))
    if bare:
        sim.handle = _bare(sim)  # type: ignore[method-assign, assignment]
        cloud, _ = distant(sim)
    client = cloud._ml(found.subscription)  # noqa: SLF001 - the SDK's own call, as its users make it
    await client.workspaces.get(found.group, found.name)
    began = time.perf_counter()
    for _ in range(_CALLS):
        await client.workspaces.get(found.group, found.name)
    took = time.perf_counter() - began
    await cloud.close()
    return _CALLS / took


def _bare(sim: Cloud) -> Callable[[Request], Response]:
    """Give what answers with the route's handler alone: no token, no access, no budget, no ledger, no faults.

    The headers are always those of the first whole answer: without them the client would have less to read.
    """
    handle, router, known = sim.handle, Router(TABLES), dict[str, tuple[Context, dict[str, str]]]()

    def answer(request: Request) -> Response:
        if "/workspaces/" not in request.path:
            return handle(request)
        if request.path not in known:
            known[request.path] = (_context(sim, router, request), handle(request).headers)
        ctx, headers = known[request.path]
        ctx.request = request
        response = ctx.route.handler(ctx)
        response.headers = headers
        return response

    return answer


def _context(sim: Cloud, router: Router, request: Request) -> Context:
    segments = request.segments
    found = router.match("arm", request.method, segments)
    if found is None:
        raise Broken(f"there is no route for {request.path}")
    return Context(
        cloud=sim, world=sim.world, clock=sim.clock, rng=sim.rng, request=request, route=found[0], params=found[1],
        segments=segments, caller=None, api_version=request.query["api-version"], arrived=sim.clock.now(),
        target=scope_of(segments),
    )  # fmt: skip

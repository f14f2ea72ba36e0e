"""A rehearsal cloud in this process that lies far away: every request takes a while, and is noted."""

from __future__ import annotations

import asyncio
import selectors
import time
from collections import Counter
from collections.abc import Callable, Coroutine
from typing import Any

from azure.core.pipeline.transport import AsyncHttpTransport

from actions.cloud.azure import AzureCloud, ignore
from actions.cloud.clock import RehearsalClock
from actions.cloud.credential import RehearsalCredential
from actions.cloud.http import Wire
from actions.cloud.limits import Limits
from actions.cloud.places import PUBLIC
from actions.cloud.rehearsal import Account, Face
from actions.cloud.transport import GateTransport, InProcess
from actions.guard.gate import Gate
from actions.guard.model import Mode
from azsim.cloud import Cloud
from azsim.principals import rehearsal_app_id
from azsim.wire import ConnectionDropped, Request


class Distant(AsyncHttpTransport[Any, Any]):
    """Hands requests to the rehearsal cloud after `latency` seconds; knows how long any request was under way."""

    def __init__(self, inner: AsyncHttpTransport[Any, Any], latency: float) -> None:
        self._inner, self.latency = inner, latency
        self.paths: Counter[str] = Counter()
        self.busy = 0.0
        self._under_way, self._since = 0, 0.0

    async def send(self, request: Any, **kwargs: Any) -> Any:
        """Wait, then answer."""
        self.paths[f"{request.method} {request.url.partition('?')[0]}"] += 1
        if not self._under_way:
            self._since = time.perf_counter()
        self._under_way += 1
        try:
            if self.latency:
                await asyncio.sleep(self.latency)
            return await self._inner.send(request, **kwargs)
        finally:
            self._under_way -= 1
            if not self._under_way:
                self.busy += time.perf_counter() - self._since

    async def open(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        """There is nothing to close."""

    async def __aexit__(self, *_: object) -> None:
        """There is nothing to close."""


class _Jumping(selectors.DefaultSelector):
    """Lets time jump to whatever is due next instead of waiting for it."""

    passed = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Answer at once, unless only another thread can go on."""
        ready = super().select(None if timeout is None else 0)
        if not ready and timeout:
            self.passed += timeout
        return ready


def depth(work: Callable[[], Coroutine[Any, Any, object]], latency: float) -> float:
    """How many requests wait for one another in a piece of work: its time in latencies when computing takes none."""
    selector = _Jumping()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.passed  # type: ignore[method-assign]
    try:
        loop.run_until_complete(work())
        return selector.passed / latency
    finally:
        loop.close()


class SimClock:
    """The rehearsal's clock, whose shifts let happen what is due."""

    def __init__(self, sim: Cloud) -> None:
        self._sim = sim
        self.now = sim.clock.now
        self.shift = sim.shift


def distant(sim: Cloud, latency: float = 0.0) -> tuple[AzureCloud, Distant]:
    """Sign in to a rehearsal cloud so many seconds away; announced waits only move its clock."""
    face = Face(handle=sim.handle, request=Request, dropped=ConnectionDropped, clock=SimClock(sim))
    clock, gate = RehearsalClock(face.clock), Gate(PUBLIC.hosts, Mode.LIVE)
    inner = Distant(InProcess(face, clock), latency)
    transport = GateTransport(inner, gate, clock, Limits(PUBLIC.arm, clock, ignore))
    tenant = sim.estate.tenant.tenant_id
    credential = RehearsalCredential(clock, PUBLIC, transport, Account(tenant, rehearsal_app_id(tenant)))
    return AzureCloud(Wire(PUBLIC, transport, credential), gate, clock, rehearsal=True), inner

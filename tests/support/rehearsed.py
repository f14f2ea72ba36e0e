"""Our own cloud over a rehearsal cloud in this process, for tests of everything that speaks to Azure."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from actions.cloud.azure import AzureCloud
from actions.cloud.data import Throttling
from actions.cloud.rehearsal import Account, Face
from actions.guard.model import Mode
from azsim.cloud import Cloud
from azsim.principals import rehearsal_app_id
from azsim.wire import ConnectionDropped, Request


class SimClock:
    """The rehearsal's clock, whose shifts let happen what is due."""

    def __init__(self, sim: Cloud) -> None:
        self._sim = sim

    def now(self) -> datetime:
        """Its present time."""
        return self._sim.clock.now()

    def shift(self, delta: timedelta) -> None:
        """Move it."""
        self._sim.shift(delta)


def account(sim: Cloud) -> Account:
    """The estate's user, who signs in by device code."""
    tenant = sim.estate.tenant.tenant_id
    return Account(tenant, rehearsal_app_id(tenant))


def face(sim: Cloud) -> Face:
    """The rehearsal as the cloud takes it."""
    return Face(handle=sim.handle, request=Request, dropped=ConnectionDropped, clock=SimClock(sim))


def rehearsed(
    sim: Cloud, mode: Mode = Mode.LIVE, on_throttle: Callable[[Throttling], None] = lambda _: None
) -> AzureCloud:
    """Sign in to a rehearsal cloud, with changes allowed where a permit is given."""
    return AzureCloud.in_process(face(sim), account(sim), mode=mode, on_throttle=on_throttle)

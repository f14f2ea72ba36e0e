"""Reviews through engine and SDK against a rehearsal cloud in this process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actions.cloud.data import ResourceId
from actions.guard.arming import Arming
from actions.guard.confirm import Confirmation
from actions.guard.engine import Engine
from actions.guard.journal import Journal
from actions.guard.lease import Operator
from actions.guard.model import Mode
from actions.guard.results import Planned, RunResult
from actions.support_apps import SupportApps, SupportAppsInspection
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from tests.support.rehearsed import rehearsed
from tests.support.reviewed import NAME, SCOPE, Apps

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)


class Review:
    """One operator's engine over one cloud."""

    def __init__(self, sim: Cloud, engine: Engine, journal: Journal) -> None:
        self.sim, self.engine, self.journal = sim, engine, journal

    async def look(self, **options: Any) -> SupportAppsInspection:
        """Inspect."""
        found = await self.engine.inspect("support-apps", ResourceId(SCOPE), options)
        assert isinstance(found, SupportAppsInspection)
        return found

    async def plan(self, decided: dict[str, str] | None = None, **options: Any) -> Planned:
        """Plan."""
        return await self.engine.make_plan("support-apps", ResourceId(SCOPE), options, decided)

    async def run(self, decided: dict[str, str] | None = None, **options: Any) -> RunResult:
        """Plan, confirm and run."""
        planned = await self.plan(decided, **options)
        return await self.engine.run(planned.plan, mode=Mode.LIVE, confirmation=Confirmation(name=NAME))

    def assignments(self) -> dict[str, dict[str, Any]]:
        """Every role assignment of the cloud but for its dates and makers."""
        own = ("createdOn", "updatedOn", "createdBy", "updatedBy")
        return {
            name: {key: value for key, value in item.properties.items() if key not in own}
            for name, item in self.sim.world.access.assignments.items()
        }


Open = Callable[..., AbstractAsyncContextManager[Review]]


@pytest.fixture
def apps() -> Apps:
    """Principals of the estate, to be filled."""
    return Apps(NOW)


@pytest.fixture
def review(tmp_path: Path) -> Open:
    """Opens a review of an estate; `mode` other than live withholds."""

    @asynccontextmanager
    async def opened(document: dict[str, Any] | Cloud, mode: Mode = Mode.LIVE) -> AsyncIterator[Review]:
        sim = document if isinstance(document, Cloud) else Cloud(document, clock=FixedClock(NOW))
        cloud = rehearsed(sim)
        arming = Arming(cloud.gate)
        arming.arm(mode)
        journal = Journal.open(tmp_path / "journal.sqlite3", rehearsal=True)
        actions: dict[str, Any] = {"support-apps": SupportApps()}
        yield Review(
            sim,
            Engine(cloud=cloud, journal=journal, actions=actions, operator=Operator.here(), arming=arming),
            journal,
        )
        await cloud.close()
        journal.close()

    return opened

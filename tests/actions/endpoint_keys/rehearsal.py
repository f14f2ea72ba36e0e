"""The serving workspace in the rehearsal cloud, and the engines of the operators who rotate its keys."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actions.cloud.data import ResourceId
from actions.endpoint_keys import EndpointKeys, EndpointKeysInspection
from actions.guard.arming import Arming
from actions.guard.confirm import Confirmation
from actions.guard.engine import Engine
from actions.guard.events import Event, StepFinished, StepSaid
from actions.guard.journal import Journal
from actions.guard.lease import Operator
from actions.guard.model import Mode, Plan
from actions.guard.results import RunResult
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.endpoint_clients import EndpointClients
from azsim.endpoint_keys import EndpointKeys as Keys
from azsim.estates.endpoints import SUBSCRIPTION, serving
from azsim.faults import Fault
from tests.support.rehearsed import rehearsed

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
PLACE = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/rg-serve/providers"
WORKSPACE = f"{PLACE}/Microsoft.MachineLearningServices/workspaces/serve-ml"
SCORE = f"{WORKSPACE}/onlineEndpoints/score"
LLM = f"{WORKSPACE}/serverlessEndpoints/llm"
PUBLISH: dict[str, Any] = {"publish": "kvserve01/score-key"}


def cloud(*faults: Fault, clients: tuple[dict[str, Any], ...] = (), **behaviour: Any) -> Cloud:
    """The estate, with more clients and another behaviour where a test wants them."""
    document = serving(START)
    document["clients"] += clients
    document["behaviour"] = behaviour
    return Cloud(document, clock=FixedClock(START), faults=faults)


def caller(name: str = "batch-job", **more: Any) -> dict[str, Any]:
    """A client of `score` that knows one key until somebody tells it another."""
    return {"name": name, "endpoint": SCORE, "transactionsPerHour": 60, **more}


class Shift:
    """One operator with their own engine, over a journal and a cloud that others use too."""

    def __init__(self, sim: Cloud, folder: Path, who: str = "ada") -> None:
        self.sim, self.cloud = sim, rehearsed(sim, Mode.LOOK)
        self.arming = Arming(self.cloud.gate)
        self.journal = Journal.open(folder / "journal.sqlite3", rehearsal=True)
        self.events: list[Event] = []
        here = Operator.here()
        self.engine = Engine(
            cloud=self.cloud, journal=self.journal, actions={"endpoint-keys": EndpointKeys()},
            operator=Operator(name=who, host=here.host, pid=here.pid), emit=self.events.append, arming=self.arming,
        )  # fmt: skip

    async def inspect(self, target: str = WORKSPACE, **options: Any) -> EndpointKeysInspection:
        found = await self.engine.inspect("endpoint-keys", ResourceId(target), options)
        assert isinstance(found, EndpointKeysInspection)
        return found

    async def plan(self, target: str = SCORE, decided: dict[str, str] | None = None, **options: Any) -> Plan:
        return (await self.engine.make_plan("endpoint-keys", ResourceId(target), options, decided)).plan

    async def run(self, target: str = SCORE, decided: dict[str, str] | None = None, **options: Any) -> RunResult:
        plan = await self.plan(target, decided, **options)
        self.arming.arm(Mode.LIVE)
        return await self.engine.run(plan, mode=Mode.LIVE, confirmation=Confirmation(name=plan.name, slot=plan.slot))

    async def resume(self, run: str) -> RunResult:
        self.arming.arm(Mode.LIVE)
        return await self.engine.resume(run)

    def steps(self) -> list[str]:
        """The steps that were done, in order."""
        return [event.step_id for event in self.events if isinstance(event, StepFinished) and not event.held]

    def proof(self, step: str) -> StepFinished:
        return next(item for item in self.events if isinstance(item, StepFinished) and item.step_id == step)

    def said(self) -> str:
        return "\n".join(event.text for event in self.events if isinstance(event, StepSaid))

    def generations(self, endpoint: str = SCORE) -> dict[str, int]:
        """How often each key was made."""
        pair = self.sim.world.state(Keys).pair(self.sim.world.seed, endpoint)
        return {slot: key.generation for slot, key in pair.items()}

    def move(self, client: str, slot: str) -> None:
        self.sim.world.state(EndpointClients).move(self.sim.world, client, slot)

    def cut_off(self) -> set[str]:
        """The clients that were without a live key at any time."""
        return {outage.holder for outage in self.sim.outages.during()}

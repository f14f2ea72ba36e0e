"""One account in the rehearsal cloud with whatever a test puts on it, and the engine that rotates its keys."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from actions.cloud.data import ResourceId
from actions.guard.arming import Arming
from actions.guard.confirm import Confirmation
from actions.guard.engine import Engine
from actions.guard.events import Event, StepFinished
from actions.guard.gate import secret_reads
from actions.guard.history import RunHistory
from actions.guard.journal import Journal
from actions.guard.lease import Operator
from actions.guard.model import Mode, Verdict
from actions.guard.results import Planned, RunResult
from actions.storage_keys import StorageKeys, StorageKeysInspection, StorageKeysOptions
from azsim.clock import Clock
from azsim.cloud import Cloud
from azsim.estates import ml_shapes as ml
from azsim.estates import shapes as az
from azsim.estates.book import OWNER, Book, WorkspaceSpec
from azsim.estates.directory import ADA
from azsim.faults import Fault
from tests.support.rehearsed import rehearsed

SUB = "5a3c0001-0000-4000-8000-000000000001"
LAB = "5a3c0002-0000-4000-8000-000000000002"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
ACCOUNT = az.resource_id(SUB, "rg-fraud", "Microsoft.Storage/storageAccounts", "stfraud01")
FRAUD = az.resource_id(SUB, "rg-fraud", ml.ML, "fraud")


class Shop:
    """An estate under construction: workspace `fraud` on `stfraud01`, with a datastore by key and one by SAS."""

    def __init__(self, *, holds: str = "key1", key_ages: tuple[float | None, float | None] = (400.0, 400.0)) -> None:
        self.book = Book(START)
        self.behaviour: dict[str, Any] = {}
        self.ages = key_ages
        self.workspace("fraud", holds=holds)
        self.datastore(FRAUD, "train", holds=holds)
        self.datastore(FRAUD, "partner", credentials="Sas", holds=holds)
        for subscription in (SUB, LAB):
            self.book.grant(f"/subscriptions/{subscription}", OWNER, ADA["objectId"], created=START, kind="User")

    def workspace(
        self, name: str, *, sub: str = SUB, group: str = "rg-fraud", account: str = "stfraud01", **more: Any
    ) -> str:
        spec = WorkspaceSpec(
            name=name, group=group, region="westeurope", created=self.book.ago(600), account=account,
            key_ages=self.ages, **more,
        )  # fmt: skip
        return self.book.workspace(sub, spec)

    def datastore(
        self, workspace: str, name: str, *, kind: str = "AzureBlob", account: str = "stfraud01", **more: Any
    ) -> str:
        created = self.book.ago(100)
        return self.book.put(ml.datastore(workspace, name, kind, account, created=created, container="data", **more))

    def cloud(self, *faults: Fault, clients: tuple[dict[str, Any], ...] = ()) -> Cloud:
        document = {
            "tenant": {"tenantId": az.TENANT_ID},
            "signedIn": ADA,
            "subscriptions": [
                {"subscriptionId": SUB, "displayName": "prod"},
                {"subscriptionId": LAB, "displayName": "lab"},
            ],
            "resources": self.book.resources,
            "roleAssignments": self.book.assignments,
            "servicePrincipals": self.book.principals,
            "clients": [*self.book.clients, *clients],
            "behaviour": self.behaviour,
        }
        return Cloud(document, clock=Clock(START), faults=faults)


class Watch:
    """An engine over a cloud, what it told, and what the cloud saw."""

    def __init__(self, sim: Cloud, folder: Path) -> None:
        self.sim = sim
        self.cloud = rehearsed(sim, Mode.LOOK)
        self.arming = Arming(self.cloud.gate)
        self.journal = Journal.open(folder / "journal.sqlite3", rehearsal=True)
        self.events: list[Event] = []
        self.engine = Engine(
            cloud=self.cloud, journal=self.journal, actions={"storage-keys": StorageKeys()}, operator=Operator.here(),
            emit=self.events.append, arming=self.arming,
        )  # fmt: skip

    async def inspect(self, target: str = FRAUD) -> StorageKeysInspection:
        with secret_reads(announced="a test"):
            return await StorageKeys().inspect(self.cloud, ResourceId(target), StorageKeysOptions())

    async def planned(
        self, options: dict[str, Any], decided: dict[str, str] | None = None, target: str = FRAUD
    ) -> Planned:
        return await self.engine.make_plan("storage-keys", ResourceId(target), options, decided)

    async def run(
        self, options: dict[str, Any], decided: dict[str, str] | None = None, target: str = FRAUD
    ) -> RunResult:
        plan = (await self.planned(options, decided, target)).plan
        self.arming.arm(Mode.LIVE)
        return await self.engine.run(plan, mode=Mode.LIVE, confirmation=Confirmation(name=plan.name, slot=plan.slot))

    async def resume(self, run: str, decided: dict[str, str] | None = None) -> RunResult:
        self.arming.arm(Mode.LIVE)
        fresh = (await self.engine.replan(run, decided)).plan
        confirmation = Confirmation(name=fresh.name, slot=fresh.slot)
        return await self.engine.resume(run, decided=decided, confirmation=confirmation)

    def steps(self) -> list[str]:
        """The steps that were done, in order."""
        return [event.step_id for event in self.events if isinstance(event, StepFinished) and not event.held]

    def finished(self, step_id: str) -> StepFinished:
        return next(
            event for event in reversed(self.events) if isinstance(event, StepFinished) and event.step_id == step_id
        )

    def verdict(self, step_id: str) -> Verdict:
        return self.finished(step_id).proof.verdict

    def committed(self) -> Counter[str]:
        """The regenerations that took effect, by account."""
        return Counter(
            entry.path.split("/")[-2] for entry in self.sim.ledger.entries
            if entry.committed and entry.path.endswith("/regenerateKey")
        )  # fmt: skip

    def outages(self) -> set[str]:
        """The holders that were without a live key at any time since the start."""
        return {outage.holder.rpartition("/")[2] for outage in self.sim.outages.during()}

    def held(self) -> dict[str, str | None]:
        """The slot that each holder of the account is on now, by the last segment of its id."""
        keys = self.sim.world.keys
        return {
            holder.id.rpartition("/")[2]: keys.slot_held(holder)
            for holder in keys.of_account("stfraud01")
            if not holder.id.endswith("/workspaces/keyless")
        }

    def generations(self) -> tuple[int, int]:
        account = self.sim.world.keys.account("stfraud01")
        assert account is not None
        return account.slots["key1"].generation, account.slots["key2"].generation

    def history(self, run: str) -> RunHistory:
        return self.journal.run(run)

"""Whole runs through engine and SDK on a rehearsal cloud in this process, disturbed on purpose and taken to their end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from actions.cloud.data import CloudError, ResourceId
from actions.cmk_versions import CmkVersions
from actions.endpoint_keys import EndpointKeys
from actions.guard.arming import Arming
from actions.guard.confirm import Confirmation
from actions.guard.engine import Engine
from actions.guard.errors import GuardError
from actions.guard.events import Event
from actions.guard.journal import Journal
from actions.guard.lease import Operator
from actions.guard.model import Mode, Plan, RunState
from actions.guard.results import RunResult
from actions.guard.run import AnyAction
from actions.identity_access import IdentityAccess
from actions.storage_keys import StorageKeys
from actions.support_apps import SupportApps
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estate import Estate, load
from azsim.estates.demo import demo
from azsim.estates.encrypted import KEY, VAULT, hurried
from azsim.estates.small import small
from azsim.keys import SLOTS
from azsim.secrets import MARK
from tests.support import reviewed as reviewed_apps
from tests.support.rehearsed import rehearsed

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
WORKSPACES = "Microsoft.MachineLearningServices/workspaces"
TRIES = 4
"""Resumes without faults within which every run must reach its goal."""


@dataclass(frozen=True)
class Scenario:
    """One action on one target, a workspace's name or a full id, and what must hold at its end."""

    action: str
    target: str
    estate: Callable[[datetime], dict[str, Any]]
    goal: Callable[[Cloud, Cloud], None]
    """Asserts on the cloud before (untouched) and after."""
    options: Mapping[str, Any]
    decided: Mapping[str, str]
    operation: str = "/resyncKeys"
    """The request that starts a long-running operation, as a fault's route; empty where none does."""

    def cloud(self, *, seed: int = 7, **behaviour: Any) -> Cloud:
        """The estate on a clock that moves only when something waits."""
        return Cloud(_estate(self.estate, **behaviour), seed=seed, clock=FixedClock(NOW))


@cache
def _estate(make: Callable[[datetime], dict[str, Any]], **behaviour: Any) -> Estate:
    """Checked once for all trials; a cloud leaves the document it starts from as it is."""
    return load({**make(NOW), "behaviour": behaviour})


@cache
def _untouched(make: Callable[[datetime], dict[str, Any]]) -> Cloud:
    """The cloud as every trial finds it, to compare with; nothing is asked of it."""
    return Cloud(_estate(make), clock=FixedClock(NOW))


def each_key_once(before: Cloud, after: Cloud) -> None:
    """Both keys were replaced, each once, and every holder is on one of them."""
    old, new = (cloud.world.keys.account("stsmall01") for cloud in (before, after))
    assert old is not None
    assert new is not None
    times = {name: new.slots[name].generation - old.slots[name].generation for name in SLOTS}
    assert times == {"key1": 1, "key2": 1}
    keys = after.world.keys
    dead = [holder.id for holder in keys.of_account("stsmall01") if keys.slot_held(holder) is None]
    assert not dead, f"without a live key: {dead}"


def access_given_once(before: Cloud, after: Cloud) -> None:
    """The identity has its role and its vault entry once; nobody else's access changed."""
    old, new = before.world.access.assignments, after.world.access.assignments
    assert {name: dict(new[name].properties) for name in old} == {
        name: dict(item.properties) for name, item in old.items()
    }
    assert len(new) == len(old) + 1
    assert _policies(after) == _policies(before) + 1


def moved_once(before: Cloud, after: Cloud) -> None:
    """One version was made and the workspace names it, so do all that depend on the key; no version was switched off."""
    old, new = (cloud.world.vaults.key(VAULT, KEY) for cloud in (before, after))
    assert old is not None
    assert new is not None
    made = set(new.versions) - set(old.versions)
    assert len(made) == 1
    assert new.deleted is None
    assert all(item.attributes["enabled"] for item in new.versions.values())
    used = {identifier.rpartition("/")[2] for identifier in identifiers(after)}
    assert used == made


def identifiers(cloud: Cloud) -> list[str]:
    """The key identifiers that the workspace and its dependents use."""
    found = {kind: next(cloud.world.of_type(kind))["properties"] for kind in DEPENDENTS}
    storage, registry, cosmos, disks, workspace = found.values()
    return [
        storage["encryption"]["keyvaultproperties"]["currentVersionedKeyIdentifier"],
        registry["encryption"]["keyVaultProperties"]["versionedKeyIdentifier"],
        cosmos["keyVaultKeyUriVersion"],
        disks["activeKey"]["keyUrl"],
        workspace["encryption"]["keyVaultProperties"]["keyIdentifier"],
    ]


DEPENDENTS = (
    "Microsoft.Storage/storageAccounts",
    "Microsoft.ContainerRegistry/registries",
    "Microsoft.DocumentDB/databaseAccounts",
    "Microsoft.Compute/diskEncryptionSets",
    WORKSPACES,
)


def _policies(cloud: Cloud) -> int:
    vaults = cloud.world.of_type("Microsoft.KeyVault/vaults")
    return sum(len(vault["properties"].get("accessPolicies") or ()) for vault in vaults)


def removed_once(before: Cloud, after: Cloud) -> None:
    """Both support apps lost their role, and nobody else anything."""
    old, new = before.world.access.assignments, after.world.access.assignments
    gone = {name.rpartition("/")[2] for name in set(old) - set(new)}
    assert gone == set(reviewed_apps.names(NOW))
    assert {name: dict(new[name].properties) for name in new} == {name: dict(old[name].properties) for name in new}


def made_again_once(before: Cloud, after: Cloud) -> None:
    """Both support apps have their role again, as it was: name, condition and description."""
    old, new = before.world.access.assignments, after.world.access.assignments
    made = {name: new[name].properties for name in set(new) - set(old)}
    assert set(old) <= set(new)
    wanted = {item["id"].casefold(): (item["condition"], item["description"]) for item in reviewed_apps.held(NOW)}
    found = {name: (item["condition"] or "", item["description"] or "") for name, item in made.items()}
    assert found == wanted


def after_removal(now: datetime) -> dict[str, Any]:
    """The reviewed estate without what a review removed from it."""
    return reviewed_apps.reviewed(now, removed=True)


SCENARIOS = {
    "storage-keys": Scenario("storage-keys", "small-ml", small, each_key_once, {}, {"external": "accept"}),
    "identity-access": Scenario("identity-access", "reborn", demo, access_given_once, {"propagation": 60.0}, {}),
    "cmk-versions": Scenario(
        "cmk-versions", "small-ml", hurried, moved_once, {"rotate_key": True}, {}, operation="^PATCH .*/workspaces/"
    ),
    "support-apps": Scenario(
        "support-apps",
        reviewed_apps.SCOPE,
        reviewed_apps.reviewed,
        removed_once,
        {},
        dict.fromkeys(reviewed_apps.names(NOW), "remove:unused"),
        operation="",
    ),
    "support-apps-undo": Scenario(
        "support-apps",
        reviewed_apps.SCOPE,
        after_removal,
        made_again_once,
        {"undo": reviewed_apps.held(NOW)},
        {},
        operation="",
    ),
}


class Trial:
    """One run of a scenario, with everything that it told."""

    def __init__(self, scenario: Scenario, sim: Cloud, journal: Journal, engine: Engine, events: list[Event]) -> None:
        self.scenario, self.sim, self.journal, self.engine, self.events = scenario, sim, journal, engine, events
        self.tale: list[str] = []
        self.plan: Plan | None = None

    async def planned(self, options: Mapping[str, Any] | None = None) -> Plan:
        """Plan while nothing disturbs; requests are counted from here."""
        named = (item["id"] for item in self.sim.world.of_type(WORKSPACES) if item["name"] == self.scenario.target)
        found = next(named, self.scenario.target)
        wanted = {**self.scenario.options, **(options or {})}
        made = await self.engine.make_plan(
            self.scenario.action, ResourceId(found), wanted, dict(self.scenario.decided) or None
        )
        self.plan = made.plan
        return made.plan

    async def to_the_end(self, tries: int = TRIES) -> None:
        """Run or resume, then lift the faults and resume until the goal is reached; fails after `tries` resumes."""
        for _ in range(tries + 1):
            if await self.leg():
                return
            self.sim.faults.clear()
        raise AssertionError(f"not done after {tries} resumes: {self.told()}")

    async def leg(self) -> bool:
        """Run or resume once and tell whether it is done; only our errors may come out, and none of a run that began."""
        runs = self.journal.runs()
        if runs and runs[0].state is RunState.DONE:
            return True
        self.engine.arming.arm(Mode.LIVE)
        try:
            result = await (self._resume(runs[0].id) if runs else self._run())
        except (GuardError, CloudError) as error:
            self._clear(f"{type(error).__name__}: {error}")
            assert runs or not self.journal.runs(), f"an error came out of a run that had begun: {self.told()}"
            return False
        self._clear(f"{result.state}: {result.sentence}")
        assert result.sentence.strip(), self.told()
        assert "Internal error" not in result.sentence, self.told()
        return result.state is RunState.DONE

    async def _run(self) -> RunResult:
        assert self.plan is not None
        confirmation = Confirmation(name=self.plan.name, slot=self.plan.slot)
        return await self.engine.run(self.plan, mode=Mode.LIVE, confirmation=confirmation)

    async def _resume(self, run: str) -> RunResult:
        """Wait where that is asked, never accept a gap; look at the plan that would be followed, and confirm it."""
        answers = {item.id: "wait" for item in self.journal.run(run).decisions}
        fresh = (await self.engine.replan(run, answers)).plan
        confirmation = Confirmation(name=fresh.name, slot=fresh.slot)
        return await self.engine.resume(run, confirmation=confirmation, decided=answers)

    def _clear(self, told: str) -> None:
        assert MARK not in told
        self.tale.append(told)

    def told(self) -> str:
        """What happened, for a failure's message."""
        hit = [
            f"{entry.n} {entry.method} {entry.path} {entry.fault}" for entry in self.sim.ledger.entries if entry.fault
        ]
        return " | ".join((*self.tale, *hit[:5]))

    def check(self, announced: frozenset[str] = frozenset()) -> None:
        """The goal holds, nobody was without a key but who was announced, the record is whole and holds no secret."""
        self.scenario.goal(_untouched(self.scenario.estate), self.sim)
        outages = {outage.holder for outage in self.sim.outages.during()} - announced
        assert not outages, f"{outages}: {self.told()}"
        assert self.journal.verify().ok, self.told()
        assert [run.state for run in self.journal.runs()] == [RunState.DONE], self.told()
        shown = [msgspec.json.encode(event) for event in self.events]
        kept = [msgspec.json.encode(entry) for entry in self.journal.entries()]
        assert not [text for text in (*shown, *kept) if MARK.encode() in text], "a secret was told or kept"


@asynccontextmanager
async def trial(scenario: Scenario, sim: Cloud, folder: Path) -> AsyncIterator[Trial]:
    """A fresh engine and journal over a cloud."""
    cloud, events = rehearsed(sim), list[Event]()
    journal = Journal.open(folder / "journal.sqlite3", rehearsal=True)
    actions: dict[str, AnyAction] = {
        "storage-keys": StorageKeys(),
        "identity-access": IdentityAccess(),
        "cmk-versions": CmkVersions(),
        "endpoint-keys": EndpointKeys(),
        "support-apps": SupportApps(),
    }
    engine = Engine(
        cloud=cloud, journal=journal, actions=actions, operator=Operator.here(), emit=events.append,
        arming=Arming(cloud.gate),
    )  # fmt: skip
    try:
        yield Trial(scenario, sim, journal, engine, events)
    finally:
        await cloud.close()
        journal.close()

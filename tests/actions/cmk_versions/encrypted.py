"""The encrypted workspace of the rehearsal, changed in one place, and looked at through the real SDKs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from actions.cloud.azure import AzureCloud
from actions.cloud.data import ResourceId
from actions.cmk_versions import CmkVersions, CmkVersionsInspection, CmkVersionsOptions
from actions.guard.arming import Arming
from actions.guard.confirm import Confirmation
from actions.guard.engine import Engine
from actions.guard.journal import Journal
from actions.guard.lease import Operator
from actions.guard.model import Mode, Plan
from actions.guard.results import RunResult
from azsim.clock import FixedClock, unix
from azsim.cloud import Cloud
from azsim.estates.encrypted import KEY, VAULT, WORKSPACE, encrypted
from azsim.estates.vault_keys import version_name
from tests.support.rehearsed import rehearsed

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
OLD, NEW = version_name(VAULT, KEY, 1), version_name(VAULT, KEY, 2)
URI = f"https://{VAULT}.vault.azure.net/keys/{KEY}"
Estate = dict[str, Any]
Change = Callable[[Estate], None]


def estate(*changes: Change) -> Estate:
    """The estate after some changes."""
    document = encrypted(NOW)
    for change in changes:
        change(document)
    return document


def cloud_of(*changes: Change, seed: int = 7) -> Cloud:
    """The rehearsal cloud of it, on a clock that moves only when something waits."""
    return Cloud(estate(*changes), seed=seed, clock=FixedClock(NOW))


def resource(document: Estate, kind: str, name: str = "") -> dict[str, Any]:
    """A resource by the last word of its type, and by its name where there are several."""
    return next(
        item
        for item in document["resources"]
        if item["type"].casefold().endswith(f"/{kind}".casefold()) and (not name or item["name"] == name)
    )


def workspace(document: Estate) -> dict[str, Any]:
    """The workspace."""
    return resource(document, "workspaces", WORKSPACE)


def encryption(document: Estate) -> dict[str, Any]:
    """The workspace's encryption block."""
    block: dict[str, Any] = workspace(document)["properties"]["encryption"]
    return block


def vault(document: Estate) -> dict[str, Any]:
    """The vault of the key."""
    return resource(document, "vaults", VAULT)


def version(document: Estate, number: int) -> dict[str, Any]:
    """Version 1 (pinned at first) or 2 of the key."""
    found: dict[str, Any] = document["keys"][0]["versions"][number - 1]
    return found


def attribute(number: int, **values: Any) -> Change:
    """Set attributes of a version; moments become Unix seconds."""

    def change(document: Estate) -> None:
        version(document, number)["attributes"] |= {
            name: unix(value) if isinstance(value, datetime) else value for name, value in values.items()
        }

    return change


def pins(identifier: str) -> Change:
    """Let the workspace name another key identifier."""

    def change(document: Estate) -> None:
        encryption(document)["keyVaultProperties"]["keyIdentifier"] = identifier

    return change


def drop_version(number: int) -> Change:
    """Take a version out of the vault."""

    def change(document: Estate) -> None:
        document["keys"][0]["versions"].pop(number - 1)

    return change


def healthy(document: Estate) -> None:
    """Everything in order: the newest version is pinned, everybody follows, no policy that runs ahead."""
    pins(f"{URI}/{NEW}")(document)
    resource(document, "storageAccounts", "stsmall01")["properties"]["encryption"]["keyvaultproperties"][
        "currentVersionedKeyIdentifier"
    ] = f"{URI}/{NEW}"
    resource(document, "databaseAccounts")["properties"]["keyVaultKeyUriVersion"] = f"{URI}/{NEW}"
    resource(document, "diskEncryptionSets")["properties"]["activeKey"]["keyUrl"] = f"{URI}/{NEW}"
    named = workspace(document)["properties"]["containerRegistry"].rpartition("/")[2]
    registry = resource(document, "registries", named)
    registry["properties"]["encryption"]["keyVaultProperties"]["versionedKeyIdentifier"] = f"{URI}/{NEW}"
    document["keys"][0]["rotationPolicy"]["attributes"].pop("expiryTime")


def target(sim: Cloud) -> ResourceId:
    """The workspace's id."""
    found = next(item["id"] for item in sim.world.of_type("Microsoft.MachineLearningServices/workspaces"))
    return ResourceId(found)


async def inspected(sim: Cloud, **options: Any) -> CmkVersionsInspection:
    """What an inspection finds; it never reads a secret and never changes anything."""
    cloud = rehearsed(sim)
    start = sim.ledger.last
    try:
        return await CmkVersions().inspect(cloud, target(sim), CmkVersionsOptions(**options))
    finally:
        assert {entry.kind for entry in sim.ledger.since(start)} <= {"read", "sign-in"}
        await cloud.close()


@asynccontextmanager
async def engine_on(sim: Cloud, folder: Path) -> AsyncIterator[tuple[Engine, AzureCloud]]:
    """An engine with this action, armed, over its own journal."""
    cloud = rehearsed(sim)
    arming = Arming(cloud.gate)
    arming.arm(Mode.LIVE)
    journal = Journal.open(folder / "journal.sqlite3", rehearsal=True)
    engine = Engine(
        cloud=cloud, journal=journal, actions={"cmk-versions": CmkVersions()}, operator=Operator.here(), arming=arming
    )
    try:
        yield engine, cloud
    finally:
        journal.close()
        await cloud.close()


async def planned(
    engine: Engine, sim: Cloud, options: dict[str, Any] | None = None, decided: dict[str, str] | None = None
) -> Plan:
    """The plan of the one workspace."""
    made = await engine.make_plan("cmk-versions", target(sim), options or {}, decided)
    return made.plan


async def carried_out(engine: Engine, plan: Plan, *, wait: bool = True) -> RunResult:
    """Run a plan, confirmed as it asks."""
    return await engine.run(plan, mode=Mode.LIVE, confirmation=Confirmation(name=plan.name), wait=wait)


def in_days(days: float) -> datetime:
    """A moment from now on."""
    return NOW + timedelta(days=days)

"""From the plan to the end of a run: exact requests, waits that outlive the process, repairs, and what is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from actions.cmk_versions import CmkVersions
from actions.guard.model import Mode, Outcome, Risk, RunState, Verdict
from actions.guard.undoing import undoing
from azsim.cloud import Cloud
from azsim.estates.encrypted import KEY, VAULT
from azsim.estates.vault_keys import COSMOS_PRINCIPAL
from azsim.wire import Request, Response
from tests.actions.cmk_versions.encrypted import (
    NEW,
    NOW,
    OLD,
    URI,
    Estate,
    attribute,
    carried_out,
    cloud_of,
    drop_version,
    engine_on,
    healthy,
    in_days,
    inspected,
    pins,
    planned,
    vault,
    version,
    workspace,
)

MOVE_BODY = (
    b'{"properties":{"encryption":{"keyVaultProperties":{"keyIdentifier":'
    b'"https://kvsmallcmk.vault.azure.net/keys/aml-small/%s"}}}}'
)


def heard(sim: Cloud, method: str) -> list[Request]:
    """The requests of a method that the cloud gets from now on, whole."""
    requests: list[Request] = []
    handle = sim.handle

    def listening(request: Request) -> Response:
        if request.method == method:
            requests.append(request)
        return handle(request)

    sim.handle = listening  # type: ignore[method-assign]
    return requests


def pinned(sim: Cloud) -> str:
    """The version that the workspace names now."""
    found = next(sim.world.of_type("Microsoft.MachineLearningServices/workspaces"))
    return str(found["properties"]["encryption"]["keyVaultProperties"]["keyIdentifier"]).rpartition("/")[2]


def key_of(sim: Cloud) -> Any:
    """The key in the rehearsal's vault."""
    return sim.world.vaults.key(VAULT, KEY)


async def test_the_move_sends_these_bytes_and_nothing_else(tmp_path: Path) -> None:
    sim = cloud_of()
    sent = heard(sim, "PATCH")
    async with engine_on(sim, tmp_path) as (engine, _):
        plan = await planned(engine, sim)
        assert (plan.body.outcome, plan.risk, plan.name) == (Outcome.READY, Risk.DISRUPTIVE, "small-ml")
        result = await carried_out(engine, plan)
        assert result.state is RunState.DONE, result.sentence
    assert [(item.path, item.query["api-version"], item.body) for item in sent] == [
        (plan.target, "2025-09-01", MOVE_BODY % NEW.encode())
    ]
    assert pinned(sim) == NEW


async def test_each_dependent_is_proven_and_the_old_version_left_enabled(tmp_path: Path) -> None:
    sim = cloud_of()
    async with engine_on(sim, tmp_path) as (engine, _):
        plan = await planned(engine, sim)
        assert [step.kind for step in plan.body.steps] == ["move", "follow", "follow", "follow", "follow", "remind"]
        result = await carried_out(engine, plan)
        run = engine.journal.run(result.run)
    assert {step.verdict for step in run.steps} == {Verdict.VERIFIED}
    assert sim.clock.now() - NOW >= timedelta(hours=24), "a storage account looks once a day"
    assert key_of(sim).versions[OLD].attributes["enabled"] is True
    reminder = run.steps[-1]
    after = datetime.strptime(reminder.evidence["may be disabled after"], "%Y-%m-%d %H:%M%z")
    assert after - sim.clock.now() > timedelta(hours=23)
    found = await inspected(sim)
    assert {item.id for item in found.findings} == {"C12"}


async def test_a_wait_for_a_day_is_left_and_taken_up_by_another_process(tmp_path: Path) -> None:
    sim = cloud_of()
    async with engine_on(sim, tmp_path) as (engine, _):
        result = await carried_out(engine, await planned(engine, sim), wait=False)
        assert (result.state, result.exit) == (RunState.WAITING, 7)
    sim.shift(timedelta(hours=25))
    async with engine_on(sim, tmp_path) as (engine, _):
        again = await engine.resume(result.run, wait=False)
        assert again.state is RunState.DONE, again.sentence
    assert len([entry for entry in sim.ledger.writes() if entry.method == "PATCH"]) == 1


async def test_a_dependent_that_never_follows_fails_the_run_and_keeps_the_old_version(tmp_path: Path) -> None:
    sim = cloud_of(lambda document: document.update(behaviour={"storageKeySeconds": None}))
    async with engine_on(sim, tmp_path) as (engine, _):
        result = await carried_out(engine, await planned(engine, sim))
    assert result.state is RunState.FAILED
    assert "which must stay enabled" in result.sentence
    assert timedelta(hours=26) <= sim.clock.now() - NOW < timedelta(hours=27), "the wait is bounded"
    assert pinned(sim) == NEW


async def test_a_success_that_is_none_is_found_out(tmp_path: Path) -> None:
    sim = cloud_of(lambda document: document.update(behaviour={"operationOutcome": "lie"}))
    async with engine_on(sim, tmp_path) as (engine, _):
        result = await carried_out(engine, await planned(engine, sim))
    assert result.state is RunState.FAILED
    assert "the workspace still names another version" in result.sentence


async def test_rotating_first_makes_one_version_and_moves_to_it(tmp_path: Path) -> None:
    sim = cloud_of()
    posts = heard(sim, "POST")
    async with engine_on(sim, tmp_path) as (engine, _):
        plan = await planned(engine, sim, {"rotate_key": True})
        assert [step.kind for step in plan.body.steps][:2] == ["rotate", "move"]
        result = await carried_out(engine, plan)
        assert result.state is RunState.DONE, result.sentence
    made = set(key_of(sim).versions) - {OLD, NEW}
    assert len(made) == 1
    assert pinned(sim) in made
    assert len([item for item in posts if item.path.endswith("/rotate")]) == 1


async def test_undo_moves_back_to_the_version_of_before(tmp_path: Path) -> None:
    sim = cloud_of()
    async with engine_on(sim, tmp_path) as (engine, _):
        result = await carried_out(engine, await planned(engine, sim))
        options = undoing(CmkVersions(), "cmk-versions", engine.journal.run(result.run))
        assert options == {"to": OLD}
        back = await planned(engine, sim, options)
        assert back.body.steps[0].arguments["version"] == OLD
        await carried_out(engine, back, wait=False)
    assert pinned(sim) == OLD


REPAIRS = [
    ("enable", attribute(1, enabled=False), lambda item: item.attributes["enabled"] is True),
    ("extend", attribute(1, exp=in_days(-3)), lambda item: item.attributes["exp"] > in_days(80).timestamp()),
    ("begin", attribute(1, nbf=in_days(9)), lambda item: item.attributes["nbf"] <= NOW.timestamp() + 60),
]


@pytest.mark.parametrize(("name", "broken", "repaired"), REPAIRS, ids=[case[0] for case in REPAIRS])
async def test_a_repair_is_asked_for_and_is_a_step_of_its_own(
    name: str, broken: Any, repaired: Any, tmp_path: Path
) -> None:
    sim = cloud_of(broken)
    async with engine_on(sim, tmp_path) as (engine, _):
        asked = await planned(engine, sim)
        assert asked.body.outcome is Outcome.NEEDS_DECISION
        assert [item.id for item in asked.body.decisions] == [name]
        refused = await planned(engine, sim, decided={name: "no"})
        assert refused.body.outcome is Outcome.BLOCKED
        plan = await planned(engine, sim, decided={name: "yes"})
        assert plan.body.steps[0].kind == name
        result = await carried_out(engine, plan)
        assert result.state is RunState.DONE, result.sentence
    assert repaired(key_of(sim).versions[OLD])
    assert pinned(sim) == NEW


async def test_a_repair_changes_one_attribute_and_sends_no_other(tmp_path: Path) -> None:
    sim = cloud_of(attribute(1, enabled=False))
    sent = heard(sim, "PATCH")
    async with engine_on(sim, tmp_path) as (engine, _):
        await carried_out(engine, await planned(engine, sim, decided={"enable": "yes"}))
    assert [item.body for item in sent if "/keys/" in item.path] == [b'{"attributes": {"enabled": true}}']


async def test_a_revoked_cosmos_account_is_waited_for_before_the_move(tmp_path: Path) -> None:
    sim = cloud_of(attribute(1, enabled=False))
    async with engine_on(sim, tmp_path) as (engine, _):
        plan = await planned(engine, sim, decided={"enable": "yes"})
        assert [step.kind for step in plan.body.steps][:3] == ["enable", "recover", "move"]
        result = await carried_out(engine, plan)
    assert result.state is RunState.DONE, result.sentence


async def test_an_expiring_version_without_a_successor_is_a_question_with_three_answers(tmp_path: Path) -> None:
    changes = (healthy, attribute(2, exp=in_days(10)))
    async with engine_on(sim := cloud_of(*changes), tmp_path) as (engine, _):
        asked = await planned(engine, sim)
        assert [choice.id for choice in asked.body.decisions[0].choices] == ["rotate", "extend", "leave"]
        assert (await planned(engine, sim, decided={"expiring": "leave"})).body.outcome is Outcome.NO_CHANGES
        extend = await planned(engine, sim, decided={"expiring": "extend"})
        assert [step.kind for step in extend.body.steps] == ["extend"]
        plan = await planned(engine, sim, decided={"expiring": "rotate"})
        assert [step.kind for step in plan.body.steps][:2] == ["rotate", "move"]
        result = await carried_out(engine, plan)
        assert result.state is RunState.DONE, result.sentence
    assert pinned(sim) not in (OLD, NEW)


def unprotected(document: Estate) -> None:
    """The vault has no purge protection."""
    vault(document)["properties"].pop("enablePurgeProtection")


def without_cosmos(document: Estate) -> None:
    """Azure Cosmos DB has no role any more."""
    document["roleAssignments"] = [
        item for item in document["roleAssignments"] if item["properties"]["principalId"] != COSMOS_PRINCIPAL
    ]


def unsettled(document: Estate) -> None:
    """The workspace is being changed by somebody."""
    workspace(document)["properties"]["provisioningState"] = "Updating"


BLOCKED: list[tuple[str, Any, dict[str, Any]]] = [
    ("purge protection", unprotected, {}),
    ("Azure Cosmos DB cannot read the key", without_cosmos, {}),
    ("is not settled", unsettled, {}),
    ("less than 30 days", attribute(2, exp=in_days(20)), {}),
    ("is not valid before", attribute(2, nbf=in_days(1)), {}),
    ("is of type EC", lambda document: version(document, 2).update(kty="EC"), {}),
    ("has 1024 bits", lambda document: version(document, 2).update(keySize=1024), {}),
    ("may not unwrapKey", lambda document: version(document, 2).update(keyOps=["wrapKey"]), {}),
    ("is disabled", attribute(2, enabled=False), {"to": NEW}),
    ("there is no version ffffffff", pins(f"{URI}/{OLD}"), {"to": "f" * 32}),
    ("is not the vault", lambda document: vault(document)["properties"].update(vaultUri="https://x.vault.azure.net/"), {}),
    ("recover it first", lambda document: document["keys"][0].update(deleted=True), {}),
    ("pinned is not there", drop_version(1), {}),
]  # fmt: skip


@pytest.mark.parametrize(("reason", "change", "options"), BLOCKED, ids=[case[0] for case in BLOCKED])
async def test_what_forbids_the_move(reason: str, change: Any, options: dict[str, Any], tmp_path: Path) -> None:
    async with engine_on(sim := cloud_of(change), tmp_path) as (engine, _):
        plan = await planned(engine, sim, options)
    assert plan.body.outcome is Outcome.BLOCKED
    assert any(reason in item for item in plan.body.reasons), plan.body.reasons


async def test_readers_that_cannot_be_seen_are_a_question(tmp_path: Path) -> None:
    async with engine_on(sim := cloud_of(lambda item: item.update(behaviour={"graphReads": False})), tmp_path) as pair:
        asked = await planned(pair[0], sim)
        assert [item.id for item in asked.body.decisions] == ["readers"]
        assert (await planned(pair[0], sim, decided={"readers": "stop"})).body.outcome is Outcome.BLOCKED
        assert (await planned(pair[0], sim, decided={"readers": "trust"})).body.outcome is Outcome.READY


async def test_a_dry_run_changes_nothing(tmp_path: Path) -> None:
    sim = cloud_of()
    async with engine_on(sim, tmp_path) as (engine, cloud):
        plan = await planned(engine, sim, {"rotate_key": True})
        cloud.gate.mode = Mode.DRY_RUN
        result = await engine.run(plan, mode=Mode.DRY_RUN, confirmation=None)
    assert result.state is RunState.DONE
    assert sim.ledger.writes() == []


async def test_a_workspace_moved_by_somebody_else_meanwhile_stops_the_run(tmp_path: Path) -> None:
    third = "3" * 32

    def more(document: Estate) -> None:
        first = version(document, 1)
        document["keys"][0]["versions"].append({**first, "version": third})

    sim = cloud_of(more)
    async with engine_on(sim, tmp_path) as (engine, _):
        plan = await planned(engine, sim)
        found = next(sim.world.of_type("Microsoft.MachineLearningServices/workspaces"))
        given = found["properties"]["encryption"]["keyVaultProperties"]
        block = {
            **found["properties"]["encryption"],
            "keyVaultProperties": {**given, "keyIdentifier": f"{URI}/{third}"},
        }
        sim.world.put({**found, "properties": {**found["properties"], "encryption": block}})
        with pytest.raises(Exception, match="nobody here chose"):
            await carried_out(engine, plan)
    assert pinned(sim) == third


async def test_time_makes_a_key_expire_and_cosmos_lose_it(tmp_path: Path) -> None:
    sim = cloud_of(healthy, attribute(2, exp=in_days(40)))
    assert {item.id for item in (await inspected(sim)).findings} == set()
    sim.shift(timedelta(days=15))
    assert {item.id for item in (await inspected(sim)).findings} == {"C4"}
    sim.shift(timedelta(days=26))
    assert {item.id for item in (await inspected(sim)).findings} >= {"C3", "C17"}

"""Who is without a key and for how long: outages, self-synchronisation, clients, operations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any, get_args

import pytest

from azsim import keysync, sas
from azsim.behaviour import ResyncTakes
from azsim.keys import Holder
from azsim.keysync import STRATEGIES
from tests.support.small_cloud import (
    ACCOUNT,
    DATASTORE,
    OTHER_ACCOUNT,
    SAS_DATASTORE,
    SYSTEM_DATASTORE,
    WORKSPACE,
    Small,
    datastore,
    estate,
)


def names(small: Small) -> set[str]:
    """The last part of each open outage's holder."""
    return {outage.holder.rpartition("/")[2] for outage in small.cloud.outages.open()}


def move(small: Small, holder_id: str, slot: str) -> None:
    """What a datastore PUT does to the key ring."""
    account = small.cloud.world.keys.account("stfraud")
    assert account is not None
    holder = Holder(holder_id, "datastore", "stfraud", account.slots[slot].value)
    small.cloud.world.keys.hold(holder)
    small.cloud.world.changed()
    small.cloud.settle()


def slot(small: Small, holder_id: str) -> str | None:
    """The live slot that a holder is on."""
    holder = small.cloud.world.keys.holder(holder_id)
    assert holder is not None
    return small.cloud.world.keys.slot_held(holder)


def test_an_unheld_slot_can_be_regenerated_without_an_outage() -> None:
    """Everybody is on key1: replacing key2 harms nobody."""
    small = Small()
    small.regenerate("key2")
    assert small.cloud.outages.all == []


def test_regenerating_a_held_key_opens_an_outage_for_each_holder() -> None:
    """From the request that committed; a SAS signed by the key counts too."""
    small = Small()
    small.get(ACCOUNT)
    small.regenerate("key1")
    assert names(small) == {"fraud", "training", "partner", "workspaceblobstore"}
    told = {outage.holder: (outage.kind, outage.reason, outage.from_request) for outage in small.cloud.outages.all}
    assert told[WORKSPACE] == ("workspace", "key-replaced", 2)
    assert told[SAS_DATASTORE] == ("datastore", "sas-signer-replaced", 2)
    assert all(not outage.preexisting for outage in small.cloud.outages.all)


def test_an_outage_closes_when_the_holder_has_a_key_again() -> None:
    """Its length is known in requests and in time."""
    small = Small()
    small.regenerate("key1")
    small.get(ACCOUNT)
    small.cloud.shift(timedelta(minutes=5))
    move(small, DATASTORE, "key1")
    outage = next(item for item in small.cloud.outages.all if item.holder == DATASTORE)
    assert (outage.from_request, outage.to_request) == (1, 2)
    assert outage.to_time is not None
    assert timedelta(minutes=5) <= outage.to_time - outage.from_time < timedelta(minutes=6)
    assert "training" not in names(small)
    assert outage.wire()["reason"] == "key-replaced"


def test_a_lost_answer_still_opens_the_outage() -> None:
    """The commit counts, not what the caller was told."""
    small = Small(behaviour={"regenerateAnswer": "503-after-commit"})
    assert small.regenerate("key1").status == 503
    assert "fraud" in names(small)


def test_what_was_broken_before_is_marked() -> None:
    """A stale datastore of the estate is an outage from request 0 on."""
    small = Small(resources=[*estate()["resources"][:3], datastore(DATASTORE, holds="stale")])
    assert [outage.preexisting for outage in small.cloud.outages.all] == [True]
    assert small.cloud.outages.during() == []
    move(small, DATASTORE, "key1")
    assert small.cloud.outages.open() == []


def test_switching_keys_off_leaves_every_holder_without() -> None:
    """And switching them on again brings them back, on the same slots."""
    small = Small()
    path = f"{ACCOUNT}?api-version=2023-05-01"
    small.ask("PATCH", path, {"properties": {"allowSharedKeyAccess": False}})
    assert {outage.reason for outage in small.cloud.outages.open()} == {"shared-keys-disabled"}
    small.ask("PATCH", path, {"properties": {"allowSharedKeyAccess": True}})
    assert small.cloud.outages.open() == []


def test_a_workspace_in_identity_mode_misses_no_key() -> None:
    """Its own copy is not used; its user datastores still are."""
    document = estate()
    document["resources"][2]["properties"]["systemDatastoresAuthMode"] = "Identity"
    small = Small(resources=[*document["resources"][:3], datastore(DATASTORE)])
    small.regenerate("key1")
    assert names(small) == {"training"}


def test_a_sas_that_ends_is_an_outage_of_its_own_kind() -> None:
    """Time alone opens it."""
    resource = datastore(SAS_DATASTORE, "Sas")
    resource["azsim"]["sasExpires"] = "2026-11-02T15:00:00Z"
    small = Small(resources=[*estate()["resources"][:3], resource])
    small.cloud.shift(timedelta(hours=2))
    assert [outage.reason for outage in small.cloud.outages.open()] == ["sas-expired"]
    account = small.cloud.world.keys.account("stfraud")
    assert account is not None
    token = sas.container_token(account.slots["key2"].value, "stfraud", "blob", "data", "2030-01-01T00:00:00Z")
    small.cloud.world.keys.hold_sas(Holder(SAS_DATASTORE, "datastore", "stfraud", token), "blob", "data")
    small.cloud.settle()
    assert small.cloud.outages.open() == []
    assert slot(small, SAS_DATASTORE) == "key2"


def client(**changes: Any) -> dict[str, Any]:
    """An external client of the account."""
    return {"name": "etl", "account": "stfraud", **changes}


def test_a_client_that_never_learns_stays_without() -> None:
    """It holds key2 for ever."""
    small = Small(clients=[client(holds="key2")])
    small.regenerate("key2")
    assert names(small) == {"client:etl"}
    assert small.cloud.outages.open()[0].kind == "client"


@pytest.mark.parametrize("source", [f"datastore:{DATASTORE}", f"workspace:{WORKSPACE}"])
def test_a_client_that_reads_follows_at_once(source: str) -> None:
    """Without an interval it never misses a key that its source has."""
    small = Small(clients=[client(reads=source)])
    move(small, DATASTORE, "key2")
    keysync.resync(small.cloud.world, WORKSPACE)
    small.cloud.settle()
    assert slot(small, "client:etl") == "key2"
    small.regenerate("key1")
    assert "client:etl" not in names(small)


def test_a_client_that_reads_rarely_is_late() -> None:
    """Every ten minutes: between the change and its next look it has no key."""
    small = Small(clients=[client(reads=f"datastore:{DATASTORE}", rereadSeconds=600)])
    move(small, DATASTORE, "key2")
    assert slot(small, "client:etl") == "key1"
    small.regenerate("key1")
    assert "client:etl" in names(small)
    small.cloud.shift(timedelta(minutes=10))
    assert "client:etl" not in names(small)
    outage = next(item for item in small.cloud.outages.all if item.kind == "client")
    assert outage.to_time is not None


def test_time_is_noticed_at_the_next_request_too() -> None:
    """A clock that moves by itself needs no shift."""
    small = Small(clients=[client(reads=f"datastore:{DATASTORE}", rereadSeconds=600)])
    move(small, DATASTORE, "key2")
    small.clock.shift(timedelta(minutes=11))
    small.get(ACCOUNT)
    assert slot(small, "client:etl") == "key2"


def test_a_workspace_synchronises_by_itself_after_an_hour() -> None:
    """Not before; and its system datastores follow where the behaviour says so."""
    small = Small()
    small.regenerate("key1")
    small.cloud.shift(timedelta(minutes=59))
    assert "fraud" in names(small)
    small.cloud.shift(timedelta(minutes=2))
    assert names(small) == {"training", "partner"}
    assert slot(small, WORKSPACE) == slot(small, SYSTEM_DATASTORE)


@pytest.mark.parametrize(
    ("behaviour", "expected"),
    [
        ({"selfSyncHours": None}, {"fraud", "training", "partner", "workspaceblobstore"}),
        ({"resyncRewritesSystemDatastores": False}, {"training", "partner", "workspaceblobstore"}),
    ],
)
def test_self_synchronisation_is_a_behaviour(behaviour: dict[str, Any], expected: set[str]) -> None:
    """It can be absent, and it can leave the system datastores alone."""
    small = Small(behaviour=behaviour)
    small.regenerate("key1")
    small.cloud.shift(timedelta(hours=30))
    assert names(small) == expected


@pytest.mark.parametrize(
    ("takes", "prepare", "expected"),
    [
        ("key1", lambda small: move(small, DATASTORE, "key2"), "key1"),
        ("key2", lambda small: None, "key2"),
        ("newest", lambda small: small.regenerate("key1"), "key1"),
        ("oldest", lambda small: small.regenerate("key1"), "key2"),
        ("in_use", lambda small: move(small, DATASTORE, "key2"), "key2"),
        ("in_use", lambda small: None, "key1"),
    ],
)
def test_which_slot_a_resync_takes(takes: str, prepare: Callable[[Small], Any], expected: str) -> None:
    """The strategy decides; no document does."""
    small = Small(behaviour={"resyncTakes": takes})
    prepare(small)
    assert keysync.resync(small.cloud.world, WORKSPACE) == expected
    assert slot(small, WORKSPACE) == slot(small, SYSTEM_DATASTORE) == expected


def test_in_use_falls_back_step_by_step() -> None:
    """User datastores, then system datastores, then the own live key, then the newest key."""
    small = Small()
    move(small, SYSTEM_DATASTORE, "key2")
    assert keysync.resync(small.cloud.world, WORKSPACE) == "key1"
    small.cloud.world.keys.release(DATASTORE)
    move(small, SYSTEM_DATASTORE, "key2")
    assert keysync.resync(small.cloud.world, WORKSPACE) == "key2"
    small.cloud.world.keys.release(SYSTEM_DATASTORE)
    assert keysync.resync(small.cloud.world, WORKSPACE) == "key2"
    small.regenerate("key2")
    small.regenerate("key1")
    assert keysync.resync(small.cloud.world, WORKSPACE) == "key1"


def test_every_named_strategy_exists() -> None:
    """The behaviour's words and the table agree."""
    assert set(get_args(ResyncTakes)) == set(STRATEGIES)


def test_deleting_a_holder_ends_its_outage() -> None:
    """What is gone needs no key; a deleted account leaves its holders without."""
    small = Small()
    small.regenerate("key1")
    small.cloud.world.delete(DATASTORE)
    small.cloud.settle()
    assert "training" not in names(small)
    small.cloud.world.delete(ACCOUNT)
    small.cloud.settle()
    assert {outage.holder for outage in small.cloud.outages.open()} == {WORKSPACE, SYSTEM_DATASTORE, SAS_DATASTORE}
    assert small.cloud.world.get(OTHER_ACCOUNT) is not None


def start(small: Small, done: list[str], **more: Any) -> str:
    """An operation whose effect is noted."""
    operation = small.cloud.operations.start(
        kind="workspace",
        resource_id=WORKSPACE,
        region="westeurope",
        behaviour=small.cloud.world.behaviour(),
        effect=lambda: done.append("effect"),
        **more,
    )
    return operation.id


def test_an_operation_takes_effect_when_it_ends() -> None:
    """One poll still running, the next has it; later polls repeat the end."""
    small, done = Small(), list[str]()
    number = start(small, done)
    words = []
    for _ in range(3):
        operation = small.cloud.operations.poll(number)
        words.append(operation.word if operation else None)
    assert words == ["InProgress", "Succeeded", "Succeeded"]
    assert done == ["effect"]


def test_an_operation_can_end_by_time() -> None:
    """Polls do not hurry it; nobody needs to poll."""
    small, done = Small(behaviour={"operationSeconds": 30}), list[str]()
    number = start(small, done)
    for _ in range(5):
        polled = small.cloud.operations.poll(number)
        assert polled is not None
        assert polled.state == "running"
    assert [item.id for item in small.cloud.operations.running_on(WORKSPACE.upper())] == [number]
    small.cloud.shift(timedelta(seconds=30))
    assert done == ["effect"]
    assert small.cloud.operations.running_on(WORKSPACE) == []


@pytest.mark.parametrize(
    ("outcome", "last", "effects"),
    [("fail", "Failed", []), ("stuck", "InProgress", []), ("lie", "Succeeded", []), ("vanish", None, ["effect"])],
)
def test_operations_end_badly(outcome: str, last: str | None, effects: list[str]) -> None:
    """Failed, never, a success without an effect, an effect without a trace."""
    small, done = Small(), list[str]()
    number = start(small, done, outcome=outcome)
    for _ in range(4):
        operation = small.cloud.operations.poll(number)
    assert (operation.word if operation else None) == last
    assert done == effects
    assert small.cloud.operations.get("no-such-operation") is None


def test_somebody_gives_a_holder_the_key_that_it_is_told_to_use() -> None:
    small = Small()
    assert small.cloud.hand_over(DATASTORE, "key2")
    held = small.cloud.world.keys.holder(DATASTORE)
    assert held is not None
    assert small.cloud.world.keys.slot_held(held) == "key2"
    assert not small.cloud.hand_over(SAS_DATASTORE, "key2")
    assert not small.cloud.hand_over(WORKSPACE + "/datastores/nobodys", "key2")
    assert not small.cloud.hand_over(DATASTORE, "Primary")

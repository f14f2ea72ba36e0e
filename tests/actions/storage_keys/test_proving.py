"""When an old key counts as dead: three verdicts, never merged."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

from actions.cloud.data import CloudError, Probe, Resource, ResourceId, StorageKey
from actions.cloud.protocol import Cloud
from actions.guard.contract import Hand
from actions.guard.model import Verdict
from actions.guard.secret import Secret
from actions.storage_keys import steps
from actions.storage_keys.doing import do
from actions.storage_keys.proving import prove
from actions.storage_keys.state import Account
from tests.actions.storage_keys.told import ACCOUNT

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
OLD, NEW, OTHER = Secret("b2xk"), Secret("bmV3"), Secret("b3RoZXI=")
OK = Probe(status=200, code="", host="h", at=NOW)
DEAD = Probe(status=403, code="AuthenticationFailed", host="h", at=NOW)
BUSY = Probe(status=503, code="ServerBusy", host="h", at=NOW)
MUTE = Probe(status=0, code="NoConnection", host="h", at=None, detail="no connection: name not known")
SHUT = Probe(status=403, code="AuthorizationFailure", host="h", at=NOW)


class Plane:
    """The few calls that a proof makes; `rounds` are the answers to old, new and other key, the last one staying."""

    def __init__(self, *rounds: tuple[Probe, Probe, Probe], kind: str = "StorageV2", **properties: Any) -> None:
        self.rounds, self.slept, self.asked = list(rounds), 0.0, list[str]()
        self.raw = {"kind": kind, "properties": properties}
        self.keys = {"key1": NEW, "key2": OTHER}

    async def storage_keys(self, _account: ResourceId) -> tuple[StorageKey, ...]:
        return tuple(
            StorageKey(slot=slot, secret=key, fingerprint=key.key_fingerprint(), created=NOW)
            for slot, key in self.keys.items()
        )

    async def storage_account(self, account: ResourceId) -> Resource:
        return Resource(id=account, raw=self.raw, api_version="x")

    async def probe_storage(self, _account: Resource, service: str, key: Secret) -> Probe:
        self.asked.append(service)
        old, new, second = self.rounds[0]
        if key.reveal() == OTHER.reveal():
            answer, self.rounds = second, self.rounds[1:] or self.rounds
            return answer
        return old if key.reveal() == OLD.reveal() else new

    async def sleep(self, seconds: float) -> None:
        self.slept += seconds


def regenerate(old: str = "") -> Any:
    return steps.regenerate(Account(id=ACCOUNT, name="stfraud01"), "key1", old or OLD.key_fingerprint(), gap=False)


def hand(plane: Plane, *, knows_old: bool = True) -> Hand:
    kept = {"old:key1": OLD, "other:key1": OTHER} if knows_old else {}
    return Hand(cloud=cast(Cloud, plane), secrets=kept)


CASES = [
    ("dead and replaced", [(DEAD, OK, OK)], Verdict.VERIFIED, "refused"),
    ("spreads after a while", [(OK, DEAD, OK), (OK, OK, OK), (DEAD, OK, OK)], Verdict.VERIFIED, "refused"),
    ("busy for a moment", [(BUSY, BUSY, BUSY), (DEAD, OK, OK)], Verdict.VERIFIED, "refused"),
    ("the old one goes on working", [(OK, OK, OK)], Verdict.FAILED, "does not show the change"),
    ("the new one never works", [(DEAD, DEAD, OK)], Verdict.FAILED, "does not show the change"),
    ("busy for ever", [(BUSY, BUSY, BUSY)], Verdict.NOT_VERIFIABLE, "refuses even key2"),
    ("no way to the host", [(MUTE, MUTE, MUTE)], Verdict.NOT_VERIFIABLE, "name not known"),
    ("network rules", [(SHUT, SHUT, SHUT)], Verdict.NOT_VERIFIABLE, "network rules"),
    ("even the untouched key is refused", [(DEAD, DEAD, DEAD)], Verdict.NOT_VERIFIABLE, "refuses even key2"),
]


@pytest.mark.parametrize(("rounds", "verdict", "says"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
async def test_the_death_of_a_key(rounds, verdict, says):
    plane = Plane(*rounds)
    proof = await prove(regenerate(), hand(plane))
    assert (proof.verdict, says in proof.sentence) == (verdict, True), proof.sentence
    assert plane.slept <= 61
    assert proof.evidence["key1 before"] != proof.evidence["key1 now"]


async def test_answers_a_minute_apart_prove_nothing():
    late = Probe(status=403, code="AuthenticationFailed", host="h", at=NOW + timedelta(minutes=2))
    assert (await prove(regenerate(), hand(Plane((late, OK, OK))))).verdict is Verdict.FAILED


async def test_without_the_old_key_only_the_new_one_is_shown():
    proof = await prove(regenerate(), hand(Plane((DEAD, OK, OK)), knows_old=False))
    assert proof.verdict is Verdict.NOT_VERIFIABLE
    assert "not in memory" in proof.sentence


async def test_a_fingerprint_that_did_not_change_fails():
    proof = await prove(regenerate(NEW.key_fingerprint()), hand(Plane((DEAD, OK, OK))))
    assert proof.verdict is Verdict.FAILED


async def test_another_hand_on_the_other_key_fails():
    plane = Plane((DEAD, OK, OK))
    plane.keys["key2"] = Secret("c29tZWJvZHk=")
    proof = await prove(regenerate(), hand(plane))
    assert (proof.verdict, "somebody else" in proof.sentence) == (Verdict.FAILED, True)


@pytest.mark.parametrize(
    ("kind", "properties", "service"),
    [
        ("StorageV2", {}, "blob"),
        ("FileStorage", {}, "file"),
        ("StorageV2", {"allowSharedKeyAccessForServices": {"blob": {"enabled": False}}}, "file"),
    ],
)
async def test_the_service_that_takes_keys_is_tried(kind, properties, service):
    plane = Plane((DEAD, OK, OK), kind=kind, **properties)
    await prove(regenerate(), hand(plane))
    assert set(plane.asked) == {service}


async def test_a_key_that_changed_since_the_plan_is_not_replaced():
    with pytest.raises(CloudError, match="nothing was sent"):
        await do(regenerate(), hand(Plane((DEAD, OK, OK))))

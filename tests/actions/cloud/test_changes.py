"""Changes: sent once under a permit, followed as far as Azure tells, and honest about what nobody knows."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from actions.cloud import versions
from actions.cloud.azure import AzureCloud
from actions.cloud.data import Answer, CloudError, ResourceId, Throttled, UnknownOutcome
from actions.guard.gate import Refused, Withheld, permit_for, secret_reads
from actions.guard.model import Mode, Request
from actions.guard.progress import progress_to
from actions.guard.secret import Secret
from azsim.faults import Fault
from azsim.wire import Request as Sent
from azsim.wire import Response
from tests.support import small_cloud
from tests.support.rehearsed import rehearsed
from tests.support.small_cloud import ACCOUNT, DATASTORE, WORKSPACE, Small


def leave(method: str, path: str) -> Request:
    return Request(method=method, path=path, api_version="", permission="", scope=path)


async def regenerate(cloud: AzureCloud, slot: str = "key2") -> Answer:
    with permit_for(leave("POST", f"{ACCOUNT}/regenerateKey")):
        return await cloud.regenerate_storage_key(ResourceId(ACCOUNT), slot)


async def resync(cloud: AzureCloud) -> Answer:
    with permit_for(leave("POST", f"{WORKSPACE}/resyncKeys")):
        return await cloud.resync_keys(ResourceId(WORKSPACE))


async def test_a_key_is_made_anew() -> None:
    small = Small()
    before = small.keys()
    answer = await regenerate(rehearsed(small.cloud))
    after = small.keys()
    assert (answer.status, answer.state, answer.body) == (200, "Succeeded", {})
    assert answer.request_id
    assert (before["key1"] == after["key1"], before["key2"] == after["key2"]) == (True, False)


async def test_without_a_permit_nothing_is_sent() -> None:
    small = Small()
    cloud = rehearsed(small.cloud)
    await cloud.signed_in()
    before = small.cloud.ledger.last
    with pytest.raises(Refused, match="no step is running"):
        await cloud.regenerate_storage_key(ResourceId(ACCOUNT), "key1")
    with pytest.raises(Refused), permit_for(leave("POST", f"{WORKSPACE}/resyncKeys")):
        await cloud.regenerate_storage_key(ResourceId(ACCOUNT), "key1")
    assert small.cloud.ledger.since(before) == []


async def test_a_dry_run_withholds() -> None:
    small = Small()
    cloud = rehearsed(small.cloud, Mode.DRY_RUN)
    with pytest.raises(Withheld):
        await regenerate(cloud)
    with pytest.raises(Withheld):
        await resync(cloud)
    assert small.cloud.ledger.writes() == []


async def test_a_permit_is_good_for_one_change() -> None:
    small = Small()
    cloud = rehearsed(small.cloud)
    with permit_for(leave("POST", f"{ACCOUNT}/regenerateKey")):
        await cloud.regenerate_storage_key(ResourceId(ACCOUNT), "key2")
        with pytest.raises(Refused):
            await cloud.regenerate_storage_key(ResourceId(ACCOUNT), "key2")


@pytest.mark.parametrize(
    ("fault", "took_effect"),
    [
        (Fault(kind="status", status=503, commit=True, retry_after=1, route="regenerateKey"), True),
        (Fault(kind="status", status=503, route="regenerateKey"), False),
        (Fault(kind="status", status=500, commit=True, route="regenerateKey"), True),
        (Fault(kind="status", status=504, commit=True, route="regenerateKey"), True),
        (Fault(kind="reset_before", route="regenerateKey"), False),
        (Fault(kind="reset_after", route="regenerateKey"), True),
        (Fault(kind="delay", seconds=3600, route="regenerateKey"), True),
    ],
    ids=["503 after", "503 before", "500 after", "504 after", "cut before", "cut after", "no answer in time"],
)
async def test_an_unknown_outcome_is_said_and_never_resent(fault: Fault, took_effect: bool) -> None:
    small = Small(faults=(fault,))
    before = small.keys()["key2"]
    with pytest.raises(UnknownOutcome, match="may or may not have happened") as unknown:
        await regenerate(rehearsed(small.cloud))
    assert len(small.cloud.ledger.writes()) == 1
    assert (small.keys()["key2"] != before) is took_effect
    assert unknown.value.__context__ is None


@pytest.mark.parametrize("status", [401, 500, 503])
async def test_a_change_that_may_be_repeated_is_not_repeated_by_itself(status: int) -> None:
    """A PUT has a permit for as long as its step; only the action may use it again."""
    small = Small(faults=(Fault(kind="status", status=status, retry_after=1, method="PUT", route="datastores"),))
    cloud = rehearsed(small.cloud)
    request = msgspec.structs.replace(leave("PUT", DATASTORE), api_version=versions.DATASTORE)
    with permit_for(request, once=False), pytest.raises(CloudError):
        await cloud.send(request, b"{}")
    assert len(small.cloud.ledger.writes()) == 1


async def test_a_throttled_change_is_not_made() -> None:
    small = Small(faults=(Fault(kind="throttle", route="regenerateKey", retry_after=17),))
    with pytest.raises(Throttled) as throttled:
        await regenerate(rehearsed(small.cloud))
    assert throttled.value.retry_after == 17
    assert len(small.cloud.ledger.writes()) == 1


async def test_a_lock_is_a_plain_refusal() -> None:
    document = small_cloud.estate()
    lock = f"{small_cloud.GROUP}/providers/Microsoft.Authorization/locks/freeze"
    document["resources"].append({"id": lock, "properties": {"level": "ReadOnly"}})
    small = Small(resources=document["resources"])
    with pytest.raises(CloudError) as refused:
        await regenerate(rehearsed(small.cloud))
    assert (refused.value.code, refused.value.status) == ("ScopeLocked", 409)
    assert not isinstance(refused.value, UnknownOutcome)


def test_an_unknown_slot_is_refused_here() -> None:
    with pytest.raises(ValueError, match="key1 and key2"):
        rehearsed(Small().cloud).regenerate_storage_key(ResourceId(ACCOUNT), "kerb1").send(None)


@pytest.mark.parametrize(
    ("behaviour", "state"),
    [
        ({"resyncAnswer": "200"}, "Succeeded"),
        ({"resyncAnswer": "202"}, "Succeeded"),
        ({"resyncAnswer": "202", "operationPolls": 5}, "Succeeded"),
        ({"resyncAnswer": "202", "operationSeconds": 600}, "Succeeded"),
        ({"resyncAnswer": "202-bare"}, "Accepted-unconfirmed"),
        ({"resyncAnswer": "lying"}, "Succeeded"),
        ({"operationOutcome": "vanish"}, "Accepted-unconfirmed"),
        ({"operationOutcome": "stuck"}, "Accepted-unconfirmed"),
    ],
    ids=str,
)
async def test_a_resync_claims_what_was_seen(behaviour: dict[str, Any], state: str) -> None:
    small = Small(behaviour=behaviour)
    answer = await resync(rehearsed(small.cloud))
    assert answer.state == state
    assert answer.request_id
    assert answer.body == {}


async def test_an_operation_that_takes_long_is_told_once_for_each_state() -> None:
    small, told = Small(behaviour={"resyncAnswer": "202", "operationPolls": 5}), list[str]()
    with progress_to(told.append):
        await resync(rehearsed(small.cloud))
    assert told == ["Azure is at work on it: InProgress; it is asked again for up to 30 min"]


async def test_a_failed_operation_gives_its_own_reason() -> None:
    small = Small(behaviour={"operationOutcome": "fail"})
    with pytest.raises(CloudError, match="the operation ended as failed") as failed:
        await resync(rehearsed(small.cloud))
    assert not isinstance(failed.value, UnknownOutcome)


@pytest.mark.parametrize("kind", ["reset_after", "throttle", "status"])
async def test_polls_that_are_lost_do_not_lose_the_operation(kind: Any) -> None:
    fault = Fault(kind=kind, route="workspaceOperationsStatus", status=503, at=(1, 2))
    small = Small(faults=(fault,), behaviour={"operationPolls": 3})
    assert (await resync(rehearsed(small.cloud))).state == "Succeeded"
    assert len(small.cloud.ledger.writes()) == 1


async def test_polls_that_are_always_lost_leave_it_unconfirmed() -> None:
    small = Small(faults=(Fault(kind="status", route="workspaceOperationsStatus", status=503),))
    cloud = rehearsed(small.cloud)
    begun = cloud.now()
    assert (await resync(cloud)).state == "Accepted-unconfirmed"
    assert (cloud.now() - begun).total_seconds() >= 1800, "patience is half an hour of the cloud's time"


async def test_a_datastore_is_written_back_whole() -> None:
    small = Small()
    cloud = rehearsed(small.cloud)
    found = next(each for each in await cloud.datastores(ResourceId(WORKSPACE)) if each.name == "training")
    with secret_reads(announced="a test"):
        key = next(each for each in await cloud.storage_keys(ResourceId(ACCOUNT)) if each.slot == "key2")
    with permit_for(leave("PUT", DATASTORE)):
        answer = await cloud.put_datastore(found, key.secret, "AccountKey")
    assert answer.state == "Succeeded"
    with secret_reads(announced="a test"):
        kept = await cloud.datastore_secret(found.id)
    assert kept.fingerprint == key.fingerprint
    again = await cloud.get(DATASTORE, found.api_version)
    assert {name: again.properties[name] for name in found.properties} == found.properties


async def test_a_write_back_sends_what_the_sdk_would_drop(monkeypatch: pytest.MonkeyPatch) -> None:
    small = Small()
    cloud = rehearsed(small.cloud)
    found = next(each for each in await cloud.datastores(ResourceId(WORKSPACE)) if each.name == "training")
    properties = {
        **found.properties,
        "subscriptionId": "s",
        "resourceGroup": "rg",
        "isDefault": True,
        "description": None,
    }
    changed = type(found)(id=found.id, raw={**found.raw, "properties": properties}, api_version=found.api_version)
    sent: list[Any] = []
    transport = cloud._wire.transport
    monkeypatch.setattr(transport, "_inner", _Spy(transport._inner, sent))
    with permit_for(leave("PUT", DATASTORE)):
        await cloud.put_datastore(changed, Secret("sv=2022&sig=x"), "Sas")
    (body,) = [request.content for request in sent if request.method == "PUT"]
    assert b'"subscriptionId":"s"' in body
    assert b'"resourceGroup":"rg"' in body
    assert b'"secretsType":"Sas","sasToken":"sv=2022&sig=x"' in body
    assert b"isDefault" not in body
    assert b"description" not in body
    assert "skipValidation=true" in sent[-1].url


class _Spy:
    """Keeps the requests that pass."""

    def __init__(self, inner: Any, sent: list[Any]) -> None:
        self._inner, self._sent = inner, sent

    async def send(self, request: Any, **kwargs: Any) -> Any:
        self._sent.append(request)
        return await self._inner.send(request, **kwargs)


async def test_any_other_change_is_sent_as_its_step_states_it() -> None:
    small = Small()
    cloud = rehearsed(small.cloud)
    path = f"{ACCOUNT}/providers/Microsoft.Authorization/locks/keep"
    step = Request(method="PUT", path=path, api_version="2020-05-01", permission="", scope=ACCOUNT)
    with permit_for(step):
        answer = await cloud.send(step, b'{"properties":{"level":"CanNotDelete"}}')
    assert (answer.status, answer.state) == (201, "Succeeded")
    assert [lock.name for lock in await cloud.locks(ResourceId(ACCOUNT))] == ["keep"]


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_token_that_azure_refused_is_not_sent_again(method: str) -> None:
    """Not even after a change, which is not sent a second time: whatever comes next has another one."""
    refused = Fault(kind="status", status=401, times=1, method=method, route="datastores")
    small = Small(faults=(refused,))
    sent, handle = list[str](), small.cloud.handle

    def seen(request: Sent) -> Response:
        if "/datastores/" in request.path:
            sent.append(request.headers["authorization"])
        return handle(request)

    small.cloud.handle = seen  # type: ignore[method-assign]
    cloud = rehearsed(small.cloud)
    if method == "PUT":
        request = msgspec.structs.replace(leave("PUT", DATASTORE), api_version=versions.DATASTORE)
        with permit_for(request, once=False), pytest.raises(CloudError):
            await cloud.send(request, b"{}")
    await cloud.get(DATASTORE, versions.DATASTORE)
    await cloud.close()
    assert len(sent) == 2
    assert sent[0] != sent[1]

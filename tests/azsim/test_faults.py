"""Faults by route, position, rate and number; before and after the commit."""

from __future__ import annotations

import msgspec
import pytest

from azsim.faults import Fault
from azsim.wire import ConnectionDropped, Request
from tests.support.small_cloud import ACCOUNT, GROUP, Small, code_of


def test_a_status_before_the_commit_changes_nothing() -> None:
    """503 without commit: the key stays; the ledger names the fault."""
    small = Small()
    before = small.keys()
    small.cloud.faults.add(Fault("status", route="regenerateKey", status=503))
    assert code_of(small.regenerate("key1")) == (503, "ServiceUnavailable")
    entry = small.cloud.ledger.entries[-1]
    assert (entry.fault, entry.committed, entry.status) == ("status", False, 503)
    assert small.keys() == before


def test_a_status_after_the_commit_hides_a_success() -> None:
    """503 with commit: the key is new although the answer says failure."""
    small = Small()
    before = small.keys()
    small.cloud.faults.add(Fault("status", route="regenerateKey", status=503, commit=True))
    assert small.regenerate("key1").status == 503
    assert small.cloud.ledger.entries[-1].committed
    after = small.keys()
    assert (after["key1"] != before["key1"], after["key2"]) == (True, before["key2"])


@pytest.mark.parametrize(("kind", "committed"), [("reset_before", False), ("reset_after", True)])
def test_resets_cut_before_or_after_the_commit(kind: str, committed: bool) -> None:
    """The caller cannot tell the two apart; the ledger can."""
    small = Small()
    small.cloud.faults.add(msgspec.convert({"kind": kind, "route": "regenerateKey", "seconds": 2.5}, Fault))
    with pytest.raises(ConnectionDropped) as cut:
        small.regenerate("key1")
    assert cut.value.delay == 2.5
    entry = small.cloud.ledger.entries[-1]
    assert (entry.status, entry.committed, entry.fault) == (None, committed, kind)


def test_throttling_says_when_to_come_back() -> None:
    """429 with Retry-After, and the wait again in the text."""
    small = Small()
    small.cloud.faults.add(Fault("throttle", retry_after=7))
    answer = small.get(ACCOUNT)
    assert code_of(answer) == (429, "ResourceRequestsThrottled")
    assert answer.header("Retry-After") == "7"
    assert answer.json()["error"]["message"] == (
        "Number of requests for action 'Microsoft.Storage/storageAccounts/read' exceeded the limit of '150' "
        "for time interval '01:00:00'. Please try again after '7' seconds."
    )


def test_a_delay_is_handed_to_the_face() -> None:
    """The answer is right and carries the seconds to wait."""
    small = Small(faults=(Fault("delay", seconds=1.5),))
    answer = small.get(ACCOUNT)
    assert (answer.status, answer.delay) == (200, 1.5)


def test_positions_count_matching_requests() -> None:
    """`at=(2,)` on a route hits its second request only, whatever else is asked between."""
    small = Small()
    small.cloud.faults.add(Fault("status", route=r"^POST .*/listKeys$", at=(2,)))
    statuses = []
    for _ in range(3):
        small.get(ACCOUNT)
        statuses.append(small.post(f"{ACCOUNT}/listKeys").status)
    assert statuses == [200, 500, 200]


def test_times_and_method_narrow_a_fault() -> None:
    """A spent fault is over, and another method is not hit."""
    small = Small()
    small.cloud.faults.add(Fault("status", method="post", times=2, status=504))
    assert [small.post(f"{ACCOUNT}/listKeys").status for _ in range(3)] == [504, 504, 200]
    assert small.get(ACCOUNT).status == 200


def test_rates_repeat_with_the_seed() -> None:
    """Two clouds of one seed fail at the same requests, and about as often as asked."""

    def failures() -> list[int]:
        small = Small(faults=(Fault("status", rate=0.3),))
        return [small.get(GROUP, "2021-04-01").status for _ in range(200)]

    first = failures()
    assert first == failures()
    assert 35 < first.count(500) < 85


def test_the_first_fault_that_fits_wins() -> None:
    """Both faults count the request; when the first is spent the second takes over."""
    small = Small()
    small.cloud.faults.add(Fault("status", status=500, times=1))
    second = small.cloud.faults.add(Fault("status", status=504))
    assert [small.get(ACCOUNT).status for _ in range(2)] == [500, 504]
    assert [(item.seen, item.hits) for item in small.cloud.faults.all()] == [(2, 1), (2, 1)]
    assert small.cloud.faults.remove(second)
    assert not small.cloud.faults.remove(second)
    assert small.get(ACCOUNT).status == 200
    small.cloud.faults.clear()
    assert small.cloud.faults.all() == []


def test_faults_reach_sign_in_and_blobs() -> None:
    """Every host can fail; the blob service fails in its own XML."""
    small = Small()
    small.cloud.faults.add(Fault("status", route=r"stfraud\.blob", status=500, code="InternalError"))
    answer = small.ask("GET", "https://stfraud.blob.core.windows.net/?comp=list")
    assert (answer.status, answer.header("x-ms-error-code")) == (500, "InternalError")
    small.cloud.faults.add(Fault("status", route="/oauth2/", status=503))
    assert small.ask("POST", "https://login.microsoftonline.com/common/oauth2/v2.0/token").status == 503


@pytest.mark.parametrize(
    "text",
    [
        b'{"kind":"explode"}',
        b'{"kind":"status","route":"("}',
        b'{"kind":"status","rate":2}',
        b'{"kind":"status","x":1}',
    ],
)
def test_bad_faults_are_refused(text: bytes) -> None:
    """An unknown kind, a broken expression, an impossible rate and an unknown field."""
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(text, type=Fault)


def test_operations_fail_and_hang_on_demand() -> None:
    """The fault travels with the request that starts the operation."""
    small = Small()
    small.cloud.faults.add(Fault("fail_operation", times=1))
    small.cloud.faults.add(Fault("stuck_operation", times=1))
    outcomes = []
    for _ in range(3):
        firing = small.cloud.faults.pick(Request("POST", f"https://management.azure.com{ACCOUNT}/x"))
        outcomes.append(firing.fault.kind if firing else None)
    assert outcomes == ["fail_operation", "stuck_operation", None]

"""Slowing down before Azure asks for it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from actions.cloud.clock import RehearsalClock
from actions.cloud.data import Throttling
from actions.cloud.limits import Limits, quota_of, remaining_in, retry_after
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates.small import SUBSCRIPTION, small
from azsim.wire import Request
from tests.support.rehearsed import rehearsed

ARM = "management.azure.com"
START = datetime(2026, 11, 2, tzinfo=UTC)
READ = f"https://{ARM}/subscriptions/s1/resourceGroups/rg"
GRAPH = f"https://{ARM}/providers/Microsoft.ResourceGraph/resources"


@pytest.fixture
def clock() -> RehearsalClock:
    return RehearsalClock(FixedClock(START))


@pytest.fixture
def heard() -> list[Throttling]:
    return []


@pytest.fixture
def limits(clock: RehearsalClock, heard: list[Throttling]) -> Limits:
    return Limits(ARM, clock, heard.append)


async def ask(limits: Limits, method: str, url: str, times: int = 1) -> None:
    for _ in range(times):
        async with limits.slot(method, url):
            pass


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", "/subscriptions/S1/resourceGroups/rg", "s1/Azure Resource Manager reads"),
        ("POST", "/subscriptions/s1/resourceGroups/rg/x/listKeys", "s1/Azure Resource Manager writes"),
        ("DELETE", "/subscriptions/s1/resourceGroups/rg/x", "s1/Azure Resource Manager deletes"),
        ("GET", "/subscriptions/s1/providers/Microsoft.Storage/storageAccounts", "s1/storage-lists"),
        ("GET", "/subscriptions/s1/x/providers/Microsoft.Storage/storageAccounts/stx", "s1/storage"),
        ("POST", "/providers/Microsoft.ResourceGraph/resources", "resource-graph"),
        ("GET", "/subscriptions", "tenant/Azure Resource Manager reads"),
    ],
)
def test_which_quota(method: str, path: str, key: str) -> None:
    assert quota_of(method, f"https://{ARM}{path}?x=/y", ARM)[0] == key


async def test_a_burst_is_free_and_then_the_refill_rules(limits: Limits, clock: RehearsalClock) -> None:
    await ask(limits, "GET", READ, 250)
    assert clock.now() == START
    await ask(limits, "GET", READ, 25)
    assert clock.now() - START == pytest.approx(timedelta(seconds=1), abs=timedelta(seconds=0.1))


async def test_subscriptions_do_not_share(limits: Limits, clock: RehearsalClock) -> None:
    await ask(limits, "GET", READ, 250)
    await ask(limits, "GET", READ.replace("s1", "s2"), 250)
    assert clock.now() == START


async def test_azures_own_count_wins_where_it_is_lower(limits: Limits, clock: RehearsalClock) -> None:
    limits.answered("GET", READ, 200, {"X-Ms-Ratelimit-Remaining-Subscription-Reads": "2"})
    await ask(limits, "GET", READ, 2)
    assert clock.now() == START
    await ask(limits, "GET", READ)
    assert clock.now() > START


async def test_after_a_refusal_the_refill_rules_and_no_burst(limits: Limits, clock: RehearsalClock) -> None:
    limits.answered("GET", READ, 429, {"Retry-After": "2"})
    await ask(limits, "GET", READ, 100)
    assert clock.now() - START == pytest.approx(timedelta(seconds=4), abs=timedelta(seconds=0.2))


async def test_what_others_use_slows_us_down_before_azure_refuses() -> None:
    """Another program of the same person has used up most of the budget; Azure's headers tell it, and no 429 comes."""
    clock = FixedClock(START, timedelta(0))
    sim = Cloud({**small(START), "behaviour": {"throttling": True}}, clock=clock)
    account = next(sim.world.of_type("Microsoft.Storage/storageAccounts"))["id"]
    url, token = f"https://{ARM}{account}?api-version=2023-05-01", sim.issue_token()
    for _ in range(240):
        sim.handle(Request("GET", url, {"Authorization": f"Bearer {token}"}))
    cloud = rehearsed(sim)
    for _ in range(60):
        await cloud.workspaces(SUBSCRIPTION)
    assert sim.clock.now() - START > timedelta(seconds=1)
    assert {entry.status for entry in sim.ledger.entries if entry.host == ARM} == {200}


async def test_an_empty_resource_graph_quota_is_waited_out(
    limits: Limits, clock: RehearsalClock, heard: list[Throttling]
) -> None:
    headers = {"x-ms-user-quota-remaining": "0", "x-ms-user-quota-resets-after": "00:00:05"}
    limits.answered("POST", GRAPH, 200, headers)
    await ask(limits, "POST", GRAPH)
    assert clock.now() - START >= timedelta(seconds=5)
    assert heard == [], "nobody was refused"


async def test_a_refusal_stops_the_quota_and_is_told(
    limits: Limits, clock: RehearsalClock, heard: list[Throttling]
) -> None:
    limits.answered("GET", READ, 429, {"Retry-After": "17"})
    assert heard == [Throttling(service="Azure Resource Manager reads", seconds=17)]
    await asyncio.gather(*(ask(limits, "GET", READ) for _ in range(5)))
    waited = clock.now() - START
    assert timedelta(seconds=17) <= waited < timedelta(seconds=18), "all five waited the same seventeen seconds"


@pytest.mark.parametrize(
    ("header", "told"),
    [
        ({"x-ms-ratelimit-remaining-subscription-reads": "0"}, "0 requests left"),
        ({}, "how much of the quota is left was not told"),
    ],
)
async def test_a_refusal_tells_what_is_left_of_the_quota(
    limits: Limits, heard: list[Throttling], header: dict[str, str], told: str
) -> None:
    limits.answered("GET", READ, 429, {"Retry-After": "17", **header})
    assert [found.sentence for found in heard] == [f"Azure Resource Manager reads asks to wait 17 s, {told}"]


async def test_only_so_many_are_in_flight(limits: Limits) -> None:
    now, most = 0, 0

    async def one() -> None:
        nonlocal now, most
        async with limits.slot("GET", READ):
            now += 1
            most = max(most, now)
            await asyncio.sleep(0)
            now -= 1

    await asyncio.gather(*(one() for _ in range(100)))
    assert most == 16


def test_reading_headers() -> None:
    assert remaining_in({"x-ms-ratelimit-remaining-subscription-writes": "7", "x-ms-user-quota-remaining": "3"}) == 3
    assert remaining_in({"x-ms-ratelimit-remaining-subscription-reads": "many"}) is None
    assert retry_after({"RETRY-AFTER": "3"}) == 3
    assert retry_after({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}) == 0
    assert retry_after({"x-ms-user-quota-resets-after": "00:01:05"}) == 66
    assert [retry_after({"Retry-After": text}) for text in ("-5", "nan", "inf", "1e12")] == [0, 0, 0, 24 * 3600]
    assert remaining_in({"x-ms-ratelimit-remaining-subscription-reads": "-inf"}) is None
    assert retry_after({}) == 0

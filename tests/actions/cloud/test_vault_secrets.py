"""Secrets through the SDK: challenge sign-in, tags and expiry, no value ever kept, refusals told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from azure.keyvault.secrets._shared import http_challenge_cache

from actions.cloud.azure import AzureCloud
from actions.cloud.data import CloudError, Forbidden
from actions.guard.gate import Withheld, permit_for, secret_reads
from actions.guard.model import Mode, Request
from actions.guard.secret import Secret
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates.endpoints import serving
from azsim.faults import Fault
from azsim.secrets import named_secret
from tests.support.rehearsed import rehearsed

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
VALUE = named_secret(7, "tests", "value")
REQUEST = Request(
    method="PUT",
    path="/secrets/score-key",
    api_version="7.5",
    permission="",
    scope="",
    host="kvserve01.vault.azure.net",
)


def cloud(*faults: Fault, mode: Mode = Mode.LIVE) -> tuple[Cloud, AzureCloud]:
    sim = Cloud(serving(NOW), clock=FixedClock(NOW), faults=faults)
    return sim, rehearsed(sim, mode)


async def store(over: AzureCloud, value: str = VALUE) -> Any:
    with permit_for(REQUEST, once=False):  # as the engine does: a PUT may be repeated after the challenge
        return await over.set_secret(
            "kvserve01", "score-key", Secret(value), content_type="text/plain", expires=NOW + timedelta(days=9),
            tags={"amlkeys-fingerprint": "AB"},
        )  # fmt: skip


async def test_a_secret_is_stored_and_read_without_its_value() -> None:
    sim, over = cloud()
    answer = await store(over)
    assert VALUE not in repr(answer)
    with secret_reads(announced="tests"):
        versions = await over.secret_versions("kvserve01", "score-key")
    assert [item.version for item in versions] == [answer.body["version"]]
    assert versions[0].tags == {"amlkeys-fingerprint": "AB"}
    assert versions[0].content_type == "text/plain"
    assert versions[0].expires.startswith("2026-11-11")
    assert VALUE.encode() not in msgspec.json.encode(versions)
    kept = sim.world.vaults.secret("kvserve01", "score-key")
    assert [item.value for item in kept.values()] == [VALUE]


async def test_the_newest_version_comes_first() -> None:
    sim, over = cloud()
    made = []
    for _ in range(3):
        made.append((await store(over)).body["version"])
        sim.shift(timedelta(minutes=1))
    with secret_reads(announced="tests"):
        assert [item.version for item in await over.secret_versions("kvserve01", "score-key")] == made[::-1]


async def test_a_secret_that_is_not_there_has_no_versions() -> None:
    _, over = cloud()
    with secret_reads(announced="tests"):
        assert await over.secret_versions("kvserve01", "nothing") == ()


async def test_the_first_request_carries_neither_token_nor_value() -> None:
    """The vault's challenge names the tenant; the value is sent after it only."""
    sim, over = cloud()
    seen: list[tuple[bool, bytes]] = []
    handle = sim.handle

    def keep(request: Any) -> Any:
        if request.host.startswith("kvserve01"):
            seen.append(("authorization" in request.headers, request.body))
        return handle(request)

    sim.handle = keep  # type: ignore[method-assign]
    http_challenge_cache.clear()  # the SDK remembers the vaults of this process
    over = rehearsed(sim, Mode.LIVE)
    await store(over)
    assert [item[0] for item in seen] == [False, True]
    assert VALUE.encode() not in seen[0][1]


async def test_a_change_needs_a_permit_and_live_mode() -> None:
    sim, over = cloud(mode=Mode.DRY_RUN)
    with pytest.raises(Withheld):
        await store(over)
    assert not sim.world.vaults.secret("kvserve01", "score-key")


async def test_refusals_are_told_without_the_value() -> None:
    _, over = cloud(Fault(kind="status", status=403, code="Forbidden", route="^PUT "))
    with pytest.raises(Forbidden) as caught:
        await store(over)
    assert VALUE not in caught.value.sentence


@pytest.mark.parametrize("name", ["", "a", "a/b", "a.b", "x" * 25, "-ab"])
async def test_a_name_that_is_no_vault_reaches_nobody(name: str) -> None:
    sim, over = cloud()
    before = sim.ledger.last
    with pytest.raises(CloudError, match="3 to 24"):
        over.vault_host(name)
    assert sim.ledger.last == before

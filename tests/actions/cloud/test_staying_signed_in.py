"""A token that would end too soon is replaced beforehand, in Resource Manager and in a vault; else nothing is asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions.cloud.azure import AzureCloud
from actions.cloud.data import SignInNeeded
from azsim.cloud import Cloud
from azsim.faults import Fault
from azsim.tokens import LIFETIME
from tests.support.rehearsed import rehearsed
from tests.support.small_cloud import Small, estate

SOON = LIFETIME - timedelta(minutes=10)


def asked(sim: Cloud) -> list[str]:
    return [entry.path for entry in sim.ledger.since(0) if entry.kind == "sign-in"]


async def near_its_end() -> tuple[Cloud, AzureCloud]:
    """Somebody who signed in almost a day ago."""
    sim = Small().cloud
    cloud = rehearsed(sim)
    await cloud.signed_in()
    sim.shift(SOON)
    return sim, cloud


async def test_a_token_that_lasts_is_kept() -> None:
    sim, cloud = await near_its_end()
    before = len(asked(sim))
    await cloud.stay_signed_in(300)
    assert len(asked(sim)) == before


async def test_a_token_that_ends_too_soon_is_renewed_once() -> None:
    sim, cloud = await near_its_end()
    before, old = len(asked(sim)), (await cloud.signed_in()).expires
    who = await cloud.stay_signed_in(900)
    assert who.expires - old > timedelta(hours=20)
    assert len(asked(sim)) == before + 1
    assert (await cloud.signed_in()).expires == who.expires


async def test_a_vault_has_a_token_of_its_own() -> None:
    sim, cloud = await near_its_end()
    before = len(asked(sim))
    await cloud.stay_signed_in(900, "kvfraud.vault.azure.net")
    assert len(asked(sim)) == before + 2


async def test_one_that_cannot_be_renewed_is_told() -> None:
    sim, cloud = await near_its_end()
    sim.faults.add(Fault(kind="status", route="/token", status=400, code="invalid_grant"))
    with pytest.raises(SignInNeeded):
        await cloud.stay_signed_in(900)


@pytest.mark.parametrize("name", ["amr", "acrs", "deviceid", "xms_cc", "groups"])
async def test_what_the_token_says_of_the_sign_in_is_kept(name: str) -> None:
    given: dict[str, Any] = {
        "amr": ["pwd", "mfa"], "acrs": ["p1"], "deviceid": "d-1", "xms_cc": ["CP1"], "groups": ["g-1"]
    }  # fmt: skip
    document = estate()
    who = await rehearsed(Cloud(document | {"signedIn": document["signedIn"] | {"claims": given}})).signed_in()
    assert who.claims[name] == given[name]

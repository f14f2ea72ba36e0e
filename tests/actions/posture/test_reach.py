"""Whether this host reaches the data planes: answered, turned away, no answer, address unknown, nothing there."""

from __future__ import annotations

from typing import Any

import pytest

from actions.cloud.data import CloudError
from azsim.cloud import Cloud
from azsim.faults import Fault
from tests.actions.posture.test_page import estate, facts_of
from tests.support.rehearsed import rehearsed
from tests.support.small_cloud import Small

PLACES: dict[str, tuple[str, dict[str, Any]]] = {
    "account": ("stfraud", {"primaryEndpoints": {"blob": "https://stfraud.blob.core.windows.net/"}}),
    "vault": ("kvfraud", {"vaultUri": "https://kvfraud.vault.azure.net/"}),
    "registry": ("crfraud", {"loginServer": "crfraud.azurecr.io"}),
}


def placed(**more: dict[str, Any]) -> dict[str, Any]:
    """The estate, in which all three say where they answer."""
    return estate(**{key: {**body, **more.get(key, {})} for key, (_, body) in PLACES.items()})


@pytest.mark.parametrize("place", PLACES)
async def test_an_answer_of_any_kind_is_good(place: str) -> None:
    fact = (await facts_of(placed()))[f"network.reach.{PLACES[place][0]}"]
    assert (fact.grade, fact.value) == ("good", "yes")
    assert "from this host, now" in fact.label
    assert fact.source.endswith(", unsigned")


@pytest.mark.parametrize(
    ("place", "closed"),
    [
        ("account", {"networkAcls": {"defaultAction": "Deny"}}),
        ("registry", {"publicNetworkAccess": "Disabled"}),
    ],
)
async def test_a_firewall_that_turns_this_host_away(place: str, closed: dict[str, Any]) -> None:
    fact = (await facts_of(placed(**{place: closed})))[f"network.reach.{PLACES[place][0]}"]
    assert (fact.grade, fact.value.startswith("no: it turns this address away (403 ")) == ("warn", True), fact.value
    assert fact.remedy


async def test_a_vault_says_that_its_firewall_shows_only_later() -> None:
    assert "signed in" in (await facts_of(placed()))["network.reach.kvfraud"].note


@pytest.mark.parametrize("kind", ["reset_before", "delay"])
async def test_no_answer_is_told_and_waited_for_briefly(kind: str) -> None:
    silent = Fault(kind=kind, route="blob.core.windows.net", seconds=300)  # type: ignore[arg-type]
    fact = (await facts_of(placed(), silent))["network.reach.stfraud"]
    assert (fact.grade, fact.value.startswith("no: ")) == ("warn", True), fact.value


@pytest.mark.parametrize("status", [302, 502])
async def test_what_a_proxy_may_have_answered_is_not_good(status: int) -> None:
    between = Fault(kind="status", route="blob.core.windows.net", status=status, code="")
    fact = (await facts_of(placed(), between))["network.reach.stfraud"]
    assert (fact.grade, str(status) in fact.value) == ("unknown", True), fact.value


async def test_an_address_that_is_not_told_is_unknown() -> None:
    fact = (await facts_of(placed(registry={"loginServer": ""})))["network.reach.crfraud"]
    assert (fact.grade, "address is not told" in fact.value) == ("unknown", True)


@pytest.mark.parametrize("route", ["/registries/", "/vaults/", "/storageAccounts/stfraud"])
async def test_a_resource_that_cannot_be_read_leaves_it_unknown(route: str) -> None:
    refusal = Fault(kind="status", route=route, method="GET", status=403, code="AuthorizationFailed")
    facts = await facts_of(placed(), refusal)
    assert "unknown" in {fact.grade for word, fact in facts.items() if word.startswith("network.reach.")}


async def test_nothing_linked_is_absent() -> None:
    facts = await facts_of(estate(links={}))
    assert facts["network.reach"].grade == "absent"


async def test_no_credential_goes_out_with_it() -> None:
    sim = Cloud(placed())
    probe = await rehearsed(sim).reach("https://crfraud.azurecr.io/v2/")
    assert probe.status == 401
    (entry,) = sim.ledger.since(0)
    assert (entry.host, entry.kind, entry.principal) == ("crfraud.azurecr.io", "read", "")


@pytest.mark.parametrize(
    "address",
    [
        "https://example.com/",
        "http://stfraud.blob.core.windows.net/",
        "https://core.windows.net.example/",
        "https://management.azure.com/subscriptions",
        "",
    ],
)
async def test_only_data_planes_of_this_cloud_are_asked(address: str) -> None:
    sim = Small().cloud
    with pytest.raises(CloudError):
        await rehearsed(sim).reach(address)
    assert sim.ledger.last == 0

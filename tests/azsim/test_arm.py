"""Resource Manager's own lists: tenants, subscriptions, groups, resources, providers."""

from __future__ import annotations

import pytest

from azsim.wire import Request
from tests.support.small_cloud import ACCOUNT, GROUP, OTHER_SUB, SUB, TENANT, WORKSPACE, Small, code_of


def names(small: Small, query: str) -> list[str]:
    """The names in a filtered list of the first subscription's resources."""
    answer = small.get(f"/subscriptions/{SUB}/resources", "2021-04-01", query)
    return [item["name"] for item in answer.json()["value"]]


def test_tenants_and_subscriptions() -> None:
    """The shapes that az and the portal read."""
    small = Small()
    tenant = small.get("/tenants", "2019-11-01").json()["value"][0]
    assert tenant == {"id": f"/tenants/{TENANT}", "tenantId": TENANT, "tenantCategory": "Home"}
    assert small.get("/tenants", "2022-12-01").json()["value"][0]["defaultDomain"] == "contoso.example"
    listed = small.get("/subscriptions", "2022-12-01").json()
    assert [item["subscriptionId"] for item in listed["value"]] == [SUB, OTHER_SUB]
    assert listed["value"][0] == small.get(f"/subscriptions/{SUB}", "2022-12-01").json()
    assert listed["value"][0]["tenantId"] == TENANT


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ["stfraud", "fraud"]),
        ("&$filter=", ["stfraud", "fraud"]),
        ("&$filter=resourceType%20eq%20'microsoft.storage/STORAGEACCOUNTS'", ["stfraud"]),
        ("&$filter=resourceType eq 'Microsoft.Storage/storageAccounts' and name eq 'none'", []),
        ("&$filter=name eq 'fraud' or name eq 'stfraud'", ["stfraud", "fraud"]),
        ("&$filter=name ne 'fraud'", ["stfraud"]),
        ("&$filter=tagName eq 'team' and tagValue eq 'fraud'", ["stfraud"]),
        ("&$filter=resourceGroup eq 'RG-FRAUD'", ["stfraud", "fraud"]),
        ("&$top=1", ["stfraud"]),
    ],
)
def test_resources_are_filtered(query: str, expected: list[str]) -> None:
    """Children and locks are not in the list; filters ignore case; an empty filter, as az sends it, keeps all."""
    assert names(Small(), query) == expected


def test_a_filter_that_nobody_knows_is_refused() -> None:
    """A typo must not silently list everything."""
    answer = Small().get(f"/subscriptions/{SUB}/resources", "2021-04-01", "&$filter=resourceTypo eq 'x'")
    assert code_of(answer) == (400, "InvalidFilterInQueryString")


def test_resources_carry_the_outer_fields_only() -> None:
    """No properties in a list; times on request."""
    small = Small()
    listed = small.get(f"{GROUP}/resources", "2021-04-01").json()["value"]
    assert {item["id"] for item in listed} == {ACCOUNT, WORKSPACE}
    assert all("properties" not in item for item in listed)
    assert listed[0]["tags"] == {"team": "fraud"}
    more = small.get(f"{GROUP}/resources", "2021-04-01", "&$expand=provisioningState").json()["value"]
    assert more[0]["provisioningState"] == "Succeeded"


def test_long_lists_come_in_pages() -> None:
    """A page holds 1000; its nextLink leads through the rest, repeating the filter."""
    many = [
        {"id": f"{GROUP}/providers/Microsoft.Example/things/t{number:04d}", "location": "westeurope"}
        for number in range(1200)
    ]
    small = Small(resources=many)
    first = small.get(f"/subscriptions/{SUB}/resources", "2021-04-01", "&$filter=resourceGroup eq 'rg-fraud'").json()
    assert len(first["value"]) == 1000
    headers = {"Authorization": f"Bearer {small.token}"}
    second = small.cloud.handle(Request("GET", first["nextLink"], headers)).json()
    assert [item["name"] for item in second["value"]] == [f"t{number:04d}" for number in range(1000, 1200)]
    assert "nextLink" not in second


def test_groups_show_even_when_only_ids_name_them() -> None:
    """An estate need not list its resource groups."""
    small = Small()
    listed = small.get(f"/subscriptions/{SUB}/resourceGroups", "2021-04-01").json()["value"]
    assert [(item["name"], item["location"]) for item in listed] == [("rg-fraud", "westeurope")]
    assert small.get(GROUP, "2021-04-01").json() == listed[0]
    assert code_of(small.get(f"{GROUP}x", "2021-04-01")) == (404, "ResourceGroupNotFound")
    assert small.ask("HEAD", f"{GROUP}?api-version=2021-04-01").status == 204
    assert small.ask("HEAD", f"{GROUP}x?api-version=2021-04-01").status == 404


def test_providers_and_places() -> None:
    """What `az resource` asks before it acts."""
    small = Small()
    one = small.get(f"/subscriptions/{SUB}/providers/Microsoft.Storage", "2021-04-01").json()
    assert one["registrationState"] == "Registered"
    assert [item["resourceType"] for item in one["resourceTypes"]] == ["storageAccounts"]
    every = small.get(f"/subscriptions/{SUB}/providers", "2021-04-01").json()["value"]
    assert [item["namespace"] for item in every] == ["Microsoft.MachineLearningServices", "Microsoft.Storage"]
    places = small.get(f"/subscriptions/{SUB}/locations", "2022-12-01").json()["value"]
    assert "westeurope" in [item["name"] for item in places]

"""The built-in estates: the company holds every situation that operators rehearse, and repeats exactly."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import msgspec
import pytest

from azsim.clock import Clock, parse
from azsim.cloud import Cloud
from azsim.estate import load
from azsim.estates.company import LAB, PROD, TEST
from azsim.estates.demo import demo
from azsim.estates.small import fleet, small
from tests.support.small_cloud import START, Small, code_of

NEW = "2025-09-01"
ML = "Microsoft.MachineLearningServices/workspaces"


@cache
def company() -> Small:
    """The demo company at a fixed time; tests only read it."""
    return Small(**demo(START))


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """The resources of a type by name."""
    return {str(item["name"]): item for item in company().cloud.world.of_type(kind)}


def holders(account: str) -> Counter[str | None]:
    """How many holders of an account are on each slot; None: on a dead key."""
    keys = company().cloud.world.keys
    return Counter(keys.slot_held(holder) for holder in keys.of_account(account) if holder.kind != "client")


def age(account: str, slot: str) -> float | None:
    """Days since a key was made."""
    created = of_type("Microsoft.Storage/storageAccounts")[account]["properties"]["keyCreationTime"][slot]
    return (START - parse(created)) / timedelta(days=1) if created else None


def test_two_builds_are_equal_and_hold_no_secret() -> None:
    """The document depends on the time alone; loading refuses secrets."""
    assert msgspec.json.encode(demo(START)) == msgspec.json.encode(demo(START))
    assert load(demo(START)).signed_in.user_principal_name == "ada@contoso.example"


def test_by_default_ages_count_from_today() -> None:
    """A rehearsal that starts now finds keys of the told age."""
    cloud = Cloud(demo())
    account = next(item for item in cloud.world.resources() if item["name"] == "stfraud01")
    days = (Clock().now() - parse(account["properties"]["keyCreationTime"]["key1"])) / timedelta(days=1)
    assert 411.9 < days < 412.1


@pytest.mark.parametrize("now", [datetime(2025, 1, 10, tzinfo=UTC), datetime(2031, 5, 1, tzinfo=UTC)])
def test_nothing_lies_in_the_future(now: datetime) -> None:
    """Whatever the time of the rehearsal, creation dates are before it."""
    for resource in demo(now)["resources"]:
        created = resource["properties"].get("creationTime")
        assert created is None or parse(created) < now


def test_size_and_variety() -> None:
    """Three subscriptions, more than forty workspaces in many regions, of each kind, old and new."""
    workspaces = of_type(ML)
    assert len(workspaces) >= 44
    assert Counter(item["id"].split("/")[2] for item in workspaces.values()).keys() == {PROD, TEST, LAB}
    assert len({item["location"] for item in workspaces.values()}) >= 12
    assert {item["kind"] for item in workspaces.values()} == {"Default", "Hub", "Project", "FeatureStore"}
    years = {parse(item["systemData"]["createdAt"]).year for item in workspaces.values()}
    assert {2019, 2026} <= years
    modes = Counter(item["properties"]["systemDatastoresAuthMode"] for item in workspaces.values())
    assert modes.keys() == {"accesskey", "identity"}
    identities = {item["identity"]["type"] for item in workspaces.values()}
    assert identities == {"SystemAssigned", "UserAssigned", "SystemAssigned,UserAssigned"}
    isolation = {item["properties"]["managedNetwork"]["isolationMode"] for item in workspaces.values()}
    assert isolation == {"Disabled", "AllowInternetOutbound", "AllowOnlyApprovedOutbound"}
    assert {item["properties"]["publicNetworkAccess"] for item in workspaces.values()} == {"Enabled", "Disabled"}


def test_ids_are_spelled_as_azure_spells_them() -> None:
    """Three spellings of the vault's provider, lower-case groups: comparing ids needs case folding."""
    vaults = {item["properties"]["keyVault"].split("/")[6] for item in of_type(ML).values()}
    assert vaults == {"Microsoft.Keyvault", "Microsoft.KeyVault", "microsoft.keyvault"}
    groups = {item["properties"]["storageAccount"].split("/")[3] for item in of_type(ML).values()}
    assert groups == {"resourceGroups", "resourcegroups"}


def test_fraud_scoring() -> None:
    """Six holders on a key of 412 days, the other slot free; two endpoints with keys; a pinned older key version."""
    assert of_type(ML)["fraud-scoring"]["location"] == "westeurope"
    assert "/resourceGroups/rg-fraud/" in of_type(ML)["fraud-scoring"]["id"]
    assert holders("stfraud01") == {"key1": 6}
    assert (age("stfraud01", "key1"), age("stfraud01", "key2")) == (412, 838)
    assert not [client for client in company().cloud.world.clients if client.account == "stfraud01"]
    pinned = of_type(ML)["fraud-scoring"]["properties"]["encryption"]["keyVaultProperties"]["keyIdentifier"]
    key = company().cloud.world.vaults.key("kvfraudcmk01", "aml-fraud")
    assert key is not None
    order = sorted(key.versions.values(), key=lambda version: version.attributes["created"])
    assert [version.version for version in order].index(pinned.rpartition("/")[2]) == 2
    assert len(order) == 5


def test_churn_and_sandbox() -> None:
    """One follows the second key, the other needs none."""
    assert holders("stcrmml02") == {"key2": 7}
    assert age("stcrmml02", "key2") == 95
    assert of_type(ML)["churn"]["location"] == "eastus"
    sandbox = of_type(ML)["sandbox"]
    assert (sandbox["location"], sandbox["properties"]["systemDatastoresAuthMode"]) == ("northeurope", "identity")


def test_accounts_of_every_kind() -> None:
    """Shared by workspaces, on both slots at once, keyless, of unknown age, past their policy, locked."""
    accounts = of_type("Microsoft.Storage/storageAccounts")
    used = Counter(item["properties"]["storageAccount"].rpartition("/")[2] for item in of_type(ML).values())
    assert used["staihub01"] == 4
    assert used["stmltest01"] == 5
    assert holders("stclaims01").keys() == {"key1", "key2"}
    assert holders("ststale01") == {None: 5}
    assert accounts["stinvoice01"]["properties"]["allowSharedKeyAccess"] is False
    assert age("stvoice01", "key1") is None
    assert accounts["stledger01"]["properties"]["keyPolicy"]["keyExpirationPeriodInDays"] < (
        age("stledger01", "key1") or 0
    )
    levels = {
        item["id"].split("/")[8]: item["properties"]["level"]
        for item in of_type("Microsoft.Authorization/locks").values()
    }
    assert levels == {"stplantqa01": "ReadOnly", "stads01": "CanNotDelete"}
    production = [item for item in of_type(ML).values() if item["id"].split("/")[2] == PROD]
    assert max(age(item["properties"]["storageAccount"].rpartition("/")[2], "key1") or 0 for item in production) > 900


def test_datastores_of_every_kind() -> None:
    """Keys, SAS, Entra identities, lakes; some point at another workspace's account, one across subscriptions."""
    stores = list(company().cloud.world.of_type(f"{ML}/datastores"))
    assert {item["properties"]["credentials"]["credentialsType"] for item in stores} == {
        "AccountKey",
        "Sas",
        "None",
        "ServicePrincipal",
    }
    assert {item["properties"]["datastoreType"] for item in stores} == {
        "AzureBlob",
        "AzureFile",
        "AzureDataLakeGen2",
        "OneLake",
    }
    by_name = {item["name"]: item for item in stores}
    assert by_name["forecast_feed"]["properties"]["accountName"] == "stsupply01"
    queries = by_name["prod_queries"]
    assert queries["id"].split("/")[2] != queries["properties"]["subscriptionId"] == PROD


def test_endpoints_computes_and_connections_of_every_kind() -> None:
    """Online (managed and Kubernetes, three auth modes), batch, serverless, SDK v1; AKS from before and after May 2021."""
    online = of_type(f"{ML}/onlineEndpoints").values()
    assert {item["kind"] for item in online} == {"Managed", "K8S"}
    assert {item["properties"]["authMode"].casefold() for item in online} == {"key", "amltoken", "aadtoken"}
    for kind in ("batchEndpoints", "serverlessEndpoints", "services"):
        assert len(of_type(f"{ML}/{kind}")) == 2
    computes = of_type(f"{ML}/computes").values()
    created = {item["properties"]["computeType"]: parse(item["properties"]["createdOn"]) for item in computes}
    assert created.keys() == {"ComputeInstance", "AmlCompute", "AKS", "Kubernetes"}
    assert created["AKS"] < datetime(2021, 5, 14, tzinfo=UTC) < created["Kubernetes"]
    auth = {item["properties"]["authType"] for item in of_type(f"{ML}/connections").values()}
    assert {"AccountKey", "ApiKey", "SAS"} <= auth


def test_what_is_broken_from_the_start_is_meant_to_be() -> None:
    """Outages at the start: a forgotten resync, and a datastore with a dead key."""
    open_now = company().cloud.outages.open()
    assert {outage.account for outage in open_now} == {"ststale01", "stvoice01"}
    assert all(outage.preexisting for outage in open_now)
    assert {outage.holder.rpartition("/")[2] for outage in open_now if outage.account == "stvoice01"} == {"old_calls"}


def test_identities_hold_what_they_should_but_for_the_broken_ones() -> None:
    """A workspace's identity may write blobs of its account, except where the estate says otherwise."""
    world, rbac = company().cloud.world, company().cloud.rbac
    without: set[str] = set()
    for name, item in of_type(ML).items():
        principals = [item["identity"].get("principalId")]
        principals += [entry["principalId"] for entry in item["identity"].get("userAssignedIdentities", {}).values()]
        account = str(world.keys.account(item["properties"]["storageAccount"].rpartition("/")[2]).id)  # type: ignore[union-attr]
        action = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write"
        for principal in filter(None, principals):
            ids = world.directory.principal_ids(principal)
            if not rbac.verdict_for(ids, account, action, data=True).allowed:
                without.add(name)
    assert without == {"fraud-scoring", "reborn"}
    unknown = {
        assignment.properties["principalId"]
        for assignment in world.access.assignments.values()
        if world.directory.type_of(assignment.properties["principalId"]) is None
    }
    assert len(unknown) == 2
    assert any(assignment.properties["condition"] for assignment in world.access.assignments.values())


def test_vaults_in_both_permission_models() -> None:
    """Roles and access policies, and a vault for keys that lacks purge protection."""
    vaults = of_type("Microsoft.KeyVault/vaults").values()
    assert {item["properties"]["enableRbacAuthorization"] for item in vaults} == {True, False}
    assert any(item["properties"]["accessPolicies"] for item in vaults)
    keys = {"kvfraudcmk01": True, "kvriskcmk01": True, "kvrisktest01": False, "kvhubcmk01": True}
    protected = {
        item["name"]: bool(item["properties"].get("enablePurgeProtection")) for item in vaults if item["name"] in keys
    }
    assert protected == keys


def test_support_apps_and_their_look_alikes() -> None:
    """Genuine ones, impostors from another tenant, customers' own, and managed identities named alike."""
    apps = [
        item
        for item in company().cloud.world.estate.service_principals
        if item["servicePrincipalType"] == "Application"
    ]
    named = [
        item for item in apps if item["displayName"].casefold().startswith(("aml-", "microsoft-azureml-support-app-"))
    ]
    assert len({item["appOwnerOrganizationId"] for item in named}) == 4
    assert any(item["passwordCredentials"] for item in named)
    assert any(not item["accountEnabled"] for item in named)
    assert any(not item["displayName"].isascii() for item in apps)


def test_the_operator_owns_what_she_needs_and_reads_the_rest() -> None:
    """Owner in production and test, Reader in the lab but for the group of the sandbox."""
    sim = company()
    lists = {sub: sim.get(f"/subscriptions/{sub}/providers/{ML}", NEW).json()["value"] for sub in (PROD, TEST, LAB)}
    assert [len(found) for found in lists.values()] == [23, 14, 10]
    may = {item["name"]: sim.post(f"{item['id']}/listKeys", version=NEW).status for item in lists[LAB]}
    assert may.pop("sandbox") == 200
    assert set(may.values()) == {403}
    assert code_of(sim.post(f"{lists[LAB][1]['id']}/resyncKeys", version=NEW)) == (403, "AuthorizationFailed")


def test_names_from_azure_may_hold_markup_and_control_characters() -> None:
    """So that no screen can be fooled by one unnoticed."""
    friendly = of_type(ML)["thesis-anna"]["properties"]["friendlyName"]
    assert "[bold red]" in friendly
    assert "\x1b" in friendly


def test_recent_history_and_clients() -> None:
    """The activity log explains the stale copy; clients outside Azure hold keys of four accounts."""
    sim = company()
    stale = [event for event in sim.cloud.world.activity if "ststale01" in event["resourceId"]]
    assert {event["operationName"]["value"].rsplit("/", 2)[1] for event in stale} == {"regenerateKey"}
    assert {client.account for client in sim.cloud.world.clients} == {
        "stclaims01",
        "stads01",
        "sthack2019",
        "stvoice01",
    }


def test_the_small_estate_has_one_of_each_holder() -> None:
    """Workspace, system datastores, two with keys, one SAS, and a client that reads a datastore."""
    one = Small(**small(START))
    kinds = Counter((holder.kind, holder.secret_type) for holder in one.cloud.world.keys.holders.values())
    assert kinds == {
        ("workspace", "AccountKey"): 1,
        ("datastore", "AccountKey"): 6,
        ("datastore", "Sas"): 1,
        ("client", "AccountKey"): 1,
    }
    assert one.cloud.outages.all == []


@pytest.mark.parametrize("count", [1, 7, 2600])
def test_fleets_of_any_size(count: int) -> None:
    """Exactly as many workspaces as asked for, each on an account that exists."""
    world = Cloud(fleet(count, START)).world
    workspaces = list(world.of_type(ML))
    assert len(workspaces) == count
    assert all(world.get(item["properties"]["storageAccount"]) for item in workspaces)
    assert len(world.subscriptions) == -(-count // 2500)

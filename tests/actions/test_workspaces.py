"""The fleet in few requests and without a secret, one workspace described, and names that mean one resource."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from actions.cloud.data import CloudError, NotFound, ResourceId
from actions.guard.gate import Refused
from actions.guard.model import Severity
from actions.workspaces import (
    STORAGE_ACCOUNT,
    WORKSPACE,
    FleetPage,
    TargetError,
    WorkspaceRow,
    describe,
    fleet,
    resolve,
    told,
    whole_fleet,
)
from actions.workspaces.access import Grant, Vault, covers, expected_access, principal_of
from actions.workspaces.rows import (
    Facts,
    Keys,
    access_findings,
    full_row,
    key_findings,
    key_version,
    keys_of,
    moment,
    worst,
)
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from azsim.faults import Fault
from tests.support import small_cloud
from tests.support.rehearsed import rehearsed
from tests.support.small_cloud import OTHER_SUB, READER, SUB, Small, assignment

NOW = datetime(2026, 11, 2, tzinfo=UTC)
GRAPH = "providers/Microsoft.ResourceGraph"


@pytest.fixture(scope="module")
def sim() -> Cloud:
    return Cloud(demo())


async def rows_of(sim: Cloud) -> dict[str, WorkspaceRow]:
    rows, unread = await whole_fleet(rehearsed(sim))
    assert unread == ()
    return {row.name: row for row in rows}


# --- the list


async def test_the_cells_of_the_demo_estate(sim: Cloud) -> None:
    rows = await rows_of(sim)
    assert len(rows) == len(list(sim.world.of_type("Microsoft.MachineLearningServices/workspaces")))
    fraud = rows["fraud-scoring"]
    assert (fraud.group, fraud.region, fraud.subscription_name) == ("rg-fraud", "westeurope", "contoso-prod-ml")
    assert (fraud.identity, fraud.endpoints) == ("5 of 6", "2 key")
    assert fraud.keys == f"key2 {fraud.key_days}d"
    assert fraud.key_days is not None
    assert fraud.key_days > 365
    assert fraud.severity is Severity.HIGH
    assert len(fraud.cmk) == 8
    assert rows["sandbox"].keys == "identity"
    assert rows["sandbox"].key_days is None
    assert rows["pricing"].severity is None
    assert rows["voice-intent"].keys == "key1 ?"
    assert rows["vault-roles-test"].identity != "ok"


async def test_a_list_reads_no_secret_and_changes_nothing(sim: Cloud) -> None:
    before = sim.ledger.last
    await rows_of(sim)
    assert {entry.kind for entry in sim.ledger.since(before)} == {"read", "sign-in"}


async def test_bare_rows_come_first_and_complete_ones_follow(sim: Cloud) -> None:
    pages = [page async for page in fleet(rehearsed(sim))]
    assert [page.complete for page in pages] == [False, True]
    assert [row.id for row in pages[0].rows] == [row.id for row in pages[1].rows]
    assert {row.keys for row in pages[0].rows} == {""}
    assert all(row.keys and row.identity and row.endpoints for row in pages[1].rows)
    assert {row.as_of for page in pages for row in page.rows} == {pages[0].rows[0].as_of}
    assert {page.total for page in pages} == {len(pages[0].rows)}


async def test_only_the_subscriptions_asked_for(sim: Cloud) -> None:
    wanted = sim.estate.subscriptions[2].subscription_id
    rows, _ = await whole_fleet(rehearsed(sim), (wanted,))
    assert rows
    assert {row.subscription for row in rows} == {wanted}


async def test_a_reader_who_walks_away_leaves_nothing_running(sim: Cloud) -> None:
    async for page in fleet(rehearsed(sim)):
        assert not page.complete
        break


def crowd(workspaces: int) -> dict[str, Any]:
    """So many workspaces, each with an account of its own and an identity with one grant."""
    resources: list[dict[str, Any]] = []
    grants = [assignment(small_cloud.OWNER, f"/subscriptions/{SUB}")]
    for number in range(workspaces):
        group = f"/subscriptions/{SUB}/resourceGroups/rg{number % 50}"
        account = f"{group}/providers/Microsoft.Storage/storageAccounts/st{number:05d}"
        principal = f"00000000-0000-0000-0000-{number:012d}"
        resources.append({"id": account, "location": "westeurope", "properties": {}})
        resources.append(
            {
                "id": f"{group}/providers/Microsoft.MachineLearningServices/workspaces/w{number:05d}",
                "location": "westeurope",
                "identity": {"type": "SystemAssigned", "principalId": principal},
                "properties": {"storageAccount": account},
            }
        )
        grants.append(assignment(small_cloud.CONTRIBUTOR, group, principal, "ServicePrincipal"))
    return {**small_cloud.estate(), "resources": resources, "roleAssignments": grants}


async def test_a_large_fleet_needs_its_pages_and_hardly_more() -> None:
    count = 2_100
    sim = Cloud(crowd(count))
    cloud = rehearsed(sim)
    await cloud.signed_in()
    before = sim.ledger.last
    came: list[tuple[int, int]] = []
    rows, unread = await whole_fleet(cloud, came=lambda page: came.append((len(page.rows), page.total)))
    assert (len(rows), unread) == (count, ())
    assert came == [(1000, count), (1000, count), (100, count)] * 2, "every page tells how many there are in all"
    assert {row.identity for row in rows} == {"2 of 3"}
    full = -(-count // 1000)
    asked = sim.ledger.since(before)
    pages = {"workspaces": full, "accounts": full, "grants": full, "endpoints": 1, "vaults": 1, "names": 1}
    assert len(asked) == sum(pages.values())
    assert {entry.kind for entry in asked} == {"read"}


async def test_a_throttling_resource_graph_fails_no_request() -> None:
    clock = FixedClock(NOW, timedelta(milliseconds=10))
    sim = Cloud({**crowd(1_200), "behaviour": {"throttling": True}}, clock=clock)
    cloud = rehearsed(sim)
    for _ in range(4):
        rows, unread = await whole_fleet(cloud)
        assert (len(rows), unread) == (1_200, ())
    assert {entry.status for entry in sim.ledger.entries if "ResourceGraph" in entry.path} == {200}


async def test_without_resource_graph_the_providers_are_asked() -> None:
    sim = Cloud(demo(), faults=(Fault(kind="status", status=403, code="Forbidden", route=GRAPH),))
    totals: set[int] = set()
    rows, unread = await whole_fleet(rehearsed(sim), came=lambda page: totals.add(page.total))
    assert totals == {len(rows)}
    listed = await rows_of(Cloud(demo()))
    assert {row.name for row in rows} == set(listed)
    (reason,) = unread
    assert reason.startswith("endpoints could not be read: Resource Graph")
    for row in rows:
        same = listed[row.name]
        assert (row.identity, row.cmk, row.endpoints) == (same.identity, same.cmk, "?")
        if same.keys != "identity":
            assert row.keys[:4] == same.keys[:4]
        elif row.keys == "refused":
            assert row.severity is Severity.UNKNOWN, "the provider's list does not tell the mode"


async def test_a_source_that_cannot_be_read_is_unknown_and_never_green() -> None:
    faults = (
        Fault(kind="status", status=403, code="Forbidden", route=GRAPH),
        Fault(kind="status", status=403, code="AuthorizationFailed", route="(storageAccounts|roleAssignments)$"),
    )
    rows, unread = await whole_fleet(rehearsed(Cloud(demo(), faults=faults)))
    assert len(unread) == 3
    fraud = next(row for row in rows if row.name == "fraud-scoring")
    assert (fraud.keys, fraud.identity, fraud.severity) == ("?", "?", Severity.UNKNOWN)


async def test_without_any_list_the_reason_is_told() -> None:
    faults = (Fault(kind="status", status=403, code="Forbidden", route="GET|ResourceGraph"),)
    with pytest.raises(CloudError, match="Resource Graph"):
        await whole_fleet(rehearsed(Cloud(demo(), faults=faults)))


async def test_nothing_to_see_is_an_empty_list() -> None:
    nobody = Small(assignment(READER, f"/subscriptions/{SUB}", "99999999-9999-9999-9999-999999999999"))
    pages = [page async for page in fleet(rehearsed(nobody.cloud))]
    assert pages == [FleetPage(rows=(), complete=True, unread=pages[0].unread)]


# --- what a row says


@pytest.mark.parametrize(
    ("keys", "by_identity", "grade", "says"),
    [
        (Keys(created={"key1": NOW - timedelta(days=90), "key2": NOW}), False, None, ""),
        (Keys(created={"key1": NOW - timedelta(days=91), "key2": NOW}), False, Severity.WARN, "key1 is 91 days old"),
        (Keys(created={"key1": NOW, "key2": NOW - timedelta(days=400)}), False, Severity.HIGH, "key2 is 400 days old"),
        (Keys(created={"key1": NOW - timedelta(days=8)}, policy_days=7), False, Severity.HIGH, "policy says 7"),
        (Keys(created={"key1": NOW - timedelta(days=200)}, policy_days=365), False, None, ""),
        (Keys(created={"key1": NOW, "key2": None}), False, Severity.WARN, "age of key2 is not recorded"),
        (Keys(created={}, allowed=False), False, Severity.HIGH, "refuses keys"),
        (Keys(created={}, allowed=False), True, None, ""),
        (Keys(created={}, allowed=False), None, Severity.UNKNOWN, "not in the list"),
        (Keys(created={"key1": NOW - timedelta(days=91)}), None, Severity.WARN, "key1 is 91 days old"),
        (Keys(created={"key1": NOW - timedelta(days=900)}), True, None, ""),
        (None, False, Severity.UNKNOWN, "could not be read"),
        (None, True, None, ""),
    ],
)
def test_how_keys_are_graded(keys: Keys | None, by_identity: bool | None, grade: Severity | None, says: str) -> None:
    found = key_findings("stx", keys, NOW, by_identity=by_identity)
    assert worst(found) is grade
    assert says in "".join(finding.sentence for finding in found)


@pytest.mark.parametrize(
    ("facts", "cells"),
    [
        (Facts(keys=None, access=None, endpoints=None), ("?", "?", "?")),
        (Facts(keys=Keys(created={"key1": NOW}), access=(), endpoints=()), ("key1 0d", "-", "-")),
        (
            Facts(
                keys=Keys(created={}, allowed=False), access=(), endpoints=("AMLToken", "Key", "key", "AADToken", "")
            ),
            ("refused", "-", "2 key 1 token 1 entra 1 ?"),
        ),
    ],
)
def test_cells(facts: Facts, cells: tuple[str, str, str]) -> None:
    properties = {"storageAccount": small_cloud.ACCOUNT, "systemDatastoresAuthMode": "AccessKey"}
    raw = {"id": small_cloud.WORKSPACE, "name": "fraud", "properties": properties}
    row = full_row(raw, facts, "production", "", NOW)
    assert (row.keys, row.identity, row.endpoints) == cells


@pytest.mark.parametrize(
    ("identifier", "shown"),
    [
        ("", "-"),
        ("https://kv.vault.azure.net/keys/aml/ab12a28c54e75d0ba63df1bc508afd27", "ab12a28c"),
        ("https://kv.vault.azure.net/keys/aml", "latest"),
        ("https://kv.vault.azure.net/keys/aml/", "latest"),
    ],
)
def test_the_key_version_that_encrypts(identifier: str, shown: str) -> None:
    assert key_version({"encryption": {"keyVaultProperties": {"keyIdentifier": identifier}}}) == shown
    assert key_version({"encryption": None}) == "-"


def test_reading_an_account() -> None:
    keys = keys_of(
        {
            "allowSharedKeyAccess": None,
            "keyCreationTime": {"key1": "2026-01-02T03:04:05.1234567Z", "key2": None},
            "keyPolicy": {"keyExpirationPeriodInDays": 30},
        }
    )
    assert keys.allowed, "null means allowed"
    assert keys.policy_days == 30
    assert keys.created == {"key1": datetime(2026, 1, 2, 3, 4, 5, 123456, UTC), "key2": None}
    assert [moment(text) for text in ("", None, 7, "soon")] == [None] * 4


# --- the identity in brief

ROLES = {
    "contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "ai": "b78c5d69-af96-48a3-bf8d-a8b4d589de94",
    "blob": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "vault": "00482a5a-887f-4fb3-b363-3b7fe8e74483",
    "reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
}
VAULT_ID = f"{small_cloud.GROUP}/providers/Microsoft.KeyVault/vaults/kv"


@pytest.mark.parametrize(
    ("grants", "vault", "missing"),
    [
        ([("contributor", "GROUP"), ("blob", "ACCOUNT")], Vault(by_roles=False, policies=frozenset({"me"})), set()),
        ([("ai", "GROUP"), ("blob", "SUB"), ("vault", "/")], Vault(by_roles=True, policies=frozenset()), set()),
        (
            [("contributor", "GROUP")],
            Vault(by_roles=True, policies=frozenset({"me"})),
            {"storage account", "key vault"},
        ),
        (
            [("reader", "GROUP"), ("blob", "ACCOUNT")],
            Vault(by_roles=False, policies=frozenset({"ME".lower()})),
            {"resource group", "workspace"},
        ),
        ([], None, {"resource group", "workspace", "storage account"}),
    ],
)
def test_expected_access(grants: list[tuple[str, str]], vault: Vault | None, missing: set[str]) -> None:
    scopes = {"GROUP": small_cloud.GROUP.upper(), "ACCOUNT": small_cloud.ACCOUNT, "SUB": f"/subscriptions/{SUB}"}
    made = [Grant(principal="ME", role=ROLES[role], scope=scopes.get(scope, scope)) for role, scope in grants]
    made.append(Grant(principal="somebody else", role=ROLES["blob"], scope="/"))
    properties = {"storageAccount": small_cloud.ACCOUNT, "keyVault": VAULT_ID}
    found = expected_access(ResourceId(small_cloud.WORKSPACE), properties, "me", made, vault)
    assert {item.name for item in found if item.present is False} == missing
    assert {item.name for item in found if item.present is None} == (set() if vault else {"key vault"})
    graded = {finding.severity for finding in access_findings(found)}
    assert (Severity.HIGH in graded) is bool(missing & {"storage account", "key vault"})


@pytest.mark.parametrize(
    ("scope", "reaches"),
    [
        ("/", True),
        ("", True),
        ("/providers/Microsoft.Management/managementGroups/root", True),
        (f"/SUBSCRIPTIONS/{SUB}", True),
        (f"/subscriptions/{OTHER_SUB}", False),
        (f"{small_cloud.GROUP}x", False),
        (small_cloud.GROUP[:-1], False),
        (f"{small_cloud.ACCOUNT}/blobServices/default/containers/c", False),
    ],
)
def test_which_scopes_reach_a_resource(scope: str, reaches: bool) -> None:
    assert covers(scope, ResourceId(small_cloud.ACCOUNT)) is reaches


def test_the_identity_that_a_workspace_works_with() -> None:
    assigned = {"/A/one": {"principalId": "p1"}, "/a/TWO": {"principalId": "p2"}}
    assert principal_of(None) == ""
    assert principal_of({"type": "None"}) == ""
    assert principal_of({"principalId": "own", "userAssignedIdentities": assigned}) == "own"
    assert principal_of({"userAssignedIdentities": assigned}, "/a/two") == "p2"
    assert principal_of({"userAssignedIdentities": assigned}) == "p1"
    assert principal_of({"userAssignedIdentities": {"/a/one": None}}) == ""


# --- finding the resource that is meant


@pytest.mark.parametrize(
    "target",
    [
        "fraud-scoring",
        "FRAUD-scoring",
        "rg-fraud/fraud-scoring",
        "contoso-prod-ml/rg-fraud/fraud-scoring",
        "CONTOSO-PROD-ML/RG-FRAUD/fraud-scoring",
    ],
)
async def test_names_that_mean_one_workspace(sim: Cloud, target: str) -> None:
    found = await resolve(rehearsed(sim), target)
    assert (found.group, found.name) == ("rg-fraud", "fraud-scoring")
    assert await resolve(rehearsed(sim), found.text) == found
    by_id = f"{found.subscription}/rg-fraud/fraud-scoring"
    assert await resolve(rehearsed(sim), by_id) == found


async def test_a_storage_account_where_one_may_be_meant(sim: Cloud) -> None:
    found = await resolve(rehearsed(sim), "stfraud01", types=(WORKSPACE, STORAGE_ACCOUNT))
    assert found.type == STORAGE_ACCOUNT.casefold()
    with pytest.raises(TargetError, match="there is no workspace stfraud01"):
        await resolve(rehearsed(sim), "stfraud01")


def twins() -> Cloud:
    document = small_cloud.estate()
    twin = small_cloud.WORKSPACE.replace("rg-fraud", "rg-two")
    third = small_cloud.WORKSPACE.replace(SUB, OTHER_SUB)
    for each in (twin, third):
        document["resources"].append({"id": each, "location": "westeurope", "properties": {}})
    return Cloud(document)


async def test_an_ambiguous_name_lists_what_it_may_mean() -> None:
    cloud = rehearsed(twins())
    with pytest.raises(TargetError, match="fraud is ambiguous: ") as ambiguous:
        await resolve(cloud, "fraud")
    assert len(ambiguous.value.candidates) == 3
    for spelled in ("production/rg-fraud/fraud", "production/rg-two/fraud", "lab/rg-fraud/fraud"):
        assert spelled in ambiguous.value.sentence
        assert (await resolve(cloud, spelled)).text in ambiguous.value.candidates
    assert (await resolve(cloud, "rg-two/fraud")).group == "rg-two"
    with pytest.raises(TargetError, match="ambiguous"):
        await resolve(cloud, "rg-fraud/fraud")
    assert (await resolve(cloud, "fraud", subscription="lab")).subscription == OTHER_SUB


@pytest.mark.parametrize(
    ("target", "says"),
    [
        ("fraud-scorin", "there is no workspace fraud-scorin to be seen here; near it: fraud-scoring"),
        ("zzzzzz", "there is no workspace zzzzzz to be seen here"),
        ("rg-other/fraud-scoring", "of that name: contoso-prod-ml/rg-fraud/fraud-scoring"),
        (
            "contoso-prod/rg-fraud/fraud-scoring",
            "no subscription contoso-prod to be seen here; near it: contoso-prod-ml",
        ),
        ("a/b/c/d", "is no name"),
        ("", "is no name"),
        ("x' or name != '", "there is no workspace"),
        (
            "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st",
            "not the id of a workspace",
        ),
        ("/", "not the id of a workspace"),
    ],
)
async def test_names_that_mean_nothing(sim: Cloud, target: str, says: str) -> None:
    with pytest.raises(TargetError) as unknown:
        await resolve(rehearsed(sim), target)
    assert says in unknown.value.sentence


async def test_a_workspace_too_new_for_resource_graph_is_found_all_the_same(sim: Cloud) -> None:
    blind = Cloud(demo(), faults=(Fault(kind="status", status=500, code="Busy", route=GRAPH),))
    assert (await resolve(rehearsed(blind), "fraud-scoring")).group == "rg-fraud"


async def test_a_known_name_costs_two_requests(sim: Cloud) -> None:
    cloud = rehearsed(sim)
    await cloud.signed_in()
    before = sim.ledger.last
    await resolve(cloud, "fraud-scoring")
    assert len(sim.ledger.since(before)) == 2


# --- one workspace


async def test_a_workspace_described(sim: Cloud) -> None:
    cloud = rehearsed(sim)
    view = await describe(cloud, await resolve(cloud, "fraud-scoring"))
    assert (view.name, view.subscription_name, view.auth_mode) == ("fraud-scoring", "contoso-prod-ml", "accesskey")
    assert view.storage.endswith("/stfraud01")
    assert view.keys is not None
    assert view.keys.oldest(cloud.now())[0] == "key2"
    assert view.encryption_key.startswith("kvfraudcmk01/aml-fraud ")
    assert [endpoint.auth for endpoint in view.endpoints or ()] == ["Key", "Key"]
    assert {compute.kind for compute in view.computes or ()} == {"ComputeInstance", "AmlCompute"}
    assert view.running_jobs == ("retrain_2211",)
    assert {item.name: item.present for item in view.access or ()}["storage account"] is False
    assert {finding.id for finding in view.findings} == {"key-old", "identity-access"}
    assert view.unread == ()
    assert view.holders is None, "nobody asked for secrets"


async def test_holders_are_read_only_when_asked_for(sim: Cloud) -> None:
    cloud = rehearsed(sim)
    target = await resolve(cloud, "fraud-scoring")
    before = sim.ledger.last
    await describe(cloud, target)
    assert "secret-read" not in {entry.kind for entry in sim.ledger.since(before)}
    view = await describe(cloud, target, secrets=True)
    assert {holder.kind for holder in view.holders or ()} == {"workspace", "datastore"}
    assert {holder.slot for holder in view.holders or ()} == {"key1"}
    with pytest.raises(Refused):
        await cloud.storage_keys(ResourceId(view.storage))


async def test_holders_of_every_kind() -> None:
    document = small_cloud.estate()
    resources = document["resources"]
    odd: dict[str, dict[str, Any]] = {
        "quiet": {"credentials": {"credentialsType": "None"}},
        "elsewhere": {"accountName": "stlab"},
    }
    for name, more in odd.items():
        made = small_cloud.datastore(f"{small_cloud.WORKSPACE}/datastores/{name}")
        resources.append({**made, "properties": {**made["properties"], **more}, "azsim": {}})
    resources.append(small_cloud.datastore(f"{small_cloud.WORKSPACE}/datastores/old", holds="stale"))
    resources.append(small_cloud.datastore(f"{small_cloud.WORKSPACE}/datastores/broken"))
    fault = Fault(kind="status", status=404, code="UserError", route="datastores/broken/listSecrets")
    view = await describe(rehearsed(Cloud(document, faults=(fault,))), ResourceId(small_cloud.WORKSPACE), secrets=True)
    assert {holder.name: holder.slot for holder in view.holders or ()} == {
        "fraud": "key1",
        "training": "key1",
        "workspaceblobstore": "key1",
        "partner": "signature",
        "quiet": "identity",
        "elsewhere": "other account",
        "old": "stale",
        "broken": "unreadable",
    }


async def test_what_cannot_be_read_is_told_and_the_rest_stands() -> None:
    route = "storageAccounts/stfraud01$|onlineEndpoints|/locks|roleAssignments|/jobs|computes|vaults/"
    sim = Cloud(demo(), faults=(Fault(kind="status", status=403, code="AuthorizationFailed", route=route),))
    cloud = rehearsed(sim)
    view = await describe(cloud, await resolve(cloud, "fraud-scoring"))
    assert view.name == "fraud-scoring"
    assert (view.keys, view.endpoints, view.computes, view.running_jobs, view.locks, view.access) == (None,) * 6
    assert len(view.unread) == 7
    assert Severity.UNKNOWN in {finding.severity for finding in view.findings}
    with pytest.raises(NotFound):
        await describe(
            cloud, ResourceId(small_cloud.WORKSPACE.replace(SUB, sim.estate.subscriptions[0].subscription_id))
        )


async def test_a_workspace_told(sim: Cloud) -> None:
    cloud = rehearsed(sim)
    description = told(await describe(cloud, await resolve(cloud, "fraud-scoring"), secrets=True))
    facts = dict(description.facts)
    assert facts["storage account"] == "stfraud01"
    assert facts["key policy"] == "none"
    tables = {table.title: table for table in description.tables}
    assert list(tables) == ["Keys", "Holders", "Identity", "Endpoints", "Computes", "Locks"]
    assert [row[0] for row in tables["Keys"].rows] == ["key1", "key2"]
    assert all(len(row) == len(table.columns) for table in description.tables for row in table.rows)
    assert len(tables["Identity"].states) == len(tables["Identity"].rows)


@pytest.mark.parametrize(
    "module", ["actions.workspaces", "actions.registry", "actions.cloud.protocol", "actions.cloud.data"]
)
def test_no_sdk_is_loaded_to_know_the_words(module: str) -> None:
    program = f"import {module}, sys; print(sorted(n for n in sys.modules if n.split('.')[0] in ('azure', 'aiohttp', 'msal')))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("graph", [True, False], ids=["listed", "asked of the provider"])
async def test_the_workspaces_of_subscriptions_whose_names_cannot_be_read_are_listed(graph: bool) -> None:
    """Without names, of those that were asked for, by Resource Graph or without it."""
    unread = [Fault(kind="status", status=403, code="AuthorizationFailed", route=r"GET [^/]*/subscriptions$")]
    if not graph:
        unread.append(Fault(kind="status", status=403, code="Forbidden", route=GRAPH))
    sim = Cloud(demo(), faults=unread)
    named = sim.estate.subscriptions[0].subscription_id
    rows, _ = await whole_fleet(rehearsed(sim), (named,))
    there = {row.id for row in (await whole_fleet(rehearsed(Cloud(demo())), (named,)))[0]}
    assert there
    assert {row.id for row in rows} == there
    assert {(row.subscription, row.subscription_name) for row in rows} == {(named, "")}

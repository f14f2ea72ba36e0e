"""Every read, through the real SDK, against the demo estate."""

from __future__ import annotations

import base64
import subprocess
import sys
from datetime import UTC, timedelta
from typing import Any

import pytest

from actions.cloud import versions
from actions.cloud.azure import AzureCloud
from actions.cloud.data import CloudError, Forbidden, NotFound, Resource, ResourceId, SignInNeeded, StorageKey
from actions.guard.gate import Refused, secret_reads
from actions.guard.secret import Secret
from azsim import sas
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from azsim.faults import Fault
from tests.support import small_cloud
from tests.support.rehearsed import rehearsed
from tests.support.small_cloud import ACCOUNT, READER, SUB, WORKSPACE, Small, assignment


@pytest.fixture(scope="module")
def sim() -> Cloud:
    return Cloud(demo())


@pytest.fixture
def cloud(sim: Cloud) -> AzureCloud:
    return rehearsed(sim)


def named(sim: Cloud, kind: str, name: str) -> ResourceId:
    return next(ResourceId(str(item["id"])) for item in sim.world.of_type(kind) if item["name"] == name)


@pytest.fixture
def workspace(sim: Cloud) -> ResourceId:
    return named(sim, "Microsoft.MachineLearningServices/workspaces", "fraud-scoring")


@pytest.fixture
def account(sim: Cloud) -> ResourceId:
    return named(sim, "Microsoft.Storage/storageAccounts", "stfraud01")


async def test_we_are_the_estates_user(cloud: AzureCloud, sim: Cloud) -> None:
    me = await cloud.signed_in()
    assert (me.user, me.kind, me.tenant) == ("ada@contoso.example", "user", sim.estate.tenant.tenant_id)
    assert me.object_id == sim.estate.signed_in.object_id
    assert me.expires > cloud.now()
    assert "ada" in repr(me)


async def test_subscriptions(cloud: AzureCloud, sim: Cloud) -> None:
    found = await cloud.subscriptions()
    assert {each.id: each.name for each in found} == {
        each.subscription_id: each.display_name for each in sim.estate.subscriptions
    }


async def test_a_workspace_keeps_the_fields_that_the_sdk_drops(cloud: AzureCloud, workspace: ResourceId) -> None:
    found = await cloud.workspace(workspace)
    assert found.raw["kind"] == "Default"
    assert "systemDatastoresAuthMode" in found.properties
    assert found.api_version == versions.WORKSPACE
    listed = await cloud.workspaces(workspace.subscription)
    assert workspace in {each.id for each in listed}


async def test_a_listing_follows_its_links(cloud: AzureCloud, workspace: ResourceId) -> None:
    pages = [page async for page in cloud.list(f"{workspace}/datastores", versions.DATASTORE, count="2")]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert len({row["id"] for page in pages for row in page}) == 5


async def test_resource_graph_is_read_to_its_last_page(cloud: AzureCloud, sim: Cloud) -> None:
    query = "resources | project id | order by id asc"
    rows = [row async for page in cloud.query(query) for row in page]
    assert len(rows) > 100, "more than what one page holds by default"
    assert len({row["id"] for row in rows}) == len(rows)


async def test_account_and_keys(cloud: AzureCloud, account: ResourceId) -> None:
    found = await cloud.storage_account(account)
    assert found.properties["primaryEndpoints"]["blob"].startswith("https://stfraud01.blob.")
    with secret_reads(announced="a test"):
        keys = await cloud.storage_keys(account)
    assert [key.slot for key in keys] == ["key1", "key2"]
    assert all(key.created and key.created.tzinfo is UTC for key in keys)
    assert len({key.fingerprint for key in keys}) == 2
    assert all(len(base64.b64decode(key.secret.reveal())) == 64 for key in keys)


async def test_no_secret_is_read_unless_announced(cloud: AzureCloud, sim: Cloud, account: ResourceId) -> None:
    await cloud.storage_account(account)
    before = sim.ledger.last
    for call in (
        cloud.storage_keys(account),
        cloud.workspace_keys(ResourceId(WORKSPACE)),
        cloud.datastore_secret(ResourceId(f"{WORKSPACE}/datastores/d")),
        cloud.connection_secrets(ResourceId(f"{WORKSPACE}/connections/c")),
        cloud.endpoint_keys(ResourceId(f"{WORKSPACE}/onlineEndpoints/e")),
        cloud.endpoint_keys(ResourceId(f"{WORKSPACE}/serverlessEndpoints/e")),
    ):
        with pytest.raises(Refused):
            await call
    assert sim.ledger.since(before) == [], "nothing was sent"


async def test_holders_are_told_by_fingerprint(cloud: AzureCloud, account: ResourceId, workspace: ResourceId) -> None:
    with secret_reads(announced="a test"):
        keys = {key.fingerprint for key in await cloud.storage_keys(account)}
        own = await cloud.workspace_keys(workspace)
        kept = [await cloud.datastore_secret(each.id) for each in await cloud.datastores(workspace)]
    assert own.storage_account == account
    assert own.storage_fingerprint in keys
    assert {each.fingerprint for each in kept if each.kind == "AccountKey"} <= keys
    assert len(kept) == 5


async def test_a_sas_is_fingerprinted_by_its_text() -> None:
    small = Small()
    with secret_reads(announced="a test"):
        found = await rehearsed(small.cloud).datastore_secret(ResourceId(small_cloud.SAS_DATASTORE))
    assert found.kind == "Sas"
    assert found.secret is not None
    assert found.fingerprint == found.secret.fingerprint()
    assert "sig" in sas.fields(found.secret.reveal())


async def test_connections_and_their_secrets(cloud: AzureCloud, sim: Cloud, account: ResourceId) -> None:
    owner = named(sim, "Microsoft.MachineLearningServices/workspaces", "claims-triage")
    shared = named(sim, "Microsoft.Storage/storageAccounts", "stclaims01")
    found = {each.name: each for each in await cloud.connections(owner)}
    assert not found["claims-blob"].properties.get("credentials")
    with secret_reads(announced="a test"):
        (secret,) = await cloud.connection_secrets(found["claims-blob"].id)
        keys = {key.fingerprint for key in await cloud.storage_keys(shared)}
    assert secret.kind == "AccountKey"
    assert secret.fingerprint in keys


async def test_endpoints_and_their_keys(cloud: AzureCloud, sim: Cloud, workspace: ResourceId) -> None:
    endpoints = await cloud.online_endpoints(workspace)
    assert {each.properties["authMode"] for each in endpoints} == {"Key"}
    with secret_reads(announced="a test"):
        keys = await cloud.endpoint_keys(endpoints[0].id)
        serverless = next(iter(sim.world.of_type("Microsoft.MachineLearningServices/workspaces/serverlessEndpoints")))
        other = await cloud.endpoint_keys(ResourceId(str(serverless["id"])))
        batch = ResourceId(f"{workspace}/batchEndpoints/nightly")
        with pytest.raises(CloudError, match="no keys to read"):
            await cloud.endpoint_keys(batch)
    for found in (keys, other):
        assert found.primary is not None
        assert found.secondary is not None
        assert found.primary.fingerprint() != found.secondary.fingerprint()


async def test_computes(cloud: AzureCloud, workspace: ResourceId) -> None:
    kinds = {each.properties["computeType"] for each in await cloud.computes(workspace)}
    assert "ComputeInstance" in kinds


async def test_diagnose_is_followed_to_its_result(cloud: AzureCloud, workspace: ResourceId) -> None:
    found = await cloud.post_read(f"{workspace}/diagnose", versions.WORKSPACE, {"value": {}})
    assert "storageAccountResults" in found["value"]


async def test_access_at_and_above(cloud: AzureCloud, account: ResourceId) -> None:
    assert (await cloud.permissions(account)).entries[0]["actions"] == ["*"]
    assert (await cloud.permissions(account.group_id)).entries
    assignments = await cloud.role_assignments(account.text)
    scopes = {str(each.properties["scope"]) for each in assignments}
    assert f"/subscriptions/{account.subscription}" in scopes
    assert all(account.key.startswith(scope.casefold().rstrip("/")) for scope in scopes)
    definitions = await cloud.role_definitions(account.text)
    assert {"Owner", "Reader"} <= {str(each.properties["roleName"]) for each in definitions}
    assert await cloud.deny_assignments(account.text) == ()


async def test_locks_above_a_resource_are_seen() -> None:
    lock = f"{small_cloud.GROUP}/providers/Microsoft.Authorization/locks/freeze"
    document = small_cloud.estate()
    document["resources"].append({"id": lock, "properties": {"level": "ReadOnly"}})
    found = await rehearsed(Cloud(document)).locks(ResourceId(ACCOUNT))
    assert [(each.name, each.properties["level"]) for each in found] == [("freeze", "ReadOnly")]


async def test_metrics_by_authentication(cloud: AzureCloud, account: ResourceId) -> None:
    found = await cloud.metrics(
        account,
        ("Transactions",),
        span=timedelta(hours=6),
        grain="PT1H",
        aggregation="Total",
        filter="Authentication eq '*'",
    )
    series = {each.dimensions["authentication"]: each.points for each in found["Transactions"]}
    assert sum(value or 0 for _, value in series["AccountKey"]) > 0
    assert all(moment.tzinfo is UTC for moment, _ in series["AccountKey"])


async def test_activity_since(cloud: AzureCloud, sim: Cloud, account: ResourceId) -> None:
    since = cloud.now() - timedelta(days=60)
    events = await cloud.activity(account.subscription, since=since)
    assert any("regeneratekey" in str(each["operationName"]["value"]).casefold() for each in events)
    none = await cloud.activity(account.subscription, since=since, filter="resourceGroupName eq 'nothing-here'")
    assert none == ()


@pytest.mark.parametrize("service", ["blob", "file"])
async def test_probing_keys(cloud: AzureCloud, account: ResourceId, service: str) -> None:
    found = await cloud.storage_account(account)
    with secret_reads(announced="a test"):
        keys = await cloud.storage_keys(account)
    live = await cloud.probe_storage(found, service, keys[0].secret)
    assert (live.status, live.code, live.host) == (200, "", f"stfraud01.{service}.core.windows.net")
    assert live.at is not None
    dead = await cloud.probe_storage(found, service, Secret(base64.b64encode(b"not the key" * 6).decode()))
    assert (dead.status, dead.code) == (403, "AuthenticationFailed")
    assert "string to sign" not in dead.detail, "the detail with the signature stays behind"
    nonsense = await cloud.probe_storage(found, service, Secret("no base64!"))
    assert (nonsense.status, nonsense.code) == (0, "NoKey")


async def test_probing_signatures() -> None:
    small = Small()
    cloud = rehearsed(small.cloud)
    account = await cloud.storage_account(ResourceId(ACCOUNT))
    with secret_reads(announced="a test"):
        kept = await cloud.datastore_secret(ResourceId(small_cloud.SAS_DATASTORE))
    assert kept.secret is not None
    live = await cloud.probe_sas(account, "blob", kept.secret, "data")
    assert live.status == 200
    small.regenerate("key1")
    dead = await cloud.probe_sas(account, "blob", kept.secret, "data")
    assert (dead.status, dead.code) == (403, "AuthenticationFailed")
    untried = await cloud.probe_sas(account, "blob", kept.secret)
    assert (untried.status, untried.code) == (0, "NoContainer")


@pytest.mark.parametrize(
    ("kind", "code"), [("reset_before", "NoAnswer"), ("throttle", "TooManyRequests")], ids=["cut", "throttled"]
)
async def test_a_probe_never_raises(kind: Any, code: str) -> None:
    small = Small(faults=(Fault(kind=kind, route="blob.core", retry_after=1),))
    cloud = rehearsed(small.cloud)
    found = await cloud.probe_storage(await cloud.storage_account(ResourceId(ACCOUNT)), "blob", Secret("YWJj"))
    assert found.status in {0, 429}
    assert found.status == 429 or found.code == code


async def test_a_probe_goes_to_azure_storage_only() -> None:
    foreign: dict[str, Any] = {
        "name": "stx",
        "properties": {"primaryEndpoints": {"blob": "https://elsewhere.example/"}},
    }
    account = Resource(id=ResourceId(ACCOUNT), raw=foreign, api_version="")
    small = Small()
    with pytest.raises(CloudError, match="no address of Azure Storage"):
        await rehearsed(small.cloud).probe_storage(account, "blob", Secret("YWJj"))
    assert small.cloud.ledger.last == 0


async def test_what_is_missing_and_what_is_forbidden() -> None:
    reader = Small(assignment(READER, f"/subscriptions/{SUB}"))
    cloud = rehearsed(reader.cloud)
    with pytest.raises(NotFound) as missing:
        await cloud.storage_account(ResourceId(f"{ACCOUNT}x"))
    assert (missing.value.code, missing.value.status) == ("ResourceNotFound", 404)
    with pytest.raises(Forbidden) as denied, secret_reads(announced="a test"):
        await cloud.storage_keys(ResourceId(ACCOUNT))
    assert "Microsoft.Storage/storageAccounts/listkeys/action" in denied.value.sentence.replace("listKeys", "listkeys")
    assert denied.value.code == "AuthorizationFailed"
    assert denied.value.request_id
    with pytest.raises(NotFound) as inner:
        await cloud.get(f"{WORKSPACE}/datastores/none", versions.DATASTORE)
    assert inner.value.code == "NotFoundError", "the front end's own code is only UserError"


async def test_a_failure_drags_no_answer_along() -> None:
    reader = Small(assignment(READER, f"/subscriptions/{SUB}"))
    with pytest.raises(Forbidden) as denied, secret_reads(announced="a test"):
        await rehearsed(reader.cloud).storage_keys(ResourceId(ACCOUNT))
    assert denied.value.__cause__ is None
    assert denied.value.__context__ is None


async def test_a_read_survives_a_bad_day() -> None:
    faults = (
        Fault(kind="status", status=503, route="listKeys", at=(1,)),
        Fault(kind="reset_after", route="listKeys", at=(2,)),
        Fault(kind="throttle", route="listKeys", at=(3,), retry_after=7),
        Fault(kind="throttle", route="listKeys", at=(4,)),
    )
    small = Small(faults=faults)
    heard: list[float] = []
    cloud = rehearsed(small.cloud, on_throttle=lambda throttling: heard.append(throttling.seconds))
    start = cloud.now()
    with secret_reads(announced="a test"):
        keys = await cloud.storage_keys(ResourceId(ACCOUNT))
    assert len(keys) == 2
    assert heard[0] == 7
    assert cloud.now() - start >= timedelta(seconds=7), "Retry-After was waited for"


async def test_an_expired_token_is_renewed() -> None:
    small = Small()
    cloud = rehearsed(small.cloud)
    await cloud.storage_account(ResourceId(ACCOUNT))
    await cloud.sleep(3 * 24 * 3600)
    assert (await cloud.storage_account(ResourceId(ACCOUNT))).name == "stfraud"


async def test_a_sign_in_that_is_refused_says_why() -> None:
    small = Small(faults=(Fault(kind="status", status=400, code="invalid_grant", route="oauth2/v2.0/devicecode"),))
    with pytest.raises(SignInNeeded, match="signing in to the rehearsal"):
        await rehearsed(small.cloud).signed_in()


async def test_a_newer_api_version_gives_way_where_it_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(versions, "STORAGE_ACCOUNT", "2099-nonsense")
    found = await rehearsed(Small().cloud).storage_account(ResourceId(ACCOUNT))
    assert found.api_version == versions.STORAGE_ACCOUNT_OLDER


def test_keys_do_not_print() -> None:
    key = StorageKey(slot="key1", secret=Secret("hush"), fingerprint=Secret("hush").fingerprint(), created=None)
    assert "hush" not in repr(key)


def test_a_rehearsal_loads_no_network_library() -> None:
    program = """
import asyncio, sys
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from tests.support.rehearsed import rehearsed
from actions.cloud.data import ResourceId
from actions.guard.gate import secret_reads
sim = Cloud(demo())
async def main():
    cloud = rehearsed(sim)
    found = (await cloud.workspaces(sim.estate.subscriptions[0].subscription_id))[0]
    with secret_reads(announced="a test"):
        await cloud.workspace_keys(found.id)
        await cloud.storage_keys(ResourceId(found.properties["storageAccount"]))
    await cloud.role_assignments(found.id.text)
asyncio.run(main())
print(sorted({"aiohttp", "requests", "msal", "azure.identity"} & set(sys.modules)))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"

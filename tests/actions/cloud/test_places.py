"""Each cloud's own hosts, scopes and api-versions, as they would leave for Azure."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from actions.cloud import versions
from actions.cloud.azure import AzureCloud
from actions.cloud.data import CloudError, ResourceId, UnknownOutcome
from actions.cloud.places import PLACES, Place, PlaceError, place
from actions.guard.gate import permit_for, secret_reads
from actions.guard.model import Mode, Request
from tests.actions.cloud.fake_azure import TENANT, Answer, Asked, FakeAzure, token_answer

SUB = "/subscriptions/00000000-0000-0000-0000-000000000001"
GROUP = f"{SUB}/resourceGroups/rg"
ACCOUNT = ResourceId(f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stx")
WORKSPACE = ResourceId(f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w")
EXPECTED = {
    "AzureCloud": (
        "management.azure.com",
        "https://management.azure.com/.default",
        "login.microsoftonline.com",
        "graph.microsoft.com",
        "stx.blob.core.windows.net",
        ".vault.azure.net",
    ),
    "AzureUSGovernment": (
        "management.usgovcloudapi.net",
        "https://management.core.usgovcloudapi.net/.default",
        "login.microsoftonline.us",
        "graph.microsoft.us",
        "stx.blob.core.usgovcloudapi.net",
        ".vault.usgovcloudapi.net",
    ),
    "AzureChinaCloud": (
        "management.chinacloudapi.cn",
        "https://management.chinacloudapi.cn/.default",
        "login.chinacloudapi.cn",
        "microsoftgraph.chinacloudapi.cn",
        "stx.blob.core.chinacloudapi.cn",
        ".vault.azure.cn",
    ),
}


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAzure:
    """Azure at the end of the line, and a service principal in the environment."""
    for name, value in {"TENANT_ID": TENANT, "CLIENT_ID": "app", "CLIENT_SECRET": "hush"}.items():
        monkeypatch.setenv(f"AZURE_{name}", value)
    fake = FakeAzure()
    monkeypatch.setattr("actions.cloud.network.Network", lambda _: fake)
    return fake


def azure(fake: FakeAzure, chosen: Place) -> AzureCloud:
    empty: dict[str, object] = {"value": []}
    keys = [
        {"keyName": slot, "value": "YWJj", "permissions": "FULL", "creationTime": None} for slot in ("key1", "key2")
    ]
    fake.on(chosen.login, "/oauth2/v2.0/token", token_answer(appid="app"))
    fake.on(chosen.arm, "/subscriptions", (200, {}, {"value": [{"subscriptionId": "s", "displayName": "n"}]}))
    fake.on(chosen.arm, "/storageAccounts/stx", (200, {}, {"id": ACCOUNT.text, "name": "stx", "properties": {}}))
    fake.on(chosen.arm, "/storageAccounts/stx/listKeys", (200, {}, {"keys": keys}))
    fake.on(chosen.arm, "/regenerateKey", (200, {}, {"keys": keys}))
    fake.on(chosen.arm, "/workspaces/w/listKeys", (200, {}, {"userStorageKey": "YWJj"}))
    fake.on(chosen.arm, "/workspaces/w/resyncKeys", (200, {}, None))
    fake.on(chosen.arm, "/workspaces/w", (200, {}, {"id": WORKSPACE.text}))
    fake.on(chosen.arm, "/datastores", (200, {}, empty))
    fake.on(chosen.arm, "/listSecrets", (200, {}, {"secretsType": "AccountKey", "key": "YWJj"}))
    fake.on(chosen.arm, "/onlineEndpoints/e/listKeys", (200, {}, {"primaryKey": "a", "secondaryKey": "b"}))
    fake.on(chosen.arm, "/roleAssignments", (200, {}, empty))
    fake.on(chosen.arm, "/permissions", (200, {}, empty))
    fake.on(chosen.arm, "/locks", (200, {}, empty))
    fake.on(chosen.arm, "/metrics", (200, {}, empty))
    fake.on(chosen.arm, "/management/values", (200, {}, empty))
    fake.on(chosen.arm, "/providers/Microsoft.ResourceGraph/resources", (200, {}, {"data": []}))
    fake.on(chosen.graph, "/getByIds", (200, {}, {"value": [{"id": "p"}]}))
    fake.on(f"stx.blob.{chosen.storage}", "/", (200, {}, None))
    return AzureCloud.real(chosen, mode=Mode.LIVE)


async def everything(cloud: AzureCloud) -> None:
    account = await cloud.storage_account(ACCOUNT)
    await cloud.subscriptions()
    await cloud.workspace(WORKSPACE)
    await cloud.datastores(WORKSPACE)
    await cloud.role_assignments(ACCOUNT.text)
    await cloud.permissions(ACCOUNT)
    await cloud.locks(ACCOUNT)
    await cloud.metrics(
        ACCOUNT, ("Transactions",), span=timedelta(hours=1), grain="PT1H", aggregation="Total", filter=""
    )
    await cloud.activity(ACCOUNT.subscription, since=cloud.now() - timedelta(days=1))
    assert [page async for page in cloud.query("resources | project id")] == [[]]
    graph = f"https://{cloud.place.graph}/v1.0/directoryObjects/getByIds"
    assert (await cloud.post_read(graph, "", {"ids": ["p"]}))["value"] == [{"id": "p"}]
    with secret_reads(announced="a test"):
        keys = await cloud.storage_keys(ACCOUNT)
        await cloud.workspace_keys(WORKSPACE)
        await cloud.datastore_secret(WORKSPACE.child("datastores", "d"))
        await cloud.endpoint_keys(WORKSPACE.child("onlineEndpoints", "e"))
    await cloud.probe_storage(account, "blob", keys[0].secret)
    for path, change in (
        (f"{ACCOUNT}/regenerateKey", cloud.regenerate_storage_key(ACCOUNT, "key1")),
        (f"{WORKSPACE}/resyncKeys", cloud.resync_keys(WORKSPACE)),
    ):
        with permit_for(Request(method="POST", path=path, api_version="", permission="", scope="")):
            await change


def ended(asked: list[Asked], end: str) -> Asked:
    return next(each for each in asked if each.path.casefold().endswith(end.casefold()))


@pytest.mark.parametrize("name", EXPECTED)
async def test_hosts_scopes_and_versions(fake: FakeAzure, name: str) -> None:
    arm, scope, login, graph, blob, vault = EXPECTED[name]
    cloud = azure(fake, place(name))
    await everything(cloud)
    await cloud.close()
    assert cloud.name == name
    assert not cloud.rehearsal
    assert {each.host for each in fake.asked} == {arm, login, graph, blob}
    assert cloud.gate.hosts.vault_suffix == vault
    tokens = fake.to(login)
    assert {each.path for each in tokens} == {f"/{TENANT}/oauth2/v2.0/token"}
    assert {each.form["scope"] for each in tokens} == {scope, f"https://{graph}/.default"}
    assert len(tokens) == 2, "one token a scope, shared by all clients"
    sent = fake.to(arm)
    assert all(each.headers["authorization"].startswith("Bearer ") for each in sent)
    assert all(each.headers["user-agent"] == "amlkeys" for each in sent)
    for end, version in {
        "/storageAccounts/stx": versions.STORAGE_ACCOUNT,
        "/storageAccounts/stx/listKeys": versions.STORAGE_KEYS,
        "/storageAccounts/stx/regenerateKey": versions.STORAGE_KEYS,
        "/workspaces/w": versions.WORKSPACE,
        "/workspaces/w/listKeys": versions.RESYNC_KEYS,
        "/workspaces/w/resyncKeys": versions.RESYNC_KEYS,
        "/datastores": versions.DATASTORE,
        "/onlineEndpoints/e/listKeys": versions.RESYNC_KEYS,
        "/roleAssignments": versions.AUTHORIZATION,
        "/permissions": versions.PERMISSIONS,
        "/locks": versions.LOCKS,
        "/metrics": versions.METRICS,
        "/resources": versions.RESOURCE_GRAPH,
    }.items():
        assert ended(sent, end).query["api-version"] == version, end
    assert "$expand" not in ended(sent, "/storageAccounts/stx/listKeys").query
    assert ended(sent, "/resyncKeys").body == b""
    assert ended(sent, "/regenerateKey").body == b'{"keyName": "key1"}'


@pytest.mark.parametrize("name", EXPECTED)
async def test_no_token_goes_to_the_data_plane(fake: FakeAzure, name: str) -> None:
    cloud = azure(fake, place(name))
    await everything(cloud)
    (probe,) = fake.to(EXPECTED[name][4])
    assert probe.headers["authorization"].startswith("SharedKey stx:")
    assert probe.query == {"restype": "service", "comp": "properties"}


async def test_a_link_to_another_host_is_not_followed(fake: FakeAzure) -> None:
    chosen = place("AzureCloud")
    fake.on(
        chosen.arm, "/computes", (200, {}, {"value": [], "nextLink": "https://evil.example/computes?api-version=1"})
    )
    fake.on(
        chosen.arm, "/roleAssignments", (200, {}, {"value": [], "nextLink": "https://evil.example/r?api-version=1"})
    )
    cloud = azure(fake, chosen)
    for call in (cloud.computes(WORKSPACE), cloud.role_assignments(ACCOUNT.text)):
        with pytest.raises(CloudError, match="another host"):
            await call
    assert fake.to("evil.example") == []


async def test_an_operation_elsewhere_is_left_unconfirmed(fake: FakeAzure) -> None:
    chosen = place("AzureCloud")
    headers = {"Azure-AsyncOperation": "https://evil.example/status", "Location": "https://evil.example/result"}
    fake.on(chosen.arm, "/resyncKeys", (202, headers, None))
    cloud = azure(fake, chosen)
    with permit_for(Request(method="POST", path=f"{WORKSPACE}/resyncKeys", api_version="", permission="", scope="")):
        answer = await cloud.resync_keys(WORKSPACE)
    assert (answer.status, answer.state) == (202, "Accepted-unconfirmed")
    assert fake.to("evil.example") == []


PAGE = b"<html>Please sign in to the guest network</html>"


@pytest.mark.parametrize(
    "answer",
    [
        (200, {"Content-Type": "text/html"}, PAGE),
        (302, {"Content-Type": "text/html", "Location": "https://guest.example"}, b""),
        (200, {"Content-Type": "application/json"}, b'{"keys": [{"value": "'),
        (200, {}, PAGE),
        (200, {"Content-Type": "application/json"}, b'{"keys": ' + b"[" * 50_000),
    ],
    ids=["page", "redirect", "torn", "no type", "bottomless"],
)
async def test_what_a_proxy_answers_is_no_answer(fake: FakeAzure, answer: Answer) -> None:
    """A page in Azure's place must pass neither for an empty list nor for a success."""
    fake.on("management.azure.com", "", answer)
    fake.on("login.microsoftonline.com", "/token", token_answer(appid="app"))
    cloud = AzureCloud.real(place("AzureCloud"), mode=Mode.LIVE)
    reads = (
        cloud.locks(ACCOUNT),
        cloud.workspace(WORKSPACE),
        cloud.role_assignments(ACCOUNT.text),
        cloud.storage_keys(ACCOUNT),
        cloud.workspace_keys(WORKSPACE),
        cloud.datastore_secret(WORKSPACE.child("datastores", "d")),
    )
    with secret_reads(announced="a test"):
        for read in reads:
            with pytest.raises(CloudError, match="no answer of Azure") as failed:
                await read
            assert failed.value.code == "UnreadableAnswer"
            assert failed.value.__context__ is None
    for path, change in (
        (f"{ACCOUNT}/regenerateKey", cloud.regenerate_storage_key(ACCOUNT, "key1")),
        (f"{WORKSPACE}/resyncKeys", cloud.resync_keys(WORKSPACE)),
    ):
        step = Request(method="POST", path=path, api_version="", permission="", scope="")
        with permit_for(step), pytest.raises(UnknownOutcome):
            await change
    assert len([each for each in fake.asked if each.path.endswith(("regenerateKey", "resyncKeys"))]) == 2


def test_names_of_clouds() -> None:
    assert place("azureusgovernment") is PLACES["AzureUSGovernment"]
    with pytest.raises(PlaceError, match="AzureCloud, AzureUSGovernment, AzureChinaCloud"):
        place("AzureGermanCloud")

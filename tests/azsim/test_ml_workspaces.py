"""Workspaces: lists and pages, what each api-version shows, resync in all its forms, updates, diagnosis."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from azsim.estates.small import fleet, small
from azsim.faults import Fault
from azsim.wire import Response
from tests.support.small_cloud import (
    ACCOUNT,
    DATASTORE,
    GROUP,
    READER,
    START,
    SUB,
    SYSTEM_DATASTORE,
    WORKSPACE,
    Small,
    assignment,
    code_of,
    estate,
)

ML = "/providers/Microsoft.MachineLearningServices/workspaces"
NEW = "2025-09-01"


def resync(small_cloud: Small, **headers: str) -> Response:
    """Ask for a synchronisation of the workspace's keys."""
    return small_cloud.ask("POST", f"{WORKSPACE}/resyncKeys?api-version={NEW}", **headers)


def held(small_cloud: Small, holder: str = WORKSPACE) -> str | None:
    """The live slot that a holder is on; None: a dead key."""
    found = small_cloud.cloud.world.keys.holder(holder)
    assert found is not None
    return small_cloud.cloud.world.keys.slot_held(found)


def follow(small_cloud: Small, answer: Response, header: str) -> Response:
    """Poll the URL of a header until the answer is final, at most ten times."""
    for _ in range(10):
        poll = small_cloud.ask("GET", answer.headers[header])
        done = poll.json()["status"] not in ("InProgress",) if header != "Location" else poll.status != 202
        if done:
            return poll
    raise AssertionError("the operation does not end")


def test_lists_page_and_skip() -> None:
    """A hundred a page; the link repeats the query and leads to the rest; a group's list is shorter."""
    many = Small(**fleet(230, START))
    subscription = many.cloud.estate.subscriptions[0].subscription_id
    url = f"/subscriptions/{subscription}{ML}?api-version={NEW}"
    sizes: list[int] = []
    while url:
        answer = many.ask("GET", url)
        sizes.append(len(answer.json()["value"]))
        url = answer.json().get("nextLink", "")
        assert not url or f"api-version={NEW}&$skipToken=" in url
    assert sizes == [100, 100, 30]
    assert code_of(many.get(f"/subscriptions/{subscription}{ML}", NEW, "&$skipToken=x")) == (400, "UserError")
    in_group = many.get(f"/subscriptions/{subscription}/resourceGroups/rg-fleet-00002{ML}", NEW)
    assert [item["name"] for item in in_group.json()["value"]] == [f"ml-{number:05d}" for number in range(20, 30)]


@pytest.mark.parametrize(
    ("version", "shown"),
    [
        ("2023-04-01", set()),
        ("2022-12-01-preview", {"systemDatastoresAuthMode"}),
        ("2024-04-01", {"managedNetwork"}),
        ("2024-10-01-preview", {"systemDatastoresAuthMode", "managedNetwork", "enableServiceSideCMKEncryption"}),
        ("2025-04-01", {"managedNetwork"}),
        ("2025-09-01", {"systemDatastoresAuthMode", "managedNetwork", "enableServiceSideCMKEncryption"}),
    ],
)
def test_an_api_version_shows_what_it_knows(version: str, shown: set[str]) -> None:
    """GET leaves out what the version does not know; lists leave out more."""
    one = Small(**small(START))
    workspace = next(one.cloud.world.of_type("Microsoft.MachineLearningServices/workspaces"))
    watched = {"systemDatastoresAuthMode", "managedNetwork", "enableServiceSideCMKEncryption"}
    assert watched & one.get(workspace["id"], version).json()["properties"].keys() == shown
    listed = one.get(workspace["id"].rpartition("/")[0], version).json()["value"][0]
    assert watched & listed["properties"].keys() == set()


def test_a_missing_workspace_and_a_missing_group_are_two_refusals() -> None:
    """Resource Manager answers both, and the parent of a child too."""
    few = Small()
    assert code_of(few.get(f"{WORKSPACE}x", NEW)) == (404, "ResourceNotFound")
    assert code_of(few.get(WORKSPACE.replace("rg-fraud", "rg-x"), NEW)) == (404, "ResourceGroupNotFound")
    assert code_of(few.get(f"{WORKSPACE}x/datastores", NEW)) == (404, "ParentResourceNotFound")


@pytest.mark.parametrize("header", ["Azure-AsyncOperation", "Location"])
def test_resync_ends_at_its_poll_and_takes_the_new_key(header: str) -> None:
    """202 with both links and no Retry-After; until a poll ends it the copy is the old one."""
    few = Small(behaviour={"resyncTakes": "key1", "selfSyncHours": None})
    few.regenerate("key1")
    assert held(few) is None
    answer = resync(few)
    assert (answer.status, answer.body, answer.header("Retry-After")) == (202, b"", None)
    assert held(few) is None
    final = follow(few, answer, header)
    assert held(few) == held(few, SYSTEM_DATASTORE) == "key1"
    assert held(few, DATASTORE) is None
    if header == "Location":
        assert final.json()["name"] == "fraud"
    else:
        assert final.json() == {"status": "Succeeded", "percentComplete": 100.0}


def test_resync_may_leave_the_system_datastores() -> None:
    """Whether they follow is an option, because no document says it."""
    few = Small(behaviour={"resyncTakes": "key2", "resyncRewritesSystemDatastores": False, "resyncAnswer": "200"})
    assert resync(few).status == 200
    assert (held(few), held(few, SYSTEM_DATASTORE)) == ("key2", "key1")


@pytest.mark.parametrize(
    ("how", "status", "takes"), [("200", 200, "key2"), ("202-bare", 202, "key2"), ("lying", 202, "key1")]
)
def test_resync_answers(how: str, status: int, takes: str) -> None:
    """At once; accepted without a link to follow; and a success that changed nothing."""
    few = Small(behaviour={"resyncTakes": "key2", "resyncAnswer": how})
    answer = resync(few)
    assert answer.status == status
    assert ("Location" in answer.headers) == (how == "lying")
    if how == "lying":
        assert follow(few, answer, "Azure-AsyncOperation").json()["status"] == "Succeeded"
    assert held(few) == takes


def test_resync_was_synchronous_before_2021() -> None:
    """Older api-versions answer 200 whatever the option says."""
    few = Small(behaviour={"resyncTakes": "key2"})
    assert few.ask("POST", f"{WORKSPACE}/resyncKeys?api-version=2020-08-01").status == 200
    assert held(few) == "key2"


def test_resync_fails_where_the_account_is_frozen() -> None:
    """With a read-only lock on the account the service cannot list its keys; the operation says Failed."""
    lock = {
        "id": f"{ACCOUNT}/providers/Microsoft.Authorization/locks/freeze",
        "properties": {"level": "ReadOnly"},
    }
    few = Small(resources=[*estate()["resources"], lock], behaviour={"resyncTakes": "key2"})
    answer = resync(few)
    assert follow(few, answer, "Azure-AsyncOperation").json()["status"] == "Failed"
    assert follow(few, answer, "Location").status == 400
    assert held(few) == "key1"


@pytest.mark.parametrize(("kind", "word"), [("fail_operation", "Failed"), ("stuck_operation", "InProgress")])
def test_faults_end_the_operation_badly(kind: Any, word: str) -> None:
    """A failed operation says so; a stuck one never ends; neither changes the copy."""
    few = Small(behaviour={"resyncTakes": "key2"})
    few.cloud.faults.add(Fault(kind, route="resyncKeys"))
    answer = resync(few)
    polls = [few.ask("GET", answer.headers["Azure-AsyncOperation"]).json() for _ in range(4)]
    assert polls[-1]["status"] == word
    assert held(few) == "key1"


def test_operations_can_end_by_time_without_a_poll() -> None:
    """Then a client that never polls finds the change as well."""
    few = Small(behaviour={"resyncTakes": "key2", "operationSeconds": 30.0})
    resync(few)
    few.cloud.shift(timedelta(seconds=29))
    assert held(few) == "key1"
    few.cloud.shift(timedelta(seconds=2))
    assert held(few) == "key2"


def test_operation_urls_are_long_and_used_as_they_are() -> None:
    """Resource Manager signs them: about 4 kB; an unknown id is a 404 of the workspace service."""
    few = Small()
    url = resync(few).headers["Azure-AsyncOperation"]
    assert len(url) > 3000
    assert "&type=async&t=" in url
    unknown = url.replace(url.split("/workspaceOperationsStatus/")[1].partition("?")[0], "nobody")
    assert code_of(few.ask("GET", unknown)) == (404, "UserError")


def test_the_workspace_takes_the_key_by_itself_after_an_hour() -> None:
    """Nobody asked for it; user datastores stay behind."""
    few = Small(behaviour={"resyncTakes": "newest"})
    few.regenerate("key1")
    few.cloud.shift(timedelta(minutes=59))
    assert held(few) is None
    few.cloud.shift(timedelta(minutes=2))
    assert held(few) == "key1"
    assert held(few, DATASTORE) is None


def test_keys_of_a_workspace() -> None:
    """Its own copy, under the name of the storage id that the version uses; a Reader gets none."""
    few = Small()
    keys = few.keys()
    old = few.post(f"{WORKSPACE}/listKeys", version="2023-04-01").json()
    new = few.post(f"{WORKSPACE}/listKeys", version="2025-12-01").json()
    assert old["userStorageKey"] == new["userStorageKey"] == keys["key1"]
    assert old["userStorageResourceId"] == new["userStorageArmId"] == ACCOUNT
    assert few.post(f"{WORKSPACE}/listStorageAccountKeys", version=NEW).json() == {"userStorageKey": keys["key1"]}
    reader = Small(assignment(READER, f"/subscriptions/{SUB}"))
    assert code_of(reader.post(f"{WORKSPACE}/listKeys", version=NEW)) == (403, "AuthorizationFailed")
    assert few.cloud.ledger.entries[-1].kind == "secret-read"


def patch(few: Small, body: dict[str, Any], version: str = NEW) -> Response:
    """Change the workspace and wait for the end; gives the first answer."""
    answer = few.ask("PATCH", f"{WORKSPACE}?api-version={version}", body)
    if answer.status == 202:
        follow(few, answer, "Azure-AsyncOperation")
    return answer


def test_an_update_shows_when_its_operation_has_ended() -> None:
    """Tags and properties that may change do; an empty body changes nothing but the time."""
    few = Small()
    assert patch(few, {"tags": {"a": "b"}, "properties": {"description": "new", "workspaceId": "x"}}).status == 202
    found = few.get(WORKSPACE, NEW).json()
    assert (found["tags"], found["properties"]["description"]) == ({"a": "b"}, "new")
    assert "workspaceId" not in found["properties"]
    assert patch(few, {}).status == 202
    assert few.get(WORKSPACE, NEW).json()["properties"] == found["properties"]


def test_identity_mode_takes_the_keys_from_the_system_datastores_and_gives_them_back() -> None:
    """Only a version that knows the property switches; user datastores keep their keys."""
    few = Small()
    patch(few, {"properties": {"systemDatastoresAuthMode": "identity"}}, version="2023-04-01")
    assert held(few, SYSTEM_DATASTORE) == "key1"
    patch(few, {"properties": {"systemDatastoresAuthMode": "identity"}})
    assert few.cloud.world.keys.holder(SYSTEM_DATASTORE) is None
    assert held(few, DATASTORE) == "key1"
    assert few.get(SYSTEM_DATASTORE, NEW).json()["properties"]["credentials"] == {"credentialsType": "None"}
    assert few.post(f"{WORKSPACE}/listKeys", version=NEW).json()["userStorageKey"] is None
    patch(few, {"properties": {"systemDatastoresAuthMode": "AccessKey"}})
    assert held(few, SYSTEM_DATASTORE) == "key1"
    refused = few.ask("PATCH", f"{WORKSPACE}?api-version={NEW}", {"properties": {"systemDatastoresAuthMode": "magic"}})
    assert code_of(refused) == (400, "UserError")


def encrypted(identifier: str) -> dict[str, Any]:
    """The body that pins another key."""
    return {"properties": {"encryption": {"keyVaultProperties": {"keyIdentifier": identifier}}}}


def test_a_key_moves_inside_its_vault_only() -> None:
    """Another version is taken; another vault, and encryption where there was none, are refused."""
    few = Small()
    assert code_of(patch(few, encrypted("https://kv.vault.azure.net/keys/k/2"))) == (400, "UserError")
    current = {"status": "Enabled", "keyVaultProperties": {"keyIdentifier": "https://kv.vault.azure.net/keys/k/1"}}
    workspace = few.cloud.world.get(WORKSPACE) or {}
    few.cloud.world.put({**workspace, "properties": {**workspace["properties"], "encryption": current}})
    assert code_of(patch(few, encrypted("https://other.vault.azure.net/keys/k/2"))) == (400, "UserError")
    assert patch(few, encrypted("https://kv.vault.azure.net/keys/k/2")).status == 202
    pinned = few.get(WORKSPACE, NEW).json()["properties"]["encryption"]["keyVaultProperties"]["keyIdentifier"]
    assert pinned.endswith("/keys/k/2")


@pytest.mark.parametrize(
    "body",
    [
        {"properties": 1},
        {"tags": "x"},
        {"identity": []},
        {"identity": {"type": "UserAssigned", "userAssignedIdentities": True}},
        {"properties": {"encryption": "x"}},
        {"properties": {"encryption": {"keyVaultProperties": 3}}},
    ],
)
def test_an_update_with_wrong_types_is_refused(body: dict[str, Any]) -> None:
    """400 at once, and no operation is started."""
    few = Small()
    assert few.ask("PATCH", f"{WORKSPACE}?api-version={NEW}", body).status == 400
    assert few.cloud.operations.running_on(WORKSPACE) == []


def test_diagnose_is_billed_as_a_read_and_finds_what_is_missing() -> None:
    """202 with Location only; a pending poll adds the other link; only the asked groups come back."""
    few = Small()
    few.cloud.world.delete(ACCOUNT)
    answer = few.post(f"{WORKSPACE}/diagnose", {"value": {"storageAccount": {}, "keyVault": {}}}, version=NEW)
    assert answer.status == 202
    assert "Azure-AsyncOperation" not in answer.headers
    assert answer.header("x-ms-ratelimit-remaining-subscription-reads")
    pending = few.ask("GET", answer.headers["Location"])
    assert (pending.status, "Azure-AsyncOperation" in pending.headers) == (202, True)
    value = few.ask("GET", answer.headers["Location"]).json()["value"]
    assert set(value) == {"storageAccountResults", "keyVaultResults"}
    assert value["storageAccountResults"][0]["code"] == "DependencyResourceNotExist"
    assert few.cloud.ledger.entries[-3].kind == "read"


def test_the_group_list_is_the_services_own() -> None:
    """It carries the service's marks; the list of a subscription is gathered by Resource Manager."""
    few = Small()
    group = few.get(f"{GROUP}{ML}", NEW)
    everywhere = few.get(f"/subscriptions/{SUB}{ML}", NEW)
    assert group.json() == everywhere.json()
    assert group.header("azureml-served-by-cluster")
    assert everywhere.header("azureml-served-by-cluster") is None
    assert everywhere.header("x-ms-original-request-ids")

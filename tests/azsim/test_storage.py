"""The Storage resource provider: lists, keys, regeneration, updates, locks."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from azsim.secrets import MARK, fingerprint
from tests.support.small_cloud import (
    ACCOUNT,
    CONTRIBUTOR,
    GROUP,
    OTHER_ACCOUNT,
    SUB,
    WORKSPACE,
    Small,
    assignment,
    code_of,
    estate,
)

LOCK = "providers/Microsoft.Authorization/locks"


def test_lists_and_their_content_types() -> None:
    """The provider's own answers carry no charset; the subscription-wide list is Resource Manager's."""
    small = Small()
    storage = "/providers/Microsoft.Storage/storageAccounts"
    everywhere = small.get(f"/subscriptions/{SUB}{storage}")
    in_group = small.get(f"{GROUP}{storage}")
    assert [item["id"] for item in everywhere.json()["value"]] == [ACCOUNT]
    assert everywhere.json() == in_group.json()
    assert everywhere.header("Content-Type") == "application/json; charset=utf-8"
    assert everywhere.header("x-ms-original-request-ids")
    assert everywhere.header("Server") is None
    assert in_group.header("Content-Type") == "application/json"
    assert (in_group.header("Server") or "").startswith("Microsoft-Azure-Storage-Resource-Provider/")


def test_keys_on_the_wire() -> None:
    """Two keys of 64 bytes, element order and FULL as recorded; marked, and different."""
    small = Small()
    answer = small.post(f"{ACCOUNT}/listKeys")
    keys = answer.json()["keys"]
    assert [list(key) for key in keys] == [["creationTime", "keyName", "value", "permissions"]] * 2
    assert [(key["keyName"], key["permissions"]) for key in keys] == [("key1", "FULL"), ("key2", "FULL")]
    assert keys[0]["creationTime"] == "2025-01-01T00:00:00.0000000Z"
    for key in keys:
        assert len(key["value"]) == 88
        assert len(base64.b64decode(key["value"], validate=True)) == 64
        assert key["value"].startswith(f"{MARK}Key0+")
        assert len(fingerprint(key["value"])) == 64
    assert keys[0]["value"] != keys[1]["value"]
    assert answer.header("x-ms-ratelimit-remaining-subscription-resource-requests")
    assert answer.header("x-ms-ratelimit-remaining-subscription-writes") is None


def test_old_versions_have_no_creation_times() -> None:
    """They came with 2021-02-01, on the key and on the account."""
    small = Small()
    keys = small.post(f"{ACCOUNT}/listKeys", version="2019-06-01").json()["keys"]
    assert all("creationTime" not in key for key in keys)
    assert "keyCreationTime" not in small.get(ACCOUNT, "2019-06-01").json()["properties"]
    assert "keyCreationTime" in small.get(ACCOUNT, "2021-02-01").json()["properties"]


def test_a_legacy_account_has_null_creation_times_until_regenerated() -> None:
    """A key older than the record has null; the account gains the time of the key that was replaced."""
    small = Small()
    times = [key["creationTime"] for key in small.post(f"{OTHER_ACCOUNT}/listKeys").json()["keys"]]
    assert times == [None, None]
    small.regenerate("key2", OTHER_ACCOUNT)
    created = small.get(OTHER_ACCOUNT).json()["properties"]["keyCreationTime"]
    assert list(created) == ["key2"]


def test_kerberos_keys_only_with_a_directory() -> None:
    """`$expand=kerb` is accepted everywhere and adds two keys where the account has Active Directory."""
    document = estate()
    directory = {"azureFilesIdentityBasedAuthentication": {"directoryServiceOptions": "AD"}}
    document["resources"][0]["properties"].update(directory)
    with_ad = Small(resources=document["resources"])
    names = [key["keyName"] for key in with_ad.post(f"{ACCOUNT}/listKeys", query="&$expand=kerb").json()["keys"]]
    assert names == ["key1", "key2", "kerb1", "kerb2"]
    assert len(with_ad.post(f"{ACCOUNT}/listKeys").json()["keys"]) == 2
    assert len(Small().post(f"{ACCOUNT}/listKeys", query="&$expand=kerb").json()["keys"]) == 2
    assert with_ad.regenerate("kerb1").status == 200


def test_regeneration_replaces_one_key_at_once() -> None:
    """200 with all keys; the chosen one is new and young, the other untouched, the account says so too."""
    small = Small()
    before = small.keys()
    answer = small.regenerate("key1")
    assert answer.status == 200
    keys = {key["keyName"]: key for key in answer.json()["keys"]}
    assert keys["key1"]["value"] != before["key1"]
    assert keys["key2"]["value"] == before["key2"]
    assert keys["key1"]["creationTime"].startswith("2026-11-02T14:00:00.0")
    assert keys["key2"]["creationTime"] == "2025-02-01T00:00:00.0000000Z"
    assert small.get(ACCOUNT).json()["properties"]["keyCreationTime"]["key1"] == keys["key1"]["creationTime"]
    again = small.regenerate("KEY1").json()["keys"][0]["value"]
    assert again not in (before["key1"], keys["key1"]["value"])


@pytest.mark.parametrize("body", [{}, {"keyName": "key3"}, {"keyName": None}, {"keyName": "kerb1"}])
def test_regeneration_refuses_other_names(body: dict[str, Any]) -> None:
    """Only the account's own slots have names; nothing changes."""
    small = Small()
    assert code_of(small.post(f"{ACCOUNT}/regenerateKey", body)) == (400, "InvalidRequestPropertyValue")
    assert not small.cloud.ledger.entries[-1].committed


@pytest.mark.parametrize(
    ("answer", "status", "committed"),
    [("503-after-commit", 503, True), ("503-before-commit", 503, False), ("409-in-progress", 409, False)],
)
def test_bad_days_of_regeneration(answer: str, status: int, committed: bool) -> None:
    """The behaviour decides whether the failed request took effect."""
    small = Small(behaviour={"regenerateAnswer": answer})
    before = small.keys()
    assert small.regenerate("key2").status == status
    assert small.cloud.ledger.entries[-1].committed is committed
    assert (small.keys()["key2"] != before["key2"]) is committed


def test_updates_merge_into_the_account() -> None:
    """PATCH changes what it names and leaves the rest."""
    small = Small()
    patch = {"properties": {"allowSharedKeyAccess": False}, "tags": {"a": "b"}}
    answer = small.ask("PATCH", f"{ACCOUNT}?api-version=2023-05-01", patch)
    assert answer.status == 200
    after = small.get(ACCOUNT).json()
    assert after == answer.json()
    assert after["properties"]["allowSharedKeyAccess"] is False
    assert after["properties"]["keyCreationTime"]["key1"] == "2025-01-01T00:00:00.0000000Z"
    assert after["tags"] == {"a": "b"}
    assert after["sku"]["name"] == "Standard_LRS"


def test_updates_refuse_what_cannot_be_set() -> None:
    """A read-only property, and a key policy while the keys' ages are unknown."""
    small = Small()
    readonly: dict[str, Any] = {"properties": {"primaryEndpoints": {}}}
    path = f"{ACCOUNT}?api-version=2023-05-01"
    assert code_of(small.ask("PATCH", path, readonly)) == (400, "InvalidRequestPropertyName")
    policy = {"properties": {"keyPolicy": {"keyExpirationPeriodInDays": 90}}}
    legacy = f"{OTHER_ACCOUNT}?api-version=2023-05-01"
    assert code_of(small.ask("PATCH", legacy, policy)) == (400, "InvalidRequestPropertyValue")
    kept = small.ask("PATCH", path, policy).json()["properties"]["keyPolicy"]
    assert kept == {"keyExpirationPeriodInDays": 90, "enableAutoRotation": False}


@pytest.mark.parametrize("scope", [ACCOUNT, GROUP, f"/subscriptions/{SUB}"])
def test_a_read_only_lock_refuses_posts_too(scope: str) -> None:
    """listKeys is a POST: under a read-only lock at or above the account it is 409 ScopeLocked, like the writes."""
    small = Small()
    lock = f"{scope}/{LOCK}/freeze?api-version=2016-09-01"
    assert small.ask("PUT", lock, {"properties": {"level": "ReadOnly", "notes": "audit"}}).status == 201
    assert small.ask("PUT", lock, {"properties": {"level": "ReadOnly"}}).status == 200
    for answer in (small.post(f"{ACCOUNT}/listKeys"), small.regenerate("key1")):
        assert code_of(answer) == (409, "ScopeLocked")
        message = answer.json()["error"]["message"]
        assert message.startswith(f"The scope '{ACCOUNT}' cannot perform write operation because following scope(s)")
        assert f"are locked: '{scope}'" in message
    assert code_of(small.ask("PATCH", f"{ACCOUNT}?api-version=2023-05-01", {})) == (409, "ScopeLocked")
    assert small.get(ACCOUNT).status == 200
    assert small.post(f"{OTHER_ACCOUNT}/listKeys").status == 200
    assert small.ask("DELETE", lock).status == 200
    assert small.ask("DELETE", lock).status == 204
    assert small.post(f"{ACCOUNT}/listKeys").status == 200


def test_a_delete_lock_lets_keys_be_regenerated() -> None:
    """CanNotDelete forbids DELETE and nothing else."""
    small = Small()
    small.ask("PUT", f"{ACCOUNT}/{LOCK}/keep?api-version=2016-09-01", {"properties": {"level": "CanNotDelete"}})
    assert small.regenerate("key1").status == 200
    assignments = f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments"
    path = f"{assignments}/77777777-0000-4000-8000-000000000001?api-version=2022-04-01"
    assert code_of(small.ask("DELETE", path)) == (409, "ScopeLocked")


def test_locks_are_listed_below_and_above() -> None:
    """A plain list reaches down, `atScope()` reaches up; the estate may bring locks of its own."""
    own = {"id": f"{ACCOUNT}/{LOCK}/own", "properties": {"level": "CanNotDelete"}}
    small = Small(resources=[*estate()["resources"], own])
    small.ask("PUT", f"/subscriptions/{SUB}/{LOCK}/top?api-version=2016-09-01", {"properties": {"level": "ReadOnly"}})

    def names(scope: str, query: str = "") -> list[str]:
        return [item["name"] for item in small.get(f"{scope}/{LOCK}", "2016-09-01", query).json()["value"]]

    assert names(GROUP) == ["own"]
    assert names(f"/subscriptions/{SUB}") == ["own", "top"]
    assert names(ACCOUNT, "&$filter=atScope()") == ["own", "top"]
    assert names(WORKSPACE) == []
    assert small.get(f"{ACCOUNT}/{LOCK}/own", "2016-09-01").json()["properties"] == {"level": "CanNotDelete"}
    assert code_of(small.get(f"{ACCOUNT}/{LOCK}/none", "2016-09-01")) == (404, "LockNotFound")
    bad = small.ask("PUT", f"{ACCOUNT}/{LOCK}/x?api-version=2016-09-01", {"properties": {"level": "Strong"}})
    assert code_of(bad) == (400, "LockLevelNotSupported")


def test_contributors_cannot_lift_locks() -> None:
    """Locks belong to Microsoft.Authorization, which Contributor excludes."""
    small = Small(assignment(CONTRIBUTOR, GROUP))
    path = f"{ACCOUNT}/{LOCK}/x?api-version=2016-09-01"
    assert code_of(small.ask("PUT", path, {"properties": {"level": "ReadOnly"}})) == (403, "AuthorizationFailed")

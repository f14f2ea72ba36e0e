"""Datastores: lists, secrets, changes, and which key a datastore is on afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from azsim import sas
from azsim.estates.small import small
from tests.azsim.test_ml_workspaces import held
from tests.support.small_cloud import (
    DATASTORE,
    READER,
    SAS_DATASTORE,
    START,
    SUB,
    SYSTEM_DATASTORE,
    WORKSPACE,
    Small,
    assignment,
    code_of,
)

NEW = "2025-09-01"


def put(few: Small, url: str, credentials: dict[str, Any], query: str = "&skipValidation=true", **more: Any) -> Any:
    """Create or replace a blob datastore on the account."""
    body = {
        "properties": {
            "datastoreType": "AzureBlob",
            "accountName": "stfraud",
            "containerName": "data",
            "endpoint": "core.windows.net",
            "protocol": "https",
            "credentials": credentials,
            **more,
        }
    }
    return few.ask("PUT", f"{url}?api-version={NEW}{query}", body)


def account_key(key: str) -> dict[str, Any]:
    """Credentials with an account key."""
    return {"credentialsType": "AccountKey", "secrets": {"secretsType": "AccountKey", "key": key}}


def secret(few: Small, url: str, body: Any = None, version: str = NEW) -> Any:
    """What listSecrets answers."""
    return few.ask("POST", f"{url}/listSecrets?api-version={version}", body).json()


def test_lists_are_paged_filtered_and_newest_first() -> None:
    """`count` a page, `$skip` to the rest; the default one; by name and by a part of the name."""
    one = Small(**small(START))
    stores = f"{next(one.cloud.world.of_type('Microsoft.MachineLearningServices/workspaces'))['id']}/datastores"
    first = one.get(stores, NEW, "&count=3&orderByAsc=false").json()
    second = one.ask("GET", first["nextLink"]).json()
    third = one.ask("GET", second["nextLink"]).json()
    assert f"api-version={NEW}&count=3&orderByAsc=false&$skip=3" in first["nextLink"]
    names = [item["name"] for page in (first, second, third) for item in page["value"]]
    assert "nextLink" not in third
    assert len(set(names)) == len(names) == 7
    assert set(names[:3]) == {"training_blob", "features_blob", "partner_export"}
    ascending = one.get(stores, NEW, "&orderByAsc=true").json()["value"]
    assert ascending[-1]["name"] in names[:3]
    default = one.get(stores, NEW, "&isDefault=true").json()["value"]
    assert [item["name"] for item in default] == ["workspaceblobstore"]
    assert len(one.get(stores, NEW, "&searchText=blob").json()["value"]) == 3
    assert len(one.get(stores, NEW, "&names=training_blob,nothing").json()["value"]) == 1
    assert code_of(one.get(stores, NEW, "&$skip=x")) == (400, "UserError")


def test_what_a_get_shows_and_hides() -> None:
    """Never a secret; the account's place only in versions that know it."""
    one = Small(**small(START))
    store = next(one.cloud.world.of_type("Microsoft.MachineLearningServices/workspaces"))["id"] + "/datastores/"
    old = one.get(f"{store}workspaceblobstore", "2023-04-01").json()["properties"]
    new = one.get(f"{store}workspaceblobstore", NEW).json()["properties"]
    assert new.keys() - old.keys() == {"subscriptionId", "resourceGroup"}
    assert new["credentials"] == {"credentialsType": "AccountKey"}


def test_a_missing_datastore_is_a_user_error_with_the_reason_inside() -> None:
    """The code is UserError; InnerError tells the truth."""
    answer = Small().get(f"{DATASTORE}x", NEW)
    error = answer.json()["error"]
    assert (answer.status, error["code"]) == (404, "UserError")
    assert error["message"] == "Could not find datastore: trainingx."
    assert error["additionalInfo"][-1]["info"]["value"] == {"code": "NotFoundError", "innerError": None}


def test_secrets_are_what_is_stored() -> None:
    """A key, or a SAS that the account's key has signed; listing them is a secret read, and a Reader may not."""
    few = Small()
    keys = few.keys()
    assert secret(few, DATASTORE) == {"secretsType": "AccountKey", "key": keys["key1"]}
    token = secret(few, SAS_DATASTORE)
    assert token["secretsType"] == "Sas"
    assert sas.signer(token["sasToken"], "stfraud", "blob", "data", keys.values()) == keys["key1"]
    assert few.cloud.ledger.entries[-1].kind == "secret-read"
    reader = Small(assignment(READER, f"/subscriptions/{SUB}"))
    assert code_of(reader.post(f"{DATASTORE}/listSecrets", version=NEW)) == (403, "AuthorizationFailed")


def test_a_secret_that_may_expire_is_a_sas() -> None:
    """Only versions that know the option do it; the token ends when asked to."""
    few = Small()
    asked = {"expirableSecret": True, "expireAfterHours": 2}
    assert secret(few, DATASTORE, asked)["secretsType"] == "AccountKey"
    token = secret(few, DATASTORE, asked, version="2024-10-01-preview")["sasToken"]
    assert sas.fields(token)["se"] == "2026-11-02T16:00:00Z"


def test_a_lost_secret_is_a_404() -> None:
    """A datastore that stores nothing answers as one whose secret is gone."""
    few = Small()
    few.cloud.world.keys.release(DATASTORE)
    answer = few.post(f"{DATASTORE}/listSecrets", version=NEW)
    assert code_of(answer) == (404, "UserError")
    assert answer.json()["error"]["message"].startswith("Datastore's secret is not found.")


def test_a_put_moves_a_datastore_to_another_key() -> None:
    """200 for an update, without the secret in the answer; other datastores and the workspace stay."""
    few = Small()
    keys = few.keys()
    before = few.get(DATASTORE, NEW).json()
    answer = put(few, DATASTORE, account_key(keys["key2"]))
    assert (answer.status, answer.header("Location")) == (200, None)
    assert answer.json()["properties"]["credentials"] == {"credentialsType": "AccountKey"}
    assert (held(few, DATASTORE), held(few, SYSTEM_DATASTORE), held(few)) == ("key2", "key1", "key1")
    assert answer.json()["id"] == before["id"]
    assert answer.json()["systemData"]["lastModifiedAt"]


def test_a_put_creates_with_201_and_a_link() -> None:
    """The resource is there afterwards, and gone after DELETE; deleting nothing is a 204."""
    few = Small()
    url = f"{WORKSPACE}/datastores/fresh"
    answer = put(few, url, account_key(few.keys()["key1"]), tags={"a": "b"})
    assert answer.status == 201
    assert answer.header("Location").endswith(f"{url}?api-version={NEW}&skipValidation=true")
    assert answer.json()["systemData"]["createdBy"] == "Ada"
    assert few.get(url, NEW).json() == answer.json()
    assert few.ask("DELETE", f"{url}?api-version={NEW}").status == 200
    assert few.cloud.world.keys.holder(url) is None
    assert few.ask("DELETE", f"{url}?api-version={NEW}").status == 204


def test_a_sas_is_followed_to_the_key_that_signed_it() -> None:
    """A token signed by the other key moves the datastore to that key's slot."""
    few = Small()
    token = sas.container_token(few.keys()["key2"], "stfraud", "blob", "data", "2027-01-01T00:00:00Z")
    put(few, SAS_DATASTORE, {"credentialsType": "Sas", "secrets": {"secretsType": "Sas", "sasToken": token}})
    assert held(few, SAS_DATASTORE) == "key2"
    assert secret(few, SAS_DATASTORE)["sasToken"] == token


def test_without_credentials_nothing_is_held() -> None:
    """Moving a datastore to the caller's identity takes its key away."""
    few = Small()
    assert put(few, DATASTORE, {"credentialsType": "None"}).status == 200
    assert few.cloud.world.keys.holder(DATASTORE) is None


def test_read_only_fields_survive_a_put() -> None:
    """The default datastore stays the default although `isDefault` is not sent."""
    one = Small(**small(START))
    workspace = next(one.cloud.world.of_type("Microsoft.MachineLearningServices/workspaces"))["id"]
    url = f"{workspace}/datastores/workspaceblobstore"
    key = secret(one, url)["key"]
    body = {"datastoreType": "AzureBlob", "accountName": "stsmall01", "containerName": "c", "isDefault": False}
    old = one.ask("PUT", f"{url}?api-version=2023-04-01", {"properties": {**body, "credentials": account_key(key)}})
    assert old.status == 200
    assert one.get(url, NEW).json()["properties"]["isDefault"] is True
    assert one.get(url, NEW).json()["properties"]["resourceGroup"] == "rg-small"
    one.ask("PUT", f"{url}?api-version={NEW}", {"properties": {**body, "credentials": account_key(key)}})
    assert one.get(url, NEW).json()["properties"]["resourceGroup"] is None


@pytest.mark.parametrize(
    ("credentials", "query"),
    [
        ({"credentialsType": "AccountKey"}, "&skipValidation=true"),
        ({"credentialsType": "Sas", "secrets": {}}, "&skipValidation=true"),
        (account_key("bm90IGEga2V5"), ""),
    ],
)
def test_bad_credentials_are_refused(credentials: dict[str, Any], query: str) -> None:
    """Without a secret always; with a dead key unless validation is skipped; the stored secret stays."""
    few = Small()
    assert code_of(put(few, DATASTORE, credentials, query)) == (400, "UserError")
    assert held(few, DATASTORE) == "key1"


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"properties": "x"},
        {"properties": {"datastoreType": "AzureBlob", "credentials": "key"}},
        {"properties": {"datastoreType": "AzureBlob", "credentials": {"credentialsType": "AccountKey", "secrets": 5}}},
        {"properties": {"datastoreType": "AzureBlob", "credentials": {"credentialsType": "Magic"}}},
        {"properties": {"datastoreType": "AzureTape", "credentials": {"credentialsType": "None"}}},
    ],
)
def test_odd_bodies_change_nothing(body: dict[str, Any]) -> None:
    """Wrong types and unknown words are a 400, and the stored key stays."""
    few = Small()
    assert few.ask("PUT", f"{DATASTORE}?api-version={NEW}&skipValidation=true", body).status == 400
    assert held(few, DATASTORE) == "key1"
    odd = {"expirableSecret": True, "expireAfterHours": "soon"}
    assert few.post(f"{DATASTORE}/listSecrets", odd, version="2025-12-01").status == 400


def test_a_dead_key_is_stored_where_validation_is_skipped() -> None:
    """That is how an outage is made, and it is seen."""
    few = Small()
    assert put(few, DATASTORE, account_key("bm90IGEga2V5")).status == 200
    assert [outage.holder for outage in few.cloud.outages.open()] == [DATASTORE]

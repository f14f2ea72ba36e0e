"""What of Azure's JSON may stand in a picture."""

from __future__ import annotations

from typing import Any

import pytest

from actions.estate import cleaning
from actions.estate.resources import Found, linked

GROUP = "/subscriptions/s/resourceGroups/rg"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st"


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ({"accountKey": "x", "accountName": "st"}, {"accountName": "st"}),
        ({"secrets": {"key": "x"}, "secretsType": "AccountKey"}, {"secretsType": "AccountKey"}),
        ({"permissions": {"secrets": ["get"], "keys": ["wrapKey"]}}, None),
        ({"environmentVariables": {"A": "b"}}, {"environmentVariables": {"A": ""}}),
        ({"env": [{"name": "A", "value": "b"}]}, {"env": []}),
        ({"uri": "https://st.blob.core.windows.net/c?sv=1&sig=abc"}, {"uri": ""}),
        ({"connection": "DefaultEndpointsProtocol=https;AccountKey=abc=="}, {"connection": ""}),
        ({"deep": [{"value": "A" * 86 + "=="}]}, {"deep": [{"value": ""}]}),
        ({"InstrumentationKey": "0", "ConnectionString": "x", "Ver": "v2"}, {"Ver": "v2"}),
        ({"keyIdentifier": "https://kv.vault.azure.net/keys/k/1"}, None),
        ({"relayConnectionString": "Endpoint=sb://x", "databricksAccessToken": "x", "secretAccessKey": "x"}, {}),
        ({"administratorAccount": {"username": "ada", "privateKeyData": "x"}}, {"administratorAccount": {"username": "ada"}}),
        ({"sshSettings": {"adminPublicKey": "ssh-rsa AAAA ada@home"}}, {"sshSettings": {}}),
        ({"publicKeys": [{"keyData": "ssh-rsa AAAA ada@home"}]}, {"publicKeys": [{}]}),
        ({"startupScript": {"scriptData": "ZWNobyBoaQ=="}}, {"startupScript": {}}),
        ({"appSettings": [{"name": "Db", "value": "Server=x;Pwd=y"}]}, {"appSettings": []}),
        ({"settings": [{"name": "API_KEY", "value": "x"}]}, {"settings": [{"name": "API_KEY"}]}),
        ({"headers": [{"name": "Authorization", "value": "Bearer x"}]}, {"headers": [{"name": "Authorization"}]}),
        ({"command": ["serve", "--password", "x"], "args": "-p x"}, {"command": [], "args": ""}),
        ({"httpProxy": "http://ada:hunter2@proxy:8080"}, {"httpProxy": ""}),
        ({"tags": {"owner": "ada", "note": "q" * 20 + "Z9" * 10}}, {"tags": {"owner": "ada", "note": ""}}),
        ({"tags": {"api-key": "x"}}, {"tags": {}}),
        ({"properties": {"properties": {"note": "q" * 20 + "Z9" * 10}}}, {"properties": {"properties": {"note": ""}}}),
        ({"digest": "q" * 20 + "Z9" * 10}, None),
        ({"AccountKey=" + "x" * 20: 1}, {}),
        ({"passwordCredentials": [{"keyId": "1", "hint": "abc"}]}, {"passwordCredentials": [{"keyId": "1"}]}),
        ({"activeKey": {"keyUrl": "https://kv.vault.azure.net/keys/k/" + "0a" * 16}}, None),
        ({"userAssignedIdentities": {f"{GROUP}/providers/x/userAssignedIdentities/my-key": {"a": 1}}}, None),
        ({"traffic": {"blue-key": 100}, "keyPolicy": {"keyExpirationPeriodInDays": 90}}, None),
        ({"outboundRules": {"allow-token": {"type": "FQDN", "destination": "x.example"}}}, None),
        ({"allowSharedKey": True, "keyCreationTime": {"key1": "2026-01-01T00:00:00Z"}}, None),
    ],
)  # fmt: skip
def test_secrets_and_where_people_keep_them_are_left_out(value: dict[str, Any], kept: dict[str, Any] | None) -> None:
    assert cleaning.Cleaner().clean(value) == (value if kept is None else kept)


def test_what_was_left_out_is_told_by_its_field_and_never_by_its_value() -> None:
    cleaner = cleaning.Cleaner()
    cleaner.clean(
        {
            "tags": {"who": "AccountKey=t0ps3cret"},
            "properties": {"key": "t0ps3cret", "metadata": {"x": "sig=t0ps3cret"}},
        }
    )
    told = [("tags", True), ("properties/key", False), ("properties/metadata", True)]
    assert [(each.field, each.by_look) for each in cleaner.left_out] == told


def test_a_resource_is_called_as_its_id_says() -> None:
    raw = {"id": f"{ACCOUNT}/", "name": "st/other", "type": "Microsoft.Storage/other", "etag": "x", "properties": None}
    made = cleaning.resource(raw)
    assert made == {"id": ACCOUNT, "name": "st", "type": "Microsoft.Storage/storageAccounts"}
    assert cleaning.resource({"id": GROUP, "type": "/subscriptions/resourceGroups"})["type"].endswith("/resourceGroups")


def test_jobs_and_events_keep_the_least() -> None:
    job = {"id": f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w/jobs/j",
           "properties": {"status": "Running", "jobType": "Command", "command": "echo secret"}}  # fmt: skip
    assert cleaning.job(job)["properties"] == {"status": "Running", "jobType": "Command"}
    event = {"caller": "ada", "claims": {"ipaddr": "203.0.113.9"}, "httpRequest": {"clientIpAddress": "x"}, "id": "1"}
    assert cleaning.event(event) == {"claims": {}, "properties": {}, "caller": "ada", "id": "1"}


def test_what_has_no_id_is_nothing() -> None:
    found = Found()
    found.put({"name": "x"})
    found.put({"id": ACCOUNT})
    found.put({"id": ACCOUNT.upper(), "properties": {"a": 1}})
    found.put({"id": ACCOUNT})
    assert [item.get("properties") for item in found.by_id.values()] == [{"a": 1}]


def test_links_are_found_wherever_they_stand() -> None:
    """In values, lists and the keys of an identity block; those to networks and to all projects of a hub are not."""
    identity = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id"
    raw = {
        "identity": {"userAssignedIdentities": {identity: {}}},
        "properties": {
            "storageAccount": ACCOUNT, "list": [f"{ACCOUNT}/blobServices/default"],
            "associatedWorkspaces": [f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w"],
        },
    }  # fmt: skip
    assert {item.text for item in linked(raw)} == {identity, ACCOUNT}

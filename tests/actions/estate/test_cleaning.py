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
    ],
)
def test_secrets_and_where_people_keep_them_are_left_out(value: dict[str, Any], kept: dict[str, Any] | None) -> None:
    assert cleaning.cleaned(value) == (value if kept is None else kept)


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

"""What a page about a workspace's security asks beside the usual: blob settings, log settings, registrations, registries."""

from __future__ import annotations

from typing import Any

import pytest

from azsim.wire import ConnectionDropped
from tests.support.small_cloud import ACCOUNT, GROUP, READER, SUB, WORKSPACE, Small, assignment, code_of, estate

REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/crfraud"
VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kvfraud"
SETTINGS = "providers/Microsoft.Insights/diagnosticSettings"


def small(*resources: dict[str, Any], **changes: Any) -> Small:
    return Small(resources=[*estate()["resources"], *resources], **changes)


def test_blobs_are_deleted_for_good_unless_the_estate_says_otherwise() -> None:
    answer = Small().get(f"{ACCOUNT}/blobServices/default")
    assert (answer.status, answer.json()["name"]) == (200, "default")
    assert answer.json()["properties"]["deleteRetentionPolicy"] == {"allowPermanentDelete": False, "enabled": False}


def test_blob_settings_of_the_estate_are_answered() -> None:
    kept = {"deleteRetentionPolicy": {"enabled": True, "days": 7}}
    answer = small({"id": f"{ACCOUNT}/blobServices/default", "properties": kept}).get(f"{ACCOUNT}/blobServices/default")
    assert answer.json()["properties"]["deleteRetentionPolicy"]["days"] == 7


def test_blob_settings_of_no_account() -> None:
    assert Small().get(f"{ACCOUNT}gone/blobServices/default").status == 404


def test_log_settings_are_those_of_the_resource_itself() -> None:
    setting = {
        "id": f"{WORKSPACE}/{SETTINGS}/audit",
        "properties": {"logs": [{"categoryGroup": "audit", "enabled": True}]},
    }
    cloud = small(setting)
    assert [item["name"] for item in cloud.get(f"{WORKSPACE}/{SETTINGS}").json()["value"]] == ["audit"]
    assert cloud.get(f"{ACCOUNT}/{SETTINGS}").json() == {"value": []}
    assert cloud.get(f"{GROUP}/{SETTINGS}").json() == {"value": []}


def test_a_provider_may_be_unregistered() -> None:
    lacking = [{"subscriptionId": SUB, "displayName": "production", "unregistered": ["Microsoft.DocumentDB"]}]
    cloud = Small(subscriptions=[*lacking, *estate()["subscriptions"][1:]])
    states = {
        name: cloud.get(f"/subscriptions/{SUB}/providers/{name}").json()["registrationState"]
        for name in ("Microsoft.DocumentDB", "Microsoft.Storage")
    }
    assert states == {"Microsoft.DocumentDB": "NotRegistered", "Microsoft.Storage": "Registered"}


@pytest.mark.parametrize(
    ("properties", "status", "code"),
    [
        ({}, 401, "UNAUTHORIZED"),
        ({"publicNetworkAccess": "Disabled"}, 403, "DENIED"),
        ({"networkRuleSet": {"defaultAction": "Deny"}}, 403, "DENIED"),
    ],
)
def test_a_registry_answers_whoever_may_reach_it(properties: dict[str, Any], status: int, code: str) -> None:
    answer = small({"id": REGISTRY, "properties": properties}).ask("GET", "https://crfraud.azurecr.io/v2/")
    assert (answer.status, answer.json()["errors"][0]["code"]) == (status, code)


def test_a_registry_that_is_not_there_has_no_address() -> None:
    with pytest.raises(ConnectionDropped):
        Small().ask("GET", "https://crfraud.azurecr.io/v2/")


def test_a_vault_keeps_the_secrets_of_the_estate_and_lists_no_value() -> None:
    policy = {"objectId": estate()["signedIn"]["objectId"], "permissions": {"secrets": ["list"]}}
    kept = [{"vault": "kvfraud", "name": "stfraud-key", "attributes": {"created": 1, "updated": 1, "exp": 2}}]
    cloud = small({"id": VAULT, "properties": {"accessPolicies": [policy]}}, vaultSecrets=kept)
    cloud.token = cloud.cloud.issue_token("https://vault.azure.net")
    (item,) = cloud.ask("GET", "https://kvfraud.vault.azure.net/secrets?api-version=7.5").json()["value"]
    assert item["id"].endswith("/secrets/stfraud-key")
    assert item["attributes"]["exp"] == 2
    assert "value" not in item


@pytest.mark.parametrize("path", [f"{ACCOUNT}/blobServices/default", f"{WORKSPACE}/{SETTINGS}"])
def test_a_reader_of_another_group_is_refused(path: str) -> None:
    cloud = Small(assignment(READER, f"/subscriptions/{SUB}/resourceGroups/other"))
    assert code_of(cloud.get(path)) == (403, "AuthorizationFailed")

"""The real `az`, unchanged, as a witness that the rehearsal cloud speaks Azure's wire."""

from __future__ import annotations

from typing import Any

import pytest

from tests.witness.conftest import Az

pytestmark = [pytest.mark.keeps_secrets("az keeps its own token cache"), pytest.mark.matrix]
ACCOUNT = ("--account-name", "stfraud01", "--resource-group", "rg-fraud")


def fraud(az: Az) -> dict[str, Any]:
    """The workspace that every example names, as the resource list shows it."""
    kind = "Microsoft.MachineLearningServices/workspaces"
    subscription = next(item["id"] for item in az.ask("account", "list") if "prod" in item["name"])
    az.ask("account", "set", "--subscription", subscription)
    found = az.ask("resource", "list", "--resource-type", kind)
    return next(item for item in found if item["name"] == "fraud-scoring")


def test_storage_keys_list_and_renew(az: Az) -> None:
    """Renewing a key changes that slot alone, and the list agrees."""
    fraud(az)
    before = az.ask("storage", "account", "keys", "list", *ACCOUNT)
    renewed = az.ask("storage", "account", "keys", "renew", *ACCOUNT, "--key", "secondary")
    after = az.ask("storage", "account", "keys", "list", *ACCOUNT)
    assert [key["keyName"] for key in after] == ["key1", "key2"]
    same = [old["value"] == new["value"] for old, new in zip(before, after, strict=True)]
    assert same == [True, False]
    assert [key["value"] for key in renewed] == [key["value"] for key in after] or not renewed


def test_role_assignments_with_names(az: Az) -> None:
    """Role assignments come with role names and with the principals' names, which Graph resolves."""
    workspace = fraud(az)
    scope = workspace["id"].partition("/providers/")[0]
    listed = az.ask("role", "assignment", "list", "--scope", scope, "--include-inherited")
    assert listed
    assert all(item["roleDefinitionName"] for item in listed)
    assert any(item["principalName"] for item in listed)


def test_rest_get_and_post(az: Az) -> None:
    """A workspace is read and its keys resynchronised through `az rest`."""
    base = fraud(az)["id"]
    read = az.ask("rest", "--method", "get", "--uri", f"{base}?api-version=2025-09-01")
    assert read["properties"]["storageAccount"].casefold().endswith("/stfraud01")
    posted = az.run("rest", "--method", "post", "--uri", f"{base}/resyncKeys?api-version=2025-09-01")
    assert posted.returncode == 0


def test_invoke_action_follows_the_operation(az: Az) -> None:
    """`az resource invoke-action` polls the long-running operation to its end."""
    base = fraud(az)["id"]
    done = az.run("resource", "invoke-action", "--action", "resyncKeys", "--ids", base, "--api-version", "2025-09-01")
    assert done.returncode == 0


def test_service_principals(az: Az) -> None:
    """The directory's service principals are listed, support apps among them."""
    listed = az.ask("ad", "sp", "list", "--all")
    assert any(item["displayName"].startswith("Microsoft-AzureML-Support-App-") for item in listed)


def test_key_versions(az: Az, served_key: str) -> None:
    """Versions of a vault key are listed after Key Vault's challenge."""
    assert az.ask("keyvault", "key", "list-versions", "--id", served_key)


@pytest.fixture
def served_key(az: Az, served: Any) -> str:
    """A key on the loopback address, where no vault's host name leads; the operator may read this vault's keys."""
    fraud(az)
    for item in az.ask("resource", "list", "--resource-type", "Microsoft.KeyVault/vaults"):
        url = f"{item['id']}/keys?api-version=2023-07-01"
        for key in az.ask("rest", "--method", "get", "--uri", url)["value"]:
            candidate = f"{served.url}/keys/{key['name']}"
            if az.run("keyvault", "key", "list-versions", "--id", candidate).returncode == 0:
                return candidate
    pytest.fail("no key of the demo estate could be listed")

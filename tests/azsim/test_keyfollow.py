"""What is encrypted with a key follows it at its own pace, and Cosmos DB loses and finds its key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from azsim.cloud import Cloud
from azsim.estates.encrypted import KEY, URI, VAULT
from azsim.estates.vault_keys import version_name
from azsim.keyfollow import CONFIRMED, REVOKED
from azsim.wire import Request, Response
from tests.actions.cmk_versions.encrypted import attribute, cloud_of, in_days

OLD, NEW = version_name(VAULT, KEY, 1), version_name(VAULT, KEY, 2)
ML = "Microsoft.MachineLearningServices/workspaces"


def used(sim: Cloud) -> dict[str, str]:
    """The version that each dependent uses, by a short name."""

    def properties(kind: str) -> dict[str, Any]:
        return next(iter(sim.world.of_type(kind)))["properties"]

    storage = properties("Microsoft.Storage/storageAccounts")["encryption"]["keyvaultproperties"]
    registry = properties("Microsoft.ContainerRegistry/registries")["encryption"]["keyVaultProperties"]
    found = {
        "storage": storage["currentVersionedKeyIdentifier"],
        "registry": registry["versionedKeyIdentifier"],
        "cosmos": properties("Microsoft.DocumentDB/databaseAccounts")["keyVaultKeyUriVersion"],
        "disks": properties("Microsoft.Compute/diskEncryptionSets")["activeKey"]["keyUrl"],
    }
    return {name: value.rpartition("/")[2] for name, value in found.items()}


def move(sim: Cloud, identifier: str) -> Response:
    """PATCH the workspace's key identifier."""
    workspace = next(sim.world.of_type(ML))["id"]
    url = f"https://management.azure.com{workspace}?api-version=2025-09-01"
    body = f'{{"properties":{{"encryption":{{"keyVaultProperties":{{"keyIdentifier":"{identifier}"}}}}}}}}'
    headers = {"Authorization": f"Bearer {sim.issue_token()}", "Content-Type": "application/json"}
    return sim.handle(Request("PATCH", url, headers, body.encode()))


def end(sim: Cloud, answer: Response) -> None:
    """Poll an accepted update to its end."""
    for _ in range(5):
        headers = {"Authorization": f"Bearer {sim.issue_token()}"}
        sim.handle(Request("GET", answer.headers["Azure-AsyncOperation"], headers, b""))


def test_a_move_answers_202_with_both_headers_and_cosmos_follows_the_workspace() -> None:
    sim = cloud_of(lambda document: document.update(behaviour={"operationPolls": 0}))
    answer = move(sim, f"{URI}/{NEW}")
    assert answer.status == 202
    assert {"Azure-AsyncOperation", "Location"} <= set(answer.headers)
    end(sim, answer)
    assert used(sim)["cosmos"] == OLD
    sim.shift(timedelta(minutes=31))
    assert used(sim)["cosmos"] == NEW


@pytest.mark.parametrize(
    "identifier",
    [f"https://other.vault.azure.net/keys/{KEY}/{NEW}", f"{URI}/{'f' * 32}"],
    ids=["another vault", "no such version"],
)
def test_a_key_outside_the_vault_or_not_there_is_refused(identifier: str) -> None:
    sim = cloud_of()
    assert move(sim, identifier).status == 400


def test_a_disabled_version_is_refused() -> None:
    sim = cloud_of(attribute(2, enabled=False))
    assert move(sim, f"{URI}/{NEW}").status == 400


def test_each_service_takes_the_newest_version_at_its_own_pace() -> None:
    sim = cloud_of()
    assert used(sim) == {"storage": OLD, "registry": OLD, "cosmos": OLD, "disks": OLD}
    sim.shift(timedelta(minutes=61))
    assert used(sim) == {"storage": OLD, "registry": NEW, "cosmos": OLD, "disks": NEW}
    sim.shift(timedelta(hours=24))
    assert used(sim) == {"storage": NEW, "registry": NEW, "cosmos": OLD, "disks": NEW}


@pytest.mark.parametrize(("option", "who"), [("storageKeySeconds", "storage"), ("registryKeySeconds", "registry")])
def test_a_service_may_never_follow(option: str, who: str) -> None:
    sim = cloud_of(lambda document: document.update(behaviour={option: None}))
    sim.shift(timedelta(days=3))
    assert used(sim)[who] == OLD


def status(sim: Cloud) -> str:
    """What the Cosmos DB account says of its key."""
    return str(
        next(sim.world.of_type("Microsoft.DocumentDB/databaseAccounts"))["properties"]["customerManagedKeyStatus"]
    )


def test_time_makes_the_key_expire_and_revokes_the_account() -> None:
    sim = cloud_of(attribute(1, exp=in_days(2)))
    assert status(sim) == CONFIRMED
    sim.shift(timedelta(days=3))
    assert status(sim) == REVOKED


def test_a_repaired_key_brings_the_account_back_within_the_hour() -> None:
    sim = cloud_of(attribute(1, enabled=False))
    assert status(sim) == REVOKED
    url = f"https://{VAULT}.vault.azure.net/keys/{KEY}/{OLD}?api-version=7.4"
    token = sim.issue_token("https://vault.azure.net")
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    assert sim.handle(Request("PATCH", url, headers, b'{"attributes":{"enabled":true}}')).status == 200
    sim.shift(timedelta(minutes=59))
    assert status(sim) == REVOKED
    sim.shift(timedelta(minutes=2))
    assert status(sim) == CONFIRMED

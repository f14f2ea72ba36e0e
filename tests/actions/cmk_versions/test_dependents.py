"""Which key each dependent really uses, and who is waited for: only those that follow by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actions.cmk_versions.dependents import pins_itself
from actions.cmk_versions.state import Key
from azsim.estates.encrypted import GROUP, KEY, REGION
from azsim.estates.small import SUBSCRIPTION
from azsim.faults import Fault
from tests.actions.cmk_versions.encrypted import (
    OLD,
    URI,
    Estate,
    cloud_of,
    engine_on,
    inspected,
    planned,
    resource,
    workspace,
)

ACI = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.ContainerInstance/containerGroups/aci-v1"
)


def container_group(document: Estate) -> None:
    """A service of the first API generation on a container instance, which names the version itself."""
    given = {"vaultBaseUrl": URI.partition("/keys/")[0], "keyName": KEY, "keyVersion": OLD}
    document["resources"].append(
        {
            "id": ACI, "name": "aci-v1", "type": "Microsoft.ContainerInstance/containerGroups", "location": REGION,
            "tags": {}, "properties": {"encryptionProperties": given},
        }
    )  # fmt: skip


def pinned_account(document: Estate) -> None:
    """The storage account names its version itself."""
    account = resource(document, "storageAccounts", "stsmall01")
    account["properties"]["encryption"]["keyvaultproperties"]["keyversion"] = OLD


def fixed_disks(document: Estate) -> None:
    """The disk encryption set does not rotate by itself, and could not."""
    properties = resource(document, "diskEncryptionSets")["properties"]
    properties["rotationToLatestKeyVersionEnabled"] = False


def other_registry(document: Estate) -> None:
    """The registry is encrypted with a key of another vault."""
    named = workspace(document)["properties"]["containerRegistry"].rpartition("/")[2]
    given = resource(document, "registries", named)["properties"]["encryption"]["keyVaultProperties"]
    given |= {"keyIdentifier": "https://kvother.vault.azure.net/keys/x", "versionedKeyIdentifier": ""}


def own_registry(document: Estate) -> None:
    """The registry is encrypted with Microsoft's key."""
    named = workspace(document)["properties"]["containerRegistry"].rpartition("/")[2]
    resource(document, "registries", named)["properties"]["encryption"] = {"status": "disabled"}


CASES: list[tuple[str, Any, str, str, bool]] = [
    ("container group", container_group, "aci-v1", "same", True),
    ("storage account", pinned_account, "stsmall01", "same", True),
    ("disk encryption set", fixed_disks, "des-small", "same", True),
    ("container registry", other_registry, "crsmallml", "other", False),
    ("container registry", own_registry, "crsmallml", "microsoft", False),
]


@pytest.mark.parametrize(("kind", "change", "name", "relation", "pins"), CASES)
async def test_each_is_told_and_only_what_follows_by_itself_is_waited_for(
    kind: str, change: Any, name: str, relation: str, pins: bool, tmp_path: Path
) -> None:
    sim = cloud_of(change)
    found = next(item for item in (await inspected(sim)).dependents if item.name.startswith(name))
    assert (found.kind, found.relation, pins_itself(found)) == (kind, relation, pins)
    async with engine_on(sim, tmp_path) as (engine, _):
        plan = await planned(engine, sim)
    assert found.id not in {step.subject for step in plan.body.steps}


@pytest.mark.parametrize(
    ("route", "told"),
    [
        ("databaseAccounts/", "Cosmos DB: 403 AuthorizationFailed"),
        ("managedClusters/", "Kubernetes cluster: 403 AuthorizationFailed"),
        ("resourceGroups/azureml-rg[^/]*/resources", "could not be listed: 403 AuthorizationFailed"),
        ("/computes", "computes could not be listed: 403 AuthorizationFailed"),
    ],
)
async def test_what_cannot_be_read_is_not_verified(route: str, told: str) -> None:
    sim = cloud_of()
    sim.faults.add(Fault(kind="status", status=403, code="AuthorizationFailed", route=route))
    unread = [item for item in (await inspected(sim)).findings if item.id == "C20"]
    assert any(told in item.sentence for item in unread), [item.sentence for item in unread]


@pytest.mark.parametrize(
    ("identifier", "pinned", "expected"),
    [
        (f"{URI}/{OLD}", OLD, f"{URI}/new"),
        (f"{URI}/{OLD.upper()}", OLD, f"{URI}/new"),
        (f"{URI}/", "", f"{URI}/new"),
        (URI, "", f"{URI}/new"),
    ],
)
def test_the_identifier_keeps_its_spelling(identifier: str, pinned: str, expected: str) -> None:
    key = Key(identifier=identifier, host="kvsmallcmk.vault.azure.net", name=KEY, pinned=pinned)
    assert key.uri("new") == expected

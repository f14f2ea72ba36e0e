"""Metadata under a key of one's own: its two parameters, managed group, registrations, the application's role."""

from __future__ import annotations

from typing import Any

import pytest

from azsim.faults import Fault
from tests.actions.posture.test_page import VAULT, estate, facts_of
from tests.support.small_cloud import CONTRIBUTOR, GROUP, READER, SUB, assignment

HERE = f"/subscriptions/{SUB}"
APP = "66666666-6666-6666-6666-666666666666"
MACHINE_LEARNING = "0736f41a-0425-4b46-bdb5-1563eff02385"
KEY = "https://kvfraud.vault.azure.net/keys/k/abcdef0123456789"
PRINCIPALS = [{"id": APP, "appId": MACHINE_LEARNING, "displayName": "Azure Machine Learning"}]


def encrypted(
    key: str = KEY,
    vault: str = VAULT,
    roles: tuple[dict[str, Any], ...] = (),
    lacking: tuple[str, ...] = (),
    **more: Any,
) -> dict[str, Any]:
    """The estate, whose workspace has a key of its own."""
    held = {"status": "Enabled", "keyVaultProperties": {"keyIdentifier": key, "keyVaultArmId": vault}}
    document = estate(workspace={"encryption": held, **more})
    subscriptions = [{**each, "unregistered": list(lacking)} for each in document["subscriptions"]]
    assignments = [assignment(READER, HERE), *roles]
    return document | {
        "roleAssignments": assignments, "servicePrincipals": PRINCIPALS, "subscriptions": subscriptions
    }  # fmt: skip


CONTRIBUTES = assignment(CONTRIBUTOR, HERE, APP, "ServicePrincipal")
MANAGED: dict[str, Any] = {"serviceProvisionedResourceGroup": f"{GROUP}-managed"}
CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("cosmos.resource-cmk-uri", "good", KEY, encrypted()),
    ("cosmos.resource-cmk-uri", "warn", "keys/k", encrypted(key=KEY.rpartition("/")[0])),
    ("cosmos.resource-cmk-uri", "unknown", "not told", encrypted(key="")),
    ("cosmos.cmk-keyvault", "good", "kvfraud in group rg-fraud", encrypted()),
    ("cosmos.cmk-keyvault", "unknown", "not told", encrypted(vault="")),
    ("cosmos.managed-group", "info", "rg-fraud-managed", encrypted(**MANAGED)),
    ("cosmos.managed-group", "unknown", "not told", encrypted()),
    ("cosmos.managed-group", "absent", "Microsoft's side", encrypted(enableServiceSideCMKEncryption=True)),
    ("cosmos.throughput", "info", "400 request units",
     encrypted(serviceManagedResourcesSettings={"cosmosDb": {"collectionsThroughput": 400}})),
    ("cosmos.throughput", "info", "Azure's default", encrypted()),
    ("cosmos.providers", "good", "5 registered", encrypted()),
    ("cosmos.providers", "high", "Microsoft.DocumentDB", encrypted(lacking=("Microsoft.DocumentDB",))),
    ("cosmos.ml-app", "good", "there", encrypted(roles=(CONTRIBUTES,))),
    ("cosmos.ml-app", "warn", "not found", encrypted()),
    ("cosmos.ml-app", "warn", "not found",
     encrypted(roles=(assignment(CONTRIBUTOR, GROUP, APP, "ServicePrincipal"),))),
    ("cosmos.ml-app", "absent", "not needed", encrypted(enableServiceSideCMKEncryption=True)),
    ("cosmos.metadata", "absent", "Microsoft", estate()),
]  # fmt: skip


@pytest.mark.parametrize(("word", "grade", "value", "document"), CASES, ids=range(len(CASES)))
async def test_a_fact(word: str, grade: str, value: str, document: dict[str, Any]) -> None:
    fact = (await facts_of(document))[word]
    assert (fact.grade, value in fact.value) == (grade, True), fact.value
    if grade in {"warn", "high"}:
        assert fact.remedy


async def test_what_the_page_says_is_beside_what_is_so_today() -> None:
    facts = await facts_of(encrypted(**MANAGED))
    assert "8000" in facts["cosmos.throughput"].note
    assert "since 2024" in (await facts_of(encrypted(enableServiceSideCMKEncryption=True)))["cosmos.managed-group"].note


@pytest.mark.parametrize(
    ("word", "route"),
    [
        ("providers", "/providers/Microsoft.DocumentDB"),
        ("ml-app", "/servicePrincipals"),
        ("ml-app", "/roleAssignments"),
        ("ml-app", "/roleDefinitions"),
    ],
)
async def test_what_is_refused_is_unknown(word: str, route: str) -> None:
    refusal = Fault(kind="status", route=route, method="GET", status=403, code="AuthorizationFailed")
    assert (await facts_of(encrypted(roles=(CONTRIBUTES,)), refusal))[f"cosmos.{word}"].grade == "unknown"

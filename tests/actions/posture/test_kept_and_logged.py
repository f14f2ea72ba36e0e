"""What a vault keeps, what is logged, what can be had back, and how disks are encrypted: good, bad, unknown, absent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from azsim.clock import unix
from azsim.faults import Fault
from tests.actions.posture.test_page import VAULT, compute, estate, facts_of, service
from tests.support.small_cloud import ACCOUNT, ADA, START, WORKSPACE

SETTINGS = "providers/Microsoft.Insights/diagnosticSettings"
MAY_LIST = {"accessPolicies": [{"objectId": ADA, "permissions": {"secrets": ["list"]}}]}


def keeping(age: float = 10, left: float | None = 700, enabled: bool = True) -> dict[str, Any]:
    """The estate with one secret so many days old, which expires in so many."""
    made = unix(START - timedelta(days=age))
    attributes: dict[str, Any] = {"created": made, "updated": made, "enabled": enabled}
    if left is not None:
        attributes["exp"] = unix(START + timedelta(days=left))
    return estate(vault=MAY_LIST) | {"vaultSecrets": [{"vault": "kvfraud", "name": "conn", "attributes": attributes}]}


SECRETS: list[tuple[str, str, dict[str, Any]]] = [
    ("good", "10 days old, expires 2028-10-", keeping()),
    ("good", "never expires", keeping(left=None)),
    ("good", "disabled", keeping(enabled=False)),
    ("warn", "720 days old", keeping(age=720, left=10)),
    ("warn", "800 days old, never expires", keeping(age=800, left=None)),
    ("high", "740 days old, expires 2026-10-", keeping(age=740, left=-10)),
]


@pytest.mark.parametrize(("grade", "value", "document"), SECRETS, ids=range(len(SECRETS)))
async def test_a_secret_by_its_age(grade: str, value: str, document: dict[str, Any]) -> None:
    facts = await facts_of(document)
    fact = facts["vault.secret.kvfraud/conn"]
    assert (fact.grade, value in fact.value) == (grade, True), fact.value
    assert bool(fact.remedy) == (grade != "good")
    assert facts["vault.secrets"].value == "1: conn"


async def test_an_empty_vault_is_absent_and_a_closed_one_unknown() -> None:
    assert (await facts_of(estate(vault=MAY_LIST)))["vault.secrets"].grade == "absent"
    closed = (await facts_of(estate()))["vault.secrets"]
    assert (closed.grade, "you may not list them" in closed.value) == ("unknown", True)
    assert "no value" in closed.remedy


def logging(resource: str, **properties: Any) -> dict[str, Any]:
    """A diagnostic setting."""
    return {"id": f"{resource}/{SETTINGS}/one", "properties": properties}


LOGS = [{"category": "AmlRunStatusChangedEvent", "enabled": True}, {"category": "Other", "enabled": False}]
AUDIT = [{"categoryGroup": "audit", "enabled": True}]
DIAGNOSTICS: list[tuple[str, str, str, list[dict[str, Any]]]] = [
    ("impact.workspace-logs", "good", "AmlRunStatusChangedEvent to Log Analytics",
     [logging(WORKSPACE, logs=LOGS, workspaceId="/x/law")]),
    ("impact.vault-logs", "good", "audit to a storage account", [logging(VAULT, logs=AUDIT, storageAccountId=ACCOUNT)]),
    ("impact.workspace-logs", "warn", "none", []),
    ("impact.workspace-logs", "warn", "none", [logging(WORKSPACE, logs=LOGS)]),
    ("impact.vault-logs", "warn", "none", [logging(VAULT, logs=LOGS[1:], workspaceId="/x/law")]),
]  # fmt: skip


@pytest.mark.parametrize(("word", "grade", "value", "children"), DIAGNOSTICS, ids=range(len(DIAGNOSTICS)))
async def test_what_is_logged(word: str, grade: str, value: str, children: list[dict[str, Any]]) -> None:
    fact = (await facts_of(estate(*children)))[word]
    assert (fact.grade, value in fact.value) == (grade, True), fact.value
    assert bool(fact.remedy) == (grade == "warn")


def blobs(**properties: Any) -> dict[str, Any]:
    return {"id": f"{ACCOUNT}/blobServices/default", "properties": properties}


KEPT = {"enabled": True, "days": 7}


@pytest.mark.parametrize(
    ("word", "grade", "child"),
    [
        ("soft-delete", "good", blobs(deleteRetentionPolicy=KEPT)),
        ("soft-delete", "warn", blobs()),
        ("container-soft-delete", "good", blobs(containerDeleteRetentionPolicy=KEPT)),
        ("container-soft-delete", "warn", blobs(deleteRetentionPolicy=KEPT)),
    ],
)
async def test_what_can_be_had_back(word: str, grade: str, child: dict[str, Any]) -> None:
    assert (await facts_of(estate(child)))[f"storage.{word}"].grade == grade


@pytest.mark.parametrize(
    ("hbi", "grade", "value"),
    [(True, "info", "scratch disk encrypted"), (False, "info", "not encrypted"), (None, "unknown", "not told")],
)
async def test_disks_follow_from_high_business_impact(hbi: bool | None, grade: str, value: str) -> None:
    fact = (await facts_of(estate(compute(), workspace={"hbiWorkspace": hbi})))["computes.disks"]
    assert (fact.grade, value in fact.value) == (grade, True), fact.value


@pytest.mark.parametrize(
    ("identity", "value"), [({"type": "SystemAssigned", "principalId": ADA}, "SystemAssigned"), (None, "none: ")]
)
async def test_the_identity_of_a_compute(identity: dict[str, Any] | None, value: str) -> None:
    child = compute() | ({"identity": identity} if identity else {})
    assert (await facts_of(estate(child)))["computes.identity"].value.startswith(value)


@pytest.mark.parametrize(
    ("properties", "value"),
    [
        ({}, "Microsoft-managed"),
        ({"encryptionProperties": {"keyName": "k", "keyVersion": "abcdef0123"}}, "key k, version abcdef01"),
    ],
)
async def test_the_disk_of_a_container_group(properties: dict[str, Any], value: str) -> None:
    fact = (await facts_of(estate(service(**properties))))["endpoints.v1-disk"]
    assert (fact.grade, value in fact.value) == ("info", True)


@pytest.mark.parametrize(("place", "said"), [("ACI", "asks for no key"), ("AKS", "asks for a key")])
async def test_the_defaults_of_the_page_are_beside_a_v1_service(place: str, said: str) -> None:
    facts = await facts_of(estate(service(computeType=place, authEnabled=True)))
    assert said in facts["endpoints.v1-auth"].note
    assert ("endpoints.v1-disk" in facts) == (place == "ACI")


@pytest.mark.parametrize(
    ("word", "route"),
    [
        ("storage.soft-delete", "/blobServices/"),
        ("impact.workspace-logs", "/diagnosticSettings"),
        ("impact.vault-logs", "/diagnosticSettings"),
        ("vault.secrets", "/secrets"),
    ],
)
async def test_what_is_refused_is_unknown(word: str, route: str) -> None:
    refusal = Fault(kind="status", route=route, method="GET", status=403, code="AuthorizationFailed")
    assert (await facts_of(estate(vault=MAY_LIST), refusal))[word].grade == "unknown"

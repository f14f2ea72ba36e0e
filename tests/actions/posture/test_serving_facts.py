"""Logging of calls, clusters, traffic and flows: each good, bad, unknown and absent, and no secret read."""

from __future__ import annotations

from typing import Any

import pytest

from actions.cloud.data import ResourceId
from actions.posture.page import read_page
from azsim.cloud import Cloud
from azsim.faults import Fault
from tests.actions.posture.test_page import INSIGHTS, LINKS, compute, endpoint, estate, facts_of
from tests.support.rehearsed import rehearsed
from tests.support.small_cloud import ACCOUNT, GROUP, WORKSPACE

CLUSTER = f"{GROUP}/providers/Microsoft.ContainerService/managedClusters/aks1"
ENDPOINT = f"{WORKSPACE}/onlineEndpoints/score"


def deployment(**properties: Any) -> dict[str, Any]:
    """A deployment of the endpoint."""
    return {"id": f"{ENDPOINT}/deployments/blue", "location": "westeurope", "properties": properties}


def attached(**inner: Any) -> dict[str, Any]:
    """The cluster as a compute of the workspace."""
    made = compute(**inner)
    return {**made, "properties": {**made["properties"], "computeType": "AKS", "resourceId": CLUSTER}}


def cluster(**properties: Any) -> dict[str, Any]:
    """The cluster itself."""
    return {"id": CLUSTER, "location": "westeurope", "properties": properties}


CASES: list[tuple[str, str, str, list[dict[str, Any]]]] = [
    ("scoring.logging.score/blue", "good", "on", [endpoint(authMode="Key"), deployment(appInsightsEnabled=True)]),
    ("scoring.logging.score/blue", "warn", "off", [endpoint(authMode="Key"), deployment(appInsightsEnabled=False)]),
    ("scoring.logging", "absent", "no deployments", [endpoint(authMode="Key")]),
    ("scoring.logging", "absent", "no deployments", []),
    ("clusters.local-accounts", "good", "off", [attached(), cluster(disableLocalAccounts=True)]),
    ("clusters.local-accounts", "warn", "kubeconfig", [attached(), cluster(disableLocalAccounts=False)]),
    ("clusters.version", "info", "1.29", [attached(), cluster(currentKubernetesVersion="1.29.2")]),
    ("clusters.disks", "info", "des1", [attached(), cluster(diskEncryptionSetID=f"{GROUP}/providers/x/y/des1")]),
    ("clusters.disks", "info", "Microsoft-managed", [attached(), cluster()]),
    ("clusters.kms", "info", "vault", [attached(), cluster(securityProfile={"azureKeyVaultKms": {"enabled": True}})]),
    ("clusters.tls", "good", "Enabled", [attached(sslConfiguration={"status": "Enabled"}), cluster()]),
    ("clusters.tls", "warn", "Disabled", [attached(sslConfiguration={"status": "Disabled"}), cluster()]),
    ("clusters.tls", "unknown", "not told", [attached(), cluster()]),
    ("clusters.cluster.aks1", "unknown", "could not be read", [attached()]),
    ("clusters.cluster", "absent", "none", []),
    ("flows.scoring.score", "info", "Primary or Secondary", [endpoint(authMode="key")]),
    ("flows.scoring.score", "info", "Entra", [endpoint(authMode="AADToken")]),
]


@pytest.mark.parametrize(
    ("word", "grade", "value", "children"), CASES, ids=lambda case: case if isinstance(case, str) else ""
)
async def test_a_fact(word: str, grade: str, value: str, children: list[dict[str, Any]]) -> None:
    fact = (await facts_of(estate(*children)))[word]
    assert (fact.grade, value in fact.value) == (grade, True), fact.value
    if grade == "warn":
        assert fact.remedy


@pytest.mark.parametrize(
    ("word", "route"),
    [
        ("scoring.logging", "/deployments"),
        ("scoring.logging", "/onlineEndpoints"),
        ("clusters.cluster", "/managedClusters/"),
        ("clusters.cluster", "/computes"),
        ("traffic.runs", "/metrics"),
        ("traffic.key-traffic", "/metrics"),
        ("traffic.requests", "/metrics"),
        ("flows.images", "/registries/"),
        ("flows.metrics", "/components/"),
    ],
)
async def test_what_is_refused_is_unknown(word: str, route: str) -> None:
    refusal = Fault(kind="status", route=route, method="GET", status=403, code="AuthorizationFailed")
    children = [endpoint(authMode="Key"), deployment(appInsightsEnabled=True), attached(), cluster()]
    assert (await facts_of(estate(*children), refusal))[word].grade == "unknown"


async def test_traffic_has_a_week_of_hours_and_only_what_was_signed_with_a_key() -> None:
    rates = [
        {"resource": ACCOUNT, "metric": "Transactions", "perHour": 600.0, "shape": "flat", "dimensions": {"Authentication": how}}
        for how in ("AccountKey", "OAuth")
    ]  # fmt: skip
    facts = await facts_of({**estate(), "metrics": rates})
    points = [point for point in facts["traffic.key-traffic"].points if point is not None]
    assert 160 <= len(points) <= 169
    assert 300 < sum(points) / len(points) < 900
    assert facts["traffic.runs"].grade == "absent"
    assert facts["traffic.runs"].points == ()


@pytest.mark.parametrize(
    ("mode", "told", "leads"), [("AccessKey", "key", "action:storage-keys"), ("Identity", "identity", "")]
)
async def test_what_training_stands_on(mode: str, told: str, leads: str) -> None:
    fact = (await facts_of(estate(workspace={"systemDatastoresAuthMode": mode})))["flows.training"]
    assert told in fact.value
    assert fact.leads_to == leads


@pytest.mark.parametrize(
    ("word", "changes", "told"),
    [
        ("flows.images", {"registry": {"adminUserEnabled": True}}, "password"),
        ("flows.images", {"registry": {"adminUserEnabled": False}}, "no identity told"),
        ("flows.metrics", {"insights": {"DisableLocalAuth": True}}, "Entra token"),
        ("flows.metrics", {"insights": {"DisableLocalAuth": False}}, "instrumentation key"),
    ],
)
async def test_what_deployment_and_telemetry_stand_on(word: str, changes: dict[str, Any], told: str) -> None:
    assert told in (await facts_of(estate(**changes)))[word].value


async def test_nothing_linked_is_absent() -> None:
    facts = await facts_of(estate(links={}))
    assert {facts[word].grade for word in ("flows.images", "flows.metrics", "traffic.key-traffic")} == {"absent"}


async def test_no_secret_is_read() -> None:
    sim = Cloud(
        estate(
            endpoint(authMode="Key"),
            deployment(),
            attached(),
            cluster(),
            links={**LINKS, "applicationInsights": INSIGHTS},
        )
    )
    before = sim.ledger.last
    await read_page(rehearsed(sim), ResourceId(WORKSPACE))
    assert {entry.kind for entry in sim.ledger.since(before)} <= {"read", "sign-in"}

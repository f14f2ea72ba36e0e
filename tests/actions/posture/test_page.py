"""A workspace's page: each fact good, bad, unknown and absent; what a refusal leaves unknown; nothing but reads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from actions.cloud.data import CloudError, ResourceId
from actions.posture.facts import Fact
from actions.posture.page import SECTIONS, read_page
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from azsim.faults import Fault
from tests.support import small_cloud
from tests.support.rehearsed import rehearsed
from tests.support.small_cloud import ACCOUNT, GROUP, START, WORKSPACE

VAULT = f"{GROUP}/providers/Microsoft.KeyVault/vaults/kvfraud"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/crfraud"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights/components/aifraud"
LINKS = {"storageAccount": ACCOUNT, "keyVault": VAULT, "containerRegistry": REGISTRY, "applicationInsights": INSIGHTS}
PLACES = {"workspace": WORKSPACE, "account": ACCOUNT, "vault": VAULT, "registry": REGISTRY, "insights": INSIGHTS}
RECENT = {"key1": "2026-10-01T00:00:00.0000000Z", "key2": "2026-10-02T00:00:00.0000000Z"}


def estate(*children: dict[str, Any], links: dict[str, str] = LINKS, **changes: dict[str, Any]) -> dict[str, Any]:
    """A workspace with everything linked, each resource with the given properties."""
    bodies: dict[str, dict[str, Any]] = {
        "workspace": dict(links), "account": {"keyCreationTime": RECENT}, "vault": {}, "registry": {}, "insights": {}
    }  # fmt: skip
    resources = [
        {"id": PLACES[name], "location": "westeurope", "properties": {**body, **changes.get(name, {})}}
        for name, body in bodies.items()
    ]
    return {**small_cloud.estate(), "resources": [*resources, *children]}


async def facts_of(document: dict[str, Any], *faults: Fault) -> dict[str, Fact]:
    """The facts by `section.id`; with several of one kind also by `section.id.subject`."""
    sim = Cloud(document, faults=faults, clock=FixedClock(START, timedelta(milliseconds=10)))
    page = await read_page(rehearsed(sim), ResourceId(WORKSPACE))
    by_word = {f"{fact.section}.{fact.id}": fact for fact in page.facts}
    return by_word | {f"{fact.section}.{fact.id}.{fact.subject}": fact for fact in page.facts}


def endpoint(**properties: Any) -> dict[str, Any]:
    """An online endpoint."""
    resource = f"{WORKSPACE}/onlineEndpoints/score"
    return {"id": resource, "location": "westeurope", "kind": "Managed", "properties": properties}


def service(**properties: Any) -> dict[str, Any]:
    """A service of SDK v1."""
    return {
        "id": f"{WORKSPACE}/services/old",
        "location": "westeurope",
        "properties": {"computeType": "ACI", **properties},
    }


def compute(local: bool | None = None, **inner: Any) -> dict[str, Any]:
    """A cluster."""
    properties = {"computeType": "AmlCompute", "disableLocalAuth": local, "properties": inner}
    return {"id": f"{WORKSPACE}/computes/cluster", "location": "westeurope", "properties": properties}


DENY = {"networkAcls": {"defaultAction": "Deny", "bypass": "AzureServices"}}
PENDING = {"privateEndpointConnections": [{"properties": {"privateLinkServiceConnectionState": {"status": "Pending"}}}]}
APPROVED = {
    "privateEndpointConnections": [{"properties": {"privateLinkServiceConnectionState": {"status": "Approved"}}}]
}
CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("network.public-access", "good", "Disabled", {"workspace": {"publicNetworkAccess": "Disabled"}}),
    ("network.public-access", "warn", "Enabled", {"workspace": {"publicNetworkAccess": "Enabled"}}),
    ("network.private-endpoints", "good", "1 approved", {"workspace": APPROVED}),
    ("network.private-endpoints", "warn", "1 Pending", {"workspace": PENDING}),
    ("network.private-endpoints", "absent", "none", {}),
    ("network.isolation", "good", "Approved", {"workspace": {"managedNetwork": {"isolationMode": "AllowOnlyApprovedOutbound"}}}),
    ("network.isolation", "info", "Disabled", {"workspace": {"managedNetwork": {"isolationMode": "Disabled"}}}),
    ("network.v1-legacy", "info", "on", {"workspace": {"v1LegacyMode": True}}),
    ("network.firewall.stfraud", "good", "trusted services pass", {"account": DENY}),
    ("network.firewall.stfraud", "warn", "open", {"account": {"networkAcls": {"defaultAction": "Allow"}}}),
    ("network.firewall.kvfraud", "good", "do not pass", {"vault": {"networkAcls": {"defaultAction": "Deny", "bypass": "None"}}}),
    ("network.firewall.crfraud", "good", "Disabled", {"registry": {"publicNetworkAccess": "Disabled"}}),
    ("impact.hbi", "info", "on:", {"workspace": {"hbiWorkspace": True}}),
    ("impact.hbi", "info", "off:", {"workspace": {"hbiWorkspace": False}}),
    ("storage.datastore-auth", "info", "identity", {"workspace": {"systemDatastoresAuthMode": "Identity"}}),
    ("storage.datastore-auth", "info", "account keys", {"workspace": {"systemDatastoresAuthMode": "AccessKey"}}),
    ("storage.key-age", "good", "key1", {"workspace": {"systemDatastoresAuthMode": "AccessKey"}}),
    ("storage.key-age", "warn", "not recorded", {
        "workspace": {"systemDatastoresAuthMode": "AccessKey"}, "account": {"keyCreationTime": {"key1": None, "key2": None}}
    }),
    ("storage.https-only", "good", "yes", {"account": {"supportsHttpsTrafficOnly": True}}),
    ("storage.https-only", "high", "no", {"account": {"supportsHttpsTrafficOnly": False}}),
    ("storage.minimum-tls", "good", "TLS 1.2", {"account": {"minimumTlsVersion": "TLS1_2"}}),
    ("storage.minimum-tls", "warn", "TLS 1.0", {"account": {"minimumTlsVersion": "TLS1_0"}}),
    ("storage.encryption", "info", "Microsoft-managed", {"account": {"encryption": {"keySource": "Microsoft.Storage"}}}),
    ("storage.encryption", "info", "customer-managed key, version abcdef01", {"account": {"encryption": {
        "keySource": "Microsoft.Keyvault",
        "keyvaultproperties": {"currentVersionedKeyIdentifier": "https://kv.vault.azure.net/keys/k/abcdef0123456789"},
    }}}),
    ("encryption.cmk", "info", "kv/k, version abcdef01", {"workspace": {"encryption": {
        "status": "Enabled", "keyVaultProperties": {"keyIdentifier": "https://kv.vault.azure.net/keys/k/abcdef0123456789"}
    }}}),
    ("encryption.cmk", "info", "Microsoft-managed", {}),
    ("vault.permission-model", "info", "roles", {"vault": {"enableRbacAuthorization": True}}),
    ("vault.permission-model", "info", "access policies", {"vault": {"enableRbacAuthorization": False}}),
    ("vault.purge-protection", "good", "on", {"vault": {"enablePurgeProtection": True}}),
    ("vault.purge-protection", "warn", "off", {}),
    ("vault.soft-delete", "high", "off", {"vault": {"enableSoftDelete": False}}),
    ("vault.soft-delete", "good", "on, 90 days", {"vault": {"enableSoftDelete": True, "softDeleteRetentionInDays": 90}}),
    ("registry.admin-user", "warn", "on", {"registry": {"adminUserEnabled": True}}),
    ("registry.admin-user", "good", "off", {"registry": {"adminUserEnabled": False}}),
    ("registry.encryption", "info", "customer-managed", {"registry": {"encryption": {"status": "enabled"}}}),
    ("registry.role-mode", "warn", "by repository", {"registry": {"roleAssignmentMode": "AbacRepositoryPermissions"}}),
    ("registry.role-mode", "info", "by registry", {"registry": {"roleAssignmentMode": "LegacyRegistryPermissions"}}),
    ("insights.kept", "info", "law-1", {"insights": {"WorkspaceResourceId": f"{GROUP}/providers/x/y/law-1"}}),
    ("insights.query", "info", "Disabled", {"insights": {"publicNetworkAccessForQuery": "Disabled"}}),
    ("insights.local-auth", "good", "off", {"insights": {"DisableLocalAuth": True}}),
    ("insights.local-auth", "info", "on", {"insights": {"DisableLocalAuth": False}}),
    ("insights.ingestion", "info", "Disabled", {"insights": {"publicNetworkAccessForIngestion": "Disabled"}}),
]  # fmt: skip


@pytest.mark.parametrize(
    ("word", "grade", "value", "changes"), CASES, ids=lambda case: case if isinstance(case, str) else ""
)
async def test_a_fact_of_what_is_linked(word: str, grade: str, value: str, changes: dict[str, Any]) -> None:
    fact = (await facts_of(estate(**changes)))[word]
    assert (fact.grade, value in fact.value) == (grade, True), fact.value
    assert fact.source.startswith("GET microsoft.")
    assert bool(fact.remedy) == (fact.grade in {"warn", "high"})


CHILDREN: list[tuple[str, str, str, dict[str, Any]]] = [
    ("endpoints.auth", "info", "key", endpoint(authMode="Key")),
    ("endpoints.auth", "good", "Entra token", endpoint(authMode="AADToken")),
    ("endpoints.auth", "good", "workspace token", endpoint(authMode="AMLToken")),
    ("endpoints.tls", "good", "yes", endpoint(authMode="Key", scoringUri="https://score.example/score")),
    ("endpoints.tls", "high", "plain HTTP", endpoint(authMode="Key", scoringUri="http://score.example/score")),
    ("endpoints.public-access", "good", "Disabled", endpoint(authMode="Key", publicNetworkAccess="Disabled")),
    ("endpoints.v1-auth", "high", "anybody", service(authEnabled=False, sslEnabled=True)),
    ("endpoints.v1-auth", "info", "key", service(authEnabled=True)),
    ("endpoints.v1-auth", "info", "token", service(aadAuthEnabled=True)),
    ("endpoints.v1-tls", "high", "plain HTTP", service(sslEnabled=False)),
    ("endpoints.v1-tls", "good", "yes", service(sslEnabled=True)),
    ("computes.ssh", "high", "Enabled", compute(remoteLoginPortPublicAccess="Enabled")),
    ("computes.ssh", "good", "Disabled", compute(remoteLoginPortPublicAccess="Disabled")),
    ("computes.public-ip", "good", "no public", compute(enableNodePublicIp=False)),
    ("computes.public-ip", "info", "public", compute(enableNodePublicIp=True)),
    ("computes.local-auth", "good", "off", compute(local=True)),
    ("computes.local-auth", "info", "on", compute(local=False)),
]


@pytest.mark.parametrize(
    ("word", "grade", "value", "child"), CHILDREN, ids=lambda case: case if isinstance(case, str) else ""
)
async def test_a_fact_of_what_lies_in_it(word: str, grade: str, value: str, child: dict[str, Any]) -> None:
    fact = (await facts_of(estate(child)))[word]
    assert (fact.grade, value in fact.value) == (grade, True), fact.value


@pytest.mark.parametrize(
    ("word", "route"),
    [
        ("storage.account", "/storageAccounts/"),
        ("vault.vault", "/vaults/"),
        ("registry.registry", "/registries/"),
        ("insights.insights", "/components/"),
        ("endpoints.auth", "/onlineEndpoints"),
        ("endpoints.v1-auth", "/services"),
        ("computes.compute", "/computes"),
    ],
)
async def test_what_is_refused_is_unknown_and_the_rest_is_told(word: str, route: str) -> None:
    refusal = Fault(kind="status", route=route, method="GET", status=403, code="AuthorizationFailed")
    facts = await facts_of(estate(), refusal)
    assert facts[word].grade == "unknown"
    assert facts[word].remedy
    assert {fact.section for fact in facts.values()} == {section.name for section in SECTIONS}


async def test_what_is_not_there_is_absent() -> None:
    facts = await facts_of(estate(links={}))
    for word in ("storage.account", "vault.vault", "registry.registry", "insights.insights", "endpoints.endpoints"):
        assert facts[word].grade == "absent"


async def test_a_link_to_nothing_is_unknown() -> None:
    facts = await facts_of(estate(links={**LINKS, "keyVault": f"{VAULT}gone"}))
    assert facts["vault.vault"].grade == "unknown"
    assert "not there" in facts["vault.vault"].value


async def test_what_an_answer_leaves_out_is_never_good() -> None:
    facts = await facts_of(estate())
    left_out = (
        "network.isolation",
        "impact.hbi",
        "storage.https-only",
        "storage.minimum-tls",
        "storage.datastore-auth",
        "registry.role-mode",
    )
    told = {word: facts[word].grade for word in left_out if facts[word].value == "not told"}
    assert told
    assert set(told.values()) == {"unknown"}


async def test_each_linked_resource_is_read_once_and_no_secret_at_all() -> None:
    sim = Cloud(demo())
    fraud = next(each["id"] for each in sim.estate.resources if each["id"].endswith("/workspaces/fraud-scoring"))
    before = sim.ledger.last
    page = await read_page(rehearsed(sim), ResourceId(fraud))
    entries = [entry for entry in sim.ledger.since(before) if entry.kind != "sign-in"]
    assert {entry.kind for entry in entries} == {"read"}
    plain = [entry for entry in entries if entry.host == "management.azure.com"]
    asked = [(entry.method, entry.path) for entry in plain if not entry.path.endswith("/roleAssignments")]
    assert len(set(asked)) == len(asked)
    assert len(plain) - len(asked) == 2
    assert page.count()["high"] >= 2


async def test_a_workspace_that_cannot_be_read_is_no_page() -> None:
    with pytest.raises(CloudError):
        await read_page(rehearsed(Cloud(estate())), ResourceId(f"{WORKSPACE}gone"))

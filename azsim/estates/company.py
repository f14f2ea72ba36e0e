"""The workspaces of the rehearsal company contoso: one row each, chosen so that every situation occurs somewhere.

History that Azure judges by date (creation) is absolute; what ages (keys) is told in days before the estate's start.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from azsim.estates.book import WorkspaceSpec as Ws
from azsim.estates.shapes import Json

PROD = "3f1c0a52-7a51-4e4c-9a59-2d7be1b40001"
TEST = "3f1c0a52-7a51-4e4c-9a59-2d7be1b40002"
LAB = "3f1c0a52-7a51-4e4c-9a59-2d7be1b40003"

PRIVATE: Json = {"publicNetworkAccess": "Disabled", "privateLinkCount": 1}
CLOSED_ACCOUNT: Json = {"publicNetworkAccess": "Disabled", "networkAcls": {"defaultAction": "Deny"}}
HBI: Json = {"hbiWorkspace": True}
KEYLESS: Json = {"allowSharedKeyAccess": False, "defaultToOAuthAuthentication": True}
NINETY_DAYS: Json = {"keyPolicy": {"keyExpirationPeriodInDays": 90, "enableAutoRotation": False}}
CLASSIC_2019: Json = {"minimumTlsVersion": "TLS1_0", "allowBlobPublicAccess": True}
OWN_CONTAINERS = (
    "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'})) OR "
    "(@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringLike 'pilot-*'))"
)


def managed_network(mode: str) -> Json:
    """The `managedNetwork` of a workspace whose outbound traffic the service isolates."""
    return {
        "managedNetwork": {
            "isolationMode": mode,
            "status": {"status": "Active", "sparkReady": False},
            "outboundRules": {},
            "firewallSku": "Standard",
        }
    }


def day(year: int, month: int, date: int) -> datetime:
    """A creation time in working hours."""
    return datetime(year, month, date, 9, 14, 27, 640125, tzinfo=UTC)


# fmt: off
# One row a workspace, so that rows can be compared.


# fmt: off
# One row a workspace, so that rows can be compared.


def production(now: datetime) -> list[Ws]:
    """The workspaces of contoso-prod-ml without the hub's projects; hubs stand before their projects."""
    young = now - timedelta(days=38)
    return [
        Ws(name="fraud-scoring", group="rg-fraud", region="westeurope", created=day(2019, 11, 5), account="stfraud01",
           key_ages=(412.0, 838.0), without=("storage",), properties=HBI),
        Ws(name="churn", group="rg-crm", region="eastus", created=day(2022, 6, 14), account="stcrmml02",
           key_ages=(310.0, 95.0), holds="key2"),
        Ws(name="pricing", group="rg-pricing", region="westeurope", created=young, account="stpricing01",
           key_ages=(38.0, 38.0), vault_roles=True),
        Ws(name="claims-triage", group="rg-claims", region="northeurope", created=day(2021, 3, 2),
           account="stclaims01", key_ages=(203.0, 204.0)),
        Ws(name="claims-ocr", group="rg-claims", region="northeurope", created=day(2021, 9, 20), account="stclaims01",
           holds="key2"),
        Ws(name="telemetry-anomaly", group="rg-telemetry", region="germanywestcentral", created=day(2023, 2, 8),
           account="sttelemetry01", key_ages=(164.0, 164.0), properties=PRIVATE, account_properties=CLOSED_ACCOUNT),
        Ws(name="sensor-twin", group="rg-telemetry", region="germanywestcentral", created=day(2024, 5, 27),
           account="sttelemetry01", properties=PRIVATE | managed_network("AllowOnlyApprovedOutbound")),
        Ws(name="customer-features", group="rg-features", region="westeurope", created=day(2023, 11, 30),
           account="stfeatures01", key_ages=(358.0, 358.0), kind="FeatureStore"),
        Ws(name="credit-risk", group="rg-risk", region="uksouth", created=day(2022, 11, 11), account="strisk01",
           key_ages=(74.0, 74.0), user_identities=("id-credit-risk",), vault_roles=True, properties=HBI),
        Ws(name="market-risk", group="rg-risk", region="uksouth", created=day(2023, 8, 17), account="strisk02",
           key_ages=(121.0, 121.0), system_identity=False, user_identities=("id-market-risk",)),
        Ws(name="demand-forecast", group="rg-supply", region="westus2", created=day(2022, 2, 24),
           account="stsupply01", key_ages=(188.0, 366.0), user_identities=("id-supply-train", "id-supply-read")),
        Ws(name="route-planner", group="rg-supply", region="westus2", created=day(2024, 1, 15), account="stroutes01",
           key_ages=(67.0, 67.0)),
        Ws(name="vision-qa", group="rg-plant", region="japaneast", created=day(2021, 12, 6), account="stplantqa01",
           key_ages=(530.0, 530.0)),
        Ws(name="invoice-match", group="rg-finance", region="francecentral", created=day(2025, 3, 19),
           account="stinvoice01", key_ages=(600.0, 600.0), identity_based=True, account_properties=KEYLESS),
        Ws(name="ledger-audit", group="rg-finance", region="francecentral", created=day(2023, 5, 4),
           account="stledger01", key_ages=(131.0, 44.0), account_properties=NINETY_DAYS, vault_roles=True),
        Ws(name="recsys", group="rg-web", region="eastus2", created=day(2019, 6, 21), account="strecsys01",
           key_ages=(902.0, 902.0), spelling="portal", account_properties=CLASSIC_2019),
        Ws(name="search-rank", group="rg-web", region="eastus2", created=day(2024, 3, 12), account="stsearch01",
           key_ages=(29.0, 29.0)),
        Ws(name="ads-bidding", group="rg-ads", region="australiaeast", created=day(2022, 9, 1), account="stads01",
           key_ages=(240.0, 240.0)),
        Ws(name="voice-intent", group="rg-contact", region="canadacentral", created=day(2019, 5, 13),
           account="stvoice01", key_ages=(None, None), account_properties=CLASSIC_2019),
        Ws(name="contoso-ai-hub", group="rg-ai-hub", region="swedencentral", created=day(2025, 1, 22),
           account="staihub01", key_ages=(150.0, 150.0), kind="Hub", vault_roles=True, spelling="hub",
           properties={"enableDataIsolation": True}),
    ]


def projects(hub: str) -> list[Ws]:
    """The hub's projects: they share its account, vault and registry."""
    common: Json = {"enableDataIsolation": True}
    rows = (
        ("support-bot", day(2025, 2, 3), "key1"),
        ("doc-search", day(2025, 4, 28), "key1"),
        ("hr-assistant", day(2025, 10, 9), "key2"),
    )
    return [
        Ws(name=name, group="rg-ai-hub", region="swedencentral", created=created, account="staihub01", kind="Project",
           hub=hub, spelling="hub", vault_roles=True, holds=holds, properties=common)
        for name, created, holds in rows
    ]


def testing(now: datetime) -> list[Ws]:
    """The workspaces of contoso-test-ml: five on one account, and the broken identities."""
    shared = [
        Ws(name=f"{stem}-test", group="rg-ml-test", region="westeurope", created=day(2022, 4, 4 + index),
           account="stmltest01", key_ages=(97.0, 97.0), holds="key2" if stem == "ledger" else "key1")
        for index, stem in enumerate(("fraud", "pricing", "claims", "churn", "ledger"))
    ]
    return [
        *shared,
        Ws(name="credit-risk-test", group="rg-risk-test", region="uksouth", created=day(2023, 1, 9),
           account="strisktest01", key_ages=(80.0, 80.0)),
        Ws(name="network-pilot", group="rg-pilots", region="westeurope", created=day(2024, 8, 26),
           account="stnetpilot01", key_ages=(210.0, 210.0), properties=managed_network("AllowInternetOutbound")),
        Ws(name="identity-pilot", group="rg-pilots", region="westeurope", created=day(2025, 6, 16),
           account="stidpilot01", key_ages=(520.0, 520.0), identity_based=True, condition=OWN_CONTAINERS),
        Ws(name="reborn", group="rg-pilots", region="westeurope", created=now - timedelta(days=12),
           account="streborn01", key_ages=(77.0, 77.0), without=("storage", "registry", "vault")),
        Ws(name="group-granted", group="rg-pilots", region="westeurope", created=day(2023, 10, 2),
           account="stgroups01", key_ages=(140.0, 140.0), without=("storage",)),
        Ws(name="stale-copy", group="rg-pilots", region="northeurope", created=day(2021, 7, 7), account="ststale01",
           key_ages=(3.0, 290.0), holds="stale"),
        Ws(name="hub-test", group="rg-hub-test", region="swedencentral", created=day(2025, 9, 30),
           account="sthubtest01", key_ages=(54.0, 54.0), kind="Hub", vault_roles=True, spelling="hub"),
        Ws(name="reranker-test", group="rg-search-test", region="eastus2", created=now - timedelta(days=9),
           account="streranktest01", key_ages=(9.0, 9.0), vault_roles=True),
        Ws(name="vault-roles-test", group="rg-search-test", region="eastus2", created=day(2024, 12, 3),
           account="stvaultroles01", key_ages=(25.0, 25.0), vault_roles=True, without=("vault", "group", "workspace")),
    ]


def laboratory(now: datetime) -> list[Ws]:
    """The workspaces of contoso-lab, where the operator is Reader but for the group of `sandbox`."""
    return [
        Ws(name="sandbox", group="rg-lab", region="northeurope", created=now - timedelta(days=61), account="stlab01",
           key_ages=(61.0, 61.0), identity_based=True, vault_roles=True),
        Ws(name="playground-eu", group="rg-playground", region="westeurope", created=day(2023, 3, 1),
           account="stplayeu01", key_ages=(260.0, 260.0)),
        Ws(name="playground-us", group="rg-playground", region="southcentralus", created=day(2023, 3, 1),
           account="stplayus01", key_ages=(261.0, 260.0)),
        Ws(name="hackathon-2019", group="rg-hackathon", region="westus", created=day(2019, 9, 16),
           account="sthack2019", key_ages=(None, None), spelling="portal", account_properties=CLASSIC_2019),
        Ws(name="Vision-Lab", group="RG-Vision", region="japaneast", created=day(2020, 10, 12), account="stvisionlab",
           key_ages=(708.0, 1_120.0), spelling="portal"),
        Ws(name="notebooks-shared", group="rg-notebooks", region="brazilsouth", created=day(2021, 1, 18),
           account="stnotebooks01", key_ages=(421.0, 421.0)),
        Ws(name="genai-spike", group="rg-genai", region="swedencentral", created=now - timedelta(days=5),
           account="stgenai01", key_ages=(5.0, 5.0), vault_roles=True),
        Ws(name="thesis-anna", group="rg-students", region="northeurope", created=day(2024, 9, 23),
           account="stthesis01", key_ages=(365.0, 365.0),
           properties={"friendlyName": "[bold red]thesis[/] \u202eanna\u202c \x1b[31m"}),
        Ws(name="kaggle-club", group="rg-students", region="centralindia", created=day(2022, 7, 29),
           account="stkaggle01", key_ages=(96.0, 96.0)),
        Ws(name="quantum-toy", group="rg-students", region="northeurope", created=day(2025, 11, 3),
           account="stquantum01", key_ages=(18.0, 18.0), vault_roles=True),
    ]


# fmt: on


# fmt: on

"""One workspace with an endpoint of every kind and authentication, and clients that call one of them."""

from __future__ import annotations

from datetime import datetime

from azsim.clock import Clock
from azsim.estates import compute_shapes as compute
from azsim.estates import ml_shapes as ml
from azsim.estates import shapes as az
from azsim.estates.book import OWNER, Book, WorkspaceSpec
from azsim.estates.directory import ADA
from azsim.estates.shapes import Json

SUBSCRIPTION = "5a3c0001-0000-4000-8000-000000000001"
REGION = "westeurope"
VAULT = "kvserve01"
SECRET = "score-key"


def serving(now: datetime | None = None) -> Json:
    """Workspace `serve-ml`; `web-shop` calls `score` with its Primary key and reads the vault before every call."""
    book = Book(now or Clock().now())
    spec = WorkspaceSpec(name="serve-ml", group="rg-serve", region=REGION, created=book.ago(600), account="stserve01")
    workspace = book.workspace(SUBSCRIPTION, spec)
    vault = az.resource_id(SUBSCRIPTION, "rg-serve", "Microsoft.KeyVault/vaults", VAULT)
    policy = az.access_policy(ADA["objectId"], keys=[], secrets=["get", "list", "set"], certificates=[])
    book.put(az.key_vault(vault, REGION, created=book.ago(300), properties={"accessPolicies": [policy]}))
    _online(book, workspace)
    created = book.ago(90)
    book.put(
        ml.batch_endpoint(workspace, "nightly", REGION, created=created),
        ml.serverless_endpoint(workspace, "llm", REGION, created=created, model="azureml://registries/a/models/b"),
        ml.serverless_endpoint(
            workspace, "llm-entra", REGION, created=created, model="azureml://registries/a/models/b", auth="AAD"
        ),
        ml.v1_service(workspace, "old-aci", REGION, compute_type="ACI", key_auth=False),
        ml.v1_service(workspace, "old-aks", REGION, compute_type="AKS", key_auth=True),
    )
    book.grant(f"/subscriptions/{SUBSCRIPTION}", OWNER, ADA["objectId"], created=book.ago(900), kind="User")
    endpoint = f"{workspace}/onlineEndpoints/score"
    client = {"name": "web-shop", "endpoint": endpoint, "reads": f"secret:{VAULT}/{SECRET}", "transactionsPerHour": 600}
    return {
        "tenant": {"tenantId": az.TENANT_ID, "displayName": "Contoso", "defaultDomain": "contoso.example"},
        "signedIn": ADA,
        "subscriptions": [{"subscriptionId": SUBSCRIPTION, "displayName": "contoso-001"}],
        "resources": book.resources,
        "roleAssignments": book.assignments,
        "servicePrincipals": book.principals,
        "clients": [client],
    }


def _online(book: Book, workspace: str) -> None:
    """Managed and Kubernetes endpoints, by key (spelled both ways) and by token."""
    cluster = az.resource_id(SUBSCRIPTION, "rg-serve", "Microsoft.ContainerService/managedClusters", "aks-serve")
    attached = book.put(
        compute.attached_kubernetes(workspace, "k8s", REGION, created=book.ago(200), cluster_id=cluster)
    )
    rows: tuple[tuple[str, str, str | None], ...] = (
        ("score", "Key", None),
        ("score-eu", "key", None),
        ("inner", "Key", attached),
        ("by-aml", "AMLToken", None),
        ("by-entra", "AADToken", None),
    )
    for name, auth, target in rows:
        endpoint = ml.online_endpoint(
            workspace, name, REGION, created=book.ago(120), auth=auth, compute=target, traffic={"blue": 100}
        )
        book.put(endpoint, ml.online_deployment(endpoint["id"], "blue", REGION, created=book.ago(120)))

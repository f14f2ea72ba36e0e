"""A workspace with a customer-managed key and everything that may depend on it, and a fleet of such workspaces."""

from __future__ import annotations

from datetime import datetime, timedelta

from azsim.clock import Clock, iso7
from azsim.estates import ml_shapes as ml
from azsim.estates import shapes as az
from azsim.estates.book import OWNER, VAULT_ADMINISTRATOR, Book, WorkspaceSpec, service_principal
from azsim.estates.compute_shapes import attached_aks
from azsim.estates.directory import ADA
from azsim.estates.shapes import Json
from azsim.estates.small import SUBSCRIPTION
from azsim.estates.vault_keys import (
    COSMOS_APP,
    COSMOS_PRINCIPAL,
    cmk_vault,
    encrypt,
    encrypt_storage,
    key_version,
    rotate_yearly,
    vault_key,
    version_name,
)

GROUP, REGION, WORKSPACE, VAULT, KEY = "rg-small", "westeurope", "small-ml", "kvsmallcmk", "aml-small"
URI = f"https://{VAULT}.vault.azure.net/keys/{KEY}"
_RESOURCES = "Microsoft.MachineLearningServices/workspaces"


def encrypted(now: datetime | None = None) -> Json:
    """One workspace that pins the older of two versions; account, Cosmos DB, registry and disks follow at their pace."""
    book = Book(now or Clock().now())
    spec = WorkspaceSpec(
        name=WORKSPACE, group=GROUP, region=REGION, created=book.ago(600), account="stsmall01", key_ages=(200.0, 400.0)
    )
    workspace = book.workspace(SUBSCRIPTION, spec)
    vault = cmk_vault(book, SUBSCRIPTION, GROUP, REGION, VAULT)
    versions = [key_version(VAULT, KEY, 1, book.ago(400)), key_version(VAULT, KEY, 2, book.ago(20))]
    book.keys.append(vault_key(VAULT, KEY, versions, rotate_yearly(book.ago(400))))
    encrypt(book, workspace, vault, KEY, 1)
    account = az.resource_id(SUBSCRIPTION, GROUP, "Microsoft.Storage/storageAccounts", "stsmall01")
    encrypt_storage(book, account, vault, KEY, 1, book.ago(400))
    _registry(book, workspace)
    _disks(book, workspace, vault)
    _managed(book, workspace)
    book.grant(f"/subscriptions/{SUBSCRIPTION}", OWNER, ADA["objectId"], created=book.ago(900), kind="User")
    book.grant(vault, VAULT_ADMINISTRATOR, ADA["objectId"], created=book.ago(900), kind="User")
    return _document(book, [SUBSCRIPTION])


def hurried(now: datetime | None = None) -> Json:
    """The same, with dependents that follow within a minute, and updates that end by time whether asked for or not."""
    document = encrypted(now)
    paces = dict.fromkeys(("cosmosKeySeconds", "storageKeySeconds", "registryKeySeconds", "diskKeySeconds"), 60.0)
    for item in document["resources"]:
        if item["type"] in _DEPENDENTS:
            item["azsim"] = {**item.get("azsim", {}), "behaviour": paces}
        elif item["type"] == _RESOURCES:
            item["azsim"] = {**item.get("azsim", {}), "behaviour": {"operationSeconds": 8.0}}
    return document


_DEPENDENTS = (
    "Microsoft.Storage/storageAccounts",
    "Microsoft.ContainerRegistry/registries",
    "Microsoft.DocumentDB/databaseAccounts",
    "Microsoft.Compute/diskEncryptionSets",
)


def _registry(book: Book, workspace: str) -> None:
    """The registry names the key without a version and uses the first one."""
    registry = book.find(book.find(workspace)["properties"]["containerRegistry"])
    registry["sku"] = {"name": "Premium", "tier": "Premium"}
    registry["properties"]["encryption"] = {
        "status": "enabled",
        "keyVaultProperties": {
            "keyIdentifier": URI,
            "versionedKeyIdentifier": f"{URI}/{version_name(VAULT, KEY, 1)}",
            "identity": az.stable_guid("client", registry["id"]),
            "keyRotationEnabled": True,
            "lastKeyRotationTimestamp": iso7(book.ago(400)),
        },
    }


def _disks(book: Book, workspace: str, vault: str) -> None:
    """An attached Kubernetes cluster whose disks are encrypted with the same key."""
    disks = az.resource_id(SUBSCRIPTION, GROUP, "Microsoft.Compute/diskEncryptionSets", "des-small")
    cluster = az.resource_id(SUBSCRIPTION, GROUP, "Microsoft.ContainerService/managedClusters", "aks-small")
    body: Json = {
        "activeKey": {"sourceVault": {"id": vault}, "keyUrl": f"{URI}/{version_name(VAULT, KEY, 1)}"},
        "encryptionType": "EncryptionAtRestWithCustomerKey",
        "rotationToLatestKeyVersionEnabled": True,
        "provisioningState": "Succeeded",
    }
    book.put(
        {
            "id": disks,
            "name": "des-small",
            "type": "Microsoft.Compute/diskEncryptionSets",
            "location": REGION,
            "tags": {},
            "properties": body,
        },
        az.kubernetes_cluster(cluster, REGION, version="1.31.2", properties={"diskEncryptionSetID": disks}),
        attached_aks(workspace, "aks-small", REGION, created=book.ago(300), cluster_id=cluster),
    )


def _managed(book: Book, workspace: str) -> None:
    """The search service beside the Cosmos DB account: its key is kept where Resource Manager does not look."""
    group = book.find(workspace)["properties"]["serviceProvisionedResourceGroup"]
    search = az.resource_id(SUBSCRIPTION, group, "Microsoft.Search/searchServices", "srch-small")
    book.put(
        {
            "id": search,
            "name": "srch-small",
            "type": "Microsoft.Search/searchServices",
            "location": REGION,
            "tags": {},
            "properties": {
                "encryptionWithCmk": {"enforcement": "Unspecified", "encryptionComplianceStatus": "Compliant"}
            },
        }
    )


def encrypted_fleet(count: int, now: datetime | None = None) -> Json:
    """`count` workspaces, ten on a vault, each with a key of its own; every third expires, one after the other."""
    book = Book(now or Clock().now())
    for index in range(count):
        group, vault_name, key = f"rg-cmk-{index // 10:03d}", f"kvcmk{index // 10:03d}", f"aml-{index:04d}"
        account = az.resource_id(SUBSCRIPTION, group, "Microsoft.Storage/storageAccounts", f"stcmk{index // 10:03d}")
        if index % 10 == 0:
            book.group(SUBSCRIPTION, group, REGION)
            cmk_vault(book, SUBSCRIPTION, group, REGION, vault_name)
            book.put(az.storage_account(account, REGION, created=book.ago(500), key1=book.ago(9), key2=book.ago(9)))
        vault = az.resource_id(SUBSCRIPTION, group, "Microsoft.KeyVault/vaults", vault_name)
        expires = book.ago(0) + timedelta(days=index - 5) if index % 3 == 0 else None
        versions = [key_version(vault_name, key, 1, book.ago(300), expires=expires)]
        if index % 5 == 0:
            versions.append(key_version(vault_name, key, 2, book.ago(3)))
        book.keys.append(vault_key(vault_name, key, versions))
        workspace = az.resource_id(SUBSCRIPTION, group, _RESOURCES, f"cmk-{index:04d}")
        book.put(
            ml.workspace(
                workspace, REGION, created=book.ago(500), storage=account, vault=vault, insights=None, registry=None
            )
        )
        encrypt(book, workspace, vault, key, 1, service_side=True)
    scope = f"/subscriptions/{SUBSCRIPTION}"
    for role in (OWNER, VAULT_ADMINISTRATOR):
        book.grant(scope, role, ADA["objectId"], created=book.ago(900), kind="User")
    return _document(book, [SUBSCRIPTION])


def _document(book: Book, subscriptions: list[str]) -> Json:
    cosmos = service_principal("Azure Cosmos DB", object_id=COSMOS_PRINCIPAL, app_id=COSMOS_APP, created=book.ago(2000))
    return {
        "tenant": {"tenantId": az.TENANT_ID, "displayName": "Contoso", "defaultDomain": "contoso.example"},
        "signedIn": ADA,
        "subscriptions": [{"subscriptionId": item, "displayName": "contoso-001"} for item in subscriptions],
        "resources": book.resources,
        "roleAssignments": book.assignments,
        "servicePrincipals": [*book.principals, cosmos],
        "keys": book.keys,
    }

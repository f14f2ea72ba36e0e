"""Azure's own JSON for the resources around a workspace, so that estates are written in Azure's terms.

The shapes follow answers of api-version 2023-05-01 (storage), 2023-07-01 (vaults) and their neighbours of 2024-2026.
"""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import lru_cache
from typing import Any

from azsim.clock import iso7, iso_millis, iso_seconds

Json = dict[str, Any]

TENANT_ID = "c0417054-0000-4000-8000-00000000c0de"
"""The directory of the rehearsal company; the same in every built-in estate."""

_NAMES = uuid.UUID("5b0c2f6e-6f0a-5d0e-9a53-9d1c1d0f3a10")


@lru_cache(maxsize=4096)
def stable_guid(*parts: str) -> str:
    """The GUID that always belongs to these words, so that two builds of an estate are equal."""
    return str(uuid.uuid5(_NAMES, "|".join(part.casefold() for part in parts)))


def merged(base: Json, patch: Json) -> Json:
    """`base` with `patch` laid over it, objects merged key by key and everything else replaced."""
    result = dict(base)
    for key, value in patch.items():
        old = result.get(key)
        result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def group_id(subscription: str, group: str) -> str:
    """The id of a resource group as Resource Manager spells it."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def resource_id(subscription: str, group: str, kind: str, name: str) -> str:
    """The id of a resource; `kind` is `Provider.Name/type`."""
    return f"{group_id(subscription, group)}/providers/{kind}/{name}"


def last_name(resource: str) -> str:
    """The last segment of a resource id."""
    return resource.rsplit("/", 1)[-1]


def group_of(resource: str) -> str:
    """The resource group's name inside a resource id."""
    return resource.split("/")[4]


def subscription_of(resource: str) -> str:
    """The subscription inside a resource id."""
    return resource.split("/")[2]


def resource_group(subscription: str, group: str, region: str) -> Json:
    """A resource group, listed among the resources so that its region and tags are known."""
    return {
        "id": group_id(subscription, group),
        "name": group,
        "type": "Microsoft.Resources/resourceGroups",
        "location": region,
        "tags": {},
        "properties": {"provisioningState": "Succeeded"},
    }


def storage_account(
    account: str,
    region: str,
    *,
    created: datetime,
    key1: datetime | None,
    key2: datetime | None,
    properties: Json | None = None,
) -> Json:
    """A storage account; `key1`/`key2` are the keys' creation times, None where Azure does not know them.

    Key times are null until each key was regenerated once on accounts from before 2021 (storage-account-keys-manage).
    """
    name = last_name(account)
    enabled = {"keyType": "Account", "enabled": True, "lastEnabledTime": iso7(created)}
    hosts = {"dfs": "dfs", "web": "z6.web", "blob": "blob", "queue": "queue", "table": "table", "file": "file"}
    body: Json = {
        "dnsEndpointType": "Standard",
        "defaultToOAuthAuthentication": False,
        "publicNetworkAccess": "Enabled",
        "keyCreationTime": {"key1": key1 and iso7(key1), "key2": key2 and iso7(key2)},
        "allowCrossTenantReplication": False,
        "privateEndpointConnections": [],
        "isNfsV3Enabled": False,
        "isLocalUserEnabled": True,
        "isSftpEnabled": False,
        "minimumTlsVersion": "TLS1_2",
        "allowBlobPublicAccess": False,
        "allowSharedKeyAccess": True,
        "isHnsEnabled": False,
        "networkAcls": {name: [] for name in ("ipv6Rules", "virtualNetworkRules", "ipRules")}
        | {"bypass": "AzureServices", "defaultAction": "Allow"},
        "supportsHttpsTrafficOnly": True,
        "encryption": {
            "services": {"file": dict(enabled), "blob": dict(enabled)},
            "keySource": "Microsoft.Storage",
        },
        "accessTier": "Hot",
        "provisioningState": "Succeeded",
        "creationTime": iso7(created),
        "primaryEndpoints": {kind: f"https://{name}.{host}.core.windows.net/" for kind, host in hosts.items()},
        "primaryLocation": region,
        "statusOfPrimary": "available",
    }
    return {
        "sku": {"name": "Standard_LRS", "tier": "Standard"},
        "kind": "StorageV2",
        "id": account,
        "name": name,
        "type": "Microsoft.Storage/storageAccounts",
        "location": region,
        "tags": {},
        "properties": merged(body, properties or {}),
    }


def key_vault(vault: str, region: str, *, created: datetime, properties: Json | None = None) -> Json:
    """A vault in the access-policy model without policies; overlay `enableRbacAuthorization` for the role model."""
    stamp = iso_millis(created)
    body: Json = {
        "sku": {"family": "A", "name": "Standard"},
        "tenantId": TENANT_ID,
        "accessPolicies": [],
        "enabledForDeployment": False,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
        "enableRbacAuthorization": False,
        "vaultUri": f"https://{last_name(vault).lower()}.vault.azure.net/",
        "provisioningState": "Succeeded",
        "publicNetworkAccess": "Enabled",
    }
    return {
        "id": vault,
        "name": last_name(vault),
        "type": "Microsoft.KeyVault/vaults",
        "location": region,
        "tags": {},
        "systemData": {
            "createdBy": "ada@contoso.example",
            "createdByType": "User",
            "createdAt": stamp,
            "lastModifiedBy": "ada@contoso.example",
            "lastModifiedByType": "User",
            "lastModifiedAt": stamp,
        },
        "properties": merged(body, properties or {}),
    }


def access_policy(object_id: str, *, keys: list[str], secrets: list[str], certificates: list[str]) -> Json:
    """One entry of a vault's `accessPolicies`."""
    return {
        "tenantId": TENANT_ID,
        "objectId": object_id,
        "permissions": {"keys": keys, "secrets": secrets, "certificates": certificates, "storage": []},
    }


def app_insights(component: str, region: str, *, created: datetime, properties: Json | None = None) -> Json:
    """An Application Insights component of a workspace."""
    key = stable_guid("instrumentation", component)
    body: Json = {
        "Application_Type": "web",
        "ApplicationId": last_name(component),
        "AppId": stable_guid("appid", component),
        "InstrumentationKey": key,
        "ConnectionString": f"InstrumentationKey={key};IngestionEndpoint=https://{region}-1.in.applicationinsights.azure.com/",
        "Name": last_name(component),
        "CreationDate": iso7(created),
        "TenantId": subscription_of(component),
        "provisioningState": "Succeeded",
        "RetentionInDays": 90,
        "IngestionMode": "LogAnalytics",
        "WorkspaceResourceId": f"{component.rsplit('/providers/', 1)[0]}/providers/Microsoft.OperationalInsights/workspaces/law",
        "publicNetworkAccessForIngestion": "Enabled",
        "publicNetworkAccessForQuery": "Enabled",
        "DisableLocalAuth": False,
        "Ver": "v2",
    }
    return {
        "kind": "web",
        "id": component,
        "name": last_name(component),
        "type": "microsoft.insights/components",
        "location": region,
        "tags": {},
        "properties": merged(body, properties or {}),
    }


def container_registry(registry: str, region: str, *, created: datetime, properties: Json | None = None) -> Json:
    """A container registry with the admin user that Azure Machine Learning turns on."""
    body: Json = {
        "loginServer": f"{last_name(registry).lower()}.azurecr.io",
        "creationDate": iso7(created),
        "provisioningState": "Succeeded",
        "adminUserEnabled": True,
        "encryption": {"status": "disabled"},
        "dataEndpointEnabled": False,
        "privateEndpointConnections": [],
        "publicNetworkAccess": "Enabled",
        "networkRuleBypassOptions": "AzureServices",
        "zoneRedundancy": "Disabled",
        "anonymousPullEnabled": False,
        "roleAssignmentMode": "LegacyRegistryPermissions",
    }
    return {
        "id": registry,
        "name": last_name(registry),
        "type": "Microsoft.ContainerRegistry/registries",
        "location": region,
        "tags": {},
        "sku": {"name": "Standard", "tier": "Standard"},
        "properties": merged(body, properties or {}),
    }


def user_identity(identity: str, region: str) -> Json:
    """A user-assigned managed identity; its principal and client ids follow from its id."""
    return {
        "id": identity,
        "name": last_name(identity),
        "type": "Microsoft.ManagedIdentity/userAssignedIdentities",
        "location": region,
        "tags": {},
        "properties": {
            "tenantId": TENANT_ID,
            "principalId": stable_guid("principal", identity),
            "clientId": stable_guid("client", identity),
        },
    }


def kubernetes_cluster(cluster: str, region: str, *, version: str, properties: Json | None = None) -> Json:
    """A Kubernetes cluster (Microsoft.ContainerService) that a workspace can attach."""
    body: Json = {
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "kubernetesVersion": version,
        "currentKubernetesVersion": version,
        "dnsPrefix": last_name(cluster),
        "fqdn": f"{last_name(cluster)}-{stable_guid(cluster)[:8]}.hcp.{region}.azmk8s.io",
        "nodeResourceGroup": f"MC_{group_of(cluster)}_{last_name(cluster)}_{region}",
        "enableRBAC": True,
        "disableLocalAccounts": False,
        "diskEncryptionSetID": None,
    }
    return {
        "id": cluster,
        "name": last_name(cluster),
        "type": "Microsoft.ContainerService/managedClusters",
        "location": region,
        "tags": {},
        "properties": merged(body, properties or {}),
    }


def cosmos_account(account: str, region: str, *, key_uri: str, key_version: str) -> Json:
    """The Cosmos DB account of a workspace with customer-managed keys; `key_version` is the one it uses now."""
    return {
        "id": account,
        "name": last_name(account),
        "type": "Microsoft.DocumentDB/databaseAccounts",
        "location": region,
        "kind": "GlobalDocumentDB",
        "tags": {},
        "properties": {
            "provisioningState": "Succeeded",
            "documentEndpoint": f"https://{last_name(account)}.documents.azure.com:443/",
            "keyVaultKeyUri": key_uri,
            "keyVaultKeyUriVersion": key_version,
            "customerManagedKeyStatus": "Access to the configured customer managed key confirmed.",
            "defaultIdentity": "FirstPartyIdentity",
            "disableLocalAuth": True,
        },
    }


def lock(scope: str, name: str, level: str, notes: str) -> Json:
    """A management lock on `scope`; `level` is ReadOnly or CanNotDelete."""
    return {
        "id": f"{scope}/providers/Microsoft.Authorization/locks/{name}",
        "name": name,
        "type": "Microsoft.Authorization/locks",
        "properties": {"level": level, "notes": notes},
    }


def private_endpoint_connection(owner: str, name: str, *, status: str = "Approved") -> Json:
    """An entry of `privateEndpointConnections` of a workspace, account, vault or registry."""
    endpoint = resource_id(
        subscription_of(owner),
        group_of(owner),
        "Microsoft.Network/privateEndpoints",
        f"pe-{last_name(owner)}",
    )
    return {
        "id": f"{owner}/privateEndpointConnections/{name}",
        "name": name,
        "type": f"{'/'.join(owner.split('/')[6:8])}/privateEndpointConnections",
        "properties": {
            "provisioningState": "Succeeded",
            "privateEndpoint": {"id": endpoint},
            "privateLinkServiceConnectionState": {
                "status": status,
                "description": "Approved by the network team" if status == "Approved" else "",
                "actionsRequired": "None",
            },
        },
    }


def role_assignment(
    scope: str,
    role: str,
    principal: str,
    *,
    created: datetime,
    principal_type: str = "ServicePrincipal",
    condition: str | None = None,
    description: str | None = None,
) -> Json:
    """A role assignment with Azure's own fields; `role` is the role definition's GUID."""
    name = stable_guid("assignment", scope, role, principal)
    subscription = f"/subscriptions/{subscription_of(scope)}" if scope.startswith("/subscriptions/") else ""
    return {
        "id": f"{scope.rstrip('/')}/providers/Microsoft.Authorization/roleAssignments/{name}",
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "roleDefinitionId": f"{subscription}/providers/Microsoft.Authorization/roleDefinitions/{role}",
            "principalId": principal,
            "principalType": principal_type,
            "scope": scope,
            "condition": condition,
            "conditionVersion": "2.0" if condition else None,
            "createdOn": iso7(created),
            "updatedOn": iso7(created),
            "createdBy": stable_guid("user", "terraform"),
            "updatedBy": stable_guid("user", "terraform"),
            "delegatedManagedIdentityResourceId": None,
            "description": description,
        },
    }


def password_credential(name: str, *, start: datetime, end: datetime) -> Json:
    """A client secret as Graph lists it: dates and a hint, never the value."""
    return {
        "customKeyIdentifier": None,
        "displayName": name,
        "endDateTime": iso_seconds(end),
        "hint": "azs",
        "keyId": stable_guid("credential", name, iso_seconds(start)),
        "secretText": None,
        "startDateTime": iso_seconds(start),
    }

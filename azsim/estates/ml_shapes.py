"""Azure's own JSON for a workspace and what lives inside it.

The shapes are those of the newest previews (all properties present); `azsim.services.ml_workspaces` takes away what the
api-version of a request does not know.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from azsim.clock import iso7, offset7
from azsim.estates.shapes import TENANT_ID, Json, last_name, merged, stable_guid, subscription_of

ML = "Microsoft.MachineLearningServices/workspaces"
AUTHOR = "ada@contoso.example"


def identity(resource: str, user_assigned: list[str] | None = None, *, system: bool = True) -> Json:
    """The `identity` block of a workspace or endpoint; ids of user-assigned identities may be added."""
    block: Json = {}
    if system:
        block |= {"principalId": stable_guid("principal", resource), "tenantId": TENANT_ID}
    kinds = ["SystemAssigned"] * system + ["UserAssigned"] * bool(user_assigned)
    block["type"] = ",".join(kinds)
    if user_assigned:
        block["userAssignedIdentities"] = {
            uai: {"principalId": stable_guid("principal", uai), "clientId": stable_guid("client", uai)}
            for uai in user_assigned
        }
    return block


def system_data(created: datetime, modified: datetime, *, author: str = AUTHOR, kind: str = "User") -> Json:
    """The `systemData` of a workspace: 7 fraction digits and Z."""
    return {
        "createdAt": iso7(created),
        "createdBy": author,
        "createdByType": kind,
        "lastModifiedAt": iso7(modified),
        "lastModifiedBy": author,
        "lastModifiedByType": kind,
    }


def workspace(
    workspace_id: str,
    region: str,
    *,
    created: datetime,
    storage: str,
    vault: str,
    insights: str | None,
    registry: str | None,
    kind: str = "Default",
    identity_block: Json | None = None,
    properties: Json | None = None,
    holds: str = "key1",
) -> Json:
    """A workspace of `kind` Default, Hub, Project or FeatureStore, with all properties of 2024-10-01-preview.

    `holds` is the slot of the account's key that the workspace's own copy equals at the start: key1, key2 or stale.
    """
    guid, name = stable_guid("workspace", workspace_id), last_name(workspace_id)
    body: Json = {
        "friendlyName": name,
        "description": "",
        "storageAccount": storage,
        "keyVault": vault,
        "applicationInsights": insights,
        "hbiWorkspace": False,
        "tenantId": TENANT_ID,
        "imageBuildCompute": None,
        "provisioningState": "Succeeded",
        "managedNetwork": {
            "changeableIsolationModes": ["AllowInternetOutbound", "AllowOnlyApprovedOutbound"],
            "isolationMode": "Disabled",
            "enableNetworkMonitor": False,
            "enableFirewallLog": False,
        },
        "allowRoleAssignmentOnRG": True,
        "v1LegacyMode": False,
        "softDeleteEnabled": False,
    }
    if registry is not None:
        body["containerRegistry"] = registry
    body |= _service_facts(workspace_id, name, guid, region, created)
    return {
        "id": workspace_id,
        "name": name,
        "type": ML,
        "location": region,
        "tags": {},
        "etag": None,
        "properties": merged(body, properties or {}),
        "identity": identity_block or identity(workspace_id),
        "kind": kind,
        "sku": {"name": "Basic", "tier": "Basic"},
        "systemData": system_data(created, created),
        "azsim": {"holds": holds},
    }


def _service_facts(workspace_id: str, name: str, guid: str, region: str, created: datetime) -> Json:
    return {
        "creationTime": iso7(created),
        "notebookInfo": {
            "resourceId": stable_guid("notebook", workspace_id).replace("-", ""),
            "fqdn": f"ml-{name[:18].strip('-')}-{region}-{guid}.{region}.notebooks.azure.net",
            "isPrivateLinkEnabled": False,
            "notebookPreparationError": None,
        },
        "storageHnsEnabled": False,
        "workspaceId": guid,
        "linkedModelInventoryArmId": None,
        "privateLinkCount": 0,
        "publicNetworkAccess": "Enabled",
        "ipAllowlist": [],
        "networkAcls": {"defaultAction": "Allow", "bypass": "", "ipRules": [], "resourceAccessRules": []},
        "discoveryUrl": f"https://{region}.api.azureml.ms/discovery",
        "mlFlowTrackingUri": f"azureml://{region}.api.azureml.ms/mlflow/v1.0{workspace_id}",
        "serverlessComputeSettings": None,
        "EnableSoftwareBillOfMaterials": False,
        "sdkTelemetryAppInsightsKey": stable_guid("telemetry", region),
        "enableDataIsolation": False,
        "systemDatastoresAuthMode": "accesskey",
        "enableServiceSideCMKEncryption": False,
    }


def datastore(
    workspace_id: str,
    name: str,
    kind: str,
    account: str | None,
    *,
    created: datetime,
    credentials: str = "AccountKey",
    container: str | None = None,
    default: bool = False,
    author: str | None = AUTHOR,
    access_identity: str = "None",
    account_id: str | None = None,
    holds: str = "key1",
    extra: Json | None = None,
) -> Json:
    """A datastore; `kind` and `credentials` are Azure's words, `author` None gives the bare systemData of the service.

    `holds` tells which key an AccountKey datastore stores, or which key signed the token of a Sas one.
    """
    body: Json = {
        "description": None,
        "tags": {} if author == AUTHOR else None,
        "properties": None,
        "isDefault": default,
        "credentials": {"credentialsType": credentials},
        "subscriptionId": account_id and subscription_of(account_id),
        "resourceGroup": account_id and account_id.split("/")[4],
        "datastoreType": kind,
    }
    places = {"AzureBlob": "containerName", "AzureFile": "fileShareName", "AzureDataLakeGen2": "filesystem"}
    if account is not None:
        body |= {"accountName": account, places[kind]: container}
        body |= {"endpoint": "core.windows.net", "protocol": "https"}
    body["serviceDataAccessAuthIdentity"] = access_identity
    stamps = {"createdAt": offset7(created), "lastModifiedAt": offset7(created)}
    if author is not None:
        by = "User" if author == AUTHOR else "Application"
        stamps = {
            "createdAt": offset7(created),
            "createdBy": "Ada Lovelace" if author == AUTHOR else author,
            "createdByType": by,
            "lastModifiedAt": offset7(created),
            "lastModifiedBy": "Ada Lovelace" if author == AUTHOR else author,
            "lastModifiedByType": by,
        }
    result: Json = {
        "id": f"{workspace_id}/datastores/{name}",
        "name": name,
        "type": f"{ML}/datastores",
        "properties": merged(body, extra or {}),
        "systemData": stamps,
    }
    if credentials in ("AccountKey", "Sas"):
        result["azsim"] = {"holds": holds}
    return result


def system_datastores(
    workspace_id: str,
    account_id: str,
    *,
    created: datetime,
    identity_based: bool = False,
    holds: str = "key1",
) -> list[Json]:
    """The four datastores that the service makes for a workspace, on its own account."""
    account, guid = last_name(account_id), stable_guid("workspace", workspace_id)
    app = stable_guid("service", "azureml")
    credentials = "None" if identity_based else "AccountKey"
    places = (
        ("workspaceblobstore", "AzureBlob", f"azureml-blobstore-{guid}"),
        ("workspaceworkingdirectory", "AzureFile", f"code-{stable_guid('share', workspace_id)}"),
        ("workspaceartifactstore", "AzureBlob", "azureml"),
        ("workspacefilestore", "AzureFile", f"azureml-filestore-{guid}"),
    )
    return [
        datastore(
            workspace_id,
            name,
            kind,
            account,
            created=created,
            credentials=credentials,
            container=container,
            default=name == "workspaceblobstore",
            author=None if name == "workspaceblobstore" else app,
            access_identity="WorkspaceSystemAssignedIdentity" if name == "workspaceblobstore" else "None",
            account_id=account_id if name == "workspaceblobstore" else None,
            holds=holds,
        )
        for name, kind, container in places
    ]


def connection(
    workspace_id: str, name: str, *, auth: str, category: str, target: str, holds: Json | None = None
) -> Json:
    """A workspace connection; `holds` names the account and slot of a stored storage key, if it stores one."""
    result: Json = {
        "id": f"{workspace_id}/connections/{name}",
        "name": name,
        "type": f"{ML}/connections",
        "properties": {
            "authType": auth,
            "credentials": None,
            "group": "Azure" if category.startswith(("Azure", "ADLS")) else "GenericProtocol",
            "category": category,
            "expiryTime": None,
            "target": target,
            "isSharedToAll": False,
            "sharedUserList": [],
            "metadata": {},
        },
    }
    if holds is not None:
        result["azsim"] = holds
    return result


def online_endpoint(
    workspace_id: str,
    name: str,
    region: str,
    *,
    created: datetime,
    auth: str = "Key",
    compute: str | None = None,
    traffic: dict[str, int] | None = None,
    properties: Json | None = None,
) -> Json:
    """An online endpoint; with `compute` (an attached cluster's id) a Kubernetes one, else a managed one."""
    resource = f"{workspace_id}/onlineEndpoints/{name}"
    operation = f"oeidp:{stable_guid('workspace', workspace_id)}:{stable_guid('operation', resource)}"
    place = f"/subscriptions/{subscription_of(workspace_id)}/providers/Microsoft.MachineLearningServices"
    if compute is None:
        scoring = f"https://{name}.{region}.inference.ml.azure.com"
    else:
        scoring = f"http://20.50.{len(name)}.{len(compute) % 250}/api/v1/endpoint/{name}"
    body: Json = {
        "description": None,
        "properties": {
            "azureml.onlineendpointid": resource.lower(),
            "AzureAsyncOperationUri": (
                f"https://management.azure.com{place}/locations/{region}/mfeOperationsStatus/{operation}"
            ),
        },
        "scoringUri": f"{scoring}/score",
        "swaggerUri": f"{scoring}/swagger.json",
        "authMode": auth,
        "provisioningState": "Succeeded",
        "compute": compute,
        "traffic": traffic or {},
        "mirrorTraffic": {},
        "publicNetworkAccess": "Enabled",
    }
    return {
        "id": resource,
        "name": name,
        "type": f"{ML}/onlineEndpoints",
        "properties": merged(body, properties or {}),
        "systemData": {
            "createdAt": offset7(created),
            "createdBy": "Ada Lovelace",
            "lastModifiedAt": offset7(created),
        },
        "tags": {},
        "location": region,
        "kind": "Managed" if compute is None else "K8S",
        "identity": identity(resource),
    }


def online_deployment(
    endpoint: str, name: str, region: str, *, created: datetime, properties: Json | None = None
) -> Json:
    """A deployment behind an online endpoint."""
    body: Json = {
        "description": None,
        "properties": {},
        "endpointComputeType": "Managed",
        "provisioningState": "Succeeded",
        "instanceType": "Standard_DS3_v2",
        "model": f"{endpoint.split('/onlineEndpoints/')[0]}/models/{name}/versions/1",
        "appInsightsEnabled": True,
        "egressPublicNetworkAccess": "Enabled",
        "scaleSettings": {"scaleType": "Default"},
        "requestSettings": {
            "maxConcurrentRequestsPerInstance": 1,
            "requestTimeout": "PT5S",
            "maxQueueWait": "PT0.5S",
        },
    }
    return {
        "id": f"{endpoint}/deployments/{name}",
        "name": name,
        "type": f"{ML}/onlineEndpoints/deployments",
        "properties": merged(body, properties or {}),
        "systemData": {
            "createdAt": offset7(created),
            "createdBy": "Ada Lovelace",
            "lastModifiedAt": offset7(created),
        },
        "tags": {},
        "location": region,
        "sku": {"name": "Default", "capacity": 2},
    }


def batch_endpoint(workspace_id: str, name: str, region: str, *, created: datetime) -> Json:
    """A batch endpoint: it is called with Entra tokens only, so there is no key to rotate."""
    return {
        "id": f"{workspace_id}/batchEndpoints/{name}",
        "name": name,
        "type": f"{ML}/batchEndpoints",
        "properties": {
            "description": None,
            "properties": {},
            "scoringUri": f"https://{name}.{region}.inference.ml.azure.com/jobs",
            "swaggerUri": None,
            "authMode": "AADToken",
            "provisioningState": "Succeeded",
            "defaults": {"deploymentName": "default"},
        },
        "systemData": {
            "createdAt": offset7(created),
            "createdBy": "Ada Lovelace",
            "lastModifiedAt": offset7(created),
        },
        "tags": {},
        "location": region,
    }


def serverless_endpoint(
    workspace_id: str, name: str, region: str, *, created: datetime, model: str, auth: str = "Key"
) -> Json:
    """A serverless endpoint (model as a service) with two keys."""
    return {
        "id": f"{workspace_id}/serverlessEndpoints/{name}",
        "name": name,
        "type": f"{ML}/serverlessEndpoints",
        "location": region,
        "kind": "ServerlessEndpoint",
        "sku": {"name": "Consumption"},
        "tags": {},
        "properties": {
            "authMode": auth,
            "contentSafety": {"contentSafetyStatus": "Enabled"},
            "endpointState": "Online",
            "inferenceEndpoint": {"uri": f"https://{name}.{region}.models.ai.azure.com", "headers": {}},
            "marketplaceSubscriptionId": None,
            "modelSettings": {"modelId": model},
            "provisioningState": "Succeeded",
        },
        "systemData": system_data(created, created),
    }


def v1_service(workspace_id: str, name: str, region: str, *, compute_type: str, key_auth: bool, **facts: Any) -> Json:
    """A web service of the first SDK on ACI or AKS, readable with api-version 2021-04-01 and older."""
    body: Json = {
        "computeType": compute_type,
        "state": "Healthy",
        "authEnabled": key_auth,
        "scoringUri": f"http://{stable_guid('aci', name)}.{region}.azurecontainer.io/score",
        "appInsightsEnabled": False,
        "sslEnabled": False,
        "deploymentType": "HttpRealtimeEndpoint",
        "description": None,
        "kvTags": {},
        "properties": {"hasInferenceSchema": "False"},
    }
    if compute_type == "AKS":
        body["aadAuthEnabled"] = False
    return {
        "id": f"{workspace_id}/services/{name}",
        "name": name,
        "type": f"{ML}/services",
        "location": region,
        "properties": merged(body, facts),
    }


def running_job(workspace_id: str, name: str, *, started: datetime, compute: str, experiment: str) -> Json:
    """A command job that is running, so that a rotation must look at it first."""
    return {
        "id": f"{workspace_id}/jobs/{name}",
        "name": name,
        "type": f"{ML}/jobs",
        "properties": {
            "description": None,
            "tags": {},
            "properties": {"_azureml.ComputeTargetType": "amlctrain"},
            "displayName": name.replace("_", " "),
            "status": "Running",
            "experimentName": experiment,
            "services": {},
            "computeId": f"{workspace_id}/computes/{compute}",
            "isArchived": False,
            "jobType": "Command",
            "command": "python train.py --data ${{inputs.data}}",
            "environmentId": f"{workspace_id}/environments/sklearn/versions/3",
            "inputs": {},
            "outputs": {},
        },
        "systemData": {"createdAt": offset7(started), "createdBy": "Ada Lovelace", "createdByType": "User"},
    }

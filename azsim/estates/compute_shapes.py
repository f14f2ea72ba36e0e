"""Azure's own JSON for the computes of a workspace: instances, clusters and attached Kubernetes clusters."""

from __future__ import annotations

from datetime import datetime

from azsim.clock import offset7
from azsim.estates.ml_shapes import ML
from azsim.estates.shapes import TENANT_ID, Json, stable_guid


def _compute(workspace_id: str, name: str, region: str, kind: str, created: datetime, facts: Json) -> Json:
    body: Json = {
        "createdOn": offset7(created),
        "modifiedOn": offset7(created),
        "disableLocalAuth": False,
        "description": None,
        "resourceId": facts.pop("resourceId", None),
        "computeType": kind,
        "computeLocation": region,
        "provisioningState": "Succeeded",
        "provisioningErrors": None,
        "provisioningWarnings": {},
        "isAttachedCompute": kind in ("AKS", "Kubernetes"),
        "properties": facts,
    }
    return {
        "id": f"{workspace_id}/computes/{name}",
        "name": name,
        "type": f"{ML}/computes",
        "location": region,
        "tags": {},
        "properties": body,
    }


def cluster(workspace_id: str, name: str, region: str, *, created: datetime, running: int = 0) -> Json:
    """A compute cluster; `running` nodes are busy with jobs."""
    nodes = ("preparing", "running", "idle", "unusable", "leaving", "preempted")
    counts = {f"{node}NodeCount": running if node == "running" else 0 for node in nodes}
    facts: Json = {
        "vmSize": "STANDARD_DS3_V2",
        "vmPriority": "Dedicated",
        "scaleSettings": {"maxNodeCount": 8, "minNodeCount": 0, "nodeIdleTimeBeforeScaleDown": "PT2M"},
        "subnet": None,
        "currentNodeCount": running,
        "targetNodeCount": running,
        "nodeStateCounts": counts,
        "allocationState": "Steady",
        "allocationStateTransitionTime": offset7(created),
        "errors": None,
        "remoteLoginPortPublicAccess": "Enabled",
        "osType": "Linux",
        "virtualMachineImage": None,
        "isolatedNetwork": False,
        "enableNodePublicIp": True,
        "enableBatchPrivateLink": False,
        "propertyBag": {},
    }
    return _compute(workspace_id, name, region, "AmlCompute", created, facts)


def _instance_extras() -> Json:
    """What an instance tells besides its size, state and owner."""
    return {
        "computeInstanceAuthorizationType": None,
        "personalComputeInstanceSettings": None,
        "setupScripts": None,
        "schedules": {"computeStartStop": []},
        "enableNodePublicIp": True,
        "enableBatchPrivateLink": False,
        "enableOSPatching": False,
        "releaseQuotaOnStop": False,
        "enableSSO": True,
        "dataMounts": None,
        "dataDisks": None,
        "containers": None,
        "updateStatus": None,
        "versions": {"runtime": "3.0.02755.0006"},
        "customServices": [],
        "osImageMetadata": {
            "currentImageVersion": "25.09.03",
            "latestImageVersion": "25.10.01",
            "isLatestOsImageVersion": False,
            "osPatchingStatus": None,
        },
    }


def instance(
    workspace_id: str,
    name: str,
    region: str,
    *,
    created: datetime,
    state: str = "Running",
    user: str | None = None,
) -> Json:
    """A compute instance; a running one mounts the notebooks share with the account's key."""
    facts: Json = {
        "vmSize": "STANDARD_DS3_V2",
        "imageVersion": None,
        "subnet": None,
        "sshSettings": {
            "sshPublicAccess": "Disabled",
            "adminUserName": "azureuser",
            "sshPort": 50000,
            "adminPublicKey": None,
        },
        "autologgerSettings": None,
        "errors": [],
        "connectivityEndpoints": {"publicIpAddress": "203.0.113.10", "privateIpAddress": "10.0.0.4"},
        "applications": [
            {"displayName": "Jupyter", "endpointUri": f"https://{name}.{region}.instances.azureml.ms/tree/"}
        ],
        "state": state,
        "lastOperation": {
            "operationName": "Start" if state == "Running" else "Stop",
            "operationTime": offset7(created),
            "operationStatus": "Succeeded",
            "operationTrigger": "User",
        },
        "createdBy": {"userOrgId": TENANT_ID, "userId": user or stable_guid("user", "ada@contoso.example")},
        "applicationSharingPolicy": "Personal",
        **_instance_extras(),
    }
    body = _compute(workspace_id, name, region, "ComputeInstance", created, facts)
    body["identity"] = {
        "type": "SystemAssigned",
        "principalId": stable_guid("principal", body["id"]),
        "tenantId": TENANT_ID,
    }
    return body


def attached_aks(workspace_id: str, name: str, region: str, *, created: datetime, cluster_id: str) -> Json:
    """A Kubernetes service attached by the first SDK (computeType AKS); `created` decides about old support apps."""
    facts: Json = {
        "resourceId": cluster_id,
        "clusterFqdn": f"{name}.hcp.{region}.azmk8s.io",
        "systemServices": [{"systemServiceType": "ScoringFrontend", "publicIpAddress": "203.0.113.44", "version": "1"}],
        "agentCount": 3,
        "agentVmSize": "Standard_D3_v2",
        "clusterPurpose": "FastProd",
        "sslConfiguration": {"status": "Disabled", "cert": None, "key": None, "cname": None},
        "aksNetworkingConfiguration": None,
        "loadBalancerType": "PublicIp",
        "loadBalancerSubnet": None,
    }
    return _compute(workspace_id, name, region, "AKS", created, facts)


def attached_kubernetes(workspace_id: str, name: str, region: str, *, created: datetime, cluster_id: str) -> Json:
    """A Kubernetes cluster attached through the extension (computeType Kubernetes), which hosts online endpoints."""
    facts: Json = {
        "resourceId": cluster_id,
        "relayConnectionString": None,
        "serviceBusConnectionString": None,
        "extensionPrincipalId": stable_guid("extension", cluster_id),
        "extensionInstanceReleaseTrain": "stable",
        "vcName": None,
        "namespace": "azureml",
        "defaultInstanceType": "defaultinstancetype",
        "instanceTypes": {"defaultinstancetype": {"nodeSelector": None, "resources": {"limits": {"cpu": "2"}}}},
    }
    return _compute(workspace_id, name, region, "Kubernetes", created, facts)

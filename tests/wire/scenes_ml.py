"""Scenes for the recordings of Machine Learning."""

from __future__ import annotations

from azsim.estates import compute_shapes as cs
from azsim.estates import ml_shapes as ml
from azsim.estates import shapes as az
from azsim.faults import Fault
from azsim.wire import Response
from tests.wire.stage import Json, Stage


def plain(stage: Stage) -> Response:
    """The workspace of the path, and nothing else."""
    stage.workspace()
    return stage.replay()


def group_list(stage: Stage) -> Response:
    """A feature store and a plain workspace."""
    store: Json = {
        "featureStoreSettings": {
            "computeRuntime": {"sparkRuntimeVersion": "3.2.0"},
            "offlineStoreConnectionName": "",
            "onlineStoreConnectionName": "",
        }
    }
    stage.workspace("features", kind="FeatureStore", properties=store)
    stage.workspace("plain")
    return stage.replay()


def subscription_list(stage: Stage) -> Response:
    """A workspace, a hub and its project."""
    stage.workspace("mlworkspace-test2")
    project = stage.id_of(ml.ML, "mlworkspace-testproj1")
    hub: Json = {
        "associatedWorkspaces": [project],
        "workspaceHubConfig": {
            "defaultWorkspaceResourceGroup": f"/subscriptions/{stage.subscription}/resourceGroups/hub"
        },
    }
    hub_id = stage.workspace("mlworkspace-testhub1", kind="Hub", insights=False, registry=False, properties=hub)
    facts: Json = {"hubResourceId": hub_id}
    stage.workspace("mlworkspace-testproj1", kind="Project", insights=False, registry=False, properties=facts)
    return stage.replay()


def no_registry(stage: Stage) -> Response:
    """A workspace without a container registry."""
    stage.workspace(registry=False)
    return stage.replay()


def resync_poll(stage: Stage) -> Response:
    """A resync that has ended, polled at the recorded kind of URL."""
    name = stage.workspace("ws")
    stage.behaviour = {"operationPolls": 0}
    version = stage.recording.query["api-version"]
    answer = stage.ask("POST", f"https://management.azure.com{name}/resyncKeys?api-version={version}")
    stage.ask("GET", answer.headers["Azure-AsyncOperation"])
    header = "Location" if stage.recording.query["type"] == "location" else "Azure-AsyncOperation"
    return stage.ask("GET", answer.headers[header])


def diagnose_poll(stage: Stage) -> Response:
    """A diagnosis of a workspace whose account, vault and insights are gone, while it runs or when it has ended."""
    name = stage.workspace("ws")
    stage.resources = [item for item in stage.resources if "registries" in item["id"] or item["id"] == name]
    stage.behaviour = {"operationPolls": 0 if stage.recording.status == 200 else 1}
    version = stage.recording.query["api-version"]
    url = f"https://management.azure.com{name}/diagnose?api-version={version}"
    return stage.ask("GET", stage.ask("POST", url, {"value": {}}).headers["Location"])


def update_poll(stage: Stage) -> Response:
    """The status of an update while it runs, or when it has ended."""
    name = stage.workspace("ws")
    stage.behaviour = {"operationPolls": 0 if "succeeded" in stage.recording.name else 1}
    version = stage.recording.query["api-version"]
    answer = stage.ask("PATCH", f"https://management.azure.com{name}?api-version={version}", {"tags": {}})
    return stage.ask("GET", answer.headers["Azure-AsyncOperation"])


def computes(stage: Stage) -> Response:
    """A cluster and a running instance."""
    name = stage.workspace()
    stage.add(
        cs.cluster(name, "batch-cluster", "eastus", created=stage.ago(1)),
        cs.instance(name, "ci01", "eastus", created=stage.ago(1)),
    )
    return stage.replay()


def stop_compute(stage: Stage) -> Response:
    """A running instance that is stopped."""
    stage.add(cs.instance(stage.workspace(), stage.part[9], "eastus2euap", created=stage.ago(1)))
    return stage.replay()


def compute_poll(stage: Stage) -> Response:
    """The status of a stop."""
    name = stage.workspace("ws")
    stage.behaviour = {"operationPolls": 0 if "succeeded" in stage.recording.name else 1}
    compute = stage.add(cs.instance(name, "ci", "eastus", created=stage.ago(1)))
    version = stage.recording.query["api-version"]
    answer = stage.ask("POST", f"https://management.azure.com{compute}/stop?api-version={version}")
    return stage.ask("GET", answer.headers["Azure-AsyncOperation"])


def datastores(stage: Stage) -> Response:
    """The built-in datastores, the one of step logs, and one that a person registered."""
    name = stage.workspace()
    account = stage.account("sab4vfkrtgocvgg")
    stage.add(*ml.system_datastores(name, account, created=stage.ago(2)))
    app = az.stable_guid("service", "steprun")
    stage.add(
        ml.datastore(name, "steprunlogblobstore", "AzureBlob", "sab4vfkrtgocvgg", created=stage.ago(1), author=app,
                     container="azureml"),
        _user_datastore(stage, name),
    )  # fmt: skip
    if "default" in stage.recording.name:
        for item in stage.resources:
            if item["name"] == "workspaceblobstore":
                item["systemData"] |= {"createdBy": app, "createdByType": "Application"}
                item["systemData"] |= {"lastModifiedBy": app, "lastModifiedByType": "Application"}
    return stage.replay()


def _user_datastore(stage: Stage, workspace: str) -> Json:
    name = stage.part[9] if len(stage.part) > 9 else "test_671910247082"
    account = "teststorageaccount"
    return ml.datastore(workspace, name, "AzureBlob", account, created=stage.ago(0.1), container="testblob")


def one_datastore(stage: Stage) -> Response:
    """A datastore with an account key."""
    stage.add(_user_datastore(stage, stage.workspace()))
    return stage.replay()


def _endpoint(stage: Stage, name: str, auth: str = "Key") -> str:
    return stage.add(ml.online_endpoint(stage.workspace(), name, "eastus", created=stage.ago(1), auth=auth))


def endpoint(stage: Stage) -> Response:
    """An endpoint with keys."""
    _endpoint(stage, stage.part[9])
    stage.resources[-1]["properties"]["description"] = "this is a sample online endpoint"
    return stage.replay()


def token_endpoint(stage: Stage) -> Response:
    """An endpoint with token authentication."""
    _endpoint(stage, stage.part[9], "AMLToken")
    return stage.replay()


def endpoints(stage: Stage) -> Response:
    """Two endpoints."""
    name = stage.workspace()
    for endpoint_name, auth in (("online-pwsh02", "Key"), ("online-portal91", "AMLToken")):
        stage.add(ml.online_endpoint(name, endpoint_name, "eastus", created=stage.ago(1), auth=auth))
    return stage.replay()


def regenerate_poll(stage: Stage) -> Response:
    """The poll after a regeneration, which answers that there is no such operation."""
    name = stage.workspace("ws")
    stage.add(ml.online_endpoint(name, "online-pwsh01", "eastus", created=stage.ago(1)))
    version = stage.recording.query["api-version"]
    url = f"https://management.azure.com{name}/onlineEndpoints/online-pwsh01/regenerateKeys?api-version={version}"
    return stage.ask("GET", stage.ask("POST", url, {"keyType": "Primary"}).headers["Location"])


def endpoint_operation(stage: Stage) -> Response:
    """An operation on an endpoint, that runs, or has ended where the recorded one had."""
    cloud = stage.cloud()
    operation = cloud.operations.start(
        kind="endpoint", resource_id=stage.group, region=stage.part[5], behaviour=cloud.world.behaviour(),
        operation_id=stage.part[-1],
    )  # fmt: skip
    if stage.recording.body["status"] == "Succeeded":
        cloud.operations.finish_now(operation)
    return stage.replay()


def missing_workspace(stage: Stage) -> Response:
    """A group without the workspace."""
    stage.add_group()
    return stage.replay()


def failing(stage: Stage) -> Response:
    """A datastore, and a service that fails."""
    stage.add(_user_datastore(stage, stage.workspace()))
    stage.cloud().faults.add(Fault(kind="status", status=stage.recording.status))
    return stage.replay()


SCENES = {
    "ml/batch-endpoints-get-404-managementfrontend": plain,
    "ml/computes-list": computes,
    "ml/computes-stop-202": stop_compute,
    "ml/computes-stop-poll-inprogress": compute_poll,
    "ml/computes-stop-poll-succeeded": compute_poll,
    "ml/connections-get-404-account-rp": plain,
    "ml/datastores-create-201": plain,
    "ml/datastores-delete-200-empty": one_datastore,
    "ml/datastores-get": one_datastore,
    "ml/datastores-get-404-managementfrontend": plain,
    "ml/datastores-get-500-service-error": failing,
    "ml/datastores-list": datastores,
    "ml/datastores-list-default": datastores,
    "ml/datastores-list-secrets": one_datastore,
    "ml/datastores-list-secrets-504-transient-error": failing,
    "ml/datastores-update-200": one_datastore,
    "ml/jobs-get-404-managementfrontend": plain,
    "ml/online-endpoints-create-poll-succeeded": endpoint_operation,
    "ml/online-endpoints-create-poll-updating": endpoint_operation,
    "ml/online-endpoints-delete-poll-updating": endpoint_operation,
    "ml/online-endpoints-poll-updating-2026": endpoint_operation,
    "ml/online-endpoints-get-key": endpoint,
    "ml/online-endpoints-list": endpoints,
    "ml/online-endpoints-list-empty": plain,
    "ml/online-endpoints-list-keys-key-auth": endpoint,
    "ml/online-endpoints-list-keys-token-auth": token_endpoint,
    "ml/online-endpoints-regenerate-keys-202": endpoint,
    "ml/online-endpoints-regenerate-keys-poll-404": regenerate_poll,
    "ml/online-endpoints-regenerate-keys-swagger": endpoint,
    "ml/online-endpoints-token": token_endpoint,
    "ml/workspaces-delete-poll-inprogress": update_poll,
    "ml/workspaces-diagnose-202": plain,
    "ml/workspaces-diagnose-202-with-body": plain,
    "ml/workspaces-diagnose-poll-200-result": diagnose_poll,
    "ml/workspaces-diagnose-poll-202": diagnose_poll,
    "ml/workspaces-get": plain,
    "ml/workspaces-get-404-arm-gateway": missing_workspace,
    "ml/workspaces-list-by-resource-group": group_list,
    "ml/workspaces-list-by-subscription": subscription_list,
    "ml/workspaces-list-keys": no_registry,
    "ml/workspaces-list-storage-account-keys": plain,
    "ml/workspaces-resync-keys-202": plain,
    "ml/workspaces-resync-keys-poll-async-succeeded": resync_poll,
    "ml/workspaces-resync-keys-poll-location-200": resync_poll,
    "ml/workspaces-update-patch-202": plain,
    "ml/workspaces-update-poll-inprogress": update_poll,
    "ml/workspaces-update-poll-succeeded": update_poll,
}

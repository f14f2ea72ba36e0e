"""What can be done to a workspace: the 13 operations of Microsoft's page, and the guarded actions, as permissions.

The 13 stand in "Enterprise security for Azure Machine Learning" of January 2020, where a table told which of them Owner,
Contributor and Reader may do; each is looked up here under the permission that it needs today.
"""

from __future__ import annotations

from typing import NamedTuple

_ML = "Microsoft.MachineLearningServices/workspaces"
_STORAGE = "Microsoft.Storage/storageAccounts"
_VAULT = "Microsoft.KeyVault/vaults"
_ASSIGN = "Microsoft.Authorization/roleAssignments"


class Need(NamedTuple):
    """One permission at one place: `workspace`, `group`, `subscription`, `encryption` or what the workspace names."""

    action: str
    at: str = "workspace"
    data: bool = False


class Operation(NamedTuple):
    """Something that needs all of some permissions; `action` names the guarded action that it is."""

    word: str
    label: str
    needs: tuple[Need, ...]
    note: str = ""
    action: str = ""


PAGE = (
    Operation("create-workspace", "create workspace", (Need(f"{_ML}/write", "group"),)),
    Operation("share-workspace", "share workspace", (Need(f"{_ASSIGN}/write"),)),
    Operation("upgrade-edition", "upgrade to the Enterprise edition", (), "there is one edition since September 2020"),
    Operation("create-compute", "create compute target", (Need(f"{_ML}/computes/write"),)),
    Operation(
        "attach-compute", "attach compute target", (Need(f"{_ML}/computes/write"),),
        "attaching AKS also needs rights on the cluster",
    ),
    Operation("attach-datastore", "attach data stores", (Need(f"{_ML}/datastores/write"),)),
    Operation("run-experiment", "run experiment", (Need(f"{_ML}/jobs/write"),), "experiments are run as jobs"),
    Operation("view-runs", "view runs and metrics", (Need(f"{_ML}/jobs/read"),)),
    Operation("register-model", "register model", (Need(f"{_ML}/models/versions/write"),)),
    Operation(
        "create-image", "create image", (Need(f"{_ML}/environments/versions/write"),), "images are built from environments"
    ),
    Operation(
        "deploy", "deploy web service",
        (Need(f"{_ML}/onlineEndpoints/write"), Need(f"{_ML}/onlineEndpoints/deployments/write")),
        "web services are online endpoints",
    ),
    Operation("view-models", "view models and images", (Need(f"{_ML}/models/versions/read"),)),
    Operation(
        "call-service", "call web service", (Need(f"{_ML}/onlineEndpoints/score/action"),),
        "with Entra tokens; an endpoint with keys takes anybody who has one",
    ),
)  # fmt: skip
_RESYNC = Need(f"{_ML}/resynckeys/action")
OURS = (
    Operation(
        "storage-keys", "rotate storage keys, then resync",
        (
            Need(f"{_STORAGE}/listkeys/action", "storageAccount"), Need(f"{_STORAGE}/regeneratekey/action", "storageAccount"),
            _RESYNC, Need(f"{_ML}/datastores/listsecrets/action"), Need(f"{_ML}/datastores/write"),
        ),
        action="storage-keys",
    ),
    Operation(
        "identity-access", "restore managed identity access", (_RESYNC, Need(f"{_ASSIGN}/write", "group")),
        "a vault with access policies also needs vaults/accessPolicies/write", "identity-access",
    ),
    Operation(
        "endpoint-keys", "rotate endpoint keys",
        (Need(f"{_ML}/onlineEndpoints/listKeys/action"), Need(f"{_ML}/onlineEndpoints/regenerateKeys/action")),
        action="endpoint-keys",
    ),
    Operation(
        "cmk-versions", "move to a new key version",
        (Need(f"{_ML}/write"), Need(f"{_VAULT}/keys/read", "encryption", data=True)), action="cmk-versions",
    ),
    Operation("support-apps", "review and remove support apps", (Need(f"{_ASSIGN}/delete", "subscription"),),
              action="support-apps"),
)  # fmt: skip

"""A rehearsal cloud of two subscriptions, small enough to reason about in a test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.faults import Fault
from azsim.wire import Request, Response

TENANT = "11111111-1111-1111-1111-111111111111"
ADA = "22222222-2222-2222-2222-222222222222"
SUB = "00000000-0000-0000-0000-000000000001"
OTHER_SUB = "00000000-0000-0000-0000-000000000002"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg-fraud"
ACCOUNT = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/stfraud"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/fraud"
DATASTORE = f"{WORKSPACE}/datastores/training"
SAS_DATASTORE = f"{WORKSPACE}/datastores/partner"
SYSTEM_DATASTORE = f"{WORKSPACE}/datastores/workspaceblobstore"
OTHER_ACCOUNT = f"/subscriptions/{OTHER_SUB}/resourceGroups/rg-lab/providers/Microsoft.Storage/storageAccounts/stlab"
START = datetime(2026, 11, 2, 14, 0, tzinfo=UTC)

OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"
CONTRIBUTOR = "b24988ac-6180-42a0-ab88-20f7382dd24c"
READER = "acdd72a7-3385-48ef-bd42-f606fba81ae7"
DATA_SCIENTIST = "f6c7c914-8db3-469d-8ca1-694a8f32e121"
KEY_OPERATOR = "81a9662b-bebf-436f-a333-f67b29880f12"

ARM = "https://management.azure.com"


def assignment(role: str, scope: str, principal: str = ADA, kind: str = "User") -> dict[str, Any]:
    """A role assignment as `az role assignment list` prints it."""
    definition = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return {"scope": scope, "roleDefinitionId": definition, "principalId": principal, "principalType": kind}


def datastore(resource_id: str, kind: str = "AccountKey", holds: str = "key1") -> dict[str, Any]:
    """A blob datastore on the account."""
    properties = {
        "datastoreType": "AzureBlob",
        "accountName": "stfraud",
        "containerName": "data",
        "credentials": {"credentialsType": kind},
    }
    return {"id": resource_id, "properties": properties, "azsim": {"holds": holds}}


def estate(*roles: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The estate document; Ada is Owner of both subscriptions unless `roles` are given."""
    default = [assignment(OWNER, f"/subscriptions/{SUB}"), assignment(OWNER, f"/subscriptions/{OTHER_SUB}")]
    return {
        "tenant": {"tenantId": TENANT},
        "signedIn": {"objectId": ADA, "userPrincipalName": "ada@contoso.example", "displayName": "Ada"},
        "subscriptions": [
            {"subscriptionId": SUB, "displayName": "production"},
            {"subscriptionId": OTHER_SUB, "displayName": "lab"},
        ],
        "resources": [
            {
                "id": ACCOUNT,
                "location": "westeurope",
                "kind": "StorageV2",
                "sku": {"name": "Standard_LRS", "tier": "Standard"},
                "tags": {"team": "fraud"},
                "properties": {
                    "keyCreationTime": {"key1": "2025-01-01T00:00:00.0000000Z", "key2": "2025-02-01T00:00:00.0000000Z"}
                },
            },
            {"id": OTHER_ACCOUNT, "location": "eastus", "properties": {}},
            {"id": WORKSPACE, "location": "westeurope", "properties": {"storageAccount": ACCOUNT}},
            datastore(SYSTEM_DATASTORE),
            datastore(DATASTORE),
            datastore(SAS_DATASTORE, "Sas"),
        ],
        "roleAssignments": list(roles) or default,
        **changes,
    }


class Small:
    """The cloud and short words to talk to it."""

    def __init__(self, *roles: dict[str, Any], faults: tuple[Fault, ...] = (), **changes: Any) -> None:
        self.clock = FixedClock(START, timedelta(milliseconds=10))
        self.cloud = Cloud(estate(*roles, **changes), clock=self.clock, faults=faults)
        self.token = self.cloud.issue_token()

    def ask(self, method: str, url: str, body: Any = None, **headers: str) -> Response:
        """A request with the user's token; `url` is a path of Resource Manager or a whole URL."""
        whole = url if url.startswith("https://") else f"{ARM}{url}"
        given = {"Authorization": f"Bearer {self.token}", **headers}
        content = msgspec.json.encode(body) if body is not None else b""
        return self.cloud.handle(Request(method, whole, given, content))

    def get(self, path: str, version: str = "2023-05-01", query: str = "") -> Response:
        """GET a Resource Manager path."""
        return self.ask("GET", f"{path}?api-version={version}{query}")

    def post(self, path: str, body: Any = None, version: str = "2023-05-01", query: str = "") -> Response:
        """POST to a Resource Manager path."""
        return self.ask("POST", f"{path}?api-version={version}{query}", body)

    def keys(self, account: str = ACCOUNT) -> dict[str, str]:
        """The live keys by slot."""
        return {key["keyName"]: key["value"] for key in self.post(f"{account}/listKeys").json()["keys"]}

    def regenerate(self, slot: str, account: str = ACCOUNT) -> Response:
        """Replace a key."""
        return self.post(f"{account}/regenerateKey", {"keyName": slot})


def code_of(response: Response) -> tuple[int, str]:
    """Status and error code; no code when the answer is no error."""
    body = response.json()
    return response.status, body["error"]["code"] if body and "error" in body else ""

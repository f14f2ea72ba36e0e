"""Microsoft's azure-ai-ml, unchanged, as a witness of the Machine Learning part of the rehearsal cloud."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.witness.conftest import Served

pytestmark = [pytest.mark.keeps_secrets("azure-ai-ml prints nothing, its process may cache"), pytest.mark.matrix]
PROGRAM = """
import json, sys
from azure.ai.ml import MLClient
from azure.identity import ClientSecretCredential

card = json.loads(sys.argv[1])
host = card["url"]
credential = ClientSecretCredential(
    card["tenant"], card["client"], card["secret"], authority=host, disable_instance_discovery=True
)
metadata = {
    "azure_portal": "https://portal.azure.com", "resource_manager": host, "active_directory": host,
    "aml_resource_id": "https://ml.azure.com", "storage_endpoint": "core.windows.net",
    "registry_discovery_endpoint": host,
}


def client(group=None, name=None):
    return MLClient(credential, card["subscription"], group, name, cloud="sim", cloud_metadata=metadata)


def secret_free(keys):
    return sorted(name for name, value in vars(keys).items() if value)


every = [item.name for item in client().workspaces.list(scope="subscription")]
ml = client(card["group"], card["workspace"])
read = ml.workspaces.get(card["workspace"])
before = ml.workspaces.get_keys(card["workspace"])
ml.workspaces.begin_sync_keys(card["workspace"]).result()
endpoints = list(ml.online_endpoints.list())
keyed = next(item for item in endpoints if (item.auth_mode or "").lower() == "key")
endpoint_keys = ml.online_endpoints.get_keys(keyed.name)
ml.online_endpoints.begin_regenerate_keys(keyed.name, key_type="secondary")
stores = [item.name for item in ml.datastores.list()]
print(json.dumps({
    "workspaces": every, "storage": read.storage_account, "keys": secret_free(before), "endpoints": len(endpoints),
    "endpoint_keys": secret_free(endpoint_keys), "datastores": stores,
}))
"""


@pytest.fixture(scope="session")
def answers(ml_python: Path, served: Served, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All calls in one process: the import alone costs over a second."""
    from azsim.estates.company import PROD

    home = tmp_path_factory.mktemp("ml")
    card = {
        "url": served.url, "tenant": served.tenant, "client": served.client, "secret": served.secret,
        "subscription": PROD, "group": "rg-fraud", "workspace": "fraud-scoring",
    }  # fmt: skip
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "REQUESTS_CA_BUNDLE": served.ca}
    command = [str(ml_python), "-W", "ignore", "-c", PROGRAM, json.dumps(card)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=240, check=False)
    last = done.stderr.strip().splitlines()[-1:] if done.returncode else []
    assert done.returncode == 0, last
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def test_workspaces(answers: dict[str, Any]) -> None:
    """Workspaces are listed over the subscription, read, their keys read and resynchronised."""
    assert "fraud-scoring" in answers["workspaces"]
    assert answers["storage"].casefold().endswith("/stfraud01")
    assert answers["keys"]


def test_endpoints(answers: dict[str, Any]) -> None:
    """Endpoints are listed, their keys read and one regenerated."""
    assert answers["endpoints"] >= 1
    assert len(answers["endpoint_keys"]) >= 2


def test_datastores(answers: dict[str, Any]) -> None:
    """The built-in datastores and the user's are listed."""
    assert {"workspaceblobstore", "workspacefilestore"} <= set(answers["datastores"])

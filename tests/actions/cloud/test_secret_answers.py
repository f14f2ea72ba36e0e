"""Answers that list secrets: one that is not what Azure documents fails without a trace of what it held."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import pytest

from actions.cloud.azure import AzureCloud
from actions.cloud.data import CloudError, ResourceId
from actions.cloud.places import PUBLIC
from actions.guard.gate import secret_reads
from tests.actions.cloud.fake_azure import TENANT, FakeAzure, token_answer

HELD = "held-by-the-answer"
GROUP = "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg/providers"
WORKSPACE = f"{GROUP}/Microsoft.MachineLearningServices/workspaces/w"
ASKED = {
    "storage_keys": f"{GROUP}/Microsoft.Storage/storageAccounts/stx",
    "workspace_keys": WORKSPACE,
    "datastore_secret": f"{WORKSPACE}/datastores/d",
    "endpoint_keys": f"{WORKSPACE}/onlineEndpoints/e",
}
ODD: list[Any] = [
    {
        "keys": [{"keyName": "key1", "value": HELD, "creationTime": "yesterday"}], "userStorageKey": [HELD],
        "key": {"value": HELD}, "primaryKey": {"value": HELD},
    },
    f'{{"key": "{HELD}", '.encode(),
]  # fmt: skip


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAzure:
    """Azure at the end of the line, and a service principal in the environment."""
    for name, value in {"TENANT_ID": TENANT, "CLIENT_ID": "app", "CLIENT_SECRET": "hush"}.items():
        monkeypatch.setenv(f"AZURE_{name}", value)
    fake = FakeAzure()
    monkeypatch.setattr("actions.cloud.network.Network", lambda _: fake)
    fake.on(PUBLIC.login, "/oauth2/v2.0/token", token_answer(appid="app"))
    return fake


def kept_by(error: BaseException) -> str:
    """All that an exception keeps: its texts, those of the exceptions behind it, and what its frames know."""
    told: list[object] = [str(error), error.args, error.__cause__, error.__context__]
    trace = error.__traceback__
    while trace is not None:
        if "/actions/" in trace.tb_frame.f_code.co_filename and "/tests/" not in trace.tb_frame.f_code.co_filename:
            told += [trace.tb_frame.f_locals, *gc.get_referents(*trace.tb_frame.f_locals.values())]
        trace = trace.tb_next
    return repr(told)


@pytest.mark.parametrize("odd", ODD, ids=["wrong-types", "no-json"])
@pytest.mark.parametrize("call", ASKED)
async def test_an_odd_answer_is_not_kept_by_its_failure(fake: FakeAzure, call: str, odd: Any) -> None:
    for action in ("listKeys", "listSecrets"):
        fake.on(PUBLIC.arm, f"/{action}", (200, {"Content-Type": "application/json"}, odd))
    cloud = AzureCloud.real(PUBLIC)
    with pytest.raises(CloudError) as failed, secret_reads(announced="a test"):
        await getattr(cloud, call)(ResourceId(ASKED[call]))
    assert type(failed.value) is CloudError
    assert HELD not in kept_by(failed.value)
    await cloud.close()

"""Lists whose pages lead in a circle end with an error, not never."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest

from actions.cloud.azure import AzureCloud
from actions.cloud.data import CloudError
from actions.cloud.places import PUBLIC
from tests.actions.cloud.fake_azure import TENANT, FakeAzure, token_answer

GROUPS = "/subscriptions/s/resourceGroups"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeAzure:
    """Azure at the end of the line, whose lists name each page as the one behind it."""
    for name, value in {"TENANT_ID": TENANT, "CLIENT_ID": "app", "CLIENT_SECRET": "hush"}.items():
        monkeypatch.setenv(f"AZURE_{name}", value)
    fake = FakeAzure()
    monkeypatch.setattr("actions.cloud.network.Network", lambda _: fake)
    fake.on(PUBLIC.login, "/oauth2/v2.0/token", token_answer(appid="app"))
    graph = f"https://{PUBLIC.graph}/v1.0/servicePrincipals?page=2"
    fake.on(PUBLIC.arm, GROUPS, (200, {}, {"value": [{}], "nextLink": f"https://{PUBLIC.arm}{GROUPS}?page=2"}))
    fake.on(PUBLIC.arm, "/resources", (200, {}, {"data": [{}], "$skipToken": "again"}))
    fake.on(PUBLIC.graph, "/servicePrincipals", (200, {}, {"value": [{}], "@odata.nextLink": graph}))
    return fake


async def listed(cloud: AzureCloud) -> Any:
    return [page async for page in cloud.list(GROUPS, "2021-04-01")]


async def asked(cloud: AzureCloud) -> Any:
    return [page async for page in cloud.query("resources | project id")]


async def named(cloud: AzureCloud) -> Any:
    return await cloud.service_principals("aml")


@pytest.mark.parametrize("read", [listed, asked, named])
async def test_a_page_that_was_there_already_ends_the_list(
    fake: FakeAzure, read: Callable[[AzureCloud], Coroutine[Any, Any, Any]]
) -> None:
    cloud = AzureCloud.real(PUBLIC)
    with pytest.raises(CloudError):
        await read(cloud)
    assert len([each for each in fake.asked if each.host != PUBLIC.login]) == 2
    await cloud.close()

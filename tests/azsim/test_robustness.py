"""No request, however odd, makes a handler crash: it is answered, or its connection is dropped."""

from __future__ import annotations

import contextlib
import re

import pytest

from azsim.router import Route
from azsim.services import TABLES
from azsim.wire import ConnectionDropped, Request
from tests.support.small_cloud import ACCOUNT, GROUP, SUB, WORKSPACE, Small

HOSTS = {
    "arm": "management.azure.com",
    "login": "login.microsoftonline.com",
    "graph": "graph.microsoft.com",
    "vault": "kv.vault.azure.net",
    "blob": "stfraud.blob.core.windows.net",
    "file": "stfraud.file.core.windows.net",
    "scoring": "endpoint.westeurope.inference.ml.azure.com",
    "registry": "crfraud.azurecr.io",
}
AUDIENCES = {"graph": "https://graph.microsoft.com", "vault": "https://vault.azure.net"}
BODIES = (
    b"",
    b"{}",
    b"[]",
    b"null",
    b"{",
    b'{"properties":[]}',
    b'{"properties":{"credentials":7,"permissions":"x","encryption":[],"roleDefinitionId":1,"principalId":{}}}',
    b'{"keyName":{},"keyType":[],"ids":3,"value":"x","query":7,"subscriptions":"x","tags":[]}',
)
ROUTES = [route for table in TABLES for route in table.table]


def path_of(route: Route) -> str:
    """The template with the names of things that exist, where there are any."""
    filled = "/" + route.template.lstrip("/").replace("{scope}", ACCOUNT.lstrip("/"))
    for template, real in (("/resourceGroups/{", GROUP), ("storageAccounts/{", ACCOUNT), ("workspaces/{", WORKSPACE)):
        filled = re.sub(re.escape(template) + r"\w+\}", f"{template[:-1]}{real.rpartition('/')[2]}", filled)
    filled = re.sub(r"/subscriptions/\{\w+\}", f"/subscriptions/{SUB}", filled)
    return re.sub(r"\{\w+\}", "thing", filled)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.host}{route.template}")
def test_odd_bodies_are_answered(route: Route) -> None:
    """Wrong types, missing members and broken JSON are refusals of the service, not errors of the simulation."""
    small = Small()
    token = small.cloud.issue_token(AUDIENCES.get(route.host, "https://management.azure.com"))
    for version in ("2024-04-01", "2021-05-01-preview", "7.4"):
        for body in BODIES:
            url = f"https://{HOSTS[route.host]}{path_of(route)}?api-version={version}"
            request = Request(route.method, url, {"Authorization": f"Bearer {token}"}, body)
            with contextlib.suppress(ConnectionDropped):
                assert small.cloud.handle(request).status < 599
    assert small.cloud.ledger.entries[-1].kind == route.kind

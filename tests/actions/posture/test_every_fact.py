"""What holds of every fact of every kind of workspace, whatever it says: a source, an age, a remedy, a way that exists."""

from __future__ import annotations

import pytest

from actions.cloud.data import ResourceId
from actions.posture.page import SECTIONS, Page, read_page
from actions.registry import entry
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from azsim.faults import Fault
from tests.actions.posture.test_page import compute, endpoint, estate, service
from tests.support.rehearsed import rehearsed
from tests.support.small_cloud import WORKSPACE
from tui.runbook import Shelf

NAMES = (
    "fraud-scoring",
    "recsys",
    "search-rank",
    "pricing",
    "hub-test",
    "identity-pilot",
    "vault-roles-test",
    "Vision-Lab",
)
ROUTES = (
    "/providers/Microsoft.Authorization/",
    "/vaults/",
    "graph.microsoft.com",
    "/workspaces/[^/]+/.",
)


async def page_of(name: str, *faults: Fault) -> Page:
    sim = Cloud(demo(), faults=faults)
    found = next(item["id"] for item in sim.estate.resources if item["id"].endswith(f"/workspaces/{name}"))
    return await read_page(rehearsed(sim), ResourceId(found))


def insist(page: Page) -> None:
    shelf = Shelf("")
    assert {fact.section for fact in page.facts} == {section.name for section in SECTIONS}
    for fact in page.facts:
        assert fact.source, fact
        assert fact.as_of, fact
        assert fact.value, fact
        if fact.grade in {"warn", "high", "critical", "unknown"}:
            assert fact.remedy, fact
        if fact.grade in {"good", "absent"}:
            assert not fact.remedy, fact
        kind, _, where = fact.leads_to.partition(":")
        assert kind in {"", "action", "runbook"}, fact
        if kind == "action":
            entry(where)
        if kind == "runbook":
            assert shelf.path(where) is not None, fact


@pytest.mark.parametrize("name", NAMES)
async def test_as_it_is(name: str) -> None:
    insist(await page_of(name))


async def test_where_azure_tells_next_to_nothing() -> None:
    insist(await read_page(rehearsed(Cloud(estate(endpoint(), service(), compute()))), ResourceId(WORKSPACE)))


@pytest.mark.parametrize("route", ROUTES)
async def test_where_something_is_refused(route: str) -> None:
    refusal = Fault(kind="status", route=route, status=403, code="AuthorizationFailed")
    page = await page_of("fraud-scoring", refusal)
    insist(page)
    assert page.count()["unknown"] > 1

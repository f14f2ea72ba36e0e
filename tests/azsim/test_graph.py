"""Microsoft Graph's small part: filters, pages, names behind ids, budgets, refusals."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.wire import Request, Response

GRAPH = "https://graph.microsoft.com/v1.0"
ADA = "22222222-2222-2222-2222-222222222222"


def cloud(count: int = 3, *, groups: Any = (), users: Any = (), **behaviour: Any) -> Cloud:
    """A directory with `count` numbered support apps and one other application."""
    apps = [f"aml-{number:04d}" for number in range(count)] + ["Other's app"]
    principals = [
        {
            "id": f"{number:08d}-0000-0000-0000-000000000000",
            "appId": f"{number:08d}-1111-0000-0000-000000000000",
            "displayName": name,
        }
        for number, name in enumerate(apps, start=1)
    ]
    estate = {
        "tenant": {"tenantId": "11111111-1111-1111-1111-111111111111"},
        "signedIn": {"objectId": ADA, "userPrincipalName": "ada@contoso.example", "displayName": "Ada"},
        "subscriptions": [],
        "resources": [],
        "servicePrincipals": principals,
        "behaviour": behaviour,
        "groups": list(groups),
        "users": list(users),
    }
    return Cloud(estate, clock=FixedClock(datetime(2026, 11, 2, tzinfo=UTC), timedelta(milliseconds=1)))


def ask(sim: Cloud, url: str, body: dict[str, Any] | None = None, **headers: str) -> Response:
    """GET, or POST where there is a body."""
    given = {"Authorization": f"Bearer {sim.issue_token('https://graph.microsoft.com')}", **headers}
    content = msgspec.json.encode(body) if body is not None else b""
    return sim.handle(Request("POST" if body is not None else "GET", url, given, content))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("startswith(displayName,'aml-')", 3),
        ("startswith(displayName,'AML-') or startswith(displayName,'Other')", 4),
        ("displayName eq 'Other''s app'", 1),
        ("appId eq '00000001-1111-0000-0000-000000000000'", 1),
        ("servicePrincipalNames/any(c:c eq '00000002-1111-0000-0000-000000000000')", 1),
    ],
)
def test_filters(text: str, found: int) -> None:
    """The filters that Azure's own tools send are understood."""
    assert len(ask(cloud(), f"{GRAPH}/servicePrincipals?$filter={text}").json()["value"]) == found


def test_other_filters_are_refused() -> None:
    """An unsupported filter is a 400, never an empty list; ordering needs the eventual consistency header."""
    sim = cloud()
    assert ask(sim, f"{GRAPH}/servicePrincipals?$filter=not(startswith(displayName,'a'))").status == 400
    url = f"{GRAPH}/servicePrincipals?$filter=startswith(displayName,'aml-')&$orderby=displayName"
    assert ask(sim, url).json()["error"]["code"] == "Request_UnsupportedQuery"
    assert ask(sim, url, ConsistencyLevel="eventual").status == 200


def test_pages_follow_the_link() -> None:
    """A hundred a page; the link keeps the query and leads to the rest."""
    sim = cloud(150)
    first = ask(sim, f"{GRAPH}/servicePrincipals?$filter=startswith(displayName,'aml-')&$select=id,displayName").json()
    second = ask(sim, first["@odata.nextLink"]).json()
    assert (len(first["value"]), len(second["value"])) == (100, 50)
    assert set(second["value"][0]) == {"id", "displayName"}
    assert "@odata.nextLink" not in second


def test_ids_of_nobody_are_absent() -> None:
    """getByIds answers what exists, each with its type."""
    body = {
        "ids": [ADA, "00000001-0000-0000-0000-000000000000", "ffffffff-0000-0000-0000-000000000000"],
        "types": [],
    }
    found = ask(cloud(), f"{GRAPH}/directoryObjects/getByIds", body).json()["value"]
    assert [item["@odata.type"].rpartition(".")[2] for item in found] == ["user", "servicePrincipal"]


def test_budget_of_resource_units() -> None:
    """With throttling on, a burst ends in 429 with the seconds to wait."""
    sim = cloud(0, throttling=True)
    answers = [ask(sim, f"{GRAPH}/directoryObjects/getByIds", {"ids": [], "types": []}) for _ in range(1200)]
    refused = next(answer for answer in answers if answer.status == 429)
    assert int(refused.header("Retry-After") or 0) >= 1


def test_no_permission() -> None:
    """Without the permission every read is Authorization_RequestDenied."""
    answer = ask(cloud(graphReads=False), f"{GRAPH}/servicePrincipals")
    assert (answer.status, answer.json()["error"]["code"]) == (403, "Authorization_RequestDenied")


def test_sign_in_report_is_off_by_default() -> None:
    """The beta report answers only where the estate says so."""
    url = "https://graph.microsoft.com/beta/reports/servicePrincipalSignInActivities"
    assert ask(cloud(), url).status == 403
    assert ask(cloud(graphSignInReports=True), url).json()["value"] == []


def test_members_of_a_group_are_those_of_its_groups_too() -> None:
    """A flat list by `$select`, paged; another object has no members, and the permission is one of its own."""
    outer, inner, bob = (f"{digit * 8}-0000-0000-0000-000000000000" for digit in "789")
    groups = [
        {"id": outer, "displayName": "outer", "members": [inner]},
        {"id": inner, "displayName": "inner", "members": [ADA, bob]},
    ]
    people = [{"id": bob, "userPrincipalName": "bob@contoso.example", "displayName": "Bob"}]

    def asked(of: str, query: str = "", **behaviour: Any) -> Response:
        found = cloud(groups=groups, users=people, **behaviour)
        return ask(found, f"{GRAPH}/groups/{of}/transitiveMembers{query}")

    assert {item["id"] for item in asked(outer).json()["value"]} == {inner, ADA, bob}
    first = asked(outer, "?$select=id&$top=2").json()
    assert len(first["value"]) == 2
    assert set(first["value"][0]) == {"id", "@odata.type"}
    assert "$skiptoken=2" in first["@odata.nextLink"]
    assert asked(ADA).status == 404
    refused = asked(outer, graphGroupMembers=False)
    assert (refused.status, refused.json()["error"]["code"]) == (403, "Authorization_RequestDenied")

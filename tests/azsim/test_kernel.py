"""The way of a request: routes, versions, tokens, headers, and what is refused on the way."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from azsim.cloud import Cloud
from azsim.router import ANY, Context, Router, Routes, scope_of, since
from azsim.wire import ConnectionDropped, Request, Response, json_response
from tests.support.small_cloud import ACCOUNT, ARM, GROUP, OTHER_SUB, START, SUB, TENANT, Small, code_of, estate


def _say(text: str) -> Any:
    return lambda _ctx: json_response(200, text)


def _table() -> Router:
    route = Routes("test")
    route("GET", "/subscriptions/{subscription}")(_say("one"))
    route("GET", "/subscriptions/mine")(_say("mine"))
    route("GET", "/subscriptions/{subscription}/things/{thing}")(_say("thing"))
    route("POST", "/{scope}/providers/Example.Locks/locks/{name}")(_say("lock"))
    return Router([route])


@pytest.mark.parametrize(
    ("method", "path", "params"),
    [
        ("GET", "/SUBSCRIPTIONS/Abc", {"subscription": "Abc"}),
        ("GET", "/subscriptions/mine", {}),
        ("GET", "/subscriptions/mine/things/t", {"subscription": "mine", "thing": "t"}),
        ("POST", "/providers/example.locks/locks/a", {"name": "a", "scope": ""}),
        (
            "POST",
            "/subscriptions/x/providers/P/q/z/providers/Example.Locks/locks/a",
            {"name": "a", "scope": "/subscriptions/x/providers/P/q/z"},
        ),
    ],
)
def test_routes_match_without_case_and_literals_win(method: str, path: str, params: dict[str, str]) -> None:
    """A literal segment wins over a name, a name is kept in the caller's casing, and a scope may be anything."""
    found = _table().match("arm", method, Request(method, f"{ARM}{path}").segments)
    assert found is not None
    assert found[1] == params


@pytest.mark.parametrize("path", ["/subscriptions", "/subscriptions/a/b", "/providers/Example.Locks/locks"])
def test_other_paths_match_nothing(path: str) -> None:
    """There is no fallback route."""
    assert _table().match("arm", "GET", Request("GET", f"{ARM}{path}").segments) is None


def test_a_route_is_registered_once() -> None:
    """Two functions for one request would make the order of imports decide."""
    route = Routes("test")
    route("GET", "/a/{x}")(_say("a"))
    route("GET", "/a/{y}")(_say("b"))
    with pytest.raises(ValueError, match="two routes"):
        Router([route])


@pytest.mark.parametrize(
    ("path", "scope"),
    [
        (f"{ACCOUNT}/listKeys", ACCOUNT),
        (f"{GROUP}/providers/Microsoft.Storage/storageAccounts", GROUP),
        (f"/subscriptions/{SUB}/resources", f"/subscriptions/{SUB}"),
        (f"{ACCOUNT}/providers/Microsoft.Authorization/permissions", ACCOUNT),
        ("/tenants", ""),
    ],
)
def test_scope_is_the_innermost_resource(path: str, scope: str) -> None:
    """Access and locks are judged where the path's last resource is."""
    assert scope_of(Request("GET", f"{ARM}{path}").segments) == scope


def test_unknown_routes_fail_loudly() -> None:
    """An unknown route is 501 with the route in the text, and the ledger says unknown."""
    small = Small()
    answer = small.get(f"/subscriptions/{SUB}/unheardOf")
    assert code_of(answer) == (501, "NotSimulated")
    assert f"GET management.azure.com/subscriptions/{SUB}/unheardOf" in answer.json()["error"]["message"]
    assert small.cloud.ledger.entries[-1].kind == "unknown"


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("", "MissingApiVersionParameter"),
        ("?api-version=", "MissingApiVersionParameter"),
        ("?api-version=newest", "InvalidApiVersionParameter"),
        ("?api-version=2016-01-01", "NoRegisteredProviderFound"),
    ],
)
def test_api_version_is_checked(query: str, code: str) -> None:
    """Missing, malformed and too old versions are three different refusals."""
    assert code_of(Small().ask("GET", f"{ACCOUNT}{query}")) == (400, code)


def test_version_rules() -> None:
    """`since` compares dates; previews count by their date."""
    assert ANY("2024-10-01-preview")
    assert not ANY("2024-10-01-final")
    assert since("2021-02-01")("2021-02-01-preview")
    assert not since("2021-02-01")("2021-01-31")


def test_missing_things_are_told_apart() -> None:
    """Subscription, group and resource each have their own 404."""
    small = Small()
    nowhere = "/subscriptions/99999999-0000-0000-0000-000000000000/resourceGroups"
    assert code_of(small.get(nowhere)) == (404, "SubscriptionNotFound")
    no_group = ACCOUNT.replace("rg-fraud", "rg-none")
    assert code_of(small.get(no_group)) == (404, "ResourceGroupNotFound")
    answer = small.get(f"{ACCOUNT}x")
    assert code_of(answer) == (404, "ResourceNotFound")
    assert answer.json()["error"]["message"] == (
        "The Resource 'Microsoft.Storage/storageAccounts/stfraudx' under resource group 'rg-fraud' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    assert answer.header("x-ms-failure-cause") == "gateway"


def test_tokens_are_asked_for_and_read() -> None:
    """No token, a foreign one, one for another audience and an old one are each refused in Azure's words."""
    small = Small()
    url = f"{ARM}{ACCOUNT}?api-version=2023-05-01"

    def with_token(token: str | None) -> tuple[int, str]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return code_of(small.cloud.handle(Request("GET", url, headers)))

    assert with_token(None) == (401, "AuthenticationFailed")
    assert with_token("a.b.c") == (401, "InvalidAuthenticationToken")
    head, payload, signature = small.token.split(".")
    assert with_token(f"{head}.{payload[:-2]}AA.{signature}") == (401, "InvalidAuthenticationToken")
    assert with_token(small.cloud.issue_token("https://graph.microsoft.com")) == (
        401,
        "InvalidAuthenticationTokenAudience",
    )
    small.clock.shift(timedelta(days=2))
    assert with_token(small.token) == (401, "ExpiredAuthenticationToken")
    assert with_token(small.cloud.issue_token()) == (200, "")


def test_the_challenge_names_the_tenant() -> None:
    """Clients learn the tenant from the 401 of a request without a token."""
    answer = Small().cloud.handle(Request("GET", f"{ARM}{ACCOUNT}?api-version=2023-05-01"))
    challenge = answer.header("WWW-Authenticate") or ""
    assert challenge.startswith(f'Bearer authorization_uri="https://login.windows.net/{TENANT}", error="invalid_token"')


def test_headers_of_an_answer() -> None:
    """Ids, budgets and the date are on every answer; Storage splits its request id, Resource Manager does not."""
    small = Small()
    storage = small.get(ACCOUNT)
    assert storage.header("Content-Type") == "application/json"
    assert storage.header("x-ms-request-id") != storage.header("x-ms-correlation-request-id")
    assert storage.header("Date") == "Mon, 02 Nov 2026 14:00:00 GMT"
    assert storage.header("x-ms-ratelimit-remaining-subscription-reads") == "249"
    assert storage.header("x-ms-ratelimit-remaining-subscription-global-reads") == "3749"
    arm = small.get(f"/subscriptions/{SUB}/resourceGroups")
    assert arm.header("x-ms-request-id") == arm.header("x-ms-correlation-request-id")
    assert (arm.header("x-ms-routing-request-id") or "").startswith("WESTEUROPE:20261102T140000Z:")
    assert arm.header("Content-Type") == "application/json; charset=utf-8"


def test_budgets_follow_the_clock_and_the_principal() -> None:
    """A budget sinks with requests and fills with time, for each subscription apart."""
    small = Small()
    name = "x-ms-ratelimit-remaining-subscription-reads"
    left = [small.get(ACCOUNT).header(name) for _ in range(30)]
    assert int(left[-1] or 0) < 235
    assert small.get(f"/subscriptions/{OTHER_SUB}/resourceGroups").header(name) == "249"
    small.clock.shift(timedelta(seconds=10))
    assert small.get(ACCOUNT).header(name) == "249"


def test_throttling_refuses_only_when_asked_to() -> None:
    """With `throttling` the 201st write in no time is a 429 that says how long to wait."""
    small = Small(behaviour={"throttling": True})
    answers = [small.post(f"{ACCOUNT}/listKeys") for _ in range(250)]
    refused = next(answer for answer in answers if answer.status == 429)
    assert code_of(refused) == (429, "SubscriptionRequestsThrottled")
    wait = int(refused.header("Retry-After") or 0)
    assert f"Please try again after '{wait}' seconds." in refused.json()["error"]["message"]
    small.clock.shift(timedelta(seconds=wait))
    assert small.post(f"{ACCOUNT}/listKeys").status == 200
    patient = Small()
    assert all(patient.post(f"{ACCOUNT}/listKeys").status == 200 for _ in range(250))


def test_bodies_must_be_json_objects() -> None:
    """A broken body is a 400, not a crash."""
    small = Small()
    headers = {"Authorization": f"Bearer {small.token}"}
    for body in (b"{", b"[1]", b"\xff"):
        request = Request("POST", f"{ARM}{ACCOUNT}/regenerateKey?api-version=2023-05-01", headers, body)
        assert code_of(small.cloud.handle(request)) == (400, "InvalidRequestContent")


def test_the_ledger_tells_what_happened() -> None:
    """Every request is there with its class, its caller and whether it changed anything."""
    small = Small()
    small.get(ACCOUNT)
    small.keys()
    small.regenerate("key2")
    small.post(f"{ACCOUNT}/regenerateKey", {"keyName": "key9"})
    told = [(entry.n, entry.kind, entry.status, entry.committed) for entry in small.cloud.ledger.entries]
    assert told == [
        (1, "read", 200, False),
        (2, "secret-read", 200, False),
        (3, "write", 200, True),
        (4, "write", 400, False),
    ]
    assert {entry.principal for entry in small.cloud.ledger.entries} == {"ada@contoso.example"}
    assert small.cloud.ledger.entries[0].api_version == "2023-05-01"
    assert [entry.n for entry in small.cloud.ledger.writes()] == [3, 4]


def test_one_seed_one_story() -> None:
    """The same requests on the same seed and clock give the same bytes; another seed gives other keys."""

    def story() -> list[tuple[int, dict[str, str], bytes]]:
        small = Small()
        asked = [small.get(ACCOUNT), small.post(f"{ACCOUNT}/listKeys"), small.regenerate("key1")]
        return [(answer.status, answer.headers, answer.body) for answer in asked]

    assert story() == story()
    assert Cloud(estate(), seed=8).world.keys.issued.isdisjoint(Cloud(estate(), seed=9).world.keys.issued)


def test_two_clouds_from_one_estate_do_not_share_state() -> None:
    """What one cloud changes, another built from the same document does not see."""
    document = estate()
    first, second = Small(), Small()
    first.cloud, second.cloud = Cloud(document), Cloud(document)
    first.token, second.token = first.cloud.issue_token(), second.cloud.issue_token()
    before = second.keys()
    first.regenerate("key1")
    first.ask("PATCH", f"{ACCOUNT}?api-version=2023-05-01", {"tags": {"a": "b"}})
    assert second.keys() == before
    assert second.get(ACCOUNT).json()["tags"] == {"team": "fraud"}


def test_requests_are_taken_apart_once() -> None:
    """Host, port, query and segments of a URL; doubled slashes vanish, percent signs are decoded in segments only."""
    request = Request("get", "https://LOCALHOST:8443//a%20b//c?$filter=x%20eq%20'y'&empty=", {"X-Y": "1"})
    assert (request.method, request.host, request.port) == ("GET", "localhost", "8443")
    assert request.origin == "https://localhost:8443"
    assert request.segments == ["a b", "c"]
    assert request.path == "//a%20b//c"
    assert request.query == {"$filter": "x eq 'y'", "empty": ""}
    assert request.headers == {"x-y": "1"}
    assert Request("GET", "https://a.b?x=1").query == {"x": "1"}


def test_unknown_account_has_no_address() -> None:
    """A storage account that does not exist does not resolve: the connection is lost, nothing is answered."""
    small = Small()
    with pytest.raises(ConnectionDropped):
        small.ask("GET", "https://stnowhere.blob.core.windows.net/?comp=list")
    assert small.cloud.ledger.entries[-1].status is None


def test_a_handler_sees_the_world_not_a_copy() -> None:
    """The clock of the context is the cloud's: a frozen test clock reaches every handler."""
    seen: list[Context] = []

    def look(ctx: Context) -> Response:
        seen.append(ctx)
        return Response(204)

    route = Routes("test")
    route("GET", "/subscriptions/{subscriptionId}/look")(look)
    small = Small()
    small.cloud._router = Router([route])
    assert small.get(f"/subscriptions/{SUB}/look").status == 204
    assert seen[0].clock.now() == START + timedelta(milliseconds=10)
    assert seen[0].params == {"subscriptionId": SUB}

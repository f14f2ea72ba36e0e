"""The blob and file endpoints: which keys open them, and in which words they refuse."""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import pytest

from azsim import sas
from azsim.clock import http_date
from azsim.services.blob import shared_key_headers, string_to_sign
from azsim.wire import Request, Response
from tests.support.small_cloud import ACCOUNT, SAS_DATASTORE, START, Small, assignment, estate

BLOB = "https://stfraud.blob.core.windows.net"
FILE = "https://stfraud.file.core.windows.net"
PROPERTIES = "/?restype=service&comp=properties"


def probe(small: Small, key: str, url: str = f"{BLOB}{PROPERTIES}", *, now: datetime | None = None) -> Response:
    """A request signed with `key`."""
    headers = shared_key_headers("GET", url, "stfraud", key, now or small.clock.now())
    return small.cloud.handle(Request("GET", url, headers))


def refusal(response: Response) -> tuple[int, str | None]:
    """Status and the code header."""
    return response.status, response.header("x-ms-error-code")


def test_the_string_to_sign_is_the_documented_one() -> None:
    """The example of the documentation, byte by byte."""
    request = Request("GET", f"{BLOB}{PROPERTIES}", {"x-ms-version": "2021-12-02", "x-ms-date": "D"})
    assert string_to_sign(request, "stfraud") == (
        "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:D\nx-ms-version:2021-12-02\n/stfraud/\ncomp:properties\nrestype:service"
    )


def test_a_signature_made_by_hand_opens_the_account() -> None:
    """Independent of the helper: HMAC-SHA256 over the text with the decoded key."""
    small = Small()
    date = http_date(small.clock.now())
    text = f"GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:{date}\nx-ms-version:2021-12-02\n/stfraud/\ncomp:list\nmaxresults:1"
    key = base64.b64decode(small.keys()["key2"])
    signature = base64.b64encode(hmac.new(key, text.encode(), hashlib.sha256).digest()).decode()
    headers = {"x-ms-date": date, "x-ms-version": "2021-12-02", "Authorization": f"SharedKey stfraud:{signature}"}
    answer = small.cloud.handle(Request("GET", f"{BLOB}/?comp=list&maxresults=1", headers))
    assert answer.status == 200
    assert answer.header("Content-Type") == "application/xml"
    assert b"<Container><Name>data</Name></Container>" in answer.body


@pytest.mark.parametrize("host", [BLOB, FILE])
@pytest.mark.parametrize("slot", ["key1", "key2"])
def test_both_keys_open_both_services(host: str, slot: str) -> None:
    """Each slot works on blob and file alike."""
    small = Small()
    assert probe(small, small.keys()[slot], f"{host}{PROPERTIES}").status == 200


def test_a_replaced_key_is_dead_and_the_new_one_lives() -> None:
    """403 AuthenticationFailed with the server's string to sign; the other slot does not notice."""
    small = Small()
    before = small.keys()
    small.regenerate("key1")
    dead = probe(small, before["key1"])
    assert refusal(dead) == (403, "AuthenticationFailed")
    text = dead.body.decode()
    assert "<Code>AuthenticationFailed</Code>" in text
    assert "is not the same as any computed signature. Server used following string to sign: 'GET" in text
    assert "RequestId:" in text
    assert probe(small, small.keys()["key1"]).status == 200
    assert probe(small, before["key2"]).status == 200


def test_a_key_of_another_account_does_not_open_this_one() -> None:
    """Nor does the right key under another account's name."""
    small = Small()
    other = small.keys(estate()["resources"][1]["id"])["key1"]
    assert refusal(probe(small, other)) == (403, "AuthenticationFailed")
    url = f"{BLOB}{PROPERTIES}"
    headers = shared_key_headers("GET", url, "stlab", small.keys()["key1"], small.clock.now())
    assert refusal(small.cloud.handle(Request("GET", url, headers))) == (403, "AuthenticationFailed")


@pytest.mark.parametrize("minutes", [-20, 20])
def test_a_wrong_clock_looks_like_a_wrong_key(minutes: int) -> None:
    """More than a quarter of an hour off: the same code, another detail; the Date header tells the server's time."""
    small = Small()
    answer = probe(small, small.keys()["key1"], now=small.clock.now() + timedelta(minutes=minutes))
    assert refusal(answer) == (403, "AuthenticationFailed")
    assert b"Request date header too" in answer.body
    assert answer.header("Date") == "Mon, 02 Nov 2026 14:00:00 GMT"


def test_a_header_changed_on_the_way_breaks_the_signature() -> None:
    """What is signed cannot be changed: a header, a query parameter, the method."""
    small = Small()
    url = f"{BLOB}{PROPERTIES}"
    headers = shared_key_headers("GET", url, "stfraud", small.keys()["key1"], small.clock.now())
    for request in (
        Request("GET", f"{url}&timeout=3", headers),
        Request("HEAD", url, headers),
        Request("GET", url, {**headers, "x-ms-version": "2020-02-10"}),
        Request("GET", url, {**headers, "Range": "bytes=0-1"}),
    ):
        assert refusal(small.cloud.handle(request)) == (403, "AuthenticationFailed")


def test_anonymous_requests_are_told_where_to_sign_in() -> None:
    """401 with a challenge, not 403."""
    answer = Small().cloud.handle(Request("GET", f"{BLOB}{PROPERTIES}"))
    assert refusal(answer) == (401, "NoAuthenticationInformation")
    assert (answer.header("WWW-Authenticate") or "").endswith("resource_id=https://storage.azure.com")


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        ({"allowSharedKeyAccess": False}, "KeyBasedAuthenticationNotPermitted"),
        ({"publicNetworkAccess": "Disabled"}, "AuthorizationFailure"),
        ({"networkAcls": {"defaultAction": "Deny"}}, "AuthorizationFailure"),
    ],
)
def test_settings_of_the_account_refuse_live_keys(properties: dict[str, Any], code: str) -> None:
    """Keys switched off and networks closed are not the same as a dead key."""
    small = Small()
    key = small.keys()["key1"]
    assert probe(small, key).status == 200
    small.ask("PATCH", f"{ACCOUNT}?api-version=2023-05-01", {"properties": properties})
    assert refusal(probe(small, key)) == (403, code)


@pytest.mark.parametrize("code", ["KeyBasedAuthenticationNotPermitted", "AuthorizationFailure"])
def test_behaviour_refuses_live_and_dead_keys_alike(code: str) -> None:
    """An estate can ask for these answers without saying why."""
    small = Small(behaviour={"sharedKeyAnswer": code})
    assert refusal(probe(small, small.keys()["key1"])) == (403, code)


def test_propagation_keeps_the_old_key_alive_for_a_while() -> None:
    """With a delay, the data plane lags behind the management plane."""
    small = Small(behaviour={"keyPropagationSeconds": 60})
    old = small.keys()["key1"]
    small.regenerate("key1")
    new = small.keys()["key1"]
    assert (probe(small, old).status, probe(small, new).status) == (200, 403)
    small.clock.shift(timedelta(minutes=1))
    assert (probe(small, old).status, probe(small, new).status) == (403, 200)


def test_the_datastores_sas_is_signed_and_checked() -> None:
    """The estate's SAS datastore opens its own container until its key is replaced."""
    small = Small()
    holder = small.cloud.world.keys.holder(SAS_DATASTORE)
    assert holder is not None
    assert small.cloud.world.keys.slot_held(holder) == "key1"

    def list_container(name: str, token: str) -> tuple[int, str | None]:
        url = f"{BLOB}/{name}?restype=container&comp=list&{token}"
        return refusal(small.cloud.handle(Request("GET", url)))

    assert list_container("data", holder.secret) == (200, None)
    assert list_container("other", holder.secret) == (403, "AuthenticationFailed")
    assert list_container("data", holder.secret.replace("sp=rl", "sp=rwdl")) == (403, "AuthenticationFailed")
    small.regenerate("key2")
    assert list_container("data", holder.secret) == (200, None)
    small.regenerate("key1")
    assert list_container("data", holder.secret) == (403, "AuthenticationFailed")


def test_a_sas_ends() -> None:
    """Past its own end time it is refused, although its key lives."""
    small = Small()
    end = (START + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    token = sas.container_token(small.keys()["key1"], "stfraud", "blob", "data", end)
    url = f"{BLOB}/data?restype=container&comp=list&{token}"
    assert small.cloud.handle(Request("GET", url)).status == 200
    small.clock.shift(timedelta(hours=1))
    assert refusal(small.cloud.handle(Request("GET", url))) == (403, "AuthenticationFailed")


def test_an_account_sas_is_understood() -> None:
    """The other format: account name first, services and resource types named."""
    small = Small()
    key = small.keys()["key2"]
    values = {"sv": "2022-11-02", "ss": "b", "srt": "sco", "sp": "rl", "se": "2030-01-01T00:00:00Z"}
    text = "stfraud\nrl\nb\nsco\n\n2030-01-01T00:00:00Z\n\n\n2022-11-02\n\n"
    signature = base64.b64encode(hmac.new(base64.b64decode(key), text.encode(), hashlib.sha256).digest()).decode()
    token = "&".join(f"{name}={quote(value, safe='')}" for name, value in {**values, "sig": signature}.items())
    assert sas.signer(token, "stfraud", "blob", "data", small.keys().values()) == key
    assert small.cloud.handle(Request("GET", f"{BLOB}/?comp=list&{token}")).status == 200


def test_a_user_delegation_sas_is_signed_by_no_key() -> None:
    """Its signature cannot be traced to a slot, so a key rotation does not touch it."""
    token = "sv=2022-11-02&sr=c&sp=r&skoid=1&sktid=2&sig=abc"
    assert sas.signer(token, "stfraud", "blob", "data", ["a2V5"]) is None


def test_entra_tokens_need_a_data_role() -> None:
    """Owner alone cannot read blobs; Storage Blob Data Reader can."""
    owner = Small()
    token = owner.cloud.issue_token("https://storage.azure.com")
    url = f"{BLOB}/?comp=list"
    headers = {"Authorization": f"Bearer {token}"}
    assert refusal(owner.cloud.handle(Request("GET", url, headers))) == (403, "AuthorizationPermissionMismatch")
    reader = Small(assignment("2a2b9908-6ea1-4ae2-8e65-a410df84e7d1", ACCOUNT))
    headers = {"Authorization": f"Bearer {reader.cloud.issue_token('https://storage.azure.com')}"}
    assert reader.cloud.handle(Request("GET", url, headers)).status == 200
    wrong = {"Authorization": f"Bearer {reader.token}"}
    assert refusal(reader.cloud.handle(Request("GET", url, wrong))) == (401, "InvalidAuthenticationInfo")


def test_containers_that_no_datastore_names_do_not_exist() -> None:
    """404 in the service's words, for container and share."""
    small = Small()
    key = small.keys()["key1"]
    assert refusal(probe(small, key, f"{BLOB}/none?restype=container")) == (404, "ContainerNotFound")
    assert refusal(probe(small, key, f"{FILE}/none?restype=share")) == (404, "ShareNotFound")
    assert probe(small, key, f"{BLOB}/data?restype=container").status == 200
    assert refusal(probe(small, key, f"{BLOB}/?comp=nonsense")) == (400, "InvalidQueryParameterValue")

"""Shared Key: the text that is signed, the signature, and the address it goes to."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from actions.cloud.data import CloudError, Resource, ResourceId
from actions.cloud.storage_probe import endpoint, signature, string_to_sign
from actions.guard.secret import Secret
from azsim.services import blob
from azsim.wire import Request

DATE = "Fri, 26 Jun 2015 23:39:12 GMT"


def test_the_documented_example() -> None:
    """Get Container Metadata from the page "Authorize with Shared Key"."""
    url = "https://myaccount.blob.core.windows.net/mycontainer?comp=metadata&restype=container&timeout=20"
    text = string_to_sign("GET", url, {"x-ms-date": DATE, "x-ms-version": "2015-02-21"}, "myaccount")
    assert text == (
        "GET\n\n\n\n\n\n\n\n\n\n\n\nx-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n"
        "/myaccount/mycontainer\ncomp:metadata\nrestype:container\ntimeout:20"
    )


def test_a_signature_made_by_openssl() -> None:
    """openssl dgst -sha256 -mac HMAC -macopt hexkey:000102 over the text `hello`."""
    key = Secret(base64.b64encode(bytes([0, 1, 2])).decode())
    assert signature(key, "hello") == "IQI3zkBwDk4Nd9TYDxOh6o8VchSOImW/Wj/iGGOvF4Q="


@pytest.mark.parametrize(
    ("method", "url", "headers"),
    [
        (
            "GET",
            "https://stx.blob.core.windows.net/?restype=service&comp=properties",
            {"x-ms-date": DATE, "x-ms-b": "1"},
        ),
        ("PUT", "https://stx.blob.core.windows.net/c/a%20b?B=2&a=1&a=0", {"Content-Length": "0", "Date": DATE}),
        ("get", "https://stx.file.core.windows.net", {"x-ms-z": " padded ", "x-ms-a": "", "Range": "bytes=0-1"}),
    ],
)
def test_two_hands_sign_the_same(method: str, url: str, headers: dict[str, str]) -> None:
    """The rehearsal cloud's own reading of the page agrees."""
    assert string_to_sign(method, url, headers, "stx") == blob.string_to_sign(Request(method, url, headers), "stx")


def account(endpoints: dict[str, str] | None) -> Resource:
    raw: dict[str, Any] = {"name": "stx", "properties": {"primaryEndpoints": endpoints}}
    return Resource(id=ResourceId("/subscriptions/s"), raw=raw, api_version="")


@pytest.mark.parametrize(
    ("endpoints", "address"),
    [
        (None, "https://stx.blob.core.windows.net/"),
        ({"blob": "https://stx.blob.core.windows.net/"}, "https://stx.blob.core.windows.net/"),
        ({"blob": "https://stx.z01.blob.storage.azure.net"}, "https://stx.z01.blob.storage.azure.net/"),
    ],
)
def test_the_accounts_own_address(endpoints: dict[str, str] | None, address: str) -> None:
    assert endpoint(account(endpoints), "blob", "core.windows.net") == address


@pytest.mark.parametrize(
    "address",
    [
        "http://stx.blob.core.windows.net/",
        "https://stx.blob.core.windows.net.evil.example/",
        "https://evil.example/.blob.core.windows.net",
        "https://stx.queue.core.windows.net/",
        "nonsense",
    ],
)
def test_nothing_is_signed_for_another_address(address: str) -> None:
    with pytest.raises(CloudError) as refused:
        endpoint(account({"blob": address}), "blob", "core.windows.net")
    assert refused.value.code == "ForeignEndpoint"

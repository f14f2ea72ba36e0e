"""Trying a storage key or a shared access signature with one signed read, as "Authorize with Shared Key" describes."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from actions.cloud.data import CloudError, Probe, Resource
from actions.cloud.errors import clean, failure_in, from_exception
from actions.cloud.http import Wire
from actions.guard.secret import Secret

VERSION = "2021-12-02"
_SERVICE_PROPERTIES = "restype=service&comp=properties"
_FIRST_ITEM = {"blob": "restype=container&comp=list&maxresults=1", "file": "restype=directory&comp=list&maxresults=1"}
_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)


def string_to_sign(method: str, url: str, headers: Mapping[str, str], account: str) -> str:
    """Lay out what a Shared Key signature covers (blob and file services, versions from 2015-02-21 on)."""
    lower = {name.casefold(): value for name, value in headers.items()}
    values = [lower.get(name, "") for name in _SIGNED_HEADERS]
    if values[2] == "0":
        values[2] = ""
    if "x-ms-date" in lower:
        values[5] = ""
    named = "".join(f"{name}:{lower[name].strip()}\n" for name in sorted(lower) if name.startswith("x-ms-"))
    parts = urlsplit(url)
    parameters: dict[str, list[str]] = {}
    for name, value in parse_qsl(parts.query, keep_blank_values=True):
        parameters.setdefault(name.casefold(), []).append(value)
    query = "".join(f"\n{name}:{','.join(sorted(parameters[name]))}" for name in sorted(parameters))
    return "\n".join([method.upper(), *values, f"{named}/{account}{parts.path or '/'}{query}"])


def signature(key: Secret, text: str) -> str:
    """Sign with an account key; raises ValueError for a key that is no base64."""
    digest = hmac.new(base64.b64decode(key.reveal(), validate=True), text.encode(), hashlib.sha256).digest()
    return base64.b64encode(digest).decode()


def endpoint(account: Resource, service: str, storage_suffix: str) -> str:
    """Give the account's own address of a service, with a slash at its end.

    Raises `CloudError` for an address outside Azure Storage: no signature is sent there.
    """
    named = (account.properties.get("primaryEndpoints") or {}).get(service)
    address = str(named or f"https://{account.name}.{service}.{storage_suffix}/")
    parts = urlsplit(address)
    host = (parts.hostname or "").casefold()
    zone = ".storage.azure.net"  # accounts with DNS zone endpoints
    if parts.scheme != "https" or not host.endswith((f".{service}.{storage_suffix}", zone)):
        sentence = f"storage account {clean(account.name)} names {clean(address)}, which is no address of Azure Storage"
        raise CloudError(sentence, status=0, code="ForeignEndpoint")
    return f"https://{host}{parts.path.rstrip('/')}/"


async def probe_key(wire: Wire, now: datetime, account: Resource, service: str, key: Secret) -> Probe:
    """Read the service's properties once, signed with the key."""
    url = f"{endpoint(account, service, wire.place.storage)}?{_SERVICE_PROPERTIES}"
    headers = {"x-ms-date": format_datetime(now.astimezone(UTC), usegmt=True), "x-ms-version": VERSION}
    try:
        signed = signature(key, string_to_sign("GET", url, headers, account.name))
    except ValueError:
        return Probe(status=0, code="NoKey", host=urlsplit(url).hostname or "", at=None, detail="the key is no base64")
    headers["Authorization"] = f"SharedKey {account.name}:{signed}"
    return await _send(wire, url, headers)


async def probe_signature(wire: Wire, account: Resource, service: str, token: Secret, container: str) -> Probe:
    """Read once with a shared access signature: the service for an account SAS, else its container or share.

    A service SAS is checked against the container that it was made for, so one is needed.
    """
    text = token.reveal().lstrip("?")
    fields = {name for name, _ in parse_qsl(text, keep_blank_values=True)}
    start = endpoint(account, service, wire.place.storage)
    if "ss" in fields:
        url = f"{start}?{_SERVICE_PROPERTIES}&{text}"
    elif container:
        url = f"{start}{quote(container)}?{_FIRST_ITEM[service]}&{text}"
    else:
        detail = "a service SAS can only be tried on its container or share"
        return Probe(status=0, code="NoContainer", host=urlsplit(start).hostname or "", at=None, detail=detail)
    return await _send(wire, url, {"x-ms-version": VERSION})


async def _send(wire: Wire, url: str, headers: dict[str, str]) -> Probe:
    """Send one probe and keep status, code and time of the answer; a lost one is a probe without status."""
    host = urlsplit(url).hostname or ""
    try:
        response: Any = await wire.bare(HttpRequest("GET", url, headers=headers))
    except AzureError as error:
        lost = from_exception(f"probing {host}", error, change=False)
        return Probe(status=0, code=lost.code, host=host, at=None, detail=lost.sentence)
    status: int = response.status_code
    at = _when(response.headers.get("Date") or "")
    if status < 400:
        return Probe(status=status, code="", host=host, at=at)
    failure = failure_in(response.content, response.headers)
    return Probe(status=status, code=failure.code, host=host, at=at, detail=clean(failure.message))


def _when(date: str) -> datetime | None:
    """Read a Date header."""
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except (TypeError, ValueError):
        return None

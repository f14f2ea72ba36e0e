"""Azure's failures turned into ours: the real reason out of six envelopes, in one clean sentence."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

import msgspec
from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

from actions.cloud.data import (
    CloudError,
    Forbidden,
    NotFound,
    SignInNeeded,
    Throttled,
    UnknownOutcome,
)
from actions.cloud.limits import retry_after
from actions.cloud.transport import NeverSent
from actions.guard.text import capped, plain

_LONGEST = 400
_VAGUE = frozenset({"", "usererror", "serviceerror", "transienterror", "badrequest", "notfound", "forbidden"})
_QUERY = re.compile(r"(https?://[^\s?'\"]+)\?[^\s'\"]+")
_SECRETS = re.compile(
    r"(?i)(?:sig|accountkey|sharedaccesssignature|password|client_secret)=[^\s;&'\"]+|bearer\s+[\w.~+/-]+=*"
)
_LONG_RUN = re.compile(r"[A-Za-z0-9+/_~.-]{32,}={0,2}")
_OPAQUE = re.compile(r"[+=~]|[A-Za-z0-9]{33}|(?<![A-Za-z0-9])(?![0-9a-fA-F]{32})[A-Za-z0-9]{32}")
_WORDS = re.compile(r"(?<![A-Za-z0-9])[A-Z]?[a-z]{1,15}(?:[A-Z][a-z]{1,15})*(?![A-Za-z0-9])")
_DENIED = re.compile(r"perform action '(?P<action>[^']+)'.*?over scope '(?P<scope>[^']+)'", re.DOTALL)


class Unreadable(Exception):
    """A good answer that is not Azure's JSON."""


class Failure(msgspec.Struct, frozen=True):
    """What an error answer says: the most specific code, the message, the outermost code."""

    code: str
    message: str
    outer: str


def clean(text: str) -> str:
    """Make Azure's text fit to show: one plain line, no query strings, nothing like a secret, not too long."""
    line = _SECRETS.sub("<secret>", _QUERY.sub(r"\1", plain(text)))
    return capped(_LONG_RUN.sub(_hide, line), _LONGEST)


def opaque(text: str) -> bool:
    """Tell whether a text holds a long word that may be a key."""
    return any(_hide(found) != found[0] for found in _LONG_RUN.finditer(text))


def _hide(found: re.Match[str]) -> str:
    """Hide what may be a key: not ids, host names and GUIDs, whose runs are shorter, nor codes, which are words."""
    return "<secret>" if _OPAQUE.search(_WORDS.sub("", found[0])) else found[0]


def failure_in(body: bytes, headers: Mapping[str, str]) -> Failure:
    """Read an error answer of any service; the header names the code where there is no body (HEAD, blob)."""
    header = headers.get("x-ms-error-code") or ""
    try:
        decoded = msgspec.json.decode(body.removeprefix(b"\xef\xbb\xbf")) if body else None
    except (msgspec.DecodeError, RecursionError):
        return _xml(body, header)
    if not isinstance(decoded, dict):
        return Failure(header, "", header)
    return _json(cast("dict[str, Any]", decoded), header)


def _json(decoded: dict[str, Any], header: str) -> Failure:
    several = decoded.get("errors")  # a container registry (OCI distribution specification)
    error = several[0] if isinstance(several, list) and several else decoded.get("error", decoded)
    if isinstance(error, str):  # Entra
        return Failure(error, str(decoded.get("error_description") or ""), error)
    if not isinstance(error, dict):
        return Failure(header, "", header)
    outer = str(error.get("code") or header)
    message = str(error.get("message") or "")
    details = _details(error)
    inner = _deepest(error.get("innerError") or error.get("innererror") or _inner_info(error))
    code = outer
    if outer.casefold() in _VAGUE:
        code = (details[-1][0] if details else "") or inner or outer
    told = next((text for name, text in reversed(details) if text and text != name and text not in message), "")
    if told:
        message = told if outer.casefold() == "badrequest" else f"{message} {told}"
    return Failure(code, message, outer)


def _details(error: dict[str, Any]) -> list[tuple[str, str]]:
    """List the details' (code, message)."""
    found = error.get("details")
    if not isinstance(found, list):
        return []
    dicts: list[dict[str, Any]] = [item for item in found if isinstance(item, dict)]
    return [(str(item.get("code") or ""), str(item.get("message") or "")) for item in dicts]


def _inner_info(error: dict[str, Any]) -> Any:
    """Give the InnerError entry of the Machine Learning front end's additionalInfo."""
    for item in error.get("additionalInfo") or ():
        if isinstance(item, dict) and item.get("type") == "InnerError":
            return (item.get("info") or {}).get("value")
    return None


def _deepest(inner: Any) -> str:
    """Follow a chain of inner errors to its last code."""
    code = ""
    while isinstance(inner, dict):
        code = str(inner.get("code") or code)
        inner = inner.get("innerError") or inner.get("innererror")
    return code


def _xml(body: bytes, header: str) -> Failure:
    """Read the blob and file services' errors: the code, and the first line of the message."""
    text = body.decode("utf-8", "replace")
    code = re.search(r"<Code>([^<]*)</Code>", text)
    message = re.search(r"<Message>([^<\n]*)", text)
    named = code[1] if code else header
    return Failure(named, message[1] if message else "", named)


def from_answer(what: str, status: int, headers: Mapping[str, str], body: bytes, *, change: bool) -> CloudError:
    """Make our error of an error answer; for a change a 5xx or 408 leaves its outcome unknown."""
    failure = failure_in(body, headers)
    request_id = headers.get("x-ms-request-id") or headers.get("request-id") or ""
    told = clean(failure.message) or "no reason given"
    code = failure.code or str(status)
    kind: type[CloudError] = CloudError
    sentence = f"{what}: {told} ({code}, {status})"
    if change and (status >= 500 or status == 408):
        kind = UnknownOutcome
        sentence = f"{what}: Azure answered {status} {code}, so it may or may not have happened"
    elif status == 401:
        kind, sentence = SignInNeeded, f"{what}: Azure did not accept the sign-in: {told} ({code})"
    elif status == 403:
        kind = Forbidden
        denied = _DENIED.search(failure.message)
        if denied:
            sentence = f"{what}: not permitted; it needs {denied['action']} at {denied['scope']} ({code})"
    elif status == 404:
        kind = NotFound
    elif status == 429:
        kind = Throttled
    return kind(
        clean(sentence), status=status, code=code, request_id=clean(request_id), retry_after=retry_after(headers)
    )


def unreadable(what: str, *, change: bool) -> CloudError:
    """Make the error for an answer that is not Azure's; a change may then have reached Azure all the same."""
    told = f"{what}: what came back is no answer of Azure (is there a proxy in between?)"
    if change:
        return UnknownOutcome(f"{told}, so it may or may not have happened", status=0, code="UnreadableAnswer")
    return CloudError(told, status=0, code="UnreadableAnswer")


def from_exception(what: str, error: AzureError, *, change: bool) -> CloudError:
    """Make our error of azure-core's; raised outside the handler, so that no response hangs on it."""
    if isinstance(error, HttpResponseError) and error.response is not None:
        response: Any = error.response
        if response.status_code < 400:
            return unreadable(what, change=change)
        body = response.content if hasattr(response, "content") else response.body()
        return from_answer(what, response.status_code, response.headers, body, change=change)
    told = clean(str(error.message)) or type(error).__name__
    if isinstance(error, ClientAuthenticationError):
        return SignInNeeded(f"{what}: {told}", status=401, code="SignInNeeded")
    if isinstance(error, NeverSent):
        return CloudError(f"{what}: no connection: {told}", status=0, code="NoConnection")
    if change:
        sentence = f"{what}: the answer was lost ({told}), so it may or may not have happened"
        return UnknownOutcome(sentence, status=0, code="NoAnswer")
    return CloudError(f"{what}: no answer: {told}", status=0, code="NoAnswer")

"""Requests and responses as plain values, so that one function serves both faces of the rehearsal cloud."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl, unquote

import msgspec

JSON_UTF8 = "application/json; charset=utf-8"
"""What Resource Manager, Machine Learning, Key Vault and Monitor answer; Storage leaves the charset out."""


class ConnectionDropped(Exception):
    """The face must cut the connection without an answer, after waiting `delay` seconds."""

    def __init__(self, delay: float = 0.0) -> None:
        super().__init__("the connection was dropped")
        self.delay = delay


class BadRequestBody(Exception):
    """The body is not the JSON object that the route needs."""


def member(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object inside a JSON object; empty when absent or null. Raises BadRequestBody when it is something else."""
    found = value.get(name)
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadRequestBody(f"The request content was invalid: '{name}' must be an object.")
    return found


def count(value: Mapping[str, Any], name: str, default: int) -> int:
    """A whole number that is not negative inside a JSON object. Raises BadRequestBody when it is something else."""
    found = value.get(name)
    if found is None:
        return default
    if not isinstance(found, int) or isinstance(found, bool) or found < 0:
        raise BadRequestBody(f"The request content was invalid: '{name}' must be a whole number.")
    return found


class Request:
    """One HTTP request: the URL taken apart once, header names in lower case, the body as bytes."""

    __slots__ = ("body", "headers", "host", "method", "path", "port", "query", "raw_query", "scheme", "url")

    def __init__(self, method: str, url: str, headers: Mapping[str, str] | None = None, body: bytes = b"") -> None:
        self.method = method.upper()
        self.url = url
        self.headers: dict[str, str] = {k.lower(): v for k, v in headers.items()} if headers else {}
        self.body = body
        scheme, _, rest = url.partition("://")
        authority, slash, tail = rest.partition("/")
        if not slash:
            authority, mark, question = authority.partition("?")
            tail = mark + question
        path, _, query = tail.partition("#")[0].partition("?")
        host, colon, port = authority.rpartition(":")
        if not colon or not port.isdigit():
            host, port = authority, ""
        self.scheme = scheme
        self.host = host.lower()
        self.port = port
        self.path = "/" + path
        """The path as sent, still percent-encoded: a Shared Key signature covers exactly this text."""
        self.raw_query = query
        self.query: dict[str, str] = dict(parse_qsl(query, keep_blank_values=True)) if query else {}

    @property
    def origin(self) -> str:
        """Scheme, host and port that the caller used, for links in answers."""
        return f"{self.scheme}://{self.host}:{self.port}" if self.port else f"{self.scheme}://{self.host}"

    @property
    def segments(self) -> list[str]:
        """The decoded path segments; empty ones are dropped, as Resource Manager ignores doubled slashes."""
        parts = [part for part in self.path.split("/") if part]
        return [unquote(part) for part in parts] if "%" in self.path else parts

    def json(self) -> dict[str, Any]:
        """The body as a JSON object; an empty body is an empty object. Raises BadRequestBody otherwise."""
        if not self.body:
            return {}
        try:
            value = msgspec.json.decode(self.body)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise BadRequestBody("The request content was invalid and could not be deserialized.") from error
        if not isinstance(value, dict):
            raise BadRequestBody("The request content must be a JSON object.")
        return value

    def member(self, name: str) -> dict[str, Any]:
        """An object inside the body, such as `properties`; empty when absent or null. Raises BadRequestBody otherwise."""
        return member(self.json(), name)

    def form(self) -> dict[str, str]:
        """The body of a token request (application/x-www-form-urlencoded)."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def token(self) -> str | None:
        """The bearer token, or None when there is none."""
        kind, _, value = self.headers.get("authorization", "").partition(" ")
        return (value.strip() or None) if kind.lower() == "bearer" else None


class Response:
    """One HTTP answer: status, headers in Azure's own spelling, body, and the seconds the face must wait
    first."""

    __slots__ = ("body", "delay", "headers", "status")

    def __init__(
        self, status: int, headers: dict[str, str] | None = None, body: bytes = b"", delay: float = 0.0
    ) -> None:
        self.status = status
        self.headers: dict[str, str] = headers if headers is not None else {}
        self.body = body
        self.delay = delay

    def json(self) -> Any:
        """The body decoded, for callers that look at an answer."""
        return msgspec.json.decode(self.body) if self.body else None

    def header(self, name: str) -> str | None:
        """One header by name in any case."""
        wanted = name.lower()
        return next((value for key, value in self.headers.items() if key.lower() == wanted), None)


def json_response(
    status: int, value: object, *, headers: Mapping[str, str] | None = None, content_type: str = JSON_UTF8
) -> Response:
    """A JSON answer; `value` None is the four bytes `null`, which Machine Learning really sends on some
    202s."""
    all_headers = {"Content-Type": content_type}
    if headers:
        all_headers.update(headers)
    return Response(status, all_headers, msgspec.json.encode(value))

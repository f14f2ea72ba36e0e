"""A transport that stands for Azure: it keeps what was asked and answers from a table."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from azure.core.exceptions import ServiceRequestError

from actions.cloud.response import Received, body_of

Answer = tuple[int, Mapping[str, str], Any]
TENANT = "11111111-2222-3333-4444-555555555555"


def jwt(**claims: object) -> str:
    """An access token with these claims and no signature to speak of."""
    parts = [{"alg": "none"}, {"tid": TENANT, "oid": "me", **claims}]
    return ".".join([*(base64.urlsafe_b64encode(json.dumps(p).encode()).decode().rstrip("=") for p in parts), "x"])


class Asked:
    """One request as it would have left."""

    def __init__(self, request: Any) -> None:
        parts = urlsplit(request.url)
        self.method, self.host, self.path = request.method, parts.hostname or "", parts.path
        self.query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.headers = {name.casefold(): value for name, value in request.headers.items()}
        self.body = body_of(request)
        self.form = dict(parse_qsl(self.body.decode("utf-8", "replace")))


class FakeAzure:
    """Answers by the first rule whose host and path end fit; anything else is no connection."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.rules: list[tuple[str, str, Callable[[Asked], Answer]]] = []

    def on(self, host: str, path: str, answer: Callable[[Asked], Answer] | Answer) -> None:
        """Add a rule."""
        self.rules.append((host, path, answer if callable(answer) else lambda _: answer))

    def to(self, host: str) -> list[Asked]:
        """What was sent to a host."""
        return [each for each in self.asked if each.host == host]

    async def send(self, request: Any, **kwargs: Any) -> Received:
        """Keep and answer."""
        asked = Asked(request)
        self.asked.append(asked)
        for host, path, answer in self.rules:
            if asked.host == host and asked.path.casefold().endswith(path.casefold()):
                status, headers, body = answer(asked)
                if isinstance(body, bytes):
                    return Received(request, status, headers, body)
                return Received(
                    request, status, {"Content-Type": "application/json", **headers}, json.dumps(body).encode()
                )
        raise ServiceRequestError(f"no route to {asked.host}")

    async def open(self) -> None:
        """Nothing to open."""

    async def close(self) -> None:
        """Nothing to close."""


def token_answer(**claims: object) -> Answer:
    """What a token endpoint answers."""
    return 200, {}, {"access_token": jwt(**claims), "expires_in": 3600, "token_type": "Bearer"}

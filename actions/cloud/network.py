"""Sending for real: one aiohttp session with one SSLContext, to Azure or to a rehearsal served nearby.

A CA path given to an azure-core client would build a new SSLContext and connection for each request; the
session here is shared by all clients instead.
"""

from __future__ import annotations

import copy
import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import get_ident
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from azure.core.exceptions import ServiceRequestError

from actions.cloud.transport import READ_TIMEOUT, NeverSent
from actions.guard.secret import Secret


@contextmanager
def reading_no_authorities() -> Iterator[None]:
    """Let contexts that this thread makes find no certificate authority; other threads and programs notice nothing.

    aiohttp reads the system's twice when it is imported, for contexts of its own that no session here uses; that is
    a quarter of the start of a command.
    """
    importing, inherited = get_ident(), ssl.SSLContext.set_default_verify_paths

    def unless_importing(context: ssl.SSLContext) -> None:
        if get_ident() != importing:
            inherited(context)

    setattr(ssl.SSLContext, "set_default_verify_paths", unless_importing)  # noqa: B010 - a method, and only for now
    try:
        yield
    finally:
        setattr(ssl.SSLContext, "set_default_verify_paths", inherited)  # noqa: B010


with reading_no_authorities():
    import aiohttp
    from azure.core.pipeline.transport import AioHttpTransport, AsyncHttpTransport

_CONNECT_TIMEOUT = 15.0
_CA_VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class TrustError(ValueError):
    """The certificate authorities asked for cannot be read; the message names the variable and the path."""


def trust(environ: Mapping[str, str] = os.environ) -> ssl.SSLContext:
    """Build the one SSLContext: the first of the usual variables that is set says whom to trust."""
    for name in _CA_VARIABLES:
        path = environ.get(name)
        if path:
            return _context(path, f"{name}={path}")
    return ssl.create_default_context()


def _context(path: str, told: str) -> ssl.SSLContext:
    """Trust the certificates of one PEM file or folder only."""
    try:
        if Path(path).is_dir():
            return ssl.create_default_context(capath=path)
        return ssl.create_default_context(cafile=path)
    except (OSError, ssl.SSLError) as error:
        reason = error.strerror or type(error).__name__
        raise TrustError(f"cannot read certificate authorities from {told}: {reason}") from None


class Network(AsyncHttpTransport[Any, Any]):
    """azure-core's aiohttp transport over one session of ours, made at the first request."""

    def __init__(self, context: ssl.SSLContext, *, proxies: bool = True) -> None:
        self._context, self._proxies = context, proxies
        self._session: aiohttp.ClientSession | None = None
        self._transport: AioHttpTransport | None = None

    async def send(self, request: Any, **kwargs: Any) -> Any:
        """Send one request; raises `NeverSent` when no connection came about."""
        try:
            return await self._opened().send(request, **kwargs)
        except ServiceRequestError as error:
            if isinstance(error.inner_exception, aiohttp.ClientConnectorError):
                raise NeverSent(str(error), error=error) from None
            raise

    def session(self) -> aiohttp.ClientSession:
        """Give the session itself, for what is no request to Azure."""
        self._opened()
        assert self._session is not None
        return self._session

    def _opened(self) -> AioHttpTransport:
        if self._transport is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._context, limit=64, limit_per_host=32),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=self._proxies,
                auto_decompress=False,
            )
            self._transport = AioHttpTransport(
                session=self._session,
                session_owner=False,
                connection_timeout=_CONNECT_TIMEOUT,
                read_timeout=READ_TIMEOUT,
                use_env_settings=self._proxies,
            )
        return self._transport

    async def open(self) -> None:
        """The session is opened when first needed."""

    async def close(self) -> None:
        """Close the session."""
        if self._session is not None:
            await self._session.close()

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Close the session."""
        await self.close()


class Loopback(Network):
    """Send every request to a rehearsal on this machine, under the host name that the client meant."""

    def __init__(self, url: str, ca: str, *, control_token: Secret | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" or parts.hostname not in _LOOPBACK or parts.port is None:
            raise ValueError(f"a rehearsal is served on https://localhost:PORT of this machine, not on {url}")
        super().__init__(_context(ca, ca), proxies=False)
        self._authority = parts.netloc.rpartition("@")[2]
        self._control_token = control_token

    async def send(self, request: Any, **kwargs: Any) -> Any:
        """Send a copy of the request to the served rehearsal; the answer speaks of the original."""
        parts = urlsplit(request.url)
        sent = copy.deepcopy(request)
        sent.url = urlunsplit(("https", self._authority, parts.path, parts.query, ""))
        sent.headers["Host"] = parts.netloc
        response = await super().send(sent, **kwargs)
        response.request = request
        return response

    async def shift(self, seconds: float) -> bool:
        """Ask the served clock to move forward; False where no control token allows it."""
        if self._control_token is None:
            return False
        headers = {"Authorization": f"Bearer {self._control_token.reveal()}"}
        url = f"https://{self._authority}/_azsim/clock"
        async with self.session().post(url, json={"seconds": seconds}, headers=headers) as answer:
            return answer.status == 200

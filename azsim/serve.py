"""The rehearsal cloud over TLS on loopback, for other clients and for processes that get killed.

Needs the extra `serve` (uvicorn, trustme). An Azure host name in the Host header selects that service; on the
loopback name itself the path does.
"""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import socket
import ssl
import sys
import tempfile
import threading
from collections.abc import Awaitable, Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import msgspec
import trustme
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from azsim import secrets
from azsim.clock import Clock
from azsim.cloud import Cloud
from azsim.control import PREFIX, Control
from azsim.estate import Estate, load
from azsim.faults import Fault
from azsim.principals import rehearsal_app_id
from azsim.wire import ConnectionDropped, Request, Response

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

RETRY_AFTER = 1
"""Seconds between polls on this face: azure-core reads 0 as "unset" and would then wait thirty."""
_NAMES = (
    "localhost",
    "127.0.0.1",
    "::1",
    "management.azure.com",
    "login.microsoftonline.com",
    "graph.microsoft.com",
    "*.vault.azure.net",
    "*.blob.core.windows.net",
    "*.file.core.windows.net",
)


def serve(
    estate: Estate | Mapping[str, Any] | bytes | str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    seed: int = 7,
    clock: Clock | None = None,
    faults: Iterable[Fault] = (),
    out: TextIO | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM; first print one JSON line that says how to reach and to sign in.

    State lasts as long as the process. Raises EstateError for a bad estate, ValueError for an address that is not
    loopback, and OSError when the port is taken.
    """
    if not ipaddress.ip_address(host).is_loopback:
        raise ValueError(f"{host} is not a loopback address: the rehearsal cloud serves this machine only")
    document = estate if isinstance(estate, Estate) else load(estate)
    planted = tuple(faults)

    def build() -> Cloud:
        return Cloud(document, seed=seed, clock=clock, faults=planted, retry_after=RETRY_AFTER)

    with tempfile.TemporaryDirectory(prefix="azsim-") as folder, _listener(host) as listener:
        listener.bind((host, port))
        listener.listen(128)
        salt = Path(folder).name
        control = Control(build, secrets.control_token(seed, salt))
        context, authority = _certificates(Path(folder), control.cloud)
        card = _card(control.cloud, document, f"https://localhost:{listener.getsockname()[1]}", authority, salt)
        print(msgspec.json.encode(card).decode(), file=out or sys.stdout, flush=True)
        config = uvicorn.Config(
            Face(control),
            http=_Connection,
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_keep_alive=75,
        )
        config.load()
        config.ssl = context
        asyncio.run(_Server(config).serve(sockets=[listener]))


class Face:
    """The ASGI application: turns a connection's bytes into a Request and a Response back."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        request = await _request(scope, receive)
        try:
            response = self._answer(request)
        except ConnectionDropped as drop:
            await asyncio.sleep(drop.delay)
            await _cut(scope)
            return
        if response.delay:
            await asyncio.sleep(response.delay)
        await _send(send, request.method, response)

    def _answer(self, request: Request) -> Response:
        if request.path.startswith(PREFIX):
            return self._control.handle(request)
        return self._control.cloud.handle(request)


class _Connection(H11Protocol):
    """Lets the application reach its transport, so that a fault can cut the connection in mid-air."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.app_state = {**self.app_state, "transport": transport}
        super().connection_made(transport)


class _Server(uvicorn.Server):
    """Ends on SIGINT or SIGTERM at once, with a return instead of raising the signal again."""

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Cut what is open: a client that keeps an idle connection must not hold the process."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in wanted}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _listener(host: str) -> socket.socket:
    """A TCP socket that says so: asyncio turns off Nagle's delay (40 ms an answer) only where the protocol is named."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    return listener


def _card(cloud: Cloud, document: Estate, url: str, authority: Path, salt: str) -> dict[str, Any]:
    """What another client needs; the secret and the token are simulated and die with the process."""
    app_id = rehearsal_app_id(document.tenant.tenant_id)
    return {
        "url": url,
        "ca": str(authority),
        "tenant": document.tenant.tenant_id,
        "clientId": app_id,
        "clientSecret": secrets.client_secret(cloud.seed, app_id),
        "subscriptions": [item.subscription_id for item in document.subscriptions],
        "controlUrl": f"{url}{PREFIX}",
        "controlToken": secrets.control_token(cloud.seed, salt),
        "seed": cloud.seed,
    }


def _certificates(folder: Path, cloud: Cloud) -> tuple[ssl.SSLContext, Path]:
    """A fresh authority (its certificate goes to `ca.pem`) and a context for every name that is served."""
    regions = {str(item.get("location", "")).casefold() for item in cloud.world.resources()} - {""}
    names = (*_NAMES, *(f"*.{region}.inference.ml.azure.com" for region in sorted(regions) if region.isalnum()))
    authority = trustme.CA()
    path = folder / "ca.pem"
    authority.cert_pem.write_to_path(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names).configure_cert(context)
    return context, path


async def _request(scope: Scope, receive: Receive) -> Request:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        key = name.decode("latin-1")
        headers[key] = f"{headers[key]}, {value.decode('latin-1')}" if key in headers else value.decode("latin-1")
    chunks: list[bytes] = []
    more = True
    while more:
        message = await receive()
        chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    url = f"https://{headers.get('host', 'localhost')}{path}" + (f"?{query}" if query else "")
    return Request(scope["method"], url, headers, b"".join(chunks))


async def _send(send: Send, method: str, response: Response) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    if response.status != 204 and response.header("Content-Length") is None:
        headers.append((b"Content-Length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if method == "HEAD" else response.body})


async def _cut(scope: Scope) -> None:
    """Abort the connection, and let the event loop notice before the server could answer anything."""
    scope["state"]["transport"].abort()
    for _ in range(3):
        await asyncio.sleep(0)

"""Sending for real, on this machine: trust, one session, a served rehearsal, and connections that never came."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from azure.core.pipeline.transport import HttpRequest as OldRequest
from azure.core.rest import HttpRequest

from actions.cloud.azure import AzureCloud
from actions.cloud.data import CloudError, NotFound, ResourceId, UnknownOutcome
from actions.cloud.http import reply_of
from actions.cloud.network import Loopback, Network, TrustError, reading_no_authorities, trust
from actions.cloud.rehearsal import Account
from actions.cloud.transport import NeverSent
from actions.guard.gate import permit_for, secret_reads
from actions.guard.model import Mode, Request
from actions.guard.secret import Secret
from tests.support.small_cloud import ACCOUNT, TENANT, WORKSPACE

SERVE = """
from azsim.serve import serve
from tests.support.small_cloud import estate
serve(estate())
"""


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def ca_file(authority: trustme.CA, tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def trusts(context: ssl.SSLContext, authority: trustme.CA) -> bool:
    wanted = ssl.PEM_cert_to_DER_cert(authority.cert_pem.bytes().decode())
    return wanted in context.get_ca_certs(binary_form=True)


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"])
def test_each_of_the_usual_variables_says_whom_to_trust(name: str, ca_file: str, authority: trustme.CA) -> None:
    context = trust({name: ca_file})
    assert trusts(context, authority)
    assert len(context.get_ca_certs()) == 1, "and nobody else"
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_the_first_variable_wins_and_a_bad_one_is_named(ca_file: str, authority: trustme.CA) -> None:
    assert trusts(trust({"REQUESTS_CA_BUNDLE": ca_file, "SSL_CERT_FILE": "/nowhere"}), authority)
    with pytest.raises(TrustError, match=r"REQUESTS_CA_BUNDLE=/nowhere\.pem: No such file"):
        trust({"REQUESTS_CA_BUNDLE": "/nowhere.pem", "SSL_CERT_FILE": ca_file})
    empty = Path(ca_file).with_name("empty.pem")
    empty.write_text("")
    with pytest.raises(TrustError, match="SSL_CERT_FILE"):
        trust({"SSL_CERT_FILE": str(empty)})
    assert not trusts(trust({}), authority)


def test_only_who_imports_reads_no_authorities(
    ca_file: str, authority: trustme.CA, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Contexts of other threads, programs started meanwhile, and everything after a failed import trust as ever."""
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    before, seen = dict(os.environ), list[bool]()

    def default() -> bool:
        return trusts(ssl.create_default_context(), authority)

    def fail() -> None:
        with ThreadPoolExecutor(1) as other, reading_no_authorities():
            seen.extend((default(), other.submit(default).result(), dict(os.environ) == before))
            raise ImportError

    with pytest.raises(ImportError):
        fail()
    assert (*seen, default()) == (False, True, True, True)


@dataclass
class Server:
    """A small HTTPS server: counts connections, answers from a script of raw answers."""

    port: int
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    script: list[bytes] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                self.requests.append(head)
                answer = self.script.pop(0) if self.script else b"HTTP/1.1 204 No Content\r\n\r\n"
                if not answer:
                    break
                writer.write(answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def server(authority: trustme.CA) -> AsyncIterator[Server]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    made = Server(0)
    listening = await asyncio.start_server(made.serve, "127.0.0.1", 0, ssl=context)
    made.port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield made


async def test_one_session_serves_all(server: Server, ca_file: str) -> None:
    network = Network(trust({"SSL_CERT_FILE": ca_file}), proxies=False)
    for family in (HttpRequest, OldRequest, HttpRequest):
        request: Any = family("GET", f"https://localhost:{server.port}/x")
        assert (await network.send(request)).status_code == 204
    await network.close()
    assert server.connections == 1
    assert len(server.requests) == 3


async def test_compressed_answers_are_read(server: Server, ca_file: str) -> None:
    network = Network(trust({"SSL_CERT_FILE": ca_file}), proxies=False)
    body = gzip.compress(b'{"value": []}')
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: {len(body)}"
    for family in (HttpRequest, OldRequest):
        server.script[:] = [head.encode() + b"\r\n\r\n" + body]
        request: Any = family("GET", f"https://localhost:{server.port}/x")
        assert reply_of(await network.send(request)).data == {"value": []}
    await network.close()


async def test_no_connection_is_told_from_a_lost_answer(server: Server, ca_file: str) -> None:
    network = Network(trust({"SSL_CERT_FILE": ca_file}), proxies=False)
    server.script[:] = [b""]
    with pytest.raises(Exception, match="disconnected") as lost:
        await network.send(HttpRequest("POST", f"https://localhost:{server.port}/x"))
    assert not isinstance(lost.value, NeverSent)
    with pytest.raises(NeverSent):
        await network.send(HttpRequest("POST", "https://localhost:1/x"))
    stranger = Network(trust({}), proxies=False)
    with pytest.raises(NeverSent, match="certificate"):
        await stranger.send(HttpRequest("POST", f"https://localhost:{server.port}/x"))
    await network.close()
    await stranger.close()


async def test_the_loopback_keeps_the_host_that_was_meant(server: Server, ca_file: str) -> None:
    loopback = Loopback(f"https://localhost:{server.port}", ca_file)
    for family in (HttpRequest, OldRequest):
        request: Any = family("GET", "https://stx.blob.core.windows.net/c%20d?restype=container&a=%2B%26")
        answer = await loopback.send(request)
        assert answer.request.url == "https://stx.blob.core.windows.net/c%20d?restype=container&a=%2B%26"
    await loopback.close()
    for head in server.requests:
        assert head.startswith(b"GET /c%20d?restype=container&a=%2B%26 HTTP/1.1\r\n")
        assert b"\r\nHost: stx.blob.core.windows.net\r\n" in head


@pytest.mark.parametrize(
    "url",
    [
        "https://example.com:8443",
        "http://localhost:8443",
        "https://localhost",
        "https://localhost.evil.example:1",
        "https://10.0.0.1:1",
        "ftp://localhost:1",
        "",
    ],
)
def test_a_rehearsal_never_leaves_this_machine(url: str, ca_file: str) -> None:
    with pytest.raises(ValueError, match="served on https://localhost:PORT"):
        AzureCloud.loopback(url, ca_file, Account(TENANT, "client"))


def test_a_ca_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(TrustError, match="No such file"):
        AzureCloud.loopback("https://localhost:1", str(tmp_path / "none.pem"), Account(TENANT, "client"))


@pytest.fixture(scope="module")
def served() -> Iterator[dict[str, Any]]:
    """A rehearsal in a process of its own."""
    process = subprocess.Popen([sys.executable, "-c", SERVE], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def to(served: dict[str, Any]) -> AzureCloud:
    account = Account(served["tenant"], served["clientId"], Secret(served["clientSecret"]))
    token = Secret(served["controlToken"])
    return AzureCloud.loopback(served["url"], served["ca"], account, control_token=token, mode=Mode.LIVE)


async def control(served: dict[str, Any], method: str, name: str, body: Any = None) -> Any:
    context = ssl.create_default_context(cafile=served["ca"])
    headers = {"Authorization": f"Bearer {served['controlToken']}"}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, served["controlUrl"] + name, json=body, headers=headers, ssl=context) as answer,
    ):
        return await answer.json()


async def test_a_served_rehearsal_is_the_same_cloud(served: dict[str, Any]) -> None:
    cloud = to(served)
    me = await cloud.signed_in()
    assert (me.kind, me.tenant) == ("service principal", TENANT)
    account = await cloud.storage_account(ResourceId(ACCOUNT))
    with secret_reads(announced="a test"):
        keys = await cloud.storage_keys(ResourceId(ACCOUNT))
    step = Request(method="POST", path=f"{ACCOUNT}/regenerateKey", api_version="", permission="", scope="")
    with permit_for(step):
        await cloud.regenerate_storage_key(ResourceId(ACCOUNT), "key2")
    probes = [await cloud.probe_storage(account, "blob", key.secret) for key in keys]
    assert [probe.status for probe in probes] == [200, 403]
    with secret_reads(announced="a test"):
        for missing in (
            cloud.workspace(ResourceId(f"{WORKSPACE}x")),
            cloud.workspace_keys(ResourceId(f"{WORKSPACE}x")),
            cloud.storage_keys(ResourceId(f"{ACCOUNT}x")),
        ):
            with pytest.raises(NotFound) as unknown:
                await missing
            assert unknown.value.code == "ResourceNotFound"
    await cloud.close()


async def test_a_served_clock_is_shifted_and_followed(served: dict[str, Any]) -> None:
    cloud = to(served)
    await cloud.signed_in()
    before = cloud.now()
    await cloud.sleep(7200)
    assert timedelta(hours=2) <= cloud.now() - before < timedelta(hours=3)
    await cloud.subscriptions()
    theirs = (await control(served, "GET", "clock"))["now"]
    assert abs(cloud.now().timestamp() - _seconds(theirs)) < 5
    await cloud.close()


def _seconds(text: str) -> float:
    from azsim.clock import parse

    return parse(text).timestamp()


async def test_a_resync_over_the_wire(served: dict[str, Any]) -> None:
    cloud = to(served)
    with permit_for(Request(method="POST", path=f"{WORKSPACE}/resyncKeys", api_version="", permission="", scope="")):
        assert (await cloud.resync_keys(ResourceId(WORKSPACE))).state == "Succeeded"
    await cloud.close()


@pytest.mark.parametrize("kind", ["reset_before", "reset_after"])
async def test_a_cut_wire_leaves_a_change_unknown(served: dict[str, Any], kind: str) -> None:
    await control(served, "POST", "faults", {"kind": kind, "route": "regenerateKey"})
    cloud = to(served)
    step = Request(method="POST", path=f"{ACCOUNT}/regenerateKey", api_version="", permission="", scope="")
    try:
        with pytest.raises(UnknownOutcome), permit_for(step):
            await cloud.regenerate_storage_key(ResourceId(ACCOUNT), "key1")
    finally:
        await control(served, "DELETE", "faults")
        await cloud.close()


async def test_a_server_that_is_gone_was_never_asked(ca_file: str) -> None:
    cloud = AzureCloud.loopback("https://localhost:1", ca_file, Account(TENANT, "client"), mode=Mode.LIVE)
    with pytest.raises(CloudError, match="no connection") as gone:
        await cloud.signed_in()
    assert gone.value.code == "NoConnection"
    await cloud.close()

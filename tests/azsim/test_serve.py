"""The socket face: a process of its own, TLS, host names, cut connections, control."""

from __future__ import annotations

import json
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPException, HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from azsim.clock import parse
from azsim.estate import EstateError
from azsim.secrets import MARK
from azsim.serve import serve
from azsim.services.blob import shared_key_headers
from tests.support.checkout import ROOT
from tests.support.small_cloud import ACCOUNT, SUB, TENANT, estate

PROGRAM = "import json, sys; from azsim.serve import serve; serve(json.load(sys.stdin))"


class Served:
    """A served rehearsal and a connection to it."""

    def __init__(self, process: subprocess.Popen[str], card: dict[str, Any]) -> None:
        self.process = process
        self.card = card
        self.context = ssl.create_default_context(cafile=card["ca"])
        self.port = urlsplit(card["url"]).port or 0
        self.connection = HTTPSConnection("localhost", self.port, context=self.context)
        self.token = self.sign_in(card["clientSecret"])[1]["access_token"]

    def sign_in(self, secret: str) -> tuple[int, dict[str, Any]]:
        """Client credentials for Resource Manager."""
        fields = {"grant_type": "client_credentials", "client_id": self.card["clientId"], "client_secret": secret}
        body = urlencode({**fields, "scope": "https://management.azure.com/.default"})
        return self.send("POST", f"/{TENANT}/oauth2/v2.0/token", body)

    def send(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, Any]:
        """Any request; the answer's status and JSON."""
        answer = self.raw(method, path, body, headers)
        data = answer.read()
        return answer.status, json.loads(data) if data else None

    def raw(self, method: str, path: str, body: str | None, headers: dict[str, str]) -> HTTPResponse:
        """Any request, the answer unread."""
        self.connection.request(method, path, body, headers)
        return self.connection.getresponse()

    def arm(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A Resource Manager request with the client's token."""
        content = json.dumps(body) if body is not None else None
        return self.send(method, f"{path}?api-version=2023-05-01", content, Authorization=f"Bearer {self.token}")

    def control(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        """A request to the control face."""
        content = json.dumps(body) if body is not None else None
        return self.send(method, f"/_azsim/{path}", content, Authorization=f"Bearer {self.card['controlToken']}")


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """One process for the module; each test resets it."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    json.dump(estate(), process.stdin)
    process.stdin.close()
    found = Served(process, json.loads(process.stdout.readline()))
    yield found
    found.connection.close()
    process.stdout.close()
    process.kill()
    process.wait()


@pytest.fixture
def face(served: Served) -> Served:
    """The served rehearsal as the estate has it."""
    assert served.control("POST", "reset")[0] == 200
    return served


def test_the_card_says_all_that_a_client_needs(face: Served) -> None:
    """URL, authority, tenant, client, token."""
    assert {"url", "ca", "tenant", "clientId", "clientSecret", "controlToken"} <= set(face.card)
    assert face.card["url"].startswith("https://localhost:")
    assert Path(face.card["ca"]).read_bytes().startswith(b"-----BEGIN CERTIFICATE-----")
    assert face.card["subscriptions"][0] == SUB


def test_state_lasts_between_connections(face: Served) -> None:
    """A key that was regenerated stays so for the next client."""
    before = face.arm("POST", f"{ACCOUNT}/listKeys")[1]["keys"]
    assert face.arm("POST", f"{ACCOUNT}/regenerateKey", {"keyName": "key1"})[0] == 200
    face.connection.close()
    after = face.arm("POST", f"{ACCOUNT}/listKeys")[1]["keys"]
    assert [a["value"] == b["value"] for a, b in zip(before, after, strict=True)] == [False, True]


def test_a_wrong_secret_is_refused(face: Served) -> None:
    """401 invalid_client."""
    status, body = face.sign_in("guess")
    assert (status, body["error"]) == (401, "invalid_client")


def test_the_host_header_selects_the_service(face: Served) -> None:
    """The blob endpoint answers on the same port to its own name, also by TLS server name."""
    key = face.arm("POST", f"{ACCOUNT}/listKeys")[1]["keys"][0]["value"]
    now = face.control("GET", "clock")[1]["now"]
    host = "stfraud.blob.core.windows.net"
    headers = shared_key_headers("GET", f"https://{host}/?comp=list", "stfraud", key, parse(now))
    answer = face.raw("GET", "/?comp=list", None, {**headers, "Host": host})
    assert answer.status == 200
    assert b"<EnumerationResults" in answer.read()
    with (
        socket.create_connection(("127.0.0.1", face.port)) as plain,
        face.context.wrap_socket(plain, server_hostname=host) as secure,
    ):
        assert secure.version()


def test_headers_reach_the_wire(face: Served) -> None:
    """Azure's headers and the simulated date, no server's own; bodies have a length, 204 has none."""
    answer = face.raw("GET", f"{ACCOUNT}?api-version=2023-05-01", None, {"Authorization": f"Bearer {face.token}"})
    answer.read()
    names = [name.lower() for name, _ in answer.getheaders()]
    assert len(names) == len(set(names))
    assert {"x-ms-request-id", "content-length", "date", "server"} <= set(names)
    assert (answer.getheader("server") or "").startswith("Microsoft-Azure-Storage")
    group = f"/subscriptions/{SUB}/resourceGroups/rg-fraud?api-version=2021-04-01"
    head = face.raw("HEAD", group, None, {"Authorization": f"Bearer {face.token}"})
    assert (head.status, head.read(), head.getheader("content-length")) == (204, b"", None)


@pytest.mark.parametrize(("kind", "committed"), [("reset_before", False), ("reset_after", True)])
def test_a_reset_cuts_the_connection(face: Served, kind: str, committed: bool) -> None:
    """No status line at all; whether it took effect is in the ledger."""
    fault = {"kind": kind, "route": "regenerateKey"}
    status, added = face.control("POST", "faults", fault)
    assert status == 200
    with pytest.raises((HTTPException, OSError)):
        face.arm("POST", f"{ACCOUNT}/regenerateKey", {"keyName": "key1"})
    face.connection.close()
    entry = face.control("GET", "ledger")[1]["value"][-1]
    assert (entry["fault"], entry["status"], entry["committed"]) == (kind, None, committed)
    listed = face.control("GET", "faults")[1]["value"]
    assert [(item["id"], item["hits"], item["fault"]["kind"]) for item in listed] == [(added["id"], 1, kind)]
    assert face.control("DELETE", f"faults/{added['id']}") == (200, {"removed": True})
    assert face.control("GET", "faults")[1]["value"] == []


def test_control_steers_and_tells(face: Served) -> None:
    """Clock, outages, behaviour and state, without a secret."""
    face.arm("POST", f"{ACCOUNT}/regenerateKey", {"keyName": "key1"})
    outages = face.control("GET", "outages")[1]["value"]
    assert {item["toRequest"] for item in outages} == {None}
    assert len(outages) == 4
    assert face.control("POST", "clock", {"seconds": 3700})[0] == 200
    assert sum(item["toRequest"] is None for item in face.control("GET", "outages")[1]["value"]) == 2
    changed = face.control("POST", "behaviour", {"options": {"resyncTakes": "key2"}})[1]
    assert changed["resyncTakes"] == "key2"
    state = face.control("GET", "state")[1]
    assert state["accounts"][0]["keys"][0]["generation"] == 2
    assert len(state["accounts"][0]["keys"][0]["fingerprint"]) == 64
    assert MARK not in json.dumps(state)
    assert MARK not in json.dumps(face.control("GET", "ledger")[1])


def test_control_needs_its_token(face: Served) -> None:
    """Neither nothing nor the client's token opens it."""
    assert face.send("GET", "/_azsim/state")[0] == 401
    assert face.send("GET", "/_azsim/state", None, Authorization=f"Bearer {face.token}")[0] == 401
    requests = face.control("GET", "state")[1]["requests"]
    assert requests == 0


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "clock", {"minutes": 1}),
        ("POST", "clock", {"seconds": 1e300}),
        ("POST", "faults", {"kind": "explode"}),
        ("POST", "behaviour", {"options": {"resyncTakes": "key3"}}),
        ("GET", "ledger?since=x", None),
    ],
)
def test_control_refuses_nonsense(face: Served, method: str, path: str, body: Any) -> None:
    """400 with a sentence; nothing breaks."""
    status, answer = face.control(method, path, body)
    assert (status, answer["error"]["code"]) == (400, "BadControlRequest")
    assert face.control("GET", "nothing")[0] == 404


def test_only_loopback_is_served() -> None:
    """A rehearsal is nobody else's business."""
    with pytest.raises(ValueError, match="not a loopback address"):
        serve(estate(), host="0.0.0.0")


def test_a_bad_estate_never_opens_a_port() -> None:
    """The error comes before the card."""
    with pytest.raises(EstateError, match=r"^\$: "):
        serve({})


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signals_end_it_cleanly(number: signal.Signals) -> None:
    """Exit code 0, no traceback, no folder left, an open connection notwithstanding."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stderr is not None
    json.dump(estate(), process.stdin)
    process.stdin.close()
    face = Served(process, json.loads(process.stdout.readline()))
    process.send_signal(number)
    assert process.wait(timeout=300) == 0
    assert process.stderr.read() == ""
    assert not Path(face.card["ca"]).parent.exists()
    face.connection.close()
    process.stdout.close()
    process.stderr.close()

"""The one way out: both request families, the gate, lost answers, and who may not pass beside it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from azure.core.exceptions import ServiceResponseError, ServiceResponseTimeoutError
from azure.core.pipeline.transport import HttpRequest as OldRequest
from azure.core.rest import HttpRequest as NewRequest

from actions.cloud.clock import RehearsalClock
from actions.cloud.limits import Limits
from actions.cloud.places import PUBLIC
from actions.cloud.response import Received, body_of
from actions.cloud.transport import GateTransport, InProcess, ThreadBridge
from actions.guard.gate import Gate, Refused
from azsim.faults import Fault
from tests.support.rehearsed import face
from tests.support.small_cloud import ACCOUNT, ARM, Small

URL = f"{ARM}/subscriptions?api-version=2022-12-01"


def over(small: Small) -> GateTransport:
    clock = RehearsalClock(face(small.cloud).clock)
    limits = Limits(PUBLIC.arm, clock, lambda _: None)
    return GateTransport(InProcess(face(small.cloud), clock), Gate(PUBLIC.hosts), clock, limits)


@pytest.mark.parametrize("family", [OldRequest, NewRequest])
async def test_both_families_are_answered(family: Any) -> None:
    small = Small()
    request = family("GET", URL, headers={"Authorization": f"Bearer {small.token}"})
    answer = await over(small).send(request)
    assert answer.status_code == 200
    assert answer.headers["CONTENT-type"].startswith("application/json")
    assert answer.content_type == answer.headers["Content-Type"]
    assert answer.body() == answer.content == await answer.read()
    assert len(answer.json()["value"]) == 2
    assert answer.text().startswith("{")
    assert b"".join([block async for block in answer.iter_bytes()]) == answer.content
    assert answer.request is request


@pytest.mark.parametrize("family", [OldRequest, NewRequest])
async def test_the_gate_is_asked_before_anything_leaves(family: Any) -> None:
    small = Small()
    transport = over(small)
    with pytest.raises(Refused):
        await transport.send(family("POST", f"{ARM}{ACCOUNT}/regenerateKey?api-version=2023-05-01"))
    with pytest.raises(Refused):
        await transport.send(family("POST", f"{ARM}/subscriptions/s/providers/Microsoft.Storage/register"))
    assert small.cloud.ledger.entries == []


async def test_lost_answers_are_azure_cores_own_errors() -> None:
    cut = Small(faults=(Fault(kind="reset_after", seconds=3),))
    transport = over(cut)
    before = cut.clock.now()
    with pytest.raises(ServiceResponseError):
        await transport.send(NewRequest("GET", URL))
    assert (cut.clock.now() - before).total_seconds() >= 3
    slow = Small(faults=(Fault(kind="delay", seconds=500),))
    with pytest.raises(ServiceResponseTimeoutError):
        await over(slow).send(NewRequest("GET", URL))


async def test_clients_that_close_leave_the_transport_open() -> None:
    small = Small()
    transport = over(small)
    async with transport:
        await transport.open()
    await transport.close()
    assert (await transport.send(NewRequest("GET", URL))).status_code == 401


async def test_a_thread_sends_through_the_loop() -> None:
    small = Small()
    bridge = ThreadBridge(over(small), asyncio.get_running_loop())
    answer = await asyncio.to_thread(bridge.send, NewRequest("GET", URL), stream=False)
    assert (answer.status_code, type(answer)) == (401, Received)
    with pytest.raises(Refused):
        await asyncio.to_thread(bridge.send, NewRequest("DELETE", URL))
    bridge.close()
    with pytest.raises(Exception, match="given up"):
        await asyncio.to_thread(bridge.send, NewRequest("GET", URL))


@pytest.mark.parametrize(
    ("request_", "body"),
    [
        (NewRequest("POST", URL), b""),
        (NewRequest("POST", URL, content="text"), b"text"),
        (NewRequest("POST", URL, json={"a": 1}), b'{"a": 1}'),
        (NewRequest("POST", URL, data={"a": "b c", "d": "&"}), b"a=b+c&d=%26"),
        (OldRequest("POST", URL), b""),
        (OldRequest("POST", URL, data=b"raw"), b"raw"),
        (OldRequest("POST", URL, data="text"), b"text"),
    ],
)
def test_bodies_of_every_kind(request_: Any, body: bytes) -> None:
    assert body_of(request_) == body


def test_a_body_that_would_be_sent_wrong_is_refused() -> None:
    with pytest.raises(TypeError, match="generator"):
        body_of(NewRequest("POST", URL, content=(block for block in (b"a", b"b"))))


def test_an_error_answer_can_raise() -> None:
    with pytest.raises(Exception, match="Not Found"):
        Received(NewRequest("GET", URL), 404, {}, b"").raise_for_status()

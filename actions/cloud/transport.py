"""The one transport below every client, credential and probe: it asks the gate and keeps quotas and time."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import Any, Self

from azure.core.exceptions import ServiceRequestError, ServiceResponseError, ServiceResponseTimeoutError
from azure.core.pipeline.transport import AsyncHttpTransport, HttpTransport

from actions.cloud.clock import CloudClock
from actions.cloud.limits import Limits
from actions.cloud.rehearsal import Face
from actions.cloud.response import Received, body_of
from actions.guard.gate import Gate

READ_TIMEOUT = 100.0
"""Seconds until an answer counts as lost: a little more than Resource Manager itself waits for a provider."""


class NeverSent(ServiceRequestError):
    """No connection came about, so that the request cannot have taken effect."""


class GateTransport(AsyncHttpTransport[Any, Any]):
    """Let a request through when the gate admits it, within the quotas; no policy can pass beside it."""

    def __init__(self, inner: AsyncHttpTransport[Any, Any], gate: Gate, clock: CloudClock, limits: Limits) -> None:
        self._inner, self._gate, self._clock, self._limits = inner, gate, clock, limits

    async def send(self, request: Any, **kwargs: Any) -> Any:
        """Send one request of either family; raises the gate's `Refused` before anything leaves."""
        async with self._limits.slot(request.method, request.url):
            self._gate.admit(request.method, request.url)
            response = await self._inner.send(request, **kwargs)
        self._clock.saw(response.headers.get("Date") or "")
        self._limits.answered(request.method, request.url, response.status_code, response.headers)
        return response

    async def sleep(self, duration: float) -> None:
        """Wait in the cloud's time: retries and polling of the SDK come here."""
        await self._clock.sleep(duration)

    async def open(self) -> None:
        """Connections are opened when first needed."""

    async def close(self) -> None:
        """Clients that are closed leave the shared connections alone; see `shut`."""

    async def shut(self) -> None:
        """Close the connections for good."""
        await self._inner.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """Clients come and go; the connections stay."""


class InProcess(AsyncHttpTransport[Any, Any]):
    """Answer from a rehearsal cloud in this process: no socket, and no time but the rehearsal's own."""

    def __init__(self, face: Face, clock: CloudClock) -> None:
        self._face, self._clock = face, clock

    async def send(self, request: Any, **kwargs: Any) -> Received:
        """Hand the request over and wait as long as the answer says; a cut is azure-core's own error."""
        asked = self._face.request(request.method, request.url, dict(request.headers), body_of(request))
        await asyncio.sleep(0)  # a real request lets others run, and so must this one
        dropped = False
        answer = None
        try:
            answer = self._face.handle(asked)
            delay = answer.delay
        except self._face.dropped as cut:
            dropped, delay = True, float(getattr(cut, "delay", 0.0))
        limit = float(kwargs.get("read_timeout", READ_TIMEOUT))
        if delay:
            await self._clock.sleep(min(delay, limit))
        if delay > limit:
            raise ServiceResponseTimeoutError(f"no answer within {limit:g} seconds")
        if dropped or answer is None:
            raise ServiceResponseError("the connection was lost before an answer came")
        return Received(request, answer.status, answer.headers, answer.body)

    async def open(self) -> None:
        """There is nothing to open."""

    async def close(self) -> None:
        """There is nothing to close."""

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """There is nothing to close."""


class ThreadBridge(HttpTransport[Any, Any]):
    """Let a synchronous credential in a worker thread send through the gate transport of the event loop."""

    def __init__(self, transport: GateTransport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport, self._loop = transport, loop
        self._closed = False

    def send(self, request: Any, **kwargs: Any) -> Received:
        """Send on the loop and wait here for the whole answer; refuses once closed, which ends a waiting thread."""
        if self._closed:
            raise ServiceRequestError("signing in was given up")
        return asyncio.run_coroutine_threadsafe(self._send(request, kwargs), self._loop).result()

    async def _send(self, request: Any, options: dict[str, Any]) -> Received:
        response = await self._transport.send(request, **{k: v for k, v in options.items() if k != "stream"})
        body = response.content if hasattr(response, "content") else response.body()
        return Received(request, response.status_code, dict(response.headers), body)

    def sleep(self, duration: float) -> None:
        """Wait in the cloud's time."""
        asyncio.run_coroutine_threadsafe(self._transport.sleep(duration), self._loop).result()

    def open(self) -> None:
        """There is nothing to open."""

    def close(self) -> None:
        """Send nothing more; the connections belong to the loop."""
        self._closed = True

    def __exit__(
        self,
        exc_type: type[BaseException] | None = None,
        exc_value: BaseException | None = None,
        traceback: TracebackType | None = None,
    ) -> None:
        """The credential closes the bridge when it is no longer wanted."""

"""Following a long-running operation to its end, and claiming no more than was seen.

Azure's answers vary (Track asynchronous Azure operations): both headers, one of them, or none; a poll may answer
404 although the change was made, and a final 200 may say Failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from actions.cloud.clock import CloudClock
from actions.cloud.data import SUCCEEDED, UNCONFIRMED, Answer, CloudError
from actions.cloud.errors import clean, failure_in
from actions.cloud.http import FOREIGN_LINK, Reply, Wire
from actions.cloud.limits import retry_after
from actions.guard.progress import tell_progress

_FAILED = frozenset({"failed", "canceled", "cancelled"})
_FIRST_PAUSE = 2.0
_LONGEST_PAUSE = 20.0
_PATIENCE = 1800.0


class _Lost(Exception):
    """The operation can no longer be asked about."""


async def follow(wire: Wire, clock: CloudClock, what: str, first: Reply, *, result: bool = False) -> Answer:
    """Poll until the operation ends or can no longer be followed; raises `CloudError` when it ends as failed.

    `result` asks for the operation's result in `Answer.body` (diagnose); a change needs none.
    """
    status_url = first.headers.get("Azure-AsyncOperation") or first.headers.get("Operation-Location")
    location = first.headers.get("Location") if first.status == 202 else None
    if not status_url and not location:
        return _at_once(what, first)
    try:
        if status_url:
            return await _by_status(wire, clock, what, first, status_url, location if result else None)
        return await _by_location(wire, clock, what, first, location or "")
    except _Lost:
        return _answer(first, UNCONFIRMED)


def _at_once(what: str, first: Reply) -> Answer:
    """Judge an answer that names no operation."""
    body = first.data
    if first.status == 202:
        return _answer(first, UNCONFIRMED, body)
    _refuse_failed(what, first, body, _state(body))
    state = _state(body)
    return _answer(first, SUCCEEDED if state in {"", SUCCEEDED.casefold()} else UNCONFIRMED, body)


async def _by_status(wire: Wire, clock: CloudClock, what: str, first: Reply, url: str, location: str | None) -> Answer:
    """Poll the status document until it names an end."""
    pauses = _Pauses(clock, first.headers)
    while await pauses.go_on():
        reply = await _poll(wire, what, url)
        if reply is None:
            continue
        pauses.heed(reply.headers)
        body = reply.data
        state = str(body.get("status") or "").casefold()
        _refuse_failed(what, first, body, state)
        if state == SUCCEEDED.casefold():
            final = (await wire.send(what, "GET", location)).data if location else {}
            return _answer(first, SUCCEEDED, final)
        pauses.seen(str(body.get("status") or ""), body.get("percentComplete"))
    return _answer(first, UNCONFIRMED)


async def _by_location(wire: Wire, clock: CloudClock, what: str, first: Reply, url: str) -> Answer:
    """Poll the result's place until it is there; its body may still say that the operation failed."""
    pauses = _Pauses(clock, first.headers)
    while await pauses.go_on():
        reply = await _poll(wire, what, url)
        if reply is None:
            continue
        pauses.heed(reply.headers)
        if reply.status == 202:
            url = reply.headers.get("Location") or url
            pauses.seen("accepted", None)
            continue
        body = reply.data
        _refuse_failed(what, first, body, _state(body))
        return _answer(first, SUCCEEDED, body)
    return _answer(first, UNCONFIRMED)


async def _poll(wire: Wire, what: str, url: str) -> Reply | None:
    """Ask once; None where the answer was lost or Azure was ill: the operation goes on all the same."""
    try:
        return await wire.send(f"{what}: following the operation", "GET", url)
    except CloudError as error:
        if error.status in {401, 403, 404} or error.code == FOREIGN_LINK:
            raise _Lost from None
        return None


class _Pauses:
    """The time between polls: Azure's Retry-After where it is above zero, else ours, growing up to 20 s."""

    def __init__(self, clock: CloudClock, headers: Mapping[str, str]) -> None:
        self._clock = clock
        self._pause = _FIRST_PAUSE
        self._asked = retry_after(headers)
        self._waited = 0.0
        self._told = ""

    def seen(self, state: str, done: object) -> None:
        """Tell where the operation stands, each time that it stands elsewhere; some services say how much is done."""
        share = f", {done:.0f} %" if isinstance(done, int | float) and done > 0 else ""
        told = f"Azure is at work on it: {clean(state) or 'no state told'}{share}"
        if told != self._told:
            self._told = told
            tell_progress(f"{told}; it is asked again for up to {_PATIENCE / 60:.0f} min")

    async def go_on(self) -> bool:
        """Wait for the next poll; False when the patience is used up."""
        if self._waited >= _PATIENCE:
            return False
        pause = self._asked or self._pause
        await self._clock.sleep(pause)
        self._waited += pause
        self._pause = min(self._pause * 1.5, _LONGEST_PAUSE)
        return True

    def heed(self, headers: Mapping[str, str]) -> None:
        """Take the next pause from the last answer."""
        self._asked = retry_after(headers)


def _state(body: dict[str, Any]) -> str:
    """Read the state of an operation or resource, in lower case; empty where the body names none."""
    properties = body.get("properties")
    inner = properties.get("provisioningState") if isinstance(properties, dict) else None
    status = body.get("status")
    return str(status if isinstance(status, str) else inner or "").casefold()


def _refuse_failed(what: str, first: Reply, body: dict[str, Any], state: str) -> None:
    """Raise the operation's own error when it ended badly."""
    if state in _FAILED:
        failure = failure_in(msgspec.json.encode(body) if body.get("error") else b"", {})
        code = failure.code or "OperationFailed"
        told = clean(failure.message) or "no reason given"
        raise CloudError(
            f"{what}: the operation ended as {state}: {told} ({code})",
            status=first.status,
            code=code,
            request_id=first.request_id,
        )


def _answer(first: Reply, state: str, body: dict[str, Any] | None = None) -> Answer:
    return Answer(status=first.status, state=state, request_id=clean(first.request_id), body=body or {})

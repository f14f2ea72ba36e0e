"""What a rehearsal brings along in place of Azure: its face, its account and its clock."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from actions.guard.secret import Secret


class FaceResponse(Protocol):
    """An answer of the rehearsal cloud; `delay` is how many simulated seconds it takes to arrive."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Headers in Azure's own spelling."""
        ...

    @property
    def body(self) -> bytes:
        """The whole body."""
        ...

    @property
    def delay(self) -> float:
        """Simulated seconds until the answer arrives."""
        ...


class ShiftableClock(Protocol):
    """The rehearsal cloud's own clock."""

    def now(self) -> datetime:
        """Return the present simulated time, in UTC."""
        ...

    def shift(self, delta: timedelta) -> None:
        """Move time forward."""
        ...


@dataclass(frozen=True)
class Face:
    """A rehearsal cloud in this process, handed over by whoever made it.

    `handle` answers one request at once; `request` makes what it takes, from (method, url, headers, body);
    `dropped` is what it raises when the connection must break, with a `delay` in simulated seconds.
    """

    handle: Callable[[Any], FaceResponse]
    request: Callable[[str, str, Mapping[str, str], bytes], object]
    dropped: type[Exception]
    clock: ShiftableClock


@dataclass(frozen=True)
class Account:
    """How a rehearsal signs in; no real credential is ever used there.

    With a secret it signs in as the client itself, without one as the estate's user, by device code that the
    rehearsal accepts by itself.
    """

    tenant: str
    client_id: str
    client_secret: Secret | None = None

"""Every request that reached the cloud, in order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from azsim.clock import iso7


class Entry(msgspec.Struct, gc=False):
    """One request. `kind` is read, secret-read, write, sign-in, or unknown for a route that is not
    simulated."""

    n: int
    time: datetime
    method: str
    host: str
    path: str
    api_version: str = ""
    principal: str = ""
    kind: str = "unknown"
    status: int | None = None
    """None when the connection was dropped before an answer."""
    committed: bool = False
    """Whether it changed anything."""
    fault: str | None = None

    def wire(self) -> dict[str, Any]:
        """The entry as the control face answers it."""
        return {**msgspec.structs.asdict(self), "time": iso7(self.time)}


class Ledger:
    """The entries, numbered from 1."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def open(self, time: datetime, method: str, host: str, path: str, api_version: str) -> Entry:
        """Note a request that arrived."""
        entry = Entry(len(self.entries) + 1, time, method, host, path, api_version)
        self.entries.append(entry)
        return entry

    @property
    def last(self) -> int:
        """The number of the newest request; 0 before the first."""
        return len(self.entries)

    def since(self, number: int) -> list[Entry]:
        """The entries after `number`."""
        return self.entries[number:]

    def writes(self) -> list[Entry]:
        """The requests on write routes, refused ones included."""
        return [entry for entry in self.entries if entry.kind == "write"]

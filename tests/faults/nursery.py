"""A warm process that forks one amlkeys after another and kills it at an exact place: before or after the n-th request
or journal write. The product has no hook for this; its classes are wrapped here, in the child that is to die.

Reads one JSON job a line: {"args": [...], "out": FILE, "kill": {"place": ..., "nth": N} or null, "counts": FILE or null}.
Answers {"exit": code} or {"exit": -9} for a killed child.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import azure.mgmt.machinelearningservices.aio
import azure.mgmt.storage.aio  # noqa: F401 - warm: each child would import it for itself

import actions.cloud.azure
import actions.registry  # noqa: F401 - the same
import tui.cli
import tui.session
from actions.cloud.network import Loopback
from actions.cloud.places import place
from actions.guard.gate import RequestClass, classify
from actions.guard.store import Store

PLACE = place("AzureCloud")
PLACES = ("request-before", "change-after", "journal-before", "journal-after")
"""A kill right after a read is the kill before the next request; after a change it is a case of its own."""


class Reaper:
    """Counts what passes and kills this process at the wanted place."""

    def __init__(self, place: str, nth: int) -> None:
        self._place, self._nth = place, nth
        self.seen = {"request": 0, "change": 0, "journal": 0}

    def begin(self, kind: str) -> int:
        """Count one that begins, and die before it where that was asked for; gives its number."""
        self.seen[kind] += 1
        number = self.seen[kind]
        self._die(f"{kind}-before", number)
        return number

    def end(self, kind: str, number: int) -> None:
        """Die after the one with this number; others may have begun meanwhile."""
        self._die(f"{kind}-after", number)

    def _die(self, place: str, number: int) -> None:
        if (self._place, self._nth) == (place, number):
            os.kill(os.getpid(), signal.SIGKILL)


def plant(reaper: Reaper) -> None:
    """Wrap the two ways out of the process: the served rehearsal's transport, and the journal's transaction."""
    send, write = Loopback.send, Store.write

    async def sending(self: Loopback, request: Any, **kwargs: Any) -> Any:
        reaper.begin("request")
        is_change = classify(request.method, request.url, PLACE.hosts) is RequestClass.WRITE
        number = reaper.begin("change") if is_change else 0
        answer = await send(self, request, **kwargs)
        reaper.end("change", number)
        return answer

    @contextmanager
    def writing(self: Store) -> Iterator[Any]:
        with write(self) as work:
            yield work
            number = reaper.begin("journal")
        reaper.end("journal", number)

    Loopback.send = sending  # type: ignore[method-assign]
    Store.write = writing  # type: ignore[method-assign]


def child(job: dict[str, Any]) -> int:
    """Be amlkeys once."""
    out = os.open(job["out"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(out, 1)
    os.dup2(out, 2)
    kill = job.get("kill") or {"place": "", "nth": 0}
    reaper = Reaper(kill["place"], kill["nth"])
    plant(reaper)
    code = tui.cli.main(job["args"])
    if job.get("counts"):
        with open(job["counts"], "w") as file:
            json.dump(reaper.seen, file)
    return code


def serve() -> None:
    """Take jobs until the input ends."""
    for line in sys.stdin:
        job = json.loads(line)
        pid = os.fork()
        if pid == 0:
            code = 70
            try:
                code = child(job)
            finally:
                sys.stdout.flush()
                os._exit(code)
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(json.dumps({"exit": os.waitstatus_to_exitcode(status)}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    serve()

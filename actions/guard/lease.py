"""Leases: one run at a time on a resource, with a holder that can be named and a way to break it."""

from __future__ import annotations

import getpass
import os
import secrets
import socket
import time
from datetime import UTC, datetime

from actions.guard.model import Frozen

_LIVING: set[str] = set()
"""Tokens of the runs that this very process is running: its own process id alone would not tell a dead run."""


def wall_now() -> str:
    """Return this machine's time as ISO 8601 UTC; leases compare processes, not the cloud's (shiftable) time."""
    return datetime.fromtimestamp(time.time(), UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


class Operator(Frozen, frozen=True, kw_only=True):
    """Who sits at this machine: the login name, the host and the process."""

    name: str
    host: str
    pid: int

    @classmethod
    def here(cls) -> Operator:
        """Describe the present process."""
        try:
            name = getpass.getuser()
        except (KeyError, OSError):  # no entry for this uid, as in many containers
            name = str(os.getuid())
        return cls(name=name, host=socket.gethostname(), pid=os.getpid())


class Holder(Frozen, frozen=True, kw_only=True):
    """One process's hold on a run; `token` tells it from every other hold, `pid` 0 is a run that waits unattended."""

    run: str
    token: str
    name: str
    host: str
    pid: int

    @classmethod
    def new(cls, run: str, operator: Operator) -> Holder:
        """Make the hold of one run in this process."""
        token = secrets.token_hex(16)
        return cls(run=run, token=token, name=operator.name, host=operator.host, pid=operator.pid)


class Lease(Frozen, frozen=True, kw_only=True):
    """A row of the journal's lease table; times are this machine's (ISO 8601 UTC)."""

    resource: str
    run: str
    token: str
    holder: str
    host: str
    pid: int
    since: str
    renewed: str

    @property
    def parked(self) -> bool:
        """Tell whether the run waits without a process, so that anybody may take it up."""
        return self.pid == 0

    def gone(self, host: str) -> bool:
        """Tell whether the holder's process has certainly ended; on another host nobody can know."""
        if self.parked:
            return True
        if self.host != host:
            return False
        if self.pid == os.getpid():
            return self.token not in _LIVING
        return not _alive(self.pid)

    def told(self, host: str) -> str:
        """Say who holds it, for a refusal."""
        state = "waiting" if self.parked else "its process is gone" if self.gone(host) else f"process {self.pid}"
        return f"run {self.run} of {self.holder} on {self.host} since {self.since} ({state}, last sign {self.renewed})"


def living(token: str) -> None:
    """Note that this process runs the hold now."""
    _LIVING.add(token)


def ended(token: str) -> None:
    """Note that this process no longer runs the hold."""
    _LIVING.discard(token)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True

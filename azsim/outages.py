"""Who is without a working key, from which request to which: how "no consumer without a key" is measured."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from azsim import ids, sas
from azsim.clock import iso7
from azsim.endpoint_clients import EndpointClients
from azsim.keys import Holder

if TYPE_CHECKING:
    from azsim.world import World


@dataclass(slots=True)
class Outage:
    """One holder without a live key. `to_request` is None while it lasts; request 0 is the start of the
    rehearsal."""

    holder: str
    kind: str
    account: str
    reason: str
    """key-replaced, sas-signer-replaced, sas-expired, shared-keys-disabled, account-missing or endpoint-key-replaced."""
    from_request: int
    from_time: datetime
    to_request: int | None = None
    to_time: datetime | None = None

    @property
    def preexisting(self) -> bool:
        """Whether the estate began with it."""
        return self.from_request == 0

    def wire(self) -> dict[str, Any]:
        """The outage as the control face answers it."""
        return {
            "holder": self.holder,
            "kind": self.kind,
            "account": self.account,
            "reason": self.reason,
            "fromRequest": self.from_request,
            "toRequest": self.to_request,
            "fromTime": iso7(self.from_time),
            "toTime": iso7(self.to_time) if self.to_time else None,
            "preexisting": self.preexisting,
        }


class Outages:
    """All outages, open and closed, oldest first."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.all: list[Outage] = []
        self._open: dict[str, Outage] = {}

    def open(self) -> list[Outage]:
        """Those that last."""
        return list(self._open.values())

    def during(self) -> list[Outage]:
        """Those that began during the rehearsal."""
        return [outage for outage in self.all if not outage.preexisting]

    def check(self, request: int) -> None:
        """Look at every holder; `request` is the number of the request that has just committed."""
        now = self._world.clock.now()
        self._reread(now)
        callers = self._world.state(EndpointClients)
        callers.read(self._world, now)
        seen: set[str] = set()
        for key, holder in self._world.keys.holders.items():
            reason = self._trouble(holder, now)
            if reason is None:
                continue
            seen.add(key)
            if key not in self._open:
                outage = Outage(holder.id, holder.kind, holder.account, reason, request, now)
                self._open[key] = outage
                self.all.append(outage)
        for key, caller in callers.cut_off(self._world, now):
            seen.add(key)
            if key not in self._open:
                outage = Outage(key, "client", caller.endpoint, "endpoint-key-replaced", request, now)
                self._open[key] = outage
                self.all.append(outage)
        for key in [key for key in self._open if key not in seen]:
            outage = self._open.pop(key)
            outage.to_request, outage.to_time = request, now

    def next_change(self) -> datetime | None:
        """When the next client reads its key again, or a signature's time is up."""
        now, holders = self._world.clock.now(), self._world.keys.holders.values()
        times = [item.next_read for item in holders if item.reread_seconds > 0]
        ends = (sas.end(item.secret) for item in holders if item.secret_type == "Sas")
        times += [end for end in ends if end is not None and end > now]
        times.append(self._world.state(EndpointClients).next_change(self._world, now))
        return min((time for time in times if time is not None), default=None)

    def _reread(self, now: datetime) -> None:
        """External clients take the key anew from where they read it."""
        for holder in self._world.keys.holders.values():
            if holder.reads is None or holder.next_read is None or holder.next_read > now:
                continue
            holder.next_read = now + timedelta(seconds=holder.reread_seconds)
            source = self._world.keys.holder(holder.reads)
            if source is not None:
                holder.secret, holder.secret_type, holder.signer = (
                    source.secret,
                    source.secret_type,
                    source.signer,
                )
                holder.account = source.account

    def _trouble(self, holder: Holder, now: datetime) -> str | None:
        """Why the holder cannot use its key, or None when it can or needs none."""
        account = self._world.keys.account(holder.account)
        if account is None or not self._needs_key(holder):
            return None
        resource = self._world.get(account.id)
        if resource is None:
            return "account-missing"
        if resource.get("properties", {}).get("allowSharedKeyAccess") is False:
            return "shared-keys-disabled"
        if holder.signer is None or account.slot_of(holder.signer) is None:
            return "sas-signer-replaced" if holder.secret_type == "Sas" else "key-replaced"
        if holder.secret_type == "Sas" and sas.expired(holder.secret, now):
            return "sas-expired"
        return None

    def _needs_key(self, holder: Holder) -> bool:
        """A workspace in identity mode keeps a key that nothing uses."""
        if holder.kind != "workspace":
            return True
        workspace = self._world.get(ids.fold(holder.id)) or {}
        mode = str(workspace.get("properties", {}).get("systemDatastoresAuthMode") or "accesskey")
        return mode.casefold() == "accesskey"

"""The control face: look at the rehearsal and steer it, over HTTP under `/_azsim/` or by method in process.

It never shows a secret: keys appear as fingerprints.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from azsim.clock import iso7
from azsim.cloud import Cloud
from azsim.errors import arm_error
from azsim.faults import Fault, Planted
from azsim.keys import SLOTS
from azsim.secrets import fingerprint
from azsim.wire import BadRequestBody, Request, Response, json_response

PREFIX = "/_azsim/"


class Shift(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """How far to move the clock."""

    seconds: float


class Change(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename="camel"):
    """Behaviour options to change, for all or for one resource."""

    options: dict[str, Any]
    resource: str = ""


class Control:
    """Answers `/_azsim/...` for whoever holds the token; `rebuild` makes the cloud anew for a reset."""

    def __init__(self, rebuild: Callable[[], Cloud], token: str) -> None:
        self._rebuild = rebuild
        self._token = token
        self.cloud = rebuild()

    def handle(self, request: Request) -> Response:
        """Answer one control request; these do not appear in the ledger."""
        if not hmac.compare_digest((request.token() or "").encode(), self._token.encode()):
            return arm_error(401, "ControlTokenRequired", "This address needs the control token that serve printed.")
        name, _, rest = request.path.removeprefix(PREFIX).strip("/").partition("/")
        handler = self._handlers().get((request.method, name))
        if handler is None:
            return arm_error(404, "NoSuchControl", f"There is no {request.method} {request.path}.")
        try:
            return json_response(200, handler(request, rest))
        except (msgspec.ValidationError, BadRequestBody, ValueError, TypeError, OverflowError) as error:
            return arm_error(400, "BadControlRequest", str(error))

    def _handlers(self) -> dict[tuple[str, str], Callable[[Request, str], Any]]:
        return {
            ("GET", "state"): lambda _request, _rest: state(self.cloud),
            ("GET", "ledger"): self._ledger,
            ("GET", "outages"): lambda _request, _rest: {"value": [item.wire() for item in self.cloud.outages.all]},
            ("GET", "clock"): lambda _request, _rest: self._now(),
            ("POST", "clock"): self._shift,
            ("GET", "faults"): lambda _request, _rest: {"value": [_planted(item) for item in self.cloud.faults.all()]},
            ("POST", "faults"): self._add_fault,
            ("DELETE", "faults"): self._remove_faults,
            ("GET", "behaviour"): lambda _request, rest: self.cloud.world.behaviour(rest),
            ("POST", "behaviour"): self._change_behaviour,
            ("POST", "reset"): self._reset,
        }

    def _ledger(self, request: Request, _rest: str) -> dict[str, Any]:
        since = int(request.query.get("since", "0"))
        return {"value": [entry.wire() for entry in self.cloud.ledger.since(max(0, since))]}

    def _now(self) -> dict[str, str]:
        return {"now": iso7(self.cloud.clock.now())}

    def _shift(self, request: Request, _rest: str) -> dict[str, str]:
        shift = msgspec.convert(request.json(), Shift)
        self.cloud.shift(timedelta(seconds=shift.seconds))
        return self._now()

    def _add_fault(self, request: Request, _rest: str) -> dict[str, int]:
        return {"id": self.cloud.faults.add(msgspec.convert(request.json(), Fault))}

    def _remove_faults(self, _request: Request, rest: str) -> dict[str, bool]:
        if rest:
            return {"removed": self.cloud.faults.remove(int(rest))}
        self.cloud.faults.clear()
        return {"removed": True}

    def _change_behaviour(self, request: Request, _rest: str) -> Any:
        change = msgspec.convert(request.json(), Change)
        self.cloud.world.set_behaviour(change.options, change.resource)
        return self.cloud.world.behaviour(change.resource)

    def _reset(self, _request: Request, _rest: str) -> dict[str, str]:
        self.cloud = self._rebuild()
        return self._now()


def state(cloud: Cloud) -> dict[str, Any]:
    """A summary: what there is, each account's keys and each holder's slot, by fingerprint."""
    world = cloud.world
    accounts = [
        {
            "id": account.id,
            "keys": [
                {
                    "keyName": name,
                    "fingerprint": fingerprint(account.slots[name].value),
                    "generation": account.slots[name].generation,
                    "creationTime": iso7(created) if (created := account.slots[name].created) else None,
                }
                for name in SLOTS
            ],
        }
        for account in world.keys.accounts.values()
    ]
    holders = [
        {
            "holder": holder.id,
            "kind": holder.kind,
            "account": holder.account,
            "secretType": holder.secret_type,
            "slot": world.keys.slot_held(holder),
        }
        for holder in world.keys.holders.values()
    ]
    return {
        "tenant": world.directory.tenant_id,
        "signedIn": world.directory.signed_in.user_principal_name,
        "seed": cloud.seed,
        "now": iso7(cloud.clock.now()),
        "requests": cloud.ledger.last,
        "subscriptions": len(world.subscriptions),
        "resources": sum(1 for _ in world.resources()),
        "openOutages": len(cloud.outages.open()),
        "accounts": accounts,
        "holders": holders,
    }


def _planted(item: Planted) -> dict[str, Any]:
    return {"id": item.id, "seen": item.seen, "hits": item.hits, "fault": item.fault}

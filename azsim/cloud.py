"""The rehearsal cloud: one ordered list of steps that every request goes through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from threading import RLock
from typing import Any

import msgspec

from azsim import admission, hosts, keyfollow, keysync
from azsim.clock import Clock
from azsim.endpoint_keys import EndpointKeys
from azsim.errors import SERVICE, Refused, arm_error, mfe_error, storage_xml_error
from azsim.estate import Estate, load
from azsim.faults import Fault, Faults, Firing
from azsim.keys import Holder
from azsim.ledger import Entry, Ledger
from azsim.operations import Operations
from azsim.outages import Outages
from azsim.quota import Quota, add_headers
from azsim.rbac import Rbac
from azsim.rng import Rng
from azsim.router import Context, HostClass, Route, Router, Way, scope_of, subscription_of
from azsim.services import TABLES, activity
from azsim.tokens import Tokens
from azsim.wire import BadRequestBody, ConnectionDropped, Request, Response
from azsim.world import World

ARM = "https://management.azure.com"
_ROUTER = Router(TABLES)
_WAYS = 4096
"""How many paths are remembered with where they lead."""


class Exchange(msgspec.Struct):
    """One request on its way through the steps."""

    ctx: Context
    entry: Entry
    version: int
    """The world's version when the request arrived."""
    response: Response | None = None


class Cloud:
    """Azure as one in-memory object; `handle` answers a request, and is safe to call from several threads."""

    def __init__(
        self,
        estate: Estate | Mapping[str, Any] | bytes | str,
        *,
        seed: int = 7,
        clock: Clock | None = None,
        faults: Iterable[Fault] = (),
        retry_after: int | None = None,
    ) -> None:
        """`retry_after`: seconds that long-running answers ask the client to wait; None leaves the header
        out.

        Raises EstateError for a bad estate document.
        """
        self.estate = estate if isinstance(estate, Estate) else load(estate)
        self.seed = seed
        self.clock = clock or Clock()
        self.rng = Rng(seed)
        self.retry_after = retry_after
        self.world = World(self.estate, seed=seed, clock=self.clock, rng=self.rng)
        self.rbac = Rbac(self.world.access, self.clock)
        self.tokens = Tokens(seed, self.world.directory, self.clock, Rng(seed + 1))
        self.operations = Operations(self.world, self.rng)
        self.faults = Faults(Rng(seed + 2))
        self.ledger = Ledger()
        self.outages = Outages(self.world)
        self.quota = Quota()
        self._router = _ROUTER
        self._ways: dict[tuple[str, str, str], Way] = {}
        self._lock = RLock()
        self._wake: datetime | None = None
        self._seen = -1
        for fault in faults:
            self.faults.add(fault)
        self.settle()

    def handle(self, request: Request) -> Response:
        """Answer one request; raises ConnectionDropped where a fault cuts the connection."""
        with self._lock:
            exchange = self._begin(request)
            try:
                self._settle_if_due(exchange.ctx.arrived)
                exchange.version = self.world.version
                for step in BEFORE:
                    exchange.response = step(exchange.ctx)
                    if exchange.response is not None:
                        break
                for finish in AFTER:
                    finish(self, exchange)
            finally:
                self._close(exchange)
            return _answered(exchange)

    def issue_token(self, audience: str = ARM) -> str:
        """A bearer token of the signed-in user, for callers inside this process."""
        return self.tokens.issue(self.world.directory.user(audience), audience)

    def generations(self) -> dict[str, int]:
        """How often each key was made, by `id#slot` in lower case; never a key."""
        world = self.world
        found = {
            f"{account.id}#{slot}": key.generation
            for account in world.keys.accounts.values()
            for slot, key in account.slots.items()
        }
        pairs = world.state(EndpointKeys)
        for kind in ("onlineEndpoints", "serverlessEndpoints"):
            for endpoint in world.of_type(f"Microsoft.MachineLearningServices/workspaces/{kind}"):
                pair = pairs.pair(world.seed, endpoint["id"])
                found |= {f"{endpoint['id']}#{slot}": key.generation for slot, key in pair.items()}
        return {key.casefold(): made for key, made in found.items()}

    def hand_over(self, holder_id: str, slot: str) -> bool:
        """Give a holder of a storage key the present key of a slot, as its owner does when told; False for any other."""
        with self._lock:
            held = self.world.keys.holder(holder_id)
            account = self.world.keys.account(held.account) if held is not None else None
            if held is None or account is None or held.secret_type != "AccountKey" or slot not in account.slots:
                return False
            key = account.slots[slot].value
            self.world.keys.hold(Holder(held.id, held.kind, held.account, key, updated=self.clock.now()))
            self.world.changed()
            self.settle()
            return True

    def shift(self, delta: timedelta) -> None:
        """Move the clock; what was due meanwhile happens now."""
        with self._lock:
            self.clock.shift(delta)
            self.settle_if_due()

    def next_due(self) -> datetime | None:
        """When something next happens by itself: an operation ends, a workspace synchronises, a client reads again."""
        with self._lock:
            self.settle()
            times = [self._wake, self.operations.next_end()]
            return min((time for time in times if time is not None), default=None)

    def settle(self) -> None:
        """Let time have its effects: operations end, workspaces synchronise, clients read again, outages open
        or close."""
        with self._lock:
            now = self.clock.now()
            self.operations.advance(now)
            keysync.self_sync(self.world, now)
            keyfollow.follow(self.world, now)
            self.outages.check(self.ledger.last)
            times = [keysync.next_self_sync(self.world), keyfollow.next_change(self.world)]
            times += [self.outages.next_change(), self.rbac_change(now)]
            self._wake = min((time for time in times if time is not None), default=None)
            self._seen = self.world.version

    def rbac_change(self, now: datetime) -> datetime | None:
        """When access next changes by itself."""
        return self.world.access.next_change(now)

    def settle_if_due(self) -> None:
        """Settle when something was committed or its time has come; cheap otherwise."""
        self._settle_if_due(self.clock.now())

    def _settle_if_due(self, now: datetime) -> None:
        self.operations.advance(now)
        if self.world.version != self._seen or (self._wake is not None and now >= self._wake):
            self.settle()

    def _begin(self, request: Request) -> Exchange:
        self.clock.tick()
        way = self._way(request)
        route = way.route or _UNKNOWN[way.host]
        version = request.query.get("api-version", "")
        now = self.clock.now()
        entry = self.ledger.open(now, request.method, request.host, request.path, version)
        ctx = Context(
            cloud=self,
            world=self.world,
            clock=self.clock,
            rng=self.rng,
            request=request,
            route=route,
            params=dict(way.params),
            segments=way.segments,
            caller=None,
            api_version=version,
            arrived=now,
            target=way.scope,
            subscription=way.subscription,
        )
        if way.route:
            entry.kind = route.kind
        return Exchange(ctx, entry, self.world.version)

    def _way(self, request: Request) -> Way:
        """Find where a request leads, and remember it: most paths are asked for again."""
        key = (request.host, request.method, request.path)
        found = self._ways.get(key)
        if found is None:
            segments = request.segments
            host = hosts.class_of(request, segments)
            route, params = self._router.match(host, request.method, segments) or (None, {})
            if len(self._ways) >= _WAYS:
                self._ways.clear()
            found = self._ways[key] = Way(host, segments, scope_of(segments), subscription_of(segments), route, params)
        return found

    def _close(self, exchange: Exchange) -> None:
        entry, ctx = exchange.entry, exchange.ctx
        entry.principal = ctx.caller.name if ctx.caller else ""
        entry.status = exchange.response.status if exchange.response else None
        entry.fault = ctx.firing.fault.kind if ctx.firing else None
        entry.committed = self.world.version != exchange.version


def _fault_before(ctx: Context) -> Response | None:
    ctx.firing = ctx.cloud.faults.pick(ctx.request)
    if ctx.firing is None or not ctx.firing.fault.spares_state:
        return None
    if ctx.firing.fault.kind == "reset_before":
        raise ConnectionDropped(ctx.firing.fault.seconds)
    return _fault_answer(ctx, ctx.firing)


def _spend_quota(ctx: Context) -> Response | None:
    return ctx.cloud.quota.spend(ctx) if ctx.route.host == "arm" else None


def _answer(ctx: Context) -> Response | None:
    try:
        return ctx.route.handler(ctx)
    except Refused as refusal:
        return refusal.response
    except BadRequestBody as error:
        return arm_error(400, "InvalidRequestContent", str(error), gateway=False)


BEFORE: tuple[Callable[[Context], Response | None], ...] = (
    _fault_before,
    admission.authenticate,
    admission.require_route,
    admission.require_version,
    admission.require_subscription,
    _spend_quota,
    admission.authorize,
    admission.check_group,
    admission.check_locks,
    _answer,
)
"""The way of a request once time has passed, in order; the first step that answers ends it."""


def _complete(cloud: Cloud, exchange: Exchange) -> None:
    add_headers(exchange.ctx, cloud.quota, _answered(exchange))


def _log_activity(_cloud: Cloud, exchange: Exchange) -> None:
    if exchange.ctx.firing is None or not exchange.ctx.firing.fault.spares_state:
        activity.record(exchange.ctx, _answered(exchange))


def _settle(cloud: Cloud, _exchange: Exchange) -> None:
    cloud.settle_if_due()


def _fault_after(_cloud: Cloud, exchange: Exchange) -> None:
    firing = exchange.ctx.firing
    if firing is None:
        return
    fault = firing.fault
    if fault.kind == "reset_after":
        exchange.response = None
        raise ConnectionDropped(fault.seconds)
    if fault.kind == "delay":
        _answered(exchange).delay += fault.seconds
    if fault.kind == "status" and fault.commit:
        exchange.response = _fault_answer(exchange.ctx, firing)


AFTER: tuple[Callable[[Cloud, Exchange], None], ...] = (_complete, _log_activity, _settle, _fault_after)
"""What happens to every answer, in order."""

_TEXTS: dict[int, tuple[str, str]] = {
    429: ("TooManyRequests", "The request is being throttled."),
    500: ("InternalServerError", "Encountered internal server error."),
    502: ("BadGateway", "The gateway received an invalid response from the resource provider."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable."),
    504: ("GatewayTimeout", "The gateway did not receive a response from the resource provider in time."),
}


def _fault_answer(ctx: Context, firing: Firing) -> Response:
    fault = firing.fault
    headers: dict[str, str] = {}
    if fault.kind == "throttle":
        wait = fault.retry_after if fault.retry_after is not None else 5
        headers["Retry-After"] = str(wait)
        status, code = 429, "ResourceRequestsThrottled"
        action = ctx.route.action or ctx.request.path
        text = (
            f"Number of requests for action '{action}' exceeded the limit of '150' for time interval '01:00:00'. "
            f"Please try again after '{wait}' seconds."
        )
    else:
        status = fault.status
        code, text = _TEXTS.get(status, ("Conflict" if status == 409 else "BadRequest", "The request failed."))
        if fault.retry_after is not None:
            headers["Retry-After"] = str(fault.retry_after)
    code, text = fault.code or code, fault.message or text
    if ctx.route.host in ("blob", "file"):
        response = storage_xml_error(ctx, status, code, text)
        response.headers.update(headers)
        return response
    if ctx.route.service == "ml" and status >= 500:
        code = fault.code or ("TransientError" if status == 504 else "ServiceError")
        response = mfe_error(ctx, status, fault.message or "InternalServerError", code=code)
        response.headers.update(headers | SERVICE)
        return response
    return arm_error(status, code, text, gateway=fault.kind == "throttle", headers=headers)


def _answered(exchange: Exchange) -> Response:
    if exchange.response is None:
        raise AssertionError("a request left the steps without an answer")
    return exchange.response


def _unreachable(_ctx: Context) -> Response:
    raise AssertionError("an unknown route has no handler")


def _unknown(host: HostClass) -> Route:
    return Route("", "", _unreachable, host, "arm", None, None, "write", listing=False, lockable=False)


_HOSTS: tuple[HostClass, ...] = ("arm", "login", "graph", "vault", "blob", "file", "scoring", "registry")
_UNKNOWN: dict[HostClass, Route] = {host: _unknown(host) for host in _HOSTS}

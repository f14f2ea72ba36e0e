"""The headers that Azure adds to every answer: request ids, budgets, the service's own marks.

Budgets follow Resource Manager's token buckets of 2024 ("Understand how Azure Resource Manager throttles
requests"): 250 reads refilled by 25 a second, 200 writes and 200 deletes by 10, and a global budget fifteen
times as large.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from azsim.clock import stamps
from azsim.errors import arm_error
from azsim.wire import Response

if TYPE_CHECKING:
    from azsim.router import Context

_LIMITS: dict[str, tuple[float, float]] = {"reads": (250, 25), "writes": (200, 10), "deletes": (200, 10)}
_GLOBAL = 15
_TOLD = {
    kind: (
        f"x-ms-ratelimit-remaining-tenant-{kind}",
        f"x-ms-ratelimit-remaining-subscription-{kind}",
        f"x-ms-ratelimit-remaining-subscription-global-{kind}",
        int(limit) * (_GLOBAL - 1),
    )
    for kind, (limit, _) in _LIMITS.items()
}
"""By kind: the headers that tell the budget, and by how much the global one is larger."""
_STORAGE_SERVER = "Microsoft-Azure-Storage-Resource-Provider/1.0,Microsoft-HTTPAPI/2.0 Microsoft-HTTPAPI/2.0"
_ML_APP = "appId=cid-v1:2d2e8e63-272e-4b3c-8598-4ee570a0e70d"
_GRAPH = {
    "x-ms-ags-diagnostic": '{"ServerInfo":{"DataCenter":"West Europe","Slice":"E","Ring":"5","ScaleUnit":"001"}}',
    "x-ms-resource-unit": "1",
}
_VAULT = {
    "x-ms-keyvault-network-info": "conn_type=Ipv4;addr=203.0.113.10;act_addr_fam=InterNetwork;",
    "x-ms-keyvault-service-version": "1.9.1054.1",
}
_ALWAYS = {
    "Cache-Control": "no-cache",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
}
_ML = {"Request-Context": _ML_APP, "azureml-served-by-cluster": "vienna-westeurope-01", "X-Cache": "CONFIG_NOCACHE"}
_SPLIT_IDS = frozenset({"storage", "authorization"})
"""Services whose own request id differs from the correlation id."""


@dataclass(slots=True)
class Bucket:
    """One budget: how many requests are left, and when that was."""

    left: float
    updated: datetime

    def take(self, limit: float, refill: float, now: datetime) -> float:
        """Take one request out; returns the seconds until there is one, 0 when there was."""
        elapsed = max(0.0, (now - self.updated).total_seconds())
        self.left = min(limit, self.left + elapsed * refill)
        self.updated = now
        if self.left < 1:
            return (1 - self.left) / refill
        self.left -= 1
        return 0.0


class Quota:
    """The budgets of each principal in each subscription."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str, str], Bucket] = {}

    def spend(self, ctx: Context) -> Response | None:
        """Take one request from the budget; a 429 when it is used up and the behaviour says that budgets
        refuse."""
        kind, subscription = budget_of(ctx), ctx.subscription
        limit, refill = _LIMITS[kind]
        now = ctx.arrived
        owner = ctx.caller.object_id if ctx.caller else ""
        ctx.bucket = self._bucket(owner, subscription, kind, limit, now)
        seconds = ctx.bucket.take(limit, refill, now)
        if not seconds or not ctx.world.behaviour().throttling:
            return None
        wait = math.ceil(seconds)
        code = "SubscriptionRequestsThrottled" if subscription else "TenantRequestsThrottled"
        message = (
            f"Number of '{kind}' requests for subscription '{subscription}' actor '{owner}' exceeded. "
            f"Please try again after '{wait}' seconds."
        )
        return arm_error(429, code, message, headers={"Retry-After": str(wait)})

    def remaining(self, ctx: Context) -> int:
        """What is left of the budget that this request used."""
        bucket = ctx.bucket
        if bucket is None:
            owner = ctx.caller.object_id if ctx.caller else ""
            bucket = self._buckets.get((owner, ctx.subscription, budget_of(ctx)))
        return max(0, int(bucket.left)) if bucket else 0

    def _bucket(self, owner: str, subscription: str, kind: str, limit: float, now: datetime) -> Bucket:
        key = (owner, subscription, kind)
        found = self._buckets.get(key)
        if found is None:
            found = self._buckets[key] = Bucket(limit, now)
        return found


def budget_of(ctx: Context) -> str:
    """reads, writes or deletes; POSTs that return secrets count as writes, POSTs that only read as reads."""
    if ctx.request.method == "DELETE":
        return "deletes"
    return "reads" if ctx.route.kind == "read" else "writes"


def add_headers(ctx: Context, quota: Quota, response: Response) -> None:
    """Complete an answer; a header that the handler has set stays."""
    date, compact = stamps(ctx.arrived)
    host, service = ctx.route.host, ctx.route.service
    if host == "arm" and service != "metadata":
        added = _resource_manager(ctx, quota, response, compact)
    elif host == "vault":
        added = _vault(ctx)
    else:
        added = dict(_GRAPH) if host == "graph" else {}
    added["Date"] = date
    added.update(response.headers)
    response.headers = added


def _vault(ctx: Context) -> dict[str, str]:
    """The marks of a vault's data plane, on its refusals too."""
    name = ctx.request.host.partition(".")[0]
    vaults = ctx.world.of_type("Microsoft.KeyVault/vaults")
    region = next((str(item.get("location", "")) for item in vaults if item["name"].casefold() == name), "westeurope")
    return {"x-ms-keyvault-region": region, **_VAULT}


def _resource_manager(ctx: Context, quota: Quota, response: Response, compact: str) -> dict[str, str]:
    """Request ids, budgets and the service's marks; the gateway's own refusals carry the ids alone."""
    sent, given = ctx.request.headers, response.headers
    correlation = sent.get("x-ms-correlation-request-id") or ctx.rng.uuid()
    is_gateway = given.get("x-ms-failure-cause") == "gateway"
    service = "arm" if is_gateway else ctx.route.service
    added = {
        **_ALWAYS,
        "x-ms-request-id": ctx.rng.uuid() if service in _SPLIT_IDS else correlation,
        "x-ms-correlation-request-id": correlation,
        "x-ms-routing-request-id": f"WESTEUROPE:{compact}:{correlation}",
    }
    client_id = sent.get("x-ms-client-request-id")
    if client_id and sent.get("x-ms-return-client-request-id", "").lower() == "true":
        added["x-ms-client-request-id"] = client_id
    if not is_gateway:
        if not any(name.startswith("x-ms-ratelimit-") for name in given):
            _add_budget(ctx, quota, added)
        if service in ("ml", "storage"):
            _add_service(ctx, service, response.status, added)
    return added


def _add_budget(ctx: Context, quota: Quota, added: dict[str, str]) -> None:
    kind, left = budget_of(ctx), quota.remaining(ctx)
    in_tenant, in_subscription, everywhere, more = _TOLD[kind]
    if not ctx.subscription:
        added[in_tenant] = str(left)
        return
    added[in_subscription] = str(left)
    added[everywhere] = str(more + left)


def _add_service(ctx: Context, service: str, status: int, added: dict[str, str]) -> None:
    if ctx.route.listing and len(ctx.segments) == 5:
        added["x-ms-original-request-ids"] = f"{ctx.rng.uuid()}, {ctx.rng.uuid()}"
        return
    if service == "ml":
        added |= _ML
        added["x-ms-response-type"] = "error" if status >= 400 else "standard"
        added["x-request-time"] = f"{ctx.rng.between(0.02, 0.3):.3f}"
    else:
        added["Server"] = _STORAGE_SERVER
    if ctx.caller is not None:
        who = f"tenantId={ctx.world.directory.tenant_id},objectId={ctx.caller.object_id}"
        added["x-ms-operation-identifier"] = f"{who}/westeurope/{ctx.rng.uuid()}"

"""Slowing down before Azure says so: one token bucket and a bounded number of requests in flight per quota.

Sizes are Azure's published ones: Resource Manager's token buckets per subscription (Understand how Azure
Resource Manager throttles requests), Resource Graph's 15 requests in 5 seconds (Guidance for throttled requests
in Azure Resource Graph), the storage provider's (Scalability targets for the Azure Storage resource provider).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import isfinite
from urllib.parse import urlsplit

from actions.cloud.clock import CloudClock
from actions.cloud.data import Throttling

_IN_FLIGHT = 16
_TICK = 0.001
"""The shortest wait: a clock that counts microseconds must move."""
_DAY = 24 * 3600.0
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)", re.IGNORECASE)
_REMAINING = frozenset(
    {
        "x-ms-user-quota-remaining",
        *(
            f"x-ms-ratelimit-remaining-{whose}-{kind}"
            for whose in ("subscription", "tenant")
            for kind in ("reads", "writes", "deletes", "resource-requests")
        ),
    }
)


@dataclass(frozen=True)
class Quota:
    """How much of one kind may be asked for: `size` at once, `refill` a second."""

    service: str
    size: float
    refill: float


_READS = Quota("Azure Resource Manager reads", 250, 25)
_WRITES = Quota("Azure Resource Manager writes", 200, 10)
_DELETES = Quota("Azure Resource Manager deletes", 200, 10)
_GRAPH_QUERIES = Quota("Azure Resource Graph", 15, 3)
_STORAGE_LISTS = Quota("Azure Storage lists", 100, 100 / 300)
_STORAGE = Quota("Azure Storage management", 800, 800 / 300)


def quota_of(method: str, url: str, arm_host: str) -> tuple[str, Quota]:
    """Tell which bucket a request draws from, as (key, quota).

    Secret reads (listKeys, listSecrets) are POSTs and count as writes with Resource Manager.
    """
    parts = urlsplit(url)
    host, path = (parts.hostname or "").casefold(), parts.path.casefold()
    if host != arm_host:
        return host, Quota(host, 250, 50)
    if "/providers/microsoft.resourcegraph/" in path:
        return "resource-graph", _GRAPH_QUERIES
    found = _SUBSCRIPTION.match(path)
    subscription = found[1] if found else "tenant"
    if path.endswith("/providers/microsoft.storage/storageaccounts"):
        return f"{subscription}/storage-lists", _STORAGE_LISTS
    if "/providers/microsoft.storage/storageaccounts/" in path and method == "GET":
        return f"{subscription}/storage", _STORAGE
    kind = _READS if method in {"GET", "HEAD"} else _DELETES if method == "DELETE" else _WRITES
    return f"{subscription}/{kind.service}", kind


class _Bucket:
    """What is left of one quota, as far as we know."""

    def __init__(self, quota: Quota, now: datetime) -> None:
        self.quota = quota
        self.tokens = quota.size
        self.at = now
        self.closed_until = now
        self.in_flight = asyncio.Semaphore(_IN_FLIGHT)

    def wait(self, now: datetime) -> float:
        """Take one token and return 0, or return the seconds until one may be there."""
        passed = max((now - self.at).total_seconds(), 0)
        self.tokens = min(self.quota.size, self.tokens + passed * self.quota.refill)
        self.at = now
        if now < self.closed_until:
            return (self.closed_until - now).total_seconds()
        if self.tokens < 1:
            return (1 - self.tokens) / self.quota.refill
        self.tokens -= 1
        return 0

    def left(self, remaining: float) -> None:
        """Believe Azure's count where it is lower than ours: others draw from the same quota."""
        self.tokens = min(self.tokens, remaining)

    def close(self, now: datetime, seconds: float) -> None:
        """Send nothing for so many seconds."""
        self.closed_until = max(self.closed_until, now + timedelta(seconds=seconds))


class Limits:
    """All quotas of one cloud; `on_throttle` hears of every 429."""

    def __init__(self, arm_host: str, clock: CloudClock, on_throttle: Callable[[Throttling], None]) -> None:
        self._arm_host, self._clock, self._on_throttle = arm_host, clock, on_throttle
        self._buckets: dict[str, _Bucket] = {}

    @asynccontextmanager
    async def slot(self, method: str, url: str) -> AsyncIterator[None]:
        """Hold one of the places in flight of the request's quota, after waiting for its turn."""
        bucket = self._bucket(method, url)
        async with bucket.in_flight:
            while (seconds := bucket.wait(self._clock.now())) > 0:
                await self._clock.sleep(max(seconds, _TICK))
            yield

    def answered(self, method: str, url: str, status: int, headers: Mapping[str, str]) -> None:
        """Learn from an answer: what is left of the quota, and whether Azure refused for asking too often."""
        bucket = self._bucket(method, url)
        remaining = remaining_in(headers)
        if remaining is not None:
            bucket.left(remaining)
            if remaining < 1:
                bucket.close(self._clock.now(), retry_after(headers))
        if status == 429:
            seconds = retry_after(headers) or 1.0
            bucket.left(0)
            bucket.close(self._clock.now(), seconds)
            self._on_throttle(Throttling(service=bucket.quota.service, seconds=seconds, left=remaining))

    def _bucket(self, method: str, url: str) -> _Bucket:
        key, quota = quota_of(method, url, self._arm_host)
        if key not in self._buckets:
            self._buckets[key] = _Bucket(quota, self._clock.now())
        return self._buckets[key]


def remaining_in(headers: Mapping[str, str]) -> float | None:
    """Read the remaining quota from an answer; None when it does not say. Header names in any case."""
    counts: list[float] = []
    for name in _REMAINING.intersection(headers) or [name for name in headers if name.lower() in _REMAINING]:
        with suppress(ValueError):
            counts.append(float(headers[name]))
    return min(filter(isfinite, counts), default=None)


def retry_after(headers: Mapping[str, str]) -> float:
    """Read Retry-After (or Resource Graph's quota reset) in seconds, a day at most; 0 where there is none."""
    lower = {name.casefold(): value for name, value in headers.items()}
    if "retry-after" in lower:
        try:
            seconds = float(lower["retry-after"])
        except ValueError:
            return 0
        return min(max(seconds, 0), _DAY) if isfinite(seconds) else 0
    return _clock_seconds(lower.get("x-ms-user-quota-resets-after", ""))


def _clock_seconds(text: str) -> float:
    """Read `00:00:05` as 6 seconds: whole ones are told, and a moment early is too early."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts):
        return 0
    hours, minutes, seconds = (int(part) for part in parts)
    return hours * 3600 + minutes * 60 + seconds + 1

"""What all parts of the cloud stand on: who we are, what time it is, and raw calls."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import datetime
from typing import Any

import msgspec

from actions.cloud import versions
from actions.cloud.clock import CloudClock
from actions.cloud.credential import Credential, signed_in
from actions.cloud.data import Answer, CloudError, Resource, ResourceId, SignedIn, Subscription
from actions.cloud.http import Wire, insist_new
from actions.cloud.operations import follow
from actions.cloud.places import Place
from actions.guard.gate import Gate
from actions.guard.model import Request

PAGE = 1000
"""Rows of a Resource Graph page: the most it gives."""
_NO_SUCH_VERSION = frozenset({"NoRegisteredProviderFound", "InvalidApiVersionParameter", "InvalidResourceType"})


class Base:
    """One signed-in view of one cloud: the raw calls."""

    def __init__(self, wire: Wire, gate: Gate, clock: CloudClock, *, rehearsal: bool) -> None:
        self._wire, self._gate, self._clock, self._rehearsal = wire, gate, clock, rehearsal

    @property
    def name(self) -> str:
        """`AzureCloud`, `AzureUSGovernment` or `AzureChinaCloud`."""
        return self._wire.place.name

    @property
    def place(self) -> Place:
        """The hosts and scopes of this cloud."""
        return self._wire.place

    @property
    def rehearsal(self) -> bool:
        """True when nothing here is real."""
        return self._rehearsal

    @property
    def gate(self) -> Gate:
        """The gate that every request of this cloud passes."""
        return self._gate

    @property
    def credential(self) -> Credential:
        """Gives tokens, for data-plane clients that ask for their own."""
        return self._wire.credential

    def now(self) -> datetime:
        """The cloud's own time, in UTC."""
        return self._clock.now()

    async def sleep(self, seconds: float) -> None:
        """Wait so many seconds of the cloud's time."""
        await self._clock.sleep(seconds)

    async def signed_in(self) -> SignedIn:
        """Sign in when needed and say who we are; raises `SignInNeeded`."""
        return signed_in(await self._wire.credential.get_token_info(self.place.arm_scope))

    async def stay_signed_in(self, seconds: float, host: str = "") -> SignedIn:
        """Renew the sign-in, to a key vault's `host` too, where it would end within so many seconds."""
        if host.casefold().endswith(self.place.hosts.vault_suffix):
            await self._wire.credential.lasting(seconds, self.place.vault_scope)
        return signed_in(await self._wire.credential.lasting(seconds, self.place.arm_scope))

    async def subscriptions(self) -> tuple[Subscription, ...]:
        """List what the caller can see."""
        rows = await self._wire.all("subscriptions", "/subscriptions", versions.SUBSCRIPTIONS)
        return tuple(
            Subscription(
                id=str(row.get("subscriptionId") or ""),
                name=str(row.get("displayName") or ""),
                tenant=str(row.get("tenantId") or ""),
                state=str(row.get("state") or ""),
            )
            for row in rows
        )

    async def query(
        self, text: str, subscriptions: tuple[str, ...] = (), counted: Callable[[int], object] | None = None
    ) -> AsyncIterator[list[dict[str, Any]]]:
        """Ask Resource Graph, page by page; the query must project `id`, or it is not paged (Resource Graph paging)."""
        options: dict[str, Any] = {"$top": PAGE, "resultFormat": "objectArray"}
        asked: dict[str, Any] = {"query": text, "options": options}
        if subscriptions:
            asked["subscriptions"] = list(subscriptions)
        path = "/providers/Microsoft.ResourceGraph/resources"
        seen: set[str] = set()
        while True:
            body = msgspec.json.encode(asked)
            reply = await self._wire.request("Resource Graph", "POST", path, versions.RESOURCE_GRAPH, body=body)
            data = reply.data
            if counted is not None and isinstance(data.get("totalRecords"), int):
                counted(data["totalRecords"])
            yield data.get("data") or []
            token = data.get("$skipToken")
            if not token:
                return
            insist_new("Resource Graph", token, seen)
            options["$skipToken"] = token

    async def get(self, resource: str, api_version: str) -> Resource:
        """GET any resource raw."""
        reply = await self._wire.request(_told(resource), "GET", resource, api_version)
        return _resource(reply.data, api_version, resource)

    async def list(self, path: str, api_version: str, **query: str) -> AsyncIterator[list[dict[str, Any]]]:
        """GET a collection raw, page by page; an option that Azure spells with `$` is given without it."""
        asked = {f"${name}" if name in {"filter", "top", "select", "expand"} else name: v for name, v in query.items()}
        async for page in self._wire.pages(_told(path), path, api_version, asked):
            yield page

    async def post_read(self, path: str, api_version: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """POST a route that only reads, and wait for its result where that takes long."""
        what = _told(path)
        sent = msgspec.json.encode(body) if body is not None else None
        reply = await self._wire.request(what, "POST", path, api_version, body=sent)
        return (await follow(self._wire, self._clock, what, reply, result=True)).body

    async def send(self, request: Request, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
        """Send a change exactly as its step states it, once, and follow its long-running operation."""
        what = f"{request.method} {_told(request.path)}"
        target = f"https://{request.host}{request.path}" if request.host else request.path
        reply = await self._wire.request(
            what, request.method, target, request.api_version, body=body, headers=headers, change=True
        )
        return await follow(self._wire, self._clock, what, reply)

    async def close(self) -> None:
        """Drop the tokens and close the connections."""
        await self._wire.credential.close()
        await self._wire.transport.shut()

    async def _resources(self, what: str, path: str, api_version: str, **query: str) -> tuple[Resource, ...]:
        """GET a whole collection of resources."""
        rows = await self._wire.all(what, path, api_version, query)
        return tuple(_resource(row, api_version, path) for row in rows)

    async def _newest(self, resource: ResourceId, *api_versions: str) -> Resource:
        """GET a resource with the first of the versions that this cloud knows."""
        for version in api_versions[:-1]:
            try:
                return await self.get(resource.text, version)
            except CloudError as error:
                if error.code not in _NO_SUCH_VERSION:
                    raise
        return await self.get(resource.text, api_versions[-1])


def _resource(row: dict[str, Any], api_version: str, asked: str) -> Resource:
    return Resource(id=ResourceId(str(row.get("id") or asked)), raw=row, api_version=api_version)


def _told(path: str) -> str:
    """Name a path for an error's sentence: `storageAccounts/stx`, or its last two segments."""
    resource = path.partition("?")[0].rstrip("/").rpartition("/providers/")[2]
    return "/".join(resource.split("/")[-2:])

"""Endpoints of a workspace: what there is beside online ones, replacing a key, and trying one.

Keys are replaced with `keyType` alone: a `keyValue` sets the key to a value of the caller's choice, and sent with the
present one, as Microsoft's own clients do, it may change nothing (RegenerateEndpointKeysRequest).
"""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import msgspec
from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from actions.cloud import versions
from actions.cloud.base import Base
from actions.cloud.data import Answer, CloudError, Probe, Resource, ResourceId
from actions.cloud.errors import from_exception
from actions.cloud.operations import follow
from actions.guard.secret import Secret

SLOTS = ("Primary", "Secondary")
_SERVERLESS_SUFFIX = ".models.ai.azure.com"


class Endpoints(Base):
    """The calls to endpoints that are not in the SDK, or that it makes badly."""

    async def serverless_endpoints(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List serverless endpoints; they exist from 2024-04-01 on."""
        what = f"serverless endpoints of workspace {workspace.name}"
        return await self._resources(what, f"{workspace.text}/serverlessEndpoints", versions.ENDPOINT)

    async def batch_endpoints(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List batch endpoints."""
        what = f"batch endpoints of workspace {workspace.name}"
        return await self._resources(what, f"{workspace.text}/batchEndpoints", versions.ENDPOINT)

    async def web_services(self, workspace: ResourceId) -> tuple[Resource, ...]:
        """List the web services of SDK v1; none where this cloud no longer knows the last api-version that had them."""
        what = f"web services of workspace {workspace.name}"
        try:
            return await self._resources(what, f"{workspace.text}/services", versions.WEB_SERVICE)
        except CloudError as error:
            if error.status in {400, 404}:
                return ()
            raise

    async def regenerate_endpoint_key(self, endpoint: ResourceId, slot: str) -> Answer:
        """Make one key of an online or serverless endpoint anew (change, irreversible, never resent).

        The operation's end proves nothing: the recorded one was not found although the key had changed. A serverless
        endpoint answers its keys, which are not kept.
        """
        if slot not in SLOTS:
            raise ValueError(f"an endpoint has the slots {' and '.join(SLOTS)}, not {slot}")
        what = f"regeneration of the {slot} key of endpoint {endpoint.name}"
        body = msgspec.json.encode({"keyType": slot})
        path = f"{endpoint.text}/regenerateKeys"
        reply = await self._wire.request(what, "POST", path, versions.ENDPOINT, body=body, change=True)
        answer = await follow(self._wire, self._clock, what, reply)
        return msgspec.structs.replace(answer, body={})

    async def probe_endpoint(self, uri: str, key: Secret) -> Probe:
        """Try a key with one GET of a scoring address: refused keys are answered 401 or 403 before anything is scored.

        Raises `CloudError` for an address that is not Azure's, or not https: no key is sent there.
        """
        parts = urlsplit(uri)
        host = (parts.hostname or "").casefold()
        if parts.scheme != "https" or not host.endswith((f".{self.place.scoring}", _SERVERLESS_SUFFIX)):
            raise CloudError(
                f"{host or 'the scoring address'} is none that a key is sent to", status=0, code="NotProbed"
            )
        request = HttpRequest("GET", f"https://{host}{parts.path or '/'}")
        try:
            response: Any = await self._tried(request, key)
        except AzureError as error:
            lost = from_exception(f"probing {host}", error, change=False)
            return Probe(status=0, code=lost.code, host=host, at=None, detail=lost.sentence)
        return Probe(status=response.status_code, code="", host=host, at=_when(response.headers.get("Date") or ""))

    async def _tried(self, request: HttpRequest, key: Secret) -> Any:
        """Send a request with a key for a token, as clients of online endpoints do."""
        request.headers["Authorization"] = f"Bearer {key.reveal()}"
        return await self._wire.bare(request)


def _when(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except (TypeError, ValueError):
        return None

"""Whether this host reaches a data plane: one unsigned request, which every service refuses once it is reached."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from azure.core.exceptions import AzureError
from azure.core.rest import HttpRequest

from actions.cloud.base import Base
from actions.cloud.data import CloudError, Probe
from actions.cloud.errors import clean, failure_in, from_exception

PATIENCE = 10.0
"""Seconds that a connection, and then an answer, may take: the page waits for it."""


class Reach(Base):
    """The question whether an address answers."""

    async def reach(self, address: str) -> Probe:
        """Send one GET without any credential; status 0 where no answer came.

        Raises `CloudError` for an address outside this cloud's storage, vaults and registries, or not https.
        """
        parts = urlsplit(address)
        host = (parts.hostname or "").casefold()
        zones = (self.place.storage, "storage.azure.net", self.place.vault, self.place.registry)
        if parts.scheme != "https" or not host.endswith(tuple(f".{zone}" for zone in zones)):
            raise CloudError(f"{clean(host) or 'it'} is no data plane of {self.name}", status=0, code="ForeignEndpoint")
        query = f"?{parts.query}" if parts.query else ""
        try:
            response = await self._wire.bare(
                HttpRequest("GET", f"https://{host}{parts.path or '/'}{query}"),
                connection_timeout=PATIENCE,
                read_timeout=PATIENCE,
            )
        except AzureError as error:
            lost = from_exception(f"reaching {host}", error, change=False)
            return Probe(status=0, code=lost.code, host=host, at=None, detail=lost.sentence)
        told = failure_in(response.content, response.headers) if response.status_code >= 400 else None
        return Probe(
            status=response.status_code, code=told.code if told else "", host=host,
            at=_when(response.headers.get("Date") or ""), detail=clean(told.message) if told else "",
        )  # fmt: skip


def _when(date: str) -> datetime | None:
    try:
        return parsedate_to_datetime(date).astimezone(UTC)
    except (TypeError, ValueError):
        return None

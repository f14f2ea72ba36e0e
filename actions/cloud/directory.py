"""Who stands behind the ids of role assignments: plain reads of Microsoft Graph over the shared transport.

Credentials come without their secrets: Graph never gives a password back, and its hint and a certificate's bytes are
dropped here, so that nobody above can keep them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import msgspec

from actions.cloud.base import Base
from actions.cloud.http import insist_new

BATCH = 1000
"""Ids that one getByIds takes: the most that Graph allows."""
PAGE = "999"
"""Rows of a page: the most that Graph gives for service principals; its default is 100."""
_PRINCIPAL = (
    "id,appId,displayName,appDisplayName,servicePrincipalType,accountEnabled,disabledByMicrosoftStatus,"
    "appOwnerOrganizationId,createdDateTime,alternativeNames,passwordCredentials,keyCredentials"
)
_APPLICATION = "id,appId,displayName,createdDateTime,passwordCredentials,keyCredentials"
_TYPES = ["user", "group", "servicePrincipal", "directoryObjectPartnerReference"]
"""Named one by one: the documented `directoryObject` does not work (azure-cli)."""
_SHOWN = ("keyId", "displayName", "startDateTime", "endDateTime", "type", "usage")
Item = dict[str, Any]


class Directory(Base):
    """The calls to Microsoft Graph; each raises `Forbidden` where the caller may not read the directory."""

    async def service_principals(self, prefix: str) -> tuple[Item, ...]:
        """List the service principals whose display name starts with a text, in any case.

        One prefix a call: that two may be joined by `or` without the advanced query headers is documented nowhere.
        """
        query = {"$filter": f"startswith(displayName,'{_quoted(prefix)}')", "$select": _PRINCIPAL, "$top": PAGE}
        return await self._graph(f"service principals named {prefix}*", "v1.0/servicePrincipals", query)

    async def applications(self, prefix: str) -> tuple[Item, ...]:
        """List the applications registered in this tenant whose display name starts with a text."""
        query = {"$filter": f"startswith(displayName,'{_quoted(prefix)}')", "$select": _APPLICATION, "$top": PAGE}
        return await self._graph(f"applications named {prefix}*", "v1.0/applications", query)

    async def application(self, app_id: str) -> Item | None:
        """Find one application by its application id; None when it is registered elsewhere."""
        query = {"$filter": f"appId eq '{_quoted(app_id)}'", "$select": _APPLICATION}
        found = await self._graph(f"application {app_id}", "v1.0/applications", query)
        return found[0] if found else None

    async def directory_objects(self, ids: Iterable[str]) -> tuple[Item, ...]:
        """Look up users, groups and service principals by object id; ids of nobody are absent from the answer."""
        wanted = list(dict.fromkeys(ids))
        batches = [wanted[start : start + BATCH] for start in range(0, len(wanted), BATCH)]
        url = f"https://{self.place.graph}/v1.0/directoryObjects/getByIds"

        async def ask(batch: list[str]) -> list[Item]:
            body = msgspec.json.encode({"ids": batch, "types": _TYPES})
            reply = await self._wire.request("directory objects", "POST", url, "", body=body)
            return reply.data.get("value") or []

        answers = await asyncio.gather(*(ask(batch) for batch in batches))
        return tuple(_without_secrets(item) for answer in answers for item in answer)

    async def group_members(self, group: str) -> tuple[Item, ...]:
        """List who is in a group, through other groups too, by object id alone; needs GroupMember.Read.All."""
        path = f"v1.0/groups/{quote(group, safe='')}/transitiveMembers"
        return await self._graph(f"members of group {group[:8]}", path, {"$select": "id", "$top": PAGE})

    async def sign_in_report(self) -> tuple[Item, ...]:
        """Read when applications signed in last: a report of Graph's beta, of the global cloud only, that needs a role."""
        return await self._graph("sign-in report", "beta/reports/servicePrincipalSignInActivities", {"$top": PAGE})

    async def _graph(self, what: str, path: str, query: dict[str, str]) -> tuple[Item, ...]:
        """GET a whole collection, following the links of its pages as they are."""
        reply = await self._wire.request(what, "GET", f"https://{self.place.graph}/{path}", "", query=query)
        found: list[Item] = []
        seen: set[str] = set()
        while True:
            found += reply.data.get("value") or []
            following = reply.data.get("@odata.nextLink")
            if not following:
                return tuple(_without_secrets(item) for item in found)
            insist_new(what, following, seen)
            reply = await self._wire.send(what, "GET", following)


def _quoted(text: str) -> str:
    """Escape a text for a filter."""
    return text.replace("'", "''")


def _without_secrets(item: Item) -> Item:
    """Keep of each credential what identifies and dates it."""
    kept = dict(item)
    for name in ("passwordCredentials", "keyCredentials"):
        if kept.get(name):
            kept[name] = [{key: given.get(key) for key in _SHOWN} for given in kept[name]]
    return kept

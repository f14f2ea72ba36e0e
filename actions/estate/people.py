"""Who stands behind the ids: users, groups, service principals and applications, as far as the directory may be read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from actions.cloud.data import CloudError
from actions.estate.access import Access
from actions.estate.camera import Camera, Raw
from actions.guard.together import each
from actions.support_apps.naming import PREFIXES, prefix_of

COSMOS_APPS = ("a232010e-820c-4083-83bb-3ace5fc29d0b", "57506a73-e302-42a9-b869-6f12d9ec29e9")
"""Azure Cosmos DB in the global cloud and in US Government: it reads the keys of classic encrypted workspaces."""


class People:
    """What was read of the directory."""

    def __init__(self) -> None:
        self.users: list[Raw] = []
        self.groups: list[Raw] = []
        self.principals: dict[str, Raw] = {}
        self.applications: dict[str, Raw] = {}
        self.readable = True
        self.inside = True
        """Whether one may look into all of the groups."""
        self.reports = False
        """Whether the report of applications' sign-ins answers."""


async def read_people(camera: Camera, ids: Iterable[str], access: Access, *, apps: bool) -> People:
    """Look up everybody by object id; with `apps` also Azure ML's support apps and when they signed in last."""
    people = People()
    found = await camera.maybe("the directory", lambda: camera.cloud.directory_objects(ids))
    people.readable = found is not None
    for item in found or ():
        _put(people, item, access)
    await each(people.groups, partial(_look_into, camera, people))
    if not people.readable:
        return people
    for row in [row for rows in await each(COSMOS_APPS, lambda app: _cosmos(camera, app)) for row in rows]:
        people.principals.setdefault(str(row.get("id") or ""), row)
    if apps:
        await _support(camera, people)
    return people


def _put(people: People, item: Raw, access: Access) -> None:
    kind = str(item.get("@odata.type") or "").rpartition(".")[2].casefold()
    name = str(item.get("id") or "")
    if kind == "user":
        kept = {key: item.get(key) for key in ("id", "userPrincipalName", "displayName", "mail")}
        people.users.append({**kept, "userPrincipalName": kept["userPrincipalName"] or name,
                             "displayName": kept["displayName"] or ""})  # fmt: skip
    elif kind == "group":
        members = sorted(access.members.get(name, ()))
        people.groups.append({"id": name, "displayName": str(item.get("displayName") or name), "members": members})
    elif kind == "serviceprincipal":
        people.principals[name] = {key: value for key, value in item.items() if key != "@odata.type"}


async def _look_into(camera: Camera, people: People, group: Raw) -> None:
    """Add who is in a group, through others too; without leave to look only those are told through whom a role came."""
    found = await camera.maybe(
        f"who is in group {group['displayName']}", lambda: camera.cloud.group_members(str(group["id"]))
    )
    people.inside = people.inside and found is not None
    group["members"] = sorted({*group["members"], *(str(item.get("id") or "") for item in found or ())})


async def _cosmos(camera: Camera, app: str) -> list[Raw]:
    url = f"https://{camera.cloud.gate.hosts.graph}/v1.0/servicePrincipals"

    async def ask() -> list[Raw]:
        return [row async for page in camera.cloud.list(url, "", filter=f"appId eq '{app}'") for row in page]

    return await camera.maybe("Azure Cosmos DB's service principal", ask) or []


async def _support(camera: Camera, people: People) -> None:
    cloud = camera.cloud
    for prefix in PREFIXES:
        for row in await camera.maybe(f"apps named {prefix}*", partial(cloud.service_principals, prefix)) or ():
            people.principals.setdefault(str(row.get("id") or ""), row)
        for row in await camera.maybe(f"applications named {prefix}*", partial(cloud.applications, prefix)) or ():
            people.applications[str(row.get("appId") or "")] = row
    named = [
        str(item.get("appId") or "")
        for item in people.principals.values()
        if prefix_of(str(item.get("displayName") or ""))
    ]
    wanted = [app for app in named if app and app not in people.applications]
    found = await each(wanted, lambda app: camera.maybe(f"application {app}", lambda: cloud.application(app)))
    people.applications |= {str(item.get("appId") or ""): item for item in found if item}
    await _sign_ins(camera, people)


async def _sign_ins(camera: Camera, people: People) -> None:
    """Add when each signed in last, where that report may be read."""
    try:
        rows = await camera.cloud.sign_in_report()
    except CloudError:
        return
    people.reports = True
    last: dict[str, Any] = {
        str(row.get("appId") or ""): (row.get("lastSignInActivity") or {}).get("lastSignInDateTime") for row in rows
    }
    for item in people.principals.values():
        if moment := last.get(str(item.get("appId") or "")):
            item["lastSignIn"] = moment

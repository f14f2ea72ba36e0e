"""The resources of a picture: what the subscriptions list, what a workspace links, and what lies in a workspace."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from actions.cloud import versions
from actions.cloud.data import CloudError, Resource, ResourceId
from actions.estate import cleaning
from actions.estate.camera import Camera, Raw
from actions.guard.together import each

WORKSPACE = "microsoft.machinelearningservices/workspaces"
ACCOUNT = "microsoft.storage/storageaccounts"
VAULT = "microsoft.keyvault/vaults"
REGISTRY = "microsoft.containerregistry/registries"
KINDS = {
    WORKSPACE: versions.WORKSPACE,
    ACCOUNT: versions.STORAGE_ACCOUNT,
    VAULT: versions.VAULT,
    REGISTRY: versions.REGISTRY,
    "microsoft.insights/components": versions.COMPONENT,
    "microsoft.documentdb/databaseaccounts": versions.COSMOS,
    "microsoft.search/searchservices": versions.SEARCH,
    "microsoft.containerservice/managedclusters": versions.MANAGED_CLUSTER,
    "microsoft.compute/diskencryptionsets": versions.DISK_ENCRYPTION_SET,
    "microsoft.containerinstance/containergroups": versions.CONTAINER_GROUP,
    "microsoft.managedidentity/userassignedidentities": versions.USER_IDENTITY,
}
"""The types that amlkeys reads, with the versions it reads them with; others are left out of a picture."""
_ELSEWHERE = frozenset({"associatedworkspaces", "sharedprivatelinkresources", "privateendpointconnections"})
"""Links that lead from one workspace to all others, or to networks, of which nothing is read."""
_JOBS = 100


class Found:
    """The resources found so far, by id in lower case."""

    def __init__(self) -> None:
        self.by_id: dict[str, Raw] = {}
        self.left_out = 0
        """How many resources of other types the subscriptions list."""
        self.kept_back: dict[str, list[cleaning.LeftOut]] = {}
        """What of each resource was taken for a secret, by its id in lower case."""

    def put(self, raw: Raw, found_id: str = "") -> None:
        """Keep a resource, cleaned; a fuller reading replaces a barer one, and what has no id is none."""
        cleaner = cleaning.Cleaner()
        made = cleaning.resource(raw, found_id, cleaner)
        if not made["id"].startswith("/"):
            return
        key = made["id"].casefold()
        if key not in self.by_id or "properties" in made or "properties" not in self.by_id[key]:
            self.by_id[key], self.kept_back[key] = made, cleaner.left_out

    def of_type(self, kind: str) -> list[Raw]:
        """The resources of a type in lower case."""
        return [item for item in self.by_id.values() if item["type"].casefold() == kind]

    def within(self, place: ResourceId) -> Iterator[Raw]:
        """The resources at and below an id."""
        prefix = f"{place.key}/"
        return (item for key, item in self.by_id.items() if key == place.key or key.startswith(prefix))


async def listed(camera: Camera, subscription: str, found: Found) -> list[ResourceId]:
    """What a subscription lists of the types that are read; with their groups and locks put down already."""
    scope = f"/subscriptions/{subscription}"
    rows = await camera.rows(f"resources of subscription {subscription}", f"{scope}/resources", versions.RESOURCES)
    known = [row for row in rows or () if ResourceId(str(row.get("id") or "")).type in KINDS]
    found.left_out += len(rows or ()) - len(known)
    for row in known:
        found.put(row)
    return [ResourceId(str(row["id"])) for row in known]


async def surroundings(camera: Camera, subscription: str, found: Found, *, whole: bool) -> None:
    """Put down the groups and the locks of a subscription; unless `whole` only those of what was found in it."""
    scope = f"/subscriptions/{subscription}"
    groups = await camera.rows(f"groups of subscription {subscription}", f"{scope}/resourceGroups", versions.RESOURCES)
    used = {ResourceId(item["id"]).group_id.key for item in found.by_id.values()}
    for row in groups or ():
        if whole or ResourceId(str(row.get("id") or "")).key in used:
            found.put(row)
    path = f"{scope}/providers/Microsoft.Authorization/locks"
    for row in await camera.rows(f"locks of subscription {subscription}", path, versions.LOCKS) or ():
        place = str(row.get("id") or "").casefold().rpartition("/providers/microsoft.authorization/locks/")[0]
        if whole or place in found.by_id or place in used or place == scope.casefold():
            found.put(row)


async def follow(camera: Camera, todo: Iterable[ResourceId], found: Found, *, visible: frozenset[str]) -> None:
    """Read resources whole, and whatever of a known type they name, until nothing new is named."""
    seen: set[str] = set()
    queue = [item for item in todo if item.type in KINDS]
    while queue:
        batch = list({item.key: item for item in queue if item.key not in seen}.values())
        seen |= {item.key for item in batch}
        queue = []
        for raw in await _batch(camera, batch):
            found.put(raw)
            queue += [item for item in linked(raw) if item.subscription.casefold() in visible]
            queue += await _managed(camera, raw, found)


async def _batch(camera: Camera, batch: list[ResourceId]) -> list[Raw]:
    """Read resources at once; those that are not there or refused are left out."""
    count = camera.counting("resources that were named", len(batch))

    async def one(item: ResourceId) -> Resource | None:
        found = await camera.maybe(_told(item), lambda: _read(camera, item))
        count()
        return found

    return [found.raw for found in await each(batch, one) if found is not None]


async def _read(camera: Camera, item: ResourceId) -> Resource:
    if item.type == ACCOUNT:
        return await camera.cloud.storage_account(item)
    if item.type == REGISTRY:
        try:
            return await camera.cloud.get(item.text, versions.REGISTRY_ROLES)
        except CloudError as error:
            if error.status != 400:
                raise
    return await camera.cloud.get(item.text, KINDS[item.type])


async def _managed(camera: Camera, raw: Raw, found: Found) -> list[ResourceId]:
    """What lies in the group that Azure keeps for an encrypted workspace."""
    group = (raw.get("properties") or {}).get("serviceProvisionedResourceGroup")
    if not group:
        return []
    scope = f"/subscriptions/{ResourceId(str(raw['id'])).subscription}/resourceGroups/{group}"
    rows = await camera.rows(f"resources of group {group}", f"{scope}/resources", versions.RESOURCES) or []
    known = [ResourceId(str(row.get("id") or "")) for row in rows]
    for row, item in zip(rows, known, strict=True):
        if item.type in KINDS:
            found.put(row)
    return [item for item in known if item.type in KINDS]


def linked(raw: Raw) -> Iterator[ResourceId]:
    """The top-level resources of known types that a resource names anywhere."""
    for text in _texts(raw):
        if text.casefold().startswith("/subscriptions/") and "/providers/" in text.casefold():
            top = ResourceId("/".join(text.rstrip("/").split("/")[:9]))
            if top.type in KINDS:
                yield top


def _texts(value: Any, name: str = "") -> Iterator[str]:
    if name.casefold() in _ELSEWHERE:
        return
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
    elif isinstance(value, str):
        yield value


def _told(item: ResourceId) -> str:
    return f"{item.type.rpartition('/')[2]} {item.name}"


async def contents(camera: Camera, workspace: ResourceId, found: Found) -> list[ResourceId]:
    """Put down what lies in a workspace, and give what its computes name."""
    cloud = camera.cloud
    lists: dict[str, Callable[[ResourceId], Awaitable[tuple[Resource, ...]]]] = {
        "datastores": cloud.datastores, "connections": cloud.connections, "computes": cloud.computes,
        "online endpoints": cloud.online_endpoints, "serverless endpoints": cloud.serverless_endpoints,
        "batch endpoints": cloud.batch_endpoints, "services": cloud.web_services,
    }  # fmt: skip

    async def read(what: str) -> list[Resource]:
        rows = await camera.maybe(f"{what} of {workspace.name}", lambda: lists[what](workspace))
        return list(rows or ())

    lists_read = await each(lists, read)
    links: list[ResourceId] = []
    for item in (row for rows in lists_read for row in rows):
        found.put(item.raw, item.id.text)
        links += linked(item.raw)
    endpoints = [
        item for rows in lists_read for item in rows if item.id.type.endswith(("/onlineendpoints", "/batchendpoints"))
    ]
    for rows in await each(endpoints, lambda item: _deployments(camera, item.id)):
        for row in rows:
            found.put(row)
    for row in await _jobs(camera, workspace):
        found.put(cleaning.job(row))
    return links


async def _deployments(camera: Camera, endpoint: ResourceId) -> list[Raw]:
    """The deployments of an endpoint; a kind that cannot be listed here has none."""
    if endpoint.type.endswith("/batchendpoints"):
        return []
    what = f"deployments of {endpoint.name}"
    return await camera.rows(what, f"{endpoint.text}/deployments", versions.ENDPOINT) or []


async def _jobs(camera: Camera, workspace: ResourceId) -> list[Raw]:
    """The newest jobs: whether any runs is all that is read of them."""

    async def newest() -> list[Raw]:
        async for page in camera.cloud.list(f"{workspace.text}/jobs", versions.JOBS):
            return page[:_JOBS]
        return []

    return await camera.maybe(f"jobs of {workspace.name}", newest) or []


async def find_vault(camera: Camera, name: str) -> ResourceId | None:
    """Find a vault by its name, which is unique in all of Azure."""
    text = f"resources | where type =~ '{VAULT}' | where name =~ '{name}' | project id | order by id asc"

    async def ask() -> list[Raw]:
        return [row async for page in camera.cloud.query(text) for row in page]

    try:
        rows = await camera.maybe(f"vault {name}", ask)
    except CloudError:
        return None
    return ResourceId(str(rows[0]["id"])) if rows else None

"""What is asked of each workspace, vault, account or subscription by itself, because no list holds it; never a secret."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from actions.cloud import versions
from actions.cloud.data import Forbidden, KeptSecret, ResourceId
from actions.cloud.protocol import Cloud
from actions.workspaces.cells import Seen
from actions.workspaces.direct import Direct
from actions.workspaces.judged import KEYED, PROVIDERS, WEEK, Life, added, life_of, logged, registered
from actions.workspaces.roles import Held, held_of
from actions.workspaces.rows import moment
from actions.workspaces.sources import BESIDE, query_of, shaped

_LOGGED = timedelta(days=90) - timedelta(minutes=1)
"""How far back the activity log may be asked."""
_TENANT = "tenant"

Rows = tuple[Mapping[str, Any], ...]


class App(NamedTuple):
    """A service principal that may be a support app."""

    principal: str
    kind: str


class Mine(NamedTuple):
    """The caller's own assignments; `whole` where Azure told all of them, through groups too."""

    held: tuple[Held, ...]
    whole: bool = True


class Change(NamedTuple):
    """The last thing that was done: how many days ago, and whether it failed."""

    days: int
    failed: bool


def _workspace(seen: Seen) -> str:
    return seen.id.text


def _subscription(seen: Seen) -> str:
    return f"/subscriptions/{seen.id.subscription}"


def _tenant(_seen: Seen) -> str:
    return _TENANT


def _linked(name: str) -> Callable[[Seen], str]:
    return lambda seen: str(seen.own.get(name) or "")


def _untold(name: str) -> Callable[[Seen], str]:
    """The workspace itself, where the lists were asked for a property and told none."""
    return lambda seen: seen.id.text if name in seen.own and seen.own[name] is None else ""


def _unlisted(seen: Seen) -> str:
    return seen.id.text if seen.endpoints is None else ""


def _unlisted_deployments(seen: Seen) -> str:
    return seen.id.text if seen.deployments is None and seen.endpoints != () else ""


def has_own_key(own: Mapping[str, Any]) -> bool:
    """Whether a workspace's metadata is under a key of its own."""
    return str((own.get("encryption") or {}).get("status") or "").casefold() == "enabled"


def _encrypted(key: Callable[[Seen], str]) -> Callable[[Seen], str]:
    return lambda seen: key(seen) if has_own_key(seen.own) else ""


def _encrypted_untold(seen: Seen) -> str:
    return _encrypted(_untold("enableServiceSideCMKEncryption"))(seen)


async def itself(cloud: Cloud, key: str) -> Mapping[str, Any]:
    """The workspace's properties, with those that lists leave out."""
    return (await cloud.workspace(ResourceId(key))).properties


async def own_roles(cloud: Cloud, key: str) -> Mine:
    """The caller's own assignments above, at and below a subscription, those through groups too.

    Who may read assignments in some groups alone is refused that list: Resource Graph then tells those that name the
    caller, or a group in the token; where that names none, there may be more.
    """
    who = await cloud.signed_in()
    try:
        found = await cloud.role_assignments(key, f"assignedTo('{who.object_id}')")
    except Forbidden:
        ids = (who.object_id, *(str(each) for each in who.claims.get("groups") or ()))
        named = ", ".join(f"'{each}'" for each in ids if each.replace("-", "").isalnum())
        fields = ("principalId", "principalType", "roleDefinitionId", "scope", "condition")
        source = next(each for each in BESIDE if each.name == "assignments")
        mine = source._replace(where=f"{source.where} | where properties.principalId in~ ({named})")
        pages = cloud.query(query_of(mine, fields), (ResourceId(key).subscription,))
        held = [held_of(shaped(row)) async for page in pages for row in page]
        return Mine(tuple(held), whole="groups" in who.claims)
    return Mine(tuple(held_of(each.raw) for each in found))


async def support_apps(cloud: Cloud, _key: str) -> tuple[App, ...]:
    """The directory's service principals with the names of support apps, without Microsoft's own and managed identities."""
    from actions.support_apps.naming import PREFIXES, kind_of

    who = await cloud.signed_in()
    lists = await asyncio.gather(*(cloud.service_principals(prefix) for prefix in PREFIXES))
    found = {str(item.get("id") or "").casefold(): kind_of(item, who.tenant) for each in lists for item in each}
    return tuple(
        App(key, kind) for key, kind in found.items() if kind not in {None, "first-party", "managed-identity"} and kind
    )


async def ml_app(cloud: Cloud, _key: str) -> frozenset[str]:
    """The object ids of Azure Machine Learning's own application, in lower case."""
    from actions.support_apps.naming import MACHINE_LEARNING

    found = await cloud.service_principals("Azure Machine Learning")
    mine = (item for item in found if str(item.get("appId") or "").casefold() == MACHINE_LEARNING)
    return frozenset(str(item.get("id") or "").casefold() for item in mine)


async def unregistered(cloud: Cloud, key: str) -> tuple[str, ...]:
    """The resource providers that a subscription lacks for workspaces with keys of their own."""
    read = await asyncio.gather(*(cloud.get(f"{key}/providers/{name}", versions.PROVIDERS) for name in PROVIDERS))
    return tuple(name for name, found in zip(PROVIDERS, read, strict=True) if not registered(found.raw))


async def computes(cloud: Cloud, key: str) -> Rows:
    """The workspace's computes, with their identities among their properties."""
    found = await cloud.computes(ResourceId(key))
    return tuple({**each.properties, "identity": each.raw.get("identity")} for each in found)


async def services(cloud: Cloud, key: str) -> Rows:
    """The workspace's services of SDK v1."""
    return tuple(each.properties for each in await cloud.web_services(ResourceId(key)))


async def endpoints(cloud: Cloud, key: str) -> Rows:
    """The workspace's online and serverless endpoints."""
    here = ResourceId(key)
    lists = await asyncio.gather(cloud.online_endpoints(here), cloud.serverless_endpoints(here))
    return tuple(each.properties for found in lists for each in found)


async def deployments(cloud: Cloud, key: str) -> Rows:
    """The deployments of the workspace's online endpoints."""
    found = await cloud.online_endpoints(ResourceId(key))
    lists = await asyncio.gather(*(_all(cloud, f"{each.id.text}/deployments", versions.ENDPOINT) for each in found))
    return tuple(row.get("properties") or {} for rows in lists for row in rows)


async def logs(cloud: Cloud, key: str) -> int:
    """How many diagnostic settings send logs somewhere."""
    rows = await _all(cloud, f"{key}/providers/Microsoft.Insights/diagnosticSettings", versions.DIAGNOSTICS)
    return sum(bool(logged(row.get("properties") or {})) for row in rows)


async def kept_secrets(cloud: Cloud, key: str) -> tuple[Life, ...]:
    """How each of a vault's secrets stands against its life; names and times are listed, never a value."""
    found: tuple[KeptSecret, ...] = await cloud.secrets(ResourceId(key).name)
    return tuple(life_of(each, cloud.now()) for each in found)


async def keyed_calls(cloud: Cloud, key: str) -> tuple[float, ...]:
    """The calls of a storage account in the last week that were signed with a key, by the hour."""
    return await _week(cloud, key, ("Transactions",), KEYED)


async def runs(cloud: Cloud, key: str) -> tuple[float, ...]:
    """The runs that ended in the last week, by the hour."""
    return await _week(cloud, key, ("Completed Runs", "Failed Runs"), "")


async def last_change(cloud: Cloud, key: str) -> Change | tuple[()]:
    """The last operation on the workspace itself in the activity log, which lists the newest first; empty for none."""
    now, of = cloud.now(), ResourceId(key)
    span = f"eventTimestamp ge '{_stamp(now - _LOGGED)}' and eventTimestamp le '{_stamp(now)}'"
    path = f"/subscriptions/{of.subscription}/providers/Microsoft.Insights/eventtypes/management/values"
    async for page in cloud.list(path, versions.ACTIVITY_LOG, filter=f"{span} and resourceUri eq '{of.text}'"):
        times = [(when, event) for event in page if (when := moment(event.get("eventTimestamp")))]
        if times:
            when, event = max(times, key=lambda each: each[0])
            return Change((now - when).days, _value(event.get("status")).casefold() == "failed")
    return ()


async def _week(cloud: Cloud, key: str, names: tuple[str, ...], split: str) -> tuple[float, ...]:
    found = await cloud.metrics(
        ResourceId(key), names, span=WEEK, grain="PT1H", aggregation="Total", filter=split
    )  # fmt: skip
    points = added(series for each in found.values() for series in each)
    return tuple(point for point in points if point is not None)


async def _all(cloud: Cloud, path: str, version: str) -> list[dict[str, Any]]:
    return [row async for page in cloud.list(path, version) for row in page]


def _stamp(when: datetime) -> str:
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


def _value(given: object) -> str:
    return str(given.get("value") or "") if isinstance(given, Mapping) else str(given or "")


DIRECT = {
    each.name: each
    for each in (
        Direct("network", "the managed network", "workspace", _untold("managedNetwork"), itself),
        Direct("mode", "the mode of system datastores", "workspace", _untold("systemDatastoresAuthMode"), itself),
        Direct("mine", "your own roles", "subscription", _subscription, own_roles),
        Direct("apps", "support apps", "tenant", _tenant, support_apps),
        Direct("providers", "resource providers", "subscription", _encrypted(_subscription), unregistered),
        Direct("ml-app", "Azure Machine Learning's application", "tenant", _encrypted(_tenant), ml_app),
        Direct("side", "where the metadata is kept", "workspace", _encrypted_untold, itself),
        Direct("computes", "computes", "workspace", _workspace, computes),
        Direct("services", "v1 services", "workspace", _workspace, services),
        Direct("endpoints", "endpoints", "workspace", _unlisted, endpoints),
        Direct("deployments", "deployments", "workspace", _unlisted_deployments, deployments),
        Direct("logs", "diagnostic settings", "workspace", _workspace, logs),
        Direct("vault-logs", "diagnostic settings", "vault", _linked("keyVault"), logs),
        Direct("secrets", "names and times of secrets", "vault", _linked("keyVault"), kept_secrets),
        Direct("key-calls", "calls by key", "storage account", _linked("storageAccount"), keyed_calls),
        Direct("runs", "runs", "workspace", _workspace, runs),
        Direct("changes", "the activity log", "workspace", _workspace, last_change),
    )
}
"""By name; `FleetColumn.direct` names those that a column is read from."""

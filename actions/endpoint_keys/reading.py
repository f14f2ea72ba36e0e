"""Reading the endpoints of a workspace: their keys as fingerprints, their traffic, what became of their keys before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import datetime, timedelta
from typing import Any, ParamSpec, TypeVar

import msgspec

from actions.cloud import versions
from actions.cloud.data import CloudError, MetricSeries, Resource, ResourceId
from actions.cloud.protocol import Cloud
from actions.endpoint_keys.state import TAG, Endpoint, Kind, Traffic, Vault

P = ParamSpec("P")
T = TypeVar("T")
METRIC = "RequestsPerMinute"
ENDED = ("amltoken", "aadtoken", "aad", "token")
_V1_END = "SDK v1 is out of support since June 2026"
_KEPT_DAYS = 89
"""The activity log keeps 90 days and refuses a question that reaches further back."""


async def or_problem(read: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T | str:
    """Read; a refusal becomes the short reason that is shown."""
    try:
        return await read(*args, **kwargs)
    except CloudError as error:
        return f"{error.status or 'no answer'} {error.code}".rstrip()


async def endpoints(cloud: Cloud, workspace: ResourceId) -> tuple[list[Endpoint], tuple[str, ...]]:
    """List every endpoint of a workspace by kind, without its keys; and the kinds that could not be listed."""
    asked: dict[str, Callable[[ResourceId], Awaitable[tuple[Resource, ...]]]] = {
        "online endpoints": cloud.online_endpoints,
        "serverless endpoints": cloud.serverless_endpoints,
        "batch endpoints": cloud.batch_endpoints,
        "web services of SDK v1": cloud.web_services,
    }
    got = await asyncio.gather(*(or_problem(read, workspace) for read in asked.values()))
    unlisted = tuple(f"{what}: {found}" for what, found in zip(asked, got, strict=True) if isinstance(found, str))
    makers = (online, serverless, batch, service)
    made = [
        make(item)
        for make, found in zip(makers, got, strict=True)
        if not isinstance(found, str)
        for item in sorted(found, key=lambda item: item.name.casefold())
    ]
    return made, unlisted


def online(item: Resource) -> Endpoint:
    """A managed or Kubernetes endpoint; Azure spells the modes in mixed case."""
    kind: Kind = "kubernetes" if item.properties.get("compute") else "managed"
    auth = str(item.properties.get("authMode") or "").casefold()
    why = "" if auth == "key" else f"it authenticates by {_told(auth)} and has no keys in use"
    return _endpoint(item, kind, auth, why, str(item.properties.get("scoringUri") or ""))


def serverless(item: Resource) -> Endpoint:
    """A serverless endpoint; both of its key modes have keys."""
    auth = str(item.properties.get("authMode") or "").casefold()
    why = "" if auth in {"key", "keyandaad"} else f"it authenticates by {_told(auth)} and has no keys in use"
    uri = str((item.properties.get("inferenceEndpoint") or {}).get("uri") or "")
    return _endpoint(item, "serverless", auth, why, uri)


def batch(item: Resource) -> Endpoint:
    """A batch endpoint: called with Entra tokens only, whatever its auth mode says."""
    why = "batch endpoints are called with Entra tokens only and cannot replace keys"
    auth = str(item.properties.get("authMode") or "").casefold()
    return _endpoint(item, "batch", auth, why, str(item.properties.get("scoringUri") or ""))


def service(item: Resource) -> Endpoint:
    """A web service of SDK v1 on ACI or AKS."""
    given = item.properties
    auth = "key" if given.get("authEnabled") else "aadtoken" if given.get("aadAuthEnabled") else "none"
    where = str(given.get("computeType") or "?").upper()
    why = f"web service of SDK v1 on {where}: its keys are replaced through its own API; {_V1_END}"
    made = _endpoint(item, "service", auth, why, str(given.get("scoringUri") or ""))
    return msgspec.structs.replace(made, state=str(given.get("state") or ""))


def _endpoint(item: Resource, kind: Kind, auth: str, why: str, scoring: str) -> Endpoint:
    given = item.properties
    return Endpoint(
        id=item.id.text, name=item.name, kind=kind, auth=auth or "unknown", rotates=not why, why=why, scoring=scoring,
        state=str(given.get("provisioningState") or ""), network=str(given.get("publicNetworkAccess") or "").casefold(),
    )  # fmt: skip


def _told(auth: str) -> str:
    words = {"amltoken": "Azure ML tokens", "aadtoken": "Entra tokens", "aad": "Entra tokens"}
    return words.get(auth, f"an unknown way ({auth or 'none'})")


async def with_keys(cloud: Cloud, endpoint: Endpoint, vault: Vault | None) -> Endpoint:
    """Add the fingerprints of both keys (secret read) and of the published secret."""
    keys = await or_problem(cloud.endpoint_keys, ResourceId(endpoint.id))
    if isinstance(keys, str):
        return msgspec.structs.replace(endpoint, problem=keys)
    if keys.primary is None or keys.secondary is None:
        return msgspec.structs.replace(endpoint, problem="Azure answers no keys")
    found = msgspec.structs.replace(
        endpoint, primary=keys.primary.fingerprint(), secondary=keys.secondary.fingerprint(), problem=""
    )
    if vault is None or vault.problem:
        return found
    kept = await or_problem(cloud.secret_versions, vault.name, vault.secret_for(endpoint.name))
    if isinstance(kept, str):
        return msgspec.structs.replace(found, secret_problem=kept)
    newest = kept[0].tags.get(TAG, "") if kept and kept[0].enabled else ""
    return msgspec.structs.replace(found, published=newest, secret_problem="")


async def anew(cloud: Cloud, endpoint: Endpoint, vault: Vault | None) -> Endpoint:
    """Read one endpoint and its keys again, keeping what does not matter for its steps."""
    make = serverless if endpoint.kind == "serverless" else online
    now = make(await cloud.get(endpoint.id, versions.ENDPOINT))
    kept = {name: getattr(endpoint, name) for name in ("traffic", "rotated", "ours", "handed")}
    return await with_keys(cloud, msgspec.structs.replace(now, **kept), vault)


async def find_vault(cloud: Cloud, given: str) -> Vault | None:
    """Find the vault that the new key is published to; its name is unique in all of Azure."""
    if not given:
        return None
    name, _, secret = (part.strip() for part in given.partition("/"))
    try:
        host = cloud.vault_host(name)
    except CloudError as error:
        return Vault(name=name, secret=secret, host="", problem=error.sentence)
    text = (
        f"resources | where type =~ 'microsoft.keyvault/vaults' | where name =~ '{name}' | project id | order by id asc"
    )
    try:
        rows = [row async for page in cloud.query(text) for row in page]
        if not rows:
            return Vault(name=name, secret=secret, host=host, problem="no vault of this name is to be seen here")
        found = await cloud.get(str(rows[0]["id"]), versions.VAULT)
    except CloudError as error:
        return Vault(name=name, secret=secret, host=host, problem=error.sentence)
    roles = bool(found.properties.get("enableRbacAuthorization"))
    return Vault(name=name, secret=secret, host=host, id=found.id.text, roles=roles)


async def traffic(cloud: Cloud, endpoint: ResourceId, span: timedelta, grain: str = "PT1H") -> Traffic:
    """Read the requests of a time by class of status code; the metric is an average of requests a minute."""
    got = await or_problem(_by, cloud, endpoint, "statusCodeClass", span, grain)
    if isinstance(got, str):
        return Traffic(problem=got)
    minutes = 60.0 if grain == "PT1H" else 1.0
    hours: dict[datetime, float | None] = {}
    classes: dict[str, float] = {}
    for series in got:
        for at, value in series.points:
            if value is not None:
                hours[at] = (hours.get(at) or 0) + value * minutes
                name = series.dimensions.get("statuscodeclass", "?")
                classes[name] = classes.get(name, 0) + value * minutes
            else:
                hours.setdefault(at, None)
    return Traffic(hours=tuple(hours[at] for at in sorted(hours)), classes=classes)


async def refused_since(cloud: Cloud, endpoint: ResourceId, span: timedelta) -> float | None:
    """Count the requests answered 401 in a time; None where it cannot be read."""
    grain = "PT1M" if span <= timedelta(hours=6) else "PT1H"
    got = await or_problem(_by, cloud, endpoint, "statusCode", span, grain)
    if isinstance(got, str):
        return None
    minutes = 1.0 if grain == "PT1M" else 60.0
    wanted = (series for series in got if series.dimensions.get("statuscode") == "401")
    return sum((value or 0) * minutes for series in wanted for _, value in series.points)


async def _by(
    cloud: Cloud, endpoint: ResourceId, dimension: str, span: timedelta, grain: str
) -> tuple[MetricSeries, ...]:
    found = await cloud.metrics(
        endpoint, (METRIC,), span=span, grain=grain, aggregation="Average", filter=f"{dimension} eq '*'"
    )
    return found.get(METRIC, ())


async def rotations(cloud: Cloud, workspace: ResourceId) -> dict[str, str] | str:
    """The last time that a key of each endpoint was replaced, by case-folded id, as far as the activity log goes."""
    since = cloud.now() - timedelta(days=_KEPT_DAYS)
    got = await or_problem(
        cloud.activity, workspace.subscription, since=since, filter=f"resourceGroupName eq '{workspace.group}'"
    )
    return got if isinstance(got, str) else _last(got)


def _last(events: Iterable[dict[str, Any]]) -> dict[str, str]:
    last: dict[str, str] = {}
    for event in events:
        operation = str((event.get("operationName") or {}).get("value") or "").casefold()
        status = str((event.get("status") or {}).get("value") or "").casefold()
        if not operation.endswith("/regeneratekeys/action") or status not in {"succeeded", "accepted"}:
            continue
        resource, at = str(event.get("resourceId") or "").casefold(), str(event.get("eventTimestamp") or "")
        last[resource] = max(at, last.get(resource, ""))
    return last

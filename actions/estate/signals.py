"""What Monitor tells: how busy accounts and endpoints were in the last week, and what was done to them in 89 days."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from actions.cloud.data import MetricSeries, ResourceId
from actions.estate import cleaning
from actions.estate.camera import Camera, Raw
from actions.estate.resources import ACCOUNT, WORKSPACE, Found
from actions.guard.together import each

_ENDPOINT = f"{WORKSPACE}/onlineendpoints"
_WEEK, _KEPT = timedelta(days=7), timedelta(days=89)
_HOURS = 7 * 24
_SPLIT = {
    ACCOUNT: ("Transactions", "Authentication", "Total"),
    _ENDPOINT: ("RequestsPerMinute", "statusCode", "Average"),
}
_JOBS = ("Completed Runs", "Failed Runs")


async def read_metrics(camera: Camera, found: Found, whole: frozenset[str]) -> list[Raw]:
    """Read the mean rates of accounts, endpoints and workspaces; only of those workspaces that are read whole."""
    busy = [item for kind in _SPLIT for item in found.of_type(kind)]
    rates = [rate for rates in await each(busy, lambda item: _split(camera, item)) for rate in rates]
    spaces = [item for item in found.of_type(WORKSPACE) if item["id"].casefold() in whole]
    return rates + [rate for rates in await each(spaces, lambda item: _runs(camera, item)) for rate in rates]


async def _split(camera: Camera, item: Raw) -> list[Raw]:
    metric, dimension, aggregation = _SPLIT[item["type"].casefold()]
    resource = ResourceId(item["id"])
    got = await camera.maybe(
        f"metrics of {resource.name}",
        lambda: camera.cloud.metrics(
            resource, (metric,), span=_WEEK, grain="PT1H", aggregation=aggregation, filter=f"{dimension} eq '*'"
        ),
    )
    scale = 60.0 if aggregation == "Average" else 1.0
    return [rate for series in (got or {}).get(metric, ()) if (rate := _rate(item, metric, dimension, series, scale))]


def _rate(item: Raw, metric: str, dimension: str, series: MetricSeries, scale: float) -> Raw | None:
    """A series as requests in each hour of a week, from Monday on; None for one without any."""
    week = [0.0] * _HOURS
    for moment, value in sorted(series.points):
        week[moment.weekday() * 24 + moment.hour] = (value or 0.0) * scale
    if not any(week):
        return None
    name = series.dimensions.get(dimension.casefold(), "")
    dimensions = {dimension: name, **({"statusCodeClass": f"{name[:1]}xx"} if dimension == "statusCode" else {})}
    told = {"resource": item["id"], "metric": metric, "dimensions": dimensions if dimension else {}}
    return {**told, "perHour": round(sum(week) / _HOURS, 3), "week": [round(each, 2) for each in week]}


async def _runs(camera: Camera, item: Raw) -> list[Raw]:
    resource = ResourceId(item["id"])
    got = await camera.maybe(
        f"metrics of {resource.name}",
        lambda: camera.cloud.metrics(resource, _JOBS, span=_WEEK, grain="PT1H", aggregation="Total", filter=""),
    )
    found = (_rate(item, name, "", series, 1.0) for name in _JOBS for series in (got or {}).get(name, ()))
    return [rate for rate in found if rate is not None]


async def read_activity(camera: Camera, found: Found, groups: Iterable[ResourceId]) -> list[Raw]:
    """Read the activity log of some groups, oldest first, as far as it is about what is in the picture."""
    since = camera.cloud.now() - _KEPT

    async def read(group: ResourceId) -> tuple[Raw, ...]:
        got = await camera.maybe(
            f"activity log of group {group.name}",
            lambda: camera.cloud.activity(
                group.subscription, since=since, filter=f"resourceGroupName eq '{group.name}'"
            ),
        )
        return got or ()

    rows = [row for rows in await each(groups, read) for row in rows]
    kept = {str(row.get("eventDataId") or row.get("id")): cleaning.event(row) for row in rows if _concerns(row, found)}
    return sorted(kept.values(), key=lambda row: str(row.get("eventTimestamp") or ""))


def _concerns(row: Raw, found: Found) -> bool:
    place = str(row.get("resourceId") or "").casefold()
    return any(place == key or place.startswith(f"{key}/") for key in found.by_id)

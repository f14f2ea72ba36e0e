"""Monitor's metrics: request rates of the estate and of its external clients, in buckets of time.

Shape of api-version 2018-01-01 and later; names of dimensions come back in lower case.
"""

from __future__ import annotations

import math
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from azsim import clock, ids
from azsim.clock import iso_seconds
from azsim.errors import Refused, insights_error
from azsim.estate import Client
from azsim.router import Context, Routes, since
from azsim.services import metric_catalogue as catalogue
from azsim.services.metric_catalogue import Metric
from azsim.wire import Response, json_response
from azsim.world import Resource

route = Routes("insights")

GRAINS = {
    "PT1M": timedelta(minutes=1),
    "PT5M": timedelta(minutes=5),
    "PT15M": timedelta(minutes=15),
    "PT30M": timedelta(minutes=30),
    "PT1H": timedelta(hours=1),
    "PT6H": timedelta(hours=6),
    "PT12H": timedelta(hours=12),
    "P1D": timedelta(days=1),
}
LONGEST = timedelta(days=31)
KEPT = timedelta(days=93)
_WEEK = 7 * 24
_AGGREGATIONS = ("average", "minimum", "maximum", "total", "count")
_CONDITION = re.compile(r"\(?\s*([\w/ ]+?)\s+eq\s+'([^']*)'\s*\)?", re.IGNORECASE)


_SETTINGS = "Microsoft.Insights/diagnosticSettings"


@route("GET", f"/{{scope}}/providers/{_SETTINGS}", versions=since("2017-05-01"), action=f"{_SETTINGS}/read")
def diagnostic_settings(ctx: Context) -> Response:
    """Where a resource sends its logs: the estate's resources of this type right below it."""
    scope = ids.fold(ctx.params["scope"])
    found = [item for item in ctx.world.of_type(_SETTINGS, scope) if ids.fold(ids.parent_of(item["id"])) == scope]
    shown = [{name: item.get(name) for name in ("id", "type", "name", "location", "properties")} for item in found]
    return json_response(200, {"value": shown})


@dataclass(frozen=True, slots=True)
class Rate:
    """The mean number of requests an hour of one combination of dimensions."""

    per_hour: float
    dimensions: dict[str, str]
    shape: str
    """flat, office or nightly: how it is spread over the day."""
    cut_off: tuple[tuple[datetime, datetime | None], ...] | None = None
    """When a client was refused: its refusals count then only, its other calls then not. None: always."""
    week: tuple[float, ...] = ()
    """The number in each hour of a week from Monday 00:00 on, where it was observed; it repeats, and is not spread."""


@dataclass(frozen=True, slots=True)
class Span:
    """The asked time in buckets."""

    start: datetime
    end: datetime
    grain: timedelta
    name: str

    def buckets(self) -> Iterator[datetime]:
        """The start of every bucket."""
        moment = self.start
        while moment < self.end:
            yield moment
            moment += self.grain


@route(
    "GET",
    "{scope}/providers/Microsoft.Insights/metrics",
    versions=since("2016-09-01"),
    action="Microsoft.Insights/metrics/read",
)
def metrics(ctx: Context) -> Response:
    """Metrics of one resource; without data the list of series is empty and the answer still a success."""
    resource, query = ctx.resource(), {name.casefold(): value for name, value in ctx.request.query.items()}
    kind = str(resource["type"])
    wanted = [name.strip() for name in query.get("metricnames", "").split(",") if name.strip()]
    if not wanted:
        wanted = [catalogue.BY_TYPE[kind.casefold()][0].name] if kind.casefold() in catalogue.BY_TYPE else [""]
    chosen = [_metric(kind, name) for name in wanted]
    span = _span(ctx, query)
    filters = _filters(query.get("$filter", ""), chosen)
    asked = [word.strip().casefold() for word in query.get("aggregation", "").split(",") if word.strip()]
    if any(word not in _AGGREGATIONS for word in asked):
        raise _refuse(f"Invalid aggregation type: {query['aggregation']}")
    top = int(query["top"]) if query.get("top", "").isdigit() else 10
    value = [_answer(ctx, resource, metric, span, filters, asked, top) for metric in chosen]
    body = {
        "cost": max(0, sum(1 for _ in span.buckets()) - 1) * len(chosen),
        "timespan": f"{iso_seconds(span.start)}/{iso_seconds(span.end)}",
        "interval": span.name,
        "value": value,
        "namespace": kind,
        "resourceregion": str(resource.get("location", "westeurope")),
    }
    return json_response(200, body, headers={"Request-Context": "appId=cid-v1:b021da79-5252-4375-9df5-2e17c1dcd822"})


def _answer(
    ctx: Context,
    resource: Resource,
    metric: Metric,
    span: Span,
    filters: dict[str, list[str]],
    asked: list[str],
    top: int,
) -> dict[str, Any]:
    rates = [rate for rate in rates_of(ctx, resource, metric.name) if _passes(rate, filters)]
    has_data = span.start <= ctx.clock.now() and span.end > ctx.clock.now() - KEPT
    series = _series(ctx, resource, metric, span, rates, filters, asked or [metric.aggregation.casefold()])
    return {
        "id": f"{resource['id']}/providers/Microsoft.Insights/metrics/{metric.name}",
        "type": "Microsoft.Insights/metrics",
        "name": {"value": metric.name, "localizedValue": metric.title or metric.name},
        "displayDescription": metric.description,
        "unit": metric.unit,
        "timeseries": (series[:top] if filters else series) if has_data and rates else [],
        "errorCode": "Success",
    }


def rates_of(ctx: Context, resource: Resource, metric: str) -> list[Rate]:
    """The rates of a resource's metric: those of the estate, and for accounts those of its external clients."""
    folded, found = ids.fold(resource["id"]), list[Rate]()
    for item in ctx.world.estate.metrics:
        if (
            ids.fold(str(item.get("resource", ""))) == folded
            and str(item.get("metric", "")).casefold() == metric.casefold()
        ):
            shape, week = str(item.get("shape", "flat")), tuple(float(each) for each in item.get("week") or ())
            found.append(Rate(float(item["perHour"]), dict(item.get("dimensions", {})), shape, week=week))
    if metric == "Transactions":
        name = resource["name"].casefold()
        for client in ctx.world.clients:
            if client.account.casefold() == name:
                dimensions = {"Authentication": client.authentication, "ResponseType": "Success"}
                found.append(Rate(client.transactions_per_hour, dimensions, "flat"))
    if metric == "RequestsPerMinute":
        found += [
            rate for client in ctx.world.clients if ids.fold(client.endpoint) == folded for rate in _calls(ctx, client)
        ]
    return found


def _calls(ctx: Context, client: Client) -> Iterator[Rate]:
    """The calls of an endpoint's client: answered 200, and 401 while its key was a dead one."""
    outages = (item for item in ctx.cloud.outages.all if item.holder == f"client:{client.name}")
    spans = tuple((item.from_time, item.to_time) for item in outages)
    for code in ("200", "401"):
        dimensions = {"statusCode": code, "statusCodeClass": f"{code[0]}xx"}
        yield Rate(client.transactions_per_hour, dimensions, "flat", spans)


def _counts(rate: Rate, moment: datetime) -> bool:
    """Whether a rate counts at a moment."""
    if rate.cut_off is None:
        return True
    refused = any(start <= moment and (end is None or moment < end) for start, end in rate.cut_off)
    return refused == (rate.dimensions["statusCode"] == "401")


def _series(
    ctx: Context,
    resource: Resource,
    metric: Metric,
    span: Span,
    rates: list[Rate],
    filters: dict[str, list[str]],
    asked: list[str],
) -> list[dict[str, Any]]:
    """One series for each combination of the filtered dimensions, the busiest first; one in all without a filter."""
    groups: dict[tuple[str, ...], list[Rate]] = {}
    for rate in rates:
        key = tuple(_dimension(rate, name) for name in filters)
        groups.setdefault(key, []).append(rate)
    busiest = sorted(groups.items(), key=lambda item: -sum(rate.per_hour for rate in item[1]))
    now = ctx.clock.now()
    return [
        {
            "metadatavalues": [
                {"name": {"value": name.lower(), "localizedValue": name.lower()}, "value": value}
                for name, value in zip(filters, key, strict=True)
            ],
            "data": [_point(resource, metric, span, moment, group, asked, now) for moment in span.buckets()],
        }
        for key, group in busiest
    ]


def _point(
    resource: Resource, metric: Metric, span: Span, moment: datetime, rates: list[Rate], asked: list[str], now: datetime
) -> dict[str, Any]:
    point: dict[str, Any] = {"timeStamp": iso_seconds(moment)}
    hours = span.grain.total_seconds() / 3600
    total = sum(_spread(resource, rate, moment, hours) for rate in rates if _counts(rate, moment))
    total = float(round(total))
    if moment >= now or not total:
        return point
    each = total / (hours * 60) if metric.aggregation == "Average" else 1.0
    values = {"total": total, "count": total, "average": each, "minimum": each, "maximum": each}
    return point | {word: values[word] for word in asked}


def _spread(resource: Resource, rate: Rate, moment: datetime, hours: float) -> float:
    """How many of a rate fall into a bucket."""
    if len(rate.week) == _WEEK:
        return rate.week[moment.weekday() * 24 + moment.hour] * min(hours, 1.0) + sum(
            rate.week[(moment.weekday() * 24 + moment.hour + later) % _WEEK] for later in range(1, int(hours))
        )
    return rate.per_hour * hours * _share(rate.shape, moment) * _wobble(resource, rate, moment)


def _share(shape: str, moment: datetime) -> float:
    """How busy the hour is, against the mean of a day."""
    hour = moment.hour + moment.minute / 60
    if shape == "office":
        quiet = moment.weekday() >= 5
        return 0.2 if quiet or not 7 <= hour < 19 else 0.4 + 2.2 * math.sin(math.pi * (hour - 7) / 12)
    if shape == "nightly":
        return 6.0 if 1 <= hour < 5 else 0.0
    return 1.0


def _wobble(resource: Resource, rate: Rate, moment: datetime) -> float:
    """A repeatable deviation of up to a tenth, so that lines look alive."""
    text = f"{resource['id']}|{sorted(rate.dimensions.items())}|{iso_seconds(moment)}"
    return 0.9 + 0.2 * (zlib.crc32(text.encode()) % 1000) / 1000


def _metric(kind: str, name: str) -> Metric:
    found = catalogue.find(kind, name)
    if found is not None:
        return found
    provider, _, resource_type = kind.partition("/")
    valid = ",".join(metric.name for metric in catalogue.BY_TYPE.get(kind.casefold(), ()))
    raise _refuse(
        f"Failed to find metric configuration for provider: {provider}, resource Type: {resource_type}, metric: "
        f"{name}, Valid metrics: {valid}"
    )


def _span(ctx: Context, query: dict[str, str]) -> Span:
    """The asked span, its last 31 days if it is longer; one hour until now when none is asked for."""
    text, now = unquote(query.get("timespan", "")), ctx.clock.now()
    start, end = now - timedelta(hours=1), now
    if text:
        first, slash, last = text.partition("/")
        try:
            start, end = clock.parse(first), clock.parse(last)
        except ValueError as error:
            raise _refuse(f"Invalid timespan: {text}") from error
        if not slash or end <= start:
            raise _refuse(f"Invalid timespan: {text}")
    start = max(start, end - LONGEST)
    name = query.get("interval", "PT1M").upper()
    if name == "FULL":
        return Span(start, end, end - start, name)
    if name not in GRAINS:
        raise _refuse(f"Invalid interval: {query['interval']}. Supported intervals: {','.join(GRAINS)}")
    seconds = GRAINS[name].total_seconds()
    aligned = start - timedelta(seconds=start.timestamp() % min(seconds, 3600))
    return Span(aligned, end, GRAINS[name], name)


def _filters(text: str, chosen: list[Metric]) -> dict[str, list[str]]:
    """`dim eq 'x' or dim eq 'y' and other eq '*'`: dimension -> accepted values; `*` accepts all and splits."""
    filters: dict[str, list[str]] = {}
    for clause in re.split(r"\s+and\s+", text.strip(), flags=re.IGNORECASE) if text.strip() else ():
        names: set[str] = set()
        for part in re.split(r"\s+or\s+", clause, flags=re.IGNORECASE):
            found = _CONDITION.fullmatch(part.strip())
            known = next(
                (d for m in chosen for d in m.dimensions if found and d.casefold() == found[1].casefold()), None
            )
            if found is None or known is None:
                raise _refuse(f"Invalid filter: {text}")
            names.add(known)
            filters.setdefault(known, []).append(found[2])
        if len(names) != 1:
            raise _refuse(f"Invalid filter, 'or' combines values of one dimension only: {text}")
    return filters


def _passes(rate: Rate, filters: dict[str, list[str]]) -> bool:
    return all(
        "*" in values or _dimension(rate, name).casefold() in [value.casefold() for value in values]
        for name, values in filters.items()
    )


def _dimension(rate: Rate, name: str) -> str:
    return next((value for key, value in rate.dimensions.items() if key.casefold() == name.casefold()), "")


def _refuse(message: str) -> Refused:
    return Refused(insights_error(400, "BadRequest", message))

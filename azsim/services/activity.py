"""Monitor's activity log: what was done in a subscription, told some minutes later and kept for ninety days.

Reads are not logged; every write is, and so is every POST that answers secrets.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from azsim import clock, ids
from azsim.errors import Refused, insights_error
from azsim.events import Deed, events
from azsim.router import Context, Routes
from azsim.wire import Response, json_response

route = Routes("insights")

KEPT = timedelta(days=90)
PAGE = 200
_CLAUSE = re.compile(r"\s*(\w+)\s+(eq|ge|le)\s+(?:'([^']*)'|(\S+))\s*", re.IGNORECASE)
_BY = {
    "resourcegroupname": "resourceGroupName",
    "resourceuri": "resourceId",
    "resourceid": "resourceId",
    "resourceprovider": "resourceProviderName",
    "correlationid": "correlationId",
}


@route(
    "GET",
    "/subscriptions/{subscriptionId}/providers/Microsoft.Insights/eventtypes/management/values",
    versions=("2015-04-01", "2017-03-01-preview"),
    action="Microsoft.Insights/eventtypes/values/Read",
)
def list_events(ctx: Context) -> Response:
    """The events that the filter asks for, newest first; only the documented filters are accepted."""
    start, end, name, value = _filter(ctx)
    now, subscription = ctx.clock.now(), ctx.segments[1].casefold()
    found = [
        event
        for event in reversed(ctx.world.activity)
        if str(event.get("subscriptionId", "")).casefold() == subscription
        and clock.parse(event["submissionTimestamp"]) <= now
        and start <= clock.parse(event["eventTimestamp"]) <= end
        and (name is None or _matches(event, name, value))
    ]
    found.sort(key=lambda event: str(event["eventTimestamp"]), reverse=True)
    skip = ctx.request.query.get("$skipToken", "")
    first = int(skip) if skip.isdigit() else 0
    chosen = [_selected(event, ctx.request.query.get("$select", "")) for event in found[first : first + PAGE]]
    body: dict[str, Any] = {"value": chosen}
    if first + PAGE < len(found):
        query = re.sub(r"&?\$skipToken=\d+", "", ctx.request.raw_query)
        body["nextLink"] = f"{ctx.origin}{ctx.request.path}?{query}&$skipToken={first + PAGE}"
    return json_response(200, body, headers={"Server": "Microsoft-IIS/10.0"})


def record(ctx: Context, response: Response) -> None:
    """Write what the caller has just done into the log; it shows after the behaviour's delay."""
    caller, route_action = ctx.caller, ctx.route.action
    is_logged = ctx.route.host == "arm" and ctx.route.kind in ("write", "secret-read")
    if caller is None or route_action is None or not is_logged:
        return
    now, scope = ctx.clock.now(), ctx.scope()
    deed = Deed(
        resource=scope,
        action=route_action,
        method=ctx.request.method,
        url=ctx.request.url,
        status=response.status,
        began=now,
        took=timedelta(milliseconds=180),
        caller=caller.name,
        caller_id=caller.object_id,
        caller_title=caller.display_name,
        tenant=ctx.world.directory.tenant_id,
        correlation=response.headers.get("x-ms-correlation-request-id", ""),
        client_request=ctx.request.headers.get("x-ms-client-request-id", ""),
        event_ids=(ctx.rng.uuid(), ctx.rng.uuid()),
        delay=timedelta(seconds=ctx.behaviour(scope).activity_delay_seconds),
    )
    ctx.world.activity.extend(events(deed))


def _filter(ctx: Context) -> tuple[datetime, datetime, str | None, str]:
    """The time span and the one further condition of `$filter`; anything else is refused as Azure refuses it."""
    text = ctx.request.query.get("$filter", "")
    clauses = re.split(r"\s+and\s+", text, flags=re.IGNORECASE) if text.strip() else []
    start, end, name, value = None, ctx.clock.now(), None, ""
    for clause in clauses:
        found = _CLAUSE.fullmatch(clause)
        if found is None:
            raise _refuse(f"The filter clause '{clause.strip()}' is not supported.")
        field, operator = found[1].casefold(), found[2].casefold()
        given = found[3] if found[3] is not None else found[4]
        if field == "eventtimestamp" and operator in ("ge", "le"):
            moment = _moment(given)
            start, end = (moment, end) if operator == "ge" else (start, moment)
        elif field in _BY and operator == "eq" and name is None:
            name, value = _BY[field], given.casefold()
        else:
            raise _refuse(f"The filter clause '{clause.strip()}' is not supported.")
    if start is None:
        raise _refuse("The start time of the query is missing: eventTimestamp ge '<time>' is required.")
    if start < ctx.clock.now() - KEPT - timedelta(hours=1):
        raise _refuse("The start time cannot be more than 90 days in the past.")
    return start, end, name, value


def _moment(text: str) -> datetime:
    try:
        return clock.parse(text)
    except ValueError as error:
        raise _refuse(f"The value '{text}' is not a valid time.") from error


def _refuse(message: str) -> Refused:
    return Refused(insights_error(400, "BadRequest", message))


def _matches(event: dict[str, Any], name: str, value: str) -> bool:
    given = event.get(name, "")
    text = str(given.get("value", "") if isinstance(given, dict) else given)
    return ids.fold(text) == ids.fold(value)


def _selected(event: dict[str, Any], select: str) -> dict[str, Any]:
    wanted = [name.strip().casefold() for name in select.split(",") if name.strip()]
    return {key: event[key] for key in event if key.casefold() in wanted} if wanted else event

"""What Monitor knows about contoso: request counts per account and endpoint, and the last weeks of the activity log."""

from __future__ import annotations

from datetime import timedelta

from azsim.clock import iso7, iso_seconds
from azsim.estates import shapes as az
from azsim.estates.book import Book
from azsim.estates.directory import ADA
from azsim.estates.shapes import Json

SHAPES = ("flat", "office", "nightly")
"""How a rate is spread over the day: evenly, in working hours, or at night."""


def rate(resource: str, metric: str, per_hour: float, *, dimensions: dict[str, str], shape: str = "flat") -> Json:
    """One entry of an estate's `metrics`: the mean number of requests an hour of one combination of dimensions."""
    return {
        "resource": resource,
        "metric": metric,
        "perHour": per_hour,
        "dimensions": dimensions,
        "shape": shape,
    }


def request_rates(book: Book, ids: dict[str, str]) -> None:
    """Traffic of the accounts by authentication and of the endpoints by status code."""
    accounts = [item for item in book.resources if item["type"] == "Microsoft.Storage/storageAccounts"]
    for account in accounts:
        keyless = account["properties"]["allowSharedKeyAccess"] is False
        busy = 40 + len(account["name"]) * 11
        if not keyless:
            book.metrics.append(_transactions(account["id"], "AccountKey", busy, "office"))
        book.metrics.append(_transactions(account["id"], "OAuth", busy * (3 if keyless else 0.4), "office"))
    for name, per_hour in (("stclaims01", 22), ("strisk02", 35), ("stmltest01", 4)):
        book.metrics.append(_transactions(ids[name], "SAS", per_hour, "nightly"))
    for workspace, endpoint, per_hour in (
        ("fraud-scoring", "fraud-score", 5400),
        ("fraud-scoring", "fraud-score-partner", 310),
        ("churn", "churn-live", 900),
        ("claims-triage", "claims-router", 240),
        ("ads-bidding", "bid-optimizer", 21_000),
        ("search-rank", "rank-k8s", 1200),
        ("vision-qa", "defect-finder", 60),
    ):
        resource = f"{ids[workspace]}/onlineEndpoints/{endpoint}"
        for code, share in (("200", 0.985), ("401", 0.005), ("500", 0.01)):
            dimensions = {"statusCode": code, "statusCodeClass": f"{code[0]}xx", "deployment": "prod"}
            book.metrics.append(rate(resource, "RequestsPerMinute", per_hour * share, dimensions=dimensions))


def _transactions(account: str, authentication: str, per_hour: float, shape: str) -> Json:
    dimensions = {
        "Authentication": authentication,
        "ResponseType": "Success",
        "ApiName": "GetBlob",
        "GeoType": "Primary",
    }
    return rate(account, "Transactions", per_hour, dimensions=dimensions, shape=shape)


def clients(book: Book) -> None:
    """Programs outside Azure ML that know a key of an account: Data Factory, a cron job, a laptop."""
    rows = (
        ("adf-claims-nightly", "stclaims01", "key1", 480.0),
        ("bid-log-shipper", "stads01", "key1", 1200.0),
        ("storage-explorer-grace", "sthack2019", "key2", 3.0),
        ("legacy-call-archiver", "stvoice01", "key1", 25.0),
    )
    for name, account, holds, per_hour in rows:
        book.clients.append({"name": name, "account": account, "holds": holds, "transactionsPerHour": per_hour})


def event(
    book: Book,
    resource: str,
    action: str,
    title: str,
    *,
    days: float,
    method: str,
    status: tuple[str, str, int],
) -> list[Json]:
    """An operation as the activity log tells it: a Started and a final event of one correlation id."""
    correlation = az.stable_guid("correlation", resource, action, str(days))
    words, reason, code = status
    finals = ((words, f"{reason} (HTTP Status Code: {code})", reason, "EndRequest", "End request", 1.0),)
    starts = (("Started", "", "", "BeginRequest", "Begin request", 0.0),)
    return [_event(book, resource, action, title, correlation, method, days, row) for row in (*starts, *finals)]


def _event(
    book: Book,
    resource: str,
    action: str,
    title: str,
    correlation: str,
    method: str,
    days: float,
    row: tuple[str, str, str, str, str, float],
) -> Json:
    status, sub_text, sub, name, name_text, seconds = row
    moment = book.ago(days) + timedelta(seconds=seconds)
    identity = az.stable_guid("event", correlation, status)
    provider = resource.split("/providers/")[-1].split("/")[0]
    resource_type = action.rsplit("/", 2)[0] if action.endswith("/action") else action.rsplit("/", 1)[0]
    caller, object_id = ADA["userPrincipalName"], ADA["objectId"]
    return {
        "authorization": {"action": action, "scope": resource},
        "caller": caller,
        "channels": "Operation",
        "claims": {
            "aud": "https://management.core.windows.net/",
            "iss": f"https://sts.windows.net/{az.TENANT_ID}/",
            "appid": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
            "ipaddr": "203.0.113.10",
            "name": ADA["displayName"],
            "http://schemas.microsoft.com/identity/claims/objectidentifier": object_id,
            "http://schemas.microsoft.com/identity/claims/tenantid": az.TENANT_ID,
            "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn": caller,
            "ver": "1.0",
        },
        "correlationId": correlation,
        "description": "",
        "eventDataId": identity,
        "eventName": {"value": name, "localizedValue": name_text},
        "category": {"value": "Administrative", "localizedValue": "Administrative"},
        "httpRequest": {
            "clientRequestId": az.stable_guid("client request", correlation),
            "clientIpAddress": "203.0.113.10",
            "method": method,
        },
        "id": f"{resource}/events/{identity}/ticks/{ticks(moment.timestamp())}",
        "level": "Error" if status == "Failed" else "Informational",
        "resourceGroupName": resource.split("/")[4] if resource.count("/") > 4 else "",
        "resourceProviderName": {"value": provider, "localizedValue": provider},
        "resourceId": resource,
        "resourceType": {"value": resource_type, "localizedValue": resource_type},
        "operationId": correlation,
        "operationName": {"value": action, "localizedValue": title},
        "properties": {
            "statusCode": sub,
            "serviceRequestId": None,
            "eventCategory": "Administrative",
            "entity": resource,
            "message": action,
            "hierarchy": f"{az.TENANT_ID}/{az.subscription_of(resource)}",
        },
        "status": {"value": status, "localizedValue": status},
        "subStatus": {"value": sub, "localizedValue": sub_text},
        "eventTimestamp": iso7(moment),
        "submissionTimestamp": iso_seconds(moment + timedelta(minutes=4)),
        "subscriptionId": az.subscription_of(resource),
        "tenantId": az.TENANT_ID,
    }


def ticks(seconds: float) -> int:
    """100-nanosecond ticks since the year 1, from Unix seconds."""
    return int(seconds * 10_000_000) + 621_355_968_000_000_000


def history(book: Book, ids: dict[str, str]) -> None:
    """The operations of the last 90 days that explain what an operator finds."""
    ok, created, denied = (
        ("Succeeded", "OK", 200),
        ("Succeeded", "Created", 201),
        ("Failed", "Forbidden", 403),
    )
    regenerate = "Microsoft.Storage/storageAccounts/regenerateKey/action"
    list_keys = "Microsoft.Storage/storageAccounts/listKeys/action"
    sync = "Microsoft.MachineLearningServices/workspaces/resyncKeys/action"
    grant = "Microsoft.Authorization/roleAssignments/write"
    rows = (
        (ids["ststale01"], regenerate, "Regenerate Storage Account Keys", 3.0, "POST", ok),
        (ids["stsearch01"], regenerate, "Regenerate Storage Account Keys", 29.0, "POST", ok),
        (ids["stsearch01"], regenerate, "Regenerate Storage Account Keys", 28.98, "POST", ok),
        (ids["search-rank"], sync, "Resync keys for a Workspace", 28.99, "POST", ok),
        (ids["stledger01"], regenerate, "Regenerate Storage Account Keys", 44.0, "POST", ok),
        (
            ids["stplantqa01"],
            regenerate,
            "Regenerate Storage Account Keys",
            6.2,
            "POST",
            ("Failed", "Conflict", 409),
        ),
        (ids["strisk01"], regenerate, "Regenerate Storage Account Keys", 74.0, "POST", ok),
        (ids["stfraud01"], list_keys, "List Storage Account Keys", 1.4, "POST", ok),
        (ids["stclaims01"], list_keys, "List Storage Account Keys", 0.3, "POST", ok),
        (ids["reborn"], grant, "Create role assignment", 11.9, "PUT", created),
        (
            ids["reborn"],
            "Microsoft.MachineLearningServices/workspaces/write",
            "Create or update a Workspace",
            12.0,
            "PUT",
            created,
        ),
        (ids["playground-eu"], sync, "Resync keys for a Workspace", 17.0, "POST", denied),
    )
    for resource, action, title, days, method, status in rows:
        book.activity.extend(event(book, resource, action, title, days=days, method=method, status=status))

"""What Monitor knows about contoso: request counts per account and endpoint, and the last weeks of the activity log."""

from __future__ import annotations

from datetime import timedelta

from azsim.estates import shapes as az
from azsim.estates.book import Book
from azsim.estates.directory import ADA
from azsim.estates.shapes import Json
from azsim.events import Deed, events

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


def history(book: Book, ids: dict[str, str]) -> None:
    """The operations of the last 90 days that explain what an operator finds: resource, action, days ago, status."""
    regenerate = "Microsoft.Storage/storageAccounts/regenerateKey/action"
    list_keys = "Microsoft.Storage/storageAccounts/listKeys/action"
    sync = "Microsoft.MachineLearningServices/workspaces/resyncKeys/action"
    write = "Microsoft.MachineLearningServices/workspaces/write"
    grant = "Microsoft.Authorization/roleAssignments/write"
    rows = (
        ("strisk01", regenerate, 74.0, 200),
        ("stledger01", regenerate, 44.0, 200),
        ("stsearch01", regenerate, 29.0, 200),
        ("search-rank", sync, 28.99, 202),
        ("stsearch01", regenerate, 28.98, 200),
        ("playground-eu", sync, 17.0, 403),
        ("reborn", write, 12.0, 201),
        ("reborn", grant, 11.9, 201),
        ("stplantqa01", regenerate, 6.2, 409),
        ("ststale01", regenerate, 3.0, 200),
        ("stfraud01", list_keys, 1.4, 200),
        ("stclaims01", list_keys, 0.3, 200),
    )
    for name, action, days, status in rows:
        book.activity.extend(events(_deed(book, ids[name], action, days, status)))


def _deed(book: Book, resource: str, action: str, days: float, status: int) -> Deed:
    names = [az.stable_guid(word, resource, action, str(days)) for word in ("correlation", "request", "begin", "end")]
    return Deed(
        resource=resource,
        action=action,
        method="POST" if action.endswith("/action") else "PUT",
        url=f"https://management.azure.com{resource}",
        status=status,
        began=book.ago(days),
        took=timedelta(seconds=1),
        caller=ADA["userPrincipalName"],
        caller_id=ADA["objectId"],
        caller_title=ADA["displayName"],
        tenant=az.TENANT_ID,
        correlation=names[0],
        client_request=names[1],
        event_ids=(names[2], names[3]),
        delay=timedelta(minutes=4),
    )

"""Which metrics each resource type has, from Azure Monitor's pages of supported metrics."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: its unit, the aggregation used when none is asked for, its dimensions and its description."""

    name: str
    unit: str
    aggregation: str
    dimensions: tuple[str, ...]
    description: str
    title: str = ""


_ACCOUNT = ("GeoType", "ApiName", "Authentication")
_ENDPOINT = ("deployment", "statusCode", "statusCodeClass", "modelStatusCode")
_LATENCY = "The average complete interval of time taken for a request to be responded in milliseconds."

STORAGE = (
    Metric(
        "Transactions",
        "Count",
        "Total",
        ("ResponseType", *_ACCOUNT, "TransactionType"),
        "The number of requests made to a storage service or the specified API operation. This number includes "
        "successful and failed requests, as well as requests which produced errors.",
    ),
    Metric(
        "Ingress",
        "Bytes",
        "Total",
        _ACCOUNT,
        "The amount of ingress data, in bytes. This number includes ingress from an external client into Azure Storage "
        "as well as ingress within Azure.",
    ),
    Metric(
        "Egress",
        "Bytes",
        "Total",
        _ACCOUNT,
        "The amount of egress data. This number includes egress to external client from Azure Storage as well as "
        "egress within Azure. As a result, this number does not reflect billable egress.",
    ),
    Metric(
        "UsedCapacity", "Bytes", "Average", (), "The amount of storage used by the storage account.", "Used capacity"
    ),
    Metric("Availability", "Percent", "Average", _ACCOUNT, "The percentage of availability for the storage service."),
)
ONLINE_ENDPOINT = (
    Metric(
        "RequestsPerMinute",
        "Count",
        "Average",
        _ENDPOINT,
        "The number of requests sent to online endpoint within a minute",
    ),
    Metric("RequestLatency", "Milliseconds", "Average", ("deployment",), _LATENCY),
    *(
        Metric(f"RequestLatency_P{rank}", "Milliseconds", "Average", ("deployment",), _LATENCY)
        for rank in (50, 90, 95, 99)
    ),
    Metric(
        "ConnectionsActive",
        "Count",
        "Average",
        (),
        "The total number of concurrent TCP connections active from clients.",
    ),
    Metric(
        "NewConnectionsPerSecond",
        "CountPerSecond",
        "Average",
        (),
        "The average number of new TCP connections per second.",
    ),
    Metric("NetworkBytes", "BytesPerSecond", "Average", (), "The bytes per second served for the endpoint."),
)
WORKSPACE = (
    Metric("Started Runs", "Count", "Total", ("Scenario", "RunType"), "Number of runs running for this workspace."),
    Metric("Completed Runs", "Count", "Total", ("Scenario", "RunType"), "Number of runs completed successfully."),
    Metric("Failed Runs", "Count", "Total", ("Scenario", "RunType"), "Number of runs failed for this workspace."),
    Metric(
        "Active Nodes",
        "Count",
        "Average",
        ("Scenario", "ClusterName"),
        "Number of nodes which are actively running jobs.",
    ),
    Metric("Quota Utilization Percentage", "Count", "Average", ("VmFamilyName",), "Percent of quota utilized."),
)

BY_TYPE: dict[str, tuple[Metric, ...]] = {
    "microsoft.storage/storageaccounts": STORAGE,
    "microsoft.machinelearningservices/workspaces/onlineendpoints": ONLINE_ENDPOINT,
    "microsoft.machinelearningservices/workspaces": WORKSPACE,
}


def find(kind: str, name: str) -> Metric | None:
    """The metric of a resource type by name in any case."""
    folded = name.casefold()
    return next((metric for metric in BY_TYPE.get(kind.casefold(), ()) if metric.name.casefold() == folded), None)

"""Monitor: request rates in buckets, their filters and refusals; the activity log and its delay."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from azsim.clock import iso_seconds
from azsim.estates.demo import demo
from azsim.faults import Fault
from azsim.wire import Response
from tests.support.small_cloud import ACCOUNT, GROUP, READER, START, SUB, WORKSPACE, Small, assignment, code_of, estate

LOG = f"/subscriptions/{SUB}/providers/Microsoft.Insights/eventtypes/management/values?api-version=2015-04-01"
DAY = f"{iso_seconds(START - timedelta(days=1))}/{iso_seconds(START)}"


def rates(*entries: tuple[str, float, dict[str, str]]) -> Small:
    """A small cloud whose account has these Transactions: authentication, per hour, further dimensions."""
    metrics = [
        {"resource": ACCOUNT, "metric": "Transactions", "perHour": rate, "dimensions": {"Authentication": kind, **more}}
        for kind, rate, more in entries
    ]
    return Small(metrics=metrics)


def metric(sim: Small, resource: str = ACCOUNT, name: str = "Transactions", **query: str) -> Response:
    """Ask for a metric of the last day by the hour."""
    asked = {"timespan": DAY, "interval": "PT1H", "aggregation": "Total", **query}
    text = "".join(f"&{'$filter' if key == 'filter' else key}={value}" for key, value in asked.items())
    return sim.get(f"{resource}/providers/Microsoft.Insights/metrics", "2024-02-01", f"&metricnames={name}{text}")


def series(answer: Response) -> dict[str, float]:
    """The sum of each series, by the value of its one dimension."""
    found = answer.json()["value"][0]["timeseries"]
    return {
        ",".join(item["value"] for item in one["metadatavalues"]): sum(point.get("total", 0) for point in one["data"])
        for one in found
    }


def test_transactions_by_authentication() -> None:
    """Split by the dimension, whose name comes back in lower case; the busiest first."""
    sim = rates(("AccountKey", 120, {}), ("OAuth", 600, {}))
    answer = metric(sim, filter="Authentication eq '*'")
    sums = series(answer)
    assert list(sums) == ["OAuth", "AccountKey"]
    assert 0.9 * 24 * 120 <= sums["AccountKey"] <= 1.1 * 24 * 120
    first = answer.json()["value"][0]["timeseries"][0]
    assert first["metadatavalues"][0]["name"] == {"value": "authentication", "localizedValue": "authentication"}
    assert len(first["data"]) == 24
    assert series(metric(sim, filter="authentication eq 'AccountKey'")) == {"AccountKey": sums["AccountKey"]}
    both = series(metric(sim, filter="Authentication eq 'SAS' or Authentication eq 'OAuth'"))
    assert list(both) == ["OAuth"]
    assert set(series(metric(sim))) == {""}
    assert series(metric(sim, filter="Authentication eq '*'", top="1")) == {"OAuth": sums["OAuth"]}


def test_external_clients_show_in_the_metric() -> None:
    """That is the only trace that Azure has of them."""
    document = estate()
    document["clients"] = [{"name": "adf", "account": "stfraud", "holds": "key1", "transactionsPerHour": 100.0}]
    sums = series(metric(Small(**document), filter="Authentication eq '*'"))
    assert list(sums) == ["AccountKey"]


def test_without_data_there_is_no_series() -> None:
    """An empty list and still a success; so for the far past and the future."""
    quiet = metric(Small(), filter="Authentication eq '*'").json()["value"][0]
    assert (quiet["timeseries"], quiet["errorCode"]) == ([], "Success")
    sim = rates(("AccountKey", 120, {}))
    assert metric(sim, timespan="2998-12-01T00:00:00Z/2999-01-01T00:00:00Z").json()["value"][0]["timeseries"] == []
    assert metric(sim, timespan="2020-01-01/2020-01-02").json()["value"][0]["timeseries"] == []


def test_a_bucket_without_samples_has_only_its_time() -> None:
    """A nightly job leaves the day's buckets empty, and the future has none."""
    nightly = {"resource": ACCOUNT, "metric": "Transactions", "perHour": 60.0, "dimensions": {}, "shape": "nightly"}
    sim = Small(metrics=[nightly])
    ahead = f"{iso_seconds(START - timedelta(days=1))}/{iso_seconds(START + timedelta(hours=12))}"
    data = metric(sim, timespan=ahead).json()["value"][0]["timeseries"][0]["data"]
    busy = [point["timeStamp"][11:13] for point in data if "total" in point]
    assert busy == ["01", "02", "03", "04"]
    assert all(set(point) == {"timeStamp"} for point in data if "total" not in point)


def test_long_spans_are_cut_and_full_is_one_bucket() -> None:
    """The last 31 days of the asked span; FULL is one bucket."""
    sim = rates(("AccountKey", 120, {}))
    body = metric(sim, timespan=f"2020-01-01T00:00:00Z/{iso_seconds(START)}", interval="P1D").json()
    assert body["timespan"].startswith(iso_seconds(START - timedelta(days=31)))
    assert len(metric(sim, interval="FULL").json()["value"][0]["timeseries"][0]["data"]) == 1


def test_endpoint_rates_are_averages() -> None:
    """Requests a minute, split by status code."""
    sim = Small(**demo(START))
    endpoint = next(
        str(item["id"])
        for item in sim.cloud.world.of_type("Microsoft.MachineLearningServices/workspaces/onlineEndpoints")
        if item["name"] == "fraud-score"
    )
    answer = metric(sim, endpoint, "RequestsPerMinute", aggregation="Average", filter="statusCode eq '*'")
    found = answer.json()["value"][0]["timeseries"]
    assert [item["metadatavalues"][0]["value"] for item in found] == ["200", "500", "401"]
    assert 80 < found[0]["data"][0]["average"] < 100
    assert answer.json()["namespace"] == "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"name": "Sunshine"}, "Failed to find metric configuration"),
        ({"filter": "Colour eq 'red'"}, "Invalid filter"),
        ({"filter": "Authentication ne 'SAS'"}, "Invalid filter"),
        ({"filter": "Authentication eq '*' or ApiName eq '*'"}, "'or' combines values of one dimension"),
        ({"interval": "PT2M"}, "Invalid interval"),
        ({"timespan": "yesterday"}, "Invalid timespan"),
        ({"timespan": "2026-01-02/2026-01-01"}, "Invalid timespan"),
        ({"aggregation": "Median"}, "Invalid aggregation"),
    ],
)
def test_bad_questions_get_a_flat_error(query: dict[str, str], words: str) -> None:
    """`{"code","message"}` without `error` around it."""
    answer = metric(Small(), **query)
    assert (answer.status, answer.json()["code"]) == (400, "BadRequest")
    assert words in answer.json()["message"]


def log(sim: Small, more: str = "", start: timedelta = timedelta(days=1)) -> list[dict[str, Any]]:
    """The events since `start` ago, newest first."""
    since = iso_seconds(sim.clock.now() - start)
    return sim.ask("GET", f"{LOG}&$filter=eventTimestamp ge '{since}'{more}").json()["value"]


def test_what_is_done_shows_some_minutes_later() -> None:
    """A Started and a final event share a correlation id; they are not there at once."""
    sim = Small()
    answer = sim.regenerate("key1")
    assert log(sim) == []
    sim.cloud.shift(timedelta(minutes=4))
    final, begun = log(sim)
    assert (begun["status"]["value"], final["status"]["value"]) == ("Started", "Succeeded")
    assert begun["correlationId"] == final["correlationId"] == answer.header("x-ms-correlation-request-id")
    assert final["operationName"]["localizedValue"] == "Regenerate Storage Account Keys"
    assert (final["caller"], final["resourceId"], final["resourceGroupName"]) == (
        "ada@contoso.example",
        ACCOUNT,
        "rg-fraud",
    )
    assert final["subStatus"] == {"value": "OK", "localizedValue": "OK (HTTP Status Code: 200)"}


def test_what_is_logged() -> None:
    """Writes and secret reads, failed and accepted ones too; no plain read, and nothing that never arrived."""
    sim = Small()
    sim.keys()
    sim.get(ACCOUNT)
    sim.post(f"{WORKSPACE}/resyncKeys", version="2025-09-01")
    sim.post(f"{ACCOUNT}/regenerateKey", {"keyName": "key9"})
    sim.cloud.faults.add(Fault("throttle", times=1))
    sim.regenerate("key2")
    sim.cloud.shift(timedelta(minutes=5))
    ends = [event for event in reversed(log(sim)) if event["eventName"]["value"] == "EndRequest"]
    actions = [event["operationName"]["value"].rsplit("/", 2)[1] for event in ends]
    assert actions == ["listkeys", "resynckeys", "regeneratekey"]
    assert [event["status"]["value"] for event in ends] == ["Succeeded", "Accepted", "Failed"]
    assert [event["level"] for event in ends] == ["Informational", "Informational", "Error"]


def test_filters_of_the_log() -> None:
    """Time, and one of group, resource, provider or correlation; quoted or not, in any order and casing."""
    sim = Small()
    sim.keys()
    sim.post(f"{WORKSPACE}/listKeys", version="2025-09-01")
    sim.cloud.shift(timedelta(minutes=5))
    assert len(log(sim)) == 4
    assert len(log(sim, f" and resourceUri eq '{ACCOUNT.upper()}'")) == 2
    assert len(log(sim, " and resourceProvider eq 'Microsoft.Storage'")) == 2
    assert len(log(sim, " and resourceGroupName eq rg-fraud")) == 4
    assert len(log(sim, f" and correlationId eq '{log(sim)[0]['correlationId']}'")) == 2
    assert log(sim, f" and eventTimestamp le '{iso_seconds(START)}'") == []
    assert {tuple(item) for item in log(sim, "&$select=eventName,correlationId")} == {("correlationId", "eventName")}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "start time of the query is missing"),
        ("eventTimestamp le '2026-11-02'", "start time of the query is missing"),
        ("eventTimestamp ge '2026-01-01T00:00:00Z'", "cannot be more than 90 days in the past"),
        ("eventTimestamp ge 'soon'", "is not a valid time"),
        ("eventTimestamp ge '2026-11-01' and caller eq 'ada'", "is not supported"),
        ("eventTimestamp ge '2026-11-01' and resourceUri eq '/a' and correlationId eq 'b'", "is not supported"),
        ("eventTimestamp gt '2026-11-01'", "is not supported"),
    ],
)
def test_other_filters_of_the_log_are_refused(text: str, words: str) -> None:
    """Only the documented forms; a flat error."""
    answer = Small().ask("GET", f"{LOG}&$filter={text}")
    assert (answer.status, answer.json()["code"]) == (400, "BadRequest")
    assert words in answer.json()["message"]


def test_the_log_is_paged() -> None:
    """Two hundred a page; the link leads to the rest without repeats."""
    sim = Small()
    for _ in range(120):
        sim.keys()
    sim.cloud.shift(timedelta(minutes=5))
    since = iso_seconds(START - timedelta(hours=1))
    first = sim.ask("GET", f"{LOG}&$filter=eventTimestamp ge '{since}'").json()
    second = sim.ask("GET", first["nextLink"]).json()
    found = [event["eventDataId"] for page in (first, second) for event in page["value"]]
    assert (len(first["value"]), len(set(found))) == (200, 240)
    assert "nextLink" not in second


def test_monitor_asks_for_a_role() -> None:
    """A Reader of the subscription may look; a Reader of one account sees its metrics but not the log."""
    reader = Small(assignment(READER, ACCOUNT))
    assert metric(reader).status == 200
    assert code_of(metric(reader, WORKSPACE, "Started Runs"))[0] == 403
    assert code_of(reader.ask("GET", f"{LOG}&$filter=eventTimestamp ge '2026-11-01'"))[0] == 403
    assert code_of(Small().get(f"{GROUP}/providers/Microsoft.Storage/storageAccounts/none/providers/x/y"))[0] == 501


def test_an_observed_week_repeats_hour_by_hour() -> None:
    """A picture of a real account brings the hours of a week, from Monday on; they come back as they were."""
    week = [float(hour) for hour in range(7 * 24)]
    item = {"resource": ACCOUNT, "metric": "Transactions", "perHour": 1, "week": week, "dimensions": {}}
    sim = Small(metrics=[item])
    points = metric(sim).json()["value"][0]["timeseries"][0]["data"]
    hours = [(START - timedelta(hours=back)) for back in range(24, 0, -1)]
    assert [point.get("total", 0.0) for point in points] == [week[hour.weekday() * 24 + hour.hour] for hour in hours]
    whole = metric(sim, interval="P1D").json()["value"][0]["timeseries"][0]["data"]
    assert sum(point.get("total", 0) for point in whole) == sum(point.get("total", 0) for point in points)

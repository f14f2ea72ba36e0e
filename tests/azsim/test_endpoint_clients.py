"""Scoring addresses that check keys, clients that call them, and what the metrics tell of both."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from azsim.endpoint_clients import EndpointClients
from azsim.estate import EstateError
from azsim.estates.endpoints import serving
from azsim.wire import ConnectionDropped, Request, Response
from tests.support.small_cloud import START, Small, code_of

NEW = "2025-09-01"


def serve(**behaviour: Any) -> Small:
    return Small(**{**serving(START), "behaviour": behaviour})


def endpoint(sim: Small, name: str = "score", kind: str = "onlineEndpoints") -> str:
    found = sim.cloud.world.of_type(f"Microsoft.MachineLearningServices/workspaces/{kind}")
    return next(str(item["id"]) for item in found if item["name"] == name)


def keys(sim: Small, resource: str) -> dict[str, str]:
    return sim.post(f"{resource}/listKeys", version=NEW).json()


def score(sim: Small, host: str, bearer: str, method: str = "GET", path: str = "/score") -> Response:
    return sim.cloud.handle(Request(method, f"https://{host}{path}", {"Authorization": f"Bearer {bearer}"}))


HOST = "score.westeurope.inference.ml.azure.com"


def test_both_keys_open_it_and_nothing_else_does() -> None:
    sim = serve()
    pair = keys(sim, endpoint(sim))
    for key in pair.values():
        assert score(sim, HOST, key).status == 405
        assert score(sim, HOST, key, "POST").status == 200
    assert score(sim, HOST, "nonsense").status == 401
    assert score(sim, HOST, keys(sim, endpoint(sim, "score-eu"))["primaryKey"]).status == 401
    assert score(sim, HOST, sim.token).status == 401


def test_a_replaced_key_counts_for_a_while_and_the_new_one_not_yet() -> None:
    sim = serve(endpointKeyPropagationSeconds=120)
    old = keys(sim, endpoint(sim))["primaryKey"]
    sim.post(f"{endpoint(sim)}/regenerateKeys", {"keyType": "Primary"}, NEW)
    new = keys(sim, endpoint(sim))["primaryKey"]
    assert [score(sim, HOST, key).status for key in (old, new)] == [405, 401]
    sim.cloud.shift(timedelta(seconds=121))
    assert [score(sim, HOST, key).status for key in (old, new)] == [401, 405]


def test_token_endpoints_take_tokens_of_their_own() -> None:
    sim = serve()
    by_aml = "by-aml.westeurope.inference.ml.azure.com"
    token = sim.post(f"{endpoint(sim, 'by-aml')}/token", version=NEW).json()["accessToken"]
    assert score(sim, by_aml, token).status == 405
    assert score(sim, HOST, token).status == 401
    sim.cloud.shift(timedelta(days=2))
    assert score(sim, by_aml, token).status == 401
    by_entra = "by-entra.westeurope.inference.ml.azure.com"
    assert score(sim, by_entra, sim.cloud.issue_token("https://ml.azure.com")).status == 405
    assert score(sim, by_entra, sim.token).status == 401


def test_serverless_addresses_too_and_no_others() -> None:
    sim = serve()
    pair = keys(sim, endpoint(sim, "llm", "serverlessEndpoints"))
    assert (
        score(sim, "llm.westeurope.models.ai.azure.com", pair["primaryKey"], "POST", "/chat/completions").status == 200
    )
    with pytest.raises(ConnectionDropped):
        score(sim, "nobody.westeurope.inference.ml.azure.com", "x")


@pytest.mark.parametrize("kind", ["onlineEndpoints", "serverlessEndpoints"])
def test_an_operation_that_says_updating(kind: str) -> None:
    """Both headers; the word is Updating until Succeeded, the key changes at the end."""
    sim = serve(endpointRegeneratePoll="status", serverlessRegeneratePoll="status")
    target = endpoint(sim, "score" if kind == "onlineEndpoints" else "llm", kind)
    before = keys(sim, target)
    answer = sim.post(f"{target}/regenerateKeys", {"keyType": "Secondary"}, NEW)
    assert answer.status == 202
    polls = [sim.ask("GET", answer.headers["Azure-AsyncOperation"]).json() for _ in range(2)]
    assert [poll["status"] for poll in polls] == ["Updating", "Succeeded"]
    assert polls[0]["endTime"].startswith("0001-01-01")
    assert sim.ask("GET", answer.headers["Location"]).status == 200
    assert keys(sim, target)["primaryKey"] == before["primaryKey"]
    assert keys(sim, target)["secondaryKey"] != before["secondaryKey"]
    unknown = answer.headers["Azure-AsyncOperation"].replace("oeidp:", "oeidp:f")
    assert code_of(sim.ask("GET", unknown)) == (404, "NotFound")


def test_a_client_is_cut_off_until_it_reads_the_new_key() -> None:
    sim = serve()
    sim.post(f"{endpoint(sim)}/regenerateKeys", {"keyType": "Secondary"}, NEW)
    assert sim.cloud.outages.during() == []
    sim.post(f"{endpoint(sim)}/regenerateKeys", {"keyType": "Primary"}, NEW)
    assert [outage.reason for outage in sim.cloud.outages.open()] == ["endpoint-key-replaced"]
    url = "https://kvserve01.vault.azure.net/secrets/score-key?api-version=7.5"
    vault = sim.cloud.issue_token("https://vault.azure.net")
    value = keys(sim, endpoint(sim))["primaryKey"]
    assert sim.ask("PUT", url, {"value": value}, Authorization=f"Bearer {vault}").status == 200
    assert sim.cloud.outages.open() == []
    assert [outage.holder for outage in sim.cloud.outages.during()] == ["client:web-shop"]


def test_the_metrics_count_refusals_while_a_client_is_cut_off() -> None:
    sim = serve()
    sim.cloud.shift(timedelta(hours=4))
    sim.post(f"{endpoint(sim)}/regenerateKeys", {"keyType": "Primary"}, NEW)
    sim.cloud.shift(timedelta(hours=4))
    sim.cloud.world.state(EndpointClients).move(sim.cloud.world, "web-shop", "Secondary")
    sim.cloud.settle()
    sim.cloud.shift(timedelta(hours=4))
    query = "&metricnames=RequestsPerMinute&interval=PT1H&aggregation=Average&$filter=statusCode eq '*'"
    now = sim.clock.now()
    span = f"&timespan={(now - timedelta(hours=12)):%Y-%m-%dT%H:%M:%SZ}/{now:%Y-%m-%dT%H:%M:%SZ}"
    url = f"{endpoint(sim)}/providers/Microsoft.Insights/metrics"
    series = sim.get(url, "2018-01-01", query + span).json()["value"][0]["timeseries"]
    hours = {
        item["metadatavalues"][0]["value"]: sum(1 for point in item["data"] if "average" in point) for item in series
    }
    assert hours == {"200": 8, "401": 4}


@pytest.mark.parametrize(
    ("client", "place"),
    [
        ({"name": "x", "endpoint": "/nowhere"}, r"\.endpoint: no endpoint"),
        ({"name": "x", "endpoint": "ENDPOINT", "account": "stserve01"}, "not both"),
        ({"name": "x", "endpoint": "ENDPOINT", "holds": "key1"}, "Primary or Secondary"),
        ({"name": "x", "endpoint": "ENDPOINT", "reads": "datastore:/a"}, "secret:<vault>/<name>"),
    ],
)
def test_a_client_that_means_nothing(client: dict[str, str], place: str) -> None:
    document = serving(START)
    target = document["clients"][0]["endpoint"]
    document["clients"] = [{key: target if value == "ENDPOINT" else value for key, value in client.items()}]
    with pytest.raises(EstateError, match=place):
        Small(**document)

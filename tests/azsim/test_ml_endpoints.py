"""Endpoints of each kind: keys, their regeneration in all its forms, tokens, and what has no keys."""

from __future__ import annotations

from typing import Any

import pytest

from azsim.estates.demo import demo
from azsim.estates.small import small
from azsim.wire import Response
from tests.support.small_cloud import START, Small, code_of

NEW = "2025-09-01"


def company(**behaviour: Any) -> Small:
    """The demo company."""
    return Small(**{**demo(START), "behaviour": behaviour})


def named(sim: Small, name: str) -> str:
    """The id of a resource of the company by its name."""
    kinds = ("onlineEndpoints", "batchEndpoints", "serverlessEndpoints", "services")
    found = [
        str(item["id"])
        for kind in kinds
        for item in sim.cloud.world.of_type(f"Microsoft.MachineLearningServices/workspaces/{kind}")
        if item["name"] == name
    ]
    return found[0]


def keys(sim: Small, endpoint: str) -> dict[str, str]:
    """Both keys of an endpoint."""
    return sim.post(f"{endpoint}/listKeys", version=NEW).json()


def regenerate(sim: Small, endpoint: str, slot: str = "Secondary", **body: str) -> Response:
    """Ask for a new key."""
    return sim.post(f"{endpoint}/regenerateKeys", {"keyType": slot, **body}, version=NEW)


def test_a_regeneration_whose_poll_is_lost_has_happened() -> None:
    """As recorded: 202 with the body null and Location only, then 404 OperationNotFound; one key is new."""
    sim = company()
    endpoint = named(sim, "fraud-score")
    before = keys(sim, endpoint)
    answer = regenerate(sim, endpoint)
    assert (answer.status, answer.body) == (202, b"null")
    assert "Azure-AsyncOperation" not in answer.headers
    poll = sim.ask("GET", answer.headers["Location"])
    assert code_of(poll) == (404, "NotFound")
    assert poll.json()["error"]["details"][0]["code"] == "OperationNotFound"
    after = keys(sim, endpoint)
    assert after["primaryKey"] == before["primaryKey"]
    assert after["secondaryKey"] != before["secondaryKey"]
    assert keys(sim, named(sim, "fraud-score-partner")) != after


def test_a_regeneration_that_can_be_followed() -> None:
    """202 until it ends, then 200; the key changes at the end."""
    sim = company(endpointRegeneratePoll="200")
    endpoint = named(sim, "churn-live")
    before = keys(sim, endpoint)
    answer = regenerate(sim, endpoint, "primary")
    assert keys(sim, endpoint) == before
    assert [sim.ask("GET", answer.headers["Location"]).status for _ in range(2)] == [202, 200]
    assert keys(sim, endpoint)["primaryKey"] != before["primaryKey"]


def test_a_regeneration_at_once() -> None:
    """200 without a body and without a link."""
    sim = company(endpointRegeneratePoll="at-once")
    endpoint = named(sim, "churn-live")
    before = keys(sim, endpoint)
    answer = regenerate(sim, endpoint)
    assert (answer.status, answer.body, answer.header("Location")) == (200, b"", None)
    assert keys(sim, endpoint)["secondaryKey"] != before["secondaryKey"]


@pytest.mark.parametrize(("how", "changes"), [("honoured", False), ("ignored", True)])
def test_sending_the_current_key_value_changes_nothing(how: str, changes: bool) -> None:
    """The hazard of the official client: it sends the key that it has just read."""
    sim = company(endpointKeyValue=how)
    endpoint = named(sim, "churn-live")
    before = keys(sim, endpoint)
    regenerate(sim, endpoint, "Primary", keyValue=before["primaryKey"])
    assert (keys(sim, endpoint) != before) is changes


def test_a_given_key_value_is_taken() -> None:
    """`keyValue` is the value that the key is set to."""
    sim = company()
    endpoint = named(sim, "churn-live")
    regenerate(sim, endpoint, "Primary", keyValue="chosen-by-the-caller")
    assert keys(sim, endpoint)["primaryKey"] == "chosen-by-the-caller"


@pytest.mark.parametrize("name", ["pricing-v3", "forecast-now", "doc-embed"])
def test_token_endpoints_answer_null_keys_and_rotate_none(name: str) -> None:
    """Not an error, but two nulls; a regeneration is refused."""
    sim = company()
    endpoint = named(sim, name)
    assert keys(sim, endpoint) == {"primaryKey": None, "secondaryKey": None}
    assert code_of(regenerate(sim, endpoint)) == (400, "UserError")


def test_a_word_that_is_no_slot_is_refused() -> None:
    sim = company()
    assert code_of(regenerate(sim, named(sim, "churn-live"), "Third")) == (400, "UserError")


def test_tokens() -> None:
    """Unix times: valid for a day, to be renewed after twelve hours; a key endpoint has none."""
    sim = company()
    token = sim.post(f"{named(sim, 'forecast-now')}/token", version=NEW).json()
    now = int(sim.clock.now().timestamp())
    assert (token["expiryTimeUtc"] - now, token["refreshAfterTimeUtc"] - now) == (86_400, 43_200)
    assert code_of(sim.post(f"{named(sim, 'churn-live')}/token", version=NEW)) == (400, "UserError")


def test_serverless_endpoints_answer_their_new_keys() -> None:
    """200 with both keys; older api-versions do not know them."""
    sim = company()
    endpoint = named(sim, "support-llm")
    before = keys(sim, endpoint)
    after = regenerate(sim, endpoint, "Primary")
    assert after.status == 200
    assert after.json() == keys(sim, endpoint)
    assert after.json()["secondaryKey"] == before["secondaryKey"] != before["primaryKey"] != after.json()["primaryKey"]
    collection = endpoint.rpartition("/")[0]
    assert len(sim.get(collection, NEW).json()["value"]) == 1
    assert code_of(sim.get(collection, "2023-04-01")) == (400, "NoRegisteredProviderFound")


def test_batch_endpoints_have_keys_in_name_only() -> None:
    """The route is spelled in lower case and matches in any; there is no regeneration."""
    sim = company()
    endpoint = named(sim, "nightly-forecast")
    assert sim.post(f"{endpoint}/listkeys", version=NEW).json() == {"primaryKey": None, "secondaryKey": None}
    assert regenerate(sim, endpoint).status == 501
    assert sim.get(endpoint, NEW).json()["properties"]["authMode"] == "AADToken"
    assert len(sim.get(endpoint.rpartition("/")[0], NEW).json()["value"]) == 1


def test_services_of_the_first_sdk_end_with_2021() -> None:
    """Read-only, and only for api-versions up to 2021-04-01."""
    sim = company()
    service = named(sim, "recsys-aks")
    listed = sim.get(service.rpartition("/")[0], "2021-04-01").json()["value"]
    assert {item["name"]: item["properties"]["computeType"] for item in listed} == {
        "recsys-aci": "ACI",
        "recsys-aks": "AKS",
    }
    assert sim.get(service, "2021-04-01").json()["properties"]["authEnabled"] is True
    assert code_of(sim.get(service, NEW)) == (400, "NoRegisteredProviderFound")


def test_lists_and_deployments() -> None:
    """By name and kind; the caller's query is echoed; dates in lists end in Z; deployments carry the traffic."""
    sim = company()
    endpoint = named(sim, "rank-k8s")
    collection = endpoint.rpartition("/")[0]
    assert len(sim.get(collection, NEW).json()["value"]) == 2
    listed = sim.get(collection, NEW, "&computeType=K8S").json()["value"]
    assert [item["name"] for item in listed] == ["rank-k8s"]
    assert listed[0]["systemData"]["createdAt"].endswith("Z")
    note = sim.get(collection, NEW, "&name=rank-k8s").json()["value"][0]["properties"]["properties"]
    assert note["AzureAsyncOperationUri"].endswith(f"?api-version={NEW}&name=rank-k8s")
    fraud = named(sim, "fraud-score")
    deployments = sim.get(f"{fraud}/deployments", NEW).json()["value"]
    assert {item["name"] for item in deployments} == set(sim.get(fraud, NEW).json()["properties"]["traffic"])
    assert sim.get(f"{fraud}/deployments/blue", NEW).json()["properties"]["provisioningState"] == "Succeeded"
    assert code_of(sim.get(f"{fraud}/deployments/red", NEW)) == (404, "NotFound")
    assert code_of(sim.get(f"{fraud}x", NEW)) == (404, "NotFound")
    assert "publicNetworkAccess" not in sim.get(fraud, "2022-05-01").json()["properties"]


def test_endpoint_keys_repeat_with_the_seed() -> None:
    """Two clouds of one estate agree; keys never look alike."""
    first, second = company(), company()
    endpoint = named(first, "churn-live")
    assert keys(first, endpoint) == keys(second, endpoint)
    assert len(set(keys(first, endpoint).values())) == 2


def test_computes_and_jobs() -> None:
    """Instances stop and start by an operation; jobs that run are listed; what is missing is a 404."""
    sim = company()
    workspace = named(sim, "fraud-score").partition("/onlineEndpoints")[0]
    listed = {item["name"]: item for item in sim.get(f"{workspace}/computes", NEW).json()["value"]}
    assert set(listed) == {"ci-ada", "ci-grace", "cpu-cluster"}
    answer = sim.post(f"{workspace}/computes/ci-ada/stop", version=NEW)
    assert (answer.status, answer.header("Location")) == (202, None)
    states = [sim.ask("GET", answer.headers["Azure-AsyncOperation"]).json()["status"] for _ in range(2)]
    assert states == ["InProgress", "Succeeded"]
    found = sim.get(f"{workspace}/computes/ci-ada", NEW).json()
    assert found["properties"]["properties"]["state"] == "Stopped"
    assert code_of(sim.post(f"{workspace}/computes/cpu-cluster/stop", version=NEW)) == (400, "UserError")
    assert code_of(sim.get(f"{workspace}/computes/none", NEW)) == (404, "UserError")
    jobs = sim.get(f"{workspace}/jobs", NEW, "&jobType=Command").json()["value"]
    assert [job["properties"]["status"] for job in jobs] == ["Running"]
    assert sim.get(f"{workspace}/jobs/{jobs[0]['name']}", NEW).json() == jobs[0]
    assert sim.get(f"{workspace}/jobs/none", NEW).json()["error"]["message"] == "Job none not found."


def test_connections() -> None:
    """Credentials are hidden by GET and shown by listsecrets; a stored account key is the account's."""
    sim = company()
    workspace = named(sim, "claims-router").partition("/onlineEndpoints")[0]
    url = f"{workspace}/connections/claims-blob"
    shown = sim.get(url, NEW).json()
    assert shown["properties"]["credentials"] is None
    full = sim.post(f"{url}/listsecrets", version=NEW).json()
    account = f"{workspace.partition('/providers/')[0]}/providers/Microsoft.Storage/storageAccounts/stclaims01"
    assert full["properties"]["credentials"] == {"key": sim.keys(account)["key1"]}
    assert [item["name"] for item in sim.get(f"{workspace}/connections", NEW).json()["value"]] == ["claims-blob"]
    assert sim.get(f"{workspace}/connections", NEW, "&category=Redis").json()["value"] == []
    assert code_of(sim.get(f"{url}x", NEW)) == (404, "UserError")
    assert code_of(sim.post(f"{url}/listsecrets", version="2023-04-01")) == (400, "NoRegisteredProviderFound")
    hub = next(str(item["id"]) for item in sim.cloud.world.resources() if item["name"] == "contoso-ai-hub")
    kinds = {
        item["name"]: set(sim.post(f"{item['id']}/listsecrets", version=NEW).json()["properties"]["credentials"] or {})
        for item in sim.get(f"{hub}/connections", NEW).json()["value"]
    }
    assert kinds == {"hub-uploads": {"sas"}, "aoai-sweden": {"key"}, "search-docs": set()}


def test_an_endpoint_of_a_minimal_estate_needs_only_its_id() -> None:
    """Estates may be sparse: no authMode means keys."""
    one = small(START)
    workspace = next(item["id"] for item in one["resources"] if item["type"].endswith("/workspaces"))
    one["resources"].append({"id": f"{workspace}/onlineEndpoints/bare", "properties": {}})
    sim = Small(**one)
    assert set(keys(sim, f"{workspace}/onlineEndpoints/bare")) == {"primaryKey", "secondaryKey"}
    assert sim.get(f"{workspace}/onlineEndpoints", NEW).json()["value"][0]["name"] == "bare"

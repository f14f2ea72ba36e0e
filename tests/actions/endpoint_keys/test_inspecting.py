"""What an inspection tells of every kind of endpoint and every way to authenticate."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.endpoint_keys import EndpointKeys
from actions.guard.model import Severity
from azsim.faults import Fault
from tests.actions.endpoint_keys.rehearsal import SCORE, Shift, caller, cloud

KINDS = {
    "score": ("managed", "key", True),
    "score-eu": ("managed", "key", True),
    "inner": ("kubernetes", "key", True),
    "by-aml": ("managed", "amltoken", False),
    "by-entra": ("managed", "aadtoken", False),
    "llm": ("serverless", "key", True),
    "llm-entra": ("serverless", "aad", False),
    "nightly": ("batch", "aadtoken", False),
    "old-aci": ("service", "none", False),
    "old-aks": ("service", "key", False),
}


async def test_every_kind_is_listed_with_its_mode_and_why_it_does_not_rotate(tmp_path: Path) -> None:
    found = await Shift(cloud(), tmp_path).inspect()
    assert {item.name: (item.kind, item.auth, item.rotates) for item in found.endpoints} == KINDS
    for item in found.endpoints:
        assert bool(item.why) is not item.rotates
        assert bool(item.primary and item.secondary) is item.rotates
    told = {item.name: item.why for item in found.endpoints}
    assert "Entra tokens only" in told["nightly"]
    assert "SDK v1 on AKS" in told["old-aks"]
    assert "Azure ML tokens" in told["by-aml"]


async def test_keys_are_read_of_those_that_have_any(tmp_path: Path) -> None:
    shift = Shift(cloud(), tmp_path)
    await shift.inspect()
    read = {
        entry.path.split("/")[-2] for entry in shift.sim.ledger.entries if entry.path.casefold().endswith("/listkeys")
    }
    assert read == {name for name, (_, _, rotates) in KINDS.items() if rotates}


async def test_requests_and_refusals_of_the_last_day(tmp_path: Path) -> None:
    """Without a stale client everything is answered 200; the sparkline has a bar an hour."""
    found = await Shift(cloud(clients=(caller(),)), tmp_path).inspect()
    score = found.endpoint("score")
    assert score is not None
    assert set(score.traffic.classes) == {"2xx"}
    assert 13_000 < score.traffic.total < 18_000
    told = EndpointKeys().describe(found)
    table = next(table for table in told.tables if table.title.startswith("Requests"))
    row = next(row for row in table.rows if row[0] == "score")
    assert len(row[1]) == 25  # a day that begins within an hour
    assert set(row[1]) <= set("▁▂▃▄▅▆▇█")


async def test_the_last_rotation_is_known_from_the_log_and_from_our_own_journal(tmp_path: Path) -> None:
    shift = Shift(cloud(), tmp_path)
    result = await shift.run(only="secondary")
    await shift.cloud.sleep(3600)
    score = (await shift.inspect()).endpoint("score")
    assert score is not None
    assert score.rotated.startswith("2026-03-02")
    assert result.run in score.ours
    other = (await shift.inspect()).endpoint("score-eu")
    assert other is not None
    assert (other.rotated, other.ours) == ("", "")


async def test_findings_name_the_modes_and_change_nothing(tmp_path: Path) -> None:
    found = await Shift(cloud(), tmp_path).inspect()
    by_id = {(item.id, item.subject): item for item in found.findings}
    assert "fail from that moment" in by_id["key-auth", "score"].remedy
    assert by_id["v1-service", "old-aci"].severity is Severity.HIGH
    assert by_id["v1-service", "old-aks"].severity is Severity.WARN
    assert ("clear-text", "inner") in by_id
    assert ("key-auth", "by-entra") not in by_id


@pytest.mark.parametrize(
    ("collection", "what"),
    [
        ("onlineEndpoints", "online"),
        ("serverlessEndpoints", "serverless"),
        ("batchEndpoints", "batch"),
        ("services", "web"),
    ],
)
async def test_a_kind_that_cannot_be_listed_is_unknown_and_not_absent(
    tmp_path: Path, collection: str, what: str
) -> None:
    fault = Fault(kind="status", status=403, code="AuthorizationFailed", route=f"/{collection}$")
    found = await Shift(cloud(fault), tmp_path).inspect()
    assert [text for text in found.unlisted if text.startswith(what)]
    assert [item for item in found.findings if item.id == "endpoints-unlisted" and item.severity is Severity.UNKNOWN]


@pytest.mark.parametrize("status", [400, 404])
async def test_a_cloud_without_the_old_api_version_has_no_old_services(tmp_path: Path, status: int) -> None:
    fault = Fault(kind="status", status=status, code="NoRegisteredProviderFound", route="/services$")
    found = await Shift(cloud(fault), tmp_path).inspect()
    assert not [item for item in found.endpoints if item.kind == "service"]
    assert not found.unlisted


async def test_metrics_and_log_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    fault = Fault(kind="status", status=403, code="AuthorizationFailed", route="Microsoft.Insights")
    found = await Shift(cloud(fault), tmp_path).inspect(SCORE)
    score = found.endpoint("score")
    assert score is not None
    assert score.traffic.problem.startswith("403")
    table = next(t for t in EndpointKeys().describe(found).tables if t.title.startswith("Requests"))
    assert any("not readable" in cell for row in table.rows for cell in row)

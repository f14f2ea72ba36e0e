"""A rotation of endpoint keys on the command line: to the hand-over, what is told meanwhile, and on to its end."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from azsim.cloud import Cloud as Simulated
from azsim.endpoint_keys import EndpointKeys
from azsim.estates.endpoints import serving
from tests.tui.command_line import amlkeys, keep_one_cloud

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CONFIRM = ("--live", "--confirm", "score", "--slot", "Secondary+Primary")


@pytest.fixture
def estate(tmp_path: Path) -> str:
    path = tmp_path / "serving.json"
    path.write_bytes(msgspec.json.encode(serving(NOW)))
    return f"--rehearse={path}"


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> list[Simulated]:
    return keep_one_cloud(monkeypatch)


def generations(sim: Simulated) -> list[int]:
    score = next(iter(sim.world.of_type("Microsoft.MachineLearningServices/workspaces/onlineEndpoints")))
    return [key.generation for key in sim.world.state(EndpointKeys).pair(7, score["id"]).values()]


def test_to_the_hand_over_and_on(estate: str, kept: list[Simulated]) -> None:
    publish = ("--publish", "kvserve01/score-key", "--probe")
    began = amlkeys("run", "endpoint-keys", "serve-ml/score", *publish, *CONFIRM, estate)
    assert began.exit == 7, began.err
    assert generations(kept[0]) == [1, 2]
    listed = amlkeys("runs", "--json", estate).json["runs"]
    assert [(run["action"], run["state"]) for run in listed] == [("endpoint-keys", "waiting")]
    run = listed[0]["id"]
    assert amlkeys("note", run, "ask Linus", estate).exit == 0
    told = amlkeys("waiting", run, estate)
    assert told.exit == 0
    assert "use the Secondary key, fingerprint" in told.out
    assert "ask Linus" in told.out
    as_json = amlkeys("waiting", run, "--json", estate).json
    assert as_json["schema"] == "amlkeys.waiting/1"
    assert [note["text"] for note in as_json["notes"]] == ["ask Linus"]
    done = amlkeys("resume", run, "--live", estate)
    assert done.exit == 0, done.err
    assert generations(kept[0]) == [2, 2]
    assert amlkeys("waiting", run, estate).exit != 0


def test_a_dry_run_changes_nothing(estate: str, kept: list[Simulated]) -> None:
    words = ("run", "endpoint-keys", "serve-ml/score", "--publish", "kvserve01/score-key", "--probe", "--dry-run")
    answer = amlkeys(*words, "--confirm", "score", "--slot", "Secondary+Primary", estate)
    assert answer.exit == 0, answer.err
    assert "3 changes withheld" in answer.err + answer.out
    assert generations(kept[0]) == [1, 1]
    assert not kept[0].world.vaults.secret("kvserve01", "score-key")


@pytest.mark.parametrize("target", ["serve-ml/score", "rg-serve/serve-ml/score", "contoso-001/rg-serve/serve-ml/score"])
def test_an_endpoint_is_named_behind_its_workspace(estate: str, target: str) -> None:
    plan = amlkeys("plan", "endpoint-keys", target, "--json", estate).json["plan"]
    assert plan["name"] == "score"
    assert plan["target"].endswith("/onlineEndpoints/score")
    assert amlkeys("plan", "endpoint-keys", plan["target"], "--json", estate).json["plan"]["name"] == "score"


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("serve-ml/scor", "has no endpoint scor; it has by-aml"),
        ("nowhere/score", "no workspace nowhere"),
        (
            "/subscriptions/x/resourceGroups/y/providers/Microsoft.Storage/storageAccounts/z",
            "not the id of a workspace",
        ),
    ],
)
def test_a_target_that_is_none(estate: str, target: str, sentence: str) -> None:
    answer = amlkeys("plan", "endpoint-keys", target, estate)
    assert answer.exit == 2
    assert sentence in answer.sentence


def test_both_workspace_and_endpoint_may_be_meant(estate: str) -> None:
    """`rg-serve/serve-ml` is a group and a workspace."""
    plan = amlkeys("plan", "endpoint-keys", "rg-serve/serve-ml", "--only", "secondary", "--json", estate).json["plan"]
    assert plan["target"].endswith("/workspaces/serve-ml")
    assert plan["body"]["outcome"] == "needs-decision"

"""Undoing a run from the command line, and a plan as `az` commands for someone who may."""

from __future__ import annotations

import json
import shlex
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from azsim.cloud import Cloud as Simulated
from azsim.estates.demo import demo
from azsim.faults import Fault
from azsim.roles import BUILT_IN
from tests.tui.command_line import CONFIRM, Answer, amlkeys, estate_file, keep_one_cloud

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
RESTORE = ("run", "identity-access", "reborn", "--live", "--confirm", "reborn")
ROLES = {role.name: role.guid for role in BUILT_IN}


@pytest.fixture(scope="module")
def estate(tmp_path_factory: pytest.TempPathFactory) -> str:
    path = tmp_path_factory.mktemp("estate") / "demo.json"
    path.write_bytes(msgspec.json.encode(demo(NOW)))
    return f"--rehearse={path}"


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> list[Simulated]:
    return keep_one_cloud(monkeypatch)


def access(sim: Simulated) -> dict[str, Any]:
    """Every role assignment and every access policy of the cloud."""
    vaults = sim.world.of_type("Microsoft.KeyVault/vaults")
    policies = {
        (vault["name"], entry["objectId"]): entry["permissions"]
        for vault in vaults
        for entry in vault["properties"].get("accessPolicies") or ()
    }
    return {
        "roles": {name: dict(item.properties) for name, item in sim.world.access.assignments.items()},
        "policies": json.loads(json.dumps(sorted(policies.items()))),
    }


def newest(estate: str) -> str:
    """The id of the newest run."""
    return str(amlkeys("runs", "--json", estate).json["runs"][0]["id"])


def restored(estate: str, kept: list[Simulated]) -> tuple[str, dict[str, Any]]:
    """Restore the workspace's access: the run, and the access as it was before."""
    assert amlkeys("plan", "identity-access", "reborn", estate).exit == 0
    before = access(kept[0])
    answer = amlkeys(*RESTORE, estate)
    assert answer.exit == 0, answer.err
    assert access(kept[0]) != before
    return newest(estate), before


def words_of(answer: Answer) -> list[str]:
    """The command that a plan ends with."""
    return shlex.split(answer.out.rstrip().rpartition("\n")[2])[1:]


@pytest.mark.parametrize("target", [(), ("reborn",)])
def test_a_run_is_undone_by_the_command_that_its_plan_tells(
    target: tuple[str, ...], estate: str, kept: list[Simulated]
) -> None:
    run, before = restored(estate, kept)
    planned = amlkeys("plan", "identity-access", *target, "--undo", run, estate)
    assert planned.exit == 0, planned.err
    assert "Remove Storage Blob Data Contributor" in planned.out
    assert "access policy in kv" in planned.out
    undone = amlkeys(*words_of(planned))
    assert undone.exit == 0, undone.err
    assert access(kept[0]) == before
    again = amlkeys("plan", "identity-access", "--undo", run, estate)
    assert "nothing is left as the run left it" in again.out


@pytest.mark.parametrize("route", ["roleAssignments/", "accessPolicies/add"])
def test_what_was_added_without_an_answer_is_undone_too(route: str, estate: str, kept: list[Simulated]) -> None:
    amlkeys("plan", "identity-access", "reborn", estate)
    before = access(kept[0])
    kept[0].faults.add(Fault(kind="reset_after", route=route, method="PUT", times=1))
    ended = amlkeys(*RESTORE, estate)
    assert ended.exit == 0, ended.err
    assert amlkeys(*words_of(amlkeys("plan", "identity-access", "--undo", newest(estate), estate))).exit == 0
    assert access(kept[0]) == before


def test_what_was_changed_since_is_left_alone(estate: str, kept: list[Simulated]) -> None:
    run, before = restored(estate, kept)
    added = next(item for key, item in kept[0].world.access.assignments.items() if key not in before["roles"])
    added.properties["condition"] = "((!(ActionMatches{'x'})))"
    planned = amlkeys("plan", "identity-access", "--undo", run, estate)
    assert "Remove Storage Blob" not in planned.out
    assert "access policy in kv" in planned.out


def test_nobody_undoes_what_cannot_be_undone(estate: str, tmp_path: Path) -> None:
    dry = amlkeys("run", "identity-access", "reborn", "--dry-run", estate)
    assert dry.exit == 0, dry.err
    run = newest(estate)
    assert amlkeys("plan", "identity-access", "--undo", run, estate).sentence == (
        f"Run {run} added nothing that could be taken away again."
    )
    elsewhere = amlkeys("plan", "identity-access", "fraud-scoring", "--undo", run, estate)
    assert elsewhere.exit == 2
    assert f"Run {run} was on /subscriptions/" in elsewhere.sentence
    assert (
        amlkeys("plan", "identity-access", "--undo", "nothing", estate).sentence == "No single run is named 'nothing'."
    )
    assert amlkeys("plan", "identity-access", estate).sentence == "Missing argument 'TARGET'."


def test_a_run_of_another_action_is_refused(tmp_path: Path) -> None:
    small = f"--rehearse={estate_file(tmp_path)}"
    assert amlkeys("run", "storage-keys", "small-ml", "--external", "accept", "--dry-run", *CONFIRM, small).exit == 0
    run = newest(small)
    refused = amlkeys("plan", "identity-access", "--undo", run, small)
    assert (refused.exit, refused.sentence) == (2, f"Run {run} is one of storage-keys, not of identity-access.")


def test_only_actions_that_can_undo_take_the_flag(estate: str) -> None:
    for words in (("plan", "storage-keys", "stfraud01"), ("inspect", "identity-access", "reborn")):
        answer = amlkeys(*words, "--undo", "run", estate)
        assert (answer.exit, answer.sentence) == (2, "No such option '--undo'.")


def commands(text: str) -> list[list[str]]:
    """The commands of an exported plan, as a shell would split them."""
    return [shlex.split(line) for line in text.splitlines() if line and not line.startswith("#")]


def test_a_plan_is_exported_as_az_commands(estate: str) -> None:
    answer = amlkeys("plan", "identity-access", "reborn", "--az", estate)
    resync, grant, policy = commands(answer.out)
    assert resync[:4] == ["az", "ml", "workspace", "sync-keys"]
    assert grant[:4] == ["az", "role", "assignment", "create"]
    assert policy[:5] == ["az", "rest", "--method", "put", "--url"]
    assert policy[5].endswith("/accessPolicies/add?api-version=2023-07-01")
    entry = json.loads(policy[7])["properties"]["accessPolicies"][0]
    assert "purge" not in [word for words in entry["permissions"].values() for word in words]
    assert "# 2. Grant Storage Blob Data Contributor" in answer.out
    nothing = amlkeys("plan", "identity-access", "churn", "--az", estate)
    assert nothing.exit == 0
    assert all(line.startswith("#") for line in nothing.out.splitlines() if line)


def test_only_what_is_not_permitted_is_exported(tmp_path: Path) -> None:
    document = demo(NOW)
    for item in document["roleAssignments"]:
        given = item["properties"]
        if given["principalId"] == document["signedIn"]["objectId"]:
            given["roleDefinitionId"] = given["roleDefinitionId"].rpartition("/")[0] + f"/{ROLES['Contributor']}"
    path = tmp_path / "contributor.json"
    path.write_bytes(msgspec.json.encode(document))
    answer = amlkeys("plan", "identity-access", "reborn", "--az", f"--rehearse={path}")
    (grant,) = commands(answer.out)
    assert grant[:4] == ["az", "role", "assignment", "create"]
    assert "Role Based Access Control Administrator grants it" in answer.out
    told = amlkeys("plan", "identity-access", "reborn", "--az", "--json", f"--rehearse={path}").json
    assert [(item["number"], item["step"]) for item in told["steps"]] == [(2, "grant:reborn:blob")]


@pytest.mark.parametrize("action", ["storage-keys", "identity-access"])
def test_every_action_exports_only_comments_and_az(action: str, tmp_path: Path) -> None:
    small = f"--rehearse={estate_file(tmp_path)}"
    extra = ("--external", "accept") if action == "storage-keys" else ()
    answer = amlkeys("plan", action, "small-ml", *extra, "--az", small)
    assert answer.exit == 0, answer.err
    assert all(command[0] == "az" for command in commands(answer.out))

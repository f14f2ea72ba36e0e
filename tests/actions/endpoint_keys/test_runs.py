"""Whole rotations: over days and shifts, in each order, and under each way in which Azure answers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from actions.guard.model import RunState, Verdict
from actions.guard.report import as_markdown
from azsim.faults import Fault
from tests.actions.endpoint_keys.rehearsal import LLM, PUBLISH, SCORE, WORKSPACE, Shift, caller, cloud

ONCE = {"Primary": 2, "Secondary": 2}


async def test_a_hand_over_of_three_days_taken_up_by_somebody_else(tmp_path: Path) -> None:
    """Ada begins and leaves a note, Grace lists the run three days later, reads the note and resumes: nobody is cut off."""
    ada = Shift(cloud(clients=(caller(),)), tmp_path)
    begun = await ada.run(**PUBLISH)
    assert begun.state is RunState.WAITING
    ada.engine.note(begun.run, "the batch job moves on Thursday; ask Linus")
    ada.sim.shift(timedelta(days=1))
    ada.move("batch-job", "Secondary")
    ada.sim.shift(timedelta(days=2))

    grace = Shift(ada.sim, tmp_path, "grace")
    listed = grace.journal.runs()[0]
    assert (listed.id, listed.state) == (begun.run, RunState.WAITING)
    assert [note.text for note in grace.journal.run(begun.run).notes] == ["the batch job moves on Thursday; ask Linus"]
    done = await grace.resume(begun.run)
    assert done.state is RunState.DONE
    assert grace.generations() == ONCE
    assert grace.cut_off() == set()
    run = grace.journal.run(begun.run)
    assert [leg.operator.name for leg in run.legs] == ["ada", "grace"]
    assert "the batch job moves on Thursday" in as_markdown(run)
    assert "grace says it is done" in as_markdown(run)


async def test_a_client_that_nobody_moved_is_seen_and_cut_off(tmp_path: Path) -> None:
    """The rotation cannot know who was not told: that client fails, and the next look shows its 401s."""
    shift = Shift(cloud(clients=(caller(),)), tmp_path)
    begun = await shift.run(**PUBLISH)
    await shift.resume(begun.run)
    assert shift.cut_off() == {"client:batch-job"}
    shift.sim.shift(timedelta(hours=3))
    score = (await shift.inspect()).endpoint("score")
    assert score is not None
    assert score.traffic.classes["4xx"] > 100


async def test_primary_first_cuts_off_those_who_were_announced_and_no_others(tmp_path: Path) -> None:
    shift = Shift(cloud(clients=(caller(), caller("idle", holds="Secondary"))), tmp_path)
    begun = await shift.run(primary_first=True)
    assert begun.state is RunState.WAITING
    assert shift.cut_off() == {"client:batch-job", "client:web-shop"}
    for client in ("batch-job", "web-shop", "idle"):
        shift.move(client, "Primary")
    assert (await shift.resume(begun.run)).state is RunState.DONE
    assert shift.cut_off() == {"client:batch-job", "client:web-shop"}
    assert shift.generations() == ONCE


@pytest.mark.parametrize("answer", ["404", "200", "status", "at-once"])
@pytest.mark.parametrize("target", [SCORE, LLM])
async def test_every_answer_to_a_regeneration(tmp_path: Path, target: str, answer: str) -> None:
    """Whatever the operation says, the fingerprints decide."""
    sim = cloud(endpointRegeneratePoll=answer, serverlessRegeneratePoll=answer, operationPolls=3)
    shift = Shift(sim, tmp_path)
    begun = await shift.run(target)
    assert begun.state is RunState.WAITING
    assert (await shift.resume(begun.run)).state is RunState.DONE
    assert shift.generations(target) == ONCE
    name = target.rpartition("/")[2]
    key = f"serverless:{name}" if target == LLM else name
    assert shift.proof(f"regenerate:{key}:Secondary").proof.verdict is Verdict.VERIFIED
    assert shift.proof(f"regenerate:{key}:Primary").proof.verdict is Verdict.VERIFIED


async def test_a_success_that_changed_nothing_is_a_failure(tmp_path: Path) -> None:
    fault = Fault(kind="fail_operation", route="/regenerateKeys")
    shift = Shift(cloud(fault, endpointRegeneratePoll="200"), tmp_path)
    result = await shift.run()
    assert result.state is RunState.FAILED
    assert shift.generations() == {"Primary": 1, "Secondary": 1}
    lying = Shift(cloud(endpointRegeneratePoll="200", operationOutcome="lie"), tmp_path / "lie")
    assert "the key it had before" in (await lying.run()).sentence


async def test_the_key_value_is_never_sent(tmp_path: Path) -> None:
    """A regeneration that sets the present value changes nothing; ours sends the slot alone, and it changes."""
    bodies: list[bytes] = []
    shift = Shift(cloud(), tmp_path)
    handle = shift.sim.handle

    def seen(request: Any) -> Any:
        if request.path.endswith("/regenerateKeys"):
            bodies.append(request.body)
        return handle(request)

    shift.sim.handle = seen  # type: ignore[method-assign]
    fresh = Shift(shift.sim, tmp_path)
    begun = await fresh.run()
    await fresh.resume(begun.run)
    assert bodies == [b'{"keyType":"Secondary"}', b'{"keyType":"Primary"}']


async def test_somebody_else_replaces_a_key_meanwhile(tmp_path: Path) -> None:
    """The key that was to be replaced is another one by now: that is what the step was for, so it is not made again."""
    shift = Shift(cloud(), tmp_path)
    begun = await shift.run()
    token = shift.sim.issue_token()
    from azsim.wire import Request

    url = f"https://management.azure.com{SCORE}/regenerateKeys?api-version=2025-09-01"
    shift.sim.handle(Request("POST", url, {"Authorization": f"Bearer {token}"}, b'{"keyType":"Primary"}'))
    assert (await shift.resume(begun.run)).state is RunState.DONE
    assert shift.generations() == ONCE


async def test_several_endpoints_stop_at_the_first_failure(tmp_path: Path) -> None:
    fault = Fault(kind="status", status=403, code="AuthorizationFailed", route="score-eu/regenerateKeys")
    shift = Shift(cloud(fault), tmp_path)
    result = await shift.run(WORKSPACE, {"which": "all"}, only="secondary")
    assert result.state is RunState.STOPPED
    assert shift.steps() == ["regenerate:inner:Secondary", "regenerate:score:Secondary"]
    assert shift.generations(LLM)["Secondary"] == 1


async def test_what_is_published_is_tagged_and_expires_and_its_value_stays_hidden(tmp_path: Path) -> None:
    shift = Shift(cloud(), tmp_path)
    begun = await shift.run(**PUBLISH, publish_days=30)
    version = next(reversed(shift.sim.world.vaults.secret("kvserve01", "score-key").values()))
    keys = await shift.inspect()
    score = keys.endpoint("score")
    assert score is not None
    assert version.content_type == "text/plain"
    assert version.tags == {
        "amlkeys-fingerprint": score.secondary, "amlkeys-endpoint": "score", "amlkeys-slot": "Secondary",
    }  # fmt: skip
    assert version.attributes["exp"] - version.attributes["created"] == 30 * 86_400
    assert shift.proof("publish:score:Secondary").proof.verdict is Verdict.VERIFIED
    reads = [entry.path for entry in shift.sim.ledger.entries if entry.method == "GET" and "/secrets/" in entry.path]
    assert set(reads) == {"/secrets/score-key/versions"}
    assert (await shift.resume(begun.run)).state is RunState.DONE
    assert len(shift.sim.world.vaults.secret("kvserve01", "score-key")) == 1


@pytest.mark.parametrize("kind", ["set", "list"])
async def test_a_vault_that_refuses(tmp_path: Path, kind: str) -> None:
    """Without the right to set, the run stops before the hand-over; without the right to list, nothing is proven."""
    fault = Fault(
        kind="status", status=403, code="Forbidden", route="PUT" if kind == "set" else "/secrets/score-key/versions"
    )
    if kind == "set":
        fault = Fault(kind="status", status=403, code="Forbidden", route="^PUT .*secrets/score-key$")
    shift = Shift(cloud(fault), tmp_path)
    result = await shift.run(**PUBLISH)
    if kind == "set":
        assert result.state is RunState.STOPPED
        assert shift.steps() == ["regenerate:score:Secondary"]
        return
    assert result.state is RunState.WAITING
    assert shift.proof("publish:score:Secondary").proof.verdict is Verdict.NOT_VERIFIABLE


async def test_the_probe_waits_until_the_new_key_counts(tmp_path: Path) -> None:
    """A scoring address that is late takes the old key for a while; the proof waits for it."""
    shift = Shift(cloud(endpointKeyPropagationSeconds=200), tmp_path)
    begun = await shift.run(probe=True)
    assert shift.proof("probe:score:Secondary").proof.verdict is Verdict.VERIFIED
    assert (await shift.resume(begun.run)).state is RunState.DONE
    assert shift.proof("probe:score:Primary").proof.verdict is Verdict.VERIFIED


async def test_a_key_that_never_dies_is_a_failure(tmp_path: Path) -> None:
    shift = Shift(cloud(endpointKeyPropagationSeconds=86_400), tmp_path)
    result = await shift.run(probe=True)
    assert result.state is RunState.FAILED
    assert "refused so far" in result.sentence


async def test_no_key_is_sent_in_clear_or_to_another_host(tmp_path: Path) -> None:
    shift = Shift(cloud(), tmp_path)
    await shift.run(f"{WORKSPACE}/onlineEndpoints/inner", probe=True)
    assert shift.proof("probe:inner:Secondary").proof.verdict is Verdict.NOT_VERIFIABLE
    assert not [entry for entry in shift.sim.ledger.entries if entry.host.startswith("20.50")]


async def test_a_second_rotation_asks_where_the_clients_are(tmp_path: Path) -> None:
    """After a rotation the clients are on Secondary: it is not idle any more, and Primary goes first when they stayed."""
    shift = Shift(cloud(), tmp_path)
    begun = await shift.run(**PUBLISH)
    await shift.resume(begun.run)
    again = await shift.plan(SCORE)
    assert [decision.id for decision in again.body.decisions] == ["clients:score"]
    stayed = await shift.run(SCORE, {"clients:score": "Secondary"}, **PUBLISH)
    assert shift.generations() == {"Primary": 3, "Secondary": 2}
    assert (await shift.resume(stayed.run)).state is RunState.DONE
    assert shift.cut_off() == set()


async def test_what_the_person_is_told(tmp_path: Path) -> None:
    shift = Shift(cloud(), tmp_path)
    await shift.run(**PUBLISH)
    told = shift.said()
    assert "use the Secondary key, fingerprint" in told
    assert "secret score-key of vault kvserve01" in told
    assert "refused with 401" in told

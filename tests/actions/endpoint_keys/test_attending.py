"""What a person who attends a waiting run is told and shown, and what the journal remembers of earlier runs."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from actions.guard.attending import REVEALED, awaited, brief, past, reveal
from actions.guard.errors import NotArmed, UsageError
from actions.guard.model import Mode
from azsim.endpoint_keys import EndpointKeys as Keys
from azsim.faults import Fault
from azsim.secrets import MARK
from tests.actions.endpoint_keys.rehearsal import LLM, SCORE, Shift, cloud


async def test_the_wait_and_its_beginning(tmp_path: Path) -> None:
    shift = Shift(cloud(), tmp_path)
    run = shift.journal.run((await shift.run()).run)
    found = awaited(run)
    assert found is not None
    assert found[0].id == "hand-over:score:Primary"
    assert found[1].startswith("2026-03-02T09:00")


async def test_a_run_that_waits_for_nobody_has_nothing_to_tell(tmp_path: Path) -> None:
    shift = Shift(cloud(), tmp_path)
    done = await shift.run(only="secondary")
    with pytest.raises(UsageError, match="hands nothing over"):
        await brief(shift.engine, done.run)
    with pytest.raises(UsageError):
        await reveal(shift.engine, done.run)


async def test_a_serverless_endpoint_has_no_metric(tmp_path: Path) -> None:
    shift = Shift(cloud(), tmp_path)
    told = await brief(shift.engine, (await shift.run(LLM)).run)
    assert "nothing to watch" in told[-1]


async def test_requests_that_cannot_be_read_keep_nobody_from_waiting(tmp_path: Path) -> None:
    shift = Shift(
        cloud(Fault(kind="status", status=403, code="AuthorizationFailed", route="Microsoft.Insights")), tmp_path
    )
    begun = await shift.run()
    assert "cannot be read" in (await brief(shift.engine, begun.run))[-1]


async def test_a_reveal_is_in_the_journal_before_the_key_is_read(tmp_path: Path) -> None:
    """Also where the read then fails: that somebody wanted it counts."""
    shift = Shift(cloud(), tmp_path)
    begun = await shift.run()
    secret = await reveal(shift.engine, begun.run)
    pair = shift.sim.world.state(Keys).pair(shift.sim.world.seed, SCORE)
    assert secret.reveal() == pair["Secondary"].value
    assert MARK not in repr(secret)
    entries = [entry for entry in shift.journal.run(begun.run).extra if entry.kind == REVEALED]
    assert [entry.data["by"] for entry in entries] == ["ada"]
    assert MARK.encode() not in msgspec.json.encode(entries)
    shift.sim.faults.add(Fault(kind="status", status=403, code="AuthorizationFailed", route="/listKeys"))
    with pytest.raises(Exception, match="AuthorizationFailed"):
        await reveal(shift.engine, begun.run)
    assert len([entry for entry in shift.journal.run(begun.run).extra if entry.kind == REVEALED]) == 2
    assert shift.journal.verify().ok


@pytest.mark.parametrize("mode", [Mode.LOOK, Mode.DRY_RUN])
async def test_a_reveal_needs_live_mode(tmp_path: Path, mode: Mode) -> None:
    shift = Shift(cloud(), tmp_path)
    begun = await shift.run()
    shift.arming.arm(mode)
    with pytest.raises(NotArmed):
        await reveal(shift.engine, begun.run)
    assert not [entry for entry in shift.journal.run(begun.run).extra if entry.kind == REVEALED]


async def test_only_what_live_runs_have_done_is_remembered(tmp_path: Path) -> None:
    shift = Shift(cloud(), tmp_path)
    begun = await shift.run()
    assert past(shift.journal, "endpoint-keys", SCORE) == ()
    await shift.resume(begun.run)
    deeds = past(shift.journal, "endpoint-keys", SCORE.upper())
    assert [(deed.kind, deed.run) for deed in deeds] == [
        ("regenerate", begun.run),
        ("hand-over", begun.run),
        ("regenerate", begun.run),
    ]
    assert past(shift.journal, "endpoint-keys", LLM) == ()
    assert past(shift.journal, "storage-keys", SCORE) == ()

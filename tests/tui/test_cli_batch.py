"""One action on several targets from the command line, against the rehearsal cloud."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from azsim.clock import Clock
from azsim.cloud import Cloud as Simulated
from azsim.faults import Fault
from tests.tui.command_line import amlkeys, keep_one_cloud
from tests.tui.several import ENVIRONMENTS, several
from tests.tui.test_cli_json import check

ROTATE = ("run", "storage-keys")
ACCEPT = ("--external", "accept")
BOTH = ("--confirm", "stalpha", "--confirm", "stbeta", "--slot", "key1+key2")


@pytest.fixture
def sims(monkeypatch: pytest.MonkeyPatch) -> list[Simulated]:
    return keep_one_cloud(monkeypatch)


@pytest.fixture
def place(tmp_path: Path, sims: list[Simulated]) -> tuple[str, ...]:
    estate, config = tmp_path / "estate.json", tmp_path / "config.toml"
    estate.write_bytes(msgspec.json.encode(several(Clock().now())))
    config.write_text(ENVIRONMENTS)
    return ("--journal", str(tmp_path / "journal.sqlite3"), "--config", str(config), f"--rehearse={estate}")


def changes(sims: list[Simulated]) -> list[str]:
    """Which account's key was made anew, in order."""
    return [entry.path.split("/")[-2] for entry in sims[0].ledger.writes() if "regenerateKey" in entry.path]


def batch_of(answer: Any) -> str:
    return next(word.rstrip(".") for word in answer.err.split() if word.startswith("batch-"))


def test_the_canary_is_done_before_the_next_begins_and_production_comes_last(place, sims) -> None:
    confirms = (*BOTH, "--confirm", "stpay")
    answer = amlkeys(*ROTATE, "pay", "alpha", "beta", *ACCEPT, "--live", *confirms, *place)
    assert answer.exit == 0, answer.err
    assert changes(sims) == ["stalpha"] * 2 + ["stbeta"] * 2 + ["stpay"] * 2
    assert "Done: alpha, beta, pay." in answer.out
    rows = [line.split() for line in answer.err.splitlines() if line.endswith("not begun")]
    assert [row[2] for row in rows] == ["alpha", "beta", "pay"]
    assert "PROD" in answer.err
    heads = [line for line in answer.err.splitlines() if line.startswith("==")]
    assert heads == ["== 1 of 3: alpha ==", "== 2 of 3: beta ==", "== 3 of 3: pay =="]
    told = amlkeys("runs", batch_of(answer), *place)
    assert told.out.count("done, run") == 3
    assert "go on" not in told.out


def test_the_second_of_a_shared_account_is_left_out_up_front(place, sims) -> None:
    answer = amlkeys(*ROTATE, "alpha", "gamma", *ACCEPT, "--live", *BOTH[:2], *BOTH[4:], *place)
    assert answer.exit == 0, answer.err
    assert "Left out: gamma: it shares the storage account stalpha with alpha, whose run serves both." in answer.err
    assert answer.err.index("Left out: gamma") < answer.err.index("== 1 of 1: alpha ==")
    assert changes(sims) == ["stalpha"] * 2
    other = amlkeys("run", "identity-access", "alpha", "gamma", "--dry-run", *place)
    assert "no two of one account" in other.err


def test_an_account_that_cannot_be_read_is_left_out(place, sims) -> None:
    amlkeys("workspaces", *place)
    sims[0].faults.add(Fault(kind="status", route="workspaces/beta$", status=403, code="AuthorizationFailed"))
    answer = amlkeys(*ROTATE, "alpha", "rg-c0001/beta", *ACCEPT, "--dry-run", *place)
    assert "Left out: beta: its storage account could not be read" in answer.err
    assert "Done: alpha." in answer.out


def test_fewer_confirmations_than_plans_begin_nothing(place, sims) -> None:
    answer = amlkeys(*ROTATE, "alpha", "beta", *ACCEPT, "--live", *BOTH[:2], *place)
    assert answer.exit == 4
    assert "2 plans need a --confirm each, and 1 were given." in answer.sentence
    assert changes(sims) == []
    assert amlkeys("runs", *place).out == "No runs are recorded in this journal.\n"


def test_a_wrong_confirmation_of_the_canary_begins_nothing(place, sims) -> None:
    answer = amlkeys(*ROTATE, "alpha", "beta", *ACCEPT, "--live", "--confirm", "x", "--confirm", "stbeta", *place)
    assert answer.exit == 4
    assert "add --confirm stalpha --slot key1+key2" in answer.sentence
    assert changes(sims) == []


def test_one_confirmation_serves_one_plan(place, sims) -> None:
    confirms = ("--confirm", "stalpha", "--confirm", "stalpha", "--slot", "key1+key2")
    answer = amlkeys(*ROTATE, "alpha", "beta", *ACCEPT, "--live", *confirms, *place)
    assert answer.exit == 4
    assert "add --confirm stbeta --slot key1+key2" in answer.err
    assert changes(sims) == ["stalpha"] * 2
    assert "Not begun: beta." in answer.out


def test_a_failure_of_the_canary_stops_the_batch_and_both_go_on_later(place, sims) -> None:
    amlkeys("workspaces", *place)
    fault = Fault(kind="status", route="stalpha/regenerateKey", status=409, code="Conflict", times=1)
    sims[0].faults.add(fault)
    answer = amlkeys(*ROTATE, "alpha", "beta", *ACCEPT, "--live", *BOTH, *place)
    assert answer.exit == 1, answer.err
    batch = batch_of(answer)
    assert "Done: none." in answer.out
    assert "Stopped at: alpha" in answer.out
    assert "Not begun: beta." in answer.out
    assert changes(sims).count("stbeta") == 0
    run = next(line.split()[3] for line in answer.out.splitlines() if line.startswith("first:"))
    early = amlkeys("resume", batch, "--live", *BOTH[2:], *place)
    assert early.exit == 6
    assert changes(sims).count("stbeta") == 0
    assert amlkeys("resume", run, "--live", *place).exit == 0
    late = amlkeys("resume", batch, "--live", *BOTH[2:], *place)
    assert late.exit == 0, late.err
    assert changes(sims).count("stbeta") == 2
    assert "Done: alpha, beta." in late.out


def test_a_run_left_waiting_stops_the_batch_with_its_exit_code(place, sims) -> None:
    answer = amlkeys(*ROTATE, "alpha", "beta", *ACCEPT, "--live", "--no-wait", *BOTH, *place)
    assert answer.exit == 7
    assert "Stopped at: alpha" in answer.out
    assert set(changes(sims)) == {"stalpha"}


def test_a_process_that_ends_between_two_leaves_a_list_that_goes_on(place, sims, monkeypatch) -> None:
    from tui.commands.batches import Going

    note = Going._note

    def die(self: Going, *told: Any) -> None:
        note(self, *told)
        raise SystemExit(137)

    with monkeypatch.context() as once:
        once.setattr(Going, "_note", die)
        with pytest.raises(SystemExit):
            amlkeys(*ROTATE, "alpha", "beta", *ACCEPT, "--live", *BOTH, *place)
    assert changes(sims) == ["stalpha"] * 2
    listed = amlkeys("runs", *place)
    assert "1 of 2 behind" in listed.out
    (batch,) = {word for word in listed.out.split() if word.startswith("batch-2")}
    told = amlkeys("runs", batch, *place)
    assert "Not begun: beta." in told.out
    assert f"amlkeys resume {batch} " in told.out
    after = amlkeys("resume", batch[:-2], "--live", *BOTH[2:], *place)
    assert after.exit == 0, after.err
    assert changes(sims) == ["stalpha"] * 2 + ["stbeta"] * 2


def test_a_dry_run_walks_all_and_proves_nothing_for_the_live_one(place, sims) -> None:
    dry = amlkeys(*ROTATE, "alpha", "beta", *ACCEPT, "--dry-run", *place)
    assert dry.exit == 0
    assert "Done: alpha, beta." in dry.out
    assert sims[0].ledger.writes() == []
    live = amlkeys("resume", batch_of(dry), "--live", *BOTH, *place)
    assert live.exit == 0, live.err
    assert changes(sims) == ["stalpha"] * 2 + ["stbeta"] * 2


def test_look_mode_and_an_unknown_batch_run_nothing(place) -> None:
    assert amlkeys(*ROTATE, "alpha", "beta", *ACCEPT, *place).exit == 4
    answer = amlkeys("resume", "batch-2", "--live", *place)
    assert (answer.exit, answer.sentence) == (2, "No single batch is named 'batch-2'.")
    slots = ("--slot", "key1", "--slot", "key2", "--slot", "key1")
    assert amlkeys(*ROTATE, "alpha", "beta", "--live", *BOTH[:4], *slots, *place).exit == 2


def test_what_programs_read_is_told(place, sims) -> None:
    answer = amlkeys(*ROTATE, "alpha", "gamma", "beta", *ACCEPT, "--live", *BOTH, "--json", *place)
    assert len(answer.out.splitlines()) == 1
    check(answer.json)
    assert answer.json["exit"] == 0
    assert [each["state"] for each in answer.json["batch"]["members"]] == ["done", "done"]
    assert [each["name"] for each in answer.json["batch"]["dropped"]] == ["gamma"]
    assert len(answer.json["results"]) == 2
    listed = amlkeys("runs", "--json", *place).json
    check(listed)
    assert {run["batch"] for run in listed["runs"]} == {listed["batches"][0]["id"]}
    check(amlkeys("runs", listed["batches"][0]["id"], "--json", *place).json)
    check(amlkeys("runs", listed["runs"][0]["id"], "--json", *place).json)
    assert listed["batches"][0]["id"] in amlkeys("runs", listed["runs"][0]["id"], *place).out

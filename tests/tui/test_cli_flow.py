"""From the fleet to an audited run on the command line, and every way a run can end, by its exit code."""

from __future__ import annotations

import json
import os
import signal
import stat
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from actions.guard.events import Event, StepStarted, WaitBegan
from actions.registry import entry
from azsim.cloud import Cloud as Simulated
from azsim.faults import Fault
from azsim.wire import Request
from tests.tui.command_line import ACCEPT, CONFIRM, amlkeys, estate_file, keep_one_cloud
from tui.commands.output import Output
from tui.settings import Settings, place_words

ROTATE = ("storage-keys", "small-ml", *ACCEPT)


@pytest.fixture
def estate(tmp_path: Path) -> str:
    return f"--rehearse={estate_file(tmp_path)}"


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch) -> list[Simulated]:
    return keep_one_cloud(monkeypatch)


def during_run(monkeypatch: pytest.MonkeyPatch, deed: Callable[[Event], None]) -> None:
    """Do something as soon as an event of the run is told."""
    tell = Output.event

    def told(self: Output, event: Event) -> None:
        tell(self, event)
        deed(event)

    monkeypatch.setattr(Output, "event", told)


def test_the_fleet_and_one_workspace(estate: str) -> None:
    fleet = amlkeys("workspaces", estate)
    assert fleet.exit == 0
    assert "small-ml" in fleet.out
    assert fleet.err.startswith("amlkeys  REHEARSAL Contoso  LOOK  ada@contoso.example")
    view = amlkeys("show", "small-ml", estate)
    assert "stsmall01" in view.out
    assert "add --holders (reads secrets)" in view.out
    holders = amlkeys("show", "small-ml", "--holders", estate)
    assert "training_blob" in holders.out
    assert "key1" in holders.out


def test_hidden_subscriptions_are_left_out(estate: str, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[subscriptions]\nhidden = ["contoso-001"]\n')
    answer = amlkeys("workspaces", "--config", config, estate)
    assert answer.out == "No workspaces are visible.\n"


def test_unknown_and_ambiguous_targets_list_what_could_be_meant(estate: str) -> None:
    answer = amlkeys("show", "smal-ml", estate, "--json")
    assert answer.exit == 2
    assert answer.json["error"]["kind"] == "target"
    assert answer.json["error"]["candidates"] == ["small-ml"]


@pytest.mark.parametrize("target", ["small-ml", "rg-small/small-ml", "contoso-001/rg-small/small-ml", "stsmall01"])
def test_a_target_has_many_names(target: str, estate: str) -> None:
    answer = amlkeys("plan", "storage-keys", target, *ACCEPT, estate)
    assert answer.exit == 0, answer.err
    assert "Regenerate key2 of stsmall01" in answer.out


def test_inspect_tells_findings_and_its_detailed_exit_code(estate: str) -> None:
    assert amlkeys("inspect", "storage-keys", "small-ml", estate).exit == 0
    answer = amlkeys("inspect", "storage-keys", "small-ml", "--detailed-exit-code", estate)
    assert answer.exit == 3
    assert "Findings" in answer.out


def test_plan_ends_with_the_very_command_that_runs_it(estate: str) -> None:
    answer = amlkeys("plan", *ROTATE, "--soak", "90m", estate)
    assert answer.exit == 0
    command = answer.out.rstrip().rpartition("\n")[2].split()
    assert command[:5] == ["amlkeys", "run", "storage-keys", "small-ml", "--soak"]
    assert amlkeys(*command[1:]).exit == 0


def test_plan_details_tell_request_permission_and_az(estate: str) -> None:
    answer = amlkeys("plan", *ROTATE, "--details", estate)
    assert "POST /subscriptions/" in answer.out
    assert "Microsoft.Storage/storageAccounts/regeneratekey/action" in answer.out
    assert "az storage account keys renew" in answer.out


def test_a_plan_that_needs_a_decision_exits_4_and_says_how_to_decide(estate: str) -> None:
    answer = amlkeys("plan", "storage-keys", "small-ml", "--older-than-days", "9999", estate)
    assert answer.exit == 0
    assert "no changes" in answer.out


def test_nothing_runs_in_look_mode(estate: str, kept: list[Simulated]) -> None:
    answer = amlkeys("run", *ROTATE, *CONFIRM, estate)
    assert answer.exit == 4
    assert "add --live" in answer.sentence
    assert kept == [], "not even the estate is opened"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        ((), "Not confirmed. To run it, add --confirm stsmall01 --slot key1+key2."),
        (("--confirm", "stsmall02", "--slot", "key1+key2"), "The typed name is not stsmall01."),
        (("--confirm", "stsmall01"), "The typed slot is not key1+key2."),
    ],
)
def test_a_missing_or_wrong_confirmation_changes_nothing(
    words: tuple[str, ...], part: str, estate: str, kept: list[Simulated]
) -> None:
    answer = amlkeys("run", *ROTATE, "--live", *words, estate)
    assert answer.exit == 4
    assert part in answer.sentence
    assert [entry for entry in kept[0].ledger.writes() if entry.committed] == []


def test_a_rotation_from_plan_to_report(estate: str, kept: list[Simulated], tmp_path: Path) -> None:
    answer = amlkeys("run", *ROTATE, "--live", *CONFIRM, estate)
    assert answer.exit == 0, answer.err
    assert "done: It holds" in answer.out
    assert kept[0].outages.during() == []
    run = amlkeys("runs", estate, "--json").json["runs"][0]
    assert (run["state"], run["mode"], run["rehearsal"]) == ("done", "live", True)
    assert run["id"] in answer.out
    told = amlkeys("runs", run["id"], estate)
    assert "Regenerate key2 of stsmall01" in told.out
    assert amlkeys("note", run["id"], "Handed to the night shift.", estate).exit == 0
    report = amlkeys("report", run["id"], estate)
    assert report.exit == 0
    assert "Handed to the night shift." in report.out
    page = tmp_path / "report.html"
    assert amlkeys("report", run["id"], "--format", "html", "--out", page, estate).exit == 0
    assert page.read_text().startswith("<!DOCTYPE html>")
    assert stat.S_IMODE(page.stat().st_mode) == 0o600
    again = amlkeys("run", *ROTATE, "--older-than-days", "1", "--live", *CONFIRM, estate)
    assert again.exit == 0
    assert amlkeys("resume", run["id"], "--live", estate).exit == 0, "a run that is done has nothing left"


def test_a_dry_run_withholds_every_change(estate: str, kept: list[Simulated]) -> None:
    answer = amlkeys("run", *ROTATE, "--dry-run", estate)
    assert answer.exit == 0
    assert "Twin of " in answer.err
    assert "On the twin: The new key2 works and the old one is refused" in answer.err
    assert "steps walked on a twin, 6 changes withheld" in answer.out
    assert kept[0].ledger.writes() == []


def test_a_saved_plan_is_applied_and_an_edited_one_refused(estate: str, kept: list[Simulated], tmp_path: Path) -> None:
    file = tmp_path / "plan.json"
    assert amlkeys("plan", *ROTATE, "--out", file, estate).exit == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert amlkeys("plan", *ROTATE, "--out", file, estate).sentence == f"{file} is there already; name another file."
    edited = tmp_path / "edited.json"
    edited.write_text(file.read_text().replace("stsmall01", "stsmall02"))
    assert amlkeys("apply", edited, "--live", *CONFIRM, estate).exit == 2
    assert amlkeys("apply", file, "--live", *CONFIRM, estate).exit == 0
    stale = amlkeys("apply", file, "--live", *CONFIRM, estate, "--json")
    assert stale.exit == 4
    assert stale.json["error"]["kind"] == "stale-plan"
    assert stale.json["error"]["differences"]


def test_no_wait_leaves_the_run_waiting_and_resume_takes_it_up(estate: str, kept: list[Simulated]) -> None:
    waiting = amlkeys("run", *ROTATE, "--live", *CONFIRM, "--no-wait", estate)
    assert waiting.exit == 7
    run = amlkeys("runs", estate, "--json").json["runs"][0]
    assert run["state"] == "waiting"
    go_on = waiting.out.rstrip().rpartition("go on:")[2].split()
    assert go_on == ["amlkeys", "resume", run["id"], estate, "--live"]
    refused = amlkeys("run", *ROTATE, "--live", *CONFIRM, estate)
    assert refused.exit == 4
    assert run["id"] in refused.sentence, "another run on the account names the one that holds it"
    assert amlkeys("resume", run["id"], estate).sentence == (
        f"Run {run['id']} is a live run: add --live to take it up."
    )
    assert amlkeys("resume", run["id"], "--live", estate).exit == 0
    assert kept[0].outages.during() == []


def test_a_command_to_go_on_with_leads_to_the_same_journal(estate: str, kept: list[Simulated], tmp_path: Path) -> None:
    place = ("--journal", tmp_path / "other.sqlite3")
    waiting = amlkeys("run", *ROTATE, "--live", *CONFIRM, "--no-wait", estate, *place)
    go_on = waiting.out.rstrip().rpartition("go on:")[2].split()
    assert go_on[3:] == [estate, "--journal", str(place[1]), "--live"]
    assert amlkeys(*go_on[1:]).exit == 0
    planned = amlkeys("plan", *ROTATE, estate, *place)
    assert f"--journal {place[1]}" in planned.out.rstrip().rpartition("\n")[2]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Settings(), ""),
        (Settings(rehearse="", seed=9), "--rehearse --seed 9"),
        (Settings(tenant="t", cloud="AzureUSGovernment"), "--cloud AzureUSGovernment --tenant t"),
        (Settings(subscription="s", config="c.toml", live=True), "--subscription s --config c.toml"),
        (Settings(journal="postgresql://db.example/amlkeys"), "--journal postgresql://db.example/amlkeys"),
        (Settings(journal="postgresql://ada:hunter2@db.example/amlkeys"), ""),
    ],
)
def test_the_words_of_a_place_hold_no_password(given: Settings, words: str) -> None:
    assert " ".join(place_words(given)) == words


def test_stop_gives_a_waiting_run_up(estate: str, kept: list[Simulated]) -> None:
    amlkeys("run", *ROTATE, "--live", *CONFIRM, "--no-wait", estate)
    run = amlkeys("runs", estate, "--json").json["runs"][0]["id"]
    answer = amlkeys("stop", run, estate)
    assert (answer.exit, answer.out) == (0, "It is stopped.\n")
    assert amlkeys("runs", estate, "--json").json["runs"][0]["state"] == "stopped"
    assert amlkeys("stop", run, estate).exit == 2


def test_a_journal_that_is_not_there_is_not_whole(estate: str, tmp_path: Path) -> None:
    answer = amlkeys("audit", "verify", "--journal", tmp_path / "typo.sqlite3", estate)
    assert (answer.exit, answer.out) == (1, "")
    assert answer.sentence == f"There is no journal {tmp_path / 'typo.sqlite3'}."
    assert not (tmp_path / "typo.sqlite3").exists()


@pytest.mark.parametrize("words", [("inspect", *ROTATE), ("plan", *ROTATE), ("run", *ROTATE, "--dry-run")])
def test_that_secrets_are_read_is_said_first(
    words: tuple[str, ...], estate: str, kept: list[Simulated], monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[tuple[str, bool]] = []
    progress = Output.progress

    def told(self: Output, line: str) -> None:
        seen.append((line, any(asked.path.endswith("/listKeys") for asked in kept[0].ledger.entries)))
        progress(self, line)

    monkeypatch.setattr(Output, "progress", told)
    answer = amlkeys(*words, estate)
    assert seen[0][0].startswith("amlkeys  REHEARSAL"), "where this is stands before all else"
    assert seen[1] == (entry("storage-keys").load().secret_reads, False), answer.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_between_two_steps(
    number: signal.Signals, estate: str, kept: list[Simulated], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(event: Event) -> None:
        if isinstance(event, StepStarted) and event.number == 2:
            os.kill(os.getpid(), number)
            os.kill(os.getpid(), number)

    during_run(monkeypatch, interrupt)
    before = signal.getsignal(number)
    stopped = amlkeys("run", *ROTATE, "--live", *CONFIRM, estate)
    assert stopped.exit == 6
    assert "Stopped between two steps" in stopped.out
    assert signal.getsignal(number) is before
    monkeypatch.undo()


def test_a_stopped_run_is_resumed_to_its_goal(
    estate: str, kept: list[Simulated], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(event: Event) -> None:
        if isinstance(event, WaitBegan):
            os.kill(os.getpid(), signal.SIGTERM)

    with monkeypatch.context() as patch:
        during_run(patch, interrupt)
        stopped = amlkeys("run", *ROTATE, "--live", *CONFIRM, estate, "--json")
    assert stopped.exit == 6
    assert stopped.json["state"] == "stopped"
    assert amlkeys("resume", stopped.json["run"], "--live", estate).exit == 0
    regenerated = [entry for entry in kept[0].ledger.writes() if entry.path.endswith("regenerateKey")]
    assert len(regenerated) == 2


def test_what_somebody_else_changed_is_shown_and_needs_its_own_confirmation(estate: str, kept: list[Simulated]) -> None:
    amlkeys("run", *ROTATE, "--live", *CONFIRM, "--no-wait", estate)
    run = amlkeys("runs", estate, "--json").json["runs"][0]["id"]
    account = next(item for item in kept[0].world.keys.accounts.values() if item.id.endswith("stsmall01"))
    url = f"https://management.azure.com{account.id}/regenerateKey?api-version=2023-05-01"
    token = {"Authorization": f"Bearer {kept[0].issue_token()}"}
    kept[0].handle(Request("POST", url, token, b'{"keyName":"key2"}'))
    halted = amlkeys("resume", run, "--live", estate)
    assert halted.exit == 6
    assert "What would be done from here:" in halted.out
    wrong = amlkeys("resume", run, "--live", "--confirm", "stsmall02", estate)
    assert wrong.exit == 4
    writes = len(kept[0].ledger.writes())
    assert amlkeys("resume", run, "--live", estate).exit == 6
    assert len(kept[0].ledger.writes()) == writes, "nothing is changed without it"
    confirmed = amlkeys("resume", run, "--live", *CONFIRM, estate)
    assert "Plan: " in confirmed.err, "what is confirmed is shown"
    assert confirmed.exit == 0, confirmed.err + confirmed.out


def test_azure_refusing_is_exit_5(estate: str, kept: list[Simulated]) -> None:
    amlkeys("workspaces", estate)
    kept[0].faults.add(Fault(kind="status", route="oauth2", status=400, code="invalid_client"))
    answer = amlkeys("workspaces", estate)
    assert answer.exit == 5, answer.err


def test_a_step_that_azure_fails_is_exit_1_and_the_journal_knows(estate: str, kept: list[Simulated]) -> None:
    amlkeys("workspaces", estate)
    kept[0].faults.add(Fault(kind="status", route="regenerateKey", status=409, code="Conflict"))
    answer = amlkeys("run", *ROTATE, "--live", *CONFIRM, estate)
    assert answer.exit in {1, 6}
    assert "Conflict" in answer.out + answer.err


def test_the_journal_is_verified_exported_and_missed_entries_are_named(estate: str, tmp_path: Path) -> None:
    journal = tmp_path / "journal.sqlite3"
    place = ("--journal", journal, estate)
    assert amlkeys("run", *ROTATE, "--dry-run", *place).exit == 0
    kept = tmp_path / "checkpoint.json"
    kept.write_text(amlkeys("audit", "checkpoint", *place).out)
    whole = amlkeys("audit", "verify", "--checkpoint", kept, *place)
    assert whole.exit == 0
    assert "The chain is whole." in whole.out
    lines = [json.loads(line) for line in amlkeys("audit", "export", *place).out.splitlines()]
    assert [line["seq"] for line in lines] == list(range(1, len(lines) + 1))
    assert all(after["previous"] == before["hash"] for before, after in pairwise(lines))
    import sqlite3

    with sqlite3.connect(journal) as database:
        database.execute("delete from entries where seq = 3")
    cut = amlkeys("audit", "verify", *place)
    assert cut.exit == 1
    assert "Entry 3 is missing" in cut.out


def test_the_doctor_tells_what_is_in_place(estate: str) -> None:
    answer = amlkeys("doctor", estate)
    assert answer.exit == 0
    for name in ("amlkeys", "settings", "journal", "runs", "terminal", "sign-in"):
        assert name in answer.out


def test_the_doctor_goes_on_after_a_failure(estate: str, kept: list[Simulated]) -> None:
    amlkeys("workspaces", estate)
    kept[0].faults.add(Fault(kind="status", route="oauth2", status=400, code="invalid_client"))
    answer = amlkeys("doctor", estate, "--json")
    assert answer.exit == 1
    states = {check["name"]: check["state"] for check in answer.json["checks"]}
    assert states["sign-in"] == "failed"
    assert states["journal"] == "ok"


def test_the_drill_is_won_and_prints_its_report() -> None:
    answer = amlkeys("rehearsal", "drill")
    assert answer.exit == 0, answer.err
    assert answer.out.startswith("# ")
    assert "The goal was reached." in answer.out
    assert "No holder was without a working key" in answer.out
    assert "the auditors are coming" in answer.err


def test_a_drill_is_lost_when_somebody_was_without_a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import UTC, datetime

    from azsim.outages import Outage, Outages

    began = datetime(2026, 11, 23, tzinfo=UTC)
    outage = Outage("scorer", "client", "stfraud01", "key-replaced", 7, began)
    monkeypatch.setattr(Outages, "during", lambda _self: [outage])
    answer = amlkeys("rehearsal", "drill", "--json")
    assert answer.exit == 1
    assert answer.json["won"] is False
    assert answer.json["outages"][0]["announced"] is False

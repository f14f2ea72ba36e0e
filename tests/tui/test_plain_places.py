"""Every place of the console on lines: what is read, what is gone on with, and that a number alone changes nothing."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from actions.guard.journal import Journal
from actions.guard.model import Mode, RunState
from actions.registry import entries
from azsim.cloud import Cloud as Simulated
from azsim.estates.endpoints import serving
from tests.tui.command_line import estate_file
from tests.tui.consoles import NOON
from tests.tui.several import several
from tests.tui.terminal import Open
from tests.tui.test_plain import Sitting
from tests.tui.test_plain import sims as sims

ELSEWHERE = ("runs", "runbooks", "keys", "several", "role", "mode", "doctor", "drills")
DRY = ("1", "1", "--external accept --soak 5m", "dry-run")


def to(place: str) -> tuple[str, str]:
    """The answers that lead to a place."""
    return "0", str(ELSEWHERE.index(place) + 1)


def runs() -> list[tuple[Mode, RunState]]:
    """What the rehearsals' journal holds, newest first."""
    journal = Journal.open(rehearsal=True)
    try:
        return [(run.mode, run.state) for run in journal.runs()]
    finally:
        journal.close()


def written(path: Path, estate: object) -> Path:
    place = path / "estate.json"
    place.write_bytes(msgspec.json.encode(estate))
    return place


def test_every_action_is_offered(tmp_path: Path) -> None:
    sitting = Sitting("1", "q")
    sitting.walk(estate_file(tmp_path))
    assert [entry.title for entry in entries() if entry.title not in sitting.said] == []


def test_the_pages_of_a_workspace_are_read(tmp_path: Path, sims: list[Simulated]) -> None:
    first = len(list(entries())) + 1
    sitting = Sitting("1", *(str(first + number) for number in range(3)), "", "q")
    sitting.walk(estate_file(tmp_path))
    assert "Network" in sitting.said, "how it is secured"
    assert "Which key each holder has: add --holders" not in sitting.said
    assert "workspaceblobstore" in sitting.said
    assert sims[0].ledger.writes() == []


def test_runs_are_read_reported_noted_and_gone_on_with(tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    run = (*to("runs"), "1")
    sitting = Sitting(
        *DRY, *run, "1", *run, "3", *run, "4", str(report), *run, "5", "Linus knows more", *run, "1", "q"
    )  # fmt: skip
    sitting.walk(estate_file(tmp_path))
    assert "withheld" in sitting.said
    assert "| Regenerate key1 of stsmall01 |" in sitting.said, "the report"
    assert "<html" in report.read_text()
    assert "Linus knows more" in sitting.said
    assert runs() == [(Mode.DRY_RUN, RunState.DONE)]


def test_without_runs_it_says_so(tmp_path: Path) -> None:
    sitting = Sitting(*to("runs"), "q")
    sitting.walk(estate_file(tmp_path))
    assert "No runs are recorded in this journal." in sitting.said


@pytest.mark.parametrize(
    ("typed", "state"), [("", RunState.WAITING), ("score", RunState.WAITING), ("serve-ml", RunState.DONE)]
)
def test_a_waiting_run_goes_on_with_the_typed_name_only(
    typed: str, state: RunState, tmp_path: Path, sims: list[Simulated]
) -> None:
    start = ("1", "3", "", "2", "live", "serve-ml", "Secondary+Primary")
    run = (*to("runs"), "1")
    sitting = Sitting(*start, *run, "6", *run, "8", typed, "Secondary+Primary", "q")
    sitting.walk(written(tmp_path, serving(NOON)))
    assert "use the Secondary key" in sitting.said, "what it waits for was told"
    assert runs()[0] == (Mode.LIVE, state)


def test_a_runbook_is_followed_left_and_taken_up(tmp_path: Path) -> None:
    sitting = Sitting(*to("runbooks"), "1", "small-ml", "q")
    sitting.walk(estate_file(tmp_path))
    assert "Recorded as runbook-" in sitting.said
    assert "the same command takes it up again" in sitting.said
    again = Sitting(*to("runbooks"), "1", "q")
    again.walk(estate_file(tmp_path))
    assert "half done, at step 1" in again.said
    assert "Taking up runbook-" in again.said


def test_the_mode_is_chosen_by_its_word_and_no_number_arms(tmp_path: Path) -> None:
    sitting = Sitting(*to("mode"), "3", *to("mode"), "live", *to("mode"), "dry-run", *to("mode"), "live-contoso", "q")
    sitting.walk(estate_file(tmp_path))
    assert sitting.said.count("That is none of them") == 2
    assert sitting.said.index("DRY-RUN") < sitting.said.index("  LIVE  ")


def test_several_are_done_one_after_the_other_each_with_its_own_name(tmp_path: Path, sims: list[Simulated]) -> None:
    answers = (*to("several"), "1", "alpha pay", "live", "--soak 5m", "stalpha", "key1+key2", "stpay", "key1+key2")
    sitting = Sitting(*answers, *to("runs"), "q")
    sitting.walk(written(tmp_path, several(NOON)))
    assert runs() == [(Mode.LIVE, RunState.DONE)] * 2, sitting.said[-3000:]
    assert "batch-" in sitting.said


def test_several_stop_where_a_name_is_wrong(tmp_path: Path, sims: list[Simulated]) -> None:
    answers = (*to("several"), "1", "alpha pay", "live", "--soak 5m", "stbeta", "key1+key2", "q")
    sitting = Sitting(*answers)
    sitting.walk(written(tmp_path, several(NOON)))
    assert "Not confirmed; nothing was changed." in sitting.said
    assert not any(entry.committed for entry in sims[0].ledger.writes())


def test_the_other_places_are_read(tmp_path: Path, sims: list[Simulated]) -> None:
    sitting = Sitting(*to("keys"), *to("role"), "1", "small-ml", "1", *to("doctor"), *to("drills"), "", "0", "", "q")
    sitting.walk(estate_file(tmp_path))
    assert "customer-managed key" in sitting.said
    assert "AssignableScopes" in sitting.said or "assignableScopes" in sitting.said
    assert "none left open" in sitting.said
    assert sims[0].ledger.writes() == []


@pytest.mark.terminal
def test_a_terminal_that_places_no_text_reaches_the_report_by_lines_alone(no_secret_in, terminal: Open) -> None:
    """The main job at 80x24 on a dumb terminal: find, plan, decide, arm, confirm by typing, run, read the record."""
    line = terminal(TERM="dumb")

    def answer(wanted: str, text: str) -> None:
        line.wait(lambda found: wanted in " ".join(found.split()))
        line.type(f"{text}\r")

    answer("Workspace: its number", "fraud-scoring")
    answer("1 fraud-scoring", "1")
    answer("What to do", "1")
    answer("Options, or enter for none", "--soak 5m")
    answer("May clients outside", "1")
    answer("Type live or dry-run to arm", "live")
    answer("Type stfraud01", "stfraud01")
    answer("Type key1+key2", "key1+key2")
    line.wait(lambda text: "done: It holds" in " ".join(text.split()))
    answer("Workspace: its number", "0")
    answer("Where to", "1")
    answer("Which run", "1")
    answer("What to do", "3")
    answer("Workspace: its number", "q")
    assert line.ended() == 0
    assert b"\x1b" not in line.tail
    no_secret_in(line.text)
    assert runs() == [(Mode.LIVE, RunState.DONE)]

"""A recorded run as a timeline and as a difference: bars stand where the time went, waits look other than work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from actions.guard.history import RunHistory, StepHistory
from actions.guard.journal import Journal
from actions.guard.model import Finding, Mode, Severity, Verdict
from actions.guard.text import after
from tests.tui.command_line import ACCEPT, CONFIRM, amlkeys, estate_file, keep_one_cloud
from tui.difference import difference_lines
from tui.session import open_session
from tui.settings import Settings
from tui.spark import gauge, percent, stretch
from tui.telling import run_lines
from tui.timeline import timeline_lines

ROTATE = ("storage-keys", "small-ml", *ACCEPT, "--live", *CONFIRM)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    keep_one_cloud(monkeypatch)
    return ("--journal", str(tmp_path / "journal.sqlite3"), f"--rehearse={estate_file(tmp_path)}")


@pytest.fixture
def run(place: tuple[str, ...]) -> RunHistory:
    """A whole rotation, read back from its journal."""
    amlkeys("run", *ROTATE, *place)
    session = open_session(Settings(rehearse="", journal=place[1]))
    try:
        return session.journal.run(session.journal.runs()[0].id)
    finally:
        session.close()


def step(number: int, started: str, ended: str, **more: Any) -> StepHistory:
    return StepHistory(
        id=str(number), title=f"step {number}", number=number, attempts=1, digest="", started=f"2026-03-09T{started}Z",
        tried="", ended=f"2026-03-{ended}Z" if ended else "", verdict=Verdict.VERIFIED, **more,
    )  # fmt: skip


def timed(run: RunHistory, *steps: StepHistory) -> RunHistory:
    return msgspec.structs.replace(run, started="2026-03-09T14:00:00Z", ended="", steps=steps)


class TestBars:
    def test_a_stretch_stands_where_it_was_in_the_whole(self) -> None:
        assert stretch(0.0, 0.5, 8) == "████"
        assert stretch(0.5, 1.0, 8) == "    ████"
        assert stretch(0.25, 0.75, 8, waits=True) == "  ░░░░"

    def test_the_shortest_is_one_cell_and_the_last_one_stays_inside(self) -> None:
        assert stretch(0.0, 0.0, 8) == "█"
        assert stretch(1.0, 1.0, 8) == "       █"
        assert len(stretch(0.9, 7.0, 8)) == 8

    def test_a_share_is_full_only_when_it_is_all(self) -> None:
        assert gauge(0.999, 8) == "███████░"
        assert gauge(1.0, 8) == "████████"
        assert gauge(0.001, 8) == "█░░░░░░░"
        assert gauge(0.0, 8, ascii_only=True) == "........"
        assert (percent(0.999), percent(1.0), percent(7)) == ("99 %", "100 %", "100 %")


class TestTimeline:
    def test_a_wait_of_days_carries_dates_and_takes_the_bar(self, run: RunHistory) -> None:
        steps = (
            step(1, "14:00:00", "09T14:00:30"),
            step(2, "14:00:30", "11T14:00:30", wait={"kind": "time"}),
            step(3, "14:00:30", ""),
        )
        lines = timeline_lines(timed(run, *steps), ["verified", "verified", "running"], 80)
        assert lines[1].split() == ["✓", "1", "step", "1", "14:00:00Z", "0:30", "█"]
        assert lines[2].split() == ["✓", "2", "step", "2", "14:00:30Z", "48:00:00", "░" * 12]
        assert "the whole line is 48:00:30; █ work, ░ waits" in lines[-1].lower()

    def test_nothing_is_drawn_where_no_time_passed(self, run: RunHistory) -> None:
        lines = timeline_lines(timed(run, step(1, "14:00:00", "09T14:00:00")), ["verified"], 80)
        assert not {"█", "░"}.intersection("".join(lines))

    def test_a_real_run(self, run: RunHistory) -> None:
        lines = run_lines(run, 80)
        assert all(len(line) <= 80 for line in lines)
        (soak,) = [line for line in lines if "Wait before key1 dies" in line]
        assert "1:00:00" in soak
        assert "░" in soak
        assert not set("\n".join(run_lines(run, 80, ascii_only=True))) - set(map(chr, range(10, 127)))


class TestDifference:
    def test_what_a_rotation_changed(self, run: RunHistory) -> None:
        lines = difference_lines(run, 80)
        assert lines[0].startswith("Before: as found at ")
        (moved,) = [line for line in lines if line.startswith("~ small-ml/training_blob:")]
        assert "holds key1 → key2" in moved
        assert all(len(line) <= 80 for line in lines)
        assert "→" not in "\n".join(difference_lines(run, 80, ascii_only=True))

    def test_a_finding_that_is_gone_stands_by_itself(self, run: RunHistory) -> None:
        old = Finding(id="old", severity=Severity.WARN, subject="training_blob", sentence="It is old.")
        also = msgspec.structs.replace(old, id="also", sentence="So it is.")
        worried = msgspec.structs.replace(run.plans[0], findings=(old, also))
        lines = difference_lines(msgspec.structs.replace(run, plans=(worried,), findings=()), 80)
        assert lines[-2:] == ["- training_blob: warn: It is old.", "- training_blob: warn: So it is."]

    def test_a_run_that_halted_says_what_its_last_look_cannot_know(self, place: tuple[str, ...]) -> None:
        waiting = amlkeys("run", *ROTATE, "--no-wait", "--json", *place).json["run"]
        told = amlkeys("runs", waiting, "--diff", *place).out
        assert "The run is not done: a step may have been taken since that look." in told
        assert "key2: fingerprint" in told

    def test_a_dry_run_compares_its_twin_with_itself(self, place: tuple[str, ...]) -> None:
        dry = amlkeys("run", "storage-keys", "small-ml", *ACCEPT, "--dry-run", "--json", *place).json["run"]
        told = amlkeys("runs", dry, "--diff", *place).out
        assert told.startswith("On the twin of the dry run, whose keys are its own; nothing else was changed.")
        assert "~ small-ml/training_blob: holds key1 → key2" in told
        assert "## What is different on the twin" in amlkeys("report", dry, *place).out

    def test_a_dry_run_without_a_twin_has_nothing_to_compare(self, run: RunHistory) -> None:
        dry = msgspec.structs.replace(run, mode=Mode.DRY_RUN)
        assert difference_lines(dry, 80) == ["A dry run changes nothing, so there is nothing to compare."]
        assert dry.changes == ()

    def test_records_without_a_state_say_so(self, run: RunHistory) -> None:
        (line,) = difference_lines(msgspec.structs.replace(run, before=None), 200)
        assert "does not hold the state before" in line
        (line,) = difference_lines(msgspec.structs.replace(run, after=None), 200)
        assert "has not come to a halt yet" in line
        assert (
            difference_lines(msgspec.structs.replace(run, after=run.before, findings=run.plans[0].findings), 80)[-1]
            == "Nothing is different."
        )

    def test_it_is_asked_of_one_run(self, place: tuple[str, ...]) -> None:
        answer = amlkeys("runs", "--diff", *place)
        assert (answer.exit, answer.sentence) == (2, "--diff needs the RUN to tell about.")

    def test_the_report_tells_it_too(self, place: tuple[str, ...], run: RunHistory) -> None:
        page = amlkeys("report", run.id, *place).out
        assert "## What is different after the run" in page
        assert "| Holders | small-ml/training\\_blob | holds | key1 | key2 |" in page


def test_times_of_a_twin_are_told_as_what_had_passed_on_it() -> None:
    """No real clock shows them: the soak of an hour was walked in no time."""
    assert after("2026-03-09T14:02:11Z", "2026-03-09T15:02:18.000Z") == "+1:00:07"
    assert after("2026-03-09T14:02:11.900Z", "2026-03-09T14:02:11Z") == "+0:00"
    assert after("", "2026-03-09T14:02:11Z") == after("2026-03-09T14:02:11Z", "") == ""


def test_a_dry_run_shows_no_time_to_come(tmp_path: Path) -> None:
    """On stderr, in its record and in its report, behind a soak of a day; how it was begun and ended is real."""
    estate = f"--rehearse={estate_file(tmp_path)}"
    told = amlkeys("run", "storage-keys", "small-ml", *ACCEPT, "--soak", "1d", "--dry-run", estate)
    assert told.exit == 0, told.err
    run = told.out.partition("amlkeys report ")[2].split()[0]
    assert [line for line in told.err.splitlines() if line.startswith("+24:00:")]
    record, report = amlkeys("runs", run, estate).out, amlkeys("report", run, estate).out
    assert "+24:00:" in record
    assert "Times with + are the twin's since the run began" in record
    assert "What happened on the twin" in report
    assert "| +24:00:" in report
    ours = Journal.open(rehearsal=True)
    try:
        found = ours.run(run)
        days = {step.started[:10] for step in found.steps} - {found.started[:10]}
    finally:
        ours.close()
    assert days, "the journal keeps them as they are"
    assert not [day for day in days for text in (record, told.err) if day in text or day[5:] in text]
    happened = report.partition("## What happened on the twin")[2].partition("##")[0]
    assert not [day for day in days if day in happened]

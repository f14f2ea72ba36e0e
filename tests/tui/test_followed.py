"""Records of followed runbooks beside the runs: told as lines, by the command, in the console's list; a held Enter."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.guard.journal import Journal
from actions.guard.lease import Operator
from tests.tui.command_line import amlkeys, estate_file, keep_one_cloud
from tests.tui.consoles import NOON, Hands, console, opened, press, shown
from tests.tui.test_following import BOOK, Scripted, follow
from tests.tui.test_runbook_screen import at_book, made, record
from tests.tui.test_runbook_screen import folder as folder
from tui.followed import jumped_over, outcome_state, record_lines, sitting_document, step_order
from tui.runbook import parse
from tui.runbook_journal import Done, Record, Sitting
from tui.runbook_text import step_rows
from tui.screens.followed import FollowedScreen
from tui.screens.runbook import RunbookScreen
from tui.screens.runs import RunsScreen

TICKS = BOOK.partition("1. Which?")[0] + "1. One.\n2. Two.\n3. Three.\n4. Four.\n"


def behind(number: int, outcome: str = "ticked") -> Done:
    return Done(number=number, at="2026-03-09T14:03:00Z", by="ada", outcome=outcome)


def sitting(*done: Done, step: int, state: str = "open") -> Sitting:
    book = parse("ticks", TICKS.encode())
    return Sitting(
        id="runbook-20260309-140211-abab", name="ticks", target="/subscriptions/s/ml", digest=book.digest,
        started="2026-03-09T14:02:11Z", by="ada", state=state, step=step, done=done,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "jumped"),
    [
        (None, set()),
        (sitting(step=1), set()),
        (sitting(behind(1), step=3), {2}),
        (sitting(behind(1), behind(3), step=2), set()),
        (sitting(behind(1), step=4, state="done"), {2, 3, 4}),
    ],
)
def test_what_was_jumped_over(found: Sitting | None, jumped: set[int]) -> None:
    assert jumped_over(found, [1, 2, 3, 4]) == jumped


def test_a_jumped_step_has_its_own_word_and_symbol_in_the_list_of_steps() -> None:
    rows = step_rows(parse("ticks", TICKS.encode()), sitting(behind(1), step=3))
    assert [(row.state, row.cells[2]) for row in rows] == [
        ("done", "ticked"), ("jumped", "jumped over"), ("running", "next"), ("pending", ""),
    ]  # fmt: skip
    assert outcome_state("skipped") == "skipped"


def test_the_record_in_order_with_what_was_jumped_over_at_its_place() -> None:
    found = sitting(behind(1), behind(3, "skipped"), step=4)
    assert [row[:3] for row in step_order(found, None)] == [
        (1, "done", "ticked"), (2, "jumped", "jumped over"), (3, "skipped", "skipped"), (4, "pending", "next"),
    ]  # fmt: skip
    assert sitting_document(found)["jumped"] == [2]
    ended = sitting(behind(1), step=1, state="done")
    assert [row[:2] for row in step_order(ended, parse("ticks", TICKS.encode()))][1:] == [
        (2, "jumped"), (3, "jumped"), (4, "jumped"),
    ]  # fmt: skip


def test_a_record_fits_80_cells_in_ascii_and_names_the_way_on() -> None:
    lines = record_lines(sitting(behind(1), step=3), None, 80, ascii_only=True, place=["--rehearse"])
    assert all(len(line) <= 80 and line.isascii() for line in lines)
    assert any(line.startswith("/ 2") and "jumped over" in line for line in lines)
    assert "Go on with: amlkeys runbook run ticks /subscriptions/s/ml --rehearse" in lines
    assert any("is not on the shelf any more" in line for line in lines)


def test_words_of_a_changed_file_are_not_told_as_those_that_were_followed() -> None:
    found = sitting(behind(1), step=2)
    assert any("One." in line for line in record_lines(found, parse("ticks", TICKS.encode()), 80))
    changed = record_lines(found, parse("ticks", TICKS.replace("One.", "Uno.").encode()), 80)
    assert not any("Uno." in line for line in changed)
    assert any("was changed since" in line for line in changed)


def test_the_command_lists_and_tells_a_followed_runbook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_one_cloud(monkeypatch)
    place = ("--journal", tmp_path / "journal.sqlite3", f"--rehearse={estate_file(tmp_path)}")
    journal = Journal.open(tmp_path / "journal.sqlite3", rehearsal=True)
    notes = Record(journal, Operator.here())
    begun = notes.begin(parse("ticks", TICKS.encode()), "small-ml", NOON)
    notes.step(begun, 1, "ticked", 3, NOON)
    journal.close()
    listed = amlkeys("runs", *place).out
    assert begun.id in listed
    assert "runbook" in listed
    told = amlkeys("runs", begun.id[:16], *place)
    assert told.exit == 0
    assert "jumped over" in told.out
    assert amlkeys("runs", begun.id, "--json", *place).json["followed"]["jumped"] == [2]
    assert [each["id"] for each in amlkeys("runs", "--json", *place).json["runbooks"]] == [begun.id]
    refused = amlkeys("report", begun.id, *place)
    assert refused.exit == 2
    assert "is the record of a runbook, not a run" in refused.sentence


async def test_the_list_of_runs_shows_it_opens_it_and_takes_it_up(folder: Path) -> None:
    found = made(folder)
    app = console(found)
    async with opened(app) as pilot:
        follow(found, folder / "own.md", "small-ml", Scripted("key2"))
        await press(pilot, "r")
        assert isinstance(app.screen, RunsScreen)
        assert "0 runs, 1 runbook" in shown(pilot)
        await press(pilot, "enter")
        assert isinstance(app.screen, FollowedScreen)
        assert "jumped over" in shown(pilot)
        await press(pilot, "u")
        await press(pilot, "enter")  # it is half done: take it up
        assert isinstance(app.screen, RunbookScreen)
        await press(pilot, "escape")
        assert isinstance(app.screen, FollowedScreen)


async def test_a_held_enter_ticks_one_step_and_answers_no_question(folder: Path) -> None:
    (folder / "ticks.md").write_text(TICKS)
    app = console(made(folder))
    async with at_book(app, "ticks") as pilot:
        hands = app.hands
        assert isinstance(hands, Hands)
        await press(pilot, "enter")
        hands.pause = 0.66
        await press(pilot, "enter")
        hands.pause = 0.03
        await press(pilot, *["enter"] * 8)
        assert [each.number for each in record(app).done] == [1]
        assert "held down" in shown(pilot)
        hands.pause = 1.0
        await press(pilot, "enter")
        assert [each.number for each in record(app).done] == [1, 2]


async def test_a_held_enter_opens_a_question_and_leaves_it_open(folder: Path) -> None:
    app = console(made(folder))
    async with at_book(app, "own") as pilot:
        await press(pilot, "enter")
        hands = app.hands
        assert isinstance(hands, Hands)
        hands.pause = 0.03
        await press(pilot, *["enter"] * 5)
        assert record(app).done == ()
        await press(pilot, "down")
        hands.pause = 1.0
        await press(pilot, "enter")
        assert [each.outcome for each in record(app).done] == ["key2"]

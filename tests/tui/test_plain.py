"""The plain walk: numbered questions from the fleet to a finished run, and nothing confirmed by a number."""

from __future__ import annotations

import io
import os
import signal
import threading
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import msgspec
import pytest

from actions.guard.events import Event, WaitBegan
from azsim.cloud import Cloud as Simulated
from tests.support.reviewed import NAME, reviewed
from tests.tui.command_line import estate_file
from tests.tui.consoles import PATIENCE
from tui.commands.attending import Attendance
from tui.commands.output import Output, between_words, packed
from tui.plain import walk
from tui.settings import Settings


class Sitting:
    """Answers in order, then the end of input; keeps what was asked and said."""

    def __init__(self, *answers: str) -> None:
        self._answers: Iterator[str] = iter(answers)
        self.asked: list[str] = []
        self.said = ""

    def ask(self, question: str) -> str:
        self.asked.append(question)
        try:
            return next(self._answers)
        except StopIteration:
            raise EOFError from None

    def walk(self, estate: Path, **flags: bool) -> int:
        out = io.StringIO()
        with redirect_stdout(out), redirect_stderr(out):
            code = walk(Settings(rehearse=str(estate), plain=True, **flags), self.ask)  # type: ignore[arg-type]
        self.said = out.getvalue()
        return code


@pytest.fixture
def sims(monkeypatch: pytest.MonkeyPatch) -> list[Simulated]:
    import tui.session

    build, built = tui.session.simulated, []

    def kept(document: bytes, seed: int, name: str) -> Simulated:
        built.append(build(document, seed, name))
        return built[-1]

    monkeypatch.setattr("tui.session.simulated", kept)
    return built


PLAN = ("1", "1", "--external accept --soak 5m")


def test_from_the_fleet_to_a_finished_run(tmp_path: Path, sims: list[Simulated]) -> None:
    sitting = Sitting(*PLAN, "live", "stsmall01", "key1+key2", "q")
    assert sitting.walk(estate_file(tmp_path)) == 0
    assert "Regenerate key2 of stsmall01" in sitting.said
    assert "done: It holds" in sitting.said
    assert sims[0].outages.during() == []
    assert "\x1b" not in sitting.said, "nothing is drawn over"


def test_a_decision_is_taken_by_number(tmp_path: Path, sims: list[Simulated]) -> None:
    sitting = Sitting("1", "1", "", "1", "", "q")
    sitting.walk(estate_file(tmp_path))
    assert any("May clients outside Azure ML lose access?" in question for question in sitting.asked)
    assert "ready, irreversible" in sitting.said
    assert not any(entry.committed for entry in sims[0].ledger.writes())


@pytest.mark.parametrize(
    "typed", [("live", "1"), ("live", "stsmall01", "key1"), ("live", "stsmall02"), ("live", ""), ("",), ("yes",)]
)
def test_nothing_runs_without_the_typed_name_and_slot(
    typed: tuple[str, ...], tmp_path: Path, sims: list[Simulated]
) -> None:
    sitting = Sitting(*PLAN, *typed)
    assert sitting.walk(estate_file(tmp_path)) == 0
    assert sims[0].ledger.writes() == []


def test_ctrl_c_works_again_once_a_run_was_stopped_by_it(
    tmp_path: Path, sims: list[Simulated], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The walk goes on after the run, unlike a command, so that the next ctrl+c is for its questions."""
    tell, before, asked = Output.event, signal.getsignal(signal.SIGINT), list[object]()
    heard, hear = threading.Event(), Attendance._on_stop

    def hearing(self: Attendance, number: int, frame: object) -> None:
        hear(self, number, frame)
        heard.set()

    def told(self: Output, event: Event) -> None:
        tell(self, event)
        if isinstance(event, WaitBegan):
            os.kill(os.getpid(), signal.SIGINT)
            assert heard.wait(PATIENCE), "else the run would be further than the signal"

    class Watching(Sitting):
        def ask(self, question: str) -> str:
            asked.append(signal.getsignal(signal.SIGINT))
            return super().ask(question)

    monkeypatch.setattr(Output, "event", told)
    monkeypatch.setattr(Attendance, "_on_stop", hearing)
    sitting = Watching(*PLAN, "live", "stsmall01", "key1+key2", "q")
    assert sitting.walk(estate_file(tmp_path)) == 0
    assert "Stopped between two steps" in sitting.said
    assert set(asked) == {before}


def test_a_dry_run_needs_no_name(tmp_path: Path, sims: list[Simulated]) -> None:
    sitting = Sitting(*PLAN, "dry-run")
    sitting.walk(estate_file(tmp_path))
    assert "withheld" in sitting.said
    assert sims[0].ledger.writes() == []


def test_a_search_narrows_the_list_and_a_wrong_number_is_asked_again(tmp_path: Path) -> None:
    sitting = Sitting("nothing like it", "small", "1", "99", "", "q")
    sitting.walk(estate_file(tmp_path))
    assert "No workspace has that in its name." in sitting.said
    assert "That is none of the numbers." in sitting.said


def test_wrong_options_are_asked_again(tmp_path: Path) -> None:
    sitting = Sitting("1", "1", "--soak soon", "--nothing", "'", "--external accept", "q")
    sitting.walk(estate_file(tmp_path))
    assert "is no length of time" in sitting.said
    assert "No such option" in sitting.said
    assert "ready, irreversible" in sitting.said


def test_an_error_is_told_and_the_walk_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tui.telling

    def broken(*_: object, **__: object) -> list[str]:
        monkeypatch.undo()
        raise ZeroDivisionError

    monkeypatch.setattr(tui.telling, "plan_lines", broken)
    sitting = Sitting(*PLAN, "1", "q")
    sitting.walk(estate_file(tmp_path))
    assert "Internal error, ZeroDivisionError" in sitting.said
    assert sitting.asked[-1].startswith("What to do"), "it is back at the workspace"


def test_a_review_of_the_workspaces_subscription(tmp_path: Path, sims: list[Simulated]) -> None:
    """An action of a whole subscription is offered too; an answer that takes words asks for them."""
    path = tmp_path / "estate.json"
    path.write_bytes(msgspec.json.encode(reviewed()))
    sitting = Sitting("1", "5", "", "1", "2999-01-01 needed", "2", "unused", "live", NAME, "q")
    assert sitting.walk(path) == 0
    assert "It reads no secret." in sitting.said
    assert "the review is signed off" in sitting.said
    assert [entry.method for entry in sims[0].ledger.entries if entry.kind == "write"] == ["DELETE"]


def test_a_question_wider_than_the_terminal_breaks_between_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Output, "cells", 60)
    sitting = Sitting("1", "1", "", "1")
    sitting.walk(estate_file(tmp_path))
    assert max(map(len, sitting.asked)) <= 60
    assert "--no-reissue-sas" in sitting.said


def test_progress_and_the_banner_break_between_words() -> None:
    assert between_words("  one two three", 10) == ["  one two", "    three"]
    assert between_words("one two three", 20) == ["one two three"]
    assert packed(("amlkeys", "REHEARSAL Contoso", "LOOK"), 26) == ["amlkeys  REHEARSAL Contoso", "LOOK"]

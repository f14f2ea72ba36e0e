"""Drills played by hand on lines: the story, numbered choices and typed names, the debrief, and what counts as nothing."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout

import pytest

from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from tests.tui.command_line import amlkeys, estate_file
from tests.tui.consoles import NOON
from tests.tui.test_drill_by_hand import kept
from tests.tui.test_plain import Sitting
from tests.tui.test_plain_places import to
from tui.debrief import results_path
from tui.drill import load_drill
from tui.plain_drill import play_by_hand
from tui.settings import Settings

LIVE = ("0", "8", "live-contoso")
END = ("0", "1")


@pytest.fixture(autouse=True)
def clouds(monkeypatch: pytest.MonkeyPatch) -> list[Cloud]:
    """The estates of the drills, each on a clock that stands still."""
    made: list[Cloud] = []

    def make(seed: int) -> Cloud:
        made.append(Cloud(demo(NOON), seed=seed, clock=FixedClock(NOON)))
        return made[-1]

    monkeypatch.setattr("tui.session._demo", make)
    return made


def play(name: str, *answers: str) -> tuple[int, Sitting]:
    sitting, out = Sitting(*answers), io.StringIO()
    with redirect_stdout(out), redirect_stderr(out):
        code = play_by_hand(Settings(rehearse="", plain=True), name, sitting.ask)
    sitting.said = out.getvalue()
    return code, sitting


def test_won_by_numbers_and_typed_names(clouds: list[Cloud]) -> None:
    """What is chosen by number changes nothing; the names are typed, as in the console."""
    start = ("", *LIVE, "fraud-s", "1", "1", "", "1")
    code, sitting = play("storage-keys", *start, "stfraud01", "key1+key2", "1", "q")
    assert code == 0, sitting.said
    story, rest = sitting.said.split("amlkeys  REHEARSAL", 1)
    assert "Drill: " in story
    assert load_drill("storage-keys").story.split()[0] in story
    assert "0, then 1" not in story, "what has not begun cannot be ended"
    assert "The goal: reached." in rest
    assert "The goal was reached." in rest
    assert "4 changes; the calm way makes 4." in rest
    assert [(each["drill"], each["won"], each["by_hand"]) for each in kept()] == [("storage-keys", True, True)]
    assert "--leaked" not in sitting.said
    assert "amlkeys report" not in sitting.said, "the journal of a drill goes with it"


def test_what_goes_wrong_strikes_when_the_first_live_run_has_begun(clouds: list[Cloud]) -> None:
    start = ("", *LIVE, "reborn", "1", "2", "")
    code, sitting = play("lost-access", *start, "reborn", *END, "q")
    assert code == 1
    assert "The goal: lost, whatever comes now." in sitting.said
    assert "3 changes were made where 2 may be." in sitting.said
    assert not clouds[-1].faults.all(), "they end with the drill"


def test_a_drill_is_told_again_ended_and_played_again(clouds: list[Cloud]) -> None:
    code, sitting = play("lost-access", "", "0", "2", "q", "2", *END, "1", "", "q", "1", "q")
    assert code == 1
    assert sitting.said.count("The goal: not yet reached.") == 1
    assert sitting.said.count("The goal was not reached.") == 2
    assert sitting.said.count("Drill: ") == 2
    assert len(kept()) == 2
    assert all(not list(cloud.ledger.writes()) for cloud in clouds)


@pytest.mark.parametrize("answers", [("q",), (), ("",), ("", "fraud-s")])
def test_leaving_before_the_story_or_losing_the_line_counts_as_nothing(answers: tuple[str, ...]) -> None:
    code, _ = play("storage-keys", *answers)
    assert code == 1
    assert not results_path().exists()


def test_a_drill_is_chosen_from_the_list() -> None:
    _, sitting = play("", "1", "q")
    assert "  1  grade 1: " in sitting.said
    assert "Drill: " in sitting.said


def test_the_plain_walk_of_a_rehearsal_leads_to_it(tmp_path: pytest.TempPathFactory) -> None:
    sitting = Sitting(*to("drills"), "1", "1", "q", "q")
    sitting.walk(estate_file(tmp_path))  # type: ignore[arg-type]
    assert "Enter goes to work; the time counts from there (q leaves)." in " ".join(sitting.asked)


@pytest.mark.parametrize("words", [("--headless",), ("--with", ""), ("--decide", "a=b"), ("--json",)])
def test_by_hand_takes_a_person(words: tuple[str, ...]) -> None:
    answer = amlkeys("rehearsal", "drill", "leaked-key", "--by-hand", *words)
    assert (answer.exit, answer.sentence) == (2, "--by-hand takes you, and no options, answers or --json.")

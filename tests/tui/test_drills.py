"""Every drill won along its calm way and lost by really going another one; its debrief, and earlier times beside it."""

from __future__ import annotations

import json
import re
import stat

import pytest

from tests.tui.command_line import amlkeys
from tui.debrief import results_path
from tui.drill import load_drill, names

OTHERWISE: dict[str, tuple[str, str]] = {
    "storage-keys": ("--external accept --only key1", "key2 is still the old one."),
    "leaked-key": ("--external accept --leaked key1", "key2 is still the old one."),
    "resync-504": ("--external accept --leaked key2", "key1 is still the old one."),
    "lost-answer": ("--external accept --only key1", "key2 is still the old one."),
    "throttled": ("--external accept --only key2", "key1 is still the old one."),
    "lying-resync": ("--external accept --on-insist accept-gap", "was without a working key"),
    "lost-access": ("", "3 changes were made where 2 may be."),
    "stale-copy": ("--external accept --older-than-days 4000", "key1 is still the old one."),
    "endpoint-handover": ("--primary-first", "Primary was replaced."),
    "key-expires": ("--to {pinned}", "It ended failed, and should have ended done."),
    "support-app": ("--leave", "It ended blocked, and should have ended done."),
}
"""The options that lose a drill, and the reason that its debrief gives."""


def test_there_are_ten_and_each_can_be_lost() -> None:
    assert len(names()) >= 10
    assert set(OTHERWISE) == set(names())


@pytest.mark.matrix
@pytest.mark.parametrize("name", names())
def test_the_calm_way_wins_with_the_par(name: str) -> None:
    answer = amlkeys("rehearsal", "drill", name, "--json")
    told = answer.json
    assert (answer.exit, told["won"], told["lost"]) == (0, True, []), answer.err
    assert told["writes"] == load_drill(name).par
    assert told["steps"]


@pytest.mark.matrix
@pytest.mark.parametrize("name", names())
def test_another_way_loses_and_the_debrief_says_why(name: str) -> None:
    words, reason = OTHERWISE[name]
    if "{pinned}" in words:
        told = amlkeys("--rehearse", "inspect", "cmk-versions", load_drill(name).target, "--json").out
        words = words.format(pinned=re.findall(r"/keys/aml-fraud/([0-9a-f]{32})", told)[0])
    answer = amlkeys("rehearsal", "drill", name, "--with", words, *_decided(name), "--json")
    told = answer.json
    assert (answer.exit, told["won"]) == (1, False), told
    assert any(reason in each for each in told["lost"]), told["lost"]
    assert f"The calmer way: {load_drill(name).calm}" in told["markdown"]


def _decided(name: str) -> tuple[str, ...]:
    """What takes an application's role away, where a drill is about those."""
    if name != "support-app":
        return ()
    plan = amlkeys("--rehearse", "plan", "support-apps", load_drill(name).target, "--json").json["plan"]
    return "--decide", f"{plan['body']['decisions'][0]['id']}=remove:unused"


def test_earlier_times_stand_beside_this_one() -> None:
    first = amlkeys("rehearsal", "drill", "lost-access")
    assert "This drill was not played here before." in first.out
    amlkeys("rehearsal", "drill", "lost-access", "--with", "")
    third = amlkeys("rehearsal", "drill", "lost-access", "--json").json
    assert [each["won"] for each in third["earlier"]] == [True, False]
    assert third["markdown"].count("| won |") == 2
    assert stat.S_IMODE(results_path().stat().st_mode) == 0o600


def test_a_result_that_cannot_be_read_is_passed_over() -> None:
    amlkeys("rehearsal", "drill", "lost-access")
    with results_path().open("ab") as file:
        file.write(b"{half a line\n")
    assert amlkeys("rehearsal", "drill", "lost-access", "--json").json["earlier"][0]["drill"] == "lost-access"


def test_the_list_tells_grades_and_how_each_went_last() -> None:
    amlkeys("rehearsal", "drill", "lost-access")
    told = amlkeys("rehearsal", "drill", "--list", "--json").json["drills"]
    assert {each["name"] for each in told} == set(names())
    assert [each["grade"] for each in told] == sorted(each["grade"] for each in told)
    assert {each["name"] for each in told if each["last"]} == {"lost-access"}
    line = next(line for line in amlkeys("rehearsal", "drill", "--list").out.splitlines() if "lost-access" in line)
    assert "won" in line


def test_an_option_that_the_action_does_not_have_is_refused() -> None:
    answer = amlkeys("rehearsal", "drill", "lost-access", "--with", "--owner")
    assert (answer.exit, "has no option --owner" in answer.sentence) == (2, True)


def test_no_result_holds_more_than_numbers_and_names() -> None:
    amlkeys("rehearsal", "drill", "leaked-key")
    kept = json.loads(results_path().read_text().splitlines()[-1])
    assert set(kept) == {"drill", "at", "won", "writes", "seconds", "outages", "wrong", "by_hand"}

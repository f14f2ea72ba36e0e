"""The arithmetic of acting on several: order, conflicts, what is next; apart from any screen and any cloud."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.guard.history import RunSummary
from actions.guard.model import Mode, RunState
from tui.batch import Candidate, Turn, account, canary, counting, not_first, order, position, standings

ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/"


def one(name: str, **more: Any) -> Candidate:
    return Candidate(**{"target": f"/t/{name}", "name": name, "account": f"{ACCOUNT}st{name}", **more})


def names(candidates: list[Candidate], **how: Any) -> list[str]:
    return [member.name for member in order(candidates, **how).members]


def run(name: str, state: RunState = RunState.DONE, mode: Mode = Mode.LIVE, number: int = 1) -> RunSummary:
    times = {"started": "2026-03-09T14:00:00Z", "ended": "2026-03-09T14:01:00Z"}
    who = {"operator": "ada", "host": "h", "user": "ada", "rehearsal": True, "action": "storage-keys"}
    return RunSummary(
        id=f"r{number}-{name}", target=f"/T/{name}", name=name, mode=mode, state=state, sentence="So.", batch="b",
        **times, **who,
    )  # fmt: skip


def turn(name: str, outcome: str) -> Turn:
    return Turn(target=f"/t/{name}", outcome=outcome, sentence="Because.", at="2026-03-09T14:00:00Z", by="ada")


def stands(*runs: RunSummary, turns: tuple[Turn, ...] = (), mode: Mode = Mode.LIVE) -> Any:
    return standings(order([one("a"), one("b"), one("c")]).members, turns, runs, mode)


def test_the_first_that_was_marked_goes_first_and_production_last():
    marked = [one("a", late=True), one("b"), one("c"), one("d", late=True)]
    assert names(marked) == ["b", "c", "a", "d"]
    assert names(marked, first="/T/C") == ["c", "b", "a", "d"]


def test_production_is_no_canary_unless_there_is_nothing_else():
    mixed = [one("a", late=True, word="PROD"), one("b")]
    assert names(mixed, first="/t/a") == ["b", "a"]
    assert not_first(mixed, "/t/a") == "a is PROD: that comes last, never first."
    assert not_first(mixed, "/t/b") == ""
    assert not_first([one("a", late=True), one("d", late=True)], "/t/d") == ""
    assert names([one("a", late=True), one("d", late=True)], first="/t/d") == ["d", "a"]


@pytest.mark.parametrize(("serves_all", "reason"), [(True, "whose run serves both"), (False, "no two of one account")])
def test_the_second_of_a_shared_account_is_dropped_whatever_the_spelling(serves_all, reason):
    found = order([one("a"), one("b", account=f"{ACCOUNT}STA".upper())], serves_all=serves_all)
    assert [member.name for member in found.members] == ["a"]
    assert "shares the storage account" in found.dropped[0].reason
    assert "with a" in found.dropped[0].reason
    assert reason in found.dropped[0].reason


def test_who_keeps_the_account_is_who_comes_first_in_the_end():
    shared = {"account": f"{ACCOUNT}x"}
    found = order([one("a", late=True, **shared), one("b", **shared)])
    assert ([each.name for each in found.members], [each.name for each in found.dropped]) == (["b"], ["a"])


def test_what_cannot_be_read_and_what_is_the_same_are_dropped():
    found = order([one("a"), one("a2", target="/T/A"), one("b", account="", unread="403")])
    assert [each.name for each in found.members] == ["a"]
    assert [each.reason.split(":")[0] for each in found.dropped] == [
        "it is done with a",
        "its storage account could not be read, so another one may share it (403)",
    ]


def test_two_without_any_account_do_not_share_one():
    assert names([one("a", account=""), one("b", account="")]) == ["a", "b"]


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 5), st.booleans()), max_size=12), st.integers(0, 9))
def test_whatever_is_marked_no_two_share_and_everybody_is_told(marks, first):
    asked = [one(f"w{n}", account=f"{ACCOUNT}{a}", late=late) for n, a, late in marks]
    found = order(asked, f"/t/w{first}")
    accounts = [member.account for member in found.members]
    assert len(set(accounts)) == len(accounts)
    assert len(found.members) + len(found.dropped) == len(asked)
    late = {each.target: each.late for each in asked}
    assert bool(found.members) == bool(asked)
    if len(marks) == len({n for n, _, _ in marks}):
        ranks = [late[member.target] for member in found.members]
        assert ranks == sorted(ranks)


def test_the_next_is_offered_only_when_all_before_it_are_behind():
    assert position(stands()).at.member.name == "a"
    after = position(stands(run("a")))
    assert (after.state, after.at.member.name) == ("open", "b")
    assert position(stands(run("c", number=3), run("b", number=2), run("a"))) == ("done", None)


@pytest.mark.parametrize("state", [state for state in RunState if state is not RunState.DONE])
def test_a_run_that_is_not_done_holds_up_all_behind_it(state):
    where = position(stands(run("a", state)))
    assert where.state == ("running" if state is RunState.RUNNING else "stopped")
    assert where.at.member.name == "a"
    assert not where.at.to_begin


def test_the_newest_run_of_a_member_counts():
    assert position(stands(run("a", number=2), run("a", RunState.FAILED))).at.member.name == "b"


def test_a_dry_run_proves_nothing_for_live_ones():
    dry = run("a", mode=Mode.DRY_RUN)
    assert position(stands(dry, mode=Mode.DRY_RUN)).at.member.name == "b"
    live = position(stands(dry))
    assert (live.at.member.name, live.at.sentence) == ("a", "walked in a dry run only")
    assert counting(Mode.LOOK, [dry]) is Mode.DRY_RUN
    assert counting(Mode.DRY_RUN, [run("b")]) is Mode.LIVE


def test_nothing_to_do_lets_the_next_pass_and_makes_it_the_canary():
    found = stands(turns=(turn("a", "no-changes"),))
    assert position(found).at.member.name == "b"
    assert canary(found).member.name == "b"


def test_blocked_stops_the_batch_and_may_be_begun_once_more():
    where = position(stands(run("a"), turns=(turn("b", "blocked"),)))
    assert (where.state, where.at.member.name, where.at.to_begin) == ("stopped", "b", True)
    assert position(stands(run("b"), run("a"), turns=(turn("b", "blocked"),))).at.member.name == "c"


def test_the_account_says_what_was_done_where_it_stopped_and_what_was_not_begun():
    shared = order([one("a"), one("z", account=f"{ACCOUNT}sta")]).dropped
    told = account(stands(run("b", RunState.FAILED, number=2), run("a")), shared)
    assert told[:3] == ["Done: a.", "Stopped at: b (run r2-b), failed. So.", "Not begun: c."]
    assert told[3].startswith("Left out: z (it shares")
    assert account(stands(), ())[0] == "Done: none."

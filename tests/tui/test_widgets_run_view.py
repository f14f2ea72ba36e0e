"""A run's view made from its events, without an app."""

from __future__ import annotations

from dataclasses import replace

from actions.cloud.data import Throttling
from actions.guard import events
from actions.guard.model import (
    Binding,
    Outcome,
    Plan,
    Proof,
    RunState,
    Step,
    Steps,
    Verdict,
    WaitKind,
)
from tui.widgets.run_pane import foot_lines, headline, timeline_rows
from tui.widgets.run_view import RunView, follow, slowed


def step(name: str) -> Step:
    return Step(id=name, kind="change", title=f"Do {name}", subject=name)


def plan(*names: str) -> Plan:
    binding = Binding(cloud="AzureCloud", tenant="t", user="u", user_id="i", rehearsal=True)
    body = Steps(outcome=Outcome.READY, summary="ready", steps=tuple(map(step, names)))
    return Plan(
        action="storage-keys",
        target="/x",
        name="st",
        made_at="2026-03-09T14:00:00Z",
        binding=binding,
        goal_text="goal",
        goal={},
        options={},
        body=body,
    )


def at(second: int) -> str:
    return f"2026-03-09T14:{second // 60:02}:{second % 60:02}Z"


def watch(*told: events.Event) -> RunView:
    view: RunView | None = None
    for event in told:
        view = follow(view, event)
    assert view is not None
    return view


def started(*names: str) -> events.RunStarted:
    return events.RunStarted(run="r1", at=at(0), plan=plan(*names))


def begun(name: str, second: int, attempt: int = 1) -> events.StepStarted:
    return events.StepStarted(run="r1", at=at(second), step=step(name), number=1, total=2, attempt=attempt)


def ended(name: str, second: int, verdict: Verdict = Verdict.VERIFIED, **more: bool) -> events.StepFinished:
    proof = Proof(verdict=verdict, sentence=f"{name} is proven")
    return events.StepFinished(run="r1", at=at(second), step_id=name, proof=proof, **more)


def states(view: RunView) -> list[str]:
    return [each.state for each in view.steps]


def test_steps_go_from_pending_over_running_to_their_verdict():
    assert states(watch(started("a", "b"))) == ["pending", "pending"]
    assert states(watch(started("a", "b"), begun("a", 1))) == ["running", "pending"]
    view = watch(started("a", "b"), begun("a", 1), ended("a", 4))
    assert states(view) == ["verified", "pending"]
    assert timeline_rows(view)[0].cells == ("1", "Do a", "14:00:01Z", "0:03", "    ████████████", "a is proven")


def test_withheld_and_needless_steps_are_told_apart_from_proven_ones():
    view = watch(started("a", "b"), ended("a", 1, withheld=True), ended("b", 2, held=True))
    assert states(view) == ["withheld", "already-holds"]


def test_a_contingent_step_appears_where_it_ran():
    view = watch(started("a", "b"), begun("a", 1), ended("a", 2), begun("extra", 3))
    assert [each.id for each in view.steps] == ["a", "extra", "b"]


def test_a_second_try_is_counted():
    view = watch(started("a"), begun("a", 1), begun("a", 9, attempt=2))
    assert "(try 2)" in timeline_rows(view)[0].cells[1]


def test_a_wait_says_since_when_until_when_how_it_ends_and_why():
    wait = events.WaitBegan(
        run="r1",
        at=at(10),
        step_id="a",
        kind=WaitKind.TIME,
        since=at(10),
        until=at(70),
        reason="copies are read anew",
        remaining_seconds=60,
    )
    view = watch(started("a"), begun("a", 9), wait)
    text = "\n".join(foot_lines(view, at(30), 78, ascii_only=True))
    assert "~ Waiting since 14:00:10Z until 14:01:10Z\n" in text
    assert "########................ 33 %, 0:40 left" in text
    assert "why: copies are read anew" in text
    assert states(view) == ["waiting"]


def test_a_wait_for_a_person_says_that_resuming_ends_it():
    wait = events.WaitBegan(
        run="r1",
        at=at(10),
        step_id="a",
        kind=WaitKind.PERSON,
        since=at(10),
        until="",
        reason="hand over",
        remaining_seconds=0,
    )
    text = "\n".join(foot_lines(watch(started("a"), begun("a", 9), wait), at(30), 78, ascii_only=True))
    assert "Waiting since 14:00:10Z; it ends when somebody resumes the run" in text


def test_throttling_is_told_with_what_is_left_of_it_and_no_longer():
    throttled = events.Throttle(run="r1", at=at(5), retry_after=17, service="TooManyRequests")
    view = watch(started("a", "b"), begun("a", 1), throttled)
    told = foot_lines(view, at(6), 200, ascii_only=True)[0]
    assert told.startswith("~ Azure (TooManyRequests) asks to wait until 14:00:22Z, 0:16 left; how much of the quota")
    assert not any("asks to wait" in line for line in foot_lines(view, at(22), 200, ascii_only=True))
    assert watch(started("a", "b"), begun("a", 1), throttled, begun("b", 9)).throttle is None


def test_what_the_service_told_of_its_quota_is_kept_beside_the_run_s_own_wait():
    view = watch(started("a", "b"), begun("a", 1))
    found = slowed(Throttling(service="Azure Resource Manager reads", seconds=17, left=3), at(5))
    later = follow(replace(view, throttle=found), events.Throttle(run="r1", at=at(5), retry_after=17, service="X"))
    assert later is not None
    told = foot_lines(later, at(6), 200, ascii_only=True)[0]
    assert told == "~ Azure Resource Manager reads asks to wait until 14:00:22Z, 0:16 left; 3 requests left"
    assert slowed(Throttling(service="s", seconds=1), "") is None


def test_a_step_that_takes_long_says_for_how_long():
    view = watch(started("a", "b"), begun("a", 1))
    assert not any("since" in line for line in foot_lines(view, at(2), 78, ascii_only=True))
    assert foot_lines(view, at(42), 78, ascii_only=True) == ["> Step 1 since 14:00:01Z, for 0:41"]


def test_a_remark_after_a_step_s_end_leaves_its_proof():
    late = events.StepSaid(run="r1", at=at(3), step_id="a", text="asking again in 2 s")
    view = watch(started("a", "b"), begun("a", 1), ended("a", 2), late)
    assert view.steps[0].sentence != late.text
    assert view.said[-1] == (at(3), late.text)


def test_a_halt_marks_what_was_under_way_and_keeps_its_reason():
    halt = events.Paused(run="r1", at=at(20), state=RunState.FAILED, sentence="it was refused")
    view = watch(started("a", "b"), begun("a", 1), halt)
    assert states(view) == ["failed", "pending"]
    assert view.over
    assert "it was refused" in foot_lines(view, "", 78, ascii_only=True)[0]


def test_a_finished_run_leaves_nothing_pending():
    done = events.RunFinished(run="r1", at=at(65), state=RunState.DONE, sentence="it holds")
    view = watch(started("a", "b"), begun("a", 1), ended("a", 2), done)
    assert states(view) == ["verified", "already-holds"]
    assert "elapsed 1:05" in headline(view, "", ascii_only=True)


def test_a_resumed_run_keeps_what_was_over():
    again = events.RunStarted(run="r1", at=at(100), plan=plan("b"), resumed=True)
    view = watch(started("a", "b"), begun("a", 1), ended("a", 2), again)
    assert [(each.id, each.state) for each in view.steps] == [("a", "verified"), ("b", "pending")]


def test_events_of_another_run_change_nothing():
    other = events.RunFinished(run="r2", at=at(9), state=RunState.DONE, sentence="")
    before = watch(started("a"))
    assert follow(before, other) is before
    assert follow(None, other) is None

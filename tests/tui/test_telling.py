"""Findings, plans, steps and events as lines: worst first, nothing left out, and no name from Azure steers a terminal."""

from __future__ import annotations

import pytest

from actions.guard import events
from actions.guard.contract import Description, Table
from actions.guard.history import StepHistory
from actions.guard.model import (
    Binding,
    Choice,
    Decision,
    Finding,
    Gap,
    Outcome,
    Plan,
    Proof,
    Request,
    Risk,
    RunState,
    Severity,
    Step,
    Steps,
    Verdict,
    Wait,
    WaitKind,
)
from tui.render import clip
from tui.telling import description_lines, event_line, event_lines, finding_lines, pause_lines, plan_lines, step_lines
from tui.telling import step_state as state_of

AT = {"run": "20261123-140211-ab12", "at": "2026-11-23T14:02:11Z"}
STEP = Step(
    id="regenerate:key2",
    kind="regenerate",
    title="Regenerate key2 of st\x1b[2Jfraud",
    subject="/subscriptions/s",
    request=Request(
        method="POST",
        path="/a/regenerateKey",
        api_version="2023-05-01",
        permission="M.S/regeneratekey/action",
        scope="/a",
    ),
    risk=Risk.IRREVERSIBLE,
    proof="the new key works",
    az="az storage account keys renew",
)
SOAK = Step(
    id="soak",
    kind="wait",
    title="Wait an hour",
    subject="/a",
    wait=Wait(kind=WaitKind.TIME, reason="clients read anew", source="the docs", seconds=3600),
)
DECISION = Decision(
    id="external", question="May clients lose access?", choices=(Choice(id="accept", sentence="go on"),)
)
GAP = Gap(holder="fraud", opens="regenerate:key1", closes="recover", seconds=90, reason="it insists")


def plan(**body: object) -> Plan:
    steps = {"outcome": Outcome.READY, "summary": "Replace key2.", "steps": (STEP, SOAK), **body}
    return Plan(
        action="storage-keys",
        target="/a",
        name="stfraud",
        made_at=AT["at"],
        binding=Binding(cloud="AzureCloud", tenant="t", user="ada", user_id="1", rehearsal=True),
        goal_text="both keys young",
        goal={},
        options={},
        body=Steps(**steps),  # type: ignore[arg-type]
    )


def test_the_worst_finding_comes_first_with_its_remedy() -> None:
    found = [
        Finding(id="b", severity=Severity.INFO, subject="s", sentence="by the way"),
        Finding(id="a", severity=Severity.CRITICAL, subject="s", sentence="dead", remedy="revive it"),
    ]
    assert finding_lines(found, 80) == ["✗ critical: s: dead", "  -> revive it", "· info: s: by the way"]


def test_a_plan_tells_goal_steps_gaps_and_what_to_decide() -> None:
    lines = plan_lines(plan(contingent=(SOAK,), gaps=(GAP,)), 80)
    text = "\n".join(lines)
    assert "\x1b" not in text
    assert lines[0] == "Goal: both keys young"
    assert "ready, irreversible: Replace key2." in text
    text = " ".join(text.split())
    assert "fraud: no live key from regenerate:key1 until recover, about 1:30: it insists" in text
    assert "done only if needed" in text


def test_a_question_is_asked_once_with_the_flag_that_answers_it() -> None:
    asked = plan(outcome=Outcome.NEEDS_DECISION, summary=DECISION.question, decisions=(DECISION,))
    text = "\n".join(plan_lines(asked, 80))
    assert text.count("May clients lose access?") == 1
    assert "--decide external=accept" in text


def test_why_a_plan_is_blocked_is_told() -> None:
    blocked = plan(outcome=Outcome.BLOCKED, steps=(), summary="It cannot be done.", reasons=("a lock is on it",))
    assert "  ✗ a lock is on it" in plan_lines(blocked, 80)


def test_all_of_a_step_is_told() -> None:
    text = "\n".join(step_lines(STEP, 100, number=1))
    for part in ("1. Regenerate key2", "POST /a/regenerateKey 2023-05-01", "M.S/regeneratekey/action at /a"):
        assert part in text
    assert "undo    cannot be undone" in text
    assert "az      az storage account keys renew" in text
    assert "undo" not in "\n".join(step_lines(SOAK, 100)), "a wait has nothing to undo"


PROOF = Proof(verdict=Verdict.VERIFIED, sentence="key2 is new")


@pytest.mark.parametrize(
    ("event", "line"),
    [
        (events.RunStarted(**AT, plan=plan()), "14:02:11Z   run 20261123-140211-ab12 started: both keys young"),
        (
            events.RunStarted(**AT, plan=plan(), resumed=True),
            "14:02:11Z   run 20261123-140211-ab12 resumed: both keys young",
        ),
        (events.StepStarted(**AT, step=SOAK, number=2, total=5), "14:02:11Z ▸ 2/5 Wait an hour"),
        (events.StepStarted(**AT, step=SOAK, number=2, total=5, attempt=2), "14:02:11Z ▸ 2/5 Wait an hour, attempt 2"),
        (events.StepSaid(**AT, step_id="s", text="looking"), "14:02:11Z   looking"),
        (
            events.WaitBegan(
                **AT,
                step_id="s",
                kind=WaitKind.TIME,
                since=AT["at"],
                until=AT["at"],
                reason="r",
                remaining_seconds=3600,
            ),
            "14:02:11Z … waiting, 1:00:00 left: r",
        ),
        (
            events.WaitTick(
                **AT, step_id="s", kind=WaitKind.PERSON, since=AT["at"], until="", reason="r", remaining_seconds=0
            ),
            "14:02:11Z … still waiting, since 14:02:11Z: r",
        ),
        (events.StepFinished(**AT, step_id="s", proof=PROOF), "14:02:11Z ✓ verified: key2 is new"),
        (events.StepFinished(**AT, step_id="s", proof=PROOF, withheld=True), "14:02:11Z = withheld: key2 is new"),
        (events.StepFinished(**AT, step_id="s", proof=PROOF, held=True), "14:02:11Z ✓ already holds: key2 is new"),
        (events.Throttle(**AT, retry_after=7, service="arm"), "14:02:11Z   Azure asks to wait 0:07 (arm)"),
        (events.Paused(**AT, state=RunState.STOPPED, sentence="as asked"), "14:02:11Z ■ stopped: as asked"),
        (events.RunFinished(**AT, state=RunState.DONE, sentence="it holds"), "14:02:11Z ✓ done: it holds"),
    ],
)
def test_every_event_has_its_line(event: events.Event, line: str) -> None:
    assert event_lines(event, 200) == [line]
    assert event_line(event, 20) == clip(line, 20)


def test_a_long_event_hangs_behind_its_time() -> None:
    said = events.StepSaid(**AT, step_id="s", text="one two three four five six seven")
    assert event_lines(said, 30) == ["14:02:11Z   one two three four", "            five six seven"]


@pytest.mark.parametrize(
    ("result", "verdict", "state"),
    [
        ("running", None, "running"),
        ("waiting", None, "waiting"),
        ("withheld", Verdict.NOT_VERIFIABLE, "withheld"),
        ("held", None, "already-holds"),
        ("done", Verdict.VERIFIED, "verified"),
        ("done", Verdict.FAILED, "failed"),
        ("unknown", None, "unknown"),
        ("error", None, "failed"),
    ],
)
def test_a_recorded_step_shows_its_verdict_once_it_has_one(result: str, verdict: Verdict | None, state: str) -> None:
    step = StepHistory(
        id="s",
        title="t",
        number=1,
        attempts=1,
        digest="d",
        started=AT["at"],
        tried=AT["at"],
        result=result,
        verdict=verdict,
    )
    assert state_of(step) == state


def test_a_halt_tells_reasons_questions_and_the_new_plan() -> None:
    paused = events.Paused(
        **AT,
        state=RunState.STOPPED,
        sentence="it differs",
        reasons=("step 2 is new",),
        decisions=(DECISION,),
        drift=plan(),
    )
    text = "\n".join(pause_lines(paused.state, paused.sentence, paused, 80))
    for part in ("■ stopped: it differs", "step 2 is new", "--decide external=accept", "What would be done from here:"):
        assert part in text
    assert pause_lines(RunState.DONE, "it holds", None, 80) == ["✓ done: it holds"]


def test_a_description_is_facts_then_tables() -> None:
    table = Table(title="Keys", columns=("key", "age"), rows=(("key1", "412d"),), states=("warn",))
    lines = description_lines(Description(facts=(("region", "westeurope"), ("id", "x")), tables=(table,)), 80)
    assert lines == ["region  westeurope", "id      x", "", "Keys", "  key   age", "! key1  412d"]

"""The engine's arithmetic: plan, confirm, run, drift, stop, dry run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from actions.cloud.data import CloudError, Forbidden
from actions.guard.confirm import Confirmation, plan_shown
from actions.guard.errors import ConfirmationError, NotArmed, NotPermitted, NotReady, StalePlan, UsageError
from actions.guard.events import Paused, RunFinished, RunStarted, StepFinished, StepSaid, StepStarted, Throttle
from actions.guard.journal import Journal
from actions.guard.model import Mode, Outcome, RunState, Verdict
from actions.guard.secret import Secret
from tests.actions.guard.world import TARGET, TYPED, Crash, Desk, World

MakeDesk = Callable[..., Desk]


async def test_a_run_takes_every_step_once_and_proves_it(desk: MakeDesk, world: World) -> None:
    at = desk()
    result = await at.go()
    assert (result.state, result.exit) == (RunState.DONE, 0)
    assert world.bumps == {"a": 1, "b": 1, "c": 1}
    steps = ["step-intent", "step-outcome", "step-proof"]
    assert at.kinds() == ["run-started", *steps * 3, "run-finished"]
    assert [type(event) for event in at.events] == [
        RunStarted, *[StepStarted, StepSaid, StepFinished] * 3, RunFinished,
    ]  # fmt: skip
    assert at.journal.verify().ok
    assert at.journal.leases() == []


async def test_history_tells_what_happened(desk: MakeDesk) -> None:
    at = desk()
    result = await at.go()
    history = at.journal.run(result.run)
    assert [(step.id, step.result, step.verdict) for step in history.steps] == [
        (f"bump:{name}", "done", Verdict.VERIFIED) for name in "abc"
    ]
    assert [step.evidence["request id"] for step in history.steps] == ["r1", "r2", "r3"]
    assert history.plan.binding.user == "ada@contoso.example"
    assert "100" in history.findings[0].sentence
    assert "100" not in history.plan.findings[0].sentence


async def test_each_step_is_preceded_by_a_look_at_what_it_depends_on(desk: MakeDesk, world: World) -> None:
    at = desk()
    plan = (await at.planned()).plan
    world.reads.clear()
    await at.engine.run(plan, mode=Mode.LIVE, confirmation=TYPED)
    looks = [what for what in world.reads if what.startswith("inspect")]
    assert looks == ["inspect:all", "inspect:all", "inspect:bump:b", "inspect:bump:c", "inspect:all"]


async def test_nothing_to_do_runs_nothing(desk: MakeDesk) -> None:
    at = desk(script=())
    planned = await at.planned()
    assert planned.plan.body.outcome is Outcome.NO_CHANGES
    result = await at.engine.run(planned.plan, mode=Mode.LIVE, confirmation=None)
    assert (result.run, result.exit) == ("", 0)
    assert at.kinds() == []


async def test_blocked_is_not_lifted_by_any_flag(desk: MakeDesk, world: World) -> None:
    world.values["a"] = -1
    at = desk()
    plan = (await at.planned()).plan
    assert plan.body.outcome is Outcome.BLOCKED
    with pytest.raises(NotReady, match="below zero"):
        await at.engine.run(plan, mode=Mode.LIVE, confirmation=TYPED, try_anyway=True)
    assert not world.sent


async def test_a_decision_is_asked_for_and_taken(desk: MakeDesk, world: World) -> None:
    at = desk(script=("ask", "bump:a"))
    plan = (await at.planned()).plan
    assert plan.body.decisions[0].id == "how"
    with pytest.raises(NotReady):
        await at.engine.run(plan, mode=Mode.LIVE, confirmation=TYPED)
    with pytest.raises(UsageError, match="fast, slow"):
        await at.planned(how="sideways")
    with pytest.raises(UsageError, match="whatever"):
        await at.planned(how="fast", whatever="x")
    plan = (await at.planned(how="fast")).plan
    result = await at.engine.run(plan, mode=Mode.LIVE, confirmation=TYPED)
    assert result.exit == 0
    assert at.journal.run(result.run).decided == {"how": "fast"}


async def test_a_decision_in_the_middle_pauses_the_run_until_it_is_given(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.after_bump["a"] = lambda: world.values.update(ask=1)
    result = await at.go()
    assert (result.state, result.exit) == (RunState.NEEDS_DECISION, 6)
    assert at.told(Paused)[0].decisions[0].id == "how"
    assert at.journal.run(result.run).decisions[0].question == "How?"
    later = at.again()
    with pytest.raises(UsageError, match="fast, slow"):
        await later.engine.resume(result.run, decided={"how": "never"})
    assert (await later.engine.resume(result.run)).state is RunState.NEEDS_DECISION
    assert (await later.engine.resume(result.run, decided={"how": "slow"})).exit == 0
    assert later.journal.run(result.run).decided == {"how": "slow"}
    assert world.bumps == {"a": 1, "b": 1, "c": 1}


async def test_look_refuses_to_run(desk: MakeDesk, world: World) -> None:
    at = desk(mode=Mode.LOOK)
    plan = (await at.planned()).plan
    for mode in Mode:
        with pytest.raises(NotArmed):
            await at.engine.run(plan, mode=mode, confirmation=TYPED)
    assert not world.sent


@pytest.mark.parametrize(
    ("risk", "given", "good"),
    [
        ("safe", None, False),
        ("safe", Confirmation(), True),
        ("disruptive", Confirmation(), False),
        ("disruptive", Confirmation(name="C1"), False),
        ("disruptive", Confirmation(name="c1"), True),
        ("irreversible", Confirmation(name="c1"), False),
        ("irreversible", Confirmation(name="c1", slot="one"), False),
        ("irreversible", Confirmation(name=" c1 ", slot="both"), True),
        ("irreversible", Confirmation(name="c1", slot="both", plan="0" * 64), False),
    ],
)
async def test_confirmation_grows_with_risk(
    desk: MakeDesk, world: World, risk: str, given: Confirmation | None, good: bool
) -> None:
    at = desk(risk=risk)
    plan = (await at.planned()).plan
    if good:
        assert (await at.engine.run(plan, mode=Mode.LIVE, confirmation=given)).exit == 0
    else:
        with pytest.raises(ConfirmationError):
            await at.engine.run(plan, mode=Mode.LIVE, confirmation=given)
        assert not world.sent
        assert at.kinds() == []


async def test_a_plan_that_no_longer_fits_is_refused_by_name(desk: MakeDesk, world: World) -> None:
    at = desk()
    plan = (await at.planned()).plan
    world.values["b"] = 7
    with pytest.raises(StalePlan) as stale:
        await at.engine.run(plan, mode=Mode.LIVE, confirmation=TYPED)
    said = 'Changed: Bump b (bump:b): arguments: {"name":"b","before":"0"} -> {"name":"b","before":"7"}.'
    assert stale.value.differences == (said,)
    world.values["b"] = 0
    assert (await at.engine.check(plan)).ok
    world.values["b"] = 100
    assert (await at.engine.check(plan)).differences == ("No longer needed: Bump b (bump:b).",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"tenant": "tenant-2"}, "tenant"),
        ({"user": "bob@contoso.example"}, "user"),
        ({"hours": 25}, "25 h old"),
    ],
)
async def test_a_plan_is_bound_to_user_tenant_and_day(
    desk: MakeDesk, world: World, change: dict[str, Any], said: str
) -> None:
    at = desk()
    plan = (await at.planned()).plan
    world.tenant, world.user = change.get("tenant", world.tenant), change.get("user", world.user)
    await at.cloud.sleep(change.get("hours", 0) * 3600)
    with pytest.raises(StalePlan, match=said):
        await at.engine.run(plan, mode=Mode.LIVE, confirmation=TYPED)


async def test_a_rehearsed_plan_does_not_run_against_azure(desk: MakeDesk, world: World) -> None:
    at = desk()
    plan = (await at.planned()).plan
    at.cloud.rehearsal = False
    with pytest.raises(StalePlan, match="rehearsal"):
        await at.engine.run(plan, mode=Mode.LIVE, confirmation=TYPED)
    at.cloud.name = "AzureChinaCloud"
    assert len((await at.engine.check(plan)).differences) == 2


async def test_drift_stops_before_the_step_and_shows_the_difference(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.after_bump["a"] = lambda: world.values.update(b=7)
    result = await at.go()
    assert (result.state, result.exit) == (RunState.STOPPED, 6)
    assert world.bumps == {"a": 1}
    paused = at.told(Paused)[0]
    assert "before" in paused.reasons[0]
    assert [step.id for step in paused.drift.body.steps] == ["bump:b", "bump:c"]
    assert at.journal.run(result.run).reasons == paused.reasons


async def test_a_drifted_run_goes_on_when_just_that_plan_is_confirmed(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.faults[1] = "crash before"
    with pytest.raises(Crash):
        await at.go()
    world.values["b"] = 7
    later = at.again()
    at_run = later.only_run
    assert (await later.engine.resume(at_run)).state is RunState.STOPPED
    shown = (await later.engine.replan(at_run)).plan
    wrong = await later.engine.resume(at_run, confirmation=Confirmation(name="c1", slot="both", plan="f" * 64))
    assert (wrong.state, wrong.exit) == (RunState.STOPPED, 4)
    right = Confirmation(name="c1", slot="both", plan=plan_shown(shown))
    assert (await later.engine.resume(at_run, confirmation=right)).exit == 0
    assert len(later.journal.run(at_run).plans) == 2
    assert world.bumps == {"a": 1, "b": 1, "c": 1}


async def test_a_gap_that_nobody_announced_is_drift(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.after_bump["a"] = lambda: world.values.update(gap=1)
    result = await at.go()
    assert result.state is RunState.STOPPED
    assert "not announced" in at.told(Paused)[0].reasons[0]


async def test_a_step_that_became_needless_is_journalled_as_held(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.after_bump["a"] = lambda: world.values.update(b=300)
    result = await at.go()
    assert result.exit == 0
    assert world.bumps == {"a": 1, "c": 1}
    step = at.journal.run(result.run).step("bump:b")
    assert step is not None
    assert step.result == "held"
    assert [event.step_id for event in at.told(StepFinished) if event.held] == ["bump:b"]


async def test_a_proven_step_that_comes_back_stops_the_run(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.after_bump["b"] = lambda: world.values.update(a=0)
    result = await at.go()
    assert result.state is RunState.STOPPED
    assert "Something else changes the target" in result.sentence
    assert world.bumps["a"] == 1


async def test_a_failed_proof_stops_the_run_after_its_bounded_retries(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.flags["b"] = 1
    result = await at.go()
    assert (result.state, result.exit) == (RunState.FAILED, 1)
    assert world.slept == [10, 10, 10]
    assert world.bumps == {"a": 1, "b": 1}
    assert at.journal.leases() == []
    step = at.journal.run(result.run).step("bump:b")
    assert step is not None
    assert step.verdict is Verdict.FAILED


async def test_throttling_is_told_waited_for_and_tried_again(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.faults[1] = "throttled"
    assert (await at.go()).exit == 0
    assert [event.retry_after for event in at.told(Throttle)] == [17]
    assert world.slept == [17]
    assert world.bumps == {"a": 1, "b": 1, "c": 1}


async def test_endless_throttling_stops_the_run(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.faults = dict.fromkeys(range(50), "throttled")
    result = await at.go()
    assert (result.state, result.exit) == (RunState.STOPPED, 6)
    assert len(world.sent) == 5


@pytest.mark.parametrize(
    ("fault", "state", "code"), [("forbidden", RunState.STOPPED, 5), ("refused", RunState.FAILED, 1)]
)
async def test_a_refusal_by_azure_ends_the_run_with_its_words(
    desk: MakeDesk, world: World, fault: str, state: RunState, code: int
) -> None:
    at = desk()
    world.faults[1] = fault
    result = await at.go()
    assert (result.state, result.exit) == (state, code)
    assert world.bumps == {"a": 1}
    assert at.journal.run(result.run).steps[1].result == "refused"
    later = at.again()
    assert (await later.engine.resume(result.run)).exit == 0
    assert world.bumps == {"a": 1, "b": 1, "c": 1}


async def test_reads_that_fail_for_a_moment_are_repeated(desk: MakeDesk, world: World) -> None:
    at = desk()
    plan = (await at.planned()).plan
    await at.engine.check(plan)
    run = at.engine.run(plan, mode=Mode.LIVE, confirmation=TYPED)
    trouble = [CloudError("busy", status=503, code="Busy"), CloudError("gone", status=0, code="")]
    world.after_bump["a"] = lambda: world.read_faults.extend(trouble)
    assert (await run).exit == 0


async def test_reads_that_keep_failing_stop_the_run_unproven_and_resume_proves(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.after_bump["a"] = lambda: world.read_faults.extend([CloudError("busy", status=503, code="Busy")] * 4)
    result = await at.go()
    assert (result.state, result.exit) == (RunState.STOPPED, 6)
    assert at.kinds()[-2:] == ["step-outcome", "run-paused"]
    world.after_bump.clear()
    later = at.again()
    assert (await later.engine.resume(result.run)).exit == 0
    step = later.journal.run(result.run).step("bump:a")
    assert step is not None
    assert step.verdict is Verdict.VERIFIED
    assert world.bumps["a"] == 1


async def test_a_read_that_is_forbidden_exits_five(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.after_bump["a"] = lambda: world.read_faults.extend([Forbidden("no", status=403, code="AuthorizationFailed")])
    assert (await at.go()).exit == 5


async def test_missing_permission_refuses_unless_tried_anyway(desk: MakeDesk, world: World) -> None:
    world.roles = [{"actions": ["*/read"]}]
    at = desk()
    planned = await at.planned()
    assert [item.action for item in planned.preflight.missing] == ["Microsoft.Test/counters/write"]
    with pytest.raises(NotPermitted, match="Contributor grants it"):
        await at.engine.run(planned.plan, mode=Mode.LIVE, confirmation=TYPED)
    assert (await at.engine.run(planned.plan, mode=Mode.LIVE, confirmation=TYPED, try_anyway=True)).exit == 0


async def test_a_lock_is_not_lifted_by_trying_anyway(desk: MakeDesk, world: World) -> None:
    world.locks = [{"id": f"{TARGET}/providers/Microsoft.Authorization/locks/l", "name": "l",
                    "properties": {"level": "ReadOnly"}}]  # fmt: skip
    at = desk()
    with pytest.raises(NotReady, match=r"lock l \(ReadOnly\)"):
        await at.go(try_anyway=True)


async def test_a_dry_run_withholds_every_change_and_waits_for_nothing(desk: MakeDesk, world: World) -> None:
    at = desk(mode=Mode.DRY_RUN, script=("bump:a", "time:3600", "local", "put:b"))
    plan = (await at.planned()).plan
    result = await at.engine.run(plan, mode=Mode.DRY_RUN, confirmation=None)
    assert (result.state, result.exit) == (RunState.DONE, 0)
    assert "4 steps walked, 2 changes withheld" in result.sentence
    assert world.sent == []
    assert world.slept == []
    assert world.flags == {}
    history = at.journal.run(result.run)
    assert [step.result for step in history.steps] == ["withheld", "done", "done", "withheld"]
    assert {step.verdict for step in history.steps} == {Verdict.NOT_VERIFIABLE}
    assert [event.withheld for event in at.told(StepFinished)] == [True, False, False, True]
    assert len(at.cloud.gate.refusals) == 2


async def test_disarming_in_the_middle_withholds_the_next_change(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.after_bump["a"] = lambda: at.arming.disarm()
    result = await at.go()
    assert result.state is RunState.STOPPED
    assert world.bumps == {"a": 1}
    assert "withheld in look mode" in result.sentence


async def test_an_action_that_sends_what_was_not_approved_is_refused(desk: MakeDesk, world: World) -> None:
    at = desk()

    async def other(step: Any, hand: Any) -> dict[str, str]:
        request = msgspec.structs.replace(step.request, path=f"{TARGET}/elsewhere")
        await at.cloud.change(request, lambda: None)
        return {}

    at.action.do = other  # type: ignore[method-assign]
    result = await at.go()
    assert (result.state, result.exit) == (RunState.FAILED, 1)
    assert "not what the running step was approved for" in result.sentence
    assert not world.sent


async def test_a_mistake_in_an_action_is_named_without_its_text(desk: MakeDesk, world: World) -> None:
    at = desk()
    world.faults[0] = "bug after"
    result = await at.go()
    assert (result.state, result.exit) == (RunState.FAILED, 1)
    assert "KeyError at" in result.sentence
    assert "mistake" not in result.sentence
    assert at.journal.run(result.run).steps[0].result == "unknown"
    later = at.again()
    assert (await later.engine.resume(result.run)).exit == 0
    assert world.bumps == {"a": 1, "b": 1, "c": 1}


async def test_a_watcher_that_fails_does_not_break_the_run(desk: MakeDesk) -> None:
    at = desk()

    def broken(_event: object) -> None:
        raise ValueError("a screen's mistake")

    at.engine._emit = broken
    assert (await at.go()).exit == 0


async def test_a_secret_cannot_reach_the_journal(desk: MakeDesk, world: World) -> None:
    at = desk()
    at.action.poisoned = Secret("the value")
    result = await at.go()
    assert result.exit == 1
    assert "the value" not in str([entry.data for entry in at.journal.entries()])
    at.action.poisoned = None
    assert (await at.engine.resume(result.run)).exit == 0
    assert world.bumps == {"a": 1, "b": 1, "c": 1}


async def test_notes_stay_with_the_run(desk: MakeDesk) -> None:
    at = desk()
    result = await at.go()
    at.engine.note(result.run[:12], "called the\x1b[31m team")
    (note,) = at.journal.run(result.run).notes
    assert note.text == "called the<U+001B>[31m team"


async def test_unknown_names_are_usage_errors(desk: MakeDesk) -> None:
    at = desk()
    with pytest.raises(UsageError, match="counters"):
        await at.engine.inspect("other", TARGET, {})
    with pytest.raises(UsageError, match="scripts"):
        await at.engine.inspect("counters", TARGET, {"scripts": []})
    with pytest.raises(UsageError, match="No single run"):
        await at.engine.resume("nothing")


async def test_a_run_that_is_done_is_not_resumed(desk: MakeDesk, world: World) -> None:
    at = desk()
    result = await at.go()
    sent = list(world.sent)
    assert (await at.engine.resume(result.run)).exit == 0
    assert world.sent == sent
    with pytest.raises(UsageError, match="done"):
        at.engine.stop(result.run)


def test_reading_runs_of_an_empty_journal(desk: MakeDesk) -> None:
    journal: Journal = desk().journal
    assert journal.runs() == []
    assert journal.verify().ok


async def test_only_a_complete_look_says_that_nothing_remains(desk: MakeDesk, world: World) -> None:
    """The look before `b` keeps what was read of `c` before: that somebody undid it meanwhile must not be missed."""
    at = desk(script=("bump:c", "bump:a", "bump:b"))
    world.after_bump["a"] = lambda: world.values.update(b=100, c=0)
    result = await at.go()
    assert result.state is RunState.STOPPED
    assert "needed again" in at.told(Paused)[-1].sentence
    assert world.bumps == {"a": 1, "c": 1}

"""The loop of a run: look, plan, compare with what was approved, take one step, until the goal holds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from actions.cloud.data import CloudError
from actions.guard import confirm
from actions.guard.contract import Inspection
from actions.guard.drift import next_differences
from actions.guard.dry_run import dry_run
from actions.guard.errors import ConfirmationError, GuardError, JournalError, LeaseLost
from actions.guard.events import Paused, RunFinished, StepFinished
from actions.guard.journal import Writer
from actions.guard.model import Mode, Outcome, Proof, RunState, Step, Steps, Verdict
from actions.guard.results import EXIT_DONE, EXIT_FAILED, Halt, RunResult
from actions.guard.run import Run, where
from actions.guard.steps import Place, change, failed, settle
from actions.guard.waits import wait


async def drive(run: Run) -> RunResult:
    """Take a run as far as it goes in this process; every way out but a crash is journalled.

    A journal that cannot be written, or leases that are lost, end it at once without another entry or request.
    """
    try:
        sentence = await (dry_run(run, _to_goal) if run.mode is Mode.DRY_RUN else _to_goal(run))
        return _finish(run, sentence)
    except Halt as halt:
        return _pause(run, halt)
    except CloudError as error:
        return _pause(run, failed(error, "Azure could not be read"))
    except (JournalError, LeaseLost) as error:
        return _mute(run, error)
    except GuardError as error:
        return _pause(run, Halt(RunState.STOPPED, error.sentence, code=error.exit))
    except Exception as error:
        return _pause(run, Halt(RunState.FAILED, f"Internal error, {where(error)}.", code=EXIT_FAILED))


async def _to_goal(run: Run) -> str:
    """Repeat look, plan, compare, step; return what the last look said."""
    await settle(run)
    candidate: Step | None = None
    while True:
        run.check_stop()
        inspection, steps = await _look(run, candidate)
        if steps.outcome is Outcome.NO_CHANGES:
            _hold(run, steps, None)
            return steps.summary
        if steps.outcome is not Outcome.READY or not steps.steps:
            raise _not_ready(steps)
        step = steps.steps[0]
        _insist_approved(run, steps, inspection)
        _insist_once(run, step)
        _hold(run, steps, step)
        await _take(run, step, len(steps.steps))
        known = run.fold.step(step.id)
        remaining = steps.steps[1:] if known and known.ended else steps.steps
        candidate = remaining[0] if remaining else None


async def _look(run: Run, candidate: Step | None) -> tuple[Inspection, Steps]:
    """Read what the next step depends on and plan; a plan that begins with another step is read for anew.

    Only a complete look may say that nothing remains.
    """
    for step in (candidate, None):
        inspection = await run.inspect(step)
        steps = run.replan(inspection)
        expected = step is None or (bool(steps.steps) and steps.steps[0].id == step.id)
        if expected and (step is None or steps.outcome is Outcome.READY):
            break
    return inspection, steps


def _not_ready(steps: Steps) -> Halt:
    if steps.outcome is Outcome.NEEDS_DECISION:
        return Halt(RunState.NEEDS_DECISION, steps.summary, reasons=steps.reasons, decisions=steps.decisions)
    return Halt(RunState.STOPPED, steps.summary, reasons=steps.reasons)


def _insist_approved(run: Run, steps: Steps, inspection: Inspection) -> None:
    """Halt on drift, unless the operator who resumed the run confirmed just this plan."""
    differences = next_differences(run.plan, steps)
    confirmation, run.confirmation = run.confirmation, None
    if not differences:
        return
    fresh = run.plan_of(steps, inspection)
    name, slot = run.action.confirmation(inspection, fresh.risk)
    fresh = confirm.addressed(fresh, name, slot)
    if confirmation is None:
        sentence = "What is there differs from what was approved; look at the new plan and confirm it."
        raise Halt(RunState.STOPPED, sentence, reasons=differences, drift=fresh)
    try:
        confirm.check(fresh, confirmation)
    except ConfirmationError as error:
        raise Halt(RunState.STOPPED, error.sentence, code=error.exit, reasons=differences, drift=fresh) from None
    run.plan = fresh
    data = {"plan": fresh, "plan_hash": fresh.digest(), "by": run.operator.name}
    run.record("plan-approved", data, before=_retake(run))


def _retake(run: Run) -> Callable[[Writer], None]:
    return lambda writer: writer.take(run.leases, run.holder, host=run.operator.host)


def _insist_once(run: Run, step: Step) -> None:
    """Halt when a step that was done and proven is asked for again: something else works against this run."""
    known = run.fold.step(step.id)
    if known and known.ended and known.result == "done" and known.verdict is not Verdict.FAILED:
        sentence = f"{step.title}: done, yet needed again. Something else changes the target; make a new plan."
        raise Halt(RunState.STOPPED, sentence, step=step.id)


def _hold(run: Run, steps: Steps, next_step: Step | None) -> None:
    """Journal approved steps that were passed by because what they were for holds already."""
    order = [step.id for step in run.plan.body.steps]
    if next_step is not None and next_step.id not in order:
        return
    reached = len(order) if next_step is None else order.index(next_step.id)
    remaining = {step.id for step in steps.steps}
    for number, step in enumerate(run.plan.body.steps[:reached], start=1):
        if step.id in remaining or run.fold.step(step.id):
            continue
        sentence = "No longer needed: what it was for holds already."
        data: dict[str, Any] = {"step": step.id, "title": step.title, "number": number, "digest": step.digest()}
        run.record("step-held", {**data, "sentence": sentence})
        proof = Proof(verdict=Verdict.VERIFIED, sentence=sentence)
        run.tell(StepFinished(run=run.id, at=run.now(), step_id=step.id, proof=proof, held=True))


async def _take(run: Run, step: Step, remaining: int) -> None:
    """Take one step; its number counts what this run has behind it."""
    behind = [known for known in run.fold.steps.values() if known.ended and known.id != step.id]
    place = Place(number=len(behind) + 1, total=len(behind) + remaining)
    if step.wait is not None and step.request is None:
        await wait(run, step, place)
    else:
        await change(run, step, place)


def _finish(run: Run, sentence: str) -> RunResult:
    data = {"state": RunState.DONE, "sentence": sentence, **run.goal_data()}

    def leases(writer: Writer) -> None:
        writer.fence(run.holder)
        writer.release(run.holder)

    try:
        run.record("run-finished", data, before=leases)
    except (JournalError, LeaseLost) as error:
        return _mute(run, error)
    run.journal.save_checkpoint()
    run.tell(RunFinished(run=run.id, at=run.now(), state=RunState.DONE, sentence=sentence))
    return RunResult(run=run.id, state=RunState.DONE, sentence=sentence, exit=EXIT_DONE)


def _pause(run: Run, halt: Halt) -> RunResult:
    """Journal a halt; only a waiting run keeps its leases."""
    data: dict[str, Any] = {"state": halt.state, "sentence": halt.sentence, "reasons": halt.reasons, **run.goal_data()}
    data |= {"decisions": halt.decisions} if halt.decisions else {}
    data |= {"step": halt.step} if halt.step else {}

    def leases(writer: Writer) -> None:
        writer.fence(run.holder)
        if halt.state is RunState.WAITING:
            writer.park(run.holder)
        else:
            writer.release(run.holder)

    try:
        run.record("run-paused", data, before=leases)
    except (JournalError, LeaseLost) as error:
        return _mute(run, error)
    run.journal.save_checkpoint()
    return _told(run, halt)


def _mute(run: Run, error: GuardError) -> RunResult:
    """End without another entry: the journal cannot take one, or is another process's to write."""
    run.lost(error)
    return _told(run, Halt(RunState.STOPPED, f"{error.sentence} Nothing more was sent."))


def _told(run: Run, halt: Halt) -> RunResult:
    run.tell(
        Paused(
            run=run.id, at=run.now(), state=halt.state, sentence=halt.sentence, reasons=halt.reasons,
            decisions=halt.decisions, drift=halt.drift,
        )
    )  # fmt: skip
    return RunResult(run=run.id, state=halt.state, sentence=halt.sentence, exit=halt.code)

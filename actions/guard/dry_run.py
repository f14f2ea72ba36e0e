"""A dry run: the whole way on a twin of what is there, every change withheld from the cloud itself.

Nothing of the run but its reads reaches the cloud that it was planned for. What the twin shows is what the steps would
meet, as far as Azure behaves as the twin does; proofs say that they are the twin's.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import msgspec

from actions.cloud.data import CloudError
from actions.guard.contract import KnowsHolders
from actions.guard.errors import GuardError
from actions.guard.events import StepSaid, TwinMade
from actions.guard.model import Outcome, Plan, Progress, Steps
from actions.guard.run import Run, where
from actions.guard.text import many, plain
from actions.guard.twin import NoTwin, Stage, Twin
from actions.guard.walk import walk

_log = logging.getLogger("amlkeys.engine")


async def dry_run(run: Run, to_goal: Callable[[Run], Awaitable[str]]) -> str:
    """Walk the plan on its twin to its goal; without a twin walk it step by step, and say why."""
    if run.make_twin is None:
        return await walk(run)
    live, wait, goal = run.cloud, run.wait, run.goal
    try:
        twin = await _made(run)
        try:
            return await _walked(run, twin, to_goal)
        finally:
            run.act_on(None, live)
            run.wait = wait
            await twin.close()
    except NoTwin as why:
        run.goal = goal
        _tell(run, made=False, sentence=f"Without a twin: {why}", remarks=())
        return f"{await walk(run)} It was walked without a twin: {why}"


async def _walked(run: Run, twin: Twin, to_goal: Callable[[Run], Awaitable[str]]) -> str:
    """Walk the whole way on a twin that is like what is there."""
    try:
        plan = await _like(run, twin)
    except BaseException:
        run.inspection = None  # the twin's, which the record is not told of
        raise
    _tell(run, made=True, sentence=twin.sentence, remarks=twin.remarks)
    run.plan, run.wait = plan, True
    summary = await to_goal(run)
    withheld = sum(step.result == "withheld" for step in run.fold.steps.values())
    told = f"{many(len(run.fold.steps), 'step')} walked on a twin, {many(withheld, 'change')} withheld"
    return f"Dry run: {told}; nothing was changed. On the twin: {summary}"


async def _made(run: Run) -> Twin:
    """Look live once more, and have the twin made from what is there."""
    assert run.make_twin is not None
    run.tell(StepSaid(run=run.id, at=run.now(), step_id="", text="Reading what the run touches, to make its twin."))
    inspection = await run.inspect()
    holding = run.action.holding(inspection) if isinstance(run.action, KnowsHolders) else {}
    try:
        return await run.make_twin(run.plan, holding)
    except CloudError as error:
        raise NoTwin(f"what it stands on could not be read: {error.sentence}.") from None
    except (NoTwin, GuardError):
        raise
    except Exception as error:
        _log.warning("no twin: %s", where(error))
        raise NoTwin(f"internal error, {where(error)}.") from error


async def _like(run: Run, twin: Twin) -> Plan:
    """Plan on the twin; raises `NoTwin` where that comes to other steps than were approved.

    Its keys are its own, so fingerprints in its steps are others, and nothing else may be.
    """
    live = run.cloud
    run.act_on(Stage(twin, live), twin.cloud)
    try:
        seen = await run.inspect()
    except CloudError as error:
        raise NoTwin(f"it could not be inspected: {error.sentence}.") from None
    run.goal = run.action.goal(seen, run.options)
    steps: Steps = run.action.plan(run.goal, seen, run.decided, Progress(now=run.now()))
    if differences := _differences(run.plan.body, steps):
        raise NoTwin(f"it would need other steps than what is there: {differences[0]}")
    goal = msgspec.to_builtins(run.goal)
    return msgspec.structs.replace(run.plan, goal=goal, findings=seen.findings, body=steps)


def _differences(approved: Steps, here: Steps) -> tuple[str, ...]:
    """Tell in what the twin's way is another one: outcome, steps in order, and what is done only if needed."""
    if here.outcome is not Outcome.READY:
        return (plain(f"it says {here.outcome}: {here.told}"),)
    told: list[str] = []
    for wanted, planned in ((approved.steps, here.steps), (approved.contingent, here.contingent)):
        was, now = ([(step.id, step.title, step.request) for step in steps] for steps in (wanted, planned))
        told += [plain(f"{title} is not among its steps.") for step, title, _ in was if step not in {n[0] for n in now}]
        told += [plain(f"{title} would be needed too.") for step, title, _ in now if step not in {w[0] for w in was}]
        if not told and was != now:
            told.append("they come in another order, or ask for other changes.")
    return tuple(told)


def _tell(run: Run, *, made: bool, sentence: str, remarks: tuple[str, ...]) -> None:
    """Make durable what the run is walked on, with the state that a twin begins with, whose keys are others.

    Steps of an earlier twin are no progress on this one.
    """
    shown, notes = plain(sentence), tuple(plain(remark) for remark in remarks)
    state = run.state_data() if made else {}
    run.record_fenced("twin-made", {"made": made, "sentence": shown, "remarks": notes, **state})
    run.tell(TwinMade(run=run.id, at=run.now(), made=made, sentence=shown, remarks=notes))

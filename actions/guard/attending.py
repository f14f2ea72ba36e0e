"""What earlier runs did, and what a person who attends a waiting run needs: its brief, and the one secret shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from actions.guard.contract import Deed, HandsOver
from actions.guard.drift import approved
from actions.guard.errors import NotArmed, UsageError
from actions.guard.gate import secret_reads
from actions.guard.history import RunHistory
from actions.guard.journal import Journal
from actions.guard.model import Mode, RunState, Step, Verdict, WaitKind
from actions.guard.secret import Secret
from actions.guard.text import plain

if TYPE_CHECKING:
    from actions.guard.engine import Engine

REVEALED = "secret-revealed"
"""The journal's entry for a secret that somebody had shown to them."""


def past(journal: Journal, action: str, resource: str) -> tuple[Deed, ...]:
    """What live runs of an action that are done did to a resource, oldest first."""
    wanted = resource.casefold()
    found: list[Deed] = []
    for summary in reversed(journal.runs()):
        if summary.action != action or summary.mode is not Mode.LIVE or summary.state is not RunState.DONE:
            continue
        if not wanted.startswith(summary.target.casefold()):
            continue
        run = journal.run(summary.id)
        steps = {step.id: step for plan in run.plans for step in approved(plan).values()}
        for known in run.steps:
            step = steps.get(known.id)
            done = known.ended and known.verdict is not Verdict.FAILED and known.result != "held"
            if step is not None and done and step.subject.casefold() == wanted:
                found.append(Deed(run=run.id, at=known.ended, kind=step.kind, arguments=step.arguments))
    return tuple(found)


def awaited(run: RunHistory) -> tuple[Step, str] | None:
    """The wait for a person at which a run halts, and since when; None where it waits for nobody."""
    if run.state is not RunState.WAITING:
        return None
    for known in reversed(run.steps):
        if known.result == "waiting" and not known.ended:
            step = next((found for plan in reversed(run.plans) if (found := approved(plan).get(known.id))), None)
            person = step is not None and step.wait is not None and step.wait.kind is WaitKind.PERSON
            return (step, str(known.wait.get("since") or known.tried)) if step is not None and person else None
    return None


async def brief(engine: Engine, run_id: str) -> tuple[str, ...]:
    """Tell what the person needs whom a run waits for; raises `UsageError` where it waits for nobody."""
    run = engine.journal.run(run_id)
    step, since, action = _attended(engine, run)
    with secret_reads(announced=engine.actions[run.plan.action].secret_reads):
        return tuple(plain(line) for line in await action.brief(step, engine.cloud, since))


async def fares(engine: Engine, run_id: str) -> str:
    """Tell how those fare whom a run waits for, the last line of its brief, without a secret read."""
    step, since, action = _attended(engine, engine.journal.run(run_id))
    return plain(await action.fares(step, engine.cloud, since))


async def reveal(engine: Engine, run_id: str) -> Secret:
    """Read the secret that a run waits to be handed over, in live mode only; that it is shown is journalled first."""
    run = engine.journal.run(run_id)
    step, _, action = _attended(engine, run)
    if engine.arming.mode() is not Mode.LIVE or run.mode is not Mode.LIVE:
        raise NotArmed("A key is shown in live mode only.")
    who = await engine.cloud.signed_in()
    data = {"by": engine.operator.name, "host": engine.operator.host, "user": who.user, "step": step.id,
            "subject": step.subject, "which": step.arguments.get("to", "")}  # fmt: skip
    engine.journal.append(run.id, REVEALED, data, at=engine.cloud.now().isoformat())
    with secret_reads(announced=engine.actions[run.plan.action].secret_reads):
        return await action.secret_of(step, engine.cloud)


def _attended(engine: Engine, run: RunHistory) -> tuple[Step, str, HandsOver]:
    found, action = awaited(run), engine.actions.get(run.plan.action)
    if found is None or not isinstance(action, HandsOver):
        raise UsageError(f"Run {run.id} hands nothing over to anybody: {run.state}.")
    return (*found, action)

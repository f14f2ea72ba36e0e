"""A dry run without a twin: every step is walked, every change is withheld at the gate, nothing is waited for."""

from __future__ import annotations

from urllib.parse import unquote

from actions.cloud.data import CloudError
from actions.guard.events import StepStarted
from actions.guard.gate import Refused, RequestClass, secret_reads
from actions.guard.model import Proof, Request, RunState, Step, Verdict
from actions.guard.results import EXIT_FAILED, Halt
from actions.guard.run import Run
from actions.guard.steps import Place, conclude, intent
from actions.guard.text import many


async def walk(run: Run) -> str:
    """Walk the approved steps in order and say how many changes were withheld."""
    total, withheld = len(run.plan.body.steps), 0
    for number, step in enumerate(run.plan.body.steps, start=1):
        run.check_stop()
        known = run.fold.step(step.id)
        if known is None or not known.ended:
            await _step(run, step, Place(number=number, total=total))
    withheld = sum(step.result == "withheld" for step in run.fold.steps.values())
    return f"Dry run: {many(total, 'step')} walked, {many(withheld, 'change')} withheld; nothing was changed."


async def _step(run: Run, step: Step, place: Place) -> None:
    run.record_fenced("step-intent", intent(step, place))
    run.tell(StepStarted(run=run.id, at=run.now(), step=step, number=place.number, total=place.total))
    result, sentence = await _try(run, step)
    run.record("step-outcome", {"step": step.id, "result": result, "sentence": sentence})
    proof = Proof(verdict=Verdict.NOT_VERIFIABLE, sentence=sentence)
    conclude(run, step, proof)


async def _try(run: Run, step: Step) -> tuple[str, str]:
    """Go as far as the gate, which keeps the change back: no permit is issued, whatever the session's mode becomes."""
    if step.wait is not None and step.request is None:
        return "done", f"A dry run does not wait: {step.wait.reason}"
    if step.request is None:
        return "done", "Changes nothing in Azure; not carried out in a dry run."
    try:
        with secret_reads(announced=run.action.secret_reads):
            await run.action.do(step, run.hand)
    except Refused as error:
        if error.kind is RequestClass.WRITE and _is(step.request, error):
            return "withheld", f"Not verifiable: {error.method} {error.path} was withheld."
        raise Halt(RunState.FAILED, f"{step.title}: the gate refused it, {error.why}.", code=EXIT_FAILED) from None
    except CloudError as error:
        return "error", f"Not verifiable: with earlier steps withheld it met another state ({error.sentence})."
    return "done", "Not verifiable: it found nothing to change."


def _is(request: Request, refused: Refused) -> bool:
    """Whether what the gate refused is the change that the step was approved for."""
    same = unquote(refused.path).rstrip("/").casefold() == request.path.rstrip("/").casefold()
    return same and refused.method.upper() == request.method.upper()

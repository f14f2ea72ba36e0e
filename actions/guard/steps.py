"""One change: intent made durable, sent under its permit, outcome made durable, proven; unknown outcomes looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from actions.cloud.data import CloudError, Forbidden, SignInNeeded, Throttled, UnknownOutcome
from actions.guard.contract import Hand
from actions.guard.drift import approved
from actions.guard.errors import GuardError
from actions.guard.events import StepFinished, StepSaid, StepStarted
from actions.guard.gate import Permit, Refused, Withheld, permit_for, secret_reads
from actions.guard.history import StepHistory
from actions.guard.model import Outcome, Proof, Request, RunState, Step, Steps, Verdict, WaitKind
from actions.guard.progress import progress_to
from actions.guard.results import EXIT_FAILED, EXIT_NOT_PERMITTED, Halt
from actions.guard.run import Run, where
from actions.guard.text import cleaned, plain

LOOK_AGAIN = (5.0, 15.0)
"""Seconds of the cloud's time between the looks after an unknown outcome: a late write settles in that time."""
_TRIES = 5
LASTING = 900.0
"""Seconds that a step may take with its operation and its proof: the sign-in must last so long when it begins."""


@dataclass(frozen=True)
class Place:
    """Where a step stands among those known now."""

    number: int
    total: int


def intent(step: Step, place: Place) -> dict[str, Any]:
    """Say what is about to happen, as the journal keeps it."""
    data = {"step": step.id, "title": step.title, "number": place.number, "total": place.total, "digest": step.digest()}
    if step.request:
        data["request"] = f"{step.request.method} {step.request.host}{step.request.path}"
    return data


def failed(error: CloudError, what: str) -> Halt:
    """Turn Azure's refusal into a halt with the right exit code."""
    sentence = f"{what}: {error.sentence}"
    if isinstance(error, Forbidden | SignInNeeded):
        return Halt(RunState.STOPPED, sentence, code=EXIT_NOT_PERMITTED)
    if error.status == 0 or error.status >= 500 or isinstance(error, Throttled):
        return Halt(RunState.STOPPED, sentence)
    return Halt(RunState.FAILED, sentence, code=EXIT_FAILED)


async def change(run: Run, step: Step, place: Place) -> None:
    """Carry out one step and prove it; a step that certainly did not take effect is left for the next plan to ask.

    Halts where it failed, cannot be proven, or its outcome is unknown for the second time in this process.
    """
    await _stay(run, step)
    tries = run.tries[step.id] = run.tries.get(step.id, 0) + 1
    run.record_fenced("step-intent", intent(step, place))
    run.tell(StepStarted(run=run.id, at=run.now(), step=step, attempt=tries, number=place.number, total=place.total))
    try:
        await _send(run, step)
    except Throttled as error:
        _outcome(run, step, "throttled", error=error)
        if tries >= _TRIES:
            raise failed(error, step.title) from None
        await run.throttled(error)
    except UnknownOutcome as error:
        _outcome(run, step, "unknown", error=error)
        if step.id in run.unknown:
            sentence = f"{step.title}: twice nobody could tell whether it took effect ({error.sentence})."
            raise Halt(RunState.STOPPED, f"{sentence} Resume to look again.", step=step.id) from None
        run.unknown.add(step.id)
        if await took_effect(run, step):
            await prove(run, step)
    else:
        await prove(run, step)


async def _stay(run: Run, step: Step) -> None:
    """Renew a sign-in that the step could outlive, while nothing is sent yet; halts where that fails."""
    host = step.request.host if step.request else ""
    try:
        who = await run.cloud.stay_signed_in(LASTING, host)
    except CloudError as error:
        raise failed(error, f"{step.title}: not begun, the sign-in would end before it is proven") from None
    if who.user != run.user:
        sentence = f"{step.title}: not begun, {plain(who.user)} is signed in now, and {plain(run.user)} began the run."
        raise Halt(RunState.STOPPED, sentence, code=EXIT_NOT_PERMITTED)


async def _send(run: Run, step: Step) -> None:
    """Let the action make its change under the permit, and make the outcome durable, whatever it is."""
    permit: Permit | None = None
    kept_back: Withheld | None = None
    try:
        if step.request is None:
            evidence = await _do(run, step)
        else:
            kept_back = _withhold(run, step, step.request)
            with permit_for(step.request, once=_once(step.request), gate=run.cloud.gate) as permit:
                evidence = await _do(run, step)
    except (Throttled, UnknownOutcome):
        raise
    except Withheld as error:
        _outcome(run, step, "withheld", sentence=error.why)
        raise Halt(RunState.STOPPED, f"{step.title}: {error.why}. Live mode ended before it was sent.") from None
    except Refused as error:
        _outcome(run, step, "refused", sentence=error.why)
        raise Halt(RunState.FAILED, f"{step.title}: the gate refused it, {error.why}.", code=EXIT_FAILED) from None
    except CloudError as error:
        _outcome(run, step, "refused" if permit and permit.uses else "error", error=error)
        raise failed(error, step.title) from None
    except (GuardError, Halt):
        raise
    except Exception as error:
        sent = permit is not None and permit.uses > 0
        _outcome(run, step, "unknown" if sent else "error", sentence=where(error))
        sentence = f"{step.title}: internal error, {where(error)}."
        raise Halt(RunState.FAILED, sentence, code=EXIT_FAILED, step=step.id) from error
    if kept_back is not None:
        sentence = f"{kept_back.method} {kept_back.path} was withheld, and done on the twin."
        _outcome(run, step, "withheld", sentence=sentence, evidence=evidence)
    else:
        _outcome(run, step, "done", evidence=evidence)


def _withhold(run: Run, step: Step, request: Request) -> Withheld | None:
    """In a dry run with a twin let the live cloud's gate refuse the change, and tell which it was."""
    if run.twin is None:
        return None
    refusal = run.twin.withhold(request)
    asked = f"Withheld: {request.method} {request.host}{request.path} {request.api_version}"
    run.tell(StepSaid(run=run.id, at=run.now(), step_id=step.id, text=plain(asked)))
    return refusal


async def _do(run: Run, step: Step) -> dict[str, str]:
    hand = _hand(run, step)
    with secret_reads(announced=run.action.secret_reads), progress_to(hand.say):
        return await run.action.do(step, hand)


def _hand(run: Run, step: Step) -> Hand:
    """Return the run's hand, speaking for this step."""
    run.hand.say = lambda text: run.tell(StepSaid(run=run.id, at=run.now(), step_id=step.id, text=plain(text)))
    return run.hand


def _once(request: Request) -> bool:
    """Tell whether a request may be sent only once under its permit: PUT, PATCH and DELETE repeat safely, POST not."""
    return request.method.upper() not in {"PUT", "PATCH", "DELETE"}


def _outcome(
    run: Run, step: Step, result: str, *, sentence: str = "", error: CloudError | None = None,
    evidence: dict[str, str] | None = None,
) -> None:  # fmt: skip
    data: dict[str, Any] = {"step": step.id, "result": result}
    if error is not None:
        sentence = error.sentence
        evidence = {"status": str(error.status), "code": error.code, "request id": error.request_id}
    if sentence:
        data["sentence"] = sentence
    if evidence:
        data["evidence"] = {key: value for key, value in evidence.items() if value}
    run.record("step-outcome", data)


async def took_effect(run: Run, step: Step) -> bool:
    """Find out by looking whether a change of unknown outcome took effect, and journal what was found.

    Gone from the plan: it did. Still asked for in every look over some twenty seconds: it did not, and the next plan
    tells whether the state is the very one that the step was approved for.
    """
    run.tell(StepSaid(run=run.id, at=run.now(), step_id=step.id, text="Looking whether it took effect."))
    steps = await _look(run, step)
    for pause in LOOK_AGAIN:
        if not _asks_for(steps, step):
            break
        await run.sleep(pause)
        steps = await _look(run, step)
    if not _asks_for(steps, step):
        _looked(run, step, took=True, sentence="Looked: it took effect.")
        return True
    _looked(run, step, took=False, sentence=f"Looked {len(LOOK_AGAIN) + 1} times: it did not take effect.")
    return False


def _asks_for(steps: Steps, step: Step) -> bool:
    return step.id in {found.id for found in steps.steps}


async def _look(run: Run, step: Step) -> Steps:
    """Read everything anew and plan; a plan that is blocked or asks a question tells nothing about the step."""
    steps = run.replan(await run.inspect())
    if steps.outcome in {Outcome.BLOCKED, Outcome.NEEDS_DECISION}:
        state = RunState.STOPPED if steps.outcome is Outcome.BLOCKED else RunState.NEEDS_DECISION
        sentence = f"{step.title}: whether it took effect cannot be told. {steps.summary}"
        raise Halt(state, sentence, reasons=steps.reasons, decisions=steps.decisions, step=step.id)
    return steps


def _looked(run: Run, step: Step, *, took: bool, sentence: str) -> None:
    run.record("step-looked", {"step": step.id, "took_effect": took, "sentence": sentence})
    run.tell(StepSaid(run=run.id, at=run.now(), step_id=step.id, text=sentence))


async def prove(run: Run, step: Step) -> None:
    """Verify a step by reading; where the step waits for a condition, poll until it holds or the time is up."""
    proof = await verify(run, step)
    condition = step.wait if step.wait and step.wait.kind is WaitKind.CONDITION else None
    waited = 0.0
    while condition and proof.verdict is Verdict.FAILED and waited < condition.seconds:
        pause = min(max(condition.poll_seconds, 1.0), condition.seconds - waited)
        await run.sleep(pause)
        waited += pause
        proof = await verify(run, step)
    conclude(run, step, proof)


async def verify(run: Run, step: Step) -> Proof:
    """Ask the action for its proof, patiently; a read that keeps failing halts the run with the step unproven."""

    async def read() -> Proof:
        with secret_reads(announced=run.action.secret_reads):
            return await run.action.prove(step, _hand(run, step))

    try:
        return await run.patient(read)
    except CloudError as error:
        raise failed(error, f"{step.title}: done, but its proof could not be read") from None


def conclude(run: Run, step: Step, proof: Proof) -> None:
    """Make a proof durable and tell it, one of a twin as such; a failed one halts the run."""
    sentence = f"On the twin: {proof.sentence}" if run.twin else proof.sentence
    shown = Proof(verdict=proof.verdict, sentence=plain(sentence), evidence=cleaned(proof.evidence))
    data = {"step": step.id, "verdict": shown.verdict, "sentence": shown.sentence, "evidence": shown.evidence}
    run.record("step-proof", data)
    known = run.fold.step(step.id)
    evidence = known.evidence if known else {}
    withheld = known is not None and known.result == "withheld"
    run.tell(StepFinished(run=run.id, at=run.now(), step_id=step.id, proof=shown, withheld=withheld, evidence=evidence))
    if shown.verdict is Verdict.FAILED:
        raise Halt(RunState.FAILED, f"{step.title}: {shown.sentence}", code=EXIT_FAILED, step=step.id)


async def settle(run: Run) -> None:
    """After an interruption: look at what may have been sent, prove what was done but never proven."""
    for known in list(run.fold.steps.values()):
        step = _approved(run, known)
        if step is None or known.ended:
            continue
        if (known.uncertain and await took_effect(run, step)) or known.result == "done":
            await prove(run, step)


def _approved(run: Run, known: StepHistory) -> Step | None:
    """Find the step that an earlier try was made of, in whichever approved plan had it."""
    for plan in reversed(run.fold.run["plans"]):
        step = approved(plan).get(known.id)
        if step is not None and step.digest() == known.digest:
            return step
    return None

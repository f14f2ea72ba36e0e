"""Waits: for a time, for a condition, for a person. A wait survives the process that began it."""

from __future__ import annotations

from datetime import datetime, timedelta

from actions.cloud.data import CloudError
from actions.guard.contract import HandsOver
from actions.guard.events import StepSaid, StepStarted, WaitBegan, WaitTick
from actions.guard.gate import secret_reads
from actions.guard.model import Proof, RunState, Step, Verdict, Wait, WaitKind
from actions.guard.results import EXIT_WAITING, Halt
from actions.guard.run import Run, stamp
from actions.guard.steps import Place, conclude, intent, verify
from actions.guard.text import plain


class Watch:
    """How long a wait has lasted: in the cloud's time since it began, and never less than what we slept ourselves."""

    def __init__(self, run: Run, wait: Wait, since: str) -> None:
        self.run, self.wait, self.since = run, wait, since
        self._began = datetime.fromisoformat(since)
        self._base = self._cloud()
        self._slept = 0.0

    def _cloud(self) -> float:
        return (self.run.cloud.now() - self._began).total_seconds()

    @property
    def elapsed(self) -> float:
        """Return the seconds since the wait began."""
        return max(self._cloud(), self._base + self._slept, 0.0)

    @property
    def remaining(self) -> float:
        """Return the seconds left; 0 when over."""
        return max(self.wait.seconds - self.elapsed, 0.0)

    @property
    def until(self) -> str:
        """Return when the time is up, "" where there is no bound."""
        return stamp(self._began + timedelta(seconds=self.wait.seconds)) if self.wait.seconds else ""

    async def sleep(self, seconds: float) -> None:
        """Sleep a slice."""
        await self.run.sleep(seconds)
        self._slept += seconds

    def told(self, step: Step, kind: type[WaitBegan]) -> WaitBegan:
        """Make the event that shows this wait now."""
        return kind(
            run=self.run.id, at=self.run.now(), step_id=step.id, kind=self.wait.kind, reason=self.wait.reason,
            since=self.since, until=self.until, remaining_seconds=self.remaining,
        )  # fmt: skip


async def wait(run: Run, step: Step, place: Place) -> None:
    """Wait as a step says; halts as `waiting` where a person must act, or where the caller does not want to stay."""
    need = step.wait
    if need is None:
        raise TypeError(f"{step.id} is no wait")
    watch = _begin(run, step, need, place)
    run.tell(StepStarted(run=run.id, at=run.now(), step=step, number=place.number, total=place.total))
    run.tell(watch.told(step, WaitBegan))
    if need.kind is WaitKind.TIME:
        proof = await _time(run, step, watch)
    elif need.kind is WaitKind.CONDITION:
        proof = await _condition(run, step, watch)
    else:
        proof = await _person(run, step, watch)
    conclude(run, step, proof)


def _begin(run: Run, step: Step, need: Wait, place: Place) -> Watch:
    """Take up a wait that was begun before, or begin it durably now."""
    known = run.fold.step(step.id)
    if known is not None and known.result == "waiting" and known.digest == step.digest():
        return Watch(run, need, known.tried)
    since = run.now()
    until = Watch(run, need, since).until
    told = {"kind": need.kind, "reason": need.reason, "source": need.source, "since": since, "until": until}
    entry = run.record_fenced("wait-began", {**intent(step, place), "wait": told})
    return Watch(run, need, entry.at)


async def _time(run: Run, step: Step, watch: Watch) -> Proof:
    while watch.remaining > 0:
        if not run.wait:
            raise _waiting(step, f"until {watch.until}: {watch.wait.reason}")
        await watch.sleep(min(watch.remaining, _slice(watch.wait.seconds)))
        run.tell(watch.told(step, WaitTick))
    sentence = f"Waited {watch.elapsed:.0f} s: {watch.wait.reason}"
    return Proof(verdict=Verdict.VERIFIED, sentence=sentence, evidence={"since": watch.since})


async def _condition(run: Run, step: Step, watch: Watch) -> Proof:
    while True:
        proof = await verify(run, step)
        bounded = watch.wait.seconds > 0
        if proof.verdict is not Verdict.FAILED or (bounded and watch.remaining <= 0):
            return proof
        if not run.wait:
            raise _waiting(step, f"{watch.wait.reason} {proof.sentence}")
        pause = max(watch.wait.poll_seconds, 1.0)
        await watch.sleep(min(pause, watch.remaining) if bounded else pause)
        run.tell(watch.told(step, WaitTick))


async def _person(run: Run, step: Step, watch: Watch) -> Proof:
    """A person's wait ends when somebody resumes a run that had come to a halt for it."""
    known = run.fold.step(step.id)
    if run.twin is not None:
        done = run.twin.person(step)
        sentence = f"a dry run waits for nobody{', and takes it as done' if done else ''}"
        return Proof(verdict=Verdict.NOT_VERIFIABLE, sentence=sentence, evidence={"since": watch.since})
    if known is None or not known.told:
        for line in await _brief(run, step, watch.since):
            run.tell(StepSaid(run=run.id, at=run.now(), step_id=step.id, text=plain(line)))
        raise _waiting(step, f"for a person: {watch.wait.reason}")
    evidence = {"by": run.operator.name, "as": run.user, "since": watch.since}
    if watch.wait.seconds and watch.remaining <= 0:
        evidence["overdue"] = watch.until
    return Proof(verdict=Verdict.NOT_VERIFIABLE, sentence=f"{run.operator.name} says it is done.", evidence=evidence)


async def _brief(run: Run, step: Step, since: str) -> tuple[str, ...]:
    """What the person needs to know; that it cannot be read keeps nobody from waiting."""
    if not isinstance(run.action, HandsOver):
        return ()
    try:
        with secret_reads(announced=run.action.secret_reads):
            return await run.action.brief(step, run.cloud, since)
    except CloudError as error:
        return (f"What happened meanwhile cannot be read: {error.sentence}.",)


def _slice(seconds: float) -> float:
    """Choose how long to sleep at a time: short enough to be stopped, long enough for a rehearsal's shifted hours."""
    return min(30.0, max(5.0, seconds / 60))


def _waiting(step: Step, what: str) -> Halt:
    return Halt(RunState.WAITING, f"{step.title}: waiting {what}", code=EXIT_WAITING, step=step.id)

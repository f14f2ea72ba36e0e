"""A run as it is watched: one frozen value made from the events, which screens only draw."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from actions.guard import events
from actions.guard.history import RunHistory
from actions.guard.model import Plan, RunState, Step, WaitKind
from tui.render import clean, clock_on, duration, moment
from tui.telling import step_state

if TYPE_CHECKING:
    from actions.cloud.data import Throttling


@dataclass(frozen=True)
class StepView:
    """One step: `state` is one of the words of `tui.render.look`; times are ISO 8601 UTC, empty when not yet."""

    id: str
    title: str
    state: str = "pending"
    started: str = ""
    ended: str = ""
    sentence: str = ""
    attempt: int = 1


@dataclass(frozen=True)
class WaitView:
    """What is being waited for, since when, until when (empty: until somebody says so), and why."""

    step_id: str
    kind: WaitKind
    since: str
    until: str
    reason: str
    remaining: float

    def share(self, now: str) -> float | None:
        """How much of its time is over, from 0 to 1; None where it has no end."""
        since, until, at = moment(self.since), moment(self.until), moment(now)
        if not since or not until or not at or until <= since:
            return None
        return max(0.0, min(1.0, (at - since) / (until - since)))


@dataclass(frozen=True)
class ThrottleView:
    """Azure asks `service` to slow down until a time; `left` is what is left of the quota, None where it did not say."""

    service: str
    until: str
    left: float | None = None

    def left_at(self, now: str) -> float:
        """Seconds that it still lasts; 0 when it is over."""
        end, at = moment(self.until), moment(now)
        return max(0.0, (end - at).total_seconds()) if end and at else 0.0

    def told(self, now: str) -> str:
        """Say how long it still lasts and what is left; empty when it is over."""
        left = self.left_at(now)
        if not left:
            return ""
        quota = "how much of the quota is left was not told" if self.left is None else f"{self.left:.0f} requests left"
        return f"{self.service} asks to wait until {clock_on(self.until, now)}, {duration(left)} left; {quota}"

    def brief(self, now: str) -> str:
        """The same where there is half a line; what is not told is left out."""
        left = self.left_at(now)
        quota = "" if self.left is None else f", {self.left:.0f} requests left"
        return f"throttled {duration(left)}{quota} ({self.service})" if left else ""


def slowed(found: Throttling, now: str) -> ThrottleView | None:
    """Show what Azure asked at this time; None before there is a time."""
    at = moment(now)
    return ThrottleView(clean(found.service), stamp_of(at, found.seconds), found.left) if at else None


def stamp_of(at: datetime, seconds: float) -> str:
    """The time so many seconds later, ISO 8601."""
    return (at + timedelta(seconds=seconds)).isoformat()


@dataclass(frozen=True)
class RunView:
    """Where a run stands; `at` is the time of its newest event."""

    run: str
    plan: Plan
    steps: tuple[StepView, ...]
    state: RunState = RunState.RUNNING
    sentence: str = ""
    started: str = ""
    at: str = ""
    current: str = ""
    wait: WaitView | None = None
    throttle: ThrottleView | None = None
    paused: events.Paused | None = None
    said: tuple[tuple[str, str], ...] = field(default=())
    twin: str = ""
    """What a dry run is walked on."""
    twin_began: str = ""
    """When the time of its twin began; empty where the run has none."""

    @property
    def over(self) -> bool:
        """Tell whether nothing happens any more until somebody resumes it."""
        return self.state is not RunState.RUNNING

    @property
    def finished_steps(self) -> int:
        """How many steps came to an end."""
        return sum(bool(step.ended) for step in self.steps)

    def step(self, step_id: str) -> StepView | None:
        """Find a step."""
        return next((step for step in self.steps if step.id == step_id), None)

    def elapsed(self, now: str = "") -> float:
        """Seconds of the cloud's time since the run (or its present stretch) began."""
        began, ended = moment(self.started), moment(self.at if self.over else max(now, self.at))
        return (ended - began).total_seconds() if began and ended else 0.0


def begin(event: events.RunStarted, before: RunView | None = None) -> RunView:
    """Start watching: every step of the plan is still to come; a resumed run keeps what is known to be over."""
    known = {step.id: step for step in before.steps if step.ended} if before else {}
    steps = tuple(known.get(step.id) or StepView(step.id, clean(step.title)) for step in event.plan.body.steps)
    earlier = tuple(step for step in known.values() if step.id not in {new.id for new in steps})
    return RunView(event.run, event.plan, earlier + steps, started=event.at, at=event.at)


def follow(view: RunView | None, event: events.Event) -> RunView | None:
    """Take in one event; None when the run's start was not seen."""
    if isinstance(event, events.RunStarted):
        return begin(event, view)
    if view is None or view.run != event.run:
        return view
    view = replace(view, at=event.at)
    match event:
        case events.TwinMade():
            return replace(view, twin=clean(event.sentence), twin_began=view.started if event.made else "")
        case events.StepStarted():
            return _step_started(view, event)
        case events.StepSaid():
            said, step = (*view.said, (event.at, clean(event.text)))[-200:], view.step(event.step_id)
            view = replace(view, said=said)
            return view if step and step.ended else _with(view, event.step_id, sentence=clean(event.text))
        case events.WaitBegan():
            return _waiting(view, event)
        case events.StepFinished():
            return _step_finished(view, event)
        case events.Throttle():
            return _throttled(view, event)
        case events.Paused():
            return _paused(view, event)
        case events.RunFinished():
            ended = replace(
                view, state=event.state, sentence=clean(event.sentence), wait=None, current="", throttle=None
            )
            return _held(ended) if event.state is RunState.DONE else ended
        case _:
            return view


def _throttled(view: RunView, event: events.Throttle) -> RunView:
    """Take in that the run waits; what the service itself told of it, with its quota, says more."""
    known, at = view.throttle, moment(event.at)
    if at is None or (known is not None and known.told(event.at)):
        return view
    return replace(view, throttle=ThrottleView(f"Azure ({clean(event.service)})", stamp_of(at, event.retry_after)))


def _with(view: RunView, step_id: str, **changes: Any) -> RunView:
    """Change one step."""
    steps = tuple(replace(step, **changes) if step.id == step_id else step for step in view.steps)
    return replace(view, steps=steps)


def _step_started(view: RunView, event: events.StepStarted) -> RunView:
    """Mark a step as running; one that was approved as contingent appears before what is still to come."""
    step: Step = event.step
    if view.step(step.id) is None:
        ended = [known for known in view.steps if known.state != "pending"]
        pending = [known for known in view.steps if known.state == "pending"]
        view = replace(view, steps=(*ended, StepView(step.id, clean(step.title)), *pending))
    view = replace(view, current=step.id, wait=None, throttle=None)
    return _with(view, step.id, state="running", started=event.at, ended="", sentence="", attempt=event.attempt)


def _waiting(view: RunView, event: events.WaitBegan) -> RunView:
    """Mark a step as waiting."""
    wait = WaitView(event.step_id, event.kind, event.since, event.until, clean(event.reason), event.remaining_seconds)
    return _with(replace(view, wait=wait), event.step_id, state="waiting")


def _step_finished(view: RunView, event: events.StepFinished) -> RunView:
    """Mark a step with its verdict, or as withheld or not needed."""
    state = "withheld" if event.withheld else "already-holds" if event.held else event.proof.verdict.value
    known = view.step(event.step_id)
    started = known.started if known and known.started else event.at
    changed = _with(
        view, event.step_id, state=state, started=started, ended=event.at, sentence=clean(event.proof.sentence)
    )
    return replace(changed, wait=None, current="" if view.current == event.step_id else view.current)


def _paused(view: RunView, event: events.Paused) -> RunView:
    """Take in that the run halted."""
    halted = replace(view, state=event.state, sentence=clean(event.sentence), paused=event, throttle=None)
    if event.state is not RunState.WAITING:
        halted = replace(halted, wait=None)
    known = halted.step(view.current)
    if known is not None and known.state == "running":
        return _with(halted, known.id, state="failed" if event.state is RunState.FAILED else "stopped")
    return halted


def _held(view: RunView) -> RunView:
    """Steps that a finished run never started held already."""
    steps = tuple(replace(step, state="already-holds") if step.state == "pending" else step for step in view.steps)
    return replace(view, steps=steps)


def from_history(history: RunHistory) -> RunView:
    """Show a recorded run the same way as one that is watched."""
    known = {step.id: step for step in history.steps}
    recorded = tuple(
        StepView(
            step.id, clean(step.title), step_state(step), step.started, step.ended, clean(step.sentence), step.attempts
        )
        for step in history.steps
    )
    left = tuple(StepView(s.id, clean(s.title)) for s in history.plan.body.steps if s.id not in known)
    view = RunView(
        history.id,
        history.plan,
        recorded + left,
        state=history.state,
        sentence=clean(history.sentence),
        started=history.started,
        at=history.ended or (history.steps[-1].tried if history.steps else history.started),
        twin=clean(history.twin.sentence) if history.twin else "",
        twin_began=history.twin_began,
    )
    return _held(view) if history.state is RunState.DONE and history.mode == "live" else view

"""What a run tells whoever watches it, as it happens; the journal, not these events, is the record."""

from __future__ import annotations

import re

import msgspec

from actions.guard.model import Decision, Frozen, Plan, Proof, RunState, Step, WaitKind


def _tag(name: str) -> str:
    """Turn `StepStarted` into `step-started`, the `event` field of the JSON lines."""
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


class Event(Frozen, frozen=True, kw_only=True, tag_field="event", tag=_tag):
    """Base of all events: the run's id and the cloud's time (ISO 8601 UTC)."""

    run: str
    at: str


class RunStarted(Event, frozen=True, kw_only=True):
    """A run began, or was taken up again when `resumed`."""

    plan: Plan
    resumed: bool = False


class TwinMade(Event, frozen=True, kw_only=True):
    """What a dry run is walked on: a twin of what it touches, or, where none could be `made`, nothing but the plan.

    `sentence` says what of it was read and when, or why there is none; `remarks` what the twin cannot know.
    """

    made: bool
    sentence: str
    remarks: tuple[str, ...] = ()


class StepStarted(Event, frozen=True, kw_only=True):
    """A step is about to run; `number` counts from 1 among the `total` steps known now; `attempt` is 2 for a retry."""

    step: Step
    number: int
    total: int
    attempt: int = 1


class StepSaid(Event, frozen=True, kw_only=True):
    """A remark on the step that runs: progress, or what the engine found out by looking."""

    step_id: str
    text: str


class WaitBegan(Event, frozen=True, kw_only=True):
    """A wait began; `until` is empty where only a person ends it, `remaining_seconds` is the cloud's time."""

    step_id: str
    kind: WaitKind
    since: str
    until: str
    reason: str
    remaining_seconds: float


class WaitTick(WaitBegan, frozen=True, kw_only=True):
    """The same wait some seconds later."""


class StepFinished(Event, frozen=True, kw_only=True):
    """A step is proven (or not verifiable, or failed); `withheld` when a dry run kept its change back.

    `held` tells that the step was approved and turned out not to be needed any more.
    """

    step_id: str
    proof: Proof
    withheld: bool = False
    held: bool = False
    evidence: dict[str, str] = msgspec.field(default_factory=dict[str, str])


class Throttle(Event, frozen=True, kw_only=True):
    """Azure asked to wait so many seconds; the engine waits and tries the same again."""

    retry_after: float
    service: str


class Paused(Event, frozen=True, kw_only=True):
    """The run came to a halt that `resume` continues: stopped, failed, waiting, or needing a decision.

    `drift` holds a plan for what is there now where that differs from what was approved.
    """

    state: RunState
    sentence: str
    reasons: tuple[str, ...] = ()
    decisions: tuple[Decision, ...] = ()
    drift: Plan | None = None


class RunFinished(Event, frozen=True, kw_only=True):
    """The goal holds (or the dry run walked to its end)."""

    state: RunState
    sentence: str

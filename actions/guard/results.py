"""What the engine hands back: a plan with what surrounds it, whether it is stale, and how a run ended."""

from __future__ import annotations

from dataclasses import dataclass

from actions.guard.contract import Inspection
from actions.guard.model import Decision, Frozen, Plan, RunState
from actions.guard.preflight import Preflight

EXIT_DONE, EXIT_FAILED, EXIT_NOT_PERMITTED, EXIT_STOPPED, EXIT_WAITING = 0, 1, 5, 6, 7


@dataclass(frozen=True)
class Planned:
    """A plan, the inspection it was made from, and what stands in its way."""

    inspection: Inspection
    plan: Plan
    preflight: Preflight


class Staleness(Frozen, frozen=True, kw_only=True):
    """How a plan differs from what would be planned here and now; nothing means that it may run."""

    differences: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Tell whether the plan still fits."""
        return not self.differences


class RunResult(Frozen, frozen=True, kw_only=True):
    """How a run ended in this process; `run` is empty where nothing had to be done, `exit` is the exit code."""

    run: str
    state: RunState
    sentence: str
    exit: int


class Halt(Exception):
    """A run comes to a halt here: journalled as paused with all this, then told to whoever watches."""

    def __init__(
        self,
        state: RunState,
        sentence: str,
        *,
        code: int = EXIT_STOPPED,
        reasons: tuple[str, ...] = (),
        decisions: tuple[Decision, ...] = (),
        drift: Plan | None = None,
        step: str = "",
    ) -> None:
        super().__init__(sentence)
        self.state, self.sentence, self.code, self.step = state, sentence, code, step
        self.reasons, self.decisions, self.drift = reasons, decisions, drift

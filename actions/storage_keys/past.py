"""What this run has done so far, as the plan asks for it."""

from __future__ import annotations

from datetime import datetime

from actions.guard.model import Progress, StepRecord, Verdict
from actions.storage_keys import steps

_MOVING = (steps.MOVE, steps.RESYNC, steps.HAND_OVER)
_ASSUMED_SECONDS = 60.0
"""How long a resync is taken to last until this run has measured one."""


class Past:
    """A run's progress; a step whose proof failed does not count as done, so that it may be tried again."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def done(self, step_id: str) -> bool:
        """Whether the step came to an end and its proof did not fail."""
        return self._finished(step_id) != ""

    def soaked(self, soak_id: str, target: str) -> bool:
        """Whether a soak ended after everything that was moved to the slot."""
        ended = self._finished(soak_id)
        return ended != "" and all(ended >= record.finished for record in self._moves(target))

    def moved(self, target: str) -> bool:
        """Whether this run has moved anything to a slot."""
        return any(True for _ in self._moves(target))

    def resync_seconds(self, label: str) -> float:
        """How long the workspace's resync took in this run, proof included; an assumption before there was one."""
        records = (self._progress.last(f"{steps.RESYNC}{again}:{label}:{slot}") for again in ("-again", "") for slot in
                   ("key1", "key2"))  # fmt: skip
        times = [_seconds(record) for record in records if record is not None and record.finished and record.verdict]
        return max(times, default=_ASSUMED_SECONDS)

    def _finished(self, step_id: str) -> str:
        record = self._progress.last(step_id)
        ended = record is not None and record.verdict is not Verdict.FAILED
        return record.finished if record is not None and ended else ""

    def _moves(self, target: str) -> list[StepRecord]:
        return [
            record
            for record in self._progress.records
            if record.finished and record.id.startswith(_MOVING) and record.id.endswith(f":{target}")
        ]


def _seconds(record: StepRecord) -> float:
    begun, ended = datetime.fromisoformat(record.started), datetime.fromisoformat(record.finished)
    return max((ended - begun).total_seconds(), 1.0)

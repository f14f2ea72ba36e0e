"""What an action compares the present with: the last run of its own on the same target that reached its goal."""

from __future__ import annotations

from typing import Any, Protocol, runtime_checkable

from actions.guard.history import RunHistory
from actions.guard.journal import Journal
from actions.guard.model import Mode, RunState


@runtime_checkable
class LooksBack(Protocol):
    """An action whose inspection compares with what an earlier run left."""

    name: str

    def past_options(self, run: RunHistory) -> dict[str, Any]:
        """Give the options that compare with a finished run; empty where that run is nothing to compare with."""
        ...


def past_options_of(action: LooksBack, journal: Journal, target: str) -> dict[str, Any]:
    """Give the options from the newest finished live run of the action on a target; empty where there is none."""
    for summary in journal.runs():
        same = summary.action == action.name and summary.target.rstrip("/").casefold() == target.rstrip("/").casefold()
        if same and summary.mode is Mode.LIVE and summary.state is RunState.DONE:
            options = action.past_options(journal.run(summary.id))
            if options:
                return options
    return {}

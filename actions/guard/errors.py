"""Why a guarded action was refused or broken off: one sentence for the operator and the process's exit code."""

from __future__ import annotations


class GuardError(Exception):
    """Base of every refusal; `sentence` may be shown as it is, `exit` is the command line's exit code."""

    exit = 1

    def __init__(self, sentence: str) -> None:
        super().__init__(sentence)
        self.sentence = sentence


class UsageError(GuardError):
    """An option, an action's name or a run's name that means nothing."""

    exit = 2


class JournalError(GuardError):
    """The journal cannot be opened, read or written: nothing is sent to Azure from here on."""


class NotArmed(GuardError):
    """The session's mode does not let this run start."""

    exit = 4


class ConfirmationError(GuardError):
    """The confirmation is missing or names something else."""

    exit = 4


class NotReady(GuardError):
    """The plan is blocked or waits for a decision; no flag lifts the first."""

    exit = 4


class PlanFileError(GuardError):
    """A plan file that cannot be read, was edited, or is no plan."""

    exit = 2


class StalePlan(GuardError):
    """The plan no longer fits what is there; `differences` names each point."""

    exit = 4

    def __init__(self, sentence: str, differences: tuple[str, ...]) -> None:
        super().__init__(sentence)
        self.differences = differences


class LeaseHeld(GuardError):
    """Another run works on the resource; the sentence names it and how the lease is broken."""

    exit = 4


class LeaseLost(GuardError):
    """Somebody took this run over or broke its lease: this process may not send anything more."""

    exit = 6


class NotPermitted(GuardError):
    """The signed-in user lacks a permission that a step needs; the sentence lists them with roles that grant them."""

    exit = 5

"""The one contract that every guarded action fulfils."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, runtime_checkable

import msgspec

from actions.cloud.data import ResourceId
from actions.cloud.protocol import Cloud
from actions.guard.model import Finding, Progress, Proof, Risk, Step, Steps
from actions.guard.secret import Secret


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of an action's options: what the operator may choose, as given on the command line or in the console.

    Each field's name is the option's name with underscores (`--leaked` is `leaked`); defaults are the safe choice.
    """


class Inspection(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what an action read: secret-free, with the cloud's time and the findings."""

    target: str
    name: str
    as_of: str
    findings: tuple[Finding, ...] = ()


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what must hold in the end; `text` says it in one sentence. Survives a restart, holds no secret."""

    text: str


class Table(msgspec.Struct, frozen=True, kw_only=True):
    """One table of a description: every cell is plain text; `state` grades each row for its symbol and colour."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    states: tuple[str, ...] = ()


class Description(msgspec.Struct, frozen=True, kw_only=True):
    """An inspection told to people: facts as (label, value) and tables, in the order to read them."""

    facts: tuple[tuple[str, str], ...] = ()
    tables: tuple[Table, ...] = ()


class Deed(msgspec.Struct, frozen=True, kw_only=True):
    """One step that an earlier live run carried out: when it was proven, in which run, with what arguments."""

    run: str
    at: str
    kind: str
    arguments: dict[str, str]


Past = Callable[[str, str], tuple[Deed, ...]]
"""What earlier runs of an action did to a resource, oldest first, as our own journal tells: (action, resource id)."""


def no_past(_action: str, _resource: str) -> tuple[Deed, ...]:
    """Remember nothing: where there is no journal."""
    return ()


@runtime_checkable
class Recalls(Protocol):
    """An action whose inspection also tells what our own journal knows; no plan may depend on it but through a goal."""

    def recall(self, past: Past) -> None:
        """Take the way to ask."""
        ...


@runtime_checkable
class KnowsHolders(Protocol):
    """An action whose inspection tells which slot each holder of a key is on."""

    def holding(self, inspection: Any) -> dict[str, str]:
        """Give the slot by the holder's resource id: `stale` for a dead key, `expired` for a SAS that has ended, `none`
        where there is no key."""
        ...


@runtime_checkable
class HandsOver(Protocol):
    """An action with waits for a person who hands something over."""

    async def brief(self, step: Step, cloud: Cloud, since: str) -> tuple[str, ...]:
        """Tell what the person needs to know (secret reads); what happened since the wait began comes last."""
        ...

    async def fares(self, step: Step, cloud: Cloud, since: str) -> str:
        """Tell that last line alone, which reads no secret and so can be read again and again."""
        ...

    async def secret_of(self, step: Step, cloud: Cloud) -> Secret:
        """Read the secret that is handed over (secret read), for the one screen that may show it."""
        ...


OptionsT = TypeVar("OptionsT", bound=Options)
InspectionT = TypeVar("InspectionT", bound=Inspection)
GoalT = TypeVar("GoalT", bound=Goal)


@dataclass
class Hand:
    """What a step works with while it runs: the cloud, the run's decisions, and secrets kept in memory only.

    `secrets` holds values that proofs need (the old key that must be dead); it is empty again after a restart, and a
    proof that misses one says `not-verifiable`. `say` reports progress to whoever watches.
    """

    cloud: Cloud
    secrets: dict[str, Secret] = field(default_factory=dict)
    say: Callable[[str], None] = lambda _text: None


class Action(Protocol[OptionsT, InspectionT, GoalT]):
    """A guarded action; `plan` is pure, the others only read, `do` changes under the engine's permit."""

    name: str
    title: str
    summary: str
    target_kind: str
    secret_reads: str
    """Which secrets it reads and what for, in a sentence for people; empty: none, and the gate lets none be read."""
    options: type[OptionsT]
    inspection: type[InspectionT]
    goal_type: type[GoalT]

    async def inspect(
        self,
        cloud: Cloud,
        target: ResourceId,
        options: OptionsT,
        *,
        last: InspectionT | None = None,
        step: Step | None = None,
    ) -> InspectionT:
        """Read the present state; with `last` and `step` only what that step depends on needs to be read anew."""
        ...

    def goal(self, inspection: InspectionT, options: OptionsT) -> GoalT:
        """Freeze what must hold in the end, from the state found at the start."""
        ...

    def plan(self, goal: GoalT, inspection: InspectionT, decided: dict[str, str], progress: Progress) -> Steps:
        """Give the steps that remain from whatever state was found; the same inputs give the same steps."""
        ...

    async def do(self, step: Step, hand: Hand) -> dict[str, str]:
        """Make the step's one change and return its evidence (status, request id, fingerprints)."""
        ...

    async def prove(self, step: Step, hand: Hand) -> Proof:
        """Verify by reading that the step took effect."""
        ...

    def confirmation(self, inspection: InspectionT, risk: Risk) -> tuple[str, str]:
        """Return (name, slot) that the operator types; the slot only for irreversible plans."""
        ...

    def describe(self, inspection: InspectionT) -> Description:
        """Give the inspection as facts and tables, the same for screens, command line and reports."""
        ...

"""The way to the goal while it is laid: the steps so far, and where each holder will be after them."""

from __future__ import annotations

from actions.guard.model import Decision, Gap, Outcome, Step
from actions.storage_keys import steps
from actions.storage_keys.past import Past
from actions.storage_keys.state import (
    SLOTS,
    Held,
    Holder,
    HolderKind,
    StorageKeysGoal,
    StorageKeysInspection,
    Workspace,
    other,
)


class Way:
    """Collects steps, questions and announced gaps, and foresees their effect on the holders."""

    def __init__(
        self, goal: StorageKeysGoal, found: StorageKeysInspection, decided: dict[str, str], past: Past
    ) -> None:
        self.goal, self.found, self.decided, self.past = goal, found, decided, past
        self.held: dict[str, Held] = {holder.id: holder.holds for holder in found.holders}
        self.steps: list[Step] = []
        self.decisions: list[Decision] = []
        self.gaps: list[Gap] = []
        self.remarks: list[str] = []
        self.stuck: list[str] = []
        self.left: set[str] = set()
        self.urgent = False
        """Whether somebody is without a key right now: then no question comes first."""
        self._contingent: dict[str, Step] = {}

    @property
    def contingent(self) -> tuple[Step, ...]:
        """The steps that are taken only when Azure behaves as their title says; none that is taken anyway."""
        sure = {step.id for step in self.steps}
        return tuple(step for step_id, step in self._contingent.items() if step_id not in sure)

    @property
    def rest(self) -> list[str]:
        """The slots that are still to be replaced, in order."""
        return [slot for slot in self.goal.slots if slot not in self.left and not self.replaced(slot)]

    @property
    def final_home(self) -> str:
        """The slot that holders are on in the end; the usual one where no slot is to be replaced."""
        if self.goal.slots:
            return other(self.goal.slots[-1])
        return max(SLOTS, key=lambda slot: sum(holder.holds == slot for holder in self.found.holders))

    def replaced(self, slot: str) -> bool:
        """Whether the slot's key is another one than at the start."""
        state = self.found.account.slot(slot)
        return state is not None and state.fingerprint != self.goal.old[slot]

    def home(self, *, after: str = "") -> str:
        """The slot where holders are safe for the rest of the run, once `after` is replaced too."""
        left = self.rest[self.rest.index(after) + 1 :] if after in self.rest else self.rest
        return other(left[0]) if left else self.final_home

    def on(self, held: str, kind: HolderKind) -> list[Holder]:
        """The holders of a kind that hold this by now, in the inspection's order."""
        return [holder for holder in self.found.holders if holder.kind == kind and self.held[holder.id] == held]

    def silent(self) -> list[Holder]:
        """The workspaces that work with a key but do not tell which."""
        return [item for item in self.on("unknown", "workspace") if not self.workspace(item).keyless]

    def workspace(self, holder: Holder) -> Workspace:
        """The workspace of a holder."""
        found = self.found.workspace(holder.workspace)
        return found or Workspace(id=holder.workspace, label=holder.label.partition("/")[0])

    def broken(self, holder: Holder) -> bool:
        """Whether the holder had no working key when the run began."""
        return holder.id in self.goal.broken

    def movable(self, holder: Holder) -> bool:
        """Whether this action may give the holder another key."""
        if holder.kind == "connection":
            return False
        return holder.credential != "Sas" or self.goal.reissue_sas

    def add(self, step: Step, *holders: Holder, to: str = "") -> None:
        """Lay a step after which the holders are on the slot `to`."""
        self.steps.append(step)
        self.foresee(*holders, to=to)

    def foresee(self, *holders: Holder, to: str) -> None:
        """Take the holders to be on a slot from here on."""
        for holder in holders:
            self.held[holder.id] = "key1" if to == "key1" else "key2"

    def allow(self, *allowed: Step) -> None:
        """Have steps approved that are taken only if Azure makes them necessary."""
        for step in allowed:
            self._contingent.setdefault(step.id, step)

    def move(self, holder: Holder, slot: str) -> Step:
        """Make the step that moves a datastore: the first of its tries that is not done, or else the last."""
        tries = self.moves(holder, slot)
        return next((step for step in tries if not self.past.done(step.id)), tries[-1])

    def moves(self, holder: Holder, slot: str) -> tuple[Step, ...]:
        """Make all tries of moving a datastore."""
        hours, account = self.goal.sas_hours, self.found.account
        return tuple(steps.move(account, holder, slot, nth=nth, sas_hours=hours) for nth in steps.MOVES)

    def ask(self, decision: Decision) -> None:
        """Put a question, once."""
        if all(decision.id != asked.id for asked in self.decisions):
            self.decisions.append(decision)

    def outcome(self) -> Outcome:
        """Grade the way: a question comes before the steps that depend on its answer."""
        if self.urgent:
            return Outcome.READY
        if self.stuck:
            return Outcome.BLOCKED
        if self.decisions:
            return Outcome.NEEDS_DECISION
        return Outcome.READY if self.steps else Outcome.NO_CHANGES

    def summary(self) -> str:
        """Say in one sentence what the way comes to."""
        if self.urgent:
            return f"{self.steps[0].title}; then the rest."
        if self.stuck:
            return f"Blocked: {self.stuck[0]}"
        if self.decisions:
            return self.decisions[0].question
        if not self.steps:
            return " ".join(self.remarks) or f"It holds: {self.goal.text}."
        text = ", ".join(self._parts())
        return f"{text[:1].upper()}{text[1:]}; {self._losses()}."

    def _losses(self) -> str:
        """Say who is to lose access, for how long or for good."""
        short = ", ".join(dict.fromkeys(gap.holder for gap in self.gaps if gap.closes))
        long = ", ".join(dict.fromkeys(gap.holder for gap in self.gaps if not gap.closes))
        parts = [f"announced gap for {short}"] if short else ["no gap for any holder listed"] if long else ["no gap"]
        return "; ".join([*parts, *([f"{long} may lose access"] if long else [])])

    def _parts(self) -> list[str]:
        slots = [step.arguments["slot"] for step in self.steps if step.kind == steps.REGENERATE]
        moves = len({step.subject for step in self.steps if step.kind == steps.MOVE})
        resyncs = len({step.subject for step in self.steps if step.kind in (steps.RESYNC, steps.RECOVER)})
        waits = sum(step.wait is not None for step in self.steps)
        return [
            *([f"replace {' then '.join(slots)} of {self.goal.name}"] if slots else []),
            *([f"move {moves} datastore{'s' * (moves != 1)}"] if moves else []),
            *([f"resync {resyncs} workspace{'s' * (resyncs != 1)}"] if resyncs else []),
            *([f"wait {waits} time{'s' * (waits != 1)}"] if waits else []),
        ]

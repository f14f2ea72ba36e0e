"""From the endpoints found to the steps that remain: pure, so that the same state always gives the same plan."""

from __future__ import annotations

from actions.endpoint_keys import steps
from actions.endpoint_keys.state import (
    PLACE,
    Endpoint,
    EndpointKeysGoal,
    EndpointKeysInspection,
    EndpointKeysOptions,
    Item,
    Slot,
    other,
)
from actions.guard.model import Choice, Decision, Gap, Outcome, Progress, Step, Steps
from actions.guard.text import many

ALL, WHICH = "all", "which"
MOST = 8
"""Endpoints that a question may list: a screen answers it with one digit."""


def clients_id(key: str) -> str:
    """The decision about the key that an endpoint's clients use now."""
    return f"clients:{key}"


def goal_of(found: EndpointKeysInspection, options: EndpointKeysOptions) -> EndpointKeysGoal:
    """Freeze the keys as they are now, and the operator's choices."""
    items = tuple(_item(endpoint) for endpoint in found.candidates if endpoint.rotates)
    names = ", ".join(item.name for item in items) if found.chosen or len(items) == 1 else "the endpoints decided on"
    what = f"the {' and '.join(options.slots)} key{'s' * (len(options.slots) > 1)} of {names}"
    told = "Primary before any client is told" if options.primary_first else "no key before its clients have another"
    return EndpointKeysGoal(
        text=f"{what} in workspace {found.name} replaced, {told}", workspace=found.workspace, name=found.name,
        items=items, named=bool(found.chosen), slots=options.slots, primary_first=options.primary_first,
        probe=options.probe, publish_days=options.publish_days, vault=found.vault, refused=_refused(found, options),
    )  # fmt: skip


def _item(endpoint: Endpoint) -> Item:
    return Item(
        id=endpoint.id, key=endpoint.key, name=endpoint.name, kind=endpoint.kind, primary=endpoint.primary,
        secondary=endpoint.secondary, scoring=endpoint.scoring, handed=endpoint.handed,
    )  # fmt: skip


def _refused(found: EndpointKeysInspection, options: EndpointKeysOptions) -> tuple[str, ...]:
    """Why what was asked for cannot be done at all."""
    reasons = [f"There is no endpoint {name} in workspace {found.name}." for name in found.unknown]
    for endpoint in found.candidates:
        if found.chosen and not endpoint.rotates:
            reasons.append(f"The keys of {endpoint.name} are not rotated here: {endpoint.why}.")
        elif found.chosen and endpoint.problem:
            reasons.append(f"The keys of {endpoint.name} cannot be read: {endpoint.problem}.")
        elif found.chosen and endpoint.state.casefold() != "succeeded":
            reasons.append(f"{endpoint.name} is being changed or broken (state {endpoint.state}); try again later.")
    vault = found.vault
    if vault is not None and vault.problem:
        reasons.append(f"The vault {vault.name} cannot take the key: {vault.problem}.")
    if vault is not None and len(found.candidates) > 1 and PLACE not in vault.secret:
        reasons.append(f"Several endpoints need a secret each: write {PLACE} in the secret's name.")
    return tuple(reasons)


def plan_of(
    goal: EndpointKeysGoal, found: EndpointKeysInspection, decided: dict[str, str], progress: Progress
) -> Steps:
    """Give what remains, endpoint after endpoint; a question comes before the steps that depend on its answer."""
    if goal.refused:
        return Steps(outcome=Outcome.BLOCKED, summary="this rotation is not possible", reasons=goal.refused)
    items = _items(goal, decided)
    if not goal.items:
        summary = f"none of the endpoints of {goal.name} has keys that are rotated here"
        return Steps(outcome=Outcome.NO_CHANGES, summary=summary)
    if not items and len(goal.items) > MOST:
        reason = f"{len(goal.items)} endpoints of {goal.name} have keys. Name those to rotate: --endpoint NAME, once for each."
        return Steps(outcome=Outcome.BLOCKED, summary="too many to choose from", reasons=(reason,))
    if not items:
        return Steps(outcome=Outcome.NEEDS_DECISION, summary=_which(goal).question, decisions=(_which(goal),))
    leases = tuple(item.id for item in items)
    if unseen := tuple(reason for item in items if (reason := _unseen(item, found))):
        return Steps(outcome=Outcome.BLOCKED, summary="keys cannot be seen", reasons=unseen, leases=leases)
    questions = tuple(_clients(item) for item in items if _asks(item, goal) and clients_id(item.key) not in decided)
    if questions:
        summary = questions[0].question
        return Steps(outcome=Outcome.NEEDS_DECISION, summary=summary, decisions=questions, leases=leases)
    ways = [Way(goal, item, found, decided, progress) for item in items]
    remaining = tuple(step for way in ways for step in way.steps())
    gaps = tuple(gap for way in ways for gap in way.gaps())
    if not remaining:
        return Steps(outcome=Outcome.NO_CHANGES, summary=f"It holds: {goal.text}.", leases=leases)
    told = f"{many(len(remaining), 'step')} on {', '.join(item.name for item in items)}"
    told += (
        "; the clients of Primary are cut off until they have the new key"
        if gaps
        else "; no gap for clients that follow"
    )
    return Steps(outcome=Outcome.READY, summary=told, steps=remaining, gaps=gaps, leases=leases)


def _items(goal: EndpointKeysGoal, decided: dict[str, str]) -> tuple[Item, ...]:
    """The endpoints to rotate; none while it has to be asked which."""
    if goal.named or len(goal.items) == 1:
        return goal.items
    chosen = decided.get(WHICH, "")
    return tuple(item for item in goal.items if chosen in (ALL, item.key))


def _which(goal: EndpointKeysGoal) -> Decision:
    names = [Choice(id=item.key, sentence=f"only {item.name}") for item in goal.items]
    every = Choice(id=ALL, sentence="all of them, one after the other, stopping at the first failure")
    question = f"{len(goal.items)} endpoints of {goal.name} have keys. Which are to be rotated?"
    return Decision(id=WHICH, question=question, choices=(*names, every))


def _asks(item: Item, goal: EndpointKeysGoal) -> bool:
    """Whether our own last rotation moved the clients away from Primary, so that Secondary is not idle."""
    return item.handed == "Secondary" and not goal.primary_first


def _clients(item: Item) -> Decision:
    return Decision(
        id=clients_id(item.key),
        question=f"The last rotation moved the clients of {item.name} to its Secondary key. Which key do they use now?",
        choices=(
            Choice(id="Secondary", sentence="still Secondary: Primary is replaced first, then they are moved to it"),
            Choice(id="Primary", sentence="Primary again: Secondary is replaced first"),
        ),
    )


def _unseen(item: Item, found: EndpointKeysInspection) -> str:
    endpoint = found.endpoint(item.key)
    if endpoint is None:
        return f"{item.name} is not listed any more. If it was deleted, make a new plan."
    if endpoint.problem or not (endpoint.primary and endpoint.secondary):
        return f"The keys of {item.name} cannot be read: {endpoint.problem or 'Azure answers none'}."
    if endpoint.state.casefold() != "succeeded":
        return f"{item.name} is being changed or broken (state {endpoint.state}); try again later."
    return ""


class Way:
    """The way of one endpoint: the idle key, its publication, the hand-over, the key that was in use."""

    def __init__(
        self,
        goal: EndpointKeysGoal,
        item: Item,
        found: EndpointKeysInspection,
        decided: dict[str, str],
        progress: Progress,
    ) -> None:
        self.goal, self.item, self.progress = goal, item, progress
        self.endpoint = found.endpoint(item.key)
        self.in_use: Slot = "Secondary" if decided.get(clients_id(item.key)) == "Secondary" else "Primary"
        self.forced = goal.primary_first and self.in_use == "Primary" and "Primary" in goal.slots

    @property
    def order(self) -> tuple[Slot, ...]:
        """The slots in the order of their replacement: the idle one first, unless the operator insists."""
        if self.forced:
            return tuple(sorted(self.goal.slots))
        idle = other(self.in_use)
        return tuple(sorted(self.goal.slots, key=lambda slot: slot != idle))

    def steps(self) -> list[Step]:
        """What remains to be done."""
        found: list[Step] = []
        for index, slot in enumerate(self.order):
            if self._hands_over(index, slot):
                found += [*self._publish(other(slot)), *self._wait(slot)]
            if not self._replaced(slot):
                forced = self.forced and index == 0
                in_use = slot == self.in_use or index > 0
                found.append(steps.regenerate(self.item, slot, first=index == 0, in_use=in_use, forced=forced))
            if self.goal.probe and not self._done(steps.probe(self.item, slot).id):
                found.append(steps.probe(self.item, slot))
        if len(self.order) == 1 and not self._hands_over(0, self.order[0]):
            found += self._publish(self.order[0])
        return found

    def gaps(self) -> list[Gap]:
        """Who is cut off without having been told."""
        if not self.forced or self._replaced("Primary"):
            return []
        step = steps.regenerate(self.item, "Primary", first=True, in_use=True, forced=True)
        holder = f"clients of {self.item.name} with its Primary key"
        reason = "Primary is replaced before they were told; each is cut off until it has the new key"
        return [Gap(holder=holder, opens=step.id, closes="", seconds=0, reason=reason)]

    def _hands_over(self, index: int, slot: Slot) -> bool:
        """Whether clients must have left a slot before it dies."""
        return index > 0 or (slot == self.in_use and not self.forced)

    def _wait(self, dies: Slot) -> list[Step]:
        step = steps.hand_over(self.item, dies, self.goal.vault)
        return [] if self._replaced(dies) or self._done(step.id) else [step]

    def _publish(self, slot: Slot) -> list[Step]:
        vault, endpoint = self.goal.vault, self.endpoint
        if vault is None or endpoint is None:
            return []
        step = steps.publish(self.item, slot, vault, self.goal.publish_days)
        if endpoint.secret_problem:
            return [] if self._done(step.id) else [step]
        awaited = slot in self.goal.slots and not self._replaced(slot)
        return [step] if awaited or endpoint.published != endpoint.fingerprint(slot) else []

    def _replaced(self, slot: Slot) -> bool:
        return self.endpoint is not None and self.endpoint.fingerprint(slot) != self.item.old(slot)

    def _done(self, step_id: str) -> bool:
        return self.progress.finished(step_id)

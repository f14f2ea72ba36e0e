"""One slot freed and replaced: everything on it moves to the other one, then nobody may be left, then it dies."""

from __future__ import annotations

from actions.guard.model import Gap, Step
from actions.storage_keys import asking, steps
from actions.storage_keys.state import OUTSIDE, Holder, other
from actions.storage_keys.way import Way


class Replacing:
    """Lays the way that replaces one slot; what the run has done already is left out."""

    def __init__(self, way: Way, slot: str) -> None:
        self.way, self.slot, self.target = way, slot, other(slot)
        self.final = slot == way.rest[-1]
        self.account = way.found.account
        self._laid = len(way.steps)
        self._insisting: list[Holder] = []
        self._accepted: list[Holder] = []

    def lay(self) -> bool:
        """Lay it; tell whether what follows can be foreseen (not when a question must be answered first)."""
        if any(self._fixed_answer(holder) == asking.LEAVE for holder in self._fixed()):
            return self._leave("as decided")
        self._ask_beforehand()
        self._move_user_datastores()
        again = self._resync()
        self._move_system_datastores()
        self._resync_again(again)
        self._settle_fixed()
        if self._insisting:
            answer = self._settle_insisting()
            if answer == asking.LEAVE:
                names = ", ".join(holder.label for holder in self._insisting)
                return self._leave(f"{names} insists on it, and it was decided to leave it")
            if answer != asking.ACCEPT_GAP:
                return False
        self._settle_outside()
        self._soak()
        self._regenerate()
        return True

    # --- freeing ---------------------------------------------------------------------------------

    def _leaving(self) -> list[Holder]:
        """The datastores to move; with the last slot also those whose key was dead from the start."""
        way = self.way
        found = way.on(self.slot, "datastore")
        if self.final and not way.goal.leaked:
            found += [holder for holder in way.on("neither", "datastore") if way.broken(holder)]
        return [holder for holder in found if way.movable(holder)]

    def _move_user_datastores(self) -> None:
        for holder in self._leaving():
            if not holder.system:
                self._move(holder)

    def _move_system_datastores(self) -> None:
        for holder in self._leaving():
            if holder.system:
                self._move(holder)

    def _move(self, holder: Holder) -> None:
        """Move a datastore; one that keeps coming back is carried by its workspace, or stops the run."""
        way = self.way
        step = way.move(holder, self.target)
        if not way.past.done(step.id):
            way.add(step, holder, to=self.target)
        elif holder.system and any(item.workspace == holder.workspace for item in self._insisting):
            way.remarks.append(f"{holder.label} returns to {self.slot} with its workspace.")
        elif way.broken(holder):
            way.remarks.append(f"{holder.label} still has no working key.")
        else:
            way.stuck.append(
                f"{holder.label} went back to {self.slot} after it was moved three times: something else writes it. "
                "Find and stop that first."
            )

    def _resync(self) -> list[Holder]:
        """Resync each workspace on the slot for the first time; return those that need the second resync."""
        way = self.way
        broken = [holder for holder in way.on("neither", "workspace") if way.broken(holder)] if self.final else []
        second: list[Holder] = []
        for holder in [*way.on(self.slot, "workspace"), *broken]:
            workspace = way.workspace(holder)
            first = steps.resync(workspace, self.account, self.target)
            if not way.past.done(first.id):
                way.add(first, holder, to=self.target)
                self._foresee_systems(holder)
                self._allow_gap(holder)
                way.allow(steps.resync(workspace, self.account, self.target, again=True))
            elif not way.past.done(steps.resync(workspace, self.account, self.target, again=True).id):
                second.append(holder)
            else:
                self._insisting.append(holder)
        for holder in way.silent():
            step = steps.resync(way.workspace(holder), self.account, self.target)
            if not way.past.done(step.id):
                way.add(step)
        return second

    def _resync_again(self, holders: list[Holder]) -> None:
        """Resync once more, the datastores being on the other slot now: a workspace may follow them."""
        way = self.way
        for holder in holders:
            step = steps.resync(way.workspace(holder), self.account, self.target, again=True)
            way.add(step, holder, to=self.target)
            self._foresee_systems(holder)
            self._allow_gap(holder)

    def _foresee_systems(self, workspace: Holder) -> None:
        """Expect a resync to move the workspace's system datastores, and have the moves approved if it does not."""
        way = self.way
        for holder in way.found.holders:
            if not (holder.system and holder.workspace == workspace.workspace and way.movable(holder)):
                continue
            way.allow(*way.moves(holder, self.target))
            mended = self.final and not way.goal.leaked and way.held[holder.id] == "neither" and way.broken(holder)
            if mended or way.held[holder.id] == self.slot:
                way.foresee(holder, to=self.target)

    # --- workspaces that insist ------------------------------------------------------------------

    def _answer(self, holder: Holder) -> str:
        """What was decided about a workspace that keeps the slot; one that works without keys needs no question."""
        if self.way.workspace(holder).keyless:
            return asking.ACCEPT_GAP
        given = self.way.decided.get(asking.insists_id(holder.label)) or self.way.goal.on_insist
        return "" if given == "ask" else given

    def _allow_gap(self, holder: Holder) -> None:
        """Announce beforehand what was decided beforehand for the case that the workspace keeps the slot."""
        way, answer = self.way, self._answer(holder)
        workspace = way.workspace(holder)
        if answer == asking.WAIT:
            way.allow(*steps.await_sync(workspace, self.target))
        if answer != asking.ACCEPT_GAP:
            return
        way.allow(steps.recover(workspace, self.account, self.slot))
        self._allow_system_moves(holder)
        if not workspace.keyless:
            way.allow(self._regenerate_step(gap=True), self._prove_dead())
            self._announce(holder, "if it keeps the slot when it is resynced")

    def _allow_system_moves(self, workspace: Holder) -> None:
        """Have the moves approved that give system datastores a key again after their workspace's gap."""
        way = self.way
        home = way.home(after=self.slot)
        for item in way.found.holders:
            if item.system and item.workspace == workspace.workspace and way.movable(item):
                way.allow(*way.moves(item, home))

    def _settle_insisting(self) -> str:
        """Follow the answers; empty while one is open, whose question waits until nothing else is left to do."""
        way, ready = self.way, len(self.way.steps) == self._laid
        for holder in self._insisting:
            answer = self._answer(holder)
            all_looks = steps.await_sync(way.workspace(holder), self.target)
            looks = [step for step in all_looks if not way.past.done(step.id)]
            if answer == asking.LEAVE:
                return asking.LEAVE
            if answer == asking.ACCEPT_GAP:
                self._accepted.append(holder)
            elif answer == asking.WAIT and looks:
                for step in looks:
                    way.add(step)
            elif ready:
                seconds = way.past.resync_seconds(holder.label)
                way.ask(asking.insists(holder.label, self.slot, seconds, waited=not looks))
        if len(self._accepted) < len(self._insisting):
            return ""
        for holder in self._accepted:
            if not way.workspace(holder).keyless:
                self._announce(holder, "it keeps the slot however often it is resynced")
        return asking.ACCEPT_GAP

    def _announce(self, holder: Holder, why: str) -> None:
        way = self.way
        seconds = way.past.resync_seconds(holder.label)
        names = [holder.label]
        names += [
            item.label
            for item in way.found.holders
            if item.system and item.workspace == holder.workspace and way.held[item.id] == self.slot
        ]
        for name in names:
            gap = Gap(
                holder=name, opens=self._regenerate_step(gap=True).id, closes=steps.recover_id(holder.label, self.slot),
                seconds=seconds, reason=f"{holder.label}: {why}; up to an hour if the resync after it does not take",
            )  # fmt: skip
            if all((gap.holder, gap.opens) != (known.holder, known.opens) for known in way.gaps):
                way.gaps.append(gap)

    # --- holders that we cannot move -------------------------------------------------------------

    def _fixed(self) -> list[Holder]:
        on = [*self.way.on(self.slot, "connection"), *self.way.on(self.slot, "datastore")]
        return [holder for holder in on if not self.way.movable(holder)]

    def _fixed_answer(self, holder: Holder) -> str:
        return self.way.decided.get(asking.fixed_id(holder), "")

    def _ask_beforehand(self) -> None:
        """Ask about connections and untouched SAS on the slot, and about clients that only the metrics show."""
        way = self.way
        for holder in self._fixed():
            if not self._fixed_answer(holder):
                way.ask(asking.fixed(holder, self.slot))
        if way.goal.outside and not self._outside_answer():
            way.ask(asking.external(way.found))

    def _settle_fixed(self) -> None:
        """Follow the answers about holders that we do not write."""
        way = self.way
        for holder in self._fixed():
            answer, step = self._fixed_answer(holder), steps.hand_over(self.account, holder, self.target)
            if answer == asking.ACCEPT:
                self._announce_end(holder.label, "it was decided that it fails until somebody gives it the new key")
            elif answer == asking.HAND_OVER and not way.past.done(step.id):
                way.add(step, holder, to=self.target)
            elif answer == asking.HAND_OVER:
                way.stuck.append(
                    f"{holder.label} was said to be moved, but it still holds {self.slot}. "
                    f"Move it to {self.target} and resume, or decide otherwise."
                )

    def _outside_answer(self) -> str:
        given = self.way.decided.get(asking.EXTERNAL) or self.way.goal.external
        return "" if given == "ask" else given

    def _settle_outside(self) -> None:
        """Follow the answer about requests that somebody else may have signed."""
        way, answer = self.way, self._outside_answer()
        if not way.goal.outside:
            return
        if answer == asking.ACCEPT:
            self._announce_end(OUTSIDE, f"whoever of them uses {self.slot} fails until it is given the new key")
        elif answer == asking.HAND_OVER:
            step = steps.hand_over_outside(self.account, self.target)
            if not way.past.done(step.id):
                way.add(step)

    def _announce_end(self, holder: str, reason: str) -> None:
        opens = self._regenerate_step(gap=bool(self._accepted)).id
        self.way.gaps.append(Gap(holder=holder, opens=opens, closes="", seconds=0, reason=reason))

    # --- the end of the old key ------------------------------------------------------------------

    def _soak(self) -> None:
        way = self.way
        laid = any(step.kind in (steps.MOVE, steps.RESYNC, steps.HAND_OVER) for step in way.steps[self._laid :])
        if way.goal.leaked or not way.goal.soak or not (laid or way.past.moved(self.target)):
            return
        first = steps.soak(self.account, self.slot, way.goal.soak)
        second = steps.soak(self.account, self.slot, way.goal.soak, again=True)
        if not way.past.done(first.id):
            way.add(first)
            way.allow(second)
        elif laid or not any(way.past.soaked(step.id, self.target) for step in (first, second)):
            way.add(second)

    def _regenerate_step(self, *, gap: bool) -> Step:
        return steps.regenerate(self.account, self.slot, self.way.goal.old[self.slot], gap=gap)

    def _prove_dead(self) -> Step:
        return steps.prove_dead(self.account, self.slot, self.way.goal.old[self.slot])

    def _regenerate(self) -> None:
        """Replace the slot, and at once resync whoever could not leave it."""
        way = self.way
        loud = [holder for holder in self._accepted if not way.workspace(holder).keyless]
        way.add(self._regenerate_step(gap=bool(loud)))
        for holder in self._accepted:
            way.add(steps.recover(way.workspace(holder), self.account, self.slot), holder, to=self.slot)
            self._allow_system_moves(holder)
        if loud:
            way.add(self._prove_dead())
            way.allow(self._regenerate_step(gap=False))
        for holder in way.silent():
            step = steps.refresh(way.workspace(holder), self.account, self.slot)
            way.add(step)
            gap = Gap(
                holder=holder.label,
                opens=self._regenerate_step(gap=bool(loud)).id,
                closes=step.id,
                seconds=way.past.resync_seconds(holder.label),
                reason=f"Azure does not tell which key {holder.label} holds; it may be {self.slot}",
            )
            way.gaps.append(gap)

    def _leave(self, why: str) -> bool:
        self.way.left.add(self.slot)
        self.way.remarks.append(f"{self.slot} is left as it is: {why}.")
        return True

"""From whatever state is found to both keys replaced: which steps remain, in an order that leaves nobody without a key.

A slot is replaced only once nothing is on it: holders are moved to the other slot, proven there, given time, and looked
at again. Which slot a workspace takes on a resync is documented nowhere, so it is found by trying, and asked about when
it does not leave the slot.
"""

from __future__ import annotations

from datetime import datetime

from actions.guard.model import Outcome, Progress, Steps
from actions.storage_keys import steps
from actions.storage_keys.past import Past
from actions.storage_keys.refusals import refusals, unseen
from actions.storage_keys.replacing import Replacing
from actions.storage_keys.state import (
    SLOTS,
    StorageKeysGoal,
    StorageKeysInspection,
    StorageKeysOptions,
    other,
)
from actions.storage_keys.way import Way

_KEYED = (*SLOTS, "neither", "unknown")
_DEAD = ("neither", "missing", "expired")


def goal(found: StorageKeysInspection, options: StorageKeysOptions) -> StorageKeysGoal:
    """Freeze which keys must change, in which order, and everything the operator chose."""
    slots = slots_to_replace(found, options)
    broken = tuple(holder.id for holder in found.holders if holder.holds in _DEAD)
    return StorageKeysGoal(
        text=_text(found, slots, options),
        account=found.account.id,
        name=found.account.name,
        slots=slots,
        old={slot.name: slot.fingerprint for slot in found.account.slots},
        since=found.as_of,
        outside=found.traffic.seen or bool(found.unlisted),
        unlisted=found.unlisted,
        holders={item.label: item.id for item in found.holders if item.kind != "connection" and item.holds in _KEYED},
        broken=broken,
        leaked=options.leaked,
        soak=options.soak,
        on_insist=options.on_insist,
        external=options.external,
        reissue_sas=options.reissue_sas,
        sas_hours=options.sas_hours,
    )


def plan(wanted: StorageKeysGoal, found: StorageKeysInspection, decided: dict[str, str], progress: Progress) -> Steps:
    """Give the steps from what was found to the goal; pure."""
    reasons = refusals(found.account)
    leases = tuple(dict.fromkeys([found.account.id, *(item.id for item in found.workspaces)]))
    if reasons:
        return Steps(outcome=Outcome.BLOCKED, summary=f"Blocked: {reasons[0]}", reasons=reasons, leases=leases)
    way = Way(wanted, found, decided, Past(progress))
    _mend(way)
    reasons = unseen(wanted, found)
    if reasons and not way.urgent:
        return Steps(outcome=Outcome.BLOCKED, summary=f"Blocked: {reasons[0]}", reasons=reasons, leases=leases)
    if not reasons and all(Replacing(way, slot).lay() for slot in way.rest):
        _repair(way)
    return Steps(
        outcome=way.outcome(),
        summary=way.summary(),
        steps=tuple(way.steps),
        contingent=way.contingent,
        reasons=(*way.stuck, *way.remarks),
        decisions=tuple(way.decisions),
        gaps=tuple(way.gaps),
        leases=leases,
    )


def _mend(way: Way) -> None:
    """Before all else give a key to whoever lost it during the run: after a gap, or by somebody else's hand."""
    account, home = way.found.account, way.home()
    died = next((slot for slot in reversed(way.goal.slots) if way.replaced(slot)), other(home))
    lost = [item for kind in ("workspace", "datastore") for item in way.on("neither", kind) if not way.broken(item)]
    resynced = {holder.workspace for holder in lost if holder.kind == "workspace"}
    for holder in lost:
        if holder.kind == "workspace":
            way.add(steps.recover(way.workspace(holder), account, died), holder, to=home)
        elif holder.system and holder.workspace in resynced:
            way.allow(way.move(holder, home))
            way.foresee(holder, to=home)
        elif way.movable(holder):
            way.add(way.move(holder, home), holder, to=home)
    way.urgent = bool(way.steps)
    for slot in (slot for slot in way.goal.slots if way.replaced(slot)):
        for holder in way.silent():
            step = steps.refresh(way.workspace(holder), account, slot)
            if not way.past.done(step.id):
                way.add(step)
        opened = steps.regenerate(account, slot, way.goal.old[slot], gap=True)
        step = steps.prove_dead(account, slot, way.goal.old[slot])
        if way.past.done(opened.id) and not way.past.done(step.id):
            way.add(step)


def _repair(way: Way) -> None:
    """In the end give a key to those that had none from the start; nothing waits for them."""
    home, account = way.final_home, way.found.account
    for holder in way.on("neither", "workspace"):
        step = steps.resync(way.workspace(holder), account, home)
        if not way.past.done(step.id):
            way.add(step, holder, to=home)
    lost = way.on("missing", "datastore")
    way.remarks.extend(f"{item.label} has lost its SAS; store a new one." for item in lost if item.credential == "Sas")
    dead = [*way.on("neither", "datastore"), *(item for item in lost if item.credential != "Sas")]
    if way.goal.sas_hours:
        dead += way.on("expired", "datastore")
    for holder in [holder for holder in dead if way.movable(holder)]:
        step = way.move(holder, home)
        if way.past.done(step.id):
            way.remarks.append(f"{holder.label} still has no working key.")
        else:
            way.add(step, holder, to=home)


def slots_to_replace(found: StorageKeysInspection, options: StorageKeysOptions) -> tuple[str, ...]:
    """The slots to replace: first the one that is easiest to free."""
    chosen = options.leaked or options.only
    slots = [chosen] if chosen else sorted(SLOTS, key=lambda slot: _weight(found, slot))
    return tuple(slot for slot in slots if options.leaked or _old_enough(found, slot, options.older_than_days))


def _weight(found: StorageKeysInspection, slot: str) -> tuple[int, int, int, int]:
    """How hard a slot is to free: what we cannot move, then workspaces, then datastores; key1 is the usual one."""
    counts = [sum(item.kind == kind and item.holds == slot for item in found.holders)
              for kind in ("connection", "workspace", "datastore")]  # fmt: skip
    return counts[0], counts[1], counts[2], slot == SLOTS[0]


def _old_enough(found: StorageKeysInspection, slot: str, days: int) -> bool:
    state = found.account.slot(slot)
    if not days or state is None or not state.created:
        return True
    return (datetime.fromisoformat(found.as_of) - datetime.fromisoformat(state.created)).days >= days


def _text(found: StorageKeysInspection, slots: tuple[str, ...], options: StorageKeysOptions) -> str:
    name, holders = found.account.name, sum(item.holds != "identity" for item in found.holders)
    if not slots:
        return f"no key of {name} is older than {options.older_than_days} days"
    which = "both keys" if len(slots) == 2 else f"{slots[0]}"
    everyone = f"all {holders} holders" if holders != 1 else "its one holder"
    if options.leaked:
        return f"the leaked {slots[0]} of {name} replaced and proven dead; {everyone} on {other(slots[0])}"
    return f"{which} of {name} younger than this run; {everyone} on a live key"

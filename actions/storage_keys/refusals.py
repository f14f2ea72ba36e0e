"""Why keys must not be replaced here and now, whatever the operator wishes."""

from __future__ import annotations

from actions.storage_keys.state import SLOTS, Account, Holder, StorageKeysGoal, StorageKeysInspection


def unseen(goal: StorageKeysGoal, found: StorageKeysInspection) -> tuple[str, ...]:
    """Return who holds a key unseen: what is refused or has vanished must not look like what has moved away."""
    unreadable = [_unreadable(holder) for holder in found.holders if holder.holds == "unreadable"]
    news = [
        f"{name[:1].upper()}{name[1:]} can no longer be listed, so holders in it would be overlooked. Try again later."
        for name in found.unlisted
        if name not in goal.unlisted
    ]
    gone = [
        f"{label} held a key at the start and is not listed any more. If it was deleted, make a new plan."
        for label, place in goal.holders.items()
        if found.holder(place) is None
    ]
    return (*unreadable, *news, *gone)


def refusals(account: Account) -> tuple[str, ...]:
    """Return why the account's keys cannot be replaced at all, each reason with what lifts it."""
    if not account.exists:
        return (f"The storage account {account.name} does not exist, or you may not see it ({account.id}).",)
    locked = "forbids it: a ReadOnly lock stops listing and replacing keys."
    reasons = [f"The lock {lock} {locked}" for lock in account.locks]
    if account.problem:
        reasons.append(f"The keys of {account.name} cannot be read: {account.problem}")
    elif any(account.slot(slot) is None for slot in SLOTS):
        reasons.append(f"Azure does not list both keys of {account.name}.")
    if not account.shared_keys:
        reasons.append(
            f"Shared keys are disabled on {account.name}: no key works, so none is in danger and none can be proven. "
            "If holders listed here should work, switch them to identity-based access."
        )
    if account.state != "Succeeded":
        reasons.append(f"{account.name} is being changed (provisioning state {account.state}); try again later.")
    return tuple(reasons)


def _unreadable(holder: Holder) -> str:
    return (
        f"{holder.label} cannot be read and counts as a holder of both keys: {holder.reason} "
        "Get the permission, or mend or delete the holder."
    )

"""The questions that only an operator can answer, and what each answer leads to."""

from __future__ import annotations

from actions.guard.model import Choice, Decision
from actions.storage_keys.state import OUTSIDE, Holder, StorageKeysInspection, other

ACCEPT, HAND_OVER, LEAVE = "accept", "hand-over", "leave"
ACCEPT_GAP, WAIT = "accept-gap", "wait"
EXTERNAL = "external"


def insists_id(label: str) -> str:
    """The decision about a workspace that stays on a slot."""
    return f"insists:{label}"


def fixed_id(holder: Holder) -> str:
    """The decision about a holder that we do not write."""
    return f"{'sas' if holder.credential == 'Sas' and holder.kind == 'datastore' else 'connection'}:{holder.label}"


def insists(label: str, slot: str, seconds: float, *, waited: bool) -> Decision:
    """What to do with a workspace that twice kept the old slot on a resync."""
    wait = Choice(
        id=WAIT,
        sentence=f"give Azure ML's own hourly synchronisation 75 minutes to take {other(slot)}, then ask again",
    )
    return Decision(
        id=insists_id(label),
        question=f"{label} keeps {slot} however often it is resynced. What shall happen?",
        choices=(
            *(() if waited else (wait,)),
            Choice(
                id=ACCEPT_GAP,
                sentence=f"replace {slot} and resync {label} at once: its own copy is dead in between, about "
                f"{seconds:.0f} s, up to an hour if the resync does not take; choose a time without running jobs",
            ),
            Choice(
                id=LEAVE,
                sentence=f"leave {slot} as it is, finish the rest, and move {label} to identity-based datastores "
                "(systemDatastoresAuthMode identity), which need no key",
            ),
        ),
    )


def fixed(holder: Holder, slot: str) -> Decision:
    """What to do about a holder of the slot that amlkeys does not write."""
    what = "connection" if holder.kind == "connection" else "SAS of datastore"
    return Decision(
        id=fixed_id(holder),
        question=f"The {what} {holder.label} depends on {slot}, and amlkeys does not write it. What shall happen?",
        choices=(
            Choice(id=HAND_OVER, sentence=f"wait before {slot} dies until somebody has moved it to {other(slot)}"),
            Choice(id=ACCEPT, sentence="go on: it fails from then on, until somebody gives it the new key"),
            Choice(id=LEAVE, sentence=f"leave {slot} as it is"),
        ),
    )


def external(found: StorageKeysInspection) -> Decision:
    """What to do about requests signed with a key, whose sender and key the metrics do not tell."""
    traffic, name = found.traffic, found.account.name
    if traffic.account_key is None or traffic.sas is None:
        seen = f"The metrics of {name} cannot be read, so nobody knows who uses its keys"
    else:
        seen = (
            f"{name} answered {traffic.account_key:.0f} requests with an account key and {traffic.sas:.0f} with a SAS "
            "in the last day; Azure ML's own are among them, and the metric names neither client nor key"
        )
    if found.unlisted:
        seen += f"; what could not be listed may hold a key too: {', '.join(found.unlisted)}"
    return Decision(
        id=EXTERNAL,
        question=f"{seen}. May {OUTSIDE} lose access?",
        choices=(
            Choice(id=ACCEPT, sentence="go on: there are none, or they fail until they are given the new key"),
            Choice(id=HAND_OVER, sentence="wait before each key dies until somebody says that they use the other one"),
        ),
    )

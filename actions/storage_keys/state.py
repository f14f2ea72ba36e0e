"""What storage key rotation reads, wants and may be told: frozen, secret-free values."""

from __future__ import annotations

from typing import Literal

from actions.guard.contract import Goal, Inspection, Options
from actions.guard.model import Frozen

SLOTS = ("key1", "key2")
OUTSIDE = "clients outside Azure ML"
"""The name of all holders that Azure can count but not list."""

HolderKind = Literal["workspace", "datastore", "connection"]
Held = Literal["key1", "key2", "neither", "expired", "missing", "unreadable", "identity", "unknown"]
"""The slot a holder is on, found by fingerprint.

`neither`: its key is dead. `expired`: its SAS has ended, whatever the keys are. `missing`: its secret is gone from the
workspace's vault. `unreadable`: it must be counted as both slots. `identity`: it needs no account key. `unknown`:
Azure answers that there is no key to compare.
"""


def other(slot: str) -> str:
    """The other slot of the pair."""
    return SLOTS[1] if slot == SLOTS[0] else SLOTS[0]


class StorageKeysOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the operator may choose; the defaults rotate both keys and ask before anything loses access."""

    only: Literal["", "key1", "key2"] = ""
    """Replace this slot alone."""
    leaked: Literal["", "key1", "key2"] = ""
    """This key is known to others: it dies first, without a soak, and the other slot stays as it is."""
    soak: float = 3600.0
    """Seconds to wait after the last holder has moved, so that copies taken before are read anew."""
    on_insist: Literal["ask", "accept-gap", "wait", "leave"] = "ask"
    """What to do when a workspace goes on using the old slot after it was resynced."""
    external: Literal["ask", "accept"] = "ask"
    """Whether clients outside Azure ML, seen in the metrics only, may lose access."""
    reissue_sas: bool = True
    """Sign the shared access signatures in datastores anew with the other key."""
    sas_hours: float = 0.0
    """Validity of a SAS that is signed anew; 0 keeps the end that each one has."""
    older_than_days: int = 0
    """Replace only keys at least this old; 0 replaces a key of any age."""

    def __post_init__(self) -> None:
        if self.leaked and self.only not in ("", self.leaked):
            message = f"only={self.only} and leaked={self.leaked} contradict each other: a leaked key is replaced first"
            raise ValueError(message)
        if min(self.soak, self.sas_hours, self.older_than_days) < 0:
            message = "soak, sas_hours and older_than_days cannot be negative"
            raise ValueError(message)


class SlotState(Frozen, frozen=True, kw_only=True):
    """One slot of the account; `created` is ISO 8601 UTC, empty where Azure never recorded it (before 2021)."""

    name: str
    fingerprint: str
    created: str = ""


class Account(Frozen, frozen=True, kw_only=True):
    """The storage account; `problem` says why its keys could not be read, `state` is Azure's provisioning state."""

    id: str
    name: str
    kind: str = ""
    region: str = ""
    state: str = "Succeeded"
    exists: bool = True
    slots: tuple[SlotState, ...] = ()
    problem: str = ""
    shared_keys: bool = True
    disabled_services: tuple[str, ...] = ()
    """Services (blob, file, ...) for which keys alone are disabled."""
    policy_days: int | None = None
    """The account's key policy: a reminder, Azure enforces nothing."""
    sas_period: str = ""
    """The account's SAS policy, `DD.HH:MM:SS`."""
    locks: tuple[str, ...] = ()
    """ReadOnly locks at or above the account, each as `name on scope`."""
    delete_locks: tuple[str, ...] = ()
    locks_read: bool = True
    vault_managed: bool | None = None
    """Whether somebody with the key operator role may be a vault that rotates the keys itself; None: not readable."""

    def slot(self, name: str) -> SlotState | None:
        """One slot by its name."""
        return next((slot for slot in self.slots if slot.name == name), None)


class Workspace(Frozen, frozen=True, kw_only=True):
    """A workspace that uses the account (`own`) or has a datastore or connection pointing at it."""

    id: str
    label: str
    region: str = ""
    kind: str = "Default"
    hub: str = ""
    own: bool = True
    auth_mode: str = "accesskey"
    """systemDatastoresAuthMode in lower case: accesskey, identity or userdelegationsas."""
    running_jobs: int | None = None
    running_instances: tuple[str, ...] = ()

    @property
    def keyless(self) -> bool:
        """Whether the workspace works without an account key (How to disable local authentication for storage)."""
        return self.auth_mode != "accesskey"


class Holder(Frozen, frozen=True, kw_only=True):
    """One copy of a key: a workspace's own, a datastore's or a connection's.

    `label` is what people call it (`fraud-scoring/training_blob`); `credential` AccountKey, Sas or empty.
    """

    id: str
    label: str
    kind: HolderKind
    workspace: str
    holds: Held
    credential: str = ""
    fingerprint: str = ""
    system: bool = False
    service: str = ""
    container: str = ""
    default: bool = False
    expires: str = ""
    """End of a SAS, ISO 8601 as in the token; empty where a stored access policy sets it."""
    modified: str = ""
    reason: str = ""
    """Why it could not be read."""

    @property
    def live(self) -> bool:
        """Whether its key works now."""
        return self.holds in SLOTS


class Traffic(Frozen, frozen=True, kw_only=True):
    """Requests of the last day by account key and by key-signed SAS; None where the metric cannot be read.

    `hours` are both together, oldest first.
    """

    account_key: float | None = None
    sas: float | None = None
    hours: tuple[float, ...] = ()

    @property
    def seen(self) -> bool:
        """Whether somebody uses keys; what cannot be read counts as yes."""
        return self.account_key is None or self.sas is None or self.account_key + self.sas > 0


class StorageKeysInspection(Inspection, frozen=True, kw_only=True):
    """The account, everything that holds its keys, and what else matters before a key is replaced."""

    account: Account
    workspaces: tuple[Workspace, ...] = ()
    holders: tuple[Holder, ...] = ()
    traffic: Traffic = Traffic(account_key=0, sas=0)
    unlisted: tuple[str, ...] = ()
    """Other workspaces and subscriptions that could not be listed: something in them may point here."""
    slots: tuple[str, ...] = ()
    """The slots that the options ask to replace, as the operator types them."""

    def workspace(self, workspace_id: str) -> Workspace | None:
        """A workspace by its id."""
        folded = workspace_id.casefold()
        return next((item for item in self.workspaces if item.id.casefold() == folded), None)

    def holder(self, holder_id: str) -> Holder | None:
        """A holder by its id."""
        folded = holder_id.casefold()
        return next((item for item in self.holders if item.id.casefold() == folded), None)


class StorageKeysGoal(Goal, frozen=True, kw_only=True):
    """Which keys must be younger than this run, and the operator's choices: all that `plan` needs beside the state."""

    account: str
    name: str
    slots: tuple[str, ...]
    """The slots to replace, in order."""
    old: dict[str, str]
    """The fingerprint of each slot before anything changed."""
    since: str
    outside: bool = False
    """Whether there may be holders that nobody can list: the metrics showed requests signed with a key at the start (our
    own probes show there later), or something could not be listed."""
    unlisted: tuple[str, ...] = ()
    """What could not be listed at the start; anything more is a reason to stop."""
    holders: dict[str, str] = {}
    """The ids of the workspaces and datastores that held a key at the start, by label."""
    broken: tuple[str, ...] = ()
    """Ids of the holders that had no working key at the start: nobody waits for them."""
    leaked: str = ""
    soak: float = 3600.0
    on_insist: str = "ask"
    external: str = "ask"
    reissue_sas: bool = True
    sas_hours: float = 0.0

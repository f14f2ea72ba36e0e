"""Storage account keys, and everything that holds a copy of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from azsim import ids, sas, secrets

SLOTS = ("key1", "key2")
KERBEROS_SLOTS = ("kerb1", "kerb2")
HolderKind = Literal["workspace", "datastore", "connection", "client"]
SecretType = Literal["AccountKey", "Sas"]


@dataclass(slots=True)
class Slot:
    """One key of the pair."""

    value: str
    created: datetime | None
    """None for a key older than Azure's record of creation times (2021)."""
    generation: int = 1
    previous: str | None = None
    """The value before the last regeneration."""
    replaced: datetime | None = None
    """When `previous` was replaced."""


@dataclass(slots=True)
class Account:
    """The keys of one storage account."""

    id: str
    name: str
    slots: dict[str, Slot]
    changed: datetime | None = None
    """When a key was last regenerated during the rehearsal."""

    def slot_of(self, value: str) -> str | None:
        """Which of key1 and key2 has this value now; None: neither, so it is dead."""
        return next((name for name in SLOTS if self.slots[name].value == value), None)

    def newest(self) -> str:
        """The slot with the younger creation time; key1 when they are equal."""
        first, second = (self.slots[name].created for name in SLOTS)
        if second is None:
            return "key1"
        return "key2" if first is None or second > first else "key1"


@dataclass(slots=True)
class Holder:
    """One copy of a key: a workspace's own, a datastore's, a connection's, or an external client's."""

    id: str
    kind: HolderKind
    account: str
    """The account's name, case-folded."""
    secret: str
    secret_type: SecretType = "AccountKey"
    signer: str | None = None
    """The account key behind the secret: the key itself, or the key that signed the SAS; None: no known
    key."""
    updated: datetime | None = None
    reads: str | None = None
    """Id of the holder that this one copies its key from."""
    reread_seconds: float = 0.0
    next_read: datetime | None = None


@dataclass(slots=True)
class KeyRing:
    """All accounts and all holders."""

    seed: int
    issued: set[str] = field(default_factory=set)
    """Every storage secret that ever existed here, dead ones included, for leak searches."""
    accounts: dict[str, Account] = field(default_factory=dict)
    """By case-folded name: account names are globally unique."""
    holders: dict[str, Holder] = field(default_factory=dict)
    """By case-folded id; a client's id is `client:<name>`."""

    def add_account(self, account_id: str, created: dict[str, datetime | None]) -> Account:
        """Register an account with generation 1 of its keys."""
        slots = {name: Slot(self._make(account_id, name, 1), created.get(name)) for name in (*SLOTS, *KERBEROS_SLOTS)}
        account = Account(account_id, ids.name_of(account_id), slots)
        self.accounts[account.name.casefold()] = account
        return account

    def account(self, name: str | None) -> Account | None:
        """The account with this name, or None when the estate has no such account."""
        return self.accounts.get(name.casefold()) if name else None

    def regenerate(self, account: Account, slot: str, now: datetime) -> None:
        """Replace one key; the old value is dead for good."""
        old = account.slots[slot]
        value = self._make(account.id, slot, old.generation + 1)
        account.slots[slot] = Slot(value, now, old.generation + 1, old.value, now)
        account.changed = now

    def stale_key(self, account: Account) -> str:
        """A value that the account had once and has no more."""
        return self._make(account.id, "key1", 0)

    def initial(self, account: Account, holds: str) -> str | None:
        """The key meant by an estate's `holds`: key1, key2, stale or none."""
        if holds == "none":
            return None
        return self.stale_key(account) if holds == "stale" else account.slots[holds].value

    def hold(self, holder: Holder) -> Holder:
        """Give a holder its secret (first or new); what the holder read from whom stays."""
        before = self.holders.get(holder.id.casefold())
        if before is not None:
            holder.reads, holder.reread_seconds, holder.next_read = (
                before.reads,
                before.reread_seconds,
                before.next_read,
            )
        if holder.secret_type == "AccountKey":
            holder.signer = holder.secret
        self.issued.add(holder.secret)
        self.holders[holder.id.casefold()] = holder
        return holder

    def hold_sas(self, holder: Holder, service: str, container: str) -> Holder:
        """Like `hold`, for a SAS token: the key that signed it is found by recomputing the signature."""
        account = self.account(holder.account)
        keys = self._all_values(account) if account else []
        name = account.name if account else holder.account
        holder.secret_type = "Sas"
        holder.signer = sas.signer(holder.secret, name, service, container, keys)
        return self.hold(holder)

    def holder(self, holder_id: str) -> Holder | None:
        """The copy that a resource (or `client:<name>`) holds."""
        return self.holders.get(holder_id.casefold())

    def release(self, holder_id: str) -> None:
        """The resource is gone or holds no key any more."""
        self.holders.pop(holder_id.casefold(), None)

    def of_account(self, name: str) -> Iterator[Holder]:
        """The holders of one account's keys."""
        folded = name.casefold()
        return (holder for holder in self.holders.values() if holder.account == folded)

    def slot_held(self, holder: Holder) -> str | None:
        """The live slot that a holder is on, or None when its key is dead."""
        account = self.account(holder.account)
        return account.slot_of(holder.signer) if account and holder.signer else None

    def _make(self, account_id: str, slot: str, generation: int) -> str:
        value = secrets.storage_key(self.seed, account_id, slot, generation)
        self.issued.add(value)
        return value

    def _all_values(self, account: Account) -> list[str]:
        values = [account.slots[name].value for name in SLOTS]
        values += [previous for name in SLOTS if (previous := account.slots[name].previous)]
        return [*values, self.stale_key(account)]

"""An inspection told to people: the account, both keys, every holder and the slot it is on, what else uses it."""

from __future__ import annotations

from datetime import datetime

from actions.guard.bars import sparkline
from actions.guard.contract import Description, Table
from actions.guard.model import Severity
from actions.guard.secret import Fingerprint, short
from actions.storage_keys.state import SLOTS, Holder, StorageKeysInspection

_WORDS = {
    "neither": "a dead key",
    "expired": "an ended SAS",
    "missing": "lost its secret",
    "unreadable": "cannot be read",
    "identity": "needs no key",
    "unknown": "not told",
}
_GRADES = {
    "neither": Severity.HIGH,
    "expired": Severity.HIGH,
    "missing": Severity.HIGH,
    "unreadable": Severity.CRITICAL,
    "unknown": Severity.UNKNOWN,
}


def describe(found: StorageKeysInspection) -> Description:
    """Give the inspection as facts and tables."""
    tables = [_keys(found), _holders(found), _workspaces(found)]
    return Description(facts=_facts(found), tables=tuple(table for table in tables if table.rows))


def _facts(found: StorageKeysInspection) -> tuple[tuple[str, str], ...]:
    account, traffic = found.account, found.traffic
    shared = "allowed" if account.shared_keys else "disabled"
    if account.shared_keys and account.disabled_services:
        shared = f"disabled for {', '.join(account.disabled_services)}"
    policy = f"{account.policy_days} days" if account.policy_days is not None else "none"
    used = "not readable"
    if traffic.account_key is not None and traffic.sas is not None:
        used = f"{traffic.account_key:.0f} by account key, {traffic.sas:.0f} by SAS {sparkline(traffic.hours)}".rstrip()
    return (
        ("storage account", account.name),
        ("region", account.region or "-"),
        ("shared keys", shared),
        ("key policy", policy),
        ("SAS policy", account.sas_period or "none"),
        ("locks", ", ".join((*account.locks, *account.delete_locks)) or ("none" if account.locks_read else "not readable")),
        ("requests with a key, last day", used),
        ("as of", found.as_of),
    )  # fmt: skip


def _keys(found: StorageKeysInspection) -> Table:
    rows: list[tuple[str, ...]] = []
    states: list[str] = []
    old = {item.subject for item in found.findings if item.id in ("key-expired", "key-expiring")}
    for slot in found.account.slots:
        on = sum(holder.holds == slot.name for holder in found.holders)
        rows.append((slot.name, short(Fingerprint(slot.fingerprint)), _age(slot.created, found.as_of), str(on)))
        states.append(Severity.WARN if f"{found.account.name} {slot.name}" in old else Severity.INFO)
    return Table(title="Keys", columns=("key", "fingerprint", "age", "holders"), rows=tuple(rows), states=tuple(states))


def _holders(found: StorageKeysInspection) -> Table:
    return Table(
        title="Holders",
        columns=("holder", "kind", "holds", "fingerprint", "remark"),
        rows=tuple(
            (item.label, _kind(item), _held(item), short(Fingerprint(item.fingerprint)), _remark(item))
            for item in found.holders
        ),
        states=tuple(_GRADES.get(item.holds, Severity.INFO) for item in found.holders),
    )


def _workspaces(found: StorageKeysInspection) -> Table:
    return Table(
        title="Workspaces",
        columns=("workspace", "region", "uses the account", "system datastores", "jobs", "running instances"),
        rows=tuple(
            (
                item.label,
                item.region,
                "as its own" if item.own else "through a datastore or connection",
                item.auth_mode,
                "-" if item.running_jobs is None else str(item.running_jobs),
                ", ".join(item.running_instances) or "none",
            )
            for item in found.workspaces
        ),
        states=tuple(
            Severity.WARN if item.running_jobs or item.running_instances else Severity.INFO for item in found.workspaces
        ),
    )


def _kind(holder: Holder) -> str:
    if holder.kind == "workspace":
        return "workspace's copy"
    what = "system datastore" if holder.system else holder.kind
    return f"{what}, SAS" if holder.credential.casefold() == "sas" else what


def _held(holder: Holder) -> str:
    return holder.holds if holder.holds in SLOTS else _WORDS[holder.holds]


def _remark(holder: Holder) -> str:
    if holder.reason:
        return holder.reason
    return f"ends {holder.expires}" if holder.expires else ("default datastore" if holder.default else "")


def _age(created: str, now: str) -> str:
    if not created:
        return "not recorded"
    return f"{max((datetime.fromisoformat(now) - datetime.fromisoformat(created)).days, 0)} days"

"""The graded remarks of an inspection: what is wrong, or will be, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from shlex import quote

from actions.cloud.data import ResourceId
from actions.guard.model import Finding, Severity
from actions.guard.text import many
from actions.storage_keys.state import (
    OUTSIDE,
    SLOTS,
    Account,
    Holder,
    StorageKeysInspection,
    Workspace,
    other,
)

_SOON_DAYS = 14
_SECRET_DAYS = 730
"""Azure ML lets stored secrets expire after two years (How to change storage access keys)."""
_ORDER = list(Severity)


def findings(found: StorageKeysInspection) -> tuple[Finding, ...]:
    """Return all remarks, the worst first."""
    remarks = [*_account(found.account), *_keys(found), *_traffic(found)]
    for holder in found.holders:
        remarks += _holder(found, holder)
    for workspace in found.workspaces:
        remarks += _workspace(workspace)
    return tuple(sorted(remarks, key=lambda item: _ORDER.index(item.severity)))


def _account(account: Account) -> Iterator[Finding]:
    if not account.exists:
        yield _of("account-missing", Severity.CRITICAL, account.name, "It does not exist, or you may not see it.")
        return
    if account.problem:
        yield _of("keys-unreadable", Severity.CRITICAL, account.name, f"Its keys cannot be read: {account.problem}")
    if not account.shared_keys:
        sentence = "Shared keys are disabled: every request signed with a key is refused."
        yield _of("shared-keys-off", Severity.INFO, account.name, sentence)
    if account.disabled_services:
        sentence = f"Keys are disabled for {', '.join(account.disabled_services)} alone."
        yield _of("shared-keys-off-service", Severity.WARN, account.name, sentence)
    for lock in account.locks:
        remedy = "Have it removed for the time of the rotation by whoever set it."
        yield _of("read-only-lock", Severity.HIGH, account.name, f"The ReadOnly lock {lock} stops key changes.", remedy)
    if not account.locks_read:
        yield _of("locks-unknown", Severity.UNKNOWN, account.name, "Its locks cannot be read.")
    if account.vault_managed:
        sentence = "A service holds the key operator role on it: a key vault may be regenerating its keys by itself."
        remedy = "Where that is so, rotate through the vault (az keyvault storage), not beside it."
        yield _of("vault-managed", Severity.WARN, account.name, sentence, remedy)


def _keys(found: StorageKeysInspection) -> Iterator[Finding]:
    account = found.account
    for slot in account.slots:
        if not slot.created:
            sentence = f"{slot.name} is from before 2021 and has never been replaced since; its age is not recorded."
            yield _of("key-age-unknown", Severity.WARN, f"{account.name} {slot.name}", sentence)
            continue
        days = _days(slot.created, found.as_of)
        if account.policy_days is None:
            continue
        left = account.policy_days - days
        subject, policy = f"{account.name} {slot.name}", f"the account's policy allows {account.policy_days} days"
        if left < 0:
            yield _of(
                "key-expired", Severity.HIGH, subject, f"{slot.name} is {days} days old; {policy}.", "Replace it."
            )
        elif left <= _SOON_DAYS:
            sentence = f"{slot.name} is {days} days old; {policy}, {left} are left."
            yield _of("key-expiring", Severity.WARN, subject, sentence, "Plan its replacement.")
    used = [slot for slot in SLOTS if any(holder.holds == slot for holder in found.holders)]
    if len(used) == 2:
        sentence = "Both keys are in use: neither can be replaced before its holders have moved."
        yield _of("both-slots-used", Severity.INFO, account.name, sentence)


def _traffic(found: StorageKeysInspection) -> Iterator[Finding]:
    traffic, name = found.traffic, found.account.name
    if found.unlisted:
        sentence = f"These cannot be listed, and something in them may use this account: {', '.join(found.unlisted)}."
        yield _of("unlisted-workspaces", Severity.UNKNOWN, name, sentence)
    if traffic.account_key is None or traffic.sas is None:
        sentence = f"Its metrics cannot be read: nobody knows whether {OUTSIDE} use its keys."
        yield _of("traffic-unknown", Severity.UNKNOWN, name, sentence)
        return
    if not traffic.seen:
        return
    sentence = (
        f"{traffic.account_key:.0f} requests with an account key and {traffic.sas:.0f} with a SAS in the last day; "
        "the metric names neither client nor key."
    )
    alone = bool(found.account.slots) and not any(holder.live for holder in found.holders)
    severity = Severity.HIGH if alone else Severity.WARN
    if alone:
        sentence += " Nothing in Azure ML holds a key, so they come from elsewhere."
    remedy = (
        "Storage logs name the key by its fingerprint: StorageBlobLogs | where AuthenticationHash startswith 'key' "
        "| summarize count() by AuthenticationHash, CallerIpAddress, UserAgentHeader"
    )
    yield _of("traffic", severity, name, sentence, remedy)


def _holder(found: StorageKeysInspection, holder: Holder) -> Iterator[Finding]:
    remedies = {
        "neither": ("stale", Severity.HIGH, "holds a key that the account does not have: it cannot work."),
        "missing": ("secret-missing", Severity.HIGH, "has lost its secret in the workspace's key vault."),
        "expired": ("sas-expired", Severity.HIGH, f"has a SAS that ended at {holder.expires}."),
        "unreadable": ("unreadable", Severity.CRITICAL, f"cannot be read and counts as both keys: {holder.reason}"),
    }
    if holder.holds in remedies:
        kind, severity, sentence = remedies[holder.holds]
        yield _of(kind, severity, holder.label, f"It {sentence}", _remedy(holder))
    workspace = found.workspace(holder.workspace)
    silent = holder.holds == "unknown" and bool(found.account.slots)
    if holder.kind == "workspace" and silent and not (workspace and workspace.keyless):
        sentence = "Azure answers no storage key for this workspace, so nobody can tell which one it uses."
        yield _of("key-not-told", Severity.UNKNOWN, holder.label, sentence)
    if holder.kind == "connection" and holder.live:
        yield _of(
            "connection", Severity.WARN, holder.label, f"This connection holds {holder.holds}; it is not moved for you.",
            _az_connection(holder, other(holder.holds), found.account),
        )  # fmt: skip
    if holder.kind == "datastore" and holder.live and holder.credential == "Sas" and not holder.expires:
        sentence = "The end of its SAS lies in a stored access policy, which is not read."
        yield _of("sas-by-policy", Severity.INFO, holder.label, sentence)
    if holder.kind == "datastore" and holder.live and holder.modified:
        days = _days(holder.modified, found.as_of)
        if days > _SECRET_DAYS - 60:
            sentence = f"Its credential was stored {days} days ago; Azure ML lets secrets expire after two years."
            yield _of(
                "secret-expiring", Severity.WARN, holder.label, sentence, "Storing it anew starts the time again."
            )


def _remedy(holder: Holder) -> str:
    if holder.holds == "unreadable":
        return "Get the permission the sentence names, or mend or delete the holder."
    if holder.kind == "workspace":
        return "Resync its keys."
    if holder.kind == "connection":
        return "Give it a live key (az ml connection update)."
    return "Store a live credential: this action does, with --sas-hours for a SAS that has ended."


def _workspace(workspace: Workspace) -> Iterator[Finding]:
    if workspace.running_instances:
        names = ", ".join(workspace.running_instances)
        sentence = f"Compute instances run ({names}): file shares mounted with the old key may need a restart."
        yield _of("running-instances", Severity.WARN, workspace.label, sentence, "Tell their owners beforehand.")
    if workspace.running_jobs:
        verb = "runs or waits" if workspace.running_jobs == 1 else "run or wait"
        sentence = f"{many(workspace.running_jobs, 'job')} {verb}; those that hold the old key fail when it dies."
        yield _of("running-jobs", Severity.WARN, workspace.label, sentence, "Choose a soak longer than they last.")
    if workspace.running_jobs is None:
        yield _of("jobs-unknown", Severity.UNKNOWN, workspace.label, "Its jobs cannot be listed.")
    if workspace.auth_mode == "userdelegationsas":
        sentence = "Its system datastores use user delegation SAS, which account keys do not touch."
        yield _of("user-delegation", Severity.INFO, workspace.label, sentence)


def _az_connection(holder: Holder, slot: str, account: Account) -> str:
    workspace, name = ResourceId(holder.workspace), ResourceId(holder.id).name
    return (
        f"az ml connection update --name {quote(name)} --workspace-name {quote(workspace.name)} "
        f"--resource-group {quote(workspace.group)} "
        f"--subscription {workspace.subscription} --set credentials.key=<{slot} of {account.name}>"
    )


def _of(kind: str, severity: Severity, subject: str, sentence: str, remedy: str = "") -> Finding:
    return Finding(id=kind, severity=severity, subject=subject, sentence=sentence, remedy=remedy)


def _days(since: str, until: str) -> int:
    begun, ended = (_moment(text) for text in (since, until))
    return (ended - begun).days


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

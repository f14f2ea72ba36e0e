"""What is amiss with a workspace's encryption key: findings C1 to C20, graded, each with the safe thing to do.

Key Vault's rules (about-keys-details): a disabled version does nothing at all, an expired one still unwraps and no
longer wraps. Azure ML pins one version: nothing read says that it ever follows a newer one by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from actions.cloud.data import ResourceId
from actions.cmk_versions.state import CmkVersionsInspection, Dependent, Key, Vault, Version, when
from actions.guard.model import Finding, Severity

SOON, VERY_SOON, YOUNG = timedelta(days=30), timedelta(days=7), timedelta(hours=24)
LEAST_BITS, GOOD_BITS = 2048, 3072
CONFIRMED = "access to the configured customer managed key confirmed"


def findings(found: CmkVersionsInspection, now: datetime) -> tuple[Finding, ...]:
    """All findings, worst first."""
    if not found.encrypted or found.key is None:
        return ()
    made = [
        *_identifier(found, found.key),
        *_gone(found),
        *_version(found.key, now),
        *_shape(found.key),
        *_policy(found.key),
        *_vault(found),
        *_readers(found),
        *_dependents(found, found.key, now),
        *_unread(found, found.key),
    ]
    order = list(Severity)
    return tuple(sorted(made, key=lambda item: (order.index(item.severity), int(item.id[1:]))))


def _finding(code: str, severity: Severity, subject: str, sentence: str, remedy: str) -> Finding:
    return Finding(id=code, severity=severity, subject=subject, sentence=sentence, remedy=remedy)


def day(text: str) -> str:
    """The day of a time, as people read it."""
    return text[:10]


def _version(key: Key, now: datetime) -> Iterable[Finding]:
    """C1 to C5: the pinned version's age, state and dates."""
    pinned, newest = key.current, key.newest
    if pinned is None:
        return
    subject = f"{key.name} {pinned.short}"
    if newest is not None and newest.version != pinned.version and newest.created >= pinned.created:
        young = now - (when(newest.created) or now) < YOUNG
        told = f"the workspace pins version {pinned.short}; {newest.short} of {day(newest.created)} is newer"
        severity = Severity.INFO if young else Severity.WARN
        yield _finding("C1", severity, subject, told, "move the workspace to it; leave the old version enabled")
    if not pinned.enabled:
        told = "the pinned version is disabled: nothing can be wrapped or unwrapped with it"
        yield _finding("C2", Severity.CRITICAL, subject, told, "enable it first, then move to a newer version")
    yield from _dates(pinned, subject, now)


def _dates(pinned: Version, subject: str, now: datetime) -> Iterable[Finding]:
    expires, begins = when(pinned.expires), when(pinned.not_before)
    if expires is not None and expires <= now:
        told = f"the pinned version expired on {day(pinned.expires)}: it still unwraps, but nothing new is wrapped"
        yield _finding("C3", Severity.CRITICAL, subject, told, "put its expiry off, then move to a fresh version")
    elif expires is not None and expires - now < SOON:
        days = max((expires - now).days, 0)
        severity = Severity.CRITICAL if expires - now < VERY_SOON else Severity.WARN
        told = f"the pinned version expires on {day(pinned.expires)}, in {days} days"
        yield _finding("C4", severity, subject, told, "make a new version, move the workspace, prove it")
    if begins is not None and begins > now:
        told = f"the pinned version is not valid before {day(pinned.not_before)}"
        yield _finding("C5", Severity.CRITICAL, subject, told, "let it begin now, or move to a version that is valid")


def _shape(key: Key) -> Iterable[Finding]:
    """C6 and C7: type, operations and size of the pinned version."""
    pinned = key.current
    if pinned is None or not pinned.kind:
        return
    subject = f"{key.name} {pinned.short}"
    lacks = lacking_ops(pinned)
    if not is_rsa(pinned) or lacks:
        told = f"it is of type {pinned.kind}, which cannot wrap keys" if not is_rsa(pinned) else f"it may not {lacks}"
        yield _finding("C6", Severity.CRITICAL, subject, told, "make a new RSA key in the same vault and move to it")
    elif pinned.size and pinned.size < LEAST_BITS:
        told = f"it has {pinned.size} bits, less than the {LEAST_BITS} that services take"
        yield _finding("C7", Severity.CRITICAL, subject, told, _LARGER)
    elif pinned.size and pinned.size < GOOD_BITS:
        told = f"it has {pinned.size} bits; {GOOD_BITS} are recommended"
        yield _finding("C7", Severity.INFO, subject, told, _LARGER)


_LARGER = f"make the next version with {GOOD_BITS} bits or more, after a look at who else uses this key"


def is_rsa(version: Version) -> bool:
    """Tell whether a version can wrap keys for Azure's services."""
    return version.kind.casefold() in {"rsa", "rsa-hsm"}


def lacking_ops(version: Version) -> str:
    """The operations that are needed and not allowed, joined; empty where nothing lacks."""
    have = {op.casefold() for op in version.ops}
    return " and ".join(op for op in ("wrapKey", "unwrapKey") if op.casefold() not in have)


def _policy(key: Key) -> Iterable[Finding]:
    """C11 and C12: what the rotation policy does, and what Azure ML does not follow."""
    if key.policy.problem or not key.source or key.gone:
        return
    trigger = key.policy.rotates
    if not trigger:
        told = "its rotation policy makes no new versions"
        remedy = "set one; the workspace does not follow it, so each new version needs a move of its own"
        yield _finding("C11", Severity.INFO, key.name, told, remedy)
    elif key.policy.expiry and key.pinned:
        told = f"its policy makes a new version {trigger} that lives {key.policy.expiry}, while the workspace stays"
        yield _finding("C12", Severity.WARN, key.name, told, "put each rotation into the calendar, and move after it")


def _identifier(found: CmkVersionsInspection, key: Key) -> Iterable[Finding]:
    """C13 and C14: what the identifier itself says."""
    if key.name and not key.pinned:
        told = "the workspace's key identifier names no version; nothing says that Azure ML supports this"
        remedy = "left as it is; the dependents below show which version is really used"
        yield _finding("C13", Severity.INFO, key.name, told, remedy)
    vault = found.vault
    if vault is not None and mismatched(key, vault):
        told = f"the key lies in {key.host}, while the encryption names the vault {ResourceId(vault.id).name}"
        yield _finding("C14", Severity.CRITICAL, key.identifier, told, "find out why; nothing is changed until then")


def mismatched(key: Key, vault: Vault | None) -> bool:
    """Tell whether the identifier's host is not the named vault's; False where the vault's address is not known."""
    if vault is None or not vault.uri:
        return False
    return vault.uri.casefold().partition("://")[2].strip("/").removesuffix(":443") != key.host


def _gone(found: CmkVersionsInspection) -> Iterable[Finding]:
    """C15: key, version or vault that is not there."""
    key, vault = found.key, found.vault
    if vault is not None and vault.gone:
        yield _missing(f"vault {ResourceId(vault.id).name}", vault.gone)
    elif key is not None and key.gone:
        yield _missing(f"key {key.name}", key.gone)
    elif key is not None and key.versions and key.pinned and key.current is None:
        yield _missing(f"version {key.pinned[:8]} of key {key.name}", "missing")


def _missing(what: str, how: str) -> Finding:
    if how == "deleted":
        remedy = "recover it, then wait an hour; never purge it: what it encrypts would be lost"
        return _finding("C15", Severity.CRITICAL, what, "it is deleted, and can still be recovered", remedy)
    remedy = "look for a backup of it; what it encrypts cannot be read without it"
    return _finding("C15", Severity.CRITICAL, what, "it is not there, and not among the deleted ones", remedy)


def _vault(found: CmkVersionsInspection) -> Iterable[Finding]:
    """C8, C9 and C18: protection, place and network of the vault."""
    vault, workspace = found.vault, ResourceId(found.workspace)
    if vault is None or vault.gone:
        return
    name = ResourceId(vault.id).name
    if unprotected(found):
        told = "it has no purge protection: a deleted key could be destroyed for good"
        if vault.soft_delete is False:
            told = "it has neither soft delete nor purge protection: a deleted key is lost at once"
        yield _finding("C8", Severity.CRITICAL, name, told, "turn it on (it cannot be turned off again)")
    if ResourceId(vault.id).subscription.casefold() != workspace.subscription.casefold():
        told = "it lies in another subscription than the workspace"
        remedy = "this cannot be changed in place, for the key must stay in its vault: plan to make the workspace anew"
        yield _finding("C9", Severity.HIGH, name, told, remedy)
    if vault.location and found.region and _place(vault.location) != _place(found.region):
        told = f"it lies in {vault.location}, the workspace in {found.region}"
        yield _finding("C9", Severity.WARN, name, told, "documents disagree whether this is supported; ask support")
    if vault.closed:
        told = "its network is closed, for trusted Azure services too"
        yield _finding("C18", Severity.WARN, name, told, "allow trusted Microsoft services: Cosmos DB needs them")


def unprotected(found: CmkVersionsInspection) -> bool:
    """Tell whether the key could be purged: by the vault's own word, or by what its versions say of recovery."""
    if found.vault is not None and found.vault.purge is not None:
        return not found.vault.purge
    versions = found.key.versions if found.key else ()
    return any("purgeable" in item.recovery.casefold() for item in versions)


def _place(region: str) -> str:
    return region.replace(" ", "").casefold()


def _readers(found: CmkVersionsInspection) -> Iterable[Finding]:
    """C10: identities that must use the key and cannot."""
    for reader in found.readers:
        if reader.state == "missing" and reader.required:
            told = f"it lacks get, wrapKey and unwrapKey on the key ({reader.detail})"
            remedy = "grant exactly these, by adding to the policies or by the role; Azure looks again within the hour"
            yield _finding("C10", Severity.CRITICAL, reader.name, told, remedy)


def _dependents(found: CmkVersionsInspection, key: Key, now: datetime) -> Iterable[Finding]:
    """C16, C17 and C19: dependents on another version, without access, or not encrypted with the customer's key."""
    for item in found.dependents:
        if behind(item, key):
            newest = key.newest
            young = newest is not None and now - (when(newest.created) or now) < YOUNG
            told = f"it uses version {item.version[:8] or 'unknown'}, the workspace {key.pinned[:8]} ({item.detail})"
            ahead = newest is not None and item.version == newest.version
            remedy = "move the workspace too" if ahead else "wait and read again"
            remedy += "; the version that it uses must stay enabled"
            yield _finding("C16", Severity.INFO if young else Severity.WARN, item.name, told, remedy)
        if revoked(item):
            remedy = "repair what it names, then wait one to two hours; call support after that"
            yield _finding("C17", Severity.CRITICAL, item.name, item.status, remedy)
    account = next((item for item in found.dependents if item.kind == "storage account"), None)
    if found.architecture == "service-side" and account is not None and account.relation == "microsoft":
        told = "service-side encryption does not reach it, and it uses Microsoft's key"
        yield _finding(
            "C19", Severity.INFO, account.name, told, "set its own customer-managed key, if it shall have one"
        )


def revoked(item: Dependent) -> bool:
    """Tell whether a dependent says that it cannot use its key."""
    return bool(item.status) and CONFIRMED not in item.status.casefold()


def behind(item: Dependent, key: Key) -> bool:
    """Tell whether a dependent uses this key in another version than the workspace pins."""
    return item.relation == "same" and bool(key.pinned) and item.version != key.pinned


def _unread(found: CmkVersionsInspection, key: Key) -> Iterable[Finding]:
    """C20: all that could not be read, which is never the same as in order."""
    unseen: list[tuple[str, str]] = []
    if key.problem and not key.source and not key.gone:
        unseen.append((f"key {key.name}", key.problem))
    if key.policy.problem and key.source:
        unseen.append((f"rotation policy of {key.name}", key.policy.problem))
    if found.vault is not None and found.vault.problem:
        unseen.append((f"vault {ResourceId(found.vault.id).name}", found.vault.problem))
    if key.current is not None and not key.current.kind:
        unseen.append((f"{key.name} {key.current.short}", "its type and size could not be read"))
    unseen += [(item.name, item.detail) for item in found.readers if item.state == "unknown"]
    unseen += [(item.name, f"{item.kind}: {item.detail}") for item in found.dependents if item.relation == "unread"]
    unseen += [("dependents", reason) for reason in found.unread]
    for subject, why in unseen:
        told = f"not verified: {why}"
        yield _finding(
            "C20", Severity.UNKNOWN, subject, told, "whoever may read it can tell; it counts as not in order"
        )

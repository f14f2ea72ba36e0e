"""One line of the fleet: what Resource Graph's rows say of a workspace, in cells and a grade. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from actions.cloud.data import Data, ResourceId
from actions.guard.model import Finding, Severity
from actions.workspaces.access import Access

ROTATE_AFTER = 90
"""Days after which a key counts as old where the account has no policy of its own, as usual benchmarks do."""
_VERY_OLD = 365
_ORDER = tuple(Severity)
UNREAD = "?"
NONE = "-"
_MODES = {"key": "key", "amltoken": "token", "aadtoken": "entra", "aad": "entra"}


class Keys(Data, frozen=True, kw_only=True):
    """What the list knows of an account's keys: creation times by slot (None: never recorded), and what rules them."""

    created: dict[str, datetime | None]
    policy_days: int | None = None
    allowed: bool = True

    def oldest(self, now: datetime) -> tuple[str, int | None]:
        """Give the oldest slot and its age in days; an unrecorded age is older than any other."""
        slots = self.created or {"key1": None}
        slot = min(slots, key=lambda name: (slots[name] or datetime.min.replace(tzinfo=UTC), name))
        return slot, age_in_days(slots[slot], now)


class WorkspaceRow(Data, frozen=True, kw_only=True):
    """A workspace in the list: the cells as texts, the numbers to sort by, and the worst finding.

    A cell is `-` where there is nothing of its kind, `?` where it could not be read, and empty while it is being read or
    where nobody asked for it. `key_limit` is the age in days from which the key counts as old; `cells` are those of the
    columns that were asked for beside the usual ones, in their order.
    """

    id: str
    name: str
    group: str
    subscription: str
    subscription_name: str
    region: str
    kind: str
    storage: str
    keys: str = ""
    identity: str = ""
    endpoints: str = ""
    cmk: str = ""
    key_days: int | None = None
    key_limit: int | None = None
    severity: Severity | None = None
    findings: tuple[Finding, ...] = ()
    cells: tuple[str, ...] = ()
    as_of: str


class Facts(Data, frozen=True, kw_only=True):
    """What the sources said beside the workspace itself; None where a source could not be read.

    `asked` are the usual cells that somebody wants to see; the others stay empty and find nothing.
    """

    keys: Keys | None
    access: tuple[Access, ...] | None
    endpoints: tuple[str, ...] | None
    cells: tuple[str, ...] = ()
    asked: frozenset[str] = frozenset({"keys", "identity", "endpoints"})


def bare_row(raw: Mapping[str, Any], subscription_name: str, as_of: str) -> WorkspaceRow:
    """Make a row of the workspace alone, its other cells still empty."""
    resource = ResourceId(str(raw.get("id") or ""))
    properties: Mapping[str, Any] = raw.get("properties") or {}
    return WorkspaceRow(
        id=resource.text,
        name=str(raw.get("name") or resource.name),
        group=resource.group,
        subscription=resource.subscription,
        subscription_name=subscription_name,
        region=str(raw.get("location") or ""),
        kind=str(raw.get("kind") or "Default"),
        storage=str(properties.get("storageAccount") or ""),
        cmk=key_version(properties),
        as_of=as_of,
    )


def full_row(raw: Mapping[str, Any], facts: Facts, subscription_name: str, as_of: str, now: datetime) -> WorkspaceRow:
    """Make a row with all its cells."""
    bare = bare_row(raw, subscription_name, as_of)
    properties: Mapping[str, Any] = raw.get("properties") or {}
    by_identity, found = uses_identity(properties), list[Finding]()
    text, days, identity = "", None, ""
    if "keys" in facts.asked:
        found += key_findings(bare.name, facts.keys, now, by_identity=by_identity)
        text, days = _keys_cell(bare.storage, facts.keys, now, by_identity=by_identity)
    if "identity" in facts.asked:
        found += access_findings(facts.access)
        identity = _identity_cell(facts.access)
    return WorkspaceRow(
        **{name: getattr(bare, name) for name in ("id", "name", "group", "subscription", "subscription_name")},
        region=bare.region,
        kind=bare.kind,
        storage=bare.storage,
        keys=text,
        key_days=days,
        key_limit=(facts.keys.policy_days or ROTATE_AFTER) if facts.keys and days is not None else None,
        identity=identity,
        endpoints=_endpoints_cell(facts.endpoints) if "endpoints" in facts.asked else "",
        cmk=bare.cmk,
        severity=worst(found),
        findings=tuple(found),
        cells=facts.cells,
        as_of=as_of,
    )


def uses_identity(properties: Mapping[str, Any]) -> bool | None:
    """Tell whether the system datastores work without keys; None where the answer leaves the mode out, as lists do."""
    mode = properties.get("systemDatastoresAuthMode")
    return None if mode is None else str(mode).casefold() == "identity"  # the casing varies on the wire


def key_version(properties: Mapping[str, Any]) -> str:
    """Name the key version that encrypts a workspace, by its first eight digits; `-` without a key of its own."""
    encryption: Mapping[str, Any] = properties.get("encryption") or {}
    identifier = str((encryption.get("keyVaultProperties") or {}).get("keyIdentifier") or "")
    if not identifier:
        return NONE
    _, _, after = identifier.partition("/keys/")
    _, _, version = after.partition("/")
    return version.strip("/")[:8] or "latest"


def keys_of(properties: Mapping[str, Any]) -> Keys:
    """Read what an account says of its keys; absent `allowSharedKeyAccess` means allowed (Prevent Shared Key)."""
    times: Mapping[str, Any] = properties.get("keyCreationTime") or {}
    policy = (properties.get("keyPolicy") or {}).get("keyExpirationPeriodInDays")
    return Keys(
        created={slot: moment(times.get(slot)) for slot in ("key1", "key2")},
        policy_days=int(policy) if policy else None,
        allowed=properties.get("allowSharedKeyAccess") is not False,
    )


def moment(text: object) -> datetime | None:
    """Read one of Azure's times; None for null and for anything else."""
    if not isinstance(text, str) or not text:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        return None
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)


def age_in_days(created: datetime | None, now: datetime) -> int | None:
    """Count whole days since a time."""
    return None if created is None else max((now - created).days, 0)


def key_findings(subject: str, keys: Keys | None, now: datetime, *, by_identity: bool | None) -> tuple[Finding, ...]:
    """Grade the age of the older key, and keys that the workspace needs and the account refuses."""
    if by_identity:
        return ()
    if keys is None:
        return (_finding("keys-unread", Severity.UNKNOWN, subject, "the storage account could not be read"),)
    if not keys.allowed and by_identity is None:
        told = "the storage account refuses keys; how the workspace gets at it was not in the list"
        return (_finding("auth-mode-unread", Severity.UNKNOWN, subject, told),)
    if not keys.allowed:
        told = "the storage account refuses keys and the workspace is not on identity-based access"
        return (_finding("keys-refused", Severity.HIGH, subject, told, "switch systemDatastoresAuthMode to identity"),)
    slot, days = keys.oldest(now)
    remedy = "rotate with storage-keys"
    if days is None:
        told = f"the age of {slot} is not recorded: it was never regenerated since March 2021"
        return (_finding("key-age-unknown", Severity.WARN, subject, told, remedy),)
    limit = keys.policy_days or ROTATE_AFTER
    if days <= limit:
        return ()
    rule = f"the account's policy says {limit}" if keys.policy_days else f"{limit} are usual"
    grade = Severity.HIGH if keys.policy_days or days > _VERY_OLD else Severity.WARN
    return (_finding("key-old", grade, subject, f"{slot} is {days} days old; {rule}", remedy),)


def access_findings(access: Iterable[Access] | None) -> tuple[Finding, ...]:
    """Grade what the identity misses: without blobs or vault the workspace fails, without the rest parts of it do."""
    found: list[Finding] = []
    for item in access or ():
        name = ResourceId(item.resource).name
        if item.present is False:
            grade = Severity.HIGH if item.name in {"storage account", "key vault"} else Severity.WARN
            told = f"the identity's access to the {item.name} {name} was not found"
            found.append(_finding("identity-access", grade, name, told, "restore with identity-access"))
        elif item.present is None:
            told = f"the identity's access to the {item.name} {name} could not be read"
            found.append(_finding("identity-unread", Severity.UNKNOWN, name, told))
    return tuple(found)


def worst(findings: Iterable[Finding]) -> Severity | None:
    """Give the gravest grade, or None when there is nothing to say."""
    return worst_grade(finding.severity for finding in findings)


def worst_grade(grades: Iterable[Severity]) -> Severity | None:
    """Give the gravest of some grades, or None when there are none."""
    return min(grades, key=_ORDER.index, default=None)


def _finding(name: str, grade: Severity, subject: str, sentence: str, remedy: str = "") -> Finding:
    return Finding(id=name, severity=grade, subject=subject, sentence=sentence, remedy=remedy)


def _keys_cell(storage: str, keys: Keys | None, now: datetime, *, by_identity: bool | None) -> tuple[str, int | None]:
    if not storage:
        return NONE, None
    if by_identity:
        return "identity", None
    if keys is None:
        return UNREAD, None
    if not keys.allowed:
        return "refused", None
    slot, days = keys.oldest(now)
    return f"{slot} {UNREAD if days is None else f'{days}d'}", days


def _identity_cell(access: tuple[Access, ...] | None) -> str:
    if access is None:
        return UNREAD
    if not access:
        return NONE
    there = sum(item.present is True for item in access)
    if there == len(access):
        return "ok"
    unread = any(item.present is None for item in access)
    return f"{there}{'+' if unread else ''} of {len(access)}"


def _endpoints_cell(modes: tuple[str, ...] | None) -> str:
    if modes is None:
        return UNREAD
    told = [_MODES.get(mode.casefold(), mode.casefold() or UNREAD) for mode in modes]
    return " ".join(f"{told.count(word)} {word}" for word in dict.fromkeys(sorted(told, key=_rank))) or NONE


def _rank(word: str) -> int:
    """Put the endpoints that have keys first."""
    return 0 if word == "key" else 1

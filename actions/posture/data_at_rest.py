"""Where the data of a workspace lies, and how it is kept: storage, registry, and what HBI changes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actions.cloud import versions
from actions.cloud.data import ResourceId
from actions.guard.model import Severity
from actions.posture.diagnostics import read_diagnostics
from actions.posture.facts import Fact, Grade, Reading, Subject
from actions.posture.linked import read_one
from actions.workspaces.rows import key_findings, keys_of, uses_identity

_GRADES: dict[Severity, Grade] = {
    Severity.CRITICAL: "critical", Severity.HIGH: "high", Severity.WARN: "warn", Severity.INFO: "info",
    Severity.UNKNOWN: "unknown",
}  # fmt: skip
IMPACT, STORAGE, REGISTRY = "impact", "storage", "registry"


async def read_impact(subject: Subject) -> tuple[Fact, ...]:
    """Tell whether the workspace was made for sensitive data, and what follows; this cannot be changed later."""
    own = subject.own
    value = own.properties.get("hbiWorkspace") if own.properties else None
    if value is None:
        told = own.fact(IMPACT, "hbi", "high business impact", "not told", "unknown", "look in the portal")
        return (told, *await read_diagnostics(subject))
    on = "on: less diagnostic data goes to Microsoft, scratch disks are encrypted, credentials travel through the vault"
    off = "off: diagnostic data goes to Microsoft, scratch disks are not encrypted on their own"
    note = "set when the workspace is made; clusters that were in the subscription before it are not encrypted by it"
    hbi = own.fact(IMPACT, "hbi", "high business impact", on if value is True else off, "info", note=note)
    return (hbi, *await read_diagnostics(subject))


async def read_storage(subject: Subject) -> tuple[Fact, ...]:
    """Tell the default account: keys, who may use them, transport, encryption."""
    own = subject.own
    if not subject.workspace.properties.get("storageAccount"):
        return (own.fact(STORAGE, "account", "storage account", "none", "absent"),)
    deleted = await _deleted(subject)
    read = (await subject.linked)["storageAccount"]
    if read.properties is None:
        return (read.unread(STORAGE, "account", "storage account"),)
    return (*_keys(own, read, subject), *_transport(read), *_at_rest(read), *deleted)


def _keys(own: Reading, read: Reading, subject: Subject) -> tuple[Fact, ...]:
    properties = read.properties or {}
    by_identity = uses_identity(subject.workspace.properties)
    mode = "not told" if by_identity is None else "identity: no key is needed" if by_identity else "account keys"
    keys = keys_of(properties)
    findings = key_findings(read.subject, keys, subject.cloud.now(), by_identity=by_identity)
    slot, days = keys.oldest(subject.cloud.now())
    age = f"{slot} is the older, " + ("age not recorded" if days is None else f"{days} days")
    if keys.policy_days:
        age += f"; the account's policy says {keys.policy_days}"
    worst = findings[0] if findings else None
    grade: Grade = "good" if worst is None else _GRADES[worst.severity]
    return (
        own.fact(STORAGE, "datastore-auth", "system datastores", mode, "unknown" if by_identity is None else "info"),
        read.fact(
            STORAGE, "key-age", "key ages", age, grade, worst.remedy if worst else "", leads_to="action:storage-keys"
        ),
        read.fact(STORAGE, "shared-key", "shared keys", "allowed" if keys.allowed else "refused", "info"),
    )


def _transport(read: Reading) -> tuple[Fact, ...]:
    properties = read.properties or {}
    https = properties.get("supportsHttpsTrafficOnly")
    secure = read.fact(
        STORAGE, "https-only", "HTTPS only", "not told" if https is None else "yes" if https else "no",
        "unknown" if https is None else "good" if https else "high", "" if https is not False else "require secure transfer",
    )  # fmt: skip
    tls = str(properties.get("minimumTlsVersion") or "")
    fine = tls in {"TLS1_2", "TLS1_3"}
    told = tls.replace("_", ".").replace("TLS", "TLS ") or "not told"
    lowest = read.fact(
        STORAGE, "minimum-tls", "minimum TLS", told, "good" if fine else "warn" if tls else "unknown",
        "" if fine or not tls else "raise the minimum to TLS 1.2",
    )  # fmt: skip
    return secure, lowest


def _at_rest(read: Reading) -> tuple[Fact, ...]:
    encryption: Mapping[str, Any] = (read.properties or {}).get("encryption") or {}
    own = "keyvault" in str(encryption.get("keySource") or "").casefold()
    held: Mapping[str, Any] = encryption.get("keyvaultproperties") or encryption.get("keyVaultProperties") or {}
    version = str(held.get("currentVersionedKeyIdentifier") or "").rpartition("/")[2][:8]
    source = f"customer-managed key, version {version or 'not told'}" if own else "Microsoft-managed key"
    twice = encryption.get("requireInfrastructureEncryption") is True
    note = "a second layer of encryption; it can only be chosen when an account is made"
    return (
        read.fact(STORAGE, "encryption", "encryption", source, "info", leads_to="action:cmk-versions" if own else ""),
        read.fact(
            STORAGE,
            "infrastructure-encryption",
            "infrastructure encryption",
            "on" if twice else "off",
            "info",
            note=note,
        ),
    )


async def _deleted(subject: Subject) -> tuple[Fact, ...]:
    """Whether blobs and containers that were deleted can be had back: a setting of the account's blob service."""
    account = ResourceId(str(subject.workspace.properties.get("storageAccount")))
    service = account.child("blobServices", "default")
    read = (await read_one(subject.cloud, service, versions.BLOB_SERVICE))._replace(subject=account.name)
    if read.properties is None:
        return (read.unread(STORAGE, "soft-delete", "soft delete of blobs"),)
    return (
        _soft(read, "soft-delete", "soft delete of blobs", "deleteRetentionPolicy"),
        _soft(read, "container-soft-delete", "soft delete of containers", "containerDeleteRetentionPolicy"),
    )


def _soft(read: Reading, word: str, label: str, policy: str) -> Fact:
    """Azure leaves a setting out that was never turned on."""
    given: Mapping[str, Any] = (read.properties or {}).get(policy) or {}
    if given.get("enabled") is True:
        return read.fact(STORAGE, word, label, f"on, {given.get('days') or '?'} days", "good")
    return read.fact(STORAGE, word, label, "off", "warn", "turn it on: what a run overwrites or deletes is gone")


async def read_registry(subject: Subject) -> tuple[Fact, ...]:
    """Tell the container registry: admin user, encryption, and whether the usual pull roles count."""
    own = subject.own
    read = (await subject.linked).get("containerRegistry")
    if read is None:
        return (own.fact(REGISTRY, "registry", "container registry", "none yet: made at the first image", "absent"),)
    if read.properties is None:
        return (read.unread(REGISTRY, "registry", "container registry"),)
    admin = read.properties.get("adminUserEnabled") is True
    own_key = str((read.properties.get("encryption") or {}).get("status") or "").casefold() == "enabled"
    told = "customer-managed key" if own_key else "Microsoft-managed key"
    note = "Azure Machine Learning's pages still ask for the admin user in some set-ups"
    return (
        read.fact(
            REGISTRY, "admin-user", "admin user", "on: a password pulls and pushes" if admin else "off",
            "warn" if admin else "good", "turn it off once the identity has AcrPull" if admin else "", note=note,
        ),
        read.fact(REGISTRY, "encryption", "encryption", told, "info"),
        _role_mode(read),
    )  # fmt: skip


def _role_mode(read: Reading) -> Fact:
    """Whether AcrPull and AcrPush count, or only roles with conditions on repositories; older versions do not tell."""
    mode = str((read.properties or {}).get("roleAssignmentMode") or "").casefold()
    if mode == "abacrepositorypermissions":
        told, remedy = "by repository (ABAC): AcrPull does not count", "give the repository roles to the identity"
        return read.fact(REGISTRY, "role-mode", "role assignments", told, "warn", remedy)
    if mode:
        return read.fact(REGISTRY, "role-mode", "role assignments", "by registry: AcrPull counts", "info")
    return read.fact(
        REGISTRY, "role-mode", "role assignments", "not told", "unknown", "look at the registry's properties"
    )

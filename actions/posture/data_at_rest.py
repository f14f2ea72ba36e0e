"""Where the data, the keys and the secrets of a workspace lie, and how they are kept: storage, vault, registry, HBI."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from actions.guard.model import Severity
from actions.posture.facts import Fact, Grade, Reading, Subject
from actions.workspaces.rows import key_findings, keys_of, uses_identity

_GRADES: dict[Severity, Grade] = {
    Severity.CRITICAL: "critical", Severity.HIGH: "high", Severity.WARN: "warn", Severity.INFO: "info",
    Severity.UNKNOWN: "unknown",
}  # fmt: skip
IMPACT, STORAGE, VAULT, REGISTRY, ENCRYPTION = "impact", "storage", "vault", "registry", "encryption"


async def read_impact(subject: Subject) -> tuple[Fact, ...]:
    """Tell whether the workspace was made for sensitive data, and what follows; this cannot be changed later."""
    own = subject.own
    value = own.properties.get("hbiWorkspace") if own.properties else None
    if value is None:
        return (own.fact(IMPACT, "hbi", "high business impact", "not told", "unknown"),)
    on = "on: less diagnostic data goes to Microsoft, scratch disks are encrypted"
    off = "off: diagnostic data goes to Microsoft, scratch disks are not encrypted on their own"
    note = "Microsoft's pages disagree on whether the OS disk is encrypted too"
    return (own.fact(IMPACT, "hbi", "high business impact", on if value is True else off, "info", note=note),)


async def read_storage(subject: Subject) -> tuple[Fact, ...]:
    """Tell the default account: keys, who may use them, transport, encryption."""
    own = subject.own
    read = subject.linked.get("storageAccount")
    if read is None:
        return (own.fact(STORAGE, "account", "storage account", "none", "absent"),)
    if read.properties is None:
        return (read.unread(STORAGE, "account", "storage account"),)
    return (*_keys(own, read, subject), *_transport(read), *_at_rest(read))


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
    return (
        read.fact(STORAGE, "encryption", "encryption", source, "info", leads_to="action:cmk-versions" if own else ""),
        read.fact(STORAGE, "infrastructure-encryption", "infrastructure encryption", "on" if twice else "off", "info"),
    )


async def read_vault(subject: Subject) -> tuple[Fact, ...]:
    """Tell how the workspace's vault is protected and by which model its access is given."""
    own = subject.own
    read = subject.linked.get("keyVault")
    if read is None:
        return (own.fact(VAULT, "vault", "key vault", "none", "absent"),)
    if read.properties is None:
        return (read.unread(VAULT, "vault", "key vault"),)
    roles = read.properties.get("enableRbacAuthorization") is True
    purge = read.properties.get("enablePurgeProtection") is True
    soft = read.properties.get("enableSoftDelete") is not False
    days = read.properties.get("softDeleteRetentionInDays")
    kept = f"on, {days} days" if soft and days else "on" if soft else "off"
    return (
        read.fact(VAULT, "permission-model", "permission model", "roles" if roles else "access policies", "info"),
        read.fact(
            VAULT, "purge-protection", "purge protection", "on" if purge else "off", "good" if purge else "warn",
            "" if purge else "turn purge protection on; it cannot be turned off again",
        ),
        read.fact(
            VAULT, "soft-delete", "soft delete", kept, "good" if soft else "high", "" if soft else "turn soft delete on",
        ),
    )  # fmt: skip


async def read_registry(subject: Subject) -> tuple[Fact, ...]:
    """Tell the container registry: admin user, encryption, and whether the usual pull roles count."""
    own = subject.own
    read = subject.linked.get("containerRegistry")
    if read is None:
        return (own.fact(REGISTRY, "registry", "container registry", "none yet: made at the first image", "absent"),)
    if read.properties is None:
        return (read.unread(REGISTRY, "registry", "container registry"),)
    admin = read.properties.get("adminUserEnabled") is True
    own_key = str((read.properties.get("encryption") or {}).get("status") or "").casefold() == "enabled"
    told = "customer-managed key" if own_key else "Microsoft-managed key"
    abac = str(read.properties.get("roleAssignmentMode") or "").casefold() == "abacrepositorypermissions"
    note = "Azure Machine Learning's pages still ask for the admin user in some set-ups"
    return (
        read.fact(
            REGISTRY, "admin-user", "admin user", "on: a password pulls and pushes" if admin else "off",
            "warn" if admin else "good", "turn it off once the identity has AcrPull" if admin else "", note=note,
        ),
        read.fact(REGISTRY, "encryption", "encryption", told, "info"),
        read.fact(
            REGISTRY, "role-mode", "role assignments", "by repository: AcrPull does not count" if abac else "by registry",
            "warn" if abac else "info", "give the repository roles to the identity" if abac else "",
        ),
    )  # fmt: skip


async def read_encryption(subject: Subject) -> tuple[Fact, ...]:
    """Tell whose key encrypts the workspace, by its pinned version."""
    own = subject.own
    encryption: Mapping[str, Any] = subject.workspace.properties.get("encryption") or {}
    if str(encryption.get("status") or "").casefold() != "enabled":
        return (own.fact(ENCRYPTION, "cmk", "encryption key", "Microsoft-managed key", "info"),)
    identifier = str((encryption.get("keyVaultProperties") or {}).get("keyIdentifier") or "")
    vault = identifier.removeprefix("https://").partition(".")[0]
    _, _, rest = identifier.partition("/keys/")
    name, _, version = rest.partition("/")
    told = f"{vault}/{name}, version {version[:8] or 'latest'}"
    return (own.fact(ENCRYPTION, "cmk", "encryption key", told, "info", leads_to="action:cmk-versions"),)

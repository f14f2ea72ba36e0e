"""The workspace's key vault: how it is protected, and what the workspace keeps there by name and age, never by value."""

from __future__ import annotations

from datetime import datetime

from actions.cloud import versions
from actions.cloud.data import CloudError, Forbidden, KeptSecret, ResourceId
from actions.posture.facts import Fact, Grade, Reading, Subject, failed, stamp
from actions.workspaces.judged import Life, life_of

VAULT = "vault"
_NAMED = 8
_KEPT = "the account's connection string, the registry's password and datastores' strings lie there, as the page says"


async def read_vault(subject: Subject) -> tuple[Fact, ...]:
    """Tell how the workspace's vault is protected, by which model its access is given, and what lies in it."""
    named = ResourceId(str(subject.workspace.properties.get("keyVault") or ""))
    if not named.text:
        return (subject.own.fact(VAULT, "vault", "key vault", "none", "absent"),)
    kept = await _kept(subject, named.name)
    read = (await subject.linked)["keyVault"]
    if read.properties is None:
        return (read.unread(VAULT, "vault", "key vault"), *kept)
    return (*_protection(read), *kept)


def _protection(read: Reading) -> tuple[Fact, ...]:
    properties = read.properties or {}
    roles = properties.get("enableRbacAuthorization") is True
    purge = properties.get("enablePurgeProtection") is True
    soft = properties.get("enableSoftDelete") is not False
    days = properties.get("softDeleteRetentionInDays")
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


async def _kept(subject: Subject, vault: str) -> tuple[Fact, ...]:
    """List the secrets; a vault that lets nobody list them says why."""
    cloud, where = subject.cloud, f"GET secrets of the vault {versions.VAULT_SECRETS}"
    label = "secrets kept"
    try:
        found = await cloud.secrets(vault)
    except CloudError as error:
        read = failed(vault, where, cloud, error)
        why = f"you may not list them ({error.code})" if isinstance(error, Forbidden) else read.missing
        remedy = "ask for the permission to list its secrets; it shows names and ages, and no value"
        return (read.fact(VAULT, "secrets", label, f"could not be read: {why}", "unknown", remedy),)
    read = Reading(vault, where, stamp(cloud), {})
    if not found:
        return (read.fact(VAULT, "secrets", label, "none", "absent"),)
    names = ", ".join(each.name for each in found[:_NAMED])
    more = f" and {len(found) - _NAMED} more" if len(found) > _NAMED else ""
    total = read.fact(VAULT, "secrets", label, f"{len(found)}: {names}{more}", "info", note=_KEPT)
    return (total, *(_secret(read, each, cloud.now()) for each in found))


def _secret(read: Reading, kept: KeptSecret, now: datetime) -> Fact:
    """One secret's age against its own expiry, or where it has none against the two years that are usual."""
    age = "age not told" if kept.updated is None else f"{(now - kept.updated).days} days old"
    ends = kept.expires
    told = age if kept.enabled else f"{age}, disabled"
    told += f", expires {ends:%Y-%m-%d}" if ends else ", never expires"
    here = read._replace(subject=f"{read.subject}/{kept.name}")
    grade, remedy = _LIVES[life_of(kept, now)]
    leads = "action:storage-keys" if remedy else ""
    return here.fact(VAULT, "secret", "secret", told, grade, remedy, leads_to=leads)


_LIVES: dict[Life, tuple[Grade, str]] = {
    "expired": ("high", "expired: resync the workspace's keys, or write what uses it anew"),
    "soon": ("warn", "it expires soon: resync the workspace's keys"),
    "old": ("warn", "older than the two years that Azure Machine Learning gives a secret: resync the workspace's keys"),
    "fine": ("good", ""),
    "unknown": ("unknown", ""),
}

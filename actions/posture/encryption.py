"""Whose key encrypts a workspace, and how long the version that it pins can still be used; key material is not read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from actions.cloud import versions
from actions.cloud.data import CloudError, KeyVersion
from actions.posture.facts import Fact, Reading, Subject, failed, stamp

ENCRYPTION = "encryption"
_SOON = timedelta(days=30)
_LEAD = "runbook:cmk-expiring"


async def read_encryption(subject: Subject) -> tuple[Fact, ...]:
    """Tell the key by its pinned version, and ask its vault for that version's state."""
    own, cloud = subject.own, subject.cloud
    encryption: Mapping[str, Any] = subject.workspace.properties.get("encryption") or {}
    if str(encryption.get("status") or "").casefold() != "enabled":
        return (own.fact(ENCRYPTION, "cmk", "encryption key", "Microsoft-managed key", "info"),)
    identifier = str((encryption.get("keyVaultProperties") or {}).get("keyIdentifier") or "")
    vault = identifier.removeprefix("https://").partition(".")[0]
    uri, _, rest = identifier.partition("/keys/")
    name, _, version = rest.partition("/")
    told = f"{vault}/{name}, version {version[:8] or 'latest'}"
    key = own.fact(ENCRYPTION, "cmk", "encryption key", told, "info", leads_to="action:cmk-versions")
    where = f"GET keys of the vault {versions.VAULT_KEYS}"
    try:
        found = await cloud.key_version(uri, name, version)
    except CloudError as error:
        return key, failed(f"{vault}/{name}", where, cloud, error).unread(ENCRYPTION, "state", "the pinned version")
    return key, _state(Reading(f"{vault}/{name}", where, stamp(cloud), {}), found, cloud.now())


def _state(read: Reading, found: KeyVersion, now: datetime) -> Fact:
    """A version that is disabled or has ended takes the workspace's metadata with it."""
    ends = found.expires
    told = "never expires" if ends is None else f"expires {ends:%Y-%m-%d}"
    if not found.enabled or (ends is not None and ends <= now):
        told = f"{told}, and it cannot be used now" if found.enabled else "disabled"
        remedy = "have it enabled or extended, then move the workspace to a newer version"
        return read.fact(ENCRYPTION, "state", "the pinned version", told, "critical", remedy, leads_to=_LEAD)
    if ends is not None and ends - now < _SOON:
        remedy = "move the workspace to a newer version before that"
        return read.fact(ENCRYPTION, "state", "the pinned version", told, "high", remedy, leads_to=_LEAD)
    return read.fact(ENCRYPTION, "state", "the pinned version", told, "good")

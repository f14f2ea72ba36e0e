"""An inspection told to people: the key, its versions, who reads it, what depends on it."""

from __future__ import annotations

from datetime import datetime

from actions.cloud.data import ResourceId
from actions.cmk_versions.findings import behind, revoked, unprotected
from actions.cmk_versions.state import CmkVersionsInspection, Dependent, Key, Version, when
from actions.guard.contract import Description, Table

_SHOWN = 12


def describe(found: CmkVersionsInspection) -> Description:
    """Facts and tables; a workspace with Microsoft's key has little to tell."""
    key = found.key
    if key is None:
        return Description(facts=(("workspace", found.workspace), ("encryption", "Microsoft-managed key")))
    return Description(
        facts=_facts(found, key), tables=(_versions(found, key), _readers(found), _dependents(found, key))
    )


def _facts(found: CmkVersionsInspection, key: Key) -> tuple[tuple[str, str], ...]:
    vault, newest = found.vault, key.newest
    name = ResourceId(vault.id).name if vault else ""
    model = "unknown" if vault is None or vault.problem or vault.gone else "roles" if vault.roles else "access policies"
    purge = "off" if unprotected(found) else "on" if vault and vault.purge is not None else "unknown"
    source = key.source or "nowhere"
    return (
        ("workspace", found.workspace),
        ("architecture", found.architecture),
        ("key", f"{key.name} in {name or key.host}"),
        ("pinned version", key.pinned or "none: the identifier names no version"),
        ("newest enabled version", newest.version if newest else "unknown"),
        ("rotation policy", _policy(key)),
        ("vault", f"{name}, {vault.location or 'region unknown'}" if vault else "unknown"),
        ("vault protection", f"purge protection {purge}"),
        ("vault permission model", model),
        ("vault network", vault.network or "unknown" if vault else "unknown"),
        ("read from", f"{source} ({key.problem})" if key.problem else source),
    )


def _policy(key: Key) -> str:
    if key.policy.problem or not key.source:
        return f"unknown ({key.policy.problem or 'not read'})"
    told = f"new version {key.policy.rotates}" if key.policy.rotates else "makes no new versions"
    return f"{told}, each lives {key.policy.expiry}" if key.policy.expiry else told


def _versions(found: CmkVersionsInspection, key: Key) -> Table:
    """The newest versions, and the pinned one wherever it stands."""
    now = datetime.fromisoformat(found.as_of)
    shown = [item for number, item in enumerate(key.versions) if number < _SHOWN or item.version == key.pinned]
    rows = tuple(_version_row(item, key, now) for item in shown)
    title = f"Versions of {key.name}"
    if len(shown) < len(key.versions):
        title += f" ({len(shown)} of {len(key.versions)})"
    return Table(
        title=title, columns=("version", "state", "created", "expires", "type", "use"), rows=rows,
        states=tuple(_state(item, key, now) for item in shown),
    )  # fmt: skip


def _version_row(item: Version, key: Key, now: datetime) -> tuple[str, ...]:
    kind = f"{item.kind} {item.size}".strip(" 0") if item.kind else "-"
    use = "pinned" if item.version == key.pinned else "newest" if item is key.newest else ""
    return (item.short, told_state(item, now), item.created[:10] or "-", item.expires[:10] or "never", kind, use)


def told_state(item: Version, now: datetime) -> str:
    """The state of a version in a word."""
    expires, begins = when(item.expires), when(item.not_before)
    if not item.enabled:
        return "disabled"
    if expires is not None and expires <= now:
        return "expired"
    return "not yet valid" if begins is not None and begins > now else "enabled"


def _state(item: Version, key: Key, now: datetime) -> str:
    if told_state(item, now) != "enabled":
        return "critical" if item.version == key.pinned else "info"
    if item.version == key.pinned:
        return "ok" if key.newest is item else "warn"
    return "info"


def _readers(found: CmkVersionsInspection) -> Table:
    graded = {"present": "ok", "unknown": "unknown", "missing": "critical"}
    return Table(
        title="Who must read the key",
        columns=("identity", "principal", "access", "detail"),
        rows=tuple(
            (item.name, item.principal[:8] or "-", item.state if item.required else f"{item.state} (not needed)",
             item.detail)
            for item in found.readers
        ),
        states=tuple(graded[item.state] if item.required else "info" for item in found.readers),
    )  # fmt: skip


def _dependents(found: CmkVersionsInspection, key: Key) -> Table:
    return Table(
        title="What may be encrypted with it",
        columns=("resource", "kind", "uses", "detail"),
        rows=tuple((item.name, item.kind, _uses(item, key), item.status or item.detail) for item in found.dependents),
        states=tuple(_grade(item, key) for item in found.dependents),
    )


def _uses(item: Dependent, key: Key) -> str:
    if item.relation == "same":
        return f"{item.version[:8] or 'unknown'}{'' if item.version == key.pinned else ' (other)'}"
    told = {"other": "another key", "microsoft": "Microsoft's key", "hidden": "not told", "unread": "not verified"}
    return told[item.relation]


def _grade(item: Dependent, key: Key) -> str:
    if revoked(item):
        return "critical"
    if item.relation in ("unread", "hidden"):
        return "unknown"
    return "warn" if behind(item, key) else "ok" if item.relation == "same" else "info"

"""The fleet's encryption keys as a calendar: each key is read once, the most urgent workspace comes first.

Resource Graph lists the workspaces (the providers' own lists where it fails); a key that several workspaces share is
read once. Only lists of versions are read, so types and sizes are left to the look at one workspace.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta
from typing import Any

from msgspec.structs import replace

from actions.cloud.data import CloudError, ResourceId
from actions.cloud.protocol import Cloud
from actions.cmk_versions.findings import SOON, VERY_SOON, YOUNG
from actions.cmk_versions.reading import identifier_parts, list_key
from actions.cmk_versions.state import Key, Version, when
from actions.cmk_versions.telling import told_state
from actions.guard.model import Frozen, Severity

HORIZON = 90
"""Days that the calendar shows."""
_AT_ONCE = 16
_WORKSPACES = (
    "resources | where type =~ 'microsoft.machinelearningservices/workspaces'"
    " | where properties.encryption.status =~ 'Enabled'"
    " | project id, name, encryption = properties.encryption"
    " | order by id asc"
)


class KeyRow(Frozen, frozen=True, kw_only=True):
    """One encrypted workspace: `days` is until the pinned version expires (None: never, or unknown); times are ISO 8601.

    `severity` is the worst that a list of versions tells; a key that could not be read is `unknown`, never in order.
    """

    id: str
    name: str
    group: str
    subscription: str
    vault: str
    key: str
    pinned: str
    newest: str = ""
    expires: str = ""
    days: int | None = None
    state: str
    severity: Severity | None = None
    remark: str = ""
    source: str = ""


class Calendar(Frozen, frozen=True, kw_only=True):
    """The fleet's rows, most urgent first, and what could not be read."""

    as_of: str
    rows: tuple[KeyRow, ...]
    unread: tuple[str, ...] = ()

    @property
    def weeks(self) -> tuple[tuple[str, int], ...]:
        """How many pinned versions expire in each of the next weeks: (first day, count)."""
        start = datetime.fromisoformat(self.as_of)
        counts: list[tuple[str, int]] = []
        for week in range(-(-HORIZON // 7)):
            first = week * 7
            found = sum(1 for row in self.rows if row.days is not None and first <= row.days < min(first + 7, HORIZON))
            counts.append((f"{start + timedelta(days=first):%Y-%m-%d}", found))
        return tuple(counts)

    @property
    def due(self) -> tuple[KeyRow, ...]:
        """The rows whose version is over or ends within the horizon, the next one first."""
        found = [row for row in self.rows if row.days is not None and row.days < HORIZON]
        return tuple(sorted(found, key=lambda row: (row.expires, row.id)))


async def calendar(
    cloud: Cloud, subscriptions: tuple[str, ...] = (), came: Callable[[int, int], object] = lambda _read, _total: None
) -> Calendar:
    """Read the fleet's keys; raises `CloudError` only where the workspaces cannot be listed in any way.

    `came` is told after each key how many of how many were read.
    """
    now = cloud.now()
    found, unread = await _workspaces(cloud, subscriptions)
    wanted = {_key_of(item): item for item in found}
    turn, done = asyncio.Semaphore(_AT_ONCE), itertools.count(1)

    async def read(item: dict[str, Any]) -> Key | str:
        given = _given(item)
        async with turn:
            try:
                return await list_key(
                    cloud, str(given.get("keyIdentifier") or ""), str(given.get("keyVaultArmId") or "")
                )
            except CloudError as error:
                return error.sentence
            finally:
                came(next(done), len(wanted))

    got = await asyncio.gather(*(read(item) for item in wanted.values()))
    keys = dict(zip(wanted, got, strict=True))
    rows = sorted((_row(item, keys[_key_of(item)], now) for item in found), key=_urgency)
    return Calendar(as_of=now.isoformat(), rows=tuple(rows), unread=unread)


async def _workspaces(cloud: Cloud, subscriptions: tuple[str, ...]) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """The encrypted workspaces as (id, name, encryption)."""
    try:
        return [row async for page in cloud.query(_WORKSPACES, subscriptions) for row in page], ()
    except CloudError as error:
        failure = error
    wanted = subscriptions or tuple(item.id for item in await cloud.subscriptions())
    rows = [row async for row in _listed(cloud, wanted)]
    return rows, (f"Resource Graph could not be asked, so the providers were: {failure.sentence}",)


async def _listed(cloud: Cloud, subscriptions: tuple[str, ...]) -> AsyncIterator[dict[str, Any]]:
    for listed in await asyncio.gather(*(cloud.workspaces(item) for item in subscriptions)):
        for workspace in listed:
            encryption = workspace.properties.get("encryption") or {}
            if str(encryption.get("status") or "").casefold() == "enabled":
                yield {"id": workspace.id.text, "name": workspace.name, "encryption": encryption}


def _given(row: dict[str, Any]) -> dict[str, Any]:
    return (row.get("encryption") or {}).get("keyVaultProperties") or {}


def _key_of(row: dict[str, Any]) -> tuple[str, str, str]:
    host, name, _ = identifier_parts(str(_given(row).get("keyIdentifier") or ""))
    return host, name.casefold(), ResourceId(str(_given(row).get("keyVaultArmId") or "")).key


def _row(item: dict[str, Any], got: Key | str, now: datetime) -> KeyRow:
    host, name, pinned = identifier_parts(str(_given(item).get("keyIdentifier") or ""))
    workspace = ResourceId(str(item["id"]))
    known = KeyRow(
        id=workspace.text, name=str(item.get("name") or workspace.name), group=workspace.group,
        subscription=workspace.subscription, vault=host.partition(".")[0], key=name, pinned=pinned[:8] or "none",
        state="unknown", severity=Severity.UNKNOWN,
    )  # fmt: skip
    if isinstance(got, str):
        return _with(known, remark=f"not verified: {got}")
    if not got.source:
        told = f"the key is {got.gone}" if got.gone else f"not verified: {got.problem}"
        return _with(known, remark=told, severity=Severity.CRITICAL if got.gone else Severity.UNKNOWN)
    return _known(known, got, pinned, now)


def _known(row: KeyRow, key: Key, pinned: str, now: datetime) -> KeyRow:
    newest, current = key.newest, key.find(pinned) if pinned else None
    row = _with(row, newest=newest.short if newest else "none", source=key.source)
    if key.gone or (pinned and current is None):
        return _with(row, state="missing", severity=Severity.CRITICAL, remark=f"the key is {key.gone or 'not there'}")
    if current is None:
        return _with(row, state="no version", severity=Severity.INFO, remark="the identifier names no version")
    expires = when(current.expires)
    days = None if expires is None else (expires - now) // timedelta(days=1)
    severity, remark = _graded(current, newest, now)
    return _with(
        row, state=told_state(current, now), expires=current.expires, days=days, severity=severity, remark=remark
    )


def _graded(current: Version, newest: Version | None, now: datetime) -> tuple[Severity | None, str]:
    """The worst of C1 to C5 for a version."""
    state, expires = told_state(current, now), when(current.expires)
    if state != "enabled":
        return Severity.CRITICAL, f"the pinned version is {state}"
    left = None if expires is None else expires - now
    if left is not None and left < SOON:
        return Severity.CRITICAL if left < VERY_SOON else Severity.WARN, "make a new version and move the workspace"
    if newest is not None and newest.version != current.version and newest.created >= current.created:
        young = now - (when(newest.created) or now) < YOUNG
        return Severity.INFO if young else Severity.WARN, f"{newest.short} of {newest.created[:10]} is newer"
    return None, ""


def _with(row: KeyRow, **changes: Any) -> KeyRow:
    return replace(row, **changes)


_RANKS = {Severity.CRITICAL: 0, Severity.HIGH: 1, Severity.WARN: 2, Severity.UNKNOWN: 3, Severity.INFO: 4, None: 5}


def _urgency(row: KeyRow) -> tuple[bool, int, int, str]:
    """Expiring keys first, by day; then the others, worst first."""
    soon = row.days is not None and row.days < HORIZON
    return (not soon, row.days if soon and row.days is not None else 0, _RANKS[row.severity], row.id.casefold())

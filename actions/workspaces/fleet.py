"""The fleet list: its sources asked at once, in Resource Graph's largest pages, and never a secret.

Where Resource Graph fails or does not know, the providers' own lists are asked instead, one a subscription. What nobody
wants to see is not asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar

from actions.cloud.data import CloudError, Data, ResourceId
from actions.cloud.protocol import Cloud
from actions.workspaces.access import (
    Access,
    Grant,
    Vault,
    expected_access,
    grant_of,
    is_system_assigned,
    principal_of,
    vault_of,
)
from actions.workspaces.columns import USUAL, Seen, beside, cells_of, needs, usual_asked
from actions.workspaces.rows import Facts, Keys, WorkspaceRow, bare_row, full_row, keys_of
from actions.workspaces.sources import (
    BESIDE,
    OWN,
    WORKSPACES,
    Names,
    Raw,
    Read,
    query_of,
    read_sources,
    read_unseen,
    shaped,
    untold,
)

_T = TypeVar("_T")
_LINKS = {source.name: source.link for source in BESIDE if source.link}


class FleetPage(Data, frozen=True, kw_only=True):
    """Some rows of the fleet; a later page may hold the same workspaces again, with more known of them.

    `complete` says that all cells are final; `total` is how many workspaces there are in all, 0 where nobody told; `unread`
    are sentences on sources that could not be read.
    """

    rows: tuple[WorkspaceRow, ...]
    complete: bool
    total: int = 0
    unread: tuple[str, ...] = ()


class _Sources(Data, frozen=True, kw_only=True):
    """What there is to know beside the workspaces, by id in lower case; None where it could not be read.

    `asked` are the usual cells that are wanted, `others` the columns beside them, and `linked` what these are read from,
    by the source's name.
    """

    asked: frozenset[str]
    others: tuple[str, ...]
    accounts: dict[str, Keys] | None
    grants: dict[str, list[Grant]] | None
    granted: frozenset[str]
    """The subscriptions in which any grant can be seen, in lower case."""
    endpoints: dict[str, list[Mapping[str, Any]]] | None
    vaults: dict[str, Vault] | None
    linked: dict[str, dict[str, Mapping[str, Any]] | None]
    unread: tuple[str, ...]


async def whole_fleet(
    cloud: Cloud,
    subscriptions: tuple[str, ...] = (),
    columns: tuple[str, ...] = USUAL,
    came: Callable[[FleetPage], object] = lambda _page: None,
) -> tuple[tuple[WorkspaceRow, ...], tuple[str, ...]]:
    """Give all rows, ordered by id, and what could not be read; `came` is handed each page on the way."""
    rows: list[WorkspaceRow] = []
    unread: tuple[str, ...] = ()
    async for page in fleet(cloud, subscriptions, columns):
        came(page)
        if page.complete:
            rows.extend(page.rows)
            unread = page.unread
    return tuple(rows), unread


async def fleet(
    cloud: Cloud, subscriptions: tuple[str, ...] = (), columns: tuple[str, ...] = USUAL
) -> AsyncIterator[FleetPage]:
    """Yield the workspaces page by page: as they come with what they say themselves, then complete.

    `columns` are names of `actions.workspaces.columns`; what no column needs is not asked for. Raises `CloudError` only
    where the workspaces themselves cannot be listed in any way.
    """
    now = cloud.now()
    as_of = now.isoformat(timespec="seconds").replace("+00:00", "Z")
    wanted = needs(columns)
    own = wanted.pop(WORKSPACES.name, ())
    names_read = asyncio.gather(_names(cloud, subscriptions))
    rest = asyncio.gather(read_sources(cloud, subscriptions, wanted, names_read))
    held: list[list[Raw]] = []
    totals = [0]
    try:
        async for raws in _workspaces(cloud, subscriptions, own, names_read, totals.append):
            (names,) = await names_read
            held.append(raws)
            rows = tuple(bare_row(raw, _named(raw, names), as_of) for raw in raws)
            yield FleetPage(rows=rows, complete=False, total=totals[-1])
        (names,), (reads,) = await names_read, await rest
        unread = await _fill(cloud, own, held)
        reads = await read_unseen(cloud, reads, (raw for raws in held for raw in raws))
        sources = _gathered(reads, columns, unread)
        for raws in held or [[]]:
            rows = tuple(full_row(raw, _facts(raw, sources), _named(raw, names), as_of, now) for raw in raws)
            yield FleetPage(rows=rows, complete=True, total=totals[-1], unread=sources.unread)
    finally:
        for waiting in (names_read, rest):
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting


async def _names(cloud: Cloud, subscriptions: tuple[str, ...]) -> dict[str, str]:
    """Read the subscriptions' names by id in lower case; where that fails the ids asked for stand for themselves."""
    wanted = {one.casefold() for one in subscriptions}
    try:
        found = {one.id.casefold(): one.name for one in await cloud.subscriptions()}
    except CloudError:
        return dict.fromkeys(wanted, "")
    return {key: name for key, name in found.items() if not wanted or key in wanted}


async def _workspaces(
    cloud: Cloud, subscriptions: tuple[str, ...], own: tuple[str, ...], names: Names, counted: Callable[[int], object]
) -> AsyncIterator[list[Raw]]:
    """Yield the workspaces from Resource Graph, or from the provider itself."""
    try:
        async for page in cloud.query(query_of(WORKSPACES, (*OWN, *own)), subscriptions, counted):
            if page:
                yield [shaped(row) for row in page]
        return
    except CloudError as error:
        failure = error
    (known,) = await names
    if not known:
        raise failure
    lists = await asyncio.gather(*(cloud.workspaces(subscription) for subscription in known))
    counted(sum(map(len, lists)))
    for listed in lists:
        if listed:
            yield [workspace.raw for workspace in listed]


async def _fill(cloud: Cloud, own: tuple[str, ...], held: list[list[Raw]]) -> tuple[str, ...]:
    """Take from the provider what Resource Graph tells of no workspace; give the reason where that fails."""
    raws = [raw for page in held for raw in page]
    missing = untold(WORKSPACES, own, raws) if raws else ()
    if not missing:
        return ()
    subscriptions = sorted({ResourceId(str(raw["id"])).subscription for raw in raws})
    try:
        lists = await asyncio.gather(*(cloud.workspaces(subscription) for subscription in subscriptions))
    except CloudError as error:
        return (f"some of the workspaces' own properties could not be read: {error.sentence}",)
    known = {found.id.key: found.properties for each in lists for found in each}
    for raw in raws:
        found = known.get(ResourceId(str(raw["id"])).key, {})
        raw["properties"] |= {name: found[name] for name in missing if name in found}
    return ()


def _gathered(reads: Mapping[str, Read], columns: tuple[str, ...], unread: tuple[str, ...]) -> _Sources:
    """Put what the sources said where a row looks for it."""
    rows = {name: reads[name].rows if name in reads else None for name in ("accounts", "grants", "endpoints", "vaults")}
    others = beside(columns)
    extra = {source for source in needs(others) if source in _LINKS}
    return _Sources(
        asked=usual_asked(columns),
        others=others,
        accounts=_by_id(rows["accounts"], lambda raw: keys_of(raw["properties"])),
        grants=_by_principal(rows["grants"]),
        granted=frozenset(_subscription_of(row) for row in rows["grants"] or ()),
        endpoints=_by_workspace(rows["endpoints"]),
        vaults=_by_id(rows["vaults"], lambda raw: vault_of(raw["properties"])),
        linked={name: _by_id(reads[name].rows, _properties) for name in extra},
        unread=(*(read.reason for read in reads.values() if read.reason), *unread),
    )


def _properties(raw: Raw) -> Mapping[str, Any]:
    """A resource's properties, with its tier among them."""
    return {**(raw.get("properties") or {}), "sku": raw.get("sku")}


def _by_id(rows: Iterable[Raw] | None, read: Callable[[Raw], _T]) -> dict[str, _T] | None:
    return None if rows is None else {ResourceId(str(row["id"])).key: read(row) for row in rows}


def _by_principal(rows: Iterable[Raw] | None) -> dict[str, list[Grant]] | None:
    if rows is None:
        return None
    found: dict[str, list[Grant]] = {}
    for row in rows:
        grant = grant_of(row)
        found.setdefault(grant.principal.casefold(), []).append(grant)
    return found


def _subscription_of(row: Raw) -> str:
    return ResourceId(str(row["properties"].get("scope") or "")).subscription.casefold()


def _by_workspace(rows: Iterable[Raw] | None) -> dict[str, list[Mapping[str, Any]]] | None:
    """Gather the endpoints' properties under their workspaces."""
    if rows is None:
        return None
    found: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        found.setdefault(ResourceId(str(row["id"])).parent.key, []).append(row["properties"])
    return found


def _facts(raw: Raw, sources: _Sources) -> Facts:
    """Look up what the sources say of one workspace."""
    workspace = ResourceId(str(raw["id"]))
    properties: Mapping[str, Any] = raw.get("properties") or {}
    account = ResourceId(str(properties.get("storageAccount") or "")).key
    endpoints = None if sources.endpoints is None else sources.endpoints.get(workspace.key, [])
    cells: tuple[str, ...] = ()
    if sources.others:
        linked = {
            name: None if found is None else found.get(ResourceId(str(properties[_LINKS[name]])).key)
            for name, found in sources.linked.items()
            if properties.get(_LINKS[name])
        }
        cells = cells_of(sources.others, Seen(properties, linked, endpoints))
    return Facts(
        keys=(sources.accounts or {}).get(account),
        access=_access(workspace, raw, sources) if "identity" in sources.asked else None,
        endpoints=None if endpoints is None else tuple(str(each.get("authMode") or "") for each in endpoints),
        cells=cells,
        asked=sources.asked,
    )


def _access(workspace: ResourceId, raw: Raw, sources: _Sources) -> tuple[Access, ...] | None:
    """Compare the identity's access; None where grants are unread, or none at all can be seen in the subscription.

    Resource Graph leaves out what the caller may not read, so seeing nothing is not the same as nothing there.
    """
    properties: Mapping[str, Any] = raw.get("properties") or {}
    principal = principal_of(raw.get("identity"), str(properties.get("primaryUserAssignedIdentity") or ""))
    if not principal:
        return ()
    if sources.grants is None or workspace.subscription.casefold() not in sources.granted:
        return None
    vault = (sources.vaults or {}).get(ResourceId(str(properties.get("keyVault") or "")).key)
    grants, system = sources.grants.get(principal.casefold(), ()), is_system_assigned(raw.get("identity"))
    return expected_access(workspace, properties, principal, grants, vault, system=system)


def _named(raw: Raw, names: Mapping[str, str]) -> str:
    return names.get(ResourceId(str(raw["id"])).subscription.casefold(), "")

"""The fleet list: its sources asked at once, in Resource Graph's largest pages, and never a secret.

Where Resource Graph fails or does not know, the providers' own lists are asked instead, one a subscription. What nobody
wants to see is not asked for. What no list holds is asked of each workspace by itself, behind all the others' cells.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

import msgspec

from actions.cloud.data import CloudError, Data, ResourceId
from actions.cloud.protocol import Cloud
from actions.workspaces.cells import PENDING, Seen
from actions.workspaces.columns import USUAL, directs, needs
from actions.workspaces.direct import PAGE, Asking, Readings, chosen
from actions.workspaces.direct_reads import DIRECT
from actions.workspaces.gathered import Sources, facts_of, gathered, seen_of
from actions.workspaces.rows import WorkspaceRow, bare_row, full_row
from actions.workspaces.sources import (
    OWN,
    WORKSPACES,
    Names,
    Raw,
    query_of,
    read_sources,
    read_unseen,
    shaped,
    untold,
)


class FleetPage(Data, frozen=True, kw_only=True):
    """Some rows of the fleet; a later page may hold the same workspaces again, with more known of them.

    `complete` says that all cells are final; `total` is how many workspaces there are in all, 0 where nobody told; `unread`
    are sentences on sources that could not be read. `asked` of `to_ask` workspaces have been asked by themselves for what no
    list holds.
    """

    rows: tuple[WorkspaceRow, ...]
    complete: bool
    total: int = 0
    unread: tuple[str, ...] = ()
    asked: int = 0
    to_ask: int = 0


async def whole_fleet(
    cloud: Cloud,
    subscriptions: tuple[str, ...] = (),
    columns: tuple[str, ...] = USUAL,
    came: Callable[[FleetPage], object] = lambda _page: None,
    hidden: Sequence[str] = (),
) -> tuple[tuple[WorkspaceRow, ...], tuple[str, ...]]:
    """Give all rows, ordered by id, and what could not be read; `came` is handed each page on the way."""
    rows: dict[str, WorkspaceRow | None] = {}  # in the order of the list, whichever are complete first
    unread: tuple[str, ...] = ()
    async for page in fleet(cloud, subscriptions, columns, hidden=hidden):
        came(page)
        rows |= {row.id: row if page.complete else rows.get(row.id) for row in page.rows}
        unread = page.unread if page.complete else unread
    return tuple(row for row in rows.values() if row is not None), unread


async def fleet(
    cloud: Cloud,
    subscriptions: tuple[str, ...] = (),
    columns: tuple[str, ...] = USUAL,
    readings: Readings | None = None,
    hidden: Sequence[str] = (),
) -> AsyncGenerator[FleetPage, None]:
    """Yield the workspaces page by page: as they come with what they say themselves, then complete.

    `columns` are names of `actions.workspaces.columns`; what no column needs is not asked for. Where columns ask each
    workspace by itself, all rows come once more before that, with everything else; `readings` keeps the answers for the
    next time, and subscriptions that are `hidden` (names or ids) are not asked so. Raises `CloudError` only where the
    workspaces themselves cannot be listed in any way.
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
        filled = _Filled(gathered(reads, columns, unread), names, as_of, now)
        wanted_direct = chosen(directs(columns), DIRECT)
        if not wanted_direct:
            for raws in held or [[]]:
                yield FleetPage(rows=filled.rows(raws), complete=True, total=totals[-1], unread=filled.sources.unread)
            return
        out = _hidden(names, hidden)
        async for page in _asked(Asking(cloud, wanted_direct, readings or Readings()), filled, held, out):
            yield msgspec.structs.replace(page, total=totals[-1])
    finally:
        for waiting in (names_read, rest):
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting


class _Filled:
    """Makes rows of what the lists said, and of what was asked beside them."""

    def __init__(self, sources: Sources, names: Mapping[str, str], as_of: str, now: datetime) -> None:
        self.sources, self._names, self._as_of, self._now = sources, names, as_of, now

    def rows(self, raws: Sequence[Raw], seen: Sequence[Seen] | None = None) -> tuple[WorkspaceRow, ...]:
        """The rows of some workspaces."""
        others = self.sources.others
        looked: list[Seen | None] = (
            [*seen] if seen else [seen_of(raw, self.sources) if others else None for raw in raws]
        )
        return tuple(
            full_row(raw, facts_of(raw, self.sources, each), _named(raw, self._names), self._as_of, self._now)
            for raw, each in zip(raws, looked, strict=True)
        )


def _hidden(names: Mapping[str, str], hidden: Sequence[str]) -> frozenset[str]:
    """The ids, in lower case, of subscriptions whose workspaces nobody looks at."""
    out = {each.casefold() for each in hidden}
    return frozenset(key for key, name in names.items() if out & {key, name.casefold()})


async def _asked(
    asking: Asking, filled: _Filled, held: Sequence[list[Raw]], out: frozenset[str]
) -> AsyncIterator[FleetPage]:
    """Yield all rows with what is known, then those again, page by page, that had to be asked by themselves."""
    raws = [raw for page in held for raw in page]
    seen = [asking.seen(seen_of(raw, filled.sources)) for raw in raws]
    waiting = (number for number, each in enumerate(seen) if PENDING in each.direct.values())
    pending = [number for number in waiting if seen[number].id.subscription.casefold() not in out]
    late, total = set(pending), len(pending)
    done = [number for number in range(len(raws)) if number not in late]
    unread = (*filled.sources.unread, *asking.unread)
    if pending:
        rows = filled.rows([raws[number] for number in pending], [seen[number] for number in pending])
        yield FleetPage(rows=rows, complete=False, to_ask=total)
    rows = filled.rows([raws[number] for number in done], [seen[number] for number in done])
    yield FleetPage(rows=rows, complete=True, unread=unread, to_ask=total)
    for start in range(0, total, PAGE):
        part = pending[start : start + PAGE]
        await asking.ask([seen[number] for number in part])
        rows = filled.rows([raws[number] for number in part], [asking.seen(seen[number]) for number in part])
        unread = (*filled.sources.unread, *asking.unread)
        yield FleetPage(rows=rows, complete=True, unread=unread, asked=start + len(part), to_ask=total)


async def _names(cloud: Cloud, subscriptions: tuple[str, ...]) -> dict[str, str]:
    """Read the subscriptions' names by id in lower case; where that fails those asked for have ids alone."""
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
    for raw in raws:
        raw["properties"] = {**dict.fromkeys((*OWN, *own)), **raw["properties"]}  # asked for and not told is None
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


def _named(raw: Raw, names: Mapping[str, str]) -> str:
    return names.get(ResourceId(str(raw["id"])).subscription.casefold(), "")

"""Fleets: how many requests a list takes, how long at a distance, and how everything grows with its size."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

import msgspec

from actions.cloud.azure import AzureCloud
from actions.cloud.base import PAGE
from actions.cloud.data import ResourceId
from actions.guard.gate import secret_reads
from actions.registry import entry
from actions.workspaces import WorkspaceRow, whole_fleet
from actions.workspaces.columns import BY_NAME, USUAL, directs, needs
from actions.workspaces.direct_reads import DIRECT
from actions.workspaces.sources import BESIDE, OWN, WORKSPACES, query_of
from azsim.cloud import Cloud
from azsim.estate import Estate, load
from azsim.estates.small import fleet, small
from azsim.wire import Request, Response
from bench.distant import depth, distant
from bench.table import Row, interleaved
from tui.fleet_lines import line_of
from tui.fleet_view import shown_names
from tui.widgets.rows import TableRow, arrange, parse_query, searchable

LATENCY = 0.1
_MANY, _FEW, _MOST = 10_000, 1_000, 50_000


def _estate(count: int) -> Estate:
    return load(fleet(count))


def requests(_rounds: int) -> Iterator[Row]:
    """The usual columns of ten thousand workspaces, and every column of a thousand: what is asked beside the least there is."""
    for count, columns, told, spare in ((_MANY, USUAL, "the usual", 15), (_FEW, tuple(BY_NAME), "all", 500)):
        sim = Cloud(_estate(count))
        asked, least = _watched(sim, columns), _least(sim, columns)
        cloud, _ = distant(sim)
        rows, unread = asyncio.run(_columns(cloud, columns))
        assert len(rows) == count, unread
        by_source = ", ".join(f"{name} {many}" for name, many in asked.items())
        yield Row(
            name=f"requests for a fleet of {count:,} with {told} columns",
            against="pages of 1,000 per source, and one for each that is asked by itself",
            ours=float(sum(asked.values())), reference=float(least), most=(least + spare) / least,
            taken=f"by source: {by_source}; others sign in, name the subscriptions and look into the directory; a vault is "
            "asked twice, for it answers a challenge first, and deployments of which no list knows any where endpoints are",
        )  # fmt: skip


def _watched(sim: Cloud, columns: tuple[str, ...]) -> Counter[str]:
    """Count from now on how often each source of the lists is asked, and what is asked by itself."""
    wanted, found = needs(columns), Counter[str]()
    queries = {query_of(source, wanted.get(source.name, ())): source.name for source in BESIDE}
    queries[query_of(WORKSPACES, (*OWN, *wanted.get(WORKSPACES.name, ())))] = WORKSPACES.name

    def noted(request: Request) -> Response:
        path = request.path.casefold()
        if path.endswith("/microsoft.resourcegraph/resources"):
            found[queries[msgspec.json.decode(request.body)["query"]]] += 1
        else:
            found["by itself" if "/providers/" in path or path.endswith("/secrets") else "others"] += 1
        return handle(request)

    handle, sim.handle = sim.handle, noted  # type: ignore[method-assign]
    return found


def _least(sim: Cloud, columns: tuple[str, ...]) -> int:
    """The pages that the sources have, and one request for each that has to be asked by itself."""
    ml = "Microsoft.MachineLearningServices/workspaces"
    many = {
        WORKSPACES.name: _count(sim, ml), "accounts": _count(sim, "Microsoft.Storage/storageAccounts"),
        "grants": len(sim.world.access.assignments), "assignments": len(sim.world.access.assignments),
        "roles": len(sim.world.access.definitions), "endpoints": _count(sim, f"{ml}/onlineEndpoints"),
        "deployments": _count(sim, f"{ml}/onlineEndpoints/deployments"), "vaults": _count(sim, "Microsoft.KeyVault/vaults"),
    }  # fmt: skip
    pages = sum(max(-(-many.get(name, 0) // PAGE), 1) for name in {WORKSPACES.name, *needs(columns)})
    units = {
        "workspace": many[WORKSPACES.name], "vault": many["vaults"], "storage account": many["accounts"],
        "subscription": len(sim.world.subscriptions), "tenant": 1,
    }  # fmt: skip
    always = {(DIRECT[name].read, DIRECT[name].unit) for name in directs(columns) if name not in _SELDOM}
    return pages + sum(units[unit] for _, unit in always)


_SELDOM = frozenset({"network", "mode", "side", "endpoints", "deployments", "providers", "ml-app"})
"""Asked only where the lists do not tell it, or of workspaces with keys of their own, which this fleet has none of."""


async def _columns(cloud: AzureCloud, columns: tuple[str, ...]) -> tuple[tuple[WorkspaceRow, ...], tuple[str, ...]]:
    try:
        return await whole_fleet(cloud, (), columns)
    finally:
        await cloud.close()


def _count(sim: Cloud, kind: str) -> int:
    return sum(1 for _ in sim.world.of_type(kind))


async def _listed(sim: Cloud, latency: float = 0.0) -> int:
    cloud, _ = distant(sim, latency)
    rows, unread = await _columns(cloud, USUAL)
    assert not unread
    return len(rows)


def far_fleet(rounds: int) -> Iterator[Row]:
    """Loading a fleet a tenth of a second away, beside the requests that wait for one another."""
    estate = _estate(_FEW)
    chain = depth(lambda: _listed(Cloud(estate), LATENCY), LATENCY)

    def load_it() -> float:
        sim = Cloud(estate)
        began = time.perf_counter()
        asyncio.run(_listed(sim, LATENCY))
        return time.perf_counter() - began

    found = interleaved(rounds, ours=load_it)
    yield Row(
        name=f"fleet of {_FEW:,} at 100 ms latency", against="dependent requests x latency", unit="s",
        ours=found["ours"], reference=chain * LATENCY, most=1.2,
        taken=f"{chain:.0f} requests wait for one another, signing in included",
    )  # fmt: skip


def far_inspection(rounds: int) -> Iterator[Row]:
    """Inspecting one workspace for a rotation of its keys, at the same distance."""
    estate = load(small())
    action = entry("storage-keys").load()

    async def inspect(sim: Cloud) -> None:
        cloud, _ = distant(sim, LATENCY)
        found = next(item["id"] for item in sim.world.of_type("Microsoft.MachineLearningServices/workspaces"))
        with secret_reads(announced=action.secret_reads):
            await action.inspect(cloud, ResourceId(found), action.options())
        await cloud.close()

    chain = depth(lambda: inspect(Cloud(estate)), LATENCY)

    def inspect_it() -> float:
        sim = Cloud(estate)
        began = time.perf_counter()
        asyncio.run(inspect(sim))
        return time.perf_counter() - began

    found = interleaved(rounds, ours=inspect_it)
    yield Row(
        name="inspect of one workspace at 100 ms latency", against="dependent requests x latency", unit="s",
        ours=found["ours"], reference=chain * LATENCY, most=1.3,
        taken=f"storage-keys; {chain:.0f} requests wait for one another, signing in included",
    )  # fmt: skip


def growth(rounds: int) -> Iterator[Row]:
    """Fifty times as many workspaces: load, filter and memory beside fifty times as much."""
    sizes = (_FEW, _MOST)
    grown = {count: _Grown(count) for count in sizes}
    taken: dict[tuple[str, int], list[float]] = {}
    for number in range(min(rounds, 3)):  # the larger fleet takes its time
        for count in sizes if number % 2 == 0 else sizes[::-1]:
            for name, value in grown[count].measured().items():
                taken.setdefault((name, count), []).append(value)
    factor = _MOST / _FEW
    times = "reference: the smaller fleet's value times fifty"
    for name, unit, how in (
        ("load", "s", times),
        ("filter", "s", f"reference: {factor:g} small fleets one after the other, so that both read as much memory"),
        ("memory", "MiB", f"{times}; that of the rows as the list keeps them"),
    ):
        yield Row(
            name=f"growth of {name} from {_FEW:,} to {_MOST:,} workspaces", against="linear", unit=unit,
            ours=median(taken[name, _MOST]), reference=median(taken[name, _FEW]) * factor, most=1.0,
            taken=how,
        )  # fmt: skip


def _filtered(lists: Sequence[tuple[Sequence[TableRow], Sequence[str]]]) -> float:
    """Seconds to filter these lists, one after the other, by four texts."""
    took = 0.0
    for text in ("ws-1", "eastus", "!west", "-f wseu"):
        query, times = parse_query(text, ()), []
        for _ in range(9):
            began = time.perf_counter()
            for rows, texts in lists:
                arrange(rows, texts, query, None)
            times.append(time.perf_counter() - began)
        took += median(times)
    return took


class _Grown:
    """A fleet in a cloud in this process; what the cloud is made of is kept from the garbage collector."""

    def __init__(self, count: int) -> None:
        self._estate = _estate(count)

    def measured(self) -> dict[str, float]:
        """Seconds to load and to filter, and the memory of the rows."""
        sim = Cloud(self._estate)
        gc.collect()
        gc.freeze()
        rows, took = asyncio.run(self._read(sim))
        gc.unfreeze()
        gc.collect()
        tracemalloc.start()
        line = line_of(shown_names((), environments=False))
        kept = [line(row, "") for row in rows]
        texts = [searchable(row) for row in kept]
        size, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        lists = [(kept, texts)]
        while len(lists) * len(rows) < _MOST:
            again = [line(row, "") for row in rows]
            lists.append((again, [searchable(row) for row in again]))
        return {"load": took, "filter": _filtered(lists) / len(lists), "memory": size / 2**20}

    async def _read(self, sim: Cloud) -> tuple[tuple[WorkspaceRow, ...], float]:
        """Load it; announced waits take no time here."""
        cloud, _ = distant(sim)
        began = time.perf_counter()
        rows, _unread = await whole_fleet(cloud)
        took = time.perf_counter() - began
        await cloud.close()
        return rows, took

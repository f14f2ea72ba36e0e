"""Fleets: how many requests a list takes, how long at a distance, and how everything grows with its size."""

from __future__ import annotations

import asyncio
import gc
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from statistics import median

import msgspec

from actions.cloud.base import PAGE
from actions.cloud.data import ResourceId
from actions.guard.gate import secret_reads
from actions.registry import entry
from actions.workspaces import WorkspaceRow, whole_fleet
from actions.workspaces.columns import USUAL, needs
from actions.workspaces.sources import BESIDE, OWN, WORKSPACES, query_of
from azsim.cloud import Cloud
from azsim.estate import Estate, load
from azsim.estates.small import fleet, small
from azsim.wire import Request
from bench.distant import depth, distant
from bench.table import Row, interleaved
from tui.fleet_lines import line_of
from tui.fleet_view import shown_names
from tui.widgets.rows import arrange, parse_query, searchable

LATENCY = 0.1
_MANY, _FEW, _MOST = 10_000, 1_000, 50_000
_SOURCES = {
    "workspaces": query_of(WORKSPACES, OWN),
    **{source.name: query_of(source, needs(USUAL)[source.name]) for source in BESIDE if source.name in needs(USUAL)},
}


def _estate(count: int) -> Estate:
    return load(fleet(count))


def requests(_rounds: int) -> Iterator[Row]:
    """All list columns of ten thousand workspaces: pages asked for beside pages that there are, by source."""
    sim = Cloud(_estate(_MANY))
    asked: Counter[str] = Counter()

    def noted(request: Request) -> object:
        if request.path.casefold().endswith("/microsoft.resourcegraph/resources"):
            text = msgspec.json.decode(request.body)["query"]
            asked[next(name for name, query in _SOURCES.items() if query == text)] += 1
        else:
            asked["others"] += 1
        return handle(request)

    handle, sim.handle = sim.handle, noted  # type: ignore[method-assign, assignment]
    rows = asyncio.run(_listed(sim))
    counts = {
        "workspaces": rows,
        "accounts": _count(sim, "Microsoft.Storage/storageAccounts"),
        "grants": len(sim.world.access.assignments),
        "endpoints": _count(sim, "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"),
        "vaults": _count(sim, "Microsoft.KeyVault/vaults"),
    }
    least = sum(max(-(-count // PAGE), 1) for count in counts.values())
    told = ", ".join(f"{name} {asked[name]}" for name in (*_SOURCES, "others"))
    yield Row(
        name=f"requests for a fleet of {_MANY:,} with all columns", against="pages of 1,000 per source",
        ours=float(sum(asked.values())), reference=float(least), most=(least + 3 * len(_SOURCES)) / least,
        taken=f"by source: {told}; others sign in and name the subscriptions",
    )  # fmt: skip


def _count(sim: Cloud, kind: str) -> int:
    return sum(1 for _ in sim.world.of_type(kind))


async def _listed(sim: Cloud, latency: float = 0.0) -> int:
    cloud, _ = distant(sim, latency)
    try:
        rows, unread = await whole_fleet(cloud)
        assert not unread
        return len(rows)
    finally:
        await cloud.close()


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
    for name, unit in (("load", "s"), ("filter", "s"), ("memory", "MiB")):
        yield Row(
            name=f"growth of {name} from {_FEW:,} to {_MOST:,} workspaces", against="linear", unit=unit,
            ours=median(taken[name, _MOST]), reference=median(taken[name, _FEW]) * factor, most=1.0,
            taken="reference: the smaller fleet's value times fifty; memory is that of the rows as the list keeps them",
        )  # fmt: skip


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
        filters = []
        for text in ("ws-1", "eastus", "!west", "-f wseu"):
            query, times = parse_query(text, ()), []
            for _ in range(5):
                began = time.perf_counter()
                arrange(kept, texts, query, None)
                times.append(time.perf_counter() - began)
            filters.append(median(times))
        return {"load": took, "filter": sum(filters), "memory": size / 2**20}

    async def _read(self, sim: Cloud) -> tuple[tuple[WorkspaceRow, ...], float]:
        """Load it; announced waits take no time here."""
        cloud, _ = distant(sim)
        began = time.perf_counter()
        rows, _unread = await whole_fleet(cloud)
        took = time.perf_counter() - began
        await cloud.close()
        return rows, took

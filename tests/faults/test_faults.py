"""One fault at every request of a run, of every kind that Azure or the network has: each run still reaches its goal."""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from azsim.faults import Fault
from tests.faults.trials import SCENARIOS, Scenario, trial

pytestmark = pytest.mark.matrix
WHOLE = bool(os.environ.get("AMLKEYS_MATRIX_WHOLE"))
"""Every kind at every request, without turns: many times as many trials, for before a release."""
SHARES = 8 if WHOLE else 2
"""The positions are dealt to so many tests, for parallel workers."""
SEEDS = range(10)
RATE = 0.2
"""Share of the requests that the standing faults hit together."""
PERSISTENT = 12
"""Legs under standing faults before they are lifted."""
STANDING = 2
"""Legs under one standing refusal before it is lifted."""
AFTER_THE_CHECK = tuple(range(2, 10_000))
"""The first reading is the last check before a run begins."""

KINDS = {
    "500": Fault(kind="status", status=500),
    "502": Fault(kind="status", status=502),
    "503": Fault(kind="status", status=503),
    "504": Fault(kind="status", status=504),
    "503-after-commit": Fault(kind="status", status=503, commit=True),
    "504-after-commit": Fault(kind="status", status=504, commit=True),
    "429-retry-after": Fault(kind="throttle", retry_after=7),
    "429-bare": Fault(kind="status", status=429, code="TooManyRequests"),
    "reset-before": Fault(kind="reset_before"),
    "reset-after": Fault(kind="reset_after"),
    "delay": Fault(kind="delay", seconds=120.0),
    "403": Fault(kind="status", status=403, code="AuthorizationFailed"),
    "404": Fault(kind="status", status=404, code="ResourceNotFound"),
    "409": Fault(kind="status", status=409, code="StorageAccountOperationInProgress"),
}
"""The delay is longer than the client waits: an answer that comes too late."""
TURNS = [kind for kind, fault in KINDS.items() if not fault.commit and fault.status not in {403, 404}]
"""What a repeated request gets over, and 409, which is no answer to a read: these take turns at the reads."""
OPERATING = [name for name, scenario in SCENARIOS.items() if scenario.operation]
"""The scenarios whose runs start a long-running operation."""
CHANGES: dict[str, tuple[bool, ...]] = {}
"""By scenario, as `undisturbed` found it in this process."""


async def undisturbed(scenario: Scenario, folder: Path) -> tuple[bool, ...]:
    """For each request of a run without faults whether it changes something."""
    sim = scenario.cloud()
    async with trial(scenario, sim, folder / "undisturbed") as run:
        await run.planned()
        start = sim.ledger.last
        await run.to_the_end(tries=0)
        run.check()
        return tuple(entry.committed for entry in sim.ledger.since(start))


async def disturbed(scenario: Scenario, fault: Fault, folder: Path) -> None:
    """Plan in peace, plant the fault, and take the run to its end and its goal."""
    sim = scenario.cloud()
    async with trial(scenario, sim, folder) as run:
        await run.planned()
        sim.faults.add(fault)
        await run.to_the_end()
        assert any(entry.fault for entry in sim.ledger.entries), "the fault struck nowhere"
        run.check()


def positions(kind: str, changes: tuple[bool, ...]) -> list[int]:
    """Where a kind strikes: at every change, and at every read, or at some of them by turns; none commits a read."""
    turn = TURNS.index(kind) if kind in TURNS else None
    return [
        nth
        for nth, change in enumerate(changes, start=1)
        if change or (not KINDS[kind].commit and (WHOLE or turn is None or nth % len(TURNS) == turn))
    ]


@pytest.mark.parametrize(
    ("kind", "share", "shares"),
    [
        (kind, share, shares)
        for kind, fault in KINDS.items()
        for shares in [1 if fault.commit else SHARES]
        for share in range(shares)
    ],
)
@pytest.mark.parametrize("name", SCENARIOS)
async def test_one_fault_anywhere(
    name: str, kind: str, share: int, shares: int, folder: Path, tally: Counter[str]
) -> None:
    """Whatever is lost, refused or late once: the goal is reached, at the latest when the run is resumed."""
    scenario = SCENARIOS[name]
    if name not in CHANGES:
        CHANGES[name] = await undisturbed(scenario, folder)
    mine = positions(kind, CHANGES[name])[share::shares]
    assert mine
    for nth in mine:
        await disturbed(scenario, msgspec.structs.replace(KINDS[kind], at=(nth,), times=1), folder / f"{nth}")
        tally[f"{name} {kind}"] += 1


@pytest.mark.parametrize("often", [1, 2])
@pytest.mark.parametrize("kind", ["fail_operation", "stuck_operation"])
@pytest.mark.parametrize("name", OPERATING)
async def test_an_operation_that_fails_or_never_ends(
    name: str, kind: Literal["fail_operation", "stuck_operation"], often: int, folder: Path, tally: Counter[str]
) -> None:
    """The operation behind an accepted resync ends badly or not at all: what it did is looked at, not believed."""
    fault = Fault(kind=kind, route=SCENARIOS[name].operation, times=often)
    await disturbed(SCENARIOS[name], fault, folder / "trial")
    tally[f"{name} {kind}"] += 1


@pytest.mark.parametrize("kind", ["403", "404"])
@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_read_refused_ever_after(name: str, kind: str, folder: Path, tally: Counter[str]) -> None:
    """What can no longer be read counts as unknown, never as absent: a key dies only when all its holders are seen."""
    scenario = SCENARIOS[name]
    for number, read in enumerate(await reads(scenario, folder)):
        if kind == "404" and read.endswith("/listSecrets$"):
            continue  # a secret that is not there is a holder without a key, when Azure goes on saying so
        sim = scenario.cloud()
        async with trial(scenario, sim, folder / f"{number}") as run:
            await run.planned()
            sim.faults.add(msgspec.structs.replace(KINDS[kind], route=read, at=AFTER_THE_CHECK))
            for _ in range(STANDING):
                await run.leg()
            await run.to_the_end()
            run.check()
        tally[f"{name} {kind} ever after"] += 1


async def reads(scenario: Scenario, folder: Path) -> list[str]:
    """The routes that an undisturbed run reads more than once."""
    sim = scenario.cloud()
    async with trial(scenario, sim, folder / "undisturbed") as run:
        await run.planned()
        start = sim.ledger.last
        await run.to_the_end(tries=0)
    found = [entry for entry in sim.ledger.since(start) if entry.kind in ("read", "secret-read")]
    counts = Counter(f"^{entry.method} {re.escape(entry.host + entry.path)}$" for entry in found)
    return [route for route, count in counts.items() if count > 1]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("name", SCENARIOS)
async def test_every_fifth_request_disturbed(name: str, seed: int, folder: Path, tally: Counter[str]) -> None:
    """Faults of all kinds all the time: the run gets on between them, and ends when they do."""
    scenario = SCENARIOS[name]
    sim = scenario.cloud(seed=seed)
    kinds = random.Random(seed).sample(list(KINDS), len(KINDS))
    async with trial(scenario, sim, folder / "trial") as run:
        await run.planned()
        for left, kind in zip(range(len(kinds), 0, -1), kinds, strict=True):
            sim.faults.add(msgspec.structs.replace(KINDS[kind], rate=_share_of(left, len(kinds))))
        for _ in range(PERSISTENT):
            if await run.leg():
                break
        await run.to_the_end()
        run.check()
    tally[f"{name} every fifth"] += 1


def _share_of(left: int, count: int) -> float:
    """The rate of one fault so that all of them together hit a fifth, though each sees what earlier ones spare."""
    spared = 1 - RATE * (count - left) / count
    return RATE / count / spared

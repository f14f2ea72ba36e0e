"""Rotations of endpoint keys with a fault at every request, on both sides of the hand-over, and killed everywhere."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actions.guard.journal import Journal
from actions.guard.model import RunState
from azsim.cloud import Cloud
from azsim.endpoint_keys import EndpointKeys
from azsim.estates.endpoints import serving
from azsim.faults import Fault
from tests.faults.conftest import Nursery, ServedCloud
from tests.faults.nursery import PLACES
from tests.faults.test_faults import KINDS, WHOLE, positions
from tests.faults.trials import Scenario, trial

pytestmark = pytest.mark.matrix
OPTIONS = {"endpoint": ["score"], "publish": "kvserve01/score-key", "probe": True}
ANSWERS = ("404", "status")
SHARES = 8 if WHOLE else 2
LEGS = 1
"""Resumes that an undisturbed run needs: its hand-over."""


def each_key_once(before: Cloud, after: Cloud) -> None:
    """Both keys of the endpoint were replaced, each once, and no other endpoint's."""
    score = next(item["id"] for item in _online(after) if item["name"] == "score")
    assert [key.generation for key in after.world.state(EndpointKeys).pair(7, score).values()] == [2, 2]
    for item in _online(after):
        pair = after.world.state(EndpointKeys).pair(7, item["id"])
        assert item["id"] == score or {key.generation for key in pair.values()} == {1}
    assert len(after.world.vaults.secret("kvserve01", "score-key")) >= 1


def _online(sim: Cloud) -> list[dict[str, Any]]:
    return list(sim.world.of_type("Microsoft.MachineLearningServices/workspaces/onlineEndpoints"))


SCENARIO = Scenario("endpoint-keys", "serve-ml", serving, each_key_once, OPTIONS, {})
CHANGES: dict[str, tuple[bool, ...]] = {}


async def _undisturbed(answer: str, folder: Path) -> tuple[bool, ...]:
    """For each request of a rotation without faults whether it changes something."""
    sim = SCENARIO.cloud(endpointRegeneratePoll=answer)
    async with trial(SCENARIO, sim, folder / "undisturbed") as run:
        await run.planned()
        start = sim.ledger.last
        await run.to_the_end(tries=LEGS)
        run.check()
        return tuple(entry.committed for entry in sim.ledger.since(start))


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("answer", ANSWERS)
async def test_one_fault_anywhere(answer: str, kind: str, share: int, folder: Path, tally: Counter[str]) -> None:
    """Whatever is lost, refused or late once: each key is replaced once, and nobody is cut off."""
    if answer not in CHANGES:
        CHANGES[answer] = await _undisturbed(answer, folder)
    every = positions(kind, CHANGES[answer])
    assert len(every) >= 3
    mine = every[share::SHARES]
    for nth in mine:
        sim = SCENARIO.cloud(endpointRegeneratePoll=answer)
        async with trial(SCENARIO, sim, folder / f"{nth}") as run:
            await run.planned()
            sim.faults.add(msgspec.structs.replace(KINDS[kind], at=(nth,), times=1))
            await run.to_the_end()
            run.check()
        tally[f"endpoint-keys {answer} {kind}"] += 1


@pytest.mark.parametrize("often", [1, 2])
@pytest.mark.parametrize("kind", ["fail_operation", "stuck_operation"])
async def test_an_operation_that_fails_or_never_ends(kind: Any, often: int, folder: Path, tally: Counter[str]) -> None:
    """What the operation did is looked at, not believed."""
    sim = SCENARIO.cloud(endpointRegeneratePoll="200")
    async with trial(SCENARIO, sim, folder / "trial") as run:
        await run.planned()
        sim.faults.add(Fault(kind=kind, route="/regenerateKeys", times=often))
        await run.to_the_end()
        run.check()
    tally[f"endpoint-keys {kind}"] += 1


ESTATE = "__import__('azsim.estates.endpoints', fromlist=['serving']).serving()"
WORDS = ("serve-ml", "--endpoint", "score", "--publish", "kvserve01/score-key", "--probe")
CONFIRM = ("--confirm", "score", "--slot", "Secondary+Primary")
WAITS, DONE, KILLED = 7, 0, -9
TRIES = 5
Served = Callable[[str], ServedCloud]


class Rotation:
    """One rotation in processes that die, on a fresh cloud with a fresh journal."""

    def __init__(self, served: ServedCloud, nursery: Nursery, folder: Path) -> None:
        served.control("POST", "reset")
        folder.mkdir()
        self.served, self.nursery, self.out, self.folder = served, nursery, folder / "out.txt", folder
        self.place = ["--rehearse", str(served.path), "--journal", str(folder / "journal.sqlite3"), "--live"]

    def start(self, **job: object) -> int:
        return self.nursery.run(["run", "endpoint-keys", *WORDS, *self.place, *CONFIRM], self.out, **job)

    def carry_on(self, **job: object) -> int:
        journal = Journal.open(self.folder / "journal.sqlite3")
        runs = journal.runs()
        journal.close()
        if not runs:
            return self.start(**job)
        return self.nursery.run(["resume", runs[0].id, *self.place, *CONFIRM], self.out, **job)

    def check(self, what: str) -> None:
        """Each key was replaced once, nobody was cut off, and the record is whole."""
        told = f"{what}\n{self.out.read_text()[-2000:]}"
        ledger = self.served.control("GET", "ledger")["value"]
        made = [item["path"] for item in ledger if item["committed"] and item["path"].endswith("/regenerateKeys")]
        assert len(made) == 2, told
        assert self.served.control("GET", "outages")["value"] == [], told
        journal = Journal.open(self.folder / "journal.sqlite3")
        assert journal.verify().ok, told
        assert [run.state for run in journal.runs()] == [RunState.DONE], told
        journal.close()


@pytest.fixture(scope="session")
def totals(served: Served, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, int]]:
    """How many requests and journal writes an undisturbed rotation has before and after its hand-over."""
    rotation = Rotation(served(ESTATE), nursery, tmp_path_factory.mktemp("count") / "trial")
    counts = [rotation.folder / f"{leg}.json" for leg in range(2)]
    assert rotation.start(counts=str(counts[0])) == WAITS, rotation.out.read_text()[-2000:]
    assert rotation.carry_on(counts=str(counts[1])) == DONE, rotation.out.read_text()[-2000:]
    rotation.check("undisturbed")
    return [dict(json.loads(path.read_text())) for path in counts]


@pytest.mark.parametrize("leg", [0, 1])
@pytest.mark.parametrize("place", PLACES)
def test_killed_and_resumed(
    place: str, leg: int, served: Served, nursery: Nursery, totals: list[dict[str, int]], tmp_path: Path,
    tally: Counter[str],
) -> None:  # fmt: skip
    """Killed before the hand-over or after it, resuming ends in two new keys."""
    total = totals[leg][place.partition("-")[0]]
    for nth in range(1, total + 1):
        rotation = Rotation(served(ESTATE), nursery, tmp_path / f"{nth}")
        kill = {"place": place, "nth": nth}
        if leg:
            assert rotation.start() == WAITS
            exits = [rotation.carry_on(kill=kill)]
        else:
            exits = [rotation.start(kill=kill)]
        assert exits[0] == KILLED or nth == total, f"{place} {nth}: {exits}\n{rotation.out.read_text()[-2000:]}"
        while exits[-1] != DONE and len(exits) <= TRIES:
            exits.append(rotation.carry_on())
        assert exits[-1] == DONE, f"{place} {nth}: {exits}\n{rotation.out.read_text()[-3000:]}"
        rotation.check(f"killed {place} {nth} of {total} in leg {leg}: {exits}")
        tally[f"endpoint-keys {place}"] += 1

"""A full rotation killed at every request and at every journal write, and resumed: nothing is lost, repeated or cut off."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from actions.guard.journal import Journal
from actions.guard.model import RunState
from tests.faults.conftest import Nursery, ServedCloud
from tests.faults.nursery import PLACES

pytestmark = pytest.mark.matrix
CONFIRM = ["--live", "--decide", "external=accept", "--confirm", "stsmall01", "--slot", "key1+key2"]
SHARES = 6
"""The positions are dealt to so many tests, for parallel workers."""
TRIES = 4


class Trial:
    """One rotation on a fresh cloud with a fresh journal."""

    def __init__(self, served: ServedCloud, nursery: Nursery, folder: Path) -> None:
        served.control("POST", "reset")
        self.served, self.nursery, self.folder = served, nursery, folder
        folder.mkdir()
        self.out = folder / "out.txt"
        self.place = ["--rehearse", str(served.path), "--journal", str(folder / "journal.sqlite3")]

    def start(self, **job: object) -> int:
        """Run the rotation from the beginning."""
        return self.nursery.run(["run", "storage-keys", "small-ml", *self.place, *CONFIRM], self.out, **job)

    def carry_on(self) -> int:
        """Resume the run that the journal knows; start anew where the kill came before there was one."""
        journal = Journal.open(self.folder / "journal.sqlite3")
        runs = journal.runs()
        journal.close()
        if not runs:
            return self.start()
        return self.nursery.run(["resume", runs[0].id, *self.place, *CONFIRM], self.out)

    def check(self, what: str) -> None:
        """The goal holds, each key was regenerated once, nobody was without a key, and the record is whole."""
        told = f"{what}\n{self.out.read_text()[-2000:]}"
        ledger = self.served.control("GET", "ledger")["value"]
        regenerated = [entry for entry in ledger if entry["path"].endswith("/regenerateKey") and entry["committed"]]
        assert len(regenerated) == 2, told
        assert self.served.control("GET", "outages")["value"] == [], told
        journal = Journal.open(self.folder / "journal.sqlite3")
        assert journal.verify().ok, told
        assert [run.state for run in journal.runs()] == [RunState.DONE], told
        journal.close()


@pytest.fixture(scope="session")
def totals(served: ServedCloud, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> dict[str, int]:
    """How many requests and journal writes an undisturbed rotation has."""
    folder = tmp_path_factory.mktemp("count") / "trial"
    trial = Trial(served, nursery, folder)
    counts = folder / "counts.json"
    assert trial.start(counts=str(counts)) == 0, trial.out.read_text()[-2000:]
    trial.check("undisturbed")
    return dict(json.loads(counts.read_text()))


@pytest.mark.parametrize("share", range(SHARES))
@pytest.mark.parametrize("place", PLACES)
def test_killed_and_resumed(
    place: str, share: int, served: ServedCloud, nursery: Nursery, totals: dict[str, int], tmp_path: Path
) -> None:
    """Whatever was cut off, resuming ends in the goal."""
    kind = place.partition("-")[0]
    positions = [nth for nth in range(1, totals[kind] + 1) if nth % SHARES == share]
    assert positions
    for nth in positions:
        trial = Trial(served, nursery, tmp_path / f"{nth}")
        what = f"killed {place} {nth} of {totals[kind]}"
        killed = trial.start(kill={"place": place, "nth": nth})
        assert killed == -9 or nth == totals[kind], f"{what}: exit {killed}\n{trial.out.read_text()[-2000:]}"
        exits = [killed]
        while exits[-1] != 0 and len(exits) <= TRIES:
            exits.append(trial.carry_on())
        assert exits[-1] == 0, f"{what}: exits {exits}\n{trial.out.read_text()[-3000:]}"
        trial.check(what)

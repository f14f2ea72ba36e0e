"""Runs killed at every request and at every journal write, and resumed: nothing is lost, repeated or cut off."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from actions.guard.history import RunSummary
from actions.guard.journal import Journal
from actions.guard.model import RunState
from tests.faults.conftest import Nursery, ServedCloud
from tests.faults.nursery import PLACES
from tests.support.reviewed import NAME, names

pytestmark = pytest.mark.matrix
SHARES = {"request-before": 6, "change-after": 1, "journal-before": 2, "journal-after": 2}
"""The positions of each place are dealt to so many tests, for parallel workers."""
TRIES = 4


@dataclass(frozen=True)
class Scenario:
    """One action on the small workspace, and what its ledger must hold in the end."""

    action: str
    estate: str
    confirm: tuple[str, ...]
    goal: Callable[[list[dict[str, Any]]], None]
    """Asserts on the requests that changed something."""
    options: tuple[str, ...] = ()
    """The action's own, which a resumed run knows already."""
    target: str = "small-ml"
    undo: bool = False
    """Whether what a first run changed, undisturbed, is taken back by the run that is killed."""
    settles: bool = False
    """Whether a plan made afterwards has nothing left to do; keys can always be replaced again."""


def each_key_once(changes: list[dict[str, Any]]) -> None:
    """Both keys were regenerated, each once."""
    assert len([entry for entry in changes if entry["path"].endswith("/regenerateKey")]) == 2


def each_grant_once(changes: list[dict[str, Any]]) -> None:
    """The identity got its role and its access policy, each by one change that was never repeated."""
    given = Counter(entry["path"] for entry in changes if not entry["path"].endswith("/resyncKeys"))
    assert set(given.values()) == {1}
    assert sorted(path.rsplit("/", 2)[1] for path in given) == ["accessPolicies", "roleAssignments"]


def moved_once(changes: list[dict[str, Any]]) -> None:
    """One version was made and the workspace moved, each by one change that was never repeated."""
    made = Counter((entry["method"], entry["path"].rpartition("/")[2]) for entry in changes)
    assert made == {("POST", "rotate"): 1, ("PATCH", "small-ml"): 1}


def each_role_removed_once(changes: list[dict[str, Any]]) -> None:
    """Both role assignments were removed, each by one request."""
    assert sorted(entry["path"].rpartition("/")[2] for entry in changes) == sorted(names())


def each_role_made_again_once(changes: list[dict[str, Any]]) -> None:
    """Both removals of the first run, then both role assignments again, each once."""
    asked = Counter((entry["method"], entry["path"].rpartition("/")[2]) for entry in changes)
    assert asked == {(method, name): 1 for name in names() for method in ("DELETE", "PUT")}


ENCRYPTED = "__import__('azsim.estates.encrypted').estates.encrypted.hurried()"
SCENARIOS = {
    "storage-keys": Scenario(
        "storage-keys", "small()", ("--decide", "external=accept", "--confirm", "stsmall01", "--slot", "key1+key2"),
        each_key_once,
    ),
    "identity-access": Scenario(
        "identity-access", 'small(without=("storage", "vault"))', ("--confirm", "small-ml"), each_grant_once, settles=True
    ),
    "cmk-versions": Scenario(
        "cmk-versions", ENCRYPTED, ("--confirm", "small-ml"), moved_once, ("--rotate-key",), settles=True
    ),
    "support-apps": Scenario(
        "support-apps", "reviewed()",
        (*(part for name in names() for part in ("--decide", f"{name}=remove:unused")), "--confirm", NAME),
        each_role_removed_once, target=NAME,
    ),
    "support-apps-undo": Scenario(
        "support-apps", "reviewed()",
        (*(part for name in names() for part in ("--decide", f"{name}=remove:unused")), "--confirm", NAME),
        each_role_made_again_once, target=NAME, undo=True,
    ),
}  # fmt: skip


class Trial:
    """One run on a fresh cloud with a fresh journal."""

    def __init__(self, scenario: Scenario, served: ServedCloud, nursery: Nursery, folder: Path) -> None:
        served.control("POST", "reset")
        self.scenario, self.served, self.nursery, self.folder = scenario, served, nursery, folder
        self.confirm = ["--live", *scenario.confirm]
        folder.mkdir()
        self.out = folder / "out.txt"
        self.place = ["--rehearse", str(served.path), "--journal", str(folder / "journal.sqlite3")]
        self.before = self._first() if scenario.undo else []

    def _first(self) -> list[str]:
        """Run what is to be undone; gives the ids of the runs before the one that is killed."""
        words = ["run", self.scenario.action, self.scenario.target, *self.place, *self.confirm]
        assert self.nursery.run(words, self.out) == 0, self.out.read_text()[-2000:]
        self.confirm = ["--live", *self.scenario.confirm[-2:]]
        return [run.id for run in self.runs()]

    def runs(self) -> list[RunSummary]:
        """What the journal knows, newest first."""
        journal = Journal.open(self.folder / "journal.sqlite3")
        try:
            return journal.runs()
        finally:
            journal.close()

    def start(self, **job: object) -> int:
        """Run it from the beginning."""
        undo = [part for run in self.before for part in ("--undo", run)]
        words = [
            "run",
            self.scenario.action,
            self.scenario.target,
            *self.scenario.options,
            *undo,
            *self.place,
            *self.confirm,
        ]
        return self.nursery.run(words, self.out, **job)

    def carry_on(self) -> int:
        """Resume the run that the journal knows; start anew where the kill came before there was one."""
        runs = [run for run in self.runs() if run.id not in self.before]
        if not runs:
            return self.start()
        return self.nursery.run(["resume", runs[0].id, *self.place, *self.confirm], self.out)

    def check(self, what: str) -> None:
        """The goal holds, no change was repeated, nobody was without a key, and the record is whole."""
        told = f"{what}\n{self.out.read_text()[-2000:]}"
        ledger = self.served.control("GET", "ledger")["value"]
        try:
            self.scenario.goal([entry for entry in ledger if entry["committed"] and entry["kind"] == "write"])
        except AssertionError as error:
            raise AssertionError(f"{error}\n{told}") from None
        assert self.served.control("GET", "outages")["value"] == [], told
        journal = Journal.open(self.folder / "journal.sqlite3")
        assert journal.verify().ok, told
        assert {run.state for run in journal.runs()} == {RunState.DONE}, told
        assert len(journal.runs()) == len(self.before) + 1, told
        journal.close()


Totals = Callable[[str], dict[str, int]]
Served = Callable[[str], ServedCloud]


@pytest.fixture(scope="session")
def totals(served: Served, nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Totals:
    """How many requests and journal writes an undisturbed run of a scenario has."""
    known: dict[str, dict[str, int]] = {}

    def of(name: str) -> dict[str, int]:
        if name not in known:
            scenario = SCENARIOS[name]
            folder = tmp_path_factory.mktemp("count") / "trial"
            trial = Trial(scenario, served(scenario.estate), nursery, folder)
            counts = folder / "counts.json"
            assert trial.start(counts=str(counts)) == 0, trial.out.read_text()[-2000:]
            trial.check("undisturbed")
            if scenario.settles:
                words = ["plan", scenario.action, scenario.target, "--detailed-exit-code", *trial.place]
                left = nursery.run(words, trial.out)
                assert left == 0, f"something is left to do\n{trial.out.read_text()[-2000:]}"
            known[name] = dict(json.loads(counts.read_text()))
        return known[name]

    return of


@pytest.mark.parametrize(
    ("place", "share", "shares"),
    [(place, share, shares) for place in PLACES for shares in [SHARES[place]] for share in range(shares)],
)
@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_and_resumed(
    name: str, place: str, share: int, shares: int, served: Served, nursery: Nursery, totals: Totals, tmp_path: Path
) -> None:
    """Whatever was cut off, resuming ends in the goal."""
    scenario, total = SCENARIOS[name], totals(name)[place.partition("-")[0]]
    positions = [nth for nth in range(1, total + 1) if nth % shares == share]
    assert positions
    for nth in positions:
        trial = Trial(scenario, served(scenario.estate), nursery, tmp_path / f"{nth}")
        what = f"killed {place} {nth} of {total}"
        killed = trial.start(kill={"place": place, "nth": nth})
        assert killed == -9 or nth == total, f"{what}: exit {killed}\n{trial.out.read_text()[-2000:]}"
        exits = [killed]
        while exits[-1] != 0 and len(exits) <= TRIES:
            exits.append(trial.carry_on())
        assert exits[-1] == 0, f"{what}: exits {exits}\n{trial.out.read_text()[-3000:]}"
        trial.check(what)

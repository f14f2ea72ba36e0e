"""A served rehearsal cloud and a nursery of processes to kill."""

from __future__ import annotations

import fcntl
import json
import os
import ssl
import subprocess
import sys
import tempfile
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.checkout import ROOT

pytest.register_assert_rewrite("tests.faults.trials")

SERVER = (
    "from azsim.estates.small import small; from tests.support.reviewed import reviewed; "
    "from azsim.serve import serve; serve({estate})"
)


@dataclass
class ServedCloud:
    """An estate over TLS on loopback, with its control face."""

    card: dict[str, Any]
    path: Path

    def control(self, method: str, name: str, body: dict[str, Any] | None = None) -> Any:
        """Ask the control face."""
        data = json.dumps(body).encode() if body is not None else None
        headers = {"Authorization": f"Bearer {self.card['controlToken']}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{self.card['controlUrl']}{name}", data, headers, method=method)
        context = ssl.create_default_context(cafile=self.card["ca"])
        with urllib.request.urlopen(request, timeout=300, context=context) as answer:
            return json.loads(answer.read())


@contextmanager
def serving(estate: str, folder: Path) -> Iterator[ServedCloud]:
    """Serve an estate, given as an expression, until the block ends."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SERVER.format(estate=estate)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        path = folder / "card.json"
        path.write_text(line)
        yield ServedCloud(json.loads(line), path)
    finally:
        process.terminate()
        process.communicate(timeout=300)


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], ServedCloud]]:
    """One server a worker and estate; `reset` gives each trial a fresh cloud."""
    known: dict[str, ServedCloud] = {}
    with ExitStack() as stack:

        def of(estate: str) -> ServedCloud:
            if estate not in known:
                known[estate] = stack.enter_context(serving(estate, tmp_path_factory.mktemp("served")))
            return known[estate]

        yield of


class Nursery:
    """Runs amlkeys in forked processes, to the end or to its death."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, args: list[str], out: Path, **job: Any) -> int:
        """Run one amlkeys and give its exit code, -9 when it was killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"args": args, "out": str(out), **job}) + "\n")
        self._process.stdin.flush()
        return int(json.loads(self._process.stdout.readline())["exit"])


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    """One warm process a worker."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(Path(__file__).with_name("nursery.py"))]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
    yield Nursery(process)
    process.communicate(timeout=300)


@pytest.fixture(scope="session")
def tally(testrun_uid: str) -> Iterator[Counter[str]]:
    """Count the trials; at its end each worker adds its own to `build/faults.json`, where another run begins anew."""
    counts: Counter[str] = Counter()
    yield counts
    place = ROOT / "build" / "faults.json"
    place.parent.mkdir(exist_ok=True)
    with open(place, "a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        text = file.read()
        known = json.loads(text) if text else {}
        total = Counter(known["trials"] if known.get("session") == testrun_uid else {}) + counts
        file.truncate(0)
        json.dump({"session": testrun_uid, "trials": dict(sorted(total.items()))}, file, indent=1)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A place for journals, in memory where there is one: each entry is flushed, and there are thousands of runs."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as name:
        yield Path(name)

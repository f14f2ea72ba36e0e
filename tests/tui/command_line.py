"""Runs `amlkeys` in this process, on an estate small enough for a test of a tenth of a second."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

import tui.session
from azsim.cloud import Cloud as Simulated
from azsim.estates.small import small
from tui.cli import main

CONFIRM = ("--confirm", "stsmall01", "--slot", "key1+key2")
ACCEPT = ("--external", "accept")


@dataclass(frozen=True)
class Answer:
    """What one command said and how it ended."""

    exit: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one JSON object on stdout."""
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """The last line of stderr, without the program's name."""
        return self.err.rstrip().rpartition("\n")[2].removeprefix("amlkeys: ")


def amlkeys(*words: str | Path) -> Answer:
    """Run one command; nothing of it is a terminal."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        code = main([str(word) for word in words])
    return Answer(code, out.getvalue(), err.getvalue())


def estate_file(folder: Path, **changes: Any) -> Path:
    """Write the small estate, with top-level parts changed, as a file for `--rehearse`."""
    path = folder / "estate.json"
    path.write_bytes(msgspec.json.encode({**small(), **changes}))
    return path


def keep_one_cloud(monkeypatch: pytest.MonkeyPatch) -> list[Simulated]:
    """Keep one rehearsal cloud for all commands of a test, as a served one would be: the list holds it once opened."""
    built: list[Simulated] = []
    build = tui.session.simulated

    def once(document: Any, seed: int, name: str) -> Simulated:
        if not built:
            built.append(build(document, seed, name))
        return built[0]

    monkeypatch.setattr("tui.session.simulated", once)
    return built

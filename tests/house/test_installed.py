"""What is installed as amlkeys is ours and whole; also run against the wheel, away from the source."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.resources
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.checkout import PACKAGES


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The console script of this environment, started from `/` with next to no environment."""
    script = Path(sys.executable).parent / "amlkeys"
    environment = {"PATH": "/usr/bin:/bin", "HOME": os.environ["HOME"]}
    return subprocess.run([str(script), *arguments], cwd="/", env=environment, capture_output=True, text=True)


def test_the_packages_come_from_one_place() -> None:
    parents = {Path(str(importlib.import_module(name).__file__)).parents[1] for name in PACKAGES}
    assert len(parents) == 1


@pytest.mark.parametrize("name", [*PACKAGES, "tests"])
def test_no_other_distribution_provides_our_names(name: str) -> None:
    owners = {
        distribution.metadata["Name"]
        for distribution in importlib.metadata.distributions()
        if any(Path(str(file)).parts[:1] == (name,) for file in distribution.files or ())
    }
    assert owners <= {"amlkeys"}


def test_it_starts_from_anywhere_and_tells_its_version() -> None:
    done = _run("--version")
    assert done.returncode == 0, done.stderr
    assert importlib.metadata.version("amlkeys") in done.stdout


def test_without_a_terminal_it_names_the_commands() -> None:
    done = _run()
    assert done.returncode == 2
    assert "workspaces" in done.stdout + done.stderr


@pytest.mark.parametrize("name", PACKAGES)
def test_types_are_shipped(name: str) -> None:
    assert importlib.resources.files(name).joinpath("py.typed").is_file()

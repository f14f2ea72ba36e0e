"""The wheel holds exactly the files of the three packages, and the manual page."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.support import checkout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    """The project's wheel, built from this checkout."""
    checkout.files()
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=checkout.ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (built,) = folder.glob("amlkeys-*.whl")
    return zipfile.ZipFile(built)


def test_exactly_the_files_of_the_packages(wheel: zipfile.ZipFile) -> None:
    inside = {name for name in wheel.namelist() if ".dist-info/" not in name and ".data/" not in name}
    assert inside == set(checkout.package_files(""))


def test_the_manual_page_goes_where_man_looks_and_nothing_else_does(wheel: zipfile.ZipFile) -> None:
    beside = {name.partition(".data/")[2]: name for name in wheel.namelist() if ".data/" in name}
    assert set(beside) == {"data/share/man/man1/amlkeys.1"}
    assert wheel.read(beside["data/share/man/man1/amlkeys.1"]) == wheel.read("tui/amlkeys.1")


def test_one_entry_point_and_the_licence(wheel: zipfile.ZipFile) -> None:
    described = {Path(name).name: name for name in wheel.namelist() if ".dist-info/" in name}
    assert wheel.read(described["entry_points.txt"]).decode().split() == [
        "[console_scripts]", "amlkeys", "=", "tui.cli:main",
    ]  # fmt: skip
    assert "LICENSE" in described


def test_nothing_of_development_is_required(wheel: zipfile.ZipFile) -> None:
    (metadata,) = (wheel.read(name).decode() for name in wheel.namelist() if name.endswith("/METADATA"))
    required = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: ")]
    assert len(required) >= len(checkout.project()["project"]["dependencies"])
    assert [line for line in required if "pytest" in line or "mypy" in line or "ruff" in line] == []

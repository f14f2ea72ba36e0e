"""Every accepted picture still has the test that looks at it; syrupy finds the others only in a run without xdist."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support import checkout
from tests.support.snapshots import SNAPSHOTS


def _as_file_name(node: str) -> str:
    """The name of a test (`TestA::test_b[80x24]`) as it stands in a file name, without what file names leave out."""
    return re.sub(r"[^\w.\[\]-]", "", node.replace("::", "."))


def orphans(pictures: list[Path], tests: set[str]) -> list[Path]:
    """Pictures (paths below `snapshots/`) that belong to none of the collected tests (pytest's ids)."""
    names: dict[Path, set[str]] = {}
    for test in tests:
        module, _, node = test.partition("::")
        folder = Path(module).with_suffix("").relative_to("tests")
        names.setdefault(folder, set()).add(_as_file_name(node))
    lost = []
    for picture in pictures:
        name = _as_file_name(picture.stem)
        if not {name, re.sub(r"\.\d+$", "", name)} & names.get(picture.parent, set()):
            lost.append(picture)
    return lost


@pytest.fixture(scope="module")
def pictures() -> list[Path]:
    """The files below `snapshots/`."""
    names = [Path(name) for name in checkout.files() if name.startswith("snapshots/")]
    return [name.relative_to("snapshots") for name in names]


@pytest.mark.picture
def test_no_picture_without_its_test(pictures: list[Path]) -> None:
    modules = {Path("tests") / picture.parent.with_suffix(".py") for picture in pictures}
    there = sorted(str(module) for module in modules if (checkout.ROOT / module).is_file())
    listing = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "--no-header", "-p", "no:xdist", *there],
        cwd=checkout.ROOT,
        capture_output=True,
        text=True,
    )
    tests = {line for line in listing.stdout.splitlines() if line.startswith("tests/") and "::" in line}
    assert orphans(pictures, tests) == []


def test_each_picture_has_its_text(pictures: list[Path]) -> None:
    assert [picture for picture in pictures if picture.suffix not in (".svg", ".txt")] == []
    twins = {".svg": ".txt", ".txt": ".svg"}
    missing = {picture.with_name(f"{picture.stem}{twins[picture.suffix]}") for picture in pictures} - set(pictures)
    assert missing == set()


def test_an_orphan_is_seen() -> None:
    tests = {f"tests/tui/test_a.py::{node}" for node in ("test_x[80x24]", "test_plain", "TestB::test_y[a b]")}
    kept = ["test_x[80x24].svg", "test_x[80x24].1.txt", "test_plain.svg", "TestB.test_y[a b].svg"]
    lost = ["test_x[200x50].svg", "test_y.svg", "test_plain.gone.svg"]
    pictures = [Path("tui/test_a") / name for name in kept + lost]
    assert orphans([*pictures, Path("tui/test_gone/test_x.svg")], tests) == [
        *(Path("tui/test_a") / name for name in lost),
        Path("tui/test_gone/test_x.svg"),
    ]
    assert SNAPSHOTS == checkout.ROOT / "snapshots"

"""Every accepted picture still has the test that looks at it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from tests.support import checkout
from tests.support.snapshots import SNAPSHOTS


def _tests_in(source: str) -> set[str]:
    """Names as syrupy writes them: `test_main`, and `TestClass.test_main` for methods."""
    tree = ast.parse(source)
    names = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    for cls in (node for node in tree.body if isinstance(node, ast.ClassDef)):
        names |= {f"{cls.name}.{node.name}" for node in cls.body if isinstance(node, ast.FunctionDef)}
    return names


def orphans(pictures: list[Path], tests: Path) -> list[Path]:
    """Pictures (paths below `snapshots/`) whose module or function below `tests` is gone.

    A parameter set that is gone is syrupy's to find: it fails a run that leaves a picture of a module unused.
    """
    modules: dict[Path, set[str]] = {}
    lost = []
    for picture in pictures:
        module = tests / picture.parent.with_suffix(".py")
        if module not in modules:
            modules[module] = _tests_in(module.read_text(encoding="utf-8")) if module.is_file() else set()
        name = re.sub(r"(\[.*)?(\.\d+)?\.(svg|txt)$", "", picture.name)
        if name not in modules[module]:
            lost.append(picture)
    return lost


def _pictures() -> list[Path]:
    names = [Path(name) for name in checkout.files() if name.startswith("snapshots/")]
    return [name.relative_to("snapshots") for name in names if name.name != "README.md"]


def test_no_picture_without_its_test() -> None:
    assert orphans(_pictures(), checkout.ROOT / "tests") == []


def test_each_picture_has_its_text() -> None:
    pictures = set(_pictures())
    assert {picture for picture in pictures if picture.suffix not in (".svg", ".txt")} == set()
    twins = {".svg": ".txt", ".txt": ".svg"}
    assert {p for p in pictures if p.with_name(p.name[:-4] + twins[p.suffix]) not in pictures} == set()


def test_an_orphan_is_seen(tmp_path: Path) -> None:
    (tmp_path / "tui").mkdir()
    (tmp_path / "tui/test_a.py").write_text("def test_x(): ...\nclass TestB:\n    def test_y(self): ...\n")
    kept = ["test_x.svg", "test_x[80x24].txt", "test_x[80x24].1.svg", "TestB.test_y.svg"]
    lost = ["test_gone.svg", "test_y.svg"]
    pictures = [Path("tui/test_a") / name for name in kept + lost] + [Path("tui/test_deleted/test_x.svg")]
    assert orphans(pictures, tmp_path) == [
        *(Path("tui/test_a") / name for name in lost),
        Path("tui/test_deleted/test_x.svg"),
    ]
    assert SNAPSHOTS.name == "snapshots"

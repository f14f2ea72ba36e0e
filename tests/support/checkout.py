"""Where the project lies and which files make it up, for the tests that look at the house itself."""

from __future__ import annotations

import functools
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("tui", "actions", "azsim")


@functools.cache
def project() -> dict[str, Any]:
    """The parsed pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@functools.cache
def files() -> tuple[str, ...]:
    """Paths, relative to the root, of all files that git tracks or would track; skips outside a checkout."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("needs a git checkout")
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True, text=True,
    )  # fmt: skip
    names = sorted({name for name in listing.stdout.split("\0") if name})
    return tuple(name for name in names if (ROOT / name).is_file())


def package_files(suffix: str = ".py") -> list[str]:
    """The files of the three packages with this suffix."""
    return [name for name in files() if name.startswith(PACKAGES) and "/" in name and name.endswith(suffix)]


def text(name: str) -> str | None:
    """The content of a file of the project, or None when it is not text."""
    try:
        return (ROOT / name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None

"""The page that lists how the rehearsal cloud differs from Azure's recorded answers; the test reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.support.checkout import ROOT

COUNTS = pytest.StashKey[str]()
"""The numbers of a run, for its last line."""
PAGE = ROOT / "docs" / "rehearsal-cloud-differences.md"


@dataclass(frozen=True)
class Row:
    """One line of a table: which recordings (a name or a pattern), what differs, and why."""

    recordings: str
    difference: str
    reason: str

    def covers(self, name: str, difference: str) -> bool:
        """Whether this line explains a difference of a recording."""
        return fnmatchcase(name, self.recordings) and fnmatchcase(difference, _pattern(self.difference))


def _pattern(text: str) -> str:
    """`[` is part of a path here, not of a pattern."""
    return text.replace("[", "[[]")


def not_served(page: Path = PAGE) -> dict[str, str]:
    """Recordings that are not replayed, with the reason."""
    return {row[0]: row[1] for row in _table(page, "Not replayed")}


def documented(page: Path = PAGE) -> dict[str, str]:
    """Routes that no recording reaches, as patterns, with the page that they are built from."""
    return {row[0]: row[1] for row in _table(page, "Built from documentation")}


def listed(page: Path = PAGE) -> list[Row]:
    """The known differences."""
    return [Row(*row) for row in _table(page, "Differences")]


def _table(page: Path, heading: str) -> list[list[str]]:
    text = page.read_text(encoding="utf-8")
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    if section is None:
        raise ValueError(f"{page.name} has no section {heading!r}")
    lines = [line for line in section[1].splitlines() if line.startswith("|")][2:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in lines]

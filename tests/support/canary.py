"""Hunts simulated secrets in whatever a test leaves behind: its output, its log and its files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from azsim.secrets import MARK

_NEEDLE = MARK.encode()


def in_files(roots: Iterable[Path]) -> list[Path]:
    """The files below `roots` that hold a simulated secret; sockets and links to nowhere are passed over."""
    files = (path for root in roots for path in sorted(root.rglob("*")) if path.is_file())
    return [path for path in files if _NEEDLE in path.read_bytes()]


def in_output(report: pytest.TestReport) -> list[str]:
    """The captured streams of this phase ("Captured stdout call", ...) that hold a simulated secret."""
    return [title for title, text in report.sections if title.endswith(report.when or "") and MARK in text]


def judge(report: pytest.TestReport) -> None:
    """Fail a phase whose output holds a secret, and keep that secret off the report."""
    leaks = in_output(report)
    if not leaks:
        return
    report.sections = [(title, text.replace(MARK, "<secret>")) for title, text in report.sections]
    report.outcome = "failed"
    report.longrepr = f"a simulated secret reached: {', '.join(leaks)}"

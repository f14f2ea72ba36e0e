"""Hunts simulated secrets in whatever a test leaves behind: its output, its log and its files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from azsim.secrets import MARK

_NEEDLE = MARK.encode()
_SECRET = re.compile(rf"{MARK}[\w~.+/=-]*")


def in_files(roots: Iterable[Path]) -> list[Path]:
    """The files below `roots` that hold a simulated secret; sockets and links to nowhere are passed over."""
    files = (path for root in roots for path in sorted(root.rglob("*")) if path.is_file())
    return [path for path in files if _NEEDLE in path.read_bytes()]


def in_output(report: pytest.TestReport) -> list[str]:
    """The captured streams of this phase ("Captured stdout call", ...) that hold a simulated secret."""
    return [title for title, text in report.sections if title.endswith(report.when or "") and MARK in text]


def _redacted(text: str) -> str:
    return _SECRET.sub("<secret>", text)


def judge(report: pytest.TestReport) -> None:
    """Fail a phase whose output holds a secret, and keep secrets off the report, a failed test's values included."""
    leaks = in_output(report)
    if leaks:
        report.outcome = "failed"
        report.longrepr = f"a simulated secret reached: {', '.join(leaks)}"
    elif MARK in report.longreprtext:
        report.longrepr = _redacted(report.longreprtext)
    report.sections = [(title, _redacted(text)) for title, text in report.sections]

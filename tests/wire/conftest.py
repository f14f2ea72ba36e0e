"""Tells at the end of a run how many recordings were compared."""

from __future__ import annotations

import pytest

from tests.wire.listing import COUNTS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """One line: recordings, replayed, identical, listed."""
    counts = config.stash.get(COUNTS, None)
    if counts is not None:
        terminalreporter.write_line(f"wire conformance: {counts}")

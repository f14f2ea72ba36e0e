"""One run as a report: Markdown, JSON or a self-contained HTML page."""

from __future__ import annotations

from actions.guard.history import RunHistory

REPORT_SCHEMA = "amlkeys.report/1"


def as_json(run: RunHistory) -> bytes:
    """Return the run as `amlkeys.report/1`."""
    raise NotImplementedError


def as_markdown(run: RunHistory) -> str:
    """Return the run as Markdown."""
    raise NotImplementedError


def as_html(run: RunHistory) -> str:
    """Return the run as one HTML page without scripts or outside resources."""
    raise NotImplementedError

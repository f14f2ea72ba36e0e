"""Desks for the engine's tests, closed when they end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from actions.guard.journal import Journal
from tests.actions.guard.world import Desk, World


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Close every journal that a test opened."""
    journals: list[Journal] = []
    original = Journal.__init__

    def remember(self: Journal, *arguments: Any) -> None:
        original(self, *arguments)
        journals.append(self)

    monkeypatch.setattr(Journal, "__init__", remember)
    yield
    for journal in journals:
        journal.close()


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def desk(opened: None, world: World, tmp_path: Path) -> Callable[..., Desk]:
    """Make a desk: `desk(script=...)`."""
    return lambda **keywords: Desk(world, tmp_path / "state" / "journal.sqlite3", **keywords)

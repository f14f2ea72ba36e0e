"""The action over a rehearsal cloud."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from azsim.cloud import Cloud
from tests.actions.storage_keys.rehearsal import Watch


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[Callable[[Cloud], Watch]]:
    """Make an engine over a cloud; its journal lies in the test's own folder and must verify in the end."""
    made: list[Watch] = []

    def make(sim: Cloud) -> Watch:
        folder = tmp_path / str(len(made))
        folder.mkdir(mode=0o700)
        made.append(Watch(sim, folder))
        return made[-1]

    yield make
    for each in made:
        assert each.journal.verify().ok
        each.journal.close()

"""Keys pressed at random: nothing is written outside of live mode, nothing crashes, nothing is left running."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.guard.model import Mode
from tests.tui.monkey import ELSEWHERE, WAYS, Monkey, screens

MODES = pytest.mark.parametrize("mode", [Mode.LOOK, Mode.DRY_RUN])
WHOLE = 20_000
FEW = 30


async def pressed(name: str, mode: Mode, count: int, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Go to a screen, press `count` keys from there, and see that no write arrived."""
    monkey = Monkey(name, mode, seed)
    monkeypatch.setattr("tui.session._demo", monkey.sims.drill)
    await monkey.run(count)
    assert monkey.keys >= count
    assert name in monkey.visited
    assert monkey.sims.writes() == []


def test_every_screen_and_dialog_has_a_way_to_it_or_a_reason() -> None:
    """A new one needs a line in `WAYS`, with the keys that lead to it."""
    found = {each.__name__ for each in screens()}
    assert set(WAYS) & set(ELSEWHERE) == set()
    assert found == set(WAYS) | set(ELSEWHERE)


@MODES
@pytest.mark.parametrize("name", ["WorkspacesScreen", "WalkScreen", "RehearsalScreen"])
async def test_a_few_keys_write_nothing_and_break_nothing(
    name: str, mode: Mode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    await pressed(name, mode, FEW, 0, monkeypatch)


@pytest.mark.matrix
@MODES
@pytest.mark.parametrize("name", sorted(WAYS))
async def test_twenty_thousand_keys_write_nothing_and_break_nothing(
    name: str, mode: Mode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of them together: the same share from every screen, in both modes."""
    monkeypatch.chdir(tmp_path)
    await pressed(name, mode, -(-WHOLE // (2 * len(WAYS))), 1, monkeypatch)

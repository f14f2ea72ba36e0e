"""Keys pressed at random: nothing is written outside of live mode, nothing crashes, nothing is left running."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from actions.guard.model import Mode
from tests.tui.consoles import arm, on_small, opened, settle, writes

KEYS = (
    *("up", "down", "enter", "enter", "enter", "escape", "tab", "shift+tab", "pagedown", "home", "end", "f5"),
    *("ctrl+o", "ctrl+p", "slash", "question_mark", "space", "backspace", "left", "right"),
    *"kiescbrmhpdaotxuenyg123GN",
)
COUNT = 250


@pytest.mark.parametrize("mode", [Mode.LOOK, Mode.DRY_RUN])
async def test_random_keys_write_nothing_and_break_nothing(mode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    chance = random.Random(mode.value)
    app = on_small()
    async with opened(app, (80, 24)) as pilot:
        arm(app, mode)
        for _ in range(COUNT):
            await pilot.press(chance.choice(KEYS))
            assert app.is_running
        while len(app.screen_stack) > 1:
            await pilot.press("escape")
        await settle(pilot)
        assert writes(app) == []
        assert list(app.workers) == []

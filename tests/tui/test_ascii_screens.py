"""Every screen and dialog on a terminal that has no symbols: not one of them draws any, its lines and boxes included."""

from __future__ import annotations

from pathlib import Path

import pytest

from actions.guard.model import Mode
from tests.tui.consoles import console, opened, settle, shown
from tests.tui.monkey import WAYS, Monkey
from tests.tui.several import ENVIRONMENTS
from tui.config import parse_config
from tui.session import Session, ignore
from tui.settings import Settings

ASCII = f"[appearance]\nascii = true\n\n{ENVIRONMENTS}"


@pytest.mark.matrix
@pytest.mark.parametrize("name", sorted(WAYS))
async def test_no_symbol_is_drawn(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkey = Monkey(name, Mode.LOOK, 0)
    monkeypatch.setattr("tui.session._demo", monkey.sims.drill)
    settings = Session(Settings(rehearse=""), parse_config(ASCII, "config.toml"), ignore, sim=monkey.sims.make)
    async with opened(console(settings)) as pilot:
        await monkey.travel(pilot)
        await settle(pilot)
        assert [line for line in shown(pilot).splitlines() if not line.isascii()] == []

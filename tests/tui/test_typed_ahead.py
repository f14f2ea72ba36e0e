"""Keys typed ahead, several in one read as a slow line brings them, reach what they were typed for."""

from __future__ import annotations

import asyncio

import pytest
from textual import events
from textual.screen import Screen

from tests.tui.consoles import on_demo, opened, settle, shown
from tests.tui.monkey import keyed
from tui.app import AmlkeysApp


def type_ahead(app: AmlkeysApp, *keys: str) -> None:
    """Send keys before any of them can be handled."""
    assert app._driver is not None
    for key in keys:
        app._driver.send_message(keyed(app, key))


@pytest.mark.parametrize(
    ("keys", "crumbs"),
    [
        (("slash", *"churn", "enter", "k"), "workspaces > churn > storage keys > inspect "),
        (("enter", "p"), "workspaces > ads-bidding > security "),
        (("down", "b", "enter"), "workspaces > contoso-ai-hub > runbook > cmk-expiring "),
        (("k", "escape", "enter", "escape", "down", "enter"), "workspaces > contoso-ai-hub "),
        (("question_mark", "escape", "r", "escape", "C"), "workspaces > encryption keys "),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
async def test_each_key_counts_on_what_the_one_before_led_to(keys: tuple[str, ...], crumbs: str) -> None:
    app = on_demo()
    async with opened(app) as pilot:
        type_ahead(app, *keys)
        await settle(pilot)
        assert shown(pilot).splitlines()[1].startswith(f" {crumbs}"), shown(pilot)


async def test_what_is_pasted_goes_where_the_key_before_it_led() -> None:
    app = on_demo()
    async with opened(app) as pilot:
        type_ahead(app, "slash")
        assert app._driver is not None
        app._driver.send_message(events.Paste("churn"))
        type_ahead(app, "enter")
        await settle(pilot)
        assert "2 of 47" in shown(pilot)


class Busy(Screen[None]):
    """What a key begins here ends only when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.let = asyncio.Event()

    async def on_key(self) -> None:
        """Keep the screen."""
        await self.let.wait()


async def test_a_key_whose_work_hangs_does_not_keep_the_one_that_quits(monkeypatch: pytest.MonkeyPatch) -> None:
    app = on_demo()
    async with opened(app) as pilot:
        busy, leave = Busy(), app.exit
        monkeypatch.setattr(app, "exit", lambda: (busy.let.set(), leave()))
        app.push_screen(busy)
        await pilot.pause()
        type_ahead(app, "x", "ctrl+q")
        await busy.let.wait()

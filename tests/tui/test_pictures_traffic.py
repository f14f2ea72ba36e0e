"""The part of a workspace's page of security: traffic as bars, and what each flow stands on."""

from __future__ import annotations

from textual.pilot import Pilot

from tests.support.snapshots import Snap
from tests.tui.consoles import on_demo, press, settle
from tests.tui.pictures import SIZES
from tui.screens.posture import PostureScreen


@SIZES
def test_traffic(snap: Snap, size: tuple[int, int]) -> None:
    """Look at: a day and a week of bars below each count, and the account's key named by the flows."""
    app = on_demo()

    async def before(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await press(pilot, "slash", *"fraud", "enter", "p")
        await settle(pilot)
        assert isinstance(pilot.app.screen, PostureScreen)
        pilot.app.screen.pane.seek("Traffic")
        await settle(pilot)

    try:
        snap(lambda: app, size=size, run_before=before)
    finally:
        app.board.wait()
        app.session.close()

"""Pictures of marks in the list and of a batch: before it begins, and stopped after a failure."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from actions.guard.model import Mode
from azsim.faults import Fault
from tests.tui.consoles import arm, press
from tests.tui.pictures import SIZES, Show
from tests.tui.test_marks_and_batches import LISTED, confirm, mark, on_several


@pytest.fixture
def picture(picture: Show) -> Show:
    """Compares the console on the estate of several workspaces after something was done in it."""
    return lambda size, deed: picture(on_several, size, more=deed)


@SIZES
class TestSeveral:
    def test_marks(self, picture: Show, size):
        """Two rows with a star before their name; the last line counts them and names the one that is hidden."""

        async def deed(pilot: Pilot[None]) -> None:
            await mark(pilot, "alpha", "pay")
            await press(pilot, "slash", *"c0001", "enter")

        picture(size, deed)

    def test_list(self, picture: Show, size):
        """The canary first, production last with its word, the second of an account left out with the reason below."""

        async def deed(pilot: Pilot[None]) -> None:
            await mark(pilot, *LISTED)
            await press(pilot, "k")

        picture(size, deed)

    def test_stopped(self, picture: Show, size):
        """The canary failed: what was done, what was not begun, and the command that goes on; enter opens its run."""

        async def deed(pilot: Pilot[None]) -> None:
            await mark(pilot, *LISTED)
            await press(pilot, "k")
            arm(pilot.app, Mode.LIVE)
            pilot.app.session.sim.faults.add(
                Fault(kind="status", route="stalpha/regenerateKey", status=409, code="Conflict", times=1)
            )
            await press(pilot, "enter")
            await confirm(pilot, "stalpha")
            await press(pilot, "escape")

        picture(size, deed)

"""Pictures of a rotation of endpoint keys: its stages, the hand-over, and the screens around the one key shown."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot

from actions.guard.model import Mode
from azsim.estates.endpoints import serving
from tests.tui.consoles import NOON, console, fill, press, session, settle
from tests.tui.pictures import SIZES, Show
from tui.app import AmlkeysApp
from tui.config import Appearance, Config


@pytest.fixture
def picture(picture: Show) -> Show:
    """Compares the console over the serving workspace, armed, after some doing."""

    def show(size: tuple[int, int], *keys: str, config: Config | None = None, **more: Any) -> None:
        picture(lambda: console(session(serving(NOON), config=config)), size, *keys, mode=Mode.LIVE, **more)

    return show


async def started(pilot: Pilot[None]) -> None:
    """Rotate one endpoint as far as its hand-over."""
    app = pilot.app
    assert isinstance(app, AmlkeysApp)
    world = app.session.sim.world
    kind = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
    endpoint = next(item["id"] for item in world.of_type(kind) if item["name"] == "score")
    app.start_walk("endpoint-keys", endpoint, "score")
    await settle(pilot)
    await press(pilot, "enter", "enter", "enter")
    await fill(pilot, name="score", slot="Secondary+Primary")
    await press(pilot, "y")
    await settle(pilot)


async def handing_over(pilot: Pilot[None]) -> None:
    """The screen of the hand-over, with a note."""
    await started(pilot)
    pilot.app.session.engine.note(pilot.app.session.journal.runs()[0].id, "the batch job moves on Thursday; ask Linus")
    await press(pilot, "h")


async def asked(pilot: Pilot[None]) -> None:
    """The question before the key is shown."""
    await handing_over(pilot)
    await press(pilot, "v")


async def revealed(pilot: Pilot[None]) -> None:
    """The screen over which the key is painted."""
    await asked(pilot)
    await fill(pilot, name="score")
    await press(pilot, "y")
    await settle(pilot)


@SIZES
class TestEndpointKeys:
    def test_1_options(self, picture: Show, size):
        """What will be read, and the options with the sentence that tells what each does."""
        picture(size, "e")

    def test_1_inspected(self, picture: Show, size):
        """Ten endpoints of five kinds; why those that do not rotate do not; the requests of the last day as bars."""
        picture(size, "e", "enter")

    def test_1_inspected_ascii(self, picture: Show, size):
        """The same on a terminal without symbols."""
        picture(size, "e", "enter", config=Config(appearance=Appearance(ascii=True)))

    def test_2_which(self, picture: Show, size):
        """The plan asks which of the four endpoints."""
        picture(size, "e", "enter", "enter", "enter")

    def test_5_waits_for_clients(self, picture: Show, size):
        """The run waits; what to tell the clients stands in the record, `h` opens the hand-over."""
        picture(size, more=started)

    def test_6_hand_over(self, picture: Show, size):
        """What to tell whom, the requests and 401s since, and the note that Ada left."""
        picture(size, more=handing_over)

    def test_7_reveal_asked(self, picture: Show, size):
        """What showing a key means, and the name to type."""
        picture(size, more=asked)

    def test_8_revealed(self, picture: Show, size):
        """The seconds left, and empty lines where the terminal has the key."""
        picture(size, more=revealed)

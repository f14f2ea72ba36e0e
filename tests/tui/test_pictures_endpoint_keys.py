"""Pictures of a rotation of endpoint keys: its stages, the hand-over, and the screens around the one key shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from textual.pilot import Pilot

from actions.guard import lease
from actions.guard.model import Mode
from azsim.estates.endpoints import serving
from tests.support.snapshots import Snap
from tests.tui.consoles import NOON, arm, console, fill, press, session, settle
from tui.app import AmlkeysApp
from tui.config import Appearance, Config

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
Show = Callable[..., None]


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take chance and the machine out of run ids and records."""
    monkeypatch.setattr("actions.guard.engine.secrets.token_hex", lambda count: "ab" * count)
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    monkeypatch.setattr("socket.gethostname", lambda: "jumphost")
    monkeypatch.setattr(lease, "wall_now", lambda: "2026-03-09T14:02:11Z")


@pytest.fixture
def picture(snap: Snap) -> Iterator[Show]:
    """Compares the console over the serving workspace after some doing; closes its session afterwards."""
    apps: list[AmlkeysApp] = []

    def show(
        size: tuple[int, int],
        *keys: str,
        more: Callable[[Pilot[None]], object] | None = None,
        config: Config | None = None,
    ) -> None:
        app = console(session(serving(NOON), config=config))
        apps.append(app)

        async def before(pilot: Pilot[None]) -> None:
            await settle(pilot)
            app.standing.connected.arming.clock = lambda: 1_000_000.0
            arm(app, Mode.LIVE)
            app.show_facts()
            await press(pilot, *keys)
            if more is not None:
                await more(pilot)

        snap(lambda: app, size=size, run_before=before)

    yield show
    for app in apps:
        app.board.wait()
        app.session.close()


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

"""Pictures of marks in the list and of a batch: before it begins, and stopped after a failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from textual.pilot import Pilot

from actions.guard import lease
from actions.guard.model import Mode
from azsim.faults import Fault
from tests.support.snapshots import Snap
from tests.tui.consoles import arm, press, settle
from tests.tui.test_marks_and_batches import LISTED, confirm, mark, on_several
from tui.app import AmlkeysApp

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
Show = Callable[..., None]


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take chance and the machine out of ids and records."""
    monkeypatch.setattr("actions.guard.engine.secrets.token_hex", lambda count: "ab" * count)
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    monkeypatch.setattr("socket.gethostname", lambda: "jumphost")
    monkeypatch.setattr(lease, "wall_now", lambda: "2026-03-09T14:02:11Z")


@pytest.fixture
def picture(snap: Snap) -> Iterator[Show]:
    """Compares the console after something was done in it; closes its session afterwards."""
    apps: list[AmlkeysApp] = []

    def show(size: tuple[int, int], deed: Callable[[Pilot[None]], object]) -> None:
        app = on_several()
        apps.append(app)

        async def before(pilot: Pilot[None]) -> None:
            await settle(pilot)
            app.standing.connected.arming.clock = lambda: 1_000_000.0
            app.show_facts()
            await deed(pilot)

        snap(lambda: app, size=size, run_before=before)

    yield show
    for app in apps:
        app.board.wait()
        app.session.close()


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

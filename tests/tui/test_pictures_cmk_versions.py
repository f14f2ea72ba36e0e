"""Pictures of the walk that moves a workspace to a newer key version, and of the calendar of encryption keys."""

from __future__ import annotations

from textual.pilot import Pilot

from actions.guard.model import Mode
from azsim.estates.encrypted import encrypted, encrypted_fleet
from tests.tui.consoles import NOON, console, fill, press, session
from tests.tui.pictures import SIZES, Show
from tui.app import AmlkeysApp
from tui.config import Appearance, Config


def on_encrypted() -> AmlkeysApp:
    """The console over one encrypted workspace whose key has a newer version."""
    return console(session(encrypted(NOON)))


def on_fleet() -> AmlkeysApp:
    """The console over three hundred encrypted workspaces."""
    return console(session(encrypted_fleet(300, NOON)))


def on_fleet_in_ascii() -> AmlkeysApp:
    """The same on a terminal without Unicode."""
    return console(session(encrypted_fleet(300, NOON), config=Config(appearance=Appearance(ascii=True))))


@SIZES
class TestCalendar:
    def test_three_hundred(self, picture: Show, size):
        """The weeks on top, then the workspaces: expired and expiring ones first; key and remark at 120."""
        picture(on_fleet, size, "C")

    def test_ascii(self, picture: Show, size):
        """The same without a character beyond ASCII."""
        picture(on_fleet_in_ascii, size, "C")

    def test_filtered(self, picture: Show, size):
        """One workspace after a filter."""
        picture(on_fleet, size, "C", "slash", *"cmk-0012", "enter")


@SIZES
class TestWalk:
    def test_1_what_will_be_read(self, picture: Show, size):
        """Stage 1 before anything is read: no secret is announced."""
        picture(on_encrypted, size, "c")

    def test_1_inspected(self, picture: Show, size):
        """The key, its versions with the pinned one, who reads it, what depends on it, findings."""
        picture(on_encrypted, size, "c", "enter")

    def test_2_plan(self, picture: Show, size):
        """The move, a wait for each dependent, the reminder; the first step whole below."""
        picture(on_encrypted, size, "c", "enter", "enter")

    def test_5_done(self, picture: Show, size):
        """The end of a run with every step verified."""

        async def run(pilot: Pilot[None]) -> None:
            await fill(pilot, name="small-ml")
            await press(pilot, "y")

        picture(on_encrypted, size, "c", "enter", "enter", "enter", mode=Mode.LIVE, more=run)

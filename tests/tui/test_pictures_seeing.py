"""Pictures of what is waited for, of what a run changed, and of what can be copied, at both sizes and in ASCII."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from actions.cloud.data import Throttling
from actions.guard import events
from actions.guard.model import Mode, Wait, WaitKind
from tests.support.snapshots import Snap
from tests.tui import test_widgets_run_view as told
from tests.tui.consoles import fill, on_demo, on_small, press
from tests.tui.pictures import SIZES, Show
from tui.dialogs.ask import PickDialog
from tui.screens.recorded import takings
from tui.screens.walk_text import LACKING, blocked
from tui.widgets.run_pane import RunPane
from tui.widgets.run_view import RunView, slowed


class Pane(App[None]):
    """Nothing but the pane of one run."""

    def __init__(self, view: RunView, now: str, *, ascii_only: bool) -> None:
        super().__init__()
        self._view, self._now, self._ascii = view, now, ascii_only
        self.animation_level = "none"

    def compose(self) -> ComposeResult:
        yield RunPane(lambda: self._now, ascii_only=self._ascii, id="run")

    def on_mount(self) -> None:
        self.query_one(RunPane).show(self._view)


def with_soak(started: events.RunStarted) -> events.RunStarted:
    """The same start, its second step being a wait."""
    wait = Wait(kind=WaitKind.TIME, reason="", source="", seconds=2400)
    body = started.plan.body
    steps = (body.steps[0], msgspec.structs.replace(body.steps[1], wait=wait), *body.steps[2:])
    plan = msgspec.structs.replace(started.plan, body=msgspec.structs.replace(body, steps=steps))
    return msgspec.structs.replace(started, plan=plan)


def soaking(*, throttled: bool) -> RunView:
    """A run of four steps in the middle of its wait."""
    began = events.WaitBegan(
        run="r1", at=told.at(200), step_id="soak", kind=WaitKind.TIME, since=told.at(200), until=told.at(2600),
        reason="jobs that read key1 before the moves take the new credentials in this time", remaining_seconds=2400,
    )  # fmt: skip
    said = events.StepSaid(run="r1", at=told.at(210), step_id="soak", text="Azure answered 503; asking again in 2 s")
    start = with_soak(told.started("first", "soak", "second", "third"))
    view = told.watch(start, told.begun("first", 10), told.ended("first", 190), told.begun("soak", 200), began, said)
    slow = slowed(Throttling(service="Azure Resource Manager reads", seconds=90, left=3), told.at(1200))
    return replace(view, at=told.at(1200), throttle=slow if throttled else None)


@SIZES
class TestWaits:
    def test_soak(self, snap: Snap, size):
        """Since when, until when, a bar of what is over with its percentage and the time left, why, the last remark."""
        snap(lambda: Pane(soaking(throttled=False), told.at(1200), ascii_only=False), size=size)

    def test_throttled(self, snap: Snap, size):
        """Below the wait: which service asked to wait, until when, and that 3 requests are left."""
        snap(lambda: Pane(soaking(throttled=True), told.at(1210), ascii_only=False), size=size)

    def test_ascii(self, snap: Snap, size):
        """The same in plain characters: the bar of hashes and dots."""
        snap(lambda: Pane(soaking(throttled=True), told.at(1210), ascii_only=True), size=size)


@pytest.fixture
def picture(picture: Show) -> Show:
    """Compares an armed console after something was done in it."""
    return lambda size, more, make=on_small: picture(make, size, mode=Mode.LIVE, more=more)


async def rotated(pilot: Pilot[None]) -> None:
    await press(pilot, "k", "enter", "enter", "enter", "1", "enter")
    await fill(pilot, name="stsmall01", slot="key1+key2")
    await press(pilot, "y")


@SIZES
class TestAfter:
    def test_changes(self, picture: Show, size):
        """What is different, table by table: both keys with new fingerprints of eight digits, each holder on key2."""

        async def more(pilot: Pilot[None]) -> None:
            await rotated(pilot)
            await press(pilot, "w")

        picture(size, more)

    def test_copy(self, picture: Show, size):
        """What can be copied: the run's id, the report, the commands."""

        async def more(pilot: Pilot[None]) -> None:
            await rotated(pilot)
            history = pilot.app.screen.history
            picks = [each.pick for each in takings(history) if each.pick.name != "request id"]
            pilot.app.push_screen(PickDialog("What to copy", picks))
            await pilot.pause()

        picture(size, more)

    def test_keys_of_a_question(self, picture: Show, size):
        """Over the question before a run: its own keys, with those of Cancel first."""

        async def more(pilot: Pilot[None]) -> None:
            await press(pilot, "k", "enter", "enter", "enter", "1", "enter", "question_mark")

        picture(size, more)

    def test_lacking(self, picture: Show, size):
        """What is missing, that nothing was changed, and two ways on: ask for the roles, or try anyway."""

        async def more(pilot: Pilot[None]) -> None:
            lack = "Microsoft.Storage/storageAccounts/regeneratekey/action at stfraud01: no role of yours grants it"
            pilot.app.screen.show_failure(blocked("Permissions are missing.", [lack], LACKING))
            await pilot.pause()

        picture(size, more, on_demo)

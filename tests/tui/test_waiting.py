"""What an operator sees while Azure asks to slow down: how long, what is left, and nothing once it is over."""

from __future__ import annotations

from datetime import timedelta

from textual.pilot import Pilot

from actions.cloud.data import Throttling
from tests.tui.consoles import ARM, Barrier, fill, on_demo, on_small, opened, press, settle, shown
from tui.app import AmlkeysApp
from tui.widgets.run_pane import RunPane

SLOW = Throttling(service="Azure Resource Manager reads", seconds=17, left=3)


def console(pilot: Pilot[None]) -> AmlkeysApp:
    assert isinstance(pilot.app, AmlkeysApp)
    return pilot.app


async def slowed(pilot: Pilot[None]) -> None:
    """Let the cloud ask to slow down."""
    console(pilot).hear(SLOW)
    await pilot.pause()
    await pilot.pause()


def pass_time(app: AmlkeysApp, seconds: float) -> None:
    assert app.session.sim is not None
    app.session.sim.clock.shift(timedelta(seconds=seconds))


async def test_the_line_of_remarks_tells_it_beside_what_is_read_until_it_is_over() -> None:
    async with opened(on_demo()) as pilot:
        status = console(pilot).console_screens()[-1].status
        status.busy("reading x")
        await slowed(pilot)
        assert "reading x ...   throttled 0:17, 3 requests left (Azure Resource Manager reads)" in shown(pilot)
        pass_time(console(pilot), 18)
        status.on_resize()
        await pilot.pause()
        assert "throttled" not in shown(pilot)
        assert "reading x ..." in shown(pilot)


async def test_an_answer_ends_it_too() -> None:
    async with opened(on_demo()) as pilot:
        await slowed(pilot)
        assert "throttled 0:17" in shown(pilot)
        await press(pilot, "enter")
        await press(pilot, "escape")
        console(pilot).console_screens()[-1].status.say("read")
        await pilot.pause()
        assert "throttled" not in shown(pilot)


async def test_a_run_tells_it_on_its_own_pane_alone_and_forgets_it() -> None:
    app = on_small()
    barrier = Barrier(app)
    async with opened(app) as pilot:
        await press(pilot, *ARM, "k", "enter", "enter", "enter", "1", "enter")
        await fill(pilot, name="stsmall01", slot="key1+key2")
        await pilot.press("y")
        await barrier.wait(pilot)
        await slowed(pilot)
        assert "asks to wait until 14:02:29Z, 0:17 left; 3 requests left" in " ".join(shown(pilot).split())
        assert "throttled" not in shown(pilot)
        pass_time(console(pilot), 18)
        pilot.app.screen.query_one(RunPane).on_resize()
        await pilot.pause()
        assert "asks to wait" not in shown(pilot)
        barrier.let()
        await settle(pilot)


async def test_a_long_remark_is_cut_where_the_line_ends() -> None:
    async with opened(on_demo()) as pilot:
        console(pilot).remark("word " * 40)
        await pilot.pause()
        (line,) = [line for line in shown(pilot).splitlines() if line.startswith(" word word")]
        assert line.endswith("…")

"""A run that waits for a person, in the console: what it tells, its notes, going on, and the one screen with a key."""

from __future__ import annotations

import logging
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from actions.guard.attending import REVEALED
from actions.guard.model import Mode, RunState
from azsim.endpoint_keys import EndpointKeys
from azsim.estates.endpoints import serving
from azsim.secrets import MARK
from tests.tui.consoles import NOON, arm, console, fill, opened, press, session, settle, shown, wait_for
from tui.app import AmlkeysApp
from tui.config import Config, Reveal
from tui.dialogs.reveal import RevealDialog
from tui.screens.handover import HandOverScreen
from tui.screens.reveal import SECONDS, RevealScreen


def serve(config: Config | None = None) -> AmlkeysApp:
    """The console over the workspace with endpoints of every kind."""
    return console(session(serving(NOON), config=config))


async def to_the_hand_over(pilot: Pilot[None], app: AmlkeysApp) -> str:
    """Rotate the endpoint `score` as far as its hand-over; gives the run."""
    arm(app, Mode.LIVE)
    app.start_walk("endpoint-keys", _endpoint(app), "score")
    await settle(pilot)
    await press(pilot, "enter", "enter", "enter")
    await fill(pilot, name="score", slot="Secondary+Primary")
    await press(pilot, "y")
    await settle(pilot)
    return app.session.journal.runs()[0].id


def _endpoint(app: AmlkeysApp) -> str:
    assert app.session.sim is not None
    kind = "Microsoft.MachineLearningServices/workspaces/onlineEndpoints"
    return next(str(item["id"]) for item in app.session.sim.world.of_type(kind) if item["name"] == "score")


def _new_key(app: AmlkeysApp) -> str:
    assert app.session.sim is not None
    world = app.session.sim.world
    return world.state(EndpointKeys).pair(world.seed, _endpoint(app))["Secondary"].value


class Terminal:
    """Keeps what is written straight to the terminal."""

    def __init__(self, app: AmlkeysApp) -> None:
        self.written: list[str] = []
        driver: Any = app._driver
        driver.write = self.written.append

    def holds(self, key: str) -> bool:
        return any(key[:40] in text for text in self.written)


async def reveal(pilot: Pilot[None], app: AmlkeysApp) -> RevealScreen:
    """From the hand-over to the key."""
    await press(pilot, "v")
    assert isinstance(app.screen, RevealDialog)
    await fill(pilot, name="score")
    await press(pilot, "y")
    await settle(pilot)
    await pilot.pause()
    assert isinstance(app.screen, RevealScreen)
    return app.screen


async def test_the_walk_stops_where_a_person_is_needed_and_says_what_to_tell() -> None:
    app = serve()
    async with opened(app, (120, 40)) as pilot:
        run = await to_the_hand_over(pilot, app)
        assert app.session.journal.run(run).state is RunState.WAITING
        await press(pilot, "h")
        assert isinstance(app.screen, HandOverScreen)
        text = shown(pilot)
        assert "use the Secondary key, fingerprint" in text
        assert "refused with 401" in text
        assert "none yet" in text


async def test_a_note_is_left_and_the_run_goes_on() -> None:
    app = serve()
    async with opened(app, (120, 40)) as pilot:
        run = await to_the_hand_over(pilot, app)
        await press(pilot, "h", "n", *"linus", "enter")
        assert "ada" in shown(pilot) or "linus" in shown(pilot)
        assert [note.text for note in app.session.journal.run(run).notes] == ["linus"]
        await press(pilot, "u", "enter")
        await fill(pilot, name="score", slot="Secondary+Primary")
        await press(pilot, "y")
        await settle(pilot)
        assert app.session.journal.run(run).state is RunState.DONE
        assert app.session.sim is not None
        pair = app.session.sim.world.state(EndpointKeys).pair(app.session.sim.world.seed, _endpoint(app))
        assert {slot: key.generation for slot, key in pair.items()} == {"Primary": 2, "Secondary": 2}


async def test_the_key_is_painted_past_the_screen_and_gone_after_twenty_seconds(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """On the terminal once, blanked afterwards; in no picture, export, log, journal or file."""
    caplog.set_level(logging.DEBUG)
    app = serve()
    async with opened(app, (120, 40)) as pilot:
        run = await to_the_hand_over(pilot, app)
        await press(pilot, "h")
        terminal, key = Terminal(app), _new_key(app)
        screen = await reveal(pilot, app)
        assert terminal.holds(key)
        assert MARK not in shown(pilot)
        assert MARK not in app.export_screenshot()
        assert MARK not in repr(vars(screen))
        before = len(terminal.written)
        for _ in range(SECONDS):
            screen.tick()
            await pilot.pause()
        assert isinstance(app.screen, HandOverScreen)
        blanks = [text for text in terminal.written[before:] if text.startswith("\x1b7")]
        assert MARK not in blanks[-1]
        assert screen._secret is None
        entries = [entry for entry in app.session.journal.run(run).extra if entry.kind == REVEALED]
        assert [(entry.data["which"], entry.data["subject"]) for entry in entries] == [("Secondary", _endpoint(app))]
        assert MARK not in caplog.text
        assert MARK.encode() not in msgspec.json.encode(list(app.session.journal.entries()))


@pytest.mark.parametrize("key", ["escape", "x", "enter"])
async def test_any_key_hides_it(key: str) -> None:
    app = serve()
    async with opened(app, (120, 40)) as pilot:
        await to_the_hand_over(pilot, app)
        await press(pilot, "h")
        screen = await reveal(pilot, app)
        await press(pilot, key)
        assert isinstance(app.screen, HandOverScreen)
        assert screen._secret is None


async def test_whatever_covers_it_hides_it() -> None:
    app = serve()
    async with opened(app, (120, 40)) as pilot:
        await to_the_hand_over(pilot, app)
        await press(pilot, "h")
        screen = await reveal(pilot, app)
        terminal = Terminal(app)
        app.open_runs()
        await settle(pilot)
        assert screen._secret is None
        assert not terminal.holds(_new_key(app))
        await press(pilot, "escape")
        assert isinstance(app.screen, HandOverScreen)


async def test_a_failure_while_it_is_shown_prints_no_value(capsys: pytest.CaptureFixture[str]) -> None:
    """Textual tells a failure with the values of variables; here it must not."""
    app = serve()

    async def failing() -> None:
        async with opened(app, (120, 40)) as pilot:
            await to_the_hand_over(pilot, app)
            await press(pilot, "h")
            screen = await reveal(pilot, app)

            def fail() -> None:
                text = screen._secret.reveal() if screen._secret else ""
                assert text
                raise RuntimeError("in the middle")

            app.call_later(fail)
            await pilot.pause()

    with pytest.raises(RuntimeError, match="in the middle"):
        await failing()
    told = capsys.readouterr()
    assert MARK not in told.out + told.err
    assert "in the middle" in told.out + told.err


@pytest.mark.parametrize("mode", [Mode.LOOK, Mode.DRY_RUN])
async def test_it_needs_live_mode(mode: Mode) -> None:
    app = serve()
    async with opened(app, (120, 40)) as pilot:
        run = await to_the_hand_over(pilot, app)
        arm(app, mode)
        await press(pilot, "h", "v")
        assert isinstance(app.screen, HandOverScreen)
        assert "live mode only" in shown(pilot)
        assert not [entry for entry in app.session.journal.run(run).extra if entry.kind == REVEALED]


async def test_it_can_be_forbidden() -> None:
    app = serve(Config(reveal=Reveal(allowed=False)))
    async with opened(app, (120, 40)) as pilot:
        await to_the_hand_over(pilot, app)
        await press(pilot, "h", "v")
        assert isinstance(app.screen, HandOverScreen)
        assert "show the key" not in shown(pilot)


async def test_a_wrong_name_shows_nothing() -> None:
    app = serve()
    async with opened(app, (120, 40)) as pilot:
        await to_the_hand_over(pilot, app)
        await press(pilot, "h", "v")
        await fill(pilot, name="scores")
        await press(pilot, "y")
        assert isinstance(app.screen, RevealDialog)
        await press(pilot, "escape")
        assert isinstance(app.screen, HandOverScreen)


async def test_the_requests_are_followed_without_a_key_being_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.screens.handover.MINUTE", 0.02)
    app = serve()
    async with opened(app) as pilot:
        run = await to_the_hand_over(pilot, app)
        app.push_screen(HandOverScreen(run))
        await settle(pilot)
        before = next(line for line in shown(pilot).splitlines() if "Since then:" in line)
        sim = app.session.sim
        assert sim is not None
        last = sim.ledger.last
        sim.shift(timedelta(hours=3))
        await wait_for(pilot, lambda: before not in shown(pilot) and "Since then:" in shown(pilot))
        assert "u goes on" in shown(pilot), "the line of remarks stays as it is"
        asked = {entry.kind for entry in sim.ledger.since(last)}
        assert asked == {"read"}

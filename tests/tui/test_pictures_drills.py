"""Pictures of drills played by hand (story, list, goal, debrief) and of the rehearsal's controls."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from azsim.wire import Request
from tests.tui.consoles import on_small, press
from tests.tui.pictures import SIZES, Show
from tests.tui.test_drill_by_hand import fixed as fixed
from tests.tui.test_drill_by_hand import go, on_drill, to_work, until, workspace
from tui.debrief import Result, keep


@pytest.fixture
def picture(picture: Show) -> Show:
    """Compares a console after something was done in it."""
    return lambda app, size, more: picture(lambda: app, size, more=more)


def played(drill: str, *, won: bool, by_hand: bool, day: int) -> None:
    """Keep an earlier time."""
    lost = int(not won)
    at = f"2026-03-0{day}T09:30:00Z"
    keep(Result(drill=drill, at=at, won=won, writes=4, seconds=312.0, outages=lost, wrong=lost, by_hand=by_hand))


@SIZES
def test_list(picture: Show, size: tuple[int, int]) -> None:
    """Eleven drills from grade 1 to 4; two were played: won with `✓`, lost with `✗`, by hand or by itself."""
    played("storage-keys", won=False, by_hand=False, day=2)
    played("storage-keys", won=True, by_hand=True, day=3)
    played("resync-504", won=False, by_hand=True, day=4)

    async def more(pilot: Pilot[None]) -> None:
        await until(pilot, "11 drills")

    picture(on_drill(""), size, more)


@SIZES
def test_story(picture: Show, size: tuple[int, int]) -> None:
    """The whole story, what one is judged by, and nothing of how it is won."""

    async def more(pilot: Pilot[None]) -> None:
        await until(pilot, "[ To work ]")

    picture(on_drill("leaked-key"), size, more)


@SIZES
def test_goal(picture: Show, size: tuple[int, int]) -> None:
    """The fleet of the drill; the second line says that the goal is not yet reached, and the key that tells more."""

    async def more(pilot: Pilot[None]) -> None:
        await until(pilot, "[ To work ]")
        await press(pilot, "enter")

    picture(on_drill("leaked-key"), size, more)


@SIZES
def test_lost(picture: Show, size: tuple[int, int]) -> None:
    """The story told again: the goal is lost, and not why; `l` leaves the drill."""
    app = on_drill("lost-access")

    async def more(pilot: Pilot[None]) -> None:
        await to_work(pilot, app)
        await workspace(pilot, "reborn")
        await go(pilot, app, "i", "enter", "enter", "enter")
        await until(pilot, "D goal lost")
        app.standing.connected.arming.clock = lambda: 1_000_000.0  # type: ignore[union-attr]
        await press(pilot, "D")

    picture(app, size, more)


@SIZES
@pytest.mark.parametrize("end", [False, True], ids=["top", "end"])
def test_debrief_lost(picture: Show, size: tuple[int, int], end: bool) -> None:
    """Why it was lost, the wrong turns, no outage, the calmer way; below: each step's time and an earlier time."""
    played("lost-access", won=True, by_hand=False, day=5)
    app = on_drill("lost-access")

    async def more(pilot: Pilot[None]) -> None:
        await to_work(pilot, app)
        await workspace(pilot, "reborn")
        await go(pilot, app, "i", "enter", "enter", "enter")
        await until(pilot, "D goal lost")
        await press(pilot, "D", "l")
        await until(pilot, "debrief")
        app.standing.connected.arming.clock = lambda: 1_000_000.0  # type: ignore[union-attr]
        app.show_facts()
        await press(pilot, *(["end"] if end else []))

    picture(app, size, more)


@SIZES
@pytest.mark.parametrize(
    "keys", [(), ("f",), ("h",), ("t",), ("z",)], ids=["watch", "fault", "behaviour", "clock", "reset"]
)
def test_controls(picture: Show, size: tuple[int, int], keys: tuple[str, ...]) -> None:
    """Requests with the newest on top, writes marked `!` and WRITE, the one that was hit with its fault; outages above."""
    app = on_small()

    async def more(pilot: Pilot[None]) -> None:
        sim = app.session.sim
        assert sim is not None
        account = next(iter(sim.world.keys.accounts.values())).id
        await press(pilot, "R", "f", "enter", "down", "down", "enter", "enter")
        await press(pilot, "h", "down", "down", "down", "enter", "end", "enter")
        for slot in (b"key1", b"key2"):
            url = f"https://management.azure.com{account}/regenerateKey?api-version=2023-05-01"
            headers = {"Authorization": f"Bearer {sim.issue_token()}", "Content-Type": "application/json"}
            sim.handle(Request("POST", url, headers, b'{"keyName": "%s"}' % slot))
        await until(pilot, "2 of them writes")
        await press(pilot, *keys)

    picture(app, size, more)

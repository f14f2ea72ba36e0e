"""The console on a rehearsal cloud in this process: fixed clock, fixed seed, hands that type at human speed."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from textual import events
from textual.command import CommandPalette
from textual.pilot import Pilot
from textual.widgets import Input

from actions.guard.model import Mode
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from azsim.estates.small import small
from azsim.wire import Request, Response
from tui._textual import has_mail, screen_text
from tui.app import AmlkeysApp
from tui.config import Config
from tui.session import Session, ignore
from tui.settings import Settings

PATIENCE = 300.0
"""Seconds; ends a hang, and nothing else: a loaded machine may take its time."""
NOON = datetime(2026, 3, 9, 14, 2, 11, tzinfo=UTC)
ARM = ("m", "tab", *"live-contoso", "enter", "y")


class Hands:
    """Keys come a second apart, so that none counts as typed ahead, pasted or held; `hurry` changes that."""

    def __init__(self) -> None:
        self.moment = 0.0
        self.pause = 1.0

    def now(self) -> float:
        """The present moment."""
        return self.moment

    def pressed(self, event: events.Key) -> float:
        """Every key takes a while."""
        self.moment += self.pause
        return self.moment


def session(
    document: dict[str, Any], *, config: Config | None = None, faults: Iterable[Any] = (), journal: str = ""
) -> Session:
    """A session over a rehearsal cloud whose clock stands still."""
    strikes = list(faults)
    return Session(
        Settings(rehearse="", journal=journal), config or Config(), ignore,
        sim=lambda: Cloud(document, seed=7, clock=FixedClock(NOON), faults=strikes),
    )  # fmt: skip


def console(found: Session) -> AmlkeysApp:
    """The App as tests drive it."""
    return AmlkeysApp(found, hands=Hands())


def on_demo() -> AmlkeysApp:
    """The console over the demo company."""
    return console(session(demo(NOON)))


def on_small(config: Config | None = None) -> AmlkeysApp:
    """The console over the smallest estate with every step of a rotation."""
    return console(session(small(NOON), config=config))


async def wait_for(pilot: Pilot[None], holds: Callable[[], object]) -> None:
    """Wait until something holds, and it is painted; a limit only ends a hang."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, f"it never came to be:\n{shown(pilot)}"
        await asyncio.sleep(0.005)
    await painted(pilot)


async def painted(pilot: Pilot[None]) -> None:
    """Wait until all is painted: the last frame may have told widgets their sizes, which draw anew for the next one."""
    await pilot.pause()
    while any(has_mail(each) for each in (pilot.app, *pilot.app.screen.walk_children(with_self=True))):
        await pilot.pause()


async def settle(pilot: Pilot[None]) -> None:
    """Wait until every key is handled, nothing is being read and no run is under way, and all of it is painted."""
    app = pilot.app
    assert isinstance(app, AmlkeysApp)
    await painted(pilot)
    while busy(app):
        await wait_for(pilot, lambda: not busy(app))


def busy(app: AmlkeysApp) -> bool:
    """Whether something that was begun has not ended: signing in, a key, a read of any screen, a run."""
    asked = any(getattr(screen, "_asked", ()) for screen in app.screen_stack)
    return app.standing.connected is None or app.typing or asked or app.board.pending


async def until(pilot: Pilot[None], text: str) -> None:
    """Wait until the screen shows a text."""
    await wait_for(pilot, lambda: not busy(pilot.app) and text in shown(pilot))


async def handled(pilot: Pilot[None], *keys: str) -> None:
    """Press keys and wait until they are handled, whatever is being read and whichever run is under way."""
    await pilot.press(*keys)
    await wait_for(pilot, lambda: not pilot.app.typing)


async def find(pilot: Pilot[None], words: str) -> None:
    """Open the palette, type, and wait for what it finds."""
    await handled(pilot, "ctrl+p")
    await handled(pilot, *words)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


async def choose(pilot: Pilot[None], words: str) -> None:
    """Take the first thing that the palette finds."""
    await find(pilot, words)
    await pilot.press("down", "enter")
    await wait_for(pilot, lambda: not isinstance(pilot.app.screen, CommandPalette))
    await settle(pilot)


async def press(pilot: Pilot[None], *keys: str) -> None:
    """Press keys one after the other, waiting for what each of them starts; letters of a name start nothing."""
    for key in keys:
        await pilot.press(key)
        if not (len(key) == 1 and isinstance(pilot.app.focused, Input)):
            await settle(pilot)


def shown(pilot: Pilot[None]) -> str:
    """The characters on the screen."""
    return screen_text(pilot.app.screen)


@asynccontextmanager
async def opened(app: AmlkeysApp, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[None]]:
    """Run the console until the fleet is there, and close its session afterwards."""
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            await settle(pilot)
            yield pilot
    finally:
        app.board.wait()
        app.session.close()


def prepared(*keys: str) -> Callable[[Pilot[None]], Any]:
    """What a picture needs before it is taken: the fleet read, then keys."""

    async def before(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await press(pilot, *keys)

    return before


def writes(app: AmlkeysApp) -> list[str]:
    """The changes that the rehearsal cloud has seen, as method and path."""
    assert app.session.sim is not None
    return [f"{entry.method} {entry.path}" for entry in app.session.sim.ledger.writes()]


async def fill(pilot: Pilot[None], **texts: str) -> None:
    """Fill a question's fields and go to its answer, without a key for each letter."""
    for name, text in texts.items():
        pilot.app.screen.query_one(f"#{name}", Input).value = text
    pilot.app.screen.query_one("#go").focus()
    await pilot.pause()


class Barrier:
    """Holds the first change that reaches a rehearsal cloud until it is let through: a run in the middle of a step."""

    def __init__(self, app: AmlkeysApp | None = None) -> None:
        self.reached, self._go = threading.Event(), threading.Event()
        if app is not None:
            assert app.session.sim is not None
            self.hold(app.session.sim)

    def hold(self, sim: Cloud, ending: str = "/regenerateKey") -> None:
        """Hold requests whose path ends so, when they reach this cloud."""
        handle = sim.handle

        def held(request: Request) -> Response:
            if request.path.endswith(ending):
                self.reached.set()
                assert self._go.wait(PATIENCE)
            return handle(request)

        sim.handle = held  # type: ignore[method-assign]

    async def wait(self, pilot: Pilot[None]) -> None:
        """Wait until the change is held."""
        await wait_for(pilot, self.reached.is_set)

    def let(self) -> None:
        """Let everything through from now on."""
        self._go.set()


def arm(app: AmlkeysApp, mode: Mode) -> None:
    """Set the mode without the dialog."""
    app.standing.arm(mode)

"""Hands that press anything: the ways to every screen by keys, and keys, pastes and resizes at random from there."""

from __future__ import annotations

import asyncio
import importlib
import pkgutil
import random
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from textual import events
from textual.app import App
from textual.keys import REPLACED_KEYS, _character_to_key, _get_unicode_name_from_key
from textual.pilot import Pilot
from textual.screen import Screen

import tui.dialogs
import tui.screens
from actions.guard.model import Mode
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from azsim.estates.endpoints import serving
from azsim.estates.small import small
from tests.tui.consoles import NOON, arm, choose, console, fill, opened, press, settle, shown, until
from tests.tui.several import ENVIRONMENTS, several
from tui._textual import screen_text
from tui.app import AmlkeysApp
from tui.config import parse_config
from tui.dialogs.ask import AskDialog
from tui.session import Session, ignore
from tui.settings import Settings

ESTATES: dict[str, Callable[[Any], dict[str, Any]]] = {
    "small": small, "several": several, "serving": serving, "demo": demo,
}  # fmt: skip
PLAN = ("k", "enter", "enter", "enter", "1")
DRY = ("m", "2")
PALETTE = "ctrl+p"
RANDOM_KEYS = (
    *("up", "down", "enter", "enter", "enter", "escape", "escape", "tab", "shift+tab", "pagedown", "pageup", "home", "end"),
    *("f5", "ctrl+o", "ctrl+p", "ctrl+y", "ctrl+e", "ctrl+s", "ctrl+u", "ctrl+d", "ctrl+c", "ctrl+a", "ctrl+k", "ctrl+z"),
    *("slash", "question_mark", "space", "backspace", "delete", "left", "right", "minus", "f1", "f12", "ctrl+q"),
    *("left_square_bracket", "right_square_bracket", "colon", "full_stop", "é", "漢"),
    *"abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    *"kiescbrphmdaotxunyfvwz12CRD",
)  # fmt: skip
"""Every letter, and those that mean something somewhere twice."""

PASTES = ("y", "small-ml\ny\n", "stsmall01", "[/b]\x1b[2J", "\u202e" * 3, "x" * 300, "ä漢🙂", "\n\n\n", "")
SIZES = ((80, 24), (120, 40), (20, 6), (1, 1), (40, 12), (300, 80), (80, 25))


class Way(NamedTuple):
    """Keys from the fleet to a screen (its class's name), on an estate; `palette` begins by choosing in the palette."""

    estate: str
    keys: tuple[str, ...] = ()
    palette: str = ""
    until: str = ""


WAYS: dict[str, Way] = {
    "WorkspacesScreen": Way("demo"),
    "WorkspaceScreen": Way("demo", ("down", "enter")),
    "WalkScreen": Way("small", PLAN),
    "DecisionDialog": Way("small", ("k", "enter", "enter", "enter")),
    "ModeDialog": Way("small", ("m",)),
    "ConfirmDialog": Way("small", (*DRY, *PLAN, "enter")),
    "PickDialog": Way("demo", ("ctrl+o",)),
    "ColumnsDialog": Way("demo", ("t",)),
    "ViewsDialog": Way("demo", ("v",)),
    "AskDialog": Way("demo", ("ctrl+e",)),
    "TextDialog": Way("small", (*PLAN, "a")),
    "HelpDialog": Way("demo", ("question_mark",)),
    "FailureDialog": Way("small", ("R", "f", "end", "enter", *["down"] * 6, "enter", "enter", "escape", "k", "enter")),
    "Palette": Way("demo", (PALETTE,)),
    "PostureScreen": Way("demo", ("p",)),
    "ActivityScreen": Way("demo", ("p", "a")),
    "KeyCalendarScreen": Way("demo", ("C",)),
    "RunbooksScreen": Way("small", ("b",)),
    "RunbookScreen": Way("small", ("b", "enter")),
    "AnswerDialog": Way("small", ("b", "enter", "enter")),
    "FollowedScreen": Way("small", ("b", "enter", "enter", "enter", "escape", "escape", "r", "enter")),
    "BatchScreen": Way("several", ("space", "down", "space", "k")),
    "BatchWalk": Way("several", ("space", "down", "space", "k", "enter")),
    "RunsScreen": Way("serving", ("r",)),
    "RunScreen": Way("serving", ("r", "enter")),
    "HandOverScreen": Way("serving", ("r", "enter", "h")),
    "RehearsalScreen": Way("small", ("R",)),
    "ResetDialog": Way("small", ("R", "z")),
    "DrillsScreen": Way("small", palette="drills"),
    "StoryDialog": Way("small", ("enter",), "drills", "[ To work ]"),
    "DebriefScreen": Way("small", ("enter",), "drills", "debrief"),
}
ELSEWHERE = {
    "Empty": "is passed while a drill's estate is made ready",
    "LeaveDialog": "needs a run under way in live mode",
    "RevealDialog": "needs live mode",
    "RevealScreen": "needs live mode",
}
"""What no key reaches in look and dry-run, and why; every one has tests of its own."""


BASES = {
    "ConsoleScreen",
    "Dialog",
    "FleetChoosing",
    "GuardedDialog",
    "PageScreen",
    "RecordedScreen",
    "RunbookView",
    "TypedDialog",
}
"""What others are made of, and is never shown itself."""


def screens() -> Iterator[type[Screen[Any]]]:
    """Every screen and dialog of the console."""
    for package in (tui.screens, tui.dialogs):
        for module in pkgutil.iter_modules(package.__path__, f"{package.__name__}."):
            importlib.import_module(module.name)
    waiting: list[type[Screen[Any]]] = [Screen]
    seen: set[type[Screen[Any]]] = set()
    while waiting:
        for each in waiting.pop().__subclasses__():
            waiting.append(each)
            if each.__module__.startswith("tui.") and each.__name__ not in BASES and each not in seen:
                seen.add(each)
                yield each


def keyed(app: App[Any], key: str) -> events.Key:
    """The event of a key, as the terminal's driver makes it."""
    if len(key) == 1 and not key.isalnum():
        key = _character_to_key(key)
    try:
        letter: str | None = unicodedata.lookup(_get_unicode_name_from_key(REPLACED_KEYS.get(key, key)))
    except KeyError:
        letter = key if len(key) == 1 else None
    event = events.Key(key, letter)
    event.set_sender(app)
    return event


class Sims:
    """Makes the rehearsal clouds of a console and keeps them all, since drills and resets make new ones."""

    def __init__(self, estate: str) -> None:
        self._estate = estate
        self._made: list[Cloud] = []
        self._before: dict[int, int] = {}

    def make(self) -> Cloud:
        """One more, on the estate."""
        return self.keep(Cloud(ESTATES[self._estate](NOON), seed=7, clock=FixedClock(NOON)))

    def drill(self, seed: int) -> Cloud:
        """One more, for a drill."""
        return self.keep(Cloud(demo(NOON), seed=seed, clock=FixedClock(NOON)))

    def keep(self, cloud: Cloud) -> Cloud:
        """Keep one."""
        self._made.append(cloud)
        return cloud

    def forget_writes(self) -> None:
        """Count only what comes from now on."""
        self._before = {id(cloud): len(list(cloud.ledger.writes())) for cloud in self._made}

    def writes(self) -> list[str]:
        """Every write that arrived at any of them, as method and path."""
        return [
            f"{entry.method} {entry.path}"
            for cloud in self._made
            for entry in list(cloud.ledger.writes())[self._before.get(id(cloud), 0) :]
        ]


class Monkey:
    """Goes to a screen by keys and presses anything from there, on one console after the other: some keys quit it."""

    def __init__(self, name: str, mode: Mode, seed: int) -> None:
        self.chance = random.Random(f"{name} {mode} {seed}")
        self.name, self.mode, self.way = name, mode, WAYS[name]
        self.sims = Sims(self.way.estate)
        self.keys, self.visited = 0, set[str]()

    async def run(self, count: int) -> None:
        """Press `count` keys in all, and leave by escape."""
        first = True
        while self.keys < count:
            settings = Settings(rehearse="", dry_run=self.mode is Mode.DRY_RUN)
            config = parse_config(ENVIRONMENTS, "config.toml")
            app = console(Session(settings, config, ignore, sim=self.sims.make))
            async with opened(app) as pilot:
                if first:
                    await self.begin(pilot)
                first = False
                await self.play(pilot, count - self.keys)
                if app.is_running:
                    await home(pilot)
                    assert list(app.workers) == []

    async def begin(self, pilot: Pilot[None]) -> None:
        """Take the way to the screen, and see that it is there."""
        await self.travel(pilot)
        assert type(pilot.app.screen).__name__ == self.name, shown(pilot)

    async def travel(self, pilot: Pilot[None]) -> None:
        """Take the way, after what must have happened for it to have something to show."""
        way = self.way
        if self.name in PREPARED:
            await PREPARED[self.name](pilot)
            self.sims.forget_writes()
            arm(pilot.app, self.mode)
        if way.palette:
            await choose(pilot, way.palette)
        await press(pilot, *way.keys)
        if way.until:
            await until(pilot, "[ To work ]")
            if way.until != "[ To work ]":
                await press(pilot, "enter", "D", "l")
                await until(pilot, way.until)
        await pilot.pause()
        self.keys += len(way.keys) + len(way.palette)
        self.look(pilot.app)

    async def play(self, pilot: Pilot[None], count: int) -> None:
        """Press keys at random, several at a time; now and then paste, or change the terminal's size."""
        app, driver, chance = pilot.app, pilot.app._driver, self.chance
        while count > 0 and app.is_running:
            for _ in range(min(chance.choice((1, 1, 2, 5, 8)), count)):
                key = chance.choice(RANDOM_KEYS)
                if isinstance(app.screen, AskDialog) and key in {"slash", "full_stop"}:
                    key = "enter"  # what is asked for can be a file: it lies in the test's folder or nowhere
                driver.send_message(keyed(app, key))
                count, self.keys = count - 1, self.keys + 1
            if chance.random() < 0.05:
                paste = events.Paste(chance.choice(PASTES))
                paste.set_sender(app)
                driver.send_message(paste)
            if chance.random() < 0.05:
                await pilot.resize_terminal(*chance.choice(SIZES))
            await pilot._wait_for_screen()
            if chance.random() < 0.2:
                await asyncio.sleep(0.005)  # what is read behind the screens comes back in between
            self.look(app)
        if app.is_running:
            await pilot.resize_terminal(80, 24)

    def look(self, app: AmlkeysApp) -> None:
        """Note which screens are there, and that the one on top can be drawn."""
        if app.is_running and app.screen_stack:
            self.visited |= {type(screen).__name__ for screen in app.screen_stack}
            screen_text(app.screen)


async def home(pilot: Pilot[None]) -> None:
    """Go back to the fleet by escape alone; a screen that does not go by it is a failure."""
    for _ in range(100):
        await settle(pilot)
        if len(pilot.app.screen_stack) == 1:
            return
        await pilot.press("escape")
    raise AssertionError(f"escape leads nowhere:\n{shown(pilot)}")


async def waiting_run(pilot: Pilot[None]) -> None:
    """A run, made in live mode, that waits until somebody has handed over a new endpoint key."""
    arm(pilot.app, Mode.LIVE)
    world = pilot.app.session.sim.world
    found = world.of_type("Microsoft.MachineLearningServices/workspaces/onlineEndpoints")
    pilot.app.start_walk("endpoint-keys", next(item["id"] for item in found if item["name"] == "score"), "score")
    await settle(pilot)
    await press(pilot, "enter", "enter", "enter")
    await fill(pilot, name="score", slot="Secondary+Primary")
    await press(pilot, "y")
    await press(pilot, "escape")


PREPARED = dict.fromkeys(("RunsScreen", "RunScreen", "HandOverScreen"), waiting_run)
"""What must have happened before a screen has something to show."""

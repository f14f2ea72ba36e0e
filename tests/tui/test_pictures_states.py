"""Pictures of what is empty, on its way, refused, unknown or overlong, and of the three modes; in all three themes."""

from __future__ import annotations

import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from textual.pilot import Pilot

from actions.guard.model import Mode
from azsim.estates.demo import demo
from azsim.estates.small import small
from azsim.faults import Fault
from azsim.wire import Request, Response
from tests.tui.consoles import NOON, PATIENCE, Barrier, console, fill, press, session, shown, wait_for
from tests.tui.pictures import LOW, SIZES, Show
from tests.tui.test_hostile import TEXTS, poisoned
from tui.app import AmlkeysApp
from tui.config import Appearance, Config

FRAUD = ("slash", *"fraud-s", "enter")
PLAN = ("k", "enter", "enter", "enter", "1")
TYPED = {"name": "stsmall01", "slot": "key1+key2"}
THEMES = pytest.mark.parametrize("theme", ["high-contrast", "ansi-dark"])
REFUSED = ("AuthorizationFailed", 403)
Deed = Callable[[Pilot[None]], Awaitable[object]]


@pytest.fixture
def picture(picture: Show) -> Show:
    """Compares the console over an estate after some keys."""

    def show(
        document: dict[str, Any], *keys: str, size: tuple[int, int] = LOW, theme: str = "",
        faults: tuple[Fault, ...] = (), **more: Any,
    ) -> None:  # fmt: skip
        config = Config(appearance=Appearance(theme=theme))
        picture(lambda: console(session(document, config=config, faults=faults)), size, *keys, **more)

    return show


class Gate:
    """Holds every request of some kind until the picture is taken: what is shown is the wait."""

    def __init__(self, part: str) -> None:
        self._part, self._go, self.shut = part, threading.Event(), False

    def before(self, app: AmlkeysApp) -> None:
        """Stand in front of the rehearsal cloud."""
        sim = app.session.sim
        assert sim is not None
        handle = sim.handle

        def held(request: Request) -> Response:
            if self.shut and self._part in f"{request.method} {request.path}":
                assert self._go.wait(PATIENCE)
            return handle(request)

        sim.handle = held  # type: ignore[method-assign]

    def let(self) -> None:
        """Let everything through."""
        self._go.set()


async def reading(pilot: Pilot[None], *keys: str) -> None:
    """Press keys, and wait until the screen says that it reads; its seconds stand still for the picture."""
    for key in keys:
        await pilot.press(key)

    def told() -> bool:
        for screen in pilot.app.console_screens():
            if screen.status._ticks is not None:
                screen.status._ticks.pause()
        return " ..." in shown(pilot)

    await wait_for(pilot, told)


def empty() -> dict[str, Any]:
    """A company without a workspace."""
    return {**small(NOON), "resources": [], "roleAssignments": [], "clients": []}


@SIZES
class TestFleet:
    def test_empty(self, picture: Show, size):
        """No workspace: the list says so in words, and offers no action."""
        picture(empty(), size=size)

    def test_refused(self, picture: Show, size):
        """Nothing may be read: what happened, what it means, what to do, with the request id; the empty list says it too."""
        picture(small(NOON), size=size, faults=(Fault(kind="status", route="management", status=403, code=REFUSED[0]),))

    def test_long_names(self, picture: Show, size):
        """Names of 300 letters end in `…`; columns, banner and mode stand where they always do."""
        picture(poisoned(demo(NOON), TEXTS["long"]), size=size)

    def test_wide_names(self, picture: Show, size):
        """Characters of two cells: the columns behind them are not moved."""
        picture(poisoned(demo(NOON), TEXTS["wide"]), size=size)


class TestLoading:
    def held(self, picture: Show, document: dict[str, Any], part: str, *keys: str) -> None:
        """Show a wait for the requests whose method and path hold `part`."""
        gate = Gate(part)

        async def wait(pilot: Pilot[None]) -> None:
            gate.shut = True
            await reading(pilot, *keys)

        try:
            picture(document, more=wait, ready=gate.before)
        finally:
            gate.let()

    def test_fleet(self, picture: Show):
        """The rows of before stay while they are read anew; the last line says what is being read."""
        self.held(picture, demo(NOON), "", "f5")

    def test_workspace(self, picture: Show):
        """A workspace on its way: name and path are there, the line says what is read."""
        self.held(picture, small(NOON), "", "enter")

    def test_posture(self, picture: Show):
        """The page of security on its way."""
        self.held(picture, small(NOON), "", "p")

    def test_calendar(self, picture: Show):
        """The encryption keys on their way."""
        self.held(picture, small(NOON), "", "C")

    def test_inspecting(self, picture: Show):
        """Stage 1 while it reads: the stage is marked, and no key asks for more."""
        self.held(picture, small(NOON), "listKeys", "k", "enter")


class TestEmpty:
    def test_activity(self, picture: Show):
        """Nothing was done in 90 days: a sentence, not an empty page."""
        picture(small(NOON), "p", "a")

    def test_calendar(self, picture: Show):
        """No customer-managed key anywhere, in a sentence."""
        picture(small(NOON), "C")

    def test_palette(self, picture: Show):
        """Nothing is found by these words, and it says so."""
        picture(small(NOON), "ctrl+p", *"zzzz", more=lambda pilot: pilot.app.workers.wait_for_complete())

    def test_runbooks_filter(self, picture: Show):
        """A filter of the runbooks that nothing fits: the sentence, and how many there are."""
        picture(small(NOON), "b", "slash", *"nosuch", "enter")


class TestUnknown:
    def test_workspace(self, picture: Show):
        """The account may not be read: its facts are unknown in words and `?`, and what could not be read is told."""
        picture(
            small(NOON), "enter", faults=(Fault(kind="status", route="storageAccounts/", status=403, code=REFUSED[0]),)
        )

    def test_workspace_gone(self, picture: Show):
        """The workspace was deleted meanwhile: the failure says what happened and what to do."""

        async def gone(pilot: Pilot[None]) -> None:
            fault = {"kind": "status", "route": "workspaces/small-ml$", "status": 404, "code": "ResourceNotFound"}
            pilot.app.session.steer([fault], {})
            await press(pilot, "enter")

        picture(small(NOON), more=gone)

    def test_holders(self, picture: Show):
        """Keys may not be listed: the holders stay unread, and the end of the page says what could not be read and why."""
        fault = Fault(kind="status", route="listKeys|listSecrets", status=403, code=REFUSED[0])
        picture(small(NOON), "enter", "h", "end", faults=(fault,))

    def test_inspection_blocked(self, picture: Show):
        """A holder that cannot be read: the plan says that it is blocked, and why."""
        fault = Fault(kind="status", route="listSecrets", status=403, code=REFUSED[0])
        picture(small(NOON), "k", "enter", "enter", faults=(fault,))

    def test_line_lost(self, picture: Show):
        """No answer at all: what is known of it, and that nothing was changed."""

        async def lost(pilot: Pilot[None]) -> None:
            pilot.app.session.steer([{"kind": "reset_before", "route": ""}], {})
            await press(pilot, "k", "enter")

        picture(small(NOON), more=lost)


class TestLong:
    def test_workspace(self, picture: Show):
        """Overlong texts are broken or cut inside their own column."""
        picture(poisoned(small(NOON), TEXTS["long"]), "enter")

    def test_plan(self, picture: Show):
        """The plan of an estate with overlong texts."""
        picture(poisoned(small(NOON), TEXTS["mixed"]), *PLAN)

    def test_hostile_workspace(self, picture: Show):
        """Markup, escapes and bidi marks as visible text; no colour and no gap comes of them."""
        picture(poisoned(small(NOON), TEXTS["mixed"]), "enter")


class TestQuestions:
    def test_leaving_during_a_run(self, picture: Show):
        """Quitting while a run is under way asks: what runs, what leaving does; Cancel has the focus."""
        held: list[Barrier] = []

        async def leave(pilot: Pilot[None]) -> None:
            await fill(pilot, **TYPED)
            await pilot.press("y")
            await held[0].wait(pilot)
            await pilot.press("ctrl+q")

        try:
            barrier = held.append
            picture(small(NOON), *PLAN, "enter", mode=Mode.LIVE, more=leave, ready=lambda app: barrier(Barrier(app)))
        finally:
            held[0].let()

    def test_palette(self, picture: Show):
        """What can be opened from here, before anything is typed."""
        picture(small(NOON), "ctrl+p", more=lambda pilot: pilot.app.workers.wait_for_complete())

    def test_export(self, picture: Show):
        """Where to write the table: a new file, readable by oneself alone."""
        picture(small(NOON), "ctrl+e")

    def test_mode_in_live(self, picture: Show):
        """The way back from live: look and dry-run with one key."""
        picture(small(NOON), "m", mode=Mode.LIVE)

    def test_note(self, picture: Show):
        """A note for the next shift, on the record of a run."""
        picture(small(NOON), *PLAN, "enter", "y", "n", mode=Mode.DRY_RUN)

    def test_help_in_a_walk(self, picture: Show):
        """The keys of a plan, each with what it does."""
        picture(small(NOON), *PLAN, "question_mark")


@THEMES
class TestThemes:
    def test_fleet(self, picture: Show, theme: str):
        """The cursor's row, bad rows by `!` and the banner are told apart without a shade between them."""
        picture(demo(NOON), "down", theme=theme)

    def test_live(self, picture: Show, theme: str):
        """Live: the word and its minutes, and another colour of the banner."""
        picture(small(NOON), mode=Mode.LIVE, theme=theme)

    def test_workspace(self, picture: Show, theme: str):
        """Facts, symbols and findings; every text is readable."""
        picture(demo(NOON), *FRAUD, "enter", theme=theme)

    def test_plan(self, picture: Show, theme: str):
        """The step under the cursor, the frame above what is told of it."""
        picture(small(NOON), *PLAN, theme=theme)

    def test_confirm(self, picture: Show, theme: str):
        """The question stands out of what it covers; Cancel has the focus."""
        picture(small(NOON), *PLAN, "enter", mode=Mode.LIVE, theme=theme)

    def test_report(self, picture: Show, theme: str):
        """Done steps with `✓`, their times and proofs."""

        async def run(pilot: Pilot[None]) -> None:
            await fill(pilot, **TYPED)
            await press(pilot, "y")

        picture(small(NOON), *PLAN, "enter", mode=Mode.LIVE, theme=theme, more=run)

    def test_failure(self, picture: Show, theme: str):
        """The failure's frame and its request id."""

        async def fail(pilot: Pilot[None]) -> None:
            fault = {"kind": "status", "route": "workspaces/small-ml$", "status": 403, "code": REFUSED[0]}
            pilot.app.session.steer([fault], {})
            await press(pilot, "k", "enter")

        picture(small(NOON), theme=theme, more=fail)

    def test_posture(self, picture: Show, theme: str):
        """Graded facts: symbol and word first, colour second."""
        picture(demo(NOON), *FRAUD, "p", theme=theme)

    def test_palette(self, picture: Show, theme: str):
        """The entry that enter takes stands out."""
        picture(small(NOON), "ctrl+p", theme=theme, more=lambda pilot: pilot.app.workers.wait_for_complete())

    def test_runbook(self, picture: Show, theme: str):
        """The present step by `▸` and the cursor; what is behind and what is to come differ by symbol."""
        picture(small(NOON), "b", "enter", theme=theme)

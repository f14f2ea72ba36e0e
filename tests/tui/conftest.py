"""What the tests of the console share: terminals and pictures, closed when a test is over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from textual.pilot import Pilot

from actions.guard import lease
from actions.guard.model import Mode
from tests.support.snapshots import Snap
from tests.tui.consoles import arm, press, settle
from tests.tui.pictures import Show
from tests.tui.terminal import Open, Terminal
from tui.app import AmlkeysApp


@pytest.fixture
def terminal() -> Iterator[Open]:
    """Opens the program in terminals, on the rehearsal where nothing else is said, and ends what is left of it."""
    with ExitStack() as opened:

        def start(*arguments: str, size: tuple[int, int] = (80, 24), **environ: str) -> Terminal:
            line = Terminal(*(arguments or ("--rehearse=",)), size=size, environ=environ)
            opened.callback(line.close)
            return line

        yield start


@pytest.fixture
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take chance and the machine out of run ids and records."""
    monkeypatch.setattr("actions.guard.engine.secrets.token_hex", lambda count: "ab" * count)
    monkeypatch.setattr("getpass.getuser", lambda: "ada")
    monkeypatch.setattr("socket.gethostname", lambda: "jumphost")
    monkeypatch.setattr(lease, "wall_now", lambda: "2026-03-09T14:02:11Z")


@pytest.fixture
def picture(snap: Snap, same_everywhere: None) -> Iterator[Show]:
    """Compares the console after some keys, and whatever `more` does; closes its session afterwards."""
    with ExitStack() as opened:

        def show(
            make: Callable[[], AmlkeysApp],
            size: tuple[int, int],
            *keys: str,
            mode: Mode = Mode.LOOK,
            more: Callable[[Pilot[None]], object] | None = None,
            ready: Callable[[AmlkeysApp], None] | None = None,
        ) -> None:
            app = make()
            opened.callback(app.session.close)
            opened.callback(app.board.wait)
            if ready is not None:
                ready(app)

            async def before(pilot: Pilot[None]) -> None:
                await settle(pilot)
                app.standing.connected.arming.clock = lambda: 1_000_000.0
                arm(app, mode)
                app.show_facts()
                await press(pilot, *keys)
                if more is not None:
                    await more(pilot)

            snap(lambda: app, size=size, run_before=before)

        yield show

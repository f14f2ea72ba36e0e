"""Pictures of the shelf of runbooks and of one runbook: before it is begun, in the middle, waiting, told to stop."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.support.snapshots import Snap
from tests.tui.consoles import console, press, settle
from tests.tui.pictures import SIZES
from tests.tui.test_following import Scripted, follow
from tests.tui.test_runbook_screen import folder as folder
from tests.tui.test_runbook_screen import made


@pytest.fixture(autouse=True)
def same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take chance and the machine out of the records."""
    monkeypatch.setattr("tui.runbook_journal.secrets.token_hex", lambda count: "ab" * count)
    monkeypatch.setattr("getpass.getuser", lambda: "ada")


@pytest.mark.parametrize(
    ("book", "keys"),
    [
        ("leaked-storage-key", ()),
        ("own", ("enter", "enter")),
        ("own", ("enter", "enter", "enter", "enter")),
        ("own", ("enter", "down", "enter", "s", "enter")),
    ],
    ids=["before", "second", "waits", "stopped"],
)
@SIZES
def test_one(snap: Snap, size: tuple[int, int], book: str, keys: tuple[str, ...], folder: Path) -> None:
    """Look at: the present step marked by a symbol and a word, what enter does, the record below; nothing cut."""
    app = console(made(folder))

    async def before(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await press(pilot, "b", "slash", *f"runbook:{book}", "enter", "enter", *keys)

    try:
        snap(lambda: app, size=size, run_before=before)
    finally:
        app.board.wait()
        app.session.close()


@SIZES
def test_shelf(snap: Snap, size: tuple[int, int], folder: Path) -> None:
    """Look at: a half-done one on top with who and when, a broken file with its reason, severities in words."""
    found = made(folder)
    follow(found, folder / "own.md", "small-ml", Scripted("key1"))
    app = console(found)

    async def before(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await press(pilot, "b")

    try:
        snap(lambda: app, size=size, run_before=before)
    finally:
        app.board.wait()
        app.session.close()


@SIZES
@pytest.mark.parametrize("keys", [("r",), ("r", "enter")], ids=["list", "one"])
def test_record(snap: Snap, size: tuple[int, int], keys: tuple[str, ...], folder: Path) -> None:
    """Look at: a followed runbook among the runs with its kind in a word; its jumped-over step with its own symbol."""
    found = made(folder)
    follow(found, folder / "own.md", "small-ml", Scripted("n ask ada", "key2"))
    app = console(found)

    async def before(pilot: Pilot[None]) -> None:
        await settle(pilot)
        await press(pilot, *keys)

    try:
        snap(lambda: app, size=size, run_before=before)
    finally:
        app.board.wait()
        app.session.close()

"""Drills played by hand: the story, the operator's own keys, where the goal stands, the debrief, and what is kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from actions.guard.model import Mode
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from tests.tui.consoles import ARM, NOON, arm, choose, console, fill, on_demo, opened, press, settle, shown, until
from tests.tui.terminal import Open
from tui.app import AmlkeysApp
from tui.config import Config
from tui.debrief import results_path
from tui.session import Session, ignore
from tui.settings import Settings


@pytest.fixture(autouse=True)
def fixed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A drill's own estate stands still too."""
    monkeypatch.setattr("tui.session._demo", lambda seed: Cloud(demo(NOON), seed=seed, clock=FixedClock(NOON)))


def on_drill(name: str, **settings: Any) -> AmlkeysApp:
    """The console as `amlkeys rehearsal drill NAME` opens it on a terminal."""
    found = Session(
        Settings(rehearse="", drill=name, **settings), Config(), ignore,
        sim=lambda: Cloud(demo(NOON), seed=7, clock=FixedClock(NOON)),
    )  # fmt: skip
    return console(found)


async def to_work(pilot: Pilot[None], app: AmlkeysApp) -> None:
    """Wait for the story, and go to work in live mode."""
    await until(pilot, "[ To work ]")
    await press(pilot, "enter")
    arm(app, Mode.LIVE)


async def workspace(pilot: Pilot[None], name: str) -> None:
    """Put the cursor of the fleet on a workspace."""
    await press(pilot, "slash", *name, "enter")


async def go(pilot: Pilot[None], app: AmlkeysApp, *keys: str) -> None:
    """Open an action's walk, answer, and run it to its end as the question asks."""
    await press(pilot, *keys)
    fields = {field.id: field.expected for field in getattr(app.screen, "fields", ())}
    assert fields, shown(pilot)
    await fill(pilot, **fields)
    await press(pilot, "y")


def kept() -> list[dict[str, Any]]:
    """What is kept of drills."""
    return [json.loads(line) for line in results_path().read_text().splitlines()]


def drill_journals(folder: Path) -> list[Path]:
    """The journals of drills that are there."""
    return list(folder.glob("amlkeys-drill-*/drill.sqlite3"))


async def test_a_drill_begins_with_its_story_and_tells_it_again() -> None:
    app = on_drill("leaked-key")
    async with opened(app) as pilot:
        await until(pilot, "[ To work ]")
        assert "A storage key is on a public page (grade 2 of 5)" in shown(pilot)
        assert "key2 must die" in " ".join(shown(pilot).replace("│", " ").split())
        assert "leave the drill" not in shown(pilot)
        await press(pilot, "l")
        assert app.playing is not None, "what has not begun cannot be left"
        await press(pilot, "enter")
        assert "D goal not yet" in shown(pilot)
        assert app.standing.mode is Mode.LOOK
        await press(pilot, "D")
        assert "not yet reached" in shown(pilot)
        assert "--leaked" not in shown(pilot), "the calm way is told by the debrief only"
        await press(pilot, "ctrl+q")
        assert "Leave the drill?" in shown(pilot)
        await press(pilot, "down", "enter")
        assert "ads-bidding" in shown(pilot)
    assert not results_path().exists()


async def test_won_by_keys_alone() -> None:
    app = on_drill("storage-keys")
    async with opened(app) as pilot:
        await until(pilot, "[ To work ]")
        await press(pilot, "enter", *ARM)
        await workspace(pilot, "fraud-scoring")
        await go(pilot, app, "k", "enter", "enter", "enter", "1", "enter")
        await until(pilot, "The goal: reached.")
        assert "D goal reached" in shown(pilot)
        await press(pilot, "l")
        await until(pilot, "debrief")
        text = shown(pilot)
        assert "The goal was reached." in text
        assert "4 changes; the calm way makes 4." in text
        assert "A calm way" in text
        await press(pilot, "pagedown", "pagedown")
        assert "Time to each step" in shown(pilot)
        assert "not played here before" in shown(pilot)
        assert "D goal" not in shown(pilot)
        await press(pilot, "escape")
        await until(pilot, "11 drills")
        assert "won" in shown(pilot)
        assert "by hand" in shown(pilot)
    assert [(each["drill"], each["won"], each["by_hand"], each["writes"]) for each in kept()] == [
        ("storage-keys", True, True, 4)
    ]


async def test_lost_by_granting_what_a_resync_undoes() -> None:
    """lost-access allows two changes: the resync that is on by default is a third, and the goal is lost for good."""
    app = on_drill("lost-access")
    async with opened(app) as pilot:
        await to_work(pilot, app)
        await workspace(pilot, "reborn")
        await go(pilot, app, "i", "enter", "enter", "enter")
        await until(pilot, "D goal lost")
        assert "Why" not in shown(pilot)
        await press(pilot, "D")
        assert "lost, whatever comes now" in shown(pilot)
        await press(pilot, "l")
        await until(pilot, "The goal was not reached.")
        assert "3 changes were made where 2 may be." in shown(pilot)
        assert "The calmer way" in shown(pilot)
        await press(pilot, "a")
        await until(pilot, "[ To work ]")
        assert app.playing is not None
        assert app.playing.name == "lost-access"
        assert app.session.sim is not None
        assert not app.session.sim.ledger.writes(), "it is another estate, as it was"
        await press(pilot, "enter", "ctrl+q")
        assert "Leave the drill?" in shown(pilot)
        await press(pilot, "enter")
        await until(pilot, "It ended without a run, and should have ended done.")
        await press(pilot, "end")
        assert "lost" in shown(pilot)
        assert "now" in shown(pilot)
    assert [(each["won"], each["by_hand"]) for each in kept()] == [(False, True), (False, True)]


async def test_lost_by_the_key_that_had_to_stay() -> None:
    """endpoint-handover: the partners' key replaced first cuts them off, and the goal is lost at once."""
    app = on_drill("endpoint-handover")
    async with opened(app) as pilot:
        await to_work(pilot, app)
        await workspace(pilot, "claims-triage")
        walk = app.open_walk(
            "endpoint-keys", app.screen_stack[0].table.row.key, "claims-triage", {"primary_first": True}
        )
        await settle(pilot)
        assert walk.is_attached
        await go(pilot, app, "enter", "enter", "enter")
        await until(pilot, "D goal lost")
        await press(pilot, "D", "l")
        await until(pilot, "Primary was replaced.")


async def test_what_goes_wrong_strikes_when_the_run_has_begun() -> None:
    app = on_drill("lost-answer")
    async with opened(app) as pilot:
        await to_work(pilot, app)
        sim = app.session.sim
        assert sim is not None
        await workspace(pilot, "churn")
        await press(pilot, "k", "enter", "enter", "enter", "1")
        assert sim.faults.all() == []
        await go(pilot, app, "enter")
        await until(pilot, "The goal: reached.")
        assert [each.fault.kind for each in sim.faults.all()] == ["reset_after"]
        assert [each.hits for each in sim.faults.all()] == [1]


async def test_the_list_tells_earlier_times_and_begins_one() -> None:
    app = on_drill("")
    async with opened(app) as pilot:
        await until(pilot, "11 drills")
        text = shown(pilot)
        assert text.index("Rotate both keys") < text.index("An application with Contributor")
        await press(pilot, "slash", *"lost-ans", "enter", "enter")
        await until(pilot, "The line drops in the middle of a replacement (grade 3 of 5)")


async def test_a_drill_has_its_own_journal_and_estate_and_leaves_none_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    app = on_demo()
    async with opened(app) as pilot:
        before = app.session.sim
        app.open_drills()
        await settle(pilot)
        await press(pilot, "enter")
        await until(pilot, "[ To work ]")
        assert len(drill_journals(tmp_path)) == 1
        assert app.session.sim is not before
        await press(pilot, "enter", "D", "l")
        await until(pilot, "debrief")
        await press(pilot, "escape")
        await until(pilot, "11 drills")
        assert not drill_journals(tmp_path)
        await press(pilot, "escape")
        await until(pilot, "47 workspaces")
        await press(pilot, "enter")
        await until(pilot, "rg-ads")


async def test_no_drill_where_the_rehearsal_is_not_in_this_process() -> None:
    found = Session(Settings(), Config(), ignore)
    assert not found.can_renew
    found.close()


@pytest.mark.terminal
def test_the_program_plays_on_a_terminal_and_its_exit_tells_how_it_went(terminal: Open) -> None:
    line = terminal("rehearsal", "drill", "lost-access")
    line.wait("[ To work ]")
    line.press("\r")
    line.wait(lambda text: "To work" not in text and "D goal not yet" in text)
    line.press("\x11")
    line.wait("Leave the drill?")
    line.press("\r")
    line.wait("The goal was not reached.")
    line.press("\x11")
    assert line.ended() == 1
    assert [(each["drill"], each["won"], each["by_hand"]) for each in kept()] == [("lost-access", False, True)]


@pytest.mark.terminal
def test_on_a_terminal_it_plays_by_itself_when_asked_to(terminal: Open) -> None:
    line = terminal("rehearsal", "drill", "lost-access", "--headless", size=(100, 120))
    line.wait("The goal was reached.")
    assert line.ended() == 0


async def test_the_palette_asks_before_it_quits_and_hides_no_banner() -> None:
    """Textual's own commands would quit at once, and let a part of the screen cover where one is and in which mode."""
    app = on_drill("leaked-key")
    async with opened(app) as pilot:
        await to_work(pilot, app)
        known = {command.title for command in app.get_system_commands(app.screen)}
        assert {"Quit", "Picture", "Export", "Theme"} <= known
        assert not {"Maximize", "Keys", "Screenshot"} & known
        await choose(pilot, "quit")
        assert app.is_running
        assert "Leave the drill?" in shown(pilot)

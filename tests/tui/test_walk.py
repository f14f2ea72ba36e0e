"""The walk of an action in the console, by keys, against the rehearsal cloud."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual import events

from actions.guard.model import Mode, RunState
from azsim.estates.small import small
from tests.tui.consoles import (
    ARM,
    NOON,
    Barrier,
    Hands,
    arm,
    console,
    fill,
    handled,
    on_small,
    opened,
    press,
    session,
    settle,
    shown,
    writes,
)
from tui.dialogs.arm import ModeDialog
from tui.dialogs.ask import LeaveDialog
from tui.dialogs.confirm import ConfirmDialog
from tui.dialogs.failure import FailureDialog
from tui.screens.walk import WalkScreen
from tui.widgets.stages import Stage

TO_PLAN = ("k", "enter", "enter")
DECIDED = (*TO_PLAN, "enter", "1")
TYPED = {"name": "stsmall01", "slot": "key1+key2"}
CONFIRMED = ("tab", *"stsmall01", "enter", *"key1+key2", "enter", "y")


def private(folder: Path, pattern: str) -> bytes:
    """The content of the one file that fits, which its owner alone may read."""
    (found,) = folder.glob(pattern)
    assert found.stat().st_mode & 0o777 == 0o600
    return found.read_bytes()


async def test_keys_alone_lead_from_the_fleet_to_the_report():
    async with opened(on_small()) as pilot:
        app = pilot.app
        await press(pilot, *DECIDED, *ARM)
        assert "LIVE" in shown(pilot)
        await press(pilot, "enter", *CONFIRMED)
        assert "[5 Report]" in shown(pilot)
        assert "done" in shown(pilot)
        assert app.session.sim.outages.during() == []
        posts = [path for path in writes(app) if "regenerateKey" in path]
        assert len(posts) == 2
        (view,) = app.board.views.values()
        assert view.state is RunState.DONE


async def test_look_mode_asks_how_far_it_may_go_and_writes_nothing():
    async with opened(on_small()) as pilot:
        await press(pilot, *DECIDED, "enter")
        assert isinstance(pilot.app.screen, ModeDialog)
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, WalkScreen)
        assert pilot.app.standing.mode is Mode.LOOK
        assert writes(pilot.app) == []


async def test_a_dry_run_walks_to_the_report_and_writes_nothing():
    async with opened(on_small()) as pilot:
        await press(pilot, *DECIDED, "m", "2", "enter")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        await press(pilot, "y")
        assert "[5 Report]" in shown(pilot)
        assert "withheld" in shown(pilot)
        assert writes(pilot.app) == []


async def test_enter_pressed_twice_at_once_confirms_nothing():
    async with opened(on_small()) as pilot:
        await press(pilot, *DECIDED)
        arm(pilot.app, Mode.LIVE)
        hands: Hands = pilot.app.hands
        await press(pilot, "enter")
        hands.pause = 0.001
        await press(pilot, "enter", "y", "enter")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        hands.pause = 0.5
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, WalkScreen)
        assert pilot.app.screen._stage is Stage.PLAN
        assert writes(pilot.app) == []


async def test_pasted_names_are_refused_with_and_without_brackets():
    async with opened(on_small()) as pilot:
        await press(pilot, *DECIDED)
        arm(pilot.app, Mode.LIVE)
        await press(pilot, "enter", "tab")
        dialog = pilot.app.screen
        pilot.app.post_message(events.Paste("stsmall01\n"))
        await settle(pilot)
        assert dialog.query_one("#name").value == ""
        assert "type it" in shown(pilot)
        pilot.app.hands.pause = 0.0005
        await press(pilot, *"stsmall01", "enter", *"key1+key2", "enter", "y")
        assert pilot.app.screen is dialog
        assert len(dialog.query_one("#name").value) <= 1
        assert writes(pilot.app) == []


async def test_neither_one_key_nor_the_consoles_own_clipboard_answers_what_must_be_typed():
    async with opened(on_small()) as pilot:
        await press(pilot, *DECIDED)
        arm(pilot.app, Mode.LIVE)
        await press(pilot, "enter", "y")
        dialog = pilot.app.screen
        assert isinstance(dialog, ConfirmDialog)
        pilot.app.copy_to_clipboard("stsmall01")
        await press(pilot, "tab", "ctrl+v")
        assert dialog.query_one("#name").value == ""
        assert writes(pilot.app) == []


@pytest.mark.parametrize(
    ("name", "slot", "complaint"),
    [("stsmall02", "key1+key2", "name is not stsmall01"), ("stsmall01", "key1", "slot is not key1+key2")],
)
async def test_a_wrong_text_runs_nothing(name, slot, complaint):
    async with opened(on_small()) as pilot:
        await press(pilot, *DECIDED)
        arm(pilot.app, Mode.LIVE)
        await press(pilot, "enter")
        await fill(pilot, name=name, slot=slot)
        await press(pilot, "y")
        assert complaint in shown(pilot)
        assert writes(pilot.app) == []


async def test_enter_on_the_answer_only_tells_how_to_answer():
    async with opened(on_small()) as pilot:
        await press(pilot, *DECIDED)
        arm(pilot.app, Mode.LIVE)
        await press(pilot, "enter")
        await fill(pilot, **TYPED)
        await press(pilot, "enter", "enter")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        assert "Press y" in shown(pilot)
        assert writes(pilot.app) == []


async def test_options_change_the_plan():
    async with opened(on_small()) as pilot:
        await press(pilot, "k", "p", "down", "enter", "down", "enter", "escape")
        assert "* leaked" in shown(pilot)
        await press(pilot, "enter", "enter")
        walk = pilot.app.screen
        assert walk._planned.plan.options["leaked"] == "key1"


async def test_a_length_of_time_that_means_nothing_is_asked_for_again():
    async with opened(on_small()) as pilot:
        await press(pilot, "k", "p", "down", "down", "enter", *"soon", "enter")
        assert "no duration" in shown(pilot)
        await press(pilot, "escape", "escape")
        assert isinstance(pilot.app.screen, WalkScreen)


async def test_a_saved_plan_is_private_and_a_taken_name_is_told(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with opened(on_small()) as pilot:
        await press(pilot, *DECIDED, "o", "enter")
        assert private(tmp_path, "*.plan.json")
        assert "amlkeys apply" in shown(pilot)


async def test_the_report_is_exported_in_each_format(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    async with opened(on_small()) as pilot:
        await press(pilot, *DECIDED, "m", "2", "enter", "y")
        for number, form in enumerate(("md", "html", "json")):
            await press(pilot, "e", *["down"] * number, "enter", "enter")
            assert b"stsmall01" in private(tmp_path, f"*.{form}")
        await press(pilot, "e", "enter", "enter")
        assert isinstance(pilot.app.screen, FailureDialog)


async def test_missing_permissions_stop_the_walk_until_they_are_tried_anyway():
    async with opened(on_small()) as pilot:
        pilot.app.session.steer([{"kind": "status", "route": "/permissions", "status": 403}], {})
        arm(pilot.app, Mode.LIVE)
        await press(pilot, *DECIDED, "enter")
        assert isinstance(pilot.app.screen, FailureDialog)
        await press(pilot, "escape", "t", "enter")
        assert isinstance(pilot.app.screen, ConfirmDialog)
        await fill(pilot, **TYPED)
        await press(pilot, "y")
        assert "[5 Report]" in shown(pilot)


async def test_a_lock_stops_the_walk_for_good():
    document = small(NOON)
    account = next(item["id"] for item in document["resources"] if "storageAccounts" in item["id"])
    lock = {"id": f"{account}/providers/Microsoft.Authorization/locks/keep", "name": "keep"}
    lock |= {"type": "Microsoft.Authorization/locks", "properties": {"level": "ReadOnly"}}
    document["resources"].append(lock)
    async with opened(console(session(document))) as pilot:
        arm(pilot.app, Mode.LIVE)
        await press(pilot, *TO_PLAN)
        assert "blocked" in shown(pilot)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, FailureDialog)
        assert writes(pilot.app) == []


async def test_leaving_during_a_step_asks_and_stops_the_run_after_it():
    app = on_small()
    barrier = Barrier(app)
    async with opened(app) as pilot:
        await press(pilot, *DECIDED)
        arm(app, Mode.LIVE)
        await press(pilot, "enter")
        await fill(pilot, **TYPED)
        await pilot.press("y")
        await barrier.wait(pilot)
        assert "[4 Run]" in shown(pilot)
        assert "running" in shown(pilot)
        await pilot.press("ctrl+q")
        await pilot.pause()
        assert isinstance(app.screen, LeaveDialog)
        await pilot.press("escape")
        await pilot.pause()
        assert isinstance(app.screen, WalkScreen)
        await pilot.press("ctrl+q", "tab", "y")
        await pilot.pause()
        barrier.let()
    assert len(writes(app)) == 1
    (view,) = app.board.views.values()
    assert app.session.journal.run(view.run).state is RunState.STOPPED


async def test_a_run_stopped_by_its_key_is_resumed_to_its_end():
    app = on_small()
    barrier = Barrier(app)
    async with opened(app) as pilot:
        await press(pilot, *DECIDED)
        arm(app, Mode.LIVE)
        await press(pilot, "enter")
        await fill(pilot, **TYPED)
        await pilot.press("y")
        await barrier.wait(pilot)
        await handled(pilot, "x")
        barrier.let()
        await settle(pilot)
        assert "stopped" in shown(pilot)
        await press(pilot, "u")
        assert "[2 Plan]" in shown(pilot)
        await press(pilot, "enter")
        await fill(pilot, **TYPED)
        await press(pilot, "y")
        assert "[5 Report]" in shown(pilot)
        assert "done" in shown(pilot)
        assert len([path for path in writes(app) if "regenerateKey" in path]) == 2
        await press(pilot, "escape", "escape", "escape", "r")
        assert "done" in shown(pilot)


async def test_escape_during_a_run_leaves_the_screen_and_not_the_run():
    app = on_small()
    barrier = Barrier(app)
    async with opened(app) as pilot:
        await press(pilot, *DECIDED)
        arm(app, Mode.LIVE)
        await press(pilot, "enter")
        await fill(pilot, **TYPED)
        await pilot.press("y")
        await barrier.wait(pilot)
        await handled(pilot, "escape", "r")
        assert not isinstance(app.screen, WalkScreen)
        barrier.let()
        await settle(pilot)
        (view,) = app.board.views.values()
        assert view.state is RunState.DONE
        assert "done" in shown(pilot)

"""The review of support apps in the console: decisions with words, lists that are pasted, removals that are blocked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from textual import events
from textual.pilot import Pilot

from actions.guard.model import Mode, Outcome
from tests.support.reviewed import NAME, Apps, names, reviewed
from tests.tui.consoles import NOON, arm, console, press, session, settle, shown
from tui.app import AmlkeysApp
from tui.dialogs.ask import AskDialog, Line
from tui.dialogs.decide import DecisionDialog
from tui.screens.walk import WalkScreen

ONE, TWO = names(NOON)
TO_DECISIONS = ("s", "enter", "enter", "enter")
WHY = ("2", "0", "2", "7", "minus", "0", "1", "minus", "0", "2", "space", "x", "enter")


@asynccontextmanager
async def opened(document: dict[str, Any]) -> AsyncIterator[Pilot[None]]:
    """The console at work."""
    app = console(session(document))
    async with app.run_test(size=(80, 24)) as pilot:
        await settle(pilot)
        yield pilot
        app.board.wait()
    app.session.close()


def walk(pilot: Pilot[None]) -> WalkScreen:
    """The walk, whatever dialog is above it."""
    return next(screen for screen in pilot.app.screen_stack if isinstance(screen, WalkScreen))


async def test_both_answers_take_words():
    async with opened(reviewed(NOON)) as pilot:
        await press(pilot, *TO_DECISIONS, "1")
        assert isinstance(pilot.app.screen, AskDialog)
        await press(pilot, *WHY)
        assert isinstance(pilot.app.screen, DecisionDialog)
        await press(pilot, "2", *"unused", "enter")
        assert walk(pilot)._decided == {ONE: "keep:2027-01-02 x", TWO: "remove:unused"}
        planned = walk(pilot)._planned
        assert planned is not None
        assert planned.plan.body.outcome is Outcome.READY


async def test_no_words_leave_the_decision_open():
    async with opened(reviewed(NOON)) as pilot:
        await press(pilot, *TO_DECISIONS, "1", "enter")
        assert walk(pilot)._decided == {}
        await press(pilot, "enter", "1", "escape")
        assert walk(pilot)._decided == {}
        assert pilot.app.screen is walk(pilot)


async def test_a_date_that_cannot_be_is_asked_for_again():
    async with opened(reviewed(NOON)) as pilot:
        await press(pilot, *TO_DECISIONS, "1", *"soon", "enter", "2", *"unused", "enter", "enter")
        assert isinstance(pilot.app.screen, DecisionDialog)
        assert "The answer was not taken" in shown(pilot)


async def test_a_blocked_removal_can_be_decided_anew():
    apps = Apps(NOON)
    apps.grant(apps.app("aml-one"))
    apps.aks("old", datetime(2020, 1, 1, tzinfo=UTC))
    async with opened(apps.estate()) as pilot:
        await press(pilot, *TO_DECISIONS, "2", *"unused", "enter", "enter")
        assert "14 May 2021" in shown(pilot)
        await press(pilot, "escape", "escape", "enter", "enter")
        assert isinstance(pilot.app.screen, DecisionDialog)


async def test_the_whole_review_is_signed_off():
    async with opened(reviewed(NOON)) as pilot:
        assert isinstance(pilot.app, AmlkeysApp)
        arm(pilot.app, Mode.LIVE)
        await press(pilot, *TO_DECISIONS, "1", *WHY, "2", *"unused", "enter", "enter", "tab", *NAME, "enter", "y")
        assert "the review is signed off" in shown(pilot)


async def test_a_pasted_list_keeps_all_its_lines():
    async with opened(reviewed(NOON)) as pilot:
        await press(pilot, "s", "p", "enter")
        field = pilot.app.screen.query_one(Line)
        field.post_message(events.Paste("11111111-2222-3333-4444-555555555555\taml-x\n\nother id\n"))
        await pilot.pause()
        assert field.value == "11111111-2222-3333-4444-555555555555\taml-x, other id"
        await press(pilot, "enter", "escape")
        assert walk(pilot)._values["listed"] == ["11111111-2222-3333-4444-555555555555\taml-x", "other id"]

"""The rehearsal's controls by keys: faults, ways to behave, the clock, requests and outages as they come, reset."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest

from azsim.behaviour import Behaviour
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates.small import small
from azsim.faults import Fault, FaultKind
from azsim.wire import Request
from tests.tui.consoles import NOON, console, on_demo, on_small, opened, press, settle, shown
from tests.tui.test_drill_by_hand import on_drill, until
from tui import rehearsing
from tui.config import Config
from tui.session import Session, SessionError, ignore
from tui.settings import Settings
from tui.widgets.key_line import help_text


def test_everything_that_the_cloud_offers_is_offered() -> None:
    now = msgspec.to_builtins(Behaviour())
    assert {way.option for way in rehearsing.WAYS} == set(now)
    assert {way.option: way.values[0][0] for way in rehearsing.WAYS} == now
    assert {each.fault["kind"] for each in rehearsing.HAPPENINGS} == set(FaultKind.__args__)


@pytest.mark.parametrize("way", rehearsing.WAYS, ids=lambda way: way.option)
def test_every_way_to_behave_is_taken(way: rehearsing.Way) -> None:
    sim = Cloud(small(NOON), clock=FixedClock(NOON))
    for value, word in way.values:
        sim.world.set_behaviour({way.option: value})
        assert msgspec.to_builtins(sim.world.behaviour(""))[way.option] == value
        assert rehearsing.told_value(way, value) == word


@pytest.mark.parametrize("what", [each.id for each in rehearsing.HAPPENINGS])
def test_every_fault_is_one(what: str) -> None:
    for where in rehearsing.PLACES:
        for often in rehearsing.TIMES:
            fault = msgspec.convert(rehearsing.fault(where.id, what, often.id), Fault)
            assert fault.route == where.route
            assert rehearsing.told_fault(where.id, what, often.id).startswith(where.name)


@pytest.mark.parametrize(("text", "seconds"), [("90s", 90), ("45m", 2700), ("2h 30m", 9000), ("3D", 259_200)])
def test_a_length_is_read(text: str, seconds: int) -> None:
    assert rehearsing.length(text) == seconds


@pytest.mark.parametrize("text", ["", "soon", "3", "3d later", "-1h"])
def test_what_is_no_length_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="such as"):
        rehearsing.length(text)


async def test_a_fault_is_picked_in_words_strikes_and_is_lifted() -> None:
    app = on_small()
    async with opened(app) as pilot:
        await press(pilot, "R", "f")
        assert "Which request goes wrong?" in shown(pilot)
        await press(pilot, "end", "enter", "down", "down", "down", "down", "enter", "enter")
        assert "every request: 500, and it was not done (the next one)" in shown(pilot)
        assert app.session.sim is not None
        assert [each.fault.status for each in app.session.sim.faults.all()] == [500]
        await press(pilot, "escape", "f5")
        await until(pilot, "1 workspace in")
        await press(pilot, "R")
        assert "every request: 500, and it was not done, hit 1" in shown(pilot)
        assert "500" in next(line for line in shown(pilot).splitlines() if "status" in line)
        await press(pilot, "x")
        assert "1 fault lifted" in shown(pilot)
        assert app.session.sim.faults.all() == []


async def test_a_way_to_behave_is_picked_in_words_and_shown() -> None:
    app = on_small()
    async with opened(app) as pilot:
        await press(pilot, "R", "h", "down", "down", "down", "enter")
        assert "how a resync answers" in shown(pilot)
        await press(pilot, "end", "enter")
        assert "goes wrong: how a resync answers: success, and nothing changed" in shown(pilot)
        assert app.session.sim is not None
        assert app.session.sim.world.behaviour("").resync_answer == "lying"


async def test_the_clock_is_shifted_by_a_length_and_to_what_comes_next() -> None:
    app = on_small()
    async with opened(app) as pilot:
        sim = app.session.sim
        assert sim is not None
        before = sim.clock.now()
        await press(pilot, "R", "t", "end", "enter", *"2h 30m", "enter")
        assert sim.clock.now() - before >= timedelta(hours=2, minutes=30)
        assert "2026-03-09 16:32Z" in shown(pilot)
        await press(pilot, "t", "end", "enter", *"soon", "enter")
        assert "such as 90s" in shown(pilot)
        token = sim.issue_token()
        account = next(iter(sim.world.keys.accounts.values())).id
        url = f"https://management.azure.com{account}/regenerateKey?api-version=2023-05-01"
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        assert sim.handle(Request("POST", url, headers, b'{"keyName": "key1"}')).status == 200
        await press(pilot, "t")
        assert "something happens by itself" in shown(pilot)
        due = sim.next_due()
        assert due is not None
        await press(pilot, "enter")
        assert due <= sim.clock.now() < due + timedelta(minutes=1)


async def test_requests_are_watched_with_changes_marked_and_outages_told() -> None:
    app = on_small()
    async with opened(app) as pilot:
        sim = app.session.sim
        assert sim is not None
        account = next(iter(sim.world.keys.accounts.values())).id
        await press(pilot, "R")
        assert "0 of them writes" in shown(pilot)
        assert "none since it began" in shown(pilot)
        for slot in (b"key1", b"key2"):
            url = f"https://management.azure.com{account}/regenerateKey?api-version=2023-05-01"
            headers = {"Authorization": f"Bearer {sim.issue_token()}", "Content-Type": "application/json"}
            sim.handle(Request("POST", url, headers, b'{"keyName": "%s"}' % slot))
        await until(pilot, "2 of them writes")
        row = next(line for line in shown(pilot).splitlines() if "regenerateKey" in line)
        assert "WRITE" in row
        assert "!" in row
        assert "key-replaced since" in shown(pilot)
        await press(pilot, "w")
        assert "read " not in "\n".join(shown(pilot).splitlines()[8:-2])


async def test_reset_asks_first_and_begins_anew() -> None:
    app = on_small()
    async with opened(app) as pilot:
        before = app.session.sim
        assert before is not None
        before.shift(timedelta(days=3))
        await press(pilot, "R", "z")
        assert "Begin the rehearsal anew?" in shown(pilot)
        await press(pilot, "enter")
        assert app.session.sim is before
        await press(pilot, "z", "tab", "y")
        await until(pilot, "1 workspace in")
        assert app.session.sim is not before
        assert app.session.sim is not None
        assert app.session.sim.clock.now() - NOON < timedelta(minutes=1)
        await press(pilot, "enter")
        await until(pilot, "stsmall01")


async def test_the_palette_leads_to_the_controls_and_the_drills() -> None:
    app = on_demo()
    async with opened(app):
        names = [command.title for command in app.get_system_commands(app.screen)]
        assert {"Drills", "Rehearsal controls"} <= set(names)
        assert "rehearsal controls" in help_text(app.screen.active_bindings.values())


async def test_in_a_drill_the_controls_are_refused() -> None:
    app = on_drill("lost-access")
    async with opened(app) as pilot:
        await until(pilot, "[ To work ]")
        await press(pilot, "enter", "R")
        assert "rehearsal controls" not in shown(pilot)
        app.action_controls()
        await settle(pilot)
        assert "Not in a drill" in shown(pilot)
        names = [command.title for command in app.get_system_commands(app.screen)]
        assert "Drill" in names
        assert "Rehearsal controls" not in names


async def test_away_from_a_rehearsal_in_this_process_there_are_none() -> None:
    """A served rehearsal, or Azure itself: no key, and beginning anew is refused."""
    found = Session(Settings(), Config(), ignore)
    app = console(found)
    assert app.check_action("story", ()) is False
    assert app.can_rehearse is False
    with pytest.raises(SessionError, match="Only a rehearsal in this process"):
        await found.renew(drill=False)
    found.close()


async def test_who_had_no_key_from_the_start_is_no_outage_and_told_beside_them() -> None:
    async with opened(on_demo()) as pilot:
        await press(pilot, "R")
        held = len(pilot.app.session.sim.outages.open())
        assert held
        assert f"outages:    none since it began; {held} holders had no working key from the start" in shown(pilot)

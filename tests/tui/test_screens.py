"""The screens around the walk: the fleet, one workspace, the runs; reading, failing, filtering, hostile names."""

from __future__ import annotations

import json
from typing import Any

import pytest

from actions.guard.model import Mode
from azsim.estates.demo import demo
from azsim.estates.small import small
from tests.tui.consoles import (
    ARM,
    NOON,
    arm,
    console,
    handled,
    on_demo,
    on_small,
    opened,
    press,
    session,
    settle,
    shown,
    wait_for,
    writes,
)
from tui.config import Appearance, Config, Subscriptions
from tui.dialogs.ask import HelpDialog
from tui.dialogs.failure import FailureDialog
from tui.screens.workspaces import WorkspacesScreen
from tui.widgets.key_line import help_text, key_name

HOSTILE = {
    "markup": "[/b][red]x[/red] [@click=app.exit]go[/]",
    "escapes": "evil\x1b[2J\x1b]52;c;aGk=\x07",
    "bidi": "safe\u202egnp.exe",
    "zero-width": "a\u200bb\u200dc\ufeff",
    "long": "n" * 300,
    "newlines": "first\nsecond\r\nthird\tfourth",
}


def secret_reads(app: Any) -> list[str]:
    return [entry.path for entry in app.session.sim.ledger.entries if entry.kind == "secret-read"]


async def test_the_fleet_is_listed_without_reading_a_secret():
    async with opened(on_demo()) as pilot:
        assert "47 workspaces in 3 subscriptions" in shown(pilot)
        assert secret_reads(pilot.app) == []


async def test_a_filter_narrows_the_fleet_and_escape_widens_it():
    async with opened(on_demo()) as pilot:
        await press(pilot, "slash", *"fraud-s")
        assert "1 of 47" in shown(pilot)
        await press(pilot, "enter")
        assert "fraud-scoring" in shown(pilot).splitlines()[4]
        await press(pilot, "escape")
        assert "47 workspaces" in shown(pilot)
        await press(pilot, "slash", *"nothing", "escape")
        assert "47 workspaces" in shown(pilot)


async def test_letters_typed_into_the_filter_start_nothing():
    async with opened(on_demo()) as pilot:
        await press(pilot, "slash", *"kmrq?")
        assert isinstance(pilot.app.screen, WorkspacesScreen)


async def test_sorting_by_key_age_puts_the_oldest_first():
    async with opened(on_demo()) as pilot:
        await press(pilot, "ctrl+o", *["down"] * 4, "enter", "g")
        assert "key" in shown(pilot).splitlines()[4]
        first = pilot.app.screen.table.row
        fleet = pilot.app.screen._fleet
        ages = [fleet.days(row.key) for row in fleet.rows if fleet.days(row.key) < 1_000_000]
        found = fleet.days(first.key)
        assert found >= max(ages)


async def test_a_workspace_shows_its_keys_and_announces_what_reading_holders_means():
    async with opened(on_demo()) as pilot:
        await press(pilot, "slash", *"fraud-s", "enter", "enter")
        text = shown(pilot)
        assert "key1             ████████████ 412d, 322d over the usual 90d" in text
        assert "key2             ████████████ 838d, 748d over the usual 90d" in text
        assert secret_reads(pilot.app) == []
        await press(pilot, "h")
        assert secret_reads(pilot.app)
        assert "training_blob" in shown(pilot)
        assert "key1" in shown(pilot)


async def test_letters_never_change_azure():
    async with opened(on_demo()) as pilot:
        arm(pilot.app, Mode.LIVE)
        await press(pilot, *"kadopthrxuenm", "escape", "escape", "escape", "escape")
        await press(pilot, *"rhxuen", "escape", "enter", *"hkradotxuen")
        assert writes(pilot.app) == []


def test_keys_are_called_what_is_printed_on_them() -> None:
    names = ["minus", "left_square_bracket", "right_square_bracket", "slash", "escape", "f5"]
    assert [key_name(name) for name in names] == ["-", "[", "]", "/", "esc", "f5"]


async def test_help_lists_the_keys_of_what_has_the_focus():
    async with opened(on_small()) as pilot:
        await press(pilot, "question_mark")
        assert isinstance(pilot.app.screen, HelpDialog)
        told = help_text(pilot.app.screen_stack[-2].active_bindings.values()).splitlines()
        words = [line.split("  ")[0] for line in told]
        assert words.index("k") < words.index("space") < words.index("up"), "what the screen does, then how to move"
        assert "Storage keys, then resync" in shown(pilot)
        assert "ctrl+q" in shown(pilot)


async def test_a_fleet_that_cannot_be_read_says_why_and_is_read_again_by_its_key():
    app = on_small()
    app.session.steer([{"kind": "status", "route": "token", "status": 400, "times": 50}], {})
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: isinstance(app.screen, FailureDialog))
        await pilot.press("escape")
        await pilot.pause()
        assert "f5 reads again" in shown(pilot)
        app.session.sim.faults.clear()
        await handled(pilot, "f5")
        await wait_for(pilot, lambda: not app.screen._asked)
        assert "1 workspace in 1 subscription:" in shown(pilot)
    app.session.close()


async def test_an_estate_without_workspaces_says_so():
    document = small(NOON)
    document |= {"resources": [], "clients": []}
    async with opened(console(session(document))) as pilot:
        assert "There are no workspaces" in shown(pilot)
        await press(pilot, "k", "enter")
        assert isinstance(pilot.app.screen, WorkspacesScreen)


async def test_hidden_subscriptions_stay_out():
    names = {item["displayName"] for item in demo(NOON)["subscriptions"]}
    hidden = Config(subscriptions=Subscriptions(hidden=tuple(sorted(names))[:1]))
    async with opened(console(session(demo(NOON), config=hidden))) as pilot:
        assert "in 2 subscriptions" in shown(pilot)


def renamed(document: dict[str, Any], name: str) -> dict[str, Any]:
    """The small estate with a hostile text wherever people can write one."""
    segment = name.replace("/", "")
    text = json.dumps(document).replace("training_blob", json.dumps(segment)[1:-1])
    made = json.loads(text)
    made["subscriptions"][0]["displayName"] = name
    for resource in made["resources"]:
        if resource["id"].endswith("/workspaces/small-ml"):
            resource["location"] = name
    return made


@pytest.mark.matrix
@pytest.mark.parametrize("name", list(HOSTILE))
async def test_hostile_names_are_plain_text_everywhere(name):
    document = renamed(small(NOON), HOSTILE[name])
    async with opened(console(session(document))) as pilot:
        for keys in ((), ("enter",), ("escape", "k", "enter"), ("enter",)):
            await press(pilot, *keys)
            text = shown(pilot)
            assert pilot.app.is_running
            assert not any(ord(letter) < 32 and letter != "\n" for letter in text)
            assert "\u202e" not in text
            assert "\u200b" not in text
            assert len(text.splitlines()) == 24
            assert text.splitlines()[0].startswith(" amlkeys  REHEARSAL")


async def test_live_is_armed_by_its_word_told_in_the_banner_and_given_back():
    async with opened(on_small()) as pilot:
        await press(pilot, *ARM)
        assert "LIVE" in shown(pilot).splitlines()[0]
        await press(pilot, "m", "1")
        assert "LOOK" in shown(pilot).splitlines()[0]


async def test_live_that_lapsed_is_told(monkeypatch):
    async with opened(on_small()) as pilot:
        arm(pilot.app, Mode.LIVE)
        arming = pilot.app.standing.connected.arming
        later = arming.clock() + 30 * 60 + 1
        monkeypatch.setattr(arming, "clock", lambda: later)
        pilot.app.show_facts()
        await pilot.pause()
        assert "LOOK" in shown(pilot).splitlines()[0]


async def test_without_symbols_every_character_is_ascii():
    config = Config(appearance=Appearance(ascii=True))
    async with opened(on_small(config)) as pilot:
        for keys in ((), ("k",), ("enter",), ("enter",)):
            await press(pilot, *keys)
            text = shown(pilot)
            assert text.isascii(), [letter for letter in text if not letter.isascii()]


async def test_no_runs_yet_says_how_one_begins():
    async with opened(on_small()) as pilot:
        await press(pilot, "r")
        assert "There are no runs yet" in shown(pilot)
        await press(pilot, "escape")
        await settle(pilot)
        assert isinstance(pilot.app.screen, WorkspacesScreen)

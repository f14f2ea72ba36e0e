"""Hostile names on every screen, in every question, on lines: plain text, and nothing is moved by them."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.screen import ModalScreen

from actions.cloud.data import CloudError
from actions.guard.model import Choice, Decision, Mode
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from tests.tui.command_line import amlkeys
from tests.tui.consoles import NOON, arm, choose, console, opened, press, shown
from tests.tui.monkey import ESTATES, PREPARED, WAYS, home
from tests.tui.several import ENVIRONMENTS
from tests.tui.test_dialogs import DIALOGS
from tests.tui.test_plain import Sitting
from tests.tui.test_widgets_run_view import plan
from tui.config import parse_config
from tui.dialogs.ask import Pick, PickDialog
from tui.dialogs.confirm import ConfirmDialog
from tui.dialogs.decide import DecisionDialog
from tui.dialogs.failure import FailureDialog, told
from tui.dialogs.reveal import RevealDialog
from tui.render import width
from tui.session import Session, ignore
from tui.settings import Settings

MIXED = "[/b][red]x[/] \x1b[2J\x1b]52;c;aGk=\x07 \u202egnp.exe a\u200bb\u200dc\ufeff first\nsecond\r\nthird\tend"
TEXTS = {"mixed": MIXED, "long": "n" * 300, "wide": "漢" * 300}
EACH_TEXT = pytest.mark.parametrize(
    "name", ["mixed", *(pytest.param(name, marks=pytest.mark.matrix) for name in TEXTS if name != "mixed")]
)
FREE = frozenset(
    {"displayName", "friendlyName", "description", "location", "roleName", "caller", "appDisplayName", "sku", "notes"}
)
"""What people write as they like, by the name of Azure's field."""
OWN_ESTATE = frozenset({"StoryDialog", "DebriefScreen"})


def poisoned(value: Any, text: str, field: str = "") -> Any:
    """An estate with a text in every field that people write."""
    if isinstance(value, dict):
        return {key: poisoned(each, text, "tags" if field == "tags" else key) for key, each in value.items()}
    if isinstance(value, list):
        return [poisoned(each, text, field) for each in value]
    return text if isinstance(value, str) and (field in FREE or field == "tags") else value


def harmless(text: str) -> list[str]:
    """What a terminal or an eye would be misled by."""
    bad = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
    return [f"U+{ord(letter):04X}" for letter in text if unicodedata.category(letter) in bad and letter != "\n"]


def insist_calm(text: str, what: str) -> None:
    """The screen holds as many lines of as many cells as ever, and only what is harmless."""
    lines = text.split("\n")
    assert harmless(text) == [], what
    assert len(lines) == 24, what
    assert "REHEARSAL" in lines[0], what
    assert any(mode in lines[0] for mode in (" LOOK ", " DRY-RUN", " LIVE ")), f"{what}: how far it goes is in sight"
    assert [line for line in lines if width(line) > 80] == [], what


APART = ("RunbookScreen", "AnswerDialog", "FollowedScreen")
"""A runbook that is half done is met again where it was left, so each of these has a journal of its own."""
TOGETHER = [name for name in WAYS if name not in {*OWN_ESTATE, *APART}]
GROUPS = {estate: [name for name in TOGETHER if WAYS[name].estate == estate] for estate in ESTATES} | {
    name: [name] for name in APART
}


@pytest.mark.matrix
@pytest.mark.parametrize("name", list(TEXTS))
@pytest.mark.parametrize("group", list(GROUPS))
async def test_every_screen_shows_them_as_plain_text(name: str, group: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("getpass.getuser", lambda: TEXTS[name])
    ways = {screen: WAYS[screen] for screen in GROUPS[group]}
    document = poisoned(ESTATES[WAYS[GROUPS[group][0]].estate](NOON), TEXTS[name])
    config = parse_config(ENVIRONMENTS, "config.toml")
    app = console(Session(
        Settings(rehearse=""), config, ignore, sim=lambda: Cloud(document, seed=7, clock=FixedClock(NOON))
    ))  # fmt: skip
    async with opened(app) as pilot:
        for screen in [screen for screen in ways if screen in PREPARED][:1]:
            await PREPARED[screen](pilot)
        for screen, way in ways.items():
            arm(app, Mode.LOOK)
            await home(pilot)
            await press(pilot, "escape", "escape", "home")
            if way.palette:
                await choose(pilot, way.palette)
            await press(pilot, *way.keys)
            await pilot.pause()
            assert type(app.screen).__name__ == screen, shown(pilot)
            insist_calm(shown(pilot), screen)


@EACH_TEXT
async def test_every_question_shows_them_as_plain_text(name: str) -> None:
    text = TEXTS[name]
    decision = Decision(id="d", question=text, choices=(Choice(id="a", sentence=text), Choice(id="b", sentence=text)))
    error = CloudError(text, status=403, code=text, request_id=text)
    hostile = msgspec.structs.replace(plan("a"), name=text, goal_text=text)
    questions: dict[str, Callable[[], ModalScreen[Any]]] = {
        "confirm": lambda: ConfirmDialog(hostile, place="REHEARSAL Contoso", mode=Mode.LIVE),
        "decide": lambda: DecisionDialog(decision),
        "failure": lambda: FailureDialog(told(error)),
        "pick": lambda: PickDialog("Which", (Pick("a", "A", text), Pick("b", "B", text))),
        "reveal": lambda: RevealDialog(text, text, place="REHEARSAL Contoso", seconds=20),
    }
    assert set(questions) - {"decide", "reveal"} <= set(DIALOGS)
    app = console(Session(Settings(rehearse=""), parse_config("", "c"), ignore, sim=lambda: _small()))
    async with opened(app) as pilot:
        for what, make in questions.items():
            app.push_screen(make())
            await pilot.pause()
            insist_calm(shown(pilot), what)
            assert "cancel" in shown(pilot) or "close" in shown(pilot), f"{what}: the answers are in sight"
            await press(pilot, "escape")


def _small() -> Cloud:
    return Cloud(ESTATES["small"](NOON), seed=7, clock=FixedClock(NOON))


@EACH_TEXT
@pytest.mark.parametrize(
    "words",
    [
        ("workspaces",),
        ("show", "fraud-scoring", "--holders"),
        ("posture", "fraud-scoring"),
        ("activity", "fraud-scoring"),
        ("cmk",),
        ("inspect", "identity-access", "reborn"),
        ("plan", "storage-keys", "fraud-scoring", "--details"),
        ("inspect", "support-apps", "none-such"),
    ],
    ids=lambda words: words[0],
)
def test_lines_hold_nothing_that_moves_the_cursor(name: str, words: tuple[str, ...], tmp_path: Path) -> None:
    place = tmp_path / "estate.json"
    place.write_bytes(msgspec.json.encode(poisoned(ESTATES["demo"](NOON), TEXTS[name])))
    answer = amlkeys(*words, f"--rehearse={place}")
    assert answer.exit in {0, 2, 4}, answer.err
    assert harmless(answer.out + answer.err) == []


@EACH_TEXT
def test_the_plain_walk_holds_nothing_that_moves_the_cursor(name: str, tmp_path: Path) -> None:
    place = tmp_path / "estate.json"
    place.write_bytes(msgspec.json.encode(poisoned(ESTATES["small"](NOON), TEXTS[name])))
    sitting = Sitting("1", "6", "7", "1", "--external accept --soak 5m", "dry-run", "0", "1", "1", "1", "q")
    sitting.walk(place)
    assert "withheld" in sitting.said
    assert harmless(sitting.said + "".join(sitting.asked)) == []

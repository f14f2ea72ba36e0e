"""Every table that an operator sees can be taken away: on each screen, as data, with the rows that are shown."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

import tui.render
from actions.guard.model import Mode
from tests.tui.consoles import console, on_small, opened, press, settle, shown
from tests.tui.monkey import DRY, PLAN, WAYS, Monkey, Way
from tests.tui.several import ENVIRONMENTS
from tui.config import parse_config
from tui.screens.base import ConsoleScreen
from tui.session import Session, ignore
from tui.settings import Settings
from tui.sheets import Head, Sheet, headed, sheet, sheets_of, shifted
from tui.taking import tables_for
from tui.widgets.key_line import help_text
from tui.widgets.text_pane import TextPane
from tui.widgets.virtual_table import VirtualTable

RUN = (*DRY, *PLAN, "enter", "y")
TABLES: dict[str, tuple[str, ...]] = {
    "WorkspacesScreen": ("fleet",),
    "WorkspaceScreen": ("Facts", "Access of its identity", "Findings"),
    "WalkScreen": ("plan steps",),
    "TextDialog": (),
    "PostureScreen": ("How it is secured", "What you may do"),
    "ActivityScreen": (),
    "KeyCalendarScreen": ("keys", "The next 90 days"),
    "RunbooksScreen": ("books",),
    "RunbookScreen": ("steps",),
    "FollowedScreen": ("The runbook's steps",),
    "BatchScreen": ("batch",),
    "BatchWalk": ("Options",),
    "RunsScreen": ("runs",),
    "RunScreen": ("The run's steps",),
    "HandOverScreen": (),
    "RehearsalScreen": ("requests",),
    "DrillsScreen": ("drills",),
    "DebriefScreen": (),
}
"""What each screen shows at the end of the way to it; the questions that are not named show none."""
SUPPORT = (
    "Facts",
    "Service principals that may be support apps",
    "Their role assignments in every visible subscription",
    "Their credentials (ids and dates, never values)",
    "Attached Kubernetes services (support apps serve those of before 14 May 2021)",
    "Not support apps",
    "Findings",
)
FURTHER = {
    "with holders": (
        Way("small", ("enter", "h")),
        ("Facts", "Holders of the storage account's keys", "Access of its identity", "Findings"),
    ),
    "inspection": (Way("small", ("k", "enter")), ("Facts", "Keys", "Holders", "Workspaces", "Findings")),
    "plan in full": (Way("small", (*PLAN, "d")), ("The plan's steps",)),
    "run": (Way("small", RUN), ("The run's steps",)),
    "difference": (Way("small", (*RUN, "w")), ("What is different",)),
    "support apps": (Way("demo", ("s", "enter")), SUPPORT),
    "activity": (Way("demo", ("slash", *"fraud-s", "enter", "p", "a")), ("What was done",)),
    "doctor": (Way("small", palette="doctor"), ("Is everything in place?",)),
}


OTHERWISE = {"state", "severity", "grade", "section", "note", "read by", "at", "week of"}
"""Columns that a screen shows by a symbol, a title, or elsewhere."""


class Reached:
    """A console at the end of a way."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot

    @property
    def screen(self) -> Any:
        """What is on top."""
        return self.pilot.app.screen

    @property
    def sheets(self) -> list[Sheet]:
        """What it gives away; a question without tables gives none."""
        found: list[Sheet] = getattr(self.screen, "sheets", list)()
        return found


def squeezed(text: str) -> str:
    return "".join(text.split())


def on_screen(reached: Reached) -> str:
    """All that the screen tells, with texts laid out as wide as they like, so that no cell is broken."""
    texts = [shown(reached.pilot)]
    if isinstance(reached.screen, ConsoleScreen):
        texts += ["\n".join(pane._lines(20_000)) for pane in reached.screen.query(TextPane)]
        texts += [f"{row.cells}" for table in reached.screen.query(VirtualTable) for row in table.shown_rows()]
    else:
        texts.append(getattr(reached.screen, "_text", ""))
    return squeezed(" ".join(texts))


async def at(name: str, pilot: Pilot[None], monkey: Monkey) -> Reached:
    await (monkey.travel if name in FURTHER else monkey.begin)(pilot)
    await settle(pilot)
    return Reached(pilot)


async def taken(reached: Reached, place: Path) -> Any:
    """Write every table to a file by keys, and read it."""
    many = len(reached.sheets) > 1
    await press(reached.pilot, "ctrl+e", *(("end", "enter") if many else ()))
    reached.screen.query_one("#answer").value = str(place)
    await press(reached.pilot, "enter")
    return written(place, many=many)


def written(place: Path, *, many: bool) -> Any:
    """The tables of a file that its owner alone can read."""
    assert place.stat().st_mode & 0o777 == 0o600
    document = json.loads(place.read_text())
    return document["tables"] if many else [document]


def unseen(row: dict[str, str], told: str) -> list[str]:
    """The words of a row that its screen does not tell; what a symbol or a title says stands in other words there."""
    if row.get("grade") == "none":
        return []
    cells = (cell for name, cell in row.items() if name not in OTHERWISE)
    return [word for cell in cells for word in cell.split() if word not in told]


def insist(reached: Reached, tables: list[Any]) -> None:
    """What was written is what the screen gives and shows; no table that was laid out is missing."""
    told = on_screen(reached)
    for found, table in zip(reached.sheets, tables, strict=True):
        assert list(found.columns) == table["columns"]
        assert len(set(found.columns)) == len(found.columns)
        assert [tuple(row.values()) for row in table["rows"]] == list(found.rows)
        missing = [words for row in table["rows"] if (words := unseen(row, told))]
        more = re.search(r"and(\d+)more,toldby--json", told)
        assert len(missing) <= (int(more[1]) if more else 0), f"{found.title}: {missing}"


@pytest.fixture
def laid_out(monkeypatch: pytest.MonkeyPatch) -> list[Sheet]:
    """Every table that is laid out from now on."""
    found: list[Sheet] = []

    def noted(lines: list[str], one: Sheet) -> list[str]:
        found.append(one)
        return headed(lines, one)

    monkeypatch.setattr(tui.render, "headed", noted)
    return found


def whole(reached: Reached, laid_out: list[Sheet]) -> None:
    """Lay the texts out once more: each table of theirs arrives."""
    if isinstance(reached.screen, ConsoleScreen):
        for pane in reached.screen.query(TextPane):
            laid_out.clear()
            given = pane.sheets()
            assert {one.rows for one in laid_out if one.rows} <= {one.rows for one in given}


@pytest.mark.matrix
@pytest.mark.parametrize("name", [*sorted(WAYS), *FURTHER])
async def test_each_table_can_be_taken_away(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, laid_out: list[Sheet]
) -> None:
    way, wanted = FURTHER[name] if name in FURTHER else (WAYS[name], TABLES.get(name, ()))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(WAYS, name, way)
    monkey = Monkey(name, Mode.LOOK, 0)
    monkeypatch.setattr("tui.session._demo", monkey.sims.drill)
    async with opened(
        console(Session(Settings(rehearse=""), parse_config(ENVIRONMENTS, "config.toml"), ignore, sim=monkey.sims.make))
    ) as pilot:
        reached = await at(name, pilot, monkey)
        assert [one.title for one in reached.sheets] == [*wanted], f"{[one.title for one in reached.sheets]}"
        whole(reached, laid_out)
        offered = "export a table" in help_text(reached.screen.active_bindings.values())
        assert offered == bool(wanted), "the key is offered where it works, and nowhere else"
        if wanted:
            insist(reached, await taken(reached, tmp_path / "tables.json"))


async def test_one_of_several_is_chosen_and_a_secret_is_kept_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(on_small()) as pilot:
        await press(pilot, "enter", "h", "ctrl+e")
        assert [row.cells[0] for row in pilot.app.screen.query_one(VirtualTable).rows][-1] == "all of them"
        await press(pilot, "down", "enter")
        field = pilot.app.screen.query_one("#answer")
        assert field.value == "amlkeys-holders-of-the-storage-account-s-keys.csv"
        field.value = str(tmp_path / "holders.md")
        await press(pilot, "enter")
        assert (tmp_path / "holders.md").read_text().startswith("| state | kind | name | slot |")
        monkeypatch.setattr("tui.taking.tables_for", lambda *_: "AccountKey=" + "x" * 20)
        await press(pilot, "ctrl+e", "enter")
        pilot.app.screen.query_one("#answer").value = str(tmp_path / "secret.csv")
        await press(pilot, "enter")
        assert "Not written: it looks like a secret." in shown(pilot)
        assert not (tmp_path / "secret.csv").exists()


def test_a_debrief_keeps_its_tables_behind_their_lead() -> None:
    lines = shifted("  ", tui.render.table([tui.render.Column("played")], [("now",)], 40))
    assert lines == ["  played", "  now"]
    assert [one.rows for one in sheets_of(["Earlier times", *lines], "debrief")] == [(("now",),)]


def test_a_table_is_called_as_the_line_above_it_or_as_is_said() -> None:
    table = sheet("", ("name",), [("a",)])
    assert [one.title for one in sheets_of(["Holders:", Head.of("name", table)], "text")] == ["Holders"]
    assert [one.title for one in sheets_of(["", Head.of("name", table)], "text")] == ["text"]
    assert headed(["nothing"], sheet("", ("name",), [])) == ["nothing"]
    assert not isinstance(headed(["nothing"], sheet("", ("name",), []))[0], Head)


def test_what_symbols_say_is_a_column_unless_one_says_it() -> None:
    assert sheet("x", ("name",), [("a",), ("b",)], ("ok", "")).rows == (("ok", "a"), ("-", "b"))
    assert sheet("x", ("name", "state"), [("a", "done")], ("done",)).columns == ("name", "state")
    assert sheet("x", ("name",), [("a",)], ("",)).columns == ("name",)


def test_several_stand_in_one_file_under_their_names() -> None:
    two = [sheet("Keys | all", ("slot",), [("key1",)]), sheet("=Holders", ("who", "on"), [("=a", "key2")])]
    assert tables_for("x.csv", two) == "Keys | all\nslot\nkey1\n\n'=Holders\nwho,on\n'=a,key2\n"
    assert tables_for("x.md", two) == (
        "## Keys \\| all\n\n| slot |\n| --- |\n| key1 |\n\n## =Holders\n\n| who | on |\n| --- | --- |\n| =a | key2 |\n"
    )
    assert json.loads(tables_for("x.json", two))["tables"][1]["rows"] == [{"who": "=a", "on": "key2"}]

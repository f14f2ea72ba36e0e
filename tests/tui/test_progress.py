"""How far a long reading is: n of total as Azure counts it, on every way to the fleet."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from actions.workspaces import FleetPage
from azsim.cloud import Cloud
from azsim.estates.encrypted import encrypted_fleet
from tests.actions.test_workspaces import crowd
from tests.tui.command_line import amlkeys
from tests.tui.consoles import NOON, console, opened, press, session, settle
from tui.progress import Counted, FleetProgress
from tui.screens.base import StatusLine

COUNT = 2_100
SAID = [
    "1000 of 2100 listed",
    "2000 of 2100 listed",
    "all 2100 listed, reading what they are linked to",
    "1000 of 2100 complete",
    "2000 of 2100 complete",
    "2100 of 2100 complete",
]


def page(rows: int, total: int, *, complete: bool = False) -> FleetPage:
    row: Any = None
    return FleetPage(rows=(row,) * rows, complete=complete, total=total)


def told(*pages: FleetPage) -> list[tuple[str, bool]]:
    progress = FleetProgress()
    return [(progress.told, fresh) for fresh in map(progress.take, pages)]


def test_what_comes_in_one_page_needs_no_telling() -> None:
    assert told(page(214, 214), page(214, 214, complete=True)) == [("", False)] * 2
    assert told(page(0, 0, complete=True)) == [("", False)]
    assert told(page(20, 0), page(20, 0, complete=True)) == [("", False)] * 2, "nobody told how many there are"


def test_many_pages_are_told_and_a_line_is_worth_a_tenth() -> None:
    listed = told(*(page(1000, 50_000) for _ in range(50)))
    assert listed[0] == ("1000 of 50000 listed", False)
    assert listed[4] == ("5000 of 50000 listed", True)
    assert listed[-1] == ("all 50000 listed, reading what they are linked to", True)
    assert sum(fresh for _, fresh in listed) == 10


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return crowd(COUNT)


def test_a_command_tells_it_behind_the_banner(document: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tui.session.simulated", lambda *_: Cloud(document))
    answer = amlkeys("workspaces", "--rehearse=", "--filter", "w00001")
    head, *rest = answer.err.splitlines()
    assert "REHEARSAL" in head
    assert rest == [f"Reading the workspaces: {words}" for words in SAID]
    assert answer.err.count("REHEARSAL") == 1


async def test_the_console_tells_it_beside_what_it_reads(
    document: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    far = StatusLine.far

    def heard(line: StatusLine, how: str) -> None:
        far(line, how)
        said.append(str(line.content))

    monkeypatch.setattr(StatusLine, "far", heard)
    async with opened(console(session(document))) as pilot:
        await settle(pilot)
    assert [line.split(" ...")[0] for line in said] == [f"reading the workspaces: {words}" for words in SAID]


def test_a_picture_of_an_estate_tells_it(tmp_path: Path) -> None:
    answer = amlkeys("rehearsal", "estate", "--out", tmp_path / "ours.json", "--rehearse=")
    said = [line for line in answer.err.splitlines() if line.startswith("Read ")]
    spaces = [line for line in said if line.endswith(" workspaces.")]
    assert len(spaces) == 10
    assert spaces[-1] == "Read 47 of 47 workspaces."
    assert any(line.endswith(" resources that were named.") for line in said)


def test_what_is_asked_of_each_is_counted_anew_and_told_by_tenths() -> None:
    progress = FleetProgress()
    pages = [FleetPage(rows=(), complete=done > 0, total=200, asked=done, to_ask=200) for done in (0, 10, 20, 30, 200)]
    assert [progress.take(page) for page in pages] == [False, False, True, False, True]
    assert progress.told == "200 of 200 asked one by one"


def test_a_few_of_a_kind_need_no_telling() -> None:
    few, many = Counted(), Counted()
    assert [few.take(read, 19) for read in range(1, 20)] == [False] * 19
    assert few.told == ""
    assert sum(many.take(read, 300) for read in range(1, 301)) == 10
    assert many.told == "300 of 300"


def test_many_keys_are_counted_on_the_way_to_their_calendar(tmp_path: Path) -> None:
    estate = tmp_path / "estate.json"
    estate.write_bytes(msgspec.json.encode(encrypted_fleet(60, NOON)))
    answer = amlkeys("cmk", f"--rehearse={estate}")
    head, *rest = answer.err.splitlines()
    assert "REHEARSAL" in head
    assert rest
    assert all(line.startswith("Reading the keys: ") for line in rest)


async def test_the_console_counts_keys_too(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(StatusLine, "far", lambda _line, how: said.append(how))
    async with opened(console(session(encrypted_fleet(60, NOON)))) as pilot:
        said.clear()
        await press(pilot, "C")
        await settle(pilot)
    assert said
    assert all(" of " in how for how in said)

"""Data to text: nothing runs over the edge, nothing that must be whole is cut, nothing steers a terminal."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.guard.model import Outcome, Risk, RunState, Severity, Verdict
from tui.render import (
    Column,
    age,
    clip,
    clock,
    clock_on,
    drawn,
    duration,
    fit,
    indent,
    look,
    mark,
    pad,
    stamp,
    table,
    told,
    width,
    wrap,
)

NOW = datetime(2026, 11, 23, 14, 2, 11, tzinfo=UTC)
names = st.text(alphabet=st.sampled_from("ab-_/ 表é😀\x1b"), max_size=40)


@pytest.mark.parametrize(
    ("past", "told_as"),
    [
        (timedelta(days=412), "412d"),
        (timedelta(hours=47), "47h"),
        (timedelta(hours=48), "2d"),
        (timedelta(minutes=119), "119m"),
        (timedelta(seconds=59), "0m"),
        (timedelta(seconds=-5), "0m"),
    ],
)
def test_ages_take_one_unit(past: timedelta, told_as: str) -> None:
    assert age(NOW - past, NOW) == told_as
    assert age(None, NOW) == "-"


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0, "0:00"),
        (7.4, "0:07"),
        (1721, "28:41"),
        (3605, "1:00:05"),
        (90_000, "25:00:00"),
        (1_814_358, "20d 23:59"),
        (-1, "0:00"),
    ],
)
def test_durations_read_like_a_clock(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


def test_times_are_told_in_utc() -> None:
    assert clock("2026-11-23T15:02:11+01:00") == clock(NOW) == "14:02:11Z"
    assert stamp("2026-11-23T15:02:11+01:00") == "2026-11-23 14:02Z"
    assert (clock(""), stamp(None)) == ("-", "-")


def test_a_time_of_another_day_is_told_with_its_date() -> None:
    assert clock_on("2026-11-23T14:02:11Z", "2026-11-23T00:00:00Z") == "14:02:11Z"
    assert clock_on("2026-11-24T00:02:11+01:00", "2026-11-23T00:00:00Z") == "23:02:11Z", "the day in UTC counts"
    assert clock_on("2026-11-25T00:02:11Z", "2026-11-23T00:00:00Z") == "11-25 00:02Z"
    assert clock_on("", "2026-11-23T00:00:00Z") == "-"


@pytest.mark.parametrize("enum", [Severity, Verdict, Outcome, Risk, RunState])
def test_every_state_has_a_word_a_symbol_of_one_cell_and_an_ascii_one(enum: type[Severity]) -> None:
    for state in enum:
        found = look(state.value)
        assert found.tone != "plain", f"{state} has no look of its own"
        assert width(found.symbol) == width(found.ascii) == 1
        assert found.ascii.isascii()
        assert found.word.strip()


def test_a_state_that_nobody_named_keeps_its_own_word() -> None:
    assert told("odd\x1b[2J") == "  odd<U+001B>[2J"
    assert mark("verified", ascii_only=True) == "+"


@given(text=names, cells=st.integers(0, 30))
def test_clipped_texts_fit_and_say_that_they_were_cut(text: str, cells: int) -> None:
    cut = clip(text, cells)
    assert width(cut) <= cells
    assert cut == text or not cut or cut.endswith("…")


@given(text=names, cells=st.integers(2, 30))
def test_wrapped_texts_fit_and_lose_nothing(text: str, cells: int) -> None:
    lines = wrap(text, cells)
    assert all(width(line) <= cells for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


def test_long_names_break_behind_their_separators() -> None:
    assert wrap("fraud-scoring/training_blob", 20) == ["fraud-scoring/", "training_blob"]
    assert wrap("averylongwordwithoutany", 10) == ["averylongw", "ordwithout", "any"]


@given(rows=st.lists(st.tuples(names, names, names), max_size=6), cells=st.integers(30, 120))
def test_a_table_never_runs_over_the_edge(rows: list[tuple[str, str, str]], cells: int) -> None:
    columns = (Column("name"), Column("remark", 8, wraps=True), Column("count", 5, right=True))
    lines = table(columns, rows, cells, states=["warn"] * len(rows))
    assert all(width(line) <= cells for line in lines)
    assert not any("\x1b" in line for line in lines)


def test_columns_line_up_whatever_is_in_them() -> None:
    rows = [("表格", "1"), ("abc", "22"), ("é", "333")]
    assert table((Column("name"), Column("n", right=True)), rows, 40) == [
        "name    n",
        "表格    1",
        "abc    22",
        "é     333",
    ]


def test_a_wrapping_column_gives_way_before_a_name_is_cut() -> None:
    columns = (Column("name"), Column("why", 6, wraps=True))
    rows = [("a-name-that-must-be-typed", "a long explanation of many words")]
    assert fit(columns, rows, 40)[0] == len(rows[0][0])
    assert fit(columns, rows, 20) == [12, 6] or sum(fit(columns, rows, 20)) <= 18


def test_padding_counts_cells() -> None:
    assert pad("表", 4) == "表  "
    assert pad("ab", 4, right=True) == "  ab"
    assert pad("abcde", 4) == "abcde"


def test_a_paragraph_hangs_behind_its_first_words() -> None:
    assert indent("one two three four", 16, "Goal: ") == ["Goal: one two", "      three four"]


def test_bars_become_ascii_in_the_same_order() -> None:
    assert drawn("▁▃▅█ 12", ascii_only=True) == "_:=# 12"
    assert drawn("▁▃▅█ 12", ascii_only=False) == "▁▃▅█ 12"

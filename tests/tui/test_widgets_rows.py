"""Filter, order and window of a table, without an app."""

from __future__ import annotations

import pytest

from tui.widgets.rows import TableRow, arrange, columns_in_view, natural, parse_query, searchable, window_top

TITLES = ("workspace", "resource group", "keys")
ROWS = [
    TableRow("1", "warn", ("fraud-scoring", "rg-fraud", "key1 412d")),
    TableRow("2", "ok", ("churn", "rg-crm", "key2 95d")),
    TableRow("3", "ok", ("sandbox", "rg-lab", "identity")),
]


def shown(text: str) -> list[str]:
    texts = [searchable(row) for row in ROWS]
    return [ROWS[number].key for number in arrange(ROWS, texts, parse_query(text, TITLES))]


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", ["1", "2", "3"]),
        ("RG", ["1", "2", "3"]),
        ("rg fraud", ["1"]),
        ("!key", ["3"]),
        ("keys:key2", ["2"]),
        ("res:crm", ["2"]),
        ("!resource-group:crm", ["1", "3"]),
        ("warn", ["1"]),
        ("nosuch:value", []),
        ("-f frdscr", ["1"]),
        ("!", []),
    ],
)
def test_a_filter_keeps_the_rows_it_names(text, keys):
    assert shown(text) == keys


def test_numbers_are_ordered_by_their_value():
    assert sorted(["key2 95d", "key2 9d", "key1 412d"], key=natural) == ["key1 412d", "key2 9d", "key2 95d"]


def test_rows_of_equal_value_keep_their_order_in_both_directions():
    texts = [searchable(row) for row in ROWS]
    by_state = [ROWS[n].key for n in arrange(ROWS, texts, (), lambda row: row.state, backwards=True)]
    assert by_state == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("cursor", "top", "expected"),
    [
        (0, 0, 0),
        (19, 0, 0),
        (20, 0, 10),
        (9, 10, 0),
        (49, 50, 40),
        (99, 0, 80),
        (0, 80, 0),
    ],
)
def test_the_window_moves_half_a_page_when_the_cursor_leaves_it(cursor, top, expected):
    found = window_top(cursor, top, 20, 100)
    assert found == expected
    assert found <= cursor < found + 20


def test_a_window_larger_than_the_table_starts_at_its_first_row():
    assert window_top(2, 5, 20, 3) == 0


@pytest.mark.parametrize(
    ("least", "shift", "cells", "found"),
    [
        ([], 0, 80, ([], 0)),
        ([10], 3, 80, ([0], 0)),
        ([10, 10, 10], 0, 34, ([0, 1, 2], 0)),
        ([10, 10, 10], 0, 33, ([0, 1], 0)),
        ([10, 10, 10], 1, 33, ([0, 2], 1)),
        ([10, 10, 10], 9, 33, ([0, 2], 1)),
        ([10, 10, 10], -1, 5, ([0, 1], 0)),
    ],
)
def test_columns_are_in_view_as_long_as_there_is_room(least, shift, cells, found):
    assert columns_in_view(least, shift, cells) == found


def test_a_whole_title_goes_before_one_that_only_begins_so():
    titles = ("workspace", "storage-network", "storage")
    assert parse_query("storage:x", titles)[0].column == 2
    assert parse_query("stor:x", titles)[0].column == 1

"""Two states compared: what differs is told cell by cell, rows by what names them, and what only passes is left out."""

from __future__ import annotations

import msgspec

from actions.guard.changed import Change, Found, changes
from actions.guard.contract import Description, Table
from actions.guard.model import Finding, Severity

COLUMNS = ("holder", "kind", "holds")


def found(*rows: tuple[str, ...], title: str = "Holders", facts: tuple[tuple[str, str], ...] = ()) -> Found:
    table = Table(title=title, columns=COLUMNS, rows=rows)
    return Found(as_of="2026-03-09T14:02:11Z", description=Description(facts=facts, tables=(table,)))


def finding(name: str, severity: Severity = Severity.WARN) -> Finding:
    return Finding(id=name, severity=severity, subject="st", sentence=f"{name} is so.")


def test_a_cell_that_changed_is_told_with_its_row_and_column() -> None:
    before, after = found(("a", "datastore", "key1"), ("b", "datastore", "key2")), found(
        ("b", "datastore", "key2"), ("a", "datastore", "key2")
    )  # fmt: skip
    assert changes(before, after) == (Change(part="Holders", subject="a", what="holds", before="key1", after="key2"),)


def test_a_row_that_came_or_went_is_told_whole() -> None:
    gone, come = changes(found(("a", "datastore", "key1")), found(("b", "", "key2")))
    assert gone == Change(part="Holders", subject="a", before="datastore, key1")
    assert come == Change(part="Holders", subject="b", after="key2")


def test_rows_of_one_name_are_told_apart_by_the_next_column() -> None:
    before = found(("a", "datastore", "key1"), ("a", "connection", "key1"))
    after = found(("a", "datastore", "key1"), ("a", "connection", "key2"))
    (only,) = changes(before, after)
    assert (only.subject, only.before, only.after) == ("a, connection", "key1", "key2")


def test_a_table_that_is_there_on_one_side_only() -> None:
    (only,) = changes(found(title="Empty"), found(("a", "datastore", "key1"), title="Holders"))
    assert (only.part, only.subject, only.after) == ("Holders", "a", "datastore, key1")


def test_facts_are_compared_but_for_the_time_of_the_look() -> None:
    before = found(facts=(("key policy", "90 days"), ("as of", "1"), ("locks", "none")))
    after = found(facts=(("key policy", "90 days"), ("as of", "2"), ("hub", "h")))
    assert changes(before, after) == (
        Change(part="State", subject="locks", before="none"),
        Change(part="State", subject="hub", after="h"),
    )


def test_bars_only_show_that_time_went_by() -> None:
    assert changes(found(("a", "▁▂█", "3")), found(("a", "▂█▁", "3"))) == ()


def test_findings_go_come_and_change_their_grade() -> None:
    before, after = (finding("old"), finding("worse")), (finding("worse", Severity.HIGH), finding("new"))
    told = [(item.what, item.before, item.after) for item in changes(found(), found(), before, after)]
    assert told == [
        ("old", "warn: old is so.", ""),
        ("worse", "warn: worse is so.", "high: worse is so."),
        ("new", "", "warn: new is so."),
    ]


def test_nothing_is_told_where_a_state_is_not_known() -> None:
    assert changes(None, found(("a", "b", "c"))) == ()
    assert changes(found(("a", "b", "c")), None) == ()


def test_a_state_survives_the_journal() -> None:
    one = found(("a", "datastore", "key1"), facts=(("x", "y"),))
    assert msgspec.convert(msgspec.to_builtins(one), Found) == one

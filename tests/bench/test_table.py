"""The arithmetic of the bench: medians taken turn by turn, ratios, aims and the table they are told in."""

from __future__ import annotations

import json

import pytest

from bench.table import Report, Row, interleaved, markdown, p95, to_json


def test_measures_are_taken_in_turns_and_the_median_is_given():
    order: list[str] = []
    values = {"a": iter([1.0, 9.0, 2.0]), "b": iter([5.0, 5.0, 5.0])}

    def take(name: str) -> float:
        order.append(name)
        return next(values[name])

    found = interleaved(3, a=lambda: take("a"), b=lambda: take("b"))
    assert found == {"a": 2.0, "b": 5.0}
    assert order == ["a", "b", "b", "a", "a", "b"]


@pytest.mark.parametrize(
    ("ours", "reference", "aims", "met"),
    [
        (1.1, 1.0, {"most": 1.15}, True),
        (1.2, 1.0, {"most": 1.15}, False),
        (9.0, 10.0, {"least": 0.9}, True),
        (8.0, 10.0, {"least": 0.9}, False),
        (1.0, 0.0, {"most": 1.0}, None),
    ],
)
def test_an_aim_bounds_the_ratio(ours, reference, aims, met):
    assert Row(name="n", against="r", ours=ours, reference=reference, **aims).met is met


def test_one_in_twenty_exceeds_the_95th_percentile():
    assert p95([float(n) for n in range(1, 101)]) == pytest.approx(95.05)
    assert p95([3.0]) == 3.0


def test_the_table_tells_ratio_aim_and_what_was_not_taken():
    taken = Row(name="start", against="nothing", unit="s", ours=0.3, reference=0.2, most=1.15, taken="by hand")
    skipped = Row(name="list", against="az", most=0.1, skipped="az is not installed")
    report = Report(machine={"cores": "2"}, rounds=7, rows=(taken, skipped))
    lines = markdown(report).splitlines()
    assert lines[2] == "| start | nothing | 0.3 s | 0.2 s | 1.50 | <= 1.15 | no |"
    assert lines[3].endswith("| <= 0.1 | not taken: az is not installed |")
    assert "Medians of 7 interleaved rounds. cores 2." in lines
    assert "- start: by hand" in lines
    rows = json.loads(to_json(report))["rows"]
    assert [row["met"] for row in rows] == [False, None]
    assert rows[0]["ratio"] == pytest.approx(1.5)

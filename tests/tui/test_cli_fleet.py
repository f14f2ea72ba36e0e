"""`amlkeys workspaces` with columns, views, filter, order and forms; what is wrong is one sentence."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from tests.tui.command_line import amlkeys
from tests.tui.test_cli_json import check
from tui.config import FleetView
from tui.view_store import ViewStore

DEMO = "--rehearse"


def lines(*words: str) -> list[str]:
    answer = amlkeys("workspaces", *words, DEMO)
    assert answer.exit == 0, answer.err
    return answer.out.splitlines()


def test_without_a_choice_the_list_is_as_it_was() -> None:
    head, *rows, total = lines()
    assert head.split() == ["workspace", "group", "region", "keys", "identity", "endpoints", "CMK"]
    assert len(rows) == 47
    assert total.startswith("47 workspaces in 3 subscriptions: 10 high, ")


def test_columns_are_chosen_and_bad_cells_are_marked() -> None:
    head, *rows, _ = lines("--columns", "tls,subscription")
    assert head.split() == ["workspace", "TLS", "subscription"]
    (recsys,) = [row for row in rows if "recsys" in row]
    assert recsys.split() == ["!", "recsys", "!", "1.0", "contoso-prod-ml"]


def test_a_filter_may_use_a_column_that_is_not_shown() -> None:
    head, *rows, total = lines("--columns", "keys", "--filter", "tls:1.0")
    assert "TLS" not in head
    assert len(rows) == 3
    assert total.startswith("3 of 47 workspaces in 2 subscriptions")
    assert lines("--columns", "keys", "--filter", "1.0 contoso") == ["No workspace fits: 1.0 contoso"], (
        "what is not shown is not a word"
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("fraud-s", {"fraud-scoring"}),
        ("fraud !scoring !test", set()),
        ("workspace:fraud !rg-ml", {"fraud-scoring"}),
        ("-f frdscr", {"fraud-scoring"}),
    ],
)
def test_the_filter_is_that_of_the_console(text: str, names: set[str]) -> None:
    answer = amlkeys("workspaces", "--filter", text, "--json", DEMO).json
    assert {each["name"] for each in answer["workspaces"]} == names


def test_an_order_begins_with_the_oldest_and_can_be_turned_round() -> None:
    first = lines("--sort", "keys", "--columns", "keys")[1:3]
    assert all("?" in row for row in first), "an age that is not recorded is the oldest"
    assert "identity" in lines("--sort", "-keys", "--columns", "keys")[1]
    ordered = [row.split()[1] for row in lines("--sort=-workspace", "--columns", "kind")[1:-1] if row.startswith("!")]
    assert ordered == sorted(ordered, key=str.casefold, reverse=True)


def test_json_is_as_it_was_with_the_columns_beside() -> None:
    plain = amlkeys("workspaces", "--json", DEMO).json
    chosen = amlkeys("workspaces", "--format", "json", "--columns", "tls,keys", DEMO).json
    for answer in (plain, chosen):
        check(answer)
    assert [{**each, "cells": {}, "as_of": ""} for each in chosen["workspaces"]] == [
        {**each, "as_of": ""} for each in plain["workspaces"]
    ]
    cells = {each["name"]: each["cells"] for each in chosen["workspaces"]}
    assert cells["recsys"] == {
        "tls": {"value": "1.0", "grade": "warn"},
        "keys": {"value": "key1 902d", "grade": "high"},
    }
    assert sum(plain["counts"].values()) == sum(bool(each["severity"]) for each in plain["workspaces"])


def test_csv_is_for_a_spreadsheet() -> None:
    answer = amlkeys("workspaces", "--view", "network", "--format", "csv", DEMO)
    head, *rows = csv.reader(io.StringIO(answer.out))
    assert head[:3] == ["severity", "workspace", "public-access"]
    assert len(rows) == 47
    assert {row[2] for row in rows} == {"open", "closed"}
    assert "47 workspaces in 3 subscriptions: " in answer.err


def test_markdown_is_a_table() -> None:
    head, rule, *rows = lines("--columns", "key-age", "--format", "markdown", "--sort", "workspace")
    assert (head, rule) == ("| severity | workspace | key-age |", "| --- | --- | --- |")
    assert len(rows) == 47
    assert all(row.count(" | ") == 2 for row in rows)


def test_views_come_from_the_settings_and_from_the_console(tmp_path: Path) -> None:
    place = tmp_path / "config.toml"
    place.write_text(
        '[fleet]\ncolumns = ["hbi"]\n[[fleet.views]]\nname = "mine"\ncolumns = ["tls"]\nfilter = "tls:1.0"\n'
    )
    assert lines("--config", str(place))[0].split() == ["workspace", "HBI"]
    assert len(lines("--config", str(place), "--view", "mine")) == 5
    assert len(lines("--config", str(place), "--view", "MINE", "--filter", "recsys")) == 3, "a flag stands in its place"
    ViewStore().save(FleetView(name="mine", columns=("kind",)))
    assert lines("--config", str(place), "--view", "mine")[0].split() == ["workspace", "kind"]


def test_the_columns_are_told() -> None:
    told = amlkeys("workspaces", "--columns", "help", DEMO).out
    assert "purge-protection" in told
    check(amlkeys("workspaces", "--columns", "help", "--json").json)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--columns", "keys,purg"), "--columns: there is no column purg; near it: purge-protection."),
        (("--sort", "-nosuch"), "--sort: there is no column nosuch; `amlkeys workspaces --columns help` tells all."),
        (
            ("--view", "zzz"),
            "There is no view zzz; there are usual, network, storage, vaults, serving, rights, computes, traces.",
        ),
        (("--view", "netwrk"), "There is no view netwrk; near it: network."),
        (("--format", "xml"), "--format is one of table, json, csv, markdown, and --json is the same as json."),
        (
            ("--json", "--format", "csv"),
            "--format is one of table, json, csv, markdown, and --json is the same as json.",
        ),
    ],
    ids=["column", "order", "no such view", "view", "form", "two forms"],
)
def test_what_is_wrong_is_one_sentence(words: tuple[str, ...], says: str) -> None:
    answer = amlkeys("workspaces", *words, DEMO)
    assert (answer.exit, answer.sentence) == (2, says)


def test_saved_views_that_cannot_be_read_are_told() -> None:
    place = ViewStore().path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("nothing of the kind")
    answer = amlkeys("workspaces", "--view", "network", DEMO)
    assert answer.exit == 2
    assert answer.sentence.startswith("The saved views cannot be read (")
    assert str(place) in answer.sentence


def test_columns_that_ask_each_workspace_tell_how_far_they_are() -> None:
    answer = amlkeys("workspaces", "--columns", "ssh,can-assign", "--filter", "ssh:open", "--json", DEMO)
    assert [each["name"] for each in answer.json["workspaces"]] == [
        "claims-ocr",
        "churn",
        "fraud-scoring",
        "demand-forecast",
    ]
    assert answer.json["workspaces"][1]["cells"] == {
        "ssh": {"value": "1 open", "grade": "high"}, "can-assign": {"value": "2, 2 wide", "grade": "warn"},
    }  # fmt: skip
    assert "Reading the workspaces: 47 of 47 asked one by one" in answer.err
    plain = amlkeys("workspaces", "--columns", "ssh", DEMO)
    banner, told, *_ = plain.err.splitlines()
    assert (banner.split()[0], told) == ("amlkeys", "Reading the workspaces: 47 of 47 asked one by one"), (
        "the banner comes first"
    )
    assert amlkeys("workspaces", "--view", "rights", "--format", "csv", DEMO).out.startswith(
        "severity,workspace,my-roles,"
    )

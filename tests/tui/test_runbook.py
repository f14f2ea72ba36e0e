"""Runbooks as files: what is read of them, and what is told of bad ones, with the line."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tests.tui.command_line import amlkeys
from tui.runbook import RunbookError, Shelf, flowing, lint, options_of, parse, read, unmarked

HEAD = """+++
title = "T"
when = "W"
severity = "high"
targets = ["workspace"]
roles = ["Reader"]
review_by = 2027-01-01
+++
"""
TODAY = date(2026, 3, 9)


def problems(body: str, head: str = HEAD) -> list[tuple[int, str]]:
    try:
        return [tuple(each) for each in lint(parse("t", (head + body).encode()), TODAY)]
    except RunbookError as error:
        return [tuple(each) for each in error.problems]


def test_steps_are_read_with_what_binds_them() -> None:
    body = "## One\n1. Ask.\n   More words.\n   `ask: slot = key1 | key2 -> stop`\n"
    body += "2. Do.\n   `amlkeys: storage-keys --leaked {slot}`\n"
    book = parse("t", (HEAD + body).encode())
    first, second = book.steps
    assert (first.section, first.text, first.line) == ("One", "Ask. More words.", 10)
    assert first.bound is not None
    assert [tuple(choice) for choice in first.bound.choices] == [("key1", 0), ("key2", -1)]
    assert second.bound is not None
    assert options_of(second.bound, {"slot": "key2"}) == {"leaked": "key2"}
    assert lint(book, TODAY) == []


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("1. A\n   `amlkeys: resync`\n", 10, "there is no action resync"),
        ("1. A\n   `amlkeys: storage-keys --leak key1`\n", 10, "has no option --leak"),
        ("1. A\n   `amlkeys: storage-keys --leaked key3`\n", 10, "takes key1, key2, not key3"),
        ("1. A\n   `amlkeys: storage-keys --leaked`\n", 10, "needs a value"),
        ("1. A\n   `amlkeys: storage-keys --leaked {slot}`\n", 10, "nothing before this asks for {slot}"),
        ("1. A\n   `amlkeys: support-apps`\n", 10, "needs a subscription, and the targets are: workspace"),
        ("1. A\n   `expect: identity-access == ok`\n", 10, "no way on"),
        ("1. A\n   `expect: identity-access == ok, else 9`\n", 10, "there is no step 9"),
        ("1. A\n   `expect: identity-access`\n", 10, "a check reads"),
        ("1. A\n   `expect: identity-access == ok, else 2`\n2. B\n", 10, "whether it holds or not"),
        ("1. A\n   `ask: slot = a -> 4`\n", 10, "there is no step 4"),
        ("1. A\n   `ask: two words = a`\n", 10, "a question reads"),
        ("1. A\n   `wait: soon`\n", 10, "no length of time"),
        ("1. A\n\n3. B\n", 11, "step 3 follows step 1"),
        ("1. A\n   `wait: 1h`\n   `wait: 1h`\n", 11, "bound twice"),
        ("words\n", 9, "it has no step"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(body: str, line: int, words: str) -> None:
    found = problems(body)
    assert [at for at, _ in found] == [line]
    assert words in found[0][1]


@pytest.mark.parametrize(
    ("head", "line", "words"),
    [
        (HEAD.replace('"high"', '"dire"'), 4, "invalid enum value"),
        (HEAD.replace('title = "T"\n', ""), 2, "missing required field `title`"),
        (HEAD.replace('["workspace"]', "[]"), 1, "it names no target"),
        (HEAD.replace("2027", "2025"), 1, "its review was due on 2025-01-01"),
        (HEAD.replace('= "W"', "= W"), 3, "no valid TOML"),
        ("", 1, "does not begin with TOML"),
    ],
)
def test_a_bad_head_is_told_with_its_line(head: str, line: int, words: str) -> None:
    found = problems("1. A\n", head)
    assert found[0][0] == line
    assert words in found[0][1]


@pytest.mark.parametrize("name", Shelf().paths())
def test_shipped_runbooks_have_nothing_wrong(name: str) -> None:
    assert lint(read(Shelf().paths()[name]), TODAY) == []


def test_ones_own_folder_wins_and_is_checked_by_the_command(tmp_path: Path) -> None:
    folder = tmp_path / "books"
    folder.mkdir()
    (folder / "offboarding.md").write_text(HEAD + "1. A\n   `amlkeys: resync`\n")
    config = tmp_path / "config.toml"
    config.write_text(f'[runbooks]\nfolder = "{folder}"\n')
    answer = amlkeys("runbook", "lint", "offboarding", "--config", config)
    assert (answer.exit, answer.out.startswith(f"{folder}/offboarding.md:10: there is no action resync")) == (1, True)
    assert amlkeys("runbook", "lint").exit == 0


def test_list_and_show(tmp_path: Path) -> None:
    listed = amlkeys("runbook", "list", "--json").json["runbooks"]
    assert {each["name"] for each in listed} == set(Shelf().paths())
    assert "# Somebody who could reach keys has left" in amlkeys("runbook", "show", "offboarding").out
    shown = amlkeys("runbook", "show", "offboarding", "--json").json
    assert shown["steps"][3]["bound"]["name"] == "storage-keys"
    assert amlkeys("runbook", "show", "nosuch").exit == 2


FLOWING = """\
# A title that stays

A paragraph that was broken
in its file.

1. A step that goes
   on here:
   - an item that
     goes on
   - another
   `ask: due = yes | no`
2. The next.
"""


def test_what_was_broken_in_the_file_flows() -> None:
    """Titles, items and bound lines begin lines; nothing else does."""
    assert flowing(FLOWING, 60) == [
        "# A title that stays",
        "",
        "A paragraph that was broken in its file.",
        "",
        "1. A step that goes on here:",
        "   - an item that goes on",
        "   - another",
        "   `ask: due = yes | no`",
        "2. The next.",
    ]
    assert flowing("1. one two three", 12) == ["1. one two", "   three"]


def test_a_steps_text_flows_and_keeps_its_items() -> None:
    book = parse("x", (HEAD + FLOWING).encode())
    assert book.steps[0].text == "A step that goes on here:\n- an item that goes on\n- another"
    assert book.steps[0].bound is not None


def test_stress_is_left_to_markdown() -> None:
    assert (
        unmarked("**C2, C3** and *Deleted*: `a * b ** c`, 2 * 3 * 4") == "C2, C3 and Deleted: `a * b ** c`, 2 * 3 * 4"
    )

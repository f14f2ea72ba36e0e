"""What the pages tell an operator to type exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from actions.registry import entries
from tests.support import checkout
from tui.cli import COMMANDS, load

PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")
DECISION = re.compile(r"^docs/decisions/(\d{4})-[a-z0-9-]+\.md$")


def _pages() -> dict[str, str]:
    names = [name for name in checkout.files() if name in PAGES or (name[:5] == "docs/" and name.endswith(".md"))]
    return {name: checkout.text(name) or "" for name in names}


def _commands(page: str, program: str) -> set[str]:
    """First words after `program`, in code blocks and in code spans."""
    blocks = re.findall(r"^```.*?\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    spans = re.findall(r"`([^`\n]+)`", page)
    return set(re.findall(rf"^{program} +([a-z][a-z-]*)", "\n".join([*blocks, *spans]), re.MULTILINE))


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", checkout.text("Makefile") or "", re.MULTILINE))
    named = {target for text in _pages().values() for target in _commands(text, "make")}
    assert {"rehearse", "test"} <= named
    assert named - targets == set()


def test_every_command_named_exists_and_every_command_is_told() -> None:
    named = {command for text in _pages().values() for command in _commands(text, "amlkeys")}
    assert named - set(COMMANDS) == set()
    assert set(COMMANDS) - _commands(checkout.text("README.md") or "", "amlkeys") == set()


def test_the_table_of_actions_tells_which_are_there() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|.*\| (yes|planned) \|$", checkout.text("README.md") or "", re.MULTILINE)
    assert {name for name, there in rows if there == "yes"} == {entry.name for entry in entries()}


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_can_be_loaded(name: str) -> None:
    command = load(name)
    assert command is not None
    assert command.name == name


def test_decisions_are_numbered_and_indexed() -> None:
    pages = sorted(name for name in checkout.files() if name.startswith("docs/decisions/") and name[-9:] != "README.md")
    assert [name for name in pages if not DECISION.match(name)] == []
    numbers = [int(match[1]) for name in pages if (match := DECISION.match(name))]
    assert numbers == list(range(1, len(pages) + 1))
    index = checkout.text("docs/decisions/README.md") or ""
    assert [name for name in pages if f"]({Path(name).name})" not in index] == []


@pytest.mark.parametrize("word", ["design" + ".md", "dos" + "sier", "/tmp" + "/spec"])
def test_the_project_speaks_of_itself_alone(word: str) -> None:
    assert [name for name in checkout.files() if word in (checkout.text(name) or "").casefold()] == []

"""What shells complete, and the manual page."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

import tui
from tests.support.checkout import ROOT
from tests.tui.command_line import ACCEPT, CONFIRM, amlkeys, estate_file
from tests.tui.consoles import on_small, opened
from tui.cli import COMMANDS, root
from tui.commands.flags import common_options
from tui.known_fleet import FleetStore
from tui.manual import manual
from tui.session import open_session
from tui.settings import Settings

PROGRAM = "import sys; from tui.cli import main; sys.exit(main([]))"


def offered(*words: str, begun: str = "") -> list[str]:
    """What bash is offered behind some words."""
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "_AMLKEYS_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(("amlkeys", *words, begun)), "COMP_CWORD": str(len(words) + 1),
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    return [line.partition(",")[2] for line in done.stdout.splitlines() if line]


@pytest.mark.terminal
def test_commands_actions_and_options_are_offered() -> None:
    assert {"workspaces", "completion"} <= set(offered())
    assert offered("plan", begun="sto") == ["storage-keys"]
    assert "--leaked" in offered("plan", "storage-keys", begun="--l")
    assert offered("completion") == ["bash", "zsh", "fish"]


@pytest.mark.terminal
async def test_workspaces_are_offered_from_the_list_that_the_console_kept() -> None:
    assert offered("show") == []
    app = on_small()
    async with opened(app):
        pass
    assert offered("--rehearse", "show", begun="sm") == ["small-ml"]
    assert offered("--rehearse", "plan", "storage-keys") == ["small-ml"]
    assert offered("--rehearse", "runbook", "run", "leaked-storage-key") == ["small-ml"]
    assert offered("show") == [], "another place has another list"


@pytest.mark.terminal
async def test_two_workspaces_of_one_name_are_offered_with_their_groups() -> None:
    app = on_small()
    async with opened(app):
        store = FleetStore(app.session)
        kept = store.load()
        assert kept is not None
        (line,) = kept[0].lines
        other = replace(line, key=line.key.replace("rg-small", "rg-other"))
        store.save(replace(kept[0], lines=(line, other)))
    assert offered("--rehearse", "show") == ["rg-other/small-ml", "rg-small/small-ml"]


@pytest.mark.terminal
async def test_groups_are_told_from_the_ids_where_another_column_stands_second() -> None:
    app = on_small()
    async with opened(app):
        store = FleetStore(app.session)
        kept = store.load()
        assert kept is not None
        (line,) = kept[0].lines
        here, there = (replace(line, key=line.key.replace("rg-small", name), cells=("small-ml",)) for name in GROUPS)
        store.save(replace(kept[0], columns=("workspace",), lines=(here, there)))
    assert offered("--rehearse", "show") == ["rg-a/small-ml", "rg-b/small-ml"]


GROUPS = ("rg-a", "rg-b")


@pytest.mark.terminal
def test_runs_runbooks_and_drills_are_offered(tmp_path: Path) -> None:
    place, estate = tmp_path / "journal.sqlite3", estate_file(tmp_path)
    at = ("--journal", str(place), f"--rehearse={estate}")
    assert amlkeys("run", "storage-keys", "small-ml", *ACCEPT, "--dry-run", *CONFIRM, *at).exit == 0
    (run,) = open_session(Settings(journal=str(place), rehearse=str(estate))).journal.runs()
    assert offered("--journal", str(place), "report") == [run.id]
    assert offered("--journal", str(tmp_path), "report") == [], "what cannot be read offers nothing"
    assert "leaked-storage-key" in offered("runbook", "show")
    assert offered("rehearsal", "drill", begun="leaked") == ["leaked-key"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_gets_its_script(shell: str) -> None:
    answer = amlkeys("completion", shell)
    assert answer.exit == 0
    assert f"_AMLKEYS_COMPLETE={shell}_complete" in answer.out


@pytest.mark.terminal
def test_a_bash_completes() -> None:
    script = amlkeys("completion", "bash").out
    command = (
        f"{script}\nCOMP_WORDS=(amlkeys plan sup); COMP_CWORD=2; _amlkeys_completion ./amlkeys\necho ${{COMPREPLY[@]}}"
    )
    place = Path.home() / "amlkeys"
    place.write_text(f"#!/bin/sh\nexec {sys.executable} -c '{PROGRAM}'\n")
    place.chmod(0o700)
    done = subprocess.run(
        ["bash", "--norc", "-c", command], cwd=place.parent, env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["support-apps"]


def test_the_manual_page_is_what_the_commands_tell() -> None:
    page = manual(root())
    assert (Path(tui.__file__).parent / "amlkeys.1").read_text() == page, "write it anew: amlkeys man > tui/amlkeys.1"
    assert amlkeys("man").out == page
    plain = page.replace("\\-", "-")
    assert [name for name in COMMANDS if f".SS amlkeys {name} " not in plain] == []
    assert [option.name for option in common_options(hidden=False) if f"\\fB{option.opts[0]}" not in plain] == []
    macros = {line.split()[0] for line in page.splitlines() if line.startswith((".", "'"))}
    assert macros == {".TH", ".SH", ".SS", ".PP", ".TP", ".B", ".nf", ".fi", ".RS", ".RE", ".EX", ".EE"}
    assert page.isascii()


def test_no_exit_code_is_missing_from_the_manual_page() -> None:
    table = re.search(r"\.SH EXIT STATUS(.*?)\.SH", manual(root()), re.DOTALL)
    assert table is not None
    assert re.findall(r"fB(\d)", table[1]) == [str(code) for code in range(8)]

"""Starting amlkeys: flags wherever they stand, refusals with their exit codes, and what is never loaded."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import tui
from tests.support.checkout import ROOT
from tests.tui.command_line import amlkeys, estate_file
from tui.cli import COMMANDS, main
from tui.commands.flags import attach_rehearse


@pytest.fixture
def estate(tmp_path: Path) -> str:
    return f"--rehearse={estate_file(tmp_path)}"


def test_the_version_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert amlkeys("--version").out == f"amlkeys {tui.__version__}\n"
    assert project["project"].get("version", tui.__version__) == tui.__version__


def test_help_names_every_command_in_eighty_columns() -> None:
    answer = amlkeys("--help")
    assert answer.exit == 0
    for name, summary in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(summary)}$", answer.out, re.MULTILINE)
    assert max(map(len, answer.out.splitlines())) <= 80


def test_without_a_terminal_it_names_the_commands_and_exits_2() -> None:
    answer = amlkeys()
    assert answer.exit == 2
    assert "needs a terminal" in answer.err
    assert all(name in answer.err for name in COMMANDS)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (["--rehearse"], ["--rehearse="]),
        (["--rehearse", "workspaces"], ["--rehearse=", "workspaces"]),
        (["show", "--rehearse", "rg/name"], ["show", "--rehearse=", "rg/name"]),
        (["--rehearse", "https://localhost:8443", "runs"], ["--rehearse=https://localhost:8443", "runs"]),
        (["--rehearse", "estate.json", "runs"], ["--rehearse=estate.json", "runs"]),
        (["--rehearse=estate", "runs"], ["--rehearse=estate", "runs"]),
        (["runs", "--rehearse", "--json"], ["runs", "--rehearse=", "--json"]),
        (["note", "--", "--rehearse", "x.json"], ["note", "--", "--rehearse", "x.json"]),
    ],
)
def test_rehearse_takes_the_next_word_only_where_it_is_an_estate(given: list[str], expected: list[str]) -> None:
    assert attach_rehearse(given) == expected


def test_rehearse_leaves_a_saved_plan_to_apply(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"schema":"amlkeys.plan/1"}')
    assert attach_rehearse(["apply", "--rehearse", str(plan)]) == ["apply", "--rehearse=", str(plan)]


def test_a_swallowed_word_is_named_when_an_argument_is_missing() -> None:
    answer = amlkeys("apply", "--rehearse", "mine.json")
    assert answer.exit == 2
    assert "mine.json was taken as the estate" in answer.sentence


def test_shared_flags_stand_before_or_after_the_command(estate: str) -> None:
    before, after = amlkeys("--json", estate, "workspaces"), amlkeys("workspaces", "--json", estate)
    assert before.exit == after.exit == 0
    assert before.json["schema"] == after.json["schema"] == "amlkeys.workspaces/1"


@pytest.mark.parametrize(
    ("words", "part"),
    [
        (["nothing-like-it"], "No such command"),
        (["plan", "nothing", "small-ml"], "There is no action 'nothing'; there are storage-keys"),
        (["plan", "storage-keys"], "Missing argument 'TARGET'"),
        (["plan", "storage-keys", "small-ml", "--soak", "soon"], "is no length of time"),
        (["plan", "storage-keys", "small-ml", "--decide", "external"], "not of the form id=choice"),
        (["show", "small-ml", "--live", "--dry-run", "--rehearse"], "either --live or --dry-run"),
        (["workspaces", "--rehearse", "--tenant", "t"], "--tenant belongs to real Azure"),
        (["workspaces", "--rehearse", "--cloud", "AzureCloud"], "--cloud belongs to real Azure"),
        (["workspaces", "--cloud", "Azure"], "There is no Azure cloud 'Azure'"),
        (["workspaces", "--rehearse=https://example.com"], "AMLKEYS_REHEARSAL_TENANT"),
        (["workspaces", "--config", "/nowhere/config.toml"], "no settings file /nowhere/config.toml"),
        (["workspaces", "--rehearse=/nowhere/estate.json"], "cannot be read: No such file"),
        (["rehearsal", "drill", "nothing"], "There is no drill 'nothing'; there are endpoint-handover, key-expires"),
    ],
)
def test_wrong_usage_is_one_sentence_and_exit_2(words: list[str], part: str) -> None:
    answer = amlkeys(*words)
    assert (answer.exit, answer.out) == (2, "")
    assert part in answer.sentence


def test_an_estate_that_is_wrong_names_its_place(tmp_path: Path) -> None:
    answer = amlkeys("workspaces", f"--rehearse={estate_file(tmp_path, signedIn={'objectId': 1})}")
    assert answer.exit == 2
    assert "$.signedIn.objectId: expected `str`, got `int`" in answer.sentence


def test_a_plan_is_no_estate(tmp_path: Path) -> None:
    plan = tmp_path / "plan.json"
    plan.write_text('{"schema":"amlkeys.plan/1"}')
    answer = amlkeys("workspaces", f"--rehearse={plan}")
    assert answer.exit == 2
    assert "is no estate but amlkeys.plan/1" in answer.sentence


@pytest.mark.parametrize("url", ["https://127.0.0.1.example.com:1", "http://localhost:1", "https://localhost"])
def test_a_rehearsal_never_leaves_this_machine(url: str, tmp_path: Path) -> None:
    card = tmp_path / "card.json"
    secret = "".join(("not", "a", "secret"))
    card.write_text(f'{{"url":"{url}","ca":"ca","tenant":"t","clientId":"c","clientSecret":"{secret}"}}')
    answer = amlkeys("workspaces", f"--rehearse={card}")
    assert answer.exit == 2
    assert "served on https://localhost:PORT only" in answer.sentence


def test_a_package_from_elsewhere_is_refused(tmp_path: Path) -> None:
    (tmp_path / "actions").mkdir()
    (tmp_path / "actions" / "__init__.py").write_text("")
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"}
    program = "import sys; from tui.cli import main; sys.exit(main(['workspaces', '--rehearse']))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert f"The package 'actions' comes from {tmp_path}" in done.stderr
    assert "Traceback" not in done.stderr


def test_an_unforeseen_error_is_named_by_place_and_kept_private(
    estate: str, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError(" ".join(("what it says", "might be secret")))

    monkeypatch.setattr("tui.fleet_lines.visible", broken)
    plain = amlkeys("workspaces", estate)
    assert plain.exit == 1
    assert plain.sentence.startswith("Internal error, RuntimeError at tui/test_cli_start.py:")
    monkeypatch.setenv("AMLKEYS_DEBUG", "1")
    logged = amlkeys("workspaces", estate)
    log = home / "state" / "amlkeys" / "debug.log"
    assert str(log) in logged.sentence
    assert log.stat().st_mode & 0o777 == 0o600
    assert "in broken" in log.read_text()
    assert "might be secret" not in plain.err + logged.err + log.read_text()


def test_ctrl_c_while_reading_says_that_nothing_was_changed(estate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tui.fleet_lines.visible", interrupted)
    answer = amlkeys("workspaces", estate)
    assert answer.exit == 1
    assert answer.sentence == "Interrupted; nothing was changed."


def test_a_reader_that_leaves_is_no_error(tmp_path: Path) -> None:
    program = "import sys; from tui.cli import main; sys.exit(main(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "workspaces", f"--rehearse={estate_file(tmp_path)}"]
    reading, writing = os.pipe()
    os.close(reading)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, env=environment, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert done.returncode == 0
    assert "roken pipe" not in done.stderr


def test_completion_offers_commands_and_actions() -> None:
    program = "import sys; from tui.cli import main; sys.exit(main([]))"
    for words, offered in (("amlkeys ", "workspaces"), ("amlkeys plan ", "storage-keys")):
        environment = {
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "_AMLKEYS_COMPLETE": "bash_complete",
            "COMP_WORDS": words,
            "COMP_CWORD": str(len(words.split())),
        }
        done = subprocess.run(
            [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False
        )
        assert f"plain,{offered}" in done.stdout.splitlines()


def test_main_gives_the_exit_code_back() -> None:
    assert main(["--version"]) == 0

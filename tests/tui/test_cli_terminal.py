"""The command line at a real terminal of 80 columns: complete, calm, and not to be broken by losing it."""

from __future__ import annotations

import os
import re
import signal
import sys
from contextlib import suppress
from pathlib import Path

import pexpect
import pytest

from actions.guard.journal import Journal
from actions.guard.model import RunState
from tests.support.checkout import ROOT
from tests.tui.command_line import ACCEPT, CONFIRM, estate_file
from tui.render import width

PROGRAM = "import sys; from tui.cli import main; sys.exit(main())"
ROTATE = ("run", "storage-keys", "small-ml", *ACCEPT, "--live", *CONFIRM)


def at_terminal(*words: str, columns: int = 80, **environment: str) -> pexpect.spawn[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
    return pexpect.spawn(
        sys.executable, ["-c", PROGRAM, *words], dimensions=(24, columns), env=env, encoding="utf-8", timeout=300
    )


def said(child: pexpect.spawn[str]) -> list[str]:
    """All that it wrote, with each line as the terminal is left with."""
    child.expect(pexpect.EOF)
    child.close()
    lines = (child.before or "").replace("\r\n", "\n").split("\n")
    return [re.split(r"\r?\x1b\[K", line)[-1] for line in lines]


@pytest.mark.parametrize(
    "words",
    [
        ("workspaces",),
        ("show", "fraud-scoring", "--holders"),
        ("inspect", "storage-keys", "fraud-scoring"),
        ("plan", "storage-keys", "fraud-scoring", "--details"),
        ("doctor",),
        ("--help",),
        ("plan", "storage-keys", "--help"),
        ("rehearsal", "serve", "--help"),
    ],
    ids=" ".join,
)
def test_no_line_is_wider_than_the_terminal(words: tuple[str, ...]) -> None:
    lines = said(at_terminal(*words, "--rehearse="))
    copied = ("  amlkeys run ", "amlkeys  REHEARSAL")
    assert [line for line in lines if width(line) > 80 and not line.startswith(copied)] == []


@pytest.mark.parametrize("term", ["linux", "dumb"])
def test_terminals_without_our_symbols_get_ascii(term: str) -> None:
    assert all(line.isascii() for line in said(at_terminal("workspaces", "--rehearse=", TERM=term)))


def test_a_wait_is_one_line_that_counts_down(tmp_path: Path) -> None:
    child = at_terminal(*ROTATE, "--soak", "10m", f"--rehearse={estate_file(tmp_path)}")
    lines = said(child)
    assert child.exitstatus == 0
    assert not any("still waiting" in line for line in lines), "the countdown is wiped when the wait is over"


def test_plain_redraws_nothing(tmp_path: Path) -> None:
    child = at_terminal(*ROTATE, "--soak", "10m", "--plain", f"--rehearse={estate_file(tmp_path)}")
    child.expect(pexpect.EOF)
    assert "\x1b" not in (child.before or "")


def test_a_run_outlives_its_terminal(tmp_path: Path) -> None:
    place = tmp_path / "journal.sqlite3"
    child = at_terminal(
        *ROTATE, "--soak", "10m", "--speed", "400", "--journal", str(place), f"--rehearse={estate_file(tmp_path)}"
    )
    child.expect("waiting")
    os.close(child.child_fd)
    _, status = os.waitpid(child.pid, 0)
    child.closed, child.terminated = True, True
    assert os.waitstatus_to_exitcode(status) == 0
    journal = Journal.open(place)
    assert [run.state for run in journal.runs()] == [RunState.DONE]
    assert journal.verify().ok
    journal.close()


def test_ctrl_c_stops_between_two_steps(tmp_path: Path) -> None:
    child = at_terminal(*ROTATE, "--soak", "1h", "--speed", "60", f"--rehearse={estate_file(tmp_path)}")
    child.expect("waiting")
    child.sendintr()
    lines = said(child)
    assert child.exitstatus == 6
    assert any("It stops after the step" in line for line in lines)
    assert any("amlkeys resume" in line for line in lines)


def test_ctrl_c_again_changes_nothing(tmp_path: Path) -> None:
    """Whoever keeps pressing gets the same end: the run is stopped, and nobody says that nothing was changed."""
    child = at_terminal(*ROTATE, "--soak", "1h", "--speed", "60", f"--rehearse={estate_file(tmp_path)}")
    child.expect("waiting")
    text = ""
    while child.isalive():
        child.kill(signal.SIGINT)
        with suppress(pexpect.TIMEOUT, pexpect.EOF):
            text += child.read_nonblocking(65536, timeout=0.01)
    assert child.exitstatus == 6, text
    assert "Traceback" not in text
    assert "nothing was changed" not in text


def test_plain_without_a_command_walks(tmp_path: Path) -> None:
    child = at_terminal("--plain", f"--rehearse={estate_file(tmp_path)}")
    child.expect("Workspace: its number")
    child.sendline("q")
    said(child)
    assert child.exitstatus == 0

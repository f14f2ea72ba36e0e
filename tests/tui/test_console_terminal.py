"""The real program in a real terminal: keys alone to the report, lost and stalled lines, signals, bytes."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from actions.guard.journal import Journal
from actions.guard.model import RunState
from tests.tui.terminal import Open, Terminal

SLOT = "key1+key2"


def to_confirmation(line: Terminal) -> None:
    """Go from the fleet to the question, deciding and arming on the way."""
    line.fleet()
    line.press("/")
    line.wait("words, !not")
    line.type("fraud-scoring")
    line.wait("1 of 47")
    line.press("\r")
    line.wait(lambda text: "k storage" in text.splitlines()[-1])
    line.press("k")
    line.wait("[1 Inspect]")
    line.press("\r")
    line.wait("enter makes a plan")
    line.press("\r")
    line.wait("enter asks what must be decided")
    line.press("\r")
    line.wait("to decide")
    line.think()
    line.press("1")
    line.wait("enter continues")
    line.press("m")
    line.wait("type the word live-contoso")
    line.think()
    line.type("\tlive-contoso\ry")
    line.wait("LIVE 29 min left")
    line.press("\r")
    line.wait("type the name stfraud01")
    line.think()


def confirm(line: Terminal) -> None:
    """Type what the question shows and answer it."""
    line.type(f"\tstfraud01\r{SLOT}\ry")


def recorded() -> list[RunState]:
    """What the journal says of its runs."""
    journal = Journal.open(rehearsal=True)
    try:
        return [run.state for run in journal.runs()]
    finally:
        journal.close()


def test_keys_alone_rotate_the_keys_of_fraud_scoring_and_end_in_a_report(terminal: Open, no_secret_in):
    line = terminal()
    to_confirmation(line)
    confirm(line)
    line.wait(lambda text: "[5 Report]" in text and "done: It holds" in text)
    no_secret_in(line.text)
    line.press("\x11")
    assert line.ended() == 0
    assert recorded() == [RunState.DONE]


def test_a_lost_line_ends_the_console_and_not_the_run(terminal: Open, home: Path):
    line = terminal("--rehearse=", "--speed", "1800")
    to_confirmation(line)
    confirm(line)
    line.wait("Waiting since")
    line.hang_up()
    assert line.ended() == 0
    assert recorded() == [RunState.DONE]


def test_a_lost_line_without_a_run_ends_at_once(terminal: Open):
    line = terminal()
    line.fleet()
    line.hang_up()
    assert line.ended() == 0


def test_terminating_stops_the_run_between_steps_and_gives_the_terminal_back(terminal: Open):
    line = terminal("--rehearse=", "--speed", "600")
    to_confirmation(line)
    confirm(line)
    line.wait("Waiting since")
    line.signal(signal.SIGTERM)
    assert line.ended() == 0
    assert b"\x1b[?1049l" in line.last_bytes(b"\x1b[?1049l")
    assert recorded() == [RunState.STOPPED]


def test_a_stalled_line_shows_the_right_screen_when_it_recovers(terminal: Open):
    line = terminal()
    line.fleet()
    line.stall()
    for _ in range(40):
        line.type("G")
        line.type("g")
    line.press("\x1b[B")
    line.go_on()
    text = line.wait(lambda found: found.splitlines()[5].startswith(">") and found.count("\n>") == 1)
    assert "REHEARSAL Contoso" in text.splitlines()[0]
    line.press("\x11")
    assert line.ended() == 0


@pytest.mark.parametrize("term", ["linux", "vt100", "xterm", "tmux-256color"])
def test_any_terminal_that_places_text_shows_the_fleet(terminal: Open, term: str):
    line = terminal(**{"TERM": term, "NO_COLOR": "1"} if term == "xterm" else {"TERM": term})
    line.fleet()
    assert "REHEARSAL Contoso" in line.text
    assert "\n>" in line.text
    line.press("\x11")
    assert line.ended() == 0


def test_a_dumb_terminal_is_asked_on_lines(terminal: Open):
    line = terminal(TERM="dumb")
    line.wait("TERM is dumb: everything is asked on lines")
    line.wait("Workspace: its number")
    assert b"\x1b" not in line.tail
    line.type("q\r")
    assert line.ended() == 0


def test_a_cursor_move_costs_few_bytes(terminal: Open):
    line = terminal(SSH_CONNECTION="10.0.0.1 2 10.0.0.2 22")
    line.fleet()
    line.quiet()
    before = line.count
    for place in range(5, 10):
        line.press("\x1b[B")
        line.wait(lambda text, place=place: text.splitlines()[place].startswith(">"))
    assert (line.count - before) / 5 <= 400


def test_what_is_in_place_is_told_on_a_real_terminal(terminal: Open):
    """What the console writes through has no encoding of its own, and the terminal has."""
    line = terminal()
    line.fleet()
    line.press("\x10")
    line.wait("Search for commands")
    line.type("doctor")
    line.wait("Check installation")
    line.press("\x1b[B")
    line.press("\r")
    line.wait(lambda text: "Is everything in place?" in text and "80x24, utf-8" in text)

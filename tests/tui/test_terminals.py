"""The console on terminals of every kind, and under what happens to them: noise, other sizes, suspension, idleness."""

from __future__ import annotations

import os
import signal

import pytest

from tests.tui.terminal import Open, Terminal
from tui.locales import FOREIGN, encoding, symbols

GIVEN_BACK = b"\x1b[?1049l\x1b[?25h\x1b[?1004l"
"""The shell has its own screen again, with a cursor."""


def leave(line: Terminal) -> None:
    """Quit, and see that it ends well."""
    line.press("\x11")
    assert line.ended() == 0


@pytest.mark.parametrize(
    ("environ", "found"),
    [
        ({}, "ascii"),
        ({"LANG": "C"}, "ascii"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "POSIX"}, "ascii"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": ""}, "utf-8"),
        ({"LANG": "C", "LC_CTYPE": "C.utf8"}, "utf-8"),
        ({"LC_CTYPE": "UTF-8"}, "utf-8"),
        ({"LANG": "de_DE.ISO-8859-15@euro"}, "iso8859-15"),
        ({"LANG": "xx.nonsense"}, "ascii"),
    ],
)
def test_the_locale_says_what_can_be_shown(environ: dict[str, str], found: str) -> None:
    assert encoding(environ) == found
    assert symbols(environ) is (found == "utf-8")
    assert not symbols({**environ, "TERM": "linux"})
    assert not symbols({**environ, "TERM": "vt100"})


@pytest.mark.parametrize(("text", "shown"), [("büro", "b?ro"), ("漢字", "????"), ("plain", "plain")])
def test_what_a_locale_lacks_keeps_its_width(text: str, shown: str) -> None:
    assert text.encode("ascii", FOREIGN).decode() == shown
    assert "büro".encode("iso8859-1", FOREIGN) == b"b\xfcro"


@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1"])
def test_a_locale_without_our_symbols_gets_ascii_unasked(terminal: Open, locale: str) -> None:
    line = terminal(LC_ALL=locale)
    assert line.fleet().isascii()
    line.press("?")
    assert line.wait("Keys that work here").isascii()
    line.press("\x1b")
    leave(line)


@pytest.mark.parametrize("term", ["xterm-256color", "tmux-256color", "screen", "xterm", "linux", "vt100"])
def test_every_terminal_shows_the_fleet_and_takes_keys(terminal: Open, term: str) -> None:
    line = terminal(TERM=term)
    text = line.fleet()
    assert "REHEARSAL Contoso" in text
    assert text.isascii() == (term in {"linux", "vt100"})
    line.press("\x1b[B")
    line.wait(lambda found: found.splitlines()[4].startswith(">"))
    leave(line)


def test_no_color_leaves_words_and_symbols(terminal: Open) -> None:
    line = terminal(NO_COLOR="1")
    text = line.fleet()
    assert "LOOK" in text
    assert "\n!" in text or "\n>" in text
    leave(line)


@pytest.mark.parametrize("environ", [{}, {"SSH_CONNECTION": "10.0.0.1 2 10.0.0.2 22"}], ids=["here", "ssh"])
def test_an_idle_console_sends_nothing_and_nothing_blinks(terminal: Open, environ: dict[str, str]) -> None:
    line = terminal(**environ)
    line.fleet()
    line.quiet()
    line.press("/")
    line.wait("words, !not")
    line.quiet()
    leave(line)


def test_noise_on_the_line_is_no_key_and_no_end(terminal: Open) -> None:
    line = terminal()
    line.fleet()
    for noise in (b"\xe9", b"\xff\xfe\x80", b"\x1b[999;999;999z", b"\x1b]0;", b"\x1b\\", b"\x00\x01"):
        line.press(noise)
    line.press("?")
    line.wait("Keys that work here")
    line.press("\x1b")
    line.wait(lambda text: "Keys that work here" not in text)
    leave(line)


def test_a_storm_of_sizes_ends_in_the_right_picture(terminal: Open) -> None:
    line = terminal()
    line.fleet()
    for number in range(60):
        line.resize(20 + number * 7 % 200, 5 + number * 3 % 60)
    line.resize(1, 1)
    line.resize(120, 40)
    line.wait(lambda text: text.count("\n") == 39 and "contoso-" in text and "? help" in text.splitlines()[-1])
    line.resize(80, 24)
    line.wait(lambda text: text.count("\n") == 23 and "REHEARSAL Contoso" in text and "? help" in text.splitlines()[-1])
    assert "REHEARSAL Contoso" in line.text.splitlines()[0]
    leave(line)


def test_suspended_and_taken_up_again_it_paints_all_and_takes_keys(terminal: Open) -> None:
    line = terminal()
    line.fleet()
    table = line.quiet().splitlines()[3:]
    for _ in range(2):
        line.press("\x1a")
        line.stopped()
        line.wait(lambda _: line.tail.endswith(GIVEN_BACK))
        line.wipe()
        line.signal(signal.SIGCONT)
        line.wait(lambda text: text.splitlines()[3:] == table)
    line.press("\x1b[B")
    line.wait(lambda text: text.splitlines()[4].startswith(">"))
    leave(line)


def test_a_hang_up_while_suspended_ends_it(terminal: Open) -> None:
    line = terminal()
    line.fleet()
    line.press("\x1a")
    line.stopped()
    line.hang_up()
    line.signal(signal.SIGHUP)
    line.signal(signal.SIGCONT)
    line.ended()


def test_the_environment_of_these_tests_shows_symbols() -> None:
    assert symbols(os.environ)

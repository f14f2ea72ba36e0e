"""Opening the console: what the terminal is told, what is refused, and what the first frame costs."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.support.checkout import ROOT
from tui.console import check_terminal, check_theme, prepare, sixteen_colours
from tui.session import SessionError

FIRST_FRAME = """
import sys
from tests.tui.consoles import on_demo
from tui._textual import screen_text

app = on_demo()
read = app._connect

def look():
    loaded = sorted(name for name in sys.modules if name.partition(".")[0] in {"azure", "msal", "aiohttp", "sqlalchemy"})
    print("LOADED", loaded)
    print(screen_text(app.screen))
    app.exit()

app._connect = look
app.get_default_screen().__class__.action_refresh_fleet = lambda self: None
app.run(headless=True, size=(80, 24))
"""


@pytest.mark.parametrize("name", ["SSH_CONNECTION", "SSH_TTY"])
def test_over_ssh_escapes_may_take_their_time_and_frames_are_fewer(name):
    environ = {name: "somewhere", "TERM": "xterm-256color"}
    assert prepare(environ) is True
    assert environ["ESCDELAY"] == "300"
    assert environ["TEXTUAL_FPS"] == "15"
    assert environ["TEXTUAL_ANIMATIONS"] == "none"


def test_at_home_only_animations_go_and_what_was_set_stays():
    environ = {"TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "basic"}
    assert prepare(environ) is False
    assert environ == {"TERM": "xterm-256color", "TEXTUAL_ANIMATIONS": "basic"}


@pytest.mark.parametrize(
    ("environ", "few"),
    [
        ({"TERM": "linux"}, True),
        ({"TERM": "vt100"}, True),
        ({"TERM": "tmux-256color"}, False),
        ({"TERM": "xterm", "COLORTERM": "truecolor"}, False),
    ],
)
def test_terminals_with_sixteen_colours_get_a_theme_of_their_own(environ, few):
    assert sixteen_colours(environ) is few
    prepare(environ)
    assert ("TEXTUAL_THEME" in environ) is few


@pytest.mark.parametrize("term", ["dumb", "", "unknown", None])
def test_a_terminal_that_cannot_place_text_is_refused(term):
    with pytest.raises(SessionError, match="--plain"):
        check_terminal({} if term is None else {"TERM": term})


def test_a_theme_that_does_not_exist_is_refused_with_those_that_do():
    check_theme("nord")
    with pytest.raises(SessionError, match="nord"):
        check_theme("nrod")


def test_the_first_frame_is_painted_before_anything_of_azure_is_loaded():
    done = subprocess.run(
        [sys.executable, "-c", FIRST_FRAME],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "LOADED []" in done.stdout, done.stdout + done.stderr
    assert "loading the workspaces" in done.stdout
    assert "REHEARSAL Contoso" in done.stdout

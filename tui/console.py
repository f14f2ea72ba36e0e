"""Opening the console: the environment first, then Textual, then the App; afterwards the runs are seen to their end."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import MutableMapping
from contextlib import suppress

from tui.render import clean
from tui.session import SessionError, open_session
from tui.settings import Settings

DUMB = frozenset({"", "dumb", "unknown"})
SIXTEEN_COLOURS = "ansi-dark"


def prepare(environ: MutableMapping[str, str]) -> bool:
    """Set what Textual reads when it is imported, and tell whether the terminal is at the far end of a line.

    Nothing is animated. Over SSH an escape sequence may arrive in two pieces, and frames beyond what a line carries
    only queue up.
    """
    environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    remote = bool(environ.get("SSH_CONNECTION") or environ.get("SSH_TTY"))
    if remote:
        environ.setdefault("ESCDELAY", "300")
        environ.setdefault("TEXTUAL_FPS", "15")
    if sixteen_colours(environ):
        environ.setdefault("TEXTUAL_THEME", SIXTEEN_COLOURS)
    return remote


def sixteen_colours(environ: MutableMapping[str, str]) -> bool:
    """Tell whether the terminal shows no more than sixteen colours, by the same rule that rich follows."""
    if environ.get("COLORTERM", "").casefold() in {"truecolor", "24bit"}:
        return False
    return not environ.get("TERM", "").endswith(("-256color", "kitty", "direct"))


def check_terminal(environ: MutableMapping[str, str]) -> None:
    """Refuse a terminal that cannot move its cursor."""
    if environ.get("TERM", "").casefold() in DUMB:
        name = environ.get("TERM") or "not set"
        raise SessionError(f"The console needs a terminal that can place text, and TERM is {name}. Take --plain.")


def open_console(settings: Settings) -> int:
    """Run the console to its end and return the exit code; raises `SessionError` for what keeps it from opening."""
    gc.disable()  # nothing of what is imported and built up to the first frame becomes garbage
    check_terminal(os.environ)
    remote = prepare(os.environ)
    session = open_session(settings)
    for theme in (session.config.appearance.theme, *(each.theme for each in session.config.environments)):
        check_theme(theme)
    from tui.app import AmlkeysApp
    from tui.driver import SshDriver, run_console

    app = AmlkeysApp(session, driver_class=SshDriver, wants_mouse=not remote, painted=_collect_again)

    def finish() -> None:
        """See the runs to their end, then close what was opened."""
        if app.board.at_work() and not app.lost_terminal:
            with suppress(OSError):
                sys.stderr.write("amlkeys: finishing the step that is under way ...\n")
                sys.stderr.flush()
        app.board.wait()
        session.close()

    code = run_console(app, stop_runs=lambda: app.board.stop_all(app.standing.connected), finish=finish)
    return code or int(bool(settings.drill) and not session.last_won)


def _collect_again() -> None:
    """Let garbage be looked for again, but not among what the first frame is made of: that stays anyway."""
    gc.freeze()
    gc.enable()


def check_theme(name: str) -> None:
    """Refuse a theme that does not exist, since Textual would silently take another."""
    if not name:
        return
    from textual.theme import BUILTIN_THEMES

    from tui.themes import HIGH_CONTRAST

    names = {*BUILTIN_THEMES, HIGH_CONTRAST.name}
    if name not in names:
        known = ", ".join(sorted(names))
        raise SessionError(f"The settings name a theme {clean(name)!r} that does not exist; there are {known}.")

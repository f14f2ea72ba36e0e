"""What a terminal can show, told by its type and by the locale; ASCII stands in where that is not sure."""

from __future__ import annotations

import codecs
from collections.abc import Mapping

from tui.render import width

FOREIGN = "amlkeys.question-marks"
"""The error handler that puts as many `?` as a character is wide, so that nothing behind it moves."""

_PLAIN_TERMINALS = ("linux", "dumb", "unknown", "ansi", "vt", "xterm-mono", "sun", "cons")
"""Terminals, by the beginning of their names, whose fonts or wires have no symbols beyond ASCII."""


def encoding(environ: Mapping[str, str]) -> str:
    """Give the codec of the locale, as POSIX finds it: LC_ALL, then LC_CTYPE, then LANG; `C` and nothing are ASCII."""
    name = next((environ[key] for key in ("LC_ALL", "LC_CTYPE", "LANG") if environ.get(key)), "")
    charset = name.partition("@")[0].rpartition(".")[2]  # some systems give the charset alone
    try:
        return codecs.lookup(charset).name
    except LookupError:
        return "ascii"


def symbols(environ: Mapping[str, str]) -> bool:
    """Tell whether symbols and line drawing can be shown."""
    return encoding(environ) == "utf-8" and not environ.get("TERM", "").startswith(_PLAIN_TERMINALS)


def _question_marks(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return "?" * width(error.object[error.start : error.end]), error.end


codecs.register_error(FOREIGN, _question_marks)

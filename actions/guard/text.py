"""The one sanitiser for text that is not ours: names, messages and notes are shown as plain text, whatever they hold.

Control characters and terminal sequences, direction overrides, zero-width and other invisible characters come out as
visible marks (`<U+202E>`), so that two names that differ also look different and none can repaint the screen.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import datetime
from typing import Any

ELLIPSIS = "..."
_SPACES = re.compile(r"\s+")
_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_INVISIBLE = frozenset(
    [
        0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x2065, 0x2800, 0x3164, 0xFFA0,
        *range(0xFE00, 0xFE10), *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000),
    ]
)  # fmt: skip
"""Default-ignorable code points of the Unicode Character Database outside category Cf, and the blank Braille cell."""
_MARKS = 4
"""Combining marks kept on one letter; more of them climb into other lines."""


def plural(number: int, noun: str) -> str:
    """Return a noun as it stands after a number: `workspace`, `workspaces`."""
    return noun if number == 1 else f"{noun}s"


def many(number: int, noun: str) -> str:
    """Return a number with its noun, so that one of them reads well too: `1 workspace`, `3 workspaces`."""
    return f"{number} {plural(number, noun)}"


def after(began: str, when: str) -> str:
    """Give a time as what had passed since another one (both ISO 8601), such as `+1:00:07`: times of a twin are no real ones."""
    if not began or not when:
        return ""
    seconds = max(0, round((datetime.fromisoformat(when) - datetime.fromisoformat(began)).total_seconds()))
    hours, rest = divmod(seconds, 3600)
    return f"+{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"+{rest // 60}:{rest % 60:02}"


def plain(text: str) -> str:
    """Return a text as one line of harmless, visible characters; clean text comes back unchanged."""
    if text.isascii() and text.isprintable():
        return text
    return _limit_marks("".join(_shown(letter) for letter in _SPACES.sub(_folded, text)))


def capped(text: str, length: int) -> str:
    """Return the plain text cut to at most `length` characters (at least 4), with an ellipsis where it was cut."""
    line = plain(text)
    keep = max(length, len(ELLIPSIS) + 1)
    return line if len(line) <= keep else line[: keep - len(ELLIPSIS)] + ELLIPSIS


def cleaned(value: Any) -> Any:
    """Return plain data (dicts, lists, texts, numbers) with every text in it made plain."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, Mapping):
        return {plain(str(key)): cleaned(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [cleaned(item) for item in value]
    return value


def _folded(found: re.Match[str]) -> str:
    """Fold a run of white space that breaks the line into one space, leave any other run as it is."""
    return " " if _BREAKS.intersection(found[0]) else found[0]


def _shown(letter: str) -> str:
    if letter.isascii() and letter.isprintable():
        return letter
    category = unicodedata.category(letter)
    if letter == "\t" or category == "Zs":
        return " "
    if category in {"Cc", "Cf", "Cs", "Zl", "Zp"} or ord(letter) in _INVISIBLE or ord(letter) & 0xFFFE == 0xFFFE:
        return f"<U+{ord(letter):04X}>"
    return letter


def _limit_marks(line: str) -> str:
    kept: list[str] = []
    marks = 0
    for letter in line:
        marks = marks + 1 if unicodedata.category(letter) in {"Mn", "Me"} else 0
        kept.append(letter if marks <= _MARKS else f"<U+{ord(letter):04X}>")
    return "".join(kept)

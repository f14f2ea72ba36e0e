"""Starting: the first useful frame, and the two commands that must not load anything."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from bench.programs import AMLKEYS, screen, wall
from bench.table import Row, interleaved

_EMPTY = """
from textual.app import App
from textual.widgets import Static

class Empty(App):
    def compose(self):
        yield Static("the first frame")

Empty().run()
"""


def first_frame(rounds: int) -> Iterator[Row]:
    """From exec to the painted list of the demo estate, beside an empty Textual app; and the very first start."""
    with tempfile.TemporaryDirectory() as kept, tempfile.TemporaryDirectory() as none:

        def ours(cache: str) -> float:
            with screen([*AMLKEYS, "--rehearse="], {"XDG_CACHE_HOME": cache}) as opened:
                return opened.until("workspaces in 3 subscriptions")

        def fresh() -> float:
            for each in Path(none).rglob("*.json"):
                each.unlink()
            return ours(none)

        def empty() -> float:
            with screen([sys.executable, "-c", _EMPTY]) as opened:
                return opened.until("the first frame")

        with screen([*AMLKEYS, "--rehearse="], {"XDG_CACHE_HOME": kept}) as opened:
            opened.until("workspaces in 3 subscriptions")
            opened.settle()
        found = interleaved(max(rounds, 15), ours=lambda: ours(kept), fresh=fresh, empty=empty)
    for name, value, most in (("", "ours", 1.15), (", the very first start", "fresh", None)):
        yield Row(
            name=f"first useful frame of `amlkeys --rehearse`{name}", against="an empty Textual app's first frame",
            unit="s", ours=found[value], reference=found["empty"], most=most,
            taken="exec to the list with its rows, in a pseudo-terminal"
            + ("; from the second start on it opens with what it last saw" if most else ""),
        )  # fmt: skip


def light_commands(rounds: int) -> Iterator[Row]:
    """`--version` and `--help` beside an interpreter that does nothing."""
    found = interleaved(
        rounds * 3,
        version=lambda: wall([*AMLKEYS, "--version"]),
        help=lambda: wall([*AMLKEYS, "--help"]),
        nothing=lambda: wall([sys.executable, "-c", "pass"]),
    )
    for name in ("version", "help"):
        yield Row(
            name=f"`amlkeys --{name}`", against="`python -c pass`", unit="s", ours=found[name],
            reference=found["nothing"], most=2.0,
        )  # fmt: skip

"""Starting: the first useful frame, and the two commands that must not load anything."""

from __future__ import annotations

import sys
from collections.abc import Iterator

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
    """From exec to the painted list of the demo estate, beside an empty Textual app."""

    def ours() -> float:
        with screen([*AMLKEYS, "--rehearse="]) as opened:
            return opened.until("workspaces in 3 subscriptions")

    def empty() -> float:
        with screen([sys.executable, "-c", _EMPTY]) as opened:
            return opened.until("the first frame")

    found = interleaved(rounds, ours=ours, empty=empty)
    yield Row(
        name="first useful frame of `amlkeys --rehearse`", against="an empty Textual app's first frame", unit="s",
        ours=found["ours"], reference=found["empty"], most=1.15,
        taken="exec to the list with its rows, in a pseudo-terminal",
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

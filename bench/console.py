"""The console at work in a terminal: from key to paint, bytes a key costs on the line, memory."""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from azsim.estates.small import fleet
from bench.programs import AMLKEYS, Screen, screen, served
from bench.table import Row, p95

_MANY, _FEW, _TINY = 10_000, 100, 10
_DOWN, _UP, _PAGE_DOWN, _PAGE_UP = "\x1b[B", "\x1b[A", "\x1b[6~", "\x1b[5~"
_KEYS = {"cursor": (_DOWN, _UP), "page": (_PAGE_DOWN, _PAGE_UP), "filter keystroke": ("w", "\x7f")}
_VISIBLE = 16
"""Rows that fit on 80x24 below the head of the list, with one to spare."""


def key_to_paint(rounds: int) -> Iterator[Row]:
    """From a key to the first byte of its frame, in a long list beside a short one."""
    taken: dict[tuple[str, int], list[float]] = {(name, count): [] for name in _KEYS for count in (_MANY, _FEW)}
    with ExitStack() as stack:
        lists = {count: stack.enter_context(_list_of(count)) for count in (_MANY, _FEW)}
        for name, keys in _KEYS.items():
            for opened in lists.values():
                if name.startswith("filter"):
                    opened.press("/")
            for _ in range(rounds * 5):
                for key in keys:
                    for count, opened in lists.items():
                        taken[name, count].append(opened.press(key)[0] * 1000)
    for name in _KEYS:
        yield Row(
            name=f"key to paint p95, {_MANY:,} rows, {name}", against=f"the same table with {_FEW} rows", unit="ms",
            ours=p95(taken[name, _MANY]), reference=p95(taken[name, _FEW]), most=1.2,
        )  # fmt: skip


class _list_of:  # noqa: N801 - a context manager that reads like a function
    """The console on a fleet of so many workspaces, its list complete."""

    def __init__(self, count: int) -> None:
        self._count, self._stack = count, ExitStack()

    def __enter__(self) -> Screen:
        folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        (folder / "estate.json").write_text(json.dumps(fleet(self._count)))
        opened = self._stack.enter_context(screen([*AMLKEYS, f"--rehearse={folder / 'estate.json'}"]))
        opened.until(f"{self._count} workspaces in")
        opened.settle()
        return opened

    def __exit__(self, *_: object) -> None:
        self._stack.close()


def bytes_per_key(rounds: int) -> Iterator[Row]:
    """What a cursor move and a scroll send to the terminal at 80x24, beside a virtual table that does nothing else."""
    taken: dict[str, list[int]] = {}
    bare = [sys.executable, str(Path(__file__).with_name("bare_table.py"))]
    with _list_of(_FEW) as ours, screen(bare) as reference:
        reference.until("ws-0000")
        reference.settle()
        for name, opened in (("ours", ours), ("bare", reference)):
            for _ in range(rounds):
                taken.setdefault(f"{name} move", []).append(opened.press(_DOWN)[1])
            opened.press("\x1b[F")
            opened.press("\x1b[H")
            for _ in range(_VISIBLE):
                opened.press(_DOWN)
            scrolls = [opened.press(_DOWN)[1] for _ in range(3 * _VISIBLE)]
            taken[f"{name} scroll"] = [sum(scrolls)]
    for what, told in (("move", "one key, the cursor staying in view"), ("scroll", f"{3 * _VISIBLE} keys downwards")):
        yield Row(
            name=f"bytes to the terminal per cursor {what}, 80x24", against="a bare virtual table", unit="bytes",
            ours=float(median(taken[f"ours {what}"])), reference=float(median(taken[f"bare {what}"])), most=1.3,
            taken=told,
        )  # fmt: skip


def memory(_rounds: int) -> Iterator[Row]:
    """The console's resident memory on a served estate of ten thousand workspaces, beside one of ten."""
    found: dict[int, float] = {}
    for count in (_TINY, _MANY):
        with served(fleet(count)) as (_, place), screen([*AMLKEYS, f"--rehearse={place}"]) as opened:
            opened.until(f"{count} workspaces in")
            opened.settle()
            found[count] = opened.resident()
    yield Row(
        name=f"resident memory with {_MANY:,} workspaces", against=f"the same with {_TINY}, plus 60 MiB", unit="MiB",
        ours=found[_MANY], reference=found[_TINY] + 60, most=1.0,
        taken=f"{found[_MANY] - found[_TINY]:.0f} MiB more; the cloud is served by another process",
    )  # fmt: skip

"""Programs as a person starts them: timed from exec, in a pipe or in a pseudo-terminal whose bytes are counted."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import select
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 120.0
"""Seconds after which a program that shows nothing counts as broken."""
QUIET = 0.25
"""Seconds without a byte after which a screen counts as painted."""
AMLKEYS = (sys.executable, "-c", "import sys; from tui.cli import main; sys.exit(main())")
_CONTROL = re.compile(rb"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[()].|\x1b[=>78]")


class Broken(Exception):
    """A program did not do what is measured."""


def wall(command: Sequence[str], environ: Mapping[str, str] | None = None) -> float:
    """Seconds from start to exit of a program that must succeed; its output, which may hold secrets, is dropped."""
    began = time.perf_counter()
    done = subprocess.run(
        command, env={**os.environ, **(environ or {})}, stdin=subprocess.DEVNULL, capture_output=True, check=False
    )
    if done.returncode:
        raise Broken(f"{Path(command[0]).name} ended with {done.returncode}")
    return time.perf_counter() - began


class Screen:
    """A program in a pseudo-terminal: keys in, bytes out, with the time at which they came."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str] | None = None) -> None:
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        plain = {
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
            "NO_COLOR": "",
            "SSH_CONNECTION": "",
            "SSH_TTY": "",
        }
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
            env={**os.environ, **plain, **(environ or {})},
        )  # fmt: skip
        os.close(slave)

    def read(self, patience: float) -> bytes:
        """Give what comes next, or nothing when nothing came within so many seconds."""
        ready, _, _ = select.select([self._master], [], [], patience)
        if not ready:
            return b""
        try:
            return os.read(self._master, 1 << 16)
        except OSError:
            raise Broken("the program left its terminal") from None

    def until(self, words: str) -> float:
        """Read until the screen shows some words; give the seconds since the start."""
        seen, wanted = b"", words.encode()
        while time.perf_counter() - self.began < PATIENCE:
            seen = (seen + self.read(1.0))[-(1 << 18) :]
            if wanted in _CONTROL.sub(b"", seen):
                return time.perf_counter() - self.began
        raise Broken(f"never showed {words!r}")

    def settle(self) -> None:
        """Read until the screen stays as it is."""
        while self.read(QUIET):
            pass

    def press(self, keys: str) -> tuple[float, int]:
        """Send keys; give the seconds until the first byte came back, and all bytes until the screen was still."""
        began = time.perf_counter()
        os.write(self._master, keys.encode())
        first = self.read(5.0)
        took, count = time.perf_counter() - began, len(first)
        while more := self.read(QUIET / 2):
            count += len(more)
        return took, count

    def resident(self) -> float:
        """The program's resident memory in MiB."""
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024

    def close(self) -> None:
        """End the program that was started here."""
        self.process.kill()
        self.process.wait(10)
        with contextlib.suppress(OSError):
            os.close(self._master)


@contextmanager
def screen(command: Sequence[str], environ: Mapping[str, str] | None = None) -> Iterator[Screen]:
    """Open a program in a terminal, and end it afterwards."""
    opened = Screen(command, environ)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def served(estate: Mapping[str, Any] | None = None) -> Iterator[tuple[dict[str, str], Path]]:
    """Serve an estate over TLS on loopback in a process of its own; give its line, and a file with it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        words = ["rehearsal", "serve"]
        if estate is not None:
            (place / "estate.json").write_text(json.dumps(estate))
            words += ["--estate", str(place / "estate.json")]
        with subprocess.Popen([*AMLKEYS, *words], stdout=subprocess.PIPE, text=True) as process:
            try:
                assert process.stdout is not None
                line = process.stdout.readline()
                (place / "served.json").write_text(line)
                yield json.loads(line), place / "served.json"
            finally:
                process.terminate()

"""A real terminal for the real program: a pseudo-terminal whose screen pyte keeps, with every byte counted."""

from __future__ import annotations

import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Callable, Mapping

import pyte

from tests.support.checkout import ROOT
from tui.dialogs.hands import DEAD_SECONDS, FASTEST_SECONDS

PATIENCE = 300.0
"""Seconds; ends a hang, and nothing else: a loaded machine may take its time."""
QUIET_SECONDS = 1.5
"""Longer than anything that blinks or counts seconds leaves alone."""
_BLIND_SECONDS = 0.1
_READ = re.compile(r"\d workspaces? in \d+ subscription")
_TAKE_TERMINAL = (
    "import fcntl,os,sys,termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
AMLKEYS = "import sys; from tui.cli import main; sys.exit(main())"
Open = Callable[..., "Terminal"]
"""What the fixture `terminal` is: `open(*arguments, size=..., **environ)`."""


class Terminal:
    """One program in a terminal of its own, as its session's leader, so that closing it hangs up for real."""

    def __init__(
        self, *arguments: str, size: tuple[int, int] = (80, 24), environ: Mapping[str, str] | None = None
    ) -> None:
        columns, lines = size
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = threading.Condition()
        self._over = self._paused = self._hung_up = False
        self.count = 0
        self.tail = b""
        self._master, slave = os.openpty()
        self._woken, self._waker = os.pipe()
        _set_size(slave, columns, lines)
        command = [sys.executable, "-c", _TAKE_TERMINAL, sys.executable, "-c", AMLKEYS, *arguments]
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm-256color", **(environ or {})},
        )
        os.close(slave)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        """Keep the screen until the program has closed its end or we ours, unless the line is stalled."""
        while not self._hung_up:
            watched = [self._woken] if self._paused else [self._woken, self._master]
            ready, _, _ = select.select(watched, [], [])
            if self._woken in ready:
                os.read(self._woken, 64)
            elif not self._take():
                break
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _take(self) -> bool:
        """Take what is there; False when nothing can come any more."""
        try:
            data = os.read(self._master, 65536)
        except OSError:
            return False
        with self._changed:
            self._stream.feed(data)
            self.count += len(data)
            self.tail = (self.tail + data)[-4096:]
            self._changed.notify_all()
        return bool(data)

    def _wake(self) -> None:
        """Let the reader see what was asked of it."""
        os.write(self._waker, b".")

    @property
    def text(self) -> str:
        """The characters on the screen."""
        with self._changed:
            return "\n".join(line.rstrip() for line in self._screen.display)

    def _picture(self) -> object:
        """All of the screen: characters, their looks, and where the cursor is."""
        cursor = self._screen.cursor
        return {row: dict(cells) for row, cells in self._screen.buffer.items()}, cursor.x, cursor.y

    def wait(self, what: str | Callable[[str], bool]) -> str:
        """Wait until the screen shows a text (or fits), and return it."""
        fits = (lambda text: what in text) if isinstance(what, str) else what
        with self._changed:
            self._changed.wait_for(lambda: fits(self.text) or self._over, PATIENCE)
            assert fits(self.text), f"{what!r} never came; exit {self.process.poll()}:\n{self.text}"
            return self.text

    def fleet(self) -> str:
        """Wait until the fleet is there, with its cells, and nothing is read any more."""
        return self.wait(lambda text: _READ.search(text) is not None and "reading" not in text)

    def press(self, text: str | bytes) -> None:
        """Send keys as one packet."""
        os.write(self._master, text if isinstance(text, bytes) else text.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, as dragging a window's corner does."""
        with self._changed:
            self._screen.resize(lines, columns)
        _set_size(self._master, columns, lines)
        self.signal(signal.SIGWINCH)

    def wipe(self) -> None:
        """Put something else on the screen, as a shell in between does."""
        with self._changed:
            self._screen.reset()
            self._stream.feed(b"$ jobs")

    def stopped(self) -> None:
        """Wait until the program is stopped, as by job control."""
        deadline = time.monotonic() + PATIENCE
        while _state(self.process.pid) != "T":
            assert time.monotonic() < deadline, f"never stopped: {_state(self.process.pid)}\n{self.text}"
            time.sleep(0.02)  # noqa: TID251 - a stopped process tells nobody

    def quiet(self) -> str:
        """Wait until nothing has come for a while, as it must while nobody does anything, and return the screen."""
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while self._changed.wait(QUIET_SECONDS):
                assert time.monotonic() < deadline, f"something is painted again and again:\n{self.text}"
            return self.text

    def type(self, text: str) -> None:
        """Send keys one by one, each when the one before has been answered on the screen.

        Keys that are read in one go count as pasted, which is what other tests are about. On a stalled line nothing is
        seen of them, and they come as from fast fingers.
        """
        for letter in text:
            with self._changed:
                before = self._picture()
                self.press(letter)
                if not self._paused:
                    self._changed.wait_for(lambda before=before: self._picture() != before or self._over, PATIENCE)
            time.sleep(self._pause)  # noqa: TID251 - a key that was answered was read before, so they are apart

    @property
    def _pause(self) -> float:
        return _BLIND_SECONDS if self._paused else 2 * FASTEST_SECONDS

    def think(self) -> None:
        """Let a question's dead time pass, as reading it does; it began before the question was painted."""
        time.sleep(DEAD_SECONDS + FASTEST_SECONDS)  # noqa: TID251 - what is waited for is time itself

    def stall(self) -> None:
        """Stop reading: the line takes nothing any more."""
        self._paused = True
        self._wake()

    def go_on(self) -> None:
        """Read again."""
        self._paused = False
        self._wake()

    def hang_up(self) -> None:
        """Close the terminal, as a lost connection does."""
        self._hung_up = True
        self._wake()
        self._reader.join()
        for descriptor in (self._master, self._woken, self._waker):
            os.close(descriptor)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        os.kill(self.process.pid, number)

    def ended(self) -> int:
        """Wait for the program's end and return its exit code."""
        return self.process.wait(PATIENCE)

    def last_bytes(self, wanted: bytes) -> bytes:
        """Wait for bytes that draw nothing, and return the last that came."""
        with self._changed:
            self._changed.wait_for(lambda: wanted in self.tail or self._over, PATIENCE)
            return self.tail

    def close(self) -> None:
        """End what is left."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if not self._hung_up:
            self.hang_up()


def _set_size(descriptor: int, columns: int, lines: int) -> None:
    fcntl.ioctl(descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))


def _state(process: int) -> str:
    """A process's state by its letter."""
    with open(f"/proc/{process}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]

"""A real terminal for the real program: a pseudo-terminal whose screen pyte keeps, with every byte counted."""

from __future__ import annotations

import contextlib
import fcntl
import os
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

PATIENCE = 120.0
_TAKE_TERMINAL = (
    "import fcntl,os,sys,termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
)
AMLKEYS = "import sys; from tui.cli import main; sys.exit(main())"


class Terminal:
    """One program in a terminal of its own, as its session's leader, so that closing it hangs up for real."""

    def __init__(
        self, *arguments: str, size: tuple[int, int] = (80, 24), environ: Mapping[str, str] | None = None
    ) -> None:
        columns, lines = size
        self._screen = pyte.Screen(columns, lines)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = threading.Condition()
        self._paused = threading.Event()
        self.count = 0
        self.tail = b""
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
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
        """Keep the screen, unless the line is stalled."""
        while True:
            if self._paused.is_set():
                self._paused.wait(0.05)
                time.sleep(0.02)  # noqa: TID251 - the far end of a stalled line does nothing for a while
                continue
            try:
                ready, _, _ = select.select([self._master], [], [], 0.1)
                data = os.read(self._master, 65536) if ready else None
            except OSError:
                return
            if data == b"":
                return
            if data:
                with self._changed:
                    self._stream.feed(data)
                    self.count += len(data)
                    self.tail = (self.tail + data)[-4096:]
                    self._changed.notify_all()

    @property
    def text(self) -> str:
        """The characters on the screen."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait(self, what: str | Callable[[str], bool]) -> str:
        """Wait until the screen shows a text (or fits), and return it."""
        fits = (lambda text: what in text) if isinstance(what, str) else what
        deadline = time.monotonic() + PATIENCE
        with self._changed:
            while not fits(self.text):
                left = deadline - time.monotonic()
                if left <= 0 or (self.process.poll() is not None and not self._changed.wait(0.5)):
                    raise AssertionError(f"{what!r} never came; exit {self.process.poll()}:\n{self.text}")
                self._changed.wait(min(left, 0.5))
            return self.text

    def press(self, text: str | bytes) -> None:
        """Send keys as one packet."""
        os.write(self._master, text if isinstance(text, bytes) else text.encode())

    def resize(self, columns: int, lines: int) -> None:
        """Change the size, as dragging a window's corner does."""
        with self._changed:
            self._screen.resize(lines, columns)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
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

    def idle(self) -> int:
        """Count the bytes that arrive while nobody does anything."""
        before = self.count
        time.sleep(2.5)  # noqa: TID251 - what is waited for is time itself
        return self.count - before

    def type(self, text: str) -> None:
        """Send keys one by one, as slowly as fast fingers."""
        for letter in text:
            time.sleep(0.12)  # noqa: TID251 - keys in one packet count as pasted, which is what other tests are about
            self.press(letter)

    def think(self) -> None:
        """Let a question's dead time pass, as reading it does."""
        time.sleep(0.6)  # noqa: TID251 - what is waited for is time itself

    def stall(self) -> None:
        """Stop reading: the line takes nothing any more."""
        self._paused.set()

    def go_on(self) -> None:
        """Read again."""
        self._paused.clear()

    def hang_up(self) -> None:
        """Close the terminal, as a lost connection does."""
        master, self._master = self._master, -1
        os.close(master)
        self._reader.join(5)

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the program."""
        os.kill(self.process.pid, number)

    def ended(self) -> int:
        """Wait for the program's end and return its exit code."""
        return self.process.wait(PATIENCE)

    def last_bytes(self, wanted: bytes) -> bytes:
        """Wait for bytes that draw nothing, and return the last that came."""
        with self._changed:
            self._changed.wait_for(lambda: wanted in self.tail, PATIENCE)
            return self.tail

    def close(self) -> None:
        """End what is left."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        if self._master >= 0:
            with contextlib.suppress(OSError):
                self.hang_up()


def _state(process: int) -> str:
    """A process's state by its letter."""
    with open(f"/proc/{process}/stat", encoding="utf-8") as file:
        return file.read().rpartition(")")[2].split()[0]

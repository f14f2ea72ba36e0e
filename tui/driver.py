"""The terminal side of the console: a driver that never blocks on a slow line and ends cleanly on a lost one."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import threading
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Protocol, cast

from tui._textual import OpenLinuxDriver
from tui.locales import FOREIGN, encoding

if TYPE_CHECKING:
    from types import FrameType

PATIENCE_SECONDS = 2.0
_LOST = select.POLLHUP | select.POLLERR | select.POLLNVAL


# Kitty keys, alternate screen, focus events and bracketed paste off; line wrap and the cursor on.
_GIVE_BACK = "\x1b[<u\x1b[?1049l\x1b[?1004l\x1b[?2004l\x1b[?7h\x1b[?25h"


class Console(Protocol):
    """What the terminal side asks of the app."""

    lost_terminal: bool
    wants_mouse: bool

    @property
    def return_code(self) -> int | None:
        """The exit code, None while it runs."""
        ...

    async def run_async(self, *, mouse: bool) -> object:
        """Run until the app exits."""

    def terminal_gone(self) -> None:
        """End the app; called on its loop, possibly more than once."""


class SteadyOutput:
    """Writes frames to a terminal through a descriptor of its own that does not block.

    The descriptors 0-2 are shared with the shell, so they stay as they are. A line that takes nothing for `patience`
    seconds loses frames from then on; the part of a frame that was under way is finished first, because half an
    escape sequence would turn what follows into rubbish. No call here raises: Textual's writer thread would end and
    the app would block on its full queue.
    """

    def __init__(self, terminal: int, *, patience: float = PATIENCE_SECONDS, encoding: str = "utf-8") -> None:
        self._fd = os.open(os.ttyname(terminal), os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
        self._patience, self._encoding = patience, encoding
        self._pending = b""
        self.given_back = False
        """The terminal is left to others, for good or until the console is taken up again."""
        self.lost = False
        """The terminal is gone for good."""
        self.stalled = False
        """Frames are being dropped."""

    def fileno(self) -> int:
        """Give the descriptor, which Textual passes on."""
        return self._fd

    def flush(self) -> None:
        """Nothing is held back here."""

    def write(self, text: str) -> None:
        """Write a frame, or drop it where the line is stalled or lost."""
        if self.lost or self.stalled:
            return
        self._pending = self._send(text.encode(self._encoding, FOREIGN), self._patience)
        self.stalled = bool(self._pending)

    def drain(self) -> bool:
        """Finish the frame that was cut; True when frames are taken again, of which the next must be a whole one."""
        self._pending = self._send(self._pending, 0)
        self.stalled = bool(self._pending)
        return not self.stalled and not self.lost

    def leave(self, text: str) -> None:
        """End with `text` even where frames were dropped, so that the terminal is not left in the console's modes."""
        self.given_back = True
        if self.stalled:
            self._pending = self._send(self._pending + text.encode(), self._patience)
        self.lost = True
        os.close(self._fd)

    def _send(self, data: bytes, patience: float) -> bytes:
        """Write as much as the terminal takes within `patience` seconds and return what is left."""
        while data and not self.lost:
            try:
                data = data[os.write(self._fd, data) :]
            except BlockingIOError:
                ready = poll(self._fd, select.POLLOUT, patience)
                self.lost = bool(ready & _LOST)
                if not ready:
                    return data
            except OSError:
                self.lost = True
        return b"" if self.lost else data


def poll(descriptor: int, wanted: int, seconds: float) -> int:
    """Wait for an event on one descriptor and return its bits, 0 when the time is up."""
    poller = select.poll()
    poller.register(descriptor, wanted)
    events = poller.poll(seconds * 1000)
    return events[0][1] if events else 0


class SshDriver(OpenLinuxDriver):
    """Textual's driver with a steady output and a watcher that notices when the terminal hangs up."""

    _output: SteadyOutput | None = None

    def start_application_mode(self) -> None:
        """Take the terminal, output and watcher first."""
        if self.input_tty and self._output is None:
            self._output = SteadyOutput(self.fileno, encoding=encoding(os.environ))
            self.divert_output(cast("IO[str]", self._output))
            threading.Thread(target=self._watch, args=(self._output,), name="amlkeys-terminal", daemon=True).start()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def suspend_application_mode(self) -> None:
        """Give the terminal to the shell; the output ends here, for another one is made on the way back."""
        self.stop_application_mode()
        self.close()
        self._output = None

    def resume_application_mode(self) -> None:
        """Take the terminal again, and paint all of it: what the shell left there is not ours."""
        super().resume_application_mode()
        self.call_soon(lambda: self.console.refresh(layout=True))

    def close(self) -> None:
        """Let the writer end, then see that the terminal was really given back."""
        super().close()
        if self._output is not None:
            self._output.leave(_GIVE_BACK)

    def _watch(self, output: SteadyOutput) -> None:
        """Wait for the hang-up, which needs neither a read nor a signal; meanwhile see stalled lines recover."""
        event = 0
        while not (output.lost or output.given_back or event & _LOST):
            if not output.stalled:
                event = poll(self.fileno, 0, 1)
                continue
            # Waiting for room finds the recovery even when nothing new is painted.
            event = poll(output.fileno(), select.POLLOUT, 1)
            if event & select.POLLOUT and output.drain():
                self.call_soon(lambda: self.console.refresh(layout=True))
        if output.given_back:
            return
        output.lost = True
        self.end_input()
        self.call_soon(cast("Console", self.console).terminal_gone)


def run_console(app: Console, *, stop_runs: Callable[[], None], finish: Callable[[], None]) -> int:
    """Run the app in this thread, then `finish` what the engine still does, and return the exit code.

    SIGHUP ends the app only; SIGTERM also asks the runs to stop between two steps. Both handlers stay for the
    process's life, since a second signal must not kill an engine that is finishing a step.
    """
    loop: asyncio.AbstractEventLoop | None = None

    def hang_up(number: int, _frame: FrameType | None) -> None:
        if number == signal.SIGTERM:
            stop_runs()
        if loop is not None and not loop.is_closed():
            loop.call_soon_threadsafe(app.terminal_gone)

    async def main() -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        await app.run_async(mouse=app.wants_mouse)

    for number in (signal.SIGHUP, signal.SIGTERM):
        signal.signal(number, hang_up)
    try:
        asyncio.run(main())
    finally:
        if app.lost_terminal:
            _silence()
        finish()
    return app.return_code or 0


def _silence() -> None:
    """Point standard output and error to nowhere: writing to a terminal that is gone fails in the middle of a drain."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in (1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)

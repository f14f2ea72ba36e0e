"""The only place, with `_palette`, that touches private parts of Textual; pinned to an exact version in pyproject.toml."""

from __future__ import annotations

import base64
import os
import signal
import termios
from codecs import IncrementalDecoder, getincrementaldecoder
from collections.abc import Callable
from functools import partial
from typing import IO, TYPE_CHECKING, Any, cast

from textual.app import App
from textual.drivers import linux_driver
from textual.drivers.linux_driver import LinuxDriver

if TYPE_CHECKING:
    from io import TextIOWrapper

    from textual.message_pump import MessagePump
    from textual.screen import Screen
    from textual.widget import Widget

    from actions.guard.secret import Secret


def _lenient(encoding: str) -> Callable[[], IncrementalDecoder]:
    """Read bytes that are no text as a character that means nothing: noise on a line must not end the console."""
    return partial(getincrementaldecoder(encoding), errors="replace")


setattr(linux_driver, "getincrementaldecoder", _lenient)  # noqa: B010 - it is no public name there


class OpenLinuxDriver(LinuxDriver):
    """Textual's driver for Unix terminals, with the few seams that `SshDriver` needs under public names."""

    def divert_output(self, file: IO[str]) -> None:
        """Send everything that is painted to `file`; to be called before the writer thread starts."""
        self._file = cast("TextIOWrapper", file)

    def call_soon(self, callback: Callable[[], object]) -> None:
        """Run a callback on the app's loop, from any thread; nothing happens when the loop has ended."""
        try:
            self._loop.call_soon_threadsafe(callback)
        except RuntimeError:
            return

    @property
    def console(self) -> App[Any]:
        """The app that this driver paints for."""
        return self._app

    def end_input(self) -> None:
        """Let the input thread end: at a hung-up terminal it reads an endless end of file without ever waiting."""
        self.exit_event.set()

    def _sigcont_application(self, *_: object) -> None:
        """Take up the terminal after a stop, unless it is gone: a hang-up sends SIGCONT along with SIGHUP."""
        try:
            termios.tcgetattr(self.fileno)
        except termios.error:
            return
        if self._app.is_running:
            signal.signal(
                signal.SIGTSTP, signal.SIG_IGN
            )  # a second stop in the middle of this would find half a driver
            try:
                super()._sigcont_application()
            finally:
                signal.signal(signal.SIGTSTP, self._sigtstp_application)


def screen_text(screen: Screen[Any]) -> str:
    """Give a screen as the plain lines that a terminal shows, without trailing blanks."""
    strips = screen._compositor.render_strips()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    return "\n".join(strip.text.rstrip() for strip in strips)


def paint(app: App[Any], x: int, y: int, width: int, rows: int, secret: Secret | None) -> None:
    """Write a secret's text, or blanks, straight to the terminal at a place (cells from the top left corner).

    Textual's own picture of the screen stays empty there, so nothing that it exports, selects or prints after a
    failure holds the secret. The cursor is put back.
    """
    driver = app._driver  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    if driver is None or width <= 0:
        return
    for row in range(rows):
        part = slice(row * width, (row + 1) * width)
        driver.write(
            f"\x1b7\x1b[0m\x1b[{y + row + 1};{x + 1}H{(secret.reveal() if secret else '')[part]:<{width}}\x1b8"
        )
    driver.flush()


def measure_anew(widget: Widget) -> None:
    """Have the next layout measure a widget again.

    Of several changes before the widget is idle Textual counts the first only, and a layout in between keeps the size of
    then: what came after it would be cut off for good.
    """
    widget._layout_updates += 1  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


def has_mail(pump: MessagePump) -> bool:
    """Tell whether a widget, screen or app still has something to handle, the message that it peeked at included."""
    peeked = pump._pending_message  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]
    return peeked is not None or pump.message_queue_size > 0


def bind(widget: Widget, key: str, action: str, description: str, *, show: bool) -> None:
    """Bind a key of one widget alone, so that help and the line of keys tell it while the widget has the focus."""
    widget._bindings.bind(key, action, description, show=show)  # noqa: SLF001 # pyright: ignore[reportPrivateUsage]


class PrivateApp(App[None]):
    """An app whose failures are told without the values of variables: one of them could be a secret."""

    def copy_to_clipboard(self, text: str) -> None:
        """Copy by OSC 52; inside tmux also wrapped for the terminal around it.

        tmux takes the plain form where `set-clipboard` is `on`, and hands the wrapped one on where `allow-passthrough`
        is (tmux(1)); it drops what it does not allow.
        """
        super().copy_to_clipboard(text)
        if self._driver is not None and os.environ.get("TMUX"):
            content = base64.b64encode(text.encode()).decode()
            self._driver.write(f"\x1bPtmux;\x1b\x1b]52;c;{content}\a\x1b\\")

    def _fatal_error(self) -> None:
        """Print where an unexpected error came from, without its frames' locals."""
        from rich.segment import Segments
        from rich.traceback import Traceback

        found = Traceback(show_locals=False, width=None)
        self._exit_renderables.append(Segments(self.console.render(found, self.console.options)))
        self._close_messages_no_wait()

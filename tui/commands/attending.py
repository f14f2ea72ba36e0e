"""Staying with a run from the command line: its events, its signals, its end."""

from __future__ import annotations

import os
import shlex
import signal
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import click
import msgspec

from tui.commands.flags import settings_of
from tui.commands.output import Output
from tui.settings import place_words

if TYPE_CHECKING:
    from actions.cloud.data import DeviceCode, Throttling
    from actions.guard.events import Event, Paused
    from actions.guard.results import RunResult
    from actions.guard.run import AnyAction
    from tui.session import Connected, Session


_kept: ContextVar[tuple[Session, Output] | None] = ContextVar("kept", default=None)


@contextmanager
def kept(session: Session, out: Output) -> Iterator[None]:
    """Let every command that is called in the block work in a session that is there already."""
    token = _kept.set((session, out))
    try:
        yield
    finally:
        _kept.reset(token)


@contextmanager
def opened(context: click.Context) -> Iterator[tuple[Session, Output]]:
    """Make the session that the flags ask for, and its output; both end with the block, unless they are `kept`."""
    from tui.session import open_session

    there = _kept.get()
    if there is not None:
        yield there
        return

    settings = settings_of(context)
    session = open_session(settings)
    out = Output(settings, ascii_only=session.config.appearance.ascii)

    attach(session, out)
    try:
        yield session, out
    finally:
        session.close()


def attach(session: Session, out: Output) -> None:
    """Let the session tell its device code, its waits and its runs."""

    def ask_to_sign_in(code: DeviceCode) -> None:
        out.progress(f"To sign in, open {code.url} and enter the code {code.code} before {code.expires:%H:%M}Z.")

    def throttled(found: Throttling) -> None:
        out.progress(f"{found.sentence}.")

    session.on_device_code, session.on_throttle, session.emit = ask_to_sign_in, throttled, out.event


def begin(session: Session, out: Output, *actions: AnyAction) -> None:
    """Sign in, say where this is, and which secrets are going to be read, before any is."""
    session.run(_signed_in)
    out.banner(session)
    if not out.json:
        for sentence in dict.fromkeys(action.secret_reads for action in actions if action.secret_reads):
            out.progress(sentence)


async def _signed_in(_connected: object) -> None:
    """Do nothing but sign in."""


class Attendance:
    """One run watched by this process: ctrl+c and SIGTERM stop it between two steps, a lost terminal does not.

    `last` says that the process ends with it: once it was asked to stop, pressing again does no harm until then.
    """

    def __init__(self, session: Session, out: Output, *, last: bool = False) -> None:
        self._session, self._out, self._last = session, out, last and _kept.get() is None
        self._run, self._asked = "", 0
        self.paused: Paused | None = None

    def attend(self, work: Callable[[Connected], Awaitable[RunResult]]) -> RunResult:
        """Do the work on the engine's thread and wait for its end, whatever signals come."""
        self._session.emit = self._session.watching(self._take)
        with self._signals():
            return self._session.run(work, keep=True)

    def _take(self, event: Event) -> None:
        """Hand an event on; a stop that was asked for before the run had a name is made good."""
        from actions.guard.events import Paused, RunStarted

        self._out.event(event)
        if isinstance(event, Paused):
            self.paused = event
        if isinstance(event, RunStarted):
            self._run = event.run
            if self._asked:
                self._stop()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        wanted = {signal.SIGINT: self._on_stop, signal.SIGTERM: self._on_stop, signal.SIGHUP: _on_hangup}
        before = {number: signal.signal(number, handler) for number, handler in wanted.items()}
        try:
            yield
        finally:
            ending = self._asked and self._last
            for number, handler in before.items():
                signal.signal(number, signal.SIG_IGN if ending else handler)

    def _on_stop(self, _number: int, _frame: object) -> None:
        self._asked += 1
        if self._asked == 1:
            self._out.progress("It stops after the step that is under way.")
            if self._run:
                self._stop()
        elif self._asked == 2:
            self._out.progress("It is stopping already.")

    def _stop(self) -> None:
        from actions.guard.errors import GuardError

        with suppress(GuardError):  # it ended by itself meanwhile
            self._session.engine.stop(self._run)


def _on_hangup(_number: int, _frame: object) -> None:
    """The terminal is gone: nobody reads any more, and the run goes on to its end or to its next wait for a person."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def finish(out: Output, result: RunResult, paused: Paused | None) -> int:
    """Tell how a run ended, and what its operator can do next; return the exit code."""
    if out.json:
        extra: dict[str, Any] = {}
        if paused is not None:
            extra = {"reasons": paused.reasons, "decisions": msgspec.to_builtins(paused.decisions)}
            extra |= {"drift": msgspec.to_builtins(paused.drift)} if paused.drift else {}
        out.document("result", {**msgspec.to_builtins(result), **extra})
        return result.exit
    from actions.guard.model import RunState
    from tui.telling import pause_lines

    lines = pause_lines(result.state, result.sentence, paused, out.cells, ascii_only=out.ascii_only)
    if result.run:
        place = place_words(out.settings)
        lines.append(f"report:  {shlex.join(['amlkeys', 'report', result.run, *place])}")
        if result.state is not RunState.DONE:
            mode = f"--{out.settings.mode}"
            lines.append(f"go on:   {shlex.join(['amlkeys', 'resume', result.run, *place, mode])}")
    out.result(lines)
    return result.exit

"""Where text goes: results to stdout, progress and complaints to stderr; a vanished reader never breaks a run."""

from __future__ import annotations

import io
import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, TextIO

import msgspec

from tui.locales import FOREIGN, encoding, symbols
from tui.settings import Settings

if TYPE_CHECKING:
    from actions.guard.events import Event
    from actions.workspaces import FleetPage
    from tui.session import Session

_UNLIMITED = 10_000
_BETWEEN = "  "
_HANG = 2
_lock = threading.RLock()


class Output:
    """What a command says, in the form that was asked for.

    `cells` is the width of the terminal; a pipe has none, so that nothing is cut off there.
    """

    def __init__(self, settings: Settings, *, ascii_only: bool = False) -> None:
        self.settings = settings
        self.json = settings.json
        shown = [settled(stream, as_json=self.json) for stream in (sys.stdout, sys.stderr)]
        self.ascii_only = ascii_only or not all(shown)
        self._ticking = False
        self._began = self._twin = ""
        """When the run began, and whether its time is that of a twin since then."""
        self._led = False
        """Whether the banner was written ahead of the progress of the command that writes it next."""

    @property
    def cells(self) -> int:
        """How wide a line of the result may be."""
        return _columns(sys.stdout)

    @property
    def for_people(self) -> bool:
        """Whether the result goes to a terminal, and not as it is to a file or a program."""
        return _is_terminal(sys.stdout)

    @property
    def margin(self) -> int:
        """The same for progress."""
        return _columns(sys.stderr)

    def result(self, lines: Iterable[str]) -> None:
        """Write the result for people."""
        self._end_tick()
        _write("stdout", "".join(f"{line}\n" for line in lines))

    def text(self, text: str) -> None:
        """Write a document as it is (a report)."""
        self._end_tick()
        _write("stdout", text if text.endswith("\n") else f"{text}\n")

    def document(self, kind: str, content: dict[str, Any]) -> None:
        """Write the result for programs: one JSON object with its schema, on one line."""
        value = {"schema": f"amlkeys.{kind}/1", **content}
        _write("stdout", msgspec.json.encode(value).decode() + "\n")

    def progress(self, line: str) -> None:
        """Write one line about what goes on; a terminal that is too narrow for it breaks it between words."""
        self._end_tick()
        _write("stderr", "".join(f"{part}\n" for part in between_words(line, self.margin)))

    def going(self, line: str, *, fresh: bool) -> None:
        """Say how far something is: on a terminal in one line that is rewritten, else a line each time that it is `fresh`."""
        if _is_terminal(sys.stderr) and not (self.settings.plain or self.json):
            self._rewrite(line)
        elif fresh:
            self.progress(line)

    def banner(self, session: Session) -> None:
        """Say how far this may go, where and as whom, before anything else."""
        led, self._led = self._led, False
        if self.json or led:
            return
        found = session.banner()
        from tui.render import clock

        as_of = f"as of {clock(found.as_of)}" if found.as_of else ""
        for line in packed((part for part in ("amlkeys", *found.words(), as_of) if part), self.margin):
            self.progress(line)

    def event(self, event: Event) -> None:
        """Write what a run tells: a line each for people, a JSON object each for programs."""
        if self.json:
            content = msgspec.to_builtins(event)
            _write("stderr", msgspec.json.encode({"schema": "amlkeys.event/1", **content}).decode() + "\n")
            return
        from actions.guard.events import Paused, RunFinished, RunStarted, TwinMade, WaitTick
        from tui.telling import event_line, event_lines

        if isinstance(event, RunStarted):
            self._began, self._twin = event.at, ""
        ended = isinstance(event, Paused | RunFinished | TwinMade)
        began = "" if ended else self._twin
        if isinstance(event, TwinMade):
            self._twin = self._began if event.made else ""
        if isinstance(event, WaitTick):
            if _is_terminal(sys.stderr) and not self.settings.plain:
                self._rewrite(event_line(event, self.margin - 1, began=began, ascii_only=self.ascii_only))
        elif not (isinstance(event, Paused | RunFinished) and _is_terminal(sys.stdout)):
            for line in event_lines(event, self.margin, began=began, ascii_only=self.ascii_only):
                self.progress(line)

    def counting(self, what: str, session: Session) -> Callable[[int, int], None]:
        """Say how far the reading of many things is, behind the banner."""
        from tui.progress import Counted

        found = Counted()

        def came(read: int, total: int) -> None:
            before, fresh = found.told, found.take(read, total)
            if found.told:
                if not before:
                    self.banner(session)
                    self._led = True
                self.going(f"{what}: {found.told}", fresh=fresh)

        return came

    def pages(self, session: Session) -> Callable[[FleetPage], None]:
        """Say how far the fleet is while its pages come, behind the banner."""
        from tui.progress import FleetProgress

        found = FleetProgress()

        def came(page: FleetPage) -> None:
            before, fresh = found.told, found.take(page)
            if found.told:
                if not before:
                    self.banner(session)
                    self._led = True
                self.going(f"Reading the workspaces: {found.told}", fresh=fresh)

        return came

    def _rewrite(self, line: str) -> None:
        """Write over the line that was written like this before."""
        from tui.render import clip

        _write("stderr", f"\r\x1b[K{clip(line, self.margin - 1, ascii_only=self.ascii_only)}")
        self._ticking = True

    def _end_tick(self) -> None:
        """Close the line that was kept rewriting."""
        if self._ticking:
            self._ticking = False
            _write("stderr", "\r\x1b[K")


def between_words(line: str, cells: int) -> list[str]:
    """Break a line that is too long between words, with its indentation kept."""
    from tui.render import indent, width

    lead = line[: len(line) - len(line.lstrip())]
    return indent(line, cells - _HANG, lead, f"{lead}{' ' * _HANG}") if width(line) > cells else [line]


def packed(parts: Iterable[str], cells: int) -> list[str]:
    """Put parts side by side, and on a new line what does not fit."""
    from tui.render import width

    lines: list[str] = []
    for part in parts:
        if lines and width(lines[-1]) + len(_BETWEEN) + width(part) <= cells:
            lines[-1] += f"{_BETWEEN}{part}"
        else:
            lines.append(part)
    return lines


def complain(sentence: str, details: dict[str, Any], as_json: bool) -> None:
    """Tell an error on stderr; with JSON also as an object on stdout."""
    if as_json:
        content = {"schema": "amlkeys.error/1", "error": details}
        _write("stdout", msgspec.json.encode(content).decode() + "\n")
    lines = (part for line in sentence.splitlines() for part in between_words(line, _columns(sys.stderr)))
    _write("stderr", "".join(f"{line}\n" for line in lines))


def _write(name: str, text: str) -> None:
    """Write and flush; a reader that is gone turns the stream into nothing, for the work must go on."""
    with _lock:
        stream: TextIO = getattr(sys, name)
        try:
            stream.write(text)
            stream.flush()
        except (OSError, ValueError):
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - lives as long as the process


def _columns(stream: TextIO) -> int:
    """How wide a line may be: as the terminal is, or as it likes."""
    return shutil.get_terminal_size((80, 24)).columns if _is_terminal(stream) else _UNLIMITED


def _is_terminal(stream: TextIO) -> bool:
    """Tell whether people look at the stream."""
    try:
        return stream.isatty()
    except ValueError:
        return False


def settled(stream: TextIO, *, as_json: bool) -> bool:
    """Let a stream take every character (what the terminal lacks as `?`), and tell whether it shows our symbols.

    JSON is UTF-8 wherever it goes; a file or a pipe keeps the encoding that Python gave it.
    """
    if isinstance(stream, io.TextIOWrapper):
        terminal = encoding(os.environ) if _is_terminal(stream) else stream.encoding
        stream.reconfigure(encoding="utf-8" if as_json else terminal, errors=FOREIGN)
    written = (getattr(stream, "encoding", None) or "utf-8").lower().replace("-", "")
    return written.startswith("utf8") and symbols(os.environ)

"""A runbook as it is shown and recorded: the steps, the present one in full, what was found, and what is behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from tui.dialogs.ask import Pick, PickDialog
from tui.dialogs.failure import Failure
from tui.render import clean, stamp
from tui.runbook import Runbook, RunbookError, Step, read
from tui.runbook_journal import Record, Sitting
from tui.runbook_text import DONE, HALTED, halted, live_lines, present_step, step_lines, step_rows
from tui.screens.base import ConsoleScreen
from tui.screens.runbooks import last_time
from tui.telling import short_name as called
from tui.widgets.text_pane import TextPane
from tui.widgets.virtual_table import TableColumn, VirtualTable

if TYPE_CHECKING:
    from actions.guard.contract import Inspection
    from tui.screens.walk import WalkScreen
    from tui.session import Connected

SIDE_BY_SIDE = 110
"""Cells from which steps and text stand beside each other."""
Kept = tuple[Sitting | None, datetime]


class RunbookView(ConsoleScreen[None]):
    """A runbook on a target, its record read and written as on the command line; a subclass does the steps."""

    DEFAULT_CSS = """
    RunbookView {
        & > #book { height: 1fr; layout: vertical; }
        & > #book > VirtualTable { height: 40%; }
        & > #book > TextPane { height: 1fr; border-top: solid $surface-lighten-2; }
        & > #book.-wide { layout: horizontal; }
        & > #book.-wide > VirtualTable { width: 45%; height: 1fr; }
        & > #book.-wide > TextPane { width: 1fr; border-top: none; border-left: solid $surface-lighten-2; }
    }
    """

    def __init__(self, path: Path, target: str) -> None:
        super().__init__()
        self._path, self._target = path, target
        self.crumbs = ("workspaces", called(target), "runbook", path.stem)
        self._book: Runbook | None = None
        self._sitting: Sitting | None = None
        self._now: datetime | None = None
        self._seen: tuple[str, Inspection] | None = None
        self._walk: WalkScreen | None = None
        self._run = ""

    # Layout

    def compose_body(self) -> ComposeResult:
        """Steps, and the text beside or below them."""
        with Container(id="book"):
            yield VirtualTable(
                (TableColumn("", 2), TableColumn("step", 20), TableColumn("came out", 10), TableColumn("at", 9)),
                ascii_only=self.ascii_only,
                opens=False,
                id="steps",
            )
            yield TextPane(id="text")

    def on_resize(self, event: events.Resize) -> None:
        """Side by side where there is room."""
        self.query_one("#book").set_class(event.size.width >= SIDE_BY_SIDE, "-wide")

    @property
    def subject(self) -> str:
        """The target's id, to be copied."""
        return self._target

    @property
    def table(self) -> VirtualTable:
        """The steps."""
        return self.query_one("#steps", VirtualTable)

    def on_mount(self) -> None:
        """Read the file and the journal; a half-done one is offered."""
        self.table.focus()
        if self._read_file():
            self._draw()
            self._ask_journal(self._offered)

    def _read_file(self) -> bool:
        try:
            self._book = read(self._path)
        except OSError as error:
            self._unusable(f"{self._path} cannot be read: {error.strerror}.")
        except RunbookError as error:
            self._unusable(f"{error}.")
        else:
            return True
        return False

    def _unusable(self, sentence: str) -> None:
        self._book = None
        self.show_failure(Failure(clean(sentence), "Nothing was done.", "Mend the file, then open the runbook again."))

    def _draw(self, *, follow: bool = True) -> None:
        """Show the steps and the text of the one under the cursor; `follow` puts the cursor on the present one."""
        book = self._book
        if book is None:
            return
        self.table.set_rows(step_rows(book, self._sitting))
        present = present_step(book, self._sitting)
        if follow and present is not None:
            self.table.move_to(str(present.number))
        self._tell()
        self.refresh_bindings()

    def _tell(self) -> None:
        book, row = self._book, self.table.row
        shown = book.step(int(row.key)) if book is not None and row is not None else None
        if book is None or shown is None:
            return
        sitting, now, seen, target = self._sitting, self._now, self._seen, self._target

        def lines(cells: int) -> list[str]:
            told = step_lines(book, shown, sitting, target, now, cells)
            return told + live_lines(book, sitting, seen, cells, ascii_only=self.ascii_only)

        self.query_one("#text", TextPane).show(lines)

    def on_virtual_table_moved(self) -> None:
        """Tell the step under the cursor."""
        self._tell()

    # The record

    def _ask_journal(self, then: Callable[[Kept], None]) -> None:
        """Read what is half done here, and the cloud's time."""
        book, target = self._book, self._target
        if book is None:
            return

        async def look_it_up(connected: Connected) -> Kept:
            record = Record(connected.journal, connected.engine.operator)
            return record.half_done(book.name, target), connected.cloud.now()

        self.ask("reading the journal", look_it_up, then)

    def _offered(self, kept: Kept) -> None:
        """Ask whether a half-done one is taken up."""
        found, self._now = kept
        self.status.say()
        self._tell()
        if found is None:
            return
        who = f"at step {found.step}, last touched {stamp(last_time(found))}, begun by {clean(found.by)}"
        picks = [Pick("on", "take it up", who), Pick("anew", "begin anew", "the half-done one stays in the journal")]

        def chosen(pick: str | None) -> None:
            if pick is None:
                self.dismiss()
            elif pick == "on":
                self._sitting = found
                self._draw()

        self.app.push_screen(PickDialog("It is half done", picks, "on"), chosen)

    def _write(self, work: Callable[[Record, datetime], Sitting]) -> None:
        """Write to the record and show what it says then."""

        async def write(connected: Connected) -> Kept:
            now = connected.cloud.now()
            return work(Record(connected.journal, connected.engine.operator), now), now

        self.ask("writing the record", write, self._written)

    def _written(self, kept: Kept) -> None:
        self._sitting, self._now = kept
        self.status.say()
        if self._sitting is not None and self._sitting.state == "done":
            self.status.say(DONE)
        elif self._sitting is not None and self._sitting.state == "stopped" and halted(self._sitting):
            self.status.say(HALTED)
        self._draw()

    def _behind(self, step: Step, outcome: str, to: int = 0, run: str = "", **values: str) -> None:
        """Record a step's end and where it leads; `to` is 0 for the next one, -1 for a stop."""
        book, sitting = self._book, self._sitting
        if book is None or sitting is None:
            return
        place = to or book.after(step.number)
        more = {"run": run} if run else {}
        self._write(lambda record, now: record.step(sitting, step.number, outcome, place, now, values=values, **more))

    @property
    def present(self) -> Step | None:
        """The step that is next."""
        return present_step(self._book, self._sitting) if self._book is not None else None

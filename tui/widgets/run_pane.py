"""A run as a timeline: every step with its times and proof, what is being waited for and why, and how long it lasts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import Static

from actions.guard.model import WaitKind
from actions.guard.text import after, many
from tui.render import clip, clock_on, drawn, duration, indent, mark, moment, told
from tui.spark import gauge, percent, stretch
from tui.widgets.lines import put, room
from tui.widgets.rows import TableRow
from tui.widgets.run_view import RunView, StepView, WaitView
from tui.widgets.virtual_table import TableColumn, VirtualTable

_FOOT_LINES = 7
_GAUGE = 24
_WHEN = 16
_MOMENT = 2
"""Seconds after which a step that still runs is worth a line."""
_ENDS = {
    WaitKind.CONDITION: "it holds",
    WaitKind.PERSON: "somebody resumes the run",
}


def took(step: StepView) -> str:
    """How long a step lasted; empty while it runs or when it never started."""
    began, ended = moment(step.started), moment(step.ended)
    return duration((ended - began).total_seconds()) if began and ended else ""


def _when(view: RunView, step: StepView, first: datetime | None, last: datetime | None) -> str:
    """Where in the run so far a step stands; a wait is drawn lighter than work."""
    began, ended = moment(step.started), moment(step.ended)
    whole = (last - first).total_seconds() if first and last else 0.0
    if not began or not first or whole < 1:
        return ""
    planned = next((each for each in view.plan.body.steps if each.id == step.id), None)
    waits = planned is not None and planned.request is None and planned.wait is not None
    end = (ended - first).total_seconds() / whole if ended else 1.0
    return stretch((began - first).total_seconds() / whole, end, _WHEN, waits=waits)


def _at(view: RunView, when: str, day: str) -> str:
    """A time of a run; that of a twin is told as what had passed since the run began."""
    return after(view.twin_began, when) or clock_on(when, day)


def timeline_rows(view: RunView, *, ascii_only: bool = False) -> list[TableRow]:
    """One row a step."""
    first = moment(view.started)
    last = moment(max([view.at, *(step.ended for step in view.steps)]))
    return [
        TableRow(
            step.id,
            step.state,
            (
                str(number),
                step.title + (f" (try {step.attempt})" if step.attempt > 1 else ""),
                _at(view, step.started, view.started) if step.started else "",
                took(step),
                drawn(_when(view, step, first, last), ascii_only=ascii_only),
                step.sentence,
            ),
        )
        for number, step in enumerate(view.steps, 1)
    ]


def headline(view: RunView, now: str, *, ascii_only: bool) -> str:
    """Where the run stands and how long it has been going."""
    done = f"{view.finished_steps} of {many(len(view.steps), 'step')}"
    return (
        f"{told(view.state, ascii_only=ascii_only)}   {done}   elapsed {duration(view.elapsed(now))}   run {view.run}"
    )


def wait_lines(wait: WaitView, now: str, cells: int, *, began: str = "", ascii_only: bool) -> list[str]:
    """What is waited for: since when, until when, how much of it is over, what ends it, and why.

    `began` is when the time of a dry run's twin began, which is told as what had passed since.
    """
    until, at = moment(wait.until), moment(now)
    bound = f" until {after(began, wait.until) or clock_on(wait.until, now)}" if until else ""
    ends = f"; it ends when {_ENDS[wait.kind]}" if wait.kind in _ENDS else ""
    since = after(began, wait.since) or clock_on(wait.since, now)
    text = f"Waiting since {since}{bound}{' at most' if bound and ends else ''}{ends}"
    lines = indent(text, cells, f"{mark('waiting', ascii_only=ascii_only)} ")
    share = wait.share(now)
    if share is not None and until and at:
        left = duration((until - at).total_seconds())
        lines.append(f"  {gauge(share, _GAUGE, ascii_only=ascii_only)} {percent(share)}, {left} left")
    return [*lines, *indent(f"why: {wait.reason}", cells, "  ")]


def foot_lines(view: RunView, now: str, cells: int, *, ascii_only: bool) -> list[str]:
    """What is waited for, throttling while it lasts, how long the step has been running, the last remark, or the end."""
    lines: list[str] = []
    now = max(now, view.at)
    waits = f"{mark('waiting', ascii_only=ascii_only)} "
    if view.wait is not None:
        lines += wait_lines(view.wait, now, cells, began=view.twin_began, ascii_only=ascii_only)
    slow = view.throttle.told(now) if view.throttle and not view.over else ""
    if slow:
        lines += indent(slow, cells, waits)
    if view.over:
        return [*lines, *indent(view.sentence, cells, f"{mark(view.state, ascii_only=ascii_only)} ")]
    if view.wait is None:
        lines += _under_way(view, now, cells, ascii_only=ascii_only)
    step = view.step(view.current)
    said_at, said = view.said[-1] if view.said else ("", "")
    if said and step and said_at >= step.started:
        lines += indent(said, cells, f"{_at(view, said_at, now)} ")
    return lines


def _under_way(view: RunView, now: str, cells: int, *, ascii_only: bool) -> list[str]:
    """Since when the present step runs, once it takes longer than a moment."""
    step = view.step(view.current)
    began, at = (moment(step.started), moment(now)) if step else (None, None)
    passed = (at - began).total_seconds() if began and at else 0.0
    if step is None or passed < _MOMENT:
        return []
    number = view.steps.index(step) + 1
    text = f"Step {number} since {_at(view, step.started, now)}, for {duration(passed)}"
    return indent(text, cells, f"{mark('running', ascii_only=ascii_only)} ")


class RunPane(Vertical):
    """Draws a run; a step that changes repaints one line."""

    DEFAULT_CSS = """
    RunPane {
        height: 1fr;
        & > #run-head { height: 1; padding: 0 1; }
        & > #run-twin { height: 1; padding: 0 1; display: none; }
        & > #run-steps { height: 1fr; }
        & > #run-foot { height: auto; max-height: 8; padding: 0 1; border-top: solid $surface-lighten-2; }
    }
    """

    def __init__(self, now: Callable[[], str], *, ascii_only: bool, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._now, self._ascii = now, ascii_only
        self._view: RunView | None = None
        self._ticks: Timer | None = None

    def compose(self) -> ComposeResult:
        """State, steps, what goes on."""
        yield Static("starting ...", id="run-head")
        yield Static(id="run-twin")
        yield VirtualTable(
            (
                TableColumn("#", 2, right=True),
                TableColumn("step", 24),
                TableColumn("began", 9),
                TableColumn("took", 5, right=True),
                TableColumn("when", _WHEN, from_width=110),
                TableColumn("proof", 12),
            ),
            ascii_only=self._ascii,
            opens=False,
            id="run-steps",
        )
        yield Static(id="run-foot")

    @property
    def table(self) -> VirtualTable:
        """The steps."""
        return self.query_one("#run-steps", VirtualTable)

    @property
    def view(self) -> RunView | None:
        """What is drawn."""
        return self._view

    def show(self, view: RunView) -> None:
        """Draw a run, or what changed of it; the cursor follows the step that runs."""
        before, self._view = self._view, view
        rows = timeline_rows(view, ascii_only=self._ascii)
        if before is None or [step.id for step in before.steps] != [step.id for step in view.steps]:
            self.table.set_rows(rows)
        else:
            for row in rows:
                self.table.replace(row)
        if view.current and (before is None or before.current != view.current):
            self.table.move_to(view.current)
        self._draw()
        self._tick_while_running()

    def _tick_while_running(self) -> None:
        """Count the seconds of a run that goes on, and of no other."""
        going = self._view is not None and not self._view.over
        if going and self._ticks is None:
            self._ticks = self.set_interval(1, self._draw)
        elif not going and self._ticks is not None:
            self._ticks.stop()
            self._ticks = None

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        """Nothing else follows the cursor."""
        message.stop()

    def on_resize(self) -> None:
        """Lay out for the new size."""
        self._draw()

    def _draw(self) -> None:
        cells = room(self) - 2
        if self._view is None or cells <= 0:
            return
        now = "" if self._view.over else self._now()
        head = clip(headline(self._view, now, ascii_only=self._ascii), cells, ascii_only=self._ascii)
        self._put("#run-head", head)
        self._put("#run-twin", clip(self._view.twin, cells, ascii_only=self._ascii))
        self.query_one("#run-twin").display = bool(self._view.twin)
        lines = foot_lines(self._view, now, cells, ascii_only=self._ascii)[:_FOOT_LINES]
        self._put("#run-foot", "\n".join(lines))
        self.query_one("#run-foot").display = bool(lines)

    def _put(self, where: str, text: str) -> None:
        put(self.query_one(where, Static), Text(text, no_wrap=True))

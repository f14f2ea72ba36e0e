"""A plan to approve: its goal, every step in a row, and all about the step under the cursor."""

from __future__ import annotations

from rich.text import Text
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import Static

from actions.guard.model import Plan, Step
from actions.guard.preflight import Preflight
from tui.render import clean, clip, duration, indent, look, told
from tui.telling import preflight_lines
from tui.widgets.lines import change, put, room
from tui.widgets.rows import TableRow
from tui.widgets.virtual_table import TableColumn, VirtualTable

_DETAIL_LINES = 6
_HEAD_LINES = 5
_AROUND = 5
"""Lines of a walk around its plan: the banner's two, the stages, the remarks and the keys."""


def steps_of(plan: Plan) -> tuple[Step, ...]:
    """All steps that are approved together, the contingent ones last."""
    return (*plan.body.steps, *plan.body.contingent)


def plan_rows(plan: Plan) -> list[TableRow]:
    """One row a step; a wait shows as waiting, a change by its risk."""
    rows: list[TableRow] = []
    for number, step in enumerate(steps_of(plan), 1):
        contingent = number > len(plan.body.steps)
        state = "waiting" if step.request is None and step.wait is not None else step.risk.value
        undo = "" if step.request is None else "yes" if step.undo else "no"
        title = f"if needed: {clean(step.title)}" if contingent else clean(step.title)
        cells = ("" if contingent else str(number), title, clean(step.breaks), undo, clean(step.proof))
        rows.append(TableRow(step.id, state, cells))
    return rows


def short_path(path: str) -> str:
    """The last three segments of a path, which tell the resource and the operation."""
    parts = clean(path).strip("/").split("/")
    return path if len(parts) <= 3 else ".../" + "/".join(parts[-3:])


def permission_words(step: Step, preflight: Preflight) -> str:
    """Say whether the signed-in user holds the permission that a step needs."""
    if step.request is None:
        return ""
    wanted = (step.request.permission, step.request.scope)
    for item in preflight.missing:
        if (item.action, item.scope) == wanted:
            return "not known whether you have it" if item.unknown else f"you lack it; {item.role} grants it"
    return "you have it" if wanted in preflight.checked else "not checked"


def step_brief(step: Step, number: int, preflight: Preflight, cells: int) -> list[str]:
    """All about a step in a few lines: what it asks of Azure, what it needs, breaks, how it is undone and proven."""
    head = f"Step {number} "
    lines: list[str] = []
    if step.request is not None:
        request = step.request
        asks = f"{request.method} {short_path(request.path)}  {request.api_version}"
        lines += indent(asks, cells, f"{head}asks ")
        if request.permission:
            permission = f"{request.permission}   {permission_words(step, preflight)}"
            lines += indent(permission, cells, f"{'':{len(head)}}needs ")
    elif step.wait is not None:
        bound = f" for {duration(step.wait.seconds)}" if step.wait.seconds else ""
        lines += indent(f"{step.wait.kind}{bound}: {clean(step.wait.reason)}", cells, f"{head}waits ")
    for label, value in (("breaks", step.breaks), ("undo", step.undo), ("proof", step.proof)):
        if value or (label == "undo" and step.request is not None):
            lines += indent(clean(value) or "cannot be undone", cells, f"{'':{len(head)}}{label:<6} ")
    return lines


def gap_sentences(plan: Plan) -> list[str]:
    """Announce each holder that will be without a live key, once, with the longest time that is known."""
    longest: dict[str, float] = {}
    for gap in plan.body.gaps:
        longest[gap.holder] = max(gap.seconds, longest.get(gap.holder, 0))
    return [
        f"Announced gap: {clean(holder)}, no live key for {f'about {duration(seconds)}' if seconds else 'an unknown time'}."
        for holder, seconds in longest.items()
    ]


def plan_head(plan: Plan, preflight: Preflight, cells: int, *, try_anyway: bool, ascii_only: bool) -> list[str]:
    """The goal, what the plan came to, what it interrupts, and what stands in its way."""
    body = plan.body
    lines = indent(clean(plan.goal_text), cells, "Goal: ", "  ")
    risk = f", {look(plan.risk).word}" if body.steps else ""
    lines += indent(f"{told(body.outcome, ascii_only=ascii_only)}{risk}: {clean(body.summary)}", cells - 2, "", "  ")
    lines += [line for reason in body.reasons for line in indent(clean(reason), cells, "  - ")]
    lines += [line for text in gap_sentences(plan) for line in indent(text, cells, "  ! ")]
    if not preflight.ok:
        lines += [line for line in preflight_lines(preflight, cells, ascii_only=ascii_only) if line]
        if preflight.missing:
            lines.append("  Trying anyway." if try_anyway else "  t tries anyway")
    return lines


class PlanPane(Vertical):
    """Draws a plan; the table has the focus."""

    DEFAULT_CSS = """
    PlanPane {
        height: 1fr;
        & > #plan-head { height: auto; max-height: 8; padding: 0 1; }
        & > #plan-steps { height: 1fr; min-height: 4; }
        & > #plan-step { height: auto; max-height: 7; padding: 0 1; border-top: solid $surface-lighten-2; }
    }
    """

    def __init__(self, *, ascii_only: bool, id: str) -> None:  # noqa: A002 - Textual's name
        super().__init__(id=id)
        self._ascii = ascii_only
        self._plan: Plan | None = None
        self._preflight = Preflight()
        self._try_anyway = False

    def compose(self) -> ComposeResult:
        """Goal, steps, details."""
        yield Static(id="plan-head")
        yield VirtualTable(
            (
                TableColumn("#", 2, right=True),
                TableColumn("step", 30),
                TableColumn("breaks", 14),
                TableColumn("undo", 4),
                TableColumn("proof", 14),
            ),
            placeholder="There are no steps.",
            ascii_only=self._ascii,
            opens=False,
            id="plan-steps",
        )
        yield Static(id="plan-step")

    @property
    def table(self) -> VirtualTable:
        """The steps."""
        return self.query_one("#plan-steps", VirtualTable)

    def show(self, plan: Plan, preflight: Preflight, *, try_anyway: bool) -> None:
        """Show a plan."""
        other = self._plan is None or self._plan.digest() != plan.digest()
        self._plan, self._preflight, self._try_anyway = plan, preflight, try_anyway
        self.table.set_rows(plan_rows(plan))
        if other:
            self.table.action_jump(0)
        self._draw()

    @property
    def step(self) -> tuple[int, Step] | None:
        """The step under the cursor with its number."""
        row = self.table.row
        if self._plan is None or row is None:
            return None
        return next((n, step) for n, step in enumerate(steps_of(self._plan), 1) if step.id == row.key)

    def on_virtual_table_moved(self, message: VirtualTable.Moved) -> None:
        """Show another step's details."""
        message.stop()
        self._draw_step()

    def on_resize(self) -> None:
        """Lay out for the new size."""
        self._draw()

    @property
    def _cells(self) -> int:
        """The cells for text, one left free on both sides."""
        return room(self) - 2

    def _draw(self) -> None:
        cells = self._cells
        if self._plan is None or cells <= 0:
            return
        lines = plan_head(self._plan, self._preflight, cells, try_anyway=self._try_anyway, ascii_only=self._ascii)
        most = _HEAD_LINES if (self.size.height or self.app.size.height - _AROUND) <= 20 else 8
        if len(lines) > most:
            lines = [*lines[: most - 1], f"  ... {len(lines) - most + 1} more lines: press d"]
        change(self.query_one("#plan-head", Static), Text("\n".join(lines), no_wrap=True))
        self._draw_step()

    def _draw_step(self) -> None:
        found, cells = self.step, self._cells
        pane = self.query_one("#plan-step", Static)
        pane.display = found is not None
        if found is not None and cells > 0:
            number, step = found
            lines = step_brief(step, number, self._preflight, cells)
            shown = [clip(line, cells, ascii_only=self._ascii) for line in lines[:_DETAIL_LINES]]
            put(pane, Text("\n".join(shown), no_wrap=True))

"""What can be done with a run that has a record: resume, stop, note, export; shared by the walk and the run's screen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from textual.binding import Binding, BindingType

from actions.guard.attending import awaited
from actions.guard.contract import HandsOver
from actions.guard.model import RunState
from actions.registry import entry
from tui.dialogs.ask import BESIDE_TEXT, AskDialog, Pick, PickDialog, TextDialog
from tui.render import clean
from tui.screens.base import ConsoleScreen

if TYPE_CHECKING:
    from actions.guard.history import RunHistory
    from tui.session import Connected

REQUEST_ID = "request id"
"""The name under which the evidence of a step holds Azure's id of its request."""
RESUMABLE = frozenset({RunState.STOPPED, RunState.WAITING, RunState.FAILED, RunState.NEEDS_DECISION})
FORMATS = (
    Pick("md", "Markdown", "to read and to paste"),
    Pick("html", "HTML", "one self-contained page"),
    Pick("json", "JSON", "amlkeys.report/1, for programs"),
)


def write_report(history: RunHistory, form: str, place: Path) -> None:
    """Write a run's report for its operator's eyes only (0600); a file that is there already is not replaced."""
    import os

    from actions.guard import report

    makers: dict[str, Callable[[RunHistory], str | bytes]] = {
        "md": report.as_markdown,
        "html": report.as_html,
        "json": report.as_json,
    }
    made = makers[form](history)
    content = made if isinstance(made, bytes) else made.encode()
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


class Taking(NamedTuple):
    """One thing of a run to copy: how it is picked, and its text."""

    pick: Pick
    text: str


def takings(history: RunHistory, way: str = "") -> tuple[Taking, ...]:
    """What of a run can be copied: its id, its report, Azure's id of each request, its steps as `az` commands, and the
    command that goes on with it (`way`)."""
    from actions.guard.report import as_markdown

    found = [
        Taking(Pick("run", "run id", history.id), history.id),
        Taking(Pick("report", "report", "the whole run as Markdown"), as_markdown(history)),
    ]
    if way:
        found.append(Taking(Pick("way", "command", "the amlkeys command that goes on with it"), way))
    commands = [clean(step.az) for step in history.plan.body.steps if step.az]
    if commands:
        meaning = f"{len(commands)} steps as az commands"
        found.append(Taking(Pick("az", "az commands", meaning), "\n\n".join(commands)))
    for step in history.steps:
        request = clean(step.evidence.get(REQUEST_ID, ""))
        if request:
            found.append(Taking(Pick(step.id, "request id", f"{request}, {clean(step.title)}"), request))
    return tuple(found)


class RecordedScreen(ConsoleScreen[None]):
    """A screen about one run; `run_id` is empty while there is none, `history` what its journal says."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop_run", "stop between steps", id="run.stop"),
        Binding("u", "resume_run", "resume", id="run.resume"),
        Binding("h", "hand_over", "hand over", id="run.hand-over"),
        Binding("e", "export", "export report", id="run.export"),
        Binding("w", "changes", "what changed", id="run.changes"),
        Binding("c", "copy", "copy", id="run.copy"),
        Binding("n", "note", "note", id="run.note"),
    ]
    run_id: str = ""
    history: RunHistory | None = None

    @property
    def subject(self) -> str:
        """The run's id, to be copied."""
        return self.run_id

    @property
    def at_work(self) -> bool:
        """Whether the run goes on in this console."""
        view = self.console.board.views.get(self.run_id)
        return view is not None and not view.over

    @property
    def hands_over(self) -> bool:
        """Whether the run waits for a person to hand something over that its action can tell about."""
        run = self.history
        return run is not None and awaited(run) is not None and isinstance(entry(run.plan.action).load(), HandsOver)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer only what the run's state allows."""
        halted = self.history is not None and not self.at_work
        possible = {
            "stop_run": self.at_work,
            "resume_run": halted and self.history is not None and self.history.state in RESUMABLE,
            "hand_over": halted and self.hands_over,
            "export": halted,
            "changes": halted,
            "copy": halted,
            "note": bool(self.run_id) and not self.at_work,
        }
        return possible.get(action, True)

    def read_history(self) -> None:
        """Read what the journal says of the run."""
        run_id = self.run_id

        async def read(connected: Connected) -> RunHistory:
            return connected.journal.run(run_id)

        self.ask("reading the journal", read, self._read)

    def _read(self, history: RunHistory) -> None:
        self.history, self.about = history, history.plan.target
        self.status.say()
        self.history_came(history)
        self.refresh_bindings()

    def history_came(self, history: RunHistory) -> None:
        """Show what the journal says."""

    def action_stop_run(self) -> None:
        """Ask the run to stop after its present step."""
        run_id = self.run_id

        async def stop(connected: Connected) -> str:
            return connected.engine.stop(run_id)

        self.ask("asking the run to stop", stop, self.status.say)

    def action_resume_run(self) -> None:
        """Look again and show what resuming would do; nothing is changed before it is confirmed."""
        if self.history is not None:
            self.console.resume_walk(self.history)

    def action_hand_over(self) -> None:
        """Show what the run waits for a person to do."""
        self.console.hand_over(self.run_id)

    def action_changes(self) -> None:
        """Show what the run's last look found different from its first."""
        from tui.difference import difference_lines

        if self.history is not None:
            lines = difference_lines(self.history, self.size.width - BESIDE_TEXT, ascii_only=self.ascii_only)
            self.app.push_screen(TextDialog("What is different after the run", lines))

    def action_copy(self) -> None:
        """Choose what of the run to copy."""
        if self.history is not None:
            from tui.going_on import resume_command

            way = resume_command(self.history, self.console.session) if self.history.state in RESUMABLE else ""
            found = {taking.pick.id: taking for taking in takings(self.history, way)}
            picks = [taking.pick for taking in found.values()]
            self.app.push_screen(PickDialog("What to copy", picks), lambda picked: self._copy(found.get(picked or "")))

    def _copy(self, taking: Taking | None) -> None:
        if taking is not None:
            self.status.say(self.console.copy_as(taking.text, f"the {taking.pick.name}"))

    def action_note(self) -> None:
        """Leave a remark with the run."""
        self.app.push_screen(AskDialog(f"A note for run {self.run_id}", "note"), self._noted)

    def _noted(self, text: str | None) -> None:
        if not text:
            return
        run_id = self.run_id

        async def note(connected: Connected) -> None:
            connected.engine.note(run_id, text)

        self.ask("writing the note", note, lambda _none: self.read_history())

    def action_export(self) -> None:
        """Choose the report's format."""
        self.app.push_screen(PickDialog("Export the report as", FORMATS), self._format)

    def _format(self, form: str | None) -> None:
        if form is None:
            return
        name = f"amlkeys-{self.run_id}.{form}"
        dialog = AskDialog("Where to write the report", "file", name, hint="readable by you alone")
        self.app.push_screen(dialog, lambda place: self._export(form, place))

    def _export(self, form: str, place: str | None) -> None:
        if not place or self.history is None:
            return
        path = Path(place).expanduser()
        try:
            write_report(self.history, form, path)
        except OSError as error:
            self.fail(error)
            return
        self.status.say(f"Wrote {clean(str(path))}.")

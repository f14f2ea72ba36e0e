"""A run that waits for a person: what the clients are to be told, how they fare, the notes, and going on."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from actions.guard.attending import awaited, brief, fares, reveal
from actions.guard.model import Mode
from tui.dialogs.failure import told as failure
from tui.dialogs.reveal import RevealDialog
from tui.render import clean, drawn, indent, stamp
from tui.screens.recorded import RecordedScreen
from tui.screens.reveal import SECONDS, RevealScreen
from tui.widgets.text_pane import TextPane

if TYPE_CHECKING:
    from actions.guard.history import RunHistory
    from actions.guard.model import Step
    from actions.guard.secret import Secret
    from tui.session import Connected


def hand_over_lines(run: RunHistory, told: tuple[str, ...], cells: int, *, ascii_only: bool = False) -> list[str]:
    """Lay out what a person who takes a run up needs: since when it waits, what to tell whom, who left which note."""
    found = awaited(run)
    since = f" since {stamp(found[1])}" if found else ""
    lines = indent(f"{clean(found[0].title) if found else clean(run.sentence)}{since}", cells, "")
    lines += ["", "For those who own the clients"] if told else []
    for line in told:
        lines += indent(drawn(clean(line), ascii_only=ascii_only), cells, "  ")
    lines += ["", "Notes"]
    if not run.notes:
        lines += indent("none yet; n leaves one for whoever takes this up", cells, "  ")
    for note in run.notes:
        lines += indent(f"{stamp(note.at)} {clean(note.by)}: {clean(note.text)}", cells, "  ")
    began = run.legs[0].operator if run.legs else None
    told_by = f"{run.id}, begun {stamp(run.started)} by {clean(began.name) if began else '?'}"
    return [*lines, "", "Run", *indent(told_by, cells, "  ")]


MINUTE = 60.0
"""Seconds after which Azure's counts of requests can be others: they come by the minute."""


class HandOverScreen(RecordedScreen):
    """One hand-over, whose clients' requests are followed; going on says that every client has been moved."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("v", "reveal", "show the key", id="hand-over.reveal"),
        Binding("f5", "again", "refresh", id="refresh"),
    ]

    def __init__(self, run_id: str) -> None:
        super().__init__()
        self.run_id = run_id
        self.crumbs = ("workspaces", "runs", run_id, "hand over")
        self._told: tuple[str, ...] = ()

    def compose_body(self) -> ComposeResult:
        """One text."""
        yield TextPane(id="hand-over")

    def on_mount(self) -> None:
        """Read the journal, then how the clients fare."""
        self.query_one(TextPane).focus()
        self.read_history()
        self.set_interval(max(MINUTE, self.console.session.config.fleet.refresh), self.follow)

    def follow(self) -> None:
        """Read how the clients fare now, behind what is shown, while somebody looks; no secret is read for it."""
        if self.app.screen is not self or not self.app.app_focus or not self._told or self._asked:
            return
        run_id = self.run_id

        async def read(connected: Connected) -> str:
            return await fares(connected.engine, run_id)

        def came(told: str) -> None:
            self._told = (*self._told[:-1], told)
            self._draw(from_top=False)

        self.ask("", read, came, lambda error: self.status.say(f"Not read anew: {failure(error).happened}"))

    def on_screen_resume(self) -> None:
        """Read anew on the way back."""
        if self.history is not None:
            self.read_history()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Showing a key can be forbidden altogether; what the record holds is on the run's own screen."""
        if action in {"hand_over", "changes", "copy"}:
            return False
        if action == "reveal":
            return self.console.session.config.reveal.allowed and self._step is not None
        return super().check_action(action, parameters)

    @property
    def _step(self) -> Step | None:
        found = awaited(self.history) if self.history is not None else None
        return found[0] if found else None

    def action_again(self) -> None:
        """Look how the clients fare now."""
        self.read_history()

    def history_came(self, history: RunHistory) -> None:
        """Show the record at once, then what is read from Azure."""
        self._draw()
        if self._step is None:
            return
        run_id = self.run_id

        async def read(connected: Connected) -> tuple[str, ...]:
            return await brief(connected.engine, run_id)

        self.ask("reading the keys' fingerprints and the endpoint's requests", read, self._briefed)

    def _briefed(self, told: tuple[str, ...]) -> None:
        self._told = told
        self.status.say("u goes on: it says that every client was moved")
        self._draw()

    def _draw(self, *, from_top: bool = True) -> None:
        run = self.history
        if run is not None:
            self.query_one(TextPane).show(
                lambda cells: hand_over_lines(run, self._told, cells, ascii_only=self.ascii_only), from_top=from_top
            )

    def action_reveal(self) -> None:
        """Ask before the key is shown; only a session in live mode may."""
        step = self._step
        if step is None:
            return
        if self.console.standing.mode is not Mode.LIVE:
            self.status.say("A key is shown in live mode only: m arms it.")
            return
        name = step.subject.rpartition("/")[2]
        place = self.console.standing.place
        dialog = RevealDialog(name, step.arguments.get("to", ""), place=place, seconds=SECONDS)
        self.app.push_screen(dialog, lambda yes: self._reveal(step, name) if yes else None)

    def _reveal(self, step: Step, name: str) -> None:
        run_id = self.run_id

        async def read(connected: Connected) -> Secret:
            return await reveal(connected.engine, run_id)

        def show(secret: Secret) -> None:
            self.status.say()
            self.app.push_screen(RevealScreen(secret, f"The {step.arguments.get('to', '')} key of {name}"))

        self.ask("reading the key", read, show)

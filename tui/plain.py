"""The plain walk: the same way from the fleet to a report, as numbered questions on lines; for any terminal and reader.

Nothing is drawn over. Whatever is chosen by number cannot change Azure; that takes the typed name, and the slot.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from actions.guard.model import Mode, Outcome, RunState
from actions.guard.results import RunResult
from tui.commands.attending import Attendance, attach, finish
from tui.commands.failures import DONE, failure_of
from tui.commands.flags import action_options, given_options
from tui.commands.output import Output
from tui.render import clean, look, wrap
from tui.settings import Settings

if TYPE_CHECKING:
    from actions.guard.confirm import Confirmation
    from actions.guard.events import Paused
    from actions.guard.model import Plan
    from actions.guard.results import Planned
    from actions.workspaces import WorkspaceRow
    from tui.session import Connected, Session

Ask = Callable[[str], str]
_ANSWER = 12
"""Cells that a question leaves in its last line for the answer."""


class Leave(Exception):
    """The operator wants to leave, or the input has ended."""


def walk(settings: Settings, ask: Ask = input) -> int:
    """Open a session and walk until the operator leaves; return the exit code."""
    from tui.session import open_session

    session = open_session(settings)
    out = Output(settings, ascii_only=session.config.appearance.ascii)
    attach(session, out)
    from tui.plain_places import Places

    try:
        Places(session, out, ask).start()
    except (Leave, EOFError, KeyboardInterrupt):
        out.progress("")
    finally:
        session.close()
    return DONE


class Walk:
    """One sitting: fleet, workspace, action, plan, confirmation, run."""

    elsewhere = ""
    """What the question for a workspace says of places that are none."""

    def __init__(self, session: Session, out: Output, ask: Ask) -> None:
        self._session, self._out, self._ask = session, out, ask
        self._listed = False

    def start(self) -> None:
        """List what there is and follow the operator's choices, again and again."""
        rows = self._guarded(self._fleet)
        self._out.banner(self._session)
        while rows is not None:
            row = self._choose_workspace(rows)
            action = self._choose_action(row)
            if action:
                self._guarded(lambda row=row, action=action: self._act(row, action))  # type: ignore[misc]

    def _guarded(self, work: Callable[[], Any]) -> Any:
        """Do some work; what goes wrong is told in its sentence, and the walk goes on."""
        try:
            return work()
        except (Leave, EOFError, KeyboardInterrupt):
            raise
        except Exception as error:
            self._out.progress(failure_of(error).sentence)
            return None

    def _question(self, text: str) -> str:
        """Ask for a line; `q` leaves."""
        *lines, last = wrap(clean(text), max(self._out.cells - _ANSWER, _ANSWER))
        self._out.result(lines)
        answer = self._ask(f"{last} ").strip()
        if answer.casefold() in {"q", "quit"}:
            raise Leave
        return answer

    def _pick(self, question: str, choices: Sequence[str], *, back: bool = False) -> int:
        """Number the choices and ask for one; -1 goes back."""
        self._out.result(f"{number:>3}  {clean(choice)}" for number, choice in enumerate(choices, 1))
        while True:
            answer = self._question(f"{question} (1-{len(choices)}{', enter goes back' if back else ''}, q leaves)")
            if back and not answer:
                return -1
            if answer.isdecimal() and 1 <= int(answer) <= len(choices):
                return int(answer) - 1
            self._out.progress("That is none of the numbers.")

    def _fleet(self) -> list[WorkspaceRow]:
        from tui.fleet_lines import visible

        async def read(connected: Connected) -> Any:
            from actions.workspaces import whole_fleet

            return await whole_fleet(connected.cloud, came=self._out.pages(self._session))

        rows, unread = self._session.run(read)
        for sentence in unread:
            self._out.progress(sentence)
        return visible(rows, self._session.config.subscriptions.hidden)

    def _choose_workspace(self, rows: list[WorkspaceRow]) -> WorkspaceRow:
        """Let a part of a name narrow the list down until a number is given; the list is told once, then on request."""
        from tui.fleet_lines import fleet_cells

        shown = rows
        while True:
            for number, row in enumerate(() if self._listed else shown, 1):
                grade = look(row.severity).word if row.severity else "no finding"
                self._out.result([f"{number:>3}  {clean(', '.join((*fleet_cells(row)[:4], grade)))}"])
            again = ", enter for the list" if self._listed else ""
            self._listed = True
            ask = f"Workspace: its number, or a part of a name to search{self.elsewhere}{again} (q leaves):"
            answer = self._question(ask)
            if answer == "0" and self.elsewhere:
                self._guarded(self.go_elsewhere)
                continue
            self._listed = False
            if answer.isdecimal() and 1 <= int(answer) <= len(shown):
                self._listed = True
                return shown[int(answer) - 1]
            found = [row for row in rows if answer.casefold() in row.name.casefold()]
            if not found:
                self._out.progress("No workspace has that in its name.")
            shown = found or rows

    def _choose_action(self, row: WorkspaceRow) -> str:
        """Tell the workspace, and ask what to do with it."""
        from actions.registry import entries
        from tui.describing import workspace_description
        from tui.telling import description_lines, finding_lines

        async def read(connected: Connected) -> Any:
            from actions.cloud.data import ResourceId
            from actions.workspaces import describe

            return await describe(connected.cloud, ResourceId(row.id)), connected.cloud.now()

        found = self._guarded(lambda: self._session.run(read))
        if found is not None:
            view, now = found
            cells, ascii_only = self._out.cells, self._out.ascii_only
            lines = description_lines(workspace_description(view, now), cells, ascii_only=ascii_only)
            self._out.result([*lines, "", *finding_lines(view.findings, cells, ascii_only=ascii_only)])
        known = [entry for entry in entries() if "workspace" in entry.target_kind or entry.of_subscription]
        more = self.pages(row)
        while True:
            chosen = self._pick("What to do", [*(entry.title for entry in known), *more], back=True)
            if chosen < len(known):
                return known[chosen].name if chosen >= 0 else ""
            self._guarded([*more.values()][chosen - len(known)])

    def pages(self, row: WorkspaceRow) -> dict[str, Callable[[], object]]:
        """What can be read of a workspace beside its description, by what it is called."""
        return {}

    def go_elsewhere(self) -> None:
        """Leave the workspaces for another place."""

    def _act(self, row: WorkspaceRow, action: str) -> None:
        """Plan, ask what the plan asks, confirm, run."""
        from actions.registry import entry

        target = f"/subscriptions/{row.subscription}" if entry(action).of_subscription else row.id
        self.carry_out(target, action, self._options(action))

    def carry_out(self, target: str, action: str, options: dict[str, Any]) -> RunResult | None:
        """Plan on a resource id, ask what the plan asks, confirm, run; None where nothing was to be run."""
        planned = self._ready(target, action, options, {})
        if planned is None:
            return None
        if planned.plan.body.outcome is Outcome.READY:
            return self._confirm_and_run(planned)
        if planned.plan.body.outcome is Outcome.NO_CHANGES:
            return RunResult(run="", state=RunState.DONE, sentence=planned.plan.body.summary, exit=DONE)
        return None

    def _ready(self, target: str, action: str, options: dict[str, Any], decided: dict[str, str]) -> Planned | None:
        """Plan, and ask what the plan asks until it asks no more; answers are put into `decided`. None goes back."""
        while True:
            planned = self._plan(target, action, options, decided)
            if planned.plan.body.outcome is not Outcome.NEEDS_DECISION:
                return planned
            for decision in planned.plan.body.decisions:
                texts = [choice.sentence for choice in decision.choices]
                chosen = self._pick(decision.question, texts, back=True)
                if chosen < 0:
                    return None
                answer = decision.choices[chosen]
                words = f":{self._question(f'{answer.words}:')}" if answer.words else ""
                decided[decision.id] = f"{answer.id}{words}"

    def _options(self, action: str) -> dict[str, Any]:
        """Ask for options in the form of the command line."""
        from actions.registry import entry

        command = click.Command("options", params=action_options(entry(action).load().options))
        names = ", ".join(option for param in command.params for option in param.opts)
        while True:
            words = self._question(f"Options, or enter for none ({names}):")
            try:
                with command.make_context("options", shlex.split(words)) as context:
                    return given_options(context.params)
            except (click.ClickException, ValueError) as error:
                self._out.progress(error.format_message() if isinstance(error, click.ClickException) else str(error))

    def _plan(self, target: str, action: str, options: dict[str, Any], decided: dict[str, str]) -> Planned:
        from actions.cloud.data import ResourceId
        from actions.registry import entry
        from tui.telling import plan_lines, preflight_lines

        chosen = entry(action)
        secrets = chosen.load().secret_reads or "It reads no secret."
        self._out.progress(f"Inspecting. {secrets}")
        planned = self._session.run(
            lambda connected: connected.engine.make_plan(action, ResourceId(target), options, decided)
        )
        lines = plan_lines(planned.plan, self._out.cells, ascii_only=self._out.ascii_only)
        lines += preflight_lines(planned.preflight, self._out.cells, ascii_only=self._out.ascii_only)
        self._out.result(lines)
        return planned

    def _confirm_and_run(self, planned: Planned) -> RunResult | None:
        """Arm if need be, take the typed confirmation, and stay with the run to its end."""
        session, plan = self._session, planned.plan
        mode = self._armed()
        given = self._confirmation(plan, mode) if mode is not None else None
        if mode is None or given is None:
            return None
        settings = session.settings
        return self._attend(
            lambda connected: connected.engine.run(
                plan, mode=mode, confirmation=given, try_anyway=settings.try_anyway, wait=settings.wait
            )
        )

    def _armed(self) -> Mode | None:
        """How far this may go; in look mode that is asked, and None goes back."""
        mode = self._session.engine.arming.mode()
        if mode is not Mode.LOOK:
            return mode
        answer = self._question("Nothing runs in look mode. Type live or dry-run to arm, enter goes back:")
        if answer not in {Mode.LIVE, Mode.DRY_RUN}:
            return None
        self._arm(Mode(answer))
        return Mode(answer)

    def _arm(self, mode: Mode) -> None:
        """Set how far this may go, for what is asked here and for the commands that are called from here."""
        session = self._session
        session.engine.arming.arm(mode)
        session.settings = replace(session.settings, live=mode is Mode.LIVE, dry_run=mode is Mode.DRY_RUN)
        self._out.settings = replace(self._out.settings, live=mode is Mode.LIVE, dry_run=mode is Mode.DRY_RUN)
        self._out.banner(session)

    def _confirmation(self, plan: Plan, mode: Mode) -> Confirmation | None:
        """Have the plan's name, and its slot, typed as it asks for; None where they were not."""
        from actions.guard.confirm import Confirmation, plan_shown, required

        session = self._session
        session.run(lambda connected: session.environments.read(connected, plan.target))
        need = required(plan, named=session.environments.insists(plan))
        if word := session.environments.word(plan.target):
            self._out.progress(f"Environment: {word}")
        name = slot = ""
        if mode is Mode.LIVE:
            self._out.progress(need.sentence)
            name = self._question(f"Type {need.name or plan.name}, enter goes back:")
            slot = self._question(f"Type {need.slot}, enter goes back:") if name and need.slot else ""
            if name != (need.name or plan.name) or slot != need.slot:
                self._out.progress("Not confirmed; nothing was changed.")
                return None
        return Confirmation(name=name, slot=slot, plan=plan_shown(plan))

    def _attend(self, work: Callable[[Connected], Awaitable[RunResult]]) -> RunResult:
        """Stay with a run to its end, and tell it."""
        watch = Attendance(self._session, self._out)
        result = watch.attend(work)
        self.tell_end(result, watch.paused)
        return result

    def tell_end(self, result: RunResult, paused: Paused | None) -> None:
        """Tell how a run ended, and what can be done next."""
        finish(self._out, result, paused)

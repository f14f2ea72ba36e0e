"""The walk that every guarded action takes: inspect, plan, confirm, run, report."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import ContentSwitcher

from actions.guard.confirm import Confirmation
from actions.guard.model import Mode, Outcome, RunState
from actions.guard.text import many
from actions.registry import entry
from tui.dialogs.ask import BESIDE_TEXT, AskDialog, TextDialog
from tui.dialogs.confirm import ConfirmDialog
from tui.dialogs.decide import DecisionDialog
from tui.dialogs.failure import told
from tui.going_on import way_on
from tui.render import clean
from tui.screens.options_form import OptionsForm, Values
from tui.screens.recorded import RecordedScreen
from tui.screens.walk_text import LACKING, NEXT, blocked, described_lines, intro_lines, report_lines, step_text
from tui.widgets.plan_pane import PlanPane
from tui.widgets.run_pane import RunPane
from tui.widgets.stages import Stage, Stages
from tui.widgets.text_pane import TextPane
from tui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from collections.abc import Callable

    from actions.guard.contract import Action, Inspection
    from actions.guard.events import Paused
    from actions.guard.history import RunHistory
    from actions.guard.model import Choice, Decision
    from actions.guard.results import Planned, RunResult
    from tui.session import Connected
    from tui.widgets.run_view import RunView

_PANES = {
    Stage.INSPECT: "inspection",
    Stage.PLAN: "plan",
    Stage.CONFIRM: "plan",
    Stage.RUN: "run",
    Stage.REPORT: "report",
}


class WalkScreen(RecordedScreen):
    """One action on one target, or one halted run taken up again (`resumed`); `values` are options that were chosen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "go", "continue", id="walk.continue"),
        Binding("p", "options", "options", id="walk.options"),
        Binding("d", "details", "details", id="walk.details"),
        Binding("a", "az", "as az command", id="walk.az"),
        Binding("o", "save", "save plan", id="walk.save"),
        Binding("t", "try_anyway", "try anyway", id="walk.try-anyway"),
        Binding("f5", "again", "inspect again", id="refresh"),
    ]

    def __init__(
        self, action: str, target: str, name: str, *, resumed: RunHistory | None = None, values: Values | None = None
    ) -> None:
        super().__init__()
        self._action: Action[Any, Any, Any] = entry(action).load()
        self._target, self._called = target, clean(name)
        self.about = target
        self._resumed = resumed
        self._stage = Stage.INSPECT
        self._values: Values = dict(values or {})
        self._decided: dict[str, str] = {}
        self._inspection: Inspection | None = None
        self._planned: Planned | None = None
        self._try_anyway = False
        self._busy = False
        self._paused: Paused | None = None
        self.run_id = resumed.id if resumed else ""

    @property
    def subject(self) -> str:
        """The target's id, to be copied."""
        return self._target

    # Layout

    def compose_body(self) -> ComposeResult:
        """The stages, and the pane of the present one."""
        yield Stages()
        with ContentSwitcher(initial="inspection"):
            yield TextPane(id="inspection")
            yield PlanPane(ascii_only=self.ascii_only, id="plan")
            yield RunPane(self.console.standing.now, ascii_only=self.ascii_only, id="run")
            yield TextPane(id="report")

    def on_mount(self) -> None:
        """Show what will be read before it is; a halted run is looked at at once."""
        self._enter(Stage.INSPECT)
        if self._resumed is None:
            self._introduce()
        else:
            self._replan()

    def _enter(self, stage: Stage) -> None:
        """Show a stage."""
        self._stage = stage
        self.query_one(Stages).stage = stage
        self.query_one(ContentSwitcher).current = _PANES[stage]
        crumbs = ("workspaces", self._called, self._action.name.replace("-", " "), stage.name.lower())
        self.banner.show(self.facts(), crumbs=crumbs)
        self._focus_pane()
        self.refresh_bindings()

    def _focus_pane(self) -> None:
        pane = self.query_one(f"#{_PANES[self._stage]}")
        target = pane.query_one(VirtualTable) if isinstance(pane, PlanPane | RunPane) else pane
        target.focus()

    def _introduce(self) -> None:
        """Say what inspecting reads, and the options."""
        form = OptionsForm(self.app, self._action.options, self._values, self._introduce)
        fields = list(form.fields.values())
        self.query_one("#inspection", TextPane).show(
            lambda cells: intro_lines(self._action, self._called, fields, self._values, cells)
        )

    # What can be done at each stage

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer what the stage allows."""
        if action in {"export", "changes", "copy", "note", "resume_run", "hand_over"}:
            return self._stage is Stage.REPORT and super().check_action(action, parameters)
        stage, planned = self._stage, self._planned
        on_plan = stage is Stage.PLAN and planned is not None
        possible = {
            "go": not self._busy and stage in {Stage.INSPECT, Stage.PLAN},
            "options": not self._busy and stage is Stage.INSPECT and self._resumed is None,
            "details": on_plan,
            "az": on_plan,
            "save": on_plan and self._resumed is None,
            "try_anyway": on_plan and planned is not None and bool(planned.preflight.missing),
            "again": not self._busy and (self._inspection is not None or on_plan),
        }
        return possible[action] if action in possible else super().check_action(action, parameters)

    def action_go(self) -> None:
        """Go on to the next stage."""
        if self._stage is Stage.INSPECT and self._inspection is None:
            self._inspect()
        elif self._stage is Stage.INSPECT:
            self._plan()
        elif self._stage is Stage.PLAN and self._planned is not None:
            self._leave_plan(self._planned)

    def action_again(self) -> None:
        """Throw the plan away and look anew."""
        self._planned, self._inspection = None, None
        self._enter(Stage.INSPECT)
        if self._resumed is None:
            self._inspect()
        else:
            self._replan()

    def action_back(self) -> None:
        """From the plan back to the inspection, from there back to where the walk began; a run goes on."""
        if self._stage is Stage.PLAN and self._resumed is None:
            self._enter(Stage.INSPECT)
            return
        self.dismiss()

    def action_options(self) -> None:
        """Change the options; what was inspected with other ones is dropped."""

        def changed() -> None:
            self._inspection, self._planned = None, None
            self._introduce()

        OptionsForm(self.app, self._action.options, self._values, changed).open()

    # 1 Inspect

    def _work(self, *, busy: bool) -> None:
        self._busy = busy
        self.refresh_bindings()

    def _inspect(self) -> None:
        """Read, secrets included, as announced."""
        name, target, values = self._action.name, self._target, dict(self._values)

        async def read(connected: Connected) -> Inspection:
            from actions.cloud.data import ResourceId

            await connected.session.environments.read(connected, target)
            return await connected.engine.inspect(name, ResourceId(target), values)

        self._work(busy=True)
        secrets = " and the keys of its holders" if self._action.secret_reads else ""
        self.ask(f"reading {self._called}{secrets}", read, self._inspected, self._failed)

    def _inspected(self, found: Inspection) -> None:
        """Show what was found."""
        self._work(busy=False)
        self._inspection = found
        below = f"; {many(len(found.findings), 'finding')} below" if found.findings else ""
        self.status.say(f"enter makes a plan from this{below}")
        self.banner.show(self.facts(), as_of=found.as_of)
        description = self._action.describe(found)
        pane = self.query_one("#inspection", TextPane)
        pane.show(lambda cells: described_lines(description, found.findings, cells, ascii_only=self.ascii_only))

    def _failed(self, error: BaseException) -> None:
        """Nothing was read or planned: say why, and stay."""
        self._work(busy=False)
        self.fail(error)

    # 2 Plan

    def _plan(self) -> None:
        """Plan from the inspection and the decisions so far."""
        name, target, values = self._action.name, self._target, dict(self._values)
        decided, inspection = dict(self._decided), self._inspection

        async def make(connected: Connected) -> Planned:
            from actions.cloud.data import ResourceId

            return await connected.engine.make_plan(name, ResourceId(target), values, decided, inspection)

        self._work(busy=True)
        self.ask("planning, and checking permissions", make, self._show_plan, self._failed)

    def _replan(self) -> None:
        """Look again for the run that is taken up."""
        run_id, decided, target = self.run_id, dict(self._decided), self._target

        async def make(connected: Connected) -> Planned:
            await connected.session.environments.read(connected, target)
            return await connected.engine.replan(run_id, decided)

        self._work(busy=True)
        self.ask(f"looking at {self._called} again", make, self._show_plan, self._failed)

    def _show_plan(self, planned: Planned) -> None:
        """Show the plan; nothing of it runs before it is confirmed."""
        self._work(busy=False)
        self._planned, self._inspection = planned, planned.inspection
        self.status.say(NEXT[planned.plan.body.outcome])
        self.banner.show(self.facts(), as_of=planned.inspection.as_of)
        self._draw_plan()
        self._enter(Stage.PLAN)

    def _draw_plan(self) -> None:
        if self._planned is not None:
            plan, checked = self._planned.plan, self._planned.preflight
            self.query_one(PlanPane).show(plan, checked, try_anyway=self._try_anyway)

    def _leave_plan(self, planned: Planned) -> None:
        """Go on as the plan's outcome allows."""
        body = planned.plan.body
        if body.outcome is Outcome.NEEDS_DECISION:
            self._decide(0)
        elif body.outcome is Outcome.NO_CHANGES and self._resumed is None:
            self.status.say(f"Nothing to do: {clean(body.summary)}")
        elif body.outcome is Outcome.BLOCKED:
            self._decided.clear()
            self.show_failure(blocked(body.summary, body.reasons))
        elif planned.preflight.locks:
            self.show_failure(blocked("A lock stands in the way.", [k.sentence for k in planned.preflight.locks]))
        elif planned.preflight.missing and not self._try_anyway:
            lacking = [item.sentence for item in planned.preflight.missing]
            self.show_failure(blocked("Permissions are missing.", lacking, LACKING))
        elif self.console.standing.mode is Mode.LOOK:
            self.status.say("This session only looks: choose how far it may go, then press enter again.")
            self.console.action_choose_mode()
        else:
            self._confirm(planned)

    def _decide(self, number: int) -> None:
        """Ask one decision after the other, then plan anew."""
        if self._planned is None:
            return
        decisions = self._planned.plan.body.decisions
        if number >= len(decisions):
            self._plan() if self._resumed is None else self._replan()
            return
        decision = decisions[number]

        def take(answer: str) -> None:
            self._decided[decision.id] = answer
            self._decide(number + 1)

        def decided(choice: str | None) -> None:
            picked = next((item for item in decision.choices if item.id == choice), None)
            if picked is not None and picked.words:
                self._ask_words(decision, picked, take)
            elif picked is not None:
                take(picked.id)

        self.app.push_screen(DecisionDialog(decision, number=number + 1, total=len(decisions)), decided)

    def _ask_words(self, decision: Decision, picked: Choice, take: Callable[[str], None]) -> None:
        """Ask for what must be told with an answer; without it the decision stays open."""

        def typed(words: str | None) -> None:
            if words:
                take(f"{picked.id}:{words}")

        self.app.push_screen(
            AskDialog(clean(decision.question), clean(picked.sentence), hint=clean(picked.words)), typed
        )

    def action_details(self) -> None:
        """All about the step under the cursor, and the whole plan."""
        found = self.query_one(PlanPane).step
        if self._planned is not None:
            lines = step_text(self._planned.plan, found, self.size.width - BESIDE_TEXT, ascii_only=self.ascii_only)
            self.app.push_screen(TextDialog("The plan and its steps", lines))

    def action_az(self) -> None:
        """The equivalent `az` commands."""
        if self._planned is not None:
            commands = [clean(step.az) for step in self._planned.plan.body.steps if step.az]
            text = "\n\n".join(commands) or "No step of this plan has an az command."
            self.app.push_screen(TextDialog("The same with az (without proofs and without a way back)", text))

    def action_try_anyway(self) -> None:
        """Go on although permissions are missing or unknown; Azure itself may still refuse."""
        self._try_anyway = not self._try_anyway
        self._draw_plan()

    def action_save(self) -> None:
        """Save the plan to a file that `amlkeys apply` runs."""
        name = f"{self._action.name}-{self._called}.plan.json"
        hint = "without secrets, readable by you alone; good for 24 hours"
        self.app.push_screen(AskDialog("Where to save the plan", "file", name, hint=hint), self._save)

    def _save(self, place: str | None) -> None:
        if not place or self._planned is None:
            return
        from pathlib import Path

        from actions.guard import planfile
        from actions.guard.errors import GuardError

        path = Path(place).expanduser()
        try:
            planfile.save(self._planned.plan, path)
        except (OSError, GuardError) as error:
            self.fail(error)
            return
        self.status.say(f"Saved. It runs with: amlkeys apply {clean(str(path))} --confirm NAME")

    # 3 Confirm

    def _confirm(self, planned: Planned) -> None:
        """Ask for what the plan's risk demands."""
        self._enter(Stage.CONFIRM)
        mode, place = self.console.standing.mode, self.console.standing.place
        known = self.console.session.environments
        word, named = known.word(self._target), known.insists(planned.plan)
        dialog = ConfirmDialog(planned.plan, place=place, mode=mode, environment=word, named=named)
        self.app.push_screen(dialog, self._confirmed)

    def _confirmed(self, confirmation: Confirmation | None) -> None:
        if confirmation is None or self._planned is None:
            self._enter(Stage.PLAN)
            return
        self._run(self._planned, confirmation)

    # 4 Run

    def _run(self, planned: Planned, confirmation: Confirmation) -> None:
        """Hand the plan to the engine; the run outlives this screen."""
        mode, anyway, resumed = self.console.standing.mode, self._try_anyway, self._resumed
        decided = dict(self._decided)

        async def run(connected: Connected) -> RunResult:
            engine = connected.engine
            if resumed is not None:
                return await engine.resume(resumed.id, confirmation=confirmation, decided=decided, try_anyway=anyway)
            one_of = self.batch_of(connected)
            return await engine.run(planned.plan, mode=mode, confirmation=confirmation, try_anyway=anyway, batch=one_of)

        self._work(busy=True)
        self.status.say()
        self._enter(Stage.RUN)
        self.ask("", run, self._ended, self._refused, keep=True)

    def batch_of(self, connected: Connected) -> str:
        """The batch that a run which begins now is one of; on the engine's thread."""
        return ""

    @property
    def shows_run(self) -> bool:
        """The pane of the run is shown while it goes on."""
        return self._stage is Stage.RUN

    def run_changed(self, view: RunView) -> None:
        """Draw the run of this walk."""
        if self._stage is not Stage.RUN or self._planned is None:
            return
        if not self.run_id and view.plan.digest() == self._planned.plan.digest():
            self.run_id = view.run
        if view.run == self.run_id:
            self._paused = view.paused
            self.query_one(RunPane).show(view)
            self.refresh_bindings()

    def _refused(self, error: BaseException) -> None:
        """Nothing has begun: back to the plan, with the reason."""
        self._work(busy=False)
        self._enter(Stage.PLAN)
        self.show_failure(told(error))

    # 5 Report

    def _ended(self, result: RunResult) -> None:
        """The run came to its end, or to a halt."""
        self._work(busy=False)
        self.run_id = result.run or self.run_id
        self.status.say(clean(result.sentence))
        if self.run_id:
            self.read_history()

    def history_came(self, history: RunHistory) -> None:
        """Show the record."""
        self._enter(Stage.REPORT)
        paused = self._paused if history.state is not RunState.DONE else None
        self.banner.show(as_of=history.ended or history.started)
        pane = self.query_one("#report", TextPane)
        way = way_on(history, self.console.session)
        pane.show(lambda cells: report_lines(history, paused, cells, way=way, ascii_only=self.ascii_only))

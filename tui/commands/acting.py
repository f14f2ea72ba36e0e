"""`inspect`, `plan`, `run` and `apply`: guarded actions from a look to a finished run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from tui.commands import completing
from tui.commands.attending import Attendance, begin, finish, opened
from tui.commands.failures import BLOCKED, DONE, PENDING, USAGE, CommandError
from tui.commands.flags import (
    Command,
    Group,
    action_options,
    confirm_options,
    confirms_options,
    decide_option,
    given_options,
    settings_of,
)
from tui.commands.targets import find
from tui.settings import place_words

if TYPE_CHECKING:
    from actions.guard.confirm import Confirmation
    from actions.guard.contract import Action
    from actions.guard.model import Plan
    from actions.guard.results import Planned, RunResult
    from tui.commands.output import Output
    from tui.session import Connected, Session

    AnyAction = Action[Any, Any, Any]

Body = Callable[..., int]


class Wish(NamedTuple):
    """What is asked of an action; `undo` names the run to take back, whose target holds when none is named."""

    action: AnyAction
    target: str
    options: dict[str, Any]
    decided: dict[str, str]
    undo: str | None = None

    def flags(self) -> list[str]:
        """The same as words of a command line."""
        from tui.options import option_fields, told_seconds

        flags = [self.target] if self.target else []
        for field in option_fields(self.action.options):
            if field.name not in self.options:
                continue
            value = self.options[field.name]
            if field.kind == "flag":
                flags.append(field.flag)
            elif field.kind == "texts":
                flags += [part for text in value for part in (field.flag, text)]
            else:
                flags += [field.flag, told_seconds(value) if field.kind == "duration" else str(value)]
        flags += ["--undo", self.undo] if self.undo else []
        return flags + [part for name, choice in self.decided.items() for part in ("--decide", f"{name}={choice}")]


class ActionGroup(Group):
    """A verb with one sub-command for each action that is known, its options taken from the action itself."""

    def __init__(
        self,
        name: str,
        body: Body,
        summary: str,
        extras: tuple[Callable[[Any], Any], ...] = (),
        *,
        plans: bool = True,
        several: bool = False,
    ) -> None:
        super().__init__(name, help=summary, subcommand_metavar=f"ACTION TARGET{'...' if several else ''} [OPTIONS]")
        self._body, self._extras, self._plans, self._several = body, extras, plans, several

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the actions."""
        return list(_known())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Make the sub-command of one action."""
        action = _known().get(cmd_name)
        return self._command(action) if action else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Complain about an action that nobody knows by naming those that there are."""
        if args and args[0] not in _known():
            raise click.UsageError(f"There is no action {args[0]!r}; there are {', '.join(_known())}.", ctx)
        return super().resolve_command(ctx, args)

    def _command(self, action: AnyAction) -> click.Command:
        from actions.guard.undoing import Undoable
        from tui.options import option_fields

        names = [field.name for field in option_fields(action.options)]
        undoable = self._plans and isinstance(action, Undoable)

        def callback(**values: Any) -> int:
            options = given_options({name: values.pop(name) for name in names})
            given = values.pop("target") or ()
            targets: tuple[str, ...] = (given,) if isinstance(given, str) else tuple(given)
            wish = Wish(
                action, targets[0] if targets else "", options, values.pop("decided", {}), values.pop("undo", None)
            )
            if not (wish.target or wish.undo):
                raise click.UsageError("Missing argument 'TARGET'.")
            values |= {"targets": targets} if self._several else {}
            return self._body(click.get_current_context(), wish, **values)

        for extra in reversed(self._extras):
            callback = extra(callback)
        count, shown = (-1, "TARGET...") if self._several else (1, "TARGET")
        params: list[click.Parameter] = [
            click.Argument(
                ["target"],
                nargs=count,
                metavar=shown,
                required=not (undoable or self._several),
                shell_complete=completing.workspaces,
            )
        ]
        params += [*action_options(action.options), *([_undo] if undoable else [])]
        params += reversed(getattr(callback, "__click_params__", []))
        summary = f"{self.help}\n\n{action.title}: {action.summary} TARGET names a {_kind(action)}."
        return Command(action.name, params=params, callback=callback, help=summary, short_help=action.title)


def _known() -> Mapping[str, AnyAction]:
    from actions.registry import actions

    return actions()


def _kind(action: AnyAction) -> str:
    from actions.registry import entry

    return entry(action.name).target_kind


async def planned_for(connected: Connected, wish: Wish, subscription: str) -> Planned:
    """Find the target and plan; to undo, the options are those that take away what the run added."""
    from actions.cloud.data import ResourceId
    from actions.guard.undoing import Undoable, undoing

    action, options = wish.action, wish.options
    target = await find(connected, wish.target, _kind(action), subscription) if wish.target else None
    if wish.undo and isinstance(action, Undoable):
        run = connected.journal.run(wish.undo)
        options = {**options, **undoing(action, action.name, run, target.text if target else "")}
        target = target or ResourceId(run.plan.target)
    assert target is not None
    return await connected.engine.make_plan(action.name, target, options, wish.decided)


def _inspect(context: click.Context, wish: Wish, detailed: bool) -> int:
    from actions.guard.model import Severity
    from tui.telling import description_lines, finding_lines

    action = wish.action

    async def look(connected: Connected) -> Any:
        found = await find(connected, wish.target, _kind(action), session.settings.subscription)
        return await connected.engine.inspect(action.name, found, wish.options)

    with opened(context) as (session, out):
        begin(session, out, action)
        found = session.run(look)
        description = action.describe(found)
        if out.json:
            content = {"action": action.name, "inspection": msgspec.to_builtins(found)}
            out.document("inspection", {**content, "description": msgspec.to_builtins(description)})
        else:
            lines = description_lines(description, out.cells, ascii_only=out.ascii_only)
            findings = finding_lines(found.findings, out.cells, ascii_only=out.ascii_only)
            out.result([*lines, *(["", "Findings", *findings] if findings else [])])
    graded = any(finding.severity is not Severity.INFO for finding in found.findings)
    return PENDING if detailed and graded else DONE


def _plan(context: click.Context, wish: Wish, detailed: bool, details: bool, az: bool, file: str | None) -> int:
    from actions.guard import planfile
    from actions.guard.model import Outcome
    from tui.commands.exporting import az_document, az_lines

    place = _free(file)
    with opened(context) as (session, out):
        begin(session, out, wish.action)
        planned = session.run(lambda connected: planned_for(connected, wish, session.settings.subscription))
        if place is not None:
            planfile.save(planned.plan, place)
        plan = planned.plan
        if az and out.json:
            out.document("az", az_document(planned))
        elif az:
            out.result(az_lines(planned))
        elif out.json:
            session.run(lambda connected: session.environments.read(connected, plan.target))
            out.document("planned", planned_document(planned, named=session.environments.insists(plan)))
        else:
            lines = _told(planned, out, details=details)
            if plan.body.outcome is Outcome.READY:
                again = f"run {wish.action.name} {shlex.join(wish.flags())}"
                lines += ["", *_next(session, plan, file or "", again)]
            out.result(lines)
    if plan.body.outcome in {Outcome.BLOCKED, Outcome.NEEDS_DECISION}:
        return BLOCKED
    return PENDING if detailed and plan.body.outcome is Outcome.READY else DONE


def _run(
    context: click.Context, wish: Wish, targets: tuple[str, ...], confirms: tuple[str, ...], slots: tuple[str, ...]
) -> int:
    insist_mode(context)
    if len(targets) > 1:
        from tui.commands.batches import run_several

        if wish.undo:
            raise click.UsageError("--undo takes back one run; name one TARGET, or none.", context)
        return run_several(context, wish, targets, confirms, slots)
    confirm, slot = confirms[-1] if confirms else None, slots[-1] if slots else ""
    with opened(context) as (session, out):
        begin(session, out, wish.action)
        planned = session.run(lambda connected: planned_for(connected, wish, session.settings.subscription))
        return carry_out(session, out, planned.plan, confirm, slot, planned)


@click.command(cls=Command)
@click.argument("planfile", type=click.Path(dir_okay=False))
@confirm_options
@click.pass_context
def apply(context: click.Context, planfile: str, confirm: str | None, slot: str) -> int:
    """Run exactly the plan in PLANFILE, as `plan --out` saved it.

    A plan that was edited, is older than a day, was made elsewhere or no longer fits what is there is refused.
    """
    from actions.guard.planfile import load

    plan = load(Path(planfile))
    insist_mode(context)
    with opened(context) as (session, out):
        begin(session, out, *(action for name, action in _known().items() if name == plan.action))
        return carry_out(session, out, plan, confirm, slot)


def carry_out(
    session: Session, out: Output, plan: Plan, confirm: str | None, slot: str, planned: Planned | None = None
) -> int:
    """Show a plan, run it as the flags say, and tell its end."""
    show_plan(session, out, plan, planned)
    watch = Attendance(session, out, last=True)
    return finish(out, attended(session, watch, plan, confirm, slot), watch.paused)


def show_plan(session: Session, out: Output, plan: Plan, planned: Planned | None = None) -> None:
    """Tell what would be done, what stands in its way, and in which environment."""
    from tui.telling import plan_lines, preflight_lines

    session.run(lambda connected: session.environments.read(connected, plan.target))
    if not out.json:
        for line in plan_lines(plan, out.margin, ascii_only=out.ascii_only):
            out.progress(line)
        if planned is not None:
            for line in preflight_lines(planned.preflight, out.margin, ascii_only=out.ascii_only):
                out.progress(line)
        if word := session.environments.word(plan.target):
            out.progress(f"Environment: {word}")
        out.progress("")


def attended(
    session: Session, watch: Attendance, plan: Plan, confirm: str | None, slot: str, begin: Callable[[], str] = str
) -> RunResult:
    """Run a plan that was shown as the flags say, and stay with it; `begin` gives the batch that it is one of."""
    from actions.guard.confirm import Confirmation, plan_shown

    settings = session.settings
    given = None if confirm is None else Confirmation(name=confirm, slot=slot, plan=plan_shown(plan))
    _insist_confirmation(session, plan, given)
    batch = begin()

    async def run(connected: Connected) -> RunResult:
        return await connected.engine.run(
            plan,
            mode=settings.mode,
            confirmation=given,
            try_anyway=settings.try_anyway,
            wait=settings.wait,
            batch=batch,
        )

    return watch.attend(run)


def _insist_confirmation(session: Session, plan: Plan, given: Confirmation | None) -> None:
    """Say which flags confirm this plan, where they are missing or wrong."""
    from actions.guard.confirm import check
    from actions.guard.errors import ConfirmationError
    from actions.guard.model import Mode, Outcome

    if session.settings.mode is not Mode.LIVE or plan.body.outcome is not Outcome.READY:
        return
    named = session.environments.insists(plan)
    try:
        check(plan, given, named=named)
    except ConfirmationError as error:
        what = "Not confirmed." if given is None else error.sentence.partition(". ")[0] + "."
        where = session.environments.word(plan.target)
        sentence = f"{what} To run it{f' in {where}' if where else ''}, add {shlex.join(confirm_flags(plan))}."
        raise CommandError(sentence, exit_code=BLOCKED, kind="confirmation") from None


def confirm_flags(plan: Plan) -> list[str]:
    """The flags that confirm a plan."""
    from actions.guard.confirm import required

    need = required(plan)
    return ["--confirm", need.name or plan.name, *(["--slot", need.slot] if need.slot else [])]


def planned_document(planned: Planned, *, named: bool = False) -> dict[str, Any]:
    """A plan with what surrounds it, for programs; `named` where its environment asks for the name in any case."""
    from actions.guard.confirm import required

    need, plan, found = required(planned.plan, named=named), planned.plan, planned.preflight
    missing = [{**msgspec.to_builtins(item), "sentence": item.sentence} for item in found.missing]
    locks = [{**msgspec.to_builtins(item), "sentence": item.sentence} for item in found.locks]
    return {
        "plan": {"schema": plan.schema, "hash": plan.digest(), **msgspec.to_builtins(plan)},
        "outcome": plan.body.outcome,
        "risk": plan.risk,
        "confirm": {"name": need.name, "slot": need.slot},
        "preflight": {"ok": found.ok, "missing": missing, "locks": locks},
    }


def _told(planned: Planned, out: Output, *, details: bool) -> list[str]:
    from tui.telling import finding_lines, plan_lines, preflight_lines, step_lines

    plan = planned.plan
    lines = plan_lines(plan, out.cells, ascii_only=out.ascii_only)
    lines += preflight_lines(planned.preflight, out.cells, ascii_only=out.ascii_only)
    if plan.findings:
        lines += ["", "Findings", *finding_lines(plan.findings, out.cells, ascii_only=out.ascii_only)]
    if details:
        for number, step in enumerate(plan.body.steps, 1):
            lines += ["", *step_lines(step, out.cells, number=number)]
    return lines


def _next(session: Session, plan: Plan, file: str, run: str) -> list[str]:
    """The command that runs the plan; it is shown whole, to be copied."""
    what = f"apply {shlex.quote(file)}" if file else run
    words = [*place_words(session.settings), "--live", *confirm_flags(plan)]
    return ["To run it:", f"  amlkeys {what} {shlex.join(words)}"]


def _free(file: str | None) -> Path | None:
    """Refuse a file that is there already: a plan is never written over something else."""
    if file is None:
        return None
    place = Path(file).expanduser()
    if place.exists():
        raise CommandError(f"{file} is there already; name another file.", exit_code=USAGE, kind="usage")
    return place


def insist_mode(context: click.Context) -> None:
    """Refuse to run anything in look mode."""
    from actions.guard.model import Mode

    if settings_of(context).mode is Mode.LOOK:
        sentence = "Nothing runs in look mode: add --live to make the changes, or --dry-run to walk it without any."
        raise CommandError(sentence, exit_code=BLOCKED, kind="not-armed")


_detailed = click.option(
    "--detailed-exit-code", "detailed", is_flag=True, help="Exit 3 for pending changes or findings."
)
_details = click.option("--details", is_flag=True, help="Tell all of each step: request, permission, az command.")
_az = click.option(
    "--az", is_flag=True, help="Only the az commands: of the steps you may not do, else of all, for someone who may."
)
_undo = click.Option(["--undo"], metavar="RUN", help="Take away again exactly what this run added; TARGET is its own.")
_out = click.option("--out", "file", metavar="FILE", help="Save the plan for `apply` (readable by you alone).")

inspect = ActionGroup(
    "inspect", _inspect, "Read what an action needs to know, and what it finds amiss.", (_detailed,), plans=False
)
plan = ActionGroup(
    "plan", _plan, "Make the plan of an action; nothing is changed.", (_detailed, _details, _az, _out, decide_option)
)
run = ActionGroup(
    "run", _run, "Plan and run an action, confirmed and --live, or --dry-run; on several targets one after the other.",
    (confirms_options, decide_option), several=True,
)  # fmt: skip

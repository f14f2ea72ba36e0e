"""`runs`, `resume`, `stop`, `report` and `note`: what the journal knows, and taking runs up again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from tui.commands import completing
from tui.commands.attending import Attendance, begin, finish, opened
from tui.commands.failures import DONE, USAGE, CommandError
from tui.commands.flags import Command, confirms_options, decide_option
from tui.settings import place_words

if TYPE_CHECKING:
    from actions.guard.confirm import Confirmation
    from actions.guard.history import RunHistory
    from tui.commands.output import Output
    from tui.runbook_journal import Sitting
    from tui.session import Session

_run = click.argument("run", metavar="RUN", shell_complete=completing.runs)


@click.command(cls=Command)
@click.argument("run", required=False, metavar="[RUN]", shell_complete=completing.runs)
@click.option("--diff", is_flag=True, help="Tell what RUN's last look found different from its first.")
@click.pass_context
def runs(context: click.Context, run: str | None, diff: bool) -> int:
    """List the recorded runs and batches, or tell one: where it stands, when each step was, and what was proven.

    Runbooks that were followed are listed with them, and told by their id, which begins with `runbook-`.
    """
    if diff:
        return _tell_difference(context, run)
    from tui.commands.batches import batch_document, batches_lines, seen_batches, tell_batch
    from tui.followed import sitting_document
    from tui.going_on import way_on
    from tui.runbook_journal import named, sittings
    from tui.telling import run_lines, runs_table

    if run is not None and run.startswith("batch-"):
        return tell_batch(context, run)
    with opened(context) as (session, out):
        if run is not None:
            followed = named(session.journal, run)
            if followed is not None:
                return _tell_followed(session, out, followed)
            found = session.journal.run(run)
            if out.json:
                out.document("run", {"run": run_document(found)})
            else:
                way = way_on(found, session)
                out.result(run_lines(found, out.cells, way=way, ascii_only=out.ascii_only))
            return DONE
        all_runs, books = session.journal.runs(), sittings(session.journal)
        if out.json:
            told = {"runbooks": [sitting_document(each) for each in books]}
            told |= {"batches": [batch_document(seen) for seen in seen_batches(session, all_runs)]}
            out.document("runs", {"runs": [msgspec.to_builtins(item) for item in all_runs], **told})
        elif all_runs or books:
            lines = runs_table(all_runs, out.cells, books, ascii_only=out.ascii_only)
            out.result([*lines, *batches_lines(seen_batches(session, all_runs), out.cells, ascii_only=out.ascii_only)])
        else:
            out.result(["No runs are recorded in this journal."])
    return DONE


def _tell_difference(context: click.Context, run: str | None) -> int:
    """Tell the state before and after one run."""
    from tui.difference import difference_lines

    if run is None:
        raise CommandError("--diff needs the RUN to tell about.", exit_code=USAGE, kind="usage")
    with opened(context) as (session, out):
        found = _history(session, run)
        if out.json:
            looks = {"before": msgspec.to_builtins(found.before), "after": msgspec.to_builtins(found.after)}
            out.document("difference", {"run": found.id, **looks, "changes": msgspec.to_builtins(found.changes)})
        else:
            out.result(difference_lines(found, out.cells, ascii_only=out.ascii_only))
    return DONE


def _tell_followed(session: Session, out: Output, sitting: Sitting) -> int:
    """Tell the record of a runbook that was followed."""
    if out.json:
        from tui.followed import sitting_document

        out.document("followed", {"followed": sitting_document(sitting)})
        return DONE
    from tui.followed import record_lines
    from tui.runbook import Shelf, found_on

    book = found_on(Shelf(session.config.runbooks.folder), sitting.name)
    place = place_words(session.settings)
    out.result(record_lines(sitting, book, out.cells, place=place, ascii_only=out.ascii_only))
    return DONE


def _history(session: Session, run: str) -> RunHistory:
    """Give one run; a runbook's record is none, and says so."""
    from tui.runbook_journal import named

    followed = named(session.journal, run)
    if followed is None:
        return session.journal.run(run)
    sentence = f"{followed.id} is the record of a runbook, not a run: `amlkeys runs {followed.id}` tells it."
    raise CommandError(sentence, exit_code=USAGE, kind="usage")


def run_document(run: RunHistory) -> dict[str, object]:
    """One run for programs: its history, with the hash of its newest plan."""
    return {**msgspec.to_builtins(run), "plan_hash": run.plan.digest()}


@click.command(cls=Command)
@_run
@confirms_options
@decide_option
@click.option("--take-over", is_flag=True, help="Take the run from a process that can no longer go on.")
@click.pass_context
def resume(
    context: click.Context,
    run: str,
    confirms: tuple[str, ...],
    slots: tuple[str, ...],
    decided: dict[str, str],
    take_over: bool,
) -> int:
    """Take up a run that stopped, failed, waits or lost its process.

    --live or --dry-run must say again what kind of run it is. Where other steps are needed than those approved, the
    run halts and shows them; --confirm (and --slot) approve them. Resuming a run that waits for a person says that the
    person is done. RUN may be a batch: it goes on with the next of its targets, each with a --confirm of its own.
    """
    if run.startswith("batch-"):
        from tui.commands.batches import resume_batch

        return resume_batch(context, run, confirms, slots)
    confirm, slot = confirms[-1] if confirms else None, slots[-1] if slots else ""
    with opened(context) as (session, out):
        history, settings = _history(session, run), session.settings
        if history.state != "done":
            _insist_mode(history, settings.mode)
        begin(session, out)
        given = None if confirm is None else _confirmed(session, out, history.id, confirm, slot, decided)
        watch = Attendance(session, out, last=True)
        result = watch.attend(
            lambda connected: connected.engine.resume(
                history.id,
                confirmation=given,
                decided=decided,
                wait=settings.wait,
                take_over=take_over,
                try_anyway=settings.try_anyway,
            )
        )
        return finish(out, result, watch.paused)


@click.command(cls=Command)
@_run
@click.pass_context
def waiting(context: click.Context, run: str) -> int:
    """Tell what RUN waits for a person to do, what happened since it began to wait, and the notes left with it.

    Nothing is changed. `resume` says that the person is done.
    """
    from actions.guard.attending import brief
    from tui.render import clean, drawn, indent, stamp

    with opened(context) as (session, out):
        found = _history(session, run)
        begin(session, out)
        lines = session.run(lambda connected: brief(connected.engine, found.id))
        if out.json:
            out.document("waiting", {"run": found.id, "lines": list(lines), "notes": msgspec.to_builtins(found.notes)})
            return DONE
        notes = [f"{stamp(note.at)} {note.by}: {note.text}" for note in found.notes]
        told = [drawn(clean(line), ascii_only=out.ascii_only) for line in (*lines, *notes)]
        out.result([part for line in told for part in indent(line, out.cells, "")])
    return DONE


def _confirmed(session: Session, out: Output, run: str, name: str, slot: str, decided: dict[str, str]) -> Confirmation:
    """Look at what the run would do from here, show it, and bind the confirmation to just that."""
    from actions.guard.confirm import Confirmation, plan_shown
    from tui.telling import plan_lines

    plan = session.run(lambda connected: connected.engine.replan(run, decided)).plan
    if not out.json:
        for line in plan_lines(plan, out.margin, ascii_only=out.ascii_only):
            out.progress(line)
    return Confirmation(name=name, slot=slot, plan=plan_shown(plan))


def _insist_mode(history: RunHistory, mode: str) -> None:
    from tui.commands.failures import BLOCKED

    if mode != history.mode:
        sentence = f"Run {history.id} is a {history.mode} run: add --{history.mode} to take it up."
        raise CommandError(sentence, exit_code=BLOCKED, kind="not-armed")


@click.command(cls=Command)
@_run
@click.option("--break", "break_leases", is_flag=True, help="Take its leases away, when its machine is lost.")
@click.pass_context
def stop(context: click.Context, run: str, break_leases: bool) -> int:
    """Stop a run between two steps, wherever it is at work."""
    with opened(context) as (session, out):
        found = _history(session, run)
        sentence = session.engine.stop(found.id, break_leases=break_leases)
        if out.json:
            out.document("stopped", {"run": found.id, "sentence": sentence})
        else:
            out.result([sentence])
    return DONE


@click.command(cls=Command)
@_run
@click.argument("text")
@click.pass_context
def note(context: click.Context, run: str, text: str) -> int:
    """Leave the remark TEXT with a run, for whoever takes it up and for its report."""
    with opened(context) as (session, out):
        found = _history(session, run)
        session.engine.note(found.id, text)
        if out.json:
            out.document("noted", {"run": found.id})
        else:
            out.result([f"Noted with run {found.id}."])
    return DONE


@click.command(cls=Command)
@_run
@click.option("--format", "form", type=click.Choice(["md", "json", "html"]), default="md", help="[default: md]")
@click.option("--out", "file", metavar="FILE", help="Write it there (readable by you alone) instead of showing it.")
@click.pass_context
def report(context: click.Context, run: str, form: str, file: str | None) -> int:
    """Write the record of a run for people who were not there."""
    from actions.guard import report as reports
    from actions.guard.journal import replace_private

    with opened(context) as (session, out):
        found = _history(session, run)
        if form == "json" or out.json:
            text = reports.as_json(found).decode()
        else:
            text = reports.as_markdown(found) if form == "md" else reports.as_html(found)
        if file is None:
            # as every command with --json: one object, one line
            out.text(msgspec.json.format(text, indent=-1) if out.json else text)
            return DONE
        try:
            replace_private(Path(file), text.encode())
        except OSError as error:
            raise CommandError(f"{file} cannot be written: {error.strerror}.", exit_code=USAGE, kind="usage") from None
        out.progress(f"Written to {file}.")
    return DONE

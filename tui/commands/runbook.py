"""`runbook list|show|run|lint`: runbooks read, followed and checked."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from actions.guard.files import read_whole
from tui.commands import completing
from tui.commands.attending import opened
from tui.commands.failures import DONE, FAILED, STOPPED, USAGE, CommandError
from tui.commands.flags import Group, settings_of

if TYPE_CHECKING:
    from tui.runbook import Runbook, Shelf, Step

_WIDEST = 100
"""Cells beyond which a paragraph is hard to read."""


@click.group(cls=Group)
def runbook() -> None:
    """Follow a runbook step by step, or check one."""


def _shelf(context: click.Context) -> Shelf:
    from tui.config import ConfigError, load_config
    from tui.runbook import Shelf

    try:
        return Shelf(load_config(settings_of(context).config).runbooks.folder)
    except ConfigError as error:
        raise CommandError(str(error), exit_code=USAGE, kind="session") from None


def _path(shelf: Shelf, name: str) -> Path:
    path = shelf.path(name)
    if path is None:
        sentence = f"There is no runbook {name!r}; there are {', '.join(shelf.paths())}."
        raise CommandError(sentence, exit_code=USAGE, kind="usage")
    return path


def _read(path: Path) -> Runbook:
    from tui.runbook import RunbookError, read

    try:
        return read(path)
    except OSError as error:
        raise CommandError(f"{path} cannot be read: {error.strerror}.", exit_code=USAGE, kind="runbook") from None
    except RunbookError as error:
        raise CommandError(f"{error}.", exit_code=USAGE, kind="runbook") from None


@runbook.command("list")
@click.pass_context
def list_books(context: click.Context) -> int:
    """List the runbooks, shipped and your own, with what each is for."""
    from tui.commands.output import Output
    from tui.render import indent

    shelf, out = _shelf(context), Output(settings_of(context))
    books = [_read(path) for path in shelf.paths().values()]
    if out.json:
        rows = [{"name": book.name, "sha256": book.digest, **msgspec.to_builtins(book.head)} for book in books]
        out.document("runbooks", {"runbooks": rows})
        return DONE
    width = max((len(book.name) for book in books), default=0)
    lines: list[str] = []
    for book in books:
        lines += indent(f"{book.head.title} ({book.head.severity})", out.cells, f"{book.name:<{width}}  ")
    out.result(lines)
    return DONE


@runbook.command()
@click.argument("name", shell_complete=completing.runbooks)
@click.pass_context
def show(context: click.Context, name: str) -> int:
    """Show the runbook NAME as its file tells it."""
    from tui.commands.output import Output
    from tui.runbook import flowing, unmarked

    book, out = _read(_path(_shelf(context), name)), Output(settings_of(context))
    if out.json:
        steps = [_step(step) for step in book.steps]
        head = msgspec.to_builtins(book.head)
        out.document("runbook", {"name": book.name, "sha256": book.digest, "head": head, "steps": steps})
    else:
        text = f"When: {book.head.when}\n\n{book.text}"
        out.text("\n".join(flowing(unmarked(text), min(out.cells, _WIDEST))) if out.for_people else text)
    return DONE


def _step(step: Step) -> dict[str, Any]:
    """One step for programs; `bound` is null where it is ticked off."""
    bound = None
    if step.bound is not None:
        choices = [choice._asdict() for choice in step.bound.choices]
        bound = {**step.bound._asdict(), "choices": choices}
    return {**step._asdict(), "bound": bound}


@runbook.command()
@click.argument("files", nargs=-1, shell_complete=completing.runbooks)
@click.pass_context
def lint(context: click.Context, files: tuple[str, ...]) -> int:
    """Check runbooks, by name or file; all of them where none is named. Exit 1 when something is wrong."""
    from actions.guard.lease import wall_now
    from tui.commands.output import Output
    from tui.runbook import RunbookError, parse
    from tui.runbook import lint as check

    shelf, out = _shelf(context), Output(settings_of(context))
    found = []
    for name in files or tuple(shelf.paths()):
        path = _path(shelf, name)
        try:
            problems = check(parse(path.stem, read_whole(path)), date.fromisoformat(wall_now()[:10]))
        except RunbookError as error:
            problems = error.problems
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.", exit_code=USAGE, kind="usage") from None
        found += [(str(path), problem) for problem in sorted(problems)]
    if out.json:
        rows = [{"file": file, "line": problem.line, "sentence": problem.sentence} for file, problem in found]
        out.document("lint", {"problems": rows})
    else:
        out.result([f"{file}:{problem.line}: {problem.sentence}" for file, problem in found] or ["Nothing is wrong."])
    return FAILED if found else DONE


@runbook.command("run")
@click.argument("name", shell_complete=completing.runbooks)
@click.argument("target", shell_complete=completing.workspaces)
@click.option("--anew", is_flag=True, help="Begin at the first step, even where a half-done one can be taken up.")
@click.pass_context
def run_book(context: click.Context, name: str, target: str, anew: bool) -> int:
    """Follow the runbook NAME on TARGET, step by step, with questions on lines.

    A half-done one on the same target is taken up where it was left, with its notes. Exit 6 when it is left half done.
    """
    from tui.following import Following

    if settings_of(context).json:
        sentence = "A runbook is followed on lines; --json is for list, show and lint."
        raise CommandError(sentence, exit_code=USAGE, kind="usage")
    path = _path(_shelf(context), name)
    with opened(context) as (session, out):
        finished = Following(session, out, path, target).follow(anew=anew)
    return DONE if finished else STOPPED

"""`audit verify`, `export` and `checkpoint`: is the journal whole, and handing it on."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from actions.guard.files import read_whole
from tui.commands.attending import opened
from tui.commands.failures import DONE, FAILED, USAGE, CommandError
from tui.commands.flags import Group


@click.group(cls=Group)
def audit() -> None:
    """Check and hand on the journal of all runs."""


@audit.command()
@click.option("--checkpoint", "file", metavar="FILE", help="Check against a checkpoint kept elsewhere.")
@click.pass_context
def verify(context: click.Context, file: str | None) -> int:
    """Walk the chain of hashes and name the first entry that was edited, removed, moved or cut off."""
    from actions.guard.journal import parse_checkpoint

    with opened(context) as (session, out):
        session.audits = True
        found = session.journal.verify(parse_checkpoint(_read(file)) if file else None)
        if out.json:
            told = {"first_bad": found.first_bad, "sentence": found.sentence, "place": session.journal.place}
            out.document("audit", {"ok": found.ok, **msgspec.to_builtins(found), **told})
        else:
            newest = f"newest {found.head.hash[:16]}"
            out.result([f"{found.sentence} {found.entries} entries, {newest}, {session.journal.place}"])
    return DONE if found.ok else FAILED


@audit.command()
@click.option("--run", "run", metavar="RUN", help="Only the entries of one run.")
@click.pass_context
def export(context: click.Context, run: str | None) -> int:
    """Write every entry as one JSON object a line, exactly as it is chained."""
    with opened(context) as (session, out):
        session.audits = True
        wanted = session.journal.run(run).id if run else ""
        for entry in session.journal.entries(wanted):
            out.document("entry", msgspec.to_builtins(entry))
    return DONE


@audit.command()
@click.pass_context
def checkpoint(context: click.Context) -> int:
    """Print the newest entry's number and hash; kept elsewhere, it proves later that nothing was cut off."""
    with opened(context) as (session, out):
        session.audits = True
        found = session.journal.checkpoint()
        out.document("checkpoint", msgspec.to_builtins(found))
    return DONE


def _read(file: str) -> bytes:
    try:
        return read_whole(Path(file))
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.", exit_code=USAGE, kind="usage") from None

"""`doctor`: is everything in place for a night's work? Looks at this machine, the journal and the sign-in."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

import tui
from tui.commands.attending import opened
from tui.commands.failures import DONE, FAILED, failure_of
from tui.commands.flags import Command

if TYPE_CHECKING:
    from tui.session import Connected, Session


class Check(NamedTuple):
    """One thing looked at: `state` is ok, info, warn or failed."""

    name: str
    state: str
    sentence: str


@click.command(cls=Command)
@click.option(
    "--write-config", is_flag=True, help="Write a settings file with every setting explained; checks nothing."
)
@click.pass_context
def doctor(context: click.Context, write_config: bool) -> int:
    """Check the installation, the settings, the journal, the terminal and the sign-in."""
    if write_config:
        return _write_config(context)

    with opened(context) as (session, out):
        checks = [*looked_at(session), _sign_in(session)]
        out.banner(session)
        failed = any(check.state == "failed" for check in checks)
        if out.json:
            out.document("doctor", {"ok": not failed, "checks": [check._asdict() for check in checks]})
        else:
            out.result(check_lines(checks, out.cells, ascii_only=out.ascii_only))
    return FAILED if failed else DONE


def looked_at(session: Session) -> list[Check]:
    """All but the sign-in."""
    return [*_machine(), *_settings(session), *_journal(session), *_terminal()]


def check_lines(checks: Sequence[Check], cells: int, *, ascii_only: bool) -> list[str]:
    """Tell the checks, a row each."""
    from tui.render import Column, table

    columns = (Column("check", 12), Column("result", 20, wraps=True))
    rows = [(check.name, check.sentence) for check in checks]
    return table(columns, rows, cells, states=[check.state for check in checks], ascii_only=ascii_only)


def _write_config(context: click.Context) -> int:
    """Write the example to where the settings are read from; a file that is there is left alone."""
    from tui.commands.flags import settings_of
    from tui.config import default_path
    from tui.config_example import example
    from tui.key_names import console_bindings
    from tui.taking import write_private

    named = settings_of(context).config
    place = Path(named).expanduser() if named else default_path()
    try:
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(str(place), example(console_bindings()))
    except FileExistsError:
        raise click.ClickException(f"There is a settings file {place} already; it is left as it is.") from None
    except OSError as error:
        raise click.ClickException(f"The settings file {place} cannot be written: {error.strerror}.") from None
    click.echo(f"Wrote {place}")
    return DONE


def _machine() -> Iterator[Check]:
    home = Path(tui.__file__).resolve().parents[1]
    yield Check("amlkeys", "ok", f"{tui.__version__} in {home}, Python {platform.python_version()}")
    missing = [name for name in ("uvicorn", "trustme") if find_spec(name) is None]
    if missing:
        yield Check("rehearsal", "info", "'rehearsal serve' needs the extra: pip install 'amlkeys[serve]'")
    else:
        yield Check("rehearsal", "ok", "'rehearsal serve' can be used")


def _settings(session: Session) -> Iterator[Check]:
    from tui.config import default_path

    place = Path(session.settings.config).expanduser() if session.settings.config else default_path()
    yield Check("settings", "ok", f"read from {place}" if place.exists() else f"defaults; there is no {place}")


def _journal(session: Session) -> Iterator[Check]:
    """The journal opens, is whole and private, and no run waits to be taken up."""
    from actions.guard.errors import GuardError
    from actions.guard.model import RunState

    try:
        journal = session.journal
        found, runs = journal.verify(), journal.runs()
    except GuardError as error:
        yield Check("journal", "failed", error.sentence)
        return
    state = "ok" if found.ok else "failed"
    yield Check("journal", state, f"{found.sentence} {found.entries} entries, {journal.place}")
    place = Path(journal.place)
    if place.is_file() and place.stat().st_mode & 0o077:
        yield Check("journal", "warn", f"others can read it: chmod 600 {place}")
    open_runs = [run for run in runs if run.state is not RunState.DONE]
    if open_runs:
        names = ", ".join(f"{run.id} ({run.state})" for run in open_runs[:5])
        yield Check("runs", "warn", f"{len(open_runs)} not done: {names}")
    else:
        yield Check("runs", "ok", f"{len(runs)} recorded, none left open")


def _terminal() -> Iterator[Check]:
    term = os.environ.get("TERM", "")
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        yield Check("terminal", "info", "none: only the commands can be used")
        return
    size = shutil.get_terminal_size((0, 0))
    written = getattr(sys.stdout, "encoding", "") or getattr(sys.__stdout__, "encoding", "")  # the console's has none
    told = ", ".join(part for part in (term or "TERM is not set", f"{size.columns}x{size.lines}", written) if part)
    if term in {"", "dumb", "unknown"}:
        yield Check("terminal", "warn", f"{told}: the console needs a capable terminal; use --plain")
    elif size.columns < 80 or size.lines < 24:
        yield Check("terminal", "warn", f"{told}: the console is complete from 80x24 on")
    else:
        yield Check("terminal", "ok", told)


async def sign_in(connected: Connected) -> Check:
    """Look around once as who is signed in."""
    from tui.render import stamp

    who, seen = connected.signed_in, await connected.cloud.subscriptions()
    told = f"{who.user} in tenant {who.tenant} until {stamp(who.expires)}"
    return Check("sign-in", "ok", f"{told}; subscriptions that can be seen: {len(seen)}")


def _sign_in(session: Session) -> Check:
    """Sign in, and look around once."""
    try:
        return session.run(sign_in)
    except Exception as error:
        return Check("sign-in", "failed", failure_of(error).sentence)

"""`rehearsal serve` and `rehearsal drill`: a cloud to practise on, and practice without a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import msgspec

from tui.commands.attending import opened
from tui.commands.failures import DONE, FAILED, USAGE, CommandError
from tui.commands.flags import Group, settings_of


@click.group(cls=Group)
def rehearsal() -> None:
    """Practise on a cloud that behaves like Azure and is none."""


@rehearsal.command()
@click.option("--estate", metavar="FILE", help="Estate to serve instead of the demo estate.")
@click.option("--port", type=click.IntRange(0, 65_535), default=0, help="Port on localhost; 0 takes a free one.")
@click.pass_context
def serve(context: click.Context, estate: str | None, port: int) -> int:
    """Serve the rehearsal cloud over TLS on this machine until it is interrupted.

    Prints one JSON line with its address, certificate authority, sign-in and control token. A file with that line can
    be given to --rehearse; az and azure-ai-ml can use it too.
    """
    from azsim.estate import EstateError

    try:
        from azsim.serve import serve as serve_until_interrupted
    except ImportError:
        sentence = "Serving needs uvicorn and trustme: install amlkeys with its extra, 'amlkeys[serve]'."
        raise CommandError(sentence, exit_code=FAILED, kind="extra-missing") from None
    name = estate or "the demo estate"
    try:
        serve_until_interrupted(_document(estate), port=port, seed=settings_of(context).seed)
    except EstateError as error:
        sentence = f"{name} is no estate that can be served: {error}."
        raise CommandError(sentence, exit_code=USAGE, kind="estate") from None
    except OSError as error:
        raise CommandError(f"Port {port} cannot be used: {error.strerror}.", exit_code=FAILED, kind="port") from None
    return DONE


def _document(estate: str | None) -> Any:
    if estate is None:
        from azsim.estates.demo import demo

        return demo()
    try:
        return Path(estate).expanduser().read_bytes()
    except OSError as error:
        raise CommandError(f"{estate} cannot be read: {error.strerror}.", exit_code=USAGE, kind="estate") from None


@rehearsal.command()
@click.argument("name", default="storage-keys")
@click.pass_context
def drill(context: click.Context, name: str) -> int:
    """Play the drill NAME from its story to its report, without a terminal; exit 0 when its goal was reached."""
    from tui.drill import load_drill, play

    found = load_drill(name)
    context.find_root().ensure_object(dict).update({"rehearse": found.estate, "live": True, "dry_run": False})
    with opened(context) as (session, out):
        debrief = play(found, session, out)
        if out.json:
            out.document("drill", {"drill": name, **msgspec.to_builtins(debrief)})
        else:
            out.text(debrief.markdown)
    return DONE if debrief.won else FAILED

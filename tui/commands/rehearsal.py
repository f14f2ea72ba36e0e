"""`rehearsal serve`, `drill` and `estate`: a cloud to practise on, practice by hand or by itself, one's own estate."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from actions.guard.files import ESTATE_BYTES, read_whole
from tui.commands import completing
from tui.commands.attending import opened
from tui.commands.failures import DONE, FAILED, USAGE, CommandError
from tui.commands.flags import Group, decide_option, settings_of
from tui.commands.picturing import estate as estate_command

if TYPE_CHECKING:
    from tui.settings import Settings


@click.group(cls=Group)
def rehearsal() -> None:
    """Practise on a cloud that behaves like Azure and is none."""


rehearsal.add_command(estate_command)


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
        return read_whole(Path(estate).expanduser(), ESTATE_BYTES)
    except OSError as error:
        raise CommandError(f"{estate} cannot be read: {error.strerror}.", exit_code=USAGE, kind="estate") from None


@rehearsal.command()
@click.argument("name", required=False, shell_complete=completing.drills)
@click.option("--list", "listed", is_flag=True, help="List the drills, with how each went last.")
@click.option("--headless", is_flag=True, help="Let it play by itself, on a terminal too.")
@click.option("--by-hand", is_flag=True, help="Play it by hand on lines, without a terminal too.")
@click.option("--with", "words", metavar="OPTIONS", help="Options of the action instead of the calm way's.")
@decide_option
@click.pass_context
def drill(
    context: click.Context, name: str | None, listed: bool, headless: bool, by_hand: bool, words: str | None,
    decided: dict[str, str],
) -> int:  # fmt: skip
    """Play the drill NAME from its story to its debrief; exit 0 when its goal was reached.

    On a terminal you play it by hand, in the console or with --plain on lines; without NAME you choose there. Without a
    terminal, with --headless or --json, or with options or answers of your own it plays by itself: the calm way, or yours.
    """
    from tui.cli import on_terminal, places_no_text
    from tui.drill import load_drill
    from tui.drill_play import chosen_options, play

    if listed:
        return _list_drills(context)
    settings = settings_of(context)
    by_itself = headless or bool(decided) or words is not None or settings.json
    if by_hand and by_itself:
        raise CommandError("--by-hand takes you, and no options, answers or --json.", exit_code=USAGE, kind="usage")
    if by_hand or (on_terminal() and not by_itself):
        return _by_hand(settings, name or "", on_lines=by_hand or settings.plain or places_no_text())
    name = name or "storage-keys"
    found = load_drill(name)
    if words is not None:
        found = msgspec.structs.replace(found, options=chosen_options(found, words))
    found = msgspec.structs.replace(found, decided={**found.decided, **decided})
    with tempfile.TemporaryDirectory() as folder:
        context.find_root().ensure_object(dict).update({"rehearse": "", "live": True, "dry_run": False})
        context.find_root().obj.setdefault("journal", str(Path(folder) / "drill.sqlite3"))
        with opened(context) as (session, out):
            debrief = play(name, found, session, out)
            if out.json:
                out.document("drill", {"drill": name, **msgspec.to_builtins(debrief)})
            else:
                out.text(debrief.markdown)
    return DONE if debrief.won else FAILED


def _by_hand(settings: Settings, name: str, *, on_lines: bool) -> int:
    """Open the console on a drill or on the list of drills, or play on lines."""
    from tui.console import open_console
    from tui.drill import load_drill

    if name:
        load_drill(name)  # an unknown one is told here, before anything is painted
    if on_lines:
        from tui.plain_drill import play_by_hand

        return play_by_hand(settings, name)
    return open_console(msgspec.structs.replace(settings, rehearse="", drill=name))


def _list_drills(context: click.Context) -> int:
    """Tell every drill by its grade, with how it went last."""
    from tui.commands.output import Output
    from tui.debrief import earlier
    from tui.drill import load_drill, names
    from tui.render import Column, stamp, table

    out = Output(settings_of(context))
    last = {each.drill: each for each in earlier()}
    drills = sorted(((name, load_drill(name)) for name in names()), key=lambda pair: (pair[1].grade, pair[0]))
    if out.json:
        rows = [
            {
                "name": name, "title": each.title, "grade": each.grade, "action": each.action,
                "last": msgspec.to_builtins(last.get(name)),
            }
            for name, each in drills
        ]  # fmt: skip
        out.document("drills", {"drills": rows})
        return DONE
    lines = [
        (
            name,
            str(each.grade),
            each.title,
            f"{'won' if last[name].won else 'lost'} {stamp(last[name].at)}" if name in last else "",
        )
        for name, each in drills
    ]
    columns = (
        Column("drill", 12),
        Column("grade", 5, right=True),
        Column("what happens", 20, wraps=True),
        Column("last", 6),
    )
    out.result(table(columns, lines, out.cells, ascii_only=out.ascii_only))
    return DONE

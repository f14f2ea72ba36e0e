"""`rehearsal estate`: a picture of the estate to rehearse on, written for its owner's eyes only."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from tui.commands.attending import opened
from tui.commands.failures import DONE, FAILED, USAGE, CommandError
from tui.commands.flags import Command
from tui.commands.targets import find, subscription_ids
from tui.render import clean

if TYPE_CHECKING:
    from actions.estate import Picture
    from tui.commands.output import Output
    from tui.session import Connected

_SHOWN = 10
_WORDS = {
    "subscriptions": "subscriptions", "workspaces": "workspaces", "resources": "resources in all",
    "roleAssignments": "role assignments", "servicePrincipals": "service principals", "users": "users", "groups": "groups",
    "keys": "vault keys", "activity": "events of the activity log",
}  # fmt: skip


@click.command(cls=Command)
@click.argument("workspaces", nargs=-1, metavar="[WORKSPACE ...]")
@click.option("--out", "out_file", required=True, metavar="FILE", help="Where to write the estate.")
@click.option("--pseudonyms", is_flag=True, help="Give every name, id and address another one, the same everywhere.")
@click.option("--names", "names_file", metavar="FILE", help="With --pseudonyms: keep here which name became which.")
@click.pass_context
def estate(
    context: click.Context, workspaces: tuple[str, ...], out_file: str, pseudonyms: bool, names_file: str | None
) -> int:
    """Take a picture of what you can see, to rehearse on: `amlkeys --rehearse FILE`.

    It only reads, and no secret. With WORKSPACE it holds those and what they stand on, with --subscription one
    subscription. What could not be read is told and stands in the picture.
    """
    if names_file and not pseudonyms:
        raise CommandError("--names belongs to --pseudonyms.", exit_code=USAGE, kind="usage")
    if names_file and Path(names_file).absolute() == Path(out_file).absolute():
        raise CommandError("The estate and its names are two files.", exit_code=USAGE, kind="usage")
    places = [_writable(out_file), *([_writable(names_file)] if names_file else [])]

    async def read(connected: Connected) -> Picture:
        from actions.estate import Frame, take

        wanted = session.settings.subscription
        near = [(await find(connected, name, "workspace", wanted)).text for name in workspaces]
        frame = Frame(subscriptions=await subscription_ids(connected, wanted), near=tuple(near))
        return await take(connected.cloud, frame, say=out.progress)

    with opened(context) as (session, out):
        session.run(_signed_in)
        out.banner(session)
        found = session.run(read)
        document, names = found.document, dict[str, str]()
        if pseudonyms:
            from actions.estate import pseudonymise

            document, names = pseudonymise(document, secrets.token_hex(16))
        _check(document)
        _write(places[0], document)
        if names_file:
            _write(places[1], {"schema": "amlkeys.pseudonyms/1", "names": names})
        _tell(out, found, document["about"], places[0], pseudonyms)
    return DONE


async def _signed_in(_connected: Connected) -> None:
    """Sign in, so that whose estate is read is told before it is."""


def _writable(name: str) -> Path:
    """Check a place, by writing there, before an hour of reading is lost for it; what is there already stays."""
    path = Path(name).expanduser()
    if path.is_dir() or not path.parent.is_dir():
        why = "it is a folder" if path.is_dir() else "its folder is not there"
        raise CommandError(f"{clean(name)} cannot be written: {why}.", exit_code=USAGE, kind="file")
    if os.path.lexists(path):
        raise CommandError(f"{clean(name)} is there already; name a new file.", exit_code=USAGE, kind="file")
    _write(path, {}, USAGE)
    path.unlink()
    return path


def _check(document: dict[str, Any]) -> None:
    """Load the picture as a rehearsal would; one that cannot be rehearsed is not written."""
    from tui.session import SessionError, rehearsal_of

    try:
        rehearsal_of(document, 7, "The picture")
    except SessionError as error:
        raise CommandError(str(error), exit_code=FAILED, kind="estate") from None


def _write(path: Path, content: dict[str, Any], exit_code: int = FAILED) -> None:
    from actions.guard.journal import replace_private

    try:
        replace_private(path, msgspec.json.format(msgspec.json.encode(content), indent=1) + b"\n")
    except OSError as error:
        sentence = f"{clean(str(path))} cannot be written: {error.strerror}."
        raise CommandError(sentence, exit_code=exit_code, kind="file") from None


def _tell(out: Output, found: Picture, about: dict[str, Any], path: Path, pseudonyms: bool) -> None:
    """Say what is in it, what is not, and what is assumed."""
    if out.json:
        facts = {"file": str(path), "asOf": found.as_of, "pseudonyms": pseudonyms, "counts": found.counts}
        lacks = {name: about[name] for name in ("leftOut", "keptBack", "suspicious", "unread", "assumed")}
        out.document("estate", {**facts, **lacks})
        return
    told = [f"  {number:>6}  {_WORDS[name]}" for name, number in found.counts.items() if number]
    lines = [f"{clean(str(path))} holds, as of {found.as_of}:", *told]
    if found.left_out:
        lines.append(f"Left out: {found.left_out} resources of types that amlkeys does not read.")
    if found.kept_back:
        lines.append(
            f"Left out: {found.kept_back} values that are secrets, look like one, or are settings of programs."
        )
    lines += _some("Something that looks like a secret stood where none belongs; have it moved and changed:",
                   about["suspicious"], "suspicious")  # fmt: skip
    lines += _some("Could not be read:", about["unread"], "unread")
    lines += ["Assumed:", *(f"  {sentence}" for sentence in about["assumed"])]
    out.result([*lines, f"Rehearse on it: amlkeys --rehearse={clean(str(path))}"])


def _some(title: str, sentences: list[str], name: str) -> list[str]:
    """The first few sentences below their title, and where the others stand."""
    more = len(sentences) - _SHOWN
    rest = [f"  and {more} more, which stand in the file under about.{name}"] if more > 0 else []
    return [title, *(f"  {clean(sentence)}" for sentence in sentences[:_SHOWN]), *rest] if sentences else []

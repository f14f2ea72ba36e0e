"""`posture`: how one workspace is secured, fact by fact; reads only, and no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from tui.commands import completing
from tui.commands.attending import opened
from tui.commands.failures import DONE, PENDING
from tui.commands.flags import Command
from tui.commands.targets import find

if TYPE_CHECKING:
    from actions.posture.page import Page
    from tui.session import Connected

_NEEDS_WORK = {"critical", "high"}


@click.command(cls=Command)
@click.argument("workspace", shell_complete=completing.workspaces)
@click.option("--detailed-exit-code", is_flag=True, help="Exit 3 where a fact is graded high or critical.")
@click.option("--flows", is_flag=True, help="Only which key, secret or identity each flow stands on.")
@click.pass_context
def posture(context: click.Context, workspace: str, flows: bool, detailed_exit_code: bool) -> int:
    """Tell how WORKSPACE is secured: each fact with its grade, what to do, and where and when it was read."""
    from tui.posture_text import page_lines

    async def read(connected: Connected) -> Page:
        from actions.posture.page import read_page

        found = await find(connected, workspace, "workspace", session.settings.subscription)
        return await read_page(connected.cloud, found)

    with opened(context) as (session, out):
        page = session.run(read)
        if flows:
            told = tuple(fact for fact in page.facts if fact.section == "flows")
            page = msgspec.structs.replace(page, facts=told)
        out.banner(session)
        if out.json:
            out.document("posture", {"posture": msgspec.to_builtins(page)})
        else:
            out.result(page_lines(page, out.cells, ascii_only=out.ascii_only))
    graded = {fact.grade for fact in page.facts}
    return PENDING if detailed_exit_code and graded & _NEEDS_WORK else DONE

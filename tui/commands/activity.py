"""`activity`: what was done to a workspace and to what it is linked to; reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from tui.commands import completing
from tui.commands.attending import opened
from tui.commands.failures import DONE
from tui.commands.flags import Command
from tui.commands.targets import find

if TYPE_CHECKING:
    from actions.posture.activity import Timeline
    from tui.session import Connected


@click.command(cls=Command)
@click.argument("workspace", shell_complete=completing.workspaces)
@click.option("--days", type=click.IntRange(1, 90), default=90, help="How far back; Azure keeps 90 days.")
@click.pass_context
def activity(context: click.Context, workspace: str, days: int) -> int:
    """Tell what was done to WORKSPACE and its linked resources, newest first, with the runs of this journal marked."""
    from tui.activity import own_deeds, timeline_lines

    async def read(connected: Connected) -> Timeline:
        from actions.posture.activity import read_activity

        found = await find(connected, workspace, "workspace", session.settings.subscription)
        return await read_activity(connected.cloud, found, days=days, own=own_deeds(connected.journal))

    with opened(context) as (session, out):
        timeline = session.run(read)
        out.banner(session)
        if out.json:
            out.document("activity", {"activity": msgspec.to_builtins(timeline)})
        else:
            out.result(timeline_lines(timeline, out.cells, ascii_only=out.ascii_only))
    return DONE

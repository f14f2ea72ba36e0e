"""`cmk`: the encryption keys of the whole fleet, expiring ones first; reads only, and no secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from tui.commands.attending import opened
from tui.commands.failures import DONE
from tui.commands.flags import Command
from tui.commands.targets import subscription_ids

if TYPE_CHECKING:
    from actions.cmk_versions.fleet import Calendar
    from tui.session import Connected

_LEAST = (14, 10, 4, 8, 8, 8, 10, 8)


@click.command(cls=Command)
@click.pass_context
def cmk(context: click.Context) -> int:
    """List the encrypted workspaces by urgency: whose key expires first, with the next 90 days as a calendar."""
    from tui.key_calendar import TITLES, row_cells, row_state, summary, week_lines
    from tui.render import Column, table

    async def read(connected: Connected) -> Calendar:
        from actions.cmk_versions.fleet import calendar

        wanted = await subscription_ids(connected, session.settings.subscription)
        return await calendar(connected.cloud, wanted, out.counting("Reading the keys", session))

    with opened(context) as (session, out):
        found = session.run(read)
        out.banner(session)
        for sentence in found.unread:
            out.progress(f"{sentence[:1].upper()}{sentence[1:]}")
        if out.json:
            content = msgspec.to_builtins(found)
            weeks = [{"first": first, "expire": count} for first, count in found.weeks]
            out.document("cmk", {"keys": content["rows"], "weeks": weeks, "unread": list(found.unread)})
            return DONE
        if not found.rows:
            out.result(["No workspace that you can see has a customer-managed key."])
            return DONE
        columns = [Column(title, least, right=title == "days") for title, least in zip(TITLES, _LEAST, strict=True)]
        states = [row_state(row) for row in found.rows]
        rows = [row_cells(row) for row in found.rows]
        lines = table(columns, rows, out.cells, states=states, ascii_only=out.ascii_only)
        weeks_told = week_lines(found, out.cells, ascii_only=out.ascii_only)
        out.result(["Pinned versions that expire, by week", *weeks_told, "", *lines, "", summary(found)])
    return DONE

"""`workspaces` and `show`: the fleet as a list, and one workspace; reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from tui.commands.attending import opened
from tui.commands.failures import DONE
from tui.commands.flags import Command
from tui.commands.targets import find, subscription_ids

if TYPE_CHECKING:
    from actions.workspaces import WorkspaceRow
    from tui.session import Connected

_LEAST = (24, 20, 6, 9, 8, 7, 4)
"""Cells that each column keeps: names stay whole, for they are typed; regions give way."""


@click.command(cls=Command)
@click.pass_context
def workspaces(context: click.Context) -> int:
    """List the workspaces of every visible subscription, with the worst finding of each. Reads no secret."""
    from tui.fleet_lines import FLEET_TITLES, fleet_cells, fleet_state, visible
    from tui.render import Column, table

    async def read(connected: Connected) -> tuple[tuple[WorkspaceRow, ...], tuple[str, ...]]:
        from actions.workspaces import whole_fleet

        return await whole_fleet(connected.cloud, await subscription_ids(connected, session.settings.subscription))

    with opened(context) as (session, out):
        rows, unread = session.run(read)
        out.banner(session)
        shown = visible(rows, session.config.subscriptions.hidden)
        for sentence in unread:
            out.progress(f"{sentence[:1].upper()}{sentence[1:]}")
        if out.json:
            out.document("workspaces", {"workspaces": [msgspec.to_builtins(row) for row in shown], "unread": unread})
            return DONE
        columns = [Column(title, least) for title, least in zip(FLEET_TITLES, _LEAST, strict=True)]
        states = [fleet_state(row) for row in shown]
        lines = table(columns, [fleet_cells(row) for row in shown], out.cells, states=states, ascii_only=out.ascii_only)
        many = len({row.subscription for row in shown})
        out.result(
            [*lines, f"{len(shown)} workspaces in {many} subscriptions"] if shown else ["No workspaces are visible."]
        )
    return DONE


@click.command(cls=Command)
@click.argument("workspace")
@click.option("--holders", is_flag=True, help="Also tell which key each holder has; this reads secrets.")
@click.pass_context
def show(context: click.Context, workspace: str, holders: bool) -> int:
    """Tell one WORKSPACE: its storage account and keys, access, network, encryption, endpoints, computes, locks."""
    from tui.describing import workspace_description
    from tui.telling import description_lines, finding_lines

    async def read(connected: Connected) -> Any:
        from actions.workspaces import describe

        found = await find(connected, workspace, "workspace", session.settings.subscription)
        return await describe(connected.cloud, found, secrets=holders), connected.cloud.now()

    with opened(context) as (session, out):
        view, now = session.run(read)
        out.banner(session)
        if out.json:
            out.document("workspace", {"workspace": msgspec.to_builtins(view)})
            return DONE
        lines = description_lines(workspace_description(view, now), out.cells, ascii_only=out.ascii_only)
        if view.findings:
            lines += ["", "Findings", *finding_lines(view.findings, out.cells, ascii_only=out.ascii_only)]
        if view.unread:
            lines += ["", "Could not be read", *(f"  {sentence}" for sentence in view.unread)]
        if not holders:
            lines += ["", "Which key each holder has: add --holders (reads secrets)."]
        out.result(lines)
    return DONE

"""`workspaces` and `show`: the fleet as a list, and one workspace; reads only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from tui.commands import completing
from tui.commands.attending import opened
from tui.commands.failures import DONE
from tui.commands.flags import Command
from tui.commands.targets import find, subscription_ids

if TYPE_CHECKING:
    from actions.workspaces import WorkspaceRow
    from tui.session import Connected


@click.command(cls=Command)
@click.option(
    "--columns", default="", metavar="A,B,C", help="The columns behind the name; `--columns help` tells them."
)
@click.option("--filter", "wanted", default="", metavar="TEXT", help="What passes: words, !not, column:text, -f fuzzy.")
@click.option("--sort", default="", metavar="COLUMN", help="Order by a column; -COLUMN the other way round.")
@click.option("--view", default="", metavar="NAME", help="A view: of the console, of the settings, or saved.")
@click.option("--format", "form", default="", metavar="FORM", help="table, json, csv or markdown.")
@click.pass_context
def workspaces(context: click.Context, columns: str, wanted: str, sort: str, view: str, form: str) -> int:
    """List the workspaces of every visible subscription, with the worst finding of each. Reads no secret."""
    from tui.commands.fleet_formats import FORMATS, FleetLines, chosen_view, told_sum
    from tui.fleet_lines import visible
    from tui.taking import table_csv, table_markdown

    given = context.find_root().ensure_object(dict)
    if form and (form not in FORMATS or (given.get("json") and form != "json")):
        raise click.UsageError(f"--format is one of {', '.join(FORMATS)}, and --json is the same as json.", context)
    given["json"] = given.get("json") or form == "json"
    if columns == "help":
        return _columns(context)
    with opened(context) as (session, out):
        chosen = columns or ("" if view else ",".join(session.config.fleet.columns if not out.json else ()))
        lines = FleetLines(chosen_view(view, chosen, wanted, sort, session.config.fleet.views), whole=out.json)

        async def read(connected: Connected) -> tuple[tuple[WorkspaceRow, ...], tuple[str, ...]]:
            from actions.workspaces import whole_fleet

            where = await subscription_ids(connected, session.settings.subscription)
            hidden = session.config.subscriptions.hidden
            return await whole_fleet(connected.cloud, where, lines.asked, out.pages(session), hidden)

        rows, unread = session.run(read)
        out.banner(session)
        shown = visible(rows, session.config.subscriptions.hidden)
        found = lines.of(shown, session.environments)
        for sentence in unread:
            out.progress(f"{sentence[:1].upper()}{sentence[1:]}")
        if out.json:
            out.document("workspaces", lines.document(shown, found, unread))
        elif form in {"csv", "markdown"}:
            out.text((table_csv if form == "csv" else table_markdown)(*lines.exported(found)))
            out.progress(told_sum(found, shown))
        elif found:
            out.result([*lines.table(found, out.cells, ascii_only=out.ascii_only), told_sum(found, shown)])
        else:
            out.result([f"No workspace fits: {lines.view.filter}" if shown else "No workspaces are visible."])
    return DONE


def _columns(context: click.Context) -> int:
    """Tell the columns that there are."""
    from actions.workspaces.columns import ALL
    from tui.commands.flags import settings_of
    from tui.commands.output import Output
    from tui.render import Column, table

    out = Output(settings_of(context))
    told = [(column.name, column.meaning) for column in ALL]
    told.append(("environment", "the word of its environment in the settings"))
    if out.json:
        out.document("columns", {"columns": [{"name": name, "meaning": meaning} for name, meaning in told]})
    else:
        out.result(table([Column("column", 17), Column("says", 20, wraps=True)], told, out.cells))
    return DONE


@click.command(cls=Command)
@click.argument("workspace", shell_complete=completing.workspaces)
@click.option("--holders", is_flag=True, help="Also tell which key each holder has; this reads secrets.")
@click.pass_context
def show(context: click.Context, workspace: str, holders: bool) -> int:
    """Tell one WORKSPACE: its storage account and keys, access, network, encryption, endpoints, computes, locks."""

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
        from tui.describing import workspace_description
        from tui.telling import description_lines, finding_lines

        lines = description_lines(workspace_description(view, now), out.cells, ascii_only=out.ascii_only)
        if view.findings:
            lines += ["", "Findings", *finding_lines(view.findings, out.cells, ascii_only=out.ascii_only)]
        if view.unread:
            lines += ["", "Could not be read", *(f"  {sentence}" for sentence in view.unread)]
        if not holders:
            lines += ["", "Which key each holder has: add --holders (reads secrets)."]
        out.result(lines)
    return DONE

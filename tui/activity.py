"""The activity of a workspace for people: our own runs found in the journal, and the timeline as lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.render import Column, clean, indent, table

if TYPE_CHECKING:
    from actions.guard.journal import Journal
    from actions.posture.activity import OwnDeed, Timeline

_COLUMNS = (
    Column("when (UTC)", 16),
    Column("operation", 22, wraps=True),
    Column("resource", 12, wraps=True),
    Column("by", 10, wraps=True),
    Column("outcome", 9, wraps=True),
)


def own_deeds(journal: Journal) -> tuple[OwnDeed, ...]:
    """The changes that live runs of this journal sent, with the times between which Azure must have seen them."""
    from actions.guard.model import Mode
    from actions.posture.activity import OwnDeed
    from actions.workspaces.rows import moment

    found: list[OwnDeed] = []
    for summary in journal.runs():
        if summary.mode is not Mode.LIVE:
            continue
        run = journal.run(summary.id)
        requests = {step.id: step.request for plan in run.plans for step in plan.body.steps if step.request is not None}
        for step in run.steps:
            request, tried = requests.get(step.id), moment(step.tried)
            if request is not None and step.sent and tried is not None:
                answered = moment(step.answered) or moment(step.ended) or tried
                resource = request.path.rpartition("/")[0] if request.method == "POST" else request.path
                found.append(OwnDeed(run.id, request.permission, resource, tried, answered))
    return tuple(found)


def timeline_lines(timeline: Timeline, cells: int, *, ascii_only: bool = False) -> list[str]:
    """Tell the operations, newest first, what cannot be there yet, and what never will be."""
    from actions.posture.activity import NEVER

    since, until = timeline.since[:10], timeline.visible_until[11:16]
    many = len(timeline.operations)
    counted = f"{many} operation{'' if many == 1 else 's'}"
    lines = indent(f"{clean(timeline.name)}: {counted} since {since}", cells)
    lines += indent(f"Done after {until}Z: not yet visible, the log is up to 20 minutes late.", cells)
    for sentence in timeline.unread:
        lines += indent(clean(sentence), cells, "? could not be read: ")
    rows, states = [], []
    for each in timeline.operations:
        outcome = each.status if each.code in {"", each.status} else f"{each.status} {each.code}"
        rows.append(
            (
                each.began[:16].replace("T", " "),
                f"{each.title} (our run {each.run})" if each.run else each.title,
                each.resource.rpartition("/")[2],
                each.caller,
                outcome,
            )
        )
        states.append("failed" if each.status.casefold() == "failed" else "info")
    if rows:
        lines += ["", *table(list(_COLUMNS), rows, cells, states=states, title="What was done", ascii_only=ascii_only)]
    return [*lines, "", *indent(NEVER, cells)]

"""The fleet as lines of plain text, the same for every interface; kept apart because the first frame waits for it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actions.workspaces import WorkspaceRow

FLEET_TITLES = ("workspace", "group", "region", "keys", "identity", "endpoints", "CMK")


def fleet_cells(row: WorkspaceRow) -> tuple[str, ...]:
    """One workspace as a line of the fleet list."""
    return (row.name, row.group, row.region, row.keys, row.identity, row.endpoints, row.cmk)


def fleet_state(row: WorkspaceRow) -> str:
    """The grade of a workspace: its worst finding, nothing when all is well."""
    return row.severity.value if row.severity else ""


def visible(rows: Sequence[WorkspaceRow], hidden: Sequence[str]) -> list[WorkspaceRow]:
    """Leave out the workspaces of subscriptions that the settings hide, by id or by name."""
    out = {name.casefold() for name in hidden}
    return [row for row in rows if not out & {row.subscription.casefold(), row.subscription_name.casefold()}]

"""What was done to one workspace and to what it is linked to, as a timeline."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.activity import own_deeds, timeline_lines
from tui.screens.page import PageScreen

if TYPE_CHECKING:
    from actions.posture.activity import Timeline
    from tui.session import Connected


class ActivityScreen(PageScreen):
    """The last ninety days, newest first, our own runs marked."""

    crumb = "activity"
    what = "reading the activity log of"

    async def read(self, connected: Connected) -> Timeline:
        """Read the log, and from the journal what we did ourselves."""
        from actions.cloud.data import ResourceId
        from actions.posture.activity import read_activity

        return await read_activity(connected.cloud, ResourceId(self.workspace), own=own_deeds(connected.journal))

    def lines(self, found: Timeline, cells: int) -> list[str]:
        """Tell it."""
        return timeline_lines(found, cells, ascii_only=self.ascii_only)

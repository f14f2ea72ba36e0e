"""How far long reading is: n of total, in words, and whether enough is new for a line of its own. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from actions.workspaces import FleetPage

_PARTS = 10


_MANY = 20
"""So many of a kind take long enough for their progress to be told."""


class Counted:
    """Follows the reading of many things of one kind; `told` stays empty where they are few."""

    def __init__(self) -> None:
        self.told = ""

    def take(self, read: int, total: int) -> bool:
        """Note how many of how many were read; gives whether that is a tenth more."""
        if total < _MANY:
            return False
        self.told = f"{read} of {total}"
        return read * _PARTS // total > (read - 1) * _PARTS // total


class FleetProgress:
    """Follows the pages of one reading of the fleet; `told` stays empty where all of it came in one page.

    What is asked of each workspace by itself comes behind the lists, and is counted anew.
    """

    def __init__(self) -> None:
        self.told = ""
        self._listed, self._filled, self._part, self._asked = 0, 0, 0, 0

    def take(self, page: FleetPage) -> bool:
        """Count a page in; gives whether there is more to tell by a tenth, so that a log is not filled with lines."""
        if page.to_ask:
            self.told, part = f"{page.asked} of {page.to_ask} asked one by one", page.asked * _PARTS // page.to_ask
            fresh, self._asked = part > self._asked, max(part, self._asked)
            return fresh
        first = not self._listed
        if page.complete:
            self._filled += len(page.rows)
        else:
            self._listed += len(page.rows)
        if first and self._listed >= page.total:
            return False
        if not first and not self.told:
            return False
        self.told, part = self._words(page.total), (self._listed + self._filled) * _PARTS // page.total
        fresh, self._part = part > self._part, max(part, self._part)
        return fresh

    def _words(self, total: int) -> str:
        if self._filled:
            return f"{self._filled} of {total} complete"
        if self._listed < total:
            return f"{self._listed} of {total} listed"
        return f"all {total} listed, reading what they are linked to"

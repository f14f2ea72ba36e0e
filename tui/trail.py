"""The workspaces that were opened, in order, to go back and forward between them."""

from __future__ import annotations

import msgspec


class Visit(msgspec.Struct, frozen=True):
    """One workspace that was opened: its id and its name."""

    id: str
    name: str


class Trail:
    """Visits with a present place; a new one drops what lay ahead, as in a browser."""

    def __init__(self) -> None:
        self._visits: list[Visit] = []
        self._here = -1

    def visit(self, place: Visit) -> None:
        """Be at a place; the one that is present already is not noted twice."""
        if self.present != place:
            self._visits[self._here + 1 :] = [place]
            self._here += 1

    @property
    def present(self) -> Visit | None:
        """The last place that was gone to."""
        return self._visits[self._here] if self._here >= 0 else None

    def step(self, by: int) -> Visit | None:
        """Go back (-1) or forward (1); None, and no move, where the trail ends."""
        to = self._here + by
        if not 0 <= to < len(self._visits):
            return None
        self._here = to
        return self._visits[to]

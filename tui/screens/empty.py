"""A screen for the moment in which a rehearsal has no estate."""

from __future__ import annotations

from collections.abc import Callable

from tui.screens.base import ConsoleScreen


class Empty(ConsoleScreen[None]):
    """Nothing but the line that says what is being made ready; `begin` is called once it can say so."""

    crumbs = ("rehearsal",)

    def __init__(self, begin: Callable[[Empty], None]) -> None:
        super().__init__()
        self._begin = begin

    def on_mount(self) -> None:
        """Make it ready."""
        self._begin(self)

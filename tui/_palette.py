"""The palette, which needs private parts of Textual; apart from them all because the first frame has none."""

from __future__ import annotations

from contextlib import suppress

from textual import work
from textual.command import CommandPalette
from textual.css.query import NoMatches

from tui.steady import Steady


class Palette(Steady, CommandPalette):
    """Textual's palette, which otherwise fails on a page key before its list is laid out, and when it is left early.

    Its picture of a lens is left out: terminals do not agree on how wide that is.
    """

    DEFAULT_CSS = """
    Palette SearchIcon { display: none; }
    """

    def _action_command_list(self, action: str) -> None:
        with suppress(NoMatches, LookupError):
            super()._action_command_list(action)

    @work(exclusive=True, group=CommandPalette._GATHER_COMMANDS_GROUP)  # noqa: SLF001
    async def _gather_commands(self, search_value: str) -> None:
        with suppress(NoMatches):
            await CommandPalette._gather_commands.__wrapped__(self, search_value)  # type: ignore[attr-defined]  # noqa: SLF001

"""What the console loads only when it is first needed, because the first frame is to wait for nothing that it does not show."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from textual import events
    from textual.command import Provider
    from textual.screen import Screen

    from tui.dialogs.hands import Hands


def console_commands() -> type[Provider]:
    """What the palette finds."""
    from tui.palette import ConsoleCommands

    return ConsoleCommands


def own_keys(wanted: Mapping[str, str]) -> dict[str, str]:
    """An operator's own keys for the bindings, checked."""
    from tui.key_names import keymap

    return keymap(wanted)


def terminal_hands() -> Hands:
    """What tells a person's keys from a paste."""
    from tui.dialogs.hands import TerminalHands

    return TerminalHands()


def admits(screen: Screen[object], event: events.Key | events.Paste) -> bool:
    """Whether a screen counts a key: guarded questions and what records each press choose, all others count every one."""
    judge: Callable[[events.Key | events.Paste], bool] | None = getattr(screen, "admits", None)
    return judge is None or judge(event)

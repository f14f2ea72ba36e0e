"""Keys in the order in which they were typed, each on what the one before led to: slow lines bring several at once."""

from __future__ import annotations

import asyncio
from collections import deque

from textual import events
from textual.app import App
from textual.message_pump import MessagePump

from tui._textual import has_mail
from tui.late import admits

_ROUNDS = 10
_LIMIT_SECONDS = 1.0
"""What hangs or never rests must not keep later keys, such as the one that quits."""


class TypedAhead(App[None]):
    """Hands a key on when what the one before began is done: screens opened and left, the focus moved.

    Textual hands each on at once, to what has the focus then: of `/churn` in one packet `c` would open a screen.
    """

    def __init__(self, *, driver_class: type | None = None) -> None:
        super().__init__(driver_class=driver_class)
        self._typed: deque[events.Key | events.Paste] = deque()
        self._limit: asyncio.TimerHandle | None = None

    @property
    def typing(self) -> bool:
        """Whether a key is being handled, or waits for one that is."""
        return self._limit is not None and self.return_code is None

    async def on_event(self, event: events.Event) -> None:
        """Line keys up, and drop them where there is no screen any more; all else is Textual's."""
        if not isinstance(event, events.Key | events.Paste) or event.is_forwarded:
            await super().on_event(event)
            return
        self._typed.append(event)
        if not self.typing:
            await self._hand_on()

    async def _hand_on(self) -> None:
        """Hand on the next key that the screen on top counts; all of them at once where nothing follows any more."""
        self._settle()
        while self._typed:
            event = self._typed.popleft()
            if self.screen_stack and admits(self.screen_stack[-1], event):
                self._limit = limit = asyncio.get_running_loop().call_later(
                    _LIMIT_SECONDS, self.call_later, self._hand_on
                )
                await super().on_event(event)
                if self._sent(limit, self._way(), _ROUNDS):
                    return
                self._settle()

    def _settle(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _way(self) -> list[MessagePump]:
        """Whom a key and what follows from it passes: from the focus to the screen on top and the app."""
        return [*(self.focused or self.screen).ancestors_with_self] if self.screen_stack else [self]

    def _sent(self, limit: asyncio.TimerHandle, way: list[MessagePump], rounds: int) -> bool:
        """Send a note after the key to the next on its way that takes one; whoever is being closed takes none."""
        while way:
            pump, *way = way
            if pump.call_later(self._rest, limit, way, rounds):
                return True
        return False

    async def _rest(self, limit: asyncio.TimerHandle, way: list[MessagePump], rounds: int) -> None:
        """Go the way behind the key, a round for each message that led to another, until nothing is left of it."""
        if limit is not self._limit or self._sent(limit, way, rounds):
            return
        if rounds and any(has_mail(pump) for pump in self._way()) and self._sent(limit, self._way(), rounds - 1):
            return
        await self._hand_on()

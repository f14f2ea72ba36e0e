"""What keeps screens calm under keys that were typed ahead: left twice, or left before they are there."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from typing import TYPE_CHECKING, Any

from textual.await_complete import AwaitComplete
from textual.css.query import NoMatches
from textual.events import Mount
from textual.screen import Screen

if TYPE_CHECKING:
    from textual.events import Event

    Base = Screen[Any]
else:
    Base = object


class Steady(Base):
    """Put before a screen's base: over a slow line several keys arrive at once, and each is meant for what was seen."""

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Leave once; a second wish to leave takes no other screen away."""
        if self.app.screen is not self:
            return AwaitComplete()
        left: AwaitComplete = super().dismiss(result)
        return left

    async def on_event(self, event: Event) -> None:
        """Begin nothing on a screen that was left before its parts were made."""
        try:
            await super().on_event(event)
        except NoMatches:
            if not isinstance(event, Mount) or (self.is_attached and self in self.app.screen_stack):
                raise

    def call_next(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        """Take an answer that comes when the parts of the screen are gone already, because all is being closed, for none."""

        async def answered() -> None:
            try:
                found = callback(*args, **kwargs)
                if isawaitable(found):
                    await found
            except NoMatches:
                if self.is_attached and not self._pruning and self in self.app.screen_stack:
                    raise

        super().call_next(answered)

"""The one screen that shows a key: for twenty seconds, painted past Textual, so that no picture of a screen has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from tui._textual import paint
from tui.render import clean
from tui.screens.base import ConsoleScreen

if TYPE_CHECKING:
    from actions.guard.secret import Secret

SECONDS = 20
_ROWS = 4


class RevealScreen(ConsoleScreen[None]):
    """Shows a secret; Textual only knows the empty lines over which it is painted.

    So it is on the terminal's alternate screen alone: in no screenshot, no selection, no traceback and no log. It goes
    when the time is over, when anything covers the screen, and with any key.
    """

    DEFAULT_CSS = """
    RevealScreen {
        & > Static { padding: 0 1; height: auto; }
        & > #secret { height: 4; margin: 1 0; }
        & > #left { height: 1fr; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,enter,space,q", "back", "hide it", id="reveal.hide")]
    ALLOW_SELECT = False

    def __init__(self, secret: Secret, what: str) -> None:
        super().__init__()
        self._secret: Secret | None = secret
        self._what = clean(what)
        self.left = SECONDS
        self.crumbs = ("workspaces", "runs", "key")

    def compose_body(self) -> ComposeResult:
        """What it is, room for it, and how long it stays."""
        yield Static(Text(f"{self._what}. That it is shown here is in the journal.\n"))
        yield Static("", id="secret")
        yield Static(id="left")

    def on_mount(self) -> None:
        """Count the seconds."""
        self._tell()
        self.set_interval(1, self.tick)

    def on_screen_resume(self) -> None:
        """Paint once the screen is there; what was covered once stays hidden."""
        if self._secret is None:
            self.dismiss()
        else:
            self.call_after_refresh(self._paint)

    def on_screen_suspend(self) -> None:
        """Hide it under whatever covers it."""
        self._hide()

    def on_resize(self) -> None:
        """Paint it again where it belongs."""
        self.call_after_refresh(self._paint)

    def on_unmount(self) -> None:
        """Leave nothing behind."""
        self._secret = None
        super().on_unmount()

    def on_key(self, event: events.Key) -> None:
        """Any key hides it."""
        event.stop()
        self.action_back()

    def tick(self) -> None:
        """One second less."""
        self.left -= 1
        if self.left <= 0:
            self.action_back()
            return
        self._tell()
        self.call_after_refresh(self._paint)

    def action_back(self) -> None:
        """Hide it and go back."""
        self._hide()
        if self.is_current:
            self.dismiss()

    def _tell(self) -> None:
        self.query_one("#left", Static).update(Text(f"Hidden in {self.left} s; any key hides it now."))

    def _paint(self) -> None:
        if self._secret is not None and self.is_mounted and self.is_current:
            region = self.query_one("#secret").content_region
            paint(self.app, region.x, region.y, region.width, _ROWS, self._secret)

    def _hide(self) -> None:
        """Paint blanks over it, and let go of it."""
        if self._secret is not None:
            self._secret = None
            region = self.query_one("#secret").content_region
            paint(self.app, region.x, region.y, region.width, _ROWS, None)

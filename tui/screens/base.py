"""What all screens share: banner, remarks, keys; reading on the engine's thread; leaving through `dismiss`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from tui.render import clip
from tui.steady import Steady
from tui.widgets.banner import Banner, BannerFacts
from tui.widgets.key_line import KeyLine
from tui.widgets.lines import put

if TYPE_CHECKING:
    from tui.app import AmlkeysApp
    from tui.dialogs.failure import Failure
    from tui.session import Connected
    from tui.sheets import Sheet
    from tui.widgets.run_view import RunView
    from tui.widgets.text_pane import TextPane
    from tui.widgets.virtual_table import VirtualTable

ResultT = TypeVar("ResultT")
T = TypeVar("T")
_QUIET_SECONDS = 1


class StatusLine(Static):
    """One line of remarks: what is being read and for how long, or what just happened."""

    DEFAULT_CSS = "StatusLine { height: 1; width: 100%; padding: 0 1; color: $text-muted; }"

    def __init__(self) -> None:
        super().__init__()
        self._reading, self._far, self._said, self._seconds = "", "", "", 0
        self._slowed: Callable[[], str] = str
        self._ticks: Timer | None = None

    def busy(self, what: str) -> None:
        """Say what is being read; the seconds count up, so that the screen never looks frozen."""
        self._reading, self._far, self._said, self._seconds = what, "", "", 0
        self._draw()
        self._tick_while_needed()

    def far(self, how: str) -> None:
        """Say how far the reading is that goes on; its seconds count on."""
        if how != self._far:
            self._far = how
            self._draw()

    def say(self, what: str = "") -> None:
        """Say what happened; reading is over."""
        self._reading, self._said, self._slowed = "", what, str
        self._draw()
        self._tick_while_needed()

    def slowed(self, told: Callable[[], str]) -> None:
        """Say beside it why things take longer, for as long as `told` has something to say."""
        self._slowed = told
        self._draw()
        self._tick_while_needed()

    def _tick_while_needed(self) -> None:
        needed = bool(self._reading or self._slowed())
        if needed and self._ticks is None:
            self._ticks = self.set_interval(1, self._tick)
        elif not needed and self._ticks is not None:
            self._ticks.stop()
            self._ticks = None

    def _tick(self) -> None:
        self._seconds += 1
        if self._seconds > _QUIET_SECONDS or self._slowed is not str:
            self._draw()
        self._tick_while_needed()

    def _draw(self) -> None:
        passed = f" {self._seconds} s" if self._seconds > _QUIET_SECONDS else ""
        far = f": {self._far}" if self._far else ""
        reading = f"{self._reading}{far} ...{passed}" if self._reading else self._said
        text = "   ".join(part for part in (reading, self._slowed()) if part)
        cells = self.size.width
        put(
            self,
            Text(clip(text, cells, ascii_only=bool(self.app.has_class("-ascii"))) if cells else text, no_wrap=True),
        )

    def on_resize(self) -> None:
        """Fit to the width."""
        self._draw()


class Far(Message):
    """How far what is being read is, said on the engine's thread."""

    def __init__(self, how: str) -> None:
        super().__init__()
        self.how = how


class Answered(Message):
    """Something that was asked of the engine's thread is there."""

    def __init__(
        self, future: Future[Any], then: Callable[[Any], None], failed: Callable[[BaseException], None]
    ) -> None:
        super().__init__()
        self.future, self.then, self.failed = future, then, failed


class ConsoleScreen(Steady, Screen[ResultT]):
    """A screen of the console; `crumbs` say where it is."""

    DEFAULT_CSS = """
    ConsoleScreen {
        layout: vertical; overflow: hidden hidden; background: $background;
        & > ContentSwitcher { height: 1fr; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "back", id="back"),
    ]
    AUTO_FOCUS = ""
    crumbs: tuple[str, ...] = ()
    about: str = ""
    """The id of the resource that the screen is about; its environment stands in the banner."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: set[Future[Any]] = set()

    @property
    def console(self) -> AmlkeysApp:
        """The app, by its own type."""
        return cast("AmlkeysApp", self.app)

    @property
    def ascii_only(self) -> bool:
        """Whether symbols are to be plain ASCII."""
        return self.console.ascii_only

    @property
    def banner(self) -> Banner:
        """The two lines on top."""
        return self.query_one(Banner)

    @property
    def status(self) -> StatusLine:
        """The line of remarks."""
        return self.query_one(StatusLine)

    def compose(self) -> ComposeResult:
        """Banner on top, remarks and keys below, the screen's own parts between."""
        yield Banner(self.facts(), self.crumbs, ascii_only=self.ascii_only)
        yield from self.compose_body()
        yield StatusLine()
        yield KeyLine()

    def facts(self) -> BannerFacts:
        """What the banner of this screen says now."""
        return self.console.standing.facts(self.about)

    def on_screen_resume(self) -> None:
        """Wear the theme of the environment that the screen is about."""
        self.console.wear(self.console.session.environments.of(self.about))

    def compose_body(self) -> ComposeResult:
        """Yield the screen's own parts."""
        yield from ()

    @property
    def shows_run(self) -> bool:
        """Whether a run's pane is on the screen, which tells by itself what is waited for."""
        return False

    def facts_changed(self) -> None:
        """Take notice of a sign-in; most screens need not."""

    @property
    def _parts(self) -> Iterator[VirtualTable | TextPane]:
        """The parts that can show tables, of those that are on the screen."""
        for part in self.query("VirtualTable, TextPane").results():
            if all(node.display for node in part.ancestors_with_self if isinstance(node, Widget)):
                yield cast("VirtualTable | TextPane", part)

    @property
    def has_sheets(self) -> bool:
        """Whether a table is shown that can be taken away."""
        return any(part.has_sheets for part in self._parts)

    def sheets(self) -> list[Sheet]:
        """Every table that is shown, as data."""
        return [found for part in self._parts for found in part.sheets()]

    def run_changed(self, view: RunView) -> None:
        """Take notice of a run that went on; most screens need not."""

    def ask(
        self,
        what: str,
        work: Callable[[Connected], Awaitable[T]],
        then: Callable[[T], None],
        failed: Callable[[BaseException], None] | None = None,
        *,
        keep: bool = False,
    ) -> None:
        """Do some work on the engine's thread and hand its result to `then` on this one.

        Leaving the screen drops what was asked, unless it is a run (`keep`).
        """
        if what:
            self.status.busy(what)
        future = self.console.session.submit(work, keep=keep)
        if not keep:
            self._asked.add(future)
        answer, loop = failed or self.fail, asyncio.get_running_loop()

        def done(found: Future[T]) -> None:
            with suppress(RuntimeError):  # behind all that was told before it, also where it is done already
                loop.call_soon_threadsafe(self._answer, found, then, answer)

        future.add_done_callback(done)
        if keep:
            self.console.board.add(future)  # last, so that a run pends until its end was told

    def _answer(self, done: Future[Any], then: Callable[[Any], None], failed: Callable[[BaseException], None]) -> None:
        """Bring a result from the engine's thread; when the console is closing nobody needs it."""
        with suppress(RuntimeError):
            self.post_message(Answered(done, then, failed))

    def on_answered(self, message: Answered) -> None:
        """Hand a result or an error on."""
        message.stop()
        self._asked.discard(message.future)
        if message.future.cancelled():
            return
        error = message.future.exception()
        if error is None:
            message.then(message.future.result())
        elif not isinstance(error, CancelledError):
            self.status.say()
            message.failed(error)

    def on_far(self, message: Far) -> None:
        """Say how far the reading is."""
        message.stop()
        self.status.far(message.how)

    def on_unmount(self) -> None:
        """Nobody waits for the answers of a screen that is gone."""
        self.drop_asked()

    def drop_asked(self) -> None:
        """Drop what was asked and has not been answered."""
        for future in self._asked:
            future.cancel()

    def fail(self, error: BaseException) -> None:
        """Show what went wrong."""
        from tui.dialogs.failure import told

        self.show_failure(told(error))

    def show_failure(self, failure: Failure) -> None:
        """Show a failure over the screen."""
        from tui.dialogs.failure import FailureDialog

        self.app.push_screen(FailureDialog(failure))

    def action_back(self) -> None:
        """Go back to where one came from."""
        self.dismiss()

"""The console's App: it pushes screens, hands events on, and owns the session; it decides nothing about Azure."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import Screen
from textual.timer import Timer

from tui.late import console_commands, own_keys, terminal_hands
from tui.locales import symbols
from tui.render import clean
from tui.screens.ways import Ways
from tui.screens.workspaces import WorkspacesScreen
from tui.standing import RunBoard, Standing, tell_slowed
from tui.typed_ahead import TypedAhead
from tui.widgets.banner import tick_after

if TYPE_CHECKING:
    from collections.abc import Callable

    from actions.cloud.data import DeviceCode, Throttling
    from actions.guard.events import Event
    from actions.guard.model import Mode
    from tui.dialogs.hands import Hands
    from tui.session import Connected, Session


class FromEngine(Message):
    """Something that the engine's thread tells: a run's event, a sign-in to finish, throttling, or being connected."""

    def __init__(self, told: Event | DeviceCode | Throttling | Connected) -> None:
        super().__init__()
        self.told = told


class AmlkeysApp(TypedAhead, Ways):
    """The console over one session."""

    TITLE = "amlkeys"
    AUTO_FOCUS = ""
    COMMANDS = App.COMMANDS | {console_commands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "choose_mode", "mode", id="mode"),
        Binding("ctrl+q", "leave", "quit", id="quit", priority=True),
        Binding("question_mark", "help", "help", id="help"),
    ]

    def __init__(
        self,
        session: Session,
        *,
        hands: Hands | None = None,
        driver_class: type | None = None,
        wants_mouse: bool = False,
        painted: Callable[[], object] | None = None,
    ) -> None:
        super().__init__(driver_class=driver_class)
        self.session = session
        self._hands, self._painted = hands, painted
        self.wants_mouse = wants_mouse
        self.lost_terminal = False
        self.standing, self.board = Standing(session), RunBoard()
        self._ticks: Timer | None = None
        self.animation_level = "none"
        self.ascii_only = session.config.appearance.ascii or not symbols(os.environ)
        self.set_class(self.ascii_only, "-ascii")
        if self.ascii_only:
            from tui.themes import ASCII_CSS

            self.stylesheet.add_source(ASCII_CSS, read_from=("tui/themes.py", "ASCII_CSS"), is_default_css=False)
        if session.config.appearance.theme:
            self.theme = session.config.appearance.theme
        if session.config.keys:
            self.set_keymap(own_keys(session.config.keys))

    def get_default_screen(self) -> Screen[None]:
        """Open with the fleet."""
        fleet = self.session.config.fleet
        return WorkspacesScreen(self.session.environments, fleet.columns, fleet.refresh)

    @property
    def hands(self) -> Hands:
        """What tells a person's keys from a paste."""
        self._hands = self._hands or terminal_hands()
        return self._hands

    def on_mount(self) -> None:
        """Listen to the engine's thread."""
        self.session.emit = self.session.on_throttle = self.session.on_device_code = self.hear
        self.call_after_refresh(self._connect)

    def _connect(self) -> None:
        """Sign in after the first frame, on the engine's thread."""
        if self._painted is not None:
            self._painted()

        async def tell(connected: Connected) -> None:
            self.hear(connected)

        self.session.submit(tell)

    def hear(self, told: Event | DeviceCode | Throttling | Connected) -> None:
        """Take something from the engine's thread, without ever making it wait."""
        with suppress(RuntimeError):
            self.post_message(FromEngine(told))

    def on_from_engine(self, message: FromEngine) -> None:
        """Hand on what the engine's thread told."""
        from actions.cloud.data import DeviceCode, Throttling
        from actions.guard.events import Event
        from tui.dialogs.ask import TextDialog

        told = message.told
        if isinstance(told, Event):
            self._run_went_on(told)
        elif isinstance(told, DeviceCode):
            text = f"Open {told.url} and enter the code\n\n    {told.code}\n\nbefore {told.expires:%H:%M}Z."
            self.push_screen(TextDialog("Sign in", text))
        elif isinstance(told, Throttling):
            tell_slowed(told, self.standing, self.board, self.console_screens())
        else:
            self.standing.connected = told
            for screen in self.console_screens():
                screen.facts_changed()
            self.show_facts()

    def _run_went_on(self, event: Event) -> None:
        """Bring a run's view up to date on every screen that shows it."""
        view = self.board.take(event)
        if view is not None:
            for screen in self.console_screens():
                screen.run_changed(view)
        self.show_facts()

    def show_facts(self) -> None:
        """Bring every banner up to date, and again when live has less time left or has lapsed."""
        facts = self.standing.facts()
        for screen in self.console_screens():
            screen.banner.show(screen.facts())
        after = tick_after(facts)
        if self._ticks is not None:
            self._ticks.stop()
        self._ticks = self.set_timer(after, self.show_facts) if after else None

    # Keys that work everywhere

    def action_choose_mode(self) -> None:
        """Ask how far this session may go."""
        from tui.arming_word import arming_word
        from tui.dialogs.arm import ModeDialog

        facts = self.standing.facts()
        if self.standing.connected is None:
            self.remark("Not signed in yet: the mode can be chosen when the workspaces are there.")
        elif not isinstance(self.screen, ModeDialog):
            word, reaches = arming_word(facts.estate, facts.tenant), self.session.environments.reached()
            self.push_screen(ModeDialog(facts.mode, word, place=self.standing.place, reaches=reaches), self._chosen)

    def _chosen(self, mode: Mode | None) -> None:
        if mode is not None:
            self.standing.arm(mode)
            self.show_facts()

    def action_leave(self) -> None:
        """Quit; while a run is under way, ask first."""
        from tui.dialogs.ask import LeaveDialog

        running = self.board.at_work()
        if not running and self.playing is not None and self.playing.told:
            self.end_drill(leaving=True)
        elif not running:
            self.exit()
        elif not isinstance(self.screen, LeaveDialog):
            told = ", ".join(f"{view.plan.action} of {clean(view.plan.name)} (run {view.run})" for view in running)
            self.push_screen(LeaveDialog(told), self._left)

    def _left(self, leave: bool | None) -> None:
        if leave:
            self.board.stop_all(self.standing.connected)
            self.exit()

    def terminal_gone(self) -> None:
        """Leave without a word: there is nobody to read it."""
        self.lost_terminal = True
        self.exit()

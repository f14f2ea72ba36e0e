"""The App's part that rehearses: drills from their story to their debrief, the rehearsal's controls, beginning anew."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import ModalScreen

from tui.habits import Habits
from tui.trail import Trail

if TYPE_CHECKING:
    from actions.guard.events import Event
    from tui.debrief import Debrief, Standing
    from tui.drill_hand import Playing
    from tui.session import Connected, Session
    from tui.standing import RunBoard
    from tui.standing import Standing as Facts

ELSEWHERE = "Only a rehearsal in this process can do that: amlkeys --rehearse, or amlkeys rehearsal drill."
BUSY = "A run is under way: let it end, or stop it with x, first."


class Drilling(Habits):
    """Keys and ways of a rehearsal; outside of one they do nothing but say so."""

    session: Session
    board: RunBoard
    standing: Facts
    playing: Playing | None = None
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("D", "story", "drill", id="drill"),
        Binding("R", "controls", "rehearsal controls", show=False, id="rehearsal"),
    ]

    class Looked(Message):
        """Somebody looked where the goal of the drill stands."""

        def __init__(self, standing: Standing) -> None:
            super().__init__()
            self.standing = standing

    @property
    def can_rehearse(self) -> bool:
        """Whether this console has a rehearsal cloud of its own."""
        return self.session.can_renew

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Offer these keys only where they can do something."""
        if action == "story":
            return self.playing is not None and not isinstance(self.screen, ModalScreen)
        if action == "controls":
            return self.can_rehearse and self.playing is None and not isinstance(self.screen, ModalScreen)
        return super().check_action(action, parameters)

    # Beginning

    def on_from_engine(self, message: Any) -> None:
        """Begin what the console was opened for once it is signed in; look at the goal whenever a run went on."""
        from actions.guard.events import Paused, RunFinished, StepFinished

        told = message.told
        if isinstance(told, Paused | RunFinished | StepFinished):
            self._look(told)
        elif self.session.wanted_drill is not None and type(told).__name__ == "Connected":
            wanted, self.session.wanted_drill = self.session.wanted_drill, None
            self.begin_drill(wanted) if wanted else self.open_drills()

    def open_drills(self) -> None:
        """Show the drills."""
        from tui.screens.drills import DrillsScreen

        if not self.can_rehearse:
            self.remark(ELSEWHERE)
        elif self.playing is not None:
            self.action_story()
        else:
            self.push_screen(DrillsScreen())

    def begin_drill(self, name: str) -> None:
        """Make an estate of its own ready and tell the story."""
        if not self.can_rehearse:
            self.remark(ELSEWHERE)
        elif self.board.pending:
            self.remark(BUSY)
        else:
            self._anew(drill=name)

    def begin_anew(self, *, drills: bool = False) -> None:
        """Begin the rehearsal anew, on the estate that the console was opened with."""
        if self.board.pending:
            self.remark(BUSY)
        else:
            self._anew(drills=drills)

    def _anew(self, *, drill: str = "", drills: bool = False) -> None:
        """Drop every screen and what it asked for, renew the rehearsal, and begin with the fleet again."""
        from tui.drill_hand import begun

        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.console_screens()[0].drop_asked()
        self.standing.connected = self.playing = None
        self.standing.goal = ""
        self.board.views.clear()
        self.trail = Trail()
        session = self.session

        async def renew(_old: Connected) -> tuple[Connected, Playing | None]:
            fresh = await session.renew(drill=bool(drill))
            return fresh, await begun(fresh, drill) if drill else None

        def ready(found: tuple[Connected, Playing | None]) -> None:
            self.standing.connected, self.playing = found
            while len(self.screen_stack) > 1:
                self.pop_screen()
            self.start_over()
            if self.playing is not None:  # asked by the app: the screen that asked is gone, and hears no answer
                self.call_later(self._play, self.playing)
            elif drills:
                self.open_drills()
            self.show_facts()

        from tui.screens.empty import Empty

        self.push_screen(Empty(lambda empty: empty.ask("making the rehearsal's estate ready", renew, ready)))

    def _play(self, playing: Playing) -> None:
        from tui.drill_hand import told_goal

        self.session.emit = playing.watching(self.hear)
        self.standing.goal = told_goal(playing.standing)
        self._tell(playing, None)

    # The story, and where the goal stands

    def action_story(self) -> None:
        """Tell the story again, and where the goal stands."""
        if self.playing is not None:
            self._tell(self.playing, self.playing.standing)

    def _tell(self, playing: Playing, standing: Standing | None) -> None:
        from tui.dialogs.story import StoryDialog

        def read(answer: str | None) -> None:
            if standing is None:  # the time counts from when the story was read
                playing.start, playing.told = playing.start._replace(at=self.standing.now()), True
            elif answer == "end":
                self.end_drill()

        self.push_screen(StoryDialog(playing.drill, standing), read)

    def _look(self, _event: Event) -> None:
        """Look where the goal stands, on the engine's thread."""
        playing = self.playing
        if playing is None or playing.debrief is not None:
            return

        def there(done: Future[Standing]) -> None:
            if not done.cancelled() and done.exception() is None:
                with suppress(RuntimeError):
                    self.post_message(self.Looked(done.result()))

        self.session.submit(playing.looked).add_done_callback(there)

    def on_drilling_looked(self, message: Looked) -> None:
        """Tell where the goal stands; when it is reached, offer the debrief."""
        from tui.drill_hand import told_goal

        playing = self.playing
        if playing is None or playing.debrief is not None or playing.standing == message.standing:
            return
        playing.standing = message.standing
        self.standing.goal = told_goal(message.standing)
        self.show_facts()
        if message.standing == "reached" and not isinstance(self.screen, ModalScreen):
            self._tell(playing, "reached")

    # The end

    def end_drill(self, *, leaving: bool = False) -> None:
        """Judge the drill and show its debrief; `leaving` asks first."""
        from tui.dialogs.ask import Pick, PickDialog

        playing = self.playing
        if playing is None:
            return
        if leaving:
            while isinstance(self.screen, ModalScreen):
                self.pop_screen()  # a question that is left open is answered by nothing
            picks = (
                Pick("end", "end it here", "and be told how it went; it is kept with earlier times"),
                Pick("stay", "go on", "nothing is lost by thinking"),
            )
            self.push_screen(
                PickDialog("Leave the drill?", picks), lambda answer: self.end_drill() if answer == "end" else None
            )
        elif self.board.pending:
            self.remark(BUSY)
        else:

            def there(told: Debrief) -> None:
                self.call_later(self._debrief, playing, told)

            self.console_screens()[-1].ask("looking at how it went", playing.judged, there)

    def _debrief(self, playing: Playing, told: Debrief) -> None:
        """Tell how it went; from there to the drills, or to the same one again."""
        from tui.screens.drills import DebriefScreen

        self.playing, self.standing.goal = None, ""
        self.session.last_won = told.won
        self.session.emit = self.hear

        def left(answer: str | None) -> None:
            self.begin_drill(playing.name) if answer == "again" else self.begin_anew(drills=True)

        self.push_screen(DebriefScreen(playing.name, playing.drill, told), left)
        self.show_facts()

    # The rehearsal's controls

    def action_controls(self) -> None:
        """Show what can be made to go wrong, the clock, what was asked and who is without a key."""
        from tui.screens.rehearsal import RehearsalScreen

        if not self.can_rehearse:
            self.remark(ELSEWHERE)
        elif self.playing is not None:
            self.remark("Not in a drill: its faults are its own, and seeing them would give them away.")
        elif not isinstance(self.screen, RehearsalScreen):
            self.push_screen(RehearsalScreen())

    def start_over(self) -> None:
        """Read the fleet anew."""
        raise NotImplementedError

    def hear(self, told: Any) -> None:
        """Take something from the engine's thread."""
        raise NotImplementedError

    def show_facts(self) -> None:
        """Bring every banner up to date."""
        raise NotImplementedError

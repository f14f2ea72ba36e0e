"""A drill played by hand on lines: its story, the places and numbered choices of the plain walk, its debrief."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from tui.commands.attending import attach
from tui.commands.failures import DONE, FAILED
from tui.commands.output import Output
from tui.drill_hand import begun, debrief_lines, story_text
from tui.plain import Ask, Leave
from tui.plain_places import Places
from tui.render import indent
from tui.telling import pause_lines

if TYPE_CHECKING:
    from actions.guard.events import Paused
    from actions.guard.results import RunResult
    from tui.drill_hand import Playing
    from tui.session import Session
    from tui.settings import Settings

ENDS = "0, then 1, ends the drill"
_STORY, _END = "The drill: its story again, and where its goal stands", "End the drill, and be told how it went"


class Ended(Leave):
    """The drill is to be judged."""


class DrillWalk(Places):
    """One drill on an estate of its own; what is chosen by number changes nothing here either."""

    elsewhere = ", 0 for the drill, runs, runbooks and the rest"

    def __init__(self, session: Session, out: Output, ask: Ask, playing: Playing) -> None:
        super().__init__(session, out, ask)
        self._playing = playing

    def start(self) -> None:
        """Tell the story, let the operator work, and end with the debrief; input that ends is no ending."""
        playing, drill = self._playing, self._playing.drill
        self._out.result([f"Drill: {drill.title} (grade {drill.grade} of 5)", ""])
        self._tell(None)
        self._question("Enter goes to work; the time counts from there (q leaves).")
        now = self._session.run(lambda connected: _now(connected))
        playing.start, playing.told = playing.start._replace(at=now), True
        while not self._worked():
            pass
        told = self._session.run(playing.judged)
        self._out.result(debrief_lines(drill, told, self._out.cells, ascii_only=self._out.ascii_only))

    def again(self) -> bool:
        """Ask whether the same one is played once more, or another."""
        return self._pick("What next", ("Play it again", "Another drill")) == 0

    def _worked(self) -> bool:
        """Work until the drill is to be ended; leaving asks first."""
        try:
            super().start()  # comes back where the workspaces cannot be read
        except Ended:
            return True
        except (Leave, KeyboardInterrupt):
            pass
        return self._leaves()

    def _leaves(self) -> bool:
        picks = ("End the drill here, and be told how it went", "Go on: nothing is lost by thinking")
        try:
            return self._pick("Leave the drill?", picks) == 0
        except Leave:
            return True

    def places(self) -> dict[str, Callable[[], object]]:
        """The drill first."""
        found = super().places()
        found.pop(self.drills, None)
        return {_END: self._end, _STORY: lambda: self._tell(self._playing.standing), **found}

    def _end(self) -> None:
        raise Ended

    def _tell(self, standing: Any) -> None:
        """Tell the story, what is judged, and where the goal stands."""
        for paragraph in story_text(self._playing.drill, standing, ends=ENDS).split("\n\n"):
            self._out.result([*indent(paragraph, min(self._out.cells, 100)), ""])

    def tell_end(self, result: RunResult, paused: Paused | None) -> None:
        """Tell how a run ended; its journal goes with the drill, so that no command of later finds it."""
        cells, ascii_only = self._out.cells, self._out.ascii_only
        self._out.result(pause_lines(result.state, result.sentence, paused, cells, ascii_only=ascii_only))

    def _attend(self, work: Callable[..., Any]) -> RunResult:
        """Stay with a run; afterwards the goal may stand elsewhere."""
        result = super()._attend(work)
        self._look()
        return result

    def _call(self, *words: str, apart: bool = False) -> None:
        """A command may have gone on with a run as well."""
        super()._call(*words, apart=apart)
        self._look()

    def _look(self) -> None:
        """Say where the goal stands when that is new; once it is reached, offer the debrief."""
        playing = self._playing
        before, playing.standing = playing.standing, self._session.run(playing.looked)
        if playing.standing == before:
            return
        self._out.progress(story_text(playing.drill, playing.standing, ends=ENDS).split("\n\n")[-1])
        if playing.standing == "reached" and self._pick("The goal is reached", (_END, "Go on")) == 0:
            raise Ended


async def _now(connected: Any) -> str:
    now: str = connected.cloud.now().isoformat()
    return now


def play_by_hand(settings: Settings, name: str, ask: Ask = input) -> int:
    """Play a drill on lines, as often as the operator likes; 0 when the last one that was judged was won."""
    from tui.session import open_session

    won = False
    session = open_session(replace(settings, rehearse="", live=False, dry_run=False, journal="", drill=None))
    out = Output(session.settings, ascii_only=session.config.appearance.ascii)
    attach(session, out)
    try:
        while name := name or Places(session, out, ask).picked_drill():
            playing = session.run(lambda connected, name=name: _begin(connected, name))  # type: ignore[misc]
            session.watching = playing.watching
            walk = DrillWalk(session, out, ask, playing)
            walk.start()
            won = playing.debrief is not None and playing.debrief.won
            name = name if walk.again() else ""
    except (Leave, EOFError, KeyboardInterrupt):
        out.progress("")
    finally:
        session.close()
    return DONE if won else FAILED


async def _begin(connected: Any, name: str) -> Playing:
    """Make the drill's estate ready, and note how everything stands."""
    return await begun(await connected.session.renew(drill=True), name)

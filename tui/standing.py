"""Where the console stands: the session's mode, world, user and runs, as its screens ask for them."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, wait
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from actions.guard.errors import GuardError
from actions.guard.reach import Mode
from tui.widgets.banner import BannerFacts, place

if TYPE_CHECKING:
    from actions.cloud.data import Throttling
    from actions.guard.events import Event
    from tui.screens.base import ConsoleScreen
    from tui.session import Connected, Session
    from tui.widgets.run_view import RunView


class Standing:
    """The session's facts, and what was signed in to; usable from the UI thread, never waits for Azure."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.connected: Connected | None = None
        self.goal = ""
        """Where the goal of a drill stands, in words; empty outside of drills."""

    def facts(self, about: str = "") -> BannerFacts:
        """What every banner says now; one about a resource (its id) also tells the environment."""
        found = self.session.banner()
        left = self.connected.arming.seconds_left() if self.connected else 0.0
        env = self.session.environments.of(about)
        tail = (env.shown, env.colour) if env else ("", "")
        head = (found.mode, found.rehearsal, found.estate, found.cloud, found.tenant, found.user, left)
        return BannerFacts(*head, *tail, goal=self.goal)

    @property
    def mode(self) -> Mode:
        """How far this session may go now."""
        return self.session.banner().mode

    @property
    def place(self) -> str:
        """The word for the world this session works in."""
        return place(self.facts())

    def now(self) -> str:
        """The cloud's time, ISO 8601; empty before anybody signed in."""
        return self.session.banner().as_of

    def arm(self, mode: Mode) -> None:
        """Set the mode; live lasts until it lapses."""
        if self.connected is not None:
            self.connected.arming.arm(mode)


class RunBoard:
    """The runs of this console: a view of each, kept up to date by their events, and their ends to wait for."""

    def __init__(self) -> None:
        self.views: dict[str, RunView] = {}
        self._futures: set[Future[Any]] = set()

    def take(self, event: Event) -> RunView | None:
        """Bring a run's view up to date and return it; None for a run whose beginning was not seen."""
        from tui.widgets.run_view import follow

        view = follow(self.views.get(event.run), event)
        if view is not None:
            self.views[event.run] = view
        return view

    def slowed(self, told: Throttling, now: str) -> list[RunView]:
        """Note with every run at work that Azure asked to slow down; give them."""
        from tui.widgets.run_view import slowed

        for view in self.at_work():
            self.views[view.run] = replace(view, throttle=slowed(told, now))
        return list(self.at_work())

    def at_work(self) -> Sequence[RunView]:
        """The runs that go on."""
        return [view for view in self.views.values() if not view.over]

    def add(self, future: Future[Any]) -> None:
        """Keep the end of a run to wait for."""
        self._futures.add(future)
        future.add_done_callback(self._futures.discard)

    @property
    def pending(self) -> bool:
        """Whether the end of a run is still to come."""
        return bool(self._futures)

    def stop_all(self, connected: Connected | None) -> None:
        """Ask every run of this process to stop after its present step."""
        if connected is None or not self.pending:
            return
        for run_id in connected.engine.active:
            with suppress(GuardError):
                # It came to its end by itself meanwhile.
                connected.engine.stop(run_id)

    def wait(self) -> None:
        """Wait until every run has ended or come to a halt."""
        wait(tuple(self._futures))


def tell_slowed(
    told: Throttling, standing: Standing, board: RunBoard, screens: Sequence[ConsoleScreen[object]]
) -> None:
    """Say that Azure asked to slow down, as long as that lasts: on a run's own pane, elsewhere in the line of remarks."""
    from tui.widgets.run_view import slowed

    found = slowed(told, standing.now())
    for view in board.slowed(told, standing.now()):
        for screen in screens:
            screen.run_changed(view)
    if found is not None and screens and not screens[-1].shows_run:
        screens[-1].status.slowed(lambda: found.brief(standing.now()))

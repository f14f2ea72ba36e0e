"""What a shell offers for the names of workspaces, runs, runbooks and drills; nothing is asked of Azure for it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from tui.commands.flags import settings_of
from tui.render import clean

if TYPE_CHECKING:
    from tui.session import Session

Offer = Callable[[click.Context, click.Parameter, str], list[str]]
_GROUP = 4
"""Where an id tells the resource group."""
_MOST = 200
"""More than this fills the screen and helps nobody."""


def offering(gather: Callable[[Session], Iterable[str]]) -> Offer:
    """Make a parameter's completion of what a session knows without signing in; any trouble offers nothing."""

    def offer(context: click.Context, _parameter: click.Parameter, begun: str) -> list[str]:
        from tui.session import open_session

        with suppress(Exception):
            session = open_session(settings_of(context))
            try:
                fitting = sorted({name for name in gather(session) if name.startswith(begun)})
                return fitting[:_MOST]
            finally:
                session.close()
        return []

    return offer


def _workspaces(session: Session) -> Iterable[str]:
    from tui.known_fleet import FleetStore

    kept = FleetStore(session).load()
    places = [line.key.split("/") for line in kept[0].lines] if kept else []
    names = Counter(place[-1].casefold() for place in places)
    for place in places:
        name = clean(place[-1])
        yield name if names[place[-1].casefold()] == 1 else f"{clean(place[_GROUP])}/{name}"


def _runs(session: Session) -> Iterable[str]:
    from tui.batch_journal import BatchRecord

    yield from (run.id for run in session.journal.runs())
    yield from (batch.id for batch in BatchRecord(session.journal).all())


def _runbooks(session: Session) -> Iterable[str]:
    from tui.runbook import Shelf

    return Shelf(session.config.runbooks.folder).paths()


def _drills(_session: Session) -> Iterable[str]:
    from tui.drill import names

    return names()


workspaces, runs, runbooks, drills = offering(_workspaces), offering(_runs), offering(_runbooks), offering(_drills)

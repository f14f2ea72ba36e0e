"""What the command palette finds by typing: actions here, workspaces, runs and runbooks; it only opens screens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, cast

from rich.text import Text
from textual.command import DiscoveryHit, Hit, Hits, Provider

from actions.guard.errors import JournalError
from actions.registry import entries
from tui.fleet_view import told_view
from tui.render import clean, look, stamp
from tui.runbook import RunbookError, Shelf, read
from tui.runbook_journal import Record, Sitting
from tui.screens.base import ConsoleScreen
from tui.screens.runbooks import last_time
from tui.telling import short_name as called
from tui.widgets.rows import TableRow
from tui.widgets.virtual_table import VirtualTable

if TYPE_CHECKING:
    from actions.guard.history import RunSummary
    from tui.app import AmlkeysApp
    from tui.session import Connected

MOST = 40
"""More hits than this help nobody and cost a slow line."""


class Found(NamedTuple):
    """One thing that can be opened: its name, what it is, and how it is opened."""

    name: str
    help: str
    open: Callable[[], object]


def fits(words: str, text: str) -> bool:
    """Tell whether every word that was typed occurs, without regard to case."""
    folded = text.casefold()
    return all(word in folded for word in words.casefold().split())


class ConsoleCommands(Provider):
    """Everything that the console can open; over a question it finds nothing."""

    _runs: tuple[RunSummary, ...] = ()
    _sittings: tuple[Sitting, ...] = ()

    @property
    def console(self) -> AmlkeysApp:
        """The app, by its own type."""
        return cast("AmlkeysApp", self.app)

    async def startup(self) -> None:
        """Read the journal's runs once, on the engine's thread."""
        if self.console.standing.connected is None:
            return

        async def recorded(connected: Connected) -> tuple[tuple[RunSummary, ...], tuple[Sitting, ...]]:
            sittings = Record(connected.journal, connected.engine.operator).all()
            return tuple(connected.journal.runs()), tuple(each for each in sittings if each.state != "done")

        with suppress(JournalError):
            self._runs, self._sittings = await asyncio.wrap_future(self.console.session.submit(recorded))

    @property
    def _target(self) -> tuple[str, str]:
        """Id and name of the workspace that the screen is about, or that is under the cursor; empty where there is none."""
        table = next(iter(self.screen.query(VirtualTable)), None)
        row = table.row if table is not None and table.id == "fleet" else None
        if row is not None:
            return row.key, row.cells[0]
        subject = str(getattr(self.screen, "subject", ""))
        return (subject, called(subject)) if "/workspaces/" in subject.casefold() else ("", "")

    def _actions(self) -> list[Found]:
        target, name = self._target
        start = getattr(self.screen, "action_start", None)
        if start is None or not self.screen.check_action("start", ()):
            return self._pages(target, name)
        actions = [
            Found(f"{entry.name} on {name}", f"{entry.title}: look first, key {entry.key}", partial(start, entry.name))
            for entry in entries()
        ]
        return [*actions, *self._pages(target, name)]

    def _pages(self, target: str, name: str) -> list[Found]:
        """What is only read about the workspace."""
        if not target:
            return []
        console = self.console
        return [
            Found(f"posture of {name}", "How it is secured", partial(console.open_posture, target, name)),
            Found(f"activity of {name}", "What was done to it", partial(console.open_activity, target, name)),
        ]

    def _elsewhere(self, query: str, rows: Sequence[TableRow]) -> Iterator[Found]:
        """An action on any workspace of the list, where words name the action and the others the workspace."""
        words = query.casefold().split()
        for entry in entries():
            rest = [word for word in words if word not in entry.name and word != "on"]
            if not rest or len(rest) == len(words):
                continue
            fitting = (row for row in rows if all(word in row.cells[0].casefold() for word in rest))
            for row in islice(fitting, MOST):
                start = partial(self.console.start_walk, entry.name, row.key, row.cells[0])
                yield Found(f"{entry.name} on {row.cells[0]}", f"{entry.title}: look first; {row.key}", start)

    def _runbooks(self) -> list[Found]:
        target, _ = self._target
        opened = self.console.open_runbook
        half_done = [
            Found(
                f"runbook {each.name} on {called(each.target)}",
                f"half done: at step {each.step} since {stamp(last_time(each))}, by {clean(each.by)}",
                partial(opened, each.name, each.target),
            )
            for each in self._sittings
        ]
        return [
            *half_done,
            *(Found(f"runbook {name}", title, partial(opened, name, target)) for name, title in self._titles()),
        ]

    def _views(self) -> list[Found]:
        """The views of the list, where the list is what is seen."""
        views, show = getattr(self.screen, "views", None), getattr(self.screen, "show_view", None)
        if views is None or show is None:
            return []
        return [Found(f"view {clean(view.name)}", told_view(view), partial(show, view)) for view, _ in views()]

    def _titles(self) -> list[tuple[str, str]]:
        """The runbooks by name, with what each is for; a file that is none is left to the list, which says why."""
        found = []
        for name, path in Shelf(self.console.session.config.runbooks.folder).paths().items():
            with suppress(OSError, RunbookError):
                found.append((name, clean(read(path).head.title)))
        return found

    def _all(self) -> list[Found]:
        if not isinstance(self.screen, ConsoleScreen):
            return []
        opened = self.console.open_workspace
        return [
            *self._actions(),
            *(
                Found(f"workspace {row.cells[0]}", row.key, partial(opened, row.key, row.cells[0]))
                for row in self._fleet()
            ),
            *(
                Found(
                    f"run {run.id}",
                    f"{run.action} of {clean(run.name)}, {look(run.state).word}, {stamp(run.started)}",
                    partial(self.console.open_run, run.id),
                )
                for run in self._runs
            ),
            *self._runbooks(),
            *self._views(),
        ]

    def _fleet(self) -> Sequence[TableRow]:
        fleet = next(iter(self.console.screen_stack[0].query("#fleet").results(VirtualTable)), None)
        return fleet.rows if fleet is not None else ()

    async def discover(self) -> Hits:
        """What is offered before anything is typed: the actions here, and the runbooks."""
        if isinstance(self.screen, ConsoleScreen):
            for found in (*self._actions(), *self._runbooks()):
                yield DiscoveryHit(Text(found.name), found.open, text=found.name, help=found.help)

    async def search(self, query: str) -> Hits:
        """Give what holds every word, names before descriptions."""
        everything = self._all()
        named = [found for found in everything if fits(query, found.name)]
        if isinstance(self.screen, ConsoleScreen):
            known = {found.name for found in named}
            named += [found for found in self._elsewhere(query, self._fleet()) if found.name not in known]
        others = [found for found in everything if not fits(query, found.name) and fits(query, found.help + found.name)]
        for number, found in enumerate([*named, *others][:MOST]):
            yield Hit(1 - number / (2 * MOST), Text(found.name), found.open, text=found.name, help=found.help)

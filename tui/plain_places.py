"""What the plain walk reaches beside the actions: pages of a workspace, runs, runbooks, keys, several at once, the mode.

Each place is the command of the same name, called in the session that is there; what changes Azure is typed here too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING

import click
import msgspec

from actions.guard.model import Mode, RunState
from tui.commands.attending import kept
from tui.plain import Walk
from tui.render import clean, look

if TYPE_CHECKING:
    from actions.guard.history import RunHistory
    from actions.guard.model import Plan
    from actions.workspaces import WorkspaceRow
    from tui.batch import Order
    from tui.batch_journal import Batch
    from tui.commands.acting import Wish
    from tui.commands.batches import Answer
    from tui.session import Connected


class Places(Walk):
    """The walk with all places that the console has."""

    elsewhere = ", 0 for runs, runbooks and the rest"
    drills = "Drills: play one by hand, or let it play by itself"

    def pages(self, row: WorkspaceRow) -> dict[str, Callable[[], object]]:
        """What there is to read, and to follow."""
        return {
            "Read how it is secured": lambda: self._call("posture", row.id),
            "Read what was done to it": lambda: self._call("activity", row.id),
            "Read which key each holder has (reads secrets)": lambda: self._call("show", row.id, "--holders"),
            "Follow a runbook on it": lambda: self._runbooks(row.id),
        }

    def places(self) -> dict[str, Callable[[], object]]:
        """What there is beside the workspaces, by what it is called."""
        found: dict[str, Callable[[], object]] = {
            "Runs: read one, go on with it, write its report": self._runs,
            "Runbooks: follow one": self._runbooks,
            "Encryption keys: whose expires when": lambda: self._call("cmk"),
            "Several workspaces, one after the other": self._several,
            "The role that allows an action": self._role,
            f"Mode: look, dry-run or live; now {self._session.engine.arming.mode()}": self._mode,
            "Check that everything is in place": lambda: self._call("doctor"),
        }
        if self._session.can_renew:
            found[self.drills] = self._drills
        return found

    def go_elsewhere(self) -> None:
        """Ask where to."""
        places = self.places()
        chosen = self._pick("Where to", list(places), back=True)
        if chosen >= 0:
            [*places.values()][chosen]()

    def _call(self, *words: str, apart: bool = False) -> None:
        """Call a command in this session; `apart` gives it one of its own."""
        from tui.cli import load

        command = load(words[0])
        assert command is not None
        known = msgspec.structs.asdict(self._session.settings)
        with nullcontext() if apart else kept(self._session, self._out):
            try:
                command.main([*words[1:]], prog_name=f"amlkeys {words[0]}", standalone_mode=False, obj=known)
            except click.ClickException as error:
                self._out.progress(error.format_message())

    def _mode(self) -> None:
        """Ask how far this may go; live is typed, as in the console."""
        from tui.arming_word import arming_word

        banner = self._session.banner()
        word = arming_word(banner.estate, banner.tenant)
        answer = self._question(f"Type look, dry-run, or {word} for live; enter goes back:")
        found = {"look": Mode.LOOK, "dry-run": Mode.DRY_RUN, word: Mode.LIVE}.get(answer)
        if found is not None:
            self._arm(found)
        elif answer:
            self._out.progress("That is none of them; the mode is as it was.")

    def _role(self) -> None:
        """Print what an action needs; what its plan asks decides what it needs."""
        action = self._picked_action()
        name = self._question("On which workspace? Its name, group/name or id; enter goes back:") if action else ""
        if not name:
            return
        (target,) = self._session.run(lambda connected: _found(connected, action, [name]))
        decided: dict[str, str] = {}
        if self._ready(target, action, {}, decided) is not None:
            flags = [word for each in decided.items() for word in ("--decide", "=".join(each))]
            self._call("role", action, target, *flags)

    def _picked_action(self) -> str:
        from actions.registry import entries

        known = list(entries())
        chosen = self._pick("Which action", [entry.title for entry in known], back=True)
        return known[chosen].name if chosen >= 0 else ""

    def _drills(self) -> None:
        """Number the drills, calm ones first, and play one on an estate of its own."""
        from tui.plain_drill import play_by_hand

        name = self.picked_drill()
        how = self._pick("How", ("By hand, on lines as here", "By itself, the calm way"), back=True) if name else -1
        if how == 0:
            play_by_hand(self._session.settings, name, self._ask)
        elif how == 1:
            self._call("rehearsal", "drill", name, "--headless", apart=True)

    def picked_drill(self) -> str:
        """Ask for a drill; empty goes back."""
        from tui.debrief import earlier
        from tui.drill_hand import drill_rows

        rows = drill_rows(earlier())
        told = [
            f"grade {row.cells[0]}: {row.cells[1]}{f', {row.cells[2]} last' if row.cells[2] else ''}" for row in rows
        ]
        chosen = self._pick("Which drill", told, back=True)
        return rows[chosen].key if chosen >= 0 else ""

    # Runs

    def _runs(self) -> None:
        """Number the runs and batches, newest first, and ask what to do with one."""
        from tui.batch_journal import BatchRecord

        journal = self._session.journal
        runs, batches = journal.runs(), BatchRecord(journal).all()
        names = [f"{run.id}: {run.action} of {clean(run.name)}, {look(run.state).word}" for run in runs]
        names += [f"{batch.id}: {batch.action}, {len(batch.members)} targets" for batch in batches]
        if not names:
            self._out.progress("No runs are recorded in this journal.")
            return
        chosen = self._pick("Which run", names, back=True)
        if chosen >= len(runs):
            self._batch(batches[chosen - len(runs)])
        elif chosen >= 0:
            self._run(runs[chosen].id)

    def _run(self, run: str) -> None:
        found = self._session.journal.run(run)
        deeds: dict[str, Callable[[], object]] = {
            "Read its record": lambda: self._call("runs", run),
            "Read what was different at its last look": lambda: self._call("runs", run, "--diff"),
            "Read its report": lambda: self._call("report", run),
            "Write its report to a file": lambda: self._report(run),
            "Leave a note with it": lambda: self._note(run),
        }
        if found.state is RunState.WAITING:
            deeds["Read what it waits for"] = lambda: self._call("waiting", run)
        if found.state is not RunState.DONE:
            deeds["Stop it between two steps"] = lambda: self._call("stop", run)
            deeds["Go on with it"] = lambda: self._go_on(found)
        chosen = self._pick("What to do", list(deeds), back=True)
        if chosen >= 0:
            [*deeds.values()][chosen]()

    def _report(self, run: str) -> None:
        place = self._question("Which file? Its ending says how: .md, .html or .json; enter goes back:")
        form = place.rpartition(".")[2] if place.rpartition(".")[2] in {"md", "html", "json"} else "md"
        if place:
            self._call("report", run, "--format", form, "--out", place)

    def _note(self, run: str) -> None:
        text = self._question("The note, enter goes back:")
        if text:
            self._call("note", run, text)

    def _go_on(self, run: RunHistory) -> None:
        """Look at what remains, have it confirmed, and take the run up."""
        from tui.telling import plan_lines

        if self._session.engine.arming.mode() is not run.mode:
            if self._question(f"It is a {run.mode} run. Type {run.mode} to arm, enter goes back:") != run.mode:
                return
            self._arm(run.mode)
        planned = self._session.run(lambda connected: connected.engine.replan(run.id, {}))
        self._out.result(plan_lines(planned.plan, self._out.cells, ascii_only=self._out.ascii_only))
        if run.state is RunState.WAITING:
            self._out.progress("Going on says that the person whom it waits for is done.")
        given = self._confirmation(planned.plan, run.mode)
        if given is None:
            return
        settings = self._session.settings
        self._attend(
            lambda connected: connected.engine.resume(
                run.id, confirmation=given, wait=settings.wait, try_anyway=settings.try_anyway
            )
        )

    # Runbooks

    def _runbooks(self, target: str = "") -> None:
        """Number the runbooks, those that are half done first, and follow one."""
        from tui.following import Following
        from tui.runbook import Shelf
        from tui.runbook_journal import sittings

        shelf = Shelf(self._session.config.runbooks.folder)
        half = [each for each in sittings(self._session.journal) if each.state != "done" and shelf.path(each.name)]
        books = list(shelf.paths())
        names = [f"{each.name} on {clean(each.target)}: half done, at step {each.step}" for each in half]
        chosen = self._pick("Which runbook", [*names, *books], back=True)
        if chosen < 0:
            return
        book, on = (
            (half[chosen].name, half[chosen].target) if chosen < len(half) else (books[chosen - len(half)], target)
        )
        on = on or self._question("On which workspace? Its name, group/name or id; enter goes back:")
        path = shelf.path(book)
        if on and path is not None:
            Following(self._session, self._out, path, on, self._ask).follow(anew=False)

    # Several

    def _several(self) -> None:
        """Ask for an action and its targets, and go through them."""
        from actions.registry import entry
        from tui.batch import order
        from tui.batch_reading import candidates
        from tui.commands.acting import Wish

        action = self._picked_action()
        words = (
            self._question("On which workspaces? Their names, with spaces between; enter goes back:") if action else ""
        )
        if not words or self._armed() is None:
            return
        wish = Wish(entry(action).load(), "", self._options(action), {})

        async def gathered(connected: Connected) -> Order:
            found = await _found(connected, action, words.split())
            named = [(target, target.rpartition("/")[2]) for target in found]
            return order(await candidates(connected, named), serves_all=entry(action).serves_all)

        wanted = self._session.run(gathered)
        if not wanted.members:
            self._out.progress(f"There is nobody to act on: {wanted.dropped[0].name}: {wanted.dropped[0].reason}.")
            return
        decided: dict[str, str] = {}
        if self._ready(wanted.members[0].target, action, wish.options, decided) is not None:
            self._go_through(wish._replace(decided=decided), wanted)

    def _batch(self, batch: Batch) -> None:
        """Tell a batch, and offer to go on with it."""
        from actions.registry import entry
        from tui.batch import Order
        from tui.commands.acting import Wish

        self._call("runs", batch.id)
        if self._pick("What to do", ["Go on with it"], back=True) < 0 or self._armed() is None:
            return
        wish = Wish(entry(batch.action).load(), "", dict(batch.options), dict(batch.decided))
        self._go_through(wish, Order(batch.members, batch.dropped), batch)

    def _go_through(self, wish: Wish, wanted: Order, batch: Batch | None = None) -> None:
        from tui.commands.batches import Answer, Going

        walk = self

        class Asking(Going):
            """A batch whose confirmations are typed when each plan was shown."""

            last = False

            def _insist_answers(self) -> None:
                """They are asked for one by one."""

            def _answer(self, plan: Plan) -> Answer | None:
                given = walk._confirmation(plan, self._mode)
                if given is None:
                    raise KeyboardInterrupt
                return Answer(given.name, given.slot)

        with suppress(KeyboardInterrupt):  # nothing was confirmed, and nothing begun
            Asking(self._session, self._out, wish, wanted, [], batch).go()


async def _found(connected: Connected, action: str, names: list[str]) -> list[str]:
    """The ids of what an action is to be done to."""
    from actions.registry import entry
    from tui.commands.targets import find

    kind = entry(action).target_kind
    return [(await find(connected, name, kind, connected.session.settings.subscription)).text for name in names]

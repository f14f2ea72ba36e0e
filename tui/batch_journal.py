"""Batches in the journal: the list in its order before the first run, and what came of a member without a run."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from actions.guard.errors import NotReady, UsageError
from actions.guard.lease import Operator
from actions.guard.model import Mode
from tui.batch import Dropped, Member, Order, Position, Standing, Turn, account, counting, position, standings

if TYPE_CHECKING:
    from actions.guard.history import Entry, RunSummary
    from actions.guard.journal import Journal

PREFIX = "batch-"
STARTED, TURN = "batch-started", "batch-turn"


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One action on several targets as it was begun; `options` and `decided` hold for all of them."""

    id: str
    action: str
    started: str
    by: str
    mode: Mode
    members: tuple[Member, ...]
    dropped: tuple[Dropped, ...] = ()
    options: dict[str, Any] = {}
    decided: dict[str, str] = {}
    turns: tuple[Turn, ...] = ()


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """A batch with its runs, newest first, as they stand for a session of some mode."""

    batch: Batch
    standings: tuple[Standing, ...]
    mode: Mode
    """Which runs of it count."""

    @property
    def position(self) -> Position:
        """Where it stands."""
        return position(self.standings)

    @property
    def sentence(self) -> str:
        """What was done, where it stands, and what was not begun."""
        return " ".join(account(self.standings, self.batch.dropped))


class BatchRecord:
    """Writes and reads batches; each run of one names it in its own first entry."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def begin(
        self,
        action: str,
        wanted: Order,
        mode: Mode,
        now: datetime,
        options: Mapping[str, Any] | None = None,
        decided: Mapping[str, str] | None = None,
    ) -> Batch:
        """Make the list durable; nothing of it has begun yet."""
        batch = f"{PREFIX}{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        data: dict[str, Any] = {"action": action, "mode": mode, "by": Operator.here().name}
        data |= {"options": dict(options or {}), "decided": dict(decided or {})}
        data |= {"members": msgspec.to_builtins(wanted.members), "dropped": msgspec.to_builtins(wanted.dropped)}
        self._journal.append(batch, STARTED, data, at=_at(now))
        return self.one(batch)

    def turn(self, batch: Batch, target: str, outcome: str, sentence: str, now: datetime) -> Batch:
        """Note what came of a member without a run."""
        data = {"target": target, "outcome": outcome, "sentence": sentence, "by": Operator.here().name}
        self._journal.append(batch.id, TURN, data, at=_at(now))
        return self.one(batch.id)

    def all(self) -> list[Batch]:
        """Every batch, newest first."""
        found: dict[str, list[Entry]] = {}
        for entry in self._journal.entries(kinds=(STARTED, TURN)):
            found.setdefault(entry.run, []).append(entry)
        return [folded(entries) for entries in reversed(found.values())]

    def one(self, batch: str) -> Batch:
        """One by its id or a beginning that no other shares; raises `UsageError`."""
        exact = list(self._journal.entries(batch, kinds=(STARTED, TURN)))
        if exact:
            return folded(exact)
        found = [each for each in self.all() if each.id.startswith(batch)]
        if len(found) != 1:
            several = f"; it fits {', '.join(each.id for each in found[:5])}" if found else ""
            raise UsageError(f"No single batch is named {batch!r}{several}.")
        return found[0]

    def seen(self, batch: Batch, mode: Mode, runs: Iterable[RunSummary] | None = None) -> Seen:
        """A batch as it stands now; `runs` are all of the journal's, read where they are not given."""
        own = [run for run in (self._journal.runs() if runs is None else runs) if run.batch == batch.id]
        counted = counting(Mode.LIVE if Mode.LIVE in {batch.mode, mode} else mode, own)
        return Seen(batch=batch, standings=standings(batch.members, batch.turns, own, counted), mode=counted)

    def insist_next(self, batch: Batch, target: str, mode: Mode) -> None:
        """Raise `NotReady` unless this member may begin now: all before it behind, none at work, itself not begun."""
        where = self.seen(self.one(batch.id), mode).position
        if where.at is None or not where.at.to_begin or where.at.member.target.casefold() != target.casefold():
            at = f"it stands at {where.at.member.name} ({where.at.state})" if where.at else "it is done"
            raise NotReady(f"This is not what comes next in {batch.id}: {at}. Nothing was begun.")


def unbegun(action: str, wanted: Order, mode: Mode, turns: tuple[Turn, ...] = ()) -> Batch:
    """A list that is not in the journal yet; it has no id."""
    return Batch(
        id="", action=action, started="", by="", mode=mode, members=wanted.members, dropped=wanted.dropped, turns=turns
    )


def folded(entries: Iterable[Entry]) -> Batch:
    """Fold the entries of one batch, the first of which began it."""
    facts: dict[str, Any] = {"turns": ()}
    for entry in entries:
        if entry.kind == STARTED:
            data = entry.data
            facts |= {"id": entry.run, "started": entry.at, "by": data["by"], "action": data["action"]}
            facts |= {"options": data["options"], "decided": data["decided"], "mode": Mode(data["mode"])}
            facts |= {"members": msgspec.convert(data["members"], tuple[Member, ...])}
            facts |= {"dropped": msgspec.convert(data["dropped"], tuple[Dropped, ...])}
        else:
            facts["turns"] += (msgspec.convert({**entry.data, "at": entry.at}, Turn),)
    return Batch(**facts)


def _at(now: datetime) -> str:
    return now.isoformat(timespec="seconds").replace("+00:00", "Z")

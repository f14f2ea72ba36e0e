"""How far a runbook was followed, in the journal: answers, checks, runs, notes, and which file it was, each with its time."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from actions.guard.errors import UsageError
from actions.guard.secret import hidden
from tui.render import clean
from tui.runbook_steps import same_target

if TYPE_CHECKING:
    from actions.guard.history import Entry
    from actions.guard.journal import Journal
    from actions.guard.lease import Operator
    from tui.runbook import Runbook

PREFIX = "runbook-"
STARTED, STEP, NOTE, PAUSED, FINISHED, CHANGED = (
    f"runbook-{word}" for word in ("started", "step", "note", "paused", "finished", "changed")
)


class Done(msgspec.Struct, frozen=True, kw_only=True):
    """One step that is behind: when, by whom, and how it came out (`ticked`, an answer, a check's or a run's end)."""

    number: int
    at: str
    by: str
    outcome: str
    run: str = ""


class Remark(msgspec.Struct, frozen=True, kw_only=True):
    """A note for the next shift."""

    at: str
    by: str
    text: str
    step: int


class Sitting(msgspec.Struct, frozen=True, kw_only=True):
    """One following of a runbook on a target; `state` is `open`, `stopped` or `done`, `step` the one that is next."""

    id: str
    name: str
    target: str
    digest: str
    started: str
    by: str
    state: str
    step: int
    values: dict[str, str] = {}
    done: tuple[Done, ...] = ()
    notes: tuple[Remark, ...] = ()


class Record:
    """Writes and reads what was followed; `now` is the cloud's time."""

    def __init__(self, journal: Journal, operator: Operator) -> None:
        self._journal, self._operator = journal, operator

    def begin(self, book: Runbook, target: str, now: datetime) -> Sitting:
        """Begin to follow a runbook."""
        sitting = f"{PREFIX}{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
        first = book.steps[0].number
        data = {"runbook": book.name, "target": target, "digest": book.digest, "step": first}
        self._write(sitting, STARTED, now, **data)
        return self.one(sitting)

    def step(self, sitting: Sitting, number: int, outcome: str, to: int, now: datetime, **more: Any) -> Sitting:
        """Put a step behind; `to` is the next one, 0 the end, -1 a stop."""
        self._write(sitting.id, STEP, now, step=number, outcome=outcome, to=to, **more)
        if to <= 0:
            self._write(sitting.id, FINISHED if to == 0 else PAUSED, now, step=number)
        return self.one(sitting.id)

    def note(self, sitting: Sitting, text: str, now: datetime) -> Sitting:
        """Leave a note with the present step."""
        self._write(sitting.id, NOTE, now, text=text, step=sitting.step)
        return self.one(sitting.id)

    def pause(self, sitting: Sitting, now: datetime) -> None:
        """Leave it for the next shift."""
        self._write(sitting.id, PAUSED, now, step=sitting.step)

    def changed(self, sitting: Sitting, book: Runbook, step: int, now: datetime) -> Sitting:
        """Go on with a file that is another than at the beginning, from a step on."""
        self._write(sitting.id, CHANGED, now, digest=book.digest, before=sitting.digest, step=step)
        return self.one(sitting.id)

    def all(self) -> list[Sitting]:
        """Everything that was followed, newest first."""
        return sittings(self._journal)

    def one(self, sitting: str) -> Sitting:
        """One of them, by its id."""
        return folded(self._journal.entries(sitting))

    def half_done(self, name: str, target: str) -> Sitting | None:
        """The newest that is not done, of this runbook on this target."""
        same = (each for each in self.all() if each.name == name and same_target(each.target, target))
        return next((each for each in same if each.state != "done"), None)

    def _write(self, sitting: str, kind: str, now: datetime, **data: Any) -> None:
        at = now.isoformat(timespec="seconds").replace("+00:00", "Z")
        typed = {name: _without_secrets(value) for name, value in data.items()}
        self._journal.append(sitting, kind, {"by": self._operator.name, **typed}, at=at)


def _without_secrets(value: Any) -> Any:
    """Notes and answers are what people typed or pasted."""
    if isinstance(value, dict):
        return {name: _without_secrets(item) for name, item in value.items()}
    return hidden(value) if isinstance(value, str) else value


def sittings(journal: Journal) -> list[Sitting]:
    """Everything that a journal knows to have been followed, newest first."""
    kinds = (STARTED, STEP, NOTE, PAUSED, FINISHED, CHANGED)
    found: dict[str, list[Entry]] = {}
    for entry in journal.entries(kinds=kinds):
        found.setdefault(entry.run, []).append(entry)
    return [folded(entries) for entries in reversed(found.values())]


def named(journal: Journal, name: str) -> Sitting | None:
    """The record whose id is `name` or alone begins with it; None where no record's id does.

    Raises `UsageError` where several do. Ids of runs begin with digits, so that none is taken for the other.
    """
    if not (name.startswith(PREFIX) or (name and PREFIX.startswith(name))):
        return None
    found = [each for each in sittings(journal) if each.id.startswith(name)]
    exact = next((each for each in found if each.id == name), None)
    if exact is None and len(found) > 1:
        raise UsageError(f"{clean(name)} fits {', '.join(each.id for each in found[:5])}.")
    return exact or (found[0] if found else None)


def folded(entries: Iterable[Entry]) -> Sitting:
    """Fold the entries of one sitting, the first of which began it."""
    facts: dict[str, Any] = {"values": {}, "done": (), "notes": ()}
    for entry in entries:
        data = entry.data
        if entry.kind == STARTED:
            facts |= {"id": entry.run, "name": data["runbook"], "target": data["target"], "digest": data["digest"]}
            facts |= {"started": entry.at, "by": data["by"], "state": "open", "step": data["step"]}
        elif entry.kind == STEP:
            behind = Done(
                number=data["step"], at=entry.at, by=data["by"], outcome=data["outcome"], run=data.get("run", "")
            )
            facts["done"] += (behind,)
            facts["values"] = facts["values"] | data.get("values", {})
            facts |= {"state": "open", "step": data["to"] if data["to"] > 0 else data["step"]}
        elif entry.kind == NOTE:
            facts["notes"] += (Remark(at=entry.at, by=data["by"], text=data["text"], step=data["step"]),)
        elif entry.kind == CHANGED:
            facts |= {"digest": data["digest"], "step": data["step"], "state": "open"}
        elif entry.kind in {PAUSED, FINISHED}:
            facts["state"] = "stopped" if entry.kind == PAUSED else "done"
    return Sitting(**facts)

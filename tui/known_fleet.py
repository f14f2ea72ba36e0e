"""The fleet as the list shows it: filled page by page, and kept between starts so that the next one opens at once.

What is kept holds names, regions and ages, never a secret; its file is the operator's alone, and the settings can turn
it off.
"""

from __future__ import annotations

import os
import tempfile
import time
import zlib
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tui.environments import Environments
from tui.fleet_lines import Line, graver, key_days, line_of, visible
from tui.render import clean
from tui.widgets.rows import TableRow

if TYPE_CHECKING:
    from actions.workspaces import WorkspaceRow
    from tui.session import Session


class KeptLine(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One workspace's line; `days` is the age of its oldest key to sort by, above all others where it is unknown."""

    key: str
    state: str
    cells: tuple[str, ...]
    subscription: str
    subscription_name: str
    days: int


class KeptFleet(msgspec.Struct, frozen=True):
    """A whole list as it was kept: for whom, as of when (ISO 8601, the cloud's time)."""

    version: int
    tenant: str
    user: str
    as_of: str
    columns: tuple[str, ...]
    """The names of the columns that the cells are of."""
    lines: tuple[KeptLine, ...]
    place: str = ""
    """What its file's name was made of, which may be the same for two places."""


class Beside(msgspec.Struct, frozen=True, gc=False):
    """What is known of a line beside its cells: its subscription (in lower case), that one's name, the key's age."""

    subscription: str
    subscription_name: str
    days: int


VERSION = 4


class KnownFleet:
    """The lines by workspace id, in the order in which they came."""

    def __init__(self, environments: Environments, names: Sequence[str]) -> None:
        self._environments = environments
        self.names = tuple(names)
        """The names of the columns that the lines' cells are of."""
        self._line: Line = line_of(self.names)
        self._rows: dict[str, TableRow] = {}
        self._beside: dict[str, Beside] = {}
        self._seen: set[str] = set()
        self._subscriptions: int | None = None
        self.changed = False
        """Whether anything is different from what was there when the present reading began."""
        self.as_of = ""
        self.kept_for = ("", "")
        """Tenant and user of a list that was kept; empty once it was read."""

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def rows(self) -> Iterable[TableRow]:
        """All lines."""
        return self._rows.values()

    @property
    def subscriptions(self) -> int:
        """How many subscriptions they are in, counted once for a list: every key of a filter asks."""
        if self._subscriptions is None:
            self._subscriptions = len({each.subscription for each in self._beside.values()})
        return self._subscriptions

    def days(self, key: str) -> int:
        """The age to sort a line by."""
        return self._beside[key].days

    def subscription_name(self, key: str) -> str:
        """The name of a line's subscription."""
        return self._beside[key].subscription_name

    def show(self, names: Sequence[str]) -> None:
        """Have other columns: what is known of them stays, the others and the grades are empty until they are read."""
        before = {name: place for place, name in enumerate(self.names)}
        places = [before.get(name) for name in names]
        same = set(names) == set(self.names)
        self._rows = {
            key: TableRow(
                key, row.state if same else "", tuple("" if place is None else row.cells[place] for place in places)
            )
            for key, row in self._rows.items()
        }
        self.names, self._line = tuple(names), line_of(names)

    def begin(self) -> None:
        """A new reading begins; what is known stays until it is over."""
        self._seen, self.changed = set(), False

    def take(self, rows: Sequence[WorkspaceRow], hidden: Sequence[str], *, complete: bool) -> None:
        """Take a page; a row without its cells does not replace one that had them, and one with some only these."""
        self._environments.learn({row.subscription: row.subscription_name for row in rows})
        self._subscriptions = None
        places = {
            row.subscription: (row.subscription.casefold(), clean(row.subscription_name or row.subscription))
            for row in rows
        }
        for row in visible(rows, hidden):
            self._seen.add(row.id)
            known = self._rows.get(row.id)
            if complete or known is None or row.cells:
                found = self._line(row, self._environments.word(row.id))
                if known is not None and not complete:
                    cells = tuple(new or old for new, old in zip(found.cells, known.cells, strict=True))
                    found = msgspec.structs.replace(found, cells=cells, state=graver(found.state, known.state))
                if found != known:
                    self._rows[row.id], self.changed = found, True
                self._beside[row.id] = Beside(*places[row.subscription], key_days(row))
        if rows:
            self.as_of = rows[0].as_of

    def finish(self) -> None:
        """Drop what is no longer there."""
        self.kept_for, self._subscriptions = ("", ""), None
        for key in self._rows.keys() - self._seen:
            del self._rows[key], self._beside[key]
            self.changed = True

    def clear(self) -> None:
        """Forget everything: it was another's."""
        self._rows, self._beside, self.kept_for, self._subscriptions = {}, {}, ("", ""), None

    def recall(self, kept: KeptFleet) -> None:
        """Show what was kept, of the columns that are shown now."""
        places = {name: place for place, name in enumerate(kept.columns)}
        wanted = [places.get(name) for name in self.names]
        same = set(kept.columns) == set(self.names)
        worded = [number for number, name in enumerate(self.names) if name == "environment"]
        self._rows = {}
        for line in kept.lines:
            self._environments.learn({line.subscription: line.subscription_name})
            cells = ["" if place is None else line.cells[place] for place in wanted]
            for number in worded:
                cells[number] = self._environments.word(line.key)  # the settings may have changed meanwhile
            self._rows[line.key] = TableRow(line.key, line.state if same else "", tuple(cells))
        self._beside = {line.key: Beside(line.subscription, line.subscription_name, line.days) for line in kept.lines}
        self._subscriptions = None
        self.as_of, self.kept_for = kept.as_of, (kept.tenant, kept.user)

    def to_keep(self, tenant: str, user: str) -> KeptFleet:
        """Give the list as it is kept for the next start."""
        rows = ((row, self._beside[row.key]) for row in self._rows.values())
        lines = tuple(
            KeptLine(row.key, row.state, row.cells, known.subscription, known.subscription_name, known.days)
            for row, known in rows
        )
        return KeptFleet(VERSION, tenant, user, self.as_of, self.names, lines)


class FleetStore:
    """The file of one place: cloud, tenant, subscription and estate each have their own list."""

    def __init__(self, session: Session) -> None:
        settings, config = session.settings, session.config
        self.wanted = config.fleet.keep
        words = (settings.cloud or config.cloud, settings.tenant or config.tenant, settings.subscription)
        place = "\x1f".join((*words, *config.subscriptions.hidden, settings.rehearse or "", str(settings.rehearsal)))
        name = place.encode("utf-8", "backslashreplace")  # a path need not be text
        self._place = name.decode()
        self._name = f"fleet-{zlib.crc32(name):08x}.json"  # hashlib would load OpenSSL

    @property
    def path(self) -> Path:
        """Where the list is kept."""
        from platformdirs import user_cache_path

        return user_cache_path("amlkeys", appauthor=False) / self._name

    def load(self) -> tuple[KeptFleet, float] | None:
        """Give the list that was kept and its age in seconds; None where there is none that can be used."""
        if not self.wanted:
            return None
        path = self.path
        try:
            age = time.time() - path.stat().st_mtime
            kept = msgspec.json.decode(path.read_bytes(), type=KeptFleet)
        except (OSError, msgspec.DecodeError, RecursionError):
            return None
        whole = all(len(line.cells) == len(kept.columns) for line in kept.lines)
        ours = kept.version == VERSION and kept.place == self._place
        return (kept, max(age, 0.0)) if ours and whole else None

    def save(self, fleet: KeptFleet) -> None:
        """Keep a list, readable by the operator alone; a full disk is no reason to trouble anybody."""
        if not self.wanted:
            return
        path = self.path
        with suppress(OSError):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, fresh = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # 0600 from the start
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(msgspec.json.encode(msgspec.structs.replace(fleet, place=self._place)))
                os.replace(fresh, path)
            except OSError:
                os.unlink(fresh)
                raise

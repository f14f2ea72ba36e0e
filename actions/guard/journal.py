"""The journal: what every run intended, did and proved, durable before the next request, chained by hashes.

Each entry holds the SHA-256 of the one before over canonical JSON, so an edit, deletion, reorder or truncation is
named by `verify`. Struct values are stored as they are (their digests are compared later); plain texts are cleaned of
control characters. A `Secret` cannot be encoded and raises TypeError.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from actions.guard.errors import JournalError, LeaseHeld, LeaseLost, UsageError
from actions.guard.history import Entry, RunHistory, RunSummary, fold, summarise
from actions.guard.lease import Holder, Lease, Operator, wall_now
from actions.guard.model import Frozen, canonical
from actions.guard.text import cleaned, plain

if TYPE_CHECKING:
    from actions.guard.store import Store, Work

_log = logging.getLogger("amlkeys.journal")
GENESIS = "0" * 64
CHECKPOINT_SCHEMA = "amlkeys.checkpoint/1"


class Checkpoint(Frozen, frozen=True, kw_only=True):
    """The journal's newest entry at some time; kept elsewhere it proves that nothing was cut off since."""

    seq: int
    hash: str


class Verification(Frozen, frozen=True, kw_only=True):
    """Result of checking the chain: `first_bad` is the number of the first bad or missing entry, 0 when all is well."""

    entries: int
    head: Checkpoint
    first_bad: int = 0
    sentence: str = "The chain is whole."

    @property
    def ok(self) -> bool:
        """Tell whether nothing was found."""
        return self.first_bad == 0


def entry_hash(seq: int, run: str, kind: str, at: str, data: str, previous: str) -> str:
    """Hash one entry; `data` is its canonical JSON text, taken byte for byte."""
    content = {"at": at, "data": msgspec.Raw(data.encode()), "kind": kind, "previous": previous, "run": run, "seq": seq}
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


class Writer:
    """One open transaction of the journal: entries and leases become durable together, or not at all."""

    def __init__(self, work: Work) -> None:
        self._work = work
        self.head: Checkpoint | None = None

    def append(self, run: str, kind: str, data: Mapping[str, Any] | None = None, *, at: str = "") -> Entry:
        """Chain one entry; `at` defaults to this machine's time."""
        text = canonical(_storable(data or {})).decode()
        last = self._work.last() if self.head is None else (self.head.seq, self.head.hash)
        seq, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
        at = at or wall_now()
        digest = entry_hash(seq, run, kind, at, text, previous)
        row = {"seq": seq, "run": run, "kind": kind, "at": at, "data": text, "previous": previous, "hash": digest}
        self._work.insert(row)
        self.head = Checkpoint(seq=seq, hash=digest)
        return _entry(row)

    def take(self, resources: tuple[str, ...], holder: Holder, *, host: str, take_over: bool = False) -> None:
        """Take the leases of a run on all resources; raise `LeaseHeld` naming the run that has one.

        The same run is taken up again when it waits or its process is gone; otherwise only with `take_over`.
        """
        now = wall_now()
        mine = self._work.leases(run=holder.run)
        for lease in mine:
            if lease.token != holder.token and not (take_over or lease.gone(host)):
                raise LeaseHeld(f"Still at work: {lease.told(host)}. Take it over only when that process cannot go on.")
        wanted = tuple(sorted({resource.rstrip("/").casefold() for resource in resources}))
        for lease in self._work.leases(wanted) if wanted else ():
            if lease.run != holder.run:
                way = "Resume or stop that run, or break its lease."
                raise LeaseHeld(f"{plain(lease.resource)} is held by {lease.told(host)}. {way}")
        since = {lease.resource: lease.since for lease in mine}
        for lease in mine:
            self._work.drop_lease(lease.resource)
        for resource in wanted:
            self._work.put_lease(
                Lease(
                    resource=resource, run=holder.run, token=holder.token, holder=holder.name, host=holder.host,
                    pid=holder.pid, since=since.get(resource, now), renewed=now,
                )
            )  # fmt: skip

    def fence(self, holder: Holder) -> None:
        """Raise `LeaseLost` unless the hold still has its leases, and renew them: called before each change."""
        if not self._work.touch_leases(holder.token, renewed=wall_now()):
            raise LeaseLost(f"Run {holder.run} was taken over, or its lease was broken.")

    def park(self, holder: Holder) -> None:
        """Keep the leases with the waiting run but without a process."""
        self._work.touch_leases(holder.token, pid=0, renewed=wall_now())

    def release(self, holder: Holder) -> None:
        """Give the leases back."""
        self._work.drop_leases(holder.token)

    def leases(self, run: str) -> list[Lease]:
        """Return a run's leases as this transaction sees them."""
        return self._work.leases(run=run)

    def release_run(self, run: str) -> None:
        """Give back what a run holds, whichever process took it."""
        for lease in self._work.leases(run=run):
            self._work.drop_lease(lease.resource)

    def drop(self, resource: str) -> Lease | None:
        """Delete one resource's lease whoever holds it, and return it."""
        key = resource.rstrip("/").casefold()
        found = self._work.leases((key,))
        self._work.drop_lease(key)
        return found[0] if found else None


class Journal:
    """The record of all runs on this machine (or of a team, over PostgreSQL); usable from any thread."""

    def __init__(self, store: Store, place: str, checkpoint_file: Path) -> None:
        self._store = store
        self.place = place
        self._checkpoint_file = checkpoint_file

    @classmethod
    def open(cls, place: str | Path | None = None, *, rehearsal: bool = False, look: bool = False) -> Journal:
        """Open or create the journal: a file, a `postgresql://` URL, or the default (rehearsals have their own).

        With `look` a file is only read: one that is named must be there.
        """
        from actions.guard.store import Store

        if isinstance(place, str) and "://" in place:
            shown = hashlib.sha256(place.encode()).hexdigest()[:8]
            return cls(Store.server(place), "PostgreSQL", state_folder() / f"team-{shown}.checkpoint")
        path = Path(place) if place else state_folder() / ("rehearsal.sqlite3" if rehearsal else "journal.sqlite3")
        store = Store.look(path) if look and (place or path.exists()) else Store.file(path)
        return cls(store, str(path), path.with_suffix(".checkpoint"))

    def close(self) -> None:
        """Close the database."""
        self._store.close()

    @contextmanager
    def write(self) -> Iterator[Writer]:
        """Open one transaction, serial across processes and durable (fsync) when the block ends."""
        with self._store.write() as work:
            yield Writer(work)

    def append(self, run: str, kind: str, data: Mapping[str, Any] | None = None, *, at: str = "") -> Entry:
        """Chain one entry durably."""
        with self.write() as writer:
            return writer.append(run, kind, data, at=at)

    def entries(self, run: str = "", *, after: int = 0, kinds: tuple[str, ...] = ()) -> Iterator[Entry]:
        """Yield entries in order, optionally of one run or of some kinds."""
        with self._store.read() as work:
            for row in work.entries(run, after, kinds):
                yield _entry(row)

    def has(self, run: str, kind: str, *, after: int) -> bool:
        """Tell whether a run has an entry of a kind that is newer than some entry."""
        with self._store.read() as work:
            return work.has(run, kind, after)

    def run(self, run_id: str) -> RunHistory:
        """Return one run by its id or an unambiguous beginning of it; raise `UsageError` otherwise."""
        with self._store.read() as work:
            found = work.run_ids(run_id) if run_id else []
        if run_id not in found and len(found) != 1:
            several = f"; it fits {', '.join(found[:5])}" if found else ""
            raise UsageError(f"No single run is named {plain(run_id)!r}{several}.")
        exact = run_id if run_id in found else found[0]
        return fold(list(self.entries(exact)), self.leases(run=exact))

    def runs(self) -> list[RunSummary]:
        """Return every run, newest first; one whose process is gone shows as stopped."""
        return summarise(self.entries(kinds=RunSummary.KINDS), self.leases())

    def leases(self, run: str = "") -> list[Lease]:
        """Return the leases in force."""
        with self._store.read() as work:
            return work.leases(run=run)

    def break_lease(self, resource: str, *, by: Operator, reason: str) -> Lease:
        """Break a lease and journal who did it and why; its process, should it live, can send nothing more."""
        with self.write() as writer:
            lease = writer.drop(resource)
            if lease is None:
                raise UsageError(f"Nobody holds {plain(resource)}.")
            data = {"resource": resource, "by": by.name, "host": by.host, "reason": reason}
            writer.append(lease.run, "lease-broken", data)
        return lease

    def checkpoint(self) -> Checkpoint:
        """Return the newest entry's number and hash."""
        with self._store.read() as work:
            last = work.last()
        return Checkpoint(seq=last[0], hash=last[1]) if last else Checkpoint(seq=0, hash=GENESIS)

    def save_checkpoint(self) -> None:
        """Keep the checkpoint beside the journal (0600); failing to is logged, for the chain itself is safe.

        One that the journal does not hold any more stays: it is what proves that entries were cut off.
        """
        try:
            kept = self.kept_checkpoint()
            if kept is not None and not self._holds(kept):
                _log.warning("the kept checkpoint is not in the journal, so it stays; verify the journal")
                return
            content = {"schema": CHECKPOINT_SCHEMA, **msgspec.to_builtins(self.checkpoint())}
            replace_private(self._checkpoint_file, canonical(content) + b"\n")
        except JournalError as error:
            _log.warning("the checkpoint was not written: %s", error.sentence)
        except OSError as error:
            _log.warning("the checkpoint was not written: %s", error.strerror)

    def _holds(self, kept: Checkpoint) -> bool:
        """Tell whether the entry of a checkpoint is in the journal as it was."""
        if kept.seq == 0:
            return True
        with self._store.read() as work:
            row = next(work.entries("", kept.seq - 1, ()), None)
        return row is not None and (row["seq"], row["hash"]) == (kept.seq, kept.hash)

    def kept_checkpoint(self) -> Checkpoint | None:
        """Return the checkpoint that was kept beside the journal, None when there is none."""
        try:
            content = self._checkpoint_file.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise JournalError(f"The checkpoint cannot be read: {error.strerror}.") from None
        return parse_checkpoint(content)

    def verify(self, checkpoint: Checkpoint | None = None) -> Verification:
        """Check the whole chain, and that it still contains a checkpoint (None: the one kept beside the journal)."""
        kept = checkpoint or self.kept_checkpoint()
        with self._store.read() as work:
            return check_chain(work.entries("", 0, ()), kept)


def check_chain(rows: Iterator[dict[str, Any]], kept: Checkpoint | None) -> Verification:
    """Walk the chain and name the first entry that was edited, removed, moved or cut off."""
    head = Checkpoint(seq=0, hash=GENESIS)
    for row in rows:
        seq, expected = row["seq"], head.seq + 1
        if seq != expected:
            return _bad(
                head, expected, f"Entry {expected} is missing: entry {plain(str(seq))} follows entry {head.seq}."
            )
        content = (row["run"], row["kind"], row["at"], row["data"], row["previous"])
        whole = all(isinstance(part, str) for part in content)  # SQLite keeps any kind of value in any column
        if not whole or entry_hash(seq, *content) != row["hash"]:
            return _bad(head, seq, f"Entry {seq} was changed: its content does not match its hash.")
        if row["previous"] != head.hash:
            bad = max(head.seq, 1)
            return _bad(head, bad, f"Entry {bad} was rewritten: entry {seq} was chained to another one.")
        head = Checkpoint(seq=seq, hash=row["hash"])
        if kept and kept.seq == seq and kept.hash != head.hash:
            why = f"Entry {seq} is not the checkpoint's: it, or one before it and all since, was rewritten."
            return _bad(head, seq, why)
    if kept and kept.seq > head.seq:
        missing = head.seq + 1
        return _bad(head, missing, f"Entry {missing} is missing: the checkpoint knows entries up to {kept.seq}.")
    return Verification(entries=head.seq, head=head)


def parse_checkpoint(content: bytes | str) -> Checkpoint:
    """Read a checkpoint as `save_checkpoint` or `audit verify` gave it out; raise `JournalError` for anything else."""
    try:
        found = msgspec.json.decode(content, type=dict[str, Any])
        if found.pop("schema", CHECKPOINT_SCHEMA) != CHECKPOINT_SCHEMA:
            raise JournalError("The checkpoint has an unknown schema.")
        return msgspec.convert(found, Checkpoint)
    except msgspec.MsgspecError as error:
        raise JournalError(f"The checkpoint is not readable: {plain(str(error))}.") from None


def state_folder() -> Path:
    """Return the folder of amlkeys' state, `XDG_STATE_HOME/amlkeys` where that is set."""
    import platformdirs

    return platformdirs.user_state_path("amlkeys")


def replace_private(path: Path, content: bytes) -> None:
    """Write a whole file durably for the owner's eyes only (0600), never leaving a half-written one."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _storable(data: Mapping[str, Any]) -> dict[str, Any]:
    """Clean plain texts, keep structs exactly; a struct has been checked where it was made."""
    return {
        key: msgspec.to_builtins(value) if isinstance(value, msgspec.Struct) else cleaned(msgspec.to_builtins(value))
        for key, value in data.items()
    }


def _entry(row: Mapping[str, Any]) -> Entry:
    try:
        return Entry(**{**row, "data": msgspec.json.decode(row["data"], type=dict[str, Any])})
    except msgspec.MsgspecError:
        raise JournalError(f"Entry {row['seq']} of the journal cannot be read; verify the journal.") from None


def _bad(head: Checkpoint, seq: int, sentence: str) -> Verification:
    return Verification(entries=head.seq, head=head, first_bad=seq, sentence=sentence)

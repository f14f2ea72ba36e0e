"""The journal's tables and statements over SQLAlchemy Core, for SQLite and PostgreSQL alike.

Importing this costs a quarter of a second, so only `Journal.open` does it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy import event, exc

from actions.guard.errors import JournalError
from actions.guard.lease import Lease
from actions.guard.text import plain

SCHEMA = 1
_BUSY_SECONDS = 15
_ADVISORY_KEY = 0x616D6C6B
_metadata = sa.MetaData()

_about = sa.Table(
    "about",
    _metadata,
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
_entries = sa.Table(
    "entries",
    _metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("run", sa.Text, nullable=False, index=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("at", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("previous", sa.Text, nullable=False),
    sa.Column("hash", sa.Text, nullable=False),
)
_leases = sa.Table(
    "leases",
    _metadata,
    sa.Column("resource", sa.Text, primary_key=True),
    sa.Column("run", sa.Text, nullable=False),
    sa.Column("token", sa.Text, nullable=False),
    sa.Column("holder", sa.Text, nullable=False),
    sa.Column("host", sa.Text, nullable=False),
    sa.Column("pid", sa.BigInteger, nullable=False),
    sa.Column("since", sa.Text, nullable=False),
    sa.Column("renewed", sa.Text, nullable=False),
)

_NEWER_OF_KIND = (
    sa.select(_entries.c.seq)
    .where(
        _entries.c.run == sa.bindparam("of_run"), _entries.c.seq > sa.bindparam("after"),
        _entries.c.kind == sa.bindparam("of_kind"),
    )
    .limit(1)
)  # fmt: skip
"""Made once: a wait asks it at every turn, and making it takes longer than asking it."""


class Store:
    """One database: short transactions, each on a connection of its own, so any thread may call."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @classmethod
    def file(cls, path: Path) -> Store:
        """Open a SQLite file that only its owner can read (folder 0700, files 0600), durable at each commit."""
        with _explained("opened"):
            _private_file(path)
        url = sa.URL.create("sqlite", database=str(path))
        engine = sa.create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _tune_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return cls._prepared(engine)

    @classmethod
    def look(cls, path: Path) -> Store:
        """Open a SQLite file that is there, to read it alone: nothing is made, and a copy on a read-only disk will do."""
        if not path.is_file():
            raise JournalError(f"There is no journal {plain(str(path))}.")
        store = cls(reading(path))
        try:
            with store.read() as work:
                work.last()
        except JournalError:
            store.close()
            if path.with_name(f"{path.name}-wal").exists():  # what is only in there would look as if it was cut off
                raise
            store = cls(reading(path, immutable="1"))
            with store.read() as work:
                work.last()
        return store

    @classmethod
    def server(cls, url: str) -> Store:
        """Open a PostgreSQL URL (needs the `team` extra)."""
        try:
            with _explained("opened"):
                engine = sa.create_engine(_with_driver(url), pool_pre_ping=True)
        except ImportError:
            raise JournalError("A journal on a server needs amlkeys[team].") from None
        return cls._prepared(engine)

    @classmethod
    def _prepared(cls, engine: sa.Engine) -> Store:
        store = cls(engine)
        try:
            with store.write() as work:
                _metadata.create_all(work.connection)
                work.check_schema()
        except JournalError:
            engine.dispose()
            raise
        return store

    @contextmanager
    def write(self) -> Iterator[Work]:
        """Open the one transaction that may write, serial across threads and processes; commits at the end."""
        with (
            _explained("written"),
            self._engine.connect().execution_options(amlkeys_writes=True) as connection,
            connection.begin(),
        ):
            if connection.dialect.name == "postgresql":
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_KEY)))
            yield Work(connection)

    @contextmanager
    def read(self) -> Iterator[Work]:
        """Open one consistent view that blocks nobody."""
        with _explained("read"), self._engine.connect() as connection, connection.begin():
            yield Work(connection)

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()


class Work:
    """The statements, bound to one transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def check_schema(self) -> None:
        """Note our schema in a new database; refuse one written by a newer amlkeys."""
        found = self.connection.execute(sa.select(_about.c.value).where(_about.c.key == "schema")).scalar()
        if found is None:
            self.connection.execute(sa.insert(_about).values(key="schema", value=str(SCHEMA)))
        elif found != str(SCHEMA):
            raise JournalError(f"The journal has schema {found}; this amlkeys knows schema {SCHEMA} only.")

    def last(self) -> tuple[int, str] | None:
        """Return (seq, hash) of the newest entry."""
        row = self.connection.execute(
            sa.select(_entries.c.seq, _entries.c.hash).order_by(_entries.c.seq.desc()).limit(1)
        ).first()
        return (int(row.seq), str(row.hash)) if row else None

    def insert(self, row: dict[str, Any]) -> None:
        """Add one entry."""
        self.connection.execute(sa.insert(_entries), row)

    def entries(self, run: str, after: int, kinds: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        """Yield entries in order; an empty `run` or `kinds` means all."""
        query = sa.select(_entries).where(_entries.c.seq > after).order_by(_entries.c.seq)
        if run:
            query = query.where(_entries.c.run == run)
        if kinds:
            query = query.where(_entries.c.kind.in_(kinds))
        for row in self.connection.execution_options(yield_per=500).execute(query).mappings():
            yield dict(row)

    def has(self, run: str, kind: str, after: int) -> bool:
        """Tell whether a run has an entry of a kind after some entry; asked at every turn of a wait, so kept small."""
        return (
            self.connection.execute(_NEWER_OF_KIND, {"of_run": run, "of_kind": kind, "after": after}).first()
            is not None
        )

    def run_ids(self, prefix: str) -> list[str]:
        """Return the ids of the runs that begin with a text, oldest first."""
        first = sa.func.min(_entries.c.seq)
        query = (
            sa.select(_entries.c.run)
            .where(_entries.c.run.startswith(prefix, autoescape=True), _entries.c.run != "")
            .group_by(_entries.c.run)
            .order_by(first)
        )
        return [str(run) for run in self.connection.execute(query).scalars()]

    def leases(self, resources: tuple[str, ...] = (), run: str = "") -> list[Lease]:
        """Return the leases on some resources, of a run, or all."""
        query = sa.select(_leases).order_by(_leases.c.resource)
        if resources:
            query = query.where(_leases.c.resource.in_(resources))
        if run:
            query = query.where(_leases.c.run == run)
        return [Lease(**dict(row)) for row in self.connection.execute(query).mappings()]

    def put_lease(self, lease: Lease) -> None:
        """Write a lease, in the place of whatever was there."""
        self.drop_lease(lease.resource)
        values = {name: getattr(lease, name) for name in lease.__struct_fields__}
        self.connection.execute(sa.insert(_leases).values(**values))

    def drop_lease(self, resource: str) -> None:
        """Delete one lease."""
        self.connection.execute(sa.delete(_leases).where(_leases.c.resource == resource))

    def drop_leases(self, token: str) -> None:
        """Delete what one hold has."""
        self.connection.execute(sa.delete(_leases).where(_leases.c.token == token))

    def touch_leases(self, token: str, **values: Any) -> int:
        """Update what one hold has; return how many leases that were."""
        done = self.connection.execute(sa.update(_leases).where(_leases.c.token == token).values(**values))
        return int(done.rowcount)


@contextmanager
def _explained(what: str) -> Iterator[None]:
    """Turn a database's failure into one sentence, without the statement or the URL (it may hold a password)."""
    try:
        yield
    except exc.DBAPIError as error:
        raise JournalError(f"The journal cannot be {what}: {plain(str(error.orig))}.") from None
    except exc.SQLAlchemyError as error:
        raise JournalError(f"The journal cannot be {what}: {type(error).__name__}.") from None
    except OSError as error:
        raise JournalError(f"The journal cannot be {what}: {plain(error.strerror or type(error).__name__)}.") from None
    except ValueError as error:  # a place with a null byte in it
        raise JournalError(f"The journal cannot be {what}: {plain(str(error))}.") from None


def _private_file(path: Path) -> None:
    """Create the folder and the file for the owner's eyes only before SQLite opens it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    if path.stat().st_mode & 0o077:
        path.chmod(0o600)


def reading(path: Path, **more: str) -> sa.Engine:
    """Make the engine of a file that is only read; `immutable` is SQLite's word for one that nobody writes."""
    query = {"mode": "ro", "uri": "true", **more}
    url = sa.URL.create("sqlite", database=f"file:{quote(str(path.absolute()))}", query=query)
    engine = sa.create_engine(url, connect_args={"timeout": _BUSY_SECONDS, "isolation_level": None})
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _with_driver(url: str) -> str:
    """Name psycopg 3 for the plain `postgresql://` that people write."""
    scheme, mark, rest = url.partition("://")
    return f"postgresql+psycopg{mark}{rest}" if scheme in {"postgres", "postgresql"} else url


def _tune_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "fullfsync=1", "trusted_schema=0"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("amlkeys_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

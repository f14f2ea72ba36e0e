"""The chain: what was edited, removed, moved or cut off is named exactly; files are private; secrets stay out."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actions.guard.errors import JournalError, UsageError
from actions.guard.journal import GENESIS, Checkpoint, Journal, check_chain, entry_hash, parse_checkpoint
from actions.guard.lease import Holder, Operator
from actions.guard.model import canonical
from actions.guard.secret import Secret
from actions.guard.store import Store, reading
from tests.support.checkout import ROOT

Tamper = Callable[[sqlite3.Connection], object]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "state" / "journal.sqlite3"


@pytest.fixture
def journal(path: Path) -> Iterator[Journal]:
    opened = Journal.open(path)
    yield opened
    opened.close()


def fill(journal: Journal, count: int = 9) -> None:
    for number in range(1, count + 1):
        journal.append("run-1", "note", {"by": "ada", "text": f"entry {number}"}, at="2026-03-01T02:00:00Z")


def rehash(db: sqlite3.Connection, seq: int, **changes: Any) -> None:
    """Edit an entry and give it a fitting hash of its own, as a careful forger would."""
    row = dict(zip(("run", "kind", "at", "data", "previous"), db.execute(
        "SELECT run, kind, at, data, previous FROM entries WHERE seq = ?", (seq,)).fetchone(), strict=True))  # fmt: skip
    row |= changes
    digest = entry_hash(seq, **row)
    db.execute(
        "UPDATE entries SET data = ?, previous = ?, hash = ? WHERE seq = ?", (row["data"], row["previous"], digest, seq)
    )


def forge_all_from(db: sqlite3.Connection, seq: int) -> None:
    """Edit one entry and recompute the whole chain after it."""
    previous = db.execute("SELECT previous FROM entries WHERE seq = ?", (seq,)).fetchone()[0]
    for (number,) in db.execute("SELECT seq FROM entries WHERE seq >= ? ORDER BY seq", (seq,)).fetchall():
        rehash(db, number, previous=previous, **({"data": '{"text":"forged"}'} if number == seq else {}))
        previous = db.execute("SELECT hash FROM entries WHERE seq = ?", (number,)).fetchone()[0]


def swap(db: sqlite3.Connection, one: int, other: int) -> None:
    db.execute("UPDATE entries SET seq = -1 WHERE seq = ?", (one,))
    db.execute("UPDATE entries SET seq = ? WHERE seq = ?", (one, other))
    db.execute("UPDATE entries SET seq = ? WHERE seq = -1", (other,))


def sql(text: str) -> Tamper:
    return lambda db: db.execute(text)


@pytest.mark.parametrize(
    ("tamper", "first_bad", "says"),
    [
        (sql('UPDATE entries SET data = \'{"text":"no"}\' WHERE seq = 4'), 4, "was changed"),
        (sql("UPDATE entries SET data = replace(data, ':', ': ') WHERE seq = 4"), 4, "was changed"),
        (sql("UPDATE entries SET at = '2026-03-02T02:00:00Z' WHERE seq = 1"), 1, "was changed"),
        (sql("UPDATE entries SET run = 'run-2' WHERE seq = 9"), 9, "was changed"),
        (sql("UPDATE entries SET hash = 'x' WHERE seq = 3"), 3, "was changed"),
        (sql("UPDATE entries SET data = 'no json' WHERE seq = 2"), 2, "was changed"),
        (lambda db: rehash(db, 5, data='{"text":"no"}'), 5, "was rewritten"),
        (lambda db: forge_all_from(db, 5), 9, "checkpoint"),
        (sql("DELETE FROM entries WHERE seq = 1"), 1, "is missing"),
        (sql("DELETE FROM entries WHERE seq = 6"), 6, "is missing"),
        (sql("DELETE FROM entries WHERE seq BETWEEN 3 AND 5"), 3, "is missing"),
        (sql("DELETE FROM entries WHERE seq = 9"), 9, "checkpoint knows"),
        (sql("DELETE FROM entries WHERE seq > 2"), 3, "checkpoint knows"),
        (sql("DELETE FROM entries"), 1, "checkpoint knows"),
        (sql("UPDATE entries SET data = x'ff00' WHERE seq = 4"), 4, "changed"),
        (sql("UPDATE entries SET at = 5 WHERE seq = 4"), 4, "changed"),
        (sql("UPDATE entries SET seq = 'four' WHERE seq = 4"), 4, "missing"),
        (lambda db: swap(db, 4, 5), 4, "was changed"),
        (lambda db: swap(db, 2, 8), 2, "was changed"),
    ],
)
def test_tampering_is_named_exactly(journal: Journal, path: Path, tamper: Tamper, first_bad: int, says: str) -> None:
    fill(journal)
    journal.save_checkpoint()
    assert journal.verify().ok
    with sqlite3.connect(path) as db:
        tamper(db)
    db.close()
    found = journal.verify()
    assert (found.ok, found.first_bad) == (False, first_bad)
    assert says in found.sentence


def test_a_checkpoint_in_the_middle_is_found_again(journal: Journal) -> None:
    fill(journal, 4)
    kept = journal.checkpoint()
    fill(journal, 3)
    assert journal.verify(kept).ok
    assert journal.verify(Checkpoint(seq=4, hash="0" * 64)).first_bad == 4
    assert journal.verify(kept).entries == 7


@pytest.mark.parametrize("tamper", ["DELETE FROM entries WHERE seq > 7", "DELETE FROM entries"])
def test_what_was_cut_off_is_still_told_after_a_later_run(journal: Journal, path: Path, tamper: str) -> None:
    fill(journal)
    journal.save_checkpoint()
    kept = journal.kept_checkpoint()
    with sqlite3.connect(path) as db:
        db.execute(tamper)
    db.close()
    for number in range(12):
        journal.append("run-2", "note", {"text": f"later entry {number}"}, at="2026-03-02T02:00:00Z")
    journal.save_checkpoint()
    assert journal.kept_checkpoint() == kept
    found = journal.verify()
    assert (found.ok, found.first_bad) == (False, 9)


def test_a_journal_is_looked_at_while_somebody_writes_it(journal: Journal, path: Path) -> None:
    fill(journal)
    looked = Journal.open(path, look=True)
    fill(journal, 2)
    assert looked.checkpoint().seq == 11
    assert looked.verify().ok
    with pytest.raises(JournalError, match="readonly"):
        looked.append("run-1", "note")
    looked.close()


def test_a_copy_of_a_journal_is_looked_at_where_nothing_can_be_written(
    journal: Journal, path: Path, tmp_path: Path
) -> None:
    """SQLite cannot make its files beside a copy on a read-only disk, and reads it all the same."""
    fill(journal)
    journal.close()
    copy = Path(shutil.copy(path, tmp_path / "copy.sqlite3"))
    before = copy.read_bytes()
    store = Store(reading(copy, immutable="1"))
    with store.read() as work:
        assert check_chain(work.entries("", 0, ()), None).entries == 9
    store.close()
    assert [each.name for each in tmp_path.iterdir() if each.is_file()] == ["copy.sqlite3"]
    assert copy.read_bytes() == before


def test_a_journal_that_is_named_must_be_there_to_be_looked_at(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="There is no journal"):
        Journal.open(tmp_path / "typo.sqlite3", look=True)
    (tmp_path / "other.sqlite3").write_bytes(b"this is no database, just text that is long enough to be looked at" * 20)
    with pytest.raises(JournalError, match="not a database"):
        Journal.open(tmp_path / "other.sqlite3", look=True)
    assert [each.name for each in tmp_path.iterdir()] == ["other.sqlite3"]


def test_a_checkpoint_that_cannot_be_read_is_left_for_whoever_looks(journal: Journal, path: Path) -> None:
    fill(journal)
    beside = path.with_suffix(".checkpoint")
    beside.write_text("not ours")
    journal.save_checkpoint()
    assert beside.read_text() == "not ours"
    with pytest.raises(JournalError, match="not readable"):
        journal.verify()


def test_a_printed_checkpoint_is_read_back(journal: Journal, path: Path) -> None:
    fill(journal, 2)
    journal.save_checkpoint()
    text = path.with_suffix(".checkpoint").read_text()
    assert parse_checkpoint(text) == journal.checkpoint() == journal.kept_checkpoint()
    for bad in ("", "[]", '{"seq":1}', '{"schema":"other/1","seq":1,"hash":"x"}', "null"):
        with pytest.raises(JournalError):
            parse_checkpoint(bad)


def test_an_empty_journal_is_whole(journal: Journal) -> None:
    assert journal.verify().ok
    assert journal.checkpoint() == Checkpoint(seq=0, hash=GENESIS)
    assert journal.kept_checkpoint() is None


def test_files_and_folder_are_for_the_owner_only(journal: Journal, path: Path) -> None:
    previous = os.umask(0)
    try:
        fill(journal, 1)
        journal.save_checkpoint()
    finally:
        os.umask(previous)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    assert set(modes) >= {"journal.sqlite3", "journal.sqlite3-wal", "journal.checkpoint"}
    assert set(modes.values()) == {0o600}


def test_a_file_left_open_to_others_is_closed_to_them(path: Path) -> None:
    path.parent.mkdir(parents=True)
    path.touch()
    path.chmod(0o644)
    Journal.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_every_commit_is_durable(journal: Journal) -> None:
    with journal._store.write() as work:
        assert work.connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert work.connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_rehearsals_have_a_journal_of_their_own(home: Path) -> None:
    real, rehearsed = Journal.open(), Journal.open(rehearsal=True)
    assert (Path(real.place).name, Path(rehearsed.place).name) == ("journal.sqlite3", "rehearsal.sqlite3")
    assert Path(real.place).is_relative_to(home)
    real.close()
    rehearsed.close()


def test_a_place_that_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(JournalError, match="cannot be"):
        Journal.open(tmp_path / "file" / "journal.sqlite3")
    (tmp_path / "other.sqlite3").write_bytes(b"this is no database, just text that is long enough to be looked at" * 20)
    with pytest.raises(JournalError, match="not a database"):
        Journal.open(tmp_path / "other.sqlite3")
    with pytest.raises(JournalError, match="cannot be opened: embedded null byte"):
        Journal.open("a\0b")


def test_a_newer_journal_is_refused(path: Path) -> None:
    Journal.open(path).close()
    with sqlite3.connect(path) as db:
        db.execute("UPDATE about SET value = '2'")
    db.close()
    with pytest.raises(JournalError, match="schema 2"):
        Journal.open(path)


@pytest.mark.parametrize("data", [{"key": Secret("v")}, {"deep": {"list": [Secret("v")]}}, {"tuple": (1, Secret("v"))}])
def test_a_secret_is_never_taken(journal: Journal, data: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        journal.append("run-1", "note", data)
    assert journal.checkpoint().seq == 0


def test_texts_are_cleaned_and_structs_kept(journal: Journal) -> None:
    holder = Holder(run="r", token="t", name="a\u202eb", host="h", pid=1)
    entry = journal.append("run-1", "odd", {"text": "a\x1b[0m\nb", "struct": holder})
    assert entry.data == {"text": "a<U+001B>[0m b", "struct": msgspec.to_builtins(holder)}
    assert next(iter(journal.entries())) == entry


def test_an_entry_that_is_no_json_is_an_error_and_not_a_crash(journal: Journal, path: Path) -> None:
    fill(journal, 2)
    with sqlite3.connect(path) as db:
        db.execute("UPDATE entries SET data = 'x' WHERE seq = 2")
    db.close()
    with pytest.raises(JournalError, match="Entry 2"):
        list(journal.entries())


def test_a_transaction_is_all_or_nothing(journal: Journal) -> None:
    with pytest.raises(TypeError), journal.write() as writer:
        writer.append("run-1", "note", {}) and writer.append("run-1", "note", {"key": Secret("v")})
    assert journal.checkpoint().seq == 0
    with journal.write() as writer:
        writer.append("run-1", "one", {})
        writer.append("run-1", "two", {})
    assert [entry.kind for entry in journal.entries()] == ["one", "two"]
    assert journal.verify().ok


def test_runs_are_found_by_an_unambiguous_beginning(journal: Journal) -> None:
    for run in ("", "2026", "20%"):
        with pytest.raises(UsageError):
            journal.run(run)


def test_threads_keep_one_chain(journal: Journal) -> None:
    threads = [threading.Thread(target=fill, args=(journal, 20)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = journal.verify()
    assert (found.ok, found.entries) == (True, 80)


def test_processes_keep_one_chain(journal: Journal, path: Path) -> None:
    code = (
        "import sys; from actions.guard.journal import Journal; j = Journal.open(sys.argv[1])\n"
        "for n in range(25): j.append('run-' + sys.argv[2], 'note', {'by': sys.argv[2], 'text': str(n)})\n"
        "j.close()"
    )
    children = [
        subprocess.Popen([sys.executable, "-c", code, str(path), name], cwd=ROOT, stderr=subprocess.PIPE)
        for name in "ab"
    ]
    fill(journal, 25)
    for child in children:
        _, errors = child.communicate(timeout=300)
        assert child.returncode == 0, errors
    found = journal.verify()
    assert (found.ok, found.entries) == (True, 75)
    for name in "ab":
        texts = [entry.data["text"] for entry in journal.entries(f"run-{name}")]
        assert texts == [str(number) for number in range(25)]


def test_the_sql_layer_is_loaded_only_when_a_journal_is_opened() -> None:
    code = "import sys, actions.guard.engine; print('sqlalchemy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize(
    ("one", "other"), [({"a": 1.0, "b": [2.0]}, {"b": [2], "a": 1}), ({"x": {"y": 3.5}}, {"x": {"y": 3.5}})]
)
def test_canonical_json_has_one_spelling(one: object, other: object) -> None:
    assert canonical(one) == canonical(other)


def test_postgresql_statements_compile() -> None:
    """No PostgreSQL here: at least every statement is one that its dialect can say."""
    from sqlalchemy.dialects import postgresql
    from sqlalchemy.schema import CreateTable

    from actions.guard.store import _metadata, _with_driver

    for table in _metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))
    assert _with_driver("postgresql://h/db") == "postgresql+psycopg://h/db"
    assert _with_driver("postgresql+psycopg://h/db") == "postgresql+psycopg://h/db"


def test_a_server_without_its_driver_or_answer_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    for url in ("postgresql://nobody:hunter2@127.0.0.1:1/db", "nonsense://x"):
        with pytest.raises(JournalError) as refused:
            Journal.open(url)
        assert "hunter2" not in refused.value.sentence


def test_who_sits_here() -> None:
    here = Operator.here()
    assert here.pid == os.getpid()
    assert here.name

"""Leases: who holds what, for how long, and when a holder is certainly gone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from actions.guard.errors import LeaseHeld, LeaseLost, UsageError
from actions.guard.journal import Journal
from actions.guard.lease import Holder, Lease, Operator, ended, living

HERE = Operator(name="ada", host="here", pid=os.getpid())
ONE, OTHER = "/Subscriptions/S/a/", "/subscriptions/s/b"


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal.open(tmp_path / "journal.sqlite3")
    yield opened
    opened.close()


@pytest.fixture
def holder() -> Iterator[Holder]:
    made = Holder.new("run-1", HERE)
    living(made.token)
    yield made
    ended(made.token)


def take(journal: Journal, holder: Holder, *resources: str, host: str = "here", take_over: bool = False) -> None:
    with journal.write() as writer:
        writer.take(resources, holder, host=host, take_over=take_over)


def test_one_run_at_a_time_whatever_the_spelling(journal: Journal, holder: Holder) -> None:
    take(journal, holder, ONE, OTHER)
    rival = Holder.new("run-2", HERE)
    with pytest.raises(LeaseHeld, match="run run-1 of ada on here"):
        take(journal, rival, "/subscriptions/s/A", "/subscriptions/s/c")
    assert {lease.resource for lease in journal.leases()} == {"/subscriptions/s/a", OTHER}
    with journal.write() as writer:
        writer.release(holder)
    take(journal, rival, ONE)


def test_a_live_hold_is_taken_over_only_on_purpose(journal: Journal, holder: Holder) -> None:
    take(journal, holder, ONE)
    second = Holder.new("run-1", HERE)
    with pytest.raises(LeaseHeld, match="Still at work"):
        take(journal, second, ONE)
    take(journal, second, ONE, take_over=True)
    with pytest.raises(LeaseLost), journal.write() as writer:
        writer.fence(holder)
    with journal.write() as writer:
        writer.fence(second)


def test_taking_up_a_run_keeps_since_and_drops_what_is_no_longer_needed(journal: Journal, holder: Holder) -> None:
    take(journal, holder, ONE, OTHER)
    (first, _) = journal.leases()
    with journal.write() as writer:
        writer._work.touch_leases(holder.token, since="2026-01-01T00:00:00Z")
        writer.park(holder)
    second = Holder.new("run-1", HERE)
    take(journal, second, ONE)
    (only,) = journal.leases()
    assert (only.resource, only.since, only.token) == (first.resource, "2026-01-01T00:00:00Z", second.token)


def test_when_a_holder_is_gone(journal: Journal, holder: Holder) -> None:
    take(journal, holder, ONE)
    (lease,) = journal.leases()
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()

    def like(**changes: object) -> Lease:
        return msgspec.structs.replace(lease, **changes)

    assert not lease.gone("here")
    assert like(token="of a crashed engine in this process").gone("here")
    assert like(pid=0).gone("anywhere")
    assert like(pid=child.pid).gone("here")
    assert not like(pid=child.pid).gone("elsewhere")
    assert not like(pid=1).gone("here")
    assert "its process is gone" in like(pid=child.pid).told("here")
    assert "waiting" in like(pid=0).told("here")
    assert "process 1" in like(pid=1).told("here")


def test_breaking_a_lease_is_journalled(journal: Journal, holder: Holder) -> None:
    take(journal, holder, ONE)
    broken = journal.break_lease("/SUBSCRIPTIONS/s/a", by=HERE, reason="lost laptop")
    assert broken.run == "run-1"
    (entry,) = journal.entries()
    assert (entry.run, entry.kind, entry.data["reason"]) == ("run-1", "lease-broken", "lost laptop")
    with pytest.raises(UsageError, match="Nobody holds"):
        journal.break_lease(ONE, by=HERE, reason="again")
    with pytest.raises(LeaseLost), journal.write() as writer:
        writer.fence(holder)

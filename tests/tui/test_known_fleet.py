"""The list that is kept between starts: what it holds, whose it is, who may read it, and that it can be turned off."""

from __future__ import annotations

import stat

import pytest

from azsim.estates.demo import demo
from azsim.estates.small import small
from tests.tui.consoles import NOON, console, opened, session, settle, shown
from tui.config import Config, Fleet
from tui.environments import Environments
from tui.known_fleet import VERSION, FleetStore, KeptFleet, KeptLine, KnownFleet
from tui.session import Session


def kept_by(found: Session, *lines: KeptLine, tenant: str = "", user: str = "") -> None:
    FleetStore(found).save(KeptFleet(VERSION, tenant, user, "2026-03-01T00:00:00Z", NAMES, lines))


NAMES = ("workspace", "group", "region", "keys")
LINE = KeptLine("/subscriptions/s/gone", "warn", ("long-gone", "rg", "eu", "key1 9d"), "s", "sub", 9)


async def test_the_list_is_kept_for_the_operator_alone_and_shown_at_the_next_start():
    first = session(demo(NOON))
    async with opened(console(first)):
        first.thread.call(lambda: None).result()  # the file is written on that thread
        path = FleetStore(first).path
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = FleetStore(first).load()
    assert kept is not None
    assert len(kept[0].lines) == 47
    app = console(session(demo(NOON)))
    async with app.run_test(size=(80, 24)) as pilot:
        text = shown(pilot)
        assert "ads-bidding" in text
        await settle(pilot)
        assert "47 workspaces in 3 subscriptions" in shown(pilot)
    app.session.close()


async def test_what_is_no_longer_there_goes_when_the_list_was_read():
    found = session(small(NOON))
    kept_by(found, LINE)
    async with opened(console(found)) as pilot:
        assert "long-gone" not in shown(pilot)
        assert "small-ml" in shown(pilot)


async def test_another_users_list_is_not_shown_once_it_is_known_who_signed_in():
    found = session(small(NOON))
    kept_by(found, LINE, tenant="another", user="bob@fabrikam.example")
    app = console(found)
    async with opened(app) as pilot:
        fleet = pilot.app.screen._fleet
        fleet.recall(KeptFleet(VERSION, "another", "bob@fabrikam.example", "", NAMES, (LINE,)))
        pilot.app.screen.facts_changed()
        assert len(fleet) == 0


async def test_nothing_is_kept_where_the_settings_say_so():
    found = session(small(NOON), config=Config(fleet=Fleet(keep=False)))
    async with opened(console(found)):
        found.thread.call(lambda: None).result()
    assert not FleetStore(found).path.exists()
    assert FleetStore(found).load() is None


EARLIER = b'{"version": 2, "tenant": "", "user": "", "as_of": "", "lines": [["/s/w", "warn", ["w", "rg"], "s", 9]]}'
LATER = b'{"version": 99, "tenant": "", "user": "", "as_of": "", "columns": [], "lines": []}'
RAGGED = (
    b'{"version": 3, "tenant": "", "user": "", "as_of": "", "columns": ["workspace", "group"],'
    b' "lines": [["/s/w", "", ["w"], "s", "n", 1]]}'
)


@pytest.mark.parametrize("content", [b"", b"{}", EARLIER, LATER, RAGGED])
def test_a_file_that_cannot_be_used_counts_as_none(content: bytes):
    store = FleetStore(session(small(NOON)))
    store.path.parent.mkdir(parents=True, exist_ok=True)
    store.path.write_bytes(content)
    assert store.load() is None


def test_a_list_of_other_columns_shows_what_it_knows_of_these():
    fleet = KnownFleet(Environments(()), ("workspace", "tls", "keys"))
    fleet.recall(KeptFleet(VERSION, "t", "u", "", NAMES, (LINE,)))
    assert [(row.state, row.cells) for row in fleet.rows] == [("", ("long-gone", "", "key1 9d"))], (
        "a grade of what is shown"
    )
    assert fleet.subscription_name(LINE.key) == "sub"
    fleet.show(("workspace", "keys", "kind"))
    assert [row.cells for row in fleet.rows] == [("long-gone", "key1 9d", "")]


def test_each_place_has_a_list_of_its_own():
    one, other = session(small(NOON)), session(small(NOON))
    other.settings = other.settings.__class__(rehearse="other.json")
    assert FleetStore(one).path != FleetStore(other).path


def test_of_two_places_whose_files_have_one_name_neither_shows_the_others_list():
    one, other = session(small(NOON)), session(small(NOON))
    other.settings = other.settings.__class__(rehearse="other.json")
    kept_by(one, LINE)
    assert FleetStore(one).load() is not None
    FleetStore(one).path.rename(FleetStore(other).path)
    assert FleetStore(other).load() is None


def test_a_path_that_is_no_text_has_a_list_too():
    found = session(small(NOON))
    found.settings = found.settings.__class__(rehearse="estate-\udcff.json")
    kept_by(found, LINE)
    assert FleetStore(found).load() is not None

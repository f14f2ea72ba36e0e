"""The rehearsal cloud answers recorded requests as Azure did, but for what the differences page lists."""

from __future__ import annotations

from collections.abc import Callable
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

import pytest

from azsim.hosts import class_of
from azsim.router import Route, Router
from azsim.services import TABLES
from azsim.wire import Request, Response
from tests.wire import listing, scenes_arm, scenes_data, scenes_ml
from tests.wire.compare import differences
from tests.wire.recording import Recording, load
from tests.wire.stage import Stage

Scene = Callable[[Stage], Response]
SCENES: dict[str, Scene] = {**scenes_arm.SCENES, **scenes_data.SCENES, **scenes_ml.SCENES}


@cache
def _recordings(folder: Path) -> dict[str, Recording]:
    return {recording.name: recording for recording in load(folder)}


@cache
def _found(folder: Path, name: str) -> frozenset[str]:
    recording = _recordings(folder)[name]
    return frozenset(differences(recording, SCENES[name](Stage(recording))))


@pytest.mark.parametrize("name", sorted(SCENES))
def test_the_answer_has_the_recorded_shape(wire_dir: Path, name: str) -> None:
    """Every difference of a replayed recording is listed with its reason."""
    rows = listing.listed()
    unlisted = [text for text in _found(wire_dir, name) if not any(row.covers(name, text) for row in rows)]
    assert sorted(unlisted) == []


def test_every_recording_is_replayed_or_listed(wire_dir: Path) -> None:
    """No recording is forgotten, and none is both replayed and listed as not replayed."""
    names, waived = set(_recordings(wire_dir)), listing.not_served()
    assert names - set(SCENES) == set(waived)
    assert set(SCENES) - names == set()
    assert all(waived.values())


def test_every_listed_difference_still_differs(wire_dir: Path) -> None:
    """A line of the page that explains nothing any more must go."""
    found = [(name, text) for name in SCENES for text in _found(wire_dir, name)]
    idle = [row for row in listing.listed() if not any(row.covers(name, text) for name, text in found)]
    assert idle == []
    assert all(row.reason for row in listing.listed())


def test_every_route_is_replayed_or_names_the_page_it_is_built_from(wire_dir: Path) -> None:
    """A route that no recording reaches says in the page what it was made from; a line for one that is reached must go."""
    router = Router(TABLES)
    reached = {found[0] for name in SCENES if (found := _route(router, _recordings(wire_dir)[name]))}
    named = [
        f"{each.host} {each.method} {each.template}" for table in TABLES for each in table.table if each not in reached
    ]
    pages = listing.documented()
    assert [each for each in named if not any(fnmatchcase(each, pattern) for pattern in pages)] == []
    assert [pattern for pattern in pages if not any(fnmatchcase(each, pattern) for each in named)] == []
    assert all(pages.values())


def _route(router: Router, recording: Recording) -> tuple[Route, dict[str, str]] | None:
    asked = Request(recording.method, recording.url(), {}, b"")
    return router.match(class_of(asked, recording.segments), recording.method, recording.segments)


def test_counts(
    wire_dir: Path, request: pytest.FixtureRequest, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """How many recordings there are, were replayed, and were answered alike; at least the numbers reached so far."""
    alike = [name for name in SCENES if not _found(wire_dir, name)]
    numbers = {
        "recordings": len(_recordings(wire_dir)),
        "replayed": len(SCENES),
        "identical": len(alike),
        "listed": len(SCENES) - len(alike),
    }
    for key, value in numbers.items():
        record_testsuite_property(key, value)
    request.config.stash[listing.COUNTS] = ", ".join(f"{value} {key}" for key, value in numbers.items())
    assert numbers["identical"] >= 105

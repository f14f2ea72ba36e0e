"""A dry run on a twin and the same run for real, both against a served rehearsal that plays Azure."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import pytest

from actions.cloud.data import ResourceId
from actions.guard.confirm import Confirmation
from actions.guard.gate import RequestClass
from actions.guard.history import RunHistory
from actions.guard.model import Mode, Outcome, RunState, WaitKind
from actions.storage_keys import StorageKeys, StorageKeysInspection
from azsim.clock import Clock
from azsim.cloud import Cloud
from azsim.estates import endpoints, small
from azsim.estates.demo import demo
from azsim.estates.encrypted import encrypted
from tests.support import reviewed
from tests.support.checkout import ROOT
from tui.config import Config
from tui.served import Served
from tui.session import Connected, Session, ignore
from tui.settings import Settings

pytestmark = pytest.mark.terminal  # each starts a served rehearsal
PROGRAM = "import json, sys; from azsim.serve import serve; serve(json.load(sys.stdin))"
NOW = Clock().now()
KEEP, REMOVE = f"keep:{NOW + timedelta(days=90):%Y-%m-%d} the old jobs still need it", "remove:unused"


@dataclass(frozen=True)
class Case:
    """What to do to what."""

    name: str
    action: str
    target: str
    document: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)
    decided: dict[str, str] = field(default_factory=dict)


def found(document: dict[str, Any], name: str) -> str:
    """The id of the one resource with this name."""
    return next(str(item["id"]) for item in document["resources"] if item["name"] == name)


COMPANY, ENCRYPTED, SERVING = demo(NOW), encrypted(NOW), endpoints.serving(NOW)
SMALL = small.small(NOW)
ONE, TWO = reviewed.names(NOW)
CASES = (
    Case("both-keys", "storage-keys", found(SMALL, "small-ml"), SMALL, {"external": "accept"}),
    Case("leaked", "storage-keys", found(SMALL, "small-ml"), SMALL, {"external": "accept", "leaked": "key1"}),
    Case("identity", "identity-access", found(COMPANY, "reborn"), COMPANY),
    Case("endpoint", "endpoint-keys", found(SERVING, "score"), SERVING, {"publish": "kvserve01/score-key", "probe": True}),
    Case("encryption", "cmk-versions", found(ENCRYPTED, "small-ml"), ENCRYPTED, {"rotate_key": True}),
    Case("support", "support-apps", reviewed.SCOPE, reviewed.reviewed(NOW), {}, {ONE: REMOVE, TWO: KEEP}),
)  # fmt: skip


class Azure:
    """A served rehearsal in a process of its own."""

    def __init__(self, card: dict[str, Any]) -> None:
        self.card = card

    def ledger(self) -> list[dict[str, Any]]:
        """Every request that reached it."""
        context = ssl.create_default_context(cafile=self.card["ca"])
        token = {"Authorization": f"Bearer {self.card['controlToken']}"}
        with closing(HTTPSConnection("localhost", urlsplit(self.card["url"]).port or 0, context=context)) as line:
            line.request("GET", "/_azsim/ledger", headers=token)
            found: list[dict[str, Any]] = json.loads(line.getresponse().read())["value"]
        return found


@contextmanager
def served(document: dict[str, Any]) -> Iterator[Azure]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    json.dump(document, process.stdin)
    process.stdin.close()
    try:
        yield Azure(json.loads(process.stdout.readline()))
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


@contextmanager
def session(azure: Azure, mode: Mode, folder: Path, *, secret: bool = False) -> Iterator[Session]:
    """A session against it, armed as the mode says: signed in as its user, or with `secret` as an application."""
    card = azure.card
    place = Served(
        url=card["url"], ca=card["ca"], tenant=card["tenant"], client_id=card["clientId"],
        client_secret=card["clientSecret"] if secret else "", control_token=card["controlToken"],
    )  # fmt: skip
    live, dry = mode is Mode.LIVE, mode is Mode.DRY_RUN
    settings = Settings(rehearse=card["url"], live=live, dry_run=dry, journal=str(folder / f"{mode}.sqlite3"))
    opened = Session(settings, Config(), ignore, served=place)
    try:
        yield opened
    finally:
        opened.close()


async def carried_out(connected: Connected, case: Case, mode: Mode) -> RunHistory:
    """Plan, confirm and run to the end; somebody who is waited for says at once that it is done."""
    engine = connected.engine
    planned = await engine.make_plan(case.action, ResourceId(case.target), case.options, case.decided)
    plan = planned.plan
    assert plan.body.outcome is Outcome.READY, plan.body
    result = await engine.run(plan, mode=mode, confirmation=Confirmation(name=plan.name, slot=plan.slot))
    while result.state is RunState.WAITING:
        result = await engine.resume(result.run)
    return engine.journal.run(result.run)


def results(run: RunHistory) -> list[tuple[str, str, str]]:
    """Each step with its verdict and what proves it, without what is another every time: keys, versions, names, minutes."""
    person = {step.id for step in run.plan.body.steps if step.wait and step.wait.kind is WaitKind.PERSON}
    return [(step.id, str(step.verdict), "" if step.id in person else _told(step.sentence)) for step in run.steps]


def _told(sentence: str) -> str:
    bare = sentence.removeprefix("On the twin: ")
    bare = re.sub(r"\b\d{4}-\d\d-\d\d \d\d:\d\dZ", "@", bare)
    return re.sub(r"\b(?:[0-9A-F]{8}|[0-9a-f]{8}|[0-9a-f]{32})\b", "#", bare)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_twin_shows_what_the_real_run_does(case: Case, tmp_path: Path) -> None:
    """The same steps with the same proofs; nothing but reads leaves for Azure before the real run."""
    with served(case.document) as azure:
        with session(azure, Mode.DRY_RUN, tmp_path) as dry:
            walked = dry.run(lambda connected: carried_out(connected, case, Mode.DRY_RUN))
            refused = list(dry.engine.cloud.gate.refusals)
        before = [entry for entry in azure.ledger() if entry["kind"] == "write" or entry["committed"]]
        with session(azure, Mode.LIVE, tmp_path) as live:
            done = live.run(lambda connected: carried_out(connected, case, Mode.LIVE))
    assert before == []
    assert (walked.state, done.state) == (RunState.DONE, RunState.DONE), (walked.sentence, done.sentence)
    assert walked.twin is not None
    assert walked.twin.made, walked.twin.sentence
    assert results(walked) == results(done)
    changes = [step for step in walked.steps if step.sent]
    assert {step.result for step in changes} == {"withheld"}
    assert [f"{method} {path}" for method, path in refused] == [bare(step.sent) for step in changes]
    assert "on a twin" in walked.sentence
    assert all(step.sentence.startswith("On the twin: ") for step in walked.steps if step.result != "held")


def bare(request: str) -> str:
    """A request as the journal has it, without the host."""
    method, _, place = request.partition(" ")
    return f"{method} /{place.partition('/')[2]}"


def test_holders_begin_on_the_slots_that_they_are_on(tmp_path: Path) -> None:
    """Found live by fingerprint and told to the twin, whose own keys are others."""
    document = demo(NOW)
    sims: list[Cloud] = []

    def build() -> Cloud:
        sims.append(Cloud(document, seed=7))
        return sims[0]

    settings = Settings(rehearse="", dry_run=True, journal=str(tmp_path / "journal.sqlite3"))
    for name in ("churn", "hr-assistant", "stale-copy", "claims-ocr"):
        opened = Session(settings, Config(), ignore, sim=build)
        twin = opened.run(partial(made, target=found(document, name)))
        opened.close()
        live, keys = sims.pop(), twin.world.keys
        for holder in keys.holders.values():
            was = live.world.keys.holders[holder.id.casefold()]
            assert keys.slot_held(holder) == live.world.keys.slot_held(was), holder.id
            assert holder.secret != was.secret


async def made(connected: Connected, target: str) -> Cloud:
    """The twin for a rotation of both keys."""
    engine = connected.engine
    planned = await engine.make_plan("storage-keys", ResourceId(target), {"external": "accept"})
    holding = StorageKeys().holding(cast(StorageKeysInspection, planned.inspection))
    twin = await connected.session._make_twin(planned.plan, holding)
    return cast(Cloud, twin.sim)


def test_what_changed_is_what_changed_on_the_twin(tmp_path: Path) -> None:
    """Its keys are others from the start, and the one that was not replaced is no change."""
    case = Case("one", "storage-keys", found(COMPANY, "churn"), COMPANY, {"external": "accept", "only": "key1"})
    settings = Settings(rehearse="", dry_run=True, journal=str(tmp_path / "journal.sqlite3"))
    opened = Session(settings, Config(), ignore, sim=lambda: Cloud(COMPANY, seed=7))
    run = opened.run(lambda connected: carried_out(connected, case, Mode.DRY_RUN))
    opened.close()
    keys = {(change.subject, change.what) for change in run.changes if change.part == "Keys"}
    assert ("key1", "fingerprint") in keys
    assert not any(subject == "key2" for subject, _ in keys)


def test_no_secret_leaves_azure_for_the_twin(tmp_path: Path) -> None:
    """Making the twin reads no secret beyond the inspection that the action announces, and what it reads is not kept."""
    case = next(each for each in CASES if each.name == "identity")
    with served(case.document) as azure:
        with session(azure, Mode.DRY_RUN, tmp_path, secret=True) as dry:
            walked = dry.run(lambda connected: carried_out(connected, case, Mode.DRY_RUN))
        kinds = {entry["kind"] for entry in azure.ledger()}
    assert walked.twin is not None
    assert walked.twin.made, walked.twin.sentence
    assert kinds <= {RequestClass.READ.value, RequestClass.SIGN_IN.value}

"""Runbooks followed from start to end on estates that fit, left half done, taken up, and changed in the middle."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from azsim.estates.demo import demo
from azsim.estates.encrypted import encrypted
from azsim.estates.endpoints import serving
from azsim.estates.small import small
from tests.tui.consoles import NOON, session
from tui.commands.output import Output
from tui.following import Following
from tui.runbook import Shelf, read
from tui.runbook_journal import Record, Sitting
from tui.session import Session

BOOK = """+++
title = "T"
when = "W"
severity = "high"
targets = ["workspace"]
roles = ["Reader"]
review_by = 2027-01-01
+++
1. Which?
   `ask: slot = key1 | key2 -> 3`
2. First.
3. Second.
   `wait: 1h`
4. Third.
   `expect: storage-keys has nosuch, else stop`
"""


class Operator:
    """Answers by the beginning of what is asked; asked for the same thing thirty times it gives up."""

    def __init__(self, **answers: str) -> None:
        self.answers, self.asked = answers, list[str]()

    def __call__(self, question: str) -> str:
        self.asked.append(question)
        assert len(self.asked) < 120, self.asked[-8:]
        word = question.split(" ")[0].rstrip(":")
        if word in self.answers:
            return self.answers[word]
        if question.startswith("Nothing runs in look mode"):
            return "live"
        if question.startswith("YYYY-MM-DD"):
            return "2027-03-01 an old cluster needs it"
        if question.startswith("Type "):
            return question.removeprefix("Type ").partition(", enter")[0]
        if "go on early" in question:
            return "s"
        return "1" if "(1-" in question else ""


class Scripted:
    """Answers in order; the end of them is the end of the input."""

    def __init__(self, *answers: str) -> None:
        self.left = list(answers)

    def __call__(self, _question: str) -> str:
        if not self.left:
            raise EOFError
        return self.left.pop(0)


@pytest.fixture
def opened() -> Iterator[Callable[..., Session]]:
    made: list[Session] = []

    def make(document: object) -> Session:
        made.append(session(document))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for each in made:
        each.close()


def follow(
    found: Session, path: Path, target: str, ask: Callable[[str], str], *, anew: bool = False
) -> tuple[bool, Sitting]:
    """Follow it and give its record."""
    out = Output(found.settings)
    done = Following(found, out, path, target, ask).follow(anew=anew)
    return done, Record(found.journal, found.engine.operator).all()[0]


def disabled(now: datetime) -> dict[str, Any]:
    """A workspace whose pinned key version was disabled."""
    document = encrypted(now)
    document["keys"][0]["versions"][0]["attributes"]["enabled"] = False
    return document


ESTATES = {"small": small, "demo": demo, "serving": serving, "encrypted": encrypted, "disabled": disabled}
CASES = {
    "leaked-storage-key": (
        "small",
        "",
        {"slot": "key1", "mine": "yes", "more": "rotate the other too"},
        ["storage-keys"] * 2,
    ),
    "scheduled-key-rotation": ("small", "", {"outside": "none"}, ["storage-keys"]),
    "key-breaks-policy": ("demo", "ledger-audit", {"rotator": "none"}, ["storage-keys"]),
    "lost-access": ("demo", "fraud-scoring", {"next": "network called", "may": "go on"}, ["identity-access"]),
    "workspace-recreated": ("demo", "reborn", {"purpose": "yes", "owner": "nobody else"}, ["identity-access"]),
    "leaked-endpoint-key": (
        "serving",
        "serve-ml",
        {"slot": "unknown", "both": "yes"},
        ["endpoint-keys"],
    ),
    "endpoint-handover": ("serving", "serve-ml", {"waiting": "no", "all": "yes"}, ["endpoint-keys"]),
    "cmk-expiring": ("encrypted", "", {"due": "yes", "code": "nobody", "reach": "key is there"}, ["cmk-versions"]),
    "cmk-unreachable": ("disabled", "", {"purpose": "no", "state": "disabled or expired"}, ["cmk-versions"]),
    "suspicious-support-app": (
        "demo",
        "contoso-prod-ml",
        {"read": "yes", "alarm": "no", "old": "none"},
        ["support-apps"],
    ),
    "offboarding": ("demo", "churn", {"closed": "yes", "reach": "no keys", "misuse": "no"}, []),
}


def test_an_answer_that_stops_is_not_the_end(opened):
    done, sitting = follow(opened(small(NOON)), Shelf().paths()["offboarding"], "small", Operator(closed="no"))
    assert (done, sitting.state, sitting.done[-1].outcome) == (False, "stopped", "no")


@pytest.mark.parametrize("name", CASES)
def test_a_shipped_runbook_is_followed_to_its_end(name, opened):
    estate, target, answers, actions = CASES[name]
    found = opened(ESTATES[estate](NOON))
    target = target or workspace_of(ESTATES[estate](NOON))
    path = Shelf().paths()[name]
    done, sitting = follow(found, path, target, Operator(**answers))
    while not done and sitting.done[-1].outcome.startswith("waiting"):
        done, sitting = follow(found, path, target, Operator(**answers))
    assert (done, sitting.state) == (True, "done")
    runs = [found.journal.run(each.run).plan.action for each in sitting.done if each.outcome.startswith("done")]
    assert runs == actions


def workspace_of(document: dict[str, Any]) -> str:
    """The id of an estate's first workspace."""
    ids = (item["id"] for item in document["resources"])
    return next(each for each in ids if each.split("/")[-2] == "workspaces" and "MachineLearning" in each)


def test_it_is_taken_up_by_the_next_shift_with_its_notes(opened, tmp_path, capsys):
    path = tmp_path / "own.md"
    path.write_text(BOOK)
    found = opened(small(NOON))
    target = workspace_of(small(NOON))
    done, sitting = follow(found, path, target, Scripted("n ada knows more", "key1", ""))
    assert (done, sitting.state, sitting.step, sitting.values) == (False, "stopped", 3, {"slot": "key1"})
    assert sitting.digest == read(path).digest
    capsys.readouterr()
    done, again = follow(found, path, target, Scripted("s"))
    told = capsys.readouterr().err
    assert "ada knows more" in told
    assert "step 2: ticked" in told
    assert again.id == sitting.id
    assert [each.outcome for each in again.done][2:] == [
        "went on 1:00:00 early",
        "storage-keys has nosuch: does not hold",
    ]
    assert (done, again.state) == (False, "stopped")


def test_a_key_that_is_pasted_into_a_note_is_not_kept(opened, tmp_path):
    path = tmp_path / "own.md"
    path.write_text(BOOK)
    found = opened(small(NOON))
    key = base64.b64encode(bytes(range(64))).decode()
    _, sitting = follow(found, path, workspace_of(small(NOON)), Scripted(f"n it is {key}", "key1", ""))
    assert [note.text for note in sitting.notes] == ["it is <secret>"]
    assert key not in str([entry.data for entry in found.journal.entries()])


def test_an_answer_leads_elsewhere(opened, tmp_path):
    path = tmp_path / "own.md"
    path.write_text(BOOK)
    found = opened(small(NOON))
    _, sitting = follow(found, path, workspace_of(small(NOON)), Scripted("key3", "key2"))
    assert (sitting.step, [each.outcome for each in sitting.done]) == (3, ["key2"])


@pytest.mark.parametrize(("answer", "kept"), [("no", True), ("yes", False)])
def test_a_changed_file_asks_before_it_goes_on(answer, kept, opened, tmp_path):
    path = tmp_path / "own.md"
    path.write_text(BOOK)
    found = opened(small(NOON))
    target = workspace_of(small(NOON))
    _, before = follow(found, path, target, Scripted("key1"))
    path.write_text(BOOK.replace("First.", "Better."))
    _, after = follow(found, path, target, Scripted(answer))
    assert (after.digest == before.digest) is kept
    assert after.step == before.step == 2

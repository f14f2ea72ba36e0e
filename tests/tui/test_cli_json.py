"""What `--json` says is what docs/json.md tells: no field more, none less, each of its kind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from azsim.cloud import Cloud as Simulated
from azsim.faults import Fault
from azsim.wire import Request
from tests.support.checkout import ROOT
from tests.tui.command_line import ACCEPT, CONFIRM, Answer, amlkeys, estate_file, keep_one_cloud

PAGE = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
SHAPES: dict[str, Any] = {
    name: json.loads(text)
    for name, text in re.findall(r"^### (\S+)\n```json\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
}
PARTS = {
    "bound",
    "finding",
    "plan",
    "binding",
    "step",
    "gap",
    "decision",
    "proof",
    "leg",
    "done",
    "note",
    "behind",
    "sitting",
    "keys",
    "played",
    "twin",
    "several",
    "description",
    "found",
    "change",
}


def differences(value: Any, shape: Any, path: str) -> Iterator[str]:
    """Name each place where a value is not of the shape that the page tells."""
    if isinstance(shape, str):
        yield from _of_kind(value, shape, path)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{path} is no list"
            return
        for number, item in enumerate(value):
            yield from differences(item, shape[0], f"{path}[{number}]")
    elif not isinstance(value, dict):
        yield f"{path} is no object"
    elif "*" in shape:
        for name, item in value.items():
            yield from differences(item, shape["*"], f"{path}.{name}")
    else:
        yield from _of_fields(value, shape, path)


def _of_fields(value: dict[str, Any], shape: dict[str, Any], path: str) -> Iterator[str]:
    told = {name.rstrip("?"): inner for name, inner in shape.items()}
    yield from (f"{path}.{name} is not told" for name in value.keys() - told.keys())
    needed = {name for name in shape if not name.endswith("?")}
    yield from (f"{path}.{name} is missing" for name in needed - value.keys())
    for name in value.keys() & told.keys():
        yield from differences(value[name], told[name], f"{path}.{name}")


def _of_kind(value: Any, kind: str, path: str) -> Iterator[str]:
    if kind.endswith("?"):
        if value is None:
            return
        kind = kind.removesuffix("?")
    if kind.startswith("@"):
        yield from differences(value, SHAPES[kind[1:]], path)
        return
    fits = {
        "any": lambda: True,
        "text": lambda: isinstance(value, str),
        "flag": lambda: isinstance(value, bool),
        "number": lambda: isinstance(value, int | float) and not isinstance(value, bool),
        "time": lambda: isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None,
    }
    if not fits[kind]():
        yield f"{path} is no {kind}: {value!r}"


def check(content: Any) -> None:
    """The object is of the schema that it names, as the page tells it."""
    thing, version = re.fullmatch(r"amlkeys\.([a-z]+)/(\d+)", content["schema"]).groups()  # type: ignore[union-attr]
    assert version == "1"
    inner = {name: value for name, value in content.items() if name != "schema"}
    assert list(differences(inner, SHAPES[thing], thing)) == []


@pytest.fixture
def sims(monkeypatch: pytest.MonkeyPatch) -> list[Simulated]:
    return keep_one_cloud(monkeypatch)


@pytest.fixture
def place(tmp_path: Path, sims: list[Simulated]) -> tuple[str, ...]:
    return ("--journal", str(tmp_path / "journal.sqlite3"), f"--rehearse={estate_file(tmp_path)}", "--json")


def checked(answer: Answer) -> Any:
    """Check each line of stdout, and each event on stderr."""
    for line in answer.out.splitlines():
        check(json.loads(line))
    for line in answer.err.splitlines():
        if line.startswith("{"):
            check(json.loads(line))
    return json.loads(answer.out.splitlines()[-1])


@pytest.mark.parametrize(
    "words",
    [
        ("workspaces",),
        ("show", "small-ml", "--holders"),
        ("inspect", "storage-keys", "small-ml"),
        ("plan", "storage-keys", "small-ml", *ACCEPT, "--details"),
        ("plan", "storage-keys", "small-ml", *ACCEPT, "--az"),
        ("plan", "storage-keys", "small-ml"),
        ("doctor",),
        ("show", "smal-ml"),
        ("plan", "nothing", "x"),
        ("run", "storage-keys", "small-ml"),
    ],
    ids=" ".join,
)
def test_what_a_command_answers(words: tuple[str, ...], place: tuple[str, ...]) -> None:
    answer = amlkeys(*words, *place)
    assert len(answer.out.splitlines()) == 1
    checked(answer)


def test_what_is_said_about_a_run(place: tuple[str, ...]) -> None:
    waiting = checked(amlkeys("run", "storage-keys", "small-ml", *ACCEPT, "--live", *CONFIRM, "--no-wait", *place))
    assert waiting["state"] == "waiting"
    run = waiting["run"]
    for words in (("note", run, "x"), ("runs",), ("runs", run), ("stop", run), ("audit", "verify")):
        checked(amlkeys(*words, *place))
    checked(amlkeys("resume", run, "--live", *place))
    for words in (("runs", run), ("runs", run, "--diff"), ("audit", "checkpoint"), ("audit", "export")):
        checked(amlkeys(*words, *place))
    report = amlkeys("report", run, *place)
    check(report.json)
    assert report.out.count("\n") == 1, "one object, one line"
    check(amlkeys("report", run, "--format", "json", *place[:-1]).json)


def test_a_run_that_halts_because_somebody_else_changed_the_account(
    place: tuple[str, ...], sims: list[Simulated]
) -> None:
    waiting = amlkeys("run", "storage-keys", "small-ml", *ACCEPT, "--live", *CONFIRM, "--no-wait", *place).json["run"]
    account = next(item for item in sims[0].world.keys.accounts.values() if item.id.endswith("stsmall01"))
    url = f"https://management.azure.com{account.id}/regenerateKey?api-version=2023-05-01"
    token = {"Authorization": f"Bearer {sims[0].issue_token()}"}
    sims[0].handle(Request("POST", url, token, b'{"keyName":"key2"}'))
    halted = amlkeys("resume", waiting, "--live", *place)
    assert checked(halted)["state"] == "stopped"
    assert halted.exit == 6
    assert "drift" in halted.json


def test_what_azure_refuses(place: tuple[str, ...], sims: list[Simulated]) -> None:
    amlkeys("workspaces", *place)
    sims[0].faults.add(Fault(kind="status", route="/workspaces/", status=403, code="AuthorizationFailed"))
    answer = amlkeys("show", "small-ml", *place)
    assert checked(answer)["error"]["code"] == "AuthorizationFailed"
    assert answer.exit == 5


def test_the_runbooks(tmp_path: Path) -> None:
    check(amlkeys("runbook", "list", "--json").json)
    ticked = tmp_path / "own.md"
    head = 'title = "T"\nwhen = "W"\nseverity = "info"\ntargets = ["workspace"]\nroles = []\nreview_by = 2999-01-01\n'
    ticked.write_text(f"+++\n{head}+++\n1. A\n   `amlkeys: resync`\n")
    problems = amlkeys("runbook", "lint", ticked, "--json").json
    check(problems)
    assert [each["line"] for each in problems["problems"]] == [10]
    check(amlkeys("runbook", "show", "offboarding", "--json").json)


def test_the_drill() -> None:
    check(amlkeys("rehearsal", "drill", "--json").json)


def test_the_page_tells_every_schema_and_no_other() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "tui" / "commands").glob("*.py"))
    written = set(re.findall(r'\.document\("([a-z]+)"', sources)) | set(re.findall(r'"amlkeys\.([a-z]+)/1"', sources))
    assert written | {"report"} == SHAPES.keys() - PARTS

"""The review of support apps on the command line: a piped list, decisions, the run, its undo and its report."""

from __future__ import annotations

import io
from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from azsim.cloud import Cloud as Simulated
from tests.support.reviewed import NAME, SCOPE, held, names, reviewed
from tests.tui.command_line import Answer, amlkeys, keep_one_cloud
from tests.tui.test_cli_json import checked

NOW = datetime.fromisoformat("2026-11-02T09:00:00+00:00")
ONE, TWO = names(NOW)
KEEP = f"{ONE}=keep:2099-01-01 needed for old jobs"


def estate(folder: Path, **behaviour: object) -> str:
    """Two support apps as a file for `--rehearse`."""
    path = folder / "estate.json"
    path.write_bytes(msgspec.json.encode({**reviewed(NOW), "behaviour": behaviour}))
    return f"--rehearse={path}"


@pytest.fixture(autouse=True)
def kept(monkeypatch: pytest.MonkeyPatch) -> list[Simulated]:
    return keep_one_cloud(monkeypatch)


def roles(sim: Simulated) -> set[str]:
    """The names of the role assignments."""
    return {name.rpartition("/")[2] for name in sim.world.access.assignments}


def piped(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.mark.parametrize("target", [NAME, NAME.upper(), SCOPE.rpartition("/")[2], SCOPE])
def test_a_subscription_by_name_or_id(target: str, tmp_path: Path) -> None:
    answer = amlkeys("inspect", "support-apps", target, estate(tmp_path), "--json")
    assert answer.exit == 0
    assert answer.json["inspection"]["subscription"] == SCOPE


def test_an_unknown_subscription_lists_those_that_there_are(tmp_path: Path) -> None:
    answer = amlkeys("inspect", "support-apps", "nowhere", estate(tmp_path))
    assert (answer.exit, answer.sentence) == (2, f"No single subscription is called nowhere; there are {NAME}.")


@pytest.mark.parametrize("way", ["pipe", "file", "words"])
def test_a_list_is_piped_or_read_from_a_file(way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the directory the names come from the list, and the review stays incomplete."""
    lines = [f"{item['principal']}\taml-{number}" for number, item in enumerate(held(NOW))]
    (tmp_path / "list.txt").write_text("\n".join(lines))
    piped(monkeypatch, "\n".join(lines))
    given = {"pipe": ["-"], "file": [f"@{tmp_path / 'list.txt'}"], "words": lines}[way]
    flags = [part for text in given for part in ("--listed", text)]
    answer = amlkeys("inspect", "support-apps", NAME, estate(tmp_path, graphReads=False), *flags, "--json")
    found = answer.json["inspection"]
    assert sorted(app["name"] for app in found["apps"]) == ["aml-0", "aml-1"]
    assert found["problems"]


def test_a_list_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    answer = amlkeys("inspect", "support-apps", NAME, estate(tmp_path), "--listed", f"@{tmp_path / 'none.txt'}")
    assert answer.exit == 2
    assert "the list cannot be read: No such file or directory" in answer.err


def test_decide_run_report_and_undo(tmp_path: Path, kept: list[Simulated]) -> None:
    """The whole way: asked, decided, removed, reported, compared, made again."""
    place = estate(tmp_path)
    asked = amlkeys("plan", "support-apps", NAME, place)
    assert asked.exit == 4
    assert f"--decide {ONE}=keep:YYYY-MM-DD and the reason" in asked.out
    assert f"--decide {TWO}=remove:the reason" in asked.out
    checked(amlkeys("plan", "support-apps", NAME, place, "--json"))
    before = roles(kept[0])
    decided = ("--decide", KEEP, "--decide", f"{TWO}=remove:unused")
    unconfirmed = amlkeys("run", "support-apps", NAME, place, *decided, "--live")
    assert unconfirmed.exit == 4
    assert roles(kept[0]) == before
    done = amlkeys("run", "support-apps", NAME, place, *decided, "--live", "--confirm", NAME)
    assert done.exit == 0, done.err
    assert before - roles(kept[0]) == {TWO}
    run = _newest(place)
    report = amlkeys("report", run, place).out.replace("\\", "")
    assert "until 2099-01-01: needed for old jobs" in report
    assert "az ad sp delete --id" in report
    assert run in amlkeys("inspect", "support-apps", NAME, place).out
    undone = amlkeys("run", "support-apps", place, "--undo", run, "--live", "--confirm", NAME)
    assert undone.exit == 0, undone.err
    assert roles(kept[0]) == before


def test_a_review_with_nothing_to_decide_is_signed_off(tmp_path: Path) -> None:
    """No app here: the sign-off is the evidence, and takes no typed name beyond the flag."""
    path = tmp_path / "empty.json"
    path.write_bytes(msgspec.json.encode(reviewed(NOW, removed=True)))
    done = amlkeys("run", "support-apps", NAME, f"--rehearse={path}", "--live", "--confirm", NAME)
    assert done.exit == 0, done.err
    assert "signed off" in done.out


def _newest(place: str) -> str:
    answer: Answer = amlkeys("runs", "--json", place)
    return str(answer.json["runs"][0]["id"])

"""`rehearsal estate`: the file for its owner alone, what it lacks told, and the rehearsal on it."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from azsim.cloud import Cloud as Simulated
from azsim.estates.demo import demo
from azsim.estates.encrypted import encrypted
from azsim.faults import Fault
from tests.tui.command_line import Answer, amlkeys, estate_file, keep_one_cloud


def without_banner(answer: Answer) -> str:
    assert answer.exit == 0, answer.err
    return answer.out


def test_the_same_list_is_seen_when_it_is_rehearsed_on(tmp_path: Path) -> None:
    """Keys, access, endpoints and encryption of every workspace, row by row."""
    company, picture = tmp_path / "company.json", tmp_path / "picture.json"
    company.write_text(json.dumps(demo()))
    taken = amlkeys("rehearsal", "estate", "--out", picture, f"--rehearse={company}")
    assert taken.exit == 0, taken.err
    assert "47  workspaces" in taken.out
    assert "all are assumed to be on key1" in taken.out
    assert stat.S_IMODE(picture.stat().st_mode) == 0o600
    original, copy = (amlkeys("workspaces", f"--rehearse={file}") for file in (company, picture))
    assert without_banner(copy) == without_banner(original)


def test_one_workspace_under_other_names(tmp_path: Path) -> None:
    picture, names = tmp_path / "picture.json", tmp_path / "names.json"
    estate = f"--rehearse={estate_file(tmp_path)}"
    words = ("rehearsal", "estate", "small-ml", "--out", picture, "--pseudonyms", "--names", names)
    told = amlkeys(*words, "--json", estate).json
    assert (told["schema"], told["pseudonyms"], told["counts"]["workspaces"]) == ("amlkeys.estate/1", True, 1)
    text = picture.read_text()
    assert "small-ml" not in text
    assert "stsmall01" not in text
    kept: dict[str, Any] = json.loads(names.read_text())
    assert stat.S_IMODE(names.stat().st_mode) == 0o600
    shown = amlkeys("workspaces", "--json", f"--rehearse={picture}").json["workspaces"]
    assert [row["name"] for row in shown] == [kept["names"]["small-ml"]]
    plan = amlkeys("plan", "storage-keys", shown[0]["name"], "--external", "accept", f"--rehearse={picture}")
    assert plan.exit == 0, plan.err


def test_what_could_not_be_read_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sims: list[Simulated] = keep_one_cloud(monkeypatch)
    estate, picture = f"--rehearse={estate_file(tmp_path)}", tmp_path / "picture.json"
    amlkeys("workspaces", estate)
    sims[0].faults.add(Fault(kind="status", route="GET .*/datastores$", status=403, code="AuthorizationFailed"))
    answer = amlkeys("rehearsal", "estate", "--out", picture, estate)
    assert answer.exit == 0
    assert "Could not be read:\n  datastores of small-ml: " in answer.out
    assert any("datastores" in each for each in json.loads(picture.read_text())["about"]["unread"])
    assert sims[0].ledger.writes() == []
    assert "secret-read" not in {entry.kind for entry in sims[0].ledger.entries}


def test_a_secret_that_stood_where_none_belongs_is_left_out_and_told(tmp_path: Path) -> None:
    """By its place; its value is in neither file nor answer, and under pseudonyms the place has another name."""
    estate, picture = tmp_path / "estate.json", tmp_path / "picture.json"
    document = encrypted()
    space = next(item for item in document["resources"] if item["type"].endswith("/workspaces"))
    space["tags"] = {"note": "AccountKey=t0ps3cret"}
    estate.write_text(json.dumps(document))
    answer = amlkeys("rehearsal", "estate", "--out", picture, f"--rehearse={estate}")
    assert answer.exit == 0, answer.err
    assert f"none belongs; have it moved and changed:\n  workspaces {space['name']}: tags\n" in answer.out
    assert "values that are secrets" in answer.out
    first = picture.read_text()
    picture.unlink()
    other = amlkeys("rehearsal", "estate", "--out", picture, "--pseudonyms", "--json", f"--rehearse={estate}")
    assert [place.rpartition(":")[2] for place in other.json["suspicious"]] == [" tags"]
    assert other.json["keptBack"] > 1
    assert space["name"] not in other.out + picture.read_text()
    assert "t0ps3cret" not in first
    assert "t0ps3cret" not in answer.out + other.out + picture.read_text()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--out", "nowhere/picture.json"), "nowhere/picture.json cannot be written: its folder is not there."),
        (("--out", "."), ". cannot be written: it is a folder."),
        (("--out", f"{'x' * 250}.json"), "cannot be written: File name too long."),
        (("--out", "here", "--names", "here", "--pseudonyms"), "The estate and its names are two files."),
        (("--out", "picture.json", "--names", "names.json"), "--names belongs to --pseudonyms."),
        (("--out", "picture.json", "nobody"), "nobody"),
        ((), "Missing option '--out'."),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_read(
    words: tuple[str, ...], sentence: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    estate = f"--rehearse={estate_file(tmp_path)}"
    monkeypatch.chdir(tmp_path)
    answer = amlkeys("rehearsal", "estate", *words, estate)
    assert answer.exit == 2
    assert sentence in answer.sentence
    assert not (tmp_path / "picture.json").exists()


def test_nothing_is_left_of_what_cannot_be_finished(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that is lost leaves no file, and a file of before is not even begun on."""
    sims: list[Simulated] = keep_one_cloud(monkeypatch)
    estate, picture = f"--rehearse={estate_file(tmp_path)}", tmp_path / "picture.json"
    amlkeys("workspaces", estate)
    sims[0].faults.add(Fault(kind="reset_before", route="/connections"))
    assert amlkeys("rehearsal", "estate", "--out", picture, estate).exit == 1
    assert list(tmp_path.glob("*picture*")) == []
    picture.write_text("before")
    read = sims[0].ledger.last
    answer = amlkeys("rehearsal", "estate", "--out", picture, estate)
    assert (answer.exit, answer.sentence) == (2, f"{picture} is there already; name a new file.")
    assert (picture.read_text(), sims[0].ledger.since(read)) == ("before", [])


@pytest.mark.parametrize("action", ["storage-keys", "cmk-versions"])
def test_a_picture_of_another_azure_cloud_keeps_its_names(action: str, tmp_path: Path) -> None:
    """Hosts of US Government are what they are, in the rehearsal and on a dry run's twin."""
    text = json.dumps({**encrypted(), "about": {"cloud": "AzureUSGovernment"}})
    for mine, theirs in (
        ("vault.azure.net", "vault.usgovcloudapi.net"),
        ("core.windows.net", "core.usgovcloudapi.net"),
        ("a232010e-820c-4083-83bb-3ace5fc29d0b", "57506a73-e302-42a9-b869-6f12d9ec29e9"),
    ):
        text = text.replace(mine, theirs)
    picture = tmp_path / "picture.json"
    picture.write_text(text)
    more = ("--external", "accept") if action == "storage-keys" else ()
    answer = amlkeys("run", action, "small-ml", *more, "--dry-run", f"--rehearse={picture}")
    assert answer.exit == 0, answer.err
    assert "AzureUSGovernment" in answer.err
    assert "walked on a twin" in answer.out

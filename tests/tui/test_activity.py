"""`amlkeys activity`: the timeline of a workspace, with the runs of one's own journal marked."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.tui.command_line import ACCEPT, CONFIRM, amlkeys, estate_file, keep_one_cloud
from tests.tui.test_cli_json import checked

ROTATE = ("storage-keys", "small-ml", *ACCEPT)


def test_a_run_of_ours_is_marked_in_the_log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    kept = keep_one_cloud(monkeypatch)
    estate = f"--rehearse={estate_file(tmp_path)}"
    assert amlkeys("run", *ROTATE, "--live", *CONFIRM, estate).exit == 0
    kept[0].shift(timedelta(minutes=20))
    told = checked(amlkeys(estate, "--json", "activity", "small-ml"))["activity"]
    written = [each for each in told["operations"] if each["operation"].casefold().endswith("/regeneratekey/action")]
    assert len(written) == 2
    assert len({each["run"] for each in written} - {""}) == 1
    moved = [each for each in told["operations"] if each["operation"].casefold().endswith("/datastores/write")]
    assert {each["run"] for each in moved} == {written[0]["run"]}
    listed = [each for each in told["operations"] if each["operation"].casefold().endswith("/listkeys/action")]
    assert {each["run"] for each in listed} == {""}
    text = amlkeys(estate, "activity", "small-ml").out
    assert f"our run {written[0]['run']}" in " ".join(text.split())
    assert "The log never holds" in text


def test_days_that_azure_does_not_keep_are_refused() -> None:
    answer = amlkeys("--rehearse", "activity", "fraud-scoring", "--days", "91")
    assert answer.exit == 2
    assert "91" in answer.err

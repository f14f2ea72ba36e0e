"""Plan files come back as they were, or are refused with the place of what is wrong."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actions.guard import planfile
from actions.guard.confirm import Confirmation
from actions.guard.errors import PlanFileError, StalePlan, UsageError
from actions.guard.model import Mode, Plan
from tests.actions.guard.world import TYPED, Desk, World

MakeDesk = Callable[..., Desk]


@pytest.fixture
async def plan(desk: MakeDesk) -> Plan:
    return (await desk().planned()).plan


async def test_a_saved_plan_comes_back_and_runs(desk: MakeDesk, plan: Plan, tmp_path: Path, world: World) -> None:
    path = tmp_path / "plan.json"
    planfile.save(plan, path)
    loaded = planfile.load(path)
    assert loaded.digest() == plan.digest()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(os.listdir(tmp_path)) == ["plan.json", "state"]
    assert (await desk().engine.run(loaded, mode=Mode.LIVE, confirmation=TYPED)).exit == 0


async def test_the_file_says_what_it_is(plan: Plan, tmp_path: Path) -> None:
    planfile.save(plan, tmp_path / "p")
    content = json.loads((tmp_path / "p").read_text())
    assert content["schema"] == "amlkeys.plan/1"
    assert content["hash"] == plan.digest()


EDITS: list[Callable[[dict[str, Any]], object]] = [
    lambda content: content["body"]["steps"].pop(),
    lambda content: content["body"]["steps"].reverse(),
    lambda content: content["body"]["steps"][0]["request"].update(path="/elsewhere"),
    lambda content: content["binding"].update(tenant="other"),
    lambda content: content["decided"].update(x="y") if "decided" in content else content.update(decided={"x": "y"}),
    lambda content: content.update(made_at="2030-01-01T00:00:00Z"),
    lambda content: content.update(hash="0" * 64),
    lambda content: content.pop("hash"),
]


@pytest.mark.parametrize("edit", EDITS)
async def test_an_edited_plan_is_refused(plan: Plan, tmp_path: Path, edit: Callable[[dict[str, Any]], object]) -> None:
    path = tmp_path / "plan.json"
    planfile.save(plan, path)
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
    with pytest.raises(PlanFileError, match="edited"):
        planfile.load(path)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not a plan"),
        (b"\xff\xfe", "not a plan"),
        (b"[]", "not a plan"),
        (b'{"schema":"amlkeys.plan/2"}', "amlkeys.plan/1"),
        (b'{"schema":"amlkeys.plan/1","action":1}', r"\$.action"),
        (b'{"schema":"amlkeys.plan/1","unknown":1}', "unknown"),
        (b'{"schema":"amlkeys.plan/1","goal":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_001, "nested too deeply"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_place(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "plan.json"
    path.write_bytes(content)
    with pytest.raises(PlanFileError, match=says):
        planfile.load(path)


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(PlanFileError, match="No such file"):
        planfile.load(tmp_path / "none")
    with pytest.raises(PlanFileError, match="cannot be read"):
        planfile.load(tmp_path)
    with (tmp_path / "huge").open("wb") as file:
        file.truncate(planfile.MAX_BYTES + 1)
    for endless in (tmp_path / "huge", Path("/dev/zero")):
        with pytest.raises(PlanFileError, match="larger"):
            planfile.load(endless)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"target": "nonsense"}, r"\$\.target"),
        ({"made_at": "soon"}, r"\$\.made_at"),
        ({"made_at": "2026-03-01T02:00:00"}, r"\$\.made_at"),
    ],
)
async def test_a_forged_plan_with_a_fitting_hash_is_no_crash(
    plan: Plan, tmp_path: Path, changes: dict[str, str], says: str
) -> None:
    planfile.save(msgspec.structs.replace(plan, **changes), tmp_path / "p")
    with pytest.raises(PlanFileError, match=says):
        planfile.load(tmp_path / "p")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"made_at": "2099-01-01T00:00:00Z"}, "still to come"),
        ({"name": "other"}, "must be typed for it is c1 both"),
        ({"slot": ""}, "must be typed for it is c1 both"),
    ],
)
async def test_a_forged_plan_is_stale(desk: MakeDesk, plan: Plan, changes: dict[str, str], says: str) -> None:
    forged = msgspec.structs.replace(plan, **changes)
    typed = Confirmation(name=forged.name, slot=forged.slot)
    with pytest.raises(StalePlan, match=says):
        await desk().engine.run(forged, mode=Mode.LIVE, confirmation=typed)


async def test_a_goal_of_another_action_is_refused(desk: MakeDesk, plan: Plan, world: World) -> None:
    with pytest.raises(UsageError, match="goal is none of"):
        await desk().engine.run(msgspec.structs.replace(plan, goal={}), mode=Mode.LIVE, confirmation=TYPED)
    assert not world.sent


async def test_a_place_that_cannot_be_written(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(PlanFileError, match="cannot be written"):
        planfile.save(plan, tmp_path / "file" / "plan.json")


async def test_a_stale_file_is_refused_when_it_is_applied(
    desk: MakeDesk, plan: Plan, tmp_path: Path, world: World
) -> None:
    planfile.save(plan, tmp_path / "p")
    world.values["c"] = 9
    with pytest.raises(StalePlan, match="bump:c"):
        await desk().engine.run(planfile.load(tmp_path / "p"), mode=Mode.LIVE, confirmation=TYPED)

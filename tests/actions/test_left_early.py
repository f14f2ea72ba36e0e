"""Reading that is left at once, as when an operator closes a screen: no request is begun that nobody waits for."""

from __future__ import annotations

import asyncio
import gc
import warnings
from typing import Any

import pytest

from actions.cloud.data import ResourceId
from actions.cloud.protocol import Cloud as Reader
from actions.guard.gate import secret_reads
from actions.posture.page import read_page
from actions.registry import actions, entry
from actions.workspaces import describe, resolve
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from tests.support.rehearsed import rehearsed

TURNS = 50


async def reading(what: str, cloud: Reader, workspace: ResourceId) -> Any:
    if what == "workspace":
        with secret_reads(announced="a test of a read that is left"):
            return await describe(cloud, workspace, secrets=True)
    if what == "posture":
        return await read_page(cloud, workspace)
    action = actions()[what]
    subscription = ResourceId(f"/subscriptions/{workspace.subscription}")
    target = subscription if entry(what).of_subscription else workspace
    with secret_reads(announced=action.secret_reads):
        return await action.inspect(cloud, target, action.options())


@pytest.mark.matrix
@pytest.mark.parametrize("what", ["workspace", "posture", *actions()])
async def test_each_turn_of_a_reading_can_be_its_last(what: str) -> None:
    sim = Cloud(demo())
    cloud = rehearsed(sim)
    workspace = await resolve(cloud, "fraud-scoring")
    left = 0
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        for turns in range(TURNS):
            async with asyncio.TaskGroup() as group:
                task = group.create_task(reading(what, cloud, workspace))
                for _ in range(turns):
                    await asyncio.sleep(0)
                left += task.cancel()
        gc.collect()
    assert left
    assert [str(each.message) for each in told] == []

"""Every way in which a resync may choose, rewrite and answer: nobody loses a key but who was announced."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, get_args

import pytest

from actions.guard.model import Plan
from azsim.behaviour import ResyncAnswer, ResyncTakes
from azsim.cloud import Cloud
from tests.faults.trials import SCENARIOS, trial

pytestmark = pytest.mark.matrix


@pytest.mark.parametrize("answer", get_args(ResyncAnswer))
@pytest.mark.parametrize("rewrites", [True, False])
@pytest.mark.parametrize("takes", get_args(ResyncTakes))
async def test_only_the_announced_lose_their_key(
    takes: str, rewrites: bool, answer: str, folder: Path, tally: Counter[str]
) -> None:
    """A gap accepted beforehand is announced beforehand, to the holder; where it is not needed there is none."""
    scenario = SCENARIOS["storage-keys"]
    behaviour: dict[str, Any] = {
        "resyncTakes": takes,
        "resyncRewritesSystemDatastores": rewrites,
        "resyncAnswer": answer,
    }
    sim = scenario.cloud(**behaviour)
    async with trial(scenario, sim, folder / "trial") as run:
        plan = await run.planned({"on_insist": "accept-gap"})
        await run.to_the_end(tries=0)
        run.check(announced(plan, sim))
        if takes in ("key2", "in_use", "newest") and answer != "lying":
            assert not sim.outages.during()
    tally["storage-keys behaviour"] += 1


def announced(plan: Plan, sim: Cloud) -> frozenset[str]:
    """The ids of the holders whose gap the plan names and closes."""
    named = {gap.holder.rpartition("/")[2].casefold() for gap in plan.body.gaps if gap.closes}
    return frozenset(
        item.id for item in sim.world.keys.of_account("stsmall01") if item.id.rpartition("/")[2].casefold() in named
    )

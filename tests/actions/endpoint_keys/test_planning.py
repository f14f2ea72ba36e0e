"""Which steps a rotation has, in which order, and what it refuses or asks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actions.guard.errors import UsageError
from actions.guard.model import Outcome, Risk
from tests.actions.endpoint_keys.rehearsal import LLM, PUBLISH, SCORE, WORKSPACE, Shift, cloud

FULL = ["regenerate:score:Secondary", "hand-over:score:Primary", "regenerate:score:Primary"]


def ids(plan: Any) -> list[str]:
    return [step.id for step in plan.body.steps]


@pytest.mark.parametrize(
    ("options", "steps"),
    [
        ({}, FULL),
        ({"only": "secondary"}, FULL[:1]),
        ({"only": "primary"}, FULL[1:]),
        (
            {"primary_first": True},
            ["regenerate:score:Primary", "hand-over:score:Secondary", "regenerate:score:Secondary"],
        ),
        ({"only": "primary", "primary_first": True}, ["regenerate:score:Primary"]),
        (PUBLISH, [FULL[0], "publish:score:Secondary", *FULL[1:]]),
        ({"only": "secondary", **PUBLISH}, [FULL[0], "publish:score:Secondary"]),
        ({"only": "primary", **PUBLISH}, ["publish:score:Secondary", *FULL[1:]]),
        ({"probe": True}, [FULL[0], "probe:score:Secondary", *FULL[1:], "probe:score:Primary"]),
    ],
)
async def test_the_order_of_the_steps(tmp_path: Path, options: dict[str, Any], steps: list[str]) -> None:
    plan = await Shift(cloud(), tmp_path).plan(SCORE, **options)
    assert plan.body.outcome is Outcome.READY
    assert ids(plan) == steps


async def test_primary_first_says_what_it_breaks(tmp_path: Path) -> None:
    shift = Shift(cloud(), tmp_path)
    plan = await shift.plan(SCORE, primary_first=True)
    assert plan.body.gaps[0].holder == "clients of score with its Primary key"
    assert "every client that uses Primary" in plan.body.steps[0].breaks
    assert "cut off" in plan.body.summary
    assert not (await shift.plan(SCORE)).body.gaps


async def test_it_is_irreversible_and_names_the_keys_that_die(tmp_path: Path) -> None:
    plan = await Shift(cloud(), tmp_path).plan(SCORE)
    assert plan.risk is Risk.IRREVERSIBLE
    assert (plan.name, plan.slot) == ("score", "Secondary+Primary")
    assert plan.body.leases == (SCORE,)


async def test_several_endpoints_are_asked_about_and_follow_one_another(tmp_path: Path) -> None:
    shift = Shift(cloud(), tmp_path)
    plan = await shift.plan(WORKSPACE)
    assert plan.body.outcome is Outcome.NEEDS_DECISION
    choices = [choice.id for choice in plan.body.decisions[0].choices]
    assert choices == ["inner", "score", "score-eu", "serverless:llm", "all"]
    every = await shift.plan(WORKSPACE, {"which": "all"}, only="secondary")
    assert ids(every) == [f"regenerate:{key}:Secondary" for key in choices[:-1]]
    one = await shift.plan(WORKSPACE, {"which": "serverless:llm"}, only="secondary")
    assert ids(one) == ["regenerate:serverless:llm:Secondary"]
    named = await shift.plan(WORKSPACE, endpoint=["score-eu", "score"], only="secondary")
    assert ids(named) == ["regenerate:score:Secondary", "regenerate:score-eu:Secondary"]
    assert named.name == "serve-ml"


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"endpoint": ["nightly"]}, "Entra tokens only"),
        ({"endpoint": ["by-aml"]}, "Azure ML tokens"),
        ({"endpoint": ["old-aks"]}, "SDK v1"),
        ({"endpoint": ["nobody"]}, "no endpoint nobody"),
        ({"endpoint": ["score"], "publish": "kvnowhere/x"}, "no vault of this name"),
        ({"endpoint": ["score"], "publish": "-/x"}, "3 to 24"),
        ({"endpoint": ["score", "score-eu"], "publish": "kvserve01/x"}, "{endpoint}"),
    ],
)
async def test_what_is_refused(tmp_path: Path, options: dict[str, Any], reason: str) -> None:
    plan = await Shift(cloud(), tmp_path).plan(WORKSPACE, **options)
    assert plan.body.outcome is Outcome.BLOCKED
    assert any(reason in text for text in plan.body.reasons)


@pytest.mark.parametrize("options", [{"publish": "kvserve01"}, {"publish_days": 0}, {"only": "both"}])
async def test_options_that_mean_nothing(tmp_path: Path, options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        await Shift(cloud(), tmp_path).plan(SCORE, **options)


async def test_an_endpoint_that_is_being_changed_waits(tmp_path: Path) -> None:
    shift = Shift(cloud(), tmp_path)
    endpoint = shift.sim.world.get(SCORE)
    assert endpoint is not None
    shift.sim.world.put({**endpoint, "properties": {**endpoint["properties"], "provisioningState": "Updating"}})
    plan = await shift.plan(SCORE)
    assert plan.body.outcome is Outcome.BLOCKED
    assert "Updating" in plan.body.reasons[0]


async def test_serverless_asks_for_its_own_permission(tmp_path: Path) -> None:
    plan = await Shift(cloud(), tmp_path).plan(LLM)
    request = plan.body.steps[0].request
    assert request is not None
    assert request.permission.endswith("/serverlessEndpoints/regenerateKeys/action")
    assert request.path == f"{LLM}/regenerateKeys"

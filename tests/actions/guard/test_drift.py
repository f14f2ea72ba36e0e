"""What differs between an approved plan and what would be planned now, in sentences; nothing is overlooked."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from actions.guard import drift
from actions.guard.model import Gap, Outcome, Plan, Step, Steps
from tests.actions.guard.world import Desk


@pytest.fixture
async def plan(desk: Callable[..., Desk]) -> Plan:
    """Three steps: bump a, b and c."""
    return (await desk().planned()).plan


def planned(plan: Plan, *steps: Step) -> Steps:
    return msgspec.structs.replace(plan.body, steps=steps)


def test_the_same_steps_are_no_drift(plan: Plan) -> None:
    assert drift.all_differences(plan, plan.body) == ()
    assert drift.next_differences(plan, plan.body) == ()


def test_a_step_that_nobody_approved_is_named_wherever_it_stands(plan: Plan) -> None:
    a, b, c = plan.body.steps
    less = msgspec.structs.replace(plan, body=planned(plan, a, c))
    assert drift.all_differences(less, planned(plan, a, b, c)) == ("Not in the approved plan: Bump b (bump:b).",)
    assert drift.next_differences(less, planned(plan, b, c)) == ("Not in the approved plan: Bump b (bump:b).",)
    allowed = msgspec.structs.replace(less, body=msgspec.structs.replace(less.body, contingent=(b,)))
    assert drift.next_differences(allowed, planned(plan, b, c)) == ()


def test_another_request_under_the_same_name_is_told_field_by_field(plan: Plan) -> None:
    a, *rest = plan.body.steps
    other = msgspec.structs.replace(a, arguments={**a.arguments, "before": "7"})
    (told,) = drift.next_differences(plan, planned(plan, other, *rest))
    assert told.startswith("Changed: Bump a (bump:a): arguments: ")


def test_another_order_and_what_is_no_longer_needed_are_told(plan: Plan) -> None:
    a, b, c = plan.body.steps
    assert drift.all_differences(plan, planned(plan, b, a, c)) == ("The steps come in another order.",)
    assert drift.all_differences(plan, planned(plan, a, c)) == ("No longer needed: Bump b (bump:b).",)


def test_a_gap_that_was_not_announced_stops_whatever_the_steps_are(plan: Plan) -> None:
    gap = Gap(holder="ml", opens="a", closes="b", seconds=5, reason="no other way")
    fresh = msgspec.structs.replace(plan.body, gaps=(gap,))
    told = ("A gap that was not announced: ml, about 5 s (no other way).",)
    assert drift.next_differences(plan, fresh) == told == drift.all_differences(plan, fresh)
    assert drift.next_differences(msgspec.structs.replace(plan, body=fresh), fresh) == ()


def test_another_outcome_says_why(plan: Plan) -> None:
    blocked = Steps(outcome=Outcome.BLOCKED, summary="no", reasons=("a lock",))
    assert drift.all_differences(plan, blocked) == ("The plan was ready; now it would be blocked (a lock).",)

"""What cannot be read: the review goes on, says so, and removes nothing."""

from __future__ import annotations

from typing import Any

import pytest

from actions.guard.model import Outcome
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.faults import Fault
from tests.actions.support_apps.conftest import NOW, Open
from tests.support.reviewed import Apps, held, names, reviewed

REFUSED = {"kind": "status", "status": 403, "code": "AuthorizationFailed"}


def sim(fault: Fault | None = None, **behaviour: Any) -> Cloud:
    """Two support apps, with a fault or a behaviour."""
    made = Cloud({**reviewed(NOW), "behaviour": behaviour}, clock=FixedClock(NOW))
    if fault is not None:
        made.faults.add(fault)
    return made


async def test_no_graph_and_no_names(review: Open) -> None:
    """Every service principal with a role that is no workspace's own is shown as unknown, never as clean."""
    async with review(sim(graphReads=False)) as one:
        found = await one.look()
    assert not found.complete
    assert {app.principal for app in found.apps} == {item["principal"] for item in held(NOW)}
    assert {(app.kind, app.source) for app in found.apps} == {("unknown", "nothing")}
    assert "Insufficient privileges" in found.problems[0]
    assert "AAD Premium" in found.problems[1]
    assert [item.id for item in found.findings][:2] == ["S22", "S22"]


async def test_no_graph_but_names_through_pim(review: Open) -> None:
    """With the licence Resource Manager names them; the review stays incomplete."""
    async with review(sim(graphReads=False, pimLicensed=True)) as one:
        found = await one.look()
        planned = await one.plan(dict.fromkeys(names(NOW), "remove:unused"))
    assert not found.complete
    assert {(app.kind, app.source) for app in found.apps} == {("likely", "pim")}
    assert planned.plan.body.outcome is Outcome.BLOCKED


async def test_pim_that_shows_no_permanent_assignment_names_nobody(review: Open) -> None:
    """Whether it does is documented nowhere: what it leaves unnamed stays unknown."""
    async with review(sim(graphReads=False, pimLicensed=True, pimListsPermanent=False)) as one:
        found = await one.look()
    assert {(app.kind, app.source) for app in found.apps} == {("unknown", "nothing")}


async def test_no_graph_but_a_given_list(review: Open) -> None:
    """Pasted ids and names are matched here; keeping can be decided and signed off, removing not."""
    lines = tuple(f"{item['principal']}\taml-{number}" for number, item in enumerate(held(NOW)))
    async with review(sim(graphReads=False)) as one:
        found = await one.look(listed=(*lines, "11111111-2222-3333-4444-555555555555 aml-elsewhere"))
        blocked = await one.plan(dict.fromkeys(names(NOW), "remove:unused"), listed=lines)
        kept = await one.run(
            dict.fromkeys(names(NOW), "keep:2027-01-01 looked at with the directory team"), listed=lines
        )
        history = one.journal.run(kept.run)
    assert sorted((app.name, app.kind, app.source) for app in found.apps) == [
        ("aml-0", "candidate", "list"),
        ("aml-1", "candidate", "list"),
    ]
    assert found.unmatched == 1
    assert blocked.plan.body.outcome is Outcome.BLOCKED
    signed = next(step for step in history.steps if step.id.startswith("sign-off"))
    assert signed.evidence["complete"].startswith("no: the directory could not be read")


@pytest.mark.parametrize(
    "route",
    [
        "/servicePrincipals",
        "/applications",
        "/getByIds",
        "/roleAssignments",
        "/roleDefinitions",
        "/workspaces$",
        "/computes",
    ],
)
async def test_any_input_that_is_refused_blocks(route: str, review: Open) -> None:
    """Each input of the rule counts: refused is unknown, and unknown removes nothing."""
    async with review(sim()) as one:
        one.sim.faults.add(Fault(route=f"GET.*{route}|POST.*{route}", **REFUSED))  # type: ignore[arg-type]
        found = await one.look()
        planned = await one.plan(leave=True)
    assert not found.complete
    assert all(step.kind == "sign-off" for step in planned.plan.body.steps)
    async with review(sim()) as one:
        whole = await one.plan(dict.fromkeys(names(NOW), "remove:unused"))
        one.sim.faults.add(Fault(route=f"GET.*{route}|POST.*{route}", **REFUSED))  # type: ignore[arg-type]
        staleness = await one.engine.check(whole.plan)
    assert whole.plan.body.outcome is Outcome.READY
    assert "blocked" in staleness.differences[0]


async def test_a_page_that_fails_blocks(apps: Apps, review: Open) -> None:
    """1,500 apps come in two pages; the second is refused: what the first told is not taken for all."""
    for number in range(1500):
        apps.app(f"aml-{number:04}")
    apps.grant(apps.app("aml-last"))
    made = Cloud(apps.estate(), clock=FixedClock(NOW))
    async with review(made) as one:
        name = (await one.look()).decidable()[0].name
        made.faults.add(Fault(route="GET.*/v1.0/servicePrincipals", at=(2,), **REFUSED))  # type: ignore[arg-type]
        found = await one.look()
        assert not found.complete
        made.faults.clear()
        made.faults.add(Fault(route="GET.*/v1.0/servicePrincipals", at=(2, 5, 8), **REFUSED))  # type: ignore[arg-type]
        planned = await one.plan(leave=True)
    assert [step.kind for step in planned.plan.body.steps] == ["sign-off"]
    assert name not in {decision.id for decision in planned.plan.body.decisions}


async def test_five_thousand(apps: Apps, review: Open) -> None:
    """Every page is followed, and nothing is asked app by app."""
    for number in range(5000):
        apps.app(f"Microsoft-AzureML-Support-App-{number:04}")
    apps.grant(apps.app("aml-one"))
    async with review(apps.estate(throttling=True)) as one:
        found = await one.look()
        pages = [entry for entry in one.sim.ledger.entries if entry.path.endswith("/servicePrincipals")]
        asked = [entry for entry in one.sim.ledger.entries if "graph" in entry.host]
    assert len(found.apps) == 5001
    assert found.complete
    assert len(pages) == 7
    assert len(asked) < 15
    assert len(found.decidable()) == 1


async def test_throttled_graph_is_waited_for(review: Open) -> None:
    """429 with Retry-After is no reason to call the review incomplete."""
    fault = Fault(kind="throttle", route="graph.microsoft.com/v1.0/servicePrincipals", retry_after=3, times=2)
    async with review(sim(fault)) as one:
        found = await one.look()
    assert found.complete
    assert len(found.apps) == 2

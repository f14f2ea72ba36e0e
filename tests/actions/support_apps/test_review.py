"""Whole reviews: decided, removed, signed off, undone, compared with the one before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from actions.cloud.data import ResourceId
from actions.guard.confirm import Confirmation
from actions.guard.errors import StalePlan, UsageError
from actions.guard.model import Mode, Outcome, Progress, RunState
from actions.guard.report import as_html, as_json, as_markdown
from actions.guard.undoing import undoing
from actions.support_apps import SupportApps
from actions.support_apps.planning import goal_of, plan_of
from actions.support_apps.state import SupportAppsOptions
from azsim import ids
from azsim.clock import FixedClock
from azsim.cloud import Cloud
from azsim.estates import shapes as az
from azsim.estates.book import OWNER
from azsim.faults import Fault
from tests.actions.support_apps.conftest import NOW, Open
from tests.support.reviewed import CONDITION, NAME, SCOPE, Apps, held, names, reviewed

ONE, TWO = names(NOW)
KEEP = "keep:2027-03-01 the old jobs still need it"
OLD = datetime(2020, 3, 1, tzinfo=UTC)


async def test_each_assignment_is_asked_about(review: Open) -> None:
    """Nothing is planned before every assignment here is decided about; the questions name app, role and place."""
    async with review(reviewed(NOW)) as one:
        planned = await one.plan()
        body = planned.plan.body
        assert body.outcome is Outcome.NEEDS_DECISION
        assert sorted(decision.id for decision in body.decisions) == sorted((ONE, TWO))
        first = next(decision for decision in body.decisions if decision.id == ONE)
        assert first.question == f"What about Contributor of Microsoft-AzureML-Support-App-one at {NAME}?"
        assert [choice.id for choice in first.choices] == ["keep", "remove"]


@pytest.mark.parametrize(
    ("answer", "wrong"),
    [
        ("keep:", "a review-by date and a reason"),
        ("keep:because", "a review-by date and a reason"),
        ("keep:2027-03-01", "a review-by date and a reason"),
        ("keep:2027-02-30 typo", "2027-02-30 is no date"),
        ("keep:2026-11-02 today", "is not to come"),
        ("keep:2020-01-01 past", "is not to come"),
    ],
)
async def test_to_keep_takes_a_date_to_come_and_a_reason(answer: str, wrong: str, review: Open) -> None:
    """What is missing is asked for again, with what was wrong."""
    async with review(reviewed(NOW)) as one:
        planned = await one.plan({ONE: answer}, leave=True)
    assert planned.plan.body.outcome is Outcome.NEEDS_DECISION
    assert wrong in next(item.question for item in planned.plan.body.decisions if item.id == ONE)


@pytest.mark.parametrize("answer", ["keep", "delete", "removed:now", ""])
async def test_what_is_no_answer_is_refused(answer: str, review: Open) -> None:
    """In one sentence that says what there is."""
    async with review(reviewed(NOW)) as one:
        with pytest.raises(UsageError, match=r"is no answer to .* there are keep:YYYY-MM-DD .*, remove"):
            await one.plan({ONE: answer})


async def test_removes_signs_off_and_makes_exactly_the_same_again(review: Open) -> None:
    """Condition, description and name come back; the other assignments were never touched."""
    async with review(reviewed(NOW)) as one:
        before = one.assignments()
        done = await one.run({ONE: KEEP, TWO: "remove:unused"})
        assert done.state is RunState.DONE
        removed = next(item for item in held(NOW) if item["id"].endswith(TWO))
        assert set(before) - set(one.assignments()) == {ids.fold(removed["id"])}
        options = undoing(SupportApps(), "support-apps", one.journal.run(done.run))
        undone = await one.run(**options)
        assert undone.state is RunState.DONE
        assert one.assignments() == before
        assert before[ids.fold(removed["id"])]["condition"] == CONDITION
        writes = [entry.method for entry in one.sim.ledger.entries if entry.kind == "write"]
        assert writes == ["DELETE", "PUT"]
        assert one.journal.verify().ok
        again = await one.plan(**options)
        assert again.plan.body.outcome is Outcome.NO_CHANGES
        found = await one.look(**options)
        blind = msgspec.structs.replace(found, held=(), unread=(found.subscription,))
        unseen = plan_of(goal_of(found, msgspec.convert(options, SupportAppsOptions)), blind, {}, Progress(now=""))
        assert unseen.outcome is Outcome.BLOCKED, "what cannot be seen may be there"


async def test_why_one_is_removed_is_in_the_record(review: Open) -> None:
    async with review(reviewed(NOW)) as one:
        unsaid = await one.plan({ONE: KEEP, TWO: "remove: "})
        assert [item.id for item in unsaid.plan.body.decisions] == [TWO]
        assert "The answer was not taken: to remove it takes the reason" in unsaid.plan.body.decisions[0].question
        done = await one.run({ONE: KEEP, TWO: "remove:  nobody signs in\nany more"})
        assert done.state is RunState.DONE
        signed = one.journal.run(done.run).steps[-1].evidence
        [removed] = [value for name, value in signed.items() if name.startswith("removed ")]
        assert removed.endswith(f"{TWO}: nobody signs in any more")


async def test_the_report_is_the_evidence(apps: Apps, review: Open) -> None:
    """Who, when, what was visible, decided and left, the export, and the owners' commands in their order."""
    principal = apps.app("Microsoft-AzureML-Support-App-one")
    apps.grant(principal)
    apps.grant(apps.app("aml-kept"))
    apps.grant(apps.app("aml-open"))
    async with review(apps.estate()) as one:
        found = {held.principal: held for held in (await one.look()).decidable()}
        kept = found[az.stable_guid("reviewed", "aml-kept")].name
        done = await one.run({found[principal].name: "remove:unused", kept: KEEP}, leave=True)
        history = one.journal.run(done.run)
    text = as_markdown(history).replace("\\", "")
    for told in (
        "ada@contoso.example", "1 of 1 visible subscriptions, 1 workspace and 3 principals",
        "until 2027-03-01: the old jobs still need it", "not decided in this review",
        f"az ad sp update --id {principal} --set accountEnabled=false", f"az ad sp delete --id {principal}",
    ):  # fmt: skip
        assert told in text, told
    assert (
        text.index("accountEnabled=false") < text.index("observe for a working cycle") < text.index("az ad sp delete")
    )
    assert "aml-kept" not in "".join(line for line in text.splitlines() if "az ad sp" in line)
    exported = next(step for step in history.steps if step.id.startswith("remove")).evidence["export"]
    assert msgspec.json.decode(exported)["principal"] == principal
    assert msgspec.json.decode(as_json(history))["decided"][kept] == KEEP
    assert "until 2027-03-01" in as_html(history)


async def test_an_old_cluster_blocks(apps: Apps, review: Open) -> None:
    """No decision and no flag lifts it; keeping can be signed off."""
    grant = apps.grant(apps.app("aml-one"))
    apps.aks("old", OLD)
    name = grant["name"]
    async with review(apps.estate()) as one:
        blocked = (await one.plan({name: "remove:unused"})).plan.body
        assert blocked.outcome is Outcome.BLOCKED
        assert "14 May 2021" in blocked.reasons[0]
        asked = (await one.plan()).plan.body.decisions[0]
        assert "not possible now" in asked.choices[1].sentence
        assert (await one.run({name: KEEP})).state is RunState.DONE
    assert not [entry for entry in one.sim.ledger.entries if entry.kind == "write"]


async def test_an_old_cluster_that_turns_up_during_the_run_stops_it(review: Open) -> None:
    """The rule is read again before each removal."""
    sim = Cloud(reviewed(NOW), clock=FixedClock(NOW))
    async with review(sim) as one:
        planned = await one.plan({ONE: "remove:unused", TWO: "remove:unused"})
        sim.faults.add(
            Fault(kind="status", route="GET.*/computes", status=403, at=tuple(range(3, 99)), code="AuthorizationFailed")
        )
        done = await one.engine.run(planned.plan, mode=Mode.LIVE, confirmation=Confirmation(name=NAME))
        assert done.state is RunState.STOPPED
        assert len([entry for entry in sim.ledger.entries if entry.kind == "write"]) == 1
        sim.faults.clear()
        resumed = await one.engine.resume(done.run, confirmation=Confirmation(name=NAME))
        assert resumed.state is RunState.DONE


async def test_vanished_between_review_and_removal(review: Open) -> None:
    """A plan whose assignment somebody else removed is stale; made anew, there is nothing to remove and no undo."""
    sim = Cloud(reviewed(NOW), clock=FixedClock(NOW))
    async with review(sim) as one:
        planned = await one.plan({ONE: "remove:unused", TWO: KEEP})
        access = sim.world.access
        access.remove(access.assignments[ids.fold(held(NOW)[0]["id"])], NOW)
        with pytest.raises(StalePlan, match="No longer needed: Remove"):
            await one.engine.run(planned.plan, mode=Mode.LIVE, confirmation=Confirmation(name=NAME))
        done = await one.run({TWO: KEEP})
        assert done.state is RunState.DONE
        with pytest.raises(UsageError, match="nothing that could be taken"):
            undoing(SupportApps(), "support-apps", one.journal.run(done.run))


async def test_changed_between_review_and_removal(review: Open) -> None:
    """An assignment that is not any more as it was exported is not removed."""
    sim = Cloud(reviewed(NOW), clock=FixedClock(NOW))
    async with review(sim) as one:
        planned = await one.plan({ONE: KEEP, TWO: "remove:unused"})
        sim.world.access.assignments[ids.fold(held(NOW)[1]["id"])].properties["condition"] = None
        with pytest.raises(StalePlan, match="Changed: Remove"):
            await one.engine.run(planned.plan, mode=Mode.LIVE, confirmation=Confirmation(name=NAME))
    assert not [entry for entry in sim.ledger.entries if entry.kind == "write"]


async def test_a_dry_run_removes_nothing(review: Open) -> None:
    """The whole walk, the removal withheld; and it is no review to compare with."""
    async with review(reviewed(NOW), Mode.DRY_RUN) as one:
        planned = await one.plan({ONE: "remove:unused", TWO: KEEP})
        done = await one.engine.run(planned.plan, mode=Mode.DRY_RUN, confirmation=None)
        assert done.state is RunState.DONE
        assert (await one.look()).earlier is None
    assert not [entry for entry in one.sim.ledger.entries if entry.kind == "write"]


async def test_the_next_review_tells_what_is_new(apps: Apps, review: Open) -> None:
    """A new app, a new credential, a wider role; what was kept and did not change is not asked about again."""
    for name in ("aml-same", "aml-secret", "aml-wider"):
        apps.grant(apps.app(name))
    async with review(apps.estate()) as one:
        known = {held.principal: held.name for held in (await one.look()).decidable()}
        first = await one.run(dict.fromkeys(known.values(), KEEP))
        same = known[az.stable_guid("reviewed", "aml-same")]
    apps.principals[1]["passwordCredentials"] = [az.password_credential("new", start=apps.ago(1), end=apps.ago(-300))]
    apps.grant(az.stable_guid("reviewed", "aml-wider"), OWNER)
    apps.grant(apps.app("aml-new"))
    async with review(apps.estate()) as one:
        found = await one.look()
        assert found.earlier is not None
        assert found.earlier.run == first.run
        told = {(item.id, item.subject) for item in found.findings if item.id.startswith("S3") and len(item.id) == 3}
        assert told == {("S31", "aml-new"), ("S32", "aml-secret"), ("S33", "aml-wider")}
        asked = {decision.id for decision in (await one.plan()).plan.body.decisions}
        assert same not in asked
        assert len(asked) == 4
        assert same in {decision.id for decision in (await one.plan(again=True)).plan.body.decisions}


async def test_a_promise_that_ran_out_is_asked_about_again(apps: Apps, review: Open) -> None:
    """After the review-by date the finding says so, and the decision is open."""
    apps.grant(apps.app("aml-one"))
    sim = Cloud(apps.estate(), clock=FixedClock(NOW))
    async with review(sim) as one:
        name = (await one.look()).decidable()[0].name
        assert (await one.run({name: KEEP})).state is RunState.DONE
        assert (await one.plan()).plan.body.decisions == ()
        sim.shift(timedelta(days=200))
        found = await one.look()
        assert "S34" in {item.id for item in found.findings}
        assert [item.id for item in (await one.plan()).plan.body.decisions] == [name]


async def test_a_subscription_that_is_not_visible(review: Open) -> None:
    """Its assignments cannot be read, so the review is incomplete."""
    async with review(reviewed(NOW)) as one:
        other = ResourceId("/subscriptions/5a3c0001-0000-4000-8000-0000000000ff")
        found = await one.engine.inspect("support-apps", other, {})
    assert "incomplete" in found.findings[-1].sentence or any("incomplete" in item.sentence for item in found.findings)
    assert SCOPE not in found.target

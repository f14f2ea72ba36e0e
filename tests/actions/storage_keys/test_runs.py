"""Whole rotations through engine, SDK and rehearsal cloud, for every way in which Azure may behave.

Each one ends in the goal or at a clear halt; no key is replaced twice; nobody is without a key but who was announced.
"""

from __future__ import annotations

from typing import Any

import pytest

from actions.cloud.data import ResourceId
from actions.guard.confirm import Confirmation
from actions.guard.model import Mode, Outcome, RunState, Verdict
from azsim.estates import ml_shapes as ml
from azsim.estates import shapes as az
from azsim.faults import Fault
from azsim.keys import Holder
from tests.actions.storage_keys.rehearsal import ACCOUNT, FRAUD, LAB, SUB, Shop, Watch

ACCEPT = {"external": "accept"}
BOTH = {"stfraud01": 2}


def of(**behaviour: Any) -> Shop:
    shop = Shop()
    shop.behaviour = behaviour
    return shop


def reached(watching: Watch, generations: tuple[int, int] = (2, 2)) -> None:
    """Assert the goal: keys replaced as often as wanted, everybody on a live one."""
    assert watching.generations() == generations
    assert None not in watching.held().values()


# --- how Azure may behave ----------------------------------------------------------------------------

FOLLOWS = [
    {"resyncTakes": "in_use"},
    {"resyncTakes": "key2"},
    {"resyncTakes": "newest"},
    {"resyncTakes": "in_use", "resyncRewritesSystemDatastores": False},
    {"resyncTakes": "key2", "resyncRewritesSystemDatastores": False},
    {"resyncAnswer": "200"},
    {"resyncAnswer": "202-bare"},
    {"resyncAnswer": "202", "operationPolls": 5},
    {"regenerateAnswer": "503-after-commit"},
    {"keyPropagationSeconds": 20.0},
    {"selfSyncHours": 0.25},
    {"selfSyncHours": None},
]


@pytest.mark.parametrize("behaviour", FOLLOWS, ids=str)
async def test_where_workspaces_follow_nobody_is_ever_without_a_key(watch, behaviour):
    watching = watch(of(**behaviour).cloud())
    result = await watching.run(ACCEPT)
    assert (result.state, result.exit) == (RunState.DONE, 0), result.sentence
    reached(watching)
    assert watching.committed() == BOTH
    assert watching.outages() == set()
    assert watching.verdict("regenerate:key1") is Verdict.VERIFIED
    assert set(watching.held().values()) == {"key2"}


@pytest.mark.parametrize("seconds", [0.0, 45.0])
async def test_a_resync_whose_end_nothing_tells_is_waited_for(watch, seconds):
    """A look too soon would make a workspace that follows look like one that insists."""
    watching = watch(of(resyncTakes="key2", resyncAnswer="202-bare", operationSeconds=seconds).cloud())
    result = await watching.run(ACCEPT)
    assert (result.state, result.exit) == (RunState.DONE, 0), result.sentence
    reached(watching)
    assert watching.outages() == set()
    assert "holds key2" in watching.finished("resync:fraud:key2").proof.sentence
    assert [entry for entry in watching.sim.ledger.entries if entry.path.endswith("/resyncKeys")][1:] == []


INSISTS = [
    {"resyncTakes": "key1"},
    {"resyncTakes": "oldest"},
    {"resyncTakes": "key1", "resyncRewritesSystemDatastores": False},
    {"resyncTakes": "key1", "resyncAnswer": "200"},
    {"resyncTakes": "key1", "regenerateAnswer": "503-after-commit"},
    {"resyncTakes": "key1", "keyPropagationSeconds": 20.0},
    {"resyncTakes": "key1", "resyncAnswer": "202-bare"},
]


@pytest.mark.parametrize("behaviour", [*INSISTS, {"resyncAnswer": "lying"}], ids=str)
async def test_a_workspace_that_insists_is_asked_about_and_nothing_is_lost_till_then(watch, behaviour):
    watching = watch(of(**behaviour).cloud())
    result = await watching.run(ACCEPT)
    assert (result.state, result.exit) == (RunState.NEEDS_DECISION, 6)
    assert "keeps key1" in result.sentence
    assert watching.generations() == (1, 2)
    assert watching.outages() == set()


@pytest.mark.parametrize("behaviour", INSISTS, ids=str)
async def test_the_accepted_gap_is_its_own_copys_alone_and_is_measured(watch, behaviour):
    watching = watch(of(**behaviour).cloud())
    halted = await watching.run(ACCEPT)
    result = await watching.resume(halted.run, {"insists:fraud": "accept-gap"})
    assert (result.state, result.exit) == (RunState.DONE, 0), result.sentence
    reached(watching)
    assert watching.committed() == BOTH
    assert watching.outages() == {"fraud"}
    recovered = watching.finished("recover:fraud:key1")
    assert recovered.proof.verdict is Verdict.VERIFIED
    assert recovered.evidence["gap"].endswith(" s")
    assert watching.verdict("prove-dead:key1") is Verdict.VERIFIED
    gaps = watching.history(result.run).plan.body.gaps
    assert {gap.holder for gap in gaps if gap.closes} == {"fraud"}


@pytest.mark.parametrize("behaviour", INSISTS, ids=str)
async def test_a_gap_accepted_beforehand_is_announced_beforehand(watch, behaviour):
    watching = watch(of(**behaviour).cloud())
    plan = (await watching.planned({**ACCEPT, "on_insist": "accept-gap"})).plan
    assert {gap.holder for gap in plan.body.gaps if gap.closes} == {"fraud"}
    result = await watching.run({**ACCEPT, "on_insist": "accept-gap"})
    assert result.state is RunState.DONE, result.sentence
    reached(watching)
    assert watching.outages() == {"fraud"}


async def test_the_smallest_gap_holds_nothing_but_the_resync(watch):
    watching = watch(of(resyncTakes="key1", keyPropagationSeconds=20.0).cloud())
    await watching.run({**ACCEPT, "on_insist": "accept-gap"})
    outage = watching.sim.outages.during()[0]
    between = watching.sim.ledger.entries[outage.from_request : outage.to_request]
    assert not [entry for entry in between if ".blob." in entry.host], "no probe prolongs the gap"
    assert len(between) <= 12
    assert (outage.to_time - outage.from_time).total_seconds() < 15


async def test_where_the_soak_makes_the_gap_needless_there_is_none(watch):
    watching = watch(of(resyncAnswer="lying", resyncTakes="in_use").cloud())
    halted = await watching.run(ACCEPT)
    result = await watching.resume(halted.run, {"insists:fraud": "accept-gap"})
    assert result.state is RunState.DONE, result.sentence
    reached(watching)
    assert watching.outages() == set()


async def test_a_lying_resync_in_the_gap_is_made_up_for_by_azure_mls_own(watch):
    watching = watch(of(resyncAnswer="lying", resyncTakes="key1").cloud())
    result = await watching.run({**ACCEPT, "on_insist": "accept-gap"})
    assert result.state is RunState.DONE
    assert 3000 < int(watching.finished("recover:fraud:key1").evidence["gap"].split()[0]) < 4600


async def test_waiting_for_azure_mls_own_synchronisation_can_help(watch):
    watching = watch(of(resyncAnswer="lying", resyncTakes="in_use").cloud())
    result = await watching.run({**ACCEPT, "on_insist": "wait"})
    assert result.state is RunState.DONE, result.sentence
    reached(watching)
    assert watching.outages() == set()
    assert "await-sync:fraud:key2:4" in watching.steps()


async def test_waiting_in_vain_asks_again(watch):
    watching = watch(of(resyncTakes="key1").cloud())
    result = await watching.run({**ACCEPT, "on_insist": "wait"})
    assert result.state is RunState.NEEDS_DECISION
    decision = watching.history(result.run).decisions[0]
    assert "wait" not in [choice.id for choice in decision.choices]
    result = await watching.resume(result.run, {"insists:fraud": "leave"})
    assert (result.state, result.exit) == (RunState.DONE, 0)
    assert "key1 is left as it is" in result.sentence
    assert watching.generations() == (1, 2)
    assert watching.outages() == set()


async def test_holders_on_key2_under_a_service_that_takes_key1_need_no_gap(watch):
    shop = Shop(holds="key2")
    shop.behaviour = {"resyncTakes": "key1"}
    watching = watch(shop.cloud())
    result = await watching.run(ACCEPT)
    assert result.state is RunState.DONE
    reached(watching)
    assert watching.outages() == set()


# --- what is on the account --------------------------------------------------------------------------


def crowded() -> Shop:
    shop = Shop()
    churn = shop.workspace("churn", group="rg-crm")
    shop.datastore(churn, "raw")
    lab = shop.workspace("sandbox", sub=LAB, group="rg-lab", account="stlab01")
    shop.datastore(lab, "borrowed", holds="key2")
    shop.datastore(FRAUD, "share", kind="AzureFile")
    shop.datastore(FRAUD, "share_sas", kind="AzureFile", credentials="Sas")
    shop.datastore(FRAUD, "entra", credentials="None")
    shop.workspace("keyless", identity_based=True)
    return shop


@pytest.mark.parametrize("takes", ["in_use", "key2"])
async def test_everybody_on_the_account_follows(watch, takes):
    shop = crowded()
    shop.behaviour = {"resyncTakes": takes}
    watching = watch(shop.cloud())
    result = await watching.run(ACCEPT)
    assert result.state is RunState.DONE, result.sentence
    reached(watching)
    assert watching.outages() == set()
    held = watching.held()
    assert {held[name] for name in ("fraud", "churn", "train", "raw", "borrowed", "share", "share_sas")} == {"key2"}


async def test_two_workspaces_that_insist_have_two_gaps(watch):
    shop = crowded()
    shop.behaviour = {"resyncTakes": "key1"}
    watching = watch(shop.cloud())
    result = await watching.run({**ACCEPT, "on_insist": "accept-gap"})
    assert result.state is RunState.DONE, result.sentence
    reached(watching)
    assert watching.outages() == {"fraud", "churn"}


async def test_clients_that_read_their_key_from_a_datastore_follow_within_the_soak(watch):
    shop = Shop()
    reader = {
        "name": "scorer",
        "account": "stfraud01",
        "reads": f"datastore:{FRAUD}/datastores/train",
        "rereadSeconds": 1800,
    }
    watching = watch(shop.cloud(clients=(reader,)))
    result = await watching.run(ACCEPT)
    assert result.state is RunState.DONE
    assert watching.outages() == set()


async def test_without_the_soak_they_are_cut_off_and_the_plan_said_so(watch):
    reader = {
        "name": "scorer",
        "account": "stfraud01",
        "reads": f"datastore:{FRAUD}/datastores/train",
        "rereadSeconds": 1800,
    }
    watching = watch(Shop().cloud(clients=(reader,)))
    plan = (await watching.planned({**ACCEPT, "soak": 0})).plan
    assert [gap.holder for gap in plan.body.gaps] == ["clients outside Azure ML"] * 2
    await watching.run({**ACCEPT, "soak": 0})
    assert watching.outages() == {"client:scorer"}


async def test_requests_of_strangers_are_asked_about_first(watch):
    client = {"name": "cron", "account": "stfraud01", "transactionsPerHour": 20.0}
    watching = watch(Shop().cloud(clients=(client,)))
    plan = (await watching.planned({})).plan
    assert plan.body.outcome is Outcome.NEEDS_DECISION
    assert [decision.id for decision in plan.body.decisions] == ["external"]
    plan = (await watching.planned({}, {"external": "accept"})).plan
    assert plan.body.outcome is Outcome.READY


async def test_owners_of_clients_are_waited_for(watch):
    client = {"name": "cron", "account": "stfraud01", "transactionsPerHour": 20.0}
    watching = watch(Shop().cloud(clients=(client,)))
    result = await watching.run({}, {"external": "hand-over"})
    assert (result.state, result.exit) == (RunState.WAITING, 7)
    result = await watching.resume(result.run)
    assert result.state is RunState.WAITING, "and once more before key1"
    world = watching.sim.world
    world.keys.hold(Holder("client:cron", "client", "stfraud01", world.keys.account("stfraud01").slots["key2"].value))
    world.changed()
    result = await watching.resume(result.run)
    assert result.state is RunState.DONE
    assert watching.outages() == set()


async def test_dead_holders_are_mended(watch):
    shop = Shop()
    shop.datastore(FRAUD, "stale", holds="stale")
    shop.datastore(FRAUD, "lost", holds="none")
    watching = watch(shop.cloud())
    result = await watching.run(ACCEPT)
    assert result.state is RunState.DONE, result.sentence
    reached(watching)
    assert (watching.held()["stale"], watching.held()["lost"]) == ("key2", "key2")
    assert watching.outages() == set()


def with_connection(holds: str) -> Shop:
    shop = Shop()
    blob = "https://stfraud01.blob.core.windows.net/data"
    place = {"account": "stfraud01", "holds": holds}
    shop.book.put(ml.connection(FRAUD, "feed", auth="AccountKey", category="AzureBlob", target=blob, holds=place))
    return shop


async def test_a_connection_is_waited_for_and_believed_only_when_it_has_moved(watch):
    watching = watch(with_connection("key1").cloud())
    result = await watching.run(ACCEPT, {"connection:fraud/feed": "hand-over"})
    assert (result.state, result.exit) == (RunState.WAITING, 7)
    assert watching.generations() == (1, 2)
    result = await watching.resume(result.run)
    assert result.state is RunState.STOPPED
    assert "said to be moved" in result.sentence
    world = watching.sim.world
    feed = world.keys.holder(f"{FRAUD}/connections/feed")
    feed.secret = feed.signer = world.keys.account("stfraud01").slots["key2"].value
    world.changed()
    result = await watching.resume(result.run)
    assert result.state is RunState.DONE, result.sentence
    assert watching.outages() == set()


async def test_the_loss_of_a_connection_is_announced(watch):
    watching = watch(with_connection("key1").cloud())
    result = await watching.run(ACCEPT, {"connection:fraud/feed": "accept"})
    assert result.state is RunState.DONE
    assert watching.outages() == {"feed"}
    assert "fraud/feed" in {gap.holder for gap in watching.history(result.run).plan.body.gaps}


async def test_a_sas_that_may_not_be_signed_anew_keeps_its_key(watch):
    watching = watch(Shop().cloud())
    result = await watching.run({**ACCEPT, "reissue_sas": False}, {"sas:fraud/partner": "leave"})
    assert result.state is RunState.DONE
    assert watching.generations() == (1, 2)
    assert watching.held()["partner"] == "key1"
    assert watching.outages() == set()


async def test_a_sas_signed_anew_keeps_its_rights_and_gets_the_asked_end(watch):
    watching = watch(Shop().cloud())
    before = watching.sim.world.keys.holder(f"{FRAUD}/datastores/partner").secret
    await watching.run({**ACCEPT, "only": "key1", "sas_hours": 72})
    after = watching.sim.world.keys.holder(f"{FRAUD}/datastores/partner").secret
    first, second = (dict(part.partition("=")[::2] for part in token.split("&")) for token in (before, after))
    assert {name for name in first if first[name] != second[name]} == {"se", "sig"}
    assert second["se"].startswith("2026-03-04T12")


# --- one key, a leaked key ---------------------------------------------------------------------------


async def test_only_the_other_key(watch):
    watching = watch(Shop().cloud())
    assert (await watching.run({**ACCEPT, "only": "key2"})).state is RunState.DONE
    reached(watching, (1, 2))
    assert watching.steps() == ["regenerate:key2"]


async def test_a_leaked_key_dies_as_soon_as_nobody_needs_it(watch):
    watching = watch(Shop().cloud())
    began = watching.sim.clock.now()
    result = await watching.run({**ACCEPT, "leaked": "key1"})
    assert result.state is RunState.DONE
    reached(watching, (2, 1))
    assert watching.outages() == set()
    assert (watching.sim.clock.now() - began).total_seconds() < 120, "without a soak"
    assert watching.verdict("regenerate:key1") is Verdict.VERIFIED


async def test_a_leaked_key_that_nobody_holds_dies_first(watch):
    watching = watch(Shop().cloud())
    await watching.run({**ACCEPT, "leaked": "key2"})
    assert watching.steps() == ["regenerate:key2"]


async def test_a_rotated_account_is_rotated_again_only_when_asked(watch):
    watching = watch(Shop().cloud())
    await watching.run(ACCEPT)
    plan = (await watching.planned({**ACCEPT, "older_than_days": 30})).plan
    assert plan.body.outcome is Outcome.NO_CHANGES


# --- what stops it, and what cannot be proven --------------------------------------------------------

BLOCKED = [
    ("ReadOnly", lambda shop: shop.book.put(az.lock(f"/subscriptions/{SUB}", "freeze", "ReadOnly", ""))),
    ("disabled", lambda shop: shop.book.find(ACCOUNT)["properties"].update(allowSharedKeyAccess=False)),
    ("does not exist", lambda shop: shop.book.resources.remove(shop.book.find(ACCOUNT))),
]


@pytest.mark.parametrize(("says", "change"), BLOCKED, ids=[says for says, _ in BLOCKED])
async def test_what_blocks_is_said_and_nothing_is_sent(watch, says, change):
    shop = Shop()
    change(shop)
    watching = watch(shop.cloud())
    plan = (await watching.planned(ACCEPT)).plan
    assert plan.body.outcome is Outcome.BLOCKED
    assert says in " ".join(plan.body.reasons)
    assert plan.body.steps == ()


async def test_an_unreadable_holder_blocks(watch):
    fault = Fault(kind="status", route="datastores/train/listSecrets", status=403, code="AuthorizationFailed")
    watching = watch(Shop().cloud(fault))
    plan = (await watching.planned({**ACCEPT, "leaked": "key1"})).plan
    assert plan.body.outcome is Outcome.BLOCKED
    assert "fraud/train" in plan.body.reasons[0]


@pytest.mark.parametrize("answer", ["AuthorizationFailure", "KeyBasedAuthenticationNotPermitted"])
async def test_a_silent_data_plane_leaves_the_death_unproven_and_says_why(watch, answer):
    watching = watch(of(sharedKeyAnswer=answer).cloud())
    result = await watching.run(ACCEPT)
    assert result.state is RunState.DONE
    proof = watching.finished("regenerate:key1").proof
    assert proof.verdict is Verdict.NOT_VERIFIABLE
    assert answer in proof.sentence
    assert proof.evidence["key1 before"] != proof.evidence["key1 now"]


async def test_a_key_that_refuses_to_die_fails(watch):
    watching = watch(of(keyPropagationSeconds=4000.0).cloud())
    result = await watching.run(ACCEPT)
    assert (result.state, result.exit) == (RunState.FAILED, 1)
    assert "does not show the change" in result.sentence
    assert watching.outages() == set()


async def test_a_key_that_somebody_else_replaced_is_not_replaced_again(watch):
    watching = watch(Shop().cloud())
    plan = (await watching.planned(ACCEPT)).plan
    world = watching.sim.world
    world.keys.regenerate(world.keys.account("stfraud01"), "key2", watching.sim.clock.now())
    world.changed()
    watching.arming.arm(Mode.LIVE)
    staleness = await watching.engine.check(plan)
    assert not staleness.ok
    assert watching.committed() == {}


async def test_a_holder_that_appears_during_the_soak_stops_the_run_before_its_key_dies(watch):
    watching = watch(Shop().cloud())
    plan = (await watching.planned(ACCEPT)).plan
    watching.arming.arm(Mode.LIVE)
    confirmation = Confirmation(name=plan.name, slot=plan.slot)
    waiting = await watching.engine.run(plan, mode=Mode.LIVE, confirmation=confirmation, wait=False)
    assert (waiting.state, waiting.exit) == (RunState.WAITING, 7)
    late = ml.datastore(FRAUD, "late", "AzureBlob", "stfraud01", created=watching.sim.clock.now(), container="data")
    world, key = watching.sim.world, watching.sim.world.keys.account("stfraud01").slots["key1"].value
    late.pop("azsim")
    world.put(late)
    world.keys.hold(Holder(late["id"], "datastore", "stfraud01", key))
    watching.arming.arm(Mode.LIVE)
    stopped = await watching.engine.resume(waiting.run)
    assert stopped.state is RunState.STOPPED
    assert watching.generations() == (1, 2)
    result = await watching.resume(waiting.run)
    assert result.state is RunState.DONE, result.sentence
    reached(watching)
    assert watching.outages() == set()


async def test_a_dry_run_changes_nothing_and_walks_every_step(watch):
    watching = watch(Shop().cloud())
    plan = (await watching.planned(ACCEPT)).plan
    watching.arming.arm(Mode.DRY_RUN)
    result = await watching.engine.run(plan, mode=Mode.DRY_RUN, confirmation=None)
    assert result.state is RunState.DONE, result.sentence
    assert watching.steps() == [step.id for step in plan.body.steps]
    assert not [entry for entry in watching.sim.ledger.entries if entry.committed]


async def test_the_operator_types_the_account_and_the_slots(watch):
    watching = watch(Shop().cloud())
    assert [((plan := (await watching.planned({**ACCEPT, **options})).plan).name, plan.slot) for options in (
        {}, {"only": "key2"}, {"leaked": "key1"})] == [
        ("stfraud01", "key1+key2"), ("stfraud01", "key2"), ("stfraud01", "key1")]  # fmt: skip


async def test_the_plan_names_what_the_cloud_sends(watch):
    """Method, path and api-version of each approved request are those that arrive, and its permission is enough."""
    watching = watch(Shop().cloud())
    planned = await watching.planned(ACCEPT)
    assert planned.preflight.ok
    asked = {
        (step.request.method, step.request.path.casefold(), step.request.api_version)
        for step in planned.plan.body.steps
        if step.request
    }
    await watching.run(ACCEPT)
    sent = {
        (entry.method, entry.path.casefold(), entry.api_version)
        for entry in watching.sim.ledger.entries
        if entry.kind == "write"
    }
    assert sent == asked


async def test_fresh_eyes_find_the_goal_reached(watch):
    watching = watch(crowded().cloud())
    await watching.run(ACCEPT)
    found = await watching.inspect(ACCOUNT)
    assert {holder.holds for holder in found.holders} == {"key2", "identity"}
    assert [slot.created[:10] for slot in found.account.slots] == ["2026-03-01", "2026-03-01"]
    assert ResourceId(found.account.id) == ResourceId(ACCOUNT)

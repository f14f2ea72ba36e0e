"""What is found out about an account: every holder of every workspace, by fingerprint, without keeping a secret."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from actions.cloud.data import ResourceId
from actions.guard.gate import Refused, secret_reads
from actions.guard.model import Severity
from actions.storage_keys import StorageKeys, StorageKeysOptions
from actions.storage_keys.state import StorageKeysInspection
from azsim.estates import ml_shapes as ml
from azsim.estates import shapes as az
from azsim.faults import Fault
from azsim.keys import Holder
from azsim.secrets import MARK
from tests.actions.storage_keys.rehearsal import ACCOUNT, FRAUD, LAB, START, SUB, Shop

SYSTEM = ("workspaceartifactstore", "workspaceblobstore", "workspacefilestore", "workspaceworkingdirectory")


def held(found: StorageKeysInspection) -> dict[str, str]:
    return {holder.label: holder.holds for holder in found.holders}


def kinds(found: StorageKeysInspection, severity: Severity | None = None) -> set[str]:
    return {item.id for item in found.findings if severity in (None, item.severity)}


async def test_finds_every_holder_and_its_slot(watch):
    found = await watch(Shop().cloud()).inspect()
    assert held(found) == {
        "fraud": "key1",
        "fraud/partner": "key1",
        "fraud/train": "key1",
        **{f"fraud/{name}": "key1" for name in SYSTEM},
    }
    assert [holder.label for holder in found.holders if holder.system] == [f"fraud/{name}" for name in SYSTEM]
    assert [slot.name for slot in found.account.slots] == ["key1", "key2"]
    assert [holder.label for holder in found.holders if holder.default] == ["fraud/workspaceblobstore"]


async def test_the_account_itself_is_a_target_too(watch):
    watching = watch(Shop().cloud())
    by_account, by_workspace = await watching.inspect(ACCOUNT), await watching.inspect(FRAUD)
    assert held(by_account) == held(by_workspace)
    assert by_account.name == by_workspace.name == "stfraud01"


async def test_keeps_no_secret(watch):
    found = await watch(Shop().cloud()).inspect()
    text = (
        msgspec.json.encode(found).decode() + repr(found) + msgspec.json.encode(StorageKeys().describe(found)).decode()
    )
    assert MARK not in text


async def test_reads_no_secret_that_was_not_announced(watch):
    with pytest.raises(Refused):
        await StorageKeys().inspect(watch(Shop().cloud()).cloud, ResourceId(FRAUD), StorageKeysOptions())


async def test_changes_nothing(watch):
    watching = watch(Shop().cloud())
    await watching.inspect()
    assert [entry for entry in watching.sim.ledger.entries if entry.committed] == []


async def test_other_workspaces_and_other_subscriptions_are_looked_through(watch):
    shop = Shop()
    churn = shop.workspace("churn", group="rg-crm", holds="key2")
    shop.datastore(churn, "raw", holds="key2")
    lab = shop.workspace("sandbox", sub=LAB, group="rg-lab", account="stlab01")
    shop.datastore(lab, "borrowed", holds="key2")
    shop.datastore(lab, "own", account="stlab01")
    found = await watch(shop.cloud()).inspect()
    told = held(found)
    assert (told["churn"], told["churn/raw"], told["sandbox/borrowed"]) == ("key2", "key2", "key2")
    assert "sandbox" not in told, "its own copy is of another account's key"
    assert "sandbox/own" not in told
    assert [(item.label, item.own) for item in found.workspaces] == [
        ("fraud", True),
        ("churn", True),
        ("sandbox", False),
    ]
    assert "both-slots-used" in kinds(found)


async def test_workspaces_of_one_name_are_told_apart(watch):
    shop = Shop()
    shop.workspace("fraud", group="rg-b")
    shop.workspace("fraud", sub=LAB, group="rg-b")
    found = await watch(shop.cloud()).inspect()
    assert {item.label for item in found.workspaces} == {"rg-fraud/fraud", f"{SUB}/rg-b/fraud", f"{LAB}/rg-b/fraud"}


async def test_what_needs_no_key_is_left_alone(watch):
    shop = Shop()
    shop.datastore(FRAUD, "entra", credentials="None")
    shop.datastore(FRAUD, "lake", kind="AzureDataLakeGen2", credentials="ServicePrincipal")
    shop.workspace("keyless", identity_based=True)
    found = await watch(shop.cloud()).inspect()
    told = held(found)
    assert (told["fraud/entra"], told["fraud/lake"], told["keyless"]) == ("identity", "identity", "identity")
    assert {told[f"keyless/{name}"] for name in SYSTEM} == {"identity"}
    assert next(item for item in found.workspaces if item.label == "keyless").keyless


async def test_dead_keys_lost_secrets_and_ended_sas(watch):
    shop = Shop()
    shop.datastore(FRAUD, "stale", holds="stale")
    shop.datastore(FRAUD, "lost", holds="none")
    shop.datastore(FRAUD, "stale_sas", credentials="Sas", holds="stale")
    sim = shop.cloud()
    token = "sv=2022-11-02&sr=c&sp=r&se=2026-02-01T00%3A00%3A00Z&sig=AAAA"
    partner = f"{FRAUD}/datastores/partner"
    sim.world.keys.hold_sas(Holder(partner, "datastore", "stfraud01", token), "blob", "data")
    found = await watch(sim).inspect()
    told = held(found)
    assert told["fraud/stale"] == told["fraud/stale_sas"] == "neither"
    assert (told["fraud/lost"], told["fraud/partner"]) == ("missing", "expired")
    assert {"stale", "secret-missing", "sas-expired"} <= kinds(found, Severity.HIGH)


async def test_a_user_delegation_sas_is_left_alone_and_a_partial_one_is_unreadable(watch):
    shop = Shop()
    shop.datastore(FRAUD, "one_blob", credentials="Sas")
    sim = shop.cloud()
    for name, token in (
        ("partner", "sv=2022-11-02&sr=c&skoid=1&sktid=2&sp=r&se=2027-01-01&sig=AAAA"),
        ("one_blob", "sv=2022-11-02&sr=b&sp=r&se=2027-01-01&sig=AAAA"),
    ):
        sim.world.keys.hold_sas(Holder(f"{FRAUD}/datastores/{name}", "datastore", "stfraud01", token), "blob", "data")
    found = await watch(sim).inspect()
    assert (held(found)["fraud/partner"], held(found)["fraud/one_blob"]) == ("identity", "unreadable")
    assert "unreadable" in kinds(found, Severity.CRITICAL)


async def test_connections_to_the_account_are_found(watch):
    shop = Shop()
    blob = "https://stfraud01.blob.core.windows.net/data"
    holds = {"account": "stfraud01", "holds": "key2"}
    for name, auth, target in (
        ("by_key", "AccountKey", blob),
        ("by_entra", "AAD", blob),
        ("elsewhere", "AccountKey", "https://stother.blob.core.windows.net/x"),
    ):
        connection = ml.connection(
            FRAUD, name, auth=auth, category="AzureBlob", target=target, holds=holds if auth != "AAD" else None
        )
        shop.book.put(connection)
    found = await watch(shop.cloud()).inspect()
    told = held(found)
    assert (told["fraud/by_key"], told["fraud/by_entra"]) == ("key2", "identity")
    assert "fraud/elsewhere" not in told
    finding = next(item for item in found.findings if item.id == "connection")
    assert "az ml connection update" in finding.remedy


@pytest.mark.parametrize("form", ["key", "connection-string"])
@pytest.mark.parametrize("auth", ["AccountKey", "AccessKey", "SAS", "ApiKey", "CustomKeys", "UsernamePassword"])
async def test_a_key_is_found_however_a_connection_keeps_it(watch, auth, form):
    """A live key that is not recognised would be replaced under whoever uses it."""
    shop = Shop()
    holds = {"account": "stfraud01", "holds": "key2", "form": form}
    target = "https://stfraud01.blob.core.windows.net/data"
    shop.book.put(ml.connection(FRAUD, "feed", auth=auth, category="AzureBlob", target=target, holds=holds))
    assert held(await watch(shop.cloud()).inspect())["fraud/feed"] == "key2"


@pytest.mark.parametrize("auth", ["ApiKey", "CustomKeys", "PAT", "ServicePrincipal", "UsernamePassword"])
async def test_what_a_connection_keeps_for_something_else_is_no_key_of_the_account(watch, auth):
    shop = Shop()
    target = "https://stfraud01.blob.core.windows.net/data"
    shop.book.put(ml.connection(FRAUD, "feed", auth=auth, category="CustomKeys", target=target))
    assert held(await watch(shop.cloud()).inspect())["fraud/feed"] == "identity"


@pytest.mark.parametrize(
    ("route", "label"),
    [
        ("workspaces/fraud/listKeys", "fraud"),
        ("datastores/train/listSecrets", "fraud/train"),
        ("workspaces/fraud/datastores$", "fraud/(not listed)"),
    ],
)
async def test_a_holder_that_cannot_be_read_is_told(watch, route, label):
    found = await watch(
        Shop().cloud(Fault(kind="status", route=route, status=403, code="AuthorizationFailed"))
    ).inspect()
    assert held(found)[label] == "unreadable"
    finding = next(item for item in found.findings if item.id == "unreadable")
    assert (finding.subject, finding.severity) == (label, Severity.CRITICAL)


async def test_a_stranger_that_cannot_be_listed_may_point_here(watch):
    shop = Shop()
    shop.workspace("sandbox", sub=LAB, group="rg-lab", account="stlab01")
    fault = Fault(kind="status", route="workspaces/sandbox/datastores", status=403, code="AuthorizationFailed")
    found = await watch(shop.cloud(fault)).inspect()
    assert found.unlisted == ("workspace sandbox",)
    assert "unlisted-workspaces" in kinds(found, Severity.UNKNOWN)


async def test_a_project_uses_its_hubs_account(watch):
    shop = Shop()
    hub = shop.workspace("hub", kind="Hub")
    project = shop.workspace("project", kind="Project", hub=hub)
    shop.book.find(project)["properties"]["storageAccount"] = None
    found = await watch(shop.cloud()).inspect(project)
    assert found.name == "stfraud01"
    assert [item.own for item in found.workspaces if item.label == "project"] == [True]


async def test_a_subscription_that_cannot_be_listed_is_told_or_blocks_when_it_is_the_accounts_own(watch):
    refused: dict[str, Any] = {"kind": "status", "status": 403, "code": "AuthorizationFailed"}
    lab = Fault(route=f"subscriptions/{LAB}/providers/Microsoft.MachineLearningServices/workspaces", **refused)
    found = await watch(Shop().cloud(lab)).inspect()
    assert (found.unlisted, held(found)["fraud/train"]) == (("subscription lab",), "key1")
    own = Fault(route=f"subscriptions/{SUB}/providers/Microsoft.MachineLearningServices/workspaces", **refused)
    found = await watch(Shop().cloud(own)).inspect()
    assert held(found)["subscription prod/(not listed)"] == "unreadable"
    assert held(found)["fraud/train"] == "key1", "the target itself needs no list"


async def test_ages_are_held_against_the_policy(watch):
    shop = Shop(key_ages=(95.0, 80.0))
    shop.book.find(ACCOUNT)["properties"]["keyPolicy"] = {"keyExpirationPeriodInDays": 90}
    found = await watch(shop.cloud()).inspect()
    assert {item.subject for item in found.findings if item.id == "key-expired"} == {"stfraud01 key1"}
    assert {item.subject for item in found.findings if item.id == "key-expiring"} == {"stfraud01 key2"}


async def test_a_key_from_before_2021_has_no_age(watch):
    found = await watch(Shop(key_ages=(None, 10.0)).cloud()).inspect()
    assert {item.subject for item in found.findings if item.id == "key-age-unknown"} == {"stfraud01 key1"}
    assert ("key1", "not recorded") in [(row[0], row[2]) for row in StorageKeys().describe(found).tables[0].rows]


async def test_locks_disabled_keys_and_traffic(watch):
    shop = Shop()
    shop.book.put(az.lock(az.group_id(SUB, "rg-fraud"), "freeze", "ReadOnly", ""))
    shop.book.put(az.lock(ACCOUNT, "keep", "CanNotDelete", ""))
    client = {"name": "cron", "account": "stfraud01", "transactionsPerHour": 10.0}
    found = await watch(shop.cloud(clients=(client,))).inspect()
    assert found.account.locks == ("freeze on rg-fraud",)
    assert found.account.delete_locks == ("keep on stfraud01",)
    assert found.account.problem, "a ReadOnly lock also stops listing the keys"
    assert found.traffic.account_key == pytest.approx(240, rel=0.2)
    assert {"read-only-lock", "traffic"} <= kinds(found)


async def test_a_vault_that_may_rotate_the_keys_is_suspected(watch):
    shop = Shop()
    role = "81a9662b-bebf-436f-a333-f67b29880f12"
    shop.book.grant(ACCOUNT, role, az.stable_guid("vault"), created=START)
    assert "vault-managed" in kinds(await watch(shop.cloud()).inspect())


async def test_a_missing_account_is_told(watch):
    shop = Shop()
    shop.book.resources = [item for item in shop.book.resources if item["id"] != ACCOUNT]
    found = await watch(shop.cloud()).inspect()
    assert not found.account.exists
    assert "account-missing" in kinds(found, Severity.CRITICAL)


async def test_before_a_move_only_what_it_depends_on_is_read(watch):
    shop = Shop()
    for number in range(5):
        shop.workspace(f"w{number}")
    watching = watch(shop.cloud())
    action, options, target = StorageKeys(), StorageKeysOptions(), ResourceId(FRAUD)
    found = await watching.inspect()
    planned = await watching.planned({"external": "accept"})
    move = next(step for step in planned.plan.body.steps if step.kind == "move")
    before = watching.sim.ledger.last
    with secret_reads(announced="a test"):
        again = await action.inspect(watching.cloud, target, options, last=found, step=move)
    assert held(again) == held(found)
    assert watching.sim.ledger.last - before <= 4
    regenerate = planned.plan.body.steps[0]
    before = watching.sim.ledger.last
    with secret_reads(announced="a test"):
        await action.inspect(watching.cloud, target, options, last=found, step=regenerate)
    assert watching.sim.ledger.last - before > 40, "before a key dies everything is read anew"


async def test_keys_that_changed_show_on_holders_that_are_not_read_again(watch):
    watching = watch(Shop().cloud())
    found = await watching.inspect()
    planned = await watching.planned({"external": "accept"})
    move = next(step for step in planned.plan.body.steps if step.id == "move:fraud/partner:key2")
    account = watching.sim.world.keys.account("stfraud01")
    watching.sim.world.keys.regenerate(account, "key1", watching.sim.clock.now())
    with secret_reads(announced="a test"):
        again = await StorageKeys().inspect(
            watching.cloud, ResourceId(FRAUD), StorageKeysOptions(), last=found, step=move
        )
    assert set(held(again).values()) == {"neither"}

"""The estate document: what is accepted, and the one clear error for what is not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from azsim.cloud import Cloud
from azsim.estate import EstateError, load
from tests.support.small_cloud import ACCOUNT, DATASTORE, GROUP, SYSTEM_DATASTORE, WORKSPACE, Small, datastore, estate

KEY = "A" * 86 + "=="


def broken(change: Callable[[dict[str, Any]], Any]) -> str:
    """The error of an estate after one change."""
    document = estate(clients=[{"name": "etl", "account": "stfraud"}])
    change(document)
    with pytest.raises(EstateError) as error:
        load(document)
    return str(error.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.pop("tenant"), "$: object missing required field `tenant`"),
        (lambda d: d["tenant"].pop("tenantId"), "$.tenant: object missing required field `tenantId`"),
        (lambda d: d.update(resource=[]), "$: object contains unknown field `resource`"),
        (lambda d: d["resources"][3].pop("id"), "$.resources[3].id: every resource needs its full Azure id"),
        (lambda d: d["resources"][3].update(id=7), "$.resources[3].id: every resource needs its full Azure id"),
        (lambda d: d["resources"][0].update(id=ACCOUNT + "/blobServices"), "$.resources[0].id: "),
        (
            lambda d: d["resources"][0].update(id=ACCOUNT.replace("0001/", "0009/")),
            "$.resources[0].id: subscription 00000000-0000-0000-0000-000000000009 is not in $.subscriptions",
        ),
        (
            lambda d: d["resources"].append({"id": ACCOUNT.upper().replace("/SUBSCRIPTIONS", "/subscriptions")}),
            "$.resources[6].id: ",
        ),
        (
            lambda d: d["resources"][0].update(type="Microsoft.Web/sites"),
            "$.resources[0].type: 'Microsoft.Web/sites' does not fit the id",
        ),
        (lambda d: d["resources"][0].update(name="other"), "$.resources[0].name: 'other' does not fit the id"),
        (lambda d: d["resources"][0].update(properties=[]), "$.resources[0].properties: expected an object"),
        (
            lambda d: d["resources"][4].update(azsim={"holds": "key3"}),
            "$.resources[4].azsim.holds: expected one of key1, key2, stale, none",
        ),
        (
            lambda d: d["resources"][2].update(azsim={"behaviour": {"resyncTakes": "key3"}}),
            "$.resources[2].azsim.behaviour: ",
        ),
        (lambda d: d.update(behaviour={"resynkTakes": "key1"}), "$.behaviour: "),
        (
            lambda d: d["resources"][4]["properties"]["credentials"].update(secrets={"key": "x"}),
            "$.resources[4].properties.credentials.secrets: an estate holds no secrets",
        ),
        (
            lambda d: d["resources"][0]["properties"].update(note=KEY),
            "$.resources[0].properties.note: this looks like a storage key",
        ),
        (lambda d: d["clients"][0].update(account="none"), "$.clients[0].account: no storage account 'none'"),
        (lambda d: d["clients"][0].update(reads="datastore:/x"), "$.clients[0].reads: "),
        (lambda d: d["clients"][0].update(holds="key9"), "$.clients[0].holds: "),
        (lambda d: d["clients"][0].update(speed=1), "$.clients[0]: object contains unknown field `speed`"),
        (lambda d: d["roleAssignments"][0].pop("scope"), "$.roleAssignments[0].scope: "),
        (lambda d: d.update(roleDefinitions=[{"permissions": []}]), "$.roleDefinitions[0].name: "),
        (lambda d: d.update(roleDefinitions=[{"name": "x"}]), "$.roleDefinitions[0].permissions: "),
        (lambda d: d.update(denyAssignments=[{"name": "x"}]), "$.denyAssignments[0]: "),
        (
            lambda d: d.update(denyAssignments=[{"name": "x", "properties": {"scope": "/", "principals": 7}}]),
            "$.denyAssignments[0].properties.principals: ",
        ),
        (lambda d: d["subscriptions"].append(d["subscriptions"][0]), "$.subscriptions[2].subscriptionId: "),
    ],
)
def test_bad_estates_say_where(change: Callable[[dict[str, Any]], Any], message: str) -> None:
    """Every error starts with the JSON path of the fault."""
    assert broken(change).startswith(message)


@pytest.mark.parametrize("text", [b"{", b"\xff\xfe", b'"x"', "[]", b"[" * 50_000])
def test_what_is_not_an_estate_at_all(text: bytes | str) -> None:
    """Not JSON, or not an object."""
    with pytest.raises(EstateError, match=r"^\$: "):
        load(text)


def test_an_estate_as_text() -> None:
    """A file's bytes are accepted as they are."""
    assert Cloud(msgspec.json.encode(estate())).world.has_group(*ACCOUNT.split("/")[2:5:2])


def test_a_bad_estate_keeps_secrets_out_of_the_error() -> None:
    """The refused key is not repeated in the message."""
    assert KEY not in broken(lambda d: d["resources"][0].update(note=KEY))


def test_the_private_block_never_shows() -> None:
    """`azsim` is for the simulation only."""
    document = estate()
    document["resources"][0]["azsim"] = {"behaviour": {"regenerateAnswer": "503-before-commit"}}
    small = Small(resources=document["resources"])
    assert "azsim" not in small.get(ACCOUNT).json()
    assert "azsim" not in str(list(small.cloud.world.resources()))
    assert small.cloud.world.private(DATASTORE) == {"holds": "key1"}
    assert small.regenerate("key1").status == 503


def test_the_callers_document_is_left_alone() -> None:
    """The same dict can be used again."""
    document = estate()
    before = msgspec.json.encode(document)
    Small(resources=document["resources"]).regenerate("key1")
    load(document)
    assert msgspec.json.encode(document) == before


def test_holders_start_where_the_estate_says() -> None:
    """key1 unless said otherwise; stale and none too; accounts elsewhere get keys of their own."""
    outside = datastore(f"{WORKSPACE}/datastores/elsewhere")
    outside["properties"]["accountName"] = "stofanother"
    connection = {
        "id": f"{WORKSPACE}/connections/blobs",
        "properties": {"authType": "AccountKey", "target": "https://stfraud.blob.core.windows.net/data"},
        "azsim": {"holds": "key2"},
    }
    resources = [
        *estate()["resources"][:3],
        datastore(SYSTEM_DATASTORE, holds="key2"),
        datastore(DATASTORE, holds="stale"),
        datastore(f"{WORKSPACE}/datastores/blank", holds="none"),
        outside,
        connection,
    ]
    keys = Small(resources=resources).cloud.world.keys
    slots = {name: keys.slot_held(holder) for name, holder in keys.holders.items()}
    assert slots == {
        WORKSPACE.casefold(): "key1",
        SYSTEM_DATASTORE.casefold(): "key2",
        DATASTORE.casefold(): None,
        f"{WORKSPACE}/datastores/elsewhere".casefold(): None,
        f"{WORKSPACE}/connections/blobs".casefold(): "key2",
    }
    assert len(keys.issued) == len(set(keys.issued)) >= 10


def test_behaviour_is_inherited_downwards() -> None:
    """A resource's own options, else its parents', else the estate's; changes at run time too."""
    document = estate(behaviour={"resyncTakes": "key2"})
    document["resources"][2]["azsim"] = {"behaviour": {"selfSyncHours": None}}
    world = Cloud(document).world
    assert world.behaviour(DATASTORE).self_sync_hours is None
    assert world.behaviour(DATASTORE).resync_takes == "key2"
    assert world.behaviour(ACCOUNT).self_sync_hours == 1.0
    world.set_behaviour({"resyncTakes": "key1"}, WORKSPACE)
    assert world.behaviour(WORKSPACE).resync_takes == "key1"
    assert world.behaviour(GROUP).resync_takes == "key2"
    with pytest.raises(msgspec.ValidationError):
        world.set_behaviour({"resyncTakes": "key3"})

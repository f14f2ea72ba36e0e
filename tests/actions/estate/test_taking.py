"""A picture of an estate: only reads, nothing invented, and the same lists and findings when it is rehearsed on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from actions.cloud.data import CloudError
from actions.estate import take
from actions.workspaces import describe, whole_fleet
from azsim import ids
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from azsim.estates.small import small
from azsim.faults import Fault
from azsim.principals import normalised
from tests.actions.estate.pictures import NOW, bare, cloud_of, findings, pictured, posture

ACTIONS = ("identity-access", "endpoint-keys", "cmk-versions")


def found(document: dict[str, Any], name: str) -> str:
    return next(str(item["id"]) for item in document["resources"] if item["name"] == name)


async def test_a_picture_is_taken_with_reads_alone() -> None:
    sim, picture = await pictured(demo(NOW))
    assert {entry.kind for entry in sim.ledger.entries} == {"read", "sign-in"}
    assert not any(entry.committed for entry in sim.ledger.entries)
    made = "/blobservices/default"  # Azure gives every account one, whether or not the estate says so
    had, has = (
        {item["id"].casefold() for item in resources if not item["id"].casefold().endswith(made)}
        for resources in (sim.estate.resources, picture.document["resources"])
    )
    assert has == had
    assert picture.counts["workspaces"] == 47


@pytest.mark.matrix
async def test_it_is_rehearsed_on_with_the_same_list_and_findings() -> None:
    """Rows with keys, access, endpoints and encryption; what the inspections find; how workspaces are secured."""
    sim, live = cloud_of(demo(NOW))
    picture = await take(live)
    _, copy = cloud_of(picture.document)
    rows, unread = await whole_fleet(live)
    assert (bare((await whole_fleet(copy))[0]), unread) == (bare(rows), ())
    for row in rows[::4]:
        for action in ACTIONS:
            assert await findings(copy, action, row.id) == await findings(live, action, row.id), (row.name, action)
        assert await posture(copy, row.id) == await posture(live, row.id), row.name
        assert bare([await describe(copy, _id(row.id))]) == bare([await describe(live, _id(row.id))]), row.name
    for subscription in sim.estate.subscriptions:
        scope = f"/subscriptions/{subscription.subscription_id}"
        assert await findings(copy, "support-apps", scope) == await findings(live, "support-apps", scope)
    await live.close()
    await copy.close()


def _id(text: str) -> Any:
    from actions.cloud.data import ResourceId

    return ResourceId(text)


async def test_what_azure_refuses_is_told_and_not_invented() -> None:
    document = small(NOW)
    refused = Fault(kind="status", route=r"GET .*/storageAccounts/stsmall01$", status=403, code="AuthorizationFailed")
    _, picture = await pictured(document, refused)
    account = next(item for item in picture.document["resources"] if item["name"] == "stsmall01")
    assert "properties" not in account
    assert any("storageaccounts stsmall01" in sentence for sentence in picture.unread)
    assert picture.document["about"]["unread"] == list(picture.unread)
    Cloud(picture.document)


async def test_a_read_that_failed_for_a_moment_is_no_refusal() -> None:
    """A lost connection must not make a picture with a hole in it."""
    _, cloud = cloud_of(small(NOW), Fault(kind="reset_before", route="/connections"))
    with pytest.raises(CloudError):
        await take(cloud)
    await cloud.close()


async def test_who_may_not_see_role_assignments_keeps_their_own_permissions() -> None:
    """Else the picture would refuse its own operator everything."""
    document = demo(NOW)
    refused = Fault(kind="status", route=r"GET .*/roleAssignments", status=403, code="AuthorizationFailed")
    sim, picture = await pictured(document, refused)
    assert any(sentence.startswith("role assignments of subscription") for sentence in picture.unread)
    made = [item["roleName"] for item in picture.document["roleDefinitions"]]
    assert made
    assert all(name.startswith("Your permissions in ") for name in made)
    copy = Cloud(picture.document)
    me = sim.world.directory.user()
    for workspace in sim.world.of_type("Microsoft.MachineLearningServices/workspaces"):
        for action in ("listKeys/action", "resynckeys/action", "read"):
            asked = f"Microsoft.MachineLearningServices/workspaces/{action}"
            mine = copy.rbac.allowed(copy.world.directory.user(), workspace["id"], asked)
            assert mine == sim.rbac.allowed(me, workspace["id"], asked), (workspace["name"], asked)


@pytest.mark.parametrize("inside", [True, False], ids=["may look", "may not"])
async def test_groups_keep_their_members(inside: bool) -> None:
    """Without leave to look into a group, that a workspace holds a role through it is seen all the same."""
    document = {**demo(NOW), "behaviour": {"graphGroupMembers": inside}}
    _, picture = await pictured(document)
    assert picture.document["behaviour"]["graphGroupMembers"] is inside
    group = next(item for item in picture.document["groups"] if item["displayName"] == "ml-storage-readers")
    was = next(item for item in document["groups"] if item["displayName"] == "ml-storage-readers")
    assert {normalised(each) for each in group["members"]} == {normalised(each) for each in was["members"]}


async def test_management_groups_stand_above_the_same_subscriptions() -> None:
    document = demo(NOW)
    for one, groups in zip(document["subscriptions"], (["ml", "contoso"], ["contoso"], []), strict=True):
        one["managementGroups"] = groups
    _, picture = await pictured(document)
    assert [one.get("managementGroups", []) for one in picture.document["subscriptions"]] == [
        ["ml", "contoso"],
        ["contoso"],
        [],
    ]


async def test_a_picture_of_one_workspace_holds_what_it_stands_on() -> None:
    """Its account, vault, registry and insights, whoever else uses the account, and the roles that count there."""
    document = demo(NOW)
    _, picture = await pictured(document, near=[found(document, "claims-ocr")])
    resources = picture.document["resources"]
    spaces = {item["name"] for item in resources if item["type"].casefold().endswith("/workspaces")}
    assert spaces == {"claims-ocr", "claims-triage"}
    assert "stclaims01" in {item["name"] for item in resources}
    assert not any(item["name"] == "stfraud01" for item in resources)
    places = {ids.fold(item["id"]) for item in resources}
    for item in picture.document["roleAssignments"]:
        scope = ids.fold(item["properties"]["scope"])
        assert any(ids.within(place, scope) or ids.within(scope, place) for place in places)


def leaky(document: dict[str, Any]) -> dict[str, Any]:
    """The estate with secrets in the places in which people keep them."""
    workspace = found(document, "small-ml")
    next(item for item in document["resources"] if item["id"] == workspace)["tags"] = {"pw": "https://ada:t0ps3cret@x"}
    endpoint = f"{workspace}/onlineEndpoints/leaky"
    document["resources"] += [
        {
            "id": endpoint, "location": "westeurope", "kind": "Managed",
            "properties": {
                "authMode": "Key", "description": "x", "scoringUri": "https://leaky.westeurope.inference.ml.azure.com/score",
                "properties": {"note": "AccountKey=abc;", "sas": "?sv=1&sig=abc"},
            },
        },
        {
            "id": f"{endpoint}/deployments/blue", "location": "westeurope", "kind": "Managed",
            "properties": {"environmentVariables": {"TOKEN": "t0ps3cret"}, "description": "password=t0ps3cret"},
        },
    ]  # fmt: skip
    document["roleAssignments"][0]["properties"]["description"] = "their key: AccountKey=t0ps3cret"
    return document


async def test_no_secret_goes_into_a_picture() -> None:
    _, picture = await pictured(leaky(small(NOW)))
    text = json.dumps(picture.document)
    assert "leaky" in text
    for secret in ("t0ps3cret", "sig=abc", "AccountKey=abc"):
        assert secret not in text
    assert "TOKEN" in text
    Cloud(picture.document)


async def test_where_something_looked_like_a_secret_is_told() -> None:
    """Not what every estate has: instrumentation keys, and settings of programs."""
    _, plain = await pictured(small(NOW))
    _, picture = await pictured(leaky(small(NOW)))
    assert plain.suspicious == ()
    assert plain.kept_back > 0
    assert set(picture.suspicious) == {
        "workspaces small-ml: tags", "onlineendpoints small-ml/leaky: properties/properties",
        "deployments small-ml/leaky/blue: properties/description", "roleAssignments: properties/description",
    }  # fmt: skip
    assert picture.kept_back >= plain.kept_back + 6
    about = picture.document["about"]
    assert (about["keptBack"], about["suspicious"]) == (picture.kept_back, list(picture.suspicious))

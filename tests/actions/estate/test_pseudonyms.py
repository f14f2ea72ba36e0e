"""Pseudonyms: the organisation's names are gone, Azure's words are there, and the estate behaves as before."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from actions.estate import pseudonymise
from actions.estate.hosts import host_of, is_host
from actions.estate.naming import Names
from actions.support_apps.naming import FIRST_PARTY, MICROSOFT
from actions.workspaces import whole_fleet
from azsim.cloud import Cloud
from azsim.estates.demo import demo
from azsim.estates.encrypted import encrypted
from azsim.faults import Fault
from azsim.roles import BUILT_IN
from tests.actions.estate.pictures import NOW, bare, cloud_of, findings, pictured

WORDS = {"default", "workspaceblobstore", "workspacefilestore", "workspaceartifactstore", "workspaceworkingdirectory"}
GUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def all_names(document: dict[str, Any]) -> set[str]:
    """Every name that is the organisation's own: of resources, keys, people, groups and subscriptions."""
    names = {str(item["name"]) for item in document["resources"]} | {str(item["name"]) for item in document["keys"]}
    names |= {str(item["displayName"]) for part in ("users", "groups", "subscriptions") for item in document[part]}
    names |= {"contoso", document["signedIn"]["userPrincipalName"].partition("@")[0]}
    return {name for name in names if name.casefold() not in WORDS and len(name) > 2}


@pytest.mark.parametrize(
    "estate", [pytest.param(demo, marks=pytest.mark.matrix), encrypted], ids=["company", "encrypted"]
)
async def test_no_name_and_no_id_is_left(estate: Any) -> None:
    _, picture = await pictured(estate(NOW))
    made, given = pseudonymise(picture.document, "salt")
    text = json.dumps(made)
    folded = text.casefold()
    suspects = [name.casefold() for name in all_names(picture.document) if name.casefold() in folded]
    left = {name for name in suspects if re.search(rf"(?<![a-z0-9]){re.escape(name)}(?![a-z0-9])", folded)}
    assert left <= {"lakehouse"}, left
    ids = set(GUID.findall(json.dumps(picture.document))) & set(GUID.findall(text))
    azures = {role.guid for role in BUILT_IN} | {"00000000-0000-0000-0000-000000000000"}
    assert ids <= azures | set(FIRST_PARTY) | MICROSOFT
    assert given


async def test_refusals_are_told_of_others_too() -> None:
    """A short name that could be a word is replaced where it stands in a sentence of our own."""
    refused = Fault(kind="status", route="workspaces/churn/connections", status=403, code="AuthorizationFailed")
    _, picture = await pictured(demo(NOW), refused)
    assert any("connections of churn" in sentence for sentence in picture.unread)
    made, _ = pseudonymise(picture.document, "salt")
    told = next(sentence for sentence in made["about"]["unread"] if sentence.startswith("connections of "))
    assert "churn" not in told
    assert told.startswith("connections of workspace")


@pytest.mark.matrix
async def test_the_estate_behaves_as_before() -> None:
    """The same rows but for names, in another order, and the same findings, told of others."""
    _, picture = await pictured(demo(NOW))
    made, given = pseudonymise(picture.document, "salt")
    _, before = cloud_of(picture.document)
    _, after = cloud_of(made)
    new = {name.casefold(): other for name, other in given.items()}
    rows, others = (await whole_fleet(before))[0], (await whole_fleet(after))[0]
    by_name = {row["name"]: row for row in bare(others)}
    assert len(by_name) == len(rows)
    for row, told in zip(rows, bare(rows), strict=True):
        there = by_name[new[row.name.casefold()]]
        same = ("region", "kind", "keys", "identity", "endpoints", "severity")
        assert {key: there.get(key) for key in same} == {key: told.get(key) for key in same}, row.name
        if row.name in {"reborn", "fraud-scoring", "group-granted", "credit-risk"}:
            for action in ("identity-access", "cmk-versions", "endpoint-keys"):
                mine = [item[:2] for item in await findings(before, action, row.id)]
                theirs = [item[:2] for item in await findings(after, action, there["id"])]
                assert sorted(mine) == sorted(theirs), (row.name, action)
    for subscription, other in zip(picture.document["subscriptions"], made["subscriptions"], strict=True):
        ours_found = await findings(before, "support-apps", f"/subscriptions/{subscription['subscriptionId']}")
        others_found = await findings(after, "support-apps", f"/subscriptions/{other['subscriptionId']}")
        assert sorted(item[:2] for item in ours_found) == sorted(item[:2] for item in others_found)
    await before.close()
    await after.close()


async def test_what_is_said_about_a_picture_names_nobody_either() -> None:
    """Also not what could not be read and so stands nowhere else: a vault's key, and where a secret stood."""
    document = encrypted(NOW)
    refused = Fault(kind="status", route=r"/keys/|/vaults/", status=403, code="Forbidden")
    space = next(item for item in document["resources"] if item["type"].endswith("/workspaces"))
    space["tags"] = {"note": "AccountKey=t0ps3cret"}
    _, picture = await pictured(document, refused)
    told = [*picture.unread, *picture.suspicious]
    names = {item["name"] for item in document["resources"]} | {item["name"] for item in document["keys"]}
    mentioned = {name for name in names if any(re.search(rf"\b{name}\b", sentence) for sentence in told)}
    assert mentioned >= {space["name"], document["keys"][0]["name"], document["keys"][0]["vault"]}
    about = json.dumps(pseudonymise(picture.document, "salt")[0]["about"])
    assert [name for name in mentioned if name in about] == []


async def test_the_same_name_is_the_same_everywhere_and_another_salt_gives_others() -> None:
    _, picture = await pictured(encrypted(NOW))
    one, again, other = (pseudonymise(picture.document, salt)[0] for salt in ("a", "a", "b"))
    assert one == again
    assert one != other
    assert Cloud(one).estate.tenant.tenant_id != picture.document["tenant"]["tenantId"]
    account = next(item for item in one["resources"] if item["type"] == "Microsoft.Storage/storageAccounts")
    assert account["properties"]["primaryEndpoints"]["blob"] == f"https://{account['name']}.blob.core.windows.net/"
    stores = [item for item in one["resources"] if item["type"].endswith("/datastores")]
    assert {item["properties"]["accountName"] for item in stores} <= {
        item["name"] for item in one["resources"] if item["type"] == "Microsoft.Storage/storageAccounts"
    }


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("stfraud01.blob.core.windows.net", "account001.blob.core.windows.net"),
        ("management.azure.com", "management.azure.com"),
        ("westeurope.api.azureml.ms", "westeurope.api.azureml.ms"),
        ("score.westeurope.inference.ml.azure.com", "host001.westeurope.inference.ml.azure.com"),
        ("gateway.contoso.com", "domain001.example"),
    ],
)
def test_hosts(host: str, told: str) -> None:
    names = Names("salt")
    names.know([("stfraud01", "account")])
    assert is_host(host)
    assert host_of(host, names) == told


def test_a_host_within_a_longer_text_has_another_name_too() -> None:
    """With a port, or in a list: no address, and nothing else in the document has its name."""
    target = "tcp:contoso-sql.database.windows.net,1433 build.contoso.com:443 mcr.microsoft.com/x:1.2.3"
    document = {"resources": [{"id": "/x", "name": "x", "type": "t", "properties": {"target": target}}]}
    made = pseudonymise(document, "salt")[0]["resources"][0]["properties"]["target"]
    assert made == "tcp:host001.database.windows.net,1433 domain001.example:443 mcr.microsoft.com/x:1.2.3"


@pytest.mark.parametrize("text", ["25.09.03", "routes.Lakehouse", "Standard_LRS", "blob", "2026-11-20T12:00:00.0Z"])
def test_what_is_no_host(text: str) -> None:
    assert not is_host(text)


async def test_management_groups_have_the_same_other_name_wherever_they_stand() -> None:
    document = demo(NOW)
    scope = "/providers/Microsoft.Management/managementGroups/contoso-platform"
    document["subscriptions"][0]["managementGroups"] = ["contoso-platform", document["tenant"]["tenantId"]]
    grant = {**document["roleAssignments"][0]["properties"], "scope": scope}
    document["roleAssignments"].append({"properties": grant})
    _, picture = await pictured(document)
    made, _ = pseudonymise(picture.document, "salt")
    near, root = made["subscriptions"][0]["managementGroups"]
    assert near != "contoso-platform"
    assert root == made["tenant"]["tenantId"]
    scopes = {str(item["properties"]["scope"]) for item in made["roleAssignments"]}
    assert f"/providers/Microsoft.Management/managementGroups/{near}" in scopes

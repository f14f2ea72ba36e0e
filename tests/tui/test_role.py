"""`amlkeys role`: whoever has exactly the printed role can do the action, and nothing of it is for nothing."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actions.guard.least import data_permission_of, permission_of
from azsim.estates.encrypted import encrypted
from azsim.estates.small import small
from tests.tui.command_line import ACCEPT, CONFIRM, Answer, amlkeys
from tests.tui.consoles import NOON
from tests.tui.test_cli_json import checked

STORAGE = ("storage-keys", "small-ml", *ACCEPT)


def estate(folder: Path, document: dict[str, Any]) -> str:
    """The words that rehearse on an estate."""
    path = folder / "estate.json"
    path.write_bytes(msgspec.json.encode(document))
    return f"--rehearse={path}"


def held_by_ada(document: dict[str, Any], role: dict[str, Any]) -> dict[str, Any]:
    """The estate with the role as the only one that the signed-in user has."""
    user, scope = document["signedIn"]["objectId"], role["AssignableScopes"][0]
    guid = str(uuid.uuid5(uuid.NAMESPACE_URL, role["Name"]))
    definition = f"{scope}/providers/Microsoft.Authorization/roleDefinitions/{guid}"
    permissions = {
        "actions": role["Actions"], "notActions": [], "dataActions": role["DataActions"], "notDataActions": []
    }  # fmt: skip
    properties = {
        "roleName": role["Name"], "type": "CustomRole", "description": "", "assignableScopes": role["AssignableScopes"],
        "permissions": [permissions],
    }  # fmt: skip
    others = [each for each in document["roleAssignments"] if each.get("properties", each)["principalId"] != user]
    own = {"scope": scope, "roleDefinitionId": definition, "principalId": user, "principalType": "User"}
    return document | {
        "roleAssignments": [*others, own],
        "roleDefinitions": [
            *document.get("roleDefinitions", ()),
            {"id": definition, "name": guid, "properties": properties},
        ],
    }


def rotation(folder: Path, role: dict[str, Any]) -> Answer:
    """A whole rotation by somebody who has that role and no other."""
    return amlkeys("run", *STORAGE, "--live", *CONFIRM, estate(folder, held_by_ada(small(), role)))


@pytest.fixture
def storage_role(tmp_path: Path) -> dict[str, Any]:
    """What is printed for a rotation of the small account."""
    return checked(amlkeys(estate(tmp_path, small()), "--json", "role", *STORAGE))["role"]


def test_a_rotation_by_somebody_with_the_role_alone(storage_role: dict[str, Any], tmp_path: Path) -> None:
    answer = rotation(tmp_path, storage_role)
    assert answer.exit == 0, answer.err
    assert "done: It holds" in answer.out


def test_what_changes_or_reads_secrets_is_all_needed(storage_role: dict[str, Any], tmp_path: Path) -> None:
    strong = [each for each in storage_role["Actions"] if not each.casefold().endswith("/read")]
    assert len(strong) >= 4
    for taken in strong:
        less = [each for each in storage_role["Actions"] if each != taken]
        assert rotation(tmp_path, storage_role | {"Actions": less}).exit != 0, taken


def test_the_role_has_no_wildcard_and_is_for_the_subscription(storage_role: dict[str, Any]) -> None:
    assert not [each for each in storage_role["Actions"] + storage_role["DataActions"] if "*" in each]
    assert storage_role["AssignableScopes"] == [f"/subscriptions/{small()['subscriptions'][0]['subscriptionId']}"]


def test_moving_a_key_by_somebody_with_the_role_alone(tmp_path: Path) -> None:
    document = encrypted(NOON)
    name = next(each["name"] for each in document["resources"] if each["id"].rsplit("/", 2)[1] == "workspaces")
    role = checked(amlkeys(estate(tmp_path, document), "--json", "role", "cmk-versions", name))["role"]
    owned = estate(tmp_path, held_by_ada(document, role))
    answer = amlkeys("run", "cmk-versions", name, "--live", "--confirm", name, owned)
    assert answer.exit == 0, answer.err


def test_one_role_for_several_actions_allows_each_of_them(tmp_path: Path) -> None:
    document = encrypted(NOON)
    name = next(each["name"] for each in document["resources"] if each["id"].rsplit("/", 2)[1] == "workspaces")
    place = estate(tmp_path, document)
    one, other, both = (
        checked(amlkeys(place, "--json", "role", *words))["role"]
        for words in (
            ("cmk-versions", name),
            ("support-apps", f"/subscriptions/{document['subscriptions'][0]['subscriptionId']}"),
            ("cmk-versions", name, "--with", "support-apps"),
        )
    )
    assert set(both["Actions"]) == {*one["Actions"], *other["Actions"]}
    assert set(both["DataActions"]) == set(one["DataActions"])
    assert both["Name"] == "amlkeys cmk-versions, support-apps"


def test_a_decision_is_taken_by_the_action_that_asks_for_it(tmp_path: Path) -> None:
    place = estate(tmp_path, small())
    answer = amlkeys(place, "--json", "role", *STORAGE, "--with", "identity-access")
    role = checked(answer)["role"]
    assert "Microsoft.Storage/storageAccounts/regeneratekey/action" in role["Actions"]
    assert "Microsoft.Authorization/permissions/read" in role["Actions"]
    wrong = amlkeys(place, "role", *STORAGE, "--with", "identity-access", "--decide", "nothing=asks")
    assert wrong.exit == 2
    assert "Nothing asks for a decision nothing" in wrong.err


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("endpoint-keys", "small-ml", "--with", "brewing"), "there is no action brewing"),
        (("storage-keys", "stsmall01", "--with", "cmk-versions"), "is done to a workspace"),
    ],
)
def test_what_cannot_stand_beside_it_is_told(tmp_path: Path, words: tuple[str, ...], complaint: str) -> None:
    document = small()
    account = next(each["name"] for each in document["resources"] if "/storageAccounts/" in each["id"])
    given = [account if word == "stsmall01" else word for word in words]
    answer = amlkeys(estate(tmp_path, document), "role", *given)
    assert answer.exit == 2
    assert complaint in answer.err


def test_no_role_is_printed_while_a_decision_is_open(tmp_path: Path) -> None:
    answer = amlkeys(estate(tmp_path, small()), "role", "storage-keys", "small-ml")
    assert answer.exit == 4
    assert answer.out == ""
    told = checked(amlkeys(estate(tmp_path, small()), "role", "storage-keys", "small-ml", "--json"))["error"]
    assert (told["kind"], told["exit"]) == ("not-ready", 4)
    assert told["sentence"] == answer.sentence


def test_what_follows_the_regeneration_of_an_online_endpoints_key_is_in_its_role(tmp_path: Path) -> None:
    role = checked(amlkeys("--rehearse", "--json", "role", "endpoint-keys", "fraud-scoring/fraud-score"))["role"]
    followed = {each.rpartition("onlineEndpoints/")[2] for each in role["Actions"] if "/operation" in each}
    assert followed == {"operationsStatus/read", "operationResults/read"}


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "/subscriptions", "Microsoft.Resources/subscriptions/read"),
        ("GET", "/subscriptions/s/resourceGroups/g", "Microsoft.Resources/subscriptions/resourceGroups/read"),
        ("GET", "/subscriptions/s/resourceGroups/g/resources", "Microsoft.Resources/subscriptions/resources/read"),
        ("GET", "/subscriptions/s/resourceGroups/g/providers/A.B/c/n", "A.B/c/read"),
        ("GET", "/subscriptions/s/resourceGroups/g/providers/A.B/c/n/d", "A.B/c/d/read"),
        ("POST", "/subscriptions/s/resourceGroups/g/providers/A.B/c/n/doIt", "A.B/c/doIt/action"),
        ("PUT", "/subscriptions/s/providers/A.B/c/n/providers/D.E/f/g", "D.E/f/write"),
        ("DELETE", "/x/providers/D.E/f/g", "D.E/f/delete"),
        ("GET", "/subscriptions/s/providers/Microsoft.Insights/eventtypes/management/values",
         "Microsoft.Insights/eventtypes/values/read"),
        ("POST", "/providers/Microsoft.ResourceGraph/resources", ""),
        ("GET", "/metadata/endpoints", ""),
    ],
)  # fmt: skip
def test_the_permission_of_a_request(method: str, path: str, permission: str) -> None:
    assert permission_of(method, path) == permission


@pytest.mark.parametrize(
    ("method", "path", "permission"),
    [
        ("GET", "/keys/k/versions", "Microsoft.KeyVault/vaults/keys/read"),
        ("GET", "/secrets/s/versions", "Microsoft.KeyVault/vaults/secrets/readMetadata/action"),
        ("PUT", "/secrets/s", ""),
    ],
)
def test_the_permission_of_a_read_in_a_vault(method: str, path: str, permission: str) -> None:
    assert data_permission_of(method, path) == permission

"""Access decisions: the built-in roles against Microsoft's matrix, inheritance, denies, groups, time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from azsim.rbac import covers, matches
from azsim.roles import BUILT_IN, Role
from tests.support.small_cloud import (
    ACCOUNT,
    ADA,
    CONTRIBUTOR,
    DATA_SCIENTIST,
    GROUP,
    KEY_OPERATOR,
    OTHER_ACCOUNT,
    OTHER_SUB,
    OWNER,
    READER,
    SUB,
    WORKSPACE,
    Small,
    assignment,
    code_of,
)

ML = "Microsoft.MachineLearningServices/workspaces"
COLUMNS = (
    "Owner",
    "Contributor",
    "Reader",
    "User Access Administrator",
    "Role Based Access Control Administrator",
    "Azure AI Administrator",
    "AzureML Data Scientist",
    "AzureML Compute Operator",
    "AzureML Registry User",
    "Storage Account Contributor",
    "Storage Account Key Operator Service Role",
    "Key Vault Contributor",
    "Key Vault Administrator",
    "Key Vault Crypto Officer",
    "Key Vault Crypto User",
    "Key Vault Reader",
)
MATRIX = {
    f"{ML}/read": "YYYYYYY---------",
    f"{ML}/write": "YY---Y----------",
    f"{ML}/resynckeys/action": "YY---YY---------",
    f"{ML}/diagnose/read": "YYYYYYY---------",
    f"{ML}/listKeys/action": "YY---Y----------",
    f"{ML}/listStorageAccountKeys/action": "YY---YY---------",
    f"{ML}/datastores/read": "YYYYYYY---------",
    f"{ML}/datastores/listsecrets/action": "YY---YY---------",
    f"{ML}/datastores/write": "YY---YY---------",
    f"{ML}/onlineEndpoints/read": "YYYYYYY---------",
    f"{ML}/onlineendpoints/listkeys/action": "YY---YY---------",
    f"{ML}/onlineendpoints/regeneratekeys/action": "YY---YY---------",
    "Microsoft.Storage/storageAccounts/read": "YYYYYY---Y------",
    "Microsoft.Storage/storageAccounts/listkeys/action": "YY---Y---YY-----",
    "Microsoft.Storage/storageAccounts/regeneratekey/action": "YY---Y---YY-----",
    "Microsoft.Authorization/roleAssignments/read": "YYYYYY---Y-YYY-Y",
    "Microsoft.Authorization/permissions/read": "YYYYYY---Y-YYY-Y",
    "Microsoft.Authorization/denyAssignments/read": "YYYYYY---Y-YYY-Y",
    "Microsoft.Authorization/roleAssignments/write": "Y--YY-----------",
    "Microsoft.Authorization/roleAssignments/delete": "Y--YY-----------",
    "Microsoft.KeyVault/vaults/read": "YYYYYY-----YYY-Y",
    "Microsoft.KeyVault/vaults/accessPolicies/write": "YY---Y-----Y----",
    "Microsoft.KeyVault/vaults/write": "YY---Y-----Y----",
}
DATA_ROW = ("Microsoft.KeyVault/vaults/keys/read", "------------YYYY")
ROLES = {role.name: role for role in BUILT_IN}


def _block(role: Role) -> dict[str, Any]:
    return {
        "actions": role.actions,
        "notActions": role.not_actions,
        "dataActions": role.data_actions,
        "notDataActions": role.not_data_actions,
    }


@pytest.mark.parametrize("action", MATRIX)
def test_built_in_roles(action: str) -> None:
    """Sixteen roles can do exactly what the published definitions say, row by row."""
    row = "".join("Y" if covers(_block(ROLES[name]), action) else "-" for name in COLUMNS)
    assert row == MATRIX[action]


def test_control_plane_stars_give_no_data() -> None:
    """Owner cannot read keys in a vault that uses roles; the vault's data roles can."""
    action, expected = DATA_ROW
    row = "".join("Y" if covers(_block(ROLES[name]), action, data=True) else "-" for name in COLUMNS)
    assert row == expected


def test_role_ids_are_unique() -> None:
    """Two roles under one GUID would silently grant the wrong thing."""
    assert len({role.guid for role in BUILT_IN}) == len(BUILT_IN) == len(ROLES)


@pytest.mark.parametrize(
    ("pattern", "action", "expected"),
    [
        ("*", "Microsoft.X/y/read", True),
        ("*/read", "Microsoft.X/y/read", True),
        ("*/read", "Microsoft.X/y/write", False),
        ("Microsoft.X/*/write", "Microsoft.X/write", True),
        ("Microsoft.X/y/*/write", "Microsoft.X/y/write", True),
        ("Microsoft.X/y/*/write", "microsoft.x/Y/a/b/WRITE", True),
        ("Microsoft.X/y/*/write", "Microsoft.X/yy/write", False),
        ("Microsoft.X/y/*", "Microsoft.X/y", False),
        ("Microsoft.X/*/query/*", "Microsoft.X/a/query/b", True),
        ("Microsoft.X/y.z/read", "Microsoft.X/yaz/read", False),
    ],
)
def test_wildcards(pattern: str, action: str, expected: bool) -> None:
    """Stars match across slashes, a star between slashes also matches nothing, case does not count."""
    assert matches(pattern, action) is expected


def test_reader_is_refused_in_azures_words() -> None:
    """The 403 names the client, its object id, the action and the scope."""
    small = Small(assignment(READER, GROUP))
    answer = small.post(f"{ACCOUNT}/listKeys")
    assert code_of(answer) == (403, "AuthorizationFailed")
    assert answer.json()["error"]["message"] == (
        f"The client 'ada@contoso.example' with object id '{ADA}' does not have authorization to perform action "
        f"'Microsoft.Storage/storageAccounts/listkeys/action' over scope '{ACCOUNT}' or the scope is invalid. If "
        "access was recently granted, please refresh your credentials."
    )
    assert small.get(ACCOUNT).status == 200
    assert small.regenerate("key1").status == 403
    assert not small.cloud.ledger.entries[-1].committed


def test_access_is_judged_before_existence() -> None:
    """Who may not look does not learn whether the resource is there."""
    small = Small(assignment(READER, GROUP))
    assert code_of(small.get(f"{OTHER_ACCOUNT}x")) == (403, "AuthorizationFailed")


def test_roles_are_inherited_downwards_only() -> None:
    """A role on the account says nothing about the group, and reaches no account with a longer name."""
    small = Small(assignment(KEY_OPERATOR, ACCOUNT))
    assert small.post(f"{ACCOUNT}/listKeys").status == 200
    assert small.get(ACCOUNT).status == 403
    assert code_of(small.post(f"{ACCOUNT}2/listKeys"))[0] == 403


def test_lists_show_what_may_be_read() -> None:
    """With a role on one group only, a subscription-wide list is not refused but shortened."""
    small = Small(assignment(READER, ACCOUNT))
    storage = "/providers/Microsoft.Storage/storageAccounts"
    listed = small.get(f"/subscriptions/{SUB}{storage}")
    assert [item["name"] for item in listed.json()["value"]] == ["stfraud"]
    assert code_of(small.get(f"/subscriptions/{OTHER_SUB}{storage}")) == (403, "AuthorizationFailed")
    message = small.get(f"/subscriptions/{OTHER_SUB}{storage}").json()["error"]["message"]
    assert f"over scope '/subscriptions/{OTHER_SUB}/providers/Microsoft.Storage'" in message
    shown = small.get(f"/subscriptions/{SUB}/resources", "2021-04-01").json()["value"]
    assert [item["name"] for item in shown] == ["stfraud"]
    visible = small.get("/subscriptions", "2022-12-01").json()
    assert [item["displayName"] for item in visible["value"]] == ["production"]
    assert visible["count"] == {"type": "Total", "value": 1}


def test_not_actions_belong_to_their_own_role() -> None:
    """Data Scientist excludes listing the workspace's keys; Reader beside it changes nothing, Contributor gives it."""
    action = f"{ML}/listKeys/action"
    scientist = Small(assignment(DATA_SCIENTIST, WORKSPACE))
    assert not scientist.cloud.rbac.allowed(scientist.cloud.world.directory.user(), WORKSPACE, action)
    both = Small(assignment(DATA_SCIENTIST, WORKSPACE), assignment(CONTRIBUTOR, GROUP))
    assert both.cloud.rbac.allowed(both.cloud.world.directory.user(), WORKSPACE, action)


def test_groups_are_followed_through_groups() -> None:
    """A role of an outer group reaches the members of an inner one; a circle of groups does no harm."""
    outer, inner = "aaaaaaaa-0000-0000-0000-000000000001", "aaaaaaaa-0000-0000-0000-000000000002"
    groups = [
        {"id": outer, "displayName": "outer", "members": [inner]},
        {"id": inner, "displayName": "inner", "members": [ADA, outer]},
    ]
    small = Small(assignment(READER, GROUP, outer, "Group"), groups=groups)
    assert small.get(ACCOUNT).status == 200


def _deny(principal: str, **changes: Any) -> dict[str, Any]:
    name = "22704996-fbd0-4ab1-8625-722d897825d2"
    return {
        "id": f"{GROUP}/providers/Microsoft.Authorization/denyAssignments/{name}",
        "type": "Microsoft.Authorization/denyAssignments",
        "name": name,
        "properties": {
            "denyAssignmentName": "Managed by the platform",
            "description": "",
            "permissions": [
                {
                    "actions": ["Microsoft.Storage/*"],
                    "notActions": ["Microsoft.Storage/*/read"],
                    "dataActions": [],
                    "notDataActions": [],
                }
            ],
            "scope": GROUP,
            "doNotApplyToChildScopes": False,
            "principals": [{"id": principal, "type": "SystemDefined"}],
            "excludePrincipals": [],
            "isSystemProtected": True,
            **changes,
        },
    }


def test_a_deny_wins_over_owner() -> None:
    """Denied to everyone: Owner reads on, but cannot list the keys, and is told which deny it was."""
    small = Small(denyAssignments=[_deny("0" * 32)])
    assert small.get(ACCOUNT).status == 200
    answer = small.post(f"{ACCOUNT}/listKeys")
    assert code_of(answer) == (403, "DenyAssignmentAuthorizationFailed")
    message = answer.json()["error"]["message"]
    assert "has permission to perform action 'Microsoft.Storage/storageAccounts/listkeys/action'" in message
    assert (
        f"the deny assignment with name 'Managed by the platform' and Id '{_deny('')['name']}' at scope '{GROUP}'"
        in message
    )


@pytest.mark.parametrize(
    ("principal", "changes"),
    [
        ("f9e08843d2b74dbca5845e88a7e229a6", {}),
        ("0" * 32, {"excludePrincipals": [{"id": ADA.replace("-", "").upper(), "type": "User"}]}),
        ("0" * 32, {"doNotApplyToChildScopes": True}),
    ],
    ids=["somebody else", "excluded", "not for children"],
)
def test_denies_that_do_not_apply(principal: str, changes: dict[str, Any]) -> None:
    """A deny for others, one that excludes the caller, and one for its own scope only do not refuse."""
    assert Small(denyAssignments=[_deny(principal, **changes)]).post(f"{ACCOUNT}/listKeys").status == 200


def test_a_deny_hits_the_caller_by_bare_id() -> None:
    """Deny assignments print principals without dashes, in any case."""
    small = Small(denyAssignments=[_deny(ADA.replace("-", "").upper())])
    assert code_of(small.post(f"{ACCOUNT}/listKeys")) == (403, "DenyAssignmentAuthorizationFailed")


def test_a_new_role_counts_after_its_propagation() -> None:
    """With a delay of ten minutes, a granted role is listed at once and counts later; so with a removed one."""
    small = Small(
        assignment("18d7d88d-d35e-4fb5-a5c3-7773c20a72d9", f"/subscriptions/{SUB}"),
        behaviour={"rolePropagationSeconds": 600},
    )
    path = f"{GROUP}/providers/Microsoft.Authorization/roleAssignments/77777777-0000-4000-8000-000000000001"
    role = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/{OWNER}"
    body = {"properties": {"roleDefinitionId": role, "principalId": ADA, "principalType": "User"}}
    assert small.ask("PUT", f"{path}?api-version=2022-04-01", body).status == 201
    assert small.get(path, "2022-04-01").status == 200
    assert small.post(f"{ACCOUNT}/listKeys").status == 403
    small.clock.shift(timedelta(minutes=10))
    assert small.post(f"{ACCOUNT}/listKeys").status == 200
    assert small.ask("DELETE", f"{path}?api-version=2022-04-01").status == 200
    assert small.get(path, "2022-04-01").status == 404
    assert small.post(f"{ACCOUNT}/listKeys").status == 200
    small.clock.shift(timedelta(minutes=10))
    assert small.post(f"{ACCOUNT}/listKeys").status == 403


def test_custom_roles_count() -> None:
    """A role definition of the estate grants what it says, whatever its casing."""
    guid = "99999999-0000-4000-8000-000000000009"
    definition = {
        "name": guid,
        "properties": {
            "roleName": "key lister",
            "type": "CustomRole",
            "description": "",
            "assignableScopes": [f"/subscriptions/{SUB}"],
            "permissions": [{"actions": ["MICROSOFT.STORAGE/storageAccounts/ListKeys/action"], "notActions": []}],
        },
    }
    small = Small(assignment(guid, f"/subscriptions/{SUB}"), roleDefinitions=[definition])
    assert small.post(f"{ACCOUNT}/listKeys").status == 200
    assert small.get(ACCOUNT).status == 403


def test_roles_of_a_management_group_count_below_it() -> None:
    """As those of the root do; a picture of a real estate holds such assignments."""
    scope = "/providers/Microsoft.Management/managementGroups/contoso"
    small = Small(assignment(OWNER, scope))
    assert small.get(ACCOUNT).status == 200
    assert [item["subscriptionId"] for item in small.get("/subscriptions", "2022-12-01").json()["value"]] == [
        SUB,
        OTHER_SUB,
    ]
    listed = small.get(
        f"{ACCOUNT}/providers/Microsoft.Authorization/roleAssignments", "2022-04-01", "&$filter=atScope()"
    )
    assert [item["properties"]["scope"] for item in listed.json()["value"]] == [scope]

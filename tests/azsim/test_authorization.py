"""Microsoft.Authorization: permissions, assignments and their filters, definitions, denies."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from azsim.wire import Response
from tests.support.small_cloud import (
    ACCOUNT,
    ADA,
    CONTRIBUTOR,
    GROUP,
    OTHER_SUB,
    OWNER,
    READER,
    SUB,
    TENANT,
    WORKSPACE,
    Small,
    assignment,
    code_of,
)

BEA = "55555555-0000-4000-8000-000000000001"
TEAM = "55555555-0000-4000-8000-000000000002"
APP = "55555555-0000-4000-8000-000000000003"
NAME = "77777777-0000-4000-8000-000000000001"
AUTHORIZATION = "providers/Microsoft.Authorization"
VERSION = "2022-04-01"


def populated(**changes: Any) -> Small:
    """Ada owns the subscription; Bea reads one account herself and contributes to the group through a team."""
    roles = (
        assignment(OWNER, f"/subscriptions/{SUB}"),
        assignment(OWNER, f"/subscriptions/{OTHER_SUB}"),
        assignment(CONTRIBUTOR, GROUP, TEAM, "Group"),
        assignment(READER, ACCOUNT, BEA),
        assignment(READER, "/", APP, "ServicePrincipal"),
    )
    return Small(
        *roles,
        users=[{"id": BEA, "userPrincipalName": "bea@contoso.example"}],
        groups=[{"id": TEAM, "displayName": "team", "members": [BEA]}],
        servicePrincipals=[{"id": APP, "appId": "55555555-0000-4000-8000-000000000004", "displayName": "app"}],
        **changes,
    )


def put(
    small: Small, scope: str, *, name: str = NAME, role: str = READER, principal: str = BEA, **more: Any
) -> Response:
    """Create an assignment."""
    definition = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": principal, **more}}
    return small.ask("PUT", f"{scope}/{AUTHORIZATION}/roleAssignments/{name}?api-version={VERSION}", body)


@pytest.mark.parametrize(
    "path",
    [
        f"/subscriptions/{SUB}/resourcegroups/rg-fraud",
        f"/subscriptions/{SUB}/resourcegroups/rg-fraud/providers/Microsoft.Storage//storageAccounts/stfraud",
        f"/subscriptions/{SUB}/resourcegroups/rg-fraud/providers/Microsoft.MachineLearningServices/workspaces/fraud"
        "/onlineEndpoints/e",
        f"/subscriptions/{SUB}",
    ],
)
def test_permissions_of_the_caller(path: str) -> None:
    """The SDK asks with `resourcegroups` in lower case and a doubled slash where there is no parent."""
    answer = populated().get(f"{path}/{AUTHORIZATION}/permissions", VERSION)
    assert answer.json() == {"value": [{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}]}


def test_permissions_add_up_over_scopes() -> None:
    """One block for each role, inherited ones included."""
    small = Small(assignment(READER, f"/subscriptions/{SUB}"), assignment(CONTRIBUTOR, GROUP))
    blocks = small.get(f"{ACCOUNT}/{AUTHORIZATION}/permissions", VERSION).json()["value"]
    assert [block["actions"] for block in blocks] == [["*/read"], ["*"]]
    assert "Microsoft.Authorization/*/Write" in blocks[1]["notActions"]


def principals(small: Small, scope: str, query: str = "") -> list[str]:
    """Who is in a list of assignments, by the last digit of the id (2 is Ada)."""
    answer = small.get(f"{scope}/{AUTHORIZATION}/roleAssignments", VERSION, query)
    return [item["properties"]["principalId"][-1] for item in answer.json()["value"]]


@pytest.mark.parametrize(
    ("scope", "query", "expected"),
    [
        (f"/subscriptions/{SUB}", "", ["2", "2", "1", "3"]),
        (GROUP, "&$filter=atScope()", ["2", "2", "3"]),
        (ACCOUNT, "&$filter=atScope()", ["2", "2", "1", "3"]),
        (WORKSPACE, "", ["2", "2", "3"]),
        (f"/subscriptions/{SUB}", f"&$filter=principalId eq '{BEA}'", ["1"]),
        (f"/subscriptions/{SUB}", f"&$filter=assignedTo('{BEA}')", ["2", "1"]),
        (GROUP, f"&$filter=atScope() and assignedTo('{BEA}')", ["2"]),
        (f"/subscriptions/{OTHER_SUB}", "", ["2", "3"]),
    ],
)
def test_assignment_filters(scope: str, query: str, expected: list[str]) -> None:
    """At, above and below without a filter; at and above with atScope; groups with assignedTo only."""
    assert principals(populated(), scope, query) == expected


@pytest.mark.parametrize("text", [f"atScope() and principalId eq '{BEA}'", "roleName eq 'x'"])
def test_filters_that_azure_refuses(text: str) -> None:
    """atScope and principalId cannot be combined."""
    answer = populated().get(f"{GROUP}/{AUTHORIZATION}/roleAssignments", VERSION, f"&$filter={text}")
    assert code_of(answer) == (400, "UnsupportedQuery")


def test_the_shape_of_an_assignment() -> None:
    """Null fields are present, and the role's id carries the subscription that was asked."""
    small = populated()
    listed = small.get(f"/subscriptions/{OTHER_SUB}/{AUTHORIZATION}/roleAssignments", VERSION).json()["value"]
    root = listed[-1]
    assert root["id"].startswith(f"/{AUTHORIZATION}/roleAssignments/")
    properties = root["properties"]
    assert list(properties) == [
        "roleDefinitionId",
        "principalId",
        "principalType",
        "scope",
        "condition",
        "conditionVersion",
        "createdOn",
        "updatedOn",
        "createdBy",
        "updatedBy",
        "delegatedManagedIdentityResourceId",
        "description",
    ]
    assert properties["scope"] == "/"
    assert properties["roleDefinitionId"].startswith(f"/subscriptions/{OTHER_SUB}/")


def test_create_read_delete() -> None:
    """201 with createdBy null, filled on the next read; 200 with the body on delete, then 204 and 404."""
    small = populated()
    created = put(small, GROUP, principalType="User", description="why")
    assert created.status == 201
    properties = created.json()["properties"]
    assert (properties["createdBy"], properties["updatedBy"]) == (None, ADA)
    assert properties["scope"] == GROUP
    path = f"{GROUP}/{AUTHORIZATION}/roleAssignments/{NAME}"
    read = small.get(path, VERSION).json()
    assert read["properties"]["createdBy"] == ADA
    assert read["properties"]["description"] == "why"
    gone = small.ask("DELETE", f"{path}?api-version={VERSION}")
    assert (gone.status, gone.json()) == (200, read)
    assert small.ask("DELETE", f"{path}?api-version={VERSION}").status == 204
    assert code_of(small.get(path, VERSION)) == (404, "RoleAssignmentNotFound")


def test_uniqueness_is_on_the_grant() -> None:
    """The same grant under another name is 409; newer text may name the one that exists."""
    small = populated()
    assert put(small, GROUP, principalType="User").status == 201
    other = NAME[:-1] + "2"
    answer = put(small, GROUP.replace("rg-fraud", "RG-FRAUD"), name=other, principalType="User")
    assert code_of(answer) == (409, "RoleAssignmentExists")
    assert answer.json()["error"]["message"] == "The role assignment already exists."
    small.cloud.world.set_behaviour({"existingAssignmentIdInMessage": True})
    told = put(small, GROUP, name=other, principalType="User").json()["error"]["message"]
    assert told.endswith(f"The ID of the existing role assignment is {NAME.replace('-', '')}.")


def test_update_of_the_same_grant() -> None:
    """201 again; description and condition change, the creation does not; anything else is refused."""
    small = populated()
    put(small, GROUP, principalType="User")
    created = small.get(f"{GROUP}/{AUTHORIZATION}/roleAssignments/{NAME}", VERSION).json()["properties"]
    again = put(small, GROUP, principalType="User", description="new", condition="true", conditionVersion="2.0")
    assert again.status == 201
    after = small.get(f"{GROUP}/{AUTHORIZATION}/roleAssignments/{NAME}", VERSION).json()["properties"]
    assert (after["description"], after["condition"]) == ("new", "true")
    assert after["createdOn"] == created["createdOn"]
    assert after["updatedOn"] > created["updatedOn"]
    for changed in (
        put(small, ACCOUNT, principalType="User"),
        put(small, GROUP, role=CONTRIBUTOR, principalType="User"),
    ):
        assert code_of(changed) == (400, "RoleAssignmentUpdateNotPermitted")


def test_unknown_principals_need_a_type() -> None:
    """400 PrincipalNotFound prints the id without dashes; naming a type skips the look-up."""
    small = populated()
    nobody = "66666666-0000-4000-8000-00000000000a"
    answer = put(small, GROUP, principal=nobody)
    assert code_of(answer) == (400, "PrincipalNotFound")
    message = answer.json()["error"]["message"]
    assert message.startswith(f"Principal {nobody.replace('-', '')} does not exist in the directory {TENANT}. ")
    assert put(small, GROUP, principal=nobody, principalType="ServicePrincipal").status == 201
    assert code_of(put(small, ACCOUNT, principalType="Group")) == (400, "UnmatchedPrincipalType")


def test_fresh_principals_replicate_slowly() -> None:
    """A new identity is unknown for a while unless its type is named."""
    small = populated(behaviour={"principalReplicationSeconds": 30})
    fresh = "66666666-0000-4000-8000-00000000000b"
    small.cloud.world.directory.add(fresh, "ServicePrincipal", small.clock.now())
    assert code_of(put(small, GROUP, principal=fresh)) == (400, "PrincipalNotFound")
    assert put(small, ACCOUNT, name=NAME[:-1] + "9", principal=fresh, principalType="ServicePrincipal").status == 201
    small.clock.shift(timedelta(seconds=30))
    assert put(small, GROUP, principal=fresh).status == 201


def test_bad_assignments_are_refused() -> None:
    """A name that is no GUID, a role that does not exist, a body without a role."""
    small = populated()
    assert code_of(put(small, GROUP, name="nice-name")) == (400, "InvalidRoleAssignmentId")
    missing = "99999999-0000-4000-8000-000000000000"
    assert code_of(put(small, GROUP, role=missing)) == (400, "RoleDefinitionDoesNotExist")
    path = f"{GROUP}/{AUTHORIZATION}/roleAssignments/{NAME}?api-version={VERSION}"
    assert code_of(small.ask("PUT", path, {"properties": {}})) == (400, "InvalidRequestContent")


def test_contributors_cannot_grant() -> None:
    """Contributor lacks roleAssignments/write."""
    small = Small(assignment(CONTRIBUTOR, f"/subscriptions/{SUB}"))
    assert code_of(put(small, GROUP, principalType="User")) == (403, "AuthorizationFailed")


def test_the_last_owner_stays() -> None:
    """The last Owner at a subscription cannot be removed."""
    small = Small(assignment(OWNER, f"/subscriptions/{SUB}"))
    listed = small.get(f"/subscriptions/{SUB}/{AUTHORIZATION}/roleAssignments", VERSION).json()["value"]
    answer = small.ask("DELETE", f"{listed[0]['id']}?api-version={VERSION}")
    assert answer.status == 400
    assert answer.json()["error"]["message"] == "Cannot delete the last RBAC admin assignment"


def test_definitions() -> None:
    """Listed by name, by type, or all; ids carry the subscription; an unknown one is 404."""
    small = populated()
    path = f"/subscriptions/{SUB}/{AUTHORIZATION}/roleDefinitions"
    named = small.get(path, VERSION, "&$filter=roleName eq 'reader'").json()["value"]
    assert [item["name"] for item in named] == [READER]
    assert named[0]["id"] == f"{path}/{READER}"
    assert small.get(f"{path}/{READER.upper()}", VERSION).json() == named[0]
    built_in = small.get(path, VERSION, "&$filter=type eq 'BuiltInRole'").json()["value"]
    assert len(built_in) == len(small.get(path, VERSION, "&$filter=atScopeAndBelow()").json()["value"]) > 30
    assert code_of(small.get(f"{path}/{NAME}", VERSION)) == (404, "RoleDefinitionDoesNotExist")
    assert code_of(small.get(path, VERSION, "&$filter=name eq 'x'")) == (400, "UnsupportedQuery")


def test_denies_are_listed() -> None:
    """At, above and below; by name; by bare principal id."""
    name = "22704996-fbd0-4ab1-8625-722d897825d2"
    deny = {
        "id": f"{ACCOUNT}/{AUTHORIZATION}/denyAssignments/{name}",
        "type": "Microsoft.Authorization/denyAssignments",
        "name": name,
        "properties": {
            "denyAssignmentName": "Kept",
            "permissions": [],
            "scope": ACCOUNT,
            "principals": [{"id": BEA.replace("-", "").upper(), "type": "User"}],
        },
    }
    small = populated(denyAssignments=[deny])
    path = f"{GROUP}/{AUTHORIZATION}/denyAssignments"

    def count(query: str = "") -> int:
        return len(small.get(path, VERSION, query).json()["value"])

    assert (count(), count("&$filter=atScope()")) == (1, 0)
    assert count("&$filter=denyAssignmentName eq 'kept'") == 1
    assert (count(f"&$filter=principalId eq '{BEA}'"), count(f"&$filter=principalId eq '{ADA}'")) == (1, 0)
    assert small.get(f"{ACCOUNT}/{AUTHORIZATION}/denyAssignments/{name}", VERSION).json() == deny
    assert small.get(f"{path}/{NAME}", VERSION).status == 404


def test_old_versions_have_fewer_fields() -> None:
    """Data actions came in 2018, conditions in 2020; the first permissions list carried a null nextLink."""
    small = populated()
    path = f"{GROUP}/{AUTHORIZATION}"
    assert small.get(f"{path}/permissions", "2015-07-01").json() == {
        "value": [{"actions": ["*"], "notActions": []}],
        "nextLink": None,
    }
    assert set(small.get(f"{path}/permissions", "2018-01-01-preview").json()) == {"value"}
    definition = small.get(f"{path}/roleDefinitions/{READER}", "2015-07-01").json()["properties"]
    assert definition["permissions"] == [{"actions": ["*/read"], "notActions": []}]
    listed = small.get(f"{path}/roleAssignments", "2018-01-01-preview").json()["value"]
    assert "condition" not in listed[0]["properties"]
    assert listed[0]["properties"]["principalType"] == "User"

"""What deny assignments take away, of others and of the operator, and how many stand behind a group."""

from __future__ import annotations

from typing import Any

import pytest

from actions.cloud.data import ResourceId
from actions.posture.denies import Denies, dashed, groups_of
from azsim.faults import Fault
from tests.actions.posture.test_others import BOB, EVE, HERE, PEOPLE, TEAM, UAA, among, told
from tests.actions.posture.test_own_rights import having
from tests.actions.posture.test_page import facts_of
from tests.support.small_cloud import ACCOUNT, ADA, CONTRIBUTOR, GROUP, OWNER, WORKSPACE, assignment

EVERYONE = "00000000-0000-0000-0000-000000000000"
REGENERATE = "Microsoft.Storage/storageAccounts/regeneratekey/action"
DEPLOYERS = "77777777-7777-7777-7777-777777777777"


def deny(
    *principals: tuple[str, str], scope: str = GROUP, actions: tuple[str, ...] = ("*/write", "*/action"),
    out: tuple[tuple[str, str], ...] = (), name: str = "locked stack",
) -> dict[str, Any]:  # fmt: skip
    """A deny assignment as a deployment stack makes one, with ids spelt as the service spells them."""
    return {
        "name": "deny-1",
        "id": f"{scope}/providers/Microsoft.Authorization/denyAssignments/deny-1",
        "properties": {
            "denyAssignmentName": name, "scope": scope, "permissions": [{"actions": list(actions)}],
            "principals": [{"id": each.replace("-", ""), "type": kind} for each, kind in principals],
            "excludePrincipals": [{"id": each.replace("-", ""), "type": kind} for each, kind in out],
        },
    }  # fmt: skip


ALL = (EVERYONE, "SystemDefined")
REST = {"users": [*PEOPLE["users"]], "groups": [
    {"id": TEAM, "displayName": "ml-admins", "members": [BOB]}, {"id": DEPLOYERS, "displayName": "deployers", "members": [TEAM]},
]}  # fmt: skip


@pytest.mark.parametrize(
    ("role", "forbidden", "left"),
    [
        (assignment(OWNER, GROUP, BOB), deny((BOB, "User")), ""),
        (assignment(OWNER, GROUP, BOB), deny(ALL), ""),
        (assignment(OWNER, GROUP, BOB), deny(ALL, out=((BOB, "User"),)), "regenerate keys, read secrets, assign roles"),
        (assignment(OWNER, GROUP, BOB), deny(ALL, out=((DEPLOYERS, "Group"),)), "regenerate keys, read secrets, assign roles"),
        (assignment(OWNER, GROUP, BOB), deny(ALL, out=((EVE, "User"),)), ""),
        (assignment(OWNER, GROUP, BOB), deny((DEPLOYERS, "Group")), ""),
        (assignment(OWNER, GROUP, BOB), deny((EVE, "User")), "regenerate keys, read secrets, assign roles"),
        (
            assignment(CONTRIBUTOR, GROUP, BOB), deny((BOB, "User"), scope=ACCOUNT, actions=(REGENERATE,)),
            "regenerate keys, read secrets",
        ),
        (assignment(UAA, GROUP, TEAM, "Group"), deny((TEAM, "Group")), ""),
        (assignment(UAA, GROUP, TEAM, "Group"), deny((BOB, "User")), "assign roles; 1 member"),
        (assignment(UAA, GROUP, TEAM, "Group"), deny(ALL, out=((BOB, "User"),)), "assign roles; 1 member"),
        (assignment(UAA, GROUP, TEAM, "Group"), deny(ALL), ""),
    ],
)  # fmt: skip
async def test_what_is_left_of_a_role(role: dict[str, Any], forbidden: dict[str, Any], left: str) -> None:
    facts = await told(among(role, denyAssignments=[forbidden], **REST))
    assert [fact.value for fact in facts if fact.id in {"holder", "too-wide"}] == ([left] if left else [])


async def test_it_is_told_what_is_taken_from_whom() -> None:
    roles = (assignment(OWNER, GROUP, BOB), assignment(UAA, GROUP, TEAM, "Group"))
    facts = await told(among(*roles, denyAssignments=[deny((TEAM, "Group"))], **REST))
    (fact,) = [fact for fact in facts if fact.id == "deny"]
    assert (fact.subject, fact.grade) == ("locked stack", "info")
    assert "regenerate keys from bob@contoso.example" in fact.value
    assert "assign roles from bob@contoso.example, group ml-admins" in fact.value
    (fact,) = [each for each in await told(among(*roles, denyAssignments=[deny((EVE, "User"))])) if each.id == "deny"]
    assert fact.value == "takes none of this from anybody for certain"


async def test_what_may_not_be_read_takes_nothing_and_says_so() -> None:
    refusal = Fault(kind="status", route="/denyAssignments", method="GET", status=403, code="AuthorizationFailed")
    facts = await told(among(assignment(OWNER, GROUP, BOB), denyAssignments=[deny(ALL)]), refusal)
    assert [fact.grade for fact in facts if fact.id == "denies"] == ["unknown"]
    assert {fact.value for fact in facts if fact.id == "holder"} == {"regenerate keys, read secrets, assign roles"}


@pytest.mark.parametrize("members", [True, False], ids=["may look", "may not"])
async def test_groups_are_told_with_their_members_where_one_may_look_into_them(members: bool) -> None:
    groups = [{"id": TEAM, "displayName": "ml-admins", "members": [BOB, DEPLOYERS]},
              {"id": DEPLOYERS, "displayName": "deployers", "members": [EVE]}]  # fmt: skip
    document = among(assignment(UAA, GROUP, TEAM, "Group"), groups=groups) | {
        "behaviour": {"graphGroupMembers": members}
    }
    facts = {fact.id: fact for fact in await told(document)}
    assert facts["holder"].value == ("assign roles; 3 members" if members else "assign roles")
    assert facts["assign"].value == ("1 group (3 members)" if members else "1 group (members not told)")
    assert ("members" in facts) is not members
    assert facts["regenerate"].grade == "good", "that a group's members are not told hides nobody with a role"


async def test_a_group_that_nobody_may_look_into_takes_nothing() -> None:
    document = among(assignment(OWNER, GROUP, BOB), denyAssignments=[deny((DEPLOYERS, "Group"))], **REST)
    facts = await told(document | {"behaviour": {"graphGroupMembers": False}})
    assert "holder" in {fact.id for fact in facts}


# --- of the operator


@pytest.mark.parametrize(
    ("groups", "members", "value"),
    [
        ([{"id": DEPLOYERS, "displayName": "deployers", "members": [ADA]}], True, "no: denied by locked stack"),
        ([{"id": DEPLOYERS, "displayName": "deployers", "members": [TEAM]},
          {"id": TEAM, "displayName": "ml-admins", "members": [ADA]}], True, "no: denied by locked stack"),
        ([{"id": DEPLOYERS, "displayName": "deployers", "members": [BOB]}], True, "yes"),
        ([{"id": DEPLOYERS, "displayName": "deployers", "members": [BOB]}], False, "yes, unless a deny assignment forbids it"),
    ],
    ids=["in it", "through another", "not in it", "nobody may look"],
)  # fmt: skip
async def test_a_deny_assignment_of_a_group(groups: list[dict[str, Any]], members: bool, value: str) -> None:
    document = having(assignment(OWNER, HERE), denyAssignments=[deny((DEPLOYERS, "Group"))], groups=groups)
    facts = await facts_of(document | {"behaviour": {"graphGroupMembers": members}})
    assert facts["rights.create-compute"].value == value


def test_ids_are_compared_without_their_dashes() -> None:
    place, found = ResourceId(WORKSPACE), deny((TEAM, "Group"))
    denies = Denies({place.key: (found,)}, {next(iter(groups_of(found))): frozenset({BOB.replace("-", "")})})
    assert dashed(TEAM.replace("-", "")) == TEAM
    assert (
        denies.denied(frozenset({BOB}), "Microsoft.MachineLearningServices/workspaces/write", place) == "locked stack"
    )
    assert denies.denied(frozenset({EVE}), "Microsoft.MachineLearningServices/workspaces/write", place) == ""
    assert denies.denied(frozenset({BOB}), "Microsoft.MachineLearningServices/workspaces/read", place) == ""

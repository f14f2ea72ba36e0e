"""What the operator may do: direct, inherited, through a group, once activated, denied, unread."""

from __future__ import annotations

from typing import Any

import pytest

from actions.cloud.data import ResourceId
from actions.posture.facts import Fact
from actions.posture.operations import OURS, PAGE
from actions.posture.page import read_page
from actions.registry import entries
from azsim.cloud import Cloud
from azsim.faults import Fault
from tests.actions.posture.test_page import VAULT, estate, facts_of
from tests.support.rehearsed import rehearsed
from tests.support.small_cloud import (
    ACCOUNT,
    ADA,
    CONTRIBUTOR,
    DATA_SCIENTIST,
    GROUP,
    KEY_OPERATOR,
    OWNER,
    READER,
    SUB,
    TENANT,
    WORKSPACE,
    assignment,
)

HERE = f"/subscriptions/{SUB}"
CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"
TEAM = "33333333-3333-3333-3333-333333333333"
ENCRYPTED = {
    "encryption": {
        "status": "Enabled",
        "keyVaultProperties": {
            "keyVaultArmId": VAULT, "keyIdentifier": "https://kvfraud.vault.azure.net/keys/k/abcdef0123456789"
        },
    }
}  # fmt: skip


def having(*roles: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The estate, in which the operator has these roles alone, and Reader to look at all."""
    return estate(**more.pop("changes", {})) | {"roleAssignments": [assignment(READER, HERE), *roles]} | more


def grades(facts: dict[str, Fact]) -> dict[str, str]:
    return {each.word: facts[f"rights.{each.word}"].grade for each in (*PAGE, *OURS)}


PAGE_TABLE = {
    "owner": (assignment(OWNER, HERE), set()),
    "contributor": (assignment(CONTRIBUTOR, HERE), {"share-workspace"}),
    "reader": (
        assignment(READER, GROUP),
        {each.word for each in PAGE} - {"view-runs", "view-models"},
    ),
    "data scientist": (
        assignment(DATA_SCIENTIST, WORKSPACE),
        {"create-workspace", "share-workspace", "create-compute", "attach-compute"},
    ),
}


@pytest.mark.parametrize("name", PAGE_TABLE)
async def test_the_operations_of_the_page(name: str) -> None:
    role, refused = PAGE_TABLE[name]
    found = grades(await facts_of(having(role)))
    assert found.pop("upgrade-edition") == "absent"
    page = {each.word for each in PAGE} - {"upgrade-edition"}
    assert {word for word in page if found[word] == "info"} == refused - {"upgrade-edition"}
    assert {word for word in page if found[word] == "good"} == page - refused


async def test_calling_a_service_is_no_readers_right_today_and_says_so() -> None:
    fact = (await facts_of(having()))["rights.call-service"]
    assert fact.grade == "info"
    assert "score/action" in fact.value
    assert "keys" in fact.note


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        (assignment(OWNER, HERE), {"storage-keys", "identity-access", "endpoint-keys", "support-apps"}),
        (assignment(CONTRIBUTOR, HERE), {"storage-keys", "endpoint-keys"}),
        (assignment(KEY_OPERATOR, ACCOUNT), set()),
        (assignment(DATA_SCIENTIST, WORKSPACE), {"endpoint-keys"}),
    ],
    ids=["owner", "contributor", "key operator", "data scientist"],
)
async def test_the_guarded_actions(role: dict[str, Any], allowed: set[str]) -> None:
    found = grades(await facts_of(having(role)))
    assert {each.word for each in OURS if found[each.word] == "good"} == allowed
    assert found["cmk-versions"] == "absent"


def test_every_guarded_action_is_told() -> None:
    assert {each.action for each in OURS} == {each.name for each in entries()}


async def test_what_is_missing_is_named_with_the_command_that_prints_a_role() -> None:
    fact = (await facts_of(having(assignment(KEY_OPERATOR, ACCOUNT))))["rights.storage-keys"]
    assert fact.value.startswith("no: Microsoft.MachineLearningServices/workspaces/resynckeys/action")
    assert fact.remedy == "`amlkeys role storage-keys fraud` prints what is needed"
    assert fact.leads_to == "action:storage-keys"


async def test_a_role_here_one_from_above_and_one_of_a_group_are_told_apart() -> None:
    groups = [{"id": TEAM, "displayName": "ml-admins", "members": [ADA]}]
    facts = await facts_of(
        having(assignment(DATA_SCIENTIST, WORKSPACE), assignment(CONTRIBUTOR, GROUP, TEAM, "Group"), groups=groups)
    )
    ways = {(way.how, way.role) for way in facts["rights.run-experiment"].ways}
    assert ways == {("direct", "AzureML Data Scientist"), ("inherited", "Contributor")}
    roles = {fact.label: fact.value for fact in facts.values() if fact.id == "role"}
    assert roles["Contributor"] == "from group rg-fraud, through a group"


async def test_all_the_roles_are_told() -> None:
    from actions.cloud.data import ResourceId
    from actions.posture.page import read_page
    from azsim.cloud import Cloud
    from tests.support.rehearsed import rehearsed

    document = having(assignment(DATA_SCIENTIST, WORKSPACE), assignment(KEY_OPERATOR, ACCOUNT))
    page = await read_page(rehearsed(Cloud(document)), ResourceId(WORKSPACE))
    told = {fact.label: fact.value for fact in page.facts if (fact.section, fact.id) == ("rights", "role")}
    assert told == {"Reader": "from the subscription", "AzureML Data Scientist": "given here"}


async def test_rights_that_no_listed_role_gives_are_told_as_such() -> None:
    """A client that has rights by a way that the list of assignments does not show, as delegations do."""
    from actions.cloud.azure import AzureCloud
    from actions.cloud.data import ResourceId
    from actions.cloud.rehearsal import Account
    from actions.guard.secret import Secret
    from actions.posture.page import read_page
    from azsim import secrets
    from azsim.cloud import Cloud
    from azsim.principals import rehearsal_app_id
    from tests.support.rehearsed import face

    sim, app = Cloud(having(assignment(OWNER, HERE))), rehearsal_app_id(TENANT)
    secret = Secret(secrets.client_secret(sim.world.seed, app))
    page = await read_page(AzureCloud.in_process(face(sim), Account(TENANT, app, secret)), ResourceId(WORKSPACE))
    rights = {fact.id: fact for fact in page.facts if fact.section == "rights"}
    assert (rights["role"].grade, "none in the list" in rights["role"].value) == ("info", True)
    assert (rights["create-workspace"].grade, rights["create-workspace"].ways) == ("good", ())


async def test_a_role_to_be_activated_is_no_right_yet() -> None:
    eligible = [assignment(CONTRIBUTOR, GROUP)]
    licensed = {"pimLicensed": True}
    facts = await facts_of(having(eligibilities=eligible, behaviour=licensed))
    fact = facts["rights.create-compute"]
    assert (fact.grade, fact.value) == ("info", "once a role is activated")
    assert [way.how for way in fact.ways] == ["eligible"]
    assert facts["rights.share-workspace"].value.startswith("no: ")


async def test_a_tenant_without_the_licence_says_so() -> None:
    fact = (await facts_of(having()))["rights.eligible"]
    assert (fact.grade, "no licence" in fact.value) == ("info", True)


@pytest.mark.parametrize("above", [["ml", "contoso"], ["other", "contoso"]], ids=["below it", "beside it"])
async def test_a_role_of_a_management_group_is_inherited_below_it_alone(above: list[str]) -> None:
    document = having(assignment(OWNER, "/providers/Microsoft.Management/managementGroups/ml"))
    document["subscriptions"][0]["managementGroups"] = above
    page = await read_page(rehearsed(Cloud(document)), ResourceId(WORKSPACE))
    roles = {fact.label: (fact.value, fact.ways[0].how) for fact in page.facts if fact.id == "role"}
    inherited = {"Owner": ("from management group ml", "inherited")} if above[0] == "ml" else {}
    assert roles == {"Reader": ("from the subscription", "inherited"), **inherited}
    grade = next(fact.grade for fact in page.facts if fact.section == "rights" and fact.id == "create-compute")
    assert grade == ("good" if inherited else "info")


async def test_a_deny_assignment_takes_it_away() -> None:
    deny = {
        "name": "deny-1",
        "id": f"{GROUP}/providers/Microsoft.Authorization/denyAssignments/deny-1",
        "properties": {
            "denyAssignmentName": "hands off", "scope": GROUP, "principals": [{"id": ADA, "type": "User"}],
            "permissions": [{"actions": ["Microsoft.MachineLearningServices/workspaces/computes/write"]}],
        },
    }  # fmt: skip
    facts = await facts_of(having(assignment(OWNER, HERE), denyAssignments=[deny]))
    assert facts["rights.create-compute"].value == "no: denied by hands off"
    assert facts["rights.run-experiment"].grade == "good"


@pytest.mark.parametrize(
    ("roles", "vault", "grade"),
    [
        ([assignment(OWNER, HERE)], {"enableRbacAuthorization": True}, "info"),
        ([assignment(OWNER, HERE), assignment(CRYPTO_USER, VAULT)], {"enableRbacAuthorization": True}, "good"),
        ([assignment(OWNER, HERE)], {"accessPolicies": [{"objectId": ADA, "permissions": {"keys": ["get"]}}]}, "good"),
        ([assignment(OWNER, HERE)], {"accessPolicies": []}, "info"),
    ],
    ids=["roles without", "roles with", "policy with", "policy without"],
)
async def test_moving_a_key_needs_the_vault_too(roles: list[dict[str, Any]], vault: dict[str, Any], grade: str) -> None:
    facts = await facts_of(having(*roles, changes={"workspace": ENCRYPTED, "vault": vault}))
    assert facts["rights.cmk-versions"].grade == grade


@pytest.mark.parametrize(
    ("word", "route"),
    [
        ("create-compute", "/permissions"),
        ("share-workspace", "/permissions"),
        ("role", "/roleAssignments"),
        ("share-workspace", "/denyAssignments"),
    ],
)
async def test_what_is_refused_is_unknown(word: str, route: str) -> None:
    refusal = Fault(kind="status", route=f"Authorization{route}", method="GET", status=403, code="AuthorizationFailed")
    facts = await facts_of(having(assignment(OWNER, HERE)), refusal)
    assert facts[f"rights.{'roles' if word == 'role' else word}"].grade == "unknown"

"""What others may do: who holds which power by what, custom roles expanded, groups as groups, too much flagged."""

from __future__ import annotations

from typing import Any

import pytest

from actions.cloud.data import ResourceId
from actions.posture.facts import Fact
from actions.posture.page import read_page
from azsim.cloud import Cloud
from azsim.faults import Fault
from tests.actions.posture.test_page import REGISTRY, VAULT, estate, facts_of
from tests.support.rehearsed import rehearsed
from tests.support.small_cloud import (
    ACCOUNT,
    ADA,
    CONTRIBUTOR,
    GROUP,
    KEY_OPERATOR,
    OWNER,
    READER,
    SUB,
    WORKSPACE,
    assignment,
)

HERE = f"/subscriptions/{SUB}"
EVE, BOB, TEAM, APP = (f"{digit * 8}-{digit * 4}-{digit * 4}-{digit * 4}-{digit * 12}" for digit in "3456")
UAA = "18d7d88d-d35e-4fb5-a5c3-7773c20a72d9"
SECRETS_USER = "4633458b-17de-408a-b874-0445c86b69e6"
CUSTOM = "99999999-9999-9999-9999-999999999999"
PEOPLE: dict[str, Any] = {
    "users": [
        {"id": BOB, "userPrincipalName": "bob@contoso.example", "displayName": "Bob"},
        {"id": EVE, "userPrincipalName": "eve_fabrikam.example#EXT#@contoso.example", "displayName": "Eve"},
    ],
    "groups": [{"id": TEAM, "displayName": "ml-admins", "members": [BOB]}],
    "servicePrincipals": [
        {"id": APP, "appId": APP, "displayName": "nightly-job", "servicePrincipalType": "Application"}
    ],
}


def custom(*actions: str, without: tuple[str, ...] = (), data: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """A role of the tenant's own."""
    allowed = {"actions": list(actions), "notActions": list(without), "dataActions": list(data), "notDataActions": []}
    return [{"id": f"{HERE}/providers/Microsoft.Authorization/roleDefinitions/{CUSTOM}", "name": CUSTOM,
             "properties": {"roleName": "ml-keys", "type": "CustomRole", "permissions": [allowed],
                            "assignableScopes": [HERE]}}]  # fmt: skip


def among(*roles: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The estate with these roles beside a Reader who looks."""
    changes = more.pop("changes", {})
    return estate(**changes) | {"roleAssignments": [assignment(READER, HERE), *roles]} | PEOPLE | more


async def told(document: dict[str, Any], *faults: Fault) -> list[Fact]:
    page = await read_page(rehearsed(Cloud(document, faults=faults)), ResourceId(WORKSPACE))
    return [fact for fact in page.facts if fact.section == "others"]


async def test_nobody_is_good() -> None:
    facts = await facts_of(among())
    assert {facts[f"others.{word}"].value for word in ("regenerate", "secrets", "assign")} == {"nobody"}
    assert {facts[f"others.{word}"].grade for word in ("regenerate", "secrets", "assign")} == {"good"}


HELD: list[tuple[str, dict[str, Any], str]] = [
    ("bob@contoso.example", assignment(CONTRIBUTOR, GROUP, BOB), "regenerate keys, read secrets"),
    ("bob@contoso.example", assignment(OWNER, WORKSPACE, BOB), "regenerate keys, read secrets, assign roles"),
    ("bob@contoso.example", assignment(KEY_OPERATOR, ACCOUNT, BOB), "regenerate keys, read secrets"),
    ("bob@contoso.example", assignment(CONTRIBUTOR, REGISTRY, BOB), "read secrets"),
    ("group ml-admins", assignment(UAA, GROUP, TEAM, "Group"), "assign roles; 1 member"),
    (
        "application nightly-job",
        assignment(CONTRIBUTOR, GROUP, APP, "ServicePrincipal"),
        "regenerate keys, read secrets",
    ),
]


@pytest.mark.parametrize(("who", "role", "powers"), HELD, ids=range(len(HELD)))
async def test_who_holds_what_by_which_role(who: str, role: dict[str, Any], powers: str) -> None:
    (fact,) = [fact for fact in await told(among(role)) if fact.id == "holder"]
    assert (fact.subject, fact.value, fact.grade) == (who, powers, "info")
    assert fact.ways[0].scope == role["scope"]


async def test_a_reader_holds_none_of_it() -> None:
    assert not [fact for fact in await told(among(assignment(READER, GROUP, BOB))) if fact.id in {"holder", "too-wide"}]


async def test_a_vault_with_roles_and_one_with_policies() -> None:
    by_role = await told(
        among(assignment(SECRETS_USER, VAULT, BOB), changes={"vault": {"enableRbacAuthorization": True}})
    )
    assert [fact.value for fact in by_role if fact.id == "holder"] == ["read secrets"]
    policies = [
        {"objectId": TEAM, "permissions": {"secrets": ["Get"]}},
        {"objectId": BOB, "permissions": {"keys": ["get"]}},
    ]
    by_policy = await told(among(changes={"vault": {"accessPolicies": policies}}))
    (fact,) = [fact for fact in by_policy if fact.id == "holder"]
    assert (fact.subject, fact.ways[0].how) == ("group ml-admins", "policy")


async def test_the_counts_are_of_people_not_of_roles() -> None:
    facts = await facts_of(
        among(
            assignment(CONTRIBUTOR, GROUP, BOB),
            assignment(OWNER, WORKSPACE, BOB),
            assignment(UAA, GROUP, TEAM, "Group"),
        )
    )
    assert facts["others.regenerate"].value == "1 user"
    assert facts["others.assign"].value == "1 user, 1 group (1 member)"


WIDE: list[tuple[str, str, str, dict[str, Any]]] = [
    ("high", "a guest of the tenant", "runbook:offboarding", assignment(CONTRIBUTOR, GROUP, EVE)),
    ("warn", "knows nobody", "", assignment(CONTRIBUTOR, GROUP, "77777777-7777-7777-7777-777777777777")),
    ("warn", "in the whole subscription", "", assignment(OWNER, HERE, BOB)),
    ("warn", "in the whole subscription", "", assignment(CONTRIBUTOR, HERE, TEAM, "Group")),
    ("high", "in the whole subscription", "action:support-apps", assignment(OWNER, HERE, APP, "ServicePrincipal")),
    (
        "high",
        "above the subscription",
        "",
        assignment(OWNER, "/", BOB),
    ),
    ("warn", "above the subscription", "", assignment(CONTRIBUTOR, "/", BOB)),
]


@pytest.mark.parametrize(("grade", "why", "leads", "role"), WIDE, ids=range(len(WIDE)))
async def test_too_much_is_flagged(grade: str, why: str, leads: str, role: dict[str, Any]) -> None:
    (fact,) = [fact for fact in await told(among(role)) if fact.id == "too-wide"]
    assert (fact.grade, why in fact.value, fact.leads_to) == (grade, True, leads), fact.value
    assert fact.remedy


async def test_a_condition_that_narrows_role_assignments_is_not_flagged_for_them() -> None:
    narrowed = assignment(UAA, HERE, BOB) | {"condition": "((!(ActionMatches{'x'})))", "conditionVersion": "2.0"}
    assert not [fact for fact in await told(among(narrowed)) if fact.id == "too-wide"]


async def test_microsofts_own_application_is_told_and_not_flagged() -> None:
    own = "0736f41a-0425-4b46-bdb5-1563eff02385"
    principals = [{"id": APP, "appId": own, "displayName": "Azure Machine Learning"}]
    document = among(assignment(CONTRIBUTOR, HERE, APP, "ServicePrincipal"), servicePrincipals=principals)
    (fact,) = [fact for fact in await told(document) if fact.id in {"holder", "too-wide"}]
    assert (fact.id, fact.grade, "Microsoft's own" in fact.value) == ("holder", "info", True)


CUSTOMS: list[tuple[str, str, str, list[dict[str, Any]]]] = [
    ("warn", "regenerate keys, read secrets", "Microsoft.Storage/*", custom("Microsoft.Storage/*")),
    ("info", "read secrets", "but not Microsoft.Storage/storageAccounts/regeneratekey/action",
     custom("Microsoft.Storage/storageAccounts/listkeys/action", "Microsoft.Storage/storageAccounts/regeneratekey/action",
            without=("Microsoft.Storage/storageAccounts/regeneratekey/action",))),
    ("info", "none of these", "allows */read", custom("*/read")),
    ("info", "read secrets", "getSecret", custom(data=("Microsoft.KeyVault/vaults/secrets/getSecret/action",))),
]  # fmt: skip


@pytest.mark.parametrize(("grade", "powers", "told_too", "role"), CUSTOMS, ids=range(len(CUSTOMS)))
async def test_a_custom_role_is_expanded(grade: str, powers: str, told_too: str, role: list[dict[str, Any]]) -> None:
    document = among(
        assignment(CUSTOM, GROUP, BOB), roleDefinitions=role, changes={"vault": {"enableRbacAuthorization": True}}
    )
    (fact,) = [fact for fact in await told(document) if fact.id == "custom-role"]
    assert (fact.subject, fact.grade) == ("ml-keys", grade)
    assert fact.value.startswith(f"{powers}; allows ")
    assert told_too in fact.value


async def test_without_the_directory_names_are_unknown_and_nobody_is_called_gone() -> None:
    facts = await told(among(assignment(CONTRIBUTOR, GROUP, EVE), behaviour={"graphReads": False}))
    assert [fact.grade for fact in facts if fact.id == "names"] == ["unknown"]
    (fact,) = [fact for fact in facts if fact.id in {"holder", "too-wide"}]
    assert (fact.subject, fact.grade) == (EVE[:8], "info")


async def test_a_list_that_is_refused_is_unknown() -> None:
    refusal = Fault(kind="status", route="/roleAssignments", method="GET", status=403, code="AuthorizationFailed")
    (fact,) = await told(among(), refusal)
    assert (fact.id, fact.grade) == ("roles", "unknown")


UNSEEN = [(word, "unknown", "nobody that can be seen") for word in ("regenerate", "secrets", "assign")]


async def test_a_vault_that_cannot_be_read_leaves_a_gap_that_is_told() -> None:
    refusal = Fault(kind="status", route="/vaults/", method="GET", status=403, code="AuthorizationFailed")
    facts = await told(among(), refusal)
    assert {fact.id for fact in facts if fact.grade == "unknown"} == {
        "vault",
        "denies",
        "regenerate",
        "secrets",
        "assign",
    }
    assert "good" not in {fact.grade for fact in facts}


async def test_nobody_is_not_good_where_what_roles_allow_is_refused() -> None:
    """Bob is an owner; that the list of roles is refused must not make nobody of him."""
    refusal = Fault(kind="status", route="/roleDefinitions", method="GET", status=403, code="AuthorizationFailed")
    facts = await told(among(assignment(OWNER, GROUP, BOB)), refusal)
    assert [(fact.id, fact.grade, fact.value) for fact in facts[:3]] == UNSEEN
    assert "unread" in {fact.id for fact in facts}


async def test_a_role_that_nobody_describes_is_a_gap() -> None:
    facts = await told(among(assignment("12345678-0000-0000-0000-000000000000", GROUP, BOB)))
    assert [(fact.id, fact.grade, fact.value) for fact in facts[:3]] == UNSEEN
    (gap,) = [fact for fact in facts if fact.id == "unread"]
    assert "12345678" in gap.value


async def test_one_list_of_several_that_is_refused_is_a_gap() -> None:
    """The account lies in another group, whose roles may not be seen."""
    elsewhere = ACCOUNT.replace("rg-fraud", "rg-data")
    document = among(assignment(KEY_OPERATOR, elsewhere, BOB))
    document["resources"] = [
        {**each, "properties": {**each["properties"], "storageAccount": elsewhere}} if each["id"] == WORKSPACE else each
        for each in document["resources"]
    ] + [{"id": elsewhere, "location": "westeurope", "properties": {}}]
    route = "resourceGroups/rg-data/providers/Microsoft.Authorization/roleAssignments"
    facts = await told(document, Fault(kind="status", route=route, status=403, code="AuthorizationFailed"))
    assert [(fact.id, fact.grade, fact.value) for fact in facts[:3]] == UNSEEN


async def test_linked_resources_of_another_group_count_too() -> None:
    elsewhere = ACCOUNT.replace("rg-fraud", "rg-data")
    document = among(assignment(KEY_OPERATOR, elsewhere, BOB))
    document["resources"] = [
        {**each, "properties": {**each["properties"], "storageAccount": elsewhere}} if each["id"] == WORKSPACE else each
        for each in document["resources"]
    ] + [{"id": elsewhere, "location": "westeurope", "properties": {}}]
    assert [fact.subject for fact in await told(document) if fact.id == "holder"] == ["bob@contoso.example"]


async def test_the_operators_own_roles_are_among_them() -> None:
    facts = await told(among(assignment(OWNER, GROUP, ADA)))
    assert "ada@contoso.example" in {fact.subject for fact in facts}

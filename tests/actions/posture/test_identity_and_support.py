"""The managed identity's access and the support apps, in brief: good, bad, unknown and absent."""

from __future__ import annotations

from typing import Any

import pytest

from actions.cloud.data import ResourceId
from actions.posture.facts import Fact
from actions.posture.page import read_page
from azsim.cloud import Cloud
from azsim.faults import Fault
from tests.actions.posture.test_others import APP, HERE, UAA, among
from tests.support.rehearsed import rehearsed
from tests.support.small_cloud import ACCOUNT, CONTRIBUTOR, GROUP, TENANT, WORKSPACE, assignment

MSI = "aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa"
BLOBS = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
MICROSOFT = "f8cdef31-a31e-4b4a-93e4-5f571e91255a"


def with_identity(*roles: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The estate, whose workspace has an identity of its own."""
    document = among(*roles, changes=changes)
    for each in document["resources"]:
        if each["id"] == WORKSPACE:
            each["identity"] = {"type": "SystemAssigned", "principalId": MSI, "tenantId": TENANT}
    return document


async def section(name: str, document: dict[str, Any], *faults: Fault) -> dict[str, Fact]:
    """A section's facts by label."""
    page = await read_page(rehearsed(Cloud(document, faults=faults)), ResourceId(WORKSPACE))
    return {fact.label: fact for fact in page.facts if fact.section == name}


async def test_access_that_is_there_and_access_that_is_not() -> None:
    policy = {"accessPolicies": [{"objectId": MSI, "permissions": {"secrets": ["get"]}}]}
    facts = await section(
        "identity", with_identity(assignment(CONTRIBUTOR, GROUP, MSI, "ServicePrincipal"), vault=policy)
    )
    grades = {label: fact.grade for label, fact in facts.items()}
    assert grades == {
        "managed identity": "info",
        "access to the resource group": "good",
        "access to the workspace": "good",
        "access to the storage account": "high",
        "access to the key vault": "good",
        "access to the container registry": "good",
        "access to the application insights": "good",
    }
    assert facts["access to the storage account"].leads_to == "action:identity-access"


async def test_nothing_at_all() -> None:
    facts = await section("identity", with_identity())
    assert facts["access to the workspace"].grade == "warn"
    assert facts["access to the key vault"].grade == "high"


async def test_no_identity_is_absent() -> None:
    facts = await section("identity", among())
    assert [fact.grade for fact in facts.values()] == ["absent"]


@pytest.mark.parametrize(
    ("route", "label"),
    [("/roleAssignments", "the identity's access"), ("/vaults/", "access to the key vault")],
)
async def test_what_cannot_be_read_is_unknown(route: str, label: str) -> None:
    refusal = Fault(kind="status", route=route, method="GET", status=403, code="AuthorizationFailed")
    blobs = assignment(BLOBS, ACCOUNT, MSI, "ServicePrincipal")
    assert (await section("identity", with_identity(blobs), refusal))[label].grade == "unknown"


def app(name: str, owner: str = MICROSOFT) -> list[dict[str, Any]]:
    """A service principal with a name."""
    return [{"id": APP, "appId": APP, "displayName": name, "appOwnerOrganizationId": owner,
             "servicePrincipalType": "Application"}]  # fmt: skip


LIKELY = "Microsoft-AzureML-Support-App-1"
APPS: list[tuple[str, str, str, list[dict[str, Any]], dict[str, Any]]] = [
    ("warn", "Contributor", "action:support-apps", app(LIKELY), assignment(CONTRIBUTOR, HERE, APP, "ServicePrincipal")),
    ("high", "registered in this tenant", "action:support-apps", app("aml-mine", TENANT),
     assignment(CONTRIBUTOR, HERE, APP, "ServicePrincipal")),
    ("critical", "User Access", "runbook:suspicious-support-app", app(LIKELY), assignment(UAA, HERE, APP, "ServicePrincipal")),
]  # fmt: skip


@pytest.mark.parametrize(("grade", "value", "leads", "principals", "role"), APPS, ids=range(len(APPS)))
async def test_a_support_app(
    grade: str, value: str, leads: str, principals: list[dict[str, Any]], role: dict[str, Any]
) -> None:
    fact = (await section("support", among(role, servicePrincipals=principals)))["support app"]
    assert (fact.grade, value in fact.value, fact.leads_to) == (grade, True, leads), fact.value


@pytest.mark.parametrize(
    "roles", [(), (assignment(CONTRIBUTOR, GROUP, APP, "ServicePrincipal"),)], ids=["no role", "one on a group"]
)
async def test_none_in_the_subscription_is_absent(roles: tuple[dict[str, Any], ...]) -> None:
    facts = await section("support", among(*roles, servicePrincipals=app(LIKELY)))
    assert [fact.grade for fact in facts.values()] == ["absent"]


async def test_without_the_directory_the_unnamed_are_counted() -> None:
    role = assignment(CONTRIBUTOR, HERE, APP, "ServicePrincipal")
    facts = await section("support", among(role, behaviour={"graphReads": False}))
    fact = facts["support apps"]
    assert (fact.grade, fact.value.startswith("1 application"), fact.leads_to) == (
        "unknown", True, "action:support-apps"
    )  # fmt: skip


@pytest.mark.parametrize("route", ["/roleAssignments", "/roleDefinitions"])
async def test_roles_that_cannot_be_read_are_unknown(route: str) -> None:
    refusal = Fault(kind="status", route=route, method="GET", status=403, code="AuthorizationFailed")
    assert (await section("support", among(), refusal))["support apps"].grade == "unknown"

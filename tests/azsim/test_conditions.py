"""Constrained delegation: what a condition on the caller's own role lets pass, and that nothing is guessed."""

from __future__ import annotations

from typing import Any

import pytest

from azsim.conditions import Deed, Unreadable, attributes, fulfilled
from azsim.wire import Response
from tests.support.small_cloud import (
    ACCOUNT,
    ADA,
    CONTRIBUTOR,
    OWNER,
    READER,
    SUB,
    Small,
    assignment,
    code_of,
)

RBAC_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
BLOBS = "ba92f5b4-2d11-453d-a403-e96b0029c9fe"
SOMEBODY = "33333333-3333-3333-3333-333333333333"
NAMED = "44444444-4444-4444-8444-444444444444"
KIND = "Microsoft.Authorization/roleAssignments"
WRITE, DELETE = f"{KIND}/write", f"{KIND}/delete"


def part(verb: str, source: str, tests: str) -> str:
    """One half of the documented template."""
    return f"(\n (\n  !(ActionMatches{{'{KIND}/{verb}'}})\n )\n OR\n (\n  {tests.replace('@', f'@{source}[{KIND}:')}\n )\n)"


def template(tests: str) -> str:
    """The documented condition on both making and removing assignments; `@Name]` names an attribute."""
    return f"{part('write', 'Request', tests)}\nAND\n{part('delete', 'Resource', tests)}"


ROLES = f"@RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{BLOBS}, {READER}}}"
KINDS = "@PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal', 'Group'}"
ONLY_BLOBS = template(f"{ROLES}\n  AND\n  {KINDS}")


def of(role: str = BLOBS, kind: str = "ServicePrincipal", principal: str = SOMEBODY) -> dict[str, str]:
    """An assignment's attributes."""
    definition = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    return attributes({"roleDefinitionId": definition, "principalId": principal, "principalType": kind})


@pytest.mark.parametrize(
    ("condition", "deed", "passes"),
    [
        (ONLY_BLOBS, Deed(WRITE, request=of()), True),
        (ONLY_BLOBS, Deed(WRITE, request=of(BLOBS.upper(), "serviceprincipal")), True),
        (ONLY_BLOBS, Deed(WRITE, request=of(READER, "Group")), True),
        (ONLY_BLOBS, Deed(WRITE, request=of(CONTRIBUTOR)), False),
        (ONLY_BLOBS, Deed(WRITE, request=of(kind="User")), False),
        (ONLY_BLOBS, Deed(WRITE, request=of(kind="")), False),
        (ONLY_BLOBS, Deed(WRITE, resource=of()), False),
        (ONLY_BLOBS, Deed(DELETE, resource=of()), True),
        (ONLY_BLOBS, Deed(DELETE, resource=of(OWNER)), False),
        (ONLY_BLOBS, Deed(DELETE), False),
        (ONLY_BLOBS, Deed(f"{KIND}/read"), True),
        (part("write", "Request", ROLES), Deed(DELETE, resource=of(OWNER)), True),
        (template(f"@RoleDefinitionId] ForAnyOfAllValues:GuidNotEquals {{{OWNER}}}"), Deed(WRITE, request=of()), True),
        (template(f"@RoleDefinitionId] ForAnyOfAllValues:GuidNotEquals {{{OWNER}, {BLOBS}}}"), Deed(WRITE, request=of()), False),
        (template(f"@PrincipalId] ForAnyOfAnyValues:GuidEquals {{{SOMEBODY}}}"), Deed(WRITE, request=of()), True),
        (template(f"@PrincipalId] ForAnyOfAnyValues:GuidEquals {{{ADA}}}"), Deed(WRITE, request=of()), False),
        (f"NOT (ActionMatches{{'{DELETE}'}}) && !(ActionMatches{{'{KIND}/read'}})", Deed(WRITE), True),
        (f"ActionMatches{{'{DELETE}'}} || ActionMatches{{'{WRITE}'}}", Deed(WRITE), True),
    ],
)  # fmt: skip
def test_the_documented_forms(condition: str, deed: Deed, passes: bool) -> None:
    assert fulfilled(condition, deed) is passes


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "(",
        f"(ActionMatches{{'{WRITE}'}}",
        f"ActionMatches{{'{WRITE}'}})",
        f"ActionMatches{{'{WRITE}'}} ActionMatches{{'{WRITE}'}}",
        "AND",
        "SubOperationMatches{'Blob.List'}",
        f"@Request[{KIND}:Scope] ForAnyOfAnyValues:GuidEquals {{{BLOBS}}}",
        f"@Request[{KIND}:RoleDefinitionId] ForAnyOfAnyValues:StringLike {{'x'}}",
        f"@Principal[{KIND}:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals {{{BLOBS}}}",
        f"@Request[{KIND}:RoleDefinitionId] GuidEquals {BLOBS}",
        "@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'x'",
    ],
)
def test_what_cannot_be_read_is_refused(condition: str) -> None:
    with pytest.raises(Unreadable):
        fulfilled(condition, Deed(WRITE, request=of()))


def delegate(condition: str, *more: dict[str, Any]) -> Small:
    """A cloud in which Ada may assign roles under a condition."""
    role = {
        **assignment(RBAC_ADMINISTRATOR, f"/subscriptions/{SUB}"),
        "condition": condition,
        "conditionVersion": "2.0",
    }
    return Small(role, assignment(READER, f"/subscriptions/{SUB}"), *more)


def grant(cloud: Small, role: str = BLOBS, kind: str = "ServicePrincipal") -> Response:
    """Ask for an assignment on the account."""
    definition = f"/subscriptions/{SUB}/providers/Microsoft.Authorization/roleDefinitions/{role}"
    body = {"properties": {"roleDefinitionId": definition, "principalId": SOMEBODY, "principalType": kind}}
    return cloud.ask("PUT", f"{ACCOUNT}/providers/{KIND}/{NAMED}?api-version=2022-04-01", body)


def remove(cloud: Small) -> Response:
    """Ask for its removal."""
    return cloud.ask("DELETE", f"{ACCOUNT}/providers/{KIND}/{NAMED}?api-version=2022-04-01")


def test_a_delegate_assigns_and_removes_what_the_condition_names() -> None:
    cloud = delegate(ONLY_BLOBS)
    assert grant(cloud).status == 201
    assert remove(cloud).status == 200


def test_anything_else_is_refused_in_azures_words() -> None:
    refused = grant(delegate(ONLY_BLOBS), CONTRIBUTOR)
    assert code_of(refused) == (403, "AuthorizationFailed")
    message = refused.json()["error"]["message"]
    assert f"does not have authorization or an ABAC condition not fulfilled to perform action '{WRITE}' over" in message


def test_what_somebody_else_assigned_is_not_removed() -> None:
    theirs = {**assignment(CONTRIBUTOR, ACCOUNT, SOMEBODY, "ServicePrincipal"), "name": NAMED}
    cloud = delegate(ONLY_BLOBS, theirs)
    assert code_of(remove(cloud)) == (403, "AuthorizationFailed")


def test_an_assignment_is_not_changed_into_what_the_condition_forbids() -> None:
    cloud = delegate(ONLY_BLOBS)
    assert code_of(grant(cloud, kind="User")) == (403, "AuthorizationFailed")
    bad = cloud.ask("PUT", f"{ACCOUNT}/providers/{KIND}/{NAMED}?api-version=2022-04-01", {"properties": []})
    assert code_of(bad) == (400, "InvalidRequestContent")


def test_a_role_without_a_condition_lifts_it() -> None:
    assert grant(delegate("unreadable", assignment(OWNER, ACCOUNT)), CONTRIBUTOR).status == 201


def test_an_unreadable_condition_is_told_loudly() -> None:
    refused = grant(delegate("@Environment[isPrivateLink] BoolEquals true"))
    assert code_of(refused) == (501, "NotSimulated")
    assert (
        "a condition on a role of the caller: this part is not known here: @Environment"
        in refused.json()["error"]["message"]
    )

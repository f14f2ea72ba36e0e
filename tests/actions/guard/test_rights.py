"""Permissions as Azure evaluates them, and the preflight made of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actions.cloud.data import Forbidden
from actions.cloud.protocol import Cloud
from actions.guard.model import Plan
from actions.guard.preflight import preflight
from actions.guard.rights import denied_by, granted, matches, role_for
from tests.actions.guard.world import TARGET, Desk, World

ML = "Microsoft.MachineLearningServices/workspaces"
REGENERATE = "Microsoft.Storage/storageAccounts/regeneratekey/action"
ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/a"


@pytest.mark.parametrize(
    ("pattern", "action", "matched"),
    [
        ("*", REGENERATE, True),
        (REGENERATE, REGENERATE, True),
        ("microsoft.storage/STORAGEACCOUNTS/regenerateKey/Action", REGENERATE, True),
        ("Microsoft.Storage/*", REGENERATE, True),
        ("Microsoft.Storage/storageAccounts/*/action", REGENERATE, True),
        ("*/action", REGENERATE, True),
        ("*/read", REGENERATE, False),
        ("Microsoft.Storage", REGENERATE, False),
        ("Microsoft.Storage/storageAccounts/regeneratekey", REGENERATE, False),
        (f"{ML}/*/write", f"{ML}/write", True),
        (f"{ML}/*/write", f"{ML}/datastores/write", True),
        (f"{ML}/*/write", f"{ML}/a/b/c/write", True),
        (f"{ML}/*/write", f"{ML}x/write", False),
        ("Microsoft.CostManagement/*/query/*", "Microsoft.CostManagement/query/read", True),
        ("Microsoft.CostManagement/*/query/*", "Microsoft.CostManagement/x/y/query/z/read", True),
        ("Microsoft.CostManagement/*/query/*", "Microsoft.CostManagement/read", False),
        ("Microsoft.Key.ault/*", "Microsoft.KeyVault/vaults/read", False),
        ("", REGENERATE, False),
    ],
)
def test_wildcards(pattern: str, action: str, matched: bool) -> None:
    assert matches(pattern, action) is matched


@given(st.text(), st.text())
def test_any_pattern_is_safe_to_ask(pattern: str, action: str) -> None:
    assert matches(pattern, action) in {True, False}
    assert matches("*", action)


@pytest.mark.parametrize(
    ("roles", "action", "data", "allowed"),
    [
        ([], REGENERATE, False, False),
        ([{"actions": ["*"], "notActions": [REGENERATE]}], REGENERATE, False, False),
        ([{"actions": ["*"], "notActions": [REGENERATE]}, {"actions": [REGENERATE]}], REGENERATE, False, True),
        ([{"actions": ["*"], "notActions": ["*/RegenerateKey/*"]}], REGENERATE, False, False),
        ([{"actions": ["*"]}], "Microsoft.KeyVault/vaults/keys/read", True, False),
        ([{"dataActions": ["Microsoft.KeyVault/vaults/*"]}], "Microsoft.KeyVault/vaults/keys/read", True, True),
        (
            [{"dataActions": ["*"], "notDataActions": ["*/keys/read"]}],
            "Microsoft.KeyVault/vaults/keys/read",
            True,
            False,
        ),
        ([{"actions": None, "notActions": None}], REGENERATE, False, False),
        (
            [{"actions": [f"{ML}/*/write"], "notActions": [f"{ML}/write"]}],
            f"{ML}/datastores/write",
            False,
            True,
        ),
        ([{"actions": [f"{ML}/*/write"], "notActions": [f"{ML}/write"]}], f"{ML}/write", False, False),
    ],
)
def test_roles_add_up_and_exclude_only_their_own(
    roles: list[dict[str, Any]], action: str, data: bool, allowed: bool
) -> None:
    assert granted(roles, action, data=data) is allowed


def deny(**properties: Any) -> dict[str, Any]:
    base = {
        "denyAssignmentName": "guarded",
        "permissions": [{"actions": ["*/action"], "notActions": []}],
        "scope": "/subscriptions/s",
        "principals": [{"id": "me"}],
    }
    return {"properties": base | properties}


@pytest.mark.parametrize(
    ("properties", "forbidden"),
    [
        ({}, True),
        ({"principals": [{"id": "someone"}]}, False),
        ({"principals": [{"id": "my-group"}]}, True),
        ({"principals": [{"id": "00000000000000000000000000000000", "type": "SystemDefined"}]}, True),
        ({"excludePrincipals": [{"id": "ME"}]}, False),
        ({"excludePrincipals": [{"id": "mygroup"}]}, False),
        ({"excludePrincipals": [{"id": "someone"}]}, True),
        ({"doNotApplyToChildScopes": True}, False),
        ({"doNotApplyToChildScopes": True, "scope": ACCOUNT.upper()}, True),
        ({"scope": "/subscriptions/s2"}, False),
        ({"scope": "/subscriptions/s/resourceGroups/gg"}, False),
        ({"scope": "/subscriptions/S/resourcegroups/G"}, True),
        ({"scope": "/"}, True),
        ({"permissions": [{"actions": ["*"], "notActions": ["*/regenerateKey/action"]}]}, False),
        ({"permissions": [{"dataActions": ["*"]}]}, False),
        ({"permissions": []}, False),
    ],
)
def test_deny_assignments(properties: dict[str, Any], forbidden: bool) -> None:
    found = denied_by([deny(**properties)], REGENERATE, ACCOUNT, frozenset({"me", "my-group"}))
    assert found == ("guarded" if forbidden else "")


@pytest.mark.parametrize(
    ("action", "data", "role"),
    [
        (REGENERATE, False, "Storage Account Key Operator Service Role"),
        (f"{ML}/resynckeys/action", False, "AzureML Data Scientist"),
        (f"{ML}/datastores/write", False, "AzureML Data Scientist"),
        (f"{ML}/onlineEndpoints/regenerateKeys/action", False, "AzureML Data Scientist"),
        (f"{ML}/write", False, "Contributor"),
        ("Microsoft.Authorization/roleAssignments/write", False, "Role Based Access Control Administrator"),
        ("Microsoft.Authorization/locks/read", False, "Reader"),
        ("Microsoft.KeyVault/vaults/accessPolicies/write", False, "Key Vault Contributor"),
        ("Microsoft.KeyVault/vaults/secrets/setSecret/action", True, "Key Vault Secrets Officer"),
        ("Microsoft.KeyVault/vaults/keys/rotate/action", True, "Key Vault Crypto Officer"),
        ("Microsoft.Whatever/thing/dataThing", True, ""),
    ],
)
def test_the_narrowest_role_that_grants(action: str, data: bool, role: str) -> None:
    assert role_for(action, data=data) == role


async def test_preflight_names_action_scope_and_role(desk: Callable[..., Desk], world: World) -> None:
    world.roles = []
    found = (await desk().planned()).preflight
    assert not found.ok
    (missing,) = found.missing
    assert (
        missing.sentence
        == f"Microsoft.Test/counters/write at {TARGET}: no role of yours grants it. Contributor grants it."
    )
    assert found.checked == (("Microsoft.Test/counters/write", TARGET.text),)


async def test_a_deny_assignment_is_named_and_no_role_offered(desk: Callable[..., Desk], world: World) -> None:
    world.denies = [deny(permissions=[{"actions": ["*"]}], principals=[{"id": world.user}], scope="/subscriptions/s1")]
    (missing,) = (await desk().planned()).preflight.missing
    assert "guarded forbids it" in missing.sentence
    assert missing.role == ""


async def test_a_deny_assignment_of_a_group_counts_for_its_members(desk: Callable[..., Desk], world: World) -> None:
    at = desk()
    plan = (await at.planned()).plan
    world.denies = [
        deny(permissions=[{"actions": ["*"]}], principals=[{"id": "night-shift"}], scope="/subscriptions/s1")
    ]
    who = await at.cloud.signed_in()
    assert (await preflight(plan, cast(Cloud, at.cloud), who)).ok
    member = msgspec.structs.replace(who, claims={"groups": ["night-shift"]})
    assert not (await preflight(plan, cast(Cloud, at.cloud), member)).ok


async def test_what_is_done_only_if_needed_must_be_permitted_too(desk: Callable[..., Desk], world: World) -> None:
    plan = (await desk(script=("bump:a",)).planned()).plan
    at = desk()
    world.roles = [{"actions": ["Microsoft.Test/counters/write"]}]
    again = asking(plan, permission="Microsoft.Test/counters/delete").body.steps
    plan = msgspec.structs.replace(plan, body=msgspec.structs.replace(plan.body, contingent=again))
    (missing,) = (await preflight(plan, cast(Cloud, at.cloud), await at.cloud.signed_in())).missing
    assert missing.action == "Microsoft.Test/counters/delete"


@pytest.mark.parametrize("read", ["permissions", "deny_assignments", "locks"])
async def test_what_cannot_be_read_counts_as_missing(desk: Callable[..., Desk], read: str) -> None:
    at = desk()

    async def refuse(*_: object) -> None:
        raise Forbidden("no", status=403, code="AuthorizationFailed")

    setattr(at.cloud, read, refuse)
    (missing,) = (await at.planned()).preflight.missing
    assert missing.unknown
    assert "AuthorizationFailed" in missing.sentence


@pytest.mark.parametrize(
    ("level", "method", "stands"),
    [
        ("ReadOnly", "POST", True),
        ("ReadOnly", "DELETE", True),
        ("CanNotDelete", "PUT", False),
        ("CanNotDelete", "DELETE", True),
    ],
)
async def test_locks_stand_in_the_way_of_what_they_forbid(
    desk: Callable[..., Desk], world: World, level: str, method: str, stands: bool
) -> None:
    at = desk(script=("bump:a",))
    world.locks = [{"id": "/subscriptions/s1/providers/microsoft.authorization/locks/l", "name": "l",
                    "properties": {"level": level}}]  # fmt: skip
    plan = asking((await at.planned()).plan, method=method)
    found = await preflight(plan, cast(Cloud, at.cloud), await at.cloud.signed_in())
    assert [item.scope for item in found.locks] == (["/subscriptions/s1"] if stands else [])


async def test_data_plane_steps_need_data_actions_and_know_no_locks(desk: Callable[..., Desk], world: World) -> None:
    at = desk(script=("bump:a",))
    world.locks = [{"id": "/l", "name": "l", "properties": {"level": "ReadOnly"}}]
    rotate = "Microsoft.KeyVault/vaults/keys/rotate/action"
    plan = asking((await at.planned()).plan, host="v.vault.azure.net", permission=rotate)
    found = await preflight(plan, cast(Cloud, at.cloud), await at.cloud.signed_in())
    assert found.missing[0].role == "Key Vault Crypto Officer"
    world.roles = [{"dataActions": ["Microsoft.KeyVault/vaults/keys/*"]}]
    assert (await preflight(plan, cast(Cloud, at.cloud), await at.cloud.signed_in())).ok


async def test_a_step_without_a_permission_is_not_evaluated(desk: Callable[..., Desk], world: World) -> None:
    at = desk(script=("bump:a",))
    world.roles = []
    plan = asking((await at.planned()).plan, permission="")
    assert (await preflight(plan, cast(Cloud, at.cloud), await at.cloud.signed_in())).ok


def asking(plan: Plan, **changes: str) -> Plan:
    """Return the plan with another request in its only step."""
    (step,) = plan.body.steps
    assert step.request
    request = msgspec.structs.replace(step.request, **changes)
    steps = (msgspec.structs.replace(step, request=request),)
    return msgspec.structs.replace(plan, body=msgspec.structs.replace(plan.body, steps=steps))

"""The table of expected against present access, case by case, without a cloud."""

from __future__ import annotations

from typing import Any

import pytest

from actions.guard.model import Outcome, Progress, StepRecord
from actions.identity_access import roles
from actions.identity_access.expected import ALL_BUT_PURGE, Place, rows
from actions.identity_access.judging import judge
from actions.identity_access.planning import goal_of, plan_of
from actions.identity_access.state import (
    Access,
    Deny,
    Grant,
    Identity,
    IdentityAccessInspection,
    IdentityAccessOptions,
    Scope,
    Vault,
)

ME, SOMEBODY = "aaaaaaaa-0000-0000-0000-000000000001", "bbbbbbbb-0000-0000-0000-000000000002"
SUB = "/subscriptions/s"
GROUP, OTHER_GROUP = f"{SUB}/resourceGroups/g", f"{SUB}/resourceGroups/vaults"
WORKSPACE = f"{GROUP}/providers/Microsoft.MachineLearningServices/workspaces/w"
STORAGE = f"{GROUP}/providers/Microsoft.Storage/storageAccounts/st"
REGISTRY = f"{GROUP}/providers/Microsoft.ContainerRegistry/registries/cr"
INSIGHTS = f"{GROUP}/providers/Microsoft.Insights/components/ai"
VAULT = f"{OTHER_GROUP}/providers/Microsoft.KeyVault/vaults/kv"
CMK = f"{OTHER_GROUP}/providers/Microsoft.KeyVault/vaults/cmk"
UAI = f"{GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/u"
SYSTEM = Identity(kind="system-assigned", name="w", principal=ME)
USER = Identity(kind="user-assigned", name="u", principal=ME, id=UAI)
ENDPOINT = Identity(kind="endpoint", name="endpoint e", principal=ME)
OLD, NEW = "2023-05-01T10:00:00+00:00", "2025-05-01T10:00:00+00:00"
FULL = Vault(id=VAULT, policies={ME: ALL_BUT_PURGE})
DENY_BLOBS = Deny(
    name="hold",
    scope=GROUP,
    blocks=({"actions": (), "notActions": (), "dataActions": ("Microsoft.Storage/*",), "notDataActions": ()},),
    principals=("00000000000000000000000000000000",),
)


def place(**changes: Any) -> Place:
    """A workspace with everything linked, made in Contributor's days."""
    facts = {
        "workspace": WORKSPACE, "group": GROUP, "storage": STORAGE, "registry": REGISTRY, "insights": INSIGHTS,
        "vault_group": OTHER_GROUP, "created": OLD,
    }  # fmt: skip
    return Place(**{**facts, **changes})


def grant(scope: str, role: str, principal: str = ME, **more: Any) -> Grant:
    """An assignment at a scope."""
    return Grant(id=f"{scope}/ra/{role}/{principal}", scope=scope, role=role, principal=principal, **more)


def within(grants: tuple[Grant, ...], scope: str) -> tuple[Grant, ...]:
    """What Azure lists at a scope: assignments there and above."""
    return tuple(item for item in grants if scope.casefold().startswith(item.scope.rstrip("/").casefold()))


def table(
    identity: Identity,
    grants: tuple[Grant, ...] = (),
    *,
    vault: Vault | None = FULL,
    where: Place | None = None,
    denies: tuple[Deny, ...] = (),
    problem: str = "",
    legacy: bool = False,
) -> dict[str, Access]:
    """Judge every row of one identity, by the row's key."""
    where = where or place()
    scopes = {
        scope.casefold(): Scope(
            key="", id=scope, title="", grants=within(grants, scope), denies=denies, problem=problem
        )
        for scope in (WORKSPACE, GROUP, STORAGE, REGISTRY, INSIGHTS, VAULT, OTHER_GROUP, CMK)
    }
    return {row.key: judge(identity, row, scopes, vault) for row in rows(identity, where, vault, legacy=legacy)}


HEALTHY_2020 = (
    grant(WORKSPACE, roles.CONTRIBUTOR), grant(STORAGE, roles.BLOB_CONTRIBUTOR), grant(REGISTRY, roles.CONTRIBUTOR),
    grant(GROUP, roles.CONTRIBUTOR), grant(OTHER_GROUP, roles.CONTRIBUTOR),
)  # fmt: skip
HEALTHY_TODAY = (grant(STORAGE, roles.BLOB_CONTRIBUTOR), grant(GROUP, roles.AI_ADMINISTRATOR))
HEALTHY_USER = (
    grant(GROUP, roles.CONTRIBUTOR), grant(STORAGE, roles.BLOB_CONTRIBUTOR), grant(VAULT, roles.CONTRIBUTOR),
    grant(VAULT, roles.VAULT_ADMINISTRATOR),
)  # fmt: skip
ON_ROLES = Vault(id=VAULT, roles=True)

CASES: list[tuple[str, dict[str, Any], dict[str, str]]] = [
    ("2020, every row of that table", {"grants": HEALTHY_2020}, {
        "workspace": "present", "blob": "present", "vault": "present", "registry": "present", "group": "present",
        "vault-group": "present", "insights": "through", "file": "not-needed",
    }),
    ("today, every row of that table", {"grants": HEALTHY_TODAY, "where": place(created=NEW)}, {
        "workspace": "through", "blob": "present", "vault": "present", "registry": "through", "group": "present",
        "insights": "through", "vault-group": "not-needed",
    }),
    ("the new role satisfies an old workspace", {"grants": HEALTHY_TODAY}, {"group": "through"}),
    ("the old role satisfies a new workspace", {"grants": HEALTHY_2020, "where": place(created=NEW)}, {"group": "through"}),
    ("nothing at all", {}, {
        "workspace": "missing", "blob": "missing", "registry": "missing", "group": "missing", "vault-group": "not-needed",
    }),
    ("the legacy row, when asked for", {"legacy": True}, {"vault-group": "missing"}),
    ("Owner above satisfies management", {"grants": (grant(SUB, roles.OWNER),)}, {"workspace": "through", "blob": "missing"}),
    ("the root scope counts", {"grants": (grant("/", roles.CONTRIBUTOR),)}, {"workspace": "through", "group": "through"}),
    ("another principal's grant", {"grants": (grant(STORAGE, roles.BLOB_CONTRIBUTOR, SOMEBODY),)}, {"blob": "missing"}),
    ("Blob Data Owner is more than enough", {"grants": (grant(STORAGE, roles.BLOB_OWNER),)}, {"blob": "through"}),
    ("a condition is told", {"grants": (grant(STORAGE, roles.BLOB_CONTRIBUTOR, condition="@x"),)}, {"blob": "conditioned"}),
    ("unconditioned wins over conditioned", {"grants": (
        grant(STORAGE, roles.BLOB_CONTRIBUTOR, condition="@x"), grant(GROUP, roles.BLOB_CONTRIBUTOR),
    )}, {"blob": "through"}),
    ("through a group", {"grants": (grant(STORAGE, roles.BLOB_CONTRIBUTOR, SOMEBODY, members=(ME,)),)}, {"blob": "through"}),
    ("a deny takes it away", {"grants": HEALTHY_2020, "denies": (DENY_BLOBS,)}, {"blob": "denied", "workspace": "present"}),
    ("a deny over nothing is still missing", {"denies": (DENY_BLOBS,)}, {"blob": "missing"}),
    ("not readable is unknown, never green", {"grants": HEALTHY_2020, "problem": "unknown (403)"}, {
        "workspace": "unknown", "blob": "unknown", "file": "not-needed",
    }),
    ("no registry yet", {"where": place(registry="")}, {"registry": "not-needed"}),
    ("no storage", {"where": place(storage="")}, {"blob": "not-needed"}),
    ("no vault", {"vault": None}, {"vault": "not-needed"}),
    ("vault policy missing", {"vault": Vault(id=VAULT)}, {"vault": "missing"}),
    ("vault policy of `all`", {"vault": Vault(id=VAULT, policies={ME: {
        "keys": ("all",), "secrets": ("All",), "certificates": ("all",),
    }})}, {"vault": "present"}),
    ("vault policy with other casing", {"vault": Vault(id=VAULT, policies={ME: {
        kind: tuple(word.upper() for word in words) for kind, words in ALL_BUT_PURGE.items()
    }})}, {"vault": "present"}),
    ("vault policy without secrets", {"vault": Vault(id=VAULT, policies={ME: {
        "keys": ALL_BUT_PURGE["keys"], "certificates": ALL_BUT_PURGE["certificates"],
    }})}, {"vault": "missing"}),
    ("vault policy without seldom words", {"vault": Vault(id=VAULT, policies={ME: {
        "keys": ("get", "list", "wrapKey", "unwrapKey"), "secrets": ("get", "list", "set", "delete"),
        "certificates": ("get", "list"),
    }})}, {"vault": "present"}),
    ("vault not readable", {"vault": Vault(id=VAULT, problem="unknown (403)")}, {"vault": "unknown"}),
    ("vault on roles ignores its policies", {"vault": Vault(id=VAULT, roles=True, policies=FULL.policies)}, {"vault": "missing"}),
    ("vault on roles", {"vault": ON_ROLES, "grants": (grant(VAULT, roles.VAULT_ADMINISTRATOR),)}, {"vault": "present"}),
    ("three officers are an administrator", {"vault": ON_ROLES, "grants": (
        grant(VAULT, roles.SECRETS_OFFICER), grant(VAULT, roles.CRYPTO_OFFICER), grant(VAULT, roles.CERTIFICATES_OFFICER),
    )}, {"vault": "through"}),
    ("two officers are not", {"vault": ON_ROLES, "grants": (
        grant(VAULT, roles.SECRETS_OFFICER), grant(VAULT, roles.CRYPTO_OFFICER),
    )}, {"vault": "missing"}),
    ("Contributor gives no data", {"vault": ON_ROLES, "grants": (grant(VAULT, roles.CONTRIBUTOR),)}, {"vault": "missing"}),
    ("user-assigned, healthy", {"identity": USER, "vault": ON_ROLES, "grants": HEALTHY_USER}, {
        "workspace": "through", "blob": "present", "storage": "through", "vault": "present", "vault-control": "present",
        "registry": "through", "insights": "through", "group": "present",
    }),
    ("user-assigned, nothing", {"identity": USER}, {
        "storage": "missing", "vault-control": "missing", "insights": "missing", "group": "not-needed",
    }),
    ("the key's reader", {"identity": USER, "where": place(cmk_vault=CMK, cmk_identity=UAI)}, {"cmk-vault": "missing"}),
    ("the key's reader has it", {"identity": USER, "where": place(cmk_vault=CMK, cmk_identity=UAI), "grants": (
        grant(CMK, roles.CRYPTO_SERVICE_ENCRYPTION_USER),
    )}, {"cmk-vault": "present"}),
    ("another identity reads the key", {"where": place(cmk_vault=CMK, cmk_identity=UAI)}, {"cmk-vault": "not-needed"}),
    ("an endpoint's own identity", {"identity": ENDPOINT, "grants": (grant(REGISTRY, roles.ACR_PULL),)}, {
        "blob": "missing", "registry": "present",
    }),
]  # fmt: skip


@pytest.mark.parametrize(("given", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_rows(given: dict[str, Any], expected: dict[str, str]) -> None:
    """Each situation gives exactly these states for the rows it is about."""
    given = {**given}
    found = table(given.pop("identity", SYSTEM), given.pop("grants", ()), **given)
    assert {key: found[key].state for key in expected} == expected


def inspection(
    *identities: Identity, grants: tuple[Grant, ...] = (), vault: Vault | None = FULL
) -> IdentityAccessInspection:
    """An inspection of a workspace in Contributor's days."""
    judged = tuple(access for identity in identities for access in table(identity, grants, vault=vault).values())
    return IdentityAccessInspection(
        target=WORKSPACE, name="w", as_of="2026-11-02T09:00:00+00:00", workspace=WORKSPACE, group=GROUP, tenant="t",
        identities=identities, vault=vault, table=judged, seen=grants,
    )  # fmt: skip


def step_ids(found: IdentityAccessInspection, options: IdentityAccessOptions, *finished: str) -> list[str]:
    """Plan with some steps done before."""
    progress = Progress(records=tuple(StepRecord(id=item, started="s", finished="f") for item in finished))
    return [step.id for step in plan_of(goal_of(found, options), found, progress).steps]


def test_resync_comes_first_then_what_is_missing_then_the_wait() -> None:
    """Everything is tried by resync, then granted in the order of the table, then given time."""
    bare = inspection(SYSTEM, vault=Vault(id=VAULT, tenant="t"))
    every = ["grant:w:workspace", "grant:w:blob", "policy:w:vault", "grant:w:registry", "grant:w:group"]
    assert step_ids(bare, IdentityAccessOptions()) == ["resync:w", *every, "propagation:w"]
    assert step_ids(bare, IdentityAccessOptions(), "resync:w") == [*every, "propagation:w"]
    assert step_ids(bare, IdentityAccessOptions(resync=False, propagation=0)) == every


def test_nothing_to_do_is_an_outcome() -> None:
    """A healthy workspace plans nothing; unreadable rows are named, not granted."""
    healthy = inspection(SYSTEM, grants=HEALTHY_2020)
    assert plan_of(goal_of(healthy, IdentityAccessOptions()), healthy, Progress()).outcome is Outcome.NO_CHANGES
    closed = inspection(SYSTEM, vault=Vault(id=VAULT, problem="unknown (403)"), grants=HEALTHY_2020)
    steps = plan_of(goal_of(closed, IdentityAccessOptions()), closed, Progress())
    assert steps.outcome is Outcome.NO_CHANGES
    assert any("403" in reason for reason in steps.reasons)


def test_visitors_are_never_granted_anything() -> None:
    """Endpoint and compute identities show in the table and in no plan."""
    assert step_ids(inspection(ENDPOINT), IdentityAccessOptions()) == []


def test_same_state_same_plan() -> None:
    """Names of assignments are made from scope, principal and role, so that a plan repeats exactly."""
    bare = inspection(SYSTEM)
    first, second = (plan_of(goal_of(bare, IdentityAccessOptions()), bare, Progress()) for _ in range(2))
    assert [step.digest() for step in first.steps] == [step.digest() for step in second.steps]


def test_what_went_missing_later_is_not_granted() -> None:
    """The goal names the rows of the start: a plan in mid-run grants nothing beyond them."""
    start = inspection(SYSTEM, grants=tuple(item for item in HEALTHY_2020 if item.scope != STORAGE))
    goal = goal_of(start, IdentityAccessOptions(resync=False))
    later = inspection(SYSTEM)
    assert [step.id for step in plan_of(goal, later, Progress()).steps] == ["grant:w:blob", "propagation:w"]

"""A case for every row of the rubric, each read from a rehearsal cloud."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from actions.guard.model import Severity
from azsim.estates import shapes as az
from azsim.estates.book import CONTRIBUTOR, OWNER, READER, USER_ACCESS_ADMINISTRATOR
from azsim.estates.directory import STRANGER_TENANT
from tests.actions.support_apps.conftest import Open
from tests.support.reviewed import HOME, SCOPE, Apps

LIKELY = "Microsoft-AzureML-Support-App-one"
RBAC_ADMINISTRATOR = "f58310d9-a9f6-439a-9e8d-f62e7b41a168"
OLD, NEW = datetime(2021, 5, 13, 23, 59, tzinfo=UTC), datetime(2021, 5, 14, tzinfo=UTC)
ELSEWHERE = az.resource_id(
    "5a3c0001-0000-4000-8000-0000000000ff", "rg", "Microsoft.ContainerService/managedClusters", "x"
)


def support(apps: Apps, role: str = CONTRIBUTOR, scope: str = SCOPE, name: str = LIKELY, **facts: object) -> None:
    """One app with one role."""
    apps.grant(apps.app(name, **facts), role, scope)  # type: ignore[arg-type]


def no_workspace(apps: Apps) -> None:
    """The subscription's app, and nothing for it to support."""
    support(apps)
    apps.without_workspaces = True


def gone(apps: Apps) -> None:
    """An assignment whose principal was deleted."""
    apps.grant(az.stable_guid("deleted"))


def no_role(apps: Apps) -> None:
    """An app that holds nothing."""
    apps.app(LIKELY)


def several(apps: Apps) -> None:
    """More apps than regions."""
    support(apps)
    support(apps, name="Microsoft-AzureML-Support-App-two")


def with_aks(*dates: datetime | None, cluster: str = "") -> Callable[[Apps], None]:
    """An app, and clusters attached at these dates."""

    def make(apps: Apps) -> None:
        support(apps)
        for number, date in enumerate(dates):
            apps.aks(f"aks{number}", date, cluster)

    return make


ROWS: dict[str, tuple[Callable[[Apps], None], str, Severity]] = {
    "owner": (lambda apps: support(apps, OWNER), "S1", Severity.CRITICAL),
    "user access administrator": (lambda apps: support(apps, USER_ACCESS_ADMINISTRATOR), "S1", Severity.CRITICAL),
    "rbac administrator": (lambda apps: support(apps, RBAC_ADMINISTRATOR), "S1", Severity.CRITICAL),
    "above the subscription": (lambda apps: support(apps, scope="/"), "S2", Severity.CRITICAL),
    "another tenant's": (lambda apps: support(apps, owner=STRANGER_TENANT), "S3", Severity.CRITICAL),
    "ours, credential added recently": (
        lambda apps: support(apps, owner=HOME, secrets=((89, -300),)), "S4", Severity.HIGH,
    ),
    "owner not readable": (lambda apps: support(apps, owner=None), "S5", Severity.UNKNOWN),
    "unexpired password": (lambda apps: support(apps, secrets=((400, -300),)), "S6", Severity.HIGH),
    "credential expires soon": (lambda apps: support(apps, secrets=((400, -29),)), "S7", Severity.INFO),
    "only expired credentials": (lambda apps: support(apps, secrets=((400, 1),)), "S8", Severity.INFO),
    "disabled": (lambda apps: support(apps, enabled=False), "S9", Severity.INFO),
    "disabled by Microsoft": (
        lambda apps: support(apps, disabled_status="DisabledDueToViolationOfServicesAgreement"), "S10", Severity.HIGH,
    ),
    "no workspace": (no_workspace, "S11", Severity.HIGH),
    "more apps than regions": (several, "S12", Severity.WARN),
    "workspaces, no cluster": (support, "S14", Severity.WARN),
    "old cluster": (with_aks(OLD), "S15", Severity.HIGH),
    "cluster of unknown date": (with_aks(None), "S16", Severity.HIGH),
    "clusters all young": (with_aks(NEW), "S17", Severity.WARN),
    "no role left": (no_role, "S18", Severity.INFO),
    "principal gone": (gone, "S25", Severity.INFO),
    "managed identity": (lambda apps: support(apps, name="aml-prod", kind="ManagedIdentity"), "S21", Severity.INFO),
    "homoglyph": (lambda apps: support(apps, name="Micr\u043esoft-AzureML-Support-App-x"), "S20", Severity.CRITICAL),
}  # fmt: skip


@pytest.mark.parametrize("row", ROWS)
async def test_row(row: str, apps: Apps, review: Open) -> None:
    """The row's finding is there with its severity, its reason and, but for what needs none, its correction."""
    make, code, severity = ROWS[row]
    make(apps)
    async with review(apps.estate()) as one:
        found = [item for item in (await one.look()).findings if item.id == code]
    assert [item.severity for item in found] == [severity], found
    assert found[0].sentence
    assert found[0].remedy or code == "S21"


@pytest.mark.parametrize(
    ("make", "absent"),
    [
        (lambda apps: support(apps, READER), {"S1", "S2", "S3", "S4", "S5", "S6", "S8", "S9", "S10", "S12", "S20"}),
        (lambda apps: support(apps, owner=HOME, secrets=((91, -300),)), {"S3", "S4", "S5"}),
        (lambda apps: support(apps, secrets=((89, -31),)), {"S4", "S7", "S8"}),
        (lambda apps: support(apps, secrets=((400, 1), (100, -300))), {"S8"}),
        (with_aks(NEW), {"S14", "S15", "S16", "S11"}),
        (with_aks(NEW, OLD), {"S14", "S17"}),
        (support, {"S11", "S15", "S16", "S17", "S18", "S25"}),
        (lambda apps: None, {"S11", "S12", "S13", "S14"}),
    ],
)
async def test_what_is_not_so_is_not_said(
    make: Callable[[Apps], None], absent: set[str], apps: Apps, review: Open
) -> None:
    """The other side of each line: young enough, old enough, contributor only, as many apps as regions or fewer."""
    make(apps)
    async with review(apps.estate()) as one:
        assert not {item.id for item in (await one.look()).findings} & absent


@pytest.mark.parametrize(("days", "told"), [(95, "90 days"), (45, "30 days"), (10, "")])
async def test_silence_supports_a_removal(days: int, told: str, apps: Apps, review: Open) -> None:
    """Where the report of sign-ins can be read, a long silence is told; one that cannot be read is unknown."""
    support(apps)
    apps.principals[-1]["lastSignIn"] = apps.ago(days).isoformat()
    document = apps.estate(graphSignInReports=True)
    async with review(document) as one:
        found = await one.look()
    said = [item.sentence for item in found.findings if item.id == "S19"]
    assert bool(said) is bool(told)
    assert all(told in sentence for sentence in said)
    assert found.sign_ins
    assert found.apps[0].last_sign_in.startswith(apps.ago(days).date().isoformat())


async def test_without_the_report_the_last_sign_in_is_unknown(apps: Apps, review: Open) -> None:
    """Which is the rule, and not a fault of the review."""
    support(apps)
    async with review(apps.estate()) as one:
        found = await one.look()
    assert (found.sign_ins, found.complete, found.apps[0].last_sign_in) == (False, True, "")
    assert "S19" not in {item.id for item in found.findings}


async def test_a_custom_role_that_assigns_roles(apps: Apps, review: Open) -> None:
    """Roles are judged by what they allow, not by name: wildcards and NotActions count."""
    wide, narrow = az.stable_guid("wide"), az.stable_guid("narrow")
    support(apps, wide)
    support(apps, narrow, name="aml-narrow")
    action: dict[str, list[str]] = {"notDataActions": [], "dataActions": []}
    document = apps.estate() | {
        "roleDefinitions": [
            {
                "id": f"{SCOPE}/providers/Microsoft.Authorization/roleDefinitions/{guid}",
                "name": guid,
                "properties": {
                    "roleName": title, "type": "CustomRole", "description": "", "assignableScopes": [SCOPE],
                    "permissions": [{"actions": ["Microsoft.Authorization/*"], "notActions": not_actions, **action}],
                },
            }
            for guid, title, not_actions in (
                (wide, "everything", []), (narrow, "nothing", ["Microsoft.Authorization/*/write"]),
            )
        ]
    }  # fmt: skip
    async with review(document) as one:
        found = await one.look()
    assert [item.subject for item in found.findings if item.id == "S1"] == [LIKELY]


async def test_a_cluster_that_lies_here_and_is_attached_elsewhere_counts(apps: Apps, review: Open) -> None:
    """And one attached here that lies elsewhere too: both may need this subscription's app."""
    with_aks(OLD, cluster=ELSEWHERE)(apps)
    async with review(apps.estate()) as one:
        found = await one.look()
    assert "S15" in {item.id for item in found.findings}


async def test_microsofts_own_principal_is_recognised_by_its_id(apps: Apps, review: Open) -> None:
    """It is neither decided about nor called a support app, whatever it is named."""
    principal = apps.app("Azure Machine Learning", app_id="0736f41a-0425-4b46-bdb5-1563eff02385")
    apps.grant(principal)
    async with review(apps.estate()) as one:
        found = await one.look()
    assert [(app.name, app.kind) for app in found.apps] == [("Azure Machine Learning", "first-party")]
    assert found.decidable() == ()
    assert [item.id for item in found.findings if item.subject == "Azure Machine Learning"] == ["S26"]

"""Findings C1 to C20: each from its own estate, through the real SDKs, with nothing changed and no secret read."""

from __future__ import annotations

from typing import Any

import pytest

from actions.guard.model import Severity
from azsim.estates.directory import ADA
from azsim.estates.encrypted import VAULT
from azsim.estates.vault_keys import COSMOS_PRINCIPAL
from tests.actions.cmk_versions.encrypted import (
    NEW,
    OLD,
    URI,
    Estate,
    attribute,
    cloud_of,
    drop_version,
    encryption,
    healthy,
    in_days,
    inspected,
    pins,
    resource,
    vault,
    version,
    workspace,
)

OTHER_SUBSCRIPTION = "5a3c0001-0000-4000-8000-000000000002"


def shape(number: int, **facts: Any):
    """Set type, size or operations of a version."""
    return lambda document: version(document, number).update(facts)


def protection(**facts: Any):
    """Set properties of the vault; None takes one away."""

    def change(document: Estate) -> None:
        properties = vault(document)["properties"]
        properties |= facts
        for name in [name for name, value in facts.items() if value is None]:
            properties.pop(name)

    return change


def without_reader(document: Estate) -> None:
    """Azure Cosmos DB has no role any more."""
    document["roleAssignments"] = [
        item for item in document["roleAssignments"] if item["properties"]["principalId"] != COSMOS_PRINCIPAL
    ]


def no_purge_by_key(document: Estate) -> None:
    """The vault itself is hidden from the reader; its keys tell of their recovery."""
    properties = vault(document)["properties"]
    properties.pop("enablePurgeProtection")
    for item in document["keys"][0]["versions"]:
        item["attributes"]["recoveryLevel"] = "Recoverable+Purgeable"


def policy(value: dict[str, Any] | None):
    """Set the key's rotation policy."""
    return lambda document: document["keys"][0].update(rotationPolicy=value)


def elsewhere(document: Estate) -> None:
    """The vault lies in another subscription."""
    found, given = vault(document), encryption(document)["keyVaultProperties"]
    old = found["id"]
    found["id"] = given["keyVaultArmId"] = old.replace(old.split("/")[2], OTHER_SUBSCRIPTION)
    document["subscriptions"].append({"subscriptionId": OTHER_SUBSCRIPTION, "displayName": "other"})
    for item in document["roleAssignments"]:
        if item["properties"]["scope"] == old:
            item["properties"]["scope"] = found["id"]


def gone(document: Estate) -> None:
    """The vault is not there; its keys cannot be asked for."""
    document["resources"].remove(vault(document))


def service_side(document: Estate) -> None:
    """The newer architecture, with a default account that uses Microsoft's key."""
    properties = workspace(document)["properties"]
    properties["enableServiceSideCMKEncryption"] = True
    account = resource(document, "storageAccounts", "stsmall01")
    account["properties"]["encryption"] = {"keySource": "Microsoft.Storage"}


def blind(document: Estate) -> None:
    """The operator may read the workspace and nothing of the vault."""
    group = workspace(document)["id"]
    kept = [item for item in document["roleAssignments"] if item["properties"]["principalId"] != ADA["objectId"]]
    own = [item for item in document["roleAssignments"] if item["properties"]["principalId"] == ADA["objectId"]][:1]
    own[0]["properties"]["scope"] = group
    document["roleAssignments"] = kept + own


NOTIFIES = {"lifetimeActions": [{"trigger": {"timeBeforeExpiry": "P30D"}, "action": {"type": "Notify"}}]}
RUNS_AHEAD = {
    "lifetimeActions": [{"trigger": {"timeAfterCreate": "P1Y"}, "action": {"type": "Rotate"}}],
    "attributes": {"expiryTime": "P2Y"},
}
CASES = [
    ("C1", Severity.WARN, (pins(f"{URI}/{OLD}"),)),
    ("C1", Severity.INFO, (pins(f"{URI}/{OLD}"), attribute(2, created=in_days(-0.5)))),
    ("C2", Severity.CRITICAL, (attribute(2, enabled=False),)),
    ("C3", Severity.CRITICAL, (attribute(2, exp=in_days(-1)),)),
    ("C4", Severity.WARN, (attribute(2, exp=in_days(20)),)),
    ("C4", Severity.CRITICAL, (attribute(2, exp=in_days(6)),)),
    ("C5", Severity.CRITICAL, (attribute(2, nbf=in_days(2)),)),
    ("C6", Severity.CRITICAL, (shape(2, kty="EC"),)),
    ("C6", Severity.CRITICAL, (shape(2, keyOps=["wrapKey", "sign"]),)),
    ("C7", Severity.CRITICAL, (shape(2, keySize=1024),)),
    ("C7", Severity.INFO, (shape(2, keySize=2048),)),
    ("C8", Severity.CRITICAL, (protection(enablePurgeProtection=None),)),
    ("C8", Severity.CRITICAL, (protection(enablePurgeProtection=None, enableSoftDelete=False),)),
    ("C9", Severity.HIGH, (elsewhere,)),
    ("C9", Severity.WARN, (lambda document: vault(document).update(location="northeurope"),)),
    ("C10", Severity.CRITICAL, (without_reader,)),
    ("C10", Severity.CRITICAL, (protection(enableRbacAuthorization=False),)),
    ("C11", Severity.INFO, (policy(None),)),
    ("C11", Severity.INFO, (policy(NOTIFIES),)),
    ("C12", Severity.WARN, (policy(RUNS_AHEAD),)),
    ("C13", Severity.INFO, (pins(URI),)),
    ("C14", Severity.CRITICAL, (protection(vaultUri="https://kvother.vault.azure.net/"),)),
    ("C15", Severity.CRITICAL, (lambda document: document["keys"][0].update(deleted=True),)),
    ("C15", Severity.CRITICAL, (lambda document: document["keys"].clear(),)),
    ("C15", Severity.CRITICAL, (drop_version(2),)),
    ("C15", Severity.CRITICAL, (gone,)),
    ("C16", Severity.WARN, (pins(f"{URI}/{OLD}"),)),
    ("C16", Severity.INFO, (pins(f"{URI}/{OLD}"), attribute(2, created=in_days(-0.5)))),
    ("C17", Severity.CRITICAL, (attribute(2, enabled=False),)),
    ("C18", Severity.WARN, (protection(networkAcls={"bypass": "None", "defaultAction": "Deny"}),)),
    ("C19", Severity.INFO, (service_side,)),
    ("C20", Severity.UNKNOWN, (lambda document: document.update(behaviour={"graphReads": False}),)),
    ("C20", Severity.UNKNOWN, (blind,)),
]


async def test_what_is_in_order_has_no_finding() -> None:
    found = await inspected(cloud_of(healthy))
    assert found.findings == ()
    assert {item.relation for item in found.dependents} == {"same", "hidden"}
    assert [item.state for item in found.readers if item.required] == ["present"]


@pytest.mark.parametrize(
    ("code", "severity", "changes"), CASES, ids=[f"{case[0]}-{case[1]}-{number}" for number, case in enumerate(CASES)]
)
async def test_each_finding(code: str, severity: Severity, changes: tuple[Any, ...]) -> None:
    found = await inspected(cloud_of(healthy, *changes))
    graded = [item for item in found.findings if item.id == code]
    assert severity in {item.severity for item in graded}, [f"{item.id} {item.sentence}" for item in found.findings]
    assert all(item.sentence and item.remedy and item.subject for item in found.findings)


def test_every_finding_has_a_case() -> None:
    assert {case[0] for case in CASES} == {f"C{number}" for number in range(1, 21)}


async def test_a_deleted_key_is_told_from_one_that_never_was() -> None:
    deleted = await inspected(cloud_of(lambda document: document["keys"][0].update(deleted=True)))
    missing = await inspected(cloud_of(lambda document: document["keys"].clear()))
    assert deleted.key is not None
    assert missing.key is not None
    assert (deleted.key.gone, missing.key.gone) == ("deleted", "missing")


def only(*roles: str, scope: str = ""):
    """Leave the operator only Reader at the subscription."""

    def change(document: Estate) -> None:
        own = [item for item in document["roleAssignments"] if item["properties"]["principalId"] == ADA["objectId"]]
        for item in own[1:]:
            document["roleAssignments"].remove(item)

    return change


async def test_without_a_right_in_the_vault_the_management_plane_tells_the_versions() -> None:
    found = await inspected(cloud_of(healthy, only()))
    assert found.key is not None
    assert found.key.source == "management plane"
    assert found.key.problem == "data plane: 403 ForbiddenByRbac"
    current = found.key.current
    assert current is not None
    assert (current.kind, current.size, current.enabled) == ("RSA", 3072, True)
    assert {item.id for item in found.findings} <= {"C11", "C12", "C20"}


async def test_what_nobody_may_read_is_unknown_and_never_in_order() -> None:
    found = await inspected(cloud_of(healthy, blind))
    assert found.key is not None
    assert found.key.source == ""
    subjects = {item.subject for item in found.findings if item.id == "C20"}
    assert {"key aml-small", f"vault {VAULT}"} <= subjects
    assert all(item.relation in ("unread", "hidden") for item in found.dependents)


async def test_access_by_policy_counts_only_with_all_three_words() -> None:
    def with_words(*words: str):
        def change(document: Estate) -> None:
            entry = {"tenantId": document["tenant"]["tenantId"], "objectId": COSMOS_PRINCIPAL}
            properties = vault(document)["properties"]
            properties["enableRbacAuthorization"] = False
            properties["accessPolicies"] = [{**entry, "permissions": {"keys": list(words)}}]

        return change

    lacking = await inspected(cloud_of(healthy, with_words("Get", "wrapKey")))
    assert [item.detail for item in lacking.readers if item.required] == ["the access policy lacks unwrapkey"]
    enough = await inspected(cloud_of(healthy, with_words("GET", "WrapKey", "unwrapkey")))
    assert [item.state for item in enough.readers if item.required] == ["present"]


async def test_a_workspace_with_microsofts_key_has_nothing_to_find() -> None:
    found = await inspected(cloud_of(lambda document: workspace(document)["properties"].pop("encryption")))
    assert (found.encrypted, found.findings) == (False, ())


async def test_versions_come_in_any_order_and_on_many_pages() -> None:
    def many(document: Estate) -> None:
        first = version(document, 1)
        for number in range(60):
            name = f"{number:032x}"
            attributes = {**first["attributes"], "created": 1_500_000_000 + number * 86_400}
            document["keys"][0]["versions"].append({**first, "version": name, "attributes": attributes})

    found = await inspected(cloud_of(healthy, many))
    assert found.key is not None
    assert len(found.key.versions) == 62
    created = [item.created for item in found.key.versions]
    assert created == sorted(created, reverse=True)
    assert found.key.newest is not None
    assert found.key.newest.version == NEW

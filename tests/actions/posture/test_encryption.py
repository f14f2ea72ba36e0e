"""The pinned version of the encryption key: usable, soon to end, ended, disabled, unread, and none at all."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from azsim.clock import unix
from azsim.faults import Fault
from tests.actions.posture.test_page import VAULT, estate, facts_of
from tests.support.small_cloud import ADA, START

VERSION = "abcdef0123456789abcdef0123456789"
MAY_GET = {"accessPolicies": [{"objectId": ADA, "permissions": {"keys": ["get"]}}]}


def pinned(left: float | None = None, enabled: bool = True) -> dict[str, Any]:
    """The estate, whose workspace pins a version that ends in so many days."""
    made = unix(START - timedelta(days=300))
    attributes: dict[str, Any] = {"enabled": enabled, "created": made, "updated": made}
    if left is not None:
        attributes["exp"] = unix(START + timedelta(days=left))
    held = {"keyIdentifier": f"https://kvfraud.vault.azure.net/keys/ml/{VERSION}", "keyVaultArmId": VAULT}
    document = estate(vault=MAY_GET, workspace={"encryption": {"status": "Enabled", "keyVaultProperties": held}})
    keys = [{"vault": "kvfraud", "name": "ml", "versions": [{"version": VERSION, "attributes": attributes}]}]
    return document | {"keys": keys}


CASES: list[tuple[str, str, dict[str, Any]]] = [
    ("good", "never expires", pinned()),
    ("good", "expires 2027-", pinned(left=100)),
    ("high", "expires 2026-11-", pinned(left=10)),
    ("critical", "cannot be used now", pinned(left=-1)),
    ("critical", "disabled", pinned(enabled=False)),
]


@pytest.mark.parametrize(("grade", "value", "document"), CASES, ids=range(len(CASES)))
async def test_a_pinned_version(grade: str, value: str, document: dict[str, Any]) -> None:
    fact = (await facts_of(document))["encryption.state"]
    assert (fact.grade, value in fact.value) == (grade, True), fact.value
    assert fact.leads_to == ("" if grade == "good" else "runbook:cmk-expiring")
    assert bool(fact.remedy) == (grade != "good")


async def test_a_vault_that_lets_nobody_look_leaves_it_unknown() -> None:
    refusal = Fault(kind="status", route="/keys/", method="GET", status=403, code="Forbidden")
    assert (await facts_of(pinned(), refusal))["encryption.state"].grade == "unknown"


async def test_a_key_of_microsofts_has_no_state_to_tell() -> None:
    facts = await facts_of(estate())
    assert "encryption.state" not in facts
    assert facts["encryption.cmk"].grade == "info"

"""An estate of a test's own: four workspaces to act on together, two of them on one account, one in production."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from azsim.estates import shapes as az
from azsim.estates.book import OWNER, Book, WorkspaceSpec
from azsim.estates.directory import ADA

LAB, PROD = "5a3c0001-0000-4000-8000-000000000001", "5a3c0002-0000-4000-8000-000000000002"
WORKSPACES = (
    ("pay", "stpay", PROD),
    ("alpha", "stalpha", LAB),
    ("beta", "stbeta", LAB),
    ("gamma", "stalpha", LAB),
)
ENVIRONMENTS = '[[environments]]\nname = "prod"\nsubscriptions = ["*-prod"]\n'


def several(now: datetime) -> dict[str, Any]:
    """Each workspace has its system datastores and nobody else who holds its keys; Ada owns both subscriptions."""
    book = Book(now)
    for name, account, subscription in WORKSPACES:
        spec = WorkspaceSpec(
            name=name, group=f"rg-{subscription[3:8]}", region="westeurope", created=book.ago(600), account=account,
            key_ages=(200.0, 400.0),
        )  # fmt: skip
        book.workspace(subscription, spec)
    for subscription in (LAB, PROD):
        book.grant(f"/subscriptions/{subscription}", OWNER, ADA["objectId"], created=book.ago(900), kind="User")
    return {
        "tenant": {"tenantId": az.TENANT_ID, "displayName": "Contoso", "defaultDomain": "contoso.example"},
        "signedIn": ADA,
        "subscriptions": [
            {"subscriptionId": LAB, "displayName": "contoso-lab"},
            {"subscriptionId": PROD, "displayName": "contoso-prod"},
        ],
        "resources": book.resources,
        "roleAssignments": book.assignments,
        "servicePrincipals": book.principals,
    }

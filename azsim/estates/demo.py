"""The rehearsal company contoso: three subscriptions that look like a real company's after seven years."""

from __future__ import annotations

from datetime import datetime

from azsim.clock import Clock
from azsim.estates import company, contents, directory, safeguards, signals, vault_keys
from azsim.estates import shapes as az
from azsim.estates.book import Book
from azsim.estates.shapes import Json


def demo(now: datetime | None = None) -> Json:
    """The estate document of contoso; ages of keys, events and secrets count back from `now` (default: today)."""
    book = Book(now or Clock().now())
    ids: dict[str, str] = {}
    for subscription, rows in (
        (company.PROD, company.production(book.now)),
        (company.TEST, company.testing(book.now)),
        (company.LAB, company.laboratory(book.now)),
    ):
        for row in rows:
            ids[row.name] = book.workspace(subscription, row)
    _projects(book, ids)
    ids |= {item["name"]: item["id"] for item in book.resources if item["type"] == "Microsoft.Storage/storageAccounts"}
    contents.user_datastores(book, ids)
    contents.connections(book, ids)
    contents.endpoints(book, ids)
    contents.computes(book, ids)
    contents.locks_and_network(book, ids)
    vault_keys.company_keys(book, ids, ids)
    directory.first_party(book)
    directory.support_apps(book)
    directory.broken_identities(book, ids)
    directory.operator_grants(book, ids["sandbox"].split("/providers/")[0])
    signals.request_rates(book, ids)
    signals.clients(book)
    signals.history(book, ids)
    book.secrets = safeguards.one_workspace(book, ids["search-rank"])
    return document(book)


def _projects(book: Book, ids: dict[str, str]) -> None:
    hub = ids["contoso-ai-hub"]
    for row in company.projects(hub):
        ids[row.name] = book.workspace(company.PROD, row)
    properties = book.find(hub)["properties"]
    properties["associatedWorkspaces"] = [ids[row.name] for row in company.projects(hub)]
    properties["workspaceHubConfig"] = {"defaultWorkspaceResourceGroup": hub.split("/providers/")[0]}


def document(book: Book) -> Json:
    """The collected estate with contoso's tenant, subscriptions and people."""
    names = (
        (company.PROD, "contoso-prod-ml"),
        (company.TEST, "contoso-test-ml"),
        (company.LAB, "contoso-lab"),
    )
    return {
        "tenant": {"tenantId": az.TENANT_ID, "displayName": "Contoso", "defaultDomain": "contoso.example"},
        "signedIn": directory.ADA,
        "subscriptions": [{"subscriptionId": sub, "displayName": name, "state": "Enabled"} for sub, name in names],
        "resources": book.resources,
        "roleAssignments": book.assignments,
        "servicePrincipals": book.principals,
        "users": directory.USERS,
        "groups": book.groups,
        "keys": book.keys,
        "vaultSecrets": book.secrets,
        "activity": book.activity,
        "metrics": book.metrics,
        "clients": book.clients,
    }

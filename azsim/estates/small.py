"""The smallest estate in which every step of a key rotation occurs, and a fleet of any size for measurements."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from azsim.clock import Clock
from azsim.estates import ml_shapes as ml
from azsim.estates import shapes as az
from azsim.estates.book import OWNER, READER, Book, WorkspaceSpec
from azsim.estates.directory import ADA
from azsim.estates.shapes import Json

SUBSCRIPTION = "5a3c0001-0000-4000-8000-000000000001"
WORKSPACES_PER_SUBSCRIPTION = 2500
WORKSPACES_PER_GROUP = 10
WORKSPACES_PER_ACCOUNT = 5
REGIONS = ("westeurope", "northeurope", "eastus", "eastus2", "uksouth", "swedencentral", "japaneast", "australiaeast")


def small(now: datetime | None = None, *, without: tuple[str, ...] = ()) -> Json:
    """One workspace on one account: two datastores with the key, one with a SAS, one client that reads a datastore.

    `without` names the access that its identity lacks: group, workspace, storage, vault, registry.
    """
    book = Book(now or Clock().now())
    spec = WorkspaceSpec(
        name="small-ml",
        group="rg-small",
        region="westeurope",
        created=book.ago(600),
        account="stsmall01",
        key_ages=(200.0, 400.0),
        without=without,
    )
    workspace = book.workspace(SUBSCRIPTION, spec)
    for name, container, credentials in (
        ("training_blob", "training", "AccountKey"),
        ("features_blob", "features", "AccountKey"),
        ("partner_export", "export", "Sas"),
    ):
        store = ml.datastore(
            workspace,
            name,
            "AzureBlob",
            "stsmall01",
            created=book.ago(300),
            credentials=credentials,
            container=container,
        )
        book.put(store)
    book.grant(f"/subscriptions/{SUBSCRIPTION}", OWNER, ADA["objectId"], created=book.ago(900), kind="User")
    client = {"name": "scorer", "account": "stsmall01", "reads": f"datastore:{workspace}/datastores/training_blob"}
    return {
        **_people([SUBSCRIPTION]),
        "resources": book.resources,
        "roleAssignments": book.assignments,
        "servicePrincipals": book.principals,
        "clients": [client],
    }


def fleet(count: int, now: datetime | None = None) -> Json:
    """`count` workspaces in subscriptions of 2500, five on an account; every tenth has datastores and an endpoint."""
    moment = now or Clock().now()
    subscriptions = [
        az.stable_guid("fleet", str(index)) for index in range(-(-max(count, 1) // WORKSPACES_PER_SUBSCRIPTION))
    ]
    resources = [item for index in range(count) for item in _member(index, subscriptions, moment)]
    grants = [
        az.role_assignment(f"/subscriptions/{item}", READER, ADA["objectId"], created=moment, principal_type="User")
        for item in subscriptions
    ]
    return {**_people(subscriptions), "resources": resources, "roleAssignments": grants}


def _people(subscriptions: list[str]) -> Json:
    names = [f"contoso-{index:03d}" for index in range(1, len(subscriptions) + 1)]
    return {
        "tenant": {"tenantId": az.TENANT_ID, "displayName": "Contoso", "defaultDomain": "contoso.example"},
        "signedIn": ADA,
        "subscriptions": [
            {"subscriptionId": item, "displayName": name} for item, name in zip(subscriptions, names, strict=True)
        ],
    }


def _member(index: int, subscriptions: list[str], now: datetime) -> Iterator[Json]:
    """The resources that workspace number `index` adds; the first of a group or an account adds that too."""
    subscription = subscriptions[index // WORKSPACES_PER_SUBSCRIPTION]
    group = f"rg-fleet-{index // WORKSPACES_PER_GROUP:05d}"
    region = REGIONS[index // WORKSPACES_PER_GROUP % len(REGIONS)]
    created = now - timedelta(days=30 + index * 37 % 2000)
    keys = now - timedelta(days=index // WORKSPACES_PER_ACCOUNT * 53 % 700)
    number = index // WORKSPACES_PER_ACCOUNT
    account = az.resource_id(subscription, group, "Microsoft.Storage/storageAccounts", f"stfleet{number:05d}")
    vault = az.resource_id(subscription, group, "Microsoft.KeyVault/vaults", f"kvfleet{number:05d}")
    if index % WORKSPACES_PER_GROUP == 0:
        yield az.resource_group(subscription, group, region)
    if index % WORKSPACES_PER_ACCOUNT == 0:
        yield az.storage_account(account, region, created=created, key1=keys, key2=keys)
        yield az.key_vault(vault, region, created=created)
    workspace = az.resource_id(subscription, group, ml.ML, f"ml-{index:05d}")
    identity_based = index % 7 == 3
    mode = {"systemDatastoresAuthMode": "identity" if identity_based else "accesskey"}
    yield ml.workspace(
        workspace,
        region,
        created=created,
        storage=account,
        vault=vault,
        insights=None,
        registry=None,
        properties=mode,
        holds="key2" if number % 3 == 1 else "key1",
    )
    if index % 10 == 0:
        yield from ml.system_datastores(workspace, account, created=created, identity_based=identity_based)
        yield ml.online_endpoint(workspace, f"ep-{index:05d}", region, created=created)

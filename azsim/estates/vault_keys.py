"""Versions of Key Vault keys for an estate, and the workspaces that are encrypted with them."""

from __future__ import annotations

from datetime import datetime, timedelta

from azsim.clock import iso7, unix
from azsim.estates import shapes as az
from azsim.estates.book import CRYPTO_SERVICE_USER, Book
from azsim.estates.shapes import Json

COSMOS_APP = "a232010e-820c-4083-83bb-3ace5fc29d0b"
"""The Azure Cosmos DB first-party application, which wraps keys for workspaces of the classic architecture."""
COSMOS_PRINCIPAL = az.stable_guid("principal", COSMOS_APP)
_OPS = ["encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey"]


def version_name(vault: str, key: str, number: int) -> str:
    """The 32 hexadecimal digits that name version `number` of a key."""
    return az.stable_guid("key", vault, key, str(number)).replace("-", "")


def key_version(
    vault: str,
    key: str,
    number: int,
    created: datetime,
    *,
    expires: datetime | None = None,
    enabled: bool = True,
    size: int = 3072,
) -> Json:
    """One version, with the dates of Key Vault as Unix seconds."""
    attributes: Json = {"enabled": enabled, "created": unix(created), "updated": unix(created)}
    if expires is not None:
        attributes["exp"] = unix(expires)
    attributes |= {"recoveryLevel": "Recoverable", "recoverableDays": 90, "exportable": False}
    return {
        "version": version_name(vault, key, number),
        "kty": "RSA",
        "keySize": size,
        "keyOps": _OPS,
        "attributes": attributes,
        "tags": {},
    }


def vault_key(vault: str, name: str, versions: list[Json], rotation_policy: Json | None = None) -> Json:
    """One entry of an estate's `keys`: the vault's and the key's name, every version, the rotation policy."""
    return {"vault": vault, "name": name, "versions": versions, "rotationPolicy": rotation_policy}


def rotate_yearly(created: datetime) -> Json:
    """A rotation policy that makes a new version every year, each valid for two."""
    return {
        "lifetimeActions": [{"trigger": {"timeAfterCreate": "P1Y"}, "action": {"type": "rotate"}}],
        "attributes": {"expiryTime": "P2Y", "created": unix(created), "updated": unix(created)},
    }


def cmk_vault(book: Book, subscription: str, group: str, region: str, name: str, *, purge: bool = True) -> str:
    """Add a vault fit for customer-managed keys (roles, purge protection unless `purge` is False); gives its id."""
    properties: Json = {"enableRbacAuthorization": True}
    if purge:
        properties["enablePurgeProtection"] = True
    vault = az.resource_id(subscription, group, "Microsoft.KeyVault/vaults", name)
    book.put(az.key_vault(vault, region, created=book.ago(1500), properties=properties))
    book.grant(vault, CRYPTO_SERVICE_USER, COSMOS_PRINCIPAL, created=book.ago(1500))
    return vault


def encrypt(
    book: Book,
    workspace: str,
    vault: str,
    key: str,
    pinned: int,
    *,
    reader: str | None = None,
    service_side: bool = False,
) -> None:
    """Encrypt a workspace with version `pinned` of a key; `reader` is a user-assigned identity that reads the key.

    Without `service_side` it is the classic architecture: a Cosmos DB account in a managed resource group.
    """
    vault_name = az.last_name(vault)
    uri = f"https://{vault_name}.vault.azure.net/keys/{key}"
    item = book.find(workspace)
    properties: Json = item["properties"]
    properties["encryption"] = {
        "status": "Enabled",
        "keyVaultProperties": {
            "keyVaultArmId": vault,
            "keyIdentifier": f"{uri}/{version_name(vault_name, key, pinned)}",
            "identityClientId": "",
        },
    }
    if reader is not None:
        properties["encryption"]["identity"] = {"userAssignedIdentity": reader}
        book.grant(vault, CRYPTO_SERVICE_USER, az.stable_guid("principal", reader), created=book.ago(700))
    properties["enableServiceSideCMKEncryption"] = service_side
    if service_side:
        return
    name = item["name"]
    managed = f"azureml-rg-{name}_{properties['workspaceId']}"
    properties["serviceProvisionedResourceGroup"] = managed
    subscription = az.subscription_of(workspace)
    book.group(subscription, managed, item["location"])
    account = az.resource_id(subscription, managed, "Microsoft.DocumentDB/databaseAccounts", f"cosmos-{name}")
    uri_version = f"{uri}/{version_name(vault_name, key, pinned)}"
    book.put(az.cosmos_account(account, item["location"], key_uri=uri, key_version=uri_version))


def encrypt_storage(book: Book, account: str, vault: str, key: str, pinned: int, rotated: datetime) -> None:
    """Encrypt a storage account with a key, without a pinned version: Storage looks for a newer one every day."""
    name = az.last_name(vault)
    uri = f"https://{name}.vault.azure.net"
    encryption: Json = book.find(account)["properties"]["encryption"]
    encryption["keySource"] = "Microsoft.Keyvault"
    encryption["keyvaultproperties"] = {
        "currentVersionedKeyIdentifier": f"{uri}/keys/{key}/{version_name(name, key, pinned)}",
        "lastKeyRotationTimestamp": iso7(rotated),
        "currentVersionedKeyExpirationTimestamp": "1970-01-01T00:00:00.0000000Z",
        "keyvaulturi": f"{uri}/",
        "keyname": key,
    }


def company_keys(book: Book, prod: dict[str, str], test: dict[str, str]) -> None:
    """The encrypted workspaces of contoso: one behind by two versions, one expiring, one on a disabled version."""
    year = timedelta(days=365)
    fraud = cmk_vault(book, az.subscription_of(prod["fraud-scoring"]), "rg-fraud", "westeurope", "kvfraudcmk01")
    ages = (1460, 1095, 730, 365, 11)
    versions = [key_version("kvfraudcmk01", "aml-fraud", n, book.ago(age)) for n, age in enumerate(ages, start=1)]
    book.keys.append(vault_key("kvfraudcmk01", "aml-fraud", versions, rotate_yearly(book.ago(1460))))
    encrypt(book, prod["fraud-scoring"], fraud, "aml-fraud", 3)
    encrypt_storage(book, prod["stfraud01"], fraud, "aml-fraud", 5, book.ago(10))

    risk = cmk_vault(book, az.subscription_of(prod["credit-risk"]), "rg-risk", "uksouth", "kvriskcmk01")
    expiring = [
        key_version("kvriskcmk01", "aml-risk", 1, book.ago(1074), expires=book.ago(344)),
        key_version("kvriskcmk01", "aml-risk", 2, book.ago(709), expires=book.ago(-21)),
    ]
    book.keys.append(vault_key("kvriskcmk01", "aml-risk", expiring))
    identity = next(iter(book.find(prod["credit-risk"])["identity"]["userAssignedIdentities"]))
    encrypt(book, prod["credit-risk"], risk, "aml-risk", 2, reader=identity)

    other = cmk_vault(
        book,
        az.subscription_of(test["credit-risk-test"]),
        "rg-risk-test",
        "uksouth",
        "kvrisktest01",
        purge=False,
    )
    broken = [
        key_version("kvrisktest01", "aml-test", 1, book.ago(500), enabled=False, size=2048),
        key_version("kvrisktest01", "aml-test", 2, book.ago(30), expires=book.ago(30) + 2 * year),
    ]
    book.keys.append(vault_key("kvrisktest01", "aml-test", broken))
    encrypt(book, test["credit-risk-test"], other, "aml-test", 1)

    genai = cmk_vault(book, az.subscription_of(test["hub-test"]), "rg-hub-test", "swedencentral", "kvhubcmk01")
    book.keys.append(
        vault_key("kvhubcmk01", "aml-hub", [key_version("kvhubcmk01", "aml-hub", 1, book.ago(54), size=4096)])
    )
    encrypt(book, test["hub-test"], genai, "aml-hub", 1, service_side=True)

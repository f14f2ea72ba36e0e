"""The directory of contoso: support apps and their look-alikes, other principals, and who may do what."""

from __future__ import annotations

from azsim.estates import shapes as az
from azsim.estates.book import (
    BLOB_CONTRIBUTOR,
    CONTRIBUTOR,
    OWNER,
    READER,
    USER_ACCESS_ADMINISTRATOR,
    Book,
    service_principal,
)
from azsim.estates.company import LAB, PROD, TEST
from azsim.estates.shapes import Json
from azsim.estates.vault_keys import COSMOS_APP, COSMOS_PRINCIPAL

MICROSOFT_TENANTS = ("72f988bf-86f1-41af-91ab-2d7cd011db47", "f8cdef31-a31e-4b4a-93e4-5f571e91255a")
"""Microsoft's corporate directory and Microsoft Services: owners of genuine Microsoft applications."""
STRANGER_TENANT = "7d0c4f5a-0b1f-4c8e-8b52-0a4a86f1c777"

ADA: Json = {
    "objectId": az.stable_guid("user", "ada@contoso.example"),
    "userPrincipalName": "ada@contoso.example",
    "displayName": "Ada Lovelace",
}
USERS: list[Json] = [
    {"id": az.stable_guid("user", upn), "userPrincipalName": upn, "displayName": name}
    for upn, name in (("grace@contoso.example", "Grace Hopper"), ("linus@contoso.example", "Linus Pauling"))
]


CRYPTO_USER = "12338af0-0e69-4776-bea7-57ae8d297424"


def operator_grants(book: Book, sandbox_group: str) -> None:
    """The operator owns production and test, reads the lab, owns one group of it, and may look into one key vault."""
    since = book.ago(900)
    vault = az.resource_id(PROD, "rg-fraud", "Microsoft.KeyVault/vaults", "kvfraudcmk01")
    book.grant(vault, CRYPTO_USER, ADA["objectId"], created=since, kind="User")
    for scope, role in (
        (f"/subscriptions/{PROD}", OWNER),
        (f"/subscriptions/{TEST}", OWNER),
        (f"/subscriptions/{LAB}", READER),
        (sandbox_group, OWNER),
    ):
        book.grant(scope, role, ADA["objectId"], created=since, kind="User")
    book.grant(f"/subscriptions/{LAB}", OWNER, USERS[0]["id"], created=since, kind="User")
    scientists = _group(book, "ml-scientists", [user["id"] for user in USERS])
    book.grant(f"/subscriptions/{PROD}", READER, scientists, created=book.ago(800), kind="Group")


def broken_identities(book: Book, test: dict[str, str]) -> None:
    """Grants that look right and are not: of a deleted principal, of a workspace's former self, through a group."""
    deleted = az.stable_guid("deleted principal", "classifier-test")
    for scope, role in ((test["stmltest01"], BLOB_CONTRIBUTOR), (test["group-granted"], CONTRIBUTOR)):
        book.grant(scope, role, deleted, created=book.ago(720))
    former = az.stable_guid("former principal", "reborn")
    group = test["reborn"].split("/providers/")[0]
    for scope, role in ((group, CONTRIBUTOR), (test["streborn01"], BLOB_CONTRIBUTOR)):
        book.grant(scope, role, former, created=book.ago(600))
    readers = _group(book, "ml-storage-readers", [az.stable_guid("principal", test["group-granted"])])
    book.grant(test["stgroups01"], BLOB_CONTRIBUTOR, readers, created=book.ago(399), kind="Group")


def _group(book: Book, name: str, members: list[str]) -> str:
    """Add a security group; gives its object id."""
    group = {"id": az.stable_guid("group", name), "displayName": name, "members": members}
    book.groups.append(group)
    return az.stable_guid("group", name)


def first_party(book: Book) -> None:
    """Microsoft's own applications, which must not be mistaken for support apps."""
    apps = (
        ("Azure Machine Learning", "0736f41a-0425-4b46-bdb5-1563eff02385"),
        ("Azure Machine Learning Services", "acf13426-7a5f-47ed-bfa0-680d65b48fe8"),
        ("Azure Cosmos DB", COSMOS_APP),
        ("Azure Key Vault", "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"),
    )
    for name, app in apps:
        principal = COSMOS_PRINCIPAL if app == COSMOS_APP else az.stable_guid("principal", app)
        book.principals.append(
            service_principal(name, object_id=principal, app_id=app, owner=MICROSOFT_TENANTS[1], created=book.ago(2500))
        )
    aml = az.stable_guid("principal", apps[0][1])
    book.grant(f"/subscriptions/{PROD}", CONTRIBUTOR, aml, created=book.ago(1480))


def support_apps(book: Book) -> None:
    """Genuine support apps in production and the lab, look-alikes, and customers' own `aml-` applications."""
    prefix = "Microsoft-AzureML-Support-App-"
    genuine = (
        (f"{prefix}{az.stable_guid('support', 'prod-1')}", MICROSOFT_TENANTS[0], PROD, True),
        (f"{prefix}{az.stable_guid('support', 'prod-2')}", MICROSOFT_TENANTS[0], PROD, True),
        (f"{prefix}{az.stable_guid('support', 'test-1')}", MICROSOFT_TENANTS[0], TEST, False),
        (f"aml-{az.stable_guid('support', 'lab-1')}", MICROSOFT_TENANTS[1], LAB, True),
    )
    for name, owner, subscription, enabled in genuine:
        _app(book, name, owner, subscription, CONTRIBUTOR, age=2200, enabled=enabled)
    _app(book, f"{prefix}eastus-ops", STRANGER_TENANT, PROD, OWNER, age=45)
    _app(book, "Micr\u043esoft-AzureML-Support-App-westeurope", STRANGER_TENANT, TEST, CONTRIBUTOR, age=20)
    _app(book, "aml-data-exporter", az.TENANT_ID, PROD, CONTRIBUTOR, age=700, secrets=((12, -353),))
    _app(book, "aml-old-pipeline", az.TENANT_ID, TEST, CONTRIBUTOR, age=1900, secrets=((1100, 370), (735, 5)))
    _app(book, "AML-Reporting", az.TENANT_ID, LAB, USER_ACCESS_ADMINISTRATOR, age=400, secrets=((340, -25),))
    violation = "DisabledDueToViolationOfServicesAgreement"
    _app(book, "aml-batch-runner", STRANGER_TENANT, TEST, READER, age=150, disabled=violation)
    _app(book, f"aml-{az.stable_guid('support', 'unassigned')}", MICROSOFT_TENANTS[1], None, CONTRIBUTOR, age=2300)


def _app(
    book: Book,
    name: str,
    owner: str,
    subscription: str | None,
    role: str,
    *,
    age: float,
    enabled: bool = True,
    secrets: tuple[tuple[float, float], ...] = (),
    disabled: str | None = None,
) -> None:
    """An application's principal with one grant; `secrets` are (start, end) in days ago, negative for the future."""
    principal = az.stable_guid("principal", "app", name)
    passwords = [
        az.password_credential(f"{name}-{index}", start=book.ago(start), end=book.ago(end))
        for index, (start, end) in enumerate(secrets, start=1)
    ]
    book.principals.append(
        service_principal(
            name,
            object_id=principal,
            owner=owner,
            created=book.ago(age),
            enabled=enabled,
            passwords=passwords,
            disabled_status=disabled,
        )
    )
    if subscription is not None:
        book.grant(f"/subscriptions/{subscription}", role, principal, created=book.ago(age))

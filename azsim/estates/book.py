"""Collects an estate: one call adds a workspace with everything Azure would have made around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from azsim.clock import iso_seconds
from azsim.estates import ml_shapes as ml
from azsim.estates import shapes as az
from azsim.estates.shapes import Json
from azsim.roles import BUILT_IN

_GUIDS = {role.name: role.guid for role in BUILT_IN}
CONTRIBUTOR = _GUIDS["Contributor"]
OWNER = _GUIDS["Owner"]
READER = _GUIDS["Reader"]
USER_ACCESS_ADMINISTRATOR = _GUIDS["User Access Administrator"]
AI_ADMINISTRATOR = _GUIDS["Azure AI Administrator"]
BLOB_CONTRIBUTOR = _GUIDS["Storage Blob Data Contributor"]
VAULT_ADMINISTRATOR = _GUIDS["Key Vault Administrator"]
CRYPTO_SERVICE_USER = _GUIDS["Key Vault Crypto Service Encryption User"]

AI_ADMINISTRATOR_SINCE = datetime(2024, 11, 19, tzinfo=UTC)
"""Workspaces made from this day on get Azure AI Administrator on their group, not Contributor (how-to-assign-roles)."""

ALL_KEYS = [
    "get",
    "list",
    "update",
    "create",
    "import",
    "delete",
    "recover",
    "backup",
    "restore",
    "wrapKey",
    "unwrapKey",
]
ALL_SECRETS = ["get", "list", "set", "delete", "recover", "backup", "restore"]
ALL_CERTIFICATES = ["get", "list", "update", "create", "import", "delete", "recover", "backup", "restore"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceSpec:
    """One row of a company's list of workspaces; ages of keys are days before the start, None means unknown."""

    name: str
    group: str
    region: str
    created: datetime
    account: str
    key_ages: tuple[float | None, float | None] = (60.0, 60.0)
    holds: str = "key1"
    kind: str = "Default"
    identity_based: bool = False
    system_identity: bool = True
    user_identities: tuple[str, ...] = ()
    hub: str | None = None
    vault_roles: bool = False
    without: tuple[str, ...] = ()
    """Grants that are missing: group, workspace, storage, vault, registry."""
    condition: str | None = None
    """An ABAC condition on the blob role."""
    properties: Json = field(default_factory=dict)
    account_properties: Json = field(default_factory=dict)
    vault_properties: Json = field(default_factory=dict)
    spelling: str = "standard"
    """How linked ids are written: standard (Microsoft.Keyvault), hub (Microsoft.KeyVault) or portal (lower case)."""


class Book:
    """The estate under construction; `document()` gives it as one JSON document."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.resources: list[Json] = []
        self.assignments: list[Json] = []
        self.principals: list[Json] = []
        self.keys: list[Json] = []
        self.activity: list[Json] = []
        self.metrics: list[Json] = []
        self.clients: list[Json] = []
        self.groups: list[Json] = []
        self.secrets: list[Json] = []
        self._by_id: dict[str, Json] = {}

    def ago(self, days: float = 0.0, hours: float = 0.0) -> datetime:
        """The moment this long before the estate's start."""
        return self.now - timedelta(days=days, hours=hours)

    def put(self, *resources: Json) -> str:
        """Add resources once each (by id) with their groups; gives the last one's id."""
        for resource in resources:
            key = resource["id"].casefold()
            if key not in self._by_id:
                self._by_id[key] = resource
                self.resources.append(resource)
        return str(resources[-1]["id"])

    def find(self, resource: str) -> Json:
        """The resource with this id, to be changed in place."""
        return self._by_id[resource.casefold()]

    def group(self, subscription: str, name: str, region: str) -> str:
        """The id of a resource group, added when it is new."""
        return self.put(az.resource_group(subscription, name, region))

    def grant(
        self,
        scope: str,
        role: str,
        principal: str,
        *,
        created: datetime,
        kind: str = "ServicePrincipal",
        condition: str | None = None,
    ) -> None:
        """Add a role assignment of `principal` (User, Group or ServicePrincipal) at `scope`."""
        self.assignments.append(
            az.role_assignment(scope, role, principal, created=created, principal_type=kind, condition=condition)
        )

    def account(self, subscription: str, spec: WorkspaceSpec) -> str:
        """The id of the workspace's storage account, added when it is new."""
        name = az.resource_id(subscription, spec.group, "Microsoft.Storage/storageAccounts", spec.account)
        existing = next((str(item["id"]) for item in self.resources if item["name"] == spec.account), None)
        if existing is not None:
            return existing
        key1, key2 = (None if age is None else self.ago(age) for age in spec.key_ages)
        created = min(moment for moment in (spec.created, key1, key2) if moment is not None)
        body = az.storage_account(
            name, spec.region, created=created, key1=key1, key2=key2, properties=spec.account_properties
        )
        return self.put(body)

    def workspace(self, subscription: str, spec: WorkspaceSpec) -> str:
        """Add a workspace with account, vault, insights, registry, system datastores, grants and its principal."""
        created = min(spec.created, self.ago(1))
        self.group(subscription, spec.group, spec.region)
        storage = self.account(subscription, spec)
        links = self._links(subscription, spec, created)
        workspace = az.resource_id(subscription, spec.group, ml.ML, spec.name)
        uais = [
            self.put(az.user_identity(az.resource_id(subscription, spec.group, _UAI, name), spec.region))
            for name in spec.user_identities
        ]
        block = ml.identity(workspace, uais, system=spec.system_identity)
        extra = dict(spec.properties)
        if spec.identity_based:
            extra["systemDatastoresAuthMode"] = "identity"
        if uais and not spec.system_identity:
            extra["primaryUserAssignedIdentity"] = uais[0].replace("/resourceGroups/", "/resourcegroups/")
        if spec.hub is not None:
            extra["hubResourceId"] = spec.hub
        self.put(
            ml.workspace(
                workspace,
                spec.region,
                created=created,
                storage=_spell(storage, spec.spelling),
                vault=_spell(links["vault"], spec.spelling),
                insights=links["insights"] and _spell(links["insights"], spec.spelling),
                registry=links["registry"] and _spell(links["registry"], spec.spelling),
                kind=spec.kind,
                identity_block=block,
                properties=extra,
                holds=spec.holds,
            )
        )
        stores = ml.system_datastores(
            workspace, storage, created=created, identity_based=spec.identity_based, holds=spec.holds
        )
        self.put(*stores)
        self._grants(workspace, spec, created, [storage, links["vault"], links["registry"]], uais)
        return workspace

    def _links(self, subscription: str, spec: WorkspaceSpec, created: datetime) -> dict[str, str]:
        """Vault, insights and registry ids; a project uses its hub's, and neither hubs nor projects need insights."""
        if spec.hub is not None:
            hub = self.find(spec.hub)["properties"]
            return {"vault": hub["keyVault"], "insights": "", "registry": hub.get("containerRegistry", "")}
        stem = spec.name.replace("-", "")[:17]
        suffix = az.stable_guid(subscription, spec.group, spec.name)[:4]
        vault = az.resource_id(subscription, spec.group, "Microsoft.KeyVault/vaults", f"kv{stem}{suffix}")
        properties: Json = {"enableRbacAuthorization": spec.vault_roles}
        self.put(az.key_vault(vault, spec.region, created=created, properties=properties | spec.vault_properties))
        registry = az.resource_id(
            subscription, spec.group, "Microsoft.ContainerRegistry/registries", f"cr{stem}{suffix}"
        )
        self.put(az.container_registry(registry, spec.region, created=created))
        if spec.kind == "Hub":
            return {"vault": vault, "insights": "", "registry": registry}
        insights = az.resource_id(subscription, spec.group, "microsoft.insights/components", f"ai{stem}{suffix}")
        self.put(az.app_insights(insights, spec.region, created=created))
        return {"vault": vault, "insights": insights, "registry": registry}

    def _grants(
        self, workspace: str, spec: WorkspaceSpec, created: datetime, linked: list[str], uais: Iterable[str]
    ) -> None:
        storage, vault, registry = linked
        principals = [az.stable_guid("principal", uai) for uai in uais]
        if spec.system_identity:
            principals.insert(0, az.stable_guid("principal", workspace))
            self.principals.append(managed_identity(workspace, created))
        group = workspace.split("/providers/")[0]
        era_role = CONTRIBUTOR if created < AI_ADMINISTRATOR_SINCE else AI_ADMINISTRATOR
        for principal in principals:
            wanted = [
                ("group", group, era_role),
                ("workspace", workspace, CONTRIBUTOR),
                ("storage", storage, BLOB_CONTRIBUTOR),
                ("registry", registry, CONTRIBUTOR),
            ]
            if spec.vault_roles:
                wanted.append(("vault", vault, VAULT_ADMINISTRATOR))
            elif "vault" not in spec.without:
                self._policy(vault, principal)
            for name, scope, role in wanted:
                if name not in spec.without and scope:
                    condition = spec.condition if name == "storage" else None
                    self.grant(scope, role, principal, created=created, condition=condition)

    def _policy(self, vault: str, principal: str) -> None:
        policies = self.find(vault)["properties"]["accessPolicies"]
        if all(entry["objectId"] != principal for entry in policies):
            policies.append(
                az.access_policy(principal, keys=ALL_KEYS, secrets=ALL_SECRETS, certificates=ALL_CERTIFICATES)
            )


_UAI = "Microsoft.ManagedIdentity/userAssignedIdentities"


def managed_identity(resource: str, created: datetime) -> Json:
    """The service principal of a system-assigned identity: named like its resource, of type ManagedIdentity."""
    return service_principal(
        az.last_name(resource),
        object_id=az.stable_guid("principal", resource),
        kind="ManagedIdentity",
        owner=None,
        created=created,
        alternative_names=["isExplicit=False", resource.replace("/resourceGroups/", "/resourcegroups/")],
    )


_UNSET = (
    *("deletedDateTime", "appDescription", "applicationTemplateId", "description", "homepage", "loginUrl", "logoutUrl"),
    *("notes", "preferredSingleSignOnMode", "preferredTokenSigningKeyThumbprint", "tokenEncryptionKeyId"),
    "samlSingleSignOnSettings",
)
_EMPTY = (
    *("notificationEmailAddresses", "replyUrls", "tags", "addIns", "appRoles", "oauth2PermissionScopes"),
    "resourceSpecificApplicationPermissions",
)
_INFO = ("logoUrl", "marketingUrl", "privacyStatementUrl", "supportUrl", "termsOfServiceUrl")


def _certificate(app_id: str, created: datetime) -> Json:
    """The credential of a managed identity, which the platform renews by itself."""
    return {
        "customKeyIdentifier": az.stable_guid("thumbprint", app_id).replace("-", "").upper() + "00000000",
        "displayName": f"CN={app_id}, DC={az.TENANT_ID}",
        "endDateTime": iso_seconds(created + timedelta(days=90)),
        "key": None,
        "keyId": az.stable_guid("certificate", app_id),
        "startDateTime": iso_seconds(created),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def service_principal(
    name: str,
    *,
    object_id: str,
    created: datetime,
    kind: str = "Application",
    owner: str | None = az.TENANT_ID,
    app_id: str | None = None,
    alternative_names: list[str] | None = None,
    enabled: bool = True,
    passwords: list[Json] | None = None,
    disabled_status: str | None = None,
) -> Json:
    """A service principal as Graph v1.0 lists it; `owner` is the tenant in which its application is registered."""
    app, is_app = app_id or az.stable_guid("app", object_id), kind == "Application"
    return {
        **dict.fromkeys(_UNSET),
        **{field: [] for field in _EMPTY},
        "id": object_id,
        "accountEnabled": enabled,
        "alternativeNames": alternative_names or [],
        "appDisplayName": name if is_app else None,
        "appId": app,
        "appOwnerOrganizationId": owner,
        "appRoleAssignmentRequired": False,
        "createdDateTime": iso_seconds(created),
        "disabledByMicrosoftStatus": disabled_status,
        "displayName": name,
        "servicePrincipalNames": [app] if is_app else [app, f"https://identity.azure.net/{app}"],
        "servicePrincipalType": kind,
        "signInAudience": "AzureADMyOrg" if is_app else None,
        "info": dict.fromkeys(_INFO) if is_app else None,
        "keyCredentials": [] if is_app else [_certificate(app, created)],
        "passwordCredentials": passwords or [],
        "verifiedPublisher": {"displayName": None, "verifiedPublisherId": None, "addedDateTime": None},
    }


def _spell(resource: str, spelling: str) -> str:
    """A linked id as the service writes it: quirks of the provider segment, all-lower for portal-made workspaces."""
    if spelling == "portal":
        head, _, tail = resource.partition("/providers/")
        provider, kind, name = tail.split("/")
        return (
            f"{head.replace('/resourceGroups/', '/resourcegroups/')}/providers/{provider.lower()}/{kind.lower()}/{name}"
        )
    if spelling == "standard":
        resource = resource.replace("Microsoft.KeyVault/", "Microsoft.Keyvault/")
    return resource.replace("microsoft.insights/", "Microsoft.insights/")

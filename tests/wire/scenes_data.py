"""Scenes for Storage, Key Vault, Graph, Resource Graph and Monitor."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from azsim.clock import unix
from azsim.estates import shapes as az
from azsim.estates.book import managed_identity, service_principal
from azsim.estates.directory import ADA
from azsim.estates.signals import rate
from azsim.wire import Response
from tests.wire.stage import Json, Stage

ARM = "https://management.azure.com"
CRYPTO_OFFICER = "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"


def plain(stage: Stage) -> Response:
    """An empty subscription."""
    return stage.replay()


def in_group(stage: Stage) -> Response:
    """The group of the path, without the resource."""
    stage.add_group()
    return stage.replay()


def account(stage: Stage) -> Response:
    """The account of the path."""
    stage.account(stage.part[7])
    return stage.replay()


def accounts(stage: Stage) -> Response:
    """Two accounts of a subscription."""
    stage.account("stone")
    stage.resources[-1]["identity"] = {"type": "None"}
    stage.account("sttwo")
    return stage.replay()


def encrypted_account(stage: Stage) -> Response:
    """An account with an identity, to be encrypted with a key of a vault."""
    stage.account(stage.part[7])
    item, recorded = stage.resources[-1], stage.recording.body
    item["identity"] = {"principalId": az.stable_guid("sa"), "tenantId": stage.tenant, "type": "SystemAssigned"}
    item["kind"] = "Storage"
    item["properties"] = {key: item["properties"][key] for key in recorded["properties"] if key in item["properties"]}
    places = item["properties"]["primaryEndpoints"]
    item["properties"]["primaryEndpoints"] = {key: places[key] for key in recorded["properties"]["primaryEndpoints"]}
    return stage.replay()


def _subscriptions(stage: Stage) -> None:
    asked = stage.recording.request_body["subscriptions"]
    stage.extra["subscriptions"] = [{"subscriptionId": item, "displayName": "Recorded"} for item in asked]


def invalid_query(stage: Stage) -> Response:
    """A query that is none."""
    _subscriptions(stage)
    return stage.replay()


def any_resources(stage: Stage) -> Response:
    """Resources of two types that only lists know, one without tags."""
    _subscriptions(stage)
    sub = stage.recording.request_body["subscriptions"][0]
    for index in range(6):
        kind = "Microsoft.Migrate/moveCollections" if index % 2 == 0 else "Microsoft.Network/networkInterfaces"
        kind = "Microsoft.Insights/metricalerts" if "skip" in stage.recording.name else kind
        name = az.resource_id(sub, "move_resource_name", kind, f"thing{index}")
        properties: Json = {"provisioningState": "Succeeded", "targetRegion": "eastus", "sourceRegion": "eastus2"}
        stage.add(
            {
                "id": name,
                "name": f"thing{index}",
                "type": kind,
                "location": "eastus",
                "properties": properties | {"errors": None},
            }
            | ({"tags": {}} if index % 2 == 0 else {})
        )
    return stage.replay()


def virtual_clusters(stage: Stage) -> Response:
    """Two resources of the type that is asked for."""
    _subscriptions(stage)
    sub = stage.recording.request_body["subscriptions"][0]
    for name in ("ameaccountvc", "amevc126"):
        place = az.resource_id(sub, "SingularityRG", "Microsoft.MachineLearningServices/virtualclusters", name)
        stage.add({"id": place, "name": name, "type": place.split("/", 6)[6].rsplit("/", 1)[0], "location": "eastus"})
        stage.resources[-1] |= {"tags": {"a": "b"}, "properties": {}}
    return stage.replay()


def activity(stage: Stage) -> Response:
    """A role assignment made in the recorded span, seen some minutes later."""
    if "error" in stage.recording.name or "empty" in stage.recording.name:
        return stage.replay()
    stage.start -= timedelta(minutes=4)
    principal = az.stable_guid("someone")
    stage.extra["servicePrincipals"] = [{"id": principal, "displayName": "someone"}]
    scope = f"/subscriptions/{stage.subscription}/resourceGroups/img"
    stage.add(az.resource_group(stage.subscription, "img", "eastus"))
    role = f"/subscriptions/{stage.subscription}/providers/Microsoft.Authorization/roleDefinitions/{CRYPTO_OFFICER}"
    body = {"properties": {"roleDefinitionId": role, "principalId": principal, "principalType": "ServicePrincipal"}}
    name = f"{scope}/providers/Microsoft.Authorization/roleAssignments/{az.stable_guid('grant')}"
    stage.ask("PUT", f"{ARM}{name}?api-version=2022-04-01", body)
    stage.cloud().shift(timedelta(minutes=4))
    answer = stage.replay()
    events = [event for event in answer.json()["value"] if event["eventName"]["value"] == "EndRequest"]
    return Response(answer.status, answer.headers, _encoded({"value": events}))


def metrics(stage: Stage) -> Response:
    """An account with traffic, asked in the recorded span; without traffic where the recording has none."""
    name = stage.account("stmetrics")
    if "empty" in stage.recording.name:
        return stage.replay(f"{name}/providers/Microsoft.Insights/metrics")
    stage.extra["metrics"] = [rate(name, "Transactions", 60.0, dimensions={"Authentication": "AccountKey"})]
    path = f"{name}/providers/microsoft.insights/metrics"
    return stage.ask("GET", stage.recording.url(path).replace("Percentage%20CPU", "Transactions"))


def _encoded(value: Any) -> bytes:
    import msgspec

    return msgspec.json.encode(value)


def _vault(stage: Stage, *, policies: list[Json] | None = None, **properties: Any) -> str:
    """The vault of the recorded host, in the role model unless policies are given."""
    name = stage.recording.host.partition(".")[0]
    model: Json = {"enableRbacAuthorization": policies is None, "accessPolicies": policies or []}
    vault = az.resource_id(stage.subscription, "rg", "Microsoft.KeyVault/vaults", name)
    shape = az.key_vault(vault, "eastus", created=stage.ago(30), properties=model | properties)
    if policies is None:
        role = az.role_assignment(vault, CRYPTO_OFFICER, ADA["objectId"], created=stage.ago(30), principal_type="User")
        stage.roles.append(role)
    return stage.add(shape)


def _version(stage: Stage, number: int, **facts: Any) -> Json:
    attributes: Json = {
        "enabled": number == 1,
        "created": unix(stage.ago(2)) + number,
        "updated": unix(stage.ago(2)) + number,
        "recoveryLevel": "CustomizedRecoverable+Purgeable",
        "recoverableDays": 7,
        "exportable": False,
        "hsmPlatform": "0",
    }
    name = az.stable_guid("version", str(number)).replace("-", "")
    return {"version": name, "kty": "RSA", "keySize": 2048, "attributes": attributes, **facts}


def _key(stage: Stage, name: str, *, versions: int = 1, policy: Json | None = None, tags: bool = False) -> None:
    made = [_version(stage, 1)] + [_version(stage, 2, tags={"test": "foo"}) for _ in range(versions - 1)]
    if tags:
        made[-1]["tags"] = {"test": "foo"}
    entry = {"vault": stage.recording.host.partition(".")[0], "name": name, "versions": made}
    stage.extra.setdefault("keys", []).append(entry | ({"rotationPolicy": policy} if policy else {}))


def challenge(stage: Stage) -> Response:
    """The first request of a client: no token."""
    _vault(stage)
    return stage.replay(token="")


def vault_keys(stage: Stage) -> Response:
    """The key of the path; two versions where versions are listed, two keys where a page is asked for."""
    _vault(stage)
    name = stage.part[1] if len(stage.part) > 1 else "key1-000004"
    versions = 2 if "versions" in stage.recording.name else 1
    tags = any(word in stage.recording.name for word in ("update", "delete"))
    policy = POLICY if "rotat" in stage.recording.name and "put" not in stage.recording.name else None
    _key(stage, name, versions=versions, tags=tags, policy=policy)
    if "maxresults" in stage.recording.query:
        _key(stage, "key2")
    return stage.replay()


POLICY: Json = {
    "lifetimeActions": [
        {"trigger": {"timeAfterCreate": "P15D"}, "action": {"type": "Rotate"}},
        {"trigger": {"timeBeforeExpiry": "P7D"}, "action": {"type": "Notify"}},
    ],
    "attributes": {"expiryTime": "P30D", "created": 1699275446, "updated": 1699275446},
}


def new_key(stage: Stage) -> Response:
    """A vault without the key."""
    _vault(stage, enablePurgeProtection=None, softDeleteRetentionInDays=7)
    return stage.replay()


def forbidden_by_policy(stage: Stage) -> Response:
    """A vault with access policies for others."""
    _vault(stage, policies=[])
    _key(stage, stage.part[1])
    return stage.replay()


def forbidden_by_role(stage: Stage) -> Response:
    """A vault in the role model, and a caller without a data role."""
    _vault(stage)
    stage.roles.pop()
    return stage.ask("GET", stage.recording.url().replace("7.x", "7.4"))


def vault(stage: Stage) -> Response:
    """The vault of a management path, in the recorded permission model."""
    name = stage.id_of("Microsoft.KeyVault/vaults", stage.part[7])
    recorded: Json = stage.recording.body.get("properties", {})
    shared = ("networkAcls", "enabledForDiskEncryption", "enabledForTemplateDeployment", "softDeleteRetentionInDays")
    facts: Json = {key: recorded[key] for key in shared if key in recorded}
    facts["enableRbacAuthorization"] = bool(recorded.get("enableRbacAuthorization"))
    permissions: Json = {"keys": ["all"], "secrets": ["all"], "certificates": ["all"]}
    if "registering" not in stage.recording.name:
        permissions |= {"storage": ["all"]}
    if not facts["enableRbacAuthorization"]:
        owner = az.stable_guid("owner")
        facts["accessPolicies"] = [{"tenantId": az.TENANT_ID, "objectId": owner, "permissions": permissions}]
    facts["provisioningState"] = recorded.get("provisioningState", "Succeeded")
    stage.add(az.key_vault(name, "eastus", created=stage.ago(1), properties=facts))
    item = stage.resources[-1]
    item["properties"] = {key: item["properties"][key] for key in recorded if key in item["properties"]}
    if "registering" in stage.recording.name:
        author = {"createdBy": az.stable_guid("app"), "createdByType": "Application"}
        item["systemData"] |= author | {f"lastModified{key[7:]}": author[key] for key in author}
    return stage.replay()


def add_policy(stage: Stage) -> Response:
    """The vault of the path with an entry for the same object, which the call adds to."""
    name = stage.id_of("Microsoft.KeyVault/vaults", stage.part[7])
    body: Json = stage.recording.request_body
    given = dict(body["properties"]["accessPolicies"][0])
    old = {
        **given,
        "tenantId": az.TENANT_ID,
        "permissions": {"keys": ["decrypt"], "secrets": ["list"], "certificates": ["list"]},
    }
    stage.add(az.key_vault(name, "eastus", created=stage.ago(1), properties={"accessPolicies": [old]}))
    return stage.replay(body={"properties": {"accessPolicies": [{**given, "tenantId": az.TENANT_ID}]}})


def people(stage: Stage) -> Response:
    """The asked user, identity or first-party application in the directory."""
    created = stage.ago(1)
    if "ids" in (stage.recording.request_body or {}):
        asked = stage.recording.request_body["ids"][0]
        stage.extra["users"] = [{"id": asked, "userPrincipalName": "operator@contoso.example", "displayName": "Op"}]
        if "service-principal" in stage.recording.name:
            stage.extra.pop("users")
            identity = managed_identity(stage.id_of("Microsoft.Authorization/policyAssignments", "pa"), created)
            stage.extra["servicePrincipals"] = [{**identity, "id": asked}]
        return stage.replay()
    app = "00000003-0000-0000-c000-000000000000"
    graph = service_principal("Microsoft Graph", object_id=az.stable_guid("g"), app_id=app, created=created)
    stage.extra["servicePrincipals"] = [graph | {"createdDateTime": None}]
    return stage.replay()


def no_directory(stage: Stage) -> Response:
    """A caller whom the directory refuses."""
    stage.extra["behaviour"] = {"graphReads": False}
    return stage.ask("GET", "https://graph.microsoft.com/v1.0/servicePrincipals")


SCENES = {
    "storage/storage-accounts-get-404-resource-group-not-found": plain,
    "storage/storage-accounts-get-404-resource-not-found": in_group,
    "storage/storage-accounts-list-by-subscription": accounts,
    "storage/storage-accounts-list-keys": account,
    "storage/storage-accounts-regenerate-key-key1": account,
    "storage/storage-accounts-regenerate-key-key2": account,
    "storage/storage-accounts-update-cmk-patch": encrypted_account,
    "resourcegraph/error-400-invalid-query": invalid_query,
    "resourcegraph/resources-object-array-2020-04-01-preview": any_resources,
    "resourcegraph/resources-object-array-2021-03-01": virtual_clusters,
    "resourcegraph/resources-skip-token": any_resources,
    "resourcegraph/resources-table-2020-04-01-preview": any_resources,
    "insights/activity-log-error-400": activity,
    "insights/activity-log-list": activity,
    "insights/activity-log-list-empty": activity,
    "insights/metrics-list-empty-timeseries": metrics,
    "insights/metrics-list-with-values": metrics,
    "keyvault-data/error-403-forbidden-by-policy": forbidden_by_policy,
    "keyvault-data/error-403-forbidden-by-rbac": forbidden_by_role,
    "keyvault-data/error-404-key-not-found": new_key,
    "keyvault-data/keys-create-200": new_key,
    "keyvault-data/keys-create-401-challenge": challenge,
    "keyvault-data/keys-create-new-version-200": vault_keys,
    "keyvault-data/keys-get-latest": vault_keys,
    "keyvault-data/keys-list-401-challenge": challenge,
    "keyvault-data/keys-list-nextlink": vault_keys,
    "keyvault-data/keys-list-versions": vault_keys,
    "keyvault-data/keys-rotate-200": vault_keys,
    "keyvault-data/keys-rotation-policy-get": vault_keys,
    "keyvault-data/keys-rotation-policy-put": vault_keys,
    "keyvault-data/keys-update-patch": vault_keys,
    "keyvault-mgmt/vaults-access-policies-add": add_policy,
    "keyvault-mgmt/vaults-get-404": in_group,
    "keyvault-mgmt/vaults-get-access-policy": vault,
    "keyvault-mgmt/vaults-get-rbac": vault,
    "keyvault-mgmt/vaults-get-registering-dns": vault,
    "graph/directory-objects-get-by-ids-service-principal": people,
    "graph/directory-objects-get-by-ids-user": people,
    "graph/error-403-authorization-request-denied": no_directory,
    "graph/service-principals-get-404": people,
    "graph/service-principals-list-by-display-name-empty": people,
    "graph/service-principals-list-first-party": people,
}

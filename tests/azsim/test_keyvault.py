"""Key Vault's two planes: versions, policies, access by both permission models, merged access policies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from azsim.clock import FixedClock, unix
from azsim.cloud import Cloud
from azsim.wire import Request, Response

NOW = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
TENANT = "11111111-1111-1111-1111-111111111111"
ADA = "22222222-2222-2222-2222-222222222222"
SUB = "00000000-0000-0000-0000-000000000001"
GROUP = f"/subscriptions/{SUB}/resourceGroups/rg-keys"
OWNER, CRYPTO = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635", "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
ALL_ON_KEYS = {"keys": ["all"], "secrets": ["get", "set", "list"], "certificates": [], "storage": []}


def vault(name: str, *, rbac: bool, policies: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A vault in one of the two permission models."""
    return {
        "id": f"{GROUP}/providers/Microsoft.KeyVault/vaults/{name}",
        "name": name,
        "type": "Microsoft.KeyVault/vaults",
        "location": "westeurope",
        "properties": {
            "tenantId": TENANT,
            "vaultUri": f"https://{name}.vault.azure.net/",
            "enableRbacAuthorization": rbac,
            "enablePurgeProtection": True,
            "accessPolicies": policies or [],
        },
    }


def version(name: str, days_ago: int, **attributes: Any) -> dict[str, Any]:
    """A version created some days ago."""
    created = unix(NOW - timedelta(days=days_ago))
    return {
        "version": name * 32,
        "keySize": 3072,
        "attributes": {"enabled": True, "created": created, **attributes},
    }


def cloud(*, role: str | None = CRYPTO, policy: list[dict[str, Any]] | None = None) -> Cloud:
    """Two vaults with a key each; the signed-in user owns the group and may hold a data role on it."""
    yearly = {
        "lifetimeActions": [{"trigger": {"timeAfterCreate": "P1Y"}, "action": {"type": "rotate"}}],
        "attributes": {"expiryTime": "P2Y"},
    }
    versions = [version("b", 300), version("a", 20), version("c", 700, enabled=False)]
    roles = [OWNER] + ([role] if role else [])
    estate = {
        "tenant": {"tenantId": TENANT},
        "signedIn": {"objectId": ADA, "userPrincipalName": "ada@contoso.example"},
        "subscriptions": [{"subscriptionId": SUB, "displayName": "keys"}],
        "resources": [vault("kvroles", rbac=True), vault("kvpolicies", rbac=False, policies=policy)],
        "roleAssignments": [
            {
                "scope": GROUP,
                "roleDefinitionId": f"/providers/Microsoft.Authorization/roleDefinitions/{item}",
                "principalId": ADA,
            }
            for item in roles
        ],
        "keys": [
            {"vault": "kvroles", "name": "cmk", "versions": versions, "rotationPolicy": yearly},
            {"vault": "kvpolicies", "name": "other", "versions": [version("d", 10)]},
            {"vault": "kvroles", "name": "gone", "versions": [version("e", 900)], "deleted": True},
        ],
    }
    return Cloud(estate, clock=FixedClock(NOW))


def ask(sim: Cloud, method: str, url: str, body: dict[str, Any] | None = None, *, token: bool = True) -> Response:
    """Send one request as the signed-in user, with the audience that the host wants."""
    audience = "https://vault.azure.net" if ".vault." in url else "https://management.azure.com"
    headers = {"Authorization": f"Bearer {sim.issue_token(audience)}"} if token else {}
    joint = "&" if "?" in url else "?"
    version = "7.5" if ".vault." in url else "2023-07-01"
    content = msgspec.json.encode(body) if body is not None else b""
    return sim.handle(Request(method, f"{url}{joint}api-version={version}", headers, content))


def test_first_request_is_challenged() -> None:
    """Without a token the answer names the authority and the resource, and nothing else happens."""
    answer = ask(cloud(), "GET", "https://kvroles.vault.azure.net/keys/cmk", token=False)
    assert answer.status == 401
    challenge = answer.header("WWW-Authenticate") or ""
    assert f"/{TENANT}" in challenge
    assert 'resource="https://vault.azure.net"' in challenge


def test_latest_and_named_versions() -> None:
    """The newest version answers a nameless request; lists are in the order of names, not of time."""
    sim = cloud()
    latest = ask(sim, "GET", "https://kvroles.vault.azure.net/keys/cmk/").json()
    assert latest["key"]["kid"].endswith("a" * 32)
    assert latest["attributes"]["recoveryLevel"] == "Recoverable"
    listed = ask(sim, "GET", "https://kvroles.vault.azure.net/keys/cmk/versions").json()
    assert [item["kid"][-1] for item in listed["value"]] == ["a", "b", "c"]
    assert listed["nextLink"] is None
    assert ask(sim, "GET", f"https://kvroles.vault.azure.net/keys/cmk/{'f' * 32}").status == 404


def test_pages_name_port_443() -> None:
    """A page that is not the last links to the next one, which ends the list."""
    sim = cloud()
    first = ask(sim, "GET", "https://kvroles.vault.azure.net/keys/cmk/versions?maxresults=2").json()
    assert ":443/keys/cmk/versions?" in first["nextLink"]
    token = f"Bearer {sim.issue_token('https://vault.azure.net')}"
    last = sim.handle(Request("GET", first["nextLink"], {"Authorization": token})).json()
    assert len(first["value"]) == 2
    assert len(last["value"]) == 1
    assert last["nextLink"] is None


@pytest.mark.parametrize(("host", "inner"), [("kvroles", "ForbiddenByRbac"), ("kvpolicies", "ForbiddenByPolicy")])
def test_each_model_refuses_in_its_own_words(host: str, inner: str) -> None:
    """An owner without a data role or a policy is refused, as Azure does, with the caller named."""
    key = "cmk" if host == "kvroles" else "other"
    answer = ask(cloud(role=None), "GET", f"https://{host}.vault.azure.net/keys/{key}")
    assert answer.status == 403
    assert answer.json()["error"]["innererror"]["code"] == inner
    assert ADA in answer.json()["error"]["message"]


def test_access_policies_merge_and_then_let_in() -> None:
    """`add` unites with what an object id has; the data plane follows at once."""
    mine = {"tenantId": TENANT, "objectId": ADA, "permissions": {"keys": ["list"], "secrets": ["get"]}}
    sim = cloud(policy=[mine])
    path = f"https://management.azure.com{GROUP}/providers/Microsoft.KeyVault/vaults/kvpolicies/accessPolicies"
    entry = {"tenantId": TENANT, "objectId": ADA, "permissions": {"keys": ["get"]}}
    added = ask(sim, "PUT", f"{path}/add", {"properties": {"accessPolicies": [entry]}}).json()
    assert added["id"].endswith("/accessPolicies/")
    assert "name" not in added
    assert added["properties"]["accessPolicies"][0]["permissions"] == {
        "keys": ["list", "get"],
        "secrets": ["get"],
    }
    assert ask(sim, "GET", "https://kvpolicies.vault.azure.net/keys/other").status == 200
    left = ask(sim, "PUT", f"{path}/remove", {"properties": {"accessPolicies": [entry]}}).json()
    assert left["properties"]["accessPolicies"][0]["permissions"] == {"keys": ["list"], "secrets": ["get"]}
    assert ask(sim, "GET", "https://kvpolicies.vault.azure.net/keys/other").status == 403
    foreign = {**entry, "tenantId": ADA}
    assert ask(sim, "PUT", f"{path}/add", {"properties": {"accessPolicies": [foreign]}}).status == 400


def test_rotation_by_request_and_by_policy() -> None:
    """Rotating makes the newest version with the policy's expiry; the policy does the same when its time comes."""
    sim = cloud()
    made = ask(sim, "POST", "https://kvroles.vault.azure.net/keys/cmk/rotate").json()
    assert made["attributes"]["exp"] - made["attributes"]["created"] == 730 * 86_400
    sim.shift(timedelta(days=366))
    latest = ask(sim, "GET", "https://kvroles.vault.azure.net/keys/cmk").json()
    assert latest["key"]["kid"] != made["key"]["kid"]


def test_update_changes_only_what_is_named() -> None:
    """Re-enabling a version moves `updated` and leaves its other attributes."""
    sim = cloud()
    url = f"https://kvroles.vault.azure.net/keys/cmk/{'c' * 32}"
    before = ask(sim, "GET", url).json()["attributes"]
    after = ask(sim, "PATCH", url, {"attributes": {"enabled": True}}).json()["attributes"]
    assert not before["enabled"]
    assert after["enabled"]
    assert after["created"] == before["created"]
    assert after["updated"] >= unix(NOW)


def test_deleted_keys_are_only_listed_as_deleted() -> None:
    """A soft-deleted key is gone from the keys, kept under deletedkeys, and its name cannot be used."""
    sim = cloud()
    base = "https://kvroles.vault.azure.net"
    assert ask(sim, "GET", f"{base}/keys/gone").status == 404
    assert ask(sim, "GET", f"{base}/deletedkeys/gone").json()["recoveryId"].endswith("/deletedkeys/gone")
    refused = ask(sim, "POST", f"{base}/keys/gone/create", {"kty": "RSA"})
    assert refused.json()["error"]["innererror"]["code"] == "ObjectIsDeletedButRecoverable"


def test_resource_manager_reads_keys_without_a_data_role() -> None:
    """The management plane tells type, size and dates of every version to anyone who may read the vault."""
    sim = cloud(role=None)
    path = f"https://management.azure.com{GROUP}/providers/Microsoft.KeyVault/vaults/kvroles/keys"
    newest = ask(sim, "GET", f"{path}/cmk").json()["properties"]
    assert newest["keyUriWithVersion"].endswith("a" * 32)
    assert newest["keySize"] == 3072
    assert newest["rotationPolicy"]["attributes"] == {"expiryTime": "P2Y"}
    assert len(ask(sim, "GET", f"{path}/cmk/versions").json()["value"]) == 3
    assert ask(sim, "GET", f"{path}/gone").status == 404


def test_secrets_are_kept_in_versions() -> None:
    """Setting a secret makes a version; lists show attributes and tags, never values."""
    mine = {"tenantId": TENANT, "objectId": ADA, "permissions": ALL_ON_KEYS}
    sim = cloud(policy=[mine])
    url = "https://kvpolicies.vault.azure.net/secrets/scoring"
    ask(sim, "PUT", url, {"value": "one"})
    ask(sim, "PUT", url, {"value": "two", "tags": {"fingerprint": "AB"}, "contentType": "text/plain"})
    assert ask(sim, "GET", url).json()["value"] == "two"
    listed = ask(sim, "GET", f"{url}/versions").json()["value"]
    assert len(listed) == 2
    assert all("value" not in item for item in listed)
    assert listed[1]["tags"] == {"fingerprint": "AB"}

"""Sign-in as MSAL and azure-identity do it, and the cloud's metadata."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import msgspec
import pytest

from azsim.secrets import MARK, client_secret
from azsim.services.signin import audience_of
from azsim.wire import Request, Response
from tests.support.small_cloud import ACCOUNT, ADA, ARM, READER, SUB, TENANT, Small, assignment, code_of

LOGIN = "https://login.microsoftonline.com"
LOCAL = "https://localhost:8443"


def form(small: Small, url: str, **fields: str) -> Response:
    """A token request."""
    headers = {"Content-Type": "application/x-www-form-urlencoded", "client-request-id": "corr-1"}
    return small.cloud.handle(Request("POST", url, headers, urlencode(fields).encode()))


def claims(token: str) -> dict[str, Any]:
    """The readable part of a token."""
    payload = token.split(".")[1]
    return msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def credentials(small: Small, **changes: str) -> dict[str, str]:
    """A right client-credentials request for Resource Manager."""
    app_id = small.cloud.world.directory.client_app_id
    return {
        "grant_type": "client_credentials",
        "client_id": app_id,
        "client_secret": client_secret(small.cloud.seed, app_id),
        "scope": "https://management.azure.com/.default",
        **changes,
    }


def as_error(response: Response) -> tuple[int, str, int]:
    """Status, error word and number of an Entra refusal."""
    body = response.json()
    return response.status, body["error"], body["error_codes"][0]


@pytest.mark.parametrize("tenant", [TENANT, "common", "organizations", "contoso.example"])
def test_openid_configuration(tenant: str) -> None:
    """The endpoints lead back to the host that was asked, in process and on loopback."""
    small = Small()
    path = f"/{tenant}/v2.0/.well-known/openid-configuration"
    public = small.cloud.handle(Request("GET", f"{LOGIN}{path}")).json()
    assert public["token_endpoint"] == f"{LOGIN}/{tenant}/oauth2/v2.0/token"
    local = small.cloud.handle(Request("GET", f"{LOCAL}{path}")).json()
    assert local["device_authorization_endpoint"] == f"{LOCAL}/{tenant}/oauth2/v2.0/devicecode"


def test_an_unknown_tenant_fails_at_discovery() -> None:
    """400 invalid_tenant, in the configuration and at the token endpoint."""
    small = Small()
    answer = small.cloud.handle(Request("GET", f"{LOGIN}/elsewhere/v2.0/.well-known/openid-configuration"))
    assert as_error(answer) == (400, "invalid_tenant", 90002)
    assert answer.json()["trace_id"] == answer.header("x-ms-request-id")
    assert as_error(form(small, f"{LOGIN}/elsewhere/oauth2/v2.0/token")) == (400, "invalid_tenant", 90002)


def test_instance_discovery() -> None:
    """Answered for the public authority."""
    url = f"{LOGIN}/common/discovery/instance?api-version=1.1&authorization_endpoint={LOGIN}/common/oauth2/authorize"
    body = Small().cloud.handle(Request("GET", url)).json()
    assert body["tenant_discovery_endpoint"].endswith("/common/.well-known/openid-configuration")
    assert "login.windows.net" in body["metadata"][0]["aliases"]


@pytest.mark.parametrize("path", [f"/{TENANT}/oauth2/v2.0/token", "/adfs/oauth2/token"])
def test_client_credentials(path: str) -> None:
    """A marked token without delegated extras; it works on Resource Manager and holds what the user holds."""
    small = Small()
    answer = form(small, f"{LOCAL}{path}", **credentials(small))
    assert answer.status == 200
    body = answer.json()
    assert set(body) == {"token_type", "expires_in", "ext_expires_in", "refresh_in", "access_token"}
    assert answer.header("client-request-id") == "corr-1"
    token = body["access_token"]
    assert token.split(".")[2].startswith(MARK)
    said = claims(token)
    assert (said["idtyp"], said["tid"], said["aud"]) == ("app", TENANT, "https://management.azure.com")
    assert said["oid"] != ADA
    headers = {"Authorization": f"Bearer {token}"}
    assert small.cloud.handle(Request("POST", f"{ARM}{ACCOUNT}/listKeys?api-version=2023-05-01", headers)).status == 200
    assert small.cloud.ledger.entries[-1].principal == small.cloud.world.directory.client_app_id


def test_the_client_has_no_more_than_the_user() -> None:
    """A Reader's rehearsal client is a reader, and is named by its own application id."""
    small = Small(assignment(READER, f"/subscriptions/{SUB}"))
    token = form(small, f"{LOGIN}/{TENANT}/oauth2/v2.0/token", **credentials(small)).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    answer = small.cloud.handle(Request("POST", f"{ARM}{ACCOUNT}/listKeys?api-version=2023-05-01", headers))
    assert code_of(answer) == (403, "AuthorizationFailed")
    assert f"The client '{small.cloud.world.directory.client_app_id}'" in answer.json()["error"]["message"]


def test_a_service_principal_of_the_estate_signs_in_as_itself() -> None:
    """Its own roles count, not the user's."""
    app_id, object_id = "33333333-0000-4000-8000-000000000001", "33333333-0000-4000-8000-000000000002"
    principals = [{"id": object_id, "appId": app_id, "displayName": "pipeline"}]
    small = Small(assignment(READER, ACCOUNT, object_id, "ServicePrincipal"), servicePrincipals=principals)
    fields = credentials(small, client_id=app_id, client_secret=client_secret(small.cloud.seed, app_id))
    token = form(small, f"{LOGIN}/{TENANT}/oauth2/v2.0/token", **fields).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    assert small.cloud.handle(Request("GET", f"{ARM}{ACCOUNT}?api-version=2023-05-01", headers)).status == 200
    assert small.get(ACCOUNT).status == 403


def test_a_wrong_secret_is_401_and_anything_else_400() -> None:
    """Entra's envelope, with CRLF lines in the description."""
    small = Small()
    url = f"{LOGIN}/{TENANT}/oauth2/v2.0/token"
    wrong = form(small, url, **credentials(small, client_secret="guess"))
    assert as_error(wrong) == (401, "invalid_client", 7000215)
    body = wrong.json()
    assert "AADSTS7000215: Invalid client secret provided." in body["error_description"]
    assert f"\r\nTrace ID: {body['trace_id']}\r\nCorrelation ID: corr-1\r\nTimestamp: " in body["error_description"]
    assert body["correlation_id"] == "corr-1"
    assert body["timestamp"] == "2026-11-02 14:00:00Z"
    unknown = form(small, url, **credentials(small, client_id="44444444-0000-4000-8000-000000000000"))
    assert as_error(unknown) == (400, "unauthorized_client", 700016)
    assert as_error(form(small, url, grant_type="password")) == (400, "unsupported_grant_type", 70003)


def test_device_code_waits_for_the_user_then_refreshes() -> None:
    """Pending once, then a user's token with everything delegated, then a second audience by refresh token."""
    small = Small()
    code = form(small, f"{LOGIN}/{TENANT}/oauth2/v2.0/devicecode", client_id="cli", scope="x").json()
    assert code["user_code"] in code["message"]
    fields = {
        "grant_type": "urn:ietf:params:oauth:grant-type:device_code",
        "device_code": code["device_code"],
        "client_id": "cli",
        "scope": "https://management.azure.com/.default openid profile offline_access",
    }
    url = f"{LOGIN}/{TENANT}/oauth2/v2.0/token"
    assert as_error(form(small, url, **fields)) == (400, "authorization_pending", 70016)
    granted = form(small, url, **fields)
    assert granted.status == 200
    body = granted.json()
    assert {"refresh_token", "id_token", "client_info", "foci", "scope"} <= set(body)
    assert claims(body["access_token"])["upn"] == "ada@contoso.example"
    assert claims(body["id_token"])["aud"] == "cli"
    assert as_error(form(small, url, **fields)) == (400, "invalid_grant", 70000)
    refresh = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"], "client_id": "cli"}
    graph = form(small, url, **refresh, scope="https://graph.microsoft.com/.default").json()
    assert claims(graph["access_token"])["aud"] == "https://graph.microsoft.com"
    stale = form(small, url, **{**refresh, "refresh_token": "old"})
    assert as_error(stale) == (400, "invalid_grant", 50173)
    assert stale.json()["suberror"] == "bad_token"


@pytest.mark.parametrize(
    ("fields", "audience"),
    [
        ({"scope": "https://management.azure.com/.default"}, "https://management.azure.com"),
        ({"scope": "https://management.core.windows.net//.default"}, "https://management.core.windows.net/"),
        ({"scope": "openid https://vault.azure.net/.default"}, "https://vault.azure.net"),
        ({"resource": "https://vault.azure.net"}, "https://vault.azure.net"),
        ({"scope": "openid profile"}, "https://graph.microsoft.com"),
    ],
)
def test_audiences(fields: dict[str, str], audience: str) -> None:
    """The doubled slash of the command line's scope belongs to the resource's name."""
    assert audience_of(fields) == audience


def test_metadata_has_two_shapes() -> None:
    """One object for the command line, a list for the version that azure-ai-ml asks; all links lead here."""
    small = Small()
    one = small.cloud.handle(Request("GET", f"{LOCAL}/metadata/endpoints?api-version=2022-09-01")).json()
    assert one["resourceManager"] == one["authentication"]["loginEndpoint"] == LOCAL
    assert one["microsoftGraphResourceId"] == LOCAL
    assert one["authentication"]["audiences"]
    assert one["suffixes"]["storage"] == "core.windows.net"
    listed = small.cloud.handle(Request("GET", f"{LOCAL}/metadata/endpoints?api-version=2019-05-01")).json()
    assert [item["name"] for item in listed] == [one["name"]]
    public = small.cloud.handle(Request("GET", f"{ARM}/metadata/endpoints?api-version=2022-09-01")).json()
    assert (public["resourceManager"], public["name"]) == ("https://management.azure.com/", "AzureCloud")


def test_tokens_for_the_loopback_name_are_accepted_there_only() -> None:
    """azure-ai-ml asks for a token of the address itself."""
    small = Small()
    fields = credentials(small, scope=f"{LOCAL}/.default")
    token = form(small, f"{LOCAL}/{TENANT}/oauth2/v2.0/token", **fields).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    path = "/subscriptions?api-version=2022-12-01"
    assert small.cloud.handle(Request("GET", f"{LOCAL}{path}", headers)).status == 200
    assert small.cloud.handle(Request("GET", f"{ARM}{path}", headers)).status == 401


def test_sign_in_is_in_the_ledger_without_secrets() -> None:
    """Class sign-in, and the secret is nowhere in the entries."""
    small = Small()
    form(small, f"{LOGIN}/{TENANT}/oauth2/v2.0/token", **credentials(small))
    entry = small.cloud.ledger.entries[-1]
    assert (entry.kind, entry.status, entry.committed) == ("sign-in", 200, False)
    assert MARK not in repr(small.cloud.ledger.entries)

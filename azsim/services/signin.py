"""Sign-in: what MSAL and azure-identity ask of Entra (and of ADFS), and Resource Manager's cloud metadata."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlsplit

import msgspec

from azsim import secrets
from azsim.clock import iso7, unix
from azsim.errors import entra_error
from azsim.principals import Caller
from azsim.router import ANY, Context, Routes
from azsim.wire import Response, json_response
from azsim.world import DeviceCode

route = Routes("entra", host="login")
metadata = Routes("metadata")

_PUBLIC = "https://login.microsoftonline.com"
_SECONDS = 86399
_SHARED = frozenset({"common", "organizations", "consumers"})
_KNOWN_TENANT_HOSTS = (
    (
        "login.microsoftonline.com",
        "login.windows.net",
        ("login.windows.net", "login.microsoft.com", "sts.windows.net"),
    ),
    ("login.partner.microsoftonline.cn", "login.partner.microsoftonline.cn", ("login.chinacloudapi.cn",)),
    ("login.microsoftonline.us", "login.microsoftonline.us", ("login.usgovcloudapi.net",)),
)


def _discovery(ctx: Context) -> Response:
    """The endpoints of a tenant; an unknown tenant is refused here already."""
    tenant = ctx.params.get("tenant", "adfs")
    refused = _check_tenant(ctx, tenant)
    if refused is not None:
        return refused
    base = f"{_authority(ctx)}/{tenant}"
    oauth = f"{base}/oauth2" if tenant == "adfs" else f"{base}/oauth2/v2.0"
    issuer = base if tenant == "adfs" else f"{base}/v2.0"
    body = {
        "token_endpoint": f"{oauth}/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        "jwks_uri": f"{base}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": issuer,
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": "https://graph.microsoft.com/oidc/userinfo",
        "authorization_endpoint": f"{oauth}/authorize",
        "device_authorization_endpoint": f"{oauth}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{oauth}/logout",
        "claims_supported": list(_CLAIMS),
        "kerberos_endpoint": f"{base}/kerberos",
        "tenant_region_scope": "WW",
        "cloud_instance_name": "microsoftonline.com",
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": "graph.microsoft.com",
        "rbac_url": "https://pas.windows.net",
    }
    return _entra_json(ctx, 200, body)


_CLAIMS = (
    *(
        "sub",
        "iss",
        "cloud_instance_name",
        "cloud_instance_host_name",
        "cloud_graph_host_name",
        "msgraph_host",
    ),
    *(
        "aud",
        "exp",
        "iat",
        "auth_time",
        "acr",
        "nonce",
        "preferred_username",
        "name",
        "tid",
        "ver",
        "at_hash",
    ),
    *("c_hash", "email"),
)


def _instance_discovery(ctx: Context) -> Response:
    """The list of authority hosts that MSAL trusts."""
    items = [
        {
            "preferred_network": network,
            "preferred_cache": cache,
            "aliases": [network, *(a for a in aliases if a != network)],
        }
        for network, cache, aliases in _KNOWN_TENANT_HOSTS
    ]
    endpoint = f"{_authority(ctx)}/common/.well-known/openid-configuration"
    return _entra_json(ctx, 200, {"tenant_discovery_endpoint": endpoint, "api-version": "1.1", "metadata": items})


def _device_code(ctx: Context) -> Response:
    """Start a device sign-in; the simulated user accepts after the configured number of polls."""
    refused = _check_tenant(ctx, ctx.params.get("tenant", "adfs"))
    if refused is not None:
        return refused
    form = ctx.request.form()
    user_code, device_code = ctx.rng.token(9).upper(), secrets.MARK + ctx.rng.token(64)
    ctx.world.device_codes[device_code] = DeviceCode(form.get("client_id", ""))
    page = "https://microsoft.com/devicelogin"
    body = {
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": page,
        "expires_in": 900,
        "interval": 1,
        "message": (
            f"To sign in, use a web browser to open the page {page} and enter the code {user_code} to authenticate."
        ),
    }
    return _entra_json(ctx, 200, body)


def _token(ctx: Context) -> Response:
    """Client credentials, device code and refresh token grants."""
    refused = _check_tenant(ctx, ctx.params.get("tenant", "adfs"))
    if refused is not None:
        return refused
    form = ctx.request.form()
    grant = form.get("grant_type", "")
    if grant == "client_credentials":
        return _client_credentials(ctx, form)
    if grant in ("device_code", "urn:ietf:params:oauth:grant-type:device_code"):
        return _redeem_device_code(ctx, form)
    if grant == "refresh_token":
        return _redeem_refresh_token(ctx, form)
    text = f"The app requested an unsupported grant type '{grant}'."
    return _refuse(ctx, 400, "unsupported_grant_type", 70003, text)


def _client_credentials(ctx: Context, form: dict[str, str]) -> Response:
    app_id, given = form.get("client_id", ""), form.get("client_secret", "")
    audience = audience_of(form)
    caller = ctx.world.directory.application(app_id, audience)
    if caller is None:
        directory = ctx.world.estate.tenant
        text = (
            f"Application with identifier '{app_id}' was not found in the directory "
            f"'{directory.display_name}'. This can happen if the application has not been installed by the "
            "administrator of the tenant or consented to by any user in the tenant. You may have sent your "
            "authentication request to the wrong tenant."
        )
        return _refuse(ctx, 400, "unauthorized_client", 700016, text)
    if given != secrets.client_secret(ctx.world.seed, app_id):
        text = (
            "Invalid client secret provided. Ensure the secret being sent in the request is the client "
            f"secret value, not the client secret ID, for a secret added to app '{app_id}'."
        )
        return _refuse(ctx, 401, "invalid_client", 7000215, text)
    ctx.caller = caller
    return _granted(ctx, caller, {"refresh_in": _SECONDS // 2})


def _redeem_device_code(ctx: Context, form: dict[str, str]) -> Response:
    code = form.get("device_code") or form.get("code", "")
    grant = ctx.world.device_codes.get(code)
    if grant is None:
        return _refuse(
            ctx,
            400,
            "invalid_grant",
            70000,
            "The provided value for the 'device_code' parameter is not valid.",
        )
    if grant.polls < ctx.world.behaviour().device_code_polls:
        grant.polls += 1
        text = "OAuth 2.0 device flow error. Authorization is pending. Continue polling."
        return _refuse(ctx, 400, "authorization_pending", 70016, text)
    del ctx.world.device_codes[code]
    return _delegated(ctx, form)


def _redeem_refresh_token(ctx: Context, form: dict[str, str]) -> Response:
    if form.get("refresh_token", "") not in ctx.world.refresh_tokens:
        now = iso7(ctx.clock.now())
        text = (
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have "
            f"changed or reset their password. The grant was issued on '{now}' and the TokensValidFrom date (before "
            f"which tokens are not valid) for this user is '{now}'."
        )
        return _refuse(ctx, 400, "invalid_grant", 50173, text, suberror="bad_token")
    return _delegated(ctx, form)


def _delegated(ctx: Context, form: dict[str, str]) -> Response:
    """What a user's sign-in answers: also a refresh token, an id token and the client info."""
    caller = ctx.world.directory.user(audience_of(form))
    ctx.caller = caller
    refresh = secrets.MARK + ctx.rng.token(120)
    ctx.world.refresh_tokens.add(refresh)
    tenant = ctx.world.directory.tenant_id
    audience = caller.audience.rstrip("/")
    return _granted(
        ctx,
        caller,
        {
            "scope": f"{audience}/user_impersonation {audience}/.default",
            "refresh_token": refresh,
            "foci": "1",
            "id_token": _id_token(ctx, caller, form.get("client_id", "")),
            "client_info": _b64(msgspec.json.encode({"uid": caller.object_id, "utid": tenant})),
        },
    )


def _granted(ctx: Context, caller: Caller, more: dict[str, Any]) -> Response:
    body: dict[str, Any] = {
        "token_type": "Bearer",
        "expires_in": _SECONDS,
        "ext_expires_in": _SECONDS,
        "access_token": ctx.cloud.tokens.issue(caller, caller.audience),
        **more,
    }
    return _entra_json(ctx, 200, body)


def _id_token(ctx: Context, caller: Caller, client_id: str) -> str:
    now, tenant = unix(ctx.clock.now()), ctx.world.directory.tenant_id
    claims: dict[str, object] = {
        "aud": client_id,
        "iss": f"{_authority(ctx)}/{tenant}/v2.0",
        "iat": now,
        "nbf": now,
        "exp": now + 3600,
        "name": caller.display_name,
        "oid": caller.object_id,
        "preferred_username": caller.name,
        "sub": caller.object_id,
        "tid": tenant,
        "ver": "2.0",
    }
    return secrets.access_token(ctx.world.seed, claims)


def audience_of(form: dict[str, str]) -> str:
    """The audience of a token request: `resource`, or the first scope that names an API, without
    `/.default`."""
    if form.get("resource"):
        return form["resource"]
    for scope in form.get("scope", "").split():
        parts = urlsplit(scope)
        if parts.scheme and parts.netloc:
            path = parts.path.rpartition("/")[0]
            return f"{parts.scheme}://{parts.netloc}{path}"
    return "https://graph.microsoft.com"


def _check_tenant(ctx: Context, tenant: str) -> Response | None:
    """The tenant by id or by its default domain; `adfs` and the shared names mean the only one there is."""
    known = {
        ctx.world.directory.tenant_id.casefold(),
        ctx.world.estate.tenant.default_domain.casefold(),
        "adfs",
    }
    if tenant.casefold() in known | _SHARED:
        return None
    text = (
        f"Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing "
        "into the correct cloud. Check with your subscription administrator, this may happen if there are "
        "no active subscriptions for the tenant."
    )
    return _refuse(ctx, 400, "invalid_tenant", 90002, text)


def _refuse(ctx: Context, status: int, error: str, number: int, text: str, *, suberror: str | None = None) -> Response:
    correlation = ctx.request.headers.get("client-request-id")
    response = entra_error(
        ctx.clock,
        ctx.rng,
        status,
        error,
        number,
        text,
        correlation=correlation,
        suberror=suberror,
        origin=_authority(ctx),
    )
    return _entra_headers(ctx, response)


def _entra_json(ctx: Context, status: int, body: object) -> Response:
    return _entra_headers(ctx, json_response(status, body, headers={"x-ms-clitelem": "1,0,0,,"}))


def _entra_headers(ctx: Context, response: Response) -> Response:
    response.headers.setdefault("Cache-Control", "no-store, no-cache")
    response.headers.setdefault("x-ms-ests-server", "2.1.21000.8 - WEULR1 ProdSlices")
    response.headers.setdefault("x-ms-request-id", ctx.rng.uuid())
    if not ctx.request.path.endswith("/token"):
        response.headers.pop("x-ms-clitelem", None)
    if ctx.request.method == "GET":
        response.headers.update({"Access-Control-Allow-Origin": "*", "Access-Control-Allow-Methods": "GET, OPTIONS"})
    client_id = ctx.request.headers.get("client-request-id")
    if client_id:
        response.headers["client-request-id"] = client_id
    return response


def _authority(ctx: Context) -> str:
    """Azure's own authority in process; the loopback address where that is what the client talks to."""
    return _PUBLIC if ctx.request.host.startswith("login.") else ctx.origin


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


for _path in (
    "/{tenant}/v2.0/.well-known/openid-configuration",
    "/{tenant}/.well-known/openid-configuration",
):
    route("GET", _path, kind="sign-in")(_discovery)
for _path in ("/{tenant}/oauth2/v2.0/token", "/{tenant}/oauth2/token"):
    route("POST", _path, kind="sign-in")(_token)
for _path in ("/{tenant}/oauth2/v2.0/devicecode", "/{tenant}/oauth2/devicecode"):
    route("POST", _path, kind="sign-in")(_device_code)
for _path in ("/common/discovery/instance", "/{tenant}/discovery/instance"):
    route("GET", _path, kind="sign-in")(_instance_discovery)


@metadata("GET", "/metadata/endpoints", versions=ANY, kind="sign-in")
def endpoints(ctx: Context) -> Response:
    """The cloud's endpoints: one object before 2019-05-01's list shape was dropped again, a list for
    2019-05-01."""
    here = ctx.origin
    is_public = ctx.request.host.startswith("management.")
    login = _PUBLIC if is_public else here
    graph = "https://graph.microsoft.com" if is_public else here
    arm = "https://management.azure.com/" if is_public else here
    audiences = ["https://management.core.windows.net/", "https://management.azure.com/"]
    authentication = {
        "loginEndpoint": login,
        "audiences": audiences,
        "tenant": "common",
        "identityProvider": "AAD",
    }
    item: dict[str, Any] = {
        "portal": "https://portal.azure.com",
        "authentication": authentication,
        "media": "https://rest.media.azure.net",
        "graphAudience": graph,
        "graph": graph,
        "name": "AzureCloud" if is_public else "AzureRehearsal",
        "suffixes": {
            "azureDataLakeStoreFileSystem": "azuredatalakestore.net",
            "acrLoginServer": "azurecr.io",
            "sqlServerHostname": "database.windows.net",
            "azureDataLakeAnalyticsCatalogAndJob": "azuredatalakeanalytics.net",
            "keyVaultDns": "vault.azure.net",
            "storage": "core.windows.net",
            "azureFrontDoorEndpointSuffix": "azurefd.net",
            "storageSyncEndpointSuffix": "afs.azure.net",
            "mhsmDns": "managedhsm.azure.net",
        },
        "batch": "https://batch.core.windows.net/",
        "resourceManager": arm,
        "vmImageAliasDoc": "https://raw.githubusercontent.com/Azure/azure-rest-api-specs/master/arm-compute/quickstart-templates/aliases.json",
        "activeDirectoryDataLake": "https://datalake.azure.net/",
        "sqlManagement": "https://management.core.windows.net:8443/",
        "microsoftGraphResourceId": graph,
        "appInsightsResourceId": "https://api.applicationinsights.io",
        "gallery": "https://gallery.azure.com/",
    }
    return json_response(200, [item] if ctx.api_version == "2019-05-01" else item)

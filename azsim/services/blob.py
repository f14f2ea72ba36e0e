"""The blob and file endpoints, as far as a key can be tried there: Shared Key, SAS and Entra tokens are
checked.

The string to sign is that of the page "Authorize with Shared Key" for versions 2015-02-21 and later.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import unquote

from azsim import hosts, sas, secrets
from azsim.clock import http_date, parse_http_date
from azsim.errors import storage_xml_error
from azsim.keys import SLOTS, Account
from azsim.router import Context, HostClass, Routes
from azsim.wire import ConnectionDropped, Request, Response

route = Routes("blob", host="blob")

SKEW = timedelta(minutes=15)
_SIGNED_HEADERS = (
    "content-encoding",
    "content-language",
    "content-length",
    "content-md5",
    "content-type",
    "date",
    "if-modified-since",
    "if-match",
    "if-none-match",
    "if-unmodified-since",
    "range",
)
_FAILED = (
    "Server failed to authenticate the request. Make sure the value of Authorization header is formed "
    "correctly including the signature."
)
_STORAGE_AUDIENCES = frozenset({"https://storage.azure.com"})


def _service(ctx: Context) -> Response:
    """`?restype=service&comp=properties` and `?comp=list`: the cheapest requests that prove a key."""
    refused = _refused(ctx)
    if refused is not None:
        return refused
    query = ctx.request.query
    if query.get("comp") == "list":
        return _list_containers(ctx)
    if query.get("restype") == "service" and query.get("comp") == "properties":
        return _xml(ctx, "<StorageServiceProperties><Cors /></StorageServiceProperties>")
    text = "Value for one of the query parameters specified in the request URI is invalid."
    return storage_xml_error(ctx, 400, "InvalidQueryParameterValue", text)


def _container(ctx: Context) -> Response:
    """A container's or share's properties, or its (empty) listing."""
    refused = _refused(ctx)
    if refused is not None:
        return refused
    name = ctx.params["container"]
    if name not in _containers(ctx):
        kind = "share" if ctx.route.host == "file" else "container"
        code = "ShareNotFound" if ctx.route.host == "file" else "ContainerNotFound"
        return storage_xml_error(ctx, 404, code, f"The specified {kind} does not exist.")
    if ctx.request.query.get("comp") == "list":
        return _xml(ctx, f'<EnumerationResults ContainerName="{name}"><Blobs /><NextMarker /></EnumerationResults>')
    return Response(200, {**_headers(ctx), "Content-Length": "0", "ETag": f'"0x{ctx.rng.hex(15).upper()}"'})


_HOSTS: tuple[HostClass, ...] = ("blob", "file")
for _host in _HOSTS:
    for _method in ("GET", "HEAD"):
        route(_method, "/", host=_host)(_service)
        route(_method, "/{container}", host=_host)(_container)


def _refused(ctx: Context) -> Response | None:
    """The service's refusal, or None when the request is authorised; an unknown account has no address at
    all."""
    account = ctx.world.keys.account(hosts.account_of(ctx.request))
    resource = ctx.world.get(account.id) if account else None
    if account is None or resource is None:
        raise ConnectionDropped
    properties = resource.get("properties", {})
    behaviour = ctx.world.behaviour(account.id)
    if behaviour.shared_key_answer == "AuthorizationFailure" or _closed_network(properties):
        text = "This request is not authorized to perform this operation."
        return storage_xml_error(ctx, 403, "AuthorizationFailure", text)
    scheme = ctx.request.headers.get("authorization", "").partition(" ")[0].casefold()
    if scheme == "bearer":
        return _check_bearer(ctx, account)
    if scheme != "sharedkey" and "sig" not in ctx.request.query:
        return _no_authentication(ctx)
    is_user_delegated = scheme != "sharedkey" and "skoid" in ctx.request.query
    keys_are_off = properties.get("allowSharedKeyAccess") is False
    if (behaviour.shared_key_answer == "KeyBasedAuthenticationNotPermitted" or keys_are_off) and not is_user_delegated:
        text = "Key based authentication is not permitted on this storage account."
        return storage_xml_error(ctx, 403, "KeyBasedAuthenticationNotPermitted", text)
    if scheme == "sharedkey":
        return _check_shared_key(ctx, account)
    return _check_sas(ctx, account)


def _closed_network(properties: dict[str, Any]) -> bool:
    rules = properties.get("networkAcls") or {}
    return properties.get("publicNetworkAccess") == "Disabled" or rules.get("defaultAction") == "Deny"


def _check_shared_key(ctx: Context, account: Account) -> Response | None:
    named, _, signature = ctx.request.headers["authorization"].partition(" ")[2].partition(":")
    sent = ctx.request.headers.get("x-ms-date") or ctx.request.headers.get("date", "")
    try:
        when = parse_http_date(sent)
    except ValueError:
        return _failed(ctx, "Cannot find valid date header in request.")
    now = ctx.clock.now()
    if abs(when - now) > SKEW:
        age = "old" if when < now else "far in the future"
        return _failed(ctx, f"Request date header too {age}: '{sent}'")
    text = string_to_sign(ctx.request, account.name)
    is_ours = named.casefold() == account.name.casefold()
    if is_ours and any(secrets.sign(key, text) == signature for key in live_keys(ctx, account)):
        return None
    detail = (
        f"The MAC signature found in the HTTP request '{signature}' is not the same as any computed "
        f"signature. Server used following string to sign: '{text}'."
    )
    return _failed(ctx, detail)


def _check_sas(ctx: Context, account: Account) -> Response | None:
    token = ctx.request.raw_query
    if "skoid" in ctx.request.query:
        return _failed(ctx, "The user delegation key of this signature is not known.")
    service = "file" if ctx.route.host == "file" else "blob"
    container = ctx.params.get("container", "")
    if sas.expired(token, ctx.clock.now()):
        return _failed(ctx, f"Signature not valid in the specified time frame: Expiry [{ctx.request.query.get('se')}]")
    keys = live_keys(ctx, account)
    if sas.signer(token, account.name, service, container, keys) is None:
        text = sas.string_to_sign(sas.fields(token), account.name, service, container)
        return _failed(ctx, f"Signature did not match. String to sign used was {text}")
    return None


def _check_bearer(ctx: Context, account: Account) -> Response | None:
    own = f"https://{ctx.request.host}"
    caller = ctx.cloud.tokens.check(ctx.request.token(), _STORAGE_AUDIENCES | {own}, ctx.arrived)
    if isinstance(caller, str):
        text = (
            "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
        )
        return storage_xml_error(ctx, 401, "InvalidAuthenticationInfo", text)
    ctx.caller = caller
    kind = "fileServices/fileshares/files" if ctx.route.host == "file" else "blobServices/containers/blobs"
    action = f"Microsoft.Storage/storageAccounts/{kind}/read"
    if ctx.cloud.rbac.allowed(caller, account.id, action, data=True):
        return None
    text = "This request is not authorized to perform this operation using this permission."
    return storage_xml_error(ctx, 403, "AuthorizationPermissionMismatch", text)


def live_keys(ctx: Context, account: Account) -> list[str]:
    """The keys that the data plane accepts now; a regeneration may take a while to reach it."""
    delay = timedelta(seconds=ctx.world.behaviour(account.id).key_propagation_seconds)
    now = ctx.clock.now()
    keys: list[str] = []
    for name in SLOTS:
        slot = account.slots[name]
        is_late = slot.replaced is not None and now < slot.replaced + delay
        keys.append(slot.previous if is_late and slot.previous is not None else slot.value)
    return keys


def string_to_sign(request: Request, account: str) -> str:
    """The text that a Shared Key signature covers: method, eleven headers, x-ms-* headers, resource and
    query."""
    headers = request.headers
    values = [headers.get(name, "") for name in _SIGNED_HEADERS]
    if values[2] == "0":
        values[2] = ""
    if "x-ms-date" in headers:
        values[5] = ""
    extra = "".join(f"{name}:{headers[name].strip()}\n" for name in sorted(headers) if name.startswith("x-ms-"))
    resource = f"/{account}{request.path}"
    parameters: dict[str, list[str]] = {}
    for pair in request.raw_query.split("&") if request.raw_query else []:
        name, _, value = pair.partition("=")
        parameters.setdefault(unquote(name).lower(), []).append(unquote(value))
    query = "".join(f"\n{name}:{','.join(sorted(parameters[name]))}" for name in sorted(parameters))
    return "\n".join([request.method, *values]) + "\n" + extra + resource + query


def shared_key_headers(
    method: str, url: str, account: str, key: str, now: datetime, *, version: str = "2021-12-02"
) -> dict[str, str]:
    """The headers of a request signed with an account key, for drills that play an external client."""
    headers = {"x-ms-date": http_date(now), "x-ms-version": version}
    text = string_to_sign(Request(method, url, headers), account)
    return {**headers, "Authorization": f"SharedKey {account}:{secrets.sign(key, text)}"}


def _containers(ctx: Context) -> set[str]:
    """The containers and shares that some datastore of the estate names on this account."""
    account = hosts.account_of(ctx.request).casefold()
    field = "fileShareName" if ctx.route.host == "file" else "containerName"
    found: set[str] = set()
    for datastore in ctx.world.of_type("Microsoft.MachineLearningServices/workspaces/datastores"):
        properties = datastore.get("properties", {})
        if str(properties.get("accountName", "")).casefold() == account and properties.get(field):
            found.add(properties[field])
    return found


def _list_containers(ctx: Context) -> Response:
    what = "Share" if ctx.route.host == "file" else "Container"
    items = "".join(f"<{what}><Name>{name}</Name></{what}>" for name in sorted(_containers(ctx)))
    where = f"https://{ctx.request.host}/"
    inner = f"<{what}s>{items}</{what}s><NextMarker />"
    return _xml(ctx, f'<EnumerationResults ServiceEndpoint="{where}">{inner}</EnumerationResults>')


def _failed(ctx: Context, detail: str) -> Response:
    return storage_xml_error(ctx, 403, "AuthenticationFailed", _FAILED, detail=detail)


def _no_authentication(ctx: Context) -> Response:
    text = "Server failed to authenticate the request. Please refer to the information in the www-authenticate header."
    response = storage_xml_error(ctx, 401, "NoAuthenticationInformation", text)
    tenant = ctx.world.directory.tenant_id
    response.headers["WWW-Authenticate"] = (
        f"Bearer authorization_uri=https://login.microsoftonline.com/{tenant}/oauth2/authorize "
        "resource_id=https://storage.azure.com"
    )
    return response


def _headers(ctx: Context) -> dict[str, str]:
    return {
        "x-ms-request-id": ctx.rng.uuid(),
        "x-ms-version": ctx.request.headers.get("x-ms-version", "2021-12-02"),
        "Server": "Windows-Azure-Blob/1.0 Microsoft-HTTPAPI/2.0",
    }


def _xml(ctx: Context, body: str) -> Response:
    text = f'\ufeff<?xml version="1.0" encoding="utf-8"?>{body}'
    return Response(200, {**_headers(ctx), "Content-Type": "application/xml"}, text.encode())

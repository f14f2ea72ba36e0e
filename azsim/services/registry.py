"""A container registry's own address, as far as whoever asks without a token sees it.

The API version check of "OCI distribution specification" is answered 401 with a challenge; the registry's firewall
answers first, 403 DENIED ("Troubleshoot network issues with registry").
"""

from __future__ import annotations

from azsim import hosts
from azsim.router import Context, Routes
from azsim.wire import ConnectionDropped, Response, json_response
from azsim.world import Resource

REGISTRY = "Microsoft.ContainerRegistry/registries"
route = Routes("registry", host="registry")


@route("GET", "/v2", kind="read")
def version_check(ctx: Context) -> Response:
    """Whether the registry speaks the second version of the protocol: who is not signed in is only told where to."""
    found = _registry(ctx)
    properties = found.get("properties", {})
    default = (properties.get("networkRuleSet") or {}).get("defaultAction")
    if properties.get("publicNetworkAccess") == "Disabled" or default == "Deny":
        text = "client with IP '192.0.2.10' is not allowed access. Refer https://aka.ms/acr/firewall to grant access."
        return json_response(403, {"errors": [{"code": "DENIED", "message": text}]})
    host = ctx.request.host
    challenge = f'Bearer realm="https://{host}/oauth2/token",service="{host}"'
    text = "authentication required, visit https://aka.ms/acr/authorization for more information."
    body = {"errors": [{"code": "UNAUTHORIZED", "message": text, "detail": None}]}
    headers = {"Www-Authenticate": challenge, "Docker-Distribution-Api-Version": "registry/2.0"}
    return json_response(401, body, headers=headers)


def _registry(ctx: Context) -> Resource:
    """The registry that the host names; another name has no address at all."""
    name = hosts.account_of(ctx.request).casefold()
    for registry in ctx.world.of_type(REGISTRY):
        if registry["name"].casefold() == name:
            return registry
    raise ConnectionDropped

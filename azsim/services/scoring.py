"""Scoring addresses of managed and serverless endpoints: they check the key or token before anything is scored.

What an endpoint answers beyond 401 depends on the model behind it: a POST is taken, a GET is not allowed. The body of
the refusal is not recorded anywhere.
"""

from __future__ import annotations

from azsim import hosts, ids
from azsim.clock import unix
from azsim.endpoint_keys import EndpointKeys
from azsim.keysync import WORKSPACE
from azsim.principals import Caller
from azsim.router import Context, Routes
from azsim.wire import ConnectionDropped, Response, json_response
from azsim.world import Resource

route = Routes("scoring", host="scoring")
_AUDIENCE = frozenset({"https://ml.azure.com"})


def score(ctx: Context) -> Response:
    """Let in who may; score nothing."""
    endpoint = _endpoint(ctx)
    if endpoint.get("properties", {}).get("publicNetworkAccess") == "Disabled":
        raise ConnectionDropped
    if not _lets_in(ctx, endpoint):
        return json_response(401, {"message": "Unauthorized"}, headers={"x-ms-request-id": ctx.rng.uuid()})
    if ctx.request.method != "POST":
        return Response(405, {"Allow": "POST", "Content-Length": "0"})
    return json_response(200, {"rehearsed": True})


for _method in ("GET", "POST"):
    for _path in ("/", "/score", "/chat/completions", "/v1/chat/completions"):
        route(_method, _path, kind="read")(score)


def _endpoint(ctx: Context) -> Resource:
    """The endpoint whose address the host is; another name has no address at all."""
    name = hosts.account_of(ctx.request)
    for kind in ("onlineEndpoints", "serverlessEndpoints"):
        for endpoint in ctx.world.of_type(f"{WORKSPACE}/{kind}"):
            region = str(endpoint.get("location", "")).casefold()
            if endpoint["name"].casefold() == name and ctx.request.host.startswith(f"{name}.{region}."):
                return endpoint
    raise ConnectionDropped


def _lets_in(ctx: Context, endpoint: Resource) -> bool:
    """Whether the bearer is a key that counts, a token of this endpoint, or an Entra token, as its mode asks."""
    bearer, now = ctx.request.token() or "", ctx.clock.now()
    mode = str(endpoint["properties"].get("authMode", "Key")).casefold()
    keys = ctx.world.state(EndpointKeys)
    if mode in ("key", "keyandaad"):
        delay = ctx.behaviour(endpoint["id"]).endpoint_key_propagation_seconds
        if bearer in keys.live(ctx.world.seed, endpoint["id"], now, delay):
            return True
    if mode == "amltoken":
        known = keys.tokens.get(bearer)
        return known is not None and known[0] == ids.fold(endpoint["id"]) and unix(now) < known[1]
    return mode != "key" and isinstance(ctx.cloud.tokens.check(bearer, _AUDIENCE, ctx.arrived), Caller)

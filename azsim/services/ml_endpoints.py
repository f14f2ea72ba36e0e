"""Endpoints: online (managed and Kubernetes), their deployments, keys and tokens; batch; serverless; SDK v1 services.

The recorded answer to regenerateKeys is 202 whose poll is a 404 although the key may have changed: keys are the proof.
"""

from __future__ import annotations

from typing import Any

from azsim import ids, secrets
from azsim.clock import iso7, unix
from azsim.endpoint_keys import ENDPOINT_SLOTS, EndpointKeys
from azsim.errors import Refused, mfe_error
from azsim.keysync import WORKSPACE
from azsim.router import ANY, Context, Routes
from azsim.services.ml_common import (
    FRONT_END_VERSIONS,
    IN_SUBSCRIPTION,
    ONE_WORKSPACE,
    answer,
    bad_argument,
    child,
    empty,
    knows,
    listing,
    marked,
    no_such_endpoint,
    number,
    operation_url,
    page,
    start,
    visible_children,
    wait_hint,
    workspace_of,
)
from azsim.wire import Response, json_response
from azsim.world import Resource

route = Routes("ml")

_ONLINE = f"{ONE_WORKSPACE}/onlineEndpoints"
_BATCH = f"{ONE_WORKSPACE}/batchEndpoints"
_SERVERLESS = f"{ONE_WORKSPACE}/serverlessEndpoints"
_V1 = f"{ONE_WORKSPACE}/services"
_V1_VERSIONS = ("2020-05-01-preview", "2020-05-15-preview", "2020-09-01-preview", "2021-01-01", "2021-04-01")
NEVER = "0001-01-01T00:00:00+00:00"
"""The end of an operation that runs (recorded in 2026; in 2022 it had none)."""
_NETWORK = ("2022-10-01", "2022-02-01")
"""First versions with `mirrorTraffic` and `publicNetworkAccess`."""


def _serverless_versions(version: str) -> bool:
    return ANY(version) and knows(version, "2024-04-01", "2023-08-01")


def view(ctx: Context, endpoint: Resource, *, listed: bool = False) -> Resource:
    """An online endpoint: the caller's query is echoed into one of its bookkeeping URLs; dates in lists end in Z."""
    properties: dict[str, Any] = dict(endpoint.get("properties", {}))
    if not knows(ctx.api_version, *_NETWORK):
        properties = {key: properties[key] for key in properties if key not in ("mirrorTraffic", "publicNetworkAccess")}
    notes = dict(properties.get("properties") or {})
    if "AzureAsyncOperationUri" in notes:
        notes["AzureAsyncOperationUri"] = f"{notes['AzureAsyncOperationUri'].partition('?')[0]}?{ctx.request.raw_query}"
    properties["properties"] = notes
    stamps = dict(endpoint.get("systemData", {}))
    if listed:
        stamps = {key: str(value).replace("+00:00", "Z") for key, value in stamps.items()}
    return {**endpoint, "properties": properties, "systemData": stamps}


@route("GET", _ONLINE, versions=FRONT_END_VERSIONS, action=f"{WORKSPACE}/onlineEndpoints/read")
def list_online(ctx: Context) -> Response:
    """The online endpoints of a workspace; `name` and `computeType` narrow the list."""
    items = visible_children(ctx, "onlineEndpoints")
    if name := ctx.request.query.get("name", "").casefold():
        items = [item for item in items if item["name"].casefold() == name]
    if kind := ctx.request.query.get("computeType", "").casefold():
        items = [item for item in items if str(item.get("kind", "")).casefold() == kind]
    part, next_link = page(ctx, items, number(ctx, "count", 1000), "$skip")
    return answer(ctx, 200, listing(ctx, [view(ctx, item, listed=True) for item in part], next_link))


@route("GET", f"{_ONLINE}/{{name}}", versions=FRONT_END_VERSIONS, action=f"{WORKSPACE}/onlineEndpoints/read")
def get_online(ctx: Context) -> Response:
    """One online endpoint."""
    return answer(ctx, 200, view(ctx, _endpoint(ctx, "onlineEndpoints")))


@route(
    "POST",
    f"{_ONLINE}/{{name}}/listKeys",
    versions=FRONT_END_VERSIONS,
    action=f"{WORKSPACE}/onlineEndpoints/listKeys/action",
    kind="secret-read",
)
def list_online_keys(ctx: Context) -> Response:
    """Both keys; an endpoint with token authentication answers nulls, not an error."""
    return answer(ctx, 200, _keys(ctx, _endpoint(ctx, "onlineEndpoints")))


@route(
    "POST",
    f"{_ONLINE}/{{name}}/regenerateKeys",
    versions=FRONT_END_VERSIONS,
    action=f"{WORKSPACE}/onlineEndpoints/regenerateKeys/action",
)
def regenerate_online_keys(ctx: Context) -> Response:
    """Replace one key: 202 with Location only and the body `null`, or 200 at once; the answer never holds the key."""
    endpoint = _endpoint(ctx, "onlineEndpoints")
    return _regenerate(ctx, endpoint, ctx.behaviour(endpoint["id"]).endpoint_regenerate_poll)


def _regenerate(ctx: Context, endpoint: Resource, how: str) -> Response:
    """Replace a key now or when the operation ends, and answer as the behaviour says."""
    slot, value = _wanted(ctx, endpoint)

    def effect() -> None:
        _replace(ctx, endpoint, slot, value)

    workspace = workspace_of(ctx)
    name = f"oeidp:{workspace['properties'].get('workspaceId', ctx.rng.uuid())}:{ctx.rng.uuid()}"
    outcome = "vanish" if how == "404" else None
    operation = start(ctx, "endpoint", workspace, effect, outcome=outcome, operation_id=name)
    if how in ("404", "at-once"):
        ctx.operations.finish_now(operation)
    if how == "at-once":
        return marked(empty(), workspace)
    response = answer(ctx, 202, None, workspace)
    response.headers |= {"Location": operation_url(ctx, operation, "mfeOperationResults"), **wait_hint(ctx)}
    if how == "status":
        response.headers["Azure-AsyncOperation"] = operation_url(ctx, operation, "mfeOperationsStatus")
    return response


@route(
    "GET", f"{IN_SUBSCRIPTION}/locations/{{location}}/mfeOperationsStatus/{{operationId}}", versions=FRONT_END_VERSIONS
)
def poll_status(ctx: Context) -> Response:
    """The status of an endpoint operation: the word while it runs is Updating, and percentComplete tells nothing."""
    operation = ctx.operations.poll(ctx.params["operationId"])
    place = {"location": ctx.params["location"]}
    if operation is None:
        raise Refused(marked(_not_found(ctx), place))
    body: dict[str, Any] = {
        "id": ctx.request.path,
        "name": operation.id,
        "startTime": iso7(operation.started).replace("Z", "+00:00"),
        "percentComplete": 0.0,
        "status": operation.word,
    }
    ended = iso7(operation.ended).replace("Z", "+00:00") if operation.ended is not None else NEVER
    body["endTime"] = ended
    if operation.state == "failed":
        body["error"] = {"code": "UserError", "message": "The endpoint operation could not be completed."}
    return marked(json_response(200, body), place)


def _not_found(ctx: Context) -> Response:
    """The 404 of an operation that nobody knows of any more."""
    number_part = ctx.params["operationId"].rpartition(":")[2]
    detail = {
        "code": "OperationNotFound",
        "message": f"There is no operation with id {number_part}",
        "details": [],
        "additionalInfo": [],
    }
    text = "The specified resource was not found."
    return mfe_error(ctx, 404, text, code="NotFound", details=[detail], location=ctx.params["location"])


@route(
    "GET", f"{IN_SUBSCRIPTION}/locations/{{location}}/mfeOperationResults/{{operationId}}", versions=FRONT_END_VERSIONS
)
def poll_result(ctx: Context) -> Response:
    """The result of an endpoint operation: 202 while it runs, 200 without a body, or 404 OperationNotFound."""
    operation = ctx.operations.poll(ctx.params["operationId"])
    place = {"location": ctx.params["location"]}
    if operation is None:
        raise Refused(marked(_not_found(ctx), place))
    if operation.state == "running":
        url = operation_url(ctx, operation, "mfeOperationResults")
        return marked(Response(202, {"Location": url, **wait_hint(ctx), "Content-Length": "0"}), place)
    if operation.state == "failed":
        text = "The endpoint operation could not be completed."
        return marked(mfe_error(ctx, 400, text, inner=("BadArgument",), location=operation.region), place)
    return marked(empty(), place)


@route(
    "POST",
    f"{_ONLINE}/{{name}}/token",
    versions=FRONT_END_VERSIONS,
    action=f"{WORKSPACE}/onlineEndpoints/token/action",
    kind="secret-read",
)
def token(ctx: Context) -> Response:
    """A scoring token of an endpoint with token authentication: valid for a day, to be renewed after half of it."""
    endpoint, now = _endpoint(ctx, "onlineEndpoints"), unix(ctx.clock.now())
    if _auth(endpoint) == "key":
        raise bad_argument(ctx, f"The endpoint {endpoint['name']} does not use tokens for authentication.")
    value = secrets.named_secret(ctx.world.seed, endpoint["id"], "token", now)
    ctx.world.state(EndpointKeys).tokens[value] = (ids.fold(endpoint["id"]), now + 86_400)
    body = {
        "accessToken": value,
        "tokenType": "Bearer",
        "expiryTimeUtc": now + 86_400,
        "refreshAfterTimeUtc": now + 43_200,
    }
    return answer(ctx, 200, body)


@route(
    "GET",
    f"{_ONLINE}/{{name}}/deployments",
    versions=FRONT_END_VERSIONS,
    action=f"{WORKSPACE}/onlineEndpoints/deployments/read",
)
def list_deployments(ctx: Context) -> Response:
    """The deployments behind an online endpoint."""
    items = ctx.world.children(_endpoint(ctx, "onlineEndpoints")["id"], "deployments")
    return answer(ctx, 200, listing(ctx, items, None))


@route(
    "GET",
    f"{_ONLINE}/{{name}}/deployments/{{deployment}}",
    versions=FRONT_END_VERSIONS,
    action=f"{WORKSPACE}/onlineEndpoints/deployments/read",
)
def get_deployment(ctx: Context) -> Response:
    """One deployment."""
    endpoint = _endpoint(ctx, "onlineEndpoints")
    found = ctx.world.get(f"{endpoint['id']}/deployments/{ctx.segments[11]}")
    if found is None:
        raise no_such_endpoint(ctx, f"{endpoint['name']}/{ctx.segments[11]}")
    return answer(ctx, 200, found)


@route("GET", _BATCH, versions=FRONT_END_VERSIONS, action=f"{WORKSPACE}/batchEndpoints/read")
def list_batch(ctx: Context) -> Response:
    """The batch endpoints of a workspace."""
    part, next_link = page(ctx, visible_children(ctx, "batchEndpoints"), number(ctx, "count", 1000), "$skip")
    return answer(ctx, 200, listing(ctx, part, next_link))


@route("GET", f"{_BATCH}/{{name}}", versions=FRONT_END_VERSIONS, action=f"{WORKSPACE}/batchEndpoints/read")
def get_batch(ctx: Context) -> Response:
    """One batch endpoint."""
    return answer(ctx, 200, _endpoint(ctx, "batchEndpoints"))


@route(
    "POST",
    f"{_BATCH}/{{name}}/listkeys",
    versions=FRONT_END_VERSIONS,
    action=f"{WORKSPACE}/batchEndpoints/listKeys/action",
    kind="secret-read",
)
def list_batch_keys(ctx: Context) -> Response:
    """The keys of a batch endpoint: nulls, as it is called with Entra tokens only."""
    return answer(ctx, 200, _keys(ctx, _endpoint(ctx, "batchEndpoints")))


@route("GET", _SERVERLESS, versions=_serverless_versions, action=f"{WORKSPACE}/serverlessEndpoints/read")
def list_serverless(ctx: Context) -> Response:
    """The serverless endpoints of a workspace."""
    return answer(ctx, 200, listing(ctx, visible_children(ctx, "serverlessEndpoints"), None))


@route("GET", f"{_SERVERLESS}/{{name}}", versions=_serverless_versions, action=f"{WORKSPACE}/serverlessEndpoints/read")
def get_serverless(ctx: Context) -> Response:
    """One serverless endpoint."""
    return answer(ctx, 200, _endpoint(ctx, "serverlessEndpoints"))


@route(
    "POST",
    f"{_SERVERLESS}/{{name}}/listKeys",
    versions=_serverless_versions,
    action=f"{WORKSPACE}/serverlessEndpoints/listKeys/action",
    kind="secret-read",
)
def list_serverless_keys(ctx: Context) -> Response:
    """Both keys of a serverless endpoint."""
    return answer(ctx, 200, _keys(ctx, _endpoint(ctx, "serverlessEndpoints")))


@route(
    "POST",
    f"{_SERVERLESS}/{{name}}/regenerateKeys",
    versions=_serverless_versions,
    action=f"{WORKSPACE}/serverlessEndpoints/regenerateKeys/action",
)
def regenerate_serverless_keys(ctx: Context) -> Response:
    """Replace one key and answer both at once, or 202 as online endpoints do."""
    endpoint = _endpoint(ctx, "serverlessEndpoints")
    how = ctx.behaviour(endpoint["id"]).serverless_regenerate_poll
    if how != "at-once":
        return _regenerate(ctx, endpoint, how)
    _replace(ctx, endpoint, *_wanted(ctx, endpoint))
    return answer(ctx, 200, _keys(ctx, endpoint))


@route("GET", _V1, versions=_V1_VERSIONS, action=f"{WORKSPACE}/services/read")
def list_services(ctx: Context) -> Response:
    """The web services of SDK v1 on ACI and AKS; the last api-version that knows them is 2021-04-01."""
    return answer(ctx, 200, listing(ctx, visible_children(ctx, "services"), None))


@route("GET", f"{_V1}/{{name}}", versions=_V1_VERSIONS, action=f"{WORKSPACE}/services/read")
def get_service(ctx: Context) -> Response:
    """One web service of SDK v1."""
    return answer(ctx, 200, _endpoint(ctx, "services"))


def _endpoint(ctx: Context, collection: str) -> Resource:
    found = child(ctx, collection)
    if found is None:
        raise no_such_endpoint(ctx, ctx.segments[9])
    return found


def _auth(endpoint: Resource) -> str:
    return str(endpoint["properties"].get("authMode", "Key")).casefold()


def _keys(ctx: Context, endpoint: Resource) -> dict[str, str | None]:
    if _auth(endpoint) not in ("key", "keyandaad"):
        return {"primaryKey": None, "secondaryKey": None}
    pair = ctx.world.state(EndpointKeys).pair(ctx.world.seed, endpoint["id"])
    return {f"{slot.lower()}Key": pair[slot].value for slot in ENDPOINT_SLOTS}


def _wanted(ctx: Context, endpoint: Resource) -> tuple[str, str | None]:
    """The slot and the value that a regeneration asks for; `keyValue` is "the value the key is set to"."""
    body = ctx.request.json()
    slot = str(body.get("keyType", "")).capitalize()
    if slot not in ENDPOINT_SLOTS:
        raise bad_argument(ctx, f"The value '{body.get('keyType')}' is not valid for keyType.")
    if _auth(endpoint) not in ("key", "keyandaad"):
        raise bad_argument(ctx, f"The endpoint {endpoint['name']} does not use keys for authentication.")
    honoured = ctx.behaviour(endpoint["id"]).endpoint_key_value == "honoured"
    return slot, str(body["keyValue"]) if honoured and body.get("keyValue") else None


def _replace(ctx: Context, endpoint: Resource, slot: str, value: str | None) -> None:
    keys = ctx.world.state(EndpointKeys)
    if keys.replace(ctx.world.seed, endpoint["id"], slot, ctx.clock.now(), value):
        ctx.world.changed()

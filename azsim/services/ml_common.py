"""What the Machine Learning services share: path templates, paging, answers, operations and their polls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl, quote

from azsim import ids
from azsim.errors import Refused, arm_error, mfe_error
from azsim.operations import Operation, signed
from azsim.router import Context, since
from azsim.wire import Response, json_response
from azsim.world import Resource

PROVIDER = "Microsoft.MachineLearningServices"
IN_SUBSCRIPTION = f"/subscriptions/{{subscriptionId}}/providers/{PROVIDER}"
IN_GROUP = f"/subscriptions/{{subscriptionId}}/resourceGroups/{{resourceGroupName}}/providers/{PROVIDER}"
ONE_WORKSPACE = f"{IN_GROUP}/workspaces/{{workspaceName}}"

WORKSPACE_VERSIONS = since("2018-03-01")
FRONT_END_VERSIONS = since("2021-03-01")
"""Datastores, endpoints, jobs and computes as children of a workspace."""


def knows(version: str, stable: str, preview: str) -> bool:
    """Whether an api-version has something that came with `stable`, and in previews already with `preview`."""
    return version[:10] >= (preview if "-" in version[10:] else stable)


def region_of(resource: Resource) -> str:
    """The region of a resource as operation URLs write it."""
    return str(resource.get("location", "westeurope")).replace(" ", "").lower()


def workspace_of(ctx: Context) -> Resource:
    """The workspace of a path; a missing one is Resource Manager's 404 about the parent of the child asked for."""
    parent = ids.segments(ctx.request.path)[:8]
    workspace_id = "/" + "/".join(parent)
    found = ctx.world.get(workspace_id)
    if found is not None:
        return found
    verb = "read" if ctx.request.method == "GET" else "write"
    kind = "/".join(["workspaces", *ctx.segments[8::2][:1]])
    message = (
        f"Failed to perform '{verb}' on resource(s) of type '{kind}', because the parent resource "
        f"'{workspace_id}' could not be found."
    )
    raise Refused(arm_error(404, "ParentResourceNotFound", message))


def answer(ctx: Context, status: int, value: object, workspace: Resource | None = None) -> Response:
    """A JSON answer of a Machine Learning service, marked with the cluster of the workspace's region."""
    return marked(json_response(status, value), workspace or workspace_of(ctx))


def marked(response: Response, workspace: Resource) -> Response:
    """`response` with the name of the cluster that served it."""
    response.headers["azureml-served-by-cluster"] = f"vienna-{region_of(workspace)}-01"
    return response


def empty(status: int = 200) -> Response:
    """An answer without a body."""
    return Response(status, {"Content-Length": "0"})


def not_found(ctx: Context, message: str, *inner: str, **facts: Any) -> Refused:
    """The front end's 404 UserError with its chain of inner codes."""
    return Refused(mfe_error(ctx, 404, message, inner=inner, location=region_of(workspace_of(ctx)), **facts))


def no_such_endpoint(ctx: Context, name: str) -> Refused:
    """The front end's 404 for an endpoint: the reason stands in `details`."""
    workspace = workspace_of(ctx)
    detail = {
        "code": "NoSuchEndpoint",
        "message": f"There is no endpoint with name: {name} in {workspace['name']}",
        "details": [],
        "additionalInfo": [],
    }
    text = "The specified resource was not found."
    return Refused(mfe_error(ctx, 404, text, code="NotFound", details=[detail], location=region_of(workspace)))


def bad_argument(ctx: Context, message: str, *inner: str) -> Refused:
    """The front end's 400 UserError; conflicts with a state are answered this way too."""
    chain = inner or ("BadArgument", "ArgumentInvalid")
    workspace = ctx.world.get("/" + "/".join(ctx.segments[:8])) or {}
    return Refused(mfe_error(ctx, 400, message, inner=chain, location=region_of(workspace)))


def number(ctx: Context, name: str, default: int) -> int:
    """A query parameter that is a count; anything else is a 400."""
    given = ctx.request.query.get(name, "")
    if not given:
        return default
    if not given.isdigit():
        raise bad_argument(ctx, f"The value '{given}' is not valid for query parameter '{name}'.")
    return int(given)


def page(ctx: Context, items: Sequence[Resource], size: int, skip_name: str) -> tuple[list[Resource], str | None]:
    """The part of a list that `skip_name` asks for, and the link to the rest, which repeats the caller's query."""
    start = number(ctx, skip_name, 0)
    rest = start + size
    if rest >= len(items):
        return list(items[start:]), None
    kept = [(key, value) for key, value in parse_qsl(ctx.request.raw_query) if key.casefold() != skip_name.casefold()]
    query = "&".join(f"{key}={quote(value, safe=',:')}" for key, value in [*kept, (skip_name, str(rest))])
    return list(items[start:rest]), f"{ctx.origin}{ctx.request.path}?{query}"


def listing(ctx: Context, items: Sequence[Resource], next_link: str | None) -> dict[str, Any]:
    """A page as the services write it: `nextLink` only when there is more."""
    body: dict[str, Any] = {"value": list(items)}
    if next_link is not None:
        body["nextLink"] = next_link
    return body


def start(
    ctx: Context,
    kind: str,
    workspace: Resource,
    effect: Callable[[], None] | None = None,
    *,
    outcome: str | None = None,
    operation_id: str | None = None,
    details: dict[str, Any] | None = None,
) -> Operation:
    """Begin a long-running operation on a workspace or on something in it."""
    return ctx.operations.start(
        kind=kind,
        resource_id=ctx.scope(),
        region=region_of(workspace),
        behaviour=ctx.behaviour(),
        effect=effect,
        outcome=ctx.operation_outcome() or outcome,
        operation_id=operation_id,
        details=details,
    )


def operation_url(ctx: Context, operation: Operation, collection: str, query: str = "") -> str:
    """The absolute URL of an operation's status or result, signed as Resource Manager does since mid-2024."""
    place = f"{ctx.origin}/subscriptions/{ctx.segments[1]}/providers/{PROVIDER}/locations/{operation.region}"
    url = f"{place}/{collection}/{operation.id}?api-version={ctx.api_version}{query}"
    return signed(url, ctx.rng, ctx.clock.now())


def wait_hint(ctx: Context) -> dict[str, str]:
    """A Retry-After header where the cloud is told to send one; Machine Learning itself sends none."""
    seconds = ctx.cloud.retry_after
    return {} if seconds is None else {"Retry-After": str(seconds)}


def accepted(ctx: Context, operation: Operation, *, status_url: bool = True) -> Response:
    """202 with an empty body, Location, and Azure-AsyncOperation unless `status_url` is False (diagnose)."""
    headers = {"Location": operation_url(ctx, operation, "workspaceOperationsStatus", "&type=location")}
    if status_url:
        headers["Azure-AsyncOperation"] = operation_url(ctx, operation, "workspaceOperationsStatus", "&type=async")
    return Response(202, {**headers, **wait_hint(ctx), "Content-Length": "0"})


def child(ctx: Context, collection: str) -> Resource | None:
    """The child of the path's workspace that the path names, `.../{collection}/{name}[/...]`, or None."""
    workspace = workspace_of(ctx)
    return ctx.world.get(f"{workspace['id']}/{collection}/{ctx.segments[9]}")


def visible_children(ctx: Context, collection: str) -> list[Resource]:
    """The children of the path's workspace; a caller who may list the collection sees all of it."""
    return ctx.world.children(workspace_of(ctx)["id"], collection)

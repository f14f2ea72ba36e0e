"""Computes and jobs: what runs in a workspace, and the start and stop of an instance."""

from __future__ import annotations

from azsim.errors import Refused, account_rp_error, mfe_error
from azsim.keysync import WORKSPACE
from azsim.operations import Operation
from azsim.router import Context, Routes
from azsim.services.ml_common import (
    FRONT_END_VERSIONS,
    IN_SUBSCRIPTION,
    ONE_WORKSPACE,
    WORKSPACE_VERSIONS,
    answer,
    bad_argument,
    child,
    listing,
    marked,
    number,
    operation_url,
    page,
    region_of,
    start,
    visible_children,
    wait_hint,
    workspace_of,
)
from azsim.wire import Response, json_response
from azsim.world import Resource

route = Routes("ml")

_COMPUTE = f"{ONE_WORKSPACE}/computes"
_JOB = f"{ONE_WORKSPACE}/jobs"
_STATES = {"start": "Running", "stop": "Stopped", "restart": "Running"}


@route("GET", _COMPUTE, versions=WORKSPACE_VERSIONS, action=f"{WORKSPACE}/computes/read")
def list_computes(ctx: Context) -> Response:
    """The computes of a workspace."""
    part, next_link = page(ctx, visible_children(ctx, "computes"), number(ctx, "$top", 1000), "$skip")
    return answer(ctx, 200, listing(ctx, part, next_link))


@route("GET", f"{_COMPUTE}/{{name}}", versions=WORKSPACE_VERSIONS, action=f"{WORKSPACE}/computes/read")
def get_compute(ctx: Context) -> Response:
    """One compute."""
    return answer(ctx, 200, _compute(ctx))


@route("POST", f"{_COMPUTE}/{{name}}/{{verb}}", versions=WORKSPACE_VERSIONS, action=f"{WORKSPACE}/computes/write")
def change_state(ctx: Context) -> Response:
    """Start, stop or restart a compute instance: 202 with Azure-AsyncOperation only."""
    verb, compute = ctx.segments[10].casefold(), _compute(ctx)
    if verb not in _STATES or compute["properties"].get("computeType") != "ComputeInstance":
        raise bad_argument(ctx, f"The compute {compute['name']} does not support {ctx.segments[10]}.")

    def effect() -> None:
        inner = {**compute["properties"]["properties"], "state": _STATES[verb]}
        ctx.world.put({**compute, "properties": {**compute["properties"], "properties": inner}})

    operation = start(ctx, "compute", workspace_of(ctx), effect)
    url = operation_url(ctx, operation, "computeOperationsStatus", "&service=new")
    headers = {"Azure-AsyncOperation": url, **wait_hint(ctx), "Content-Length": "0"}
    return marked(Response(202, headers), workspace_of(ctx))


@route(
    "GET",
    f"{IN_SUBSCRIPTION}/locations/{{location}}/computeOperationsStatus/{{operationId}}",
    versions=WORKSPACE_VERSIONS,
)
def poll_compute(ctx: Context) -> Response:
    """The status of a compute operation."""
    operation = ctx.operations.poll(ctx.params["operationId"])
    if operation is None:
        text = f"Operation {ctx.params['operationId']} can't be found"
        raise Refused(account_rp_error(ctx, 404, text, location=ctx.params["location"]))
    body = _status(operation)
    return marked(json_response(200, body, headers=wait_hint(ctx)), {"location": operation.region})


@route("GET", _JOB, versions=FRONT_END_VERSIONS, action=f"{WORKSPACE}/jobs/read")
def list_jobs(ctx: Context) -> Response:
    """The jobs of a workspace; `jobType` narrows the list."""
    items = visible_children(ctx, "jobs")
    if kind := ctx.request.query.get("jobType", "").casefold():
        items = [item for item in items if str(item["properties"].get("jobType", "")).casefold() == kind]
    part, next_link = page(ctx, items, 30, "$skip")
    return answer(ctx, 200, listing(ctx, part, next_link))


@route("GET", f"{_JOB}/{{name}}", versions=FRONT_END_VERSIONS, action=f"{WORKSPACE}/jobs/read")
def get_job(ctx: Context) -> Response:
    """One job."""
    return answer(ctx, 200, _job(ctx))


def _compute(ctx: Context) -> Resource:
    found = child(ctx, "computes")
    if found is None:
        workspace = workspace_of(ctx)
        text = f"Compute with name {ctx.segments[9]} not found in workspace {workspace['name']}"
        raise Refused(account_rp_error(ctx, 404, text, location=region_of(workspace)))
    return found


def _job(ctx: Context) -> Resource:
    found = child(ctx, "jobs")
    if found is None:
        name = ctx.segments[9]
        form = {"type": "MessageFormat", "info": {"value": "Job {jobId} not found."}}
        parameters = {"type": "MessageParameters", "info": {"value": {"jobId": name}}}
        location = region_of(workspace_of(ctx))
        inner = ("NotFound", "JobNotFound")
        text = f"Job {name} not found."
        raise Refused(mfe_error(ctx, 404, text, inner=inner, location=location, extra=(form, parameters)))
    return found


def _status(operation: Operation) -> dict[str, object]:
    body: dict[str, object] = {"status": operation.word}
    if operation.state == "succeeded":
        body["percentComplete"] = 100.0
    if operation.state == "failed":
        body["error"] = {"code": "InternalServerError", "message": "The compute operation could not be completed."}
    return body

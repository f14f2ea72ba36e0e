"""Azure's error envelopes, one function each: they differ in nesting, in casing and in what stands beside
`error`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from azsim.clock import entra_time, iso7, offset7
from azsim.wire import Response, json_response

if TYPE_CHECKING:
    from azsim.clock import Clock
    from azsim.rng import Rng
    from azsim.router import Context

GATEWAY = {"x-ms-failure-cause": "gateway"}
SERVICE = {"x-ms-failure-cause": "service"}


_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class Refused(Exception):
    """A handler's refusal; it carries the answer, which goes out as it is."""

    def __init__(self, response: Response) -> None:
        super().__init__(f"refused with {response.status}")
        self.response = response


def arm_error(
    status: int, code: str, message: str, *, gateway: bool = True, headers: Mapping[str, str] | None = None
) -> Response:
    """`{"error":{"code","message"}}`: Resource Manager itself (`gateway`), Authorization and vault
    management."""
    extra = dict(GATEWAY) if gateway else (dict(SERVICE) if status >= 500 else {})
    if headers:
        extra.update(headers)
    return json_response(status, {"error": {"code": code, "message": message}}, headers=extra)


def storage_error(status: int, code: str, message: str, *, headers: Mapping[str, str] | None = None) -> Response:
    """The Storage resource provider's error: the same body, but a content type without a charset."""
    extra = dict(SERVICE) if status >= 500 else {}
    if headers:
        extra.update(headers)
    body = {"error": {"code": code, "message": message}}
    return json_response(status, body, headers=extra, content_type="application/json")


def mfe_error(
    ctx: Context,
    status: int,
    message: str,
    *,
    code: str = "UserError",
    inner: Sequence[str] = (),
    details: Sequence[Mapping[str, Any]] = (),
    location: str = "westeurope",
    extra: Sequence[Mapping[str, Any]] = (),
) -> Response:
    """The Machine Learning front end's error (endpoints, datastores, jobs).

    `inner` is the chain of InnerError codes from the outside in, for example ("NotFoundError",).
    """
    info: list[dict[str, Any]] = [
        {"type": "ComponentName", "info": {"value": "managementfrontend"}},
        {
            "type": "Correlation",
            "info": {"value": {"operation": ctx.rng.hex(32), "request": ctx.rng.hex(16)}},
        },
        {"type": "Environment", "info": {"value": location}},
        {"type": "Location", "info": {"value": location}},
        {"type": "Time", "info": {"value": offset7(ctx.clock.now())}},
    ]
    if inner:
        info.append({"type": "InnerError", "info": {"value": _inner_chain(inner)}})
    info.extend(dict(item) for item in extra)
    error = {
        "code": code,
        "message": message,
        "details": [dict(item) for item in details],
        "additionalInfo": info,
    }
    return json_response(status, {"error": error}, headers={"x-ms-response-type": "error"})


def account_rp_error(
    ctx: Context,
    status: int,
    message: str,
    *,
    code: str = "UserError",
    inner: Sequence[str] = ("NotFoundError",),
    location: str = "westeurope",
) -> Response:
    """The Machine Learning workspace service's error: correlation and place stand beside `error`."""
    error: dict[str, Any] = {
        "code": code,
        "severity": None,
        "message": message,
        "messageFormat": None,
        "messageParameters": None,
        "referenceCode": None,
        "detailsUri": None,
        "target": None,
        "details": [],
        "innerError": _inner_chain(inner),
        "debugInfo": None,
        "additionalInfo": None,
    }
    body = {
        "error": error,
        "correlation": {"operation": ctx.rng.hex(32), "request": ctx.rng.hex(16)},
        "environment": location,
        "location": location,
        "time": offset7(ctx.clock.now()),
        "componentName": "account-rp",
    }
    return json_response(status, body, headers={"x-ms-response-type": "error"})


def insights_error(status: int, code: str, message: str) -> Response:
    """The activity log's flat error, without `error` around it."""
    return json_response(status, {"code": code, "message": message}, headers={"Server": "Microsoft-IIS/10.0"})


def resource_graph_error(ctx: Context, status: int, details: Sequence[Mapping[str, Any]]) -> Response:
    """Resource Graph's error: a generic sentence, the reason in `details`."""
    stamp = f"timestamp = {iso7(ctx.clock.now())}, correlationId = {ctx.rng.uuid()}."
    message = f"Please provide below info when asking for support: {stamp}"
    error = {"code": "BadRequest", "message": message, "details": [dict(item) for item in details]}
    return json_response(status, {"error": error})


def keyvault_error(
    status: int,
    code: str,
    message: str,
    *,
    inner: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Key Vault data plane: the nested object is `innererror`, all in lower case."""
    error: dict[str, Any] = {"code": code, "message": message}
    if inner:
        error["innererror"] = {"code": inner}
    return json_response(status, {"error": error}, headers=headers)


def graph_error(ctx: Context, status: int, code: str, message: str) -> Response:
    """Microsoft Graph: `innerError` holds the date and the request ids."""
    request_id = ctx.rng.uuid()
    client_id = ctx.request.headers.get("client-request-id", request_id)
    inner = {
        "date": f"{ctx.clock.now():%Y-%m-%dT%H:%M:%S}",
        "request-id": request_id,
        "client-request-id": client_id,
    }
    error = {"code": code, "message": message, "innerError": inner}
    headers = {"request-id": request_id, "client-request-id": client_id}
    return json_response(status, {"error": error}, headers=headers, content_type="application/json")


def entra_error(
    clock: Clock,
    rng: Rng,
    status: int,
    error: str,
    number: int,
    message: str,
    *,
    correlation: str | None = None,
    suberror: str | None = None,
    origin: str = "https://login.microsoftonline.com",
) -> Response:
    """Entra's sign-in error; the trace id is also the x-ms-request-id header."""
    trace, stamp = rng.uuid(), entra_time(clock.now())
    correlation = correlation or rng.uuid()
    tail = f"\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {stamp}"
    body: dict[str, Any] = {
        "error": error,
        "error_description": f"AADSTS{number}: {message}{tail}",
        "error_codes": [number],
        "timestamp": stamp,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"{origin}/error?code={number}",
    }
    if suberror:
        body["suberror"] = suberror
    return json_response(status, body, headers={"x-ms-request-id": trace, "x-ms-clitelem": f"1,{number},0,,"})


def storage_xml_error(ctx: Context, status: int, code: str, message: str, *, detail: str | None = None) -> Response:
    """The blob and file services' XML error; the code is also the x-ms-error-code header."""
    request_id = ctx.rng.uuid()
    text = f"{message}\nRequestId:{request_id}\nTime:{iso7(ctx.clock.now())}".translate(_XML)
    more = f"<AuthenticationErrorDetail>{detail.translate(_XML)}</AuthenticationErrorDetail>" if detail else ""
    xml = (
        f'\ufeff<?xml version="1.0" encoding="utf-8"?><Error><Code>{code}</Code><Message>{text}</Message>{more}</Error>'
    )
    headers = {"Content-Type": "application/xml", "x-ms-request-id": request_id, "x-ms-error-code": code}
    return Response(status, headers, xml.encode())


def not_simulated(method: str, host: str, path: str) -> Response:
    """A route this cloud does not know: loud, and never an empty success."""
    return unsimulated(f"{method} {host}{path}")


def unsimulated(what: str) -> Response:
    """Anything that this cloud cannot do: loud, and never a guess."""
    return arm_error(501, "NotSimulated", f"The rehearsal cloud does not simulate {what}.")


def _inner_chain(codes: Sequence[str]) -> dict[str, Any] | None:
    chain: dict[str, Any] | None = None
    for code in reversed(codes):
        chain = {"code": code, "innerError": chain}
    return chain

"""What a request must pass before its handler runs: token, api-version, subscription, access, locks.

Each check returns Azure's refusal, or None to let the request on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from azsim import conditions, ids
from azsim.clock import iso7
from azsim.errors import arm_error, graph_error, keyvault_error, not_simulated, unsimulated
from azsim.principals import Caller
from azsim.router import ANY, Context, HostClass, missing, scope_of
from azsim.wire import BadRequestBody, Response

if TYPE_CHECKING:
    from azsim.tokens import Problem

ARM_AUDIENCES = frozenset(
    {
        "https://management.azure.com",
        "https://management.core.windows.net",
        "https://management.core.usgovcloudapi.net",
        "https://management.usgovcloudapi.net",
        "https://management.chinacloudapi.cn",
        "https://management.core.chinacloudapi.cn",
    }
)
_AUDIENCES: dict[HostClass, frozenset[str]] = {
    "arm": ARM_AUDIENCES,
    "graph": frozenset(
        {
            "https://graph.microsoft.com",
            "https://graph.microsoft.us",
            "https://microsoftgraph.chinacloudapi.cn",
        }
    ),
    "vault": frozenset({"https://vault.azure.net", "https://vault.usgovcloudapi.net", "https://vault.azure.cn"}),
}


def authenticate(ctx: Context) -> Response | None:
    """Read the bearer token where the host wants one; data-plane keys are checked by their own handlers."""
    host = ctx.route.host
    known = _AUDIENCES.get(host)
    if known is None or ctx.route.kind == "sign-in":
        return None
    found = ctx.cloud.tokens.check(ctx.request.token(), known, ctx.arrived, ctx.request.origin)
    if isinstance(found, Caller):
        ctx.caller = found
        return None
    return _CHALLENGES[host](ctx, found)


def require_route(ctx: Context) -> Response | None:
    """Refuse loudly what is not simulated."""
    if ctx.route.template:
        return None
    return not_simulated(ctx.request.method, ctx.request.host, ctx.request.path)


def require_version(ctx: Context) -> Response | None:
    """Refuse a missing api-version, a malformed one, and one that the route does not know."""
    versions, given = ctx.route.versions, ctx.api_version
    if versions is None:
        return None
    if not given:
        message = "The api-version query parameter (?api-version=) is required for all requests."
        return arm_error(400, "MissingApiVersionParameter", message)
    if versions(given) if callable(versions) else given in versions:
        return None
    supported = "" if callable(versions) else "','".join(versions)
    if ctx.route.service in ("arm", "metadata") or not ANY(given):
        message = f"The api-version '{given}' is invalid. The supported versions are '{supported}'."
        return arm_error(400, "InvalidApiVersionParameter", message)
    message = (
        f"No registered resource provider found for location 'westeurope' and API version '{given}' for "
        f"type '{_type_words(ctx)}'. The supported api-versions are '{supported}'. The supported locations "
        "are 'westeurope'."
    )
    return arm_error(400, "NoRegisteredProviderFound", message)


def require_subscription(ctx: Context) -> Response | None:
    """Refuse a subscription that the tenant does not have."""
    if ctx.route.host != "arm" or not ctx.subscription or ctx.world.has_subscription(ctx.subscription):
        return None
    return arm_error(404, "SubscriptionNotFound", f"The subscription '{ctx.segments[1]}' could not be found.")


def authorize(ctx: Context) -> Response | None:
    """Evaluate the caller's roles for the route's action, as Azure does on every call."""
    action, caller = ctx.route.action, ctx.caller
    if action is None or caller is None:
        return None
    scope, rbac = ctx.scope(), ctx.cloud.rbac
    verdict = rbac.verdict(caller, scope, action)
    if verdict.allowed:
        return _constrained(ctx, caller, action) if action.casefold() in conditions.ACTIONS else None
    if ctx.route.listing and verdict.denied_by is None and rbac.allowed_below(caller, scope, action):
        return None
    return forbidden(ctx, action, verdict.denied_by)


def _constrained(ctx: Context, caller: Caller, action: str) -> Response | None:
    """Refuse what the condition on every role that would allow it does not let pass (constrained delegation)."""
    given = ctx.cloud.rbac.conditions(caller, ctx.scope(), action)
    if not given:
        return None
    existing = ctx.world.access.assignments.get(ids.fold(ctx.scope()))
    try:
        deed = conditions.Deed(
            action=action,
            request=conditions.attributes(ctx.request.member("properties")),
            resource=conditions.attributes(existing.properties) if existing else {},
        )
        passes = any(conditions.fulfilled(condition, deed) for condition in given)
    except BadRequestBody as error:
        return arm_error(400, "InvalidRequestContent", str(error), gateway=False)
    except conditions.Unreadable as error:
        return unsimulated(f"a condition on a role of the caller: {error}")
    return None if passes else forbidden(ctx, action, or_condition=True)


def forbidden(
    ctx: Context, action: str, denied_by: dict[str, object] | None = None, *, or_condition: bool = False
) -> Response:
    """Azure's 403 for a caller without the action, with an unfulfilled condition, or denied by a deny assignment."""
    caller = ctx.caller
    client = f"The client '{caller.name if caller else ''}' with object id '{caller.object_id if caller else ''}'"
    scope = printed_scope(ctx)
    if denied_by is None:
        lack = "or an ABAC condition not fulfilled " if or_condition else ""
        message = (
            f"{client} does not have authorization {lack}to perform action '{action}' over scope '{scope}' or the "
            "scope is invalid. If access was recently granted, please refresh your credentials."
        )
        return arm_error(403, "AuthorizationFailed", message)
    properties = denied_by.get("properties")
    name = properties.get("denyAssignmentName", "") if isinstance(properties, dict) else ""
    at = properties.get("scope", "") if isinstance(properties, dict) else ""
    message = (
        f"{client} has permission to perform action '{action}' on scope '{scope}'; however, the access is "
        f"denied because of the deny assignment with name '{name}' and Id '{denied_by.get('name', '')}' at "
        f"scope '{at}'."
    )
    return arm_error(403, "DenyAssignmentAuthorizationFailed", message)


def check_group(ctx: Context) -> Response | None:
    """Refuse a path through a resource group that does not exist."""
    segments = ctx.segments
    if ctx.route.host != "arm" or len(segments) < 5 or segments[2].casefold() != "resourcegroups":
        return None
    if ctx.world.has_group(segments[1], segments[3]):
        return None
    return missing(ctx.world, ctx.request.path)


def check_locks(ctx: Context) -> Response | None:
    """Refuse what a lock forbids: every method but GET under ReadOnly, DELETE under both kinds (409
    ScopeLocked)."""
    if not ctx.route.lockable:
        return None
    scope, is_delete = ctx.scope(), ctx.request.method == "DELETE"
    blocking = [
        ids.parent_of(lock["id"])
        for lock in ctx.world.locks_on(scope)
        if is_delete or lock["properties"].get("level", "").casefold() == "readonly"
    ]
    if not blocking:
        return None
    verb = "delete" if is_delete else "write"
    message = (
        f"The scope '{scope}' cannot perform {verb} operation because following scope(s) are locked: "
        f"'{','.join(blocking)}'. Please remove the lock and try again."
    )
    return arm_error(409, "ScopeLocked", message)


def printed_scope(ctx: Context) -> str:
    """The scope as refusals print it: for a list of a provider's resources it ends with the provider."""
    scope = scope_of(ctx.segments)
    rest = ctx.segments[len(ids.segments(scope)) :]
    if len(rest) >= 2 and rest[0].casefold() == "providers":
        return f"{scope}/{rest[0]}/{rest[1]}"
    return scope or "/"


def _type_words(ctx: Context) -> str:
    folded = [segment.casefold() for segment in ctx.segments]
    start = len(folded) - 1 - folded[::-1].index("providers") if "providers" in folded else -2
    return "/".join(ctx.segments[start + 2 :: 2])


def _arm_challenge(ctx: Context, problem: Problem) -> Response:
    texts: dict[Problem, tuple[str, str, str]] = {
        "missing": (
            "AuthenticationFailed",
            "Authentication failed. The 'Authorization' header is missing.",
            "The authentication failed because of missing 'Authorization' header.",
        ),
        "invalid": (
            "InvalidAuthenticationToken",
            "The access token is invalid.",
            "The access token is invalid.",
        ),
        "expired": ("ExpiredAuthenticationToken", _expired(ctx), "The access token has expired."),
        "audience": (
            "InvalidAuthenticationTokenAudience",
            "The access token has been obtained for wrong audience or resource. It should exactly match "
            "with one of the allowed audiences "
            "'https://management.core.windows.net/','https://management.azure.com/'.",
            "The access token has been obtained for wrong audience or resource.",
        ),
    }
    code, message, description = texts[problem]
    tenant = ctx.world.directory.tenant_id if problem == "missing" else ""
    challenge = (
        f'Bearer authorization_uri="https://login.windows.net/{tenant}", error="invalid_token", '
        f'error_description="{description}"'
    )
    return arm_error(401, code, message, headers={"WWW-Authenticate": challenge})


def _expired(ctx: Context) -> str:
    token = ctx.request.token()
    ended = ctx.cloud.tokens.expiry(token) if token else None
    now = iso7(ctx.clock.now())
    return (
        f"The access token expiry UTC time '{iso7(ended) if ended else ''}' is earlier than current UTC time '{now}'."
    )


_VAULT_LOGINS = {
    "vault.usgovcloudapi.net": "https://login.microsoftonline.us",
    "vault.azure.cn": "https://login.chinacloudapi.cn",
}
"""Where the vaults of the other clouds send their callers; all others go to the global cloud's."""


def _vault_challenge(ctx: Context, problem: Problem) -> Response:
    domain = ctx.request.host.partition(".")[2] if ".vault." in ctx.request.host else "vault.azure.net"
    text = (
        "AKV10000: Request is missing a Bearer or PoP token."
        if problem == "missing"
        else f"AKV10022: Invalid audience. Expected https://{domain}."
        if problem == "audience"
        else "AKV10032: Invalid issuer or signature of the token."
    )
    tenant = ctx.world.directory.tenant_id
    public = _VAULT_LOGINS.get(domain, "https://login.microsoftonline.com")
    authority = ctx.origin if ctx.request.host == "localhost" else public
    challenge = f'Bearer authorization="{authority}/{tenant}", resource="https://{domain}"'
    return keyvault_error(401, "Unauthorized", text, headers={"WWW-Authenticate": challenge})


def _graph_challenge(ctx: Context, problem: Problem) -> Response:
    text = "Access token is empty." if problem == "missing" else "Access token validation failure."
    return graph_error(ctx, 401, "InvalidAuthenticationToken", text)


_CHALLENGES: dict[HostClass, Callable[[Context, Problem], Response]] = {
    "arm": _arm_challenge,
    "vault": _vault_challenge,
    "graph": _graph_challenge,
}

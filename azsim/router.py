"""Routes: which function answers which method and path, and what it needs before it may run.

Paths match case-insensitively, as Resource Manager does. A template may begin with `{scope}`: an extension
resource that hangs on any scope; it is matched from the last `/providers/` of the path on.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from azsim.errors import Refused, arm_error
from azsim.wire import Request, Response

if TYPE_CHECKING:
    from azsim.behaviour import Behaviour
    from azsim.clock import Clock
    from azsim.cloud import Cloud
    from azsim.faults import Firing
    from azsim.operations import Operations
    from azsim.principals import Caller
    from azsim.quota import Bucket
    from azsim.rng import Rng
    from azsim.world import Resource, World

HostClass = Literal["arm", "login", "graph", "vault", "blob", "file", "scoring", "registry"]
RouteClass = Literal["read", "secret-read", "write", "sign-in"]
Handler = Callable[["Context"], Response]
Versions = Sequence[str] | Callable[[str], bool] | None

WELL_FORMED = re.compile(r"20\d\d-\d\d-\d\d(-(preview|privatepreview|alpha|beta|rc))?")


@lru_cache(maxsize=256)
def ANY(version: str) -> bool:  # noqa: N802 - reads as a constant in route tables
    """Accept every api-version that has Azure's form."""
    return bool(WELL_FORMED.fullmatch(version))


def since(first: str) -> Callable[[str], bool]:
    """Accept every well-formed api-version from `first` on."""
    return lambda version: ANY(version) and version[:10] >= first


@dataclass(frozen=True, slots=True)
class Route:
    """One line of the route table."""

    method: str
    template: str
    handler: Handler
    host: HostClass
    service: str
    """Names the header style and the quota: arm, authorization, storage, ml, insights, resourcegraph, ..."""
    versions: Versions
    """None: the route takes no api-version."""
    action: str | None
    """The RBAC action the caller needs; None: every signed-in caller may."""
    kind: RouteClass
    listing: bool
    """A list that answers with what the caller may see; having the action on anything below the scope is
    enough."""
    lockable: bool
    """Whether a read-only lock at or above the scope refuses it."""


class Routes:
    """The routes of one service module: `route = Routes("storage")`, then `@route("GET", "/...", ...)`."""

    def __init__(self, service: str, *, host: HostClass = "arm") -> None:
        self._service = service
        self._host: HostClass = host
        self.table: list[Route] = []

    def __call__(
        self,
        method: str,
        template: str,
        *,
        versions: Versions = None,
        action: str | None = None,
        kind: RouteClass | None = None,
        service: str | None = None,
        host: HostClass | None = None,
        listing: bool = False,
        lockable: bool | None = None,
    ) -> Callable[[Handler], Handler]:
        """Register the decorated function; GET is a read and anything else a write unless `kind` says
        otherwise."""
        is_arm = (host or self._host) == "arm"

        def register(handler: Handler) -> Handler:
            self.table.append(
                Route(
                    method=method,
                    template=template,
                    handler=handler,
                    host=host or self._host,
                    service=service or self._service,
                    versions=versions,
                    action=action,
                    kind=kind or ("read" if method in ("GET", "HEAD") else "write"),
                    listing=listing,
                    lockable=lockable if lockable is not None else is_arm and method not in ("GET", "HEAD"),
                )
            )
            return handler

        return register


class Context(msgspec.Struct):
    """What a handler gets: the request, the caller and the parts of the cloud."""

    cloud: Cloud
    world: World
    clock: Clock
    rng: Rng
    request: Request
    route: Route
    params: dict[str, str]
    """The template's `{names}`, decoded, in the caller's casing; `scope` has a leading slash and is "" at the
    root."""
    segments: list[str]
    caller: Caller | None
    api_version: str
    arrived: datetime
    """When the request came: the one reading of the clock for all that is not a handler's own."""
    target: str = ""
    """The scope of the path, known before it is asked for."""
    subscription: str = ""
    """The subscription of the path in lower case; empty where it has none."""
    firing: Firing | None = None
    bucket: Bucket | None = None
    """The budget that the request was taken from."""

    @property
    def operations(self) -> Operations:
        """The long-running operations."""
        return self.cloud.operations

    @property
    def origin(self) -> str:
        """Scheme, host and port for links in the answer (Location, nextLink, Azure-AsyncOperation)."""
        return self.request.origin

    def scope(self) -> str:
        """The resource id the path speaks of: without a trailing action or collection name."""
        return self.target

    def behaviour(self, resource_id: str | None = None) -> Behaviour:
        """The options in force for `resource_id`, by default for the request's own scope."""
        return self.world.behaviour(resource_id if resource_id is not None else self.scope())

    def resource(self, resource_id: str | None = None) -> Resource:
        """The resource at the request's scope (or at `resource_id`); raises Azure's 404 for a missing one."""
        wanted = resource_id if resource_id is not None else self.scope()
        found = self.world.get(wanted)
        if found is None:
            raise Refused(missing(self.world, wanted))
        return found

    def operation_outcome(self) -> str | None:
        """How a fault wants the operation that this request starts to end; None: as the behaviour says."""
        kind = self.firing.fault.kind if self.firing else ""
        return {"fail_operation": "fail", "stuck_operation": "stuck"}.get(kind)

    def visible(self, resources: Iterable[Resource]) -> list[Resource]:
        """The resources of a list that the caller may read, by the route's action."""
        may = self.cloud.rbac.allowed
        action, caller = self.route.action, self.caller
        if action is None or caller is None:
            return list(resources)
        return [resource for resource in resources if may(caller, resource["id"], action)]


def subscription_of(segments: list[str]) -> str:
    """The subscription of a path in lower case; empty where it has none."""
    return segments[1].casefold() if len(segments) > 1 and segments[0].casefold() == "subscriptions" else ""


def missing(world: World, resource_id: str) -> Response:
    """Resource Manager's 404 for a resource that does not exist, or whose group does not."""
    parts = [part for part in resource_id.split("/") if part]
    group = parts[3] if len(parts) > 3 and parts[2].casefold() == "resourcegroups" else None
    if group is not None and not world.has_group(parts[1], group):
        return arm_error(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.")
    message = (
        f"The Resource '{'/'.join(parts[5:])}' under resource group '{group or '<null>'}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return arm_error(404, "ResourceNotFound", message)


def scope_of(segments: Sequence[str]) -> str:
    """The id of the innermost resource that a path names: `.../storageAccounts/a/listKeys` is about the
    account."""
    folded = [segment.casefold() for segment in segments]
    if "providers" in folded:
        start = len(folded) - 1 - folded[::-1].index("providers")
        pairs = max(0, (len(folded) - start - 2) // 2)
        end = start + 2 + pairs * 2 if pairs else start
    else:
        end = len(folded) // 2 * 2
    return "".join(f"/{segment}" for segment in segments[:end])


class Way(NamedTuple):
    """Where a request leads: its part of Azure, its path's segments, scope and subscription, its route if any, names."""

    host: HostClass
    segments: list[str]
    scope: str
    subscription: str
    route: Route | None
    params: dict[str, str]


@dataclass(slots=True)
class _Node:
    literal: dict[str, _Node] = field(default_factory=dict)
    wild: _Node | None = None
    routes: dict[str, tuple[Route, tuple[str, ...]]] = field(default_factory=dict)


class Router:
    """Finds the route of a request in one walk along its path; literal segments win over `{names}`."""

    def __init__(self, tables: Iterable[Routes]) -> None:
        self._plain: dict[str, _Node] = {}
        self._extension: dict[str, _Node] = {}
        for routes in tables:
            for route in routes.table:
                self._add(route)

    def match(self, host: str, method: str, segments: Sequence[str]) -> tuple[Route, dict[str, str]] | None:
        """The route and the values of its `{names}`, or None when this cloud does not simulate the
        request."""
        folded = [segment.casefold() for segment in segments]
        root = self._plain.get(host)
        found = _walk(root, method, segments, folded, 0, ()) if root else None
        if found is None and host in self._extension and "providers" in folded:
            start = len(folded) - 1 - folded[::-1].index("providers")
            found = _walk(self._extension[host], method, segments, folded, start, ())
            if found is not None:
                found[1]["scope"] = "".join(f"/{segment}" for segment in segments[:start])
        return found

    def _add(self, route: Route) -> None:
        parts = [part for part in route.template.split("/") if part]
        is_extension = parts[:1] == ["{scope}"]
        roots = self._extension if is_extension else self._plain
        node = roots.setdefault(route.host, _Node())
        names: list[str] = []
        for part in parts[1:] if is_extension else parts:
            if part.startswith("{"):
                names.append(part[1:-1])
                node.wild = node.wild or _Node()
                node = node.wild
            else:
                node = node.literal.setdefault(part.casefold(), _Node())
        if route.method in node.routes:
            raise ValueError(f"two routes for {route.method} {route.template}")
        node.routes[route.method] = (route, tuple(names))


def _walk(
    node: _Node, method: str, segments: Sequence[str], folded: list[str], at: int, values: tuple[str, ...]
) -> tuple[Route, dict[str, str]] | None:
    if at == len(folded):
        entry = node.routes.get(method)
        return (entry[0], dict(zip(entry[1], values, strict=True))) if entry else None
    child = node.literal.get(folded[at])
    if child is not None:
        found = _walk(child, method, segments, folded, at + 1, values)
        if found is not None:
            return found
    if node.wild is None:
        return None
    return _walk(node.wild, method, segments, folded, at + 1, (*values, segments[at]))

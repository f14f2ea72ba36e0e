"""The least a role must allow for one action on one target: what was asked of Azure while it was planned, and its steps.

A request's permission follows Azure's own naming: the resource type and what is done to it (Azure operations, "Azure
resource provider operations"): GET is `read`, PUT and PATCH `write`, DELETE `delete`, POST its last word and `action`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import unquote, urlsplit

from actions.guard.gate import Hosts
from actions.guard.model import Frozen, Plan

_VERBS = {"GET": "read", "HEAD": "read", "PUT": "write", "PATCH": "write", "DELETE": "delete"}
_OWN_NAMES = {
    "microsoft.resourcegraph/resources/action": "",
    "microsoft.machinelearningservices/workspaces/diagnose/action": (
        "Microsoft.MachineLearningServices/workspaces/diagnose/read"
    ),
}
"""Where Azure's name differs from the rule, by what the rule gives; empty: it needs no permission of its own."""
_FOLLOWED = {
    "microsoft.machinelearningservices/workspaces/onlineendpoints/regeneratekeys/action": (
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/operationsStatus/read",
        "Microsoft.MachineLearningServices/workspaces/onlineEndpoints/operationResults/read",
    ),
}
"""What following an operation to its end takes beside the change itself, where Azure's list of operations names it."""
_SUBSCRIPTION = re.compile(r"/subscriptions(?:/[^/]+)?", re.IGNORECASE)
_GROUP = re.compile(r"/subscriptions/[^/]+/resourcegroups(?:/[^/]+)?", re.IGNORECASE)
_LISTED = re.compile(r"/subscriptions/[^/]+(?:/resourcegroups/[^/]+)?/resources", re.IGNORECASE)


class LeastRole(Frozen, frozen=True, kw_only=True):
    """A custom role: what it allows in Resource Manager and in data planes, and the subscriptions it is for."""

    actions: tuple[str, ...]
    data_actions: tuple[str, ...]
    scopes: tuple[str, ...]


def permission_of(method: str, path: str) -> str:
    """Name the permission that a Resource Manager request needs; empty where it needs none of its own."""
    path, verb = unquote(path).rstrip("/"), method.upper()
    if _SUBSCRIPTION.fullmatch(path):
        return "Microsoft.Resources/subscriptions/read"
    if _GROUP.fullmatch(path):
        return f"Microsoft.Resources/subscriptions/resourceGroups/{_VERBS.get(verb, 'action')}"
    if _LISTED.fullmatch(path):
        return "Microsoft.Resources/subscriptions/resources/read"
    at = path.casefold().rfind("/providers/")
    parts = path[at + len("/providers/") :].split("/") if at >= 0 else []
    if len(parts) < 2:
        return ""
    if verb == "POST":
        named = "/".join([parts[0], *parts[1:-1:2], parts[-1], "action"])
    else:
        named = "/".join([parts[0], *parts[1::2], _VERBS.get(verb, "write")])
    return _OWN_NAMES.get(named.casefold(), named)


def data_permission_of(method: str, path: str) -> str:
    """Name the permission that a read in a vault's data plane needs, where it is governed by roles."""
    parts = path.casefold().strip("/").split("/")
    if method.upper() != "GET" or parts[0] not in {"keys", "secrets"}:
        return ""
    return f"Microsoft.KeyVault/vaults/{'keys/read' if parts[0] == 'keys' else 'secrets/readMetadata/action'}"


def least_role(asked: Iterable[tuple[str, str]], plan: Plan, hosts: Hosts) -> LeastRole:
    """Put together what was `asked` (method, URL) while planning and what the plan's steps need."""
    actions: dict[str, str] = {}
    data: dict[str, str] = {}
    scopes: dict[str, str] = {}
    for method, url in asked:
        parts = urlsplit(url)
        host = (parts.hostname or "").casefold()
        if host.endswith(hosts.vault_suffix):
            _add(data, data_permission_of(method, parts.path))
        elif host == hosts.arm:
            _add(actions, permission_of(method, parts.path))
            _scope(scopes, parts.path)
    for step in (*plan.body.steps, *plan.body.contingent):
        if step.request is not None:
            _add(data if step.request.host else actions, step.request.permission)
            for permission in _FOLLOWED.get(step.request.permission.casefold(), ()):
                _add(actions, permission)
            _scope(scopes, step.request.scope)
    return LeastRole(actions=_sorted(actions), data_actions=_sorted(data), scopes=_sorted(scopes))


def together(roles: Iterable[LeastRole]) -> LeastRole:
    """Put the roles for several actions together into one."""
    several = tuple(roles)

    def merged(name: str) -> tuple[str, ...]:
        found: dict[str, str] = {}
        for role in several:
            for text in getattr(role, name):
                found.setdefault(text.casefold(), text)
        return _sorted(found)

    return LeastRole(actions=merged("actions"), data_actions=merged("data_actions"), scopes=merged("scopes"))


def _add(found: dict[str, str], permission: str) -> None:
    if permission:
        found.setdefault(permission.casefold(), permission)


def _scope(found: dict[str, str], path: str) -> None:
    parts = path.strip("/").split("/")
    if len(parts) > 1 and parts[0].casefold() == "subscriptions":
        found.setdefault(parts[1].casefold(), f"/subscriptions/{parts[1]}")


def _sorted(found: dict[str, str]) -> tuple[str, ...]:
    return tuple(found[key] for key in sorted(found))

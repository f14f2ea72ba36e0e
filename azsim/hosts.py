"""Which part of Azure a host name belongs to; on localhost, which part a path belongs to."""

from __future__ import annotations

from collections.abc import Sequence

from azsim.router import HostClass
from azsim.wire import Request

_EXACT: dict[str, HostClass] = {
    "management.azure.com": "arm",
    "management.usgovcloudapi.net": "arm",
    "management.chinacloudapi.cn": "arm",
    "login.microsoftonline.com": "login",
    "login.windows.net": "login",
    "login.microsoftonline.us": "login",
    "login.chinacloudapi.cn": "login",
    "graph.microsoft.com": "graph",
    "graph.microsoft.us": "graph",
    "microsoftgraph.chinacloudapi.cn": "graph",
}
_SUFFIXES: tuple[tuple[str, HostClass], ...] = (
    (".blob.core.windows.net", "blob"),
    (".file.core.windows.net", "file"),
    (".vault.azure.net", "vault"),
    (".inference.ml.azure.com", "scoring"),
    (".models.ai.azure.com", "scoring"),
    (".blob.core.usgovcloudapi.net", "blob"),
    (".file.core.usgovcloudapi.net", "file"),
    (".vault.usgovcloudapi.net", "vault"),
    (".blob.core.chinacloudapi.cn", "blob"),
    (".file.core.chinacloudapi.cn", "file"),
    (".vault.azure.cn", "vault"),
    (".azurecr.io", "registry"),
    (".azurecr.us", "registry"),
    (".azurecr.cn", "registry"),
)
_ARM_PATHS = frozenset({"subscriptions", "providers", "tenants", "metadata"})
_VAULT_PATHS = frozenset({"keys", "secrets", "certificates", "deletedkeys", "deletedsecrets"})


def class_of(request: Request, segments: Sequence[str]) -> HostClass:
    """The part of Azure that a request is for."""
    found = _EXACT.get(request.host)
    if found is not None:
        return found
    for suffix, host_class in _SUFFIXES:
        if request.host.endswith(suffix):
            return host_class
    first = segments[0].casefold() if segments else ""
    if first in _ARM_PATHS:
        return "arm"
    if first in ("v1.0", "beta"):
        return "graph"
    return "vault" if first in _VAULT_PATHS else "login"


def account_of(request: Request) -> str:
    """The first label of the host name: the storage account, the vault or the endpoint."""
    return request.host.partition(".")[0]

"""Resources beside the workspace that are only read: registries, Application Insights, Cosmos DB, AI Search, AKS, ..."""

from __future__ import annotations

from azsim.router import ANY, Context, Handler, Routes
from azsim.wire import Response, json_response

KINDS = (
    "Microsoft.ContainerRegistry/registries",
    "Microsoft.Insights/components",
    "Microsoft.DocumentDB/databaseAccounts",
    "Microsoft.Search/searchServices",
    "Microsoft.ContainerService/managedClusters",
    "Microsoft.Compute/diskEncryptionSets",
    "Microsoft.ContainerInstance/containerGroups",
    "Microsoft.ManagedIdentity/userAssignedIdentities",
    "Microsoft.OperationalInsights/workspaces",
    "Microsoft.Network/privateEndpoints",
)
route = Routes("arm")


def _get(ctx: Context) -> Response:
    """One resource, as the estate has it."""
    return json_response(200, ctx.resource())


def _lister(kind: str) -> Handler:
    def listed(ctx: Context) -> Response:
        """The resources of one type in a subscription or a group."""
        scope = f"/subscriptions/{ctx.params['sub']}"
        scope += f"/resourceGroups/{ctx.params['rg']}" if "rg" in ctx.params else ""
        return json_response(200, {"value": ctx.visible(ctx.world.of_type(kind, scope))})

    return listed


for _kind in KINDS:
    _listed = _lister(_kind)
    _group = f"/subscriptions/{{sub}}/resourceGroups/{{rg}}/providers/{_kind}"
    route("GET", f"{_group}/{{name}}", versions=ANY, action=f"{_kind}/read")(_get)
    route("GET", _group, versions=ANY, action=f"{_kind}/read", listing=True)(_listed)
    route("GET", f"/subscriptions/{{sub}}/providers/{_kind}", versions=ANY, action=f"{_kind}/read", listing=True)(
        _listed
    )

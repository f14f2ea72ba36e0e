"""Finding the endpoint that an operator means: `workspace/endpoint`, with anything before it that names a workspace."""

from __future__ import annotations

import re

from actions.cloud.data import ResourceId
from actions.cloud.protocol import Cloud
from actions.workspaces.targets import WORKSPACE, TargetError, resolve

_ENDPOINT = re.compile(rf"{re.escape(WORKSPACE)}/(?:online|serverless)Endpoints".casefold())


async def resolve_endpoint(cloud: Cloud, target: str, *, subscription: str = "") -> ResourceId:
    """Find the workspace or the one endpoint that `target` names; raises `TargetError`.

    `group/workspace` and `workspace/endpoint` look alike: the workspace is tried first.
    """
    if target.startswith("/") and _ENDPOINT.fullmatch(ResourceId(target).type):
        return ResourceId(target.rstrip("/"))
    try:
        return await resolve(cloud, target, subscription=subscription)
    except TargetError as error:
        first, name = error, target.rpartition("/")
    if target.startswith("/") or not name[0] or any(each.startswith("/") for each in first.candidates):
        raise first
    workspace = await resolve(cloud, name[0], subscription=subscription)
    kinds = await cloud.online_endpoints(workspace), await cloud.serverless_endpoints(workspace)
    found = [item.id for kind in kinds for item in kind if item.name.casefold() == name[2].casefold()]
    if len(found) == 1:
        return found[0]
    names = tuple(sorted({item.name for kind in kinds for item in kind}))
    if not found:
        told = ", ".join(names) or "none"
        raise TargetError(f"workspace {workspace.name} has no endpoint {name[2]}; it has {told}", names)
    raise TargetError(f"{target} is ambiguous: an online and a serverless endpoint", tuple(each.text for each in found))

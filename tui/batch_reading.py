"""What must be known of each target before several are acted on: its storage account and its environment. Reads only."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.batch import Candidate
from tui.render import clean

if TYPE_CHECKING:
    from actions.cloud.data import ResourceId
    from actions.cloud.protocol import Cloud
    from tui.session import Connected

_WORKSPACE_PARTS = 9
"""Parts of a workspace's id, split at its slashes; an endpoint's id goes on from there."""


async def candidates(connected: Connected, targets: Sequence[tuple[str, str]]) -> list[Candidate]:
    """Look each (id, name) up, in the order given."""
    known = connected.session.environments
    for target, _ in targets:
        await known.read(connected, target)
    accounts = await asyncio.gather(*(_account(connected.cloud, target) for target, _ in targets))
    found: list[Candidate] = []
    for (target, name), (account, unread) in zip(targets, accounts, strict=True):
        environment = known.of(target)
        late = environment is not None and environment.insists
        found.append(Candidate(target, clean(name), known.word(target), late, account, clean(unread)))
    return found


async def _account(cloud: Cloud, target: str) -> tuple[str, str]:
    """Give the id of the account that a target works on, or why it is not known; a subscription has none."""
    from actions.cloud.data import CloudError, ResourceId

    found = ResourceId("/".join(target.split("/")[:_WORKSPACE_PARTS]))
    if "/storageaccounts/" in found.text.casefold():
        return found.text, ""
    if "/workspaces/" not in found.text.casefold():
        return "", ""
    try:
        return await _of_workspace(cloud, found), ""
    except CloudError as error:
        return "", error.sentence


async def _of_workspace(cloud: Cloud, workspace: ResourceId) -> str:
    """The workspace's own account; a project has its hub's."""
    from actions.cloud.data import ResourceId

    properties = (await cloud.workspace(workspace)).properties
    own = str(properties.get("storageAccount") or "")
    hub = str(properties.get("hubResourceId") or "")
    return own or (await _of_workspace(cloud, ResourceId(hub)) if hub else "")

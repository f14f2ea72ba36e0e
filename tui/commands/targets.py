"""From what an operator calls a resource to its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.commands.failures import USAGE, CommandError

if TYPE_CHECKING:
    from actions.cloud.data import ResourceId
    from tui.session import Connected


async def find(connected: Connected, target: str, kinds: str, subscription: str) -> ResourceId:
    """Find the one resource that `target` names, of a kind among `kinds` ("workspace or storage account").

    A subscription is named by its name, its id, or its resource id.
    """
    if kinds == "subscription":
        return await _subscription(connected, target)
    from actions.workspaces import STORAGE_ACCOUNT, WORKSPACE, TargetError, resolve

    known = {"workspace": WORKSPACE, "storage account": STORAGE_ACCOUNT}
    if "endpoint" in kinds.split(" or "):
        return await _endpoint(connected, target, subscription)
    types = tuple(kind for word, kind in known.items() if word in kinds.split(" or "))
    try:
        return await resolve(connected.cloud, target, types=types, subscription=subscription)
    except TargetError as error:
        raise wrong_target(error.sentence, error.candidates) from None


async def _endpoint(connected: Connected, target: str, subscription: str) -> ResourceId:
    """Find a workspace, or one endpoint as `workspace/endpoint`."""
    from actions.workspaces import TargetError
    from actions.workspaces.endpoint_targets import resolve_endpoint

    try:
        return await resolve_endpoint(connected.cloud, target, subscription=subscription)
    except TargetError as error:
        raise wrong_target(error.sentence, error.candidates) from None


async def _subscription(connected: Connected, target: str) -> ResourceId:
    """Find a subscription."""
    from actions.cloud.data import ResourceId

    named = ResourceId(target.rstrip("/"))
    bare = named.subscription if named.text.casefold() == f"/subscriptions/{named.subscription}".casefold() else target
    return ResourceId(f"/subscriptions/{(await subscription_ids(connected, bare))[0]}")


async def subscription_ids(connected: Connected, named: str) -> tuple[str, ...]:
    """Find the subscription with this id or name; none named means all."""
    if not named:
        return ()
    wanted = named.casefold()
    known = await connected.cloud.subscriptions()
    found = tuple(each.id for each in known if wanted in {each.id.casefold(), each.name.casefold()})
    if len(found) != 1:
        names = tuple(each.name for each in known)
        raise wrong_target(f"no single subscription is called {named}; there are {', '.join(names)}", names)
    return found


def wrong_target(sentence: str, candidates: tuple[str, ...]) -> CommandError:
    """Make the complaint about a target, with what could have been meant."""
    text = f"{sentence[:1].upper()}{sentence[1:].rstrip('.')}."
    return CommandError(text, exit_code=USAGE, kind="target", candidates=list(candidates))

"""Finding the resource that an operator means: by name, group/name, subscription/group/name or full id."""

from __future__ import annotations

import asyncio
import difflib
import re
from collections.abc import Iterable

from actions.cloud import versions
from actions.cloud.data import CloudError, ResourceId, Subscription
from actions.cloud.protocol import Cloud

WORKSPACE = "Microsoft.MachineLearningServices/workspaces"
STORAGE_ACCOUNT = "Microsoft.Storage/storageAccounts"
_VERSIONS = {WORKSPACE.casefold(): versions.WORKSPACES, STORAGE_ACCOUNT.casefold(): versions.STORAGE_KEYS}
_WORDS = {WORKSPACE.casefold(): "workspace", STORAGE_ACCOUNT.casefold(): "storage account"}
_NAME = re.compile(r"[\w.()-]{1,90}")
_SHOWN = 12


class TargetError(ValueError):
    """No single resource is meant: the text is one sentence; `candidates` are ids or near names to choose from."""

    def __init__(self, sentence: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(sentence)
        self.sentence, self.candidates = sentence, candidates


async def resolve(
    cloud: Cloud, target: str, *, types: tuple[str, ...] = (WORKSPACE,), subscription: str = ""
) -> ResourceId:
    """Find the one resource of the given types that `target` names; `subscription` (id or name) narrows the search.

    Raises `TargetError` for a text that can be no target, for an ambiguous name and for an unknown one.
    """
    if target.startswith("/"):
        return _full(target, types)
    parts = target.split("/")
    if len(parts) > 3 or not all(part and (_NAME.fullmatch(part) or " " in part) for part in parts):
        raise TargetError(f"{target!r} is no name, group/name, subscription/group/name or resource id")
    group = parts[-2] if len(parts) > 1 else ""
    known = await cloud.subscriptions()
    searched = _within(known, parts[0] if len(parts) == 3 else subscription) or known
    found = await _search(cloud, parts[-1], types, searched)
    if not found:
        everything = await _all(cloud, types, searched)  # Resource Graph lags behind, and may fail
        found = [each for each in everything if each.name.casefold() == parts[-1].casefold()]
        if not found:
            raise _unknown(target, parts[-1], types, everything)
    chosen = sorted({each for each in found if not group or each.group.casefold() == group.casefold()}, key=str)
    if len(chosen) == 1:
        return chosen[0]
    told = ", ".join(_told(each, known) for each in (chosen or found)[:_SHOWN])
    candidates = tuple(each.text for each in chosen or found)
    if chosen:
        raise TargetError(f"{target} is ambiguous: {told}", candidates)
    raise TargetError(f"there is no {_words(types)} {target} to be seen here; of that name: {told}", candidates)


def _full(target: str, types: tuple[str, ...]) -> ResourceId:
    """Take a full id as it is, if it is of one of the types."""
    resource = ResourceId(target.rstrip("/"))
    if not resource.subscription or resource.type not in {each.casefold() for each in types}:
        raise TargetError(f"{target} is not the id of a {_words(types)}")
    return resource


def _within(known: tuple[Subscription, ...], named: str) -> tuple[Subscription, ...]:
    """Choose the subscription with this id or name; empty where none was named."""
    if not named:
        return ()
    wanted = named.casefold()
    found = tuple(each for each in known if wanted in {each.id.casefold(), each.name.casefold()})
    if len(found) == 1:
        return found
    if found:
        told = ", ".join(each.id for each in found)
        raise TargetError(f"{len(found)} subscriptions are called {named}: {told}", tuple(each.id for each in found))
    near = _near(named, (each.name for each in known))
    raise TargetError(f"there is no subscription {named} to be seen here{_meant(near)}", near)


async def _search(
    cloud: Cloud, name: str, types: tuple[str, ...], subscriptions: Iterable[Subscription]
) -> list[ResourceId]:
    """Look a name up in Resource Graph; empty where that fails."""
    ids = tuple(each.id for each in subscriptions)
    if not ids or not _NAME.fullmatch(name):
        return []
    kinds = ", ".join(f"'{each.casefold()}'" for each in types)
    text = f"resources | where type in~ ({kinds}) | where name =~ '{name}' | project id | order by id asc"
    try:
        return [ResourceId(str(row["id"])) async for page in cloud.query(text, ids) for row in page]
    except CloudError:
        return []


async def _all(cloud: Cloud, types: tuple[str, ...], subscriptions: Iterable[Subscription]) -> list[ResourceId]:
    """List every resource of the types from the providers, subscription by subscription at once."""

    async def listed(subscription: str, kind: str) -> list[ResourceId]:
        path = f"/subscriptions/{subscription}/providers/{kind}"
        pages = cloud.list(path, _VERSIONS[kind.casefold()])
        return [ResourceId(str(row["id"])) async for page in pages for row in page]

    lists = await asyncio.gather(*(listed(one.id, kind) for one in subscriptions for kind in types))
    return [each for found in lists for each in found]


def _unknown(target: str, name: str, types: tuple[str, ...], everything: Iterable[ResourceId]) -> TargetError:
    """Make the error for a name that nothing has, with the names that are near it."""
    near = _near(name, {each.name for each in everything})
    return TargetError(f"there is no {_words(types)} {target} to be seen here{_meant(near)}", near)


def _near(name: str, names: Iterable[str]) -> tuple[str, ...]:
    """Give up to three names that look like this one."""
    lower = {each.casefold(): each for each in names}
    return tuple(lower[each] for each in difflib.get_close_matches(name.casefold(), lower, n=3, cutoff=0.6))


def _meant(near: tuple[str, ...]) -> str:
    return f"; near it: {', '.join(near)}" if near else ""


def _words(types: Iterable[str]) -> str:
    return " or ".join(_WORDS.get(kind.casefold(), kind) for kind in types)


def _told(resource: ResourceId, known: Iterable[Subscription]) -> str:
    """Spell a candidate so that it can be typed: subscription/group/name."""
    names = {each.id.casefold(): each.name for each in known}
    subscription = names.get(resource.subscription.casefold()) or resource.subscription
    return f"{subscription}/{resource.group}/{resource.name}"

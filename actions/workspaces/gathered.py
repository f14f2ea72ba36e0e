"""What the sources said, put where a workspace's row looks for it. Pure functions."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from actions.cloud.data import Data, ResourceId
from actions.workspaces.access import (
    Access,
    Grant,
    Vault,
    expected_access,
    grant_of,
    is_system_assigned,
    principal_of,
    vault_of,
)
from actions.workspaces.cells import Properties, Seen
from actions.workspaces.columns import beside, cells_of, needs, usual_asked
from actions.workspaces.roles import Rights, held_of, role_of
from actions.workspaces.rows import Facts, Keys, keys_of
from actions.workspaces.sources import BESIDE, Raw, Read

_T = TypeVar("_T")
_LINKS = {source.name: source.link for source in BESIDE if source.link}


class Sources(Data, frozen=True, kw_only=True):
    """What there is to know beside the workspaces, by id in lower case; None where it could not be read.

    `asked` are the usual cells that are wanted, `others` the columns beside them, and `linked` what these are read from,
    by the source's name.
    """

    asked: frozenset[str]
    others: tuple[str, ...]
    accounts: dict[str, Keys] | None
    grants: dict[str, list[Grant]] | None
    granted: frozenset[str]
    """The subscriptions in which any grant can be seen, in lower case."""
    endpoints: dict[str, list[Properties]] | None
    deployments: dict[str, list[Properties]] | None
    clusters: dict[str, Properties] | None
    vaults: dict[str, Vault] | None
    rights: Any
    """The `Rights` of everybody, where a column needs them."""
    linked: dict[str, dict[str, Properties] | None]
    unread: tuple[str, ...]


def gathered(reads: Mapping[str, Read], columns: tuple[str, ...], unread: tuple[str, ...]) -> Sources:
    """Put what the sources said where a row looks for it."""
    rows = {source.name: reads[source.name].rows if source.name in reads else None for source in BESIDE}
    unknown = rows["deployments"] == [] and rows["endpoints"] != []  # Resource Graph may not know the type
    others = beside(columns)
    extra = {source for source in needs(others) if source in _LINKS}
    return Sources(
        asked=usual_asked(columns),
        others=others,
        accounts=_by_id(rows["accounts"], lambda raw: keys_of(raw["properties"])),
        grants=_by_principal(rows["grants"]),
        granted=frozenset(_subscription_of(row) for row in rows["grants"] or ()),
        endpoints=_by_workspace(rows["endpoints"], up=1),
        deployments=None if unknown else _by_workspace(rows["deployments"], up=2),
        clusters=_by_id(rows["clusters"], _properties),
        vaults=_by_id(rows["vaults"], lambda raw: vault_of(raw["properties"])),
        rights=_rights(rows) if {"assignments", "roles"} & set(reads) else None,
        linked={name: _by_id(reads[name].rows, _properties) for name in extra},
        unread=(*(read.reason for read in reads.values() if read.reason), *unread),
    )


def seen_of(raw: Raw, sources: Sources) -> Seen:
    """What is known of one workspace for the columns beside the usual ones."""
    workspace = ResourceId(str(raw["id"]))
    properties: Properties = raw.get("properties") or {}
    linked = {
        name: None if found is None else found.get(ResourceId(str(properties[_LINKS[name]])).key)
        for name, found in sources.linked.items()
        if properties.get(_LINKS[name])
    }
    return Seen(
        own=properties,
        linked=linked,
        endpoints=None if sources.endpoints is None else sources.endpoints.get(workspace.key, ()),
        id=workspace,
        deployments=None if sources.deployments is None else sources.deployments.get(workspace.key, ()),
        clusters=sources.clusters,
        rights=sources.rights,
    )


def facts_of(raw: Raw, sources: Sources, seen: Seen | None) -> Facts:
    """Look up what the sources say of one workspace; `seen` is what the columns beside the usual ones are read from."""
    workspace = ResourceId(str(raw["id"]))
    properties: Properties = raw.get("properties") or {}
    account = ResourceId(str(properties.get("storageAccount") or "")).key
    endpoints = None if sources.endpoints is None else sources.endpoints.get(workspace.key, [])
    return Facts(
        keys=(sources.accounts or {}).get(account),
        access=_access(workspace, raw, sources) if "identity" in sources.asked else None,
        endpoints=None if endpoints is None else tuple(str(each.get("authMode") or "") for each in endpoints),
        cells=() if seen is None else cells_of(sources.others, seen),
        asked=sources.asked,
    )


def _rights(rows: Mapping[str, list[Raw] | None]) -> Rights:
    assignments, roles = rows["assignments"], rows["roles"]
    above = {
        ResourceId(str(row["id"])).subscription.casefold(): frozenset(
            str(each.get("name") or "").casefold() for each in chain
        )
        for row in rows["containers"] or ()
        if (chain := row["properties"].get("managementGroupAncestorsChain"))
    }
    held = None if assignments is None else (held_of(row) for row in assignments)
    return Rights(held, None if roles is None else dict(role_of(row) for row in roles), above)


def _properties(raw: Raw) -> Properties:
    """A resource's properties, with its tier among them."""
    return {**(raw.get("properties") or {}), "sku": raw.get("sku")}


def _by_id(rows: Iterable[Raw] | None, read: Callable[[Raw], _T]) -> dict[str, _T] | None:
    return None if rows is None else {ResourceId(str(row["id"])).key: read(row) for row in rows}


def _by_principal(rows: Iterable[Raw] | None) -> dict[str, list[Grant]] | None:
    if rows is None:
        return None
    found: dict[str, list[Grant]] = {}
    for row in rows:
        grant = grant_of(row)
        found.setdefault(grant.principal.casefold(), []).append(grant)
    return found


def _subscription_of(row: Raw) -> str:
    return ResourceId(str(row["properties"].get("scope") or "")).subscription.casefold()


def _by_workspace(rows: Iterable[Raw] | None, up: int) -> dict[str, list[Properties]] | None:
    """Gather properties under their workspaces, which are so many steps up."""
    if rows is None:
        return None
    found: dict[str, list[Properties]] = {}
    for row in rows:
        above = ResourceId(str(row["id"]))
        for _ in range(up):
            above = above.parent
        found.setdefault(above.key, []).append(row["properties"])
    return found


def _access(workspace: ResourceId, raw: Raw, sources: Sources) -> tuple[Access, ...] | None:
    """Compare the identity's access; None where grants are unread, or none at all can be seen in the subscription.

    Resource Graph leaves out what the caller may not read, so seeing nothing is not the same as nothing there.
    """
    properties: Properties = raw.get("properties") or {}
    principal = principal_of(raw.get("identity"), str(properties.get("primaryUserAssignedIdentity") or ""))
    if not principal:
        return ()
    if sources.grants is None or workspace.subscription.casefold() not in sources.granted:
        return None
    vault = (sources.vaults or {}).get(ResourceId(str(properties.get("keyVault") or "")).key)
    grants, system = sources.grants.get(principal.casefold(), ()), is_system_assigned(raw.get("identity"))
    return expected_access(workspace, properties, principal, grants, vault, system=system)

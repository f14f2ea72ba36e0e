"""Reading the account, every workspace and everything that holds a key of it; all reads, and no secret is kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from actions.cloud.data import CloudError, NotFound, Resource, ResourceId
from actions.cloud.protocol import Cloud
from actions.guard.model import Risk, Step
from actions.guard.together import each
from actions.storage_keys import steps
from actions.storage_keys.findings import findings
from actions.storage_keys.holding import (
    Keys,
    attempt,
    connection_holder,
    datastore_holder,
    points_at,
    read_holder,
)
from actions.storage_keys.state import (
    SLOTS,
    Account,
    Holder,
    StorageKeysInspection,
    Traffic,
    Workspace,
)
from actions.storage_keys.surroundings import read_account, read_traffic, read_workspace, slot_states

_AT_ONCE = 8
_WORKSPACE = "microsoft.machinelearningservices/workspaces"


async def inspect(
    cloud: Cloud, target: ResourceId, *, last: StorageKeysInspection | None = None, step: Step | None = None
) -> StorageKeysInspection:
    """Read the state: all of it, unless `last` is known and the coming `step` depends on less.

    Before an irreversible step everything is read. Else the account's keys are, the holders that the step touches, and
    those that were not yet where the step before it was to bring them.
    """
    if last is None or step is None or step.risk is Risk.IRREVERSIBLE:
        return await _everything(cloud, target)
    try:
        return await _again(cloud, last, step)
    except NotFound:
        return await _everything(cloud, target)


async def _everything(cloud: Cloud, target: ResourceId) -> StorageKeysInspection:
    account_id, known = await _account_id(cloud, target)
    fleet, (account, keys), traffic = await asyncio.gather(
        _fleet(cloud, account_id, known), _account_with_keys(cloud, account_id), read_traffic(cloud, account_id)
    )
    found = await each(fleet.workspaces, lambda resource: _contents(cloud, resource, account, fleet), at_once=_AT_ONCE)
    used = [each for each in found if each.own or each.stores or each.connections]
    labels = _labels([each.id for each in used])
    workspaces = await each(
        used, lambda user: read_workspace(cloud, user.workspace(labels[user.id.key], account)), at_once=_AT_ONCE
    )
    ordered = sorted(workspaces, key=lambda item: (ResourceId(item.id) != target, not item.own, item.label.casefold()))
    holders = await _holders(cloud, ordered, {each.id.key: each for each in used}, keys, readable=bool(account.slots))
    refused = (*fleet.refused, *(f"workspace {each.id.name}" for each in found if each.refusal and not each.own))
    return _told(cloud, target, account, ordered, [*holders, *fleet.hidden], traffic, refused)


async def _account_with_keys(cloud: Cloud, account_id: ResourceId) -> tuple[Account, Keys]:
    """Read the account and its keys; keys that cannot be read are the account's problem."""
    account = await read_account(cloud, account_id)
    read = await _keys(cloud, account)
    if isinstance(read, CloudError):
        account = msgspec.structs.replace(account, problem=account.problem or read.sentence)
        return account, Keys.of(account.name, (), cloud.now())
    return read


def _told(
    cloud: Cloud,
    target: ResourceId,
    account: Account,
    workspaces: Iterable[Workspace],
    holders: Iterable[Holder],
    traffic: Traffic,
    unlisted: tuple[str, ...],
) -> StorageKeysInspection:
    """Put an inspection together, with its findings."""
    found = StorageKeysInspection(
        target=target.text,
        name=account.name,
        as_of=stamp(cloud.now()),
        account=account,
        workspaces=tuple(workspaces),
        holders=tuple(holders),
        traffic=traffic,
        unlisted=unlisted,
    )
    return msgspec.structs.replace(found, findings=findings(found))


# --- the account and the workspaces ----------------------------------------------------------------


async def _account_id(cloud: Cloud, target: ResourceId) -> tuple[ResourceId, tuple[Resource, ...]]:
    """Find the account: the target itself, or what its workspace (or the workspace's hub) names; with what was read."""
    if target.type != _WORKSPACE:
        return target, ()
    known = [await cloud.workspace(target)]
    hub = known[0].properties.get("hubResourceId")
    if not known[0].properties.get("storageAccount") and hub:
        known.append(await cloud.workspace(ResourceId(str(hub))))
    named = known[-1].properties.get("storageAccount")
    if not named:
        sentence = f"workspace {target.name} names no storage account"
        raise NotFound(sentence, status=404, code="NoStorageAccount")
    return ResourceId(str(named)), tuple(known)


class _Fleet(msgspec.Struct, frozen=True, kw_only=True):
    """Every workspace that can be seen; `refused` names the subscriptions that cannot be listed.

    `hidden` stands for what may be in the account's own subscription when that one refuses.
    """

    workspaces: tuple[Resource, ...]
    refused: tuple[str, ...] = ()
    hidden: tuple[Holder, ...] = ()

    def account_of(self, workspace: Resource) -> ResourceId:
        """The account of a workspace; a project that names none uses its hub's."""
        named = workspace.properties.get("storageAccount")
        hub = ResourceId(str(workspace.properties.get("hubResourceId") or ""))
        if not named and hub.text:
            named = next((item.properties.get("storageAccount") for item in self.workspaces if item.id == hub), "")
        return ResourceId(str(named or ""))


async def _fleet(cloud: Cloud, account: ResourceId, known: tuple[Resource, ...]) -> _Fleet:
    """List every workspace of every visible subscription, the account's own and the target's in any case."""
    names = {item.id.casefold(): item.name or item.id for item in await cloud.subscriptions()}
    homes = {account.subscription.casefold(), *(item.id.subscription.casefold() for item in known)}
    asked = list(names) + sorted(homes - set(names))
    found = await each(asked, lambda subscription: attempt(cloud.workspaces, subscription), at_once=_AT_ONCE)
    listed: dict[str, Resource] = {item.id.key: item for item in known}
    refused: list[str] = []
    hidden: list[Holder] = []
    for subscription, answer in zip(asked, found, strict=True):
        name = f"subscription {names.get(subscription, subscription)}"
        if not isinstance(answer, CloudError):
            listed = {item.id.key: item for item in answer} | listed
        elif subscription in homes:
            hidden.append(_stand_in(f"/subscriptions/{subscription}/workspaces", name, "", answer.sentence))
        else:
            refused.append(name)
    return _Fleet(workspaces=tuple(listed.values()), refused=tuple(refused), hidden=tuple(hidden))


async def _keys(cloud: Cloud, account: Account) -> tuple[Account, Keys] | CloudError:
    """Read both keys into memory and their fingerprints into the account."""
    if not account.exists:
        return NotFound(f"{account.name} does not exist.", status=404, code="ResourceNotFound")
    found = await attempt(cloud.storage_keys, ResourceId(account.id))
    if isinstance(found, CloudError):
        return found
    known = msgspec.structs.replace(account, slots=slot_states(found))
    return known, Keys.of(account.name, found, cloud.now())


class _Contents(msgspec.Struct, frozen=True, kw_only=True):
    """What one workspace has that points at the account; `refusal` where that could not be listed."""

    resource: Resource
    own: bool
    stores: tuple[Resource, ...] = ()
    connections: tuple[Resource, ...] = ()
    refusal: str = ""

    @property
    def id(self) -> ResourceId:
        """The workspace's id."""
        return self.resource.id

    def workspace(self, label: str, account: Account) -> Workspace:
        """Describe it as far as a list tells."""
        raw, properties = self.resource.raw, self.resource.properties
        return Workspace(
            id=self.id.text,
            label=label,
            region=str(raw.get("location") or account.region),
            kind=str(raw.get("kind") or "Default"),
            hub=ResourceId(str(properties.get("hubResourceId") or "")).name,
            own=self.own,
        )


async def _contents(cloud: Cloud, workspace: Resource, account: Account, fleet: _Fleet) -> _Contents:
    """List a workspace's datastores and connections, and keep those for the account."""
    own = fleet.account_of(workspace) == ResourceId(account.id)
    stores, links = await asyncio.gather(
        attempt(cloud.datastores, workspace.id), attempt(cloud.connections, workspace.id)
    )
    refusals = [answer.sentence for answer in (stores, links) if isinstance(answer, CloudError)]

    def kept(answer: tuple[Resource, ...] | CloudError) -> tuple[Resource, ...]:
        rows = () if isinstance(answer, CloudError) else answer
        return tuple(row for row in rows if points_at(account.name, row))

    return _Contents(
        resource=workspace, own=own, stores=kept(stores), connections=kept(links), refusal=" ".join(refusals)
    )


def _labels(ids: list[ResourceId]) -> dict[str, str]:
    """Name workspaces as shortly as tells them apart."""
    labels: dict[str, str] = {}
    for item in ids:
        same = [each for each in ids if each.name.casefold() == item.name.casefold()]
        near = [each for each in same if each.group.casefold() == item.group.casefold()]
        parts = [item.name] if len(same) == 1 else [item.group, item.name]
        labels[item.key] = "/".join(parts if len(near) == 1 else [item.subscription, *parts])
    return labels


# --- the holders -----------------------------------------------------------------------------------


async def _holders(
    cloud: Cloud, workspaces: list[Workspace], contents: dict[str, _Contents], keys: Keys, *, readable: bool
) -> list[Holder]:
    """Read every holder, in the order of workspaces: its own copy, datastores, connections."""
    asked: list[tuple[Holder, Workspace]] = []
    for workspace in workspaces:
        has = contents[ResourceId(workspace.id).key]
        if has.own:
            asked.append((_own_copy(workspace), workspace))
        stores = sorted(has.stores, key=lambda store: store.name.casefold())
        links = sorted(has.connections, key=lambda link: link.name.casefold())
        asked += [(datastore_holder(store, workspace), workspace) for store in stores]
        asked += [(connection_holder(link, workspace), workspace) for link in links]
        if has.own and has.refusal:
            asked.append(
                (_stand_in(f"{workspace.id}/datastores", workspace.label, workspace.id, has.refusal), workspace)
            )
    return await each(asked, lambda pair: _read(cloud, pair, keys, readable=readable), at_once=_AT_ONCE)


async def _read(cloud: Cloud, pair: tuple[Holder, Workspace], keys: Keys, *, readable: bool) -> Holder:
    holder, workspace = pair
    if holder.holds == "unreadable" or not readable:
        return holder
    return await read_holder(cloud, holder, workspace, keys)


def _own_copy(workspace: Workspace) -> Holder:
    return Holder(
        id=workspace.id,
        label=workspace.label,
        kind="workspace",
        workspace=workspace.id,
        holds="unknown",
        credential="AccountKey",
    )


def _stand_in(place: str, label: str, workspace: str, reason: str) -> Holder:
    """Stand for holders that could not even be listed."""
    return Holder(
        id=place,
        label=f"{label}/(not listed)",
        kind="datastore",
        workspace=workspace,
        holds="unreadable",
        reason=reason,
    )


async def _again(cloud: Cloud, last: StorageKeysInspection, step: Step) -> StorageKeysInspection:
    """Read the keys and the holders that matter to the coming step; the others stay as they were read last."""
    read_now = await _keys(cloud, last.account)
    if isinstance(read_now, CloudError):
        raise read_now
    account, fresh = read_now
    affected = {holder.id for holder in _affected(last, step)}

    async def read(holder: Holder) -> Holder:
        workspace = last.workspace(holder.workspace)
        if workspace is None or holder.id not in affected:
            return _outlived(holder, last.account, account)
        return await read_holder(cloud, holder, workspace, fresh)

    holders = await each(last.holders, read, at_once=_AT_ONCE)
    return _told(cloud, ResourceId(last.target), account, last.workspaces, holders, last.traffic, last.unlisted)


def _affected(last: StorageKeysInspection, step: Step) -> list[Holder]:
    """Choose what to read: the step's subject, and whoever the step before it may have moved; before a wait everybody.

    Moves come in the order of the holders, so before a move nobody behind its subject has been touched.
    """
    target = step.arguments.get("slot", "")
    keyed = [holder for holder in last.holders if holder.holds != "identity"]
    if step.wait is not None and step.request is None:
        return keyed
    positions = {holder.id: number for number, holder in enumerate(keyed)}
    end = positions.get(step.subject, len(keyed)) if step.kind == steps.MOVE else len(keyed)
    return [
        holder
        for holder in keyed
        if step.subject in (holder.id, holder.workspace) or (holder.holds != target and positions[holder.id] < end)
    ]


def _outlived(holder: Holder, before: Account, now: Account) -> Holder:
    """Tell a holder that nobody has written from the keys alone: it lost its key when its slot was replaced."""
    if holder.holds not in SLOTS or before.slot(holder.holds) == now.slot(holder.holds):
        return holder
    return msgspec.structs.replace(holder, holds="neither")


def stamp(moment: datetime) -> str:
    """Write a time as ISO 8601 UTC, to the second."""
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

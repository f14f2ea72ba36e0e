"""Which slot of its storage account each of a workspace's own holders has, told by fingerprint. Reads secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from actions.cloud.data import CloudError, Data, DatastoreSecret, Resource, ResourceId, StorageKey
from actions.cloud.protocol import Cloud
from actions.guard.secret import Fingerprint

STALE = "stale"
UNREADABLE = "unreadable"
IDENTITY = "identity"
ELSEWHERE = "other account"
SIGNATURE = "signature"


class Holder(Data, frozen=True, kw_only=True):
    """One copy of a key: what keeps it, and its slot: key1, key2, or a word for why there is none.

    `stale` is a key that the account no longer has, `signature` a SAS whose slot only its account's inspection tells.
    """

    kind: str
    name: str
    slot: str


async def read_holders(cloud: Cloud, workspace: ResourceId, account: ResourceId) -> tuple[Holder, ...]:
    """Compare the workspace's copy and each datastore's with the account's keys (secret reads, to be announced)."""
    keys, own, datastores = await asyncio.gather(
        cloud.storage_keys(account), cloud.workspace_keys(workspace), cloud.datastores(workspace)
    )
    copy = Holder(kind="workspace", name=workspace.name, slot=slot_of(own.storage_fingerprint, keys))
    rest = await asyncio.gather(*(_datastore(cloud, each, account, keys) for each in datastores))
    return (copy, *rest)


async def _datastore(cloud: Cloud, datastore: Resource, account: ResourceId, keys: Iterable[StorageKey]) -> Holder:
    kept = str((datastore.properties.get("credentials") or {}).get("credentialsType") or "None")
    named = str(datastore.properties.get("accountName") or "")
    if kept not in {"AccountKey", "Sas"}:
        slot = IDENTITY
    elif named.casefold() != account.name.casefold():
        slot = ELSEWHERE
    else:
        try:
            slot = _slot(await cloud.datastore_secret(datastore.id), keys)
        except CloudError:
            slot = UNREADABLE
    return Holder(kind="datastore", name=datastore.name, slot=slot)


def _slot(secret: DatastoreSecret, keys: Iterable[StorageKey]) -> str:
    return SIGNATURE if secret.kind == "Sas" else slot_of(secret.fingerprint, keys)


def slot_of(fingerprint: Fingerprint | None, keys: Iterable[StorageKey]) -> str:
    """Name the slot whose key has this fingerprint."""
    if fingerprint is None:
        return UNREADABLE
    return next((key.slot for key in keys if key.fingerprint == fingerprint), STALE)

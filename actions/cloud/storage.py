"""Azure Storage: the account, its two keys, and trying them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from actions.cloud import versions
from actions.cloud.base import Base
from actions.cloud.data import SUCCEEDED, Answer, Probe, Resource, ResourceId, StorageKey
from actions.cloud.errors import clean
from actions.cloud.http import ONCE
from actions.cloud.storage_probe import probe_key, probe_signature
from actions.guard.secret import Secret

if TYPE_CHECKING:
    from azure.mgmt.storage.aio import StorageManagementClient

_SLOTS = ("key1", "key2")


class _Key(msgspec.Struct, rename="camel"):
    """One key of an account; its age is unknown where it was made before ages were kept."""

    key_name: str | None = None
    value: str | None = None
    creation_time: datetime | None = None


class _Keys(msgspec.Struct):
    """What an account's listKeys answers."""

    keys: list[_Key] | None = None


class Storage(Base):
    """The calls to Azure Storage."""

    def _storage(self, subscription: str) -> StorageManagementClient:
        """Make a client of the SDK, which is imported by the first call that needs it."""
        from azure.mgmt.storage.aio import StorageManagementClient

        return StorageManagementClient(
            self.credential,  # pyright: ignore[reportArgumentType] - a credential needs no more than this
            subscription,
            api_version=versions.STORAGE_KEYS,
            **self._wire.client_options(),
        )

    async def storage_account(self, account: ResourceId) -> Resource:
        """Read a storage account."""
        return await self._newest(account, versions.STORAGE_ACCOUNT, versions.STORAGE_ACCOUNT_OLDER)

    async def storage_keys(self, account: ResourceId) -> tuple[StorageKey, ...]:
        """Read both slots (secret read); Kerberos keys are not asked for, they open no data."""
        what = f"keys of storage account {account.name}"
        found = await self._wire.secrets(what, f"{account.text}/listKeys", versions.STORAGE_KEYS, _Keys)
        keys: list[StorageKey] = []
        for item in found.keys or ():
            if item.key_name in _SLOTS and item.value:
                secret = Secret(item.value)
                created = item.creation_time.astimezone(UTC) if item.creation_time else None
                keys.append(
                    StorageKey(slot=item.key_name, secret=secret, fingerprint=secret.key_fingerprint(), created=created)
                )
        return tuple(sorted(keys, key=lambda key: key.slot))

    async def regenerate_storage_key(self, account: ResourceId, slot: str) -> Answer:
        """Make a slot's key anew (change, irreversible, never resent); the answer's keys are not kept."""
        if slot not in _SLOTS:
            raise ValueError(f"a storage account has the slots {' and '.join(_SLOTS)}, not {slot}")
        accounts: Any = self._storage(account.subscription).storage_accounts
        what = f"regeneration of {slot} of storage account {account.name}"
        asked = accounts.regenerate_key(account.group, account.name, {"keyName": slot}, cls=_status_only, **ONCE)
        status, request_id = await self._wire.guarded(what, asked, change=True)
        return Answer(status=status, state=SUCCEEDED, request_id=request_id)

    async def probe_storage(self, account: Resource, service: str, key: Secret) -> Probe:
        """Try a key on the account's `blob` or `file` endpoint with one signed read of the service properties."""
        return await probe_key(self._wire, self.now(), account, service, key)

    async def probe_sas(self, account: Resource, service: str, sas: Secret, container: str = "") -> Probe:
        """Try a shared access signature: an account SAS on the service, a service SAS on its container or share."""
        return await probe_signature(self._wire, account, service, sas, container)


def _status_only(answer: Any, *_: object) -> tuple[int, str]:
    """Take status and request id of an SDK call's answer, and leave its keys alone."""
    response = answer.http_response
    return response.status_code, clean(response.headers.get("x-ms-request-id") or "")

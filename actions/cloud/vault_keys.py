"""Keys in Key Vault's data plane, through azure-keyvault-keys with its own challenge checks: public facts only.

The vault's first answer to a client is a challenge, which the SDK keeps for the process. A change that may be sent only
once must therefore not be the first request to a vault: it would be spent on the challenge.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from actions.cloud import versions
from actions.cloud.base import Base
from actions.cloud.data import CloudError, KeyVersion, NotFound, RotationPolicy
from actions.cloud.http import ONCE, REPEATABLE

if TYPE_CHECKING:
    from azure.keyvault.keys import KeyProperties, KeyVaultKey
    from azure.keyvault.keys.aio import KeyClient


class VaultKeys(Base):
    """The calls to Key Vault's data plane."""

    def _keys(self, vault_uri: str) -> KeyClient:
        """Give the SDK's client of one vault; raises `CloudError` for an address outside this cloud's vaults."""
        from azure.keyvault.keys.aio import KeyClient

        host = vault_uri.partition("://")[2].partition("/")[0].casefold()
        if not vault_uri.casefold().startswith("https://") or not host.endswith(self.place.hosts.vault_suffix):
            raise CloudError(f"{host or vault_uri} is no key vault of {self.name}", status=0, code="ForeignVault")
        clients: dict[str, KeyClient] = self.__dict__.setdefault("_key_clients", {})
        if host not in clients:
            clients[host] = KeyClient(
                f"https://{host}", self.credential, api_version=versions.VAULT_KEYS,
                transport=self._wire.transport, permit_redirects=False,
                retry_total=6, retry_status=6, retry_backoff_factor=0.8, retry_backoff_max=30,
            )  # fmt: skip
        return clients[host]

    async def key_versions(self, vault_uri: str, name: str) -> tuple[KeyVersion, ...]:
        """List all versions of a key, newest first; Key Vault gives them in no order of time."""
        client = self._keys(vault_uri)

        async def drain() -> list[KeyVersion]:
            found = client.list_properties_of_key_versions(name, **REPEATABLE)
            return [_version(item) async for item in found]

        listed = await self._wire.guarded(f"versions of key {name}", drain())
        return tuple(sorted(listed, key=lambda item: (item.created or _LONG_AGO, item.version), reverse=True))

    async def key_version(self, vault_uri: str, name: str, version: str = "") -> KeyVersion:
        """Read one version of a key with type, size and operations."""
        client = self._keys(vault_uri)
        return _whole(await self._wire.guarded(f"key {name}", client.get_key(name, version or None, **REPEATABLE)))

    async def key_rotation_policy(self, vault_uri: str, name: str) -> RotationPolicy:
        """Read a key's rotation policy; it needs a permission of its own (getrotationpolicy)."""
        client = self._keys(vault_uri)
        found = await self._wire.guarded(
            f"rotation policy of key {name}", client.get_key_rotation_policy(name, **REPEATABLE)
        )
        pairs = ((_word(item.action).casefold(), _trigger(item)) for item in found.lifetime_actions)
        return RotationPolicy(actions=tuple(pairs), expiry=str(found.expires_in or ""))

    async def deleted_key(self, vault_uri: str, name: str) -> bool:
        """Tell whether a key lies in the vault's soft-deleted ones."""
        client = self._keys(vault_uri)
        try:
            await self._wire.guarded(f"deleted key {name}", client.get_deleted_key(name, **REPEATABLE))
        except NotFound:
            return False
        return True

    async def rotate_key(self, vault_uri: str, name: str) -> KeyVersion:
        """Make a new version like the newest one, once; a read goes first, so that the vault's challenge is answered."""
        client = self._keys(vault_uri)
        await self.key_version(vault_uri, name)
        return _whole(await self._wire.guarded(f"rotating key {name}", client.rotate_key(name, **ONCE), change=True))

    async def update_key_version(
        self,
        vault_uri: str,
        name: str,
        version: str,
        *,
        enabled: bool | None = None,
        not_before: datetime | None = None,
        expires: datetime | None = None,
    ) -> KeyVersion:
        """Change the attributes named of one version; a read goes first, as for a rotation."""
        client = self._keys(vault_uri)
        await self.key_version(vault_uri, name, version)
        call = client.update_key_properties(
            name, version, enabled=enabled, not_before=not_before, expires_on=expires, **ONCE
        )
        return _whole(await self._wire.guarded(f"changing key {name}", call, change=True))


_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


def _version(item: KeyProperties) -> KeyVersion:
    return KeyVersion(
        version=str(item.version or ""),
        enabled=item.enabled is not False,
        created=item.created_on,
        updated=item.updated_on,
        not_before=item.not_before,
        expires=item.expires_on,
        recovery=_word(item.recovery_level),
    )


def _whole(item: KeyVaultKey) -> KeyVersion:
    """Read a key bundle; the size of an RSA key is the bit length of its modulus."""
    key: Any = item.key
    modulus = getattr(key, "n", None) or b""
    ops = tuple(_word(op) for op in item.key_operations or ())
    size = int.from_bytes(modulus).bit_length()
    return replace(_version(item.properties), kind=_word(item.key_type), size=size, ops=ops)


def _word(value: Any) -> str:
    """Azure's own word, out of the SDK's enumeration where it knows the word."""
    return str(getattr(value, "value", value) or "")


def _trigger(item: Any) -> str:
    """Say when an action comes: `after P1Y` of the version's life, or `before P30D` of its end."""
    if item.time_after_create:
        return f"after {item.time_after_create}"
    return f"before {item.time_before_expiry}" if item.time_before_expiry else ""

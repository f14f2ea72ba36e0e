"""Key Vault secrets: storing a value, and reading everything of a secret but its value."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from actions.cloud import versions
from actions.cloud.base import Base
from actions.cloud.data import SUCCEEDED, Answer, CloudError, KeptSecret, NotFound, SecretVersion
from actions.cloud.http import ONCE, REPEATABLE
from actions.guard.secret import Secret

if TYPE_CHECKING:
    from azure.keyvault.secrets.aio import SecretClient

_VAULT = re.compile(r"[A-Za-z][A-Za-z0-9-]{1,22}[A-Za-z0-9]")


class VaultSecrets(Base):
    """The calls to the secrets of a key vault."""

    def vault_host(self, vault: str) -> str:
        """The host name of a vault in this cloud; raises `CloudError` for a text that can be no vault's name."""
        if not _VAULT.fullmatch(vault):
            raise CloudError("a key vault's name has 3 to 24 letters, digits and dashes", status=0, code="BadVaultName")
        return f"{vault.casefold()}.{self.place.vault}"

    def _secrets(self, vault: str) -> SecretClient:
        """Make a client of the SDK, which is imported by the first call that needs it; it signs in by challenge."""
        from azure.keyvault.secrets.aio import SecretClient

        url = f"https://{self.vault_host(vault)}"
        return SecretClient(url, self.credential, api_version=versions.VAULT_SECRETS, transport=self._wire.transport)

    async def secret_versions(self, vault: str, name: str) -> tuple[SecretVersion, ...]:
        """List the versions of a secret without their values, newest first; none where there is no such secret."""
        client = self._secrets(vault)
        what = f"versions of secret {name} in vault {vault}"

        async def read() -> list[SecretVersion]:
            return [_version(item) async for item in client.list_properties_of_secret_versions(name, **REPEATABLE)]

        try:
            found = await self._wire.guarded(what, read())
        except NotFound:
            return ()
        return tuple(sorted(found, key=lambda item: item.created or "", reverse=True))

    async def secrets(self, vault: str) -> tuple[KeptSecret, ...]:
        """List a vault's secrets without their values, by name; it needs the permission to list them."""
        client = self._secrets(vault)

        async def read() -> list[KeptSecret]:
            return [_kept(item) async for item in client.list_properties_of_secrets(**REPEATABLE)]

        found = await self._wire.guarded(f"secrets of vault {vault}", read())
        return tuple(sorted(found, key=lambda item: item.name.casefold()))

    async def set_secret(
        self, vault: str, name: str, value: Secret, *, content_type: str, expires: datetime, tags: dict[str, str]
    ) -> Answer:
        """Store a new version of a secret (change); the answer, which holds the value, is not kept."""
        what = f"secret {name} in vault {vault}"
        client, sent = self._secrets(vault), dict(tags)

        async def store() -> str:
            kept = await client.set_secret(
                name, value.reveal(), content_type=content_type, expires_on=expires, tags=sent, **ONCE
            )
            return str(kept.properties.version or "")

        version = await self._wire.guarded(what, store(), change=True)
        return Answer(status=200, state=SUCCEEDED, request_id="", body={"version": version})


def _kept(item: Any) -> KeptSecret:
    return KeptSecret(
        name=str(item.name or ""), enabled=item.enabled is not False, updated=item.updated_on, expires=item.expires_on
    )


def _version(item: Any) -> SecretVersion:
    return SecretVersion(
        version=str(item.version or ""),
        enabled=bool(item.enabled),
        created=item.created_on.isoformat() if item.created_on else "",
        expires=item.expires_on.isoformat() if item.expires_on else "",
        content_type=str(item.content_type or ""),
        tags={str(key): str(value) for key, value in (item.tags or {}).items()},
    )

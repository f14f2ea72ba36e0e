"""What lies in the key vaults: versions of keys, their rotation policies, and secrets. No HTTP.

Formats follow the Key Vault REST reference: times are Unix seconds, names and versions ignore case.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from azsim import secrets
from azsim.clock import Clock, unix
from azsim.estate import Estate
from azsim.rng import Rng

_DURATION = re.compile(r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?")
_DAYS = (365, 30, 7, 1)
DEFAULT_OPS = ("encrypt", "decrypt", "sign", "verify", "wrapKey", "unwrapKey")


def duration(text: str) -> timedelta:
    """An ISO 8601 duration in years, months, weeks and days, as rotation policies use it."""
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is not a duration like P90D")
    return timedelta(days=sum(int(part or 0) * days for part, days in zip(found.groups(), _DAYS, strict=True)))


@dataclass(slots=True)
class KeyVersion:
    """One version of a key."""

    version: str
    kty: str
    size: int
    ops: list[str]
    attributes: dict[str, Any]
    tags: dict[str, str] | None

    def modulus(self) -> str:
        """The public modulus in base64url; made up, but of the right length."""
        raw = bytearray(hashlib.shake_256(self.version.encode()).digest(self.size // 8))
        raw[0] |= 0x80
        return base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")


@dataclass(slots=True)
class Key:
    """A key with all its versions."""

    vault: str
    name: str
    versions: dict[str, KeyVersion] = field(default_factory=dict)
    policy: dict[str, Any] | None = None
    deleted: datetime | None = None

    def latest(self) -> KeyVersion:
        """The version made last, enabled or not: what a request without a version gets."""
        return max(self.versions.values(), key=lambda item: int(item.attributes.get("created", 0)))


@dataclass(slots=True)
class SecretVersion:
    """One version of a secret."""

    version: str
    value: str
    attributes: dict[str, Any]
    tags: dict[str, str] | None
    content_type: str | None


class Vaults:
    """Keys and secrets of every vault, by case-folded names."""

    def __init__(self, estate: Estate, clock: Clock, rng: Rng) -> None:
        self._clock = clock
        self._rng = rng
        self._keys: dict[tuple[str, str], Key] = {}
        self._secrets: dict[tuple[str, str], dict[str, SecretVersion]] = {}
        self._started = clock.now()
        for item in estate.keys:
            self._add(item)
        for item in estate.vault_secrets:
            self._keep(item)

    @property
    def empty(self) -> bool:
        """Whether no vault has any key."""
        return not self._keys

    def keys(self, vault: str) -> Iterator[Key]:
        """The keys of a vault that are not deleted."""
        return (key for key in self._keys.values() if key.vault == vault.casefold() and key.deleted is None)

    def deleted_keys(self, vault: str) -> Iterator[Key]:
        """The soft-deleted keys of a vault."""
        return (key for key in self._keys.values() if key.vault == vault.casefold() and key.deleted is not None)

    def key(self, vault: str, name: str) -> Key | None:
        """A key by name, deleted or not; its rotation policy has taken effect up to now."""
        key = self._keys.get((vault.casefold(), name.casefold()))
        if key is not None:
            self._rotate_by_policy(key)
        return key

    def vault_with(self, name: str) -> str | None:
        """The one vault that has a key or a secret of this name, for callers that cannot name the vault's host."""
        folded = name.casefold()
        found = {vault for vault, held in (*self._keys, *self._secrets) if held == folded}
        return found.pop() if len(found) == 1 else None

    def add_version(
        self, key: Key, *, at: datetime, like: KeyVersion | None = None, body: dict[str, Any] | None = None
    ) -> KeyVersion:
        """Make a new version, by default like the newest one; the rotation policy gives it its expiry."""
        body = body or {}
        attributes: dict[str, Any] = {"enabled": True, **body.get("attributes", {})}
        expiry = ((key.policy or {}).get("attributes") or {}).get("expiryTime")
        if expiry and "exp" not in attributes:
            attributes["exp"] = unix(at + duration(expiry))
        attributes |= {"created": unix(at), "updated": unix(at)}
        version = KeyVersion(
            self._rng.hex(32),
            body.get("kty") or (like.kty if like else "RSA"),
            int(body.get("key_size") or (like.size if like else 2048)),
            list(body.get("key_ops") or (like.ops if like else DEFAULT_OPS)),
            attributes,
            body.get("tags") or (like.tags if like else None),
        )
        key.versions[version.version] = version
        return version

    def create_key(self, vault: str, name: str, body: dict[str, Any]) -> tuple[Key, KeyVersion]:
        """Create a key, or a new version of one that exists."""
        key = self._keys.setdefault((vault.casefold(), name.casefold()), Key(vault.casefold(), name))
        return key, self.add_version(key, at=self._clock.now(), body=body)

    def secret_names(self, vault: str) -> list[str]:
        """The names of a vault's secrets."""
        return [name for held, name in self._secrets if held == vault.casefold()]

    def secret(self, vault: str, name: str) -> dict[str, SecretVersion]:
        """All versions of a secret, oldest first; empty when there is none."""
        return self._secrets.get((vault.casefold(), name.casefold()), {})

    def set_secret(self, vault: str, name: str, body: dict[str, Any]) -> SecretVersion:
        """Store a new version of a secret."""
        now = unix(self._clock.now())
        attributes = {"enabled": True, **body.get("attributes", {}), "created": now, "updated": now}
        version = SecretVersion(
            self._rng.hex(32), str(body["value"]), attributes, body.get("tags"), body.get("contentType")
        )
        self._secrets.setdefault((vault.casefold(), name.casefold()), {})[version.version] = version
        return version

    def _add(self, item: dict[str, Any]) -> None:
        key = Key(str(item["vault"]).casefold(), str(item["name"]), policy=item.get("rotationPolicy"))
        for given in item["versions"]:
            key.versions[given["version"].casefold()] = KeyVersion(
                given["version"].casefold(),
                given.get("kty", "RSA"),
                int(given.get("keySize", 2048)),
                list(given.get("keyOps", DEFAULT_OPS)),
                dict(given.get("attributes", {})),
                given.get("tags"),
            )
        if item.get("deleted"):
            key.deleted = self._clock.now()
        self._keys[key.vault, key.name.casefold()] = key

    def _keep(self, item: dict[str, Any]) -> None:
        vault, name, made = str(item["vault"]), str(item["name"]), unix(self._started)
        attributes = {"enabled": True, "created": made, "updated": made, **item.get("attributes", {})}
        value = secrets.named_secret(0, vault, name)
        version = SecretVersion(self._rng.hex(32), value, attributes, None, item.get("contentType"))
        self._secrets[vault.casefold(), name.casefold()] = {version.version: version}

    def _rotate_by_policy(self, key: Key) -> None:
        """Make the versions that a rotation policy has made since the start; a policy only acts on enabled keys."""
        after = _rotates_after(key.policy)
        if after is None or key.deleted is not None or not key.versions:
            return
        while True:
            newest = key.latest()
            due = datetime.fromtimestamp(int(newest.attributes["created"]), self._started.tzinfo) + after
            if not newest.attributes.get("enabled", True) or due <= self._started or due > self._clock.now():
                return
            self.add_version(key, at=due, like=newest)


def _rotates_after(policy: dict[str, Any] | None) -> timedelta | None:
    """After how long a policy makes a new version by itself; None when it only notifies."""
    for action in (policy or {}).get("lifetimeActions", ()):
        if str(action.get("action", {}).get("type", "")).casefold() == "rotate":
            after = action.get("trigger", {}).get("timeAfterCreate")
            return duration(after) if after else None
    return None

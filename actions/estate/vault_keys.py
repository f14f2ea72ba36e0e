"""The key versions that workspaces and what belongs to them are encrypted with: public facts, never key material."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from actions.cloud import versions
from actions.cloud.data import CloudError, KeyVersion, NotFound, ResourceId, RotationPolicy
from actions.estate.camera import Camera, Raw
from actions.estate.resources import VAULT, Found
from actions.guard.together import each

_KEY = re.compile(r"https://(?P<host>[a-z0-9-]+\.[a-z0-9.-]+)/keys/(?P<name>[A-Za-z0-9-]+)", re.IGNORECASE)
_BASE = re.compile(r'"keyname":"(?P<name>[^"]+)"', re.IGNORECASE)
_URI = re.compile(r'"keyvaulturi":"https://(?P<host>[^/"]+)', re.IGNORECASE)
Named = tuple[str, str]
"""A vault's host and a key's name."""


def named_keys(found: Found) -> set[Named]:
    """The keys that resources name: by identifier, or as storage accounts do by vault and name."""
    keys: set[Named] = set()
    for item in found.by_id.values():
        text = msgspec.json.encode(item).decode()
        keys |= {(each["host"].casefold(), each["name"]) for each in _KEY.finditer(text)}
        host, name = _URI.search(text), _BASE.search(text)
        if host and name:
            keys.add((host["host"].casefold(), name["name"]))
    return keys


async def read_keys(camera: Camera, found: Found) -> list[Raw]:
    """Read every named key with its versions."""
    vaults = {str(item["name"]).casefold(): ResourceId(item["id"]) for item in found.of_type(VAULT)}
    read = await each(sorted(named_keys(found)), lambda key: _key(camera, key, vaults.get(key[0].partition(".")[0])))
    return [item for item in read if item is not None]


async def _key(camera: Camera, key: Named, vault: ResourceId | None) -> Raw | None:
    """Read one key from the vault, else from Resource Manager, which tells a key's versions too."""
    host, name = key
    uri, short = f"https://{host}/", host.partition(".")[0]
    try:
        listed = await camera.cloud.key_versions(uri, name)
    except NotFound:
        return None
    except CloudError as error:
        through = await _from_manager(camera, vault, name) if vault is not None else None
        if through is None:
            camera.note(f"versions of key {name} in vault {short}: {error.sentence}")
            return None
        return {"vault": short, "name": name, "versions": through}
    if not listed:
        return None
    whole = await each(listed, lambda one: _version(camera, uri, name, one))
    policy = await camera.maybe(f"rotation of key {name}", lambda: camera.cloud.key_rotation_policy(uri, name))
    told = _policy(policy) if policy is not None else None
    return {"vault": short, "name": name, "versions": whole, **({"rotationPolicy": told} if told else {})}


async def _version(camera: Camera, uri: str, name: str, listed: KeyVersion) -> Raw:
    """One version; where it cannot be read whole, as the list tells it."""
    read = await camera.maybe(f"key {name}", lambda: camera.cloud.key_version(uri, name, listed.version))
    item = read or listed
    attributes: dict[str, Any] = {"enabled": item.enabled, "recoveryLevel": item.recovery or "Recoverable"}
    times = {"created": item.created, "updated": item.updated, "nbf": item.not_before, "exp": item.expires}
    attributes |= {name: int(moment.timestamp()) for name, moment in times.items() if moment is not None}
    made: Raw = {"version": item.version, "attributes": attributes}
    if item.kind:
        made |= {"kty": item.kind, "keyOps": list(item.ops), **({"keySize": item.size} if item.size else {})}
    return made


async def _from_manager(camera: Camera, vault: ResourceId, name: str) -> list[Raw] | None:
    try:
        rows = [
            row
            async for page in camera.cloud.list(f"{vault.text}/keys/{name}/versions", versions.VAULT)
            for row in page
        ]
    except CloudError:
        return None
    found: list[Raw] = []
    for row in rows:
        given = row.get("properties") or {}
        attributes = {key: value for key, value in (given.get("attributes") or {}).items() if value is not None}
        version = str(given.get("keyUriWithVersion") or row.get("id") or "").rpartition("/")[2]
        kept: Raw = {"version": version, "attributes": attributes, "kty": given.get("kty") or "RSA"}
        found.append(kept | ({"keySize": given["keySize"]} if given.get("keySize") else {}))
    return found or None


def _policy(found: RotationPolicy) -> Raw | None:
    """The policy in the vault's own words."""
    actions: list[Raw] = []
    for action, trigger in found.actions:
        when, _, length = trigger.partition(" ")
        name = "timeAfterCreate" if when == "after" else "timeBeforeExpiry"
        actions.append({"action": {"type": action}, "trigger": {name: length}})
    if not actions and not found.expiry:
        return None
    return {"lifetimeActions": actions, "attributes": {"expiryTime": found.expiry} if found.expiry else {}}

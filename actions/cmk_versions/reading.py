"""Reading the key: Key Vault's data plane first, the management plane where that is refused; no secret is read."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar
from urllib.parse import urlsplit

from msgspec.structs import replace

from actions.cloud import versions
from actions.cloud.data import CloudError, Forbidden, KeyVersion, NotFound, Resource, ResourceId, RotationPolicy
from actions.cloud.protocol import Cloud
from actions.cmk_versions.state import Key, Policy, Vault, Version

P = ParamSpec("P")
T = TypeVar("T")


async def or_error(read: Callable[P, Awaitable[T]], *args: P.args, **kwargs: P.kwargs) -> T | CloudError:
    """Read; a refusal is given back instead of raised."""
    try:
        return await read(*args, **kwargs)
    except CloudError as error:
        return error


def short(error: CloudError) -> str:
    """The reason of a refusal in a few words: `403 ForbiddenByRbac`."""
    return f"{error.status or 'no answer'} {error.code}".strip()


def refused(found: object) -> bool:
    """Tell whether Azure refused or has nothing, as against an answer that got lost: only that may be taken as unread.

    A host that cannot be reached at all counts too: a vault behind a private endpoint, an address that is none.
    """
    if isinstance(found, Forbidden | NotFound):
        return True
    return isinstance(found, CloudError) and (
        found.status in range(400, 429) or found.code in {"NoConnection", "ForeignVault"}
    )


def insist(found: T | CloudError) -> T | CloudError:
    """Let an answer that got lost end the reading; a refusal is a finding of its own."""
    if isinstance(found, CloudError) and not refused(found):
        raise found
    return found


def identifier_parts(identifier: str) -> tuple[str, str, str]:
    """Split `https://HOST/keys/NAME/VERSION` into host, name and version, the last empty where there is none."""
    parts = urlsplit(identifier)
    segments = [part for part in parts.path.split("/") if part]
    if len(segments) < 2 or segments[0].casefold() != "keys":
        return (parts.netloc.casefold(), "", "")
    host = parts.netloc.casefold().removesuffix(":443")
    return host, segments[1], segments[2].casefold() if len(segments) > 2 else ""


async def read_vault(cloud: Cloud, vault_id: str) -> Vault:
    """A vault's protection, permission model and network rules; one that is not there is looked for among the deleted."""
    got = insist(await or_error(cloud.get, vault_id, versions.VAULT))
    if isinstance(got, NotFound):
        return Vault(id=vault_id, gone=await _gone_vault(cloud, vault_id))
    if isinstance(got, CloudError):
        return Vault(id=vault_id, problem=short(got))
    return _vault(vault_id, got)


def _vault(vault_id: str, got: Resource) -> Vault:
    properties = got.properties
    held: dict[str, tuple[str, ...]] = {}
    for entry in properties.get("accessPolicies") or ():
        if not entry.get("applicationId"):
            who = str(entry.get("objectId", "")).casefold()
            words = (entry.get("permissions") or {}).get("keys") or ()
            held[who] = (*held.get(who, ()), *(str(word).casefold() for word in words))
    rules = properties.get("networkAcls") or {}
    shut = str(properties.get("publicNetworkAccess", "")).casefold() == "disabled"
    denies = str(rules.get("defaultAction", "")).casefold() == "deny"
    bypass = "azureservices" in str(rules.get("bypass", "AzureServices")).casefold()
    network = "closed" if shut else "firewall" if denies else "open"
    trusted = "trusted services pass" if bypass else "trusted services are kept out"
    return Vault(
        id=vault_id, uri=str(properties.get("vaultUri") or ""), location=str(got.raw.get("location") or ""),
        roles=bool(properties.get("enableRbacAuthorization")), purge=properties.get("enablePurgeProtection") is True,
        soft_delete=properties.get("enableSoftDelete") is not False, closed=(shut or denies) and not bypass,
        network=network if network == "open" else f"{network}; {trusted}", policies=held,
    )  # fmt: skip


async def _gone_vault(cloud: Cloud, vault_id: str) -> str:
    """Tell whether a vault that is not there can still be recovered."""
    wanted = ResourceId(vault_id)
    path = f"/subscriptions/{wanted.subscription}/providers/Microsoft.KeyVault/deletedVaults"
    found = insist(await or_error(_all, cloud, path, versions.VAULT))
    if isinstance(found, CloudError):
        return "missing"
    names = {str((row.get("properties") or {}).get("vaultId") or "").casefold() for row in found}
    return "deleted" if vault_id.casefold() in names else "missing"


async def _all(cloud: Cloud, path: str, version: str) -> list[dict[str, Any]]:
    return [row async for page in cloud.list(path, version) for row in page]


async def read_key(cloud: Cloud, identifier: str, vault_id: str) -> Key:
    """The key with all versions; type and size of the pinned and the newest one; the rotation policy."""
    key = await list_key(cloud, identifier, vault_id)
    return await _detailed(cloud, key) if key.source == "data plane" and not key.gone else key


async def list_key(cloud: Cloud, identifier: str, vault_id: str) -> Key:
    """The key with all versions as a list tells them: neither type nor size, and no policy."""
    host, name, pinned = identifier_parts(identifier)
    bare = Key(identifier=identifier, host=host, name=name, pinned=pinned)
    if not name:
        return replace(bare, problem="the identifier names no key")
    listed = insist(await or_error(cloud.key_versions, f"https://{host}/", name))
    if isinstance(listed, CloudError) and not isinstance(listed, NotFound):
        return await _managed(cloud, bare, vault_id, short(listed))
    if isinstance(listed, NotFound) or not listed:
        gone = insist(await or_error(cloud.deleted_key, f"https://{host}/", name))
        return replace(bare, source="data plane", gone="deleted" if gone is True else "missing")
    return replace(bare, source="data plane", versions=tuple(_version(item) for item in listed))


async def _detailed(cloud: Cloud, key: Key) -> Key:
    """Read type and size where they matter, and the policy."""
    uri = f"https://{key.host}/"
    newest = key.newest.version if key.newest else ""
    wanted = tuple(dict.fromkeys(item for item in (key.pinned, newest) if item and key.find(item)))
    policy, whole = await asyncio.gather(
        or_error(cloud.key_rotation_policy, uri, key.name),
        asyncio.gather(*(or_error(cloud.key_version, uri, key.name, item) for item in wanted)),
    )
    known = {item.version.casefold(): _version(item) for got in whole if isinstance(item := insist(got), KeyVersion)}
    found = tuple(known.get(item.version, item) for item in key.versions)
    return replace(key, versions=found, policy=_policy(insist(policy)))


async def detail(cloud: Cloud, key: Key, version: str) -> Key:
    """Read one more version whole, where its type and size are not known yet."""
    found = key.find(version)
    if found is None or found.size or found.kind or key.source != "data plane":
        return key
    got = insist(await or_error(cloud.key_version, f"https://{key.host}/", key.name, found.version))
    if not isinstance(got, KeyVersion):
        return key
    return replace(key, versions=tuple(_version(got) if item is found else item for item in key.versions))


def _policy(found: RotationPolicy | CloudError) -> Policy:
    if isinstance(found, CloudError):
        return Policy(problem=short(found))
    return Policy(actions=found.actions, expiry=found.expiry)


def _version(item: KeyVersion) -> Version:
    return Version(
        version=item.version.casefold(), enabled=item.enabled, created=_iso(item.created), updated=_iso(item.updated),
        not_before=_iso(item.not_before), expires=_iso(item.expires), recovery=item.recovery, kind=item.kind,
        size=item.size, ops=item.ops,
    )  # fmt: skip


def _iso(moment: datetime | None) -> str:
    return moment.astimezone(UTC).isoformat() if moment else ""


async def _managed(cloud: Cloud, bare: Key, vault_id: str, why: str) -> Key:
    """The same through Resource Manager, for those who may read the vault's keys but not use its data plane."""
    if not vault_id:
        return replace(bare, problem=f"data plane: {why}")
    path = f"{vault_id}/keys/{bare.name}"
    rows = insist(await or_error(_all, cloud, f"{path}/versions", versions.VAULT))
    if isinstance(rows, CloudError):
        gone = "missing" if isinstance(rows, NotFound) else ""
        return replace(bare, gone=gone, problem=f"data plane: {why}; management plane: {short(rows)}")
    key = insist(await or_error(cloud.get, path, versions.VAULT))
    found = sorted((_managed_version(row) for row in rows), key=lambda item: (item.created, item.version), reverse=True)
    return replace(
        bare,
        source="management plane",
        versions=tuple(found),
        policy=_managed_policy(key),
        problem=f"data plane: {why}",
    )


def _managed_version(row: dict[str, Any]) -> Version:
    properties = row.get("properties") or {}
    attributes = properties.get("attributes") or {}
    return Version(
        version=str(row.get("name") or "").casefold(), enabled=attributes.get("enabled") is not False,
        created=_epoch(attributes.get("created")), updated=_epoch(attributes.get("updated")),
        not_before=_epoch(attributes.get("nbf")), expires=_epoch(attributes.get("exp")),
        recovery=str(attributes.get("recoveryLevel") or ""), kind=str(properties.get("kty") or ""),
        size=int(properties.get("keySize") or 0), ops=tuple(str(op) for op in properties.get("keyOps") or ()),
    )  # fmt: skip


def _epoch(value: Any) -> str:
    return datetime.fromtimestamp(int(value), UTC).isoformat() if value else ""


def _managed_policy(found: Resource | CloudError) -> Policy:
    """The rotation policy as Resource Manager may tell it; nothing says that it always does."""
    if isinstance(found, CloudError):
        return Policy(problem=short(found))
    given = found.properties.get("rotationPolicy")
    if given is None:
        return Policy(problem="the management plane does not tell it")
    pairs: list[tuple[str, str]] = []
    for item in given.get("lifetimeActions") or ():
        trigger = item.get("trigger") or {}
        after, before = trigger.get("timeAfterCreate"), trigger.get("timeBeforeExpiry")
        told = f"after {after}" if after else f"before {before}" if before else ""
        pairs.append((str((item.get("action") or {}).get("type") or "").casefold(), told))
    return Policy(actions=tuple(pairs), expiry=str((given.get("attributes") or {}).get("expiryTime") or ""))

"""What lies beside resources: where logs go, how blobs are kept, the names of vaults' secrets, which providers are there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from actions.cloud import versions
from actions.cloud.data import CloudError, KeptSecret, ResourceId
from actions.estate.camera import Camera, Raw
from actions.estate.resources import ACCOUNT, VAULT, WORKSPACE, Found
from actions.guard.together import each

_PROVIDERS = (
    "Microsoft.DocumentDB", "Microsoft.KeyVault", "Microsoft.MachineLearningServices", "Microsoft.Search", "Microsoft.Storage",
)  # fmt: skip
"""The providers that an encrypted workspace needs."""
_LOGGED = (WORKSPACE, VAULT)


async def read_settings(camera: Camera, found: Found) -> None:
    """Put down the diagnostic settings of workspaces and vaults, and the blob settings of accounts."""
    logged = [item for kind in _LOGGED for item in found.of_type(kind)]
    for rows in await each(logged, lambda item: _diagnostics(camera, item)):
        for row in rows:
            found.put(row)
    accounts = [ResourceId(item["id"]) for item in found.of_type(ACCOUNT)]
    for read in await each(accounts, lambda account: _blobs(camera, account)):
        if read is not None:
            found.put(read)


async def _diagnostics(camera: Camera, item: Raw) -> list[Raw]:
    path = f"{item['id']}/providers/Microsoft.Insights/diagnosticSettings"
    return await camera.rows(f"diagnostic settings of {item['name']}", path, versions.DIAGNOSTICS) or []


async def _blobs(camera: Camera, account: ResourceId) -> Raw | None:
    place = f"{account.text}/blobServices/default"
    read = await camera.maybe(f"blobs of {account.name}", lambda: camera.cloud.get(place, versions.BLOB_SERVICE))
    return None if read is None else {**read.raw, "id": place}


async def read_secret_names(camera: Camera, found: Found) -> list[Raw]:
    """List what the vaults keep, without a value; vaults that refuse are told in one sentence, for most refuse most."""
    vaults = [str(item["name"]) for item in found.of_type(VAULT)]
    refused: list[str] = []

    async def names(vault: str) -> list[Raw]:
        try:
            async with camera.slots:
                kept = await camera.cloud.secrets(vault)
        except CloudError as error:
            refused.append(f"{vault} ({error.code or error.status})")
            return []
        return [_secret(vault, item) for item in kept]

    listed = await each(vaults, names)
    if refused:
        camera.note(
            f"names of secrets in {len(refused)} of {len(vaults)} vaults: {', '.join(sorted(refused)[:3])}, ..."
        )
    return [item for items in listed for item in items]


def _secret(vault: str, item: KeptSecret) -> Raw:
    attributes: dict[str, Any] = {"enabled": item.enabled}
    times = {"created": item.updated, "updated": item.updated, "exp": item.expires}
    attributes |= {name: int(moment.timestamp()) for name, moment in times.items() if moment is not None}
    return {"vault": vault, "name": item.name, "attributes": attributes}


async def read_unregistered(camera: Camera, subscriptions: Iterable[str]) -> dict[str, list[str]]:
    """Name the resource providers that each subscription has not registered."""
    asked = [(subscription, name) for subscription in subscriptions for name in _PROVIDERS]

    async def lacks(pair: tuple[str, str]) -> bool:
        path = f"/subscriptions/{pair[0]}/providers/{pair[1]}"
        read = await camera.maybe(f"provider {pair[1]}", lambda: camera.cloud.get(path, versions.PROVIDERS))
        return read is not None and str(read.raw.get("registrationState") or "Registered").casefold() != "registered"

    found = await each(asked, lacks)
    told: dict[str, list[str]] = {}
    for (subscription, name), lacking in zip(asked, found, strict=True):
        if lacking:
            told.setdefault(subscription, []).append(name)
    return told


async def read_above(camera: Camera, subscriptions: list[str]) -> dict[str, list[str]]:
    """The names of the management groups above each subscription, the nearest first, as far as Resource Graph tells them."""
    wanted = "resourcecontainers | where type =~ 'microsoft.resources/subscriptions'"
    text = f"{wanted} | project id, above = properties.managementGroupAncestorsChain | order by id asc"

    async def ask() -> list[Raw]:
        return [row async for page in camera.cloud.query(text, tuple(subscriptions)) for row in page]

    rows = await camera.maybe("the management groups of subscriptions", ask) or []
    named = {
        ResourceId(str(row["id"])).subscription: [str(each.get("name")) for each in row.get("above") or ()]
        for row in rows
    }
    return {one: names for one, names in named.items() if names}

"""What else matters before a key is replaced: the account itself, locks, traffic, and what runs."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

from actions.cloud import versions
from actions.cloud.data import CloudError, NotFound, Resource, ResourceId, StorageKey
from actions.cloud.protocol import Cloud
from actions.storage_keys.holding import attempt
from actions.storage_keys.state import Account, SlotState, Traffic, Workspace

KEY_OPERATOR = "81a9662b-bebf-436f-a333-f67b29880f12"
"""Storage Account Key Operator Service Role (Azure built-in roles for Storage)."""
_ENDED = frozenset({"completed", "failed", "canceled", "notresponding", "paused", "unknown", "scheduled"})
_JOB_PAGES = 3


async def read_account(cloud: Cloud, account: ResourceId) -> Account:
    """Read the account without its keys."""
    found, locks, vault_managed = await asyncio.gather(
        attempt(cloud.storage_account, account), attempt(cloud.locks, account), _vault_managed(cloud, account)
    )
    if isinstance(found, NotFound):
        return Account(id=account.text, name=account.name, exists=False)
    if isinstance(found, CloudError):
        return Account(id=account.text, name=account.name, problem=found.sentence)
    properties = found.properties
    policy: dict[str, Any] = properties.get("keyPolicy") or {}
    sas_policy: dict[str, Any] = properties.get("sasPolicy") or {}
    read_only, delete = _locks(() if isinstance(locks, CloudError) else locks)
    return Account(
        id=found.id.text,
        name=found.name,
        kind=str(found.raw.get("kind") or ""),
        region=str(found.raw.get("location") or ""),
        state=str(properties.get("provisioningState") or "Succeeded"),
        shared_keys=properties.get("allowSharedKeyAccess") is not False,
        disabled_services=_disabled_services(properties),
        policy_days=policy.get("keyExpirationPeriodInDays"),
        sas_period=str(sas_policy.get("sasExpirationPeriod") or ""),
        locks=read_only,
        delete_locks=delete,
        locks_read=not isinstance(locks, CloudError),
        vault_managed=vault_managed,
    )


def slot_states(keys: tuple[StorageKey, ...]) -> tuple[SlotState, ...]:
    """Keep fingerprints and times of the keys, and nothing else."""
    return tuple(
        SlotState(
            name=key.slot,
            fingerprint=key.fingerprint,
            created=key.created.isoformat().replace("+00:00", "Z") if key.created else "",
        )
        for key in keys
    )


async def read_traffic(cloud: Cloud, account: ResourceId) -> Traffic:
    """Count the last day's requests by account key and by key-signed SAS; metrics name neither client nor key."""
    found = await attempt(
        cloud.metrics,
        account,
        ("Transactions",),
        span=timedelta(days=1),
        grain="PT1H",
        aggregation="Total",
        filter="Authentication eq '*'",
    )
    if isinstance(found, CloudError):
        return Traffic()
    totals = {"accountkey": 0.0, "sas": 0.0}
    hours: dict[datetime, float] = {}
    for series in found.get("Transactions", ()):
        name = series.dimensions.get("authentication", "").casefold()
        for when, value in series.points if name in totals else ():
            totals[name] += value or 0.0
            hours[when] = hours.get(when, 0.0) + (value or 0.0)
    by_hour = tuple(hours[when] for when in sorted(hours))
    return Traffic(account_key=totals["accountkey"], sas=totals["sas"], hours=by_hour)


async def read_workspace(cloud: Cloud, workspace: Workspace) -> Workspace:
    """Read what a list leaves out: the auth mode of the system datastores, and what runs in the workspace."""
    resource = ResourceId(workspace.id)
    found, computes, jobs = await asyncio.gather(
        attempt(cloud.workspace, resource),
        attempt(cloud.computes, resource),
        attempt(_running_jobs, cloud, resource),
    )
    mode = "accesskey"
    if isinstance(found, Resource):
        mode = str(found.properties.get("systemDatastoresAuthMode") or mode).casefold()
    instances = () if isinstance(computes, CloudError) else tuple(map(_name, filter(_runs, computes)))
    fields = {name: getattr(workspace, name) for name in workspace.__struct_fields__}
    known = {"auth_mode": mode, "running_instances": instances}
    return Workspace(**{**fields, **known, "running_jobs": None if isinstance(jobs, CloudError) else jobs})


async def _running_jobs(cloud: Cloud, workspace: ResourceId) -> int:
    """Count unfinished jobs among the newest; the list cannot be asked for a state."""
    count = pages = 0
    async for page in cloud.list(f"{workspace.text}/jobs", versions.JOBS):
        count += sum(
            str((row.get("properties") or {}).get("status") or "unknown").casefold() not in _ENDED for row in page
        )
        pages += 1
        if pages == _JOB_PAGES:
            break
    return count


async def _vault_managed(cloud: Cloud, account: ResourceId) -> bool | None:
    """Whether a service holds the key operator role on the account: a vault that manages its keys does."""
    found = await attempt(cloud.role_assignments, account.text)
    if isinstance(found, CloudError):
        return None
    return any(
        str(item.properties.get("roleDefinitionId") or "").casefold().endswith(KEY_OPERATOR)
        and str(item.properties.get("principalType") or "").casefold() == "serviceprincipal"
        for item in found
    )


def _locks(found: tuple[Resource, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Tell ReadOnly locks from others, each as `name on scope`."""
    told: dict[bool, list[str]] = {True: [], False: []}
    for lock in found:
        scope = lock.id.text.casefold().rpartition("/providers/microsoft.authorization/")[0].rpartition("/")[2]
        read_only = str(lock.properties.get("level") or "").casefold() == "readonly"
        told[read_only].append(f"{lock.name} on {scope}")
    return tuple(told[True]), tuple(told[False])


def _disabled_services(properties: dict[str, Any]) -> tuple[str, ...]:
    switches: dict[str, Any] = properties.get("allowSharedKeyAccessForServices") or {}
    return tuple(sorted(name for name, switch in switches.items() if (switch or {}).get("enabled") is False))


def _runs(compute: Resource) -> bool:
    inner: dict[str, Any] = compute.properties.get("properties") or {}
    kind = str(compute.properties.get("computeType") or "").casefold()
    return kind == "computeinstance" and str(inner.get("state") or "").casefold() == "running"


def _name(resource: Resource) -> str:
    return resource.name

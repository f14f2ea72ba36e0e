"""A state of an account told in one line, so that cases read as a table.

`fraud=key1` is a workspace's own copy, `fraud/wbs*=key1` a system datastore, `fraud/train=key1` a datastore with an
account key, `fraud/raw~key1` one with a SAS, `fraud/conn!key1` a connection. The right side is what the holder holds.
"""

from __future__ import annotations

import re
from typing import Any

from actions.guard.model import Progress, StepRecord, Verdict
from actions.storage_keys.planning import goal, plan
from actions.storage_keys.state import (
    Account,
    Holder,
    SlotState,
    StorageKeysGoal,
    StorageKeysInspection,
    StorageKeysOptions,
    Traffic,
    Workspace,
)

GROUP = "/subscriptions/s/resourceGroups/rg/providers"
ACCOUNT = f"{GROUP}/Microsoft.Storage/storageAccounts/stfraud01"
NOW = "2026-03-01T12:00:00Z"
_HOLDER = re.compile(r"(?P<workspace>[\w-]+)(?:/(?P<child>[\w-]+))?(?P<mark>\*)?(?P<sign>[=~!])(?P<holds>\w+)")


def workspace_id(name: str) -> str:
    return f"{GROUP}/Microsoft.MachineLearningServices/workspaces/{name}"


def holder(text: str) -> Holder:
    found = _HOLDER.fullmatch(text)
    assert found, text
    owner, child, sign = workspace_id(found["workspace"]), found["child"], found["sign"]
    kind: Any = "connection" if sign == "!" else "datastore" if child else "workspace"
    folder = "connections" if kind == "connection" else "datastores"
    holds: Any = found["holds"]
    return Holder(
        id=f"{owner}/{folder}/{child}" if child else owner,
        label=f"{found['workspace']}/{child}" if child else found["workspace"],
        kind=kind,
        workspace=owner,
        holds=holds,
        credential="Sas" if sign == "~" else "AccountKey",
        system=bool(found["mark"]),
        service="blob",
        container="data",
        fingerprint="F" * 64,
        reason="403 on listSecrets." if holds == "unreadable" else "",
    )


def inspection(
    holders: str,
    *,
    replaced: str = "",
    keyless: str = "",
    traffic: float | None = 0.0,
    unlisted: tuple[str, ...] = (),
    age_days: int = 400,
    **account: Any,
) -> StorageKeysInspection:
    """The state in which the slots of `replaced` have another key than at the start."""
    all_holders = tuple(holder(text) for text in holders.split())
    names = dict.fromkeys(item.label.partition("/")[0] for item in all_holders)
    month = 3 - age_days // 31 % 12
    created = f"{2026 - age_days // 365}-{max(month, 1):02}-01T00:00:00Z"
    slots = tuple(
        SlotState(name=slot, fingerprint=("B" if slot in replaced.split() else "A") * 63 + slot[-1], created=created)
        for slot in ("key1", "key2")
    )
    return StorageKeysInspection(
        target=ACCOUNT,
        name="stfraud01",
        as_of=NOW,
        account=Account(**{"id": ACCOUNT, "name": "stfraud01", "slots": slots, **account}),
        workspaces=tuple(
            Workspace(
                id=workspace_id(name), label=name, auth_mode="identity" if name in keyless.split() else "accesskey"
            )
            for name in names
        ),
        holders=all_holders,
        traffic=Traffic(account_key=traffic, sas=traffic),
        unlisted=unlisted,
    )


def progress(done: str) -> Progress:
    """A run that has finished these steps, a minute after one another; `!` behind an id: its proof failed."""
    return Progress(
        now=NOW,
        records=tuple(
            StepRecord(
                id=text.rstrip("!"),
                started=f"2026-03-01T11:{minute:02}:00Z",
                finished=f"2026-03-01T11:{minute:02}:20Z",
                verdict=Verdict.FAILED if text.endswith("!") else Verdict.VERIFIED,
            )
            for minute, text in enumerate(done.split())
        ),
    )


def wanted(start: str, options: dict[str, Any], **state: Any) -> StorageKeysGoal:
    """The goal frozen from the state at the start."""
    return goal(inspection(start, **state), StorageKeysOptions(**options))


__all__ = ["ACCOUNT", "holder", "inspection", "plan", "progress", "wanted", "workspace_id"]

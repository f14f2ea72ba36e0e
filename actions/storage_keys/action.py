"""The guarded action `storage-keys`: both keys of a workspace's storage account replaced, everything following."""

from __future__ import annotations

import msgspec

from actions.cloud.data import ResourceId
from actions.cloud.protocol import Cloud
from actions.guard.contract import Description, Hand
from actions.guard.model import Progress, Proof, Risk, Step, Steps
from actions.storage_keys import describing, doing, inspecting, planning, proving
from actions.storage_keys.state import StorageKeysGoal, StorageKeysInspection, StorageKeysOptions

_HELD = {"key1": "key1", "key2": "key2", "neither": "stale", "expired": "expired", "missing": "none", "unknown": "none"}
"""What a holder was found on, in the words that a twin begins with; what could not be read is in none."""


class StorageKeys:
    """Replaces storage keys slot by slot, so that no holder is ever without a live one."""

    name = "storage-keys"
    title = "Storage keys, then resync"
    summary = "Replace the keys of a workspace's storage account, and have workspaces and datastores follow."
    target_kind = "workspace or storage account"
    secret_reads = (
        "It lists keys (secret reads, which Azure logs) to find out who holds which one; only fingerprints are compared, "
        "and no key is shown or kept."
    )
    options = StorageKeysOptions
    inspection = StorageKeysInspection
    goal_type = StorageKeysGoal

    async def inspect(
        self,
        cloud: Cloud,
        target: ResourceId,
        options: StorageKeysOptions,
        *,
        last: StorageKeysInspection | None = None,
        step: Step | None = None,
    ) -> StorageKeysInspection:
        """Read the account and all holders (secret reads); with `last` and `step` what the step depends on."""
        found = await inspecting.inspect(cloud, target, last=last, step=step)
        slots = tuple(sorted(planning.slots_to_replace(found, options)))
        return msgspec.structs.replace(found, slots=slots)

    def goal(self, inspection: StorageKeysInspection, options: StorageKeysOptions) -> StorageKeysGoal:
        """Freeze which keys must change, and the operator's choices."""
        return planning.goal(inspection, options)

    def plan(
        self,
        goal: StorageKeysGoal,
        inspection: StorageKeysInspection,
        decided: dict[str, str],
        progress: Progress,
    ) -> Steps:
        """Give the steps that remain; pure."""
        return planning.plan(goal, inspection, decided, progress)

    async def do(self, step: Step, hand: Hand) -> dict[str, str]:
        """Make one change."""
        return await doing.do(step, hand)

    async def prove(self, step: Step, hand: Hand) -> Proof:
        """Verify one change by reading."""
        return await proving.prove(step, hand)

    def confirmation(self, inspection: StorageKeysInspection, risk: Risk) -> tuple[str, str]:
        """Return the account's name, and for irreversible plans the slots that die."""
        return inspection.account.name, "+".join(inspection.slots) if risk is Risk.IRREVERSIBLE else ""

    def holding(self, inspection: StorageKeysInspection) -> dict[str, str]:
        """Give the slot that each copy of a key was found on, for a twin to begin with."""
        return {item.id: _HELD[item.holds] for item in inspection.holders if item.holds in _HELD}

    def describe(self, inspection: StorageKeysInspection) -> Description:
        """Give the inspection as facts and tables."""
        return describing.describe(inspection)

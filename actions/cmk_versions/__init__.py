"""Review the version of a workspace's customer-managed key, and move the workspace to a newer one."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from msgspec.structs import replace

from actions.cloud.data import Resource, ResourceId
from actions.cloud.protocol import Cloud
from actions.cmk_versions import doing, planning, reading, steps
from actions.cmk_versions.dependents import dependents
from actions.cmk_versions.findings import findings
from actions.cmk_versions.readers import readers
from actions.cmk_versions.state import (
    Architecture,
    CmkVersionsGoal,
    CmkVersionsInspection,
    CmkVersionsOptions,
    Dependent,
    Key,
    Reader,
    Vault,
)
from actions.cmk_versions.telling import describe
from actions.guard.contract import Description, Hand
from actions.guard.model import Progress, Proof, Risk, Step, Steps

__all__ = ["CmkVersions", "CmkVersionsInspection", "CmkVersionsOptions"]


class CmkVersions:
    """The guarded action `cmk-versions`."""

    name = "cmk-versions"
    title = "Customer-managed key versions"
    summary = "Compare the key version that the workspace pins with those there are, and move it to a newer one."
    target_kind = "workspace"
    secret_reads = ""
    options = CmkVersionsOptions
    inspection = CmkVersionsInspection
    goal_type = CmkVersionsGoal

    async def inspect(
        self,
        cloud: Cloud,
        target: ResourceId,
        options: CmkVersionsOptions,
        *,
        last: CmkVersionsInspection | None = None,
        step: Step | None = None,
    ) -> CmkVersionsInspection:
        """Read workspace, vault, key, readers and dependents; before a step only what it depends on."""
        workspace = await cloud.workspace(target)
        encryption = workspace.properties.get("encryption") or {}
        bare = CmkVersionsInspection(
            target=target.text, name=workspace.name, as_of=cloud.now().isoformat(), workspace=workspace.id.text,
            region=str(workspace.raw.get("location") or ""),
            state=str(workspace.properties.get("provisioningState") or ""),
        )  # fmt: skip
        if str(encryption.get("status") or "").casefold() != "enabled":
            return bare
        given = encryption.get("keyVaultProperties") or {}
        identifier, vault_id = str(given.get("keyIdentifier") or ""), str(given.get("keyVaultArmId") or "")
        vault = last.vault if last and step and step.kind in _LATE else await reading.read_vault(cloud, vault_id)
        assert vault is not None
        key = await self._key(cloud, identifier, vault, options)
        (who, (around, unread)) = await asyncio.gather(
            _readers(cloud, workspace, vault, key, last if step else None, step),
            _dependents(cloud, workspace, key, last if step else None),
        )
        found = replace(
            bare, encrypted=True, architecture=_architecture(workspace), key=key, vault=vault, readers=who,
            dependents=around, unread=unread,
        )  # fmt: skip
        return replace(found, findings=findings(found, cloud.now()))

    async def _key(self, cloud: Cloud, identifier: str, vault: Vault, options: CmkVersionsOptions) -> Key:
        """The key; of a vault that is not there nothing is asked, its address leads nowhere."""
        if vault.gone:
            host, name, pinned = reading.identifier_parts(identifier)
            return Key(identifier=identifier, host=host, name=name, pinned=pinned, gone=vault.gone)
        key = await reading.read_key(cloud, identifier, vault.id)
        if options.to:
            fitting = [item for item in key.versions if item.version.startswith(options.to.casefold())]
            if len(fitting) == 1:
                return await reading.detail(cloud, key, fitting[0].version)
        return key

    def goal(self, inspection: CmkVersionsInspection, options: CmkVersionsOptions) -> CmkVersionsGoal:
        """Freeze the version to move to."""
        return planning.goal_of(inspection, options)

    def plan(
        self,
        goal: CmkVersionsGoal,
        inspection: CmkVersionsInspection,
        decided: dict[str, str],
        progress: Progress,
    ) -> Steps:
        """Give what remains: repairs, a new version, the move, what follows it, the reminder."""
        return planning.plan_of(goal, inspection, decided, progress)

    async def do(self, step: Step, hand: Hand) -> dict[str, str]:
        """Make the step's one change."""
        return await doing.do(step, hand)

    async def prove(self, step: Step, hand: Hand) -> Proof:
        """Verify by reading the workspace, the key or the dependent."""
        return await doing.prove(step, hand.cloud)

    def confirmation(self, inspection: CmkVersionsInspection, risk: Risk) -> tuple[str, str]:
        """The workspace's name; nothing here is irreversible, so no slot is typed."""
        return inspection.name, ""

    def undo_options(self, records: Iterable[tuple[Step, dict[str, str]]]) -> dict[str, str]:
        """Options that move the workspace back to the version that a run moved it from."""
        for step, _evidence in records:
            version = reading.identifier_parts(step.arguments.get("old", ""))[2]
            if step.kind == steps.MOVE and version:
                return {"to": version}
        return {}

    def describe(self, inspection: CmkVersionsInspection) -> Description:
        """The key, its versions, who reads it and what depends on it."""
        return describe(inspection)


_LATE = frozenset({steps.FOLLOW, steps.REMIND})
"""Steps after the move: they depend on the workspace, the key and one dependent only."""


def _architecture(workspace: Resource) -> Architecture:
    return "service-side" if workspace.properties.get("enableServiceSideCMKEncryption") else "classic"


async def _readers(
    cloud: Cloud,
    workspace: Resource,
    vault: Vault,
    key: Key,
    last: CmkVersionsInspection | None,
    step: Step | None,
) -> tuple[Reader, ...]:
    """Who reads the key; not read anew for what comes after the move."""
    if last is not None and step is not None and step.kind in _LATE:
        return last.readers
    return await readers(cloud, workspace, vault, key.name, classic=_architecture(workspace) == "classic")


async def _dependents(
    cloud: Cloud, workspace: Resource, key: Key, last: CmkVersionsInspection | None
) -> tuple[tuple[Dependent, ...], tuple[str, ...]]:
    """What is encrypted with the key; each is read by its own step later."""
    if last is not None:
        return last.dependents, last.unread
    return await dependents(cloud, workspace, key)

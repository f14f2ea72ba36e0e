"""Where what is done in the workspace and in its vault is logged, beyond the activity log: diagnostic settings."""

from __future__ import annotations

import asyncio

from actions.cloud import versions
from actions.cloud.data import CloudError, ResourceId
from actions.posture.facts import Fact, Reading, Subject, failed, stamp
from actions.workspaces.judged import logged

IMPACT = "impact"
_SOURCE = f"GET microsoft.insights/diagnosticsettings {versions.DIAGNOSTICS}"
_MISSED = {
    "workspace": "runs, models and calls of endpoints leave no trace; send its logs to Log Analytics",
    "vault": "who read a secret leaves no trace; send AuditEvent to Log Analytics",
}


async def read_diagnostics(subject: Subject) -> tuple[Fact, ...]:
    """Tell the settings of the workspace and of its vault."""
    wanted = {"workspace": subject.workspace.id}
    vault = str(subject.workspace.properties.get("keyVault") or "")
    wanted |= {"vault": ResourceId(vault)} if vault else {}
    return tuple(await asyncio.gather(*(_settings(subject, what, each) for what, each in wanted.items())))


async def _settings(subject: Subject, what: str, resource: ResourceId) -> Fact:
    label = f"diagnostic settings of the {what}"
    path = f"{resource.text}/providers/Microsoft.Insights/diagnosticSettings"
    try:
        rows = [row async for page in subject.cloud.list(path, versions.DIAGNOSTICS) for row in page]
    except CloudError as error:
        return failed(resource.name, _SOURCE, subject.cloud, error).unread(IMPACT, f"{what}-logs", label)
    read = Reading(resource.name, _SOURCE, stamp(subject.cloud), {})
    sent = [told for row in rows if (told := logged(row.get("properties") or {}))]
    if not sent:
        return read.fact(IMPACT, f"{what}-logs", label, "none that logs anything", "warn", _MISSED[what])
    return read.fact(IMPACT, f"{what}-logs", label, "; ".join(sent), "good")

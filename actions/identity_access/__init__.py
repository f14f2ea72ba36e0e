"""Restore the access that a workspace's managed identities should have, and nothing beyond it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import msgspec

from actions.cloud.data import ResourceId
from actions.cloud.protocol import Cloud
from actions.guard.contract import Description, Hand, Table
from actions.guard.model import Finding, Progress, Proof, Risk, Severity, Step, Steps
from actions.identity_access import doing, planning, reading, steps
from actions.identity_access.expected import Place, made_after_contributor, rows
from actions.identity_access.findings import findings
from actions.identity_access.judging import judge
from actions.identity_access.state import (
    Added,
    Identity,
    IdentityAccessGoal,
    IdentityAccessInspection,
    IdentityAccessOptions,
    Scope,
    Vault,
)

__all__ = ["IdentityAccess", "IdentityAccessInspection", "IdentityAccessOptions"]
_SYMBOL_STATES = {"present": "ok", "through": "ok", "not-needed": "info", "conditioned": "info", "unknown": "unknown"}


class IdentityAccess:
    """The guarded action `identity-access`."""

    name = "identity-access"
    title = "Restore managed identity access"
    summary = "Compare what the workspace's identities should reach with what they do, and grant what is missing."
    target_kind = "workspace"
    secret_reads = ""
    options = IdentityAccessOptions
    inspection = IdentityAccessInspection
    goal_type = IdentityAccessGoal

    async def inspect(
        self,
        cloud: Cloud,
        target: ResourceId,
        options: IdentityAccessOptions,
        *,
        last: IdentityAccessInspection | None = None,
        step: Step | None = None,
    ) -> IdentityAccessInspection:
        """Read every identity's access; it is read whole each time, for one grant can satisfy several rows."""
        workspace = await cloud.workspace(target)
        vault_id = str(workspace.properties.get("keyVault") or "")
        vault, (who, unlisted) = await asyncio.gather(_vault(cloud, vault_id), reading.identities(cloud, workspace))
        place = reading.place_of(workspace, vault)
        expected = {identity.name: rows(identity, place, vault, legacy=options.legacy) for identity in who}
        scopes = await _scopes(cloud, place, vault, who)
        table = tuple(judge(identity, row, scopes, vault) for identity in who for row in expected[identity.name])
        storage = await reading.storage(cloud, place.storage)
        gone = await reading.gone(cloud, _unknown_principals(scopes.values(), who))
        auth = str(workspace.properties.get("systemDatastoresAuthMode") or "accesskey").casefold()
        seen = {grant.id.casefold(): grant for scope in scopes.values() for grant in scope.grants}
        return IdentityAccessInspection(
            target=target.text, name=workspace.name, as_of=cloud.now().isoformat(), workspace=workspace.id.text,
            group=place.group, region=str(workspace.raw.get("location", "")), created=place.created,
            tenant=vault.tenant if vault else "", identities=who, vault=vault, table=table, seen=tuple(seen.values()),
            findings=(*findings(table, who, scopes.values(), vault, storage, gone, auth), *map(_unlisted, unlisted)),
        )  # fmt: skip

    def goal(self, inspection: IdentityAccessInspection, options: IdentityAccessOptions) -> IdentityAccessGoal:
        """Freeze the rows that are missing now."""
        return planning.goal_of(inspection, options)

    def plan(
        self,
        goal: IdentityAccessGoal,
        inspection: IdentityAccessInspection,
        decided: dict[str, str],
        progress: Progress,
    ) -> Steps:
        """Give what remains: resync, then each missing grant, then the wait until it counts."""
        return planning.plan_of(goal, inspection, progress)

    async def do(self, step: Step, hand: Hand) -> dict[str, str]:
        """Make the step's one change."""
        return await doing.do(step, hand)

    async def prove(self, step: Step, hand: Hand) -> Proof:
        """Verify by reading Resource Manager again."""
        return await doing.prove(step, hand.cloud)

    def confirmation(self, inspection: IdentityAccessInspection, risk: Risk) -> tuple[str, str]:
        """The workspace's name; grants can be undone, so no slot is typed."""
        return inspection.name, ""

    def undo_options(self, records: Iterable[tuple[Step, dict[str, str]]]) -> dict[str, Any]:
        """Options that take away what a run added, from the steps it carried out and their evidence."""
        added = [item for step, evidence in records if (item := _added(step, evidence)) is not None]
        return {"undo": msgspec.to_builtins(added), "resync": False} if added else {}

    def describe(self, inspection: IdentityAccessInspection) -> Description:
        """The identities and the table of expected against present access."""
        era = "Azure AI Administrator" if made_after_contributor(inspection.created) else "Contributor"
        vault = inspection.vault
        model = "none" if vault is None else vault.problem or ("roles" if vault.roles else "access policies")
        facts = (
            ("workspace", inspection.workspace),
            ("created", f"{inspection.created or 'unknown'} (its group role is {era})"),
            ("key vault model", model),
            ("missing", str(len(inspection.missing()))),
        )
        who = Table(
            title="Identities",
            columns=("identity", "kind", "principal"),
            rows=tuple((item.name, item.kind, item.principal) for item in inspection.identities),
        )
        access = Table(
            title="Expected against present access",
            columns=("identity", "access to", "state", "detail"),
            rows=tuple((row.identity, row.what, row.state, row.detail) for row in inspection.table),
            states=tuple(_SYMBOL_STATES.get(row.state, "high") for row in inspection.table),
        )
        return Description(facts=facts, tables=(who, access))


async def _vault(cloud: Cloud, vault_id: str) -> Vault | None:
    return await reading.read_vault(cloud, vault_id) if vault_id else None


async def _scopes(cloud: Cloud, place: Place, vault: Vault | None, who: tuple[Identity, ...]) -> dict[str, Scope]:
    """Read every scope of the table once, side by side; by case-folded id."""
    principals = tuple(identity.principal for identity in who if identity.ours)
    wanted = {
        "workspace": place.workspace,
        "group": place.group,
        "storage": place.storage,
        "registry": place.registry,
        "insights": place.insights,
        "vault": vault.id if vault else "",
        "vault-group": place.vault_group,
        "cmk-vault": place.cmk_vault,
    }
    unique = {scope.casefold(): (key, scope) for key, scope in wanted.items() if scope}
    read = await asyncio.gather(
        *(reading.read_scope(cloud, key, scope, key, principals) for key, scope in unique.values())
    )
    return dict(zip(unique, read, strict=True))


def _unknown_principals(scopes: Iterable[Scope], who: tuple[Identity, ...]) -> tuple[str, ...]:
    """Service principals that hold something here and are none of the workspace's identities."""
    ours = {identity.principal for identity in who}
    kinds = ("", "ServicePrincipal", "Unknown")
    found = {grant.principal for scope in scopes for grant in scope.grants if grant.kind in kinds} - ours
    return tuple(sorted(found))


def _unlisted(problem: str) -> Finding:
    sentence = f"could not be listed, so their identities are not shown: {problem}"
    return Finding(id="I13", severity=Severity.UNKNOWN, subject=problem.partition(":")[0], sentence=sentence)


def _added(step: Step, evidence: dict[str, str]) -> Added | None:
    """What a step that was carried out added; None where it found everything in place.

    A change whose answer got lost has no word of `do`: then the assignment's name tells that it is ours, and a policy
    step adds what it says.
    """
    title = f"granted to {step.arguments['identity']}" if "identity" in step.arguments else ""
    if step.kind == steps.GRANT:
        assert step.request is not None
        if "added" not in evidence and evidence.get("assignment") != step.arguments["name"]:
            return None
        return Added(
            kind="role", id=step.request.path, principal=step.arguments["principal"], title=title,
            scope=step.arguments["scope"], role=step.arguments["role"],
        )  # fmt: skip
    if step.kind == steps.POLICY:
        return Added(
            kind="policy", id=step.subject, principal=step.arguments["principal"], title=title,
            tenant=step.arguments["tenant"], permissions=msgspec.json.decode(step.arguments["words"], type=doing.Words),
        )  # fmt: skip
    return None

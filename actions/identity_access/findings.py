"""What looks fine and is not: remarks on the identities' access, graded."""

from __future__ import annotations

from collections.abc import Iterable

from actions.cloud.data import Resource
from actions.guard.model import Finding, Severity
from actions.identity_access.roles import role_name
from actions.identity_access.state import Access, Grant, Identity, Scope, Vault


def findings(
    table: tuple[Access, ...],
    identities: tuple[Identity, ...],
    scopes: Iterable[Scope],
    vault: Vault | None,
    storage: Resource | str,
    gone: frozenset[str] | None,
    auth_mode: str,
) -> tuple[Finding, ...]:
    """All remarks, worst first."""
    grants = {grant.id.casefold(): grant for scope in scopes for grant in scope.grants}
    found = [
        *_rows(table),
        *_orphans(tuple(grants.values()), gone, table),
        *_vault(vault, identities),
        *_storage(storage, auth_mode),
    ]
    order = list(Severity)
    return tuple(sorted(found, key=lambda item: order.index(item.severity)))


def _rows(table: tuple[Access, ...]) -> Iterable[Finding]:
    for row in table:
        subject = f"{row.identity}: {row.what}"
        if row.state == "missing" and row.repair:
            told = f"expected access is missing ({row.detail})"
            yield _finding("I1", Severity.HIGH, subject, told, "this action restores it")
        elif row.state == "missing":
            told = "its own identity shows no role here"
            yield _finding(
                "I14", Severity.WARN, subject, told, "Azure ML grants it when the endpoint or compute is made"
            )
        elif row.state == "denied":
            remedy = "ask whoever owns the deny assignment; nothing can be granted over it"
            yield _finding("I2", Severity.CRITICAL, subject, row.detail, remedy)
        elif row.state == "conditioned":
            yield _finding(
                "I3", Severity.INFO, subject, f"{row.detail}: data isolation limits it to the workspace's own data"
            )
        elif row.state == "through" and "by group" in row.detail:
            remedy = (
                "grant the role to the identity itself: Azure caches a managed identity's groups for about 24 hours"
            )
            yield _finding("I4", Severity.WARN, subject, row.detail, remedy)
        elif row.state == "unknown":
            yield _finding(
                "I5", Severity.UNKNOWN, subject, f"could not be read: {row.detail}", "Reader at this scope shows it"
            )


def _orphans(grants: tuple[Grant, ...], gone: frozenset[str] | None, table: tuple[Access, ...]) -> Iterable[Finding]:
    if gone is None:
        sentence = "whether assignments belong to deleted principals could not be asked of Microsoft Graph"
        yield _finding(
            "I6", Severity.UNKNOWN, "directory", sentence, "Application.Read.All or a directory reader role shows it"
        )
        return
    lacking = {row.role for row in table if row.state == "missing" and row.role}
    for grant in grants:
        if grant.principal not in gone:
            continue
        subject, told = grant.scope, f"{role_name(grant.role)} belongs to {grant.principal[:8]}, who is deleted"
        if grant.role in lacking:
            remedy = "the workspace was probably made anew under its old name: restore its present identity's access"
            yield _finding(
                "I7", Severity.HIGH, subject, f"{told}, and the workspace's identity of today lacks it", remedy
            )
        else:
            yield _finding("I8", Severity.INFO, subject, told, "harmless; it may be removed")


def _vault(vault: Vault | None, identities: tuple[Identity, ...]) -> Iterable[Finding]:
    if vault is None or vault.problem:
        return
    ours = {identity.principal.casefold(): identity.name for identity in identities if identity.ours}
    if vault.roles:
        for principal, name in ours.items():
            if principal in vault.policies:
                sentence = f"{name} has an access policy, which is ignored: the vault is on roles"
                yield _finding("I9", Severity.WARN, vault.id, sentence, "the role row of the table is what counts")
    if vault.closed:
        sentence = "its network rules keep Azure's own services out, so that the access may be of no use"
        yield _finding(
            "I10", Severity.WARN, vault.id, sentence, "allow trusted Microsoft services, or a private endpoint"
        )


def _storage(storage: Resource | str, auth_mode: str) -> Iterable[Finding]:
    if isinstance(storage, str):
        return
    properties = storage.properties
    rules = properties.get("networkAcls") or {}
    shut = str(properties.get("publicNetworkAccess", "")).casefold() == "disabled"
    denies = str(rules.get("defaultAction", "")).casefold() == "deny"
    if (shut or denies) and "azureservices" not in str(rules.get("bypass", "AzureServices")).casefold():
        sentence = "its network rules keep Azure's own services out, so that a role on it may be of no use"
        yield _finding(
            "I11", Severity.WARN, storage.id.text, sentence, "allow trusted Microsoft services, or a private endpoint"
        )
    if properties.get("allowSharedKeyAccess") is False and auth_mode == "accesskey":
        sentence = "shared keys are off, while the workspace's system datastores still use an account key"
        remedy = "az ml workspace update --system-datastores-auth-mode identity"
        yield _finding("I12", Severity.HIGH, storage.id.text, sentence, remedy)


def _finding(code: str, severity: Severity, subject: str, sentence: str, remedy: str = "") -> Finding:
    return Finding(id=code, severity=severity, subject=subject, sentence=sentence, remedy=remedy)

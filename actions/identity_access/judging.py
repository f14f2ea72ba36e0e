"""Expected against present access: a pure judgement of each row from what was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from actions.guard.rights import denied_by
from actions.identity_access.expected import CORE_WORDS, Row
from actions.identity_access.roles import role_name
from actions.identity_access.state import Access, AccessState, Grant, Identity, Scope, Vault


def judge(identity: Identity, row: Row, scopes: Mapping[str, Scope], vault: Vault | None) -> Access:
    """Tell what one identity has of one row; `scopes` are by case-folded id."""
    if not row.scope:
        return _access(identity, row, "not-needed", row.why_not)
    if row.words:
        return _policy(identity, row, vault)
    scope = scopes.get(row.scope.casefold())
    if scope is None or scope.problem:
        why = scope.problem if scope else "not read"
        return _access(identity, row, "unknown" if row.needed else "not-needed", why)
    found = _satisfying(row, [grant for grant in scope.grants if _reaches(grant, identity)])
    if found:
        deny = denied_by(_denies(scope), row.action, row.scope, frozenset({identity.principal}), data=row.data)
        if deny:
            return _access(identity, row, "denied", f"deny assignment {deny}")
        return _access(identity, row, *_told(row, found, identity))
    if not row.needed:
        return _access(identity, row, "not-needed", row.why_not)
    return _access(identity, row, "missing", role_name(row.grant) if row.grant else "", repair=row.repair)


def _access(
    identity: Identity,
    row: Row,
    state: AccessState,
    detail: str = "",
    *,
    words: dict[str, tuple[str, ...]] | None = None,
    repair: bool = False,
) -> Access:
    return Access(
        identity=identity.name,
        key=row.key,
        what=row.what,
        scope=row.scope,
        role=row.grant,
        state=state,
        detail=detail,
        words=words or {},
        repair=repair,
    )


def _reaches(grant: Grant, identity: Identity) -> bool:
    return grant.principal == identity.principal or identity.principal in grant.members


def _satisfying(row: Row, grants: Iterable[Grant]) -> list[Grant]:
    """The assignments that satisfy a row, the best to tell first: direct, unconditioned, at the very scope."""
    grants = list(grants)
    single = [grant for grant in grants if grant.role in row.roles]
    if not single and row.together and {grant.role for grant in grants} >= set(row.together):
        single = [grant for grant in grants if grant.role in row.together]
    here = row.scope.casefold()
    return sorted(
        single,
        key=lambda grant: (
            bool(grant.members),
            bool(grant.condition),
            grant.scope.casefold() != here,
            grant.role != row.grant,
        ),
    )


def _told(row: Row, found: list[Grant], identity: Identity) -> tuple[AccessState, str]:
    best = found[0]
    if best.members and best.principal != identity.principal:
        return "through", f"{role_name(best.role)} by group {best.principal[:8]}; membership is cached for about 24 h"
    if best.condition:
        return "conditioned", f"{role_name(best.role)} with a condition"
    if best.scope.casefold() != row.scope.casefold():
        return "through", f"{role_name(best.role)} at {best.scope or '/'}"
    if row.grant and best.role != row.grant:
        names = (
            " and ".join(sorted({role_name(grant.role) for grant in found})) if row.together else role_name(best.role)
        )
        return "through", f"{names} instead of {role_name(row.grant)}"
    return "present", role_name(best.role)


def _policy(identity: Identity, row: Row, vault: Vault | None) -> Access:
    if vault is None or vault.problem:
        return _access(identity, row, "unknown", vault.problem if vault else "not read")
    held = vault.policies.get(identity.principal.casefold(), {})
    lacking = {kind: _without(words, held.get(kind, ())) for kind, words in row.words.items()}
    lacking = {kind: words for kind, words in lacking.items() if words}
    told = "; ".join(f"{kind}: {', '.join(words)}" for kind, words in lacking.items())
    if any(_without(words, held.get(kind, ())) for kind, words in CORE_WORDS.items()):
        detail = f"the policy lacks {told}" if held else "no access policy"
        return _access(identity, row, "missing", detail, words=lacking, repair=row.repair)
    return _access(identity, row, "present", f"access policy, without {told}" if lacking else "access policy")


def _without(words: tuple[str, ...], held: tuple[str, ...]) -> tuple[str, ...]:
    have = {word.casefold() for word in held}
    return () if "all" in have else tuple(word for word in words if word.casefold() not in have)


def _denies(scope: Scope) -> list[dict[str, object]]:
    """The deny assignments in the form in which Azure lists them, for the shared evaluation."""
    return [
        {
            "name": deny.name,
            "properties": {
                "denyAssignmentName": deny.name,
                "scope": deny.scope,
                "doNotApplyToChildScopes": not deny.children,
                "permissions": list(deny.blocks),
                "principals": [{"id": principal} for principal in deny.principals],
                "excludePrincipals": [{"id": principal} for principal in deny.excluded],
            },
        }
        for deny in scope.denies
    ]

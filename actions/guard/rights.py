"""Azure role-based access evaluated as Azure does it, for the caller's own permissions at a scope.

Rules (Microsoft docs, "Understand Azure role definitions" and "Understand Azure deny assignments"): a deny wins;
otherwise one role must match an action without excluding it by its own NotActions; roles add up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

EVERYONE = "00000000-0000-0000-0000-000000000000"
"""The principal id that Azure's deny assignments use for every principal."""


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    """Compile a permission pattern: `*` matches anything, and `/*/` also a single `/`.

    The second half is how Azure's own roles read: AzureML Data Scientist allows `workspaces/*/write` and then has to
    exclude `workspaces/write`.
    """
    pieces = [re.escape(piece).replace(r"\*", ".*") for piece in text.casefold().split("/*/")]
    return re.compile("/(?:.*/)?".join(pieces), re.DOTALL)


def matches(pattern: str, action: str) -> bool:
    """Tell whether a pattern of a role covers an action, without regard to case."""
    return _pattern(pattern).fullmatch(action.casefold()) is not None


def _texts(entry: Mapping[str, Any], name: str) -> list[str]:
    return [str(item) for item in entry.get(name) or ()]


def _covers(entry: Mapping[str, Any], action: str, *, data: bool) -> bool:
    allow, exclude = ("dataActions", "notDataActions") if data else ("actions", "notActions")
    return any(matches(pattern, action) for pattern in _texts(entry, allow)) and not any(
        matches(pattern, action) for pattern in _texts(entry, exclude)
    )


def granted(entries: Iterable[Mapping[str, Any]], action: str, *, data: bool = False) -> bool:
    """Tell whether one of the roles (`actions`, `notActions`, `dataActions`, `notDataActions`) grants an action.

    A role with a `condition` counts as granting: the condition is about a resource's content, not known here.
    """
    return any(_covers(entry, action, data=data) for entry in entries)


def denied_by(
    denies: Iterable[Mapping[str, Any]], action: str, scope: str, principals: frozenset[str], *, data: bool = False
) -> str:
    """Return the name of the deny assignment that forbids an action at a scope to these principals, else "".

    `denies` are deny assignments as Azure lists them (raw); `principals` are the caller's object id and group ids. A
    group we do not know of cannot be matched; Azure itself still refuses then.
    """
    for deny in denies:
        properties: Mapping[str, Any] = deny.get("properties") or {}
        if _applies(properties, scope, principals):
            for permission in properties.get("permissions") or ():
                if _covers(permission, action, data=data):
                    return str(properties.get("denyAssignmentName") or deny.get("name") or "a deny assignment")
    return ""


def _applies(properties: Mapping[str, Any], scope: str, principals: frozenset[str]) -> bool:
    at, here = str(properties.get("scope") or "/").rstrip("/").casefold(), scope.rstrip("/").casefold()
    if here != at and (bool(properties.get("doNotApplyToChildScopes")) or not here.startswith(f"{at}/")):
        return False
    mine = {bare(principal) for principal in (*principals, EVERYONE)}
    if any(bare(item.get("id")) in mine - {bare(EVERYONE)} for item in properties.get("excludePrincipals") or ()):
        return False
    return any(bare(item.get("id")) in mine for item in properties.get("principals") or ())


def bare(principal: object) -> str:
    """Spell a principal's id without dashes: deny assignments have been seen with both spellings."""
    return str(principal or "").replace("-", "").casefold()


_ML = "Microsoft.MachineLearningServices/workspaces"
_READS = ("*/read",)
BUILT_IN: tuple[tuple[str, dict[str, Any]], ...] = (
    (
        "Storage Account Key Operator Service Role",
        {"actions": ["Microsoft.Storage/storageAccounts/listkeys/action",
                     "Microsoft.Storage/storageAccounts/regeneratekey/action"]},
    ),
    ("Key Vault Secrets Officer", {"dataActions": ["Microsoft.KeyVault/vaults/secrets/*"]}),
    ("Key Vault Crypto Officer", {"dataActions": ["Microsoft.KeyVault/vaults/keys/*"]}),
    (
        "AzureML Data Scientist",
        {"actions": [f"{_ML}/*/read", f"{_ML}/*/action", f"{_ML}/*/delete", f"{_ML}/*/write"],
         "notActions": [f"{_ML}/delete", f"{_ML}/write", f"{_ML}/computes/*/write", f"{_ML}/computes/*/delete",
                        f"{_ML}/computes/listKeys/action", f"{_ML}/listKeys/action"]},
    ),
    ("Reader", {"actions": [*_READS]}),
    ("Storage Account Contributor", {"actions": ["Microsoft.Storage/storageAccounts/*"]}),
    (
        "Key Vault Contributor",
        {"actions": ["Microsoft.KeyVault/*"],
         "notActions": ["Microsoft.KeyVault/locations/deletedVaults/purge/action",
                        "Microsoft.KeyVault/hsmPools/*", "Microsoft.KeyVault/managedHsms/*"]},
    ),
    (
        "Role Based Access Control Administrator",
        {"actions": ["Microsoft.Authorization/roleAssignments/write",
                     "Microsoft.Authorization/roleAssignments/delete"]},
    ),
    (
        "Contributor",
        {"actions": ["*"],
         "notActions": ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write",
                        "Microsoft.Authorization/elevateAccess/Action"]},
    ),
    ("User Access Administrator", {"actions": ["Microsoft.Authorization/*"]}),
    ("Owner", {"actions": ["*"]}),
)  # fmt: skip
"""Built-in roles in the order to offer them, narrowest first, cut to what steps of guarded actions need (Microsoft
docs, "Azure built-in roles")."""


def role_for(action: str, *, data: bool = False) -> str:
    """Name the narrowest built-in role that grants an action, "" when none of ours does."""
    return next((name for name, role in BUILT_IN if granted([role], action, data=data)), "")

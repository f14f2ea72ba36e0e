"""Before step 1: may the signed-in user do every step, and does a lock stand in the way?"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from typing import Any

from actions.cloud.data import CloudError, Forbidden, NotFound, ResourceId, SignedIn
from actions.cloud.protocol import Cloud
from actions.guard.errors import NotPermitted, NotReady
from actions.guard.model import Frozen, Plan, Request
from actions.guard.rights import denied_by, granted, role_for
from actions.guard.text import plain

_LOCK_TAIL = re.compile(r"/providers/Microsoft\.Authorization/locks/[^/]*$", re.IGNORECASE)


class Missing(Frozen, frozen=True, kw_only=True):
    """A permission the caller lacks, or that could not be looked up (`unknown`); `role` is one that grants it."""

    action: str
    scope: str
    role: str
    why: str
    unknown: bool = False

    @property
    def sentence(self) -> str:
        """Say it in one line."""
        remedy = f" {self.role} grants it." if self.role else ""
        return f"{self.action} at {plain(self.scope)}: {self.why}.{remedy}"


class Lock(Frozen, frozen=True, kw_only=True):
    """A management lock that makes Azure refuse a step."""

    name: str
    level: str
    scope: str

    @property
    def sentence(self) -> str:
        """Say it in one line."""
        return f"The lock {plain(self.name)} ({self.level}) at {plain(self.scope)} forbids it."


class Preflight(Frozen, frozen=True, kw_only=True):
    """What stands between a plan and its first step; `checked` are the (action, scope) pairs looked at."""

    missing: tuple[Missing, ...] = ()
    locks: tuple[Lock, ...] = ()
    checked: tuple[tuple[str, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Tell whether nothing stands in the way."""
        return not self.missing and not self.locks

    def insist(self, *, try_anyway: bool) -> None:
        """Raise `NotReady` for a lock, and `NotPermitted` for what is missing unless it shall be tried anyway."""
        if self.locks:
            raise NotReady(" ".join(lock.sentence for lock in self.locks))
        if self.missing and not try_anyway:
            lines = " ".join(item.sentence for item in self.missing)
            raise NotPermitted(f"The signed-in user lacks what the steps need. {lines}")


async def preflight(plan: Plan, cloud: Cloud, who: SignedIn) -> Preflight:
    """Evaluate permissions, deny assignments and locks for every request of a plan; reads only.

    What cannot be read (403) counts as missing and says so.
    """
    requests = {
        (step.request.permission, step.request.scope, step.request.method, bool(step.request.host)): step.request
        for step in (*plan.body.steps, *plan.body.contingent)
        if step.request
    }
    scopes = sorted({request.scope for request in requests.values()}, key=str.casefold)
    seen = dict(zip(scopes, await asyncio.gather(*(_look(cloud, scope) for scope in scopes)), strict=True))
    missing: list[Missing] = []
    locks: dict[tuple[str, str], Lock] = {}
    for request in requests.values():
        at = seen[request.scope]
        if request.permission and (lack := at.lacks(request, who)):
            missing.append(lack)
        locks |= {(lock.scope, lock.name): lock for lock in at.standing(request)}
    asked = ((request.permission, request.scope) for request in requests.values() if request.permission)
    checked = tuple(dict.fromkeys(asked))
    unread = [at.unread_locks for at in seen.values() if at.unread_locks]
    return Preflight(missing=(*_unique(missing), *unread), locks=tuple(locks.values()), checked=checked)


def _unique(missing: list[Missing]) -> tuple[Missing, ...]:
    return tuple({(item.action.casefold(), item.scope.casefold()): item for item in missing}.values())


class _At:
    """What was read at one scope; None where it could not be."""

    def __init__(
        self,
        roles: tuple[dict[str, Any], ...] | CloudError,
        denies: tuple[dict[str, Any], ...] | CloudError,
        locks: tuple[dict[str, Any], ...] | CloudError,
        scope: str,
    ) -> None:
        self.roles, self.denies, self.locks, self.scope = roles, denies, locks, scope

    def lacks(self, request: Request, who: SignedIn) -> Missing | None:
        """Say why the caller may not send a request, None when they may."""
        action, data = request.permission, bool(request.host)

        def missing(why: str, *, unknown: bool = False, offer: bool = True) -> Missing:
            role = role_for(action, data=data) if offer else ""
            return Missing(action=action, scope=request.scope, role=role, why=why, unknown=unknown)

        if isinstance(self.roles, CloudError):
            return missing(f"unknown, the permissions cannot be read ({_code(self.roles)})", unknown=True)
        if not granted(self.roles, action, data=data):
            return missing("no role of yours grants it")
        if isinstance(self.denies, CloudError):
            why = f"unknown, the deny assignments cannot be read ({_code(self.denies)})"
            return missing(why, unknown=True, offer=False)
        groups = who.claims.get("groups")
        principals = frozenset({who.object_id, *(str(group) for group in groups or ())})
        deny = denied_by(self.denies, action, request.scope, principals, data=data)
        return missing(f"the deny assignment {plain(deny)} forbids it", offer=False) if deny else None

    def standing(self, request: Request) -> list[Lock]:
        """Return the locks that make Azure refuse a request: read-only any change, cannot-delete only a delete."""
        if isinstance(self.locks, CloudError) or request.host:
            return []
        found: list[Lock] = []
        for raw in self.locks:
            level = str((raw.get("properties") or {}).get("level") or "")
            if level == "ReadOnly" or (level == "CanNotDelete" and request.method.upper() == "DELETE"):
                scope = _LOCK_TAIL.sub("", str(raw.get("id") or ""))
                found.append(Lock(name=str(raw.get("name") or ""), level=level, scope=scope))
        return found

    @property
    def unread_locks(self) -> Missing | None:
        """Say that locks could not be read, None when they could."""
        if not isinstance(self.locks, CloudError):
            return None
        action, why = "Microsoft.Authorization/locks/read", f"unknown, the locks cannot be read ({_code(self.locks)})"
        return Missing(action=action, scope=self.scope, role=role_for(action), why=why, unknown=True)


def _code(refusal: CloudError) -> str:
    return plain(refusal.code) or f"HTTP {refusal.status}"


async def _look(cloud: Cloud, scope: str) -> _At:
    """Read one scope's permissions, deny assignments and locks side by side."""
    here = ResourceId(scope)

    async def roles() -> tuple[dict[str, Any], ...]:
        return (await cloud.permissions(here)).entries

    async def denies() -> tuple[dict[str, Any], ...]:
        return tuple(item.raw for item in await cloud.deny_assignments(scope))

    async def locks() -> tuple[dict[str, Any], ...]:
        return tuple(item.raw for item in await cloud.locks(here))

    got = await asyncio.gather(*(_or_refusal(read) for read in (roles, denies, locks)))
    return _At(got[0], got[1], got[2], scope)


async def _or_refusal(
    read: Callable[[], Awaitable[tuple[dict[str, Any], ...]]],
) -> tuple[dict[str, Any], ...] | CloudError:
    try:
        return await read()
    except (Forbidden, NotFound) as refusal:
        return refusal

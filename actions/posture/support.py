"""The support apps that hold roles in the workspace's subscription, in brief; the support-apps action reviews them."""

from __future__ import annotations

import asyncio
from typing import Any

from actions.cloud.data import CloudError, ResourceId
from actions.posture.facts import Fact, Grade, Reading, Subject, failed, stamp
from actions.posture.grants import Grants
from actions.support_apps.naming import PREFIXES, kind_of
from actions.workspaces.roles import Held

SUPPORT = "support"
_SOURCE = "GET graph serviceprincipals v1.0"
_ASSIGN = "Microsoft.Authorization/roleAssignments/write"
_NOTE = "the page of 2020 says one app a region; none is made any more since May 2021"
_LEAD = "action:support-apps"


async def read_support(subject: Subject) -> tuple[Fact, ...]:
    """Tell which apps with the names of support apps hold a role on the subscription or above it."""
    cloud = subject.cloud
    try:
        who = await cloud.signed_in()
        lists = await asyncio.gather(*(cloud.service_principals(prefix) for prefix in PREFIXES))
    except CloudError as error:
        return (_unnamed(subject, await subject.grants, error),)
    grants = await subject.grants
    apps = {str(item.get("id") or "").casefold(): item for found in lists for item in found}
    read = Reading("the subscription", _SOURCE, stamp(cloud), {})
    if grants.held is None:
        return (grants.reading.unread(SUPPORT, "apps", "support apps"),)
    facts = [
        _app(read, item, kind, [each for each in _wide(grants) if each.principal.casefold() == key], grants)
        for key, item in apps.items()
        if (kind := kind_of(item, who.tenant)) not in {None, "first-party", "managed-identity"}
    ]
    told = [fact for fact in facts if fact is not None]
    if not told and grants.unread:
        return (grants.reading.unread(SUPPORT, "apps", "support apps"),)
    return tuple(told) or (read.fact(SUPPORT, "apps", "support apps", "none with a role here", "absent", note=_NOTE),)


def _wide(grants: Grants) -> list[Held]:
    """Roles on the whole subscription or above it: those of a group are no support app's."""
    return [each for each in grants.held or () if not ResourceId(each.scope).group]


def _app(read: Reading, item: dict[str, Any], kind: str | None, held: list[Held], grants: Grants) -> Fact | None:
    """One app; a name proves nothing, so what it may do and whose it is decide."""
    if not held:
        return None
    names = ", ".join(dict.fromkeys(grants.role(each).name for each in held))
    strong = any(grants.role(each).grants(_ASSIGN) for each in held)
    odd = {"look-alike": "only looks like one", "own": "is registered in this tenant"}.get(str(kind), "")
    grade: Grade = "critical" if strong else "high" if odd else "warn"
    value = f"{names} on the subscription" + (f"; it {odd}" if odd else "")
    here = read._replace(subject=str(item.get("displayName") or ""))
    lead = "runbook:suspicious-support-app" if strong or kind == "look-alike" else _LEAD
    return here.fact(SUPPORT, "app", "support app", value, grade, "review with support-apps", leads_to=lead, note=_NOTE)


def _unnamed(subject: Subject, grants: Grants, error: CloudError) -> Fact:
    """Without names nobody can say; how many applications come into question is known all the same."""
    read = failed("the subscription", _SOURCE, subject.cloud, error)
    several = {each.principal for each in _wide(grants) if each.kind.casefold() == "serviceprincipal"}
    value = f"could not be read: {read.missing}"
    if grants.held is not None:
        many = f"{len(several)} application{'s' * (len(several) != 1)}"
        value = f"{many} with roles on the subscription, unnamed: {read.missing}"
    remedy = "review with support-apps, which takes a list of names"
    return read.fact(SUPPORT, "apps", "support apps", value, "unknown", remedy, leads_to=_LEAD)

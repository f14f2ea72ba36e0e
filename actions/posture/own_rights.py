"""What the signed-in operator may do here, and what gives it: a role here, one from above, or one to be activated."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any, NamedTuple

from actions.cloud import versions
from actions.cloud.data import CloudError, ResourceId, SignedIn
from actions.cloud.protocol import Cloud
from actions.guard.rights import granted
from actions.posture.facts import Fact, Reading, Subject, Way, failed, stamp
from actions.posture.grants import Grants, judged, place_of
from actions.posture.operations import OURS, PAGE, Need, Operation
from actions.workspaces.roles import Held

RIGHTS = "rights"


class At(NamedTuple):
    """One place, and what the caller may do there as Azure says; None where that was refused."""

    scope: ResourceId
    read: Reading
    entries: tuple[Mapping[str, Any], ...] | None


class Look(NamedTuple):
    """All that a verdict is made of: the places by word, the roles there are, and who asks."""

    places: Mapping[str, At]
    grants: Grants
    who: SignedIn
    policies: Mapping[str, Any]


async def read_own_rights(subject: Subject) -> tuple[Fact, ...]:
    """Tell the operator's roles, the page's operations and the guarded actions against them."""
    cloud = subject.cloud
    wanted = {word: place for word, place in judged(subject.workspace).items() if word in _LOOKED}
    try:
        who = await cloud.signed_in()
    except CloudError as error:
        return (failed("sign-in", "the access token", cloud, error).unread(RIGHTS, "roles", "my roles"),)
    read = await asyncio.gather(*(_look(cloud, scope) for scope in wanted.values()))
    places, grants = dict(zip(wanted, read, strict=True)), await subject.grants
    look = Look(places, grants, who, _policies((await subject.linked).get("keyVault"), wanted))
    return (
        *_roles(subject, look),
        *(_verdict(look, each, subject.workspace.name) for each in (*PAGE, *OURS)),
    )


_LOOKED = frozenset({"workspace", "group", "subscription", "storageAccount", "encryption"})


async def _look(cloud: Cloud, scope: ResourceId) -> At:
    """Read the caller's permissions at one place."""
    where = f"GET microsoft.authorization/permissions {versions.PERMISSIONS}"
    try:
        entries = (await cloud.permissions(scope)).entries
    except CloudError as error:
        return At(scope, failed(scope.name, where, cloud, error), None)
    return At(scope, Reading(scope.name, where, stamp(cloud), {}), entries)


def _policies(vault: Reading | None, places: Mapping[str, ResourceId]) -> Mapping[str, Any]:
    """The workspace's vault where it decides by access policies and holds the encryption key too; else nothing."""
    same = vault is not None and "encryption" in places and places["encryption"].name == vault.subject
    properties = vault.properties if vault is not None and same else None
    return properties if properties and properties.get("enableRbacAuthorization") is not True else {}


def _roles(subject: Subject, look: Look) -> tuple[Fact, ...]:
    """Name each role that counts on the workspace, and how it comes to count."""
    grants, who = look.grants, look.who
    read = grants.reading._replace(subject=who.user)
    if grants.mine is None:
        return (read._replace(missing="; ".join(grants.unread)).unread(RIGHTS, "roles", "my roles"),)
    here = subject.workspace.id
    found = [each for each in grants.mine if each.reaches(here)]
    facts = [_role(read, grants, each, here, who) for each in found]
    if not facts and look.places["workspace"].entries:
        told = (
            "none in the list; what gives the rights below is not told (a delegation from another tenant shows nowhere)"
        )
        facts.append(read.fact(RIGHTS, "role", "my roles", told, "info"))
    elif not facts and grants.unread:
        facts.append(read.unread(RIGHTS, "roles", "my roles"))
    elif not facts:
        facts.append(read.fact(RIGHTS, "role", "my roles", "none that reaches the workspace", "absent"))
    if grants.pim:
        facts.append(read.fact(RIGHTS, "eligible", "roles to activate", f"not told: {grants.pim}", "info"))
    return tuple(facts)


def _role(read: Reading, grants: Grants, held: Held, here: ResourceId, who: SignedIn) -> Fact:
    through = "" if held.principal.casefold() == who.object_id.casefold() or held.eligible else ", through a group"
    how = {"direct": "given here", "inherited": f"from {place_of(held.scope)}", "eligible": "once activated"}[
        held.how(here)
    ]
    limits = ", with a condition" if held.condition else ""
    told = f"{how}{through}{limits}"
    return read.fact(RIGHTS, "role", grants.role(held).name, told, "info", ways=(grants.way(held, here),))


def _verdict(look: Look, operation: Operation, workspace: str) -> Fact:
    """Whether the caller may do an operation: all of its permissions, each where it is needed."""
    missing = [need for need in operation.needs if need.at not in look.places]
    leads = f"action:{operation.action}" if operation.action else ""
    at = look.places[operation.needs[0].at if operation.needs and not missing else "workspace"]
    read = at.read._replace(subject=workspace)

    def told(value: str, grade: Any, remedy: str = "", ways: tuple[Way, ...] = ()) -> Fact:
        return read.fact(
            RIGHTS, operation.word, operation.label, value, grade, remedy, leads_to=leads if remedy and grade == "info" else "",
            note=operation.note, ways=ways,
        )  # fmt: skip

    if not operation.needs or missing:
        return told("does not exist any more" if not operation.needs else "nothing here to do it to", "absent")
    unread = [need for need in operation.needs if look.places[need.at].entries is None]
    if unread:
        why = look.places[unread[0].at].read.missing
        return told(f"could not be read: {why}", "unknown", "ask an owner what you may do there")
    ways = tuple(dict.fromkeys(way for need in operation.needs for way in _ways(look, need)))
    denied = next((name for need in operation.needs if (name := _denied(look, need))), "")
    lacking = [need for need in operation.needs if not _may(look, need)]
    if denied:
        return told(f"no: denied by {denied}", "info", ways=ways)
    if not lacking:
        if any(_may_be_denied(look, need) for need in operation.needs):
            return told(
                "yes, unless a deny assignment forbids it", "unknown", "ask an owner for deny assignments", ways
            )
        return told("yes", "good", ways=ways)
    eligible = all(any(way.how == "eligible" for way in _ways(look, need)) for need in lacking)
    value = "once a role is activated" if eligible else f"no: {', '.join(need.action for need in lacking)}"
    remedy = f"`amlkeys role {operation.action} {workspace}` prints what is needed" if operation.action else ""
    return told(value, "info", "" if eligible else remedy, ways)


def _may(look: Look, need: Need) -> bool:
    if granted(look.places[need.at].entries or (), need.action, data=need.data):
        return True
    return need.data and _by_policy(look)


def _by_policy(look: Look) -> bool:
    """Whether a vault's access policy lets the caller, or one of the groups in the token, get its keys."""
    mine = {look.who.object_id.casefold(), *(str(each).casefold() for each in look.who.claims.get("groups") or ())}
    for policy in look.policies.get("accessPolicies") or ():
        words = {str(word).casefold() for word in (policy.get("permissions") or {}).get("keys") or ()}
        if str(policy.get("objectId") or "").casefold() in mine and words & {"get", "all"}:
            return True
    return False


def _denied(look: Look, need: Need) -> str:
    return look.grants.denies.denied(_mine(look), need.action, look.places[need.at].scope, data=need.data)


def _may_be_denied(look: Look, need: Need) -> bool:
    """Whether deny assignments could not be read, or one is about a group that the caller may be in."""
    denies, place = look.grants.denies, look.places[need.at].scope
    told = "groups" in look.who.claims
    return not denies.known(place) or (not told and denies.may_deny(_mine(look), need.action, place, data=need.data))


def _mine(look: Look) -> frozenset[str]:
    """The caller's ids: the token names groups only where there are few; those through which a role comes are known too."""
    groups = (str(each) for each in look.who.claims.get("groups") or ())
    through = (each.principal for each in look.grants.mine or () if not each.eligible)
    return frozenset({look.who.object_id, *groups, *through})


def _ways(look: Look, need: Need) -> list[Way]:
    """Which of the caller's roles give one permission where it is needed."""
    at = look.places[need.at].scope
    return [
        look.grants.way(each, at)
        for each in look.grants.mine or ()
        if each.reaches(at) and look.grants.role(each).grants(need.action, data=need.data)
    ]

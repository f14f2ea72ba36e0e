"""Taking the picture: one read-only pass over what is visible, or over what one run touches."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC
from typing import Any

from actions.cloud import versions
from actions.cloud.data import CloudError, Data, ResourceId, SignedIn, Subscription
from actions.cloud.protocol import Cloud
from actions.estate import cleaning
from actions.estate.access import Access, identities_of, read_access
from actions.estate.camera import Camera, Raw
from actions.estate.people import People, read_people
from actions.estate.resources import (
    ACCOUNT,
    VAULT,
    WORKSPACE,
    Found,
    contents,
    find_vault,
    follow,
    listed,
    surroundings,
)
from actions.estate.settings import read_above, read_secret_names, read_settings, read_unregistered
from actions.estate.signals import read_activity, read_metrics
from actions.estate.vault_keys import named_keys, read_keys
from actions.guard.text import many
from actions.guard.together import each

ASSUMED = (
    "Which key each holder is on cannot be known without reading secrets: all are assumed to be on key1.",
    "Requests are as many as in the week before, over and over; programs outside Azure ML are seen in them only.",
    "How Azure behaves where nothing documents it is the rehearsal's own default.",
)
_TARGET_DEPTH = 9
_PEOPLES = (
    "roleAssignments", "roleDefinitions", "denyAssignments", "eligibilities", "servicePrincipals", "applications", "users",
    "groups", "activity",
)  # fmt: skip
"""Parts of the document in which people write texts of their own, beside the resources."""
_CLAIMS = ("amr", "acrs", "deviceid", "groups", "xms_cc")


class Frame(Data, frozen=True, kw_only=True):
    """What of the estate is wanted: subscriptions by id (none: all that are visible); `near` narrows to what these
    resources are and stand on, `lean` to what actions read, which of a whole estate is no traffic and no log."""

    subscriptions: tuple[str, ...] = ()
    near: tuple[str, ...] = ()
    lean: bool = False


class Picture(Data, frozen=True, kw_only=True):
    """An estate document, and what it lacks: refusals as sentences, and how many resources were left out by type.

    `kept_back` counts the values that were left out as secrets; `suspicious` names where some stood that only looked like
    one, in fields that should hold none.
    """

    document: dict[str, Any]
    as_of: str
    unread: tuple[str, ...] = ()
    left_out: int = 0
    kept_back: int = 0
    suspicious: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many of each it holds."""
        resources = self.document["resources"]
        parts = ("roleAssignments", "servicePrincipals", "users", "groups", "keys", "activity")
        return {
            "subscriptions": len(self.document["subscriptions"]),
            "workspaces": sum(item["type"].casefold() == WORKSPACE for item in resources),
            "resources": len(resources),
            **{name: len(self.document[name]) for name in parts},
        }


async def take(cloud: Cloud, frame: Frame | None = None, *, say: Callable[[str], None] = lambda _text: None) -> Picture:
    """Read the estate without a secret and without a change; raises `CloudError` where nothing can be read at all."""
    frame, camera, found = frame or Frame(), Camera(cloud, say), Found()
    who = await cloud.signed_in()
    visible = await cloud.subscriptions()
    wanted = {one.casefold() for one in frame.subscriptions}
    asked = [one for one in visible if not wanted or one.id.casefold() in wanted]
    whole = await (_near(camera, frame, asked, visible, found) if frame.near else _all(camera, asked, visible, found))
    used = {ResourceId(item["id"]).subscription.casefold() for item in found.by_id.values()}
    kept = [one for one in visible if one.id.casefold() in used or (one in asked and not frame.near)]
    say("Reading groups, locks and access.")
    for one in kept:
        await surroundings(camera, one.id, found, whole=not frame.near and one in asked)
    apps = not frame.near
    beside = Beside() if frame.lean else await _beside(camera, kept, found)
    access = await read_access(camera, [one.id for one in kept], who, found, whole=apps)
    say("Reading the directory and key versions.")
    ids = dict.fromkeys((*access.principals, *sorted(identities_of(found)), *sorted(_policy_holders(found))))
    people = await read_people(camera, [one for one in ids if one != who.object_id], access, apps=apps)
    keys = await read_keys(camera, found)
    metrics: list[Raw] = []
    activity: list[Raw] = []
    if frame.near or not frame.lean:
        say("Reading metrics and the activity log.")
        metrics = await read_metrics(camera, found, whole)
        activity = await read_activity(camera, found, _groups(found, whole))
    tenant = await _tenant(camera, who, kept)
    as_of = cloud.now().astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    document: Raw = {
        "tenant": tenant,
        "signedIn": _signed_in(who),
        "subscriptions": [_subscription(one, beside) for one in kept],
        "resources": list(found.by_id.values()),
        **_governed(access, people),
        "keys": keys,
        "vaultSecrets": beside.secrets,
        "activity": activity,
        "metrics": metrics,
        "behaviour": _behaviour(access, people),
        "clients": [],
    }  # fmt: skip
    kept_back, suspicious = _without_secrets(document, found)
    document["about"] = {
        "takenAt": as_of, "cloud": cloud.name, "unread": camera.unread, "leftOut": found.left_out,
        "keptBack": kept_back, "suspicious": suspicious, "assumed": list(ASSUMED),
    }  # fmt: skip
    return Picture(
        document=document, as_of=as_of, unread=tuple(camera.unread), left_out=found.left_out, kept_back=kept_back,
        suspicious=tuple(suspicious),
    )  # fmt: skip


def _without_secrets(document: Raw, found: Found) -> tuple[int, list[str]]:
    """Clean what is no resource too; say how much was kept back in all, and where something looked like a secret."""
    left = [(_place(found.by_id[key]["id"]), each) for key, several in found.kept_back.items() for each in several]
    for part in _PEOPLES:
        cleaner = cleaning.Cleaner()
        document[part] = cleaner.clean(document[part])
        left += [(part, each) for each in cleaner.left_out]
    suspicious = dict.fromkeys(f"{place}: {each.field}".removesuffix(": ") for place, each in left if each.by_look)
    return len(left), list(suspicious)


def _place(text: str) -> str:
    """A resource by its kind and the names that lead to it."""
    kind, names = ResourceId(text).type.rpartition("/")[2], text.rpartition("/providers/")[2].split("/")[2::2]
    return f"{kind} {'/'.join(names)}" if "/providers/" in text else f"group {ResourceId(text).name}"


async def _all(
    camera: Camera, asked: list[Subscription], visible: Iterable[Subscription], found: Found
) -> frozenset[str]:
    """Read everything of the asked subscriptions; gives the workspaces that were read whole."""
    lists = await each(asked, lambda one: listed(camera, one.id, found))
    camera.say(f"Reading {many(len(found.by_id), 'resource')} in {many(len(asked), 'subscription')}.")
    return await _whole(camera, [item for items in lists for item in items], visible, found)


async def _near(
    camera: Camera, frame: Frame, asked: list[Subscription], visible: Iterable[Subscription], found: Found
) -> frozenset[str]:
    """Read what is wanted and what it stands on, with every workspace that uses the same storage accounts."""
    near = [_top(text) for text in frame.near]
    await follow(camera, near, found, visible=frozenset(one.id.casefold() for one in visible))
    accounts = {ResourceId(item["id"]).key for item in found.of_type(ACCOUNT)}
    lists = await each(asked, lambda one: camera.maybe(f"workspaces of {one.name}", _lister(camera.cloud, one)))
    users = [item.id for rows in lists for item in rows or () if _account_of(item.raw) in accounts]
    return await _whole(camera, [*near, *(item for item in users if item not in near)], visible, found)


def _lister(cloud: Cloud, one: Subscription) -> Callable[[], Any]:
    return lambda: cloud.workspaces(one.id)


def _account_of(workspace: Raw) -> str:
    return ResourceId(str((workspace.get("properties") or {}).get("storageAccount") or "")).key


async def _whole(
    camera: Camera, start: list[ResourceId], visible: Iterable[Subscription], found: Found
) -> frozenset[str]:
    """Read resources with what they name, and the workspaces among the first ones with what lies in them."""
    seen = frozenset(one.id.casefold() for one in visible)
    await follow(camera, start, found, visible=seen)
    spaces = [item for item in start if item.type == WORKSPACE]
    read = camera.counting("workspaces", len(spaces))

    async def inside(item: ResourceId) -> list[ResourceId]:
        named = await contents(camera, item, found)
        read()
        return named

    links = await each(spaces, inside)
    new = [item for items in links for item in items if item.key not in found.by_id]
    await follow(camera, [item for item in new if item.subscription.casefold() in seen], found, visible=seen)
    await _vaults(camera, found, seen)
    return frozenset(item.key for item in spaces)


async def _vaults(camera: Camera, found: Found, visible: frozenset[str]) -> None:
    """Read the vaults that are known only by the address of a key in them."""
    known = {str(item["name"]).casefold() for item in found.of_type(VAULT)}
    lacking = {host.partition(".")[0] for host, _ in named_keys(found)} - known
    places = await each(sorted(lacking), lambda name: find_vault(camera, name))
    await follow(camera, [place for place in places if place is not None], found, visible=visible)


def _top(text: str) -> ResourceId:
    """The top-level resource that an id is, or lies in."""
    return ResourceId("/".join(text.rstrip("/").split("/")[:_TARGET_DEPTH]))


def _groups(found: Found, whole: frozenset[str]) -> list[ResourceId]:
    """The groups of the workspaces that were read whole, and of what they name."""
    spaces = [found.by_id[key] for key in whole if key in found.by_id]
    named = [str((item.get("properties") or {}).get("storageAccount") or "") for item in spaces]
    places = [ResourceId(text) for text in (*(item["id"] for item in spaces), *named) if text]
    return list({place.group_id.key: place.group_id for place in places}.values())


def _policy_holders(found: Found) -> set[str]:
    policies = ((item.get("properties") or {}).get("accessPolicies") or () for item in found.of_type(VAULT))
    return {str(entry["objectId"]) for entries in policies for entry in entries if entry.get("objectId")}


def _subscription(one: Subscription, beside: Beside) -> Raw:
    told = {"subscriptionId": one.id, "displayName": one.name, "state": one.state or "Enabled"}
    more = {"unregistered": beside.unregistered.get(one.id), "managementGroups": beside.above.get(one.id)}
    return told | {name: value for name, value in more.items() if value}


def _governed(access: Access, people: People) -> Raw:
    """Access and people as the document names them; nobody stands in it twice."""
    return {
        "roleAssignments": list(access.assignments.values()),
        "roleDefinitions": list(access.definitions.values()),
        "denyAssignments": list(access.denies.values()),
        "eligibilities": access.eligible,
        "servicePrincipals": list(people.principals.values()),
        "applications": list(people.applications.values()),
        "users": people.users,
        "groups": people.groups,
    }


def _behaviour(access: Access, people: People) -> Raw:
    """What was seen of how this tenant answers."""
    return {
        "graphReads": people.readable,
        "graphGroupMembers": people.inside,
        "graphSignInReports": people.reports,
        "pimLicensed": access.privileged,
    }


async def _tenant(camera: Camera, who: SignedIn, kept: list[Subscription]) -> Raw:
    """The directory; its names are left out where they cannot be read."""
    tenant: Raw = {"tenantId": who.tenant or next((one.tenant for one in kept), "")}
    try:
        rows = [row async for page in camera.cloud.list("/tenants", versions.SUBSCRIPTIONS) for row in page]
    except CloudError:
        rows = []
    for row in rows:
        if str(row.get("tenantId") or "").casefold() == tenant["tenantId"].casefold():
            names = ("displayName", "defaultDomain", "countryCode")
            tenant |= {name: row[name] for name in names if row.get(name)}
    return tenant


def _signed_in(who: SignedIn) -> Raw:
    """The operator, with what else the token says of how they signed in."""
    claims = {name: who.claims[name] for name in _CLAIMS if name in who.claims}
    title = str(who.claims.get("name") or "")
    return {"objectId": who.object_id, "userPrincipalName": who.user, "displayName": title, "claims": claims}


class Beside(Data, frozen=True, kw_only=True):
    """What no action reads, and pages about security tell."""

    secrets: list[Raw] = []
    unregistered: dict[str, list[str]] = {}
    above: dict[str, list[str]] = {}


async def _beside(camera: Camera, kept: list[Subscription], found: Found) -> Beside:
    await read_settings(camera, found)
    names = await read_secret_names(camera, found)
    ids = [one.id for one in kept]
    unregistered, above = await read_unregistered(camera, ids), await read_above(camera, ids)
    return Beside(secrets=names, unregistered=unregistered, above=above)

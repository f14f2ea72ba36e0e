"""Who can regenerate keys, read secrets and assign roles here, custom roles expanded; and which of them hold too much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from actions.cloud.data import ResourceId
from actions.guard.text import many
from actions.posture.facts import Fact, Grade, Reading, Subject, Way
from actions.posture.grants import Grants, place_of
from actions.posture.people import People, Person, look_up
from actions.posture.taken import remains, short, told_denies
from actions.workspaces.roles import POWERS, WORDS, Held, has, lets_read_secrets, places_of

OTHERS = "others"


async def read_others(subject: Subject) -> tuple[Fact, ...]:
    """Tell how many have each power, who they are by what role, the custom roles, and what is given too widely."""
    grants, linked = await subject.grants, await subject.linked
    read = grants.reading
    if grants.held is None:
        return (read.unread(OTHERS, "roles", "roles of others"),)
    places = places_of(subject.workspace.id, subject.workspace.properties)
    near = [each for each in grants.held if any(each.reaches(place) for place in places.values())]
    vault = (linked["keyVault"].properties if "keyVault" in linked else None) or {}
    policies = [] if vault.get("enableRbacAuthorization") is True else list(vault.get("accessPolicies") or ())
    ids = [*(each.principal for each in near), *(str(policy.get("objectId") or "") for policy in policies)]
    people = await look_up(subject.cloud, ids)
    holders = [
        *(_holder(grants, people, each, places) for each in near),
        *(_by_policy(people.of(str(each.get("objectId") or "")), each, places) for each in policies),
    ]
    found = [each for each in holders if each is not None]
    here, gaps = (
        read._replace(subject=subject.workspace.name),
        _gaps(read, grants, people, linked.get("keyVault"), near, places),
    )
    unseen = any(each.grade == "unknown" and each.id not in {"names", "members", "denies"} for each in gaps)
    return (
        *(_count(here, word, found, whole=not unseen) for word in WORDS),
        *sorted((_told(read, each) for each in found), key=lambda fact: _ORDER.index(fact.grade)),
        *_custom(read, grants, near), *told_denies(read, grants, people, near, places), *gaps,
    )  # fmt: skip


class Holder(NamedTuple):
    """Somebody with one or more powers by one role or policy, and what is to be said of that."""

    who: Person
    way: Way
    powers: tuple[str, ...]
    grade: Grade = "info"
    why: str = ""
    remedy: str = ""
    leads_to: str = ""


def _holder(grants: Grants, people: People, held: Held, places: Mapping[str, ResourceId]) -> Holder | None:
    """What an assignment gives on what it reaches and no deny assignment takes; None where that is none of the powers."""
    role, who = grants.role(held), people.of(held.principal, held.kind)
    on = {
        power.word: places[power.on] for power in reversed(POWERS)
        if power.on in places and remains(grants, people, held, power, places[power.on])
    }  # fmt: skip
    if not on:
        return None
    way = grants.way(held, next(iter(on.values())), who.told)
    holder = Holder(who, way, tuple(word for word in WORDS if word in on))
    return _graded(holder, held, wild="*" in role.patterns("actions"))


def _by_policy(who: Person, policy: Mapping[str, Any], places: Mapping[str, ResourceId]) -> Holder | None:
    """A vault's access policy that lets somebody get secrets."""
    if not lets_read_secrets(policy) or "keyVault" not in places:
        return None
    way = Way(how="policy", role="access policy", scope=places["keyVault"].text, who=who.told)
    return _stranger(Holder(who, way, ("secrets",)))


def _count(read: Reading, word: str, holders: list[Holder], *, whole: bool) -> Fact:
    """How many have a power, by what they are; who was not found where not all could be read may be there all the same."""
    mine = {each.who: each for each in reversed(holders) if word in each.powers}
    kinds: list[str] = [who.kind for who in mine]
    counted = [f"{many} {name}{'s' * (many > 1)}" for kind, name in _KINDS.items() if (many := kinds.count(kind))]
    counted = [f"{each} ({_members(mine)})" if each.endswith(("group", "groups")) else each for each in counted]
    grade: Grade = "info" if mine else "good" if whole else "unknown"
    told = ", ".join(counted) or "nobody"
    ways = tuple(each.way for each in holders if word in each.powers)
    return read.fact(
        OTHERS,
        word,
        f"who can {WORDS[word]}",
        told if whole else f"{told} that can be seen",
        grade,
        note=_NOTES.get(word, ""),
        ways=ways,
    )


def _members(mine: Iterable[Person]) -> str:
    """How many are in the groups among some principals, those counted twice who are in two."""
    sizes = [who.members for who in mine if who.kind == "group"]
    known = [size for size in sizes if size is not None]
    return many(sum(known), "member") if len(known) == len(sizes) else "members not told"


def _told(read: Reading, holder: Holder) -> Fact:
    """One line a holder: what by which role, and why that is too much where it is."""
    place = place_of(holder.way.scope)
    inside = [many(holder.who.members, "member")] if holder.who.members is not None else []
    powers = ", ".join(WORDS[word] for word in holder.powers)
    value = "; ".join((powers, *inside, *([holder.why] if holder.why else [])))
    word = "too-wide" if holder.remedy else "holder"
    return read._replace(subject=holder.who.told).fact(
        OTHERS, word, f"{holder.way.role} on {place}", value, holder.grade, holder.remedy, leads_to=holder.leads_to,
        ways=(holder.way,),
    )  # fmt: skip


def _custom(read: Reading, grants: Grants, near: Iterable[Held]) -> list[Fact]:
    """Say what each custom role comes to: its patterns, what it leaves out, and which of the powers remain."""
    facts: list[Fact] = []
    for role in dict.fromkeys(each.role for each in near):
        found = grants.roles.get(role)
        if found is None or not found.custom:
            continue
        powers = [
            word for key, word in WORDS.items() if any(power.word == key and has(found, power) for power in POWERS)
        ]
        allowed = short(found.patterns("actions") + found.patterns("dataActions"))
        left = short(found.patterns("notActions") + found.patterns("notDataActions"))
        value = f"{', '.join(powers) or 'none of these'}; allows {allowed or 'nothing'}" + (
            f", but not {left}" if left else ""
        )
        grade: Grade = "warn" if found.wild and powers else "info"
        remedy = "name the actions that are needed instead of a pattern" if grade == "warn" else ""
        facts.append(read._replace(subject=found.name).fact(OTHERS, "custom-role", "custom role", value, grade, remedy))
    return facts


def _stranger(holder: Holder) -> Holder:
    """Flag who is not, or no more, one of the tenant's own people."""
    if holder.who.kind == "nobody":
        why, remedy = "the directory knows nobody of this id any more", "take the role or policy away"
        return holder._replace(grade="warn", why=why, remedy=remedy)
    if holder.who.kind == "guest":
        remedy = "take the role away, or make sure that it is meant"
        return holder._replace(grade="high", why="a guest of the tenant", remedy=remedy, leads_to="runbook:offboarding")
    return holder


def _graded(holder: Holder, held: Held, *, wild: bool) -> Holder:
    """Flag what reaches further than the workspace needs: the subscription, or what is above it."""
    strange = _stranger(holder)
    if strange.why:
        return strange
    here = ResourceId(held.scope)
    assigns = "assign" in holder.powers and not held.condition
    leads = "action:support-apps" if holder.who.kind == "application" else ""
    if holder.who.microsofts and not assigns:
        return holder._replace(why="Microsoft's own application, which encryption with a key of one's own needs")
    if not here.subscription:
        why = "above the subscription, and so everywhere below it"
        return holder._replace(grade="high" if assigns else "warn", why=why, remedy=_NARROW)
    if here.group or not (assigns or wild):
        return holder
    grade: Grade = "high" if assigns and holder.who.kind == "application" else "warn"
    return holder._replace(grade=grade, why="in the whole subscription", remedy=_NARROW, leads_to=leads)


_NARROW = "give it on the resource group, or make it a role to be activated"
_NOTES = {"secrets": "whoever may write a vault's access policies can let themselves in"}
_KINDS = {
    "user": "user", "guest": "guest", "group": "group", "application": "application", "nobody": "deleted principal",
    "unknown": "unnamed principal",
}  # fmt: skip
_ORDER: tuple[Grade, ...] = ("critical", "high", "warn", "unknown", "info", "good", "absent")


def _gaps(
    read: Reading, grants: Grants, people: People, vault: Reading | None, near: Iterable[Held],
    places: Mapping[str, ResourceId],
) -> list[Fact]:  # fmt: skip
    """What the picture lacks: lists that were refused, roles nobody describes, names that the directory does not give."""
    facts: list[Fact] = []
    for sentence in grants.unread:
        facts.append(read._replace(missing=sentence).unread(OTHERS, "unread", "the rest of it"))
    strange = {each.role[:8] for each in near if each.role not in grants.roles}
    if strange and not grants.unread:
        missing = f"what these roles allow is not told: {short(sorted(strange))}"
        facts.append(read._replace(missing=missing).unread(OTHERS, "unread", "the rest of it"))
    if vault is not None and vault.properties is None:
        facts.append(vault.unread(OTHERS, "vault", "who its own access lets in"))
    if any(not grants.denies.known(place) for place in places.values()):
        told = "could not be read: some of these may be forbidden what their roles allow"
        facts.append(
            read.fact(OTHERS, "denies", "deny assignments", told, "unknown", "ask an owner for deny assignments")
        )
    if not people.missing and any(members is None for members in people.members.values()):
        told = "not told: you may not look into every group"
        facts.append(read.fact(OTHERS, "members", "members of groups", told, "unknown", "have somebody look who may"))
    if people.missing:
        told = f"not told, so guests and deleted principals are not either: {people.missing}"
        remedy = "have somebody look who may read the directory"
        facts.append(read.fact(OTHERS, "names", "names", told, "unknown", remedy))
    return facts

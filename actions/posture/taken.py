"""What deny assignments take away of what others' roles give."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from actions.cloud.data import ResourceId
from actions.guard.rights import bare
from actions.posture.facts import Fact, Reading
from actions.posture.grants import Grants
from actions.posture.people import People
from actions.workspaces.roles import POWERS, WORDS, Held, Power

_NAMED = 5


def remains(grants: Grants, people: People, held: Held, power: Power, place: ResourceId) -> bool:
    """Whether a role gives a power at a place that no deny assignment certainly takes away: one of its actions is enough."""
    return held.reaches(place) and any(not taken for taken in _taken(grants, people, held, power, place).values())


def _taken(grants: Grants, people: People, held: Held, power: Power, place: ResourceId) -> dict[str, str]:
    """The actions that a role gives of a power, each with the deny assignment that takes it away, or ""."""
    role, inside = grants.role(held), people.members.get(bare(held.principal), frozenset())
    who = frozenset({held.principal})
    return {
        action: grants.denies.denied(who, action, place, data=power.data, inside=inside)
        for action in power.actions
        if role.grants(action, data=power.data)
    }


def told_denies(
    read: Reading, grants: Grants, people: People, near: Iterable[Held], places: Mapping[str, ResourceId]
) -> list[Fact]:
    """One fact a deny assignment: what it takes away, and from whom of those with a role here."""
    lost: dict[str, dict[str, set[str]]] = {}
    for held in near:
        who = people.of(held.principal, held.kind).told
        for power in POWERS:
            if power.on in places and held.reaches(places[power.on]):
                for name in filter(None, _taken(grants, people, held, power, places[power.on]).values()):
                    lost.setdefault(name, {}).setdefault(power.word, set()).add(who)
    facts: list[Fact] = []
    for deny in grants.denies.all().values():
        name = str((deny.get("properties") or {}).get("denyAssignmentName") or deny.get("name") or "a deny assignment")
        told = [f"{WORDS[word]} from {short(sorted(who))}" for word, who in lost.get(name, {}).items()]
        value = f"takes {'; '.join(told)}" if told else "takes none of this from anybody for certain"
        facts.append(read._replace(subject=name).fact("others", "deny", "deny assignment", value, "info"))
    return facts


def short(names: Iterable[str]) -> str:
    """The first few of some names, and how many more there are."""
    known = list(names)
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    return ", ".join(known[:_NAMED]) + more

"""Which environment a subscription belongs to: a word and a colour that no operator can overlook, by the settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from tui.config import Environment
from tui.render import clean

if TYPE_CHECKING:
    from actions.guard.model import Plan
    from tui.session import Connected

UNKNOWN = Environment(name="unknown", subscriptions=("*",), word="UNKNOWN ENVIRONMENT", colour="red", type_name=True)
"""What stands for a subscription whose name could not be read: it may be any, so it is treated as the gravest."""


class Environments:
    """The settings' environments and the subscriptions' names by id, learnt from whatever reads them; any thread."""

    def __init__(self, known: Sequence[Environment]) -> None:
        self.known = tuple(known)
        self._names: dict[str, str] = {}

    def learn(self, names: Mapping[str, str]) -> None:
        """Take notice of subscriptions' names by id; an id that stands for a name that was not read is none."""
        self._names |= {
            key.casefold(): name for key, name in names.items() if name.casefold() not in {"", key.casefold()}
        }

    def of(self, resource: str) -> Environment | None:
        """The first environment one of whose patterns fits a resource's subscription, by name or id in any case.

        None where there is none, `UNKNOWN` where the name is not known and so may fit another one sooner.
        """
        subscription = _subscription(resource)
        if not self.known or not subscription:
            return None
        name = self._names.get(subscription, "").casefold()
        words = (subscription, name) if name else (subscription,)
        found = next((each for each in self.known if _fits(each, words)), None)
        return found if name or found is self.known[0] else UNKNOWN

    def word(self, resource: str) -> str:
        """The word for a resource's environment; empty where it has none."""
        found = self.of(resource)
        return clean(found.shown) if found else ""

    def insists(self, plan: Plan) -> bool:
        """Whether a plan's name must be typed even where nothing can break."""
        found = self.of(plan.target)
        return found is not None and found.insists

    def reached(self) -> str:
        """The environments that this session can see, with how many subscriptions each: `PROD (2), TEST (1)`."""
        counts: dict[str, int] = {}
        for subscription in self._names if self.known else ():
            word = self.word(f"/subscriptions/{subscription}") or "no environment"
            counts[word] = counts.get(word, 0) + 1
        return ", ".join(f"{word} ({many})" for word, many in sorted(counts.items()))

    async def read(self, connected: Connected, resource: str) -> None:
        """Read the subscriptions' names where a target's own is not known yet; without environments nothing is read."""
        from actions.cloud.data import CloudError

        if self.of(resource) is not UNKNOWN:
            return
        try:
            self.learn({each.id: each.name for each in await connected.cloud.subscriptions()})
        except CloudError:
            return  # its environment stays unknown, which asks for the most


def _fits(environment: Environment, words: tuple[str, ...]) -> bool:
    patterns = [pattern.casefold() for pattern in environment.subscriptions]
    return any(fnmatchcase(word, pattern) for word in words for pattern in patterns)


def _subscription(resource: str) -> str:
    parts = resource.casefold().split("/")
    return parts[2] if len(parts) > 2 and parts[1] == "subscriptions" else ""

"""What no list knows of many workspaces: asked of each by itself, a page of them at a time, and kept for a while.

How fast is the cloud's to say: its quotas slow requests down before Azure does. What fails leaves its own cells unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from actions.cloud.data import CloudError
from actions.cloud.protocol import Cloud
from actions.guard.text import many
from actions.workspaces.cells import PENDING, Seen

DUE = timedelta(minutes=10)
"""How long an answer is good for: a list that is read anew before that does not ask again."""
PAGE = 50
"""Workspaces that are asked before their rows are shown."""


class Direct(NamedTuple):
    """One thing to ask: `key` is the id of what is asked for a workspace (empty: nothing), `read` asks it.

    Workspaces with one key, such as those of one vault or one subscription, are answered by one asking; so are two of
    these with the same `read`. `unit` is what a key is the id of.
    """

    name: str
    told: str
    unit: str
    key: Callable[[Seen], str]
    read: Callable[[Cloud, str], Awaitable[Any]]


class Answer(NamedTuple):
    """What was answered when; the reason where it could not be read."""

    at: datetime
    value: Any
    reason: str = ""


class Readings:
    """The answers there are, with their times; one for everything that a list is read for again and again."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], Answer] = {}

    def forget_failures(self) -> None:
        """Ask again for what could not be read: somebody may have mended it."""
        self._known = {key: answer for key, answer in self._known.items() if not answer.reason}

    def get(self, ask: Direct, key: str, now: datetime) -> Answer | None:
        """The answer that is still good, if there is one."""
        found = self._known.get((ask.read.__name__, key.casefold()))
        return found if found is not None and now - found.at < DUE else None

    def put(self, ask: Direct, key: str, answer: Answer) -> None:
        """Keep an answer."""
        self._known[ask.read.__name__, key.casefold()] = answer


class Asking:
    """Asks for all that some columns need, workspace by workspace."""

    def __init__(self, cloud: Cloud, wanted: Sequence[Direct], readings: Readings) -> None:
        self._cloud, self._wanted, self._readings = cloud, wanted, readings
        self._now = cloud.now()
        self._failed: dict[str, dict[str, str]] = {}

    def seen(self, seen: Seen) -> Seen:
        """What is known of a workspace, with the answers that there are."""
        found: dict[str, Any] = {}
        for ask in self._wanted:
            key = ask.key(seen)
            if key:
                answer = self._readings.get(ask, key, self._now)
                found[ask.name] = PENDING if answer is None else answer.value
                if answer is not None and answer.reason:
                    self._failed.setdefault(ask.name, {})[key.casefold()] = answer.reason
        return seen._replace(direct=found)

    async def ask(self, several: Iterable[Seen]) -> None:
        """Ask for what is not known of some workspaces, all at once as far as the quotas let it."""
        missing: dict[tuple[str, str], tuple[Direct, str]] = {}
        for seen in several:
            for ask in self._wanted:
                key = ask.key(seen)
                if key and self._readings.get(ask, key, self._now) is None:
                    missing.setdefault((ask.read.__name__, key.casefold()), (ask, key))
        await asyncio.gather(*(self._one(ask, key) for ask, key in missing.values()))

    async def _one(self, ask: Direct, key: str) -> None:
        try:
            answer = Answer(self._now, await ask.read(self._cloud, key))
        except CloudError as error:
            answer = Answer(self._now, None, error.sentence)
        self._readings.put(ask, key, answer)

    @property
    def unread(self) -> tuple[str, ...]:
        """What could not be read: of how many, and why in the first case."""
        told = {ask.name: ask for ask in self._wanted}
        return tuple(
            f"{told[name].told} of {many(len(failed), told[name].unit)} could not be read: {next(iter(failed.values()))}"
            for name, failed in self._failed.items()
        )


def chosen(names: Iterable[str], known: Mapping[str, Direct]) -> tuple[Direct, ...]:
    """Those of these names, each once."""
    return tuple(known[name] for name in dict.fromkeys(names))

"""Careful reading: a few requests at a time, patient where Azure throttles, and every refusal kept as a sentence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from actions.cloud.data import CloudError, NotFound, Throttled
from actions.cloud.protocol import Cloud

T = TypeVar("T")
Raw = dict[str, Any]
_AT_ONCE = 8
_TRIES = 8
_MANY = 20
"""So many of a kind take long enough for their progress to be told."""
_PAUSES = (2.0, 5.0, 10.0)
"""Seconds before a read that failed for a moment is tried again."""
_PASSING = frozenset({0, 401, 429})
"""Failures that say nothing about what was asked for: no connection, no sign-in, throttling."""


class Camera:
    """Reads for one picture; `unread` says what Azure refused, each once."""

    def __init__(self, cloud: Cloud, say: Callable[[str], None]) -> None:
        self.cloud, self.say = cloud, say
        self.unread: list[str] = []
        self.slots = asyncio.Semaphore(_AT_ONCE)

    async def maybe(self, what: str, read: Callable[[], Awaitable[T]]) -> T | None:
        """Read; None where it is not there, and where Azure refuses it, which is noted. Raises what is no answer."""
        pauses = iter(_PAUSES)
        for attempt in range(_TRIES):
            try:
                async with self.slots:
                    return await read()
            except NotFound:
                return None
            except Throttled as error:
                if attempt == _TRIES - 1:
                    raise
                await self.cloud.sleep(min(max(error.retry_after, 1.0), 600.0))
            except CloudError as error:
                fleeting = not error.status or error.status >= 500
                if fleeting and (pause := next(pauses, None)) is not None:
                    await self.cloud.sleep(pause)
                    continue
                if error.status in _PASSING:
                    raise
                self.note(f"{what}: {error.sentence}")
                return None
        raise AssertionError("the last try returns or raises")

    def counting(self, what: str, total: int) -> Callable[[], None]:
        """Give what is called for each one that was read; every tenth of many is said."""
        done = 0

        def one_more() -> None:
            nonlocal done
            done += 1
            if total >= _MANY and done * 10 // total > (done - 1) * 10 // total:
                self.say(f"Read {done} of {total} {what}.")

        return one_more

    def note(self, sentence: str) -> None:
        """Keep what could not be read."""
        if sentence not in self.unread:
            self.unread.append(sentence)

    async def rows(self, what: str, path: str, version: str) -> list[Raw] | None:
        """GET a whole collection raw; None where it could not be read."""

        async def read() -> list[Raw]:
            return [row async for page in self.cloud.list(path, version) for row in page]

        return await self.maybe(what, read)

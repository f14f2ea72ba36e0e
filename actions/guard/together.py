"""Reading many things at once without leaving one behind when another fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")


async def each(items: Iterable[A], read: Callable[[A], Awaitable[B]], *, at_once: int = 0) -> list[B]:
    """Read for every item, at most so many at a time (0: all), in order; the first failure ends the others."""
    wanted = list(items)
    slots = asyncio.Semaphore(at_once or len(wanted) or 1)

    async def one(item: A) -> B:
        async with slots:
            return await read(item)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(item)) for item in wanted]
    except BaseExceptionGroup as failed:
        raise _first(failed) from None
    return [task.result() for task in tasks]


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """Take one failure out of a group: callers know Azure's errors, not groups."""
    error = failed.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error

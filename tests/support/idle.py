"""Lets a pilot go on as soon as the App has nothing left to do, where Textual naps and looks at the processor's time."""

from __future__ import annotations

import asyncio
import time

import pytest
import textual.app
import textual.pilot
from textual.pilot import Pilot

_FRAME = 1 / 50
"""Seconds; whatever is due within them belongs to what was just begun: a frame to be painted, a notice to be shown."""
_NAP = 0.002
_BUSY = _NAP / 4
"""Of a nap; more than this of the processor's time means that another thread is at work for the App."""


async def nothing_ready(_pilot: Pilot[object], most: float = 30.0) -> bool:
    """Wait until whatever was posted is handled; Textual posts to each widget of the screen, and waits for all."""
    loop: asyncio.BaseEventLoop = asyncio.get_running_loop()  # type: ignore[assignment]
    end = time.monotonic() + most
    while time.monotonic() < end:
        await asyncio.sleep(0)
        if not loop._ready:  # type: ignore[attr-defined]
            return True
    return False


async def nothing_to_do(_least: float = 0.0, most: float = 1.0) -> None:
    """Wait until the loop has nothing to do, now or in a moment, and no other thread works; `most` seconds at most."""
    loop: asyncio.BaseEventLoop = asyncio.get_running_loop()  # type: ignore[assignment]
    end = time.monotonic() + most
    while time.monotonic() < end:
        await asyncio.sleep(0)
        if loop._ready:  # type: ignore[attr-defined]
            continue
        due = _next_due(loop) - loop.time()
        if due < _FRAME:
            await asyncio.sleep(max(due, 0))
            continue
        taken = time.process_time()
        await asyncio.sleep(_NAP)
        if time.process_time() - taken < _BUSY and not loop._ready:  # type: ignore[attr-defined]
            return


def _next_due(loop: asyncio.BaseEventLoop) -> float:
    """When the next timer goes off, on the loop's clock."""
    timers = loop._scheduled  # type: ignore[attr-defined]
    return min((timer.when() for timer in timers if not timer.cancelled()), default=float("inf"))


def put_in_place(patch: pytest.MonkeyPatch) -> None:
    """Make pilots wait by this."""
    for module in (textual.app, textual.pilot):
        patch.setattr(module, "wait_for_idle", nothing_to_do)
    patch.setattr(Pilot, "_wait_for_screen", nothing_ready)

"""The twin of a dry run: what it touches, read live and carried into a rehearsal cloud of this process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from actions.cloud.protocol import Cloud
from actions.guard.gate import Withheld
from actions.guard.model import Plan, Request, Step


class NoTwin(Exception):
    """No twin can be made, or it would not behave like what is there; the text says why in a sentence."""


class Twin(Protocol):
    """A cloud that is like what a plan touches, and that may be changed."""

    @property
    def cloud(self) -> Cloud:
        """Our view of it; its gate is its own, and lets steps' changes through."""
        ...

    @property
    def sentence(self) -> str:
        """What was read for it, and when."""
        ...

    @property
    def remarks(self) -> tuple[str, ...]:
        """What it cannot know."""
        ...

    def person(self, step: Step) -> bool:
        """Do what a step waits for somebody to do, where that can be done in it; tell whether it was."""
        ...

    async def close(self) -> None:
        """Let it go."""
        ...


TwinMaker = Callable[[Plan, Mapping[str, str]], Awaitable[Twin]]
"""Makes the twin for a plan, with the slot that each holder of a key is on; raises `NoTwin`."""


class Stage:
    """A twin and the cloud that it stands for, which withholds every change."""

    def __init__(self, twin: Twin, live: Cloud) -> None:
        self._twin, self.live = twin, live

    def withhold(self, request: Request) -> Withheld:
        """Let the live cloud's own gate refuse a change."""
        return self.live.gate.withhold(request)

    def person(self, step: Step) -> bool:
        """Do in the twin what a person would do."""
        return self._twin.person(step)

"""How far a long piece of work has come, told from wherever it is done to whoever watches the step it belongs to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

Say = Callable[[str], None]
_listener: ContextVar[Say | None] = ContextVar("amlkeys_progress", default=None)


@contextmanager
def progress_to(say: Say) -> Iterator[None]:
    """Let what is told inside, in this task and those it starts, reach `say`."""
    token = _listener.set(say)
    try:
        yield
    finally:
        _listener.reset(token)


def tell_progress(text: str) -> None:
    """Tell how far it is; nothing happens where nobody listens."""
    say = _listener.get()
    if say is not None:
        say(text)

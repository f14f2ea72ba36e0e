"""What the tests of the console share: terminals that are closed when a test is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.tui.terminal import Open, Terminal


@pytest.fixture
def terminal() -> Iterator[Open]:
    """Opens the program in terminals, on the rehearsal where nothing else is said, and ends what is left of it."""
    with ExitStack() as opened:

        def start(*arguments: str, size: tuple[int, int] = (80, 24), **environ: str) -> Terminal:
            line = Terminal(*(arguments or ("--rehearse=",)), size=size, environ=environ)
            opened.callback(line.close)
            return line

        yield start

"""Numbers as one line of bars."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from tui.spark import spark


@pytest.mark.parametrize(
    ("values", "cells", "blocks", "ascii_only"),
    [
        ([], 8, "", ""),
        ([0, 0], 8, "▁▁", "__"),
        ([0, 1, 700], 8, "▁▂█", "_.@"),
        ([None, 7, None], 8, " █ ", " @ "),
        ([2, 4, 8, 8], 2, "▄█", "=@"),
        ([None, 4, None, None], 2, "█ ", "@ "),
    ],
)
def test_bars(values: Sequence[float | None], cells: int, blocks: str, ascii_only: str) -> None:
    assert spark(values, cells) == blocks
    assert spark(values, cells, ascii_only=True) == ascii_only


@pytest.mark.parametrize("cells", [1, 7, 56, 168, 200])
def test_a_week_by_the_hour_fits(cells: int) -> None:
    assert len(spark(range(168), cells)) == min(cells, 168)

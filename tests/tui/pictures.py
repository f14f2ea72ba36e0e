"""What the modules of pictures share: the two sizes, and what a picture is asked for."""

from __future__ import annotations

from collections.abc import Callable

import pytest

LOW, WIDE = (80, 24), (120, 40)
SIZES = pytest.mark.parametrize("size", [LOW, WIDE], ids=["80x24", "120x40"])
Show = Callable[..., None]
"""The fixture `picture`: `picture(make, size, *keys, mode=..., more=..., ready=...)`, or a module's own way to say it."""

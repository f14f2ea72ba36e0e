"""All randomness of the rehearsal cloud comes from one seeded generator, so that a run can be repeated."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


class Rng:
    """A seeded source of ids and choices."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def uuid(self) -> str:
        """A version 4 UUID in lower case with dashes."""
        bits = f"{self._random.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-8{bits[17:20]}-{bits[20:]}"

    def token(self, length: int) -> str:
        """`length` letters and digits."""
        return "".join(self._random.choices(_ALPHABET, k=length))

    def hex(self, length: int) -> str:
        """`length` lower-case hexadecimal digits."""
        return f"{self._random.getrandbits(length * 4):0{length}x}"

    def choice(self, items: Sequence[T]) -> T:
        """One of `items`."""
        return self._random.choice(items)

    def chance(self, rate: float) -> bool:
        """True in `rate` of all calls (0 to 1)."""
        return self._random.random() < rate

    def between(self, low: float, high: float) -> float:
        """A number in [low, high]."""
        return self._random.uniform(low, high)

"""The keys of endpoints: two slots each, made from the seed, replaced one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from azsim import secrets

ENDPOINT_SLOTS = ("Primary", "Secondary")


@dataclass(slots=True)
class EndpointKey:
    """One key of a pair."""

    value: str
    generation: int = 1
    previous: str | None = None
    """The value before the last replacement."""
    replaced: datetime | None = None


@dataclass(slots=True)
class EndpointKeys:
    """The pairs of all endpoints, by case-folded id; a pair is made when it is first asked for."""

    _pairs: dict[str, dict[str, EndpointKey]] = field(default_factory=dict)
    tokens: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Scoring tokens given out: the endpoint and the Unix time at which each ends."""

    def pair(self, seed: int, endpoint_id: str) -> dict[str, EndpointKey]:
        """Both keys of an endpoint by slot: Primary and Secondary."""
        folded = endpoint_id.casefold()
        found = self._pairs.get(folded)
        if found is None:
            made = {slot: EndpointKey(secrets.endpoint_key(seed, folded, slot, 1)) for slot in ENDPOINT_SLOTS}
            found = self._pairs[folded] = made
        return found

    def live(self, seed: int, endpoint_id: str, now: datetime, delay: float) -> list[str]:
        """The keys that the scoring address takes now; a replaced one counts until `delay` seconds have passed."""
        return [_taken(key, now, delay) for key in self.pair(seed, endpoint_id).values()]

    def next_change(self, now: datetime, delay: float) -> datetime | None:
        """When the scoring address of any endpoint takes another key next by itself."""
        times = (
            key.replaced + timedelta(seconds=delay)
            for pair in self._pairs.values()
            for key in pair.values()
            if key.replaced is not None
        )
        return min((time for time in times if time > now), default=None)

    def replace(self, seed: int, endpoint_id: str, slot: str, now: datetime, value: str | None = None) -> bool:
        """Give one slot a new key, or the given value; False when that is the value it has already."""
        pair = self.pair(seed, endpoint_id)
        old = pair[slot]
        new = value or secrets.endpoint_key(seed, endpoint_id.casefold(), slot, old.generation + 1)
        if new == old.value:
            return False
        pair[slot] = EndpointKey(new, old.generation + 1, old.value, now)
        return True


def _taken(key: EndpointKey, now: datetime, delay: float) -> str:
    """The value of a slot that counts now."""
    late = key.replaced is not None and key.previous is not None and now < key.replaced + timedelta(seconds=delay)
    return key.previous if late and key.previous is not None else key.value

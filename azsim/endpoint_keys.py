"""The keys of endpoints: two slots each, made from the seed, replaced one by one."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

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

    def pair(self, seed: int, endpoint_id: str) -> dict[str, EndpointKey]:
        """Both keys of an endpoint by slot: Primary and Secondary."""
        folded = endpoint_id.casefold()
        found = self._pairs.get(folded)
        if found is None:
            made = {slot: EndpointKey(secrets.endpoint_key(seed, folded, slot, 1)) for slot in ENDPOINT_SLOTS}
            found = self._pairs[folded] = made
        return found

    def replace(self, seed: int, endpoint_id: str, slot: str, now: datetime, value: str | None = None) -> bool:
        """Give one slot a new key, or the given value; False when that is the value it has already."""
        pair = self.pair(seed, endpoint_id)
        old = pair[slot]
        new = value or secrets.endpoint_key(seed, endpoint_id.casefold(), slot, old.generation + 1)
        if new == old.value:
            return False
        pair[slot] = EndpointKey(new, old.generation + 1, old.value, now)
        return True

"""Programs that call an endpoint with one of its keys: who is cut off when it is replaced, and who learns the new one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from azsim import ids
from azsim.endpoint_keys import EndpointKeys

if TYPE_CHECKING:
    from azsim.world import World


@dataclass(slots=True)
class EndpointClient:
    """One client with the key that it sends now; `reads` is the vault and the secret where it looks for another."""

    name: str
    endpoint: str
    key: str
    reads: tuple[str, str] | None
    reread_seconds: float
    next_read: datetime
    per_hour: float


class EndpointClients:
    """The estate's clients of endpoints, made when they are first asked for."""

    def __init__(self) -> None:
        self._all: dict[str, EndpointClient] | None = None

    def all(self, world: World) -> dict[str, EndpointClient]:
        """The clients by name."""
        if self._all is None:
            self._all = {item.name: _made(world, item.name) for item in world.clients if item.endpoint}
        return self._all

    def move(self, world: World, name: str, slot: str) -> None:
        """Give a client the present key of a slot, as its owner does when told."""
        client = self.all(world)[name]
        client.key = world.state(EndpointKeys).pair(world.seed, client.endpoint)[slot].value
        world.changed()

    def read(self, world: World, now: datetime) -> None:
        """Clients look into their vault when their time has come; what is not there yet changes nothing."""
        for client in self.all(world).values():
            if client.reads is None or client.next_read > now:
                continue
            client.next_read = now + timedelta(seconds=client.reread_seconds)
            versions = world.vaults.secret(*client.reads)
            if versions:
                client.key = next(reversed(versions.values())).value

    def cut_off(self, world: World, now: datetime) -> Iterator[tuple[str, EndpointClient]]:
        """The clients whose key the scoring address refuses, by the name that an outage has."""
        for client in self.all(world).values():
            delay = world.behaviour(client.endpoint).endpoint_key_propagation_seconds
            if client.key not in world.state(EndpointKeys).live(world.seed, client.endpoint, now, delay):
                yield f"client:{client.name}", client

    def next_change(self, world: World, now: datetime) -> datetime | None:
        """When a client reads next, or a replaced key stops to count."""
        clients = self.all(world).values()
        times = [client.next_read for client in clients if client.reads is not None and client.reread_seconds > 0]
        for client in clients:
            delay = world.behaviour(client.endpoint).endpoint_key_propagation_seconds
            counted = world.state(EndpointKeys).next_change(now, delay)
            times += [counted] if counted is not None else []
        return min(times, default=None)


def _made(world: World, name: str) -> EndpointClient:
    given = next(item for item in world.clients if item.name == name)
    pair = world.state(EndpointKeys).pair(world.seed, given.endpoint)
    vault, _, secret = (given.reads or "").partition(":")[2].partition("/")
    return EndpointClient(
        name=given.name,
        endpoint=ids.fold(given.endpoint),
        key=pair[given.holds or "Primary"].value,
        reads=(vault, secret) if given.reads else None,
        reread_seconds=given.reread_seconds,
        next_read=world.started,
        per_hour=given.transactions_per_hour,
    )

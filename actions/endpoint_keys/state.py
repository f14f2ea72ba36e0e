"""What a rotation of endpoint keys reads and wants: frozen, secret-free values."""

from __future__ import annotations

from typing import Literal

from actions.cloud.data import ResourceId
from actions.guard.contract import Goal, Inspection, Options
from actions.guard.model import Frozen

Slot = Literal["Primary", "Secondary"]
SLOTS: tuple[Slot, Slot] = ("Primary", "Secondary")
Kind = Literal["managed", "kubernetes", "serverless", "batch", "service"]
TAG = "amlkeys-fingerprint"
"""The tag of a published secret that tells which key it holds."""
PLACE = "{endpoint}"


def other(slot: str) -> Slot:
    """The other slot of the pair."""
    return "Primary" if slot == "Secondary" else "Secondary"


class EndpointKeysOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the operator may choose."""

    endpoint: tuple[str, ...] = ()
    """The endpoints to rotate, one after the other; without a name the only one, or a question."""
    only: Literal["", "secondary", "primary"] = ""
    """Replace this key only."""
    primary_first: bool = False
    """Replace Primary before anybody was told: every client that uses it is cut off until it has the new key."""
    publish: str = ""
    """Store the key for the clients as VAULT/SECRET; {endpoint} in the secret's name stands for the endpoint."""
    publish_days: float = 90.0
    """Days after which the published secret expires."""
    probe: bool = False
    """Try the old and the new key on the scoring address after each replacement, with one GET each."""

    def __post_init__(self) -> None:
        if self.publish and len([part for part in self.publish.split("/") if part.strip()]) != 2:
            message = "publish is VAULT/SECRET"
            raise ValueError(message)
        if not 0 < self.publish_days <= 3650:
            message = "publish_days is between 0 and 3650"
            raise ValueError(message)

    @property
    def slots(self) -> tuple[Slot, ...]:
        """The slots to replace, in the order that is safe for clients of Primary unless they are not waited for."""
        if self.only:
            return ("Primary",) if self.only == "primary" else ("Secondary",)
        return SLOTS if self.primary_first else ("Secondary", "Primary")


class Traffic(Frozen, frozen=True, kw_only=True):
    """Requests as the platform metric counts them; `hours` are requests an hour, oldest first, a gap being None."""

    hours: tuple[float | None, ...] = ()
    classes: dict[str, float] = {}
    """Requests by class of status code: 2xx, 4xx, 5xx."""
    problem: str = ""

    @property
    def total(self) -> float:
        """All requests of the time."""
        return sum(value or 0 for value in self.hours)


class Endpoint(Frozen, frozen=True, kw_only=True):
    """One endpoint of any kind; `rotates` says whether this action can replace its keys, `why` why not."""

    id: str
    name: str
    kind: Kind
    auth: str
    rotates: bool = False
    why: str = ""
    state: str = ""
    network: str = ""
    scoring: str = ""
    primary: str = ""
    """Fingerprint of the key, empty where it was not read."""
    secondary: str = ""
    problem: str = ""
    """Why the keys could not be read."""
    traffic: Traffic = Traffic()
    rotated: str = ""
    """Last replacement of a key that the activity log knows."""
    ours: str = ""
    """Last replacement that our own journal knows, and its run."""
    handed: str = ""
    """The slot to which our last finished rotation moved the clients, empty where it did not."""
    published: str = ""
    """Fingerprint that the newest version of the published secret is tagged with."""
    secret_problem: str = ""
    """Why the published secret's versions could not be read."""

    @property
    def key(self) -> str:
        """What tells it from the other endpoints of its workspace in step ids."""
        return f"serverless:{self.name}" if self.kind == "serverless" else self.name

    def fingerprint(self, slot: str) -> str:
        """The fingerprint of a slot's key."""
        return self.primary if slot == "Primary" else self.secondary


class Vault(Frozen, frozen=True, kw_only=True):
    """Where the new key is published: `id` is empty where the vault cannot be found, `roles` its permission model."""

    name: str
    secret: str
    host: str
    id: str = ""
    roles: bool = False
    problem: str = ""

    def secret_for(self, endpoint: str) -> str:
        """The secret's name for an endpoint."""
        return self.secret.replace(PLACE, endpoint)


class EndpointKeysInspection(Inspection, frozen=True, kw_only=True):
    """The endpoints of a workspace; `chosen` are the keys of those that were named."""

    workspace: str
    region: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    chosen: tuple[str, ...] = ()
    slots: tuple[str, ...] = ()
    vault: Vault | None = None
    unlisted: tuple[str, ...] = ()
    """Kinds of endpoints that could not be listed, with the reason."""
    unknown: tuple[str, ...] = ()
    """Names that were asked for and are none of the workspace's endpoints."""

    def endpoint(self, key: str) -> Endpoint | None:
        """An endpoint by its key."""
        return next((item for item in self.endpoints if item.key == key), None)

    @property
    def candidates(self) -> tuple[Endpoint, ...]:
        """The endpoints named, or else all that rotate."""
        if self.chosen:
            return tuple(item for item in self.endpoints if item.key in self.chosen)
        return tuple(item for item in self.endpoints if item.rotates)


class Item(Frozen, frozen=True, kw_only=True):
    """One endpoint of the goal, with the fingerprints that its keys had at the start."""

    id: str
    key: str
    name: str
    kind: Kind
    primary: str
    secondary: str
    scoring: str = ""
    handed: str = ""

    def old(self, slot: str) -> str:
        """The fingerprint of a slot at the start."""
        return self.primary if slot == "Primary" else self.secondary

    @property
    def workspace(self) -> ResourceId:
        """The workspace that the endpoint belongs to."""
        return ResourceId(self.id).parent


class EndpointKeysGoal(Goal, frozen=True, kw_only=True):
    """The endpoints whose keys are to be others than at the start, and the operator's choices."""

    workspace: str
    name: str
    items: tuple[Item, ...]
    named: bool
    """Whether the operator named the endpoints."""
    slots: tuple[Slot, ...]
    primary_first: bool = False
    probe: bool = False
    publish_days: float = 90.0
    vault: Vault | None = None
    refused: tuple[str, ...] = ()
    """Why what was asked for cannot be done."""

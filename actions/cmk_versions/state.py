"""What the review of a workspace's encryption key reads and wants: frozen values, public facts only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

from actions.guard.contract import Goal, Inspection, Options
from actions.guard.model import Frozen

ReaderState = Literal["present", "missing", "unknown"]
Architecture = Literal["classic", "service-side", ""]
DEFAULT_EXTENSION_DAYS = 90


class CmkVersionsOptions(Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the operator may choose."""

    rotate_key: bool = False
    """Make a new version in Key Vault first, and move the workspace to it."""
    to: str = ""
    """The version to move to, an older one too; without it the newest that is enabled."""
    extend_days: int = DEFAULT_EXTENSION_DAYS
    """How many days from now a version's expiry is put off, where that is what is decided."""

    def __post_init__(self) -> None:
        if not 1 <= self.extend_days <= 730:
            message = "extend-days is between 1 and 730"
            raise ValueError(message)
        if self.to and self.rotate_key:
            message = "--to names a version that is there, --rotate-key makes a new one: choose one of them"
            raise ValueError(message)


class Version(Frozen, frozen=True, kw_only=True):
    """One version of the key; times are ISO 8601 UTC, empty where there is none. `size` 0: not read."""

    version: str
    enabled: bool = True
    created: str = ""
    updated: str = ""
    not_before: str = ""
    expires: str = ""
    recovery: str = ""
    kind: str = ""
    size: int = 0
    ops: tuple[str, ...] = ()

    @property
    def short(self) -> str:
        """The first eight digits, as people compare versions."""
        return self.version[:8]


class Policy(Frozen, frozen=True, kw_only=True):
    """The rotation policy: (action, trigger) pairs and the life of new versions, `problem` where it was not read."""

    actions: tuple[tuple[str, str], ...] = ()
    expiry: str = ""
    problem: str = ""

    @property
    def rotates(self) -> str:
        """When it makes a new version by itself, empty when it does not."""
        return next((trigger for action, trigger in self.actions if action == "rotate"), "")


class Key(Frozen, frozen=True, kw_only=True):
    """The key with its versions, newest first; `source` is the plane they were read from, empty where from none."""

    identifier: str
    host: str
    name: str
    pinned: str = ""
    source: Literal["data plane", "management plane", ""] = ""
    versions: tuple[Version, ...] = ()
    policy: Policy = Policy()
    gone: str = ""
    """`deleted` (soft-deleted) or `missing`, empty where the key is there or could not be looked for."""
    problem: str = ""

    def find(self, version: str) -> Version | None:
        """A version by its 32 digits."""
        return next((item for item in self.versions if item.version == version.casefold()), None)

    @property
    def current(self) -> Version | None:
        """The version that the workspace pins."""
        return self.find(self.pinned) if self.pinned else None

    @property
    def newest(self) -> Version | None:
        """The newest version that is enabled."""
        return next((item for item in self.versions if item.enabled), None)

    def uri(self, version: str) -> str:
        """The identifier of a version, spelled as the workspace spells its own."""
        spelled = self.identifier.rstrip("/")
        base = spelled.rpartition("/")[0] if self.pinned else spelled
        return f"{base}/{version}"


class Vault(Frozen, frozen=True, kw_only=True):
    """The vault named by the encryption; `purge` and `soft_delete` are None where they could not be read."""

    id: str
    uri: str = ""
    location: str = ""
    roles: bool = False
    purge: bool | None = None
    soft_delete: bool | None = None
    network: str = ""
    closed: bool = False
    policies: dict[str, tuple[str, ...]] = {}
    """Permission words for keys, by object id in lower case."""
    gone: str = ""
    problem: str = ""


class Reader(Frozen, frozen=True, kw_only=True):
    """An identity that wraps and unwraps the key, and whether it can; `required` where the documents demand it."""

    name: str
    principal: str
    state: ReaderState
    detail: str = ""
    required: bool = True


class Dependent(Frozen, frozen=True, kw_only=True):
    """A resource that may be encrypted with the same key, and the version it really uses.

    `relation` is `same` (this key), `other` (another customer's key), `microsoft`, `hidden` (no reading tells) or
    `unread` (refused). `seconds` is how long it may take to follow, `status` what the service says of its access.
    """

    id: str
    kind: str
    name: str
    relation: Literal["same", "other", "microsoft", "hidden", "unread"]
    version: str = ""
    detail: str = ""
    status: str = ""
    seconds: float = 0
    source: str = ""


class CmkVersionsInspection(Inspection, frozen=True, kw_only=True):
    """The workspace, its key, who reads it, and what else is encrypted with it."""

    workspace: str
    region: str = ""
    state: str = ""
    encrypted: bool = False
    architecture: Architecture = ""
    key: Key | None = None
    vault: Vault | None = None
    readers: tuple[Reader, ...] = ()
    dependents: tuple[Dependent, ...] = ()
    unread: tuple[str, ...] = ()

    def dependent(self, resource: str) -> Dependent | None:
        """A dependent by id."""
        return next((item for item in self.dependents if item.id.casefold() == resource.casefold()), None)


class Followed(Frozen, frozen=True, kw_only=True):
    """A dependent that is to be proven on the new version."""

    id: str
    kind: str
    name: str
    seconds: float
    source: str


class CmkVersionsGoal(Goal, frozen=True, kw_only=True):
    """Where the workspace shall go, frozen at the start; `target` is empty where the version is still to be made."""

    workspace: str
    name: str
    vault: str
    host: str
    key: str
    identifier: str
    pinned: str
    target: str = ""
    uri: str = ""
    """The identifier to send, of `target`."""
    rotate: bool = False
    newest_at: str = ""
    """When the newest version of the start was made: a younger one is a new one."""
    extend_to: str = ""
    begin: str = ""
    follow: tuple[Followed, ...] = ()
    roles: bool = False
    seen: bool = True
    """Whether every required reader's access could be seen at the start."""


def when(text: str) -> datetime | None:
    """Read an ISO 8601 time; None for an empty text."""
    return datetime.fromisoformat(text).astimezone(UTC) if text else None

"""What we keep of Azure's answers: plain frozen data, free of the SDK's models."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

import msgspec

from actions.guard.secret import Fingerprint, Secret

_ID = re.compile(
    r"/subscriptions/(?P<subscription>[^/]+)(?:/resourceGroups/(?P<group>[^/]+))?(?:/providers/(?P<rest>.+))?",
    re.IGNORECASE,
)


class ResourceId(msgspec.Struct, frozen=True):
    """A resource id that keeps Azure's spelling and compares without regard to case, as Azure does."""

    text: str

    @property
    def key(self) -> str:
        """The spelling to compare and index by."""
        return self.text.rstrip("/").casefold()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResourceId) and self.key == other.key

    def __hash__(self) -> int:
        return hash(self.key)

    def __str__(self) -> str:
        return self.text

    @property
    def subscription(self) -> str:
        """The subscription's id, empty for a tenant-level resource."""
        found = _ID.match(self.text)
        return found["subscription"] if found else ""

    @property
    def group(self) -> str:
        """The resource group's name, empty above resource groups."""
        found = _ID.match(self.text)
        return (found["group"] or "") if found else ""

    @property
    def group_id(self) -> ResourceId:
        """The id of the resource group that holds the resource."""
        return ResourceId(f"/subscriptions/{self.subscription}/resourceGroups/{self.group}")

    @property
    def type(self) -> str:
        """The full type in lower case, `microsoft.storage/storageaccounts`."""
        _, _, rest = self.text.casefold().rpartition("/providers/")
        parts = rest.split("/")
        return "/".join([parts[0], *parts[1::2]])

    @property
    def name(self) -> str:
        """The last segment."""
        return self.text.rstrip("/").rpartition("/")[2]

    @property
    def parent(self) -> ResourceId:
        """The id two segments up: a datastore's workspace."""
        return ResourceId(self.text.rstrip("/").rsplit("/", 2)[0])

    def child(self, kind: str, name: str) -> ResourceId:
        """The id of a child resource."""
        return ResourceId(f"{self.text.rstrip('/')}/{kind}/{name}")


class Data(msgspec.Struct, frozen=True, kw_only=True):
    """Base of all data here."""


class SignedIn(Data, frozen=True, kw_only=True):
    """Who the token says we are; `expires` is UTC."""

    user: str
    object_id: str
    tenant: str
    kind: str
    expires: datetime
    claims: dict[str, Any] = {}


class DeviceCode(Data, frozen=True, kw_only=True):
    """What a person must do to sign in: open `url` anywhere and type `code` before `expires`."""

    url: str
    code: str
    expires: datetime


class Subscription(Data, frozen=True, kw_only=True):
    """A subscription the signed-in operator can see."""

    id: str
    name: str
    tenant: str
    state: str


class Page(Data, frozen=True, kw_only=True):
    """One page of a listing as raw resources, with what is left to come (None: unknown)."""

    rows: tuple[dict[str, Any], ...]
    total: int | None = None


class Resource(Data, frozen=True, kw_only=True):
    """Any resource as Azure sent it: `raw` is the whole JSON, secret-free; `api_version` tells which shape."""

    id: ResourceId
    raw: dict[str, Any]
    api_version: str

    @property
    def name(self) -> str:
        """The resource's name as Azure spells it."""
        return str(self.raw.get("name") or self.id.name)

    @property
    def properties(self) -> dict[str, Any]:
        """The `properties` bag, empty when absent."""
        return self.raw.get("properties") or {}


class StorageKey(Data, frozen=True, kw_only=True):
    """One slot of a storage account (`key1`, `key2`); `created` is None on accounts never rotated since 2021."""

    slot: str
    secret: Secret
    fingerprint: Fingerprint
    created: datetime | None


class WorkspaceKeys(Data, frozen=True, kw_only=True):
    """The workspace's own copies; `storage` is None where Azure answers null."""

    storage: Secret | None
    storage_fingerprint: Fingerprint | None
    storage_account: ResourceId | None


class DatastoreSecret(Data, frozen=True, kw_only=True):
    """What a datastore keeps: kind `AccountKey`, `Sas` or another secretsType; `secret` is None for other kinds."""

    kind: str
    secret: Secret | None
    fingerprint: Fingerprint | None


class EndpointKeys(Data, frozen=True, kw_only=True):
    """Both keys of an online or serverless endpoint; None where the endpoint has token authentication."""

    primary: Secret | None
    secondary: Secret | None


class SecretVersion(Data, frozen=True, kw_only=True):
    """One version of a vault's secret, without its value; times are ISO 8601, empty where there is none."""

    version: str
    enabled: bool
    created: str
    expires: str
    content_type: str
    tags: dict[str, str]


class KeptSecret(Data, frozen=True, kw_only=True):
    """A secret of a vault without its value: its newest version's times are UTC, None where there is none."""

    name: str
    enabled: bool
    updated: datetime | None = None
    expires: datetime | None = None


class KeyVersion(Data, frozen=True, kw_only=True):
    """One version of a Key Vault key: public facts only; a list tells neither type (`kind`), nor `size` (bits), nor `ops`.

    Times are UTC, None where Key Vault has none; `recovery` is its recovery level, empty where it was not told.
    """

    version: str
    enabled: bool
    created: datetime | None = None
    updated: datetime | None = None
    not_before: datetime | None = None
    expires: datetime | None = None
    recovery: str = ""
    kind: str = ""
    size: int = 0
    ops: tuple[str, ...] = ()


class RotationPolicy(Data, frozen=True, kw_only=True):
    """When Key Vault acts on a key: (action, trigger) pairs in lower case and ISO 8601, and how long new versions live."""

    actions: tuple[tuple[str, str], ...] = ()
    expiry: str = ""


class Probe(Data, frozen=True, kw_only=True):
    """A data-plane trial of a key: `status` is 0 when no answer came; `code` is Azure's error code."""

    status: int
    code: str
    host: str
    at: datetime | None
    detail: str = ""


SUCCEEDED = "Succeeded"
UNCONFIRMED = "Accepted-unconfirmed"


class Answer(Data, frozen=True, kw_only=True):
    """A change that Azure answered: the status of the first response, the final word of the operation, request ids.

    `state` is `Succeeded` only where that word was seen; `Accepted-unconfirmed` where Azure took the request and gave
    no way to follow it, or the way ended before the operation did. Neither proves anything: read what changed.
    """

    status: int
    state: str
    request_id: str
    body: dict[str, Any] = {}


class Throttling(Data, frozen=True, kw_only=True):
    """Azure asked `service` to slow down: nothing is sent to it for `seconds` of the cloud's time.

    `left` is what its answer said is left of the quota, in requests; None where it did not say.
    """

    service: str
    seconds: float
    left: float | None = None

    @property
    def sentence(self) -> str:
        """What is waited for, and what is left, without a full stop."""
        told = "how much of the quota is left was not told" if self.left is None else f"{self.left:.0f} requests left"
        return f"{self.service} asks to wait {self.seconds:.0f} s, {told}"


class Permissions(Data, frozen=True, kw_only=True):
    """What the caller may do at a scope: one entry a role, as Azure lists them."""

    entries: tuple[dict[str, Any], ...]


class MetricSeries(Data, frozen=True, kw_only=True):
    """One time series: dimension values (lower-case names) and (time, value or None) points."""

    dimensions: dict[str, str]
    points: tuple[tuple[datetime, float | None], ...]


class CloudError(Exception):
    """Azure refused or failed a call: `code` is Azure's, `status` 0 when no answer came.

    `sentence` is free of control characters and secrets and may be shown.
    """

    def __init__(self, sentence: str, *, status: int, code: str, request_id: str = "", retry_after: float = 0) -> None:
        super().__init__(sentence)
        self.sentence, self.status, self.code = sentence, status, code
        self.request_id, self.retry_after = request_id, retry_after


class NotFound(CloudError):
    """The resource is not there, or not for this caller's eyes."""


class Forbidden(CloudError):
    """The caller lacks the permission; the sentence names the action."""


class SignInNeeded(CloudError):
    """No usable credential: what was tried and how to sign in."""


class Throttled(CloudError):
    """Azure asks to wait `retry_after` seconds."""


class UnknownOutcome(CloudError):
    """A write was sent and nobody knows whether it took effect: time-out, lost connection, 5xx. Look, never resend."""
